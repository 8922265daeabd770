//! What an owner had and did is hidden while a panic lasts (rule C7): who came by a session of theirs must not read it.
//!
//! What happened since stays to be seen, and so does every request that can still be decided.

use super::{change::Request, id::AuditId, owner::Owner};
use crate::clock::Time;
use std::borrow::Cow;

/// What may be seen of the history of one owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum History {
    /// All of it.
    Whole,
    /// What was decided after this moment, and lines of the audit trail after this one.
    Since(Time, Option<AuditId>),
}

impl History {
    /// Whether this request may be seen.
    pub fn shows(self, request: &Request) -> bool {
        match self {
            History::Whole => true,
            History::Since(at, _) => request.state.is_open() || request.decided.is_some_and(|decided| decided > at),
        }
    }

    /// Where the part of the trail begins that may be seen, for somebody who has read up to `after`.
    pub fn trail_from(self, after: Option<AuditId>) -> Option<AuditId> {
        match self {
            History::Whole => after,
            History::Since(_, before) => after.max(before),
        }
    }
}

/// The trail of a silenced owner, read from its beginning in search of the panic that lasts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Search {
    last: Option<AuditId>,
    since: Option<History>,
}

impl Search {
    /// The next line, and whether it says that the owner has ended everything.
    pub fn line(&mut self, id: AuditId, at: Time, panicked: bool) {
        if panicked {
            self.since = Some(History::Since(at, self.last));
        }
        self.last = Some(id);
    }

    /// The line that was read last.
    pub fn last(self) -> Option<AuditId> {
        self.last
    }

    /// What may be seen, where there is no further line. A panic without a line of its own hides all that there is.
    pub fn found(self) -> History {
        self.since.unwrap_or(History::Since(Time(i64::MAX), self.last))
    }
}

/// The owner without what they had before, while they are silenced.
pub fn visible(owner: &Owner) -> Cow<'_, Owner> {
    if !owner.silenced {
        return Cow::Borrowed(owner);
    }
    let mut shown = owner.clone();
    shown.points.retain(|point| point.removed.is_none());
    for point in &mut shown.points {
        point.values.retain(|held| held.until.is_none());
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        change::{RequestState, hold::Course},
        fixtures,
        id::{OwnerId, RequestId},
        owner::{Held, Point, Proof},
    };

    fn request(state: RequestState, decided: Option<i64>) -> Request {
        Request {
            id: RequestId(1),
            owner: OwnerId(1),
            state,
            wanted: "{}".into(),
            by: "owner".into(),
            created: Time(1),
            decided: decided.map(Time),
            course: Course::default(),
            due: None,
        }
    }

    /// Lines with the ids 1, 2 … at the times 10, 20 …; those with `!` say that the owner has ended everything.
    fn searched(lines: &str) -> History {
        let mut search = Search::default();
        for (number, line) in (1..).zip(lines.chars()) {
            search.line(AuditId(number), Time(i64::try_from(number).expect("few") * 10), line == '!');
        }
        search.found()
    }

    #[test]
    fn c7_panic_hides_what_was_before_and_not_what_comes_after() {
        for (rule, lines, expected) in [
            ("what was before the panic is hidden", "..!", History::Since(Time(30), Some(AuditId(2)))),
            ("what came after it is not", "..!..", History::Since(Time(30), Some(AuditId(2)))),
            ("of several panics the last one lasts", "!..!.", History::Since(Time(40), Some(AuditId(3)))),
            ("it was the first thing of all", "!.", History::Since(Time(10), None)),
            ("nobody wrote when: everything is hidden", "...", History::Since(Time(i64::MAX), Some(AuditId(3)))),
        ] {
            assert_eq!(searched(lines), expected, "{rule}");
        }
    }

    #[test]
    fn c7_which_requests_and_lines_are_seen_while_a_panic_lasts() {
        use RequestState::{Accepted, AwaitingProof, Cancelled, Held};
        let since = History::Since(Time(30), Some(AuditId(2)));
        for (rule, history, request, seen) in [
            ("decided before it", since, request(Accepted, Some(29)), false),
            ("at the moment of it", since, request(Cancelled, Some(30)), false),
            ("after it", since, request(Accepted, Some(31)), true),
            ("held: it can still be stopped", since, request(Held, None), true),
            ("not proved yet", since, request(AwaitingProof, None), true),
            ("no panic lasts", History::Whole, request(Accepted, Some(1)), true),
        ] {
            assert_eq!(history.shows(&request), seen, "{rule}");
        }
        let line = |id| Some(AuditId(id));
        for (rule, history, read, from) in [
            ("from the panic on", since, None, line(2)),
            ("not from before it, whatever was read", since, line(1), line(2)),
            ("onwards", since, line(5), line(5)),
            ("no panic lasts", History::Whole, None, None),
            ("no panic lasts, onwards", History::Whole, line(1), line(1)),
        ] {
            assert_eq!(history.trail_from(read), from, "{rule}");
        }
    }

    #[test]
    fn c7_panic_hides_former_numbers_and_removed_points() {
        let held = |key: &str, until: Option<i64>| Held {
            until: until.map(Time),
            ..fixtures::held(key, Time(1), Proof::Code)
        };
        let moved = fixtures::point(1, "mobile", vec![held("+14155550100", Some(5)), held("+14155550101", None)]);
        let gone = Point { removed: Some(Time(6)), ..fixtures::point(2, "work", vec![held("+14155550102", Some(6))]) };
        let ann = |silenced| Owner { silenced, ..fixtures::ann(vec![moved.clone(), gone.clone()]) };
        for (rule, silenced, keys) in [
            ("while it lasts", true, vec!["+14155550101"]),
            ("as long as there is none", false, vec!["+14155550100", "+14155550101", "+14155550102"]),
        ] {
            let owner = ann(silenced);
            let shown = visible(&owner);
            let values = shown.points.iter().flat_map(|point| &point.values);
            let found: Vec<&str> = values.map(|held| held.address.key()).collect();
            assert_eq!(found, keys, "{rule}");
            assert_eq!(shown.points.len(), if silenced { 1 } else { 2 }, "{rule}");
        }
    }
}
