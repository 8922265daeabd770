//! Builds the filter of former numbers from the feed, and saves it beside the database.

use super::{row::unavailable, schema};
use crate::store::{Result, StoreError, filter::Filter};
use rusqlite::{Connection, OptionalExtension};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, mpsc::Receiver},
    thread::JoinHandle,
};

/// What the keeper is asked for.
pub(super) enum Keeper {
    /// A new generation has begun: settle the rest.
    Rebuild,
}

/// Starts the thread that settles generations; it ends when the last sender is dropped.
pub(super) fn start(path: &Path, filter: &Arc<Filter>, asks: Receiver<Keeper>) -> Result<JoinHandle<()>> {
    let (path, filter) = (path.to_owned(), Arc::clone(filter));
    let work = move || {
        while let Ok(Keeper::Rebuild) = asks.recv() {
            match schema::connect(Some(&path)) {
                Ok(connection) => rebuild(&connection, &filter, Some(&file(&path))),
                Err(error) => {
                    filter.give_up_rebuilding();
                    tracing::warn!(%error, "the filter of former numbers could not be rebuilt");
                }
            }
        }
    };
    std::thread::Builder::new()
        .name("redial-filter".to_owned())
        .spawn(work)
        .map_err(|error| StoreError::Unavailable(Box::new(error)))
}

/// Where the filter of a database is saved.
pub(super) fn file(path: &Path) -> PathBuf {
    path.with_added_extension("filter")
}

/// Settles everything in the feed, after [`Filter::begin_rebuilding`].
pub(super) fn rebuild(connection: &Connection, filter: &Filter, save_to: Option<&Path>) {
    match scan(connection, filter) {
        Ok(mark) => {
            filter.finish_rebuilding();
            if let Some(path) = save_to {
                save(filter, path, mark);
            }
        }
        Err(error) => {
            filter.give_up_rebuilding();
            tracing::warn!(%error, "the filter of former numbers could not be rebuilt");
        }
    }
}

/// Saves the filter, which holds everything up to the mark.
pub(super) fn save(filter: &Filter, path: &Path, mark: Mark) {
    if let Err(error) = filter.save(path, &mark.to_bytes()) {
        tracing::warn!(%error, path = %path.display(), "the filter could not be saved; the next start takes longer");
    }
}

/// Fills the filter at the start: from its file where that still fits this database, else from the feed. Returns the
/// position up to which it is filled.
pub(super) fn fill(connection: &Connection, filter: &Filter, saved: Option<&Path>) -> Result<i64> {
    let mark = saved.and_then(|path| filter.load(path)).and_then(|bytes| Mark::from_bytes(&bytes));
    if let Some(mark) = mark
        && fits(connection, &mark)?
    {
        return Ok(mark.position);
    }
    let total: i64 = connection
        .query_row("-- keeper::fill\nSELECT coalesce(max(position), 0) FROM former", [], |row| row.get(0))
        .map_err(unavailable)?;
    filter.begin_with(usize::try_from(total).unwrap_or(0));
    let mark = scan(connection, filter)?;
    filter.finish_rebuilding();
    Ok(mark.position)
}

/// What a saved filter holds: the feed up to `position`, of the history in which `opened` was the last opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    opened: i64,
    token: [u8; 16],
    position: i64,
}

impl Mark {
    /// The present one, as far as `position` (of which the caller knows that the filter has it).
    pub(super) fn at(connection: &Connection, position: i64) -> Result<Self> {
        let (opened, token) = connection
            .query_row("-- keeper::mark\nSELECT id, token FROM opened ORDER BY id DESC LIMIT 1", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .map_err(unavailable)?;
        Ok(Self { opened, token, position })
    }

    fn to_bytes(self) -> Vec<u8> {
        [&self.opened.to_le_bytes()[..], &self.token, &self.position.to_le_bytes()].concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&opened, rest) = bytes.split_first_chunk()?;
        let (&token, rest) = rest.split_first_chunk()?;
        let position = rest.try_into().ok()?;
        Some(Self { opened: i64::from_le_bytes(opened), token, position: i64::from_le_bytes(position) })
    }
}

/// Whether the feed up to the mark is the one that was saved. A restored backup has another history: it lacks the
/// opening, or was opened again before it came as far.
fn fits(connection: &Connection, mark: &Mark) -> Result<bool> {
    let token: Option<[u8; 16]> = connection
        .query_row("-- keeper::fits\nSELECT token FROM opened WHERE id = ?1", [mark.opened], |row| row.get(0))
        .optional()
        .map_err(unavailable)?;
    let parted: bool = connection
        .query_row(
            "-- keeper::fits\nSELECT EXISTS (SELECT 1 FROM opened WHERE id > ?1 AND position < ?2)
             OR (SELECT coalesce(max(position), 0) FROM former) < ?2",
            [mark.opened, mark.position],
            |row| row.get(0),
        )
        .map_err(unavailable)?;
    Ok(token == Some(mark.token) && !parted)
}

/// Settles all hashes of the feed.
fn scan(connection: &Connection, filter: &Filter) -> Result<Mark> {
    let moment = connection.unchecked_transaction().map_err(unavailable)?;
    let position: i64 = moment
        .query_row("-- keeper::scan\nSELECT coalesce(max(position), 0) FROM former", [], |row| row.get(0))
        .map_err(unavailable)?;
    let mut statement = moment.prepare("-- keeper::scan\nSELECT hash FROM former").map_err(unavailable)?;
    let mut rows = statement.query([]).map_err(unavailable)?;
    while let Some(row) = rows.next().map_err(unavailable)? {
        filter.settle(row.get::<_, i64>(0).map_err(unavailable)?.cast_unsigned());
    }
    Mark::at(&moment, position)
}

/// Notes that this process opened the database, and how far the feed had come.
pub(super) fn note_opening(connection: &Connection) -> Result<()> {
    connection
        .execute(
            "-- keeper::note_opening\nINSERT INTO opened (position) SELECT coalesce(max(position), 0) FROM former",
            [],
        )
        .map(|_| ())
        .map_err(unavailable)
}

/// Inserts what came after `position`; the position after it. A number in the feed is never seen before a smaller one:
/// SQLite lets one transaction write at a time.
pub(super) fn follow(connection: &Connection, filter: &Filter, position: i64) -> Result<i64> {
    let mut statement = connection
        .prepare_cached("-- keeper::follow\nSELECT position, hash FROM former WHERE position > ?1 ORDER BY position")
        .map_err(unavailable)?;
    let mut rows = statement.query([position]).map_err(unavailable)?;
    let mut last = position;
    while let Some(row) = rows.next().map_err(unavailable)? {
        last = row.get(0).map_err(unavailable)?;
        filter.insert(row.get::<_, i64>(1).map_err(unavailable)?.cast_unsigned());
    }
    Ok(last)
}
