//! `redial send-test`: does this account work?

use super::{Failure, address, by_hand, say::say};
use crate::{
    domain::{id::DeviceId, notice::AttemptOutcome},
    transport::delivery::Delivery,
    usecase::{
        Env,
        deliver_notice::Post,
        devices::{self, NewDevice, PushAccounts, Subscription, SubscriptionKeys},
        send_test::{push_test, send_test},
    },
};
use serde_json::json;
use std::process::ExitCode;

/// Arguments of `redial send-test`.
#[derive(Debug, clap::Args)]
#[command(
    group(clap::ArgGroup::new("whom").required(true).args(["to", "device", "token", "endpoint"])),
    after_help = "Examples:\n  redial send-test --account outbox --to +14155550123\n  redial send-test --account mail --to you@example.com\n  redial send-test --device dev_01jd8x0m6vq4sj5v2n3c7t9w0e\n  redial send-test --account ios --token 00fc13adff78…\n  redial send-test --account web --endpoint https://… --p256dh B… --auth …\n\nExit code 0: the far end took it; 1: it did not, or nobody knows."
)]
pub(super) struct Args {
    /// An account that notices are sent by; a registered device has its own.
    #[arg(long, value_name = "NAME", required_unless_present = "device", conflicts_with = "device")]
    account: Option<String>,
    /// A phone number or an e-mail address of yours.
    #[arg(long, value_name = "ADDRESS")]
    to: Option<String>,
    /// A registered device, for a push message.
    #[arg(long, value_name = "ID")]
    device: Option<DeviceId>,
    /// The token of a device, for a push message.
    #[arg(long)]
    token: Option<String>,
    /// The endpoint of a subscription, for a push message.
    #[arg(long, value_name = "URL", requires = "p256dh", requires = "auth")]
    endpoint: Option<String>,
    /// The subscription's public key.
    #[arg(long, value_name = "KEY", requires = "endpoint")]
    p256dh: Option<String>,
    /// The subscription's secret.
    #[arg(long, value_name = "SECRET", requires = "endpoint")]
    auth: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args, env: &Env, post: &Post, accounts: &PushAccounts) -> Result<ExitCode, Failure> {
    by_hand::noted(env, "test_sent", args.account.as_deref().unwrap_or_default()).await?;
    let as_json = args.json;
    let delivery = send(args, env, post, accounts).await?;
    let (word, sentence) = match delivery.outcome {
        AttemptOutcome::Sent => ("sent", "sent"),
        AttemptOutcome::TryAgain => ("try_again", "not sent, another try may help"),
        AttemptOutcome::Never => ("never", "not sent, and another try would not help"),
        AttemptOutcome::Unknown => ("unknown", "unknown: it left, and no answer came"),
    };
    if as_json {
        say(json!({"outcome": word, "foreign_id": delivery.foreign_id, "detail": delivery.detail}))?;
    } else {
        let id = delivery.foreign_id.map(|id| format!(", the far end calls it {id}")).unwrap_or_default();
        let detail = if delivery.detail.is_empty() { String::new() } else { format!(" ({})", delivery.detail) };
        say(format_args!("{sentence}{id}{detail}"))?;
    }
    Ok(if delivery.outcome == AttemptOutcome::Sent { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

async fn send(args: Args, env: &Env, post: &Post, accounts: &PushAccounts) -> Result<Delivery, Failure> {
    if let Some(id) = args.device {
        let found = env.store.device(id).await?;
        let found = found.ok_or_else(|| format!("there is no device {id}; /v1/owners/ID/devices lists an owner's"))?;
        return Ok(push_test(env, post, &found.account, found.place).await?);
    }
    let account = args.account.unwrap_or_default();
    if let Some(to) = args.to {
        return Ok(send_test(env, post, &account, &address("--to", &to, env)?).await?);
    }
    let keys = args.p256dh.zip(args.auth).map(|(p256dh, auth)| SubscriptionKeys { p256dh, auth });
    let subscription =
        args.endpoint.zip(keys).map(|(endpoint, keys)| Subscription { endpoint, keys, expiration_time: None });
    let wanted = NewDevice { account: account.clone(), token: args.token, subscription, label: None };
    Ok(push_test(env, post, &account, devices::place(accounts, &wanted)?).await?)
}
