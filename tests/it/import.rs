//! Imports from files into a real store.

mod contacts;
mod moves;

pub(super) use contacts::{load_contacts, registered};
pub(super) use moves::load_moves;

use redial::{
    clock::{ManualClock, SystemRandom, Time},
    store::{SharedStore, sqlite::Sqlite},
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
    let clock = Arc::new(ManualClock::at(Time::parse("2026-06-01").expect("a date")));
    let store: SharedStore = Arc::new(Sqlite::in_memory(clock.clone()).expect("a store"));
    Env::new(store, clock, Arc::new(SystemRandom::new()), Rules::default())
}
