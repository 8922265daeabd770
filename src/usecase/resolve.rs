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

/// What was decided, of which nothing is written yet: neither that the asker got at a number that is new to it, nor that
/// it asked.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) answer: Answer,
    /// The number, where the asker gets at one that is new to it (rule Q13). To be counted before the answer leaves.
    pub(super) new: Option<harvest::New>,
    /// None: there is nothing to record.
    asked: Option<Address>,
    viewer: Option<String>,
    way: Box<str>,
    detail: Box<str>,
    at: Time,
}

impl Found {
    fn nothing(env: &Env, viewer: &Viewer, way: &str) -> Self {
        let at = env.clock.now();
        let decision = Decision { connect: None, say: Verdict::NoResult, because: Reason::NeverHeld, holder: None };
        Self {
            answer: Answer { id: QueryId::fresh(at, &*env.random), decision, met: None },
            new: None,
            asked: None,
            // The nearest of them: whom a key speaks for rather than the key, which the way names.
            viewer: viewer.proved.last().or(viewer.claimed.as_ref()).map(Identity::key),
            way: way.into(),
            detail: Box::default(),
            at,
        }
    }

    fn decided(&mut self, decision: Decision, holders: &[Holder]) {
        self.answer.met = decision.holder.and_then(|at| holders.get(at)).map(met);
        self.answer.decision = decision;
    }

    /// The asker has had its share of the day (rule Q13): `no_result`, and an alarm.
    pub(super) fn harvested(&mut self) {
        tracing::warn!(way = &*self.way, "more new numbers were asked for than one asker may learn in a day");
        let Decision { holder, .. } = self.answer.decision;
        self.answer.decision = Decision::harvested(holder);
    }

    /// Records it where it met an owner.
    pub(super) async fn recorded(self, env: &Env) -> Answer {
        let (Some(met), Some(asked)) = (&self.answer.met, self.asked) else { return self.answer };
        let decision = &self.answer.decision;
        let (told, connected) = (decision.say != Verdict::NoResult, decision.connect.is_some());
        // Who was refused is counted, not named (rule Q10).
        let viewer = self.viewer.filter(|_| told || connected).unwrap_or_default().into();
        let record = QueryRecord {
            id: self.answer.id,
            owner: met.owner,
            at: self.at,
            way: self.way,
            asked: Some(asked),
            viewer,
            because: decision.because,
            detail: self.detail,
            told,
            connected,
            revision: met.revision,
            groups: met.groups.clone(),
        };
        env.records.record(record).await;
        self.answer
    }

    /// Counts the number where that is to be done, and records it.
    pub(super) async fn settled(mut self, env: &Env) -> Result<Answer, StoreError> {
        if let Some(new) = self.new.take()
            && !harvest::admits(env, &new).await?
        {
            self.harvested();
        }
        Ok(self.recorded(env).await)
    }
}

/// Answers one question and records it where it met an owner (rules Q2 to Q13).
pub async fn resolve(env: &Env, ask: Ask<'_>) -> Result<Answer, StoreError> {
    find(env, ask).await?.settled(env).await
}

/// Answers one question.
pub(super) async fn find(env: &Env, ask: Ask<'_>) -> Result<Found, StoreError> {
    let mut found = Found::nothing(env, &ask.viewer, ask.way);
    let named = ask.name.and_then(name::key);
    // With a name, stated or in the book of a viewer who is an owner, the answer can be `current`; without one nothing
    // but `no_result` can come of a number that is no former one.
    let has_book = ask.viewer.proved.iter().any(|identity| matches!(identity, Identity::Owner(_)));
    if named.is_none() && !has_book && !may_have_moved(env, &ask.to) {
        return Ok(found);
    }
    // Both at once, so that they are read together.
    let facts = env.store.facts(ask.to.key(), &ask.viewer);
    let (facts, new) = tokio::try_join!(facts, harvest::new(env, ask.asker.as_ref(), &ask.to, found.at))?;
    let question = Query { to: ask.to, name: named, identity_bound: ask.identity_bound.is_some(), sender: ask.sender };
    let decision = query::decide(&question, &facts, &env.rules().windows, ask.targets, found.at);
    let detail = ask.identity_bound.filter(|_| decision.because == Reason::IdentityBound);
    found.detail = detail.map(|bound| bound.to_string()).unwrap_or_default().into();
    found.new = new.filter(|_| ask.asker.is_some_and(|asker| decision.gives(asker.connects)));
    found.asked = Some(question.to);
    found.decided(decision, &facts.holders);
    Ok(found)
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
    let mut found = Found::nothing(env, viewer, way);
    let Some(key) = name::key(written) else { return Ok(found.answer) };
    let bearers = env.store.facts_by_name(&key, viewer).await?;
    let decision = query::decide_by_name(&bearers, kind);
    if let Verdict::Moved(value) = &decision.say {
        found.new = harvest::new(env, asker, value, found.at).await?;
    }
    found.asked = decision.holder.and_then(|at| bearers.get(at)?.current.clone());
    found.decided(decision, &bearers);
    found.settled(env).await
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
