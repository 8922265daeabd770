use super::*;
use crate::{
    clock::ManualClock,
    domain::{
        id::OwnerId,
        owner::{Owner, Profile},
    },
    store::{Effect, Owners as _},
};

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
