//! Addresses that take no more messages (rule Q9), as an operator's system states them.

use super::{
    Env,
    write::{Actor, Plan, Refused},
};
use crate::{
    domain::{address::Address, id::OwnerId},
    store::{Commit, Effect, OptOut},
};

/// What is said of an address, newest word last.
pub async fn read(env: &Env, address: &Address) -> Result<Vec<OptOut>, Refused> {
    Ok(env.store.opt_outs(&[address.key().into()]).await?)
}

/// Ends messages to an address, from `owner` alone or from everybody. Said twice it counts once.
pub async fn add(env: &Env, actor: &Actor, address: &Address, owner: Option<OwnerId>) -> Result<Plan<OptOut>, Refused> {
    known(env, owner).await?;
    let same = |said: &OptOut| said.owner == owner;
    if let Some(said) = read(env, address).await?.into_iter().find(same) {
        return Ok(Plan::nothing(said));
    }
    let at = env.store.now().await?;
    let way = format!("api:{}", actor.by).into();
    let said = OptOut { address: address.clone(), owner, at, way };
    let commit = Commit { effects: vec![Effect::OptedOut(said.clone())], ..Commit::default() };
    Ok(Plan { commit, outcome: said })
}

/// Lets an address have messages again; without an owner from everybody, whatever was said before.
pub async fn remove(env: &Env, address: &Address, owner: Option<OwnerId>) -> Result<Plan<()>, Refused> {
    known(env, owner).await?;
    let effects = vec![Effect::OptedIn { key: address.key().into(), owner }];
    Ok(Plan { commit: Commit { effects, ..Commit::default() }, outcome: () })
}

async fn known(env: &Env, owner: Option<OwnerId>) -> Result<(), Refused> {
    match owner {
        Some(id) if env.store.owner(id).await?.is_none() => Err(Refused::NotFound("owner")),
        _ => Ok(()),
    }
}
