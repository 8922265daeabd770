//! Whether one communication goes elsewhere (rules Q1, Q5 to Q8, Q12), and the row that says so (rule Q10).
//! Hooks and drop-in endpoints ask here alike.

use super::{
    erased_substitutions,
    gateway::{Account, Gateway},
    harvest::{self, Asker},
    resolve::{self, Ask, Found},
};
use crate::{
    domain::{
        address::{Address, phone},
        group::{Identity, Viewer},
        id::SubstitutionId,
        identity_bound::Bound,
        query::{self, Decision, Query, Reason, Verdict},
    },
    provider::{Channel, Custody},
    store::{Commit, Effect, StoreError, Substitution},
    telemetry::metrics,
};
use std::time::Duration;
use tokio::time::Instant;

/// One communication as a provider's request or webhook has it.
pub(super) struct Wanted<'a> {
    /// The recipient as written.
    pub to: &'a str,
    /// The sender or caller as written: a claim (rule Q11).
    pub from: Option<&'a str>,
    /// What it is.
    pub channel: Channel,
    /// `hook`, `via` or `after`.
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

/// What would go elsewhere, of which nothing is written yet.
pub(super) struct Candidate {
    pub decided: Decided,
    /// What counts its number, where that is new to the account (rule Q13).
    pub new: Option<harvest::New>,
    found: Found,
    way: &'static str,
}

impl Candidate {
    /// Its number counts, and all is written that had to be.
    pub(super) async fn settled(self, gateway: &Gateway, account: &Account) -> Decided {
        settle(gateway, account, self.way, self.found).await;
        self.decided
    }

    /// The account has had its share of the day: it goes on unchanged (rule Q13).
    pub(super) async fn harvested(mut self, gateway: &Gateway, account: &Account) {
        self.found.harvested();
        settle(gateway, account, self.way, self.found).await;
    }

    /// Counts its number by itself.
    pub(super) async fn admitted(
        mut self,
        gateway: &Gateway,
        account: &Account,
    ) -> Result<Option<Decided>, StoreError> {
        if let Some(new) = self.new.take()
            && !harvest::admits(&gateway.env, &new).await?
        {
            self.harvested(gateway, account).await;
            return Ok(None);
        }
        Ok(Some(self.settled(gateway, account).await))
    }
}

/// What memory alone says of a recipient.
pub(super) enum Glance {
    /// No number that could be another's: it goes on unchanged.
    NoNumber,
    /// Never anybody's former number: it goes on unchanged, and [`count_unmoved`] counts it.
    NeverMoved,
    /// [`decide_about`] says.
    MayHaveMoved(Address),
}

/// Looks at the recipient. Nothing is awaited: this is all that nearly every communication needs.
pub(super) fn glance(gateway: &Gateway, account: &Account, wanted: &Wanted<'_>) -> Glance {
    let env = &gateway.env;
    // The sender's country only matters to a number without one.
    let region = if account.region.is_some() || wanted.to.starts_with('+') {
        account.region
    } else {
        sender(gateway, account, wanted).as_ref().and_then(phone::region_of).or(env.rules().region)
    };
    match phone::parse(wanted.to, region) {
        Err(_) => Glance::NoNumber,
        Ok(to) if resolve::may_have_moved(env, &to) => Glance::MayHaveMoved(to),
        Ok(_) => Glance::NeverMoved,
    }
}

/// Counts a number that never moved like every other no (rule Q4).
pub(super) fn count_unmoved(gateway: &Gateway, account: &Account, way: &'static str) {
    count(gateway, account, way, &Verdict::NoResult);
}

fn sender(gateway: &Gateway, account: &Account, wanted: &Wanted<'_>) -> Option<Address> {
    phone::parse(wanted.from?, account.region.or(gateway.env.rules().region)).ok()
}

/// Decides. `None`: it goes on unchanged.
///
/// Nothing is awaited for a number that never moved.
pub(super) async fn decide(
    gateway: &Gateway,
    account: &Account,
    wanted: &Wanted<'_>,
) -> Result<Option<Decided>, StoreError> {
    match glance(gateway, account, wanted) {
        Glance::MayHaveMoved(to) => match decide_about(gateway, account, wanted, to).await? {
            Some(candidate) => candidate.admitted(gateway, account).await,
            None => Ok(None),
        },
        Glance::NeverMoved => {
            count_unmoved(gateway, account, wanted.way);
            Ok(None)
        }
        Glance::NoNumber => Ok(None),
    }
}

/// [`decide`] about a number that may have moved.
pub(super) async fn decide_about(
    gateway: &Gateway,
    account: &Account,
    wanted: &Wanted<'_>,
    to: Address,
) -> Result<Option<Candidate>, StoreError> {
    let env = &gateway.env;
    let sender = sender(gateway, account, wanted);
    let viewer =
        Viewer { proved: vec![Identity::Application(account.app)], claimed: sender.clone().map(Identity::Address) };
    let ask = Ask {
        to: to.clone(),
        name: None,
        viewer,
        sender: sender.clone(),
        identity_bound: account.identity_bound.then_some(Bound::Account).or_else(wanted.identity_bound),
        targets: &account.targets,
        asker: Some(Asker {
            app: account.app,
            connects: connects_unseen(account, wanted.channel, wanted.way),
            most: account.harvest.unwrap_or(env.rules().harvest),
        }),
        way: &format!("{}:{}", wanted.way, account.name()),
    };
    let begun = Instant::now();
    let mut found = resolve::find(env, ask).await?;
    gateway.metrics.took("query", "read", begun.elapsed());
    let decision = &found.answer.decision;
    let connected = connect(decision, connects_unseen(account, wanted.channel, wanted.way));
    let (Some(connected), Some(met)) = (connected, &found.answer.met) else {
        settle(gateway, account, wanted.way, found).await;
        return Ok(None);
    };
    let revealed = matches!(decision.say, Verdict::Moved(_)).then(|| met.name.clone());
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
        query: found.answer.id,
        at: now,
    };
    Ok(Some(Candidate { decided: Decided { row, revealed }, new: found.new.take(), found, way: wanted.way }))
}

/// Counts what was decided, and records it.
async fn settle(gateway: &Gateway, account: &Account, way: &'static str, found: Found) {
    let answer = found.recorded(&gateway.env).await;
    count(gateway, account, way, &answer.decision.say);
    if answer.decision.because == Reason::Harvest {
        gateway.refused(way, "harvest");
    }
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
    Ok(connect(&decision, account.provider.settings().custody == Custody::Operator))
}

/// Rule Q5: whether a sender of this account stays without the new number that a communication of theirs went to. Who holds the
/// provider's own credentials could read it there; and who creates a call says what is heard in it, by a document whose own
/// addresses the provider then tells whom it has called.
fn connects_unseen(account: &Account, channel: Channel, way: &str) -> bool {
    account.provider.settings().custody == Custody::Operator && (channel, way) != (Channel::Call, "via")
}

/// Where it goes: what may only be forwarded stays unchanged where its sender would see the number.
fn connect(decision: &Decision, unseen: bool) -> Option<Address> {
    let connects = unseen || matches!(decision.say, Verdict::Moved(_));
    decision.connect.clone().filter(|_| connects)
}

fn count(gateway: &Gateway, account: &Account, way: &'static str, say: &Verdict) {
    let verdict = match say {
        Verdict::Current => "current",
        Verdict::Moved(_) => "moved",
        Verdict::NoResult => "no_result",
    };
    let queries = &gateway.metrics.queries;
    let asked = || metrics::Asked { way, verdict, account: account.name().to_owned() };
    if (way, verdict) == ("hook", "no_result") {
        account.no_results.get_or_init(|| queries.get_or_create_owned(&asked())).inc();
    } else {
        queries.get_or_create(&asked()).inc();
    }
}

pub(super) fn channel_word(channel: Channel) -> &'static str {
    match channel {
        Channel::Call => "call",
        Channel::Message => "message",
    }
}

/// Writes the rows. Durable on return (rule Q10).
pub(super) async fn write(gateway: &Gateway, rows: &[Substitution]) -> Result<(), StoreError> {
    write_with(gateway, rows, Vec::new()).await
}

/// Writes the rows, and what else goes with them.
pub(super) async fn write_with(gateway: &Gateway, rows: &[Substitution], more: Vec<Effect>) -> Result<(), StoreError> {
    let effects = rows.iter().cloned().map(Effect::Substituted).chain(more).collect();
    let begun = Instant::now();
    gateway.env.store.commit(Commit { effects, ..Commit::default() }).await?;
    gateway.metrics.took("query", "write", begun.elapsed());
    for row in rows {
        let kind = if &*row.channel == "call" { "call" } else { "message" };
        let label = metrics::OnAccount { account: row.account.to_string(), kind };
        gateway.metrics.substitutions.get_or_create(&label).inc();
    }
    Ok(())
}

/// Keeps the provider's ids that these rows have. Where that fails, reports still find their way by the reference; reads
/// would not be mapped back, so it is tried twice.
pub(super) async fn name(gateway: &Gateway, rows: impl Iterator<Item = &Substitution>) {
    let named: Vec<Substitution> = rows.filter(|row| row.foreign_id.is_some()).cloned().collect();
    for _ in 0..2 {
        match write_names(gateway, &named).await {
            Ok(()) => return,
            Err(error) => tracing::error!(%error, "a provider's id could not be kept"),
        }
    }
}

async fn write_names(gateway: &Gateway, named: &[Substitution]) -> Result<(), StoreError> {
    let store = &gateway.env.store;
    let commit = |rows: &[Substitution]| {
        let effect = |row: &Substitution| Some(Effect::SubstitutionNamed(row.id, row.foreign_id.clone()?));
        store.commit(Commit { effects: rows.iter().filter_map(effect).collect(), ..Commit::default() })
    };
    if named.len() > 1 {
        match commit(named).await {
            // One of them is gone: each by itself.
            Err(StoreError::Conflict) => {}
            other => return other.map(|_| ()),
        }
    }
    for row in named {
        let row = std::slice::from_ref(row);
        match commit(row).await {
            // Its owner was erased while the message was on its way.
            Err(StoreError::Conflict) if store.erased(row[0].owner).await?.is_some() => {
                erased_substitutions::named_late(&gateway.env, row).await?;
            }
            other => drop(other?),
        }
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
            gateway.failed_open(account, "store");
            T::default()
        }
        Err(_) => {
            let deadline_ms = account.deadline.as_millis();
            tracing::warn!(account = account.name(), deadline_ms, "goes on unchanged: too slow");
            gateway.failed_open(account, "deadline");
            T::default()
        }
    }
}

/// How long ago a substitution may be for a reply to be mapped back (rule Q5): the longest window of rule Q3.
pub(super) fn window(gateway: &Gateway) -> Duration {
    gateway.env.rules().windows.named
}
