//! What an account says of an attempt whose process died while it was on its way (rule N3).

use super::{Post, attempt::reference};
use crate::{
    clock::Time,
    domain::notice::{Attempt, AttemptOutcome, Shown},
    store::{Commit, Effect, Result, StoreError},
    transport::delivery::Delivery,
    usecase::Env,
};

/// What is known of it then.
pub(super) enum Asked {
    /// It was sent, or may be tried again.
    Found(Delivery),
    /// It is too early: what is under way may still arrive.
    Later(Time),
    /// Nothing.
    Nothing,
}

/// Asks the attempt's account. One that takes a repeat of the same text as one message is not asked: it is repeated.
pub(super) async fn ask(env: &Env, post: &Post, attempt: &Attempt, now: Time) -> Result<Asked> {
    let of_attempt = post.carriers.iter().map(|(_, carrier)| carrier).find(|one| *one.name() == *attempt.account);
    let Some(carrier) = of_attempt.filter(|carrier| carrier.repeatable_for().is_none()) else {
        return Ok(Asked::Nothing);
    };
    let Some(wait) = carrier.asked_after() else { return Ok(Asked::Nothing) };
    let due = attempt.at.after(wait);
    if due > now {
        return Ok(Asked::Later(due));
    }
    let found = carrier.look_up(&attempt.address, &reference(attempt, ""), env.store.now().await?).await;
    Ok(found.map_or(Asked::Nothing, Asked::Found))
}

/// Writes the end of the attempt, and what it told where it was sent.
pub(super) async fn write(env: &Env, attempt: &Attempt, delivery: &Delivery, told: Shown) -> Result<()> {
    let mut effects = vec![Effect::AttemptEnded {
        notice: attempt.notice,
        number: attempt.number,
        outcome: delivery.outcome,
        foreign_id: delivery.foreign_id.clone(),
        detail: format!("the process ended while it was under way; {}", delivery.detail).into(),
    }];
    effects.extend((delivery.outcome == AttemptOutcome::Sent).then_some(Effect::ShownTo(told)));
    match env.store.commit(Commit { effects, ..Commit::default() }).await {
        // Somebody else wrote it meanwhile.
        Ok(_) | Err(StoreError::Conflict) => Ok(()),
        Err(error) => Err(error),
    }
}
