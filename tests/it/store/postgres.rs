//! The store on a real `PostgreSQL`.

use super::{
    cluster,
    conformance::suite,
    model::{self, STORES, Subject},
};
use redial::{
    clock::{ManualClock, Time},
    domain::{
        address::{Address, Kind},
        group::Viewer,
        id::{OwnerId, PointId},
        name,
        owner::{Held, Owner, Point, Profile, Proof},
    },
    store::{Commit, Effect, Numbers as _, Owners as _, SharedStore, Store as _, StoreError, postgres::Postgres},
};
use std::sync::Arc;

/// An empty store in a database of its own.
async fn fresh() -> Option<SharedStore> {
    let url = cluster::database().await?;
    Some(Arc::new(Postgres::connect(&url, 4, None).await.unwrap()))
}

suite!(super::fresh);

/// Two processes on one database.
struct Pair {
    url: String,
    stores: Vec<SharedStore>,
}

#[async_trait::async_trait]
impl Subject for Pair {
    fn store(&self, which: usize) -> SharedStore {
        Arc::clone(&self.stores[which])
    }

    fn clock(&self) -> Option<Arc<ManualClock>> {
        None
    }

    fn crash_before(&self, _which: usize, _statements: u32) {}

    async fn restart(&mut self, which: usize, gently: bool) {
        if gently {
            self.stores[which].close().await;
        }
        self.stores[which] = Arc::new(Postgres::connect(&self.url, 2, None).await.unwrap());
    }
}

#[tokio::test]
async fn behaves_as_the_model() {
    model::run(2, async || {
        let url = cluster::database().await?;
        let mut stores = Vec::new();
        for _ in 0..STORES {
            let store: SharedStore = Arc::new(Postgres::connect(&url, 2, None).await.unwrap());
            stores.push(store);
        }
        Some(Pair { url, stores })
    })
    .await;
}

fn address(key: &str) -> Address {
    Address::stored(key, key)
}

fn held(key: &str, from: i64) -> Held {
    Held { address: address(key), from: Time(from), until: None, proof: Proof::Code, proved: Time(from) }
}

fn owner(number: u128, key: &str) -> Owner {
    Owner {
        id: OwnerId(number),
        version: 0,
        revision: 0,
        claimed: true,
        silenced: false,
        language: "en".into(),
        profile: Profile { name: "Ada".into(), ..Profile::default() },
        points: vec![Point {
            id: PointId(number),
            kind: Kind::Phone,
            label: "mobile".into(),
            removed: None,
            values: vec![held(key, 1)],
        }],
        created: Time(1),
    }
}

fn commit(effects: Vec<Effect>) -> Commit {
    Commit { effects, ..Commit::default() }
}

#[tokio::test]
async fn a_moved_number_is_found_and_held_by_one_owner() {
    let Some(url) = cluster::database().await else { return };
    let store = Postgres::connect(&url, 4, None).await.unwrap();
    let ada = owner(1, "+14155550100");
    store.commit(commit(vec![Effect::OwnerAdded(ada.clone())])).await.unwrap();
    assert_eq!(store.owner(ada.id).await.unwrap(), Some(ada.clone()));
    let taken = store.commit(commit(vec![Effect::OwnerAdded(owner(2, "+14155550100"))])).await;
    assert!(matches!(taken, Err(StoreError::Taken(address)) if address.key() == "+14155550100"));
    let moved = Commit {
        expect: vec![(ada.id, 0)],
        once: None,
        effects: vec![
            Effect::ValueLeft(ada.id, PointId(1), Time(5)),
            Effect::ValueHeld(ada.id, PointId(1), held("+14155550199", 5)),
            Effect::NamesSet(ada.id, vec![name::key("Ada").unwrap()]),
        ],
    };
    assert!(!store.may_be_former("+14155550100"));
    store.commit(moved.clone()).await.unwrap();
    assert!(store.may_be_former("+14155550100"));
    assert!(matches!(store.commit(moved).await, Err(StoreError::Conflict)));
    let viewer = Viewer::default();
    let facts = store.facts("+14155550100", &viewer).await.unwrap();
    assert_eq!(facts.holders.len(), 1);
    assert_eq!(facts.holders[0].current, Some(address("+14155550199")));
    assert_eq!(facts.holders[0].names.len(), 1);
}

#[tokio::test]
async fn nodes_that_start_together_make_one_schema_and_an_older_program_refuses_a_newer_one() {
    let Some(url) = cluster::empty_database().await else { return };
    let starts = (0..6).map(|_| Postgres::connect(&url, 2, None));
    for store in futures_util::future::join_all(starts).await {
        store.unwrap().now().await.unwrap();
    }
    cluster::run(&url, "UPDATE redial_schema SET number = number + 1").await;
    let known = match Postgres::connect(&url, 2, None).await {
        Err(StoreError::Newer { found, known }) if found == known + 1 => known,
        other => panic!("{other:?}"),
    };
    assert!(known >= 1);
}
