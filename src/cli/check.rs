//! `redial check`: everything that `serve` would read, read and rendered, without starting.

use crate::{app, config::Config};
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

pub(super) fn run(args: &Args, config: &Config) -> ExitCode {
    let report = app::check(config);
    for finding in &report {
        if args.json {
            println!("{}", serde_json::json!({"of": finding.of, "wrong": finding.wrong, "what": finding.what}));
        } else {
            println!("{} {}: {}", if finding.wrong { "wrong" } else { "   ok" }, finding.of, finding.what);
        }
    }
    let wrong = report.iter().filter(|finding| finding.wrong).count();
    if wrong > 0 {
        eprintln!("{wrong} of {} are wrong", report.len());
    }
    if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) }
}
