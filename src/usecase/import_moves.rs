//! Loading moves that happened before Redial was there (rule C10), from an operator's file.
//!
//! A thread reads the file and normalises its rows; here they are decided and committed, a few thousand at once. A row
//! sees what the rows before it did, those of its own batch included.

mod desk;

use super::{
    Env,
    import::{ImportFailed, Imported, Listener, Records, field},
    write::Refused,
};
use crate::{
    clock::Time,
    domain::{
        address::phone::Region,
        imported::{BadMove, COLUMNS, Move, Row},
    },
    store::StoreError,
};
use desk::{Desk, Done};
use std::io::Read;
use tokio::sync::mpsc;

/// Rows of one commit.
const BATCH: usize = 2_000;

/// Batches that wait while one is committed.
const AHEAD: usize = 2;

/// How often a row is decided again because somebody else was faster.
const TRIES: usize = 5;

/// What the rows are loaded as.
#[derive(Clone, Debug)]
pub struct Source {
    /// Names the source: `Proof::Imported` and the audit trail hold it.
    pub name: Box<str>,
    /// The country of numbers without a country code.
    pub region: Option<Region>,
}

/// Rows that were read, in the order of the file.
struct Batch {
    rows: Vec<(u64, Move)>,
    bad: Vec<(u64, String)>,
    /// Bytes of the file read so far.
    bytes: u64,
}

/// Loads a file of moves: CSV with the header `name,old,new,changed_at,grant`, the columns in any order.
///
/// # Errors
/// Where the header is another, the file cannot be read to its end, or the store fails. Bad rows are no error: the
/// listener hears of them and the rest is loaded.
pub async fn import(
    env: &Env,
    file: impl Read + Send + 'static,
    source: &Source,
    listener: &mut dyn Listener,
) -> Result<Imported, ImportFailed> {
    let now = env.store.now().await.map_err(Refused::from)?;
    let (sender, mut batches) = mpsc::channel(AHEAD);
    let region = source.region;
    let reader = tokio::task::spawn_blocking(move || read(file, region, now, &sender));
    let mut imported = Imported::default();
    while let Some(batch) = batches.recv().await {
        imported.bad += batch.bad.len() as u64;
        let mut bad = batch.bad;
        for (line, outcome) in load(env, source, &batch.rows).await? {
            match outcome {
                Ok(Done::Added) => imported.added += 1,
                Ok(Done::Changed) => imported.changed += 1,
                Ok(Done::Same) => imported.same += 1,
                Err(why) => {
                    imported.bad += 1;
                    bad.push((line, why));
                }
            }
        }
        bad.sort_unstable();
        for (line, why) in &bad {
            listener.bad(*line, why);
        }
        listener.read(batch.bytes);
    }
    match reader.await {
        Ok(read) => read.map(|()| imported),
        Err(panicked) => Err(ImportFailed::Unreadable(std::io::Error::other(panicked))),
    }
}

/// Reads the file to its end, or until nobody wants its rows any more.
fn read(file: impl Read, region: Option<Region>, now: Time, to: &mpsc::Sender<Batch>) -> Result<(), ImportFailed> {
    let mut records = Records::new(file, b',');
    let places = header(records.next()?.map(|(_, record)| record))?;
    loop {
        let mut batch = Batch { rows: Vec::with_capacity(BATCH), bad: Vec::new(), bytes: 0 };
        let mut end = false;
        while batch.rows.len() + batch.bad.len() < BATCH {
            let Some((line, record)) = records.next()? else {
                end = true;
                break;
            };
            match row(record, places, region, now) {
                Ok(row) => batch.rows.push((line, row)),
                Err(why) => batch.bad.push((line, why)),
            }
        }
        batch.bytes = records.bytes();
        if to.blocking_send(batch).is_err() || end {
            return Ok(());
        }
    }
}

/// Where the columns stand.
fn header(record: Option<&csv::ByteRecord>) -> Result<[usize; 5], ImportFailed> {
    let wanted = || format!("the header {} is needed, in any order", COLUMNS.join(","));
    let record = record.ok_or_else(|| ImportFailed::Header(format!("the file is empty; {}", wanted())))?;
    let found: Vec<String> =
        (0..record.len()).map(|place| field(record, place).unwrap_or("?").to_ascii_lowercase()).collect();
    let places = COLUMNS.map(|column| found.iter().position(|word| word == column));
    if record.len() == COLUMNS.len() && places.iter().all(Option::is_some) {
        return Ok(places.map(Option::unwrap_or_default));
    }
    let short: String = found.join(",").chars().filter(|c| !c.is_control()).take(100).collect();
    Err(ImportFailed::Header(format!("found {short}; {}", wanted())))
}

fn row(record: &csv::ByteRecord, places: [usize; 5], region: Option<Region>, now: Time) -> Result<Move, String> {
    if record.len() != COLUMNS.len() {
        return Err(format!("{} columns are needed, {} are there", COLUMNS.len(), record.len()));
    }
    let at = |column: usize| field(record, places[column]);
    let row = Row { name: at(0)?, old: at(1)?, new: at(2)?, changed_at: at(3)?, grant: at(4)? };
    Move::read(&row, region, now).map_err(|why| why.to_string())
}

type Outcomes = Vec<(u64, Result<Done, String>)>;

/// Decides and commits rows together; where that fails because somebody else wrote at the same time, one by one.
async fn load(env: &Env, source: &Source, rows: &[(u64, Move)]) -> Result<Outcomes, Refused> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    match attempt(env, source, rows).await {
        Ok(outcomes) => return Ok(outcomes),
        Err(Refused::Store(StoreError::Conflict | StoreError::Taken(_))) => {}
        Err(other) => return Err(other),
    }
    let mut outcomes = Vec::with_capacity(rows.len());
    for row in rows.chunks(1) {
        outcomes.extend(alone(env, source, row).await?);
    }
    Ok(outcomes)
}

async fn alone(env: &Env, source: &Source, row: &[(u64, Move)]) -> Result<Outcomes, Refused> {
    let line = row.first().map_or(0, |(line, _)| *line);
    for _ in 0..TRIES {
        match attempt(env, source, row).await {
            Err(Refused::Store(StoreError::Conflict)) => {}
            Err(Refused::Store(StoreError::Taken(_))) => return Ok(vec![(line, Err(BadMove::NewHeld.to_string()))]),
            other => return other,
        }
    }
    Err(StoreError::Conflict.into())
}

async fn attempt(env: &Env, source: &Source, rows: &[(u64, Move)]) -> Result<Outcomes, Refused> {
    let mut desk = Desk::open(env, source, rows).await?;
    let mut outcomes = Vec::with_capacity(rows.len());
    for (line, row) in rows {
        let done = desk.take(row).await?;
        outcomes.push((*line, done.map_err(|why| why.to_string())));
    }
    desk.commit().await?;
    Ok(outcomes)
}
