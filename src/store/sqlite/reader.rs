//! A few threads that read, each with its own connection, so that no read holds up the runtime.

use super::{row::unavailable, schema};
use crate::store::{Result, StoreError};
use rusqlite::Connection;
use std::{
    collections::VecDeque,
    path::Path,
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread::JoinHandle,
};
use tokio::sync::oneshot;

type Work = Box<dyn FnOnce(&Connection) + Send>;

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Work>,
    closed: bool,
}

/// The threads.
pub(super) struct Readers {
    queue: Arc<(Mutex<Queue>, Condvar)>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Readers {
    /// Opens `count` connections to the file.
    pub(super) fn start(path: &Path, count: usize) -> Result<Self> {
        let queue = Arc::new((Mutex::new(Queue::default()), Condvar::new()));
        let mut threads = Vec::new();
        for _ in 0..count {
            let connection = schema::connect(Some(path))?;
            let queue = Arc::clone(&queue);
            let thread = std::thread::Builder::new()
                .name("redial-reader".to_owned())
                .spawn(move || work(&connection, &queue))
                .map_err(|error| StoreError::Unavailable(Box::new(error)))?;
            threads.push(thread);
        }
        Ok(Self { queue, threads: Mutex::new(threads) })
    }

    /// Queues a piece of reading; dropped, and with it its answer, once the readers are closed.
    pub(super) fn queue(&self, work: Work) {
        let (queue, wake) = &*self.queue;
        let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
        if !queue.closed {
            queue.waiting.push_back(work);
            wake.notify_one();
        }
    }

    /// Takes no more; the threads that are to be waited for.
    pub(super) fn close(&self) -> Vec<JoinHandle<()>> {
        let (queue, wake) = &*self.queue;
        queue.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        wake.notify_all();
        std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Without waiting: the threads end when they have finished what is queued.
impl Drop for Readers {
    fn drop(&mut self) {
        self.close();
    }
}

fn work(connection: &Connection, (queue, wake): &(Mutex<Queue>, Condvar)) {
    loop {
        let mut waiting = queue.lock().unwrap_or_else(PoisonError::into_inner);
        let work = loop {
            if let Some(work) = waiting.waiting.pop_front() {
                break work;
            }
            if waiting.closed {
                return;
            }
            waiting = wake.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        };
        drop(waiting);
        work(connection);
    }
}

/// Wraps a piece of reading, and what will receive its result. All of its statements see one moment of the database.
pub(super) fn piece<T: Send + 'static>(
    work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
) -> (Work, oneshot::Receiver<Result<T>>) {
    let (sender, receiver) = oneshot::channel();
    let run = move |connection: &Connection| {
        // Whoever asked may have gone.
        let _gone = sender.send(in_one_moment(connection, work));
    };
    (Box::new(run), receiver)
}

fn in_one_moment<T>(connection: &Connection, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
    let plain = |statement| connection.prepare_cached(statement).and_then(|mut prepared| prepared.execute([]));
    plain("BEGIN DEFERRED").map_err(unavailable)?;
    let result = work(connection);
    plain("COMMIT").map_err(unavailable)?;
    result
}
