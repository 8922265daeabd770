//! How a notice ends for now, written with its fence.

use super::{
    Post,
    attempt::lost,
    plan::{Plan, Settling},
    told::told_as,
    way::impatient,
};
use crate::{
    clock::Time,
    domain::{
        id::NoticeId,
        notice::{Attempt, AttemptOutcome, Notice, NoticeState, Seen, Shown},
        owner::Channel,
        schedule::retry_at,
    },
    store::{Claimed, Commit, Effect, Result, StoreError},
    transport::delivery::Delivery,
    usecase::{Env, devices, receipts},
};
use std::time::Duration;

/// How a claimed notice ended for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ended {
    /// The far end took it, or the ledger is the delivery.
    Sent,
    /// There was nothing to tell, or nobody to tell it to.
    Empty,
    /// It may have been sent, and waits for a receipt.
    Unknown,
    /// Given up.
    Dead,
    /// Open for another try.
    Later,
    /// Put off without a try: quiet hours, a rate, an account that is left alone.
    Deferred,
    /// Given back: the process stops, or another notice is on its way to the same address.
    Released,
    /// The lease ran out before, and somebody else has it.
    Lost,
}

impl Ended {
    /// As it is counted.
    pub fn word(self) -> &'static str {
        match self {
            Ended::Sent => "sent",
            Ended::Empty => "empty",
            Ended::Unknown => "unknown",
            Ended::Dead => "dead",
            Ended::Later => "later",
            Ended::Deferred => "deferred",
            Ended::Released => "released",
            Ended::Lost => "lost",
        }
    }
}

fn ended(state: NoticeState) -> Ended {
    match state {
        NoticeState::Open => Ended::Later,
        NoticeState::Sent => Ended::Sent,
        NoticeState::Empty | NoticeState::Replayed => Ended::Empty,
        NoticeState::Unknown => Ended::Unknown,
        NoticeState::Dead => Ended::Dead,
    }
}

/// How long a notice rests that may not be sent now for a reason that passes; costs no attempt.
const PAUSE: Duration = Duration::from_hours(1);

/// Settles without a request.
pub(super) async fn settle(env: &Env, claimed: &Claimed, settling: Settling) -> Result<Ended> {
    let mut effects: Vec<Effect> = settling.dangling.map(|number| lost(claimed, number)).into_iter().collect();
    effects.extend(settling.shown.map(Effect::ShownTo));
    let attempts = claimed.notice.attempts;
    let (due, how) = match (settling.state, settling.due) {
        (NoticeState::Open, Some(due)) => (due, Ended::Deferred),
        (NoticeState::Open, None) => (env.store.now().await?.after(PAUSE), Ended::Later),
        (state, _) => (claimed.notice.due, ended(state)),
    };
    effects.push(set(claimed, settling.state, due, attempts, &settling.reason));
    if settling.state == NoticeState::Open && settling.due.is_none() {
        // The owner's own wish: what they want told after it is not late.
        effects.push(Effect::NoticeDue(Notice { due, since: due, ..claimed.notice.clone() }));
    }
    fenced(env, effects, how).await
}

/// Gives the claim back at no cost, since the process stops.
pub(super) async fn release(env: &Env, claimed: &Claimed, dangling: Option<u32>) -> Result<Ended> {
    let mut effects: Vec<Effect> = dangling.map(|number| lost(claimed, number)).into_iter().collect();
    let notice = &claimed.notice;
    effects.push(set(claimed, NoticeState::Open, notice.due, notice.attempts, &notice.reason));
    fenced(env, effects, Ended::Released).await
}

/// The attempt could not begin: the claim is lost, or another notice is on its way to this address. That one is waited
/// for, a little differently each time, and then there may be nothing left to tell.
pub(super) async fn busy(env: &Env, claimed: &Claimed) -> Result<Ended> {
    let wait = Duration::from_millis(500 + u64::try_from(env.random.bits() & 0x7ff).unwrap_or(0));
    let due = env.store.now().await?.after(wait);
    let reason = "another notice is on its way to the same address";
    let effect = set(claimed, NoticeState::Open, due, claimed.notice.attempts, reason);
    fenced(env, vec![effect], Ended::Released).await
}

/// Ends an attempt before anything left, since the same was told at its address just before it began.
pub(super) async fn withdraw(
    env: &Env,
    claimed: &Claimed,
    plan: &Plan,
    attempt: &Attempt,
    other: &str,
) -> Result<Ended> {
    let reason = told_as(other);
    let effects = vec![
        Effect::AttemptEnded {
            notice: attempt.notice,
            number: attempt.number,
            outcome: AttemptOutcome::Never,
            foreign_id: None,
            detail: "not sent: told already".into(),
        },
        Effect::ShownTo(plan.shown.clone()),
        set(claimed, NoticeState::Empty, claimed.notice.due, claimed.notice.attempts, &reason),
    ];
    fenced(env, effects, Ended::Empty).await
}

/// Writes what became of an attempt; `None` where the next way is to be tried.
pub(super) async fn record(
    env: &Env,
    post: &Post,
    claimed: &Claimed,
    plan: &mut Plan,
    attempt: &Attempt,
    delivery: &Delivery,
) -> Result<Option<Ended>> {
    let outcome = said(env, post, claimed, plan, attempt, delivery).await?;
    let end = attempt_ended(env, plan, attempt, delivery, outcome).await?;
    let (shown, state, due, reason) = match outcome {
        AttemptOutcome::Sent => (Some(plan.shown.clone()), NoticeState::Sent, claimed.notice.due, String::new()),
        AttemptOutcome::Never => {
            commit(env, end).await?;
            return Ok(None);
        }
        AttemptOutcome::Unknown if !plan.repeatable() => {
            let perhaps = perhaps(plan);
            let reason = format!("no answer came, waits for a receipt: {}", delivery.detail);
            (Some(perhaps), NoticeState::Unknown, claimed.notice.due, reason)
        }
        AttemptOutcome::TryAgain if plan.fail_over(post) => {
            commit(env, end).await?;
            return Ok(None);
        }
        AttemptOutcome::TryAgain | AttemptOutcome::Unknown => {
            later(env, post, plan, attempt, delivery, env.store.now().await?)
        }
    };
    let mut effects = end;
    effects.extend(shown.map(Effect::ShownTo));
    let evidence = effects.clone();
    effects.push(set(claimed, state, due, attempt.number, &reason));
    if state == NoticeState::Sent && plan.left_out {
        effects.push(rest(env, claimed).await?);
    }
    match fenced(env, effects, ended(state)).await? {
        Ended::Lost => {
            // Too late to settle it, but what is known of the message stays true.
            commit(env, evidence).await?;
            Ok(Some(Ended::Lost))
        }
        ended => Ok(Some(ended)),
    }
}

/// What the end of an attempt means: a push message that is not taken in a while never is, for there are other channels.
async fn said(
    env: &Env,
    post: &Post,
    claimed: &Claimed,
    plan: &Plan,
    attempt: &Attempt,
    delivery: &Delivery,
) -> Result<AttemptOutcome> {
    if attempt.channel != Channel::Push || delivery.outcome != AttemptOutcome::TryAgain || plan.bound.is_some() {
        return Ok(delivery.outcome);
    }
    let (_, state, due, _) = later(env, post, plan, attempt, delivery, env.store.now().await?);
    let over = state == NoticeState::Dead || impatient(claimed, due);
    Ok(if over { AttemptOutcome::Never } else { delivery.outcome })
}

/// The end of an attempt, noted in the plan, as effects.
pub(super) async fn attempt_ended(
    env: &Env,
    plan: &mut Plan,
    attempt: &Attempt,
    delivery: &Delivery,
    outcome: AttemptOutcome,
) -> Result<Vec<Effect>> {
    if let Some(noted) = plan.attempts.iter_mut().find(|one| one.number == attempt.number) {
        noted.outcome = Some(outcome);
        noted.detail.clone_from(&delivery.detail);
    }
    let mut effects = vec![Effect::AttemptEnded {
        notice: attempt.notice,
        number: attempt.number,
        outcome,
        foreign_id: delivery.foreign_id.clone(),
        detail: delivery.detail.clone(),
    }];
    let way = format!("reply:{}:{}", attempt.account, delivery.detail.split(' ').next().unwrap_or_default());
    let now = env.store.now().await?;
    if attempt.channel == Channel::Push && delivery.dead {
        let known = delivery.gone_since.unwrap_or(attempt.at);
        effects.extend(devices::gone(env, &attempt.address, &way, now, known).await?);
    } else {
        let flags = (delivery.dead, delivery.stopped);
        effects.extend(receipts::flagged(env, attempt, flags, &way, now).await?);
    }
    Ok(effects)
}

/// What the text had no room for is told by a message of its own, after whatever else changes meanwhile.
async fn rest(env: &Env, claimed: &Claimed) -> Result<Effect> {
    let now = env.store.now().await?;
    let due = now.after(env.rules().debounce);
    Ok(Effect::NoticeDue(Notice {
        id: NoticeId::fresh(now, &*env.random),
        due,
        since: due,
        attempts: 0,
        reason: format!("what the message of {} had no room for", claimed.notice.id).into(),
        ..claimed.notice.clone()
    }))
}

/// No account took it, and none is left that could be asked at once: another try, or the end of them. `delivery` is how
/// the last attempt ended, which is written already.
pub(super) async fn again(
    env: &Env,
    post: &Post,
    claimed: &Claimed,
    plan: &Plan,
    attempt: &Attempt,
    delivery: &Delivery,
) -> Result<Ended> {
    let (shown, state, due, reason) = later(env, post, plan, attempt, delivery, env.store.now().await?);
    let mut effects: Vec<Effect> = shown.map(Effect::ShownTo).into_iter().collect();
    effects.push(set(claimed, state, due, attempt.number, &reason));
    fenced(env, effects, ended(state)).await
}

/// Another try, or the end of them.
fn later(
    env: &Env,
    post: &Post,
    plan: &Plan,
    attempt: &Attempt,
    delivery: &Delivery,
    now: Time,
) -> (Option<Shown>, NoticeState, Time, String) {
    let bits = u64::try_from(env.random.bits() & u128::from(u64::MAX)).unwrap_or(0);
    // Each round may have asked several accounts; the waits are between rounds.
    let ended = |one: &Attempt| one.outcome.is_some() || one.number == attempt.number;
    let same = |one: &&Attempt| one.account == attempt.account && ended(one);
    // An account asks many devices of one person, each of them has its own waits.
    let here = |one: &&Attempt| attempt.channel != Channel::Push || one.address == attempt.address;
    let rounds = plan.attempts.iter().filter(same).filter(here).count();
    let rounds = u32::try_from(rounds).unwrap_or(u32::MAX);
    match retry_at(&post.backoff, rounds, delivery.retry_after, now, bits) {
        Some(due) => (None, NoticeState::Open, due, delivery.detail.to_string()),
        None if delivery.outcome == AttemptOutcome::Unknown => (
            Some(perhaps(plan)),
            NoticeState::Unknown,
            now,
            format!("no answer came, the last time: {}", delivery.detail),
        ),
        None => (None, NoticeState::Dead, now, format!("given up after {} tries: {}", attempt.number, delivery.detail)),
    }
}

/// The ledger's row where nobody knows whether the message arrived.
pub(super) fn perhaps(plan: &Plan) -> Shown {
    let told = Seen::from_json(&plan.shown.card).map(Box::new);
    Shown { card: Seen { perhaps: told, ..plan.before.clone() }.to_json(), ..plan.shown.clone() }
}

pub(super) fn set(claimed: &Claimed, state: NoticeState, due: Time, attempts: u32, reason: &str) -> Effect {
    Effect::NoticeSet {
        id: claimed.notice.id,
        fence: claimed.fence,
        seen: claimed.notice.due,
        state,
        due,
        attempts,
        reason: reason.into(),
    }
}

pub(super) async fn fenced(env: &Env, effects: Vec<Effect>, ended: Ended) -> Result<Ended> {
    match commit(env, effects).await {
        Ok(()) => Ok(ended),
        Err(StoreError::Conflict) => Ok(Ended::Lost),
        Err(error) => Err(error),
    }
}

/// What was sent must be written: a store that is away for a moment is asked again.
pub(super) async fn commit(env: &Env, effects: Vec<Effect>) -> Result<()> {
    const WAITS: [Duration; 4] =
        [Duration::from_millis(50), Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(3)];
    for wait in WAITS {
        match env.store.commit(Commit { effects: effects.clone(), ..Commit::default() }).await {
            Err(StoreError::Unavailable(error)) => {
                tracing::warn!(%error, "the outcome of a notice could not be written yet");
                tokio::time::sleep(wait).await;
            }
            other => return other.map(|_| ()),
        }
    }
    env.store.commit(Commit { effects, ..Commit::default() }).await.map(|_| ())
}
