//! The embedded store.

use super::{conformance::suite, sample::EARLY};
use redial::{
    clock::ManualClock,
    store::{SharedStore, sqlite::Sqlite},
};
use std::{sync::Arc, time::Duration};

async fn fresh() -> Option<SharedStore> {
    let clock = ManualClock::at(EARLY);
    clock.advance(Duration::from_secs(1_000_000));
    Some(Arc::new(Sqlite::in_memory(Arc::new(clock)).unwrap()))
}

suite!(super::fresh);
