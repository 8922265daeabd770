//! Rule C3 as tables.

use super::*;
use crate::domain::fixtures;

const NOW: Time = Time(1_800_000_000_000_000);
const DAY: Duration = Duration::from_hours(24);
const A: &str = "+14155550100";
const B: &str = "+14155550101";
const YOUNG: &str = "+14155550102";
const UNPROVED: &str = "+14155550103";
const FORMER: &str = "+14155550104";
const NEW: &str = "+14155550123";

fn held(key: &str, days: u32, proof: Proof) -> Held {
    fixtures::held(key, NOW.before(DAY * days), proof)
}

fn point(id: u128, values: Vec<Held>) -> Point {
    fixtures::point(id, "x", values)
}

/// `A` and `B` since a year, `YOUNG` since a week, `UNPROVED` never proved, `FORMER` left.
fn ann() -> Owner {
    let former = Held { until: Some(NOW.before(DAY * 10)), ..held(FORMER, 300, Proof::Code) };
    fixtures::ann(vec![
        point(1, vec![held(A, 365, Proof::Code)]),
        point(2, vec![former, held(B, 365, Proof::Code)]),
        point(3, vec![held(YOUNG, 7, Proof::Code)]),
        point(4, vec![held(UNPROVED, 365, Proof::None)]),
    ])
}

fn by(shown: &str) -> By {
    if shown == "passkey" { By::Passkey } else { By::Code(shown.into()) }
}

fn course(shown: &[&str]) -> Course {
    let mut course = Course::default();
    for one in shown {
        course.show(by(one), NOW);
    }
    course
}

fn standing(introduced: &[&str]) -> Standing {
    Standing {
        introduced: introduced.iter().map(|key| (*key).into()).collect(),
        takes_away: true,
        ..Standing::default()
    }
}

#[test]
fn c3_what_is_shown_decides_how_long_it_is_held() {
    let holds = Holds::default();
    let long = |why| Verdict::Holds(why, DAY);
    let short = |why| Verdict::Holds(why, Duration::from_mins(10));
    for (rule, shown, expected) in [
        ("nothing", vec![], Verdict::Waits),
        ("only the new number", vec![NEW], Verdict::Waits),
        ("only the old one", vec![A], Verdict::Waits),
        ("the new one and one point", vec![NEW, A], long(Why::OnePoint)),
        ("all codes of one number are one", vec![NEW, A, A], long(Why::OnePoint)),
        ("a second point proved long ago", vec![NEW, A, B], short(Why::TwoPoints)),
        ("a second point of last week", vec![NEW, A, YOUNG], long(Why::OnePoint)),
        ("a point of last week alone", vec![NEW, YOUNG], long(Why::OnePoint)),
        ("a passkey", vec![NEW, "passkey"], short(Why::Passkey)),
        ("a number that is left", vec![NEW, FORMER], Verdict::Waits),
        ("and beside a point", vec![NEW, A, FORMER], long(Why::OnePoint)),
        ("a number that nobody ever proved", vec![NEW, UNPROVED], Verdict::Waits),
        ("somebody else's number", vec![NEW, "+14155550999"], Verdict::Waits),
    ] {
        assert_eq!(verdict(&ann(), &course(&shown), &standing(&[NEW]), &holds, NOW), expected, "{rule}");
    }
}

#[test]
fn c3_other_wishes() {
    let holds = Holds::default();
    let nobody = Owner { points: vec![point(1, vec![held(A, 1, Proof::None)])], ..ann() };
    let imported = Owner { claimed: false, ..ann() };
    let dead = Standing { dead: vec![B.into()], ..standing(&[NEW]) };
    let taken = Standing { held_by_another: true, ..standing(&[NEW]) };
    let nothing = Standing::default();
    let key = Standing { passkeys: true, ..standing(&[NEW]) };
    for (rule, owner, shown, standing, expected) in [
        ("a name changes", ann(), vec![], nothing, Verdict::Now),
        ("a point is removed", ann(), vec![A], standing(&[]), Verdict::Holds(Why::OnePoint, DAY)),
        ("removed by nobody", ann(), vec![], standing(&[]), Verdict::Waits),
        ("a number that a report calls dead", ann(), vec![NEW, A, B], dead, Verdict::Holds(Why::OnePoint, DAY)),
        ("a first proof", nobody.clone(), vec![NEW], standing(&[NEW]), Verdict::Now),
        ("a first proof that is missing", nobody.clone(), vec![], standing(&[NEW]), Verdict::Waits),
        (
            "a first proof of another's",
            nobody.clone(),
            vec![NEW],
            taken.clone(),
            Verdict::Holds(Why::HeldByAnother, DAY),
        ),
        ("who has a passkey has something to lose", nobody, vec![NEW], key, Verdict::Waits),
        (
            "another's, shown by a passkey of one's own",
            ann(),
            vec![NEW, "passkey"],
            taken.clone(),
            Verdict::Holds(Why::HeldByAnother, DAY),
        ),
        ("by two points of one's own", ann(), vec![NEW, A, B], taken.clone(), Verdict::Holds(Why::HeldByAnother, DAY)),
        (
            "by one of them it takes as long anyway",
            ann(),
            vec![NEW, A],
            taken.clone(),
            Verdict::Holds(Why::OnePoint, DAY),
        ),
        ("an imported owner is nobody yet", imported, vec![NEW], standing(&[NEW]), Verdict::Now),
        ("the new value shows nothing of its owner", ann(), vec![A], standing(&[A]), Verdict::Waits),
    ] {
        assert_eq!(verdict(&owner, &course(&shown), &standing, &holds, NOW), expected, "{rule}");
    }
}

#[test]
fn c3_the_old_number_and_all_other_points_are_told() {
    for (rule, but, told) in [
        ("a change to a new number", vec![NEW], vec![A, B, YOUNG]),
        ("a removal", vec![], vec![A, B, YOUNG]),
        ("the old number proved once more in it", vec![A], vec![B, YOUNG]),
        ("C9: a number that somebody else has proved", vec![B], vec![A, YOUNG]),
    ] {
        let but: Vec<Box<str>> = but.into_iter().map(Into::into).collect();
        let owner = ann();
        let found: Vec<&str> = super::told(&owner, &but).map(Address::key).collect();
        assert_eq!(found, told, "{rule}");
    }
}

#[test]
fn c3_c7_what_was_shown_in_a_session_counts_for_a_request_made_in_it() {
    let holds = Holds::default();
    let ago = |minutes| Evidence { by: By::Code(A.into()), at: NOW.before(Duration::from_mins(minutes)) };
    for (rule, shown, of_its_own, counts) in [
        ("just signed in", ago(0), false, true),
        ("nearly an hour ago", ago(59), false, true),
        ("an hour ago", ago(60), false, false),
        ("the end of a panic and erasure need a fresh proof", ago(0), true, false),
    ] {
        assert_eq!(carried(&[shown], of_its_own, &holds, NOW).count(), usize::from(counts), "{rule}");
    }
}

#[test]
fn c3_a_veto_ends_or_delays_twice_at_most() {
    let holds = Holds::default();
    let (soon, tomorrow) = (NOW.after(Duration::from_hours(2)), NOW.after(DAY));
    let far = NOW.after(DAY * 3);
    for (rule, proved_by, delays, by, due, expected) in [
        ("who proved it", vec![NEW, A], 0, vec![A], soon, Veto::Ends),
        ("the new number, which proved it too", vec![NEW, A], 0, vec![NEW], soon, Veto::Ends),
        ("another point", vec![NEW, A], 0, vec![B], soon, Veto::Delays(tomorrow)),
        ("for the second time", vec![NEW, A], 1, vec![B], soon, Veto::Delays(tomorrow)),
        ("for the third time", vec![NEW, A], 2, vec![B], soon, Veto::Spent),
        ("it never ends sooner by that", vec![NEW, A], 0, vec![B], far, Veto::Delays(far)),
        ("the old number of who has shown two others", vec![NEW, A, B], 0, vec![YOUNG], soon, Veto::Delays(tomorrow)),
        ("two points against one", vec![NEW, YOUNG], 2, vec![A, B], soon, Veto::Ends),
        ("a passkey against two points", vec![NEW, A, B], 2, vec!["passkey"], soon, Veto::Ends),
        ("one point against a young one", vec![NEW, YOUNG], 0, vec![A], soon, Veto::Delays(tomorrow)),
        ("nothing shown", vec![NEW, A], 0, vec![], soon, Veto::Delays(tomorrow)),
        ("one point twice is one", vec![NEW, YOUNG], 0, vec![A, A], soon, Veto::Delays(tomorrow)),
    ] {
        let course = Course { delays, ..course(&proved_by) };
        let by: Vec<By> = by.into_iter().map(self::by).collect();
        let found = veto(&ann(), &course, &standing(&[NEW]), &by, due, &holds, NOW);
        assert_eq!(found, expected, "{rule}");
    }
}

#[test]
fn c3_of_several_codes_from_one_address_the_newest_counts() {
    for (rule, times, shown) in [("in their order", [2, 5], 5), ("the later one was answered first", [5, 2], 5)] {
        let mut course = Course::default();
        for at in times {
            course.show(by(A), Time(at));
        }
        assert_eq!((course.evidence.len(), course.shown(A)), (1, Some(Time(shown))), "{rule}");
    }
}

#[test]
fn a_course_is_kept_as_json_and_an_old_row_has_none() {
    assert_eq!(serde_json::from_str::<Course>("{}").unwrap(), Course::default());
    let course = Course { why: Some(Why::TwoPoints), delays: 1, ..course(&[A, "passkey"]) };
    let text = serde_json::to_string(&course).unwrap();
    assert_eq!(serde_json::from_str::<Course>(&text).unwrap(), course, "{text}");
}

#[test]
fn c3_what_else_would_make_the_wait_shorter() {
    let holds = Holds::default();
    let code = |key: &str| By::Code(key.into());
    for (rule, shown, passkeys, delays, expected) in [
        ("nothing, while it does not wait yet", vec![NEW], true, 0, vec![]),
        ("points proved long ago, and a passkey", vec![NEW, A], true, 0, vec![code(B), By::Passkey]),
        ("no passkey where there is none", vec![NEW, A], false, 0, vec![code(B)]),
        ("nothing beside two points", vec![NEW, A, B], true, 0, vec![]),
        ("nothing beside a passkey", vec![NEW, "passkey"], true, 0, vec![]),
        ("nothing once somebody spoke against it", vec![NEW, A], true, 1, vec![]),
        ("two points beside one of last week are needed", vec![NEW, YOUNG], false, 0, vec![]),
    ] {
        let standing = Standing { passkeys, ..standing(&[NEW]) };
        let course = Course { delays, ..course(&shown) };
        assert_eq!(shortens(&ann(), &course, &standing, &holds, NOW), expected, "{rule}");
    }
}
