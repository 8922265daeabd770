//! App passwords: secrets that an owner makes for a phone's contacts app or a program of their own (rule C1).
//!
//! They are API keys that act for one owner and have no other scopes than `carddav` and `api`. What they do is no proof.

use super::{
    Env, keys,
    keys::{NewKey, Scope, Secret},
    write::{Plan, Refused},
};
use crate::{
    domain::id::{AppId, OwnerId},
    store::{Admitted, ApiKey, Commit, Effect},
};
use std::time::Duration;

/// Most that an owner may have at once.
const MOST: usize = 50;

/// Whether a key is one of them.
pub fn is_one(key: &ApiKey) -> bool {
    let own = [Scope::CardDav.as_str(), Scope::Api.as_str()];
    key.owner.is_some() && key.scopes.iter().all(|scope| own.contains(&&**scope))
}

/// Makes one. The secret is nowhere else.
pub async fn create(
    env: &Env,
    owner: OwnerId,
    label: &str,
    scopes: &[Scope],
) -> Result<Plan<(ApiKey, Secret)>, Refused> {
    // A password for address books would open nothing: they are not served over CardDAV yet.
    if scopes.iter().any(|scope| *scope != Scope::Api) {
        return Err(Refused::invalid(
            "/scopes",
            "an app password has the scope api; address books are not served over CardDAV yet",
        ));
    }
    if list(env, owner).await?.len() >= MOST {
        return Err(Refused::Conflict("there are too many app passwords; revoke some".into()));
    }
    keys::create(env, &NewKey { label: label.into(), scopes: scopes.to_vec(), owner: Some(owner) }).await
}

/// That one is in use is written no more often.
const NOTED: Duration = Duration::from_mins(5);

/// Notes that one is in use.
pub(super) async fn used(env: &Env, key: &ApiKey) -> Result<(), Refused> {
    let now = env.store.now().await?;
    if key.used.is_none_or(|used| now.since(used) >= NOTED) {
        let effects = vec![Effect::Admitted(Admitted::KeyUsed(key.id, now))];
        env.store.commit(Commit { effects, ..Commit::default() }).await?;
    }
    Ok(())
}

/// Those that count, oldest first.
pub async fn list(env: &Env, owner: OwnerId) -> Result<Vec<ApiKey>, Refused> {
    let mut all = env.store.keys_of(owner).await?;
    all.retain(|key| is_one(key) && key.revoked.is_none());
    Ok(all)
}

/// Ends all that count.
pub(super) async fn end_all(env: &Env, owner: OwnerId) -> Result<Vec<Effect>, Refused> {
    let now = env.store.now().await?;
    let all = list(env, owner).await?.into_iter();
    Ok(all.map(|key| Effect::KeySet(ApiKey { revoked: Some(now), ..key })).collect())
}

/// Ends one. Ending one twice changes nothing.
pub async fn revoke(env: &Env, owner: OwnerId, id: AppId) -> Result<Plan<ApiKey>, Refused> {
    let all = env.store.keys_of(owner).await?;
    let found = all.into_iter().find(|key| key.id == id && is_one(key));
    let mut key = found.ok_or(Refused::NotFound("app password"))?;
    if key.revoked.is_some() {
        return Ok(Plan::nothing(key));
    }
    key.revoked = Some(env.store.now().await?);
    let commit = Commit { effects: vec![Effect::KeySet(key.clone())], ..Commit::default() };
    Ok(Plan { commit, outcome: key })
}
