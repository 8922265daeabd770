//! `redial explain`: why a query, a substitution, a message or a notice came out as it did.

use super::{
    Failure,
    notices::{tried, who},
};
use crate::{
    domain::{
        notice::{Attempt, Notice},
        said::masked,
    },
    store::{Passed, QueryRecord, Substitution},
    usecase::{
        Env,
        explain::{self, Explained},
    },
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
}

pub(super) async fn run(args: Args, env: &Env, accounts: &[Box<str>]) -> Result<ExitCode, Failure> {
    match explain::explain(env, &args.id, accounts).await? {
        Explained::Query(record, substitution) => {
            query(&record);
            substitution.iter().for_each(self::substitution);
        }
        Explained::Unrecorded(id) => {
            println!("{id} is not recorded: no owner's former address was involved, so it was only counted.");
        }
        Explained::Substitution(found, record) => {
            substitution(&found);
            record.iter().for_each(query);
        }
        Explained::Passed(found, again) => {
            passed(&found);
            again.iter().for_each(substitution);
        }
        Explained::Notice(found, attempts) => notice(&found, &attempts),
    }
    Ok(ExitCode::SUCCESS)
}

fn line(what: &str, value: impl std::fmt::Display) {
    println!("{what:>12}  {value}");
}

fn query(record: &QueryRecord) {
    let (rule, sentence) = explain::sentence(record.because);
    line("query", record.id);
    line("at", record.at);
    line("way", &record.way);
    line("asked for", &record.asked);
    line("owner", format_args!("{}, revision {}", record.owner, record.revision));
    line("rule", format_args!("{rule}: {sentence}"));
    if !record.detail.is_empty() {
        line("since", masked(&record.detail));
    }
    line("connected", if record.connected { "elsewhere" } else { "unchanged" });
    line("told", if record.told { "yes" } else { "nothing" });
    for group in &record.groups {
        line("by group", group);
    }
}

fn substitution(found: &Substitution) {
    line("substitution", found.id);
    line("at", found.at);
    line("what", format_args!("{} over account {}", found.channel, found.account));
    line("used", &found.used);
    line("connected", &found.connected);
    line("provider's id", found.foreign_id.as_deref().unwrap_or("not known yet"));
}

fn passed(found: &Passed) {
    line("message", found.id);
    line("at", found.at);
    line("what", format_args!("message over account {}", found.account));
    line("used", &found.used);
    line("provider's id", found.foreign_id.as_deref().unwrap_or("not known yet"));
    line("rule", format_args!("Q6: {}", explain::fate(&found.fate)));
}

fn notice(found: &Notice, attempts: &[Attempt]) {
    line("notice", found.id);
    line("owner", found.owner);
    line("recipient", who(found.recipient));
    line("state", format_args!("{}, {}", found.state.word(), masked(&found.reason)));
    line("due", found.due);
    attempts.iter().for_each(|attempt| line("attempt", tried(attempt)));
}
