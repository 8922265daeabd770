//! Requests for a change: made, accepted with a proof, cancelled (rules C1, C2, C6, C9, C10, C11).

use super::{
    Env, accepted,
    wanted::{self, Wanted, impossible},
    write::{Actor, Plan, Refused, audited, fanout, read_owner},
};
use crate::{
    clock::Time,
    domain::{
        change::{self, Request, RequestState},
        id::{OwnerId, RequestId},
        owner::{Owner, Proof},
    },
    store::{Commit, Effect, StoreError},
};
use serde_json::json;

/// A request and the owner as it is after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The request.
    pub request: Request,
    /// The owner, changed where the request was accepted; its version is the one after the commit.
    pub owner: Owner,
}

/// Makes a request. It is accepted at once where the actor vouches, or where no value in it needs a proof; else it
/// awaits one, and its answer does not tell whether somebody else has the value.
pub async fn make(
    env: &Env,
    actor: &Actor,
    id: OwnerId,
    version: Option<u64>,
    wanted: &Wanted,
) -> Result<Plan<Decided>, Refused> {
    if *wanted == Wanted::default() {
        return Err(Refused::invalid("", "nothing is wanted; name restore, language, profile, points or grants"));
    }
    let owner = read_owner(env, id, version).await?;
    let now = env.store.now().await?;
    decide(env, actor, owner, wanted, None, now).await
}

/// Accepts an open request with the actor's word for its values (rule C1).
pub async fn accept(env: &Env, actor: &Actor, owner: OwnerId, id: RequestId) -> Result<Plan<Decided>, Refused> {
    let owner = read_owner(env, owner, None).await?;
    let request = open(env, owner.id, id).await?;
    let wanted: Wanted = serde_json::from_str(&request.wanted)
        .map_err(|error| StoreError::Damaged(format!("what a request wants: {error}").into()))?;
    let now = env.store.now().await?;
    decide(env, actor, owner, &wanted, Some(request), now).await
}

/// Ends an open request.
pub async fn cancel(env: &Env, actor: &Actor, owner: OwnerId, id: RequestId) -> Result<Plan<Decided>, Refused> {
    let mut owner = read_owner(env, owner, None).await?;
    let mut request = open(env, owner.id, id).await?;
    let now = env.store.now().await?;
    request.state = RequestState::Cancelled;
    request.decided = Some(now);
    let effects = vec![
        Effect::RequestSet(request.clone()),
        audited(env, owner.id, &actor.by, now, "request_cancelled", &json!({"request": id})),
    ];
    let commit = Commit { expect: vec![(owner.id, owner.version)], once: None, effects };
    owner.version += 1;
    Ok(Plan { commit, outcome: Decided { request, owner } })
}

async fn open(env: &Env, owner: OwnerId, id: RequestId) -> Result<Request, Refused> {
    let request = env.store.request(owner, id).await?.ok_or(Refused::NotFound("request"))?;
    if request.state.is_open() { Ok(request) } else { Err(Refused::Conflict("the request is decided already".into())) }
}

async fn decide(
    env: &Env,
    actor: &Actor,
    owner: Owner,
    wanted: &Wanted,
    request: Option<Request>,
    now: Time,
) -> Result<Plan<Decided>, Refused> {
    let wish = wanted::wish(env, &owner, wanted).await?;
    let introduced = change::introduced(&owner, &wish).map_err(|why| impossible(wanted, &why))?;
    let proof = if actor.vouches { Proof::Vouched(actor.app) } else { Proof::None };
    let done = change::accept(&owner, &wish, &proof, now).map_err(|why| impossible(wanted, &why))?;
    let groups = accepted::granted(env, &done.after.points, owner.id, wanted).await?;
    let waits = !introduced.is_empty() && proof == Proof::None;
    let state = if waits { RequestState::AwaitingProof } else { RequestState::Accepted };
    let request = match request {
        Some(made) => Request { state, decided: (!waits).then_some(now), ..made },
        None => accepted::request(env, owner.id, wanted, actor, state, now),
    };
    let mut commit = Commit { expect: vec![(owner.id, owner.version)], ..Commit::default() };
    if waits {
        commit.effects.push(Effect::RequestSet(request.clone()));
        let detail = json!({"request": request.id});
        commit.effects.push(audited(env, owner.id, &actor.by, now, "change_requested", &detail));
        let owner = Owner { version: owner.version + 1, ..owner };
        return Ok(Plan { commit, outcome: Decided { request, owner } });
    }
    let ended = accepted::contested(env, owner.id, &introduced, &proof, now).await?;
    commit.expect.extend(ended.others);
    commit.effects.extend(ended.effects);
    commit.effects.extend(accepted::effects(env, &owner, &done, &request, actor, now));
    let tells = done.changed || !groups.is_empty();
    for group in groups {
        let detail = json!({"group": group.id, "request": request.id});
        commit.effects.push(Effect::GroupSet(group));
        commit.effects.push(audited(env, owner.id, &actor.by, now, "granted", &detail));
    }
    commit.effects.push(Effect::RequestSet(request.clone()));
    if tells {
        commit.effects.push(fanout(env, owner.id, now, Vec::new(), false));
    }
    let owner = Owner { version: owner.version + 1, ..done.after };
    Ok(Plan { commit, outcome: Decided { request, owner } })
}
