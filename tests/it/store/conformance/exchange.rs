//! Introductions, trays, and what was brought up to date in viewers' own books.

use crate::store::sample::*;
use redial::{
    domain::{
        exchange::{BookUpdate, Introduction, Replaced, Stand, TrayCard, TrayState, Why},
        id::{BookId, ContactId, OwnerId, UpdateId},
    },
    store::{Effect, Exchanged, SharedStore, StoreError},
};

fn said(said: Exchanged) -> Vec<Effect> {
    vec![Effect::Exchanged(said)]
}

fn introduction(owner: u128, contact: u128, seconds: i64, stand: Stand) -> Introduction {
    Introduction { owner: OwnerId(owner), contact: ContactId(contact), at: at(seconds), stand, due: at(seconds + 600) }
}

fn made(introduction: Introduction, keys: &[&str]) -> Vec<Effect> {
    said(Exchanged::Introduced(introduction, keys.iter().map(|key| (*key).into()).collect()))
}

fn keys(all: &[&str]) -> Vec<Box<str>> {
    all.iter().map(|key| (*key).into()).collect()
}

pub(crate) async fn an_address_is_remembered_for_ever(store: &SharedStore) {
    let ann = OwnerId(1);
    write(store, made(introduction(1, 5, 0, Stand::Goes), &["+1", "a@b"])).await;
    write(store, made(introduction(1, 6, 1, Stand::Held(Why::Import)), &["+1", "+2"])).await;
    write(store, made(introduction(2, 7, 2, Stand::Goes), &["+1"])).await;
    let mut found = store.introduced(ann, &keys(&["+3", "+2", "+1"])).await.unwrap();
    found.sort();
    assert_eq!(found, keys(&["+1", "+2"]));
    assert_eq!(store.introduced_at(ann).await.unwrap(), keys(&["+1", "+2", "a@b"]));
    assert_eq!(store.introduced(OwnerId(3), &keys(&["+1"])).await.unwrap(), keys(&[]));
    for (contact, has) in [(5, &["+1", "a@b"][..]), (6, &["+2"]), (7, &[])] {
        assert_eq!(store.introduced_for(ann, ContactId(contact)).await.unwrap(), keys(has), "{contact}");
    }
    write(store, said(Exchanged::IntroductionDropped(ann, ContactId(6)))).await;
    assert_eq!(store.introduced(ann, &keys(&["+1", "+2"])).await.unwrap(), keys(&["+1"]), "of the other one it stays");
    assert_eq!(store.introduction(ann, ContactId(6)).await.unwrap(), None);
    assert_eq!(store.introduction(ann, ContactId(5)).await.unwrap(), Some(introduction(1, 5, 0, Stand::Goes)));
    let others = store.introductions_to(ann, &keys(&["+1", "a@b"]), at(0)).await.unwrap();
    assert_eq!(others, [introduction(2, 7, 2, Stand::Goes)]);
    let others = store.introductions_to(OwnerId(9), &keys(&["+1", "a@b"]), at(601)).await.unwrap();
    assert_eq!(others, [introduction(2, 7, 2, Stand::Goes)], "since");
}

pub(crate) async fn introductions_are_counted_held_and_set(store: &SharedStore) {
    let ann = OwnerId(1);
    for contact in 1..=4 {
        let stand = if contact % 2 == 0 { Stand::Held(Why::Cap) } else { Stand::Goes };
        let seconds = i64::try_from(contact).unwrap() * 10;
        write(store, made(introduction(1, contact, seconds, stand), &[&format!("+{contact}")])).await;
    }
    assert_eq!(store.introductions_since(ann, at(0)).await.unwrap(), 2);
    assert_eq!(store.introductions_since(ann, at(610)).await.unwrap(), 1, "after, not at");
    let due = store.introductions_due(ann, at(0), 1).await.unwrap();
    assert_eq!(due, [introduction(1, 1, 10, Stand::Goes)]);
    let since = store.introductions_made(ann, at(10), 2).await.unwrap();
    assert_eq!(since, [ContactId(2), ContactId(3)]);
    let held = store.introductions_held(ann, None, 1).await.unwrap();
    assert_eq!((held.items, held.more), (vec![introduction(1, 2, 20, Stand::Held(Why::Cap))], true));
    let held = store.introductions_held(ann, Some(ContactId(2)), 5).await.unwrap();
    assert_eq!((held.items.len(), held.more), (1, false));
    let goes = Introduction { stand: Stand::Goes, due: at(900), ..introduction(1, 2, 20, Stand::Goes) };
    write(store, said(Exchanged::IntroductionSet(goes))).await;
    assert_eq!(store.introduction(ann, ContactId(2)).await.unwrap(), Some(goes));
    let none = said(Exchanged::IntroductionSet(introduction(1, 9, 0, Stand::Goes)));
    assert!(matches!(refused(store, none).await, StoreError::Conflict));
    assert_eq!(store.introductions_since(OwnerId(2), at(0)).await.unwrap(), 0);
}

pub(crate) async fn a_card_comes_into_a_tray_once(store: &SharedStore) {
    let card = |from: u128, seconds| TrayCard {
        holder: OwnerId(1),
        from: OwnerId(from),
        at: at(seconds),
        state: TrayState::Waiting,
    };
    for one in [card(3, 1), card(2, 2), card(2, 3)] {
        write(store, said(Exchanged::Trayed(one))).await;
    }
    let page = store.tray(OwnerId(1), None, 1).await.unwrap();
    assert_eq!((page.items, page.more), (vec![card(2, 2)], true), "the first one stays");
    let page = store.tray(OwnerId(1), Some(OwnerId(2)), 5).await.unwrap();
    assert_eq!((page.items, page.more), (vec![card(3, 1)], false));
    let set = |state| said(Exchanged::TraySet { holder: OwnerId(1), from: OwnerId(2), state });
    write(store, set(TrayState::Refused)).await;
    assert!(matches!(refused(store, set(TrayState::Accepted)).await, StoreError::Conflict), "once");
    write(store, said(Exchanged::Trayed(card(2, 9)))).await;
    let known = store.tray_card(OwnerId(1), OwnerId(2)).await.unwrap();
    assert_eq!(known, Some(TrayCard { state: TrayState::Refused, ..card(2, 2) }), "it does not come again");
    assert_eq!(store.tray(OwnerId(1), None, 5).await.unwrap().items, [card(3, 1)]);
    assert_eq!(store.tray(OwnerId(2), None, 5).await.unwrap().items, []);
}

pub(crate) async fn a_book_is_brought_up_to_date_and_taken_back_once(store: &SharedStore) {
    let update = |id: u128, contact: u128| BookUpdate {
        id: UpdateId(id),
        viewer: OwnerId(1),
        contact: ContactId(contact),
        from: OwnerId(2),
        at: at(i64::try_from(id).unwrap()),
        before: b"BEGIN:VCARD\xff\0".to_vec(),
        after: b"after".to_vec(),
        lines: vec![
            Replaced { old: Some(address("+525512345678")), new: address("+14155550102") },
            Replaced { old: None, new: address("a@b") },
        ],
        undone: None,
    };
    for (id, contact) in [(1, 5), (2, 6), (3, 5)] {
        write(store, said(Exchanged::BookUpdated(update(id, contact)))).await;
    }
    let page = store.book_updates(OwnerId(1), None, 2).await.unwrap();
    assert_eq!((page.items, page.more), (vec![update(3, 5), update(2, 6)], true));
    let page = store.book_updates(OwnerId(1), Some(UpdateId(2)), 2).await.unwrap();
    assert_eq!((page.items, page.more), (vec![update(1, 5)], false));
    assert_eq!(store.updates_of(OwnerId(1), ContactId(5), 5).await.unwrap(), [update(3, 5), update(1, 5)]);
    assert_eq!(store.updates_of(OwnerId(1), ContactId(5), 1).await.unwrap(), [update(3, 5)]);
    let undo = |viewer| said(Exchanged::BookUpdateUndone { viewer: OwnerId(viewer), id: UpdateId(3), at: at(9) });
    assert!(matches!(refused(store, undo(2)).await, StoreError::Conflict), "somebody else's");
    write(store, undo(1)).await;
    assert!(matches!(refused(store, undo(1)).await, StoreError::Conflict), "once");
    let found = store.book_update(OwnerId(1), UpdateId(3)).await.unwrap();
    assert_eq!(found, Some(BookUpdate { undone: Some(at(9)), ..update(3, 5) }));
    assert_eq!(store.book_update(OwnerId(2), UpdateId(3)).await.unwrap(), None);
}

pub(crate) async fn a_group_introduces(store: &SharedStore) {
    write(store, vec![Effect::OwnerAdded(owner(1, "Ann", &["+1"])), Effect::BookSet(book(1, 2))]).await;
    for introduce in [true, false] {
        let group = redial::domain::owner::Group { introduce, ..group(1, 2, 3, vec![]) };
        write(store, vec![Effect::GroupSet(group.clone())]).await;
        assert_eq!(store.groups(OwnerId(1)).await.unwrap(), [group], "{:?}", BookId(2));
    }
}
