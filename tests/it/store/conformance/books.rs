//! Books, groups, contacts, members, and the audience that follows from them.

use crate::store::sample::*;
use redial::{
    clock::Time,
    domain::{
        group::{Grant, Identity, Item, Member, Told, Viewer},
        id::{AppId, BookId, ContactId, GroupId, OwnerId, PointId},
        notice::Recipient,
        owner::{Book, Contact, Field, Group, Membership},
        schedule::Hours,
    },
    store::{Audience, Effect, Linking, SharedStore, StoreError},
};
use std::time::Duration;

const OWNER: OwnerId = OwnerId(1);

/// Owner 1 with books 1 and 2, groups 1 and 2 in book 1, group 3 in book 2.
async fn start(store: &SharedStore) {
    write(
        store,
        vec![
            Effect::OwnerAdded(owner(1, "Ann", &["+14155550101"])),
            Effect::BookSet(book(1, 1)),
            Effect::BookSet(book(1, 2)),
            Effect::GroupSet(group(1, 1, 1, vec![Grant::Reveal(Item::Point(PointId(10)))])),
            Effect::GroupSet(group(1, 1, 2, vec![Grant::Forward(PointId(10))])),
            Effect::GroupSet(group(1, 2, 3, vec![])),
        ],
    )
    .await;
}

async fn conflict(store: &SharedStore, effect: Effect) {
    assert!(matches!(refused(store, vec![effect]).await, StoreError::Conflict));
}

fn joins(group: u128, contact: u128) -> Effect {
    member(1, group, Member::Contact(ContactId(contact)))
}

fn leaves(group: u128, contact: u128) -> Effect {
    let membership = Membership { group: GroupId(group), member: Member::Contact(ContactId(contact)) };
    Effect::MemberRemoved(OWNER, membership)
}

fn heard(recipient: Recipient, groups: &[u128]) -> Audience {
    Audience { recipient, groups: groups.iter().copied().map(GroupId).collect() }
}

/// The groups in which a viewer with this identity is.
async fn seen_in(store: &SharedStore, identity: Identity) -> Vec<u128> {
    let facts = store.facts("+14155550101", &Viewer::proved(identity)).await.unwrap();
    facts.holders[0].groups.iter().map(|group| group.0).collect()
}

pub(crate) async fn books_and_groups_read_back(store: &SharedStore) {
    conflict(store, Effect::BookSet(book(1, 1))).await;
    start(store).await;
    conflict(store, Effect::GroupSet(group(1, 9, 9, vec![]))).await;
    let changed = Book { name: "Work".into(), default_group: Some(GroupId(1)), ..book(1, 1) };
    let grants = vec![
        Grant::Reveal(Item::Field(Field::Photo)),
        Grant::Forward(PointId(10)),
        Grant::Reveal(Item::Field(Field::Name)),
        Grant::Reveal(Item::Point(PointId(u128::MAX))),
    ];
    let digest = Group {
        told: Told::Digest("0 9 * * 1".into()),
        channels: vec![],
        quiet: Hours::parse("22:30-07:00"),
        ..group(1, 1, 2, grants.clone())
    };
    write(store, vec![Effect::BookSet(changed.clone()), Effect::GroupSet(digest.clone())]).await;
    assert_eq!(store.books(OWNER).await.unwrap(), [changed, book(1, 2)]);
    let first = group(1, 1, 1, vec![Grant::Reveal(Item::Point(PointId(10)))]);
    assert_eq!(store.groups(OWNER).await.unwrap(), [first, digest, group(1, 2, 3, vec![])]);
    let mut all = store.grants(OWNER).await.unwrap();
    all.sort();
    let mut expected: Vec<_> = grants.into_iter().map(|grant| (GroupId(2), grant)).collect();
    expected.push((GroupId(1), Grant::Reveal(Item::Point(PointId(10)))));
    expected.sort();
    assert_eq!(all, expected);
    assert!(store.groups(OwnerId(2)).await.unwrap().is_empty());
}

pub(crate) async fn contact_reads_back_as_written(store: &SharedStore) {
    start(store).await;
    let first = Contact {
        linked: Some(OwnerId(7)),
        language: None,
        card: vec![0, 255, 13, 10],
        names: names(&["Zoe", "Adam"]),
        ..contact(1, 1, 1, "Zoë", &["+14155550177", "a@example.com"])
    };
    let again = |number: u128, book: u128| Contact { uid: "uid-1".into(), ..contact(1, book, number, "N", &[]) };
    write(store, vec![Effect::ContactSet(first.clone())]).await;
    assert_eq!(store.contact(OWNER, ContactId(1)).await.unwrap(), Some(first.clone()));
    assert_eq!(store.contact_by_uid(OWNER, BookId(1), "uid-1").await.unwrap(), Some(first.clone()));
    assert_eq!(store.contact_by_uid(OWNER, BookId(2), "uid-1").await.unwrap(), None);
    assert_eq!(store.contact(OwnerId(2), ContactId(1)).await.unwrap(), None);
    conflict(store, Effect::ContactSet(again(2, 1))).await;
    conflict(store, Effect::ContactSet(again(2, 9))).await;
    write(store, vec![Effect::ContactSet(again(2, 2))]).await;

    let edited = Contact { version: 2, addresses: vec![], names: vec![], linked: None, ..first };
    write(store, vec![Effect::ContactSet(edited.clone())]).await;
    assert_eq!(store.contact(OWNER, ContactId(1)).await.unwrap(), Some(edited));
    write(store, vec![Effect::ContactRemoved(OWNER, ContactId(1)), Effect::ContactRemoved(OWNER, ContactId(9))]).await;
    assert_eq!(store.contact(OWNER, ContactId(1)).await.unwrap(), None);
    write(store, vec![Effect::ContactSet(again(3, 1))]).await;
}

pub(crate) async fn contacts_and_members_come_in_pages(store: &SharedStore) {
    start(store).await;
    let numbers = [5_u128, 1, 3, 1 << 120];
    for number in numbers {
        let effects = vec![Effect::ContactSet(contact(1, 1, number, "N", &[])), joins(1, number), joins(1, number)];
        write(store, effects).await;
    }
    write(store, vec![Effect::ContactSet(contact(1, 2, 4, "N", &[]))]).await;
    write(store, vec![member(1, 1, Member::Everyone), member(1, 1, Member::Application(AppId(0)))]).await;
    let page = store.contacts(OWNER, BookId(1), Some(ContactId(1)), 2).await.unwrap();
    let ids = |items: &[Contact]| items.iter().map(|contact| contact.id.0).collect::<Vec<_>>();
    assert_eq!((ids(&page.items), page.more), (vec![3, 5], true));
    let page = store.contacts(OWNER, BookId(1), Some(ContactId(5)), 2).await.unwrap();
    assert_eq!((ids(&page.items), page.more), (vec![1 << 120], false));

    let mut members = Vec::new();
    let mut after = None;
    loop {
        let page = store.members(OWNER, GroupId(1), after, 2).await.unwrap();
        after = page.items.last().copied();
        members.extend(page.items);
        if !page.more {
            break;
        }
    }
    let mut expected: Vec<_> = numbers.map(|number| Member::Contact(ContactId(number))).into();
    expected.extend([Member::Everyone, Member::Application(AppId(0))]);
    expected.sort();
    assert_eq!(members, expected);
    assert!(store.members(OWNER, GroupId(2), None, 9).await.unwrap().items.is_empty());
    assert_eq!(store.memberships(OWNER, Member::Everyone).await.unwrap(), [GroupId(1)]);
}

pub(crate) async fn member_needs_group_and_contact(store: &SharedStore) {
    start(store).await;
    write(store, vec![Effect::ContactSet(contact(1, 1, 1, "N", &[]))]).await;
    conflict(store, joins(9, 1)).await;
    conflict(store, joins(1, 9)).await;
    conflict(store, member(1, 9, Member::Everyone)).await;
    conflict(store, member(2, 1, Member::Everyone)).await;
    write(store, vec![joins(2, 1), joins(1, 1), leaves(3, 1), leaves(1, 9)]).await;
    let memberships = store.memberships(OWNER, Member::Contact(ContactId(1))).await.unwrap();
    assert_eq!(memberships, [GroupId(1), GroupId(2)]);
}

pub(crate) async fn audience_follows_addresses_link_and_membership(store: &SharedStore) {
    start(store).await;
    let phone = || Identity::Address(address("+14155550177"));
    let mail = || Identity::Address(address("z@example.com"));
    let card = contact(1, 1, 1, "Zoe", &["+14155550177", "z@example.com"]);
    write(store, vec![Effect::ContactSet(card.clone())]).await;
    assert_eq!(seen_in(store, phone()).await, []);
    assert_eq!(store.audience_of(OWNER, Recipient::Contact(ContactId(1))).await.unwrap(), None);

    write(store, vec![joins(1, 1), joins(2, 1), joins(2, 1)]).await;
    assert_eq!((seen_in(store, phone()).await, seen_in(store, mail()).await), (vec![1, 2], vec![1, 2]));
    let fewer = Contact { addresses: vec![address("z@example.com")], ..card.clone() };
    write(store, vec![Effect::ContactSet(fewer.clone())]).await;
    assert_eq!((seen_in(store, phone()).await, seen_in(store, mail()).await), (vec![], vec![1, 2]));

    let linked = Contact { linked: Some(OwnerId(7)), ..fewer.clone() };
    write(store, vec![Effect::ContactSet(linked.clone())]).await;
    assert_eq!(seen_in(store, mail()).await, []);
    assert_eq!(seen_in(store, Identity::Owner(OwnerId(7))).await, [1, 2]);
    let recipient = Recipient::Owner(OwnerId(7));
    assert_eq!(store.audience(OWNER, None, 9).await.unwrap().items, [heard(recipient, &[1, 2])]);
    assert_eq!(
        store.audience_of(OWNER, recipient).await.unwrap(),
        Some((heard(recipient, &[1, 2]), vec![linked.clone()]))
    );
    assert_eq!(store.audience_of(OWNER, Recipient::Contact(ContactId(1))).await.unwrap(), None);

    write(store, vec![leaves(1, 1), Effect::ContactSet(fewer)]).await;
    assert_eq!((seen_in(store, mail()).await, seen_in(store, Identity::Owner(OwnerId(7))).await), (vec![2], vec![]));
    write(store, vec![Effect::ContactRemoved(OWNER, ContactId(1))]).await;
    assert_eq!(seen_in(store, mail()).await, []);
    assert_eq!(store.memberships(OWNER, Member::Contact(ContactId(1))).await.unwrap(), []);
    assert!(store.audience(OWNER, None, 9).await.unwrap().items.is_empty());
}

pub(crate) async fn one_address_in_two_contacts_stays_while_one_has_it(store: &SharedStore) {
    start(store).await;
    let mail = || Identity::Address(address("z@example.com"));
    let card = |number| Effect::ContactSet(contact(1, 1, number, "Zoe", &["z@example.com", "z@example.com"]));
    write(store, vec![card(1), card(2), joins(1, 1), joins(1, 2)]).await;
    write(store, vec![leaves(1, 1)]).await;
    assert_eq!(seen_in(store, mail()).await, [1]);
    write(store, vec![leaves(1, 2)]).await;
    assert_eq!(seen_in(store, mail()).await, []);
}

pub(crate) async fn audience_comes_in_pages_of_recipients(store: &SharedStore) {
    start(store).await;
    let linked = |number, book| {
        let card = contact(1, book, number, "N", &[]);
        Effect::ContactSet(Contact { linked: Some(OwnerId(7)), ..card })
    };
    write(
        store,
        vec![
            linked(1, 1),
            linked(2, 2),
            Effect::ContactSet(contact(1, 1, 3, "N", &["a@example.com"])),
            Effect::ContactSet(contact(1, 1, 4, "N", &[])),
            Effect::ContactSet(contact(1, 1, 5, "N", &[])),
            joins(3, 2),
            joins(1, 1),
            joins(2, 3),
            joins(1, 3),
            joins(1, 4),
            member(1, 1, Member::Everyone),
            member(1, 1, Member::Application(AppId(1))),
        ],
    )
    .await;
    let registered = heard(Recipient::Owner(OwnerId(7)), &[1, 3]);
    let third = heard(Recipient::Contact(ContactId(3)), &[1, 2]);
    let fourth = heard(Recipient::Contact(ContactId(4)), &[1]);
    let page = store.audience(OWNER, None, 2).await.unwrap();
    assert_eq!((page.items, page.more), (vec![registered.clone(), third.clone()], true));
    let page = store.audience(OWNER, Some(third.recipient), 2).await.unwrap();
    assert_eq!((page.items, page.more), (vec![fourth.clone()], false));
    let page = store.audience(OWNER, Some(registered.recipient), 2).await.unwrap();
    assert_eq!((page.items, page.more), (vec![third, fourth], false));
    let (audience, contacts) = store.audience_of(OWNER, registered.recipient).await.unwrap().unwrap();
    assert_eq!(audience, registered);
    assert_eq!(contacts.iter().map(|contact| contact.id.0).collect::<Vec<_>>(), [1, 2]);
}

pub(crate) async fn removed_book_takes_everything_with_it(store: &SharedStore) {
    start(store).await;
    let card = |number, book| Effect::ContactSet(contact(1, book, number, "N", &["a@example.com"]));
    write(store, vec![card(1, 1), card(2, 2), joins(1, 1), joins(2, 2), joins(3, 2)]).await;
    assert_eq!(seen_in(store, Identity::Address(address("a@example.com"))).await, [1, 2]);
    write(store, vec![Effect::BookRemoved(OWNER, BookId(1)), Effect::BookRemoved(OWNER, BookId(9))]).await;
    assert_eq!(store.books(OWNER).await.unwrap(), [book(1, 2)]);
    assert_eq!(store.groups(OWNER).await.unwrap(), [group(1, 2, 3, vec![])]);
    assert!(store.grants(OWNER).await.unwrap().is_empty());
    assert_eq!(store.contact(OWNER, ContactId(1)).await.unwrap(), None);
    assert!(store.contact(OWNER, ContactId(2)).await.unwrap().is_some());
    assert_eq!(store.memberships(OWNER, Member::Contact(ContactId(2))).await.unwrap(), [GroupId(3)]);
    assert_eq!(seen_in(store, Identity::Address(address("a@example.com"))).await, []);
}

pub(crate) async fn contacts_are_found_by_what_they_hold(store: &SharedStore) {
    start(store).await;
    let (phone, mail) = ("+14155550177", "z@example.com");
    let linked = Contact { linked: Some(OwnerId(7)), ..contact(1, 2, 2, "Zoe", &[mail, phone, mail]) };
    let other = Effect::OwnerAdded(owner(2, "Bob", &["+14155550102"]));
    write(
        store,
        vec![
            other,
            Effect::BookSet(book(2, 3)),
            Effect::ContactSet(contact(1, 1, 5, "Zoe", &[phone])),
            Effect::ContactSet(linked.clone()),
            Effect::ContactSet(contact(2, 3, 1, "Zoe", &[mail])),
            Effect::ContactSet(contact(2, 3, 4, "Zoe", &["+14155550178"])),
        ],
    )
    .await;
    let ids = |items: &[Contact]| items.iter().map(|one| (one.owner.0, one.id.0)).collect::<Vec<_>>();
    let both = [phone.into(), mail.into()];
    let page = store.contacts_at(&both, None, 2).await.unwrap();
    assert_eq!((ids(&page.items), page.more), (vec![(1, 2), (1, 5)], true));
    assert_eq!(page.items[0], linked, "whole, and once however many of the keys it holds");
    let page = store.contacts_at(&both, Some((OwnerId(1), ContactId(5))), 2).await.unwrap();
    assert_eq!((ids(&page.items), page.more), (vec![(2, 1)], false));
    let page = store.contacts_at(&both[..1], Some((OwnerId(1), ContactId(2))), 9).await.unwrap();
    assert_eq!(ids(&page.items), [(1, 5)]);
    assert!(store.contacts_at(&[], None, 9).await.unwrap().items.is_empty());
    assert!(store.contacts_at(&["+14155550179".into()], None, 9).await.unwrap().items.is_empty());
}

pub(crate) async fn linking_is_claimed_page_by_page(store: &SharedStore) {
    const LEASE: Duration = Duration::from_hours(1);
    let due = |owner, seconds| Effect::LinkingDue { owner: OwnerId(owner), at: at(seconds) };
    let moved = |seen: &Linking, cursor| Effect::LinkingMoved { owner: seen.owner, seen: seen.at, cursor };
    assert_eq!(store.claim_linking(LEASE).await.unwrap(), None);
    let later = Time(store.now().await.unwrap().0 + 86_400_000_000);
    write(store, vec![due(2, 6), due(1, 5), Effect::LinkingDue { owner: OwnerId(3), at: later }]).await;
    assert_eq!(store.next_due().await.unwrap(), Some(at(5)));
    let first = store.claim_linking(LEASE).await.unwrap().unwrap();
    assert_eq!(first, Linking { owner: OwnerId(1), at: at(5), cursor: None });
    let second = store.claim_linking(Duration::ZERO).await.unwrap().unwrap();
    assert_eq!(second.owner, OwnerId(2));
    assert_eq!(store.claim_linking(LEASE).await.unwrap(), Some(second), "its claim was over at once");
    assert_eq!(store.claim_linking(LEASE).await.unwrap(), None, "two are claimed, one is not due");

    let cursor = Some((OwnerId(7), ContactId(8)));
    write(store, vec![moved(&first, cursor)]).await;
    assert_eq!(store.claim_linking(LEASE).await.unwrap(), Some(Linking { cursor, ..first }), "the next page");
    // It begins anew while the page is under way, even where the clock stands still.
    write(store, vec![due(1, 5)]).await;
    let anew = store.claim_linking(LEASE).await.unwrap().unwrap();
    assert_eq!((anew.owner, anew.cursor), (OwnerId(1), None));
    assert!(anew.at > first.at);
    write(store, vec![moved(&first, None), moved(&first, cursor)]).await;
    write(store, vec![moved(&anew, cursor)]).await;
    assert_eq!(store.claim_linking(LEASE).await.unwrap(), Some(Linking { cursor, ..anew }), "who came too late");
    write(store, vec![moved(&anew, None), moved(&second, None)]).await;
    assert_eq!(store.claim_linking(LEASE).await.unwrap(), None);
    assert_eq!(store.next_due().await.unwrap(), Some(later));
}
