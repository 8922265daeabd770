//! `redial send-test`: does this account work?

use super::Failure;
use crate::{
    domain::{address::Address, notice::AttemptOutcome},
    usecase::{Env, deliver_notice::Post, send_test::send_test},
};
use std::process::ExitCode;

/// Arguments of `redial send-test`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  redial send-test --account outbox --to +14155550123\n  redial send-test --account mail --to you@example.com\n\nExit code 0: the far end took it; 1: it did not, or nobody knows."
)]
pub(super) struct Args {
    /// An account that notices are sent by.
    #[arg(long, value_name = "NAME")]
    account: String,
    /// A phone number or an e-mail address of yours.
    #[arg(long, value_name = "ADDRESS")]
    to: String,
}

pub(super) async fn run(args: Args, env: &Env, post: &Post) -> Result<ExitCode, Failure> {
    let to = Address::parse(&args.to, env.rules().region)?;
    let delivery = send_test(env, post, &args.account, &to).await?;
    let word = match delivery.outcome {
        AttemptOutcome::Sent => "sent",
        AttemptOutcome::TryAgain => "not sent, another try may help",
        AttemptOutcome::Never => "not sent, and another try would not help",
        AttemptOutcome::Unknown => "unknown: it left, and no answer came",
    };
    let id = delivery.foreign_id.map(|id| format!(", the far end calls it {id}")).unwrap_or_default();
    let detail = if delivery.detail.is_empty() { String::new() } else { format!(" ({})", delivery.detail) };
    println!("{word}{id}{detail}");
    Ok(if delivery.outcome == AttemptOutcome::Sent { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
