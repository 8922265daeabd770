//! Logs on standard error, as text or JSON. Numbers and addresses are types that mask themselves; this module adds
//! nothing to that and takes nothing away.

use tracing_subscriber::{EnvFilter, layer::SubscriberExt as _, util::SubscriberInitExt as _};

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
    let filter = EnvFilter::builder()
        .parse(level)
        .map_err(|error| BadLevel { level: level.to_owned(), reason: error.to_string() })?;
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
    }
    Ok(())
}
