//! A change whose owner proves it first and then says who may learn it (rules C2, C3).

use super::{advance, outlook, shown_lately, wanted_of};
use crate::{
    domain::{
        change::{self, Request, RequestState, hold::Verdict},
        id::{OwnerId, RequestId},
        owner::{Owner, Proof},
    },
    store::Effect,
    usecase::{
        Env, accepted,
        requests::{self, Decided},
        wanted::{self, Wanted, impossible},
        write::{Actor, Plan, Refused, audited, read_owner},
    },
};
use serde_json::json;

/// A new request of somebody who is still choosing who may learn it: it takes proofs, and begins with [`decide`] only.
pub async fn draft(env: &Env, actor: &Actor, owner: OwnerId, wanted: &Wanted) -> Result<Plan<Decided>, Refused> {
    let (owner, now) = (read_owner(env, owner, None).await?, env.store.now().await?);
    let wanted = &wanted::pinned(&owner, wanted);
    let mut request = accepted::request(env, owner.id, wanted, actor, RequestState::AwaitingProof, now);
    request.course.choosing = true;
    shown_lately(env, actor, wanted, &mut request, now);
    advance(env, actor, owner, request, now, "change_requested").await
}

/// Says who may learn what a draft brings, in the place of what was said before (rule C2).
pub async fn choose(
    env: &Env,
    actor: &Actor,
    owner: OwnerId,
    id: RequestId,
    grants: Vec<wanted::WantedGrants>,
) -> Result<Plan<Decided>, Refused> {
    let owner = read_owner(env, owner, None).await?;
    let mut request = drafted(env, owner.id, id).await?;
    let now = env.store.now().await?;
    let wanted = Wanted { grants, ..wanted_of(&request)? };
    let wish = wanted::wish(env, &owner, &wanted).await?;
    let done = change::accept(&owner, &wish, &Proof::None, now).map_err(|why| impossible(&wanted, &why))?;
    accepted::granted(env, &done.after.points, owner.id, &wanted).await?;
    request.wanted = json!(wanted).to_string().into();
    let line = audited(env, owner.id, &actor.by, now, "audience_chosen", &json!({"request": id}));
    let after = Owner { version: owner.version + 1, ..owner.clone() };
    Ok(Plan::on(&owner, vec![Effect::RequestSet(request.clone()), line], Decided { request, owner: after }))
}

/// Ends the choosing: the draft is held, or takes effect, as what was shown for it says.
pub async fn decide(env: &Env, actor: &Actor, owner: OwnerId, id: RequestId) -> Result<Plan<Decided>, Refused> {
    let owner = read_owner(env, owner, None).await?;
    let mut request = drafted(env, owner.id, id).await?;
    if outlook(env, &owner, &request).await? == Verdict::Waits {
        return Err(Refused::Conflict("a proof is needed first".into()));
    }
    request.course.choosing = false;
    let now = env.store.now().await?;
    advance(env, actor, owner, request, now, "change_decided").await
}

async fn drafted(env: &Env, owner: OwnerId, id: RequestId) -> Result<Request, Refused> {
    let request = requests::open(env, owner, id).await?;
    let choosing = request.course.choosing;
    choosing.then_some(request).ok_or_else(|| Refused::Conflict("the request is decided already".into()))
}
