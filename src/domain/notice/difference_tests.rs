use super::*;
use crate::domain::{
    address::Address,
    id::{OwnerId, PointId},
    owner::{Held, Profile},
};

const MOBILE: PointId = PointId(1);
const WORK: PointId = PointId(2);
const MAIL: PointId = PointId(3);

fn point(id: PointId, kind: Kind, label: &str, values: &[(&str, i64, Option<i64>)]) -> Point {
    Point {
        id,
        kind,
        label: label.into(),
        removed: None,
        values: values
            .iter()
            .map(|&(value, from, until)| Held {
                address: Address::stored(value, value),
                from: Time(from),
                until: until.map(Time),
                proof: Proof::Code,
                proved: Time(from),
            })
            .collect(),
    }
}

fn ann() -> Owner {
    Owner {
        id: OwnerId(1),
        version: 1,
        revision: 2,
        claimed: true,
        silenced: false,
        language: "en".into(),
        zone: None,
        profile: Profile { name: "Ann Lee".into(), title: "Captain".into(), ..Profile::default() },
        points: vec![
            point(MOBILE, Kind::Phone, "mobile", &[("+14155550100", 0, Some(50)), ("+14155550123", 50, None)]),
            point(WORK, Kind::Phone, "work", &[("+14155550177", 0, None)]),
            point(MAIL, Kind::Email, "", &[("ann@example.com", 0, None)]),
        ],
        created: Time(0),
    }
}

fn reveal(points: &[PointId], fields: &[Field]) -> Rights {
    let points = points.iter().map(|&point| Item::Point(point));
    Rights { reveal: points.chain(fields.iter().map(|&field| Item::Field(field))).collect(), ..Rights::default() }
}

/// `old → new` of each line, or `+ new`.
fn told(difference: &Difference) -> Vec<String> {
    let name = difference.name.iter().map(|(old, new)| format!("{old} → {new}"));
    let news = difference.news.iter().map(|news| match &news.old {
        Some(old) => format!("{} → {}", old.value, news.now.value),
        None => format!("+ {}", news.now.value),
    });
    name.chain(news).collect()
}

fn seen(lines: &[(PointId, &str)]) -> Seen {
    let mut owner = ann();
    owner.points = lines.iter().map(|&(id, value)| point(id, Kind::Phone, "mobile", &[(value, 0, None)])).collect();
    Seen::of(&owner, &reveal(&lines.iter().map(|line| line.0).collect::<Vec<_>>(), &[]))
}

#[test]
fn c4_what_is_told() {
    let (a, b, w) = ((MOBILE, "+14155550100"), (MOBILE, "+14155550123"), (WORK, "+14155550177"));
    for (rule, shown, now, expected) in [
        ("what was shown and changed", seen(&[a]), seen(&[b]), vec!["+14155550100 → +14155550123"]),
        ("what is newly visible", seen(&[b]), seen(&[b, w]), vec!["+ +14155550177"]),
        ("both", seen(&[a]), seen(&[b, w]), vec!["+14155550100 → +14155550123", "+ +14155550177"]),
        ("what was taken away is silent", seen(&[b, w]), seen(&[b]), vec![]),
        ("everything taken away is silent", seen(&[b, w]), Seen::default(), vec![]),
        ("what stayed is not told again", seen(&[a, w]), seen(&[b, w]), vec!["+14155550100 → +14155550123"]),
        ("C5: undone in time sends nothing", seen(&[a]), seen(&[a]), vec![]),
        ("nothing shown before, something visible", Seen::default(), seen(&[b]), vec!["+ +14155550123"]),
    ] {
        assert_eq!(told(&difference(&shown, &now)), expected, "{rule}");
    }
}

#[test]
fn c4_a_taken_away_line_that_comes_back_is_newly_visible() {
    let shown = seen(&[(MOBILE, "+14155550123"), (WORK, "+14155550177")]);
    let ledger = without_taken_away(&shown, &seen(&[(MOBILE, "+14155550199")]));
    assert_eq!(ledger.lines.len(), 1, "the work number left the ledger");
    assert_eq!(told(&difference(&ledger, &shown)), ["+ +14155550177"]);
    assert_eq!(without_taken_away(&shown, &Seen::default()), Seen::default());
}

#[test]
fn c4_only_what_the_rights_reveal_is_seen() {
    let owner = ann();
    for (rule, rights, lines) in [
        ("nothing", Rights::default(), vec![]),
        ("a point", reveal(&[MOBILE], &[]), vec!["+14155550123"]),
        (
            "points and a field",
            reveal(&[WORK, MAIL], &[Field::Title]),
            vec!["+14155550177", "ann@example.com", "Captain"],
        ),
        ("an empty field is no line", reveal(&[], &[Field::Birthday]), vec![]),
    ] {
        let seen = Seen::of(&owner, &rights);
        let values: Vec<&str> = seen.lines.values().map(|line| &*line.value).collect();
        assert_eq!(values, lines, "{rule}");
        assert_eq!(seen.name.is_empty(), rights.reveal.is_empty(), "{rule}: the shown name goes with any right");
    }
    let mut forward = Rights::default();
    forward.forward.insert(MOBILE);
    assert_eq!(Seen::of(&owner, &forward), Seen::default(), "to be connected is not to learn");
}

#[test]
fn c1_a_value_that_nobody_proved_is_not_told() {
    let mut owner = ann();
    owner.points[0].values[1].proof = Proof::None;
    assert!(Seen::of(&owner, &reveal(&[MOBILE], &[])).lines.is_empty());
}

#[test]
fn c4_who_was_never_shown_anything_is_told_the_change_and_no_more() {
    let (owner, rights) = (ann(), reveal(&[MOBILE, WORK, MAIL], &[Field::Title]));
    let baseline = Seen::of(&before(&owner, Time(50), None), &rights);
    assert_eq!(told(&difference(&baseline, &Seen::of(&owner, &rights))), ["+14155550100 → +14155550123"]);
    let later = Seen::of(&before(&owner, Time(51), None), &rights);
    assert!(difference(&later, &Seen::of(&owner, &rights)).is_empty(), "a grant at 51 is no change");
}

#[test]
fn c11_before_a_removal_and_before_the_first_value() {
    let (mut owner, rights) = (ann(), reveal(&[MOBILE], &[]));
    owner.points[0].removed = Some(Time(70));
    owner.points[0].values[1].until = Some(Time(70));
    assert_eq!(Seen::of(&before(&owner, Time(70), None), &rights).lines.len(), 1);
    assert_eq!(Seen::of(&owner, &rights).lines.len(), 0);
    assert_eq!(Seen::of(&before(&owner, Time(0), None), &rights).lines.len(), 0, "nothing was held before");
}

#[test]
fn a_new_name_is_told_to_who_may_see_anything() {
    let (owner, rights) = (ann(), reveal(&[MOBILE], &[]));
    let mut married = owner.clone();
    married.profile.name = "Ann Bell".into();
    let told_now = difference(&Seen::of(&owner, &rights), &Seen::of(&married, &rights));
    assert_eq!(told(&told_now), ["Ann Lee → Ann Bell"]);
    assert!(told_now.concerns(&rights) && !told_now.concerns(&Rights::default()));
}

#[test]
fn n3_after_an_unknown_outcome_nothing_is_repeated_and_nothing_stays_wrong() {
    let (a, b, c) = (seen(&[(MOBILE, "A")]), seen(&[(MOBILE, "B")]), seen(&[(MOBILE, "C")]));
    let unknown = Seen { perhaps: Some(Box::new(b.clone())), ..a.clone() };
    assert!(difference(&unknown, &b).is_empty(), "the same is not simply repeated");
    assert_eq!(told(&difference(&unknown, &c)), ["A → C"]);
    assert_eq!(told(&difference(&unknown, &a)), ["B → A"], "who perhaps learned B must learn that it is A again");
}

#[test]
fn n4_told_already_at_this_address() {
    let (a, b) = (seen(&[(MOBILE, "A")]), seen(&[(MOBILE, "B"), (WORK, "W")]));
    let news = difference(&a, &seen(&[(MOBILE, "B")]));
    assert!(b.tells(&news), "was shown that and more");
    assert!(!a.tells(&news));
    let perhaps = Seen { perhaps: Some(Box::new(b)), ..a };
    assert!(perhaps.tells(&news), "perhaps told is not repeated");
}

#[test]
fn phones_come_first_and_changes_before_additions() {
    let (owner, rights) = (ann(), reveal(&[MOBILE, WORK, MAIL], &[Field::Title]));
    let mut shown = Seen::of(&before(&owner, Time(50), None), &rights);
    shown.lines.retain(|item, _| *item == MOBILE.to_string());
    let now = difference(&shown, &Seen::of(&owner, &rights));
    assert_eq!(told(&now), ["+14155550100 → +14155550123", "+ +14155550177", "+ ann@example.com", "+ Captain"]);
}

#[test]
fn n1_a_group_has_a_say_only_in_what_it_reveals() {
    let news = difference(&seen(&[(MOBILE, "A")]), &seen(&[(MOBILE, "B")]));
    assert!(news.concerns(&reveal(&[MOBILE], &[])));
    assert!(!news.concerns(&reveal(&[WORK], &[Field::Title])));
}

#[test]
fn the_ledger_keeps_long_values_as_their_digest() {
    let (mut owner, rights) = (ann(), reveal(&[], &[Field::Photo, Field::Note]));
    owner.profile.photo = format!("data:image/png;base64,{}", "A".repeat(60_000));
    owner.profile.note = "n".repeat(500);
    let seen = Seen::of(&owner, &rights);
    assert!(seen.to_json().len() < 400);
    assert_eq!(Seen::from_json(&seen.to_json()), Some(seen.clone()));
    owner.profile.photo.push('B');
    assert_eq!(difference(&seen, &Seen::of(&owner, &rights)).news.len(), 1);
    assert_eq!(Seen::from_json("{"), None);
}
