//! `redial explain`: why a query, a substitution, a message or a notice came out as it did.

use super::{Failure, by_hand, say::say};
use crate::usecase::{
    Env,
    explain::{Found, explain, found},
};
use std::process::ExitCode;

/// Arguments of `redial explain`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  redial explain qry_01j8z6m3t5k7v9x1b3d5f7h9jn\n  redial explain SM1b0b8a6c2f4d4e0f9a7b3c5d7e9f1a2b\n\nThe id is in every answer of /v1/resolve and of `redial resolve`, and in the owner's records. Numbers are shown masked."
)]
pub(super) struct Args {
    /// Of a query (qry_…), a substitution (sub_…), a message that went on unchanged (psd_…) or a notice (ntc_…); or a provider's
    /// own id of a message or call.
    id: String,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args, env: &Env, accounts: &[Box<str>]) -> Result<ExitCode, Failure> {
    let found = found(&explain(env, &args.id, accounts).await?);
    by_hand::noted(env, "looked_at", &args.id).await?;
    if args.json {
        say(json(&found))?;
    } else {
        text(&found)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn json(Found { facts, tried }: &Found) -> serde_json::Value {
    let facts: Vec<_> = facts.iter().map(|(name, value)| serde_json::json!({ "name": name, "value": value })).collect();
    serde_json::json!({ "facts": facts, "tried": tried })
}

fn text(Found { facts, tried }: &Found) -> Result<(), Failure> {
    let line = |what: &str, value: &str| say(format_args!("{what:>13}  {value}"));
    for (name, value) in facts {
        line(name, value)?;
    }
    for one in tried {
        let reported = one.reported.map(|reported| format!(", reported: {reported}")).unwrap_or_default();
        let detail = if one.detail.is_empty() { String::new() } else { format!(" ({})", one.detail) };
        let ended = one.ended.replace('_', " ");
        line("try", &format!("{}. {} by {}: {ended}{reported}{detail}", one.number, one.at, one.way))?;
    }
    Ok(())
}
