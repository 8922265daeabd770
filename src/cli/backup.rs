//! `redial backup`: a copy of the embedded database at one moment, while it is in use.

use super::{Failure, by_hand, in_file, progress::Progress, say::note};
use crate::{config::Config, usecase::Env};
use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    os::unix::fs::OpenOptionsExt as _,
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

/// Arguments of `redial backup`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  redial backup /var/backups/redial-monday.db

To restore: stop Redial, put the copy in the place of store.path (and remove what ends in -wal, -shm and .filter beside it), \
keep the journal (store.path with .after, or store.journal), start. Erasures, opt-outs and panics that came after the copy \
are carried out again, and nothing is sent until `redial notices resume`.

Exit code 0: copied; 2: not.")]
pub(super) struct Args {
    /// A file that is not there yet.
    file: PathBuf,
}

/// How often the length of the copy is looked at.
const LOOK: Duration = Duration::from_millis(200);

pub(super) async fn run(args: Args, config: &Config, env: &Env) -> Result<ExitCode, Failure> {
    let Args { file } = args;
    if file.exists() {
        return Err(format!("{}: there is such a file already; name another", file.display()).into());
    }
    let mut name = OsString::from(file.as_os_str());
    name.push(".part");
    let part = PathBuf::from(name);
    // Nobody else is to read what will stand in it; the engine takes an empty file.
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part).map_err(in_file(&part))?;
    by_hand::noted(env, "copied", &file.display().to_string()).await?;
    let copied = with_bar(&part, config, env).await;
    let done = copied.and_then(|()| {
        File::open(&part)?.sync_all()?;
        fs::rename(&part, &file)?;
        Ok(())
    });
    if let Err(error) = done {
        let _gone = fs::remove_file(&part);
        return Err(error);
    }
    note(format_args!("{}: {} bytes", file.display(), fs::metadata(&file)?.len()));
    Ok(ExitCode::SUCCESS)
}

async fn with_bar(part: &std::path::Path, config: &Config, env: &Env) -> Result<(), Failure> {
    let size = fs::metadata(&config.store.path).map_or(0, |found| found.len());
    let progress = Progress::new(&env.clock, Some(size), "{bar:40} {bytes}/{total_bytes} {eta}");
    let copy = env.store.backup(part);
    tokio::pin!(copy);
    loop {
        tokio::select! {
            copied = &mut copy => return Ok(copied?),
            () = tokio::time::sleep(LOOK) => progress.reached(fs::metadata(part).map_or(0, |found| found.len())),
        }
    }
}
