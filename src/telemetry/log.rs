//! Logs on standard error, as text or JSON. Numbers and addresses are types that mask themselves; this module adds
//! nothing to that and takes nothing away.

use std::sync::OnceLock;
use tracing_subscriber::{EnvFilter, Registry, layer::SubscriberExt as _, reload, util::SubscriberInitExt as _};

/// Changes what is logged, once logging has started.
static FILTER: OnceLock<reload::Handle<EnvFilter, Registry>> = OnceLock::new();

/// The level was not understood.
#[derive(Debug, thiserror::Error)]
#[error(
    "log level {level:?}: {reason}; write error, warn, info, debug or trace, or a list such as \"info,redial::worker=debug\""
)]
pub struct BadLevel {
    level: String,
    reason: String,
}

/// Starts logging for the whole process. A second call changes nothing, so that tests can share a process.
pub fn start(json: bool, level: &str) -> Result<(), BadLevel> {
    let (filter, handle) = reload::Layer::new(filter(level)?);
    let registry = tracing_subscriber::registry().with(filter);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let started = if json {
        registry.with(lines.json().flatten_event(true)).try_init()
    } else {
        use std::io::IsTerminal as _;
        registry.with(lines.with_ansi(std::io::stderr().is_terminal())).try_init()
    };
    if started.is_err() {
        tracing::debug!("logging had been started before");
    } else {
        let _first = FILTER.set(handle);
    }
    Ok(())
}

/// Whether a level or list of levels can be used.
pub fn check(level: &str) -> Result<(), BadLevel> {
    filter(level).map(|_| ())
}

/// Logs at another level from now on.
pub fn set_level(level: &str) -> Result<(), BadLevel> {
    let filter = filter(level)?;
    if let Some(handle) = FILTER.get()
        && let Err(error) = handle.reload(filter)
    {
        tracing::error!(%error, "the log level stays as it was");
    }
    Ok(())
}

fn filter(level: &str) -> Result<EnvFilter, BadLevel> {
    let parsed = EnvFilter::builder().parse(level);
    parsed.map_err(|error| BadLevel { level: level.to_owned(), reason: error.to_string() })
}
