use super::*;
use crate::{
    clock::ManualClock,
    domain::{
        address::{Address, Kind},
        id::{OwnerId, PointId},
        owner::{Held, Owner, Point, Profile, Proof},
    },
    store::{Effect, Owners as _},
};
use statements::Prepares;
use std::cell::RefCell;

fn owner(number: u128, size: usize) -> Commit {
    let owner = Owner {
        id: OwnerId(number),
        version: 1,
        revision: 1,
        claimed: true,
        silenced: false,
        language: "en".into(),
        zone: None,
        profile: Profile { photo: "A".repeat(size), ..Profile::default() },
        points: Vec::new(),
        created: Time(0),
    };
    Commit { effects: vec![Effect::OwnerAdded(owner)], ..Commit::default() }
}

/// Sets how many pages the database may have; in memory the one connection both reads and writes.
async fn limit(store: &Sqlite, pages: u32) {
    let set = move |statements: &Statements<'_>| {
        statements
            .connection()
            .query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
            .map_err(row::unavailable)
    };
    store.read(set).await.unwrap();
}

#[tokio::test]
async fn full_disk_refuses_and_the_store_goes_on() {
    let store = Sqlite::in_memory(Arc::new(ManualClock::at(Time(0)))).unwrap();
    store.commit(owner(1, 10)).await.unwrap();
    limit(&store, 1).await;
    let full = store.commit(owner(2, 1_000_000)).await;
    assert!(matches!(full, Err(StoreError::Unavailable(_))), "{full:?}");
    limit(&store, 1_000_000).await;
    store.commit(owner(3, 1_000_000)).await.unwrap();
    let ids: Vec<_> = store.owners(None, 9).await.unwrap().items.iter().map(|owner| owner.id).collect();
    assert_eq!(ids, [OwnerId(1), OwnerId(3)]);
}

/// Notes each statement that is run.
struct Noted<'a, 'c>(&'a Statements<'c>, RefCell<Vec<&'static str>>);

impl Prepares for Noted<'_, '_> {
    fn lend(&self, text: &'static str, work: &mut dyn FnMut(&mut rusqlite::Statement<'_>)) -> rusqlite::Result<()> {
        self.1.borrow_mut().push(text);
        self.0.lend(text, work)
    }

    fn connection(&self) -> &rusqlite::Connection {
        self.0.connection()
    }
}

#[tokio::test]
async fn c1_the_same_is_asked_about_a_number_whether_or_not_somebody_has_it() {
    let store = Sqlite::in_memory(Arc::new(ManualClock::at(Time(9)))).unwrap();
    let held = |value: &str| Held {
        address: Address::parse(value, None).unwrap(),
        from: Time(1),
        until: None,
        proof: Proof::Code,
        proved: Time(1),
    };
    let point =
        |held| Point { id: PointId(1), kind: Kind::Phone, label: "mobile".into(), removed: None, values: vec![held] };
    let mut commit = owner(1, 10);
    if let Effect::OwnerAdded(owner) = &mut commit.effects[0] {
        owner.points.push(point(held("+14155550100")));
    }
    store.commit(commit).await.unwrap();
    let asked = async |keys: &[&str]| {
        let keys: Vec<Box<str>> = keys.iter().map(|key| (*key).into()).collect();
        let noted = move |statements: &Statements<'_>| {
            let noted = Noted(statements, RefCell::default());
            let found = facts::of_keys(&noted, &keys)?.len();
            let mut texts = noted.1.into_inner();
            texts.sort_unstable();
            Ok((found, texts))
        };
        store.read(noted).await.unwrap()
    };
    let (found, theirs) = asked(&["+14155550100"]).await;
    assert_eq!(found, 1);
    assert_eq!(asked(&["+14155550199"]).await, (0, theirs));
    let (found, one_of_two) = asked(&["+14155550100", "+14155550199"]).await;
    assert_eq!(found, 1);
    assert_eq!(asked(&["+14155550198", "+14155550199"]).await, (0, one_of_two));
}
