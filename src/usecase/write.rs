//! How an action writes: it plans on facts, and [`perform`] carries the plan out in one commit.
//!
//! An action is a function from [`Env`] and its input to a [`Plan`]: it reads facts, decides, and lists effects. It writes
//! nothing. [`perform`] commits the plan, plans again where somebody else was faster, and meets repeats of one API
//! request with the first answer.

use super::Env;
use crate::{
    clock::Time,
    domain::{
        address::NotAnAddress,
        change::hold::Evidence,
        id::{AppId, AuditId, FanoutId, OwnerId},
        notice::Recipient,
        owner::Owner,
    },
    store::{Audit, Commit, Effect, Fanout, Once, StoreError},
};
use std::{borrow::Cow, time::Duration};

/// How often a plan is made again because somebody else changed the same owner meanwhile.
const TRIES: u32 = 12;

/// The longest pause before the second try; it doubles with each further one, up to 64 times this.
const PAUSE: Duration = Duration::from_millis(2);

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The API key that acts, or the operator's own application.
    pub app: AppId,
    /// For requests and the audit trail: the key's id, `cli`, `import`.
    pub by: Box<str>,
    /// Whether its word is a proof (rule C1).
    pub vouches: bool,
    /// What the owner who acts has shown.
    pub evidence: Vec<Evidence>,
    /// Whether it acts for the owner alone, by a session or a key of theirs, and not for the operator.
    pub of_owner: bool,
}

impl Actor {
    /// A key, by its id.
    pub fn key(app: AppId, vouches: bool) -> Self {
        Self { app, by: app.to_string().into(), vouches, evidence: Vec::new(), of_owner: false }
    }

    /// An owner, with what they have shown.
    pub fn person(evidence: Vec<Evidence>) -> Self {
        Self { app: AppId(0), by: "owner".into(), vouches: false, evidence, of_owner: true }
    }

    /// What follows by itself.
    pub fn system() -> Self {
        Self { app: AppId(0), by: "system".into(), vouches: false, evidence: Vec::new(), of_owner: false }
    }
}

/// A value in the input that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// JSON Pointer (RFC 6901) into the input.
    pub pointer: String,
    /// What was found and what would be right.
    pub detail: Cow<'static, str>,
}

impl Fault {
    /// At `pointer`, with a text for whoever sent it.
    pub fn at(pointer: impl Into<String>, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }

    /// An address that could not be read.
    pub fn address(pointer: impl Into<String>, why: &NotAnAddress) -> Self {
        Self::at(pointer, why.to_string())
    }
}

/// Why an action was not carried out. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// There is no such thing, or not for this caller.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// Values in the input cannot be used.
    #[error("{}", .0.first().map_or("the input cannot be used", |fault| &fault.detail))]
    Invalid(Vec<Fault>),
    /// Another owner holds a value (rule C9).
    #[error("another owner holds this value")]
    Taken,
    /// The version named by the caller is not the present one.
    #[error("it has been changed since it was read: version {present} is the present one")]
    Stale {
        /// The present version.
        present: u64,
    },
    /// It is in no state in which this can be done.
    #[error("{0}")]
    Conflict(Cow<'static, str>),
    /// A held change was delayed as often as it may be, and what was shown does not end it (rule C3).
    #[error("it was delayed as often as it may be; who proved it, or shows more than they did, can end it")]
    VetoSpent,
    /// The idempotency key came with another body before.
    #[error("the idempotency key was used with another body")]
    KeyReused,
    /// The code is wrong, or counts no longer, or never did: one answer.
    #[error("the code is wrong, or counts no longer")]
    WrongCode,
    /// There were too many of these; later there may be more.
    #[error("too many; try again later")]
    TooMany,
    /// The store failed, or others were faster every time.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refused {
    /// One value cannot be used.
    pub fn invalid(pointer: impl Into<String>, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::Invalid(vec![Fault::at(pointer, detail)])
    }
}

/// What is to be written, and what the caller is told when it was.
#[derive(Debug)]
pub struct Plan<T> {
    /// Versions and effects.
    pub commit: Commit,
    /// What came of it.
    pub outcome: T,
}

impl<T> Plan<T> {
    /// A plan that writes to one owner as it was read.
    pub fn on(owner: &Owner, effects: Vec<Effect>, outcome: T) -> Self {
        Self { commit: Commit { expect: vec![(owner.id, owner.version)], once: None, effects }, outcome }
    }

    /// A plan that leaves everything as it is.
    pub fn nothing(outcome: T) -> Self {
        Self { commit: Commit::default(), outcome }
    }
}

/// One API request that may come twice.
#[derive(Clone, Debug)]
pub struct Repeatable {
    /// The key that asks.
    pub caller: AppId,
    /// Method and path.
    pub path: Box<str>,
    /// The `Idempotency-Key` header.
    pub key: Box<str>,
    /// SHA-256 of the body.
    pub digest: [u8; 32],
}

/// What came of a plan.
#[derive(Debug, PartialEq, Eq)]
pub enum Performed<T> {
    /// It was carried out now.
    Done(T),
    /// It was carried out before, and this was answered.
    Before {
        /// The status.
        status: u16,
        /// The body.
        body: Box<str>,
    },
}

/// Makes the plan and commits it. `render` gives status and body of the answer, which a repeat meets again.
///
/// Where somebody else changed the same owner meanwhile, the plan is made again on the new facts, so a caller who
/// named a version learns that it is stale.
pub async fn perform<T, F>(
    env: &Env,
    once: Option<&Repeatable>,
    render: impl Fn(&T) -> (u16, String),
    plan: impl Fn() -> F,
) -> Result<Performed<T>, Refused>
where
    F: Future<Output = Result<Plan<T>, Refused>>,
{
    if let Some(before) = before(env, once).await? {
        return Ok(before);
    }
    let mut conflict = StoreError::Conflict;
    for attempt in 0..TRIES {
        pause(env, attempt).await;
        let Plan { mut commit, outcome } = plan().await?;
        commit.once = once.map(|asked| {
            let (status, body) = render(&outcome);
            Once {
                caller: asked.caller,
                path: asked.path.clone(),
                key: asked.key.clone(),
                digest: asked.digest,
                status,
                body: body.into(),
            }
        });
        if commit.effects.is_empty() && commit.once.is_none() {
            return Ok(Performed::Done(outcome));
        }
        // Whoever proves an address does not get what others had through it.
        let asleep = super::asleep::proved(env, &commit.effects).await?;
        commit.effects.extend(asleep);
        match env.store.commit(commit).await {
            Ok(_) => return Ok(Performed::Done(outcome)),
            // Taken: somebody proved the value between facts and commit; the next plan sees who.
            Err(error @ (StoreError::Conflict | StoreError::Taken(_))) => conflict = error,
            Err(StoreError::Repeated) => {
                return before(env, once).await?.ok_or(Refused::Store(StoreError::Conflict));
            }
            Err(other) => return Err(other.into()),
        }
    }
    match conflict {
        StoreError::Taken(_) => Err(Refused::Taken),
        other => Err(other.into()),
    }
}

/// Who lost a race waits for a random while, so that those who lost together do not meet again.
async fn pause(env: &Env, attempt: u32) {
    if attempt > 0 {
        let longest = PAUSE * (1 << (attempt - 1).min(6));
        let share = u32::try_from(env.random.bits() & 0xff).unwrap_or(0);
        tokio::time::sleep(longest * share / 256).await;
    }
}

/// Carries out a plan that no API request stands behind.
pub async fn carry_out<T, F>(env: &Env, plan: impl Fn() -> F) -> Result<T, Refused>
where
    F: Future<Output = Result<Plan<T>, Refused>>,
{
    match perform(env, None, |_| (0, String::new()), plan).await? {
        Performed::Done(outcome) => Ok(outcome),
        Performed::Before { .. } => unreachable!("only a repeatable request can have been answered before"),
    }
}

async fn before<T>(env: &Env, once: Option<&Repeatable>) -> Result<Option<Performed<T>>, Refused> {
    let Some(asked) = once else { return Ok(None) };
    let Some(found) = env.store.once(asked.caller, &asked.path, &asked.key).await? else { return Ok(None) };
    if found.digest != asked.digest {
        return Err(Refused::KeyReused);
    }
    Ok(Some(Performed::Before { status: found.status, body: found.body }))
}

/// The owner, where it exists and its version is the one that the caller named, if any.
pub async fn read_owner(env: &Env, id: OwnerId, version: Option<u64>) -> Result<Owner, Refused> {
    let owner = env.store.owner(id).await?.ok_or(Refused::NotFound("owner"))?;
    match version {
        Some(named) if named != owner.version => Err(Refused::Stale { present: owner.version }),
        _ => Ok(owner),
    }
}

/// A line of the audit trail: what `by` did.
pub fn audited(env: &Env, owner: OwnerId, by: &str, at: Time, what: &str, detail: &serde_json::Value) -> Effect {
    Effect::Audited(Audit {
        id: AuditId::fresh(at, &*env.random),
        owner,
        at,
        by: by.into(),
        what: what.into(),
        detail: detail.to_string().into(),
    })
}

/// What is to be told because of this write (rule N2): everybody in a group, or `only` these.
pub fn fanout(env: &Env, owner: OwnerId, at: Time, only: Vec<Recipient>, silent: bool) -> Effect {
    Effect::FanoutDue(Fanout { id: FanoutId::fresh(at, &*env.random), owner, at, only, silent, cursor: None })
}
