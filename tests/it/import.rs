//! Imports from files into a real store.

mod contacts;
mod moves;

pub(super) use contacts::{load_contacts, registered};
pub(super) use moves::load_moves;

use crate::{still::Still, store::database};
use redial::{
    clock::{SystemClock, SystemRandom, Time},
    store::postgres::Postgres,
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

/// 2026-06-01T00:00:00Z.
pub(super) const START: Time = Time(1_780_272_000_000_000);

pub(super) fn env() -> Env {
    env_over(&Still::embedded(START))
}

pub(super) fn env_over(still: &Still) -> Env {
    Env::new(still.store.clone(), still.clock.clone(), Arc::new(SystemRandom::new()), Rules::default())
}

async fn on_sqlite() -> Env {
    env()
}

/// On a database of its own; none where there is no `PostgreSQL`.
async fn on_postgres() -> Option<Env> {
    let store = Postgres::connect(&database().await?, 4, None).await.expect("the database is there");
    Some(Env::new(Arc::new(store), Arc::new(SystemClock), Arc::new(SystemRandom::new()), Rules::default()))
}
