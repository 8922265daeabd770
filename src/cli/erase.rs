//! `redial erase`: everything of an owner goes for good.

use super::{Failure, OWNERS, by_hand, of_id, say::say};
use crate::{
    domain::id::{AppId, OwnerId},
    usecase::{
        Env,
        erase::{Erased, erase, listed},
        link_contacts::link_contacts,
        write::{Actor, carry_out},
    },
};
use serde_json::json;
use std::{process::ExitCode, time::Duration};

/// Arguments of `redial erase`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  redial erase own_01j8z6m3t5k7v9x1b3d5f7h9jn          lists what would go
  redial erase own_01j8z6m3t5k7v9x1b3d5f7h9jn --yes    and takes it away, for good

Contacts that others have written down stay theirs. Addresses that take no messages still take none. The audit trail keeps \
its hashes and one line that says that it was erased.

Exit code 0: done, or listed; 2: not, with the reason.")]
pub(super) struct Args {
    /// Whom.
    owner: OwnerId,
    /// Do it; without this nothing is changed.
    #[arg(long)]
    yes: bool,
    /// One JSON object instead of text.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args, env: &Env) -> Result<ExitCode, Failure> {
    let Erased { owner, holdings } = if args.yes {
        by_hand::noted(env, "erased", &args.owner.to_string()).await?;
        let actor = Actor { by: "cli".into(), ..Actor::key(AppId(0), true) };
        let erased = carry_out(env, || erase(env, &actor, args.owner, None)).await;
        let erased = erased.map_err(of_id(args.owner, OWNERS))?;
        // Links in others' books; where a server runs it may take them as well.
        while link_contacts(env, Duration::from_mins(1)).await?.is_some() {}
        erased
    } else {
        listed(env, args.owner).await.map_err(of_id(args.owner, OWNERS))?
    };
    if args.json {
        let rows: serde_json::Map<_, _> =
            holdings.iter().map(|(what, count)| ((*what).to_owned(), json!(count))).collect();
        say(json!({"owner": owner, "erased": args.yes, "rows": rows}))?;
        return Ok(ExitCode::SUCCESS);
    }
    for (what, count) in &holdings {
        say(format_args!("{count:>10}  {}", what.replace('_', " ")))?;
    }
    if args.yes {
        say(format_args!("{owner} was erased"))?;
    } else {
        say("nothing was changed; with --yes all of this goes, for good")?;
    }
    Ok(ExitCode::SUCCESS)
}
