//! What a fan-out means for one recipient (rules C4, C5, N1, N2).

use super::{Debounce, Difference, Notice, Seen, difference, due, without_taken_away};
use crate::{
    clock::Time,
    domain::group::{Rights, Told},
};

/// What one recipient is allowed, and how they are told.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// What they may see now by any of their groups.
    pub visible: Seen,
    /// What they may see now by groups that tell their members of changes. Only this is ever sent: what a group shows
    /// *on query* is learned by asking (rule N1).
    pub told: Seen,
    /// When each of their groups tells, and what it reveals.
    pub ways: Vec<(Told, Rights)>,
}

/// What happens to the ledger and to the pair's notice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// The ledger's row becomes this: something was taken away.
    pub ledger: Option<Seen>,
    /// The pair's notice is due then.
    pub due: Option<Time>,
}

/// When a fan-out happens and how changes are gathered.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// When its cause took effect.
    pub at: Time,
    /// When it is expanded.
    pub now: Time,
    /// How changes are gathered.
    pub debounce: Debounce,
    /// Where the clocks of digests stand.
    pub zone: &'a jiff::tz::TimeZone,
    /// Nobody is told, only the ledger follows.
    pub silent: bool,
}

/// What a fan-out means for a recipient. `shown` is the ledger's row, `baseline` what stands for it where there is
/// none (see [`super::before`]), `open` the notice that already waits for the pair.
///
/// An empty difference sends nothing, and does not end an open notice either: that finds out by itself when it is due.
pub fn step(shown: Option<&Seen>, baseline: &Seen, view: &View, open: Option<&Notice>, moment: Moment<'_>) -> Step {
    let kept = without_taken_away(shown.unwrap_or(baseline), &view.visible);
    let told = difference(&kept, &view.told);
    let due = if moment.silent || told.is_empty() {
        None
    } else {
        let ways = view.ways.iter().filter(|(_, rights)| told.concerns(rights)).map(|(told, _)| told);
        due(ways, open, moment.at, moment.now, moment.debounce, moment.zone)
    };
    Step { ledger: shown.filter(|shown| **shown != kept).map(|_| kept), due }
}

/// What is left to tell when a notice is due: the difference between what was shown, as far as it may still be seen,
/// and what is told now.
pub fn left_to_tell(shown: Option<&Seen>, baseline: &Seen, view: &View) -> Difference {
    difference(&without_taken_away(shown.unwrap_or(baseline), &view.visible), &view.told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{group::Item, id::PointId, notice::Line};
    use std::time::Duration;

    fn seen(lines: &[(u128, &str)]) -> Seen {
        let line =
            |value: &str| Line { kind: "phone".into(), label: "".into(), key: value.into(), value: value.into() };
        Seen {
            name: if lines.is_empty() { String::new() } else { "Ann Lee".to_owned() },
            lines: lines.iter().map(|&(id, value)| (PointId(id).to_string(), line(value))).collect(),
            perhaps: None,
        }
    }

    fn reveals(points: &[u128]) -> Rights {
        let reveal = points.iter().map(|&point| Item::Point(PointId(point))).collect();
        Rights { reveal, ..Rights::default() }
    }

    fn view(visible: &[(u128, &str)], told: &[(u128, &str)], ways: &[(Told, &[u128])]) -> View {
        let ways = ways.iter().map(|(told, points)| (told.clone(), reveals(points))).collect();
        View { visible: seen(visible), told: seen(told), ways }
    }

    #[test]
    fn n2_what_a_fanout_means_for_one_recipient() {
        let (old, new) = ((1, "A"), (1, "B"));
        let work = (2, "W");
        let at_once: &[(Told, &[u128])] = &[(Told::AtOnce, &[1, 2])];
        let on_query: &[(Told, &[u128])] = &[(Told::OnQuery, &[1, 2])];
        let mixed: &[(Told, &[u128])] = &[(Told::AtOnce, &[2]), (Told::OnQuery, &[1])];
        let told = Some(Time(120_000_000));
        for (rule, shown, baseline, view, silent, ledger, due) in [
            ("C4: a change is told", Some(seen(&[old])), seen(&[]), view(&[new], &[new], at_once), false, None, told),
            ("with nothing in the ledger too", None, seen(&[old]), view(&[new], &[new], at_once), false, None, told),
            (
                "C5: undone before it was told",
                Some(seen(&[new])),
                seen(&[]),
                view(&[new], &[new], at_once),
                false,
                None,
                None,
            ),
            ("a membership alone is no change", None, seen(&[new]), view(&[new], &[new], at_once), false, None, None),
            (
                "what is newly visible is told",
                Some(seen(&[new])),
                seen(&[]),
                view(&[new, work], &[new, work], at_once),
                false,
                None,
                told,
            ),
            (
                "N1: on query is never told",
                Some(seen(&[old])),
                seen(&[]),
                view(&[new], &[], on_query),
                false,
                None,
                None,
            ),
            (
                "N1: nor by another group's way",
                Some(seen(&[old, work])),
                seen(&[]),
                view(&[new, work], &[work], mixed),
                false,
                None,
                None,
            ),
            (
                "C4: taken away is silent",
                Some(seen(&[new, work])),
                seen(&[]),
                view(&[new], &[new], at_once),
                false,
                Some(seen(&[new])),
                None,
            ),
            (
                "taken away and changed",
                Some(seen(&[old, work])),
                seen(&[]),
                view(&[new], &[new], at_once),
                false,
                Some(seen(&[old])),
                told,
            ),
            (
                "a silent one only follows",
                Some(seen(&[old, work])),
                seen(&[]),
                view(&[new], &[new], at_once),
                true,
                Some(seen(&[old])),
                None,
            ),
            (
                "blocked: nothing is left",
                Some(seen(&[old])),
                seen(&[]),
                view(&[], &[], &[]),
                true,
                Some(seen(&[])),
                None,
            ),
        ] {
            let debounce = Debounce { each: Duration::from_mins(2), most: Duration::from_mins(10) };
            let zone = &jiff::tz::TimeZone::UTC;
            let moment = Moment { at: Time(0), now: Time(1), debounce, zone, silent };
            assert_eq!(step(shown.as_ref(), &baseline, &view, None, moment), Step { ledger, due }, "{rule}");
        }
    }
}
