//! How a request ends: stopped or delayed by a word against it (rule C3), or carried out when its time has come.

use super::{stand, wanted_of};
use crate::{
    clock::Time,
    domain::{
        address::Address,
        change::{
            Request, RequestState,
            hold::{self, By, Verdict, Veto},
        },
        id::{OwnerId, RequestId},
        owner::{Owner, Proof},
    },
    store::{Commit, Effect, StoreError},
    usecase::{
        Env, accepted, letters,
        letters::What,
        passkeys,
        requests::{self, Decided},
        write::{Actor, Plan, Refused, audited, carry_out, read_owner},
    },
};
use serde_json::json;
use std::time::Duration;

/// What a word against a held request came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is over.
    Ended,
    /// It is delayed until then.
    Delayed(Time),
    /// It was delayed as often as it may be; it takes effect then.
    Spent(Time),
}

impl Kept {
    /// Until when the change waits; none where it is over.
    pub fn until(self) -> Option<Time> {
        match self {
            Kept::Ended => None,
            Kept::Delayed(until) | Kept::Spent(until) => Some(until),
        }
    }
}

/// A word against a held request from these (rule C3). `with` is written in the same commit, and so is an answer where
/// somebody is to have one.
pub(in crate::usecase) async fn vetoed(
    env: &Env,
    actor: &Actor,
    owner: OwnerId,
    request: RequestId,
    by: &[By],
    (with, answer): (&[Effect], Option<&Address>),
) -> Result<Plan<(Kept, Decided)>, Refused> {
    let owner = read_owner(env, owner, None).await?;
    let mut request = requests::open(env, owner.id, request).await?;
    let now = env.store.now().await?;
    let due = request.due.unwrap_or(now);
    let veto = match stand(env, &owner, &wanted_of(&request)?).await {
        Ok(stand) => {
            let holds = env.rules().holds;
            hold::veto(&owner, &request.course, &stand.standing, by, due, &holds, now)
        }
        Err(Refused::Store(error)) => return Err(error.into()),
        // It could not be carried out any more.
        Err(_) => Veto::Ends,
    };
    let (kept, what) = match veto {
        Veto::Ends => {
            request = Request { state: RequestState::Cancelled, decided: Some(now), due: None, ..request };
            (Kept::Ended, "request_cancelled")
        }
        Veto::Delays(until) => {
            request.due = Some(until);
            request.course.delays += 1;
            (Kept::Delayed(until), "request_delayed")
        }
        Veto::Spent => (Kept::Spent(due), "veto_spent"),
    };
    let mut effects = with.to_vec();
    if let Some(to) = answer {
        let said = What::Kept { owner: Some(owner.id), until: kept.until() };
        effects.push(letters::due(env, to, &said, Some(&owner.language), now, letters::LIFE));
    }
    effects.push(Effect::RequestSet(request.clone()));
    effects.push(audited(env, owner.id, &actor.by, now, what, &json!({"request": request.id, "until": request.due})));
    let commit = Commit { expect: vec![(owner.id, owner.version)], once: None, effects };
    let owner = Owner { version: owner.version + 1, ..owner };
    Ok(Plan { commit, outcome: (kept, Decided { request, owner }) })
}

/// What became of a request whose time had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It took effect.
    Accepted,
    /// It could not be carried out any more.
    Cancelled,
    /// Nobody proved it.
    Expired,
    /// Somebody was faster, or it was put off.
    Nothing,
}

/// Takes a request whose time has come, if there is one, and carries it out or ends it.
///
/// # Errors
/// The store could not be reached; the claim runs out by itself.
pub async fn settle(env: &Env, lease: Duration) -> Result<Option<Settled>, StoreError> {
    let Some(request) = env.store.claim_request(lease).await? else { return Ok(None) };
    match carry_out(env, || ended(env, request.owner, request.id)).await {
        Ok(settled) => {
            tracing::info!(request = %request.id, owner = %request.owner, ?settled, "a request's time has come");
            Ok(Some(settled))
        }
        Err(Refused::Store(error)) => Err(error),
        Err(refused) => {
            tracing::error!(request = %request.id, %refused, "a request could not be ended");
            Ok(Some(Settled::Nothing))
        }
    }
}

async fn ended(env: &Env, owner: OwnerId, id: RequestId) -> Result<Plan<Settled>, Refused> {
    let now = env.store.now().await?;
    let Some(request) = env.store.request(owner, id).await? else { return Ok(Plan::nothing(Settled::Nothing)) };
    if !request.state.is_open() || request.due.is_none_or(|due| due > now) {
        return Ok(Plan::nothing(Settled::Nothing));
    }
    let owner = read_owner(env, owner, None).await?;
    if request.state == RequestState::AwaitingProof {
        let expired = Request { state: RequestState::Expired, decided: Some(now), due: None, ..request };
        return Ok(over(env, &owner, expired, now, "request_expired", Settled::Expired));
    }
    let why = match carried_out(env, &owner, &request, now).await {
        Ok(plan) => return Ok(Plan { commit: plan.commit, outcome: Settled::Accepted }),
        Err(Refused::Store(error)) => return Err(error.into()),
        Err(refused) => refused.to_string(),
    };
    let mut over_now = Request { state: RequestState::Cancelled, decided: Some(now), due: None, ..request };
    over_now.course.ended = Some(why.into());
    Ok(over(env, &owner, over_now, now, "request_cancelled", Settled::Cancelled))
}

fn over(env: &Env, owner: &Owner, request: Request, now: Time, what: &str, settled: Settled) -> Plan<Settled> {
    let detail = json!({"request": request.id, "because": request.course.ended});
    let line = audited(env, owner.id, "system", now, what, &detail);
    Plan::on(owner, vec![Effect::RequestSet(request), line], settled)
}

/// Everything is looked at again: whether it can be done, whether what was shown still counts, whether somebody else has
/// proved the value since.
async fn carried_out(env: &Env, owner: &Owner, request: &Request, now: Time) -> Result<Plan<Decided>, Refused> {
    let wanted = wanted_of(request)?;
    passkeys::are_nobody_elses(env, owner.id, &wanted).await?;
    let stand = stand(env, owner, &wanted).await?;
    if hold::verdict(owner, &request.course, &stand.standing, &env.rules().holds, now) == Verdict::Waits {
        return Err(Refused::Conflict("what was shown for it proves nothing any more".into()));
    }
    let proof = if stand.introduced.is_empty() { Proof::None } else { Proof::Code };
    let actor = Actor { by: request.by.clone(), ..Actor::system() };
    accepted::complete(env, &actor, owner.clone(), (&wanted, &stand), request.clone(), &proof, now).await
}
