//! Erasure (rule C7): everything of an owner goes, at once and for good.
//!
//! By one commit, from every table and index, the queue and what was answered; filters in memory forget the numbers as they
//! are rebuilt. What stays is told in `docs/record-and-erasure.md`: the hashes of the audit trail with one line that says
//! who erased it, that there was an owner of this id, as keyed hashes which addresses take no messages, and what
//! `erased_substitutions` tells.

use super::{
    Env, erased_substitutions,
    requests::Decided,
    write::{Actor, Plan, Refused, audited, read_owner},
};
use crate::{
    clock::Time,
    domain::{
        change::{Request, RequestState},
        id::OwnerId,
        owner::Owner,
    },
    store::{Effect, OfErasure, StoreError},
};
use serde_json::json;

/// What would go, or has gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erased {
    /// Whose.
    pub owner: OwnerId,
    /// Rows by what they are.
    pub holdings: Vec<(&'static str, u64)>,
}

/// What would go.
pub async fn listed(env: &Env, owner: OwnerId) -> Result<Erased, Refused> {
    let owner = read_owner(env, owner, None).await?;
    Ok(Erased { owner: owner.id, holdings: env.store.holdings(owner.id).await? })
}

/// Everything goes, by the word of somebody who acts for the operator. An owner asks for it by a request, with a proof of
/// its own and a hold.
pub async fn erase(env: &Env, actor: &Actor, owner: OwnerId, version: Option<u64>) -> Result<Plan<Erased>, Refused> {
    let owner = read_owner(env, owner, version).await?;
    let holdings = env.store.holdings(owner.id).await?;
    let now = env.store.now().await?;
    // What was asked of the owner meanwhile is not written after them.
    env.records.flush().await;
    Ok(Plan::on(&owner, effects(env, actor, owner.id, now).await?, Erased { owner: owner.id, holdings }))
}

async fn effects(env: &Env, actor: &Actor, owner: OwnerId, now: Time) -> Result<Vec<Effect>, StoreError> {
    let (mut effects, read) = erased_substitutions::sealed(env, owner, now).await?;
    effects.extend([
        Effect::OfErasure(OfErasure::Owner { owner, at: now, read }),
        audited(env, owner, &actor.by, now, super::audit_trail::ERASED, &json!({})),
        // Contacts of others who are linked to this owner are no longer.
        Effect::LinkingDue { owner, at: now },
    ]);
    Ok(effects)
}

/// The end of a request that wants it.
pub(super) async fn decided(
    env: &Env,
    actor: &Actor,
    owner: Owner,
    request: Request,
    now: Time,
) -> Result<Plan<Decided>, Refused> {
    env.records.flush().await;
    let request = Request { state: RequestState::Accepted, decided: Some(now), due: None, ..request };
    let effects = effects(env, actor, owner.id, now).await?;
    Ok(Plan::on(&owner, effects, Decided { request, owner: owner.clone() }))
}
