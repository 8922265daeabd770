//! Delivery reports: one true state for each message, whatever order they come in (rules N3, N6).
//!
//! Reports come early (before the provider's own reply was written), late, repeated, out of order, or never. So a report
//! never replaces another: of all that came the furthest counts, and a bounce may follow a delivery.

use super::{Attempt, AttemptOutcome, NoticeState};
use crate::clock::Time;
use std::time::Duration;

/// What the provider's reports say of a message, in the order in which they win over each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Reported {
    /// The provider has it.
    Accepted = 1,
    /// The network has it.
    Sent = 2,
    /// Not delivered; another try may be.
    Failed = 3,
    /// Not delivered in its time.
    Expired = 4,
    /// It arrived.
    Delivered = 5,
    /// Not delivered and never will be, whatever was said before.
    Bounced = 6,
}

impl Reported {
    /// All of them, by their codes from 1.
    pub const ALL: [Reported; 6] = [
        Reported::Accepted,
        Reported::Sent,
        Reported::Failed,
        Reported::Expired,
        Reported::Delivered,
        Reported::Bounced,
    ];

    /// As stored.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// For a person.
    pub fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Delivered => "delivered",
            Self::Bounced => "not delivered",
        }
    }

    /// From what is stored.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|reported| reported.code() == code)
    }
}

/// What a report changes about a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Nothing: it is known, or something else happened since.
    Nothing,
    /// It was sent after all.
    Arrived,
    /// It was not, and may be tried again in the same way.
    TryAgain,
    /// It was not, and never will be in this way: the next channel or account (rule N3).
    Never,
}

/// What becomes of a notice in `state` whose last attempt ended as `outcome` by the reply, now that reports say
/// `reported`, all of them taken together.
///
/// A notice that is under way, or whose reply is not known yet, is left alone: its attempt is settled when that ends.
pub fn settle(state: NoticeState, outcome: Option<AttemptOutcome>, reported: Reported) -> Settled {
    use AttemptOutcome::{Sent, TryAgain, Unknown};
    use NoticeState as N;
    let taken_back = matches!(outcome, Some(Sent | Unknown));
    match (state, reported) {
        (N::Unknown, Reported::Accepted | Reported::Sent | Reported::Delivered) => Settled::Arrived,
        (N::Sent | N::Unknown, Reported::Failed | Reported::Expired) if taken_back => Settled::TryAgain,
        (N::Sent | N::Unknown, Reported::Bounced) if taken_back => Settled::Never,
        // Reported as failed before, and now delivered: it waits for another try that is not needed.
        (N::Open | N::Dead, Reported::Delivered) if outcome == Some(TryAgain) => Settled::Arrived,
        // It waits for a repeat that is not needed.
        (N::Open, Reported::Accepted | Reported::Sent | Reported::Delivered) if outcome == Some(Unknown) => {
            Settled::Arrived
        }
        // Reported as failed before, and now as never: it waits for another try in the same way.
        (N::Open, Reported::Bounced) if matches!(outcome, Some(TryAgain | Unknown)) => Settled::Never,
        _ => Settled::Nothing,
    }
}

/// Where an attempt stands for a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Under way, or no report came yet.
    Waiting,
    /// The provider or the network has it.
    OnItsWay,
    /// It arrived.
    Delivered,
    /// It did not.
    NotDelivered,
    /// No report came in the time in which they come; perhaps none ever will.
    Unknown,
}

/// How long a report may take where neither the operator nor the provider's file says. Providers give up on a phone after
/// one to three days, and say so then.
pub const REPORTS_WITHIN: Duration = Duration::from_hours(72);

/// Where an attempt stands at `now`, over an account whose reports come `within` this time.
pub fn standing(attempt: &Attempt, within: Duration, now: Time) -> Standing {
    let late = now >= attempt.at.after(within);
    match (attempt.outcome, attempt.reported) {
        (_, Some(Reported::Delivered)) => Standing::Delivered,
        (_, Some(Reported::Bounced | Reported::Expired | Reported::Failed))
        | (Some(AttemptOutcome::Never | AttemptOutcome::TryAgain), _) => Standing::NotDelivered,
        (_, _) if late => Standing::Unknown,
        (_, Some(Reported::Accepted | Reported::Sent)) => Standing::OnItsWay,
        (_, None) => Standing::Waiting,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        address::Address,
        id::{NoticeId, OwnerId},
        owner::Channel,
    };
    use proptest::prelude::*;

    #[test]
    fn n3_what_reports_make_of_a_notice() {
        use AttemptOutcome as A;
        use NoticeState as N;
        for (rule, state, outcome, reported, expected) in [
            ("no answer came, but a report", N::Unknown, Some(A::Unknown), Reported::Accepted, Settled::Arrived),
            ("it arrived", N::Unknown, Some(A::Unknown), Reported::Delivered, Settled::Arrived),
            ("known already", N::Sent, Some(A::Sent), Reported::Delivered, Settled::Nothing),
            ("on its way", N::Sent, Some(A::Sent), Reported::Sent, Settled::Nothing),
            ("a bounce after it was taken", N::Sent, Some(A::Sent), Reported::Bounced, Settled::Never),
            ("a bounce of one that nobody knew of", N::Unknown, Some(A::Unknown), Reported::Bounced, Settled::Never),
            ("the phone was off too long", N::Sent, Some(A::Sent), Reported::Expired, Settled::TryAgain),
            ("the same report again", N::Open, Some(A::Never), Reported::Bounced, Settled::Nothing),
            ("the same report again", N::Open, Some(A::TryAgain), Reported::Expired, Settled::Nothing),
            ("early: the reply is not written yet", N::Open, None, Reported::Delivered, Settled::Nothing),
            ("early, and bad", N::Open, None, Reported::Bounced, Settled::Nothing),
            ("delivered after all", N::Open, Some(A::TryAgain), Reported::Delivered, Settled::Arrived),
            ("given up, and delivered after all", N::Dead, Some(A::TryAgain), Reported::Delivered, Settled::Arrived),
            ("it need not be repeated", N::Open, Some(A::Unknown), Reported::Accepted, Settled::Arrived),
            ("it waits for a repeat, and failed", N::Open, Some(A::Unknown), Reported::Failed, Settled::Nothing),
            ("and never in this way", N::Open, Some(A::Unknown), Reported::Bounced, Settled::Never),
            ("not even another try", N::Open, Some(A::TryAgain), Reported::Bounced, Settled::Never),
            ("there was nothing to tell", N::Empty, Some(A::Never), Reported::Bounced, Settled::Nothing),
            ("replayed by hand since", N::Replayed, Some(A::Unknown), Reported::Delivered, Settled::Nothing),
        ] {
            assert_eq!(settle(state, outcome, reported), expected, "{rule}");
        }
    }

    #[test]
    fn n3_no_report_ever_ends_as_unknown() {
        let hours = |hours: u64| Time(0).after(Duration::from_hours(hours));
        for (rule, outcome, reported, at, expected) in [
            ("just sent", Some(AttemptOutcome::Sent), None, 1, Standing::Waiting),
            ("under way", None, None, 0, Standing::Waiting),
            ("on its way", Some(AttemptOutcome::Sent), Some(Reported::Sent), 1, Standing::OnItsWay),
            ("no report in three days", Some(AttemptOutcome::Sent), None, 72, Standing::Unknown),
            ("none yet, of a provider that may take four", Some(AttemptOutcome::Sent), None, 73, Standing::Waiting),
            ("and no last one", Some(AttemptOutcome::Sent), Some(Reported::Sent), 72, Standing::Unknown),
            ("late is not never", Some(AttemptOutcome::Sent), Some(Reported::Delivered), 900, Standing::Delivered),
            ("a bounce", Some(AttemptOutcome::Never), Some(Reported::Bounced), 900, Standing::NotDelivered),
            ("refused at once", Some(AttemptOutcome::Never), None, 1, Standing::NotDelivered),
        ] {
            let attempt = Attempt {
                notice: NoticeId(1),
                owner: OwnerId(1),
                number: 1,
                account: "sms".into(),
                channel: Channel::Sms,
                address: Address::stored("+14155550101", "+14155550101"),
                at: Time(0),
                outcome,
                foreign_id: None,
                detail: "".into(),
                reported,
            };
            let within = if at == 73 { Duration::from_hours(96) } else { REPORTS_WITHIN };
            assert_eq!(standing(&attempt, within, hours(at)), expected, "{rule}");
        }
    }

    #[test]
    fn codes_read_back() {
        for reported in Reported::ALL {
            assert_eq!(Reported::from_code(reported.code()), Some(reported));
        }
        assert_eq!((Reported::from_code(0), Reported::from_code(7)), (None, None));
    }

    /// A notice with one attempt, as reports change it.
    fn after(reply: AttemptOutcome, reports: &[Reported]) -> (NoticeState, Option<AttemptOutcome>, Option<Reported>) {
        let mut state = match reply {
            AttemptOutcome::Sent => NoticeState::Sent,
            _ => NoticeState::Unknown,
        };
        let (mut outcome, mut known) = (Some(reply), None);
        for &report in reports {
            let furthest = known.map_or(report, |known: Reported| known.max(report));
            known = Some(furthest);
            (state, outcome) = match settle(state, outcome, furthest) {
                Settled::Nothing => (state, outcome),
                Settled::Arrived => (NoticeState::Sent, Some(AttemptOutcome::Sent)),
                Settled::TryAgain => (NoticeState::Open, Some(AttemptOutcome::TryAgain)),
                Settled::Never => (NoticeState::Open, Some(AttemptOutcome::Never)),
            };
        }
        (state, outcome, known)
    }

    proptest! {
        /// Any order and repetition of the same reports ends the same, as long as nothing else happens in between.
        #[test]
        fn n3_order_and_repetition_do_not_matter(
            reports in prop::collection::vec(prop::sample::select(Reported::ALL.to_vec()), 1..8),
            shuffled in any::<prop::sample::Index>(),
            again in any::<prop::sample::Index>(),
            sent in any::<bool>(),
        ) {
            let reply = if sent { AttemptOutcome::Sent } else { AttemptOutcome::Unknown };
            let mut other = reports.clone();
            other.rotate_left(shuffled.index(reports.len()));
            other.push(reports[again.index(reports.len())]);
            other.reverse();
            prop_assert_eq!(after(reply, &reports), after(reply, &other));
            let mut sorted = reports.clone();
            sorted.sort_unstable();
            prop_assert_eq!(after(reply, &reports), after(reply, &sorted));
        }
    }
}
