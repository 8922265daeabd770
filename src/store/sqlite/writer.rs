//! The one thread that writes. It takes whatever is queued, runs it in one transaction, and makes all of it durable with
//! one wait for the disk.

use super::{
    keeper::Keeper,
    reader::{self, Work},
    row::unavailable,
    statements::{Prepares, Statements, with},
};
use crate::{
    clock::{Clock, Time},
    store::{Result, StoreError, erasure::AddressHash, filter::Filter},
};
use rusqlite::{Connection, Params};
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
        mpsc::{Receiver, Sender},
    },
    thread::JoinHandle,
};
use tokio::sync::oneshot;

/// The most pieces of work in one transaction: bounds how long the first waits for the last.
const GROUP: usize = 256;

/// What the writer passes to a piece of work.
pub(super) struct Tx<'a> {
    /// Within the transaction.
    pub(super) connection: &'a dyn Prepares,
    /// The store's time of this piece.
    pub(super) now: Time,
    /// Where numbers that become former ones are inserted before the commit.
    pub(super) filter: &'a Filter,
    /// Hashes addresses that are not to be kept.
    pub(super) hash: &'a AddressHash,
    steps: &'a AtomicI64,
}

impl Tx<'_> {
    /// Runs a statement; the number of rows that it changed.
    pub(super) fn run(&self, statement: &'static str, params: impl Params) -> Result<usize> {
        self.raw(statement, params)?.map_err(super::row::refused)
    }

    /// Runs a statement that must change a row.
    pub(super) fn must(&self, statement: &'static str, params: impl Params) -> Result<()> {
        if self.run(statement, params)? == 0 { Err(StoreError::Conflict) } else { Ok(()) }
    }

    /// Runs a statement and leaves the engine's refusal to the caller.
    pub(super) fn raw(&self, statement: &'static str, params: impl Params) -> Result<rusqlite::Result<usize>> {
        self.step()?;
        with(self.connection, statement, |prepared| prepared.execute(params)).map_err(unavailable)
    }

    /// Counts a statement that is about to run, so that a test can end the writer between any two.
    pub(super) fn step(&self) -> Result<()> {
        match self.steps.load(Ordering::Relaxed) {
            ..0 => Ok(()),
            0 | 1 => {
                self.steps.store(0, Ordering::Relaxed);
                Err(gone())
            }
            left => {
                self.steps.store(left - 1, Ordering::Relaxed);
                Ok(())
            }
        }
    }
}

/// What is asked of the writer.
pub(super) enum Ask {
    /// To change something.
    Write(Write),
    /// To read with the writer's own connection: the only one that a database in memory has.
    Read(Work),
}

/// A piece of work and whoever waits for it. It may run more than once, and the last time counts.
trait Piece: Send {
    /// Runs in a transaction, or has the reason why there is none; whether what it wrote is to be kept.
    fn run(&mut self, tx: std::result::Result<&Tx<'_>, &str>) -> bool;

    /// Tells the result, once it is durable or certainly is not.
    fn answer(self: Box<Self>, written: Result<()>);
}

struct Asked<T, W> {
    work: W,
    result: Option<Result<T>>,
    sender: oneshot::Sender<Result<T>>,
}

impl<T: Send, W: FnMut(&Tx<'_>) -> Result<T> + Send> Piece for Asked<T, W> {
    fn run(&mut self, tx: std::result::Result<&Tx<'_>, &str>) -> bool {
        let result = tx.map_err(|reason| StoreError::Unavailable(reason.into())).and_then(&mut self.work);
        self.result.insert(result).is_ok()
    }

    fn answer(self: Box<Self>, written: Result<()>) {
        let result = self.result.unwrap_or_else(|| Err(gone()));
        // Whoever asked may have gone; the work is done all the same.
        let _gone = self.sender.send(result.and_then(|value| written.map(|()| value)));
    }
}

/// A piece of work that has not run.
pub(super) struct Write {
    piece: Box<dyn Piece>,
    one_statement: bool,
}

impl Write {
    /// Wraps `work`, and what will receive its result once it is durable. Work of one statement is undone by that
    /// statement where it fails.
    pub(super) fn new<T: Send + 'static>(
        one_statement: bool,
        work: impl FnMut(&Tx<'_>) -> Result<T> + Send + 'static,
    ) -> (Self, oneshot::Receiver<Result<T>>) {
        let (sender, receiver) = oneshot::channel();
        (Self { piece: Box::new(Asked { work, result: None, sender }), one_statement }, receiver)
    }
}

/// How a group's transaction ended.
enum Ended {
    /// What was kept is durable.
    Written,
    /// Nothing of it is.
    Failed(String),
    /// Nothing of it is, for a piece was refused that may have written something before that.
    Refused,
    /// The writer is to end without another word, as if the process had been killed.
    Killed,
}

/// What the writer works with.
pub(super) struct Writer {
    /// The connection that writes.
    pub(super) connection: Connection,
    /// Tells the store's time.
    pub(super) clock: Arc<dyn Clock>,
    /// The filter of former numbers.
    pub(super) filter: Arc<Filter>,
    /// Rebuilds and saves the filter.
    pub(super) keeper: Option<Sender<Keeper>>,
    /// Statements until the writer ends as if the process had; negative: never.
    pub(super) steps: Arc<AtomicI64>,
    /// Hashes addresses that are not to be kept.
    pub(super) hash: AddressHash,
}

impl Writer {
    /// Starts the thread; it ends when the last sender is dropped.
    pub(super) fn start(self, asks: Receiver<Ask>) -> Result<JoinHandle<()>> {
        std::thread::Builder::new()
            .name("redial-writer".to_owned())
            .spawn(move || self.work(&asks))
            .map_err(|error| StoreError::Unavailable(Box::new(error)))
    }

    fn work(self, asks: &Receiver<Ask>) {
        let statements = Statements::new(&self.connection);
        let mut group = Vec::new();
        while let Ok(first) = asks.recv() {
            let mut next = Some(first);
            let mut read = None;
            while let Some(ask) = next {
                match ask {
                    Ask::Write(write) => group.push(write),
                    Ask::Read(work) => {
                        read = Some(work);
                        break;
                    }
                }
                next = if group.len() < GROUP { asks.try_recv().ok() } else { None };
            }
            if !group.is_empty() && !self.write(&statements, &mut group) {
                return;
            }
            if read.is_some() {
                reader::in_one_moment(&statements, read.into_iter());
            }
        }
    }

    /// Writes a group. False: the writer is to end.
    ///
    /// Nearly always all of its pieces are kept. Only where one is not do all run again, each in a savepoint, which keeps a
    /// copy of every page that it changes.
    fn write(&self, statements: &Statements<'_>, group: &mut Vec<Write>) -> bool {
        let ended = match self.transact(statements, group, false) {
            Ended::Refused if group.len() > 1 => self.transact(statements, group, true),
            ended => ended,
        };
        let failure = match ended {
            Ended::Killed => return false,
            Ended::Failed(reason) => Some(reason),
            Ended::Written | Ended::Refused => None,
        };
        for write in group.drain(..) {
            write.piece.answer(match &failure {
                None => Ok(()),
                Some(reason) => Err(StoreError::Unavailable(reason.clone().into())),
            });
        }
        self.look_after_filter();
        true
    }

    /// Runs a group in one transaction, each piece in a savepoint or none.
    fn transact(&self, statements: &Statements<'_>, group: &mut [Write], savepoints: bool) -> Ended {
        let mut failure = plain(statements, "BEGIN IMMEDIATE").err();
        for write in group {
            let refused = match &failure {
                Some(reason) => {
                    write.piece.run(Err(reason));
                    false
                }
                None if savepoints && !write.one_statement => {
                    failure = self.run_in_savepoint(statements, &mut *write.piece).err();
                    false
                }
                None => !self.run(statements, &mut *write.piece),
            };
            if self.steps.load(Ordering::Relaxed) == 0 {
                return Ended::Killed;
            }
            if refused && !write.one_statement {
                rollback(statements);
                return Ended::Refused;
            }
            if refused && statements.connection().is_autocommit() {
                failure = Some("the transaction has ended early".to_owned());
            }
        }
        match failure.map_or_else(|| plain(statements, "COMMIT"), Err) {
            Ok(()) => Ended::Written,
            Err(reason) => {
                rollback(statements);
                Ended::Failed(reason)
            }
        }
    }

    /// The error is one of the whole transaction.
    fn run_in_savepoint(&self, statements: &Statements<'_>, piece: &mut dyn Piece) -> std::result::Result<(), String> {
        if let Err(reason) = plain(statements, "SAVEPOINT piece") {
            piece.run(Err(&reason));
            return Err(reason);
        }
        if !self.run(statements, piece) {
            plain(statements, "ROLLBACK TO piece")?;
        }
        plain(statements, "RELEASE piece")
    }

    fn run(&self, statements: &Statements<'_>, piece: &mut dyn Piece) -> bool {
        let (connection, now) = (statements, self.clock.now());
        piece.run(Ok(&Tx { connection, now, filter: &self.filter, hash: &self.hash, steps: &self.steps }))
    }

    /// Between two transactions, when nothing is inserted that is not committed: the moment from which a new generation
    /// of the filter takes what comes, while the rest is built anew.
    fn look_after_filter(&self) {
        if !self.filter.wants_rebuilding() {
            return;
        }
        if self.filter.is_outdated() {
            // What was erased stands in the log, too. Where somebody reads just now it goes with the next one.
            let _later = self.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
        }
        self.filter.begin_rebuilding();
        match &self.keeper {
            Some(keeper) => {
                let _ended = keeper.send(Keeper::Rebuild);
            }
            None => super::keeper::rebuild(&self.connection, &self.filter, None),
        }
    }
}

fn plain(statements: &Statements<'_>, text: &'static str) -> std::result::Result<(), String> {
    statements.plain(text).map_err(|error| error.to_string())
}

/// A full disk, for one, may have ended the transaction already.
fn rollback(statements: &Statements<'_>) {
    if !statements.connection().is_autocommit() {
        let _ended = plain(statements, "ROLLBACK");
    }
}

/// The writer is not there any more.
pub(super) fn gone() -> StoreError {
    StoreError::Unavailable("the store is closed".into())
}
