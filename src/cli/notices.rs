//! `redial notices`: what was sent to whom, what was not and why, and once more.

use super::{
    Failure, by_hand,
    progress::Progress,
    say::{note, say},
    there_is,
};
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
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        limit: u32,
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
        /// Print one JSON object for each.
        #[arg(long)]
        json: bool,
    },
}

fn state(text: &str) -> Result<NoticeState, String> {
    let words = || NoticeState::ALL.map(NoticeState::word).join(", ");
    NoticeState::read(text).ok_or_else(|| format!("one of {} is needed", words()))
}

pub(super) async fn run(args: Args, env: &Env) -> Result<ExitCode, Failure> {
    match args.command {
        Command::List { state, owner, limit, json } => {
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            let page = match owner {
                Some(owner) => {
                    there_is(env, owner).await?;
                    env.store.notices(owner, None, limit).await?
                }
                None => env.store.notices_in(state, None, limit).await?,
            };
            for notice in &page.items {
                say(if json { as_json(notice, None).to_string() } else { line(notice) })?;
            }
            if page.items.is_empty() {
                note("no such notices");
            } else if page.more {
                note("there are more: raise --limit");
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Show { id, json } => {
            let notice = read(env, id).await?;
            let attempts = env.store.attempts(id).await?;
            if json {
                say(as_json(&notice, Some(&attempts)))?;
            } else {
                say(format_args!("{}\n  about {}, since {}", line(&notice), notice.owner, notice.first))?;
                for attempt in &attempts {
                    say(format_args!("  {}", tried(attempt)))?;
                }
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Hold { why } => {
            by_hand::noted(env, "sending_held", &why).await?;
            restored::hold(env, &why).await?;
            say("nothing is sent until `redial notices resume`")?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Resume => {
            by_hand::noted(env, "sending_resumed", "").await?;
            match restored::resume(env).await? {
                Some(held) => say(format_args!("it is sent again; it was held since {}: {}", held.at, held.why))?,
                None => say("nothing was held")?,
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Replay { ids, all, dry_run, json } => {
            let ids = if all { dead(env).await? } else { ids };
            if dry_run { would_replay(env, &ids, json).await } else { replay(env, &ids, json).await }
        }
    }
}

async fn read(env: &Env, id: NoticeId) -> Result<Notice, Failure> {
    let found = env.store.notice(id).await?;
    Ok(found.ok_or_else(|| format!("there is no notice {id}; `redial notices list --state …` lists them"))?)
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

async fn would_replay(env: &Env, ids: &[NoticeId], json: bool) -> Result<ExitCode, Failure> {
    for id in ids {
        let Notice { state, .. } = read(env, *id).await?;
        if !matches!(state, NoticeState::Dead | NoticeState::Unknown) {
            return Err(format!("{id} is {}: only dead and unknown ones are tried once more", state.word()).into());
        }
    }
    let count = ids.len();
    say(if json { json!({"would": count}).to_string() } else { format!("{count} would be tried once more") })?;
    Ok(ExitCode::SUCCESS)
}

async fn replay(env: &Env, ids: &[NoticeId], json: bool) -> Result<ExitCode, Failure> {
    let bar = Progress::new(&env.clock, Some(ids.len() as u64), "{bar:30} {pos}/{len} {eta}");
    let mut refused = 0;
    for (id, done) in ids.iter().zip(1..) {
        by_hand::noted(env, "replayed", &id.to_string()).await?;
        match replay_notice(env, *id, "cli").await {
            Ok(new) if json => say(json!({"id": id, "new": new}))?,
            Ok(new) => say(format_args!("{id} is tried once more as {new}"))?,
            Err(why) => {
                refused += 1;
                if json {
                    say(json!({"id": id, "why": why.to_string()}))?;
                } else {
                    note(&why);
                }
            }
        }
        bar.reached(done);
    }
    Ok(match refused {
        0 => ExitCode::SUCCESS,
        some if some < ids.len() => ExitCode::from(1),
        _ => ExitCode::from(2),
    })
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
