//! Codes and other messages to one address leave before all notices, and do not wait for a place among them (rule N4).

use super::Worker;
use crate::{
    store::{ClaimedLetter, Result},
    usecase::deliver_letter::deliver_letter,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::Notify;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Urgent ones on their way at once, and others.
const MOST: [(bool, usize); 2] = [(true, 16), (false, 4)];

/// No message takes as long to be handed over.
const LEASE: Duration = Duration::from_mins(5);

/// How many are under way: urgent ones, and others; and that there is room again.
#[derive(Clone, Debug, Default)]
pub(super) struct Desk([Arc<AtomicUsize>; 2], Arc<Notify>);

/// A place at the desk, free again when dropped.
struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Worker {
    /// Takes letters as they come due and there is room for them, until `stop` is cancelled.
    pub(super) async fn mail(&self, tasks: &TaskTracker, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            let (room, work) = (self.letters.1.notified(), self.env.store.work().notified());
            tokio::pin!(room, work);
            room.as_mut().enable();
            work.as_mut().enable();
            let wait = match self.send_letters(tasks, stop).await {
                Ok(true) => continue,
                Ok(false) => self.wait().await,
                Err(error) => self.refused(&error),
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = room => {}
                () = work => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Takes what is due and sends it in the background; whether there was anything.
    async fn send_letters(&self, tasks: &TaskTracker, stop: &CancellationToken) -> Result<bool> {
        let mut found = false;
        if self.hold.is_on(&self.env).await? {
            return Ok(false);
        }
        for ((urgent, most), under_way) in MOST.into_iter().zip(&self.letters.0) {
            let free = most.saturating_sub(under_way.load(Ordering::Acquire));
            if free == 0 {
                continue;
            }
            for claimed in self.env.store.claim_letters(urgent, free, LEASE).await? {
                found = true;
                under_way.fetch_add(1, Ordering::AcqRel);
                let (worker, stop, place) = (self.clone(), stop.clone(), Place(Arc::clone(under_way)));
                tasks.spawn(async move {
                    worker.send_letter(&claimed, &stop).await;
                    drop(place);
                    worker.letters.1.notify_one();
                });
            }
        }
        Ok(found)
    }

    async fn send_letter(&self, claimed: &ClaimedLetter, stop: &CancellationToken) {
        if let Err(error) = deliver_letter(&self.env, &self.post.kept(), claimed, stop).await {
            tracing::warn!(letter = %claimed.letter.id, %error, "a letter waits for the store");
        }
    }

    /// Sends what is due, one after the other; whether there was anything.
    pub(super) async fn letters_until_idle(&self, stop: &CancellationToken) -> Result<bool> {
        let mut found = false;
        for (urgent, most) in MOST {
            for claimed in self.env.store.claim_letters(urgent, most, LEASE).await? {
                found = true;
                deliver_letter(&self.env, &self.post.kept(), &claimed, stop).await?;
            }
        }
        Ok(found)
    }
}
