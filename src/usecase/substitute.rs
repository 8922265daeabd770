//! Whether one communication goes elsewhere (rules Q1, Q5 to Q8, Q12), and the row that says so (rule Q10).
//! Hooks and drop-in endpoints ask here alike.

use super::{
    gateway::{Account, Gateway},
    resolve::{self, Ask},
};
use crate::{
    domain::{
        address::{Address, phone},
        group::{Identity, Viewer},
        id::SubstitutionId,
        identity_bound::Bound,
        query::{self, Decision, Query, Verdict},
    },
    provider::{Channel, Custody},
    store::{Commit, Effect, StoreError, Substitution},
    telemetry::metrics,
};
use std::time::Duration;

/// One communication as a provider's request or webhook has it.
pub(super) struct Wanted<'a> {
    /// The recipient as written.
    pub to: &'a str,
    /// The sender or caller as written: a claim (rule Q11).
    pub from: Option<&'a str>,
    /// What it is.
    pub channel: Channel,
    /// `hook` or `via`.
    pub way: &'static str,
    /// Why it is a one-time code or the like (rule Q8); asked only for numbers that may have moved.
    pub identity_bound: &'a (dyn Fn() -> Option<Bound> + Sync),
}

/// A communication that goes elsewhere.
pub(super) struct Decided {
    /// The row that says so; not yet written.
    pub row: Substitution,
    /// The owner's name, where the new number is revealed to the account itself or to everyone. What a sender only
    /// claims to be leads to no value (rules Q5, Q11).
    pub revealed: Option<Box<str>>,
}

/// Decides. `None`: it goes on unchanged.
///
/// Nothing is awaited for a number that never moved.
pub(super) async fn decide(
    gateway: &Gateway,
    account: &Account,
    wanted: &Wanted<'_>,
) -> Result<Option<Decided>, StoreError> {
    let env = &gateway.env;
    let sender = wanted.from.and_then(|from| phone::parse(from, account.region.or(env.rules().region)).ok());
    let region = account.region.or_else(|| sender.as_ref().and_then(phone::region_of)).or(env.rules().region);
    let Ok(to) = phone::parse(wanted.to, region) else { return Ok(None) };
    if !resolve::may_have_moved(env, &to) {
        count(gateway, wanted.way, &Verdict::NoResult);
        return Ok(None);
    }
    let viewer =
        Viewer { proved: vec![Identity::Application(account.app)], claimed: sender.clone().map(Identity::Address) };
    let ask = Ask {
        to: to.clone(),
        name: None,
        viewer,
        sender: sender.clone(),
        identity_bound: account.identity_bound.then_some(Bound::Account).or_else(wanted.identity_bound),
        targets: &account.targets,
        way: &format!("{}:{}", wanted.way, account.name()),
    };
    let answer = resolve::resolve(env, ask).await?;
    count(gateway, wanted.way, &answer.decision.say);
    let connected = connect(&answer.decision, account.provider.settings().custody);
    let (Some(connected), Some(met)) = (connected, answer.met) else { return Ok(None) };
    let revealed = matches!(answer.decision.say, Verdict::Moved(_)).then_some(met.name);
    let now = env.clock.now();
    let row = Substitution {
        id: SubstitutionId::fresh(now, &*env.random),
        account: account.name().into(),
        channel: channel_word(wanted.channel).into(),
        owner: met.owner,
        used: to,
        used_text: wanted.to.into(),
        connected,
        sender,
        callback: None,
        foreign_id: None,
        query: answer.id,
        at: now,
    };
    Ok(Some(Decided { row, revealed }))
}

/// Where a message to `written` would be connected now, for finding what was connected there; nothing is recorded, for
/// nobody is told or connected anything.
pub(super) async fn connected_now(
    gateway: &Gateway,
    account: &Account,
    written: &str,
) -> Result<Option<Address>, StoreError> {
    let env = &gateway.env;
    let Ok(to) = phone::parse(written, account.region.or(env.rules().region)) else { return Ok(None) };
    if !resolve::may_have_moved(env, &to) {
        return Ok(None);
    }
    let viewer = Viewer::proved(Identity::Application(account.app));
    let facts = env.store.facts(to.key(), &viewer).await?;
    let query = Query { to, name: None, identity_bound: false, sender: None };
    let decision = query::decide(&query, &facts, &env.rules().windows, &account.targets, env.clock.now());
    Ok(connect(&decision, account.provider.settings().custody))
}

/// Rule Q5: a sender who holds the provider's own credentials could read the new number there, so what may only be
/// forwarded stays unchanged.
fn connect(decision: &Decision, custody: Custody) -> Option<Address> {
    let seen = custody == Custody::Operator || matches!(decision.say, Verdict::Moved(_));
    decision.connect.clone().filter(|_| seen)
}

fn count(gateway: &Gateway, way: &'static str, say: &Verdict) {
    let verdict = match say {
        Verdict::Current => "current",
        Verdict::Moved(_) => "moved",
        Verdict::NoResult => "no_result",
    };
    gateway.metrics.queries.get_or_create(&metrics::Asked { way, verdict }).inc();
}

pub(super) fn channel_word(channel: Channel) -> &'static str {
    match channel {
        Channel::Call => "call",
        Channel::Message => "message",
    }
}

/// Writes the rows. Durable on return (rule Q10).
pub(super) async fn write(gateway: &Gateway, rows: &[Substitution]) -> Result<(), StoreError> {
    let effects = rows.iter().cloned().map(Effect::Substituted).collect();
    gateway.env.store.commit(Commit { effects, ..Commit::default() }).await?;
    for row in rows {
        let kind = if &*row.channel == "call" { "call" } else { "message" };
        gateway.metrics.substitutions.get_or_create(&metrics::Kind { kind }).inc();
    }
    Ok(())
}

/// Rule Q7: what is slow or broken counts as *unchanged*.
pub(super) async fn fail_open<T: Default>(
    gateway: &Gateway,
    account: &Account,
    deciding: impl Future<Output = Result<T, StoreError>>,
) -> T {
    match tokio::time::timeout(account.deadline, deciding).await {
        Ok(Ok(decided)) => decided,
        Ok(Err(error)) => {
            tracing::error!(account = account.name(), %error, "goes on unchanged: the store failed");
            gateway.failed_open("store");
            T::default()
        }
        Err(_) => {
            let deadline_ms = account.deadline.as_millis();
            tracing::warn!(account = account.name(), deadline_ms, "goes on unchanged: too slow");
            gateway.failed_open("deadline");
            T::default()
        }
    }
}

/// How long ago a substitution may be for a reply to be mapped back (rule Q5): the longest window of rule Q3.
pub(super) fn window(gateway: &Gateway) -> Duration {
    gateway.env.rules().windows.named
}
