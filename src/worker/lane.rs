//! A bounded number of notices under way (rule N4).

use crate::{
    store::{Claimed, Result},
    usecase::Env,
};
use std::{sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Fresh notices, or those that are tried again.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    retries: bool,
    permits: Arc<Semaphore>,
}

impl Lane {
    pub(super) fn new(retries: bool, most: usize) -> Self {
        Self { retries, permits: Arc::new(Semaphore::new(most.max(1))) }
    }

    /// Takes no more notices than can be under way at once: a lease must not run out in a queue.
    pub(super) async fn claim(&self, env: &Env, lease: Duration) -> Result<Vec<(Claimed, OwnedSemaphorePermit)>> {
        let mut permits = Vec::new();
        while let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            permits.push(permit);
        }
        if permits.is_empty() {
            return Ok(Vec::new());
        }
        let claimed = env.store.claim(self.retries, permits.len(), lease).await?;
        Ok(claimed.into_iter().zip(permits).collect())
    }
}
