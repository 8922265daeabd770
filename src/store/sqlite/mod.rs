//! The embedded store: one file in WAL mode, one thread that writes, a few that read.
//!
//! A second process on the same file works (an import beside `serve`): SQLite lets one of them write at a time, and each
//! follows the other's former numbers by [`Store::follow`].

mod access;
mod asleep;
mod books;
mod chains;
mod contacts;
mod devices;
mod effects;
mod erasure;
mod exchange;
mod facts;
mod folded;
mod keeper;
mod keys;
mod leaving;
mod letters;
mod linking;
mod memory;
mod notices;
mod numbers;
mod outbox;
mod owners;
mod passed;
mod reader;
mod returns;
mod row;
mod schema;
mod statements;
mod substitutions;
mod trails;
mod watch;
mod writer;

use super::{Commit, Result, Store, StoreError, erasure::AddressHash, filter::Filter};
use crate::clock::{Clock, Time};
use async_trait::async_trait;
use reader::Readers;
use statements::{Prepares as _, Statements};
use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
        mpsc::{self, Sender},
    },
    thread::JoinHandle,
};
use tokio::sync::{Notify, oneshot};
use writer::{Ask, Tx, Write, Writer};

/// The embedded store.
pub struct Sqlite {
    path: Option<PathBuf>,
    clock: Arc<dyn Clock>,
    filter: Arc<Filter>,
    /// None: a database in memory, which only the writer's connection sees.
    readers: Option<Readers>,
    writer: Mutex<Option<Sender<Ask>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    followed: Arc<AtomicI64>,
    steps: Arc<AtomicI64>,
    work: Notify,
    hash: AddressHash,
    /// When an owner was erased last, as far as this process knows.
    erased: Arc<AtomicI64>,
}

impl Sqlite {
    /// Opens the file, or makes it and its folder, brings its schema up to date and fills the filter; `readers` threads read.
    ///
    /// # Errors
    /// [`StoreError::Newer`] where a newer program has been here, `Unavailable` where the file cannot be used.
    pub fn open(path: &Path, clock: Arc<dyn Clock>, readers: usize) -> Result<Self> {
        Self::start(Some(path), clock, readers.max(1))
    }

    /// An empty store that is gone when it is dropped.
    pub fn in_memory(clock: Arc<dyn Clock>) -> Result<Self> {
        Self::start(None, clock, 0)
    }

    fn start(path: Option<&Path>, clock: Arc<dyn Clock>, readers: usize) -> Result<Self> {
        if let Some(folder) = path.and_then(Path::parent) {
            std::fs::create_dir_all(folder).map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        }
        let mut connection = schema::connect(path)?;
        schema::migrate(&mut connection)?;
        keeper::note_opening(&connection)?;
        let seed = connection
            .query_row("-- sqlite::start\nSELECT seed FROM meta", [], |row| row.get(0))
            .map_err(|_| StoreError::Damaged("meta.seed".into()))?;
        let hash = erasure::hash(&connection)?;
        let erased = erasure::last_erased(&connection)?;
        let filter = Arc::new(Filter::new(seed));
        let position = keeper::fill(&connection, &filter, path.map(keeper::file).as_deref())?;
        let position = keeper::follow(&connection, &filter, position)?;

        let mut threads = Vec::new();
        let mut keeper = None;
        if let Some(path) = path {
            let (sender, receiver) = mpsc::channel();
            threads.push(keeper::start(path, &filter, receiver)?);
            keeper = Some(sender);
        }
        let steps = Arc::new(AtomicI64::new(-1));
        let (sender, receiver) = mpsc::channel();
        let writer = Writer {
            connection,
            clock: Arc::clone(&clock),
            filter: Arc::clone(&filter),
            keeper,
            steps: Arc::clone(&steps),
            hash: hash.clone(),
        };
        // The writer ends first, and with it the keeper's last sender.
        threads.insert(0, writer.start(receiver)?);
        let readers = path.map(|path| Readers::start(path, readers)).transpose()?;
        Ok(Self {
            path: path.map(Path::to_owned),
            clock,
            filter,
            readers,
            writer: Mutex::new(Some(sender)),
            threads: Mutex::new(threads),
            followed: Arc::new(AtomicI64::new(position)),
            steps,
            work: Notify::new(),
            hash,
            erased: Arc::new(AtomicI64::new(erased)),
        })
    }

    /// For tests: the writer ends before its `statements`-th next statement (from 1), as if the process had been killed
    /// there; every later call fails.
    #[doc(hidden)]
    pub fn crash_before(&self, statements: u32) {
        self.steps.store(i64::from(statements.max(1)), Ordering::SeqCst);
    }

    /// Runs `work` on a connection that reads one moment of the database. For what may take a while.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Statements<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.queue(reader::piece(false, work)).await
    }

    /// The same for what is read quickly: a few rows by their keys. Shares its moment with others of its kind.
    async fn read_quickly<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Statements<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.queue(reader::piece(true, work)).await
    }

    async fn queue<T>(&self, (piece, answer): (reader::Work, oneshot::Receiver<Result<T>>)) -> Result<T> {
        match &self.readers {
            Some(readers) => readers.queue(piece),
            None => self.ask(Ask::Read(piece)),
        }
        answer.await.map_err(|_| writer::gone())?
    }

    /// Runs `work` on the writer and returns its result when it is durable. Where others of its group are refused it runs
    /// twice, and only what it did the second time is there.
    async fn write<T: Send + 'static>(&self, work: impl FnMut(&Tx<'_>) -> Result<T> + Send + 'static) -> Result<T> {
        self.wait(Write::new(false, work)).await
    }

    /// The same for work of one statement.
    async fn write_one_statement<T: Send + 'static>(
        &self,
        work: impl FnMut(&Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.wait(Write::new(true, work)).await
    }

    async fn wait<T>(&self, (write, answer): (Write, oneshot::Receiver<Result<T>>)) -> Result<T> {
        self.ask(Ask::Write(write));
        answer.await.map_err(|_| writer::gone())?
    }

    /// Drops what is asked of a closed store; the asker sees that nobody answers.
    fn ask(&self, ask: Ask) {
        if let Some(writer) = &*self.writer.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ended = writer.send(ask);
        }
    }
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite").field("path", &self.path).field("filter", &self.filter).finish_non_exhaustive()
    }
}

#[async_trait]
impl Store for Sqlite {
    async fn commit(&self, commit: Commit) -> Result<Time> {
        let leaves_work = commit.leaves_work();
        let at = if effects::is_one_statement(&commit) {
            self.write_one_statement(move |tx| effects::commit(tx, &commit)).await?
        } else {
            self.write(move |tx| effects::commit(tx, &commit)).await?
        };
        if leaves_work {
            self.work.notify_waiters();
        }
        Ok(at)
    }

    fn work(&self) -> &Notify {
        &self.work
    }

    /// The more, the fewer times a page of an index is written.
    fn load_size(&self) -> usize {
        50_000
    }

    async fn now(&self) -> Result<Time> {
        Ok(self.clock.now())
    }

    async fn follow(&self) -> Result<()> {
        let (filter, followed) = (Arc::clone(&self.filter), Arc::clone(&self.followed));
        let erased = Arc::clone(&self.erased);
        self.read(move |connection| {
            let last = keeper::follow(connection.connection(), &filter, followed.load(Ordering::SeqCst))?;
            followed.fetch_max(last, Ordering::SeqCst);
            let last = erasure::last_erased(connection)?;
            if erased.fetch_max(last, Ordering::SeqCst) < last {
                filter.outdate();
            }
            Ok(())
        })
        .await?;
        if self.filter.wants_rebuilding() {
            // The writer looks after the filter when it has written, even nothing.
            self.write(|_| Ok(())).await?;
        }
        Ok(())
    }

    async fn close(&self) {
        if let Some(path) = self.path.as_deref().map(keeper::file) {
            let (filter, followed) = (Arc::clone(&self.filter), Arc::clone(&self.followed));
            let saved = self
                .read(move |connection| {
                    let last = keeper::follow(connection.connection(), &filter, followed.load(Ordering::SeqCst))?;
                    keeper::save(&filter, &path, keeper::Mark::at(connection.connection(), last)?);
                    Ok(())
                })
                .await;
            if let Err(error) = saved {
                tracing::debug!(%error, "the filter was not saved");
            }
        }
        let readers: Vec<_> = self.readers.iter().flat_map(Readers::close).collect();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        // The writer's connection closes last: only one that may write takes the log file into the database.
        let joined = tokio::task::spawn_blocking(move || {
            let read = readers.into_iter().try_for_each(JoinHandle::join);
            drop(writer);
            read.and(threads.into_iter().try_for_each(JoinHandle::join))
        });
        if !matches!(joined.await, Ok(Ok(()))) {
            tracing::error!("a thread of the store ended badly");
        }
    }
}

#[cfg(test)]
mod tests;
