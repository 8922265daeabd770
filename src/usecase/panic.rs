//! Panic (rule C7): one action ends forwarding and notices. It is ended by a request with a fresh proof, after its hold.

use super::{
    Env, app_passwords, card_link, sessions,
    write::{Actor, Plan, Refused, audited, read_owner},
};
use crate::{
    domain::{
        id::{OwnerId, SessionId},
        owner::Owner,
    },
    store::Effect,
};
use serde_json::json;

/// What the audit trail calls it.
pub(super) const PANICKED: &str = "panicked";

/// Ends everything at once, on every node: each question reads it from the store. Other devices are signed out, app
/// passwords and the links to the owner's card end for good. Said twice it counts once.
pub async fn panic(
    env: &Env,
    actor: &Actor,
    owner: OwnerId,
    session: Option<SessionId>,
) -> Result<Plan<Owner>, Refused> {
    let owner = read_owner(env, owner, None).await?;
    if owner.silenced {
        return Ok(Plan::nothing(owner));
    }
    let now = env.store.now().await?;
    let after = Owner { silenced: true, version: owner.version + 1, ..owner.clone() };
    let mut effects = vec![
        Effect::OwnerSet {
            id: after.id,
            language: after.language.clone(),
            profile: after.profile.clone(),
            claimed: after.claimed,
            silenced: true,
            revision: after.revision,
        },
        audited(env, owner.id, &actor.by, now, PANICKED, &json!({})),
        card_link::ended(owner.id, None),
    ];
    effects.extend(sessions::end_others(env, owner.id, session).await?);
    effects.extend(app_passwords::end_all(env, owner.id).await?);
    Ok(Plan::on(&owner, effects, after))
}
