//! The rules of changes as tables. An owner is written as `mobile=A work=B`, a wish as `mobile:=C`, `-work`, `+home=D`,
//! `mobile>private`; letters stand for numbers.

use super::*;
use crate::domain::{
    fixtures,
    id::AppId,
    owner::{Held, Point},
};

const VOUCHED: Proof = Proof::Vouched(AppId(9));

fn value(letter: &str) -> Address {
    if letter.starts_with('@') {
        return Address::stored(format!("a{letter}.example"), format!("a{letter}.example"));
    }
    Address::stored(format!("+1415555{letter}"), format!("+1415555{letter}"))
}

fn letter(address: &Address) -> String {
    address.key().trim_start_matches("+1415555").trim_start_matches('a').trim_end_matches(".example").to_owned()
}

fn owner(points: &str) -> Owner {
    let point = |(number, text): (usize, &str)| {
        let (label, held) = text.split_once('=').unwrap();
        let values = [held].into_iter().filter(|held| !held.is_empty());
        let values = values.map(|held| Held { address: value(held), ..fixtures::held("", Time(1), VOUCHED) }).collect();
        fixtures::point(number as u128 + 1, label, values)
    };
    Owner { claimed: false, ..fixtures::ann(points.split_whitespace().enumerate().map(point).collect()) }
}

fn wish(owner: &Owner, text: &str) -> Wish {
    let find = |label: &str| {
        owner
            .points
            .iter()
            .find(|point| &*point.label == label && point.removed.is_none())
            .map_or(PointId(99), |p| p.id)
    };
    let mut fresh = 100;
    let mut one = |text: &str| {
        if let Some(added) = text.strip_prefix('+') {
            let (label, held) = added.split_once('=').unwrap();
            fresh += 1;
            PointWish::Add { id: PointId(fresh), label: label.into(), address: value(held) }
        } else if let Some(label) = text.strip_prefix('-') {
            PointWish::Remove { point: find(label) }
        } else if let Some((label, held)) = text.split_once(":=") {
            PointWish::Replace { point: find(label), address: value(held) }
        } else {
            let (label, next) = text.split_once('>').unwrap();
            PointWish::Relabel { point: find(label), label: next.into() }
        }
    };
    Wish { points: text.split_whitespace().map(&mut one).collect(), ..Wish::default() }
}

/// `label=value` of each point, with its former values: `mobile=B<A`; removed ones as `(mobile=<A)`.
fn shown(owner: &Owner) -> String {
    let one = |point: &Point| {
        let present = point.current().map(|held| letter(&held.address)).unwrap_or_default();
        let former = point.values.iter().rev().filter(|held| held.until.is_some());
        let former: Vec<String> = former.map(|held| letter(&held.address)).collect();
        let text = [vec![format!("{}={present}", point.label)], former].concat().join("<");
        if point.removed.is_some() { format!("({text})") } else { text }
    };
    owner.points.iter().map(one).collect::<Vec<_>>().join(" ")
}

#[test]
fn c11_whatever_makes_a_value_former_is_a_change_of_number() {
    // before, wish, after, is a change of number
    let cases = [
        ("mobile=1", "mobile:=2", "mobile=2<1", true),
        ("mobile=1", "-mobile +mobile=2", "mobile=2<1", true),
        ("mobile=1", "+mobile=2 -mobile", "mobile=2<1", true),
        ("mobile=1 home=3", "-mobile home>mobile", "mobile=3<1 (mobile=<3)", true),
        ("mobile=1 home=3", "mobile:=3 -home", "mobile=3<1 (home=<3)", true),
        ("mobile=1", "-mobile", "(mobile=<1)", true),
        ("mobile=1", "-mobile +work=2", "(mobile=<1) work=2", true),
        ("mobile=1 mobile=2", "-mobile", "(mobile=<1) mobile=2", true),
        ("mobile=1", "-mobile +mobile=@x", "(mobile=<1) mobile=@x", true),
        ("mobile=1", "+work=2", "mobile=1 work=2", false),
        ("mobile=1", "mobile>private", "private=1", false),
        ("mobile=1 home=2", "mobile>home home>mobile", "home=1 mobile=2", false),
        ("mobile=1", "mobile:=1", "mobile=1", false),
        ("mobile=1", "-mobile +mobile=1", "mobile=1", false),
    ];
    for (before, wanted, after, number_changed) in cases {
        let owner = owner(before);
        let accepted = accept(&owner, &wish(&owner, wanted), &VOUCHED, Time(5)).unwrap();
        assert_eq!((shown(&accepted.after).as_str(), accepted.number_changed()), (after, number_changed), "{wanted}");
    }
}

#[test]
fn c6_what_one_commit_makes_of_a_request() {
    let (name, zone) = ("Bea".to_owned(), Some("Europe/Berlin".into()));
    let renamed = || Wish { profile: Some(Profile { name: name.clone(), ..Profile::default() }), ..Wish::default() };
    let moved = || Wish { zone: zone.clone(), ..Wish::default() };
    let points = |text: &str| wish(&owner("mobile=1"), text);
    // wish; it ends a panic, changes rights; a revision more; what the trail says; whether anybody is told
    for (rule, wish, ends, grants, revision, word, tells) in [
        ("another number", points("mobile:=2"), false, false, 1, "number_changed", true),
        ("with rights", points("mobile:=2"), false, true, 1, "number_changed", true),
        ("and the end of a panic", points("mobile:=2"), true, false, 1, "number_changed", true),
        ("a number more", points("+home=2"), false, false, 1, "details_changed", true),
        ("another label", points("mobile>private"), false, false, 1, "details_changed", true),
        ("another name", renamed(), false, false, 1, "details_changed", true),
        ("the end of a panic", Wish::default(), true, false, 0, "panic_ended", true),
        ("the number proved once more", points("mobile:=1"), false, false, 0, "value_proved", false),
        ("another zone, which only the owner reads", moved(), false, false, 0, "zone_changed", false),
        ("rights alone", Wish::default(), false, true, 0, "request_accepted", true),
        ("nothing of the owner's", Wish::default(), false, false, 0, "request_accepted", false),
    ] {
        let owner = Owner { silenced: ends, ..owner("mobile=1") };
        let mut done = accept(&owner, &wish, &VOUCHED, Time(5)).unwrap();
        done.after.silenced = false;
        let found = (done.after.revision - owner.revision, done.word(&owner), done.tells(&owner, grants));
        assert_eq!(found, (revision, word, tells), "{rule}");
    }
}

#[test]
fn c9_a_code_proves_no_value_that_only_comes_along() {
    let unproved = |mut owner: Owner, lost: &str| {
        let values = owner.points.iter_mut().flat_map(|point| &mut point.values);
        values.filter(|held| letter(&held.address) == lost).for_each(|held| held.proof = Proof::None);
        owner
    };
    let (old, new) = ((VOUCHED, Time(1)), (Proof::Code, Time(5)));
    // what is wanted, which values need a code, and how 3 is proved then
    for (rule, before, wanted, needed, proved) in [
        ("it moves to another point", owner("mobile=1 home=3"), "-home mobile:=3 +new=7", vec!["7"], old.clone()),
        ("to a new one", owner("mobile=1 home=3"), "-home +other=3 +new=7", vec!["7"], old.clone()),
        ("by its label", owner("mobile=1 home=3"), "-mobile home>mobile +new=7", vec!["7"], old.clone()),
        ("it is named, and stays", owner("mobile=1 home=3"), "home:=3 +new=7", vec!["7", "3"], new.clone()),
        (
            "lost, and moves",
            unproved(owner("mobile=1 home=3"), "3"),
            "-home mobile:=3 +new=7",
            vec!["3", "7"],
            new.clone(),
        ),
        ("by its label", unproved(owner("mobile=1 home=3"), "3"), "-mobile home>mobile +new=7", vec!["3", "7"], new),
    ] {
        let wish = wish(&before, wanted);
        let mut found: Vec<String> = introduced(&before, &wish).unwrap().iter().map(letter).collect();
        let mut needed: Vec<String> = needed.into_iter().map(Into::into).collect();
        found.sort();
        needed.sort();
        assert_eq!(found, needed, "{rule}: {wanted}");
        let after = accept(&before, &wish, &Proof::Code, Time(5)).unwrap().after;
        let held = after.points.iter().filter_map(Point::current).find(|held| letter(&held.address) == "3").unwrap();
        assert_eq!((held.proof.clone(), held.proved), proved, "{rule}: {wanted}");
    }
}

#[test]
fn c6_the_steps_lead_from_before_to_after() {
    for (before, wanted) in [
        ("mobile=1", "mobile:=2"),
        ("mobile=1 home=3", "-mobile home>mobile +fax=7"),
        ("mobile=1 home=3", "mobile:=3 -home"),
        ("mobile=1 home=3", "mobile:=3 home:=1"),
    ] {
        let owner = owner(before);
        let accepted = accept(&owner, &wish(&owner, wanted), &VOUCHED, Time(5)).unwrap();
        let mut points = owner.points.clone();
        for step in &accepted.steps {
            let find = |points: &Vec<Point>, id: PointId| points.iter().position(|point| point.id == id);
            match step {
                Step::Left(id, address) => {
                    let at = find(&points, *id).unwrap();
                    let held = points[at].values.iter_mut().find(|held| held.until.is_none()).unwrap();
                    assert_eq!(held.address, *address);
                    held.until = Some(Time(5));
                }
                Step::Point(point) => match find(&points, point.id) {
                    Some(at) => {
                        let values = std::mem::take(&mut points[at].values);
                        points[at] = Point { values, ..point.clone() };
                    }
                    None => points.push(Point { values: Vec::new(), ..point.clone() }),
                },
                Step::Proved(id, held) => {
                    let at = find(&points, *id).unwrap();
                    let present = points[at].values.iter_mut().find(|held| held.until.is_none()).unwrap();
                    assert_eq!(present.address, held.address);
                    *present = Held { until: None, ..held.clone() };
                }
                Step::Held(id, held) => {
                    let present = |point: &Point| {
                        point.values.iter().any(|other| other.until.is_none() && other.address == held.address)
                    };
                    assert!(!points.iter().any(present), "no two points hold one value at any moment");
                    let at = find(&points, *id).unwrap();
                    points[at].values.push(held.clone());
                }
            }
        }
        assert_eq!(points, accepted.after.points, "{wanted}");
    }
}

#[test]
fn what_cannot_be_is_refused_with_its_place() {
    let cases = [
        ("mobile=1", "+work=1", Impossible::TwoPoints { at: Some(0) }),
        ("mobile=1 home=2", "mobile:=2", Impossible::TwoPoints { at: Some(0) }),
        ("mobile=1", "mobile:=@x", Impossible::KindDiffers { at: 0 }),
        ("mobile=1", "mobile:=2 -fax", Impossible::UnknownPoint { at: 1 }),
        ("mobile=1", "-mobile mobile:=2", Impossible::UnknownPoint { at: 1 }),
        ("mobile=1", "mobile>", Impossible::BadLabel { at: 0 }),
    ];
    for (before, wanted, expected) in cases {
        let owner = owner(before);
        assert_eq!(accept(&owner, &wish(&owner, wanted), &VOUCHED, Time(5)), Err(expected), "{wanted}");
    }
    let many = (0..MOST_POINTS).map(|n| format!("p{n}={n}")).collect::<Vec<_>>().join(" ");
    let owner = owner(&many);
    assert_eq!(accept(&owner, &wish(&owner, "+one=more"), &VOUCHED, Time(5)), Err(Impossible::TooManyPoints { at: 0 }));
}

#[test]
fn only_values_that_are_new_or_given_again_need_a_proof() {
    let cases: [(&str, &str, &[&str]); 7] = [
        ("mobile=1", "mobile:=2", &["2"]),
        ("mobile=1", "mobile:=1", &["1"]),
        ("mobile=1", "mobile>private", &[]),
        ("mobile=1", "-mobile", &[]),
        ("mobile=1 home=2", "-mobile home>mobile", &[]),
        ("mobile=1 home=2", "mobile:=2 -home", &[]),
        ("mobile=1", "+work=2 +home=3 mobile>private", &["2", "3"]),
    ];
    for (before, wanted, expected) in cases {
        let owner = owner(before);
        let needed: Vec<String> = introduced(&owner, &wish(&owner, wanted)).unwrap().iter().map(letter).collect();
        assert_eq!(needed, expected, "{wanted}");
    }
}

#[test]
fn a_value_that_moves_between_points_keeps_its_proof() {
    let owner = owner("mobile=1 home=3");
    let accepted = accept(&owner, &wish(&owner, "-mobile home>mobile"), &Proof::None, Time(5)).unwrap();
    let held = accepted.after.points[0].current().unwrap();
    assert_eq!((&held.proof, held.proved, held.from), (&VOUCHED, Time(1), Time(5)));
}

#[test]
fn a_restored_revision_is_a_change_of_number_too() {
    let first = owner("mobile=1 home=2");
    let snapshot = Snapshot::of(&first);
    let second = accept(&first, &wish(&first, "mobile:=3 -home +work=4"), &VOUCHED, Time(5)).unwrap().after;
    let wish = Wish { restore: Some(snapshot), ..Wish::default() };
    assert_eq!(introduced(&second, &wish).unwrap().iter().map(letter).collect::<Vec<_>>(), ["1", "2"]);
    let third = accept(&second, &wish, &VOUCHED, Time(9)).unwrap();
    assert_eq!(shown(&third.after), "mobile=1<3<1 home=2<2 (work=<4)");
    assert!(third.number_changed() && third.after.revision == 3);
}

#[test]
fn a_snapshot_reads_back() {
    let snapshot = Snapshot::of(&owner("mobile=1 mail=@x none="));
    let text = serde_json::to_string(&snapshot).unwrap();
    assert_eq!(serde_json::from_str::<Snapshot>(&text).unwrap(), snapshot);
}

#[test]
fn a_revision_is_made_only_where_something_differs() {
    let owner = owner("mobile=1");
    let same = accept(&owner, &wish(&owner, "mobile:=1"), &VOUCHED, Time(5)).unwrap();
    assert!(!same.changed && same.after.revision == 1);
    assert_eq!(same.after.points[0].current().unwrap().proved, Time(5), "but the proof is a newer one (Q3)");
    let renamed = Wish { profile: Some(Profile { name: "Bea".into(), ..Profile::default() }), ..Wish::default() };
    let renamed = accept(&owner, &renamed, &Proof::None, Time(5)).unwrap();
    assert!(renamed.changed && renamed.after.revision == 2 && !renamed.number_changed());
}

#[test]
fn c10_a_proof_claims_an_owner_and_an_import_does_not() {
    for (proof, claims) in
        [(VOUCHED, true), (Proof::Code, true), (Proof::Imported("crm".into()), false), (Proof::None, false)]
    {
        let owner = owner("mobile=1");
        let accepted = accept(&owner, &wish(&owner, "mobile:=2"), &proof, Time(5)).unwrap();
        assert_eq!(accepted.after.claimed, claims, "{proof:?}");
    }
}

#[test]
fn c9_a_value_is_current_for_one_owner() {
    let rival = |claimed, present, believed| Rival {
        owner: OwnerId(2),
        point: PointId(7),
        claimed,
        present,
        believed,
        proved: Time(5),
    };
    let ends = Ok(vec![(OwnerId(2), PointId(7))]);
    // who else: claimed, holds it now, believed; the proof; what becomes of it
    let cases = [
        (rival(true, true, true), VOUCHED, Err(Contested)),
        (rival(true, true, true), Proof::Code, ends.clone()),
        (rival(true, true, false), VOUCHED, Ok(vec![])),
        (rival(true, false, true), VOUCHED, Ok(vec![])),
        (rival(true, true, true), Proof::Imported("crm".into()), Err(Contested)),
        // C10: an unclaimed owner's move ends at the first proof of either number.
        (rival(false, true, true), VOUCHED, ends.clone()),
        (rival(false, false, true), VOUCHED, ends.clone()),
        (rival(false, true, true), Proof::Code, ends),
        (rival(false, true, true), Proof::None, Ok(vec![])),
    ];
    for (rival, proof, expected) in cases {
        assert_eq!(contest(&[rival], &proof, None), expected, "{rival:?} {proof:?}");
    }
    assert_eq!(contest(&[], &VOUCHED, None), Ok(vec![]));
    for (rule, shown, expected) in [
        ("a code that is newer than the other's proof", Some(Time(6)), Ok(vec![(OwnerId(2), PointId(7))])),
        ("who has it proved it once more during the hold", Some(Time(4)), Err(Contested)),
    ] {
        assert_eq!(contest(&[rival(true, true, true)], &Proof::Code, shown), expected, "{rule}");
    }
}

#[test]
fn only_open_requests_can_be_decided() {
    use RequestState::{Accepted, AwaitingProof, Cancelled, Expired, Held};
    let open: Vec<_> =
        [AwaitingProof, Held, Accepted, Cancelled, Expired].into_iter().filter(|state| state.is_open()).collect();
    assert_eq!(open, [AwaitingProof, Held]);
}

#[test]
fn q3_who_vouches_for_a_change_vouches_for_the_value_given_up() {
    for (proof, counted_from) in [(VOUCHED, Time(5)), (Proof::Code, Time(1))] {
        let owner = owner("mobile=1");
        let accepted = accept(&owner, &wish(&owner, "mobile:=2"), &proof, Time(5)).unwrap();
        let former = &accepted.after.points[0].values[0];
        assert_eq!((former.until, former.proved), (Some(Time(5)), counted_from), "{proof:?}");
    }
}

#[test]
fn c9_a_proof_is_as_old_as_its_code_and_not_as_the_end_of_the_hold() {
    let mut course = hold::Course::default();
    for (by, at) in [("+14155551", 2), ("+14155553", 3)] {
        course.show(hold::By::Code(by.into()), Time(at));
    }
    for (rule, wished, key, proved) in [
        ("a new value", "mobile:=3", "+14155553", Time(3)),
        ("a new point", "+home=3", "+14155553", Time(3)),
        ("the same value once more", "mobile:=1", "+14155551", Time(2)),
        ("a value that needed no code", "work>office", "+14155552", Time(1)),
        ("though one came from it", "mobile>private", "+14155551", Time(1)),
    ] {
        let mut owner = owner("mobile=1 work=2");
        owner.points[0].values[0].proof = Proof::Code;
        let wish = wish(&owner, wished);
        let introduced = introduced(&owner, &wish).unwrap();
        let done = accept(&owner, &wish, &Proof::Code, Time(9)).unwrap().proved_by(&course, &introduced);
        let held = |held: &&Held| held.address.key() == key;
        let found = done.after.points.iter().filter_map(Point::current).find(held).unwrap();
        assert_eq!(found.proved, proved, "{rule}");
        let stepped = done.steps.iter().filter_map(|step| match step {
            Step::Held(_, held) | Step::Proved(_, held) => Some(held.proved),
            Step::Left(..) | Step::Point(_) => None,
        });
        assert!(stepped.into_iter().all(|at| at == proved), "{rule}: {:?}", done.steps);
    }
}

#[test]
fn c3_c11_what_takes_a_believed_value_away() {
    for (rule, wished, takes) in [
        ("another value", "mobile:=3", true),
        ("none", "-mobile", true),
        ("removed and added under its label", "-mobile +mobile=3", true),
        ("a further one", "+home=3", false),
        ("another label", "mobile>private", false),
        ("the same once more", "mobile:=1", false),
        ("one that nobody ever proved", "-claimed", false),
    ] {
        let mut owner = owner("mobile=1 claimed=2");
        owner.points[1].values[0].proof = Proof::None;
        let accepted = accept(&owner, &wish(&owner, wished), &Proof::None, Time(5)).unwrap();
        assert_eq!(accepted.takes_away(&owner), takes, "{rule}");
    }
}
