//! A few threads that read, each with its own connection, so that no read holds up the runtime.

use super::{schema, statements::Statements};
use crate::store::{Result, StoreError};
use rusqlite::Connection;
use std::{
    collections::VecDeque,
    path::Path,
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread::JoinHandle,
};
use tokio::sync::oneshot;

/// The most quick pieces that one thread takes at once: bounds how long the first answer waits for others to be read.
const GROUP: usize = 16;

type Run = Box<dyn FnOnce(std::result::Result<&Statements<'_>, &str>) + Send>;

/// A piece of reading that has not run. It is given a moment of the database, or the reason why there is none.
pub(super) struct Work {
    run: Run,
    /// May share its moment, and its thread's turn, with others.
    quick: bool,
}

/// Quick pieces, a call's among them, stand behind no more than one of the others for each thread, however many lists and exports
/// somebody asks for (rule Q7).
#[derive(Default)]
struct Queue {
    quick: VecDeque<Work>,
    slow: VecDeque<Work>,
    /// The last turn was of quick pieces.
    had_quick: bool,
    closed: bool,
}

impl Queue {
    fn add(&mut self, work: Work) {
        if work.quick { &mut self.quick } else { &mut self.slow }.push_back(work);
    }

    /// Some quick pieces, or another one: in turns where both wait.
    fn take(&mut self, group: &mut Vec<Work>) {
        let is_slow = self.quick.is_empty() || (self.had_quick && !self.slow.is_empty());
        self.had_quick = !is_slow;
        if is_slow {
            group.extend(self.slow.pop_front());
        } else {
            group.extend(self.quick.drain(..self.quick.len().min(GROUP)));
        }
    }
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
            queue.add(work);
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
    let statements = Statements::new(connection);
    let mut group = Vec::new();
    loop {
        let mut waiting = queue.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            waiting.take(&mut group);
            if !group.is_empty() {
                break;
            }
            if waiting.closed {
                return;
            }
            waiting = wake.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        drop(waiting);
        in_one_moment(&statements, group.drain(..));
    }
}

/// Wraps a piece of reading, and what will receive its result. All of its statements see one moment of the database, not
/// earlier than now.
pub(super) fn piece<T: Send + 'static>(
    quick: bool,
    work: impl FnOnce(&Statements<'_>) -> Result<T> + Send + 'static,
) -> (Work, oneshot::Receiver<Result<T>>) {
    let (sender, receiver) = oneshot::channel();
    let run = move |moment: std::result::Result<&Statements<'_>, &str>| {
        // Whoever asked may have gone.
        let _gone = sender.send(moment.map_err(|reason| StoreError::Unavailable(reason.into())).and_then(work));
    };
    (Work { run: Box::new(run), quick }, receiver)
}

/// Runs pieces that were all asked for before the moment that they see.
pub(super) fn in_one_moment(statements: &Statements<'_>, pieces: impl Iterator<Item = Work>) {
    let begun = statements.plain("BEGIN DEFERRED").map_err(|error| error.to_string());
    for piece in pieces {
        (piece.run)(begun.as_ref().map(|()| statements).map_err(String::as_str));
    }
    if begun.is_ok()
        && let Err(error) = statements.plain("COMMIT")
    {
        tracing::warn!(%error, "a reading of the database did not end well");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q7_a_call_waits_for_one_list_at_most() {
        let mut queue = Queue::default();
        for quick in [false; 9].into_iter().chain([true; GROUP + 1]) {
            queue.add(piece(quick, |_| Ok(())).0);
        }
        let mut turn = || {
            let mut group = Vec::new();
            queue.take(&mut group);
            assert!(group.iter().all(|one| one.quick == group[0].quick));
            group.len()
        };
        let turns: Vec<usize> = (0..12).map(|_| turn()).collect();
        assert_eq!(turns, [GROUP, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0]);
    }
}
