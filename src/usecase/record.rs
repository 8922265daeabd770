//! The record of queries that met an owner (rule Q10), written in batches.
//!
//! What a crash can lose is bounded: at most [`BATCH`] records, none older than [`PAUSE`]. A substitution is not among
//! them: it has a row of its own, durable before anything leaves.

use crate::store::{Commit, Effect, QueryRecord, SharedStore};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// The most records in one batch, and the most that wait for one.
pub const BATCH: usize = 512;
/// How long a record waits for others.
pub const PAUSE: Duration = Duration::from_millis(200);

enum Message {
    Record(Box<QueryRecord>),
    Flush(oneshot::Sender<()>),
}

/// Where records are handed in. Clones share one writer, which ends when the last clone is dropped.
#[derive(Clone)]
pub struct Recorder(mpsc::Sender<Message>);

impl Recorder {
    /// Starts the writer on the current runtime.
    pub fn start(store: SharedStore) -> Self {
        let (sender, receiver) = mpsc::channel(BATCH);
        tokio::spawn(write(store, receiver));
        Self(sender)
    }

    /// Hands in one record. Waits only when [`BATCH`] others wait already, and drops it if the writer has ended.
    pub async fn record(&self, record: QueryRecord) {
        if self.0.send(Message::Record(Box::new(record))).await.is_err() {
            tracing::error!("a query could not be recorded: the writer of records has ended");
        }
    }

    /// Returns when everything handed in before is written.
    pub async fn flush(&self) {
        let (done, written) = oneshot::channel();
        if self.0.send(Message::Flush(done)).await.is_ok() {
            let _ended = written.await;
        }
    }
}

async fn write(store: SharedStore, mut receiver: mpsc::Receiver<Message>) {
    while let Some(first) = receiver.recv().await {
        let mut batch = Vec::new();
        let mut waiting = Vec::new();
        let end = tokio::time::Instant::now() + PAUSE;
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Record(record) => batch.push(*record),
                Message::Flush(done) => {
                    waiting.push(done);
                    break;
                }
            }
            if batch.len() >= BATCH {
                break;
            }
            next = tokio::time::timeout_at(end, receiver.recv()).await.unwrap_or(None);
        }
        if !batch.is_empty() {
            let count = batch.len();
            let commit = Commit { effects: vec![Effect::Queried(batch)], ..Commit::default() };
            if let Err(error) = store.commit(commit).await {
                tracing::error!(count, %error, "queries could not be recorded");
            }
        }
        for done in waiting {
            let _gone = done.send(());
        }
    }
}
