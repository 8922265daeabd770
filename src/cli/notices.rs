//! `redial notices`: what was sent to whom, what was not and why, and once more.

use super::{Failure, by_hand};
use crate::{
    domain::{
        id::{NoticeId, OwnerId},
        notice::{Attempt, AttemptOutcome, Notice, NoticeState, Recipient},
        owner::Channel,
    },
    usecase::{Env, replay_notice::replay_notice, restored},
};
use serde_json::{Value, json};
use std::process::ExitCode;

/// Arguments of `redial notices`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  redial notices list\n  redial notices list --state dead\n  redial notices show ntc_…\n  redial notices replay ntc_…\n  redial notices replay --all --dry-run"
)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List notices in a state, oldest first; or all of an owner, newest first.
    List {
        /// Which: dead (given up), unknown (may have arrived), open, sent, empty, replayed.
        #[arg(long, default_value = "dead", value_parser = state)]
        state: NoticeState,
        /// All notices about this owner instead.
        #[arg(long, value_name = "ID", conflicts_with = "state")]
        owner: Option<OwnerId>,
        /// At most so many.
        #[arg(long, default_value_t = 50)]
        limit: usize,
        /// Print one JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Show one notice with its attempts.
    Show {
        /// The notice.
        id: NoticeId,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Send nothing from now on, codes included, until `resume`.
    Hold {
        /// Why, for others.
        #[arg(long, default_value = "by hand")]
        why: String,
    },
    /// Send again, after a hold or after a copy of the database was restored.
    Resume,
    /// Try dead or unknown notices once more; everything is checked again when they are sent.
    Replay {
        /// The notices.
        #[arg(required_unless_present = "all")]
        ids: Vec<NoticeId>,
        /// All that are dead. Unknown ones must be named: they may have arrived.
        #[arg(long, conflicts_with = "ids")]
        all: bool,
        /// Only say how many there are.
        #[arg(long)]
        dry_run: bool,
    },
}

fn state(text: &str) -> Result<NoticeState, String> {
    let words = || NoticeState::ALL.map(NoticeState::word).join(", ");
    NoticeState::read(text).ok_or_else(|| format!("one of {} is needed", words()))
}

pub(super) async fn run(args: Args, env: &Env) -> Result<ExitCode, Failure> {
    match args.command {
        Command::List { state, owner, limit, json } => {
            let page = match owner {
                Some(owner) => env.store.notices(owner, None, limit).await?,
                None => env.store.notices_in(state, None, limit).await?,
            };
            for notice in &page.items {
                println!("{}", if json { as_json(notice, None).to_string() } else { line(notice) });
            }
            if page.items.is_empty() && !json {
                println!("no such notices");
            } else if page.more {
                eprintln!("there are more: raise --limit");
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Show { id, json } => {
            let notice = env.store.notice(id).await?.ok_or_else(|| format!("there is no notice {id}"))?;
            let attempts = env.store.attempts(id).await?;
            if json {
                println!("{}", as_json(&notice, Some(&attempts)));
            } else {
                println!("{}\n  about {}, since {}", line(&notice), notice.owner, notice.first);
                for attempt in &attempts {
                    println!("  {}", tried(attempt));
                }
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Hold { why } => {
            by_hand::noted(env, "sending_held", &why).await?;
            restored::hold(env, &why).await?;
            println!("nothing is sent until `redial notices resume`");
            Ok(ExitCode::SUCCESS)
        }
        Command::Resume => {
            by_hand::noted(env, "sending_resumed", "").await?;
            match restored::resume(env).await? {
                Some(held) => println!("it is sent again; it was held since {}: {}", held.at, held.why),
                None => println!("nothing was held"),
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Replay { ids, all, dry_run } => replay(env, if all { dead(env).await? } else { ids }, dry_run).await,
    }
}

async fn dead(env: &Env) -> Result<Vec<NoticeId>, Failure> {
    let mut ids: Vec<NoticeId> = Vec::new();
    loop {
        let page = env.store.notices_in(NoticeState::Dead, ids.last().copied(), 500).await?;
        ids.extend(page.items.iter().map(|notice| notice.id));
        if !page.more {
            return Ok(ids);
        }
    }
}

async fn replay(env: &Env, ids: Vec<NoticeId>, dry_run: bool) -> Result<ExitCode, Failure> {
    if dry_run {
        println!("{} notices would be tried once more", ids.len());
        return Ok(ExitCode::SUCCESS);
    }
    let mut failed = false;
    for id in ids {
        by_hand::noted(env, "replayed", &id.to_string()).await?;
        match replay_notice(env, id, "cli").await {
            Ok(new) => println!("{id} is tried once more as {new}"),
            Err(why) => {
                failed = true;
                eprintln!("{why}");
            }
        }
    }
    Ok(if failed { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn who(recipient: Recipient) -> String {
    match recipient {
        Recipient::Owner(id) => id.to_string(),
        Recipient::Contact(id) => id.to_string(),
    }
}

fn line(notice: &Notice) -> String {
    let due = if notice.state == NoticeState::Open { format!("  due {}", notice.due) } else { String::new() };
    let to = who(notice.recipient);
    format!("{}  {:8}  to {to}{due}{}", notice.id, notice.state.word(), bracketed(&notice.why()))
}

fn bracketed(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!("  ({words})") }
}

fn outcome(attempt: &Attempt) -> &'static str {
    match attempt.outcome {
        None => "under way, or the process died",
        Some(AttemptOutcome::Sent) => "sent",
        Some(AttemptOutcome::TryAgain) => "try again",
        Some(AttemptOutcome::Never) => "never",
        Some(AttemptOutcome::Unknown) => "unknown",
    }
}

fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Push => "push",
        Channel::Sms => "sms",
        Channel::Email => "email",
    }
}

/// Addresses are shown masked.
fn tried(attempt: &Attempt) -> String {
    let way = channel(attempt.channel);
    let (to, account) = (&attempt.address, &attempt.account);
    let ended = outcome(attempt);
    let reported = attempt.reported.map(|reported| format!(", reported: {}", reported.word())).unwrap_or_default();
    format!(
        "{}. {} {way} to {to} by {account}: {ended}{reported}{}",
        attempt.number,
        attempt.at,
        bracketed(&attempt.said())
    )
}

fn as_json(notice: &Notice, attempts: Option<&[Attempt]>) -> Value {
    let mut value = json!({
        "id": notice.id, "owner": notice.owner, "recipient": who(notice.recipient), "state": notice.state.word(),
        "first": notice.first, "due": notice.due, "attempts": notice.attempts, "reason": notice.why(),
        "settled": notice.settled,
    });
    if let Some(attempts) = attempts {
        let tried = attempts.iter().map(|attempt| {
            json!({
                "number": attempt.number, "at": attempt.at, "account": attempt.account,
                "channel": channel(attempt.channel), "address": attempt.address.to_string(),
                "outcome": outcome(attempt), "foreign_id": attempt.foreign_id, "detail": attempt.said(),
                "reported": attempt.reported,
            })
        });
        value["tried"] = tried.collect();
    }
    value
}
