//! Former numbers proved once more, and the question whether they still are their owner's (rule Q3).
//!
//! A former number is answered for until its window ends, which counts from the last proof of that very value. Only a code
//! sent there together with another proof begins it anew.

use super::{
    address::Kind,
    change::hold::{self, By, Course, Evidence, Holds},
    id::{OwnerId, PointId},
    owner::{Held, Owner, Point, Proof},
    query::{Holder, Windows},
};
use crate::clock::Time;
use std::time::Duration;

/// How long before its window ends the owner is asked.
const AHEAD: Duration = Duration::from_hours(7 * 24);

/// The former values of an owner's points that can be proved once more: believed ones, of points that are there, which the
/// point has not taken up again.
pub fn values(owner: &Owner) -> impl Iterator<Item = (&Point, &Held)> {
    owner.points.iter().filter(|point| point.removed.is_none()).flat_map(|point| {
        let again = |at: usize, held: &Held| {
            point.values[at + 1..].iter().any(|later| later.address.key() == held.address.key())
        };
        let each = point.values.iter().enumerate();
        each.filter(move |(at, held)| held.until.is_some() && held.proof != Proof::None && !again(*at, held))
            .map(move |(_, held)| (point, held))
    })
}

/// The point that had this value last, and the value as it was.
pub fn last<'a>(owner: &'a Owner, key: &str) -> Option<(&'a Point, &'a Held)> {
    values(owner).filter(|(_, held)| held.address.key() == key).max_by_key(|(_, held)| held.until)
}

/// The former values about which a change has its owner asked later, whoever proved it: those of the points whose believed
/// present value, where the question is read, is another than before. About the rest it is written already.
pub fn to_ask<'a>(before: &Owner, after: &'a Owner) -> impl Iterator<Item = (&'a Point, &'a Held)> {
    values(after).filter(|(point, _)| {
        let was = before.points.iter().find(|one| one.id == point.id).and_then(reader);
        reader(point).is_some() && reader(point) != was
    })
}

/// The former values of points whose present value a key has stated, about which older programs asked nobody.
pub fn stated(owner: &Owner) -> impl Iterator<Item = (&Point, &Held)> {
    let by_key = |point: &Point| point.current().is_some_and(|held| matches!(held.proof, Proof::Vouched(_)));
    values(owner).filter(move |(point, _)| by_key(point))
}

/// The key of the value that reads what is asked about a point.
fn reader(point: &Point) -> Option<&str> {
    point.current().filter(|held| held.proof != Proof::None).map(|held| held.address.key())
}

/// When the owner of a former number is asked whether it still is theirs, and until when it is answered for; none where the
/// time is too short for a question.
pub fn asked(former: &Held, windows: &Windows, now: Time) -> Option<(Time, Time)> {
    let until = former.proved.after(windows.alone);
    let asked = until.before(AHEAD);
    (asked > now && former.address.kind() == Kind::Phone).then_some((asked, until))
}

/// Until when a former number is answered for of which the question `asked` then is about to leave; none where its window has
/// begun anew since.
pub fn lapses(former: &Held, windows: &Windows, asked: Time) -> Option<Time> {
    let until = former.proved.after(windows.alone);
    (until <= asked.after(AHEAD * 2)).then_some(until)
}

/// Whether somebody else has proved a number since this owner left it, or has it now: it stays theirs.
pub fn taken(owner: OwnerId, former: &Held, holders: &[Holder]) -> bool {
    let left = former.until.unwrap_or(former.from);
    holders
        .iter()
        .any(|other| other.owner != owner && other.believed && (other.until.is_none() || other.proved >= left))
}

/// Whether a code from a former number begins its window anew: with it something else was shown, not long ago, that shows who
/// the owner is. Whoever has the number alone may be anybody.
pub fn may_be_renewed(owner: &Owner, key: &str, shown: &[Evidence], holds: &Holds, now: Time) -> bool {
    let other = |by: &By| match by {
        By::Passkey => true,
        By::Code(from) => **from != *key && hold::proves(owner, from, &[]).is_some(),
    };
    shown.iter().any(|shown| holds.is_fresh(shown, now) && other(&shown.by))
}

/// The owner with those present values proved anew that answered to a code in this request, where another proof came with it:
/// the window of one that is being left counts from there. And which they are.
pub fn renewed(owner: &Owner, course: &Course) -> (Owner, Vec<(PointId, Held)>) {
    let (mut after, mut renewed) = (owner.clone(), Vec::new());
    if course.evidence.len() < 2 {
        return (after, renewed);
    }
    for point in after.points.iter_mut().filter(|point| point.removed.is_none()) {
        for held in point.values.iter_mut().filter(|held| held.until.is_none() && held.proof != Proof::None) {
            let Some(at) = course.shown(held.address.key()).filter(|at| *at > held.proved) else { continue };
            (held.proof, held.proved) = (Proof::Code, at);
            renewed.push((point.id, held.clone()));
        }
    }
    (after, renewed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{fixtures, group::Rights, id::AppId};

    const OLD: &str = "+14155550100";
    const MOBILE: &str = "+14155550101";
    const WORK: &str = "+14155550102";
    const NEW: &str = "+14155550103";
    const DAY: Duration = Duration::from_hours(24);
    const NOW: Time = Time(1_800_000_000_000_000);

    fn held(key: &str, days: u32, proof: Proof) -> Held {
        fixtures::held(key, NOW.before(DAY * days), proof)
    }

    fn left(key: &str, days: u32, proof: Proof) -> Held {
        Held { until: Some(NOW.before(DAY * days)), ..held(key, days, proof) }
    }

    /// Left `OLD` ten days ago, has `MOBILE` and `WORK`.
    fn ann() -> Owner {
        fixtures::ann(vec![
            fixtures::point(1, "mobile", vec![left(OLD, 10, Proof::Code), held(MOBILE, 10, Proof::Code)]),
            fixtures::point(2, "work", vec![held(WORK, 365, Proof::Code)]),
        ])
    }

    fn shown(by: &str, hours: u64) -> Evidence {
        let by = if by == "passkey" { By::Passkey } else { By::Code(by.into()) };
        Evidence { by, at: NOW.before(Duration::from_hours(hours)) }
    }

    #[test]
    fn q3_the_owner_is_asked_a_week_before_the_window_ends() {
        let windows = Windows { alone: DAY * 45, named: DAY * 365 };
        let (asked_in, ends_in) = (|days: u32| NOW.after(DAY * days), |days: u32| NOW.after(DAY * days));
        for (rule, former, expected) in [
            ("proved today", left(OLD, 0, Proof::Code), Some((asked_in(38), ends_in(45)))),
            ("proved ten days ago", left(OLD, 10, Proof::Code), Some((asked_in(28), ends_in(35)))),
            ("the time for the question has passed", left(OLD, 38, Proof::Code), None),
            ("an address, to which nobody calls", left("ann@example.com", 10, Proof::Code), None),
        ] {
            assert_eq!(asked(&former, &windows, NOW), expected, "{rule}");
        }
        for (rule, proved, expected) in [
            ("as it was when the question was written", 38, Some(ends_in(7))),
            ("proved anew since", 0, None),
            ("the operator has made windows shorter", 60, Some(NOW.before(DAY * 15))),
        ] {
            assert_eq!(lapses(&left(OLD, proved, Proof::Code), &windows, NOW), expected, "{rule}");
        }
    }

    #[test]
    fn q3_which_former_values_can_be_proved_once_more() {
        let of = |values| fixtures::ann(vec![fixtures::point(1, "mobile", values)]);
        let gone = Point { removed: Some(NOW), ..of(vec![left(OLD, 10, Proof::Code)]).points.remove(0) };
        for (rule, owner, can) in [
            ("left", ann(), true),
            ("never proved", of(vec![left(OLD, 10, Proof::None), held(MOBILE, 10, Proof::Code)]), false),
            ("taken up again", of(vec![left(OLD, 20, Proof::Code), held(OLD, 10, Proof::Code)]), false),
            ("of a point that was removed, which forwards nowhere", fixtures::ann(vec![gone]), false),
        ] {
            assert_eq!(last(&owner, OLD).is_some(), can, "{rule}");
        }
        let twice = of(vec![left(OLD, 30, Proof::Code), left(MOBILE, 20, Proof::Code), left(OLD, 10, Proof::Code)]);
        assert_eq!(values(&twice).count(), 2, "one of several times counts");
        assert_eq!(last(&twice, OLD).and_then(|(_, held)| held.until), Some(NOW.before(DAY * 10)), "the last");
    }

    #[test]
    fn q3_a_change_has_the_owner_asked_about_each_former_number_once() {
        let vouched = || Proof::Vouched(AppId(9));
        let of = |values| fixtures::ann(vec![fixtures::point(1, "mobile", values)]);
        let once = || vec![left(OLD, 0, Proof::Code), held(MOBILE, 0, Proof::Code)];
        let with = |more| Owner { points: [of(once()).points, vec![more]].concat(), ..ann() };
        let again =
            |proof: Proof| of(vec![left(OLD, 0, Proof::Code), left(MOBILE, 0, proof.clone()), held(NEW, 0, proof)]);
        for (rule, before, after, asked) in [
            ("proved by a code", of(vec![held(OLD, 9, Proof::Code)]), of(once()), vec![OLD]),
            (
                "stated by a key",
                of(vec![held(OLD, 9, vouched())]),
                of(vec![left(OLD, 0, vouched()), held(MOBILE, 0, vouched())]),
                vec![OLD],
            ),
            ("once more: all are asked about at the new number", of(once()), again(vouched()), vec![OLD, MOBILE]),
            (
                "taken up again",
                of(once()),
                of(vec![left(OLD, 9, vouched()), left(MOBILE, 0, vouched()), held(OLD, 0, vouched())]),
                vec![MOBILE],
            ),
            (
                "another point is new",
                of(once()),
                with(fixtures::point(2, "work", vec![held(WORK, 0, vouched())])),
                vec![],
            ),
            ("its label, or nothing", of(once()), of(once()), vec![]),
            (
                "nobody believes the new one",
                of(vec![held(OLD, 9, Proof::Code)]),
                of(vec![left(OLD, 0, Proof::Code), held(MOBILE, 0, Proof::None)]),
                vec![],
            ),
            (
                "it is believed now",
                of(vec![left(OLD, 0, Proof::Code), held(MOBILE, 0, Proof::None)]),
                of(once()),
                vec![OLD],
            ),
        ] {
            let found: Vec<&str> = to_ask(&before, &after).map(|(_, held)| held.address.key()).collect();
            assert_eq!(found, asked, "{rule}");
        }
    }

    #[test]
    fn q3_only_a_code_together_with_another_proof_begins_the_window_anew() {
        let holds = Holds::default();
        for (rule, evidence, may) in [
            ("the old number alone", vec![shown(OLD, 0)], false),
            ("with a present number", vec![shown(OLD, 0), shown(WORK, 0)], true),
            ("signed in with that number", vec![shown(WORK, 0)], true),
            ("with a passkey", vec![shown("passkey", 0)], true),
            ("with what was shown yesterday", vec![shown(WORK, 24)], false),
            ("with a number that is somebody else's", vec![shown(NEW, 0)], false),
        ] {
            assert_eq!(may_be_renewed(&ann(), OLD, &evidence, &holds, NOW), may, "{rule}");
        }
        for (rule, evidence, proved_anew) in [
            ("a code from the number that is left, alone", vec![shown(MOBILE, 0)], vec![]),
            ("together with the new one", vec![shown(MOBILE, 0), shown(NEW, 0)], vec![PointId(1)]),
            ("a code from another number only", vec![shown(NEW, 0), shown("passkey", 0)], vec![]),
            ("both present ones", vec![shown(MOBILE, 0), shown(WORK, 0)], vec![PointId(1), PointId(2)]),
        ] {
            let course = Course { evidence, ..Course::default() };
            let (after, found) = renewed(&ann(), &course);
            assert_eq!(found.iter().map(|(point, _)| *point).collect::<Vec<_>>(), proved_anew, "{rule}");
            let counts = after.points.iter().filter_map(Point::current).filter(|held| held.proved == NOW).count();
            assert_eq!(counts, proved_anew.len(), "{rule}");
        }
    }

    #[test]
    fn q3_what_somebody_else_has_proved_since_is_theirs() {
        let former = left(OLD, 10, Proof::Code);
        let other = |owner: u128, days: u32, until: Option<Time>, believed: bool| Holder {
            owner: OwnerId(owner),
            point: PointId(7),
            from: Time(0),
            until,
            proved: NOW.before(DAY * days),
            believed,
            current: None,
            names: Vec::new(),
            name: "".into(),
            silenced: false,
            revision: 1,
            rights: Rights::default(),
            groups: Vec::new(),
            blocked: false,
            proved_by_another: false,
        };
        for (rule, holder, is_taken) in [
            ("proved after it was left", other(2, 5, Some(NOW), true), true),
            ("at that moment", other(2, 10, Some(NOW), true), true),
            ("proved while the other still had it, and theirs after the wait", other(2, 11, None, true), true),
            ("had long before", other(2, 20, Some(NOW.before(DAY * 15)), true), false),
            ("only said to be theirs", other(2, 5, None, false), false),
            ("the owner's own", other(1, 5, None, true), false),
        ] {
            assert_eq!(taken(OwnerId(1), &former, &[holder]), is_taken, "{rule}");
        }
    }
}
