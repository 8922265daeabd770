//! Owners out of an import: as if each part of them were written by an effect of its own.

use crate::store::sample::*;
use redial::{
    clock::Time,
    domain::{
        address::Kind,
        group::{Grant, Identity, Item, Member, Viewer},
        id::{BookId, GroupId, OwnerId, PointId},
        imported::{ForEveryone, Moved},
        opt_out::{Said, Tenure},
        owner::{Membership, Owner, Proof},
    },
    store::{Commit, Effect, OptOut, SharedStore, StoreError},
};

const OLD: &str = "+14155550100";
const NEW: &str = "+442079460100";

/// Three who are granted differently, and one who stands in full between them.
async fn several(store: &SharedStore) -> Vec<Moved> {
    let all = vec![
        moved(5, OLD, NEW, at(100)),
        Moved { grant: ForEveryone::Forward, ..moved(7, "+14155550101", "+442079460101", at(200)) },
        Moved { grant: ForEveryone::None, ..moved(8, "old@example.com", "new@example.com", at(300)) },
    ];
    write(store, vec![Effect::OwnersImported(all.clone()), Effect::OwnerAdded(owner(6, "Ann", &["+14155550109"]))])
        .await;
    all
}

pub(crate) async fn imported_owner_stands_in_full(store: &SharedStore) {
    let all = several(store).await;
    let known: Vec<u128> = store.owners(None, 10).await.unwrap().items.iter().map(|owner| owner.id.0).collect();
    assert_eq!(known, [5, 6, 7, 8]);
    let page = store.owners(Some(OwnerId(5)), 2).await.unwrap();
    assert_eq!((page.items.iter().map(|owner| owner.id.0).collect::<Vec<_>>(), page.more), (vec![6, 7], true));
    for moved in &all {
        assert!(store.may_be_former(moved.old.key()));
        let id = moved.owner;
        let owner = store.owner(id).await.unwrap().expect("an owner");
        assert_eq!(owner, moved.as_owner());
        assert_eq!((owner.version, owner.revision, owner.claimed), (1, 0, false));
        let [point] = &owner.points[..] else { panic!("one point") };
        assert_eq!(point.kind, if moved.owner == OwnerId(8) { Kind::Email } else { Kind::Phone });
        assert_eq!(point.values.iter().map(|held| held.until).collect::<Vec<_>>(), [Some(moved.at), None]);
        assert!(point.values.iter().all(|held| held.proof == Proof::Imported("list".into())));
        assert_eq!(store.books(id).await.unwrap(), [moved.as_book()]);
        let group = moved.as_group();
        assert_eq!(store.groups(id).await.unwrap(), std::slice::from_ref(&group));
        let granted: Vec<(GroupId, Grant)> = group.grants.iter().map(|grant| (group.id, *grant)).collect();
        assert_eq!(store.grants(id).await.unwrap(), granted);
        assert_eq!(store.memberships(id, Member::Everyone).await.unwrap(), [group.id]);
        assert_eq!(store.members(id, group.id, None, 9).await.unwrap().items, [Member::Everyone]);
        assert!(store.members(id, group.id, Some(Member::Everyone), 9).await.unwrap().items.is_empty());
        assert!(store.members(id, GroupId(99), None, 9).await.unwrap().items.is_empty());
        let audit = store.audit(id, None, 9).await.unwrap().items;
        let [line] = &audit[..] else { panic!("one line") };
        assert_eq!((&*line.by, &*line.what, &*line.detail), ("import", "imported", r#"{"source":"list"}"#));
        assert!(store.audit(id, Some(line.id), 9).await.unwrap().items.is_empty());

        let keys = [moved.new.key().into(), "nobody@example.com".into(), moved.old.key().into()];
        let mut holders = store.holders(&keys).await.unwrap();
        holders.sort_by_key(|(_, holder)| holder.until.is_none());
        let facts = store.facts(moved.old.key(), &Viewer::default()).await.unwrap();
        let given = (moved.grant != ForEveryone::None, moved.grant == ForEveryone::Reveal);
        for (key, holder) in &holders {
            assert_eq!((holder.owner, holder.point, &holder.current), (id, PointId(id.0), &Some(moved.new.clone())));
            assert_eq!((&*holder.name, &holder.names), ("Moved", &vec![moved.key.clone()]));
            assert_eq!((holder.rights.forwards(point.id), holder.rights.reveals(Item::Point(point.id))), given);
            assert_eq!(holder.groups.is_empty(), moved.grant == ForEveryone::None);
            assert_eq!(holder.until.is_some(), **key == *moved.old.key());
        }
        assert_eq!(holders.len(), 2);
        assert_eq!(facts.holders, [holders[0].1.clone()]);
        let one = store.holders(&[moved.new.key().into()]).await.unwrap();
        assert_eq!(one, [(moved.new.key().into(), holders[1].1.clone())]);
    }
}

pub(crate) async fn imported_owner_changes_like_any_other(store: &SharedStore) {
    several(store).await;
    // The present value stands for its owner: somebody whom Ann has let in as that owner.
    let (ann, five) = (OwnerId(6), OwnerId(5));
    let linked = redial::domain::owner::Contact { linked: Some(five), ..contact(6, 60, 600, "Five", &[NEW]) };
    write(
        store,
        vec![
            Effect::BookSet(book(6, 60)),
            Effect::GroupSet(group(6, 60, 61, vec![Grant::Forward(PointId(60))])),
            Effect::ContactSet(linked.clone()),
            Effect::MemberAdded(ann, Membership { group: GroupId(61), member: Member::Contact(linked.id) }),
        ],
    )
    .await;
    let viewer = Viewer::proved(Identity::Address(address(NEW)));
    let facts = store.facts("+14155550109", &viewer).await.unwrap();
    assert!(facts.holders[0].rights.forwards(PointId(60)));

    let expect = vec![(five, 1)];
    let effects = vec![
        Effect::Blocked(five, "+14155550177".into()),
        Effect::ValueLeft(five, PointId(5), at(400)),
        Effect::ValueHeld(five, PointId(5), held("+442079460199", 400)),
        Effect::GroupSet(group(5, 5, 50, vec![])),
    ];
    store.commit(Commit { expect: expect.clone(), effects, once: None }).await.unwrap();
    let again = store.commit(Commit { expect, effects: vec![], once: None }).await;
    assert!(matches!(again, Err(StoreError::Conflict)), "{again:?}");
    let changed: Owner = store.owner(five).await.unwrap().unwrap();
    let values: Vec<_> = changed.points[0].values.iter().map(|held| (held.address.key(), held.until)).collect();
    assert_eq!(values, [(OLD, Some(at(100))), (NEW, Some(at(400))), ("+442079460199", None)]);
    assert_eq!(changed.version, 2);
    assert!(store.may_be_former(NEW));
    let groups: Vec<_> = store.groups(five).await.unwrap().iter().map(|group| group.id.0).collect();
    assert_eq!(groups, [5, 50]);
    assert_eq!(store.books(five).await.unwrap().iter().map(|book| book.id).collect::<Vec<_>>(), [BookId(5)]);
    assert_eq!(store.audit(five, None, 9).await.unwrap().items.len(), 1);
    let facts = store.facts(OLD, &Viewer::default()).await.unwrap();
    assert_eq!(facts.holders[0].current, Some(address("+442079460199")));
    let blocked = Viewer::proved(Identity::Address(address("+14155550177")));
    assert!(store.facts(OLD, &blocked).await.unwrap().holders[0].blocked);

    write(store, vec![Effect::BookRemoved(OwnerId(7), BookId(7))]).await;
    assert!(store.groups(OwnerId(7)).await.unwrap().is_empty() && store.books(OwnerId(7)).await.unwrap().is_empty());
    assert!(store.grants(OwnerId(7)).await.unwrap().is_empty());
    assert!(store.memberships(OwnerId(7), Member::Everyone).await.unwrap().is_empty());
    let facts = store.facts("+14155550101", &Viewer::default()).await.unwrap();
    assert!(facts.holders[0].rights.forward.is_empty());
}

pub(crate) async fn imported_number_becomes_somebody_elses(store: &SharedStore) {
    several(store).await;
    let (six, added) = (OwnerId(6), point(66, vec![]));
    let taken =
        refused(store, vec![Effect::PointSet(six, added.clone()), Effect::ValueHeld(six, added.id, held(NEW, 500))])
            .await;
    assert!(matches!(&taken, StoreError::Taken(by) if by.key() == NEW), "{taken:?}");
    // The old number has a new holder.
    write(store, vec![Effect::PointSet(six, added.clone()), Effect::ValueHeld(six, added.id, held(OLD, 500))]).await;
    let facts = store.facts(OLD, &Viewer::default()).await.unwrap();
    let found: Vec<_> = facts.holders.iter().map(|one| (one.owner.0, one.until, one.proved_by_another)).collect();
    assert_eq!(found, [(5, Some(at(100)), true), (6, None, false)]);
    assert_eq!(store.holders(&[OLD.into()]).await.unwrap().len(), 2);
    assert!(facts.holders[0].rights.reveals(Item::Point(PointId(5))));
}

pub(crate) async fn opt_outs_come_from_both_numbers_of_an_imported_owner(store: &SharedStore) {
    several(store).await;
    let out = |key: &str, owner, when| OptOut { address: address(key), owner, at: at(when), way: "STOP".into() };
    let effects = vec![
        Effect::OptedOut(out(OLD, None, 50)),
        Effect::OptedOut(out(NEW, Some(OwnerId(6)), 120)),
        Effect::OptedOut(out(NEW, Some(OwnerId(9)), 130)),
        Effect::OptedOut(out("+14155550101", None, 50)),
    ];
    write(store, effects).await;
    let tenure = |from, until| Tenure { owner: OwnerId(5), from, until };
    let said = |key: &str, when, tenure| Said { address: address(key), at: at(when), tenures: vec![tenure] };
    let at_old = said(OLD, 50, tenure(Time(0), Some(at(100))));
    let facts = store.facts(NEW, &Viewer::default()).await.unwrap();
    assert_eq!(facts.opt_outs, std::slice::from_ref(&at_old));
    let mut facts = store.facts(OLD, &Viewer::proved(Identity::Owner(OwnerId(6)))).await.unwrap();
    facts.opt_outs.sort_by_key(|said| said.at);
    assert_eq!(facts.opt_outs, [at_old, said(NEW, 120, tenure(at(100), None))]);
}

pub(crate) async fn numbers_that_anybody_had_are_not_imported(store: &SharedStore) {
    several(store).await;
    for (old, new) in [
        (OLD, "+442079460180"),
        (NEW, "+442079460180"),
        ("+14155550180", OLD),
        ("+14155550180", NEW),
        ("+14155550109", "+442079460180"),
        ("+14155550180", "+14155550109"),
        ("+14155550180", "+14155550180"),
    ] {
        let fine = moved(90, "+14155550181", "+442079460181", at(100));
        let error = refused(store, vec![Effect::OwnersImported(vec![fine, moved(91, old, new, at(100))])]).await;
        assert!(matches!(error, StoreError::Conflict), "{old} {new}: {error:?}");
    }
    assert!(store.owner(OwnerId(90)).await.unwrap().is_none());
    assert!(store.holders(&["+14155550181".into()]).await.unwrap().is_empty());
    let twice = vec![moved(90, "+14155550181", NEW, at(1)), moved(91, "+14155550182", NEW, at(1))];
    assert!(matches!(refused(store, vec![Effect::OwnersImported(twice)]).await, StoreError::Conflict));
    write(store, vec![Effect::OwnersImported(vec![moved(90, "+14155550181", "+442079460181", at(100))])]).await;
    let again = refused(store, vec![Effect::OwnerAdded(owner(90, "Ann", &[]))]).await;
    assert!(matches!(again, StoreError::Conflict), "an id is one owner's");
}
