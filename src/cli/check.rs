//! `redial check`: everything that `serve` would read, read and rendered, without starting.

use super::{
    Failure,
    say::{note, say},
};
use crate::{
    app::{self, Finding},
    config::{Config, ConfigError},
};
use std::process::ExitCode;

/// Arguments of `redial check`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  redial check --config /etc/redial/config.toml\n\nExit code 0: nothing is wrong; 1: something is, and it is said where."
)]
pub(super) struct Args {
    /// Print one JSON object a line.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, config: &Config) -> Result<ExitCode, Failure> {
    told(args, &app::check(config))
}

/// Where the file itself cannot be read as a configuration, which is all that can be said of it.
pub(super) fn refused(args: &Args, error: &ConfigError) -> Result<ExitCode, Failure> {
    told(args, &[Finding { of: "configuration".to_owned(), wrong: true, what: error.to_string() }])
}

fn told(args: &Args, report: &[Finding]) -> Result<ExitCode, Failure> {
    for Finding { of, wrong, what } in report {
        if args.json {
            say(serde_json::json!({"of": of, "wrong": wrong, "what": what}))?;
        } else {
            say(format_args!("{} {of}: {what}", if *wrong { "wrong" } else { "   ok" }))?;
        }
    }
    let wrong = report.iter().filter(|finding| finding.wrong).count();
    if wrong == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    note(format_args!("{wrong} of {} {} wrong", report.len(), if wrong == 1 { "is" } else { "are" }));
    Ok(ExitCode::from(1))
}
