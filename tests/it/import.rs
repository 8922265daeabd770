//! Imports from files into a real store.

mod contacts;
mod moves;

pub(super) use contacts::{load_contacts, registered};
pub(super) use moves::load_moves;

use crate::store::database;
use redial::{
    clock::{ManualClock, SystemClock, SystemRandom, Time},
    store::{SharedStore, postgres::Postgres, sqlite::Sqlite},
    usecase::{Env, Rules, import::Listener},
};
use std::sync::Arc;

/// What a listener heard.
#[derive(Default)]
struct Heard {
    bytes: u64,
    bad: Vec<(u64, String)>,
}

impl Heard {
    fn lines(&self) -> Vec<u64> {
        self.bad.iter().map(|(line, _)| *line).collect()
    }
}

impl Listener for Heard {
    fn read(&mut self, bytes: u64) {
        self.bytes = bytes;
    }

    fn bad(&mut self, line: u64, reason: &str) {
        self.bad.push((line, reason.to_owned()));
    }
}

pub(super) fn env() -> Env {
    with_clock().0
}

/// The same, and its clock.
pub(super) fn with_clock() -> (Env, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(Time::parse("2026-06-01").expect("a date")));
    let store: SharedStore = Arc::new(Sqlite::in_memory(clock.clone()).expect("a store"));
    (Env::new(store, clock.clone(), Arc::new(SystemRandom::new()), Rules::default()), clock)
}

async fn on_sqlite() -> Env {
    env()
}

/// On a database of its own; none where there is no `PostgreSQL`.
async fn on_postgres() -> Option<Env> {
    let store = Postgres::connect(&database().await?, 4, None).await.expect("the database is there");
    Some(Env::new(Arc::new(store), Arc::new(SystemClock), Arc::new(SystemRandom::new()), Rules::default()))
}
