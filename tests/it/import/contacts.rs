//! `redial import contacts`.

use super::{Heard, on_postgres, on_sqlite};
use crate::{both::both, people};
use redial::{
    domain::{
        address::Address,
        group::{Member, Told},
        id::{BookId, GroupId, OwnerId, PointId},
        name,
        owner::{Book, Contact, Group, Held, Proof},
    },
    store::{Commit, Effect},
    usecase::{
        Env,
        import::{ImportFailed, Imported},
        import_contacts::{Format, Target, import},
    },
};

both! {
    cards_are_kept_byte_for_byte_and_linked_by_name_and_address
    nobody_is_told_because_of_an_import
    the_same_file_again_writes_nothing_and_an_edited_card_replaces_its_contact
    bad_cards_are_told_with_their_lines_and_the_rest_is_loaded
    rows_become_cards
    more_contacts_than_one_batch
    owner_book_and_group_must_fit
}

const ALICE: OwnerId = OwnerId(1);
const BOB: OwnerId = OwnerId(2);
const BOOK: BookId = BookId(10);
const FRIENDS: GroupId = GroupId(20);
const FAMILY: GroupId = GroupId(21);

/// Alice has a book with two groups, new contacts join the first; Bob Lee is registered with one number.
pub(crate) async fn registered(env: Env) -> Env {
    let now = env.store.now().await.expect("the time");
    let address = Address::parse("+14155552671", None).expect("a number");
    let held = Held { address, from: now, until: None, proof: Proof::Code, proved: now };
    let point = people::point(PointId(5), "mobile", vec![held]);
    let group = |id, name: &str| Group {
        introduce: false,
        id,
        book: BOOK,
        owner: ALICE,
        name: name.into(),
        told: Told::AtOnce,
        channels: Vec::new(),
        quiet: None,
        grants: Vec::new(),
    };
    let book = |default_group| Effect::BookSet(Book { id: BOOK, owner: ALICE, name: "private".into(), default_group });
    let effects = vec![
        Effect::OwnerAdded(people::owner(ALICE, "Alice Ray", Vec::new(), now)),
        Effect::OwnerAdded(people::owner(BOB, "Bob Lee", vec![point], now)),
        Effect::NamesSet(BOB, name::key("Bob Lee").into_iter().collect()),
        book(None),
        Effect::GroupSet(group(FRIENDS, "friends")),
        Effect::GroupSet(group(FAMILY, "family")),
        book(Some(FRIENDS)),
    ];
    env.store.commit(Commit { expect: Vec::new(), once: None, effects }).await.expect("written");
    env
}

async fn load(env: &Env, format: Format, file: &[u8], group: Option<GroupId>) -> (Imported, Heard) {
    let mut heard = Heard::default();
    let target = Target { owner: ALICE, book: None, group };
    let file = std::io::Cursor::new(file.to_vec());
    let imported = import(env, file, format, &target, &mut heard).await.expect("the file is read to its end");
    assert!(heard.bytes > 0);
    (imported, heard)
}

/// Loads vCards into Alice's book.
pub(crate) async fn load_contacts(env: &Env, cards: &str) {
    load(env, Format::VCard, cards.as_bytes(), None).await;
}

async fn contacts(env: &Env) -> Vec<Contact> {
    let mut contacts = env.store.contacts(ALICE, BOOK, None, 1_000).await.expect("contacts").items;
    contacts.sort_by(|one, other| one.name.cmp(&other.name));
    contacts
}

fn card(uid: &str, name: &str, number: &str) -> String {
    let uid = if uid.is_empty() { String::new() } else { format!("UID:{uid}\r\n") };
    format!("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{name}\r\nX-Pet;kind=Dog:Rex\r\nTEL:{number}\r\n{uid}END:VCARD\r\n")
}

async fn cards_are_kept_byte_for_byte_and_linked_by_name_and_address(env: Env) {
    let env = registered(env).await;
    let (bob, namesake, other) = (
        card("b", "LEE, Bob", "+1 (415) 555-2671"),
        card("", "Bob Lee", "+14155552672"),
        card("c", "Carol", "+14155552671"),
    );
    let (imported, heard) = load(&env, Format::VCard, format!("{bob}{namesake}{other}").as_bytes(), None).await;
    assert_eq!((imported, heard.bad), (Imported { added: 3, ..Imported::default() }, Vec::new()));
    let [second, carol, first] = &contacts(&env).await[..] else { panic!("three contacts") };
    assert_eq!((&first.card[..], &*first.uid, &*first.name), (bob.as_bytes(), "b", "LEE, Bob"));
    assert_eq!(first.addresses.iter().map(Address::wire).collect::<Vec<_>>(), ["+14155552671"]);
    assert_eq!([first.linked, second.linked, carol.linked], [Some(BOB), None, None]);
    assert_eq!(second.card, namesake.as_bytes());
    let member = Member::Contact(first.id);
    assert_eq!(env.store.memberships(ALICE, member).await.expect("groups"), [FRIENDS]);
}

async fn nobody_is_told_because_of_an_import(env: Env) {
    let env = registered(env).await;
    load(&env, Format::VCard, card("b", "Bob Lee", "+14155552671").as_bytes(), Some(FAMILY)).await;
    assert_eq!(env.store.next_due().await.expect("the outbox"), None);
}

async fn the_same_file_again_writes_nothing_and_an_edited_card_replaces_its_contact(env: Env) {
    let env = registered(env).await;
    let file = format!("{}{}", card("b", "Bob Lee", "+14155552671"), card("", "Carol", "+14155552672"));
    load(&env, Format::VCard, file.as_bytes(), None).await;
    let before = (contacts(&env).await, env.store.owner(ALICE).await.expect("Alice"));
    let (again, _) = load(&env, Format::VCard, file.as_bytes(), None).await;
    assert_eq!(again, Imported { same: 2, ..Imported::default() });
    assert_eq!((contacts(&env).await, env.store.owner(ALICE).await.expect("Alice")), before);

    let (edited, _) = load(&env, Format::VCard, card("b", "Bob Lee", "+14155559999").as_bytes(), None).await;
    assert_eq!(edited, Imported { changed: 1, ..Imported::default() });
    let bob = &contacts(&env).await[0];
    assert_eq!((bob.id, bob.version, bob.linked), (before.0[0].id, 2, None));

    let (joined, _) = load(&env, Format::VCard, file.as_bytes(), Some(FAMILY)).await;
    assert_eq!(joined, Imported { changed: 2, ..Imported::default() });
    let groups = env.store.memberships(ALICE, Member::Contact(bob.id)).await.expect("groups");
    assert_eq!(groups, [FRIENDS, FAMILY]);
}

async fn bad_cards_are_told_with_their_lines_and_the_rest_is_loaded(env: Env) {
    let env = registered(env).await;
    let one = |name: &str| card("", name, "+14155552672");
    let file = format!(
        "{}stray\r\n{}BEGIN:VCARD\r\nVERSION:3.0\r\nno colon\r\nEND:VCARD\r\nBEGIN:VCARD\r\nVERSION:3.0\r\nEND:VCARD\r\n{}{}{}",
        one("A"),
        card("x", "B", "call me"),
        card("x", "C", "+14155552672"),
        card("x", "B", "call me"),
        one("D"),
    );
    let (imported, heard) = load(&env, Format::VCard, file.as_bytes(), None).await;
    assert_eq!(imported, Imported { added: 3, same: 1, bad: 4, unreadable: 1, ..Imported::default() });
    assert_eq!(heard.lines(), [7, 17, 19, 22], "{:?}", heard.bad);
    for ((_, reason), expected) in heard.bad.iter().zip([
        "line 7: a card begins",
        "line 17: a property",
        "neither a name",
        "the UID of this contact is that of the one at line 8",
    ]) {
        assert!(reason.starts_with(expected), "{reason}");
    }
}

async fn rows_become_cards(env: Env) {
    let env = registered(env).await;
    let file =
        "First Name;Last Name;Mobile Phone;E-mail Address\r\nBob;Lee;+14155552671;\r\n;;;\r\nCarol;;;c@example.com\r\n";
    let (imported, heard) = load(&env, Format::Csv, file.as_bytes(), None).await;
    assert_eq!((imported, heard.lines()), (Imported { added: 2, bad: 1, ..Imported::default() }, vec![3]));
    let [bob, carol] = &contacts(&env).await[..] else { panic!("two contacts") };
    assert_eq!((&*bob.name, bob.linked), ("Bob Lee", Some(BOB)));
    assert_eq!(carol.addresses.iter().map(Address::wire).collect::<Vec<_>>(), ["c@example.com"]);
    let (again, _) = load(&env, Format::Csv, file.as_bytes(), None).await;
    assert_eq!(again, Imported { same: 2, bad: 1, ..Imported::default() });
}

async fn more_contacts_than_one_batch(env: Env) {
    let env = registered(env).await;
    let file: Vec<String> =
        (0..1_200).map(|n| card("", &format!("Contact {n}"), &format!("+1415555{:04}", 2_000 + n))).collect();
    let (imported, _) = load(&env, Format::VCard, file.concat().as_bytes(), None).await;
    assert_eq!(imported, Imported { added: 1_200, ..Imported::default() });
    let members = env.store.members(ALICE, FRIENDS, None, 2_000).await.expect("members");
    assert_eq!(members.items.len(), 1_200);
}

async fn owner_book_and_group_must_fit(env: Env) {
    let env = registered(env).await;
    let target = Target { owner: ALICE, book: None, group: None };
    for (target, expected) in [
        (Target { owner: OwnerId(9), ..target }, "no such owner"),
        (Target { book: Some(BookId(9)), ..target }, "no such book"),
        (Target { group: Some(GroupId(9)), ..target }, "no such group"),
    ] {
        let file = std::io::Cursor::new(card("b", "Bob", "1").into_bytes());
        let failed = import(&env, file, Format::VCard, &target, &mut Heard::default()).await.expect_err(expected);
        assert!(failed.to_string().starts_with(expected), "{failed}");
    }
    let file = std::io::Cursor::new(b"a,b\n1,2\n".to_vec());
    let failed = import(&env, file, Format::Csv, &target, &mut Heard::default()).await;
    assert!(matches!(failed, Err(ImportFailed::Header(_))), "{failed:?}");

    // An owner without a book gets one.
    let target = Target { owner: BOB, ..target };
    let file = || std::io::Cursor::new(card("b", "Alice", "+14155550101").into_bytes());
    for added in [1, 0] {
        let imported = import(&env, file(), Format::VCard, &target, &mut Heard::default()).await.expect("loaded");
        assert_eq!(imported.added, added);
    }
    assert_eq!(env.store.books(BOB).await.expect("books").len(), 1);
}
