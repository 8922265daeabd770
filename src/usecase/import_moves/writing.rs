//! The commit of one batch while the next one is read and decided.

use super::desk::Holdings;
use crate::store::{Commit, Result, SharedStore, StoreError};
use tokio::task::JoinHandle;

/// How long others may begin a write between two commits: an import beside a running gateway does not shut it out.
const GAP: std::time::Duration = std::time::Duration::from_millis(3);

/// A commit on its way.
#[derive(Default)]
pub(super) struct Writing {
    task: Option<JoinHandle<Result<()>>>,
    failed: bool,
    /// What its rows decided, for numbers that the next rows name too.
    pub(super) holders: Holdings,
}

impl Writing {
    /// Begins.
    pub(super) fn begin(store: &SharedStore, commit: Commit, holders: Holdings) -> Self {
        let store = SharedStore::clone(store);
        let write = async move {
            if !commit.effects.is_empty() {
                store.commit(commit).await?;
                tokio::time::sleep(GAP).await;
            }
            Ok(())
        };
        Self { task: Some(tokio::spawn(write)), failed: false, holders }
    }

    /// Waits until it is written.
    ///
    /// # Errors
    /// Those of the commit, and `Conflict` from then on.
    pub(super) async fn done(&mut self) -> Result<()> {
        let Some(task) = self.task.take() else { return if self.failed { Err(StoreError::Conflict) } else { Ok(()) } };
        let written = task.await.unwrap_or_else(|panicked| Err(StoreError::Unavailable(Box::new(panicked))));
        self.failed = written.is_err();
        written
    }
}
