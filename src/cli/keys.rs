//! `redial keys`: API keys, printed once.

use super::{
    Failure, by_hand, of_id,
    say::{note, say},
    there_is,
};
use crate::{
    domain::id::{AppId, OwnerId},
    usecase::{
        Env,
        keys::{self, NewKey, Scope},
        write::carry_out,
    },
};
use std::process::ExitCode;

/// Arguments of `redial keys`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  redial keys create --label crm --scope resolve --scope assert_sender\n  redial keys create --label ann --scope api --owner own_01j8z6m3t5k7v9x1b3d5f7h9jn"
)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Make a key and print its secret, which is kept nowhere.
    Create {
        /// A word for it, so that it can be told from others.
        #[arg(long)]
        label: String,
        /// What it may do: `resolve`, `assert_sender`, `owners:read`, `owners:write`, `vouch`, `notices:read`, `admin`, `sign_in`;
        /// with `--owner` also `api`. Repeat it for several.
        #[arg(long = "scope", required = true)]
        scopes: Vec<Scope>,
        /// The one owner that it may act for.
        #[arg(long)]
        owner: Option<OwnerId>,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Show all keys, without their secrets.
    List {
        /// Print one JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// End a key at once.
    Revoke {
        /// Its id, from the list.
        id: AppId,
    },
}

pub(super) async fn run(args: Args, env: &Env) -> Result<ExitCode, Failure> {
    match args.what {
        What::Create { label, scopes, owner, json } => {
            if let Some(owner) = owner {
                there_is(env, owner).await?;
            }
            let of = owner.map_or_else(String::new, |owner| format!(" for {owner}"));
            let may = scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ");
            by_hand::noted(env, "key_made", &format!("{label}{of}: {may}")).await?;
            let wanted = NewKey { label: label.into(), scopes, owner };
            let (key, secret) = carry_out(env, || keys::create(env, &wanted)).await?;
            if json {
                say(serde_json::json!({"id": key.id, "secret": secret.reveal(), "scopes": key.scopes}))?;
            } else {
                say(secret.reveal())?;
                let id = key.id;
                note(format_args!("This is shown once. The key's id is {id}: `redial keys revoke {id}` ends it."));
            }
        }
        What::List { json } => {
            for key in keys::list(env).await? {
                let ended = key.revoked.map(|at| at.to_string());
                if json {
                    say(serde_json::json!({
                        "id": key.id, "label": key.label, "scopes": key.scopes, "owner": key.owner, "created": key.created,
                        "revoked": ended,
                    }))?;
                } else {
                    let state = ended.map_or_else(String::new, |at| format!("  revoked {at}"));
                    say(format_args!("{}  {}  {}{state}", key.id, key.label, key.scopes.join(",")))?;
                }
            }
        }
        What::Revoke { id } => {
            by_hand::noted(env, "key_revoked", &id.to_string()).await?;
            let revoked = carry_out(env, || keys::revoke(env, id)).await;
            revoked.map_err(of_id(id, "`redial keys list` shows all"))?;
            note(format_args!("{id} is revoked"));
        }
    }
    Ok(ExitCode::SUCCESS)
}
