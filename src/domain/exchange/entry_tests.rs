use super::*;
use crate::{
    clock::Time,
    domain::{
        asleep::Cause,
        fixtures,
        id::{AppId, BookId, ContactId},
        owner::Held,
    },
};

const OLD: &str = "+14155550101";
const NEW: &str = "+14155550102";

fn number(text: &str) -> Address {
    phone::parse(text, None).expect("a number")
}

fn moved(former: &[&str], now: &str) -> News {
    News { label: "mobile".into(), now: number(now), former: former.iter().map(|text| number(text)).collect() }
}

fn card(lines: &[&str]) -> String {
    format!("BEGIN:VCARD\r\nVERSION:3.0\r\n{}\r\nEND:VCARD\r\n", lines.join("\r\n"))
}

/// The lines of the entry after the update; `None` where it stays as it is.
fn after(lines: &[&str], news: &[News]) -> Option<Vec<String>> {
    let region = Region::new("US");
    let (bytes, _) = updated(card(lines).as_bytes(), region, news, &[])?;
    let text = String::from_utf8(bytes).expect("text");
    let body =
        text.strip_prefix("BEGIN:VCARD\r\nVERSION:3.0\r\n").and_then(|rest| rest.strip_suffix("\r\nEND:VCARD\r\n"));
    Some(body.expect("the frame stays").split("\r\n").map(str::to_owned).collect())
}

#[test]
fn e3_an_entry_is_brought_up_to_date_in_place() {
    let news = [moved(&[OLD], NEW)];
    let former = ["item1.TEL:+14155550101", "item1.X-ABLabel:former"];
    for (rule, before, expected) in [
        (
            "the new value stands where the old one stood, which is kept behind it",
            vec!["FN:Ann Lee", "TEL;TYPE=CELL:+14155550101", "NOTE:met in Rome"],
            Some(vec!["FN:Ann Lee", "TEL;TYPE=CELL:+14155550102", former[0], former[1], "NOTE:met in Rome"]),
        ),
        (
            "in whatever spelling it was",
            vec!["FN:Ann Lee", "TEL;TYPE=CELL:(415) 555-0101"],
            Some(vec!["FN:Ann Lee", "TEL;TYPE=CELL:+14155550102", former[0], former[1]]),
        ),
        (
            "a group keeps its own label, and gives its number to nobody",
            vec!["FN:Ann Lee", "item1.TEL:tel:+14155550101", "item1.X-ABLabel:sailing"],
            Some(vec![
                "FN:Ann Lee",
                "item1.TEL:tel:+14155550102",
                "item2.TEL:+14155550101",
                "item2.X-ABLabel:former",
                "item1.X-ABLabel:sailing",
            ]),
        ),
        (
            "what the viewer wrote there already is left alone",
            vec!["FN:Ann Lee", "TEL;TYPE=CELL:+1 415 555 0102"],
            None,
        ),
        (
            "also beside the old one",
            vec!["FN:Ann Lee", "TEL;TYPE=CELL:+14155550101", "TEL;TYPE=HOME:+14155550102"],
            None,
        ),
        (
            "a value that the entry has in no form is added behind the last of its kind",
            vec!["FN:Ann Lee", "TEL;TYPE=HOME:+14155550177", "EMAIL:ann@example.com"],
            Some(vec![
                "FN:Ann Lee",
                "TEL;TYPE=HOME:+14155550177",
                "TEL;TYPE=CELL:+14155550102",
                "EMAIL:ann@example.com",
            ]),
        ),
        (
            "unknown properties, order and case stay",
            vec!["X-Pet;kind=Dog:Rex", "FN:Ann Lee", "tel:+14155550101", "REV:20200101T000000Z"],
            Some(vec![
                "X-Pet;kind=Dog:Rex",
                "FN:Ann Lee",
                "tel:+14155550102",
                former[0],
                former[1],
                "REV:20200101T000000Z",
            ]),
        ),
    ] {
        let expected: Option<Vec<String>> = expected.map(|lines| lines.into_iter().map(str::to_owned).collect());
        assert_eq!(after(&before, &news), expected, "{rule}");
    }
}

#[test]
fn e3_of_several_former_values_the_newest_gives_its_place() {
    let third = "+14155550103";
    let first = after(&["FN:Ann Lee", "TEL;TYPE=CELL:+14155550101"], &[moved(&[OLD], NEW)]).expect("an update");
    let lines: Vec<&str> = first.iter().map(String::as_str).collect();
    let second = after(&lines, &[moved(&[NEW, OLD], third)]).expect("an update");
    assert_eq!(
        second,
        [
            "FN:Ann Lee",
            "TEL;TYPE=CELL:+14155550103",
            "item2.TEL:+14155550102",
            "item2.X-ABLabel:former",
            "item1.TEL:+14155550101",
            "item1.X-ABLabel:former",
        ]
    );
    let lines: Vec<&str> = first.iter().map(String::as_str).collect();
    let back = after(&lines, &[moved(&[NEW, OLD], OLD)]).expect("an update");
    let swapped = ["FN:Ann Lee", "TEL;TYPE=CELL:+14155550101", "item1.TEL:+14155550102", "item1.X-ABLabel:former"];
    assert_eq!(back, swapped, "who returns to a number has it in its old place");
}

#[test]
fn e3_what_the_viewer_took_back_is_not_put_there_again() {
    let before = card(&["FN:Ann Lee", "TEL;TYPE=CELL:+14155550101"]);
    let out = number(NEW);
    assert_eq!(updated(before.as_bytes(), None, &[moved(&[OLD], NEW)], &[&out]), None);
    assert_eq!(updated(b"no card", None, &[moved(&[OLD], NEW)], &[]), None, "what is no card stays as it is");
}

#[test]
fn e3_c8_which_entry_follows_whom() {
    const HOME: &str = "+14155550103";
    let (ann, other) = (OwnerId(1), OwnerId(2));
    let asleep = |key: &str| Asleep { owner: OwnerId(9), address: number(key), since: Time(0), cause: Cause::Proved };
    let entry = |linked: Option<OwnerId>, addresses: &[&str]| Contact {
        id: ContactId(1),
        book: BookId(1),
        owner: OwnerId(9),
        uid: "".into(),
        version: 1,
        card: Vec::new(),
        name: "Ann Lee".into(),
        names: Vec::new(),
        addresses: addresses.iter().map(|text| number(text)).collect(),
        linked,
        language: None,
    };
    let proved: [Box<str>; 2] = [OLD.into(), HOME.into()];
    for (rule, entry, asleep, follows) in [
        ("name and address match", entry(Some(ann), &[OLD]), vec![], true),
        ("by name alone nobody is followed", entry(None, &[OLD]), vec![], false),
        ("nor somebody else", entry(Some(other), &[OLD]), vec![], false),
        ("nor by an address that they have never proved", entry(Some(ann), &[NEW]), vec![], false),
        ("nor by one that somebody else has proved since", entry(Some(ann), &[OLD]), vec![asleep(OLD)], false),
        ("but by another one of theirs", entry(Some(ann), &[OLD, HOME]), vec![asleep(OLD)], true),
        ("what sleeps elsewhere does not matter", entry(Some(ann), &[OLD]), vec![asleep(NEW)], true),
    ] {
        assert_eq!(super::follows(&entry, ann, &proved, &asleep), follows, "{rule}");
    }
}

#[test]
fn e3_only_what_the_owner_has_proved_changes_an_entry() {
    let held = |text: &str, until: Option<i64>, proof: Proof| Held {
        address: number(text),
        from: Time(0),
        until: until.map(Time),
        proof,
        proved: Time(0),
    };
    let owner = |values: Vec<Held>| fixtures::ann(vec![fixtures::point(1, "mobile", values)]);
    let vouched = || Proof::Vouched(AppId(1));
    for (rule, old, now, former) in [
        ("both proved", Proof::Code, Proof::Code, Some(vec![OLD])),
        ("a key's word counts", vouched(), vouched(), Some(vec![OLD])),
        ("an old value that was never proved finds no entry", Proof::None, Proof::Code, Some(vec![])),
        ("nor one that was imported", Proof::Imported("hr".into()), Proof::Code, Some(vec![])),
        ("a new value that is not proved goes nowhere", Proof::Code, Proof::None, None),
        ("nor one that was imported", Proof::Code, Proof::Imported("hr".into()), None),
    ] {
        let owner = owner(vec![held(OLD, Some(5), old), held(NEW, None, now)]);
        let news = News::of(&owner, PointId(1)).map(|news| news.former);
        assert_eq!(news, former.map(|all| all.into_iter().map(number).collect()), "{rule}");
    }
}
