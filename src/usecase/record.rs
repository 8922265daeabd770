//! The record of queries that met an owner (rule Q10), written in batches.
//!
//! What a crash can lose is bounded: at most [`BATCH`] records, none older than [`PAUSE`]. A substitution is not among
//! them: it has a row of its own, durable before anything leaves.

use crate::store::{Came, Commit, Effect, Memory, QueryRecord, SharedStore};
use std::{sync::Arc, time::Duration};
use tokio::sync::{Notify, mpsc, oneshot};

/// The most records in one batch, and the most that wait for one.
pub const BATCH: usize = 512;
/// How long a record waits for others.
pub const PAUSE: Duration = Duration::from_millis(200);

enum Message {
    Record(Box<QueryRecord>),
    Came(Box<Came>),
    Flush(oneshot::Sender<()>),
}

/// Where records are handed in. Clones share one writer, which ends when the last clone is dropped.
#[derive(Clone)]
pub struct Recorder {
    waiting: mpsc::Sender<Message>,
    /// The writer is not to wait longer for others. It is not woken by each record.
    now: Arc<Notify>,
}

impl Recorder {
    /// Starts the writer on the current runtime.
    pub fn start(store: SharedStore) -> Self {
        let (waiting, receiver) = mpsc::channel(BATCH);
        let now = Arc::new(Notify::new());
        tokio::spawn(write(store, receiver, Arc::clone(&now)));
        Self { waiting, now }
    }

    /// Hands in one record. Waits only when [`BATCH`] others wait already, and drops it if the writer has ended.
    pub async fn record(&self, record: QueryRecord) {
        self.hand_in(Message::Record(Box::new(record))).await;
    }

    /// Hands in that something came, as [`Recorder::record`] does.
    pub async fn remember(&self, came: Came) {
        self.hand_in(Message::Came(Box::new(came))).await;
    }

    async fn hand_in(&self, message: Message) {
        let handed_in = self.waiting.send(message).await;
        if self.waiting.capacity() == 0 {
            self.now.notify_one();
        }
        if handed_in.is_err() {
            tracing::error!("a query could not be recorded: the writer of records has ended");
        }
    }

    /// Returns when everything handed in before is written.
    pub async fn flush(&self) {
        let (done, written) = oneshot::channel();
        let asked = self.waiting.send(Message::Flush(done)).await;
        self.now.notify_one();
        if asked.is_ok() {
            let _ended = written.await;
        }
    }
}

async fn write(store: SharedStore, mut receiver: mpsc::Receiver<Message>, now: Arc<Notify>) {
    let mut messages = Vec::new();
    while receiver.recv_many(&mut messages, BATCH).await > 0 {
        if messages.len() < BATCH && messages.iter().all(|message| !matches!(message, Message::Flush(_))) {
            let _either = tokio::time::timeout(PAUSE, now.notified()).await;
            // Whatever came in meanwhile, without waiting for more.
            while messages.len() < BATCH
                && let Ok(message) = receiver.try_recv()
            {
                messages.push(message);
            }
        }
        let (mut batch, mut effects, mut waiting) = (Vec::with_capacity(messages.len()), Vec::new(), Vec::new());
        for message in messages.drain(..) {
            match message {
                Message::Record(record) => batch.push(*record),
                Message::Came(came) => effects.push(Effect::Memory(Memory::Known(*came))),
                Message::Flush(done) => waiting.push(done),
            }
        }
        if !batch.is_empty() {
            effects.push(Effect::Queried(batch));
        }
        if !effects.is_empty() {
            let count = effects.len();
            let commit = Commit { effects, ..Commit::default() };
            if let Err(error) = store.commit(commit).await {
                tracing::error!(count, %error, "queries could not be recorded");
            }
        }
        for done in waiting {
            let _gone = done.send(());
        }
    }
}
