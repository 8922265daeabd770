//! The journal beside the database: what a restored copy would undo (rule C7), one JSON object a line.
//!
//! The store writes its lines in the same commit as what they tell; here they are copied to the file, and a file that knows
//! more than the database is noticed at the start. No address stands in it, only keyed hashes.

use super::StartError;
use crate::{
    clock::Time,
    config::Config,
    store::{SharedStore, erasure::JournalLine},
    usecase::{Env, restored},
};
use std::{
    collections::HashSet,
    fs::{File, OpenOptions},
    io::{self, BufRead as _, BufReader, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::sync::Mutex;

/// Longer than a write can take to become visible after the time that stands in it.
const WINDOW: Duration = Duration::from_mins(1);
/// Lines looked up, or copied, at once.
const AT_ONCE: usize = 500;

/// Where lines are copied to.
pub(super) struct Journal {
    file: Mutex<Copied>,
}

struct Copied {
    file: File,
    /// Everything before this was copied.
    from: Time,
    /// Ids of lines since then that were.
    ids: HashSet<Box<str>>,
}

/// Where the journal of a configuration is.
pub(super) fn path(config: &Config) -> PathBuf {
    config.store.journal.clone().unwrap_or_else(|| config.store.path.with_added_extension("after"))
}

impl Journal {
    /// Opens the file, or makes it; carries out again what it knows and the database does not; and copies what the database
    /// knows and it does not.
    pub(super) async fn open(path: &Path, env: &Env) -> Result<Self, StartError> {
        let name = env.store.name();
        let failed = |error: io::Error| unusable(path, &error);
        let (file, lines) = match read(path, &name)? {
            Some(lines) => (OpenOptions::new().append(true).open(path).map_err(failed)?, lines),
            None => (create(path, &name).map_err(failed)?, Vec::new()),
        };
        let missing = missing(&env.store, &lines).await?;
        if !missing.is_empty() {
            let again = restored::again(env, &missing).await.map_err(StartError::setting)?;
            tracing::warn!(
                lines = missing.len(),
                erased = again.erased,
                stopped = again.stopped,
                panicked = again.panicked,
                "the database is older than its journal: this was carried out again, and nothing is sent until \
                 `redial notices resume`"
            );
        }
        let ids = lines.into_iter().map(|line| line.id).collect();
        let journal = Self { file: Mutex::new(Copied { file, from: Time(i64::MIN), ids }) };
        journal.copy(&env.store).await.map_err(StartError::setting)?;
        Ok(journal)
    }

    /// Copies what came since the last time; the next time tries again where it fails.
    pub(super) async fn keep_up(&self, store: &SharedStore) {
        if let Err(error) = self.copy(store).await {
            tracing::error!(%error, "the journal could not be written: what happens now, a restored copy would undo");
        }
    }

    async fn copy(&self, store: &SharedStore) -> Result<(), String> {
        let mut copied = self.file.lock().await;
        let mut last: Option<JournalLine> = None;
        let mut newest = copied.from;
        loop {
            let page = store.journal(copied.from, last.as_ref(), AT_ONCE).await.map_err(|error| error.to_string())?;
            let new: Vec<&JournalLine> = page.iter().filter(|line| !copied.ids.contains(&line.id)).collect();
            if !new.is_empty() {
                let text: String = new.iter().map(|line| serde_json::json!(line).to_string() + "\n").collect();
                copied.file.write_all(text.as_bytes()).map_err(|error| error.to_string())?;
                copied.file.sync_data().map_err(|error| error.to_string())?;
                let ids: Vec<Box<str>> = new.iter().map(|line| line.id.clone()).collect();
                copied.ids.extend(ids);
            }
            newest = page.last().map_or(newest, |line| newest.max(line.at));
            if page.len() < AT_ONCE {
                break;
            }
            last = page.last().cloned();
        }
        let from = newest.before(WINDOW);
        if from > copied.from {
            copied.from = from;
            let since = store.journal(from, None, usize::MAX / 4).await.map_err(|error| error.to_string())?;
            copied.ids = since.into_iter().map(|line| line.id).collect();
        }
        Ok(())
    }
}

/// Those of the file's lines that the database does not have, in their order.
async fn missing(store: &SharedStore, lines: &[JournalLine]) -> Result<Vec<JournalLine>, StartError> {
    let mut missing = Vec::new();
    for part in lines.chunks(AT_ONCE) {
        let ids: Vec<Box<str>> = part.iter().map(|line| line.id.clone()).collect();
        let known: HashSet<Box<str>> =
            store.journal_has(&ids).await.map_err(StartError::setting)?.into_iter().collect();
        missing.extend(part.iter().filter(|line| !known.contains(&line.id)).cloned());
    }
    Ok(missing)
}

fn unusable(path: &Path, error: &io::Error) -> StartError {
    let place = path.display();
    StartError::setting(format!(
        "{place}: {error}\nthe journal is written there: name a file that can be, as store.journal"
    ))
}

fn create(path: &Path, name: &str) -> io::Result<File> {
    let mut file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(path)?;
    writeln!(file, "{}", serde_json::json!({"redial_journal": 1, "of": name}))?;
    file.sync_all()?;
    Ok(file)
}

/// All lines; `None` where there is no file. What a crash has left of the last line is cut off.
fn read(path: &Path, name: &str) -> Result<Option<Vec<JournalLine>>, StartError> {
    let place = path.display();
    let failed = |error: io::Error| unusable(path, &error);
    let file = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let (mut reader, mut lines, mut length, mut number) = (BufReader::new(&file), Vec::new(), 0, 0_u64);
    let mut text = String::new();
    loop {
        text.clear();
        let bytes = reader.read_line(&mut text).map_err(failed)?;
        if bytes == 0 || !text.ends_with('\n') {
            break;
        }
        number += 1;
        length += u64::try_from(bytes).unwrap_or(0);
        if number == 1 {
            let first: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
            if first.get("of").and_then(serde_json::Value::as_str) != Some(name) {
                return Err(StartError::setting(format!(
                    "{place} is the journal of another database, or none: move it away, or name another file as \
                     store.journal; where the database was restored from a copy, restore the whole of it"
                )));
            }
            continue;
        }
        let line = serde_json::from_str(&text).map_err(|_| {
            StartError::setting(format!(
                "{place}, line {number}: not a line of a journal; what it told cannot be known"
            ))
        })?;
        lines.push(line);
    }
    drop(reader);
    if number == 0 {
        return Err(StartError::setting(format!(
            "{place} is empty and should begin with its database's name: remove it"
        )));
    }
    file.set_len(length).map_err(failed)?;
    Ok(Some(lines))
}
