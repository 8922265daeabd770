//! Requests for a change: made, accepted with a proof, cancelled (rules C1, C2, C6, C9, C10, C11).

use super::{
    Env, accepted, course,
    course::{Kept, Stand},
    history,
    wanted::{self, Wanted, impossible},
    write::{Actor, Plan, Refused, audited, read_owner},
};
use crate::{
    clock::Time,
    domain::{
        change::{self, Request, RequestState, hold::Standing},
        id::{OwnerId, RequestId},
        owner::{Owner, Proof},
    },
    store::{Commit, Effect},
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

/// Makes a request. It is accepted at once where the actor vouches, or where it changes no point; else it awaits proofs,
/// or is held (rule C3), and its answer does not tell whether somebody else has a value.
pub async fn make(
    env: &Env,
    actor: &Actor,
    id: OwnerId,
    version: Option<u64>,
    wanted: &Wanted,
) -> Result<Plan<Decided>, Refused> {
    if wanted.erase && *wanted != (Wanted { erase: true, ..Wanted::default() }) {
        return Err(Refused::invalid("/erase", "nothing else can be wanted together with it"));
    }
    if *wanted == Wanted::default() {
        return Err(Refused::invalid("", "nothing is wanted; name restore, language, zone, profile, points or grants"));
    }
    let owner = read_owner(env, id, version).await?;
    if actor.of_owner && wanted.restore.is_some() {
        history::is_shown(&owner)?;
    }
    let now = env.store.now().await?;
    if !actor.vouches {
        return course::begin(env, actor, owner, wanted, now).await;
    }
    let request = accepted::request(env, owner.id, wanted, actor, RequestState::Accepted, now);
    vouched(env, actor, owner, wanted, request, now).await
}

/// Accepts an open request with the actor's word for its values (rule C1).
pub async fn accept(env: &Env, actor: &Actor, owner: OwnerId, id: RequestId) -> Result<Plan<Decided>, Refused> {
    let owner = read_owner(env, owner, None).await?;
    let request = open(env, owner.id, id).await?;
    let wanted = course::wanted_of(&request)?;
    let now = env.store.now().await?;
    vouched(env, actor, owner, &wanted, request, now).await
}

async fn vouched(
    env: &Env,
    actor: &Actor,
    owner: Owner,
    wanted: &Wanted,
    request: Request,
    now: Time,
) -> Result<Plan<Decided>, Refused> {
    if !wanted.passkeys.is_empty() {
        return Err(Refused::invalid("/passkeys", "nobody can vouch for a passkey"));
    }
    let wish = wanted::wish(env, &owner, wanted).await?;
    let introduced = change::introduced(&owner, &wish).map_err(|why| impossible(wanted, &why))?;
    let stand = Stand { wish, introduced, standing: Standing::default() };
    accepted::complete(env, actor, owner, (wanted, &stand), request, &Proof::Vouched(actor.app), now).await
}

/// Ends an open request. One that is held is ended by the operator, or by whoever proved it; anybody else who acts for the
/// owner only delays it, twice at most (rule C3).
pub async fn cancel(env: &Env, actor: &Actor, owner: OwnerId, id: RequestId) -> Result<Plan<Decided>, Refused> {
    let found = read_owner(env, owner, None).await?;
    let request = open(env, owner, id).await?;
    if actor.of_owner && request.state == RequestState::Held {
        let (now, holds) = (env.store.now().await?, env.rules().holds);
        let shown = actor.evidence.iter().filter(|shown| holds.is_fresh(shown, now));
        let by: Vec<_> = shown.map(|shown| shown.by.clone()).collect();
        let Plan { commit, outcome: (kept, decided) } = course::vetoed(env, actor, owner, id, &by, (&[], None)).await?;
        if let Kept::Spent(_) = kept {
            return Err(Refused::VetoSpent);
        }
        return Ok(Plan { commit, outcome: decided });
    }
    let now = env.store.now().await?;
    let request = Request { state: RequestState::Cancelled, decided: Some(now), due: None, ..request };
    let effects = vec![
        Effect::RequestSet(request.clone()),
        audited(env, owner, &actor.by, now, "request_cancelled", &json!({"request": id})),
    ];
    let commit = Commit { expect: vec![(owner, found.version)], once: None, effects };
    Ok(Plan { commit, outcome: Decided { request, owner: Owner { version: found.version + 1, ..found } } })
}

/// The request, where it can still be decided.
pub(super) async fn open(env: &Env, owner: OwnerId, id: RequestId) -> Result<Request, Refused> {
    let request = env.store.request(owner, id).await?.ok_or(Refused::NotFound("request"))?;
    if request.state.is_open() { Ok(request) } else { Err(Refused::Conflict("the request is decided already".into())) }
}
