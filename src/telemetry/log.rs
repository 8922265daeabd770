//! Logs on standard error, as text or JSON. Numbers and addresses are types that mask themselves; this module adds
//! nothing to that and takes nothing away.

use std::sync::OnceLock;
use tracing_subscriber::{
    EnvFilter, Registry, filter::ParseError, layer::SubscriberExt as _, reload, util::SubscriberInitExt as _,
};

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
    // Where nobody reads the log any more it is lost; to say so in the same place would end the task that logs.
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).log_internal_errors(false);
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
        tracing::trace!("everything is logged but the paths of requests, which hold secrets");
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

/// Writes each part of a path at `trace`. Parts of ours are tokens, with which whoever reads them speaks for a recipient or an owner.
const PATHS: &str = "warp::filters::path=off";

fn filter(level: &str) -> Result<EnvFilter, BadLevel> {
    let bad = |error: String| BadLevel { level: level.to_owned(), reason: error };
    // A word that is no level would be taken for the only target that is logged.
    if let Some(word) = level.split(',').map(str::trim).find(|part| !part.contains('=') && !is_level(part)) {
        return Err(bad(format!("{word:?} is no level")));
    }
    let parsed = EnvFilter::builder().parse(level).map_err(|error| bad(error.to_string()))?;
    let paths = PATHS.parse().map_err(|error: ParseError| bad(error.to_string()))?;
    // It takes the place of one that says otherwise.
    Ok(parsed.add_directive(paths))
}

fn is_level(word: &str) -> bool {
    ["off", "error", "warn", "info", "debug", "trace"].iter().any(|level| level.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_level_lets_paths_be_written() {
        for level in ["trace", "info", "warp=trace", "info,warp::filters::path=trace", "warp::filters=debug,trace"] {
            let filter = filter(level).expect(level).to_string();
            let of_paths: Vec<_> = filter.split(',').filter(|one| one.starts_with("warp::filters::path")).collect();
            assert_eq!(of_paths, [PATHS], "{level}");
        }
        for wrong in ["redial=loud", "loud", "debgu", "", "info,redial::worker"] {
            assert!(filter(wrong).is_err(), "{wrong}");
        }
    }
}
