//! `redial audit`: what operators did, what became of the configuration, and whether the trails are whole.

mod verify;

use super::{Failure, say::say};
use crate::{
    domain::id::AuditId,
    store::{Trail, TrailLine},
    usecase::Env,
};
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Lines read at once.
const PAGE: usize = 500;

/// What to print.
#[derive(Debug, Parser)]
#[command(
    after_help = "Example:\n  redial audit operators --last 20\n  redial audit config\n  redial audit verify --save heads.jsonl"
)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// What was done at the console and by commands that change or take out something; newest first. Numbers are masked.
    Operators(Lines),
    /// Reloads of the configuration, taken or refused, with the reason; newest first.
    Config(Lines),
    /// Look through the chains of hashes of the owners' audit trails and of these two.
    Verify(verify::Args),
}

#[derive(Debug, Parser)]
struct Lines {
    /// At most so many; all without.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    last: Option<u32>,
    /// Print one JSON object a line.
    #[arg(long)]
    json: bool,
}

/// Prints a line for each, tabs between its parts: when, who, from where, what, to what.
pub(super) async fn run(args: Args, env: &Env) -> Result<ExitCode, Failure> {
    let (trail, lines) = match args.what {
        What::Operators(lines) => (Trail::Operators, lines),
        What::Config(lines) => (Trail::Config, lines),
        What::Verify(args) => return verify::run(args, env).await,
    };
    let mut left = lines.last.map_or(usize::MAX, |last| usize::try_from(last).unwrap_or(usize::MAX));
    let mut before: Option<AuditId> = None;
    while left > 0 {
        let page = env.store.trail(trail, before, left.min(PAGE)).await?;
        for line in &page.items {
            say(if lines.json { json(line).to_string() } else { written(line) })?;
        }
        left -= page.items.len();
        before = page.items.last().map(|line| line.id);
        if !page.more {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn json(line: &TrailLine) -> serde_json::Value {
    let TrailLine { at, by, origin, what, subject, .. } = line;
    serde_json::json!({"at": at, "by": by, "origin": origin, "what": what, "subject": subject})
}

fn written(line: &TrailLine) -> String {
    let by = if line.by.is_empty() { "-" } else { &*line.by };
    let subject = line.subject.replace(['\n', '\t'], " ");
    format!("{}\t{by}\t{}\t{}\t{subject}", line.at, line.origin, line.what)
}
