//! Is this still how to reach them? (rules Q1 to Q13)

use super::{
    Env,
    harvest::{self, Asker},
};
use crate::{
    clock::Time,
    domain::{
        address::{Address, Kind},
        group::{Identity, Viewer},
        id::{GroupId, OwnerId, PointId, QueryId},
        identity_bound::Bound,
        name,
        query::{self, Decision, Holder, Query, Reason, Verdict},
        target::Targets,
    },
    store::{QueryRecord, StoreError},
};

/// A question as a way in has read it.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// The address asked for, normalised.
    pub to: Address,
    /// The name that the asker has for it, as written.
    pub name: Option<&'a str>,
    /// Who asks.
    pub viewer: Viewer,
    /// Who sends or calls, where that is an address.
    pub sender: Option<Address>,
    /// Why it counts as a one-time code or the like, where it does (rule Q8).
    pub identity_bound: Option<Bound>,
    /// What the account allows (rule Q12).
    pub targets: &'a Targets,
    /// Whose new numbers are counted; none where the operator asks.
    pub asker: Option<Asker>,
    /// For the record: `hook:NAME`, `via:NAME`, `api:KEY`, `cli`.
    pub way: &'a str,
}

/// What was decided.
#[derive(Clone, Debug)]
pub struct Answer {
    /// By which `explain` finds it; recorded only where an owner was met.
    pub id: QueryId,
    /// The two halves.
    pub decision: Decision,
    /// The owner that the rule was about.
    pub met: Option<Met>,
}

/// The owner that a query met, as far as it matters for the answer.
#[derive(Clone, Debug)]
pub struct Met {
    /// Who.
    pub owner: OwnerId,
    /// Which point.
    pub point: PointId,
    /// The shown name.
    pub name: Box<str>,
    /// Since when the value asked for is no longer theirs.
    pub since: Option<Time>,
    /// The owner's revision.
    pub revision: u64,
    /// The groups that gave the viewer's rights.
    pub groups: Vec<GroupId>,
}

/// Whether anything at all is to be asked about this address: memory only, so that a number that never moved costs
/// no table (design section 8).
pub fn may_have_moved(env: &Env, to: &Address) -> bool {
    env.store.may_be_former(to.key())
}

/// Answers one question and records it where it met an owner (rules Q2 to Q13).
pub async fn resolve(env: &Env, ask: Ask<'_>) -> Result<Answer, StoreError> {
    let now = env.clock.now();
    let id = QueryId::fresh(now, &*env.random);
    let named = ask.name.and_then(name::key);
    // With a name, stated or in the book of a viewer who is an owner, the answer can be `current`; without one nothing
    // but `no_result` can come of a number that is no former one.
    let has_book = ask.viewer.proved.iter().any(|identity| matches!(identity, Identity::Owner(_)));
    if named.is_none() && !has_book && !may_have_moved(env, &ask.to) {
        return Ok(Answer { id, decision: unmet(), met: None });
    }
    let facts = env.store.facts(ask.to.key(), &ask.viewer).await?;
    let question = Query { to: ask.to, name: named, identity_bound: ask.identity_bound.is_some(), sender: ask.sender };
    let decision = query::decide(&question, &facts, &env.rules().windows, ask.targets, now);
    let decision = bounded(env, ask.asker.as_ref(), &question.to, decision, now).await?;
    let met = decision.holder.and_then(|at| facts.holders.get(at)).map(met);
    let answer = Answer { id, decision, met };
    let detail = ask.identity_bound.filter(|_| answer.decision.because == Reason::IdentityBound);
    let detail = detail.map(|bound| bound.to_string()).unwrap_or_default();
    record(env, &answer, &question.to, &ask.viewer, ask.way, detail, now).await;
    Ok(answer)
}

/// Answers a question that has only a name (last part of rule Q2): where is this person reached by phone or e-mail?
pub async fn resolve_name(
    env: &Env,
    written: &str,
    kind: Kind,
    viewer: &Viewer,
    asker: Option<&Asker>,
    way: &str,
) -> Result<Answer, StoreError> {
    let now = env.clock.now();
    let id = QueryId::fresh(now, &*env.random);
    let Some(key) = name::key(written) else { return Ok(Answer { id, decision: unmet(), met: None }) };
    let found = env.store.facts_by_name(&key, viewer).await?;
    let mut decision = query::decide_by_name(&found, kind);
    if let Verdict::Moved(value) = &decision.say {
        let value = value.clone();
        decision = bounded(env, asker, &value, decision, now).await?;
    }
    let holder = decision.holder.and_then(|at| found.get(at));
    let answer = Answer { id, met: holder.map(met), decision };
    if let Some(asked) = holder.and_then(|holder| holder.current.clone()) {
        record(env, &answer, &asked, viewer, way, String::new(), now).await;
    }
    Ok(answer)
}

/// The decision, or `no_result` and an alarm where the asker has had its share of the day (rule Q13).
async fn bounded(
    env: &Env,
    asker: Option<&Asker>,
    number: &Address,
    decision: Decision,
    now: Time,
) -> Result<Decision, StoreError> {
    let Some(asker) = asker.filter(|asker| decision.gives(asker.connects)) else { return Ok(decision) };
    if harvest::admits(env, asker, number, now).await? {
        return Ok(decision);
    }
    tracing::warn!(app = %asker.app, most = asker.most, "more new numbers were asked for than one asker may learn in a day");
    Ok(decision.harvested())
}

fn unmet() -> Decision {
    Decision { connect: None, say: Verdict::NoResult, because: Reason::NeverHeld, holder: None }
}

fn met(holder: &Holder) -> Met {
    Met {
        owner: holder.owner,
        point: holder.point,
        name: holder.name.clone(),
        since: holder.until,
        revision: holder.revision,
        groups: holder.groups.clone(),
    }
}

async fn record(env: &Env, answer: &Answer, asked: &Address, viewer: &Viewer, way: &str, detail: String, now: Time) {
    let Some(met) = &answer.met else { return };
    let told = answer.decision.say != Verdict::NoResult;
    let connected = answer.decision.connect.is_some();
    // Who was refused is counted, not named (rule Q10).
    let identity = viewer.proved.first().or(viewer.claimed.as_ref()).filter(|_| told || connected);
    env.records
        .record(QueryRecord {
            id: answer.id,
            owner: met.owner,
            at: now,
            way: way.into(),
            asked: Some(asked.clone()),
            viewer: identity.map(|identity| identity.key().into()).unwrap_or_default(),
            because: answer.decision.because,
            detail: detail.into(),
            told,
            connected,
            revision: met.revision,
            groups: met.groups.clone(),
        })
        .await;
}
