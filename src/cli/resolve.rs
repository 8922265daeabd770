//! `redial resolve`: the operator asks by hand.

use super::{Failure, address, by_hand, say::say};
use crate::{
    domain::{
        address::Kind,
        group::{Identity, Viewer},
        query::{Decision, Verdict},
        target::{Countries, Targets},
    },
    usecase::{
        Env, explain,
        resolve::{self, Answer, Ask},
    },
};
use std::process::ExitCode;

/// Arguments of `redial resolve`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  redial resolve +14155550101\n  redial resolve +14155550101 --name \"Ann Lee\"\n  redial resolve --name \"Ann Lee\" --as +14155550142\n\nExit code 0: moved or current; 1: no result."
)]
pub(super) struct Args {
    /// The number or e-mail address, with its country code or in the default region.
    #[arg(required_unless_present = "name")]
    to: Option<String>,
    /// The name that the asker has for it.
    #[arg(long)]
    name: Option<String>,
    /// Ask as this number or e-mail address instead of as nobody in particular.
    #[arg(long = "as", value_name = "ADDRESS")]
    viewer: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args, env: &Env) -> Result<ExitCode, Failure> {
    let to = args.to.as_deref().map(|to| address("what is asked about", to, env)).transpose()?;
    if args.name.as_ref().is_some_and(|name| name.trim().is_empty()) {
        return Err("--name: a name is needed, like --name \"Ann Lee\"; without one leave it out".into());
    }
    // An address shows itself masked.
    by_hand::noted(env, "searched", &to.as_ref().map(ToString::to_string).unwrap_or_default()).await?;
    let viewer = match &args.viewer {
        Some(text) => Viewer::proved(Identity::Address(address("--as", text, env)?)),
        None => Viewer::default(),
    };
    let answer = match (to, &args.name) {
        (None, None) => return Err("a number, an e-mail address or --name is needed".into()),
        (None, Some(name)) => resolve::resolve_name(env, name, Kind::Phone, &viewer, None, "cli").await?,
        (Some(to), name) => {
            let targets = Targets { countries: Countries::Any, ..Targets::default() };
            let ask = Ask {
                to,
                name: name.as_deref(),
                viewer,
                sender: None,
                identity_bound: None,
                targets: &targets,
                asker: None,
                way: "cli",
            };
            resolve::resolve(env, ask).await?
        }
    };
    say(if args.json { json(&answer).to_string() } else { text(&answer) })?;
    Ok(if answer.decision.say == Verdict::NoResult { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn json(answer: &Answer) -> serde_json::Value {
    let (verdict, to) = told(&answer.decision);
    serde_json::json!({
        "verdict": verdict,
        "to": to,
        "because": answer.decision.because,
        "connects": answer.decision.connect.is_some(),
        "id": answer.id,
    })
}

fn text(answer: &Answer) -> String {
    let (_, why) = explain::sentence(answer.decision.because);
    let said = match told(&answer.decision) {
        (_, Some(to)) => format!("moved to {to}"),
        (_, None) if answer.decision.connect.is_some() => {
            "no result, but calls and messages are connected to the new number".to_owned()
        }
        (verdict, None) => verdict.replace('_', " "),
    };
    format!("{said}\n{why}\nmore: redial explain {}", answer.id)
}

fn told(decision: &Decision) -> (&'static str, Option<&str>) {
    match &decision.say {
        Verdict::Moved(to) => ("moved", Some(to.wire())),
        Verdict::Current => ("current", None),
        Verdict::NoResult => ("no_result", None),
    }
}
