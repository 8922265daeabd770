//! A push message to all of a person's devices.
//!
//! Nobody knows which of them is at hand, so each gets it; the notice is told when the first one has it. The others are
//! written to once: a copy that fails is no reason to disturb the rest again.

use super::{
    Post,
    outcome::{Ended, attempt_ended, commit, fenced, set},
    plan::Plan,
};
use crate::{
    domain::{
        notice::{Attempt, AttemptOutcome, NoticeState},
        owner::Channel,
    },
    store::{Claimed, Effect, Result},
    transport::delivery::Delivery,
    usecase::Env,
};
use tokio_util::sync::CancellationToken;

/// Sends the rest their copies where `attempt` was a push message that was taken, or may have been; the end of the
/// notice, where it was taken by any.
///
/// What was taken is written first, so that a crash in between loses nothing and repeats nothing.
pub(super) async fn follow(
    env: &Env,
    post: &Post,
    claimed: &Claimed,
    plan: &mut Plan,
    (attempt, delivery): (&Attempt, &Delivery),
    stop: &CancellationToken,
) -> Result<Option<Ended>> {
    let sent = delivery.outcome == AttemptOutcome::Sent;
    if attempt.channel != Channel::Push || !(sent || delivery.outcome == AttemptOutcome::Unknown) {
        return Ok(None);
    }
    let told = Effect::ShownTo(plan.shown.clone());
    let mut effects = attempt_ended(env, plan, attempt, delivery, delivery.outcome).await?;
    effects.extend(sent.then(|| told.clone()));
    commit(env, effects).await?;
    let chosen = plan.chosen.clone();
    let taken = each(env, post, claimed, plan, stop).await?;
    plan.chosen = chosen;
    if !(sent || taken) {
        return Ok(None);
    }
    let last = plan.attempts.last().map_or(attempt.number, |last| last.number);
    let mut effects: Vec<Effect> = (!sent).then_some(told).into_iter().collect();
    effects.push(set(claimed, NoticeState::Sent, claimed.notice.due, last, ""));
    fenced(env, effects, Ended::Sent).await.map(Some)
}

/// Whether one of the others took it.
async fn each(env: &Env, post: &Post, claimed: &Claimed, plan: &mut Plan, stop: &CancellationToken) -> Result<bool> {
    let mut taken = false;
    while !stop.is_cancelled() && plan.choose_copy(env, post, claimed).await? {
        // Not where the claim is lost: who has it now goes on.
        let Some(attempt) = plan.begin(env, claimed).await? else { break };
        let delivery = post.governor.timed("provider", plan.deliver(&attempt)).await;
        plan.ended(&delivery, attempt.at);
        let effects = attempt_ended(env, plan, &attempt, &delivery, delivery.outcome).await?;
        commit(env, effects).await?;
        taken |= delivery.outcome == AttemptOutcome::Sent;
    }
    Ok(taken)
}
