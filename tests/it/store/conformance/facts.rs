//! The number index: who holds or held an address, and what one viewer may do.

use crate::store::sample::*;
use redial::{
    domain::{
        group::{Grant, Identity, Item, Member, Viewer},
        id::{ContactId, GroupId, OwnerId, PointId},
    },
    store::{Effect, SharedStore},
};

const OLD: &str = "+14155550101";
const NEW: &str = "+14155550102";
const FRIEND: &str = "+14155550199";

/// Owner 1, who went from `OLD` to `NEW` and reveals that to contact 1 in group 1.
pub(crate) async fn moved(store: &SharedStore) {
    write(
        store,
        vec![
            Effect::OwnerAdded(owner(1, "Ann Example", &[OLD])),
            Effect::NamesSet(OwnerId(1), names(&["Ann Example", "Annie"])),
            Effect::BookSet(book(1, 1)),
            Effect::GroupSet(group(1, 1, 1, vec![Grant::Reveal(Item::Point(PointId(10)))])),
            Effect::ContactSet(contact(1, 1, 1, "Friend", &[FRIEND])),
            member(1, 1, Member::Contact(ContactId(1))),
            Effect::ValueLeft(OwnerId(1), PointId(10), at(100)),
            Effect::ValueHeld(OwnerId(1), PointId(10), held(NEW, 100)),
        ],
    )
    .await;
}

pub(crate) async fn moved_number_has_its_former_holder(store: &SharedStore) {
    assert!(!store.may_be_former(OLD));
    moved(store).await;
    assert!(store.may_be_former(OLD) && !store.may_be_former(NEW));

    let facts = store.facts(OLD, &Viewer::proved(Identity::Address(address(FRIEND)))).await.unwrap();
    let [holder] = &facts.holders[..] else { panic!("one holder, not {facts:?}") };
    assert_eq!((holder.owner, holder.point), (OwnerId(1), PointId(10)));
    assert_eq!((holder.from, holder.until, holder.proved), (at(0), Some(at(100)), at(0)));
    assert_eq!(holder.current, Some(address(NEW)));
    assert!(holder.believed && !holder.silenced && !holder.blocked && !holder.proved_by_another);
    assert_eq!((&*holder.name, holder.revision), ("Ann Example", 1));
    let mut bears = holder.names.clone();
    bears.sort();
    let mut expected = names(&["Ann Example", "Annie"]);
    expected.sort();
    assert_eq!(bears, expected);
    assert!(holder.rights.forwards(PointId(10)) && holder.rights.reveals(Item::Point(PointId(10))));
    assert_eq!(holder.groups, [GroupId(1)]);
    assert!(facts.book_names.is_empty() && !facts.opted_out);
}
