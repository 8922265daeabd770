//! Loading moves that happened before Redial was there (rule C10), from an operator's file.
//!
//! A thread reads the file and normalises its rows; here they are decided, many at once, while the store writes
//! those before. A row sees what the rows before it did, those of its own batch included.

mod desk;
mod writing;

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
use writing::Writing;

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
    let (region, size) = (source.region, env.store.load_size());
    let reader = tokio::task::spawn_blocking(move || read(file, region, now, size, &sender));
    let mut loading = Loading { env, source, listener, imported: Imported::default(), last: None };
    while let Some(batch) = batches.recv().await {
        loading.take(batch).await?;
    }
    let imported = loading.finish().await?;
    match reader.await {
        Ok(read) => read.map(|()| imported),
        Err(panicked) => Err(ImportFailed::Unreadable(std::io::Error::other(panicked))),
    }
}

/// Reads the file to its end, or until nobody wants its rows any more.
fn read(
    file: impl Read,
    region: Option<Region>,
    now: Time,
    size: usize,
    to: &mpsc::Sender<Batch>,
) -> Result<(), ImportFailed> {
    let mut records = Records::new(file, b',');
    let places = header(records.next()?.map(|(_, record)| record))?;
    loop {
        let mut batch = Batch { rows: Vec::with_capacity(size), bad: Vec::new(), bytes: 0 };
        let mut end = false;
        while batch.rows.len() + batch.bad.len() < size {
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

/// A file that is being loaded.
struct Loading<'a> {
    env: &'a Env,
    source: &'a Source,
    listener: &'a mut dyn Listener,
    imported: Imported,
    /// Decided, and being written.
    last: Option<(Batch, Outcomes, Writing)>,
}

impl Loading<'_> {
    /// Decides a batch while the one before is written, and begins to write it.
    async fn take(&mut self, batch: Batch) -> Result<(), Refused> {
        let mut decided = match &mut self.last {
            Some((_, _, writing)) => attempt(self.env, self.source, &batch.rows, writing).await,
            None => attempt(self.env, self.source, &batch.rows, &mut Writing::default()).await,
        };
        if self.settle().await? {
            // What this one was decided on was not written.
            decided = attempt(self.env, self.source, &batch.rows, &mut Writing::default()).await;
        }
        self.last = match decided {
            Ok((outcomes, writing)) => Some((batch, outcomes, writing)),
            Err(Refused::Store(StoreError::Conflict | StoreError::Taken(_))) => {
                let outcomes = in_parts(self.env, self.source, &batch.rows).await?;
                Some((batch, outcomes, Writing::default()))
            }
            Err(other) => return Err(other),
        };
        Ok(())
    }

    /// Waits for the last batch and tells what became of it; whether its rows had to be decided anew.
    async fn settle(&mut self) -> Result<bool, Refused> {
        let Some((mut batch, mut outcomes, mut writing)) = self.last.take() else { return Ok(false) };
        let failed = match writing.done().await {
            Ok(()) => false,
            Err(StoreError::Conflict | StoreError::Taken(_)) => true,
            Err(other) => return Err(other.into()),
        };
        if failed {
            outcomes = in_parts(self.env, self.source, &batch.rows).await?;
        }
        for (line, outcome) in outcomes {
            match outcome {
                Ok(Done::Added) => self.imported.added += 1,
                Ok(Done::Changed) => self.imported.changed += 1,
                Ok(Done::Same) => self.imported.same += 1,
                Err(why) => batch.bad.push((line, why)),
            }
        }
        self.imported.bad += batch.bad.len() as u64;
        batch.bad.sort_unstable();
        for (line, why) in &batch.bad {
            self.listener.bad(*line, why);
        }
        self.listener.read(batch.bytes);
        Ok(failed)
    }

    async fn finish(mut self) -> Result<Imported, Refused> {
        self.settle().await?;
        Ok(self.imported)
    }
}

/// Somebody else wrote at the same time, or got a number: the rows again, and where that fails in halves, so that one
/// row does not hold up the others.
async fn in_parts(env: &Env, source: &Source, rows: &[(u64, Move)]) -> Result<Outcomes, Refused> {
    let mut outcomes = Vec::with_capacity(rows.len());
    let mut parts = vec![rows];
    while let Some(part) = parts.pop() {
        if let [row] = part {
            outcomes.push(alone(env, source, row).await?);
            continue;
        }
        match written(env, source, part).await {
            Ok(of_part) => outcomes.extend(of_part),
            Err(Refused::Store(StoreError::Conflict | StoreError::Taken(_))) => {
                let (first, second) = part.split_at(part.len() / 2);
                parts.extend([second, first]);
            }
            Err(other) => return Err(other),
        }
    }
    Ok(outcomes)
}

async fn alone(env: &Env, source: &Source, row: &(u64, Move)) -> Result<(u64, Result<Done, String>), Refused> {
    let bad = |why: BadMove| Ok((row.0, Err(why.to_string())));
    for _ in 0..TRIES {
        match written(env, source, std::slice::from_ref(row)).await {
            Err(Refused::Store(StoreError::Conflict)) => {}
            Err(Refused::Store(StoreError::Taken(_))) => return bad(BadMove::NewHeld),
            other => return other?.pop().ok_or_else(|| StoreError::Conflict.into()),
        }
    }
    Err(StoreError::Conflict.into())
}

/// Decides and commits rows together.
async fn written(env: &Env, source: &Source, rows: &[(u64, Move)]) -> Result<Outcomes, Refused> {
    let (outcomes, mut writing) = attempt(env, source, rows, &mut Writing::default()).await?;
    writing.done().await?;
    Ok(outcomes)
}

/// Decides rows together, and begins to write what they came to once the commit before them is done.
async fn attempt(
    env: &Env,
    source: &Source,
    rows: &[(u64, Move)],
    before: &mut Writing,
) -> Result<(Outcomes, Writing), Refused> {
    let mut outcomes = Vec::with_capacity(rows.len());
    let mut desk = Desk::open(env, source, rows, before).await?;
    for (line, row) in rows {
        let done = desk.take(row).await?;
        outcomes.push((*line, done.map_err(|why| why.to_string())));
    }
    let (commit, holders) = desk.close();
    before.done().await?;
    Ok((outcomes, Writing::begin(&env.store, commit, holders)))
}
