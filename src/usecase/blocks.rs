//! The owner's deny list: on any identity of a viewer it beats every grant.

use super::{
    Env, card_link,
    write::{Actor, Plan, Refused, audited, fanout, read_owner},
};
use crate::{
    domain::{
        address::Address,
        group::Identity,
        id::{AppId, OwnerId},
        notice::Recipient,
        owner::Contact,
    },
    store::Effect,
};
use serde_json::json;

/// Most blocks of one owner.
const MOST_BLOCKS: usize = 1_000;

/// Reads an identity as it stands in a path: a phone number, an e-mail address, an owner's or an application's id.
pub fn parse(env: &Env, text: &str) -> Result<Identity, Refused> {
    if let Ok(id) = text.parse::<OwnerId>() {
        return Ok(Identity::Owner(id));
    }
    if let Ok(id) = text.parse::<AppId>() {
        return Ok(Identity::Application(id));
    }
    Address::parse(text, env.rules().region).map(Identity::Address).map_err(|_| {
        Refused::invalid(
            "/identity",
            "a phone number with its country code, an e-mail address, own_… or app_… is needed",
        )
    })
}

/// Everybody whom a contact stands for: whoever has one of its addresses, and the registered person that it is linked to, by
/// whatever number they have next.
pub fn identities(contact: &Contact) -> Vec<Identity> {
    let addresses = contact.addresses.iter().cloned().map(Identity::Address);
    addresses.chain(contact.linked.map(Identity::Owner)).collect()
}

/// Who is told of it: where a block is about one owner, that one; else everybody's view is looked at again.
fn about(identity: &Identity) -> Vec<Recipient> {
    match identity {
        Identity::Owner(id) => vec![Recipient::Owner(*id)],
        Identity::Address(_) | Identity::Application(_) => Vec::new(),
    }
}

fn detail(identity: &Identity) -> serde_json::Value {
    match identity {
        Identity::Address(address) => json!({"identity": address.to_string()}),
        other => json!({"identity": other.key()}),
    }
}

/// Blocks an identity, in silence.
pub async fn add(
    env: &Env,
    actor: &Actor,
    owner: OwnerId,
    version: Option<u64>,
    identity: &Identity,
) -> Result<Plan<()>, Refused> {
    let owner = read_owner(env, owner, version).await?;
    let blocks = env.store.blocks(owner.id).await?;
    let key: Box<str> = identity.key().into();
    if blocks.contains(&key) {
        return Ok(Plan::nothing(()));
    }
    if blocks.len() >= MOST_BLOCKS {
        return Err(Refused::Conflict(format!("an owner has at most {MOST_BLOCKS} blocks").into()));
    }
    let now = env.store.now().await?;
    let ended = match identity {
        Identity::Address(address) => Some(card_link::ended(owner.id, Some(address.key()))),
        // The card is shown to nobody who is blocked, by whatever identity.
        Identity::Owner(_) | Identity::Application(_) => None,
    };
    let mut effects = vec![
        Effect::Blocked(owner.id, key),
        fanout(env, owner.id, now, about(identity), true),
        audited(env, owner.id, &actor.by, now, "blocked", &detail(identity)),
    ];
    effects.extend(ended);
    Ok(Plan::on(&owner, effects, ()))
}

/// Ends a block; whoever may see something again learns it as a group says.
pub async fn remove(
    env: &Env,
    actor: &Actor,
    owner: OwnerId,
    version: Option<u64>,
    identity: &Identity,
) -> Result<Plan<()>, Refused> {
    let owner = read_owner(env, owner, version).await?;
    let key: Box<str> = identity.key().into();
    if !env.store.blocks(owner.id).await?.contains(&key) {
        return Ok(Plan::nothing(()));
    }
    let now = env.store.now().await?;
    let effects = vec![
        Effect::Unblocked(owner.id, key),
        fanout(env, owner.id, now, about(identity), false),
        audited(env, owner.id, &actor.by, now, "unblocked", &detail(identity)),
    ];
    Ok(Plan::on(&owner, effects, ()))
}
