//! When a difference is told (rules C5, N1, N2).

use super::Notice;
use crate::{
    clock::Time,
    domain::{group::Told, schedule::Cron},
};
use std::time::Duration;

/// How long changes are gathered into one notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Debounce {
    /// From the last of them.
    pub each: Duration,
    /// And at most from the first of them.
    pub most: Duration,
}

/// When a recipient is told of what happened at `at`, or `None`: only when they ask.
///
/// `told` are the ways of those groups of theirs that reveal a part of the difference; the earliest wins. `open` is
/// the notice that already waits for this pair: a change within its debounce puts it off, at most to `most` from its
/// first change; a change after it was due begins anew, for the notice may be under way (rule C5). A digest's time is
/// never put off. A digest whose expression cannot be read is told at once rather than never.
pub fn due<'a>(
    told: impl IntoIterator<Item = &'a Told>,
    open: Option<&Notice>,
    at: Time,
    now: Time,
    debounce: Debounce,
    zone: &jiff::tz::TimeZone,
) -> Option<Time> {
    let open = open.filter(|open| open.due > now);
    let settled = at.after(debounce.each);
    let at_once = match open {
        // Gathering: put off, but not beyond the most.
        Some(open) if open.due <= open.first.after(debounce.most) => settled.min(open.first.after(debounce.most)),
        _ => settled,
    };
    let ways = told.into_iter().filter_map(|told| match told {
        Told::AtOnce => Some(at_once),
        Told::Digest(expression) => {
            let next = Cron::parse(expression).ok().and_then(|cron| cron.next(settled, zone));
            let next = next.unwrap_or(at_once);
            Some(open.map_or(next, |open| next.min(open.due)))
        }
        Told::OnQuery => None,
    });
    ways.min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        id::{ContactId, NoticeId, OwnerId},
        notice::{NoticeState, Recipient},
    };

    const T: i64 = 1_795_431_600; // 2026-11-23T11:00:00Z, a Monday

    fn at(seconds: i64) -> Time {
        Time((T + seconds) * 1_000_000)
    }

    fn open(first: i64, due: i64) -> Notice {
        Notice {
            id: NoticeId(1),
            owner: OwnerId(1),
            recipient: Recipient::Contact(ContactId(1)),
            state: NoticeState::Open,
            first: at(first),
            due: at(due),
            since: at(due),
            attempts: 0,
            reason: "".into(),
            settled: None,
        }
    }

    #[test]
    fn c5_n1_when_it_is_told() {
        let digest = |text: &str| Told::Digest(text.to_owned());
        let noon = || digest("0 12 * * *");
        let every_minute = || digest("* * * * *");
        let hour = 3_600;
        for (rule, told, open, change, expected) in [
            ("at once: after the debounce", vec![Told::AtOnce], None, 0, Some(120)),
            ("on query: never", vec![Told::OnQuery], None, 0, None),
            ("no group at all: never", vec![], None, 0, None),
            ("a second change within the debounce puts it off", vec![Told::AtOnce], Some(open(0, 120)), 60, Some(180)),
            ("ten minutes from the first at most", vec![Told::AtOnce], Some(open(0, 590)), 580, Some(600)),
            ("a change after it was due begins anew", vec![Told::AtOnce], Some(open(0, 120)), 130, Some(250)),
            ("also after ten minutes", vec![Told::AtOnce], Some(open(0, 600)), 700, Some(820)),
            ("a digest at its time", vec![noon()], None, 0, Some(hour)),
            ("a digest waits for the debounce too", vec![noon()], None, hour - 60, Some(25 * hour)),
            ("the earliest of several groups wins", vec![noon(), Told::AtOnce, Told::OnQuery], None, 0, Some(120)),
            ("a digest does not put off what is told at once", vec![noon()], Some(open(0, 120)), 60, Some(120)),
            ("what is told at once does not wait for a digest", vec![Told::AtOnce], Some(open(0, hour)), 60, Some(180)),
            (
                "nor is it sent without debounce since it is late",
                vec![Told::AtOnce],
                Some(open(-9_000, hour)),
                0,
                Some(120),
            ),
            ("a digest keeps its time at a further change", vec![noon()], Some(open(0, hour)), 1_800, Some(hour)),
            ("the earliest of two digests", vec![noon(), every_minute()], None, 1, Some(180)),
            ("an unreadable digest is told at once", vec![digest("whenever")], None, 0, Some(120)),
        ] {
            let debounce = Debounce { each: Duration::from_mins(2), most: Duration::from_mins(10) };
            let due = due(&told, open.as_ref(), at(change), at(change), debounce, &jiff::tz::TimeZone::UTC);
            assert_eq!(due, expected.map(at), "{rule}");
        }
    }
}
