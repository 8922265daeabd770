//! One file per command: arguments, one use case or the server, what is printed, an exit code.
//!
//! Exit codes: 0 done; 1 done in part, or the answer is no; 2 not done, with the reason on standard error; 141 nobody reads
//! standard output any more.

#![warn(clippy::print_stdout, clippy::print_stderr)]

mod audit;
mod backup;
mod by_hand;
mod check;
mod demo;
mod erase;
mod explain;
pub mod export;
pub mod import;
mod keys;
mod notices;
mod operator_password;
mod progress;
mod resolve;
mod say;
mod send_test;

use crate::{
    app::{self, App},
    config::{Config, ConfigError},
    domain::{address::Address, id::OwnerId},
    usecase::{Env, write::Refused},
};
use clap::{Parser, Subcommand};
use say::{failed, note};
use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Keeps people reachable when their phone number changes.
#[derive(Debug, Parser)]
#[command(
    name = "redial",
    version,
    after_help = "Without a command it serves.\n\nExample:\n  redial serve --config /etc/redial/config.toml"
)]
struct Arguments {
    /// The operator's one file.
    #[arg(long, short, global = true, default_value = "config.toml", env = "REDIAL_CONFIG")]
    config: PathBuf,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the gateway (the default).
    #[command(
        after_help = "Example:\n  redial serve\n\nSIGHUP reads the configuration again; SIGTERM and SIGINT stop, after what is under way."
    )]
    Serve,
    /// Show the main job from end to end.
    Demo(demo::Args),
    /// Look at the configuration, provider files and templates without starting.
    Check(check::Args),
    /// Ask whether a number has changed.
    Resolve(resolve::Args),
    /// Say why a query, substitution or notice came out as it did.
    Explain(explain::Args),
    /// Load contacts, or moves that have happened already, from files.
    Import(import::Args),
    /// Give everything back, as JSON lines and vCards.
    Export(export::Args),
    /// Print what operators did, and look whether the audit trails are whole.
    Audit(audit::Args),
    /// Copy the embedded database while it is in use.
    Backup(backup::Args),
    /// Take everything of an owner away for good.
    Erase(erase::Args),
    /// List, show and replay notices.
    Notices(notices::Args),
    /// Send a test message by an account.
    SendTest(send_test::Args),
    /// Make, list and revoke API keys.
    Keys(keys::Args),
    /// Hash an operator's password for the console, read from standard input.
    #[command(after_help = "Example:\n  printf 'correct horse battery' | redial operator-password")]
    OperatorPassword,
    /// Bring the store's schema up to date, and end.
    #[command(
        after_help = "Example:\n  redial migrate\n\n`redial serve` does it by itself; this is for those who roll out in steps."
    )]
    Migrate,
}

/// What a command ends with when it fails.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Why a file cannot be used, with its name and what would be right.
fn in_file(path: &Path) -> impl Fn(std::io::Error) -> String {
    move |error| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists());
        let right = match (error.kind(), folder) {
            (ErrorKind::NotFound, Some(folder)) => format!("; there is no folder {}", folder.display()),
            (ErrorKind::NotFound, None) => "; name a file that is there".to_owned(),
            (ErrorKind::AlreadyExists, _) => "; name one that is not there yet".to_owned(),
            (ErrorKind::PermissionDenied, _) => "; this user must be allowed to".to_owned(),
            _ => String::new(),
        };
        format!("{}: {error}{right}", path.display())
    }
}

/// Where something that was named by its id is not there: which, and where such ids stand.
fn of_id(id: impl std::fmt::Display, found_in: &'static str) -> impl Fn(Refused) -> Failure {
    move |refused| match refused {
        Refused::NotFound(what) => format!("there is no {what} {id}; {found_in}").into(),
        other => other.into(),
    }
}

/// Where the ids of owners stand.
const OWNERS: &str = "ids of owners stand in what `redial export` prints, at the console and in answers of /v1/owners";

/// Refuses the id of an owner who is not there.
async fn there_is(env: &Env, owner: OwnerId) -> Result<(), Failure> {
    let found = env.store.owner(owner).await?.ok_or(Refused::NotFound("owner"));
    found.map(|_| ()).map_err(of_id(owner, OWNERS))
}

/// An address that was given; `what` says where.
fn address(what: &str, text: &str, env: &Env) -> Result<Address, Failure> {
    Address::parse(text, env.rules().region).map_err(|why| format!("{what}: {why}").into())
}

/// Reads the arguments and carries out one command.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    match runtime.block_on(run(arguments)) {
        Ok(code) => code,
        Err(error) => failed(&*error),
    }
}

async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    if let Some(Command::OperatorPassword) = arguments.command {
        return operator_password::run();
    }
    let loaded = Config::load(&arguments.config);
    if let (Some(Command::Check(args)), Err(wrong @ ConfigError::Wrong { .. })) = (&arguments.command, &loaded) {
        return check::refused(args, wrong);
    }
    let config = loaded?;
    match arguments.command.unwrap_or(Command::Serve) {
        Command::Serve => {
            app::serve(config, arguments.config).await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Demo(_) => demo::run(config).await,
        Command::Check(args) => check::run(&args, &config),
        Command::Resolve(args) => with_app(&config, async |app| resolve::run(args, &app.env).await).await,
        Command::Explain(args) => {
            with_app(&config, async |app| explain::run(args, &app.env, &config.account_names()).await).await
        }
        Command::Import(args) => with_app(&config, async |app| import::run(args, &app.env).await).await,
        Command::Export(args) => with_app(&config, async |app| export::run(args, &app.env).await).await,
        Command::Audit(args) => with_app(&config, async |app| audit::run(args, &app.env).await).await,
        Command::Backup(args) => with_app(&config, async |app| backup::run(args, &config, &app.env).await).await,
        Command::Erase(args) => with_app(&config, async |app| erase::run(args, &app.env).await).await,
        Command::Notices(args) => with_app(&config, async |app| notices::run(args, &app.env).await).await,
        Command::SendTest(args) => {
            let post = app::post(&config, None)?;
            let push = app::push_accounts(&config)?;
            with_app(&config, async |app| send_test::run(args, &app.env, &post, &push).await).await
        }
        Command::Keys(args) => with_app(&config, async |app| keys::run(args, &app.env).await).await,
        Command::OperatorPassword => operator_password::run(),
        Command::Migrate => {
            with_app(&config, async |app| {
                by_hand::noted(&app.env, "migrated", "").await?;
                note("the store's schema is up to date");
                Ok(ExitCode::SUCCESS)
            })
            .await
        }
    }
}

/// Opens the store for one command and closes it after, whatever came of it.
async fn with_app(
    config: &Config,
    command: impl AsyncFnOnce(&App) -> Result<ExitCode, Failure>,
) -> Result<ExitCode, Failure> {
    let app = App::open(config).await?;
    let result = command(&app).await;
    app.close().await;
    result
}
