//! A bounded number of notices under way (rule N4).

use crate::{
    store::{Claimed, Result},
    usecase::Env,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

/// Fresh notices, or those that are tried again.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    retries: bool,
    under_way: Arc<AtomicUsize>,
}

/// A place in a lane, free again when dropped.
#[derive(Debug)]
pub(super) struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Lane {
    pub(super) fn new(retries: bool) -> Self {
        Self { retries, under_way: Arc::default() }
    }

    /// Takes no more notices than can be under way at once: a lease must not run out in a queue. One loop takes; what
    /// `most` is may change from one time to the next.
    pub(super) async fn claim(&self, env: &Env, most: usize, lease: Duration) -> Result<Vec<(Claimed, Place)>> {
        let free = most.max(1).saturating_sub(self.under_way.load(Ordering::Acquire));
        if free == 0 {
            return Ok(Vec::new());
        }
        let claimed = env.store.claim(self.retries, free, lease).await?;
        let place = || {
            self.under_way.fetch_add(1, Ordering::AcqRel);
            Place(Arc::clone(&self.under_way))
        };
        Ok(claimed.into_iter().map(|claimed| (claimed, place())).collect())
    }
}
