//! What one viewer may see of an owner, and its vCard.

use super::*;
use crate::{
    clock::Time,
    domain::{
        address::{Address, Kind},
        group::{Item, Rights},
        id::{OwnerId, PointId},
        owner::{Field, Held, Owner, Point, Profile, Proof},
    },
};
use proptest::prelude::*;

fn point(id: u128, label: &str, value: &str, former: Option<&str>) -> Point {
    let held = |value: &str, from, until: Option<i64>| Held {
        address: Address::stored(value, value),
        from: Time(from),
        until: until.map(Time),
        proof: Proof::Code,
        proved: Time(from),
    };
    let kind = if value.contains('@') { Kind::Email } else { Kind::Phone };
    let mut values: Vec<_> = former.map(|former| held(former, 1, Some(5_000_000))).into_iter().collect();
    values.push(held(value, 5_000_000, None));
    Point { id: PointId(id), kind, label: label.into(), removed: None, values }
}

fn owner() -> Owner {
    Owner {
        id: OwnerId(0x0190_0000_0000_0000_0000_0000_0000_0001),
        version: 9,
        revision: 4,
        claimed: true,
        silenced: false,
        language: "en".into(),
        zone: None,
        profile: Profile {
            name: "Bob Lee".into(),
            given: "Bob".into(),
            family: "Lee; Smith".into(),
            prefix: "Dr.".into(),
            nicknames: vec!["Bobby".into(), "B, L".into()],
            organisation: "Acme, Inc.".into(),
            birthday: "--02-03".into(),
            urls: vec!["https://example.com/bob".into()],
            postal: vec!["1 Main St, Springfield".into()],
            note: "a secret\nin two lines".into(),
            photo: "data:image/jpeg;base64,/9j/4AAQ".into(),
            ..Profile::default()
        },
        points: vec![
            point(1, "mobile", "+14155550100", Some("+12125550199")),
            point(2, "work", "bob@example.com", None),
            point(3, "boat", "+442079460018", None),
        ],
        created: Time(2_000_000),
    }
}

fn rights(reveal: impl IntoIterator<Item = Item>) -> Rights {
    Rights { forward: [PointId(1)].into(), reveal: reveal.into_iter().collect() }
}

fn everything() -> Rights {
    let points = [1, 2, 3].map(|id| Item::Point(PointId(id)));
    rights(points.into_iter().chain(Field::ALL.map(Item::Field)))
}

#[test]
fn a_viewer_sees_what_is_revealed_and_the_name() {
    let nothing = project(&owner(), &Rights::default());
    assert!(nothing.is_empty(), "no right, no card");

    let forward_only = project(&owner(), &rights([]));
    assert_eq!((forward_only.fields.name.as_str(), forward_only.points.len()), ("Bob Lee", 0));
    assert_eq!(forward_only.fields, Profile { name: "Bob Lee".into(), ..Profile::default() });

    let one = project(&owner(), &rights([Item::Point(PointId(3)), Item::Field(Field::Organisation)]));
    assert_eq!(one.points.iter().map(|point| point.value.as_str()).collect::<Vec<_>>(), ["+442079460018"]);
    assert_eq!((one.fields.organisation.as_str(), one.fields.note.as_str()), ("Acme, Inc.", ""));

    assert_eq!(project(&owner(), &everything()).fields, owner().profile);
}

#[test]
fn a_card_never_holds_a_former_number_or_a_marker() {
    for form in [Form::V3, Form::V4] {
        let card = project(&owner(), &everything()).to_vcard(form);
        assert!(!card.contains("2125550199"));
        let some = project(&owner(), &rights([Item::Point(PointId(1))]));
        for hidden in ["secret", "Acme", "442079460018", "example.com", "grp_", "PHOTO", "Dr."] {
            assert!(!some.to_vcard(form).contains(hidden), "{hidden}");
            assert!(!some.to_json().contains(hidden), "{hidden}");
        }
    }
}

#[test]
fn a_removed_point_is_not_in_the_card() {
    let mut owner = owner();
    owner.points[0].removed = Some(Time(9));
    assert_eq!(project(&owner, &everything()).points.len(), 2);
}

#[test]
fn a_value_that_nobody_stated_is_not_in_the_card() {
    let mut owner = owner();
    owner.points[1].values[0].proof = Proof::None;
    let card = project(&owner, &everything());
    assert_eq!(card.points.iter().map(|point| point.id).collect::<Vec<_>>(), [PointId(1), PointId(3)]);
}

#[test]
fn what_is_hidden_leaves_no_trace_in_the_time() {
    let mut owner = owner();
    owner.points[2].values[0].from = Time(77_000_000);
    let some = project(&owner, &rights([Item::Point(PointId(1))]));
    assert_eq!(some.since, Time(5_000_000));
}

#[test]
fn version_3_is_written_like_this() {
    let expected = r"BEGIN:VCARD
VERSION:3.0
UID:01900000-0000-8000-8000-000000000001
FN:Bob Lee
N:Lee\; Smith;Bob;;Dr.;
NICKNAME:Bobby,B\, L
TEL;TYPE=CELL:+14155550100
EMAIL;TYPE=INTERNET;TYPE=WORK:bob@example.com
item1.TEL:+442079460018
item1.X-ABLabel:boat
ORG:Acme\, Inc.
BDAY;X-APPLE-OMIT-YEAR=1604:1604-02-03
URL:https://example.com/bob
ADR:;;1 Main St\, Springfield;;;;
NOTE:a secret\nin two lines
PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ
REV:19700101T000005Z
END:VCARD
";
    assert_eq!(project(&owner(), &everything()).to_vcard(Form::V3), expected.replace('\n', "\r\n"));
}

#[test]
fn version_4_is_written_like_this() {
    let expected = r"BEGIN:VCARD
VERSION:4.0
UID:urn:uuid:01900000-0000-8000-8000-000000000001
FN:Bob Lee
N:Lee\; Smith;Bob;;Dr.;
NICKNAME:Bobby,B\, L
TEL;TYPE=cell;VALUE=uri:tel:+14155550100
EMAIL;TYPE=work:bob@example.com
item1.TEL;VALUE=uri:tel:+442079460018
item1.X-ABLabel:boat
ORG:Acme\, Inc.
BDAY:--0203
URL:https://example.com/bob
ADR:;;1 Main St\, Springfield;;;;
NOTE:a secret\nin two lines
PHOTO:data:image/jpeg;base64,/9j/4AAQ
REV:19700101T000005Z
END:VCARD
";
    assert_eq!(project(&owner(), &everything()).to_vcard(Form::V4), expected.replace('\n', "\r\n"));
}

#[test]
fn a_name_is_always_shown() {
    let mut owner = owner();
    owner.profile = Profile::default();
    let named = project(&owner, &rights([Item::Point(PointId(2))])).to_vcard(Form::V3);
    assert!(named.contains("\r\nFN:bob@example.com\r\nN:;bob@example.com;;;\r\n"), "{named}");
    assert!(project(&owner, &rights([])).to_vcard(Form::V3).contains("\r\nFN:?\r\n"));
}

#[test]
fn a_photo_that_is_none_is_left_out() {
    for photo in
        ["https://example.com/a.jpg", "data:text/html;base64,AAAA", "data:image/png;base64,A\r\nTEL:1", "data:"]
    {
        let mut owner = owner();
        owner.profile.photo = photo.into();
        assert!(!project(&owner, &everything()).to_vcard(Form::V4).contains("PHOTO"), "{photo}");
    }
}

#[test]
fn the_json_reads_back() {
    let card = project(&owner(), &everything());
    assert_eq!(Card::from_json(&card.to_json()), Some(card));
    assert_eq!(Card::from_json("{}"), None);
}

#[test]
fn the_uid_is_the_owners_for_every_viewer() {
    assert_eq!(uid(OwnerId(u128::MAX)), "ffffffff-ffff-8fff-bfff-ffffffffffff");
    let uids = [Form::V3, Form::V4].map(|form| doc(project(&owner(), &everything()).to_vcard(form).as_bytes()).uid());
    assert_eq!(uids[0], uids[1]);
    assert_eq!(uids[0], Some(uid(owner().id)));
}

proptest! {
    #[test]
    fn what_is_written_reads_back(
        name in "\\PC{1,60}", family in "\\PC{0,30}", given in "\\PC{0,30}", nick in "[^\\p{Cc}]{1,20}",
        org in "\\PC{0,200}", note in "(\\PC|\n){0,300}", label in "\\PC{0,20}", four in any::<bool>(),
    ) {
        let mut owner = owner();
        owner.profile = Profile {
            name, family, given, organisation: org, note, nicknames: vec![nick], ..Profile::default()
        };
        owner.points[0].label = label.clone().into();
        let text = project(&owner, &everything()).to_vcard(if four { Form::V4 } else { Form::V3 });
        for line in text.split("\r\n") {
            prop_assert!(line.len() <= 75 && !line.contains(['\r', '\n']));
        }
        let card = doc(text.as_bytes());
        prop_assert_eq!(card.to_bytes(), text.as_bytes());
        if !owner.profile.name.trim().is_empty() {
            prop_assert_eq!(card.name(), owner.profile.name.trim());
        }
        let parts = card.parts();
        if !(owner.profile.family.trim().is_empty() && owner.profile.given.trim().is_empty()) {
            prop_assert_eq!(parts.family, owner.profile.family.trim());
            prop_assert_eq!(parts.given, owner.profile.given.trim());
        }
        prop_assert_eq!(card.organisation(), owner.profile.organisation.trim());
        let nick = owner.profile.nicknames[0].trim();
        prop_assert_eq!(card.nicknames(), Some(nick.to_owned()).filter(|nick| !nick.is_empty()).into_iter().collect::<Vec<_>>());
        let note = card.named("NOTE").next().map(|(_, line)| card.text(line)).unwrap_or_default();
        prop_assert_eq!(note, owner.profile.note.trim());
        let (addresses, bad) = card.addresses(None);
        prop_assert_eq!(addresses.iter().map(Address::key).collect::<Vec<_>>(),
            ["+14155550100", "bob@example.com", "+442079460018"]);
        prop_assert!(bad.is_empty());
    }
}
