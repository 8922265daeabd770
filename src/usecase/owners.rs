//! Registering an owner.

use super::{
    Env, accepted, link_contacts,
    wanted::{self, NewPoint, Wanted, WantedPoint, impossible},
    write::{Actor, Plan, Refused, audited},
};
use crate::{
    domain::{
        change::{self, Request, RequestState, hold::Course},
        id::OwnerId,
        name,
        owner::{Owner, Profile, Proof},
    },
    store::{Commit, Effect},
};
use serde_json::{Map, Value};

/// Somebody who is to be registered.
#[derive(Clone, Debug, Default, PartialEq, serde::Deserialize, serde::Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOwner {
    /// A language tag such as `en` or `zh-Hant`; English without one.
    #[serde(default)]
    pub language: Option<String>,
    /// The fields other than points; `name` is needed.
    #[schema(value_type = Profile)]
    pub profile: Map<String, Value>,
    /// Phone numbers and e-mail addresses. A key with `vouch` states that each is theirs; without it they await a proof.
    #[serde(default)]
    pub points: Vec<NewPoint>,
}

/// A registered owner and the request by which it got its points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The owner.
    pub owner: Owner,
    /// The request: accepted, or awaiting a proof of the points.
    pub request: Request,
}

/// Registers an owner. Without the actor's word for them, points wait in a request.
pub async fn register(env: &Env, actor: &Actor, new: &NewOwner) -> Result<Plan<Registered>, Refused> {
    let now = env.store.now().await?;
    let blank = Owner {
        id: OwnerId::fresh(now, &*env.random),
        version: 1,
        revision: 0,
        claimed: true,
        silenced: false,
        language: "en".into(),
        zone: None,
        profile: Profile::default(),
        points: Vec::new(),
        created: now,
    };
    let add = |point: &NewPoint| WantedPoint::Add(point.clone());
    let all = Wanted {
        language: new.language.clone(),
        profile: Some(new.profile.clone()),
        points: new.points.iter().map(add).collect(),
        ..Wanted::default()
    };
    let mut wish = wanted::wish(env, &blank, &all).await.map_err(registering)?;
    let waits = !new.points.is_empty() && !actor.vouches;
    let introduced = change::introduced(&blank, &wish).map_err(|why| registering(impossible(&all, &why)))?;
    let proof = if actor.vouches { Proof::Vouched(actor.app) } else { Proof::None };
    let mut commit = Commit::default();
    if waits {
        wish.points.clear();
    } else {
        let ended = accepted::contested(env, blank.id, &introduced, &proof, &Course::default(), now).await?;
        commit.expect = ended.others;
        commit.effects = ended.effects;
    }
    let done = change::accept(&blank, &wish, &proof, now).map_err(|why| registering(impossible(&all, &why)))?;
    let owner = done.after.clone();
    let request = if waits {
        let rest = Wanted { points: all.points.clone(), ..Wanted::default() };
        let request = accepted::request(env, owner.id, &rest, actor, RequestState::AwaitingProof, now);
        Request { due: Some(now.after(env.rules().holds.patience)), ..request }
    } else {
        accepted::request(env, owner.id, &all, actor, RequestState::Accepted, now)
    };
    commit.effects.extend([
        Effect::OwnerAdded(owner.clone()),
        Effect::NamesSet(owner.id, name::keys(&owner.profile)),
        Effect::Changed(accepted::revision(&owner, request.id, now)),
        Effect::RequestSet(request.clone()),
        audited(env, owner.id, &actor.by, now, "registered", &accepted::detail(&done, &request)),
    ]);
    commit.effects.extend(link_contacts::due(&blank, &done, now));
    Ok(Plan { commit, outcome: Registered { owner, request } })
}

/// Points stand in a list of their own here: `/points/0/add/value` is `/points/0/value`.
fn registering(refused: Refused) -> Refused {
    match refused {
        Refused::Invalid(mut faults) => {
            for fault in &mut faults {
                fault.pointer = fault.pointer.replacen("/add/", "/", 1);
            }
            Refused::Invalid(faults)
        }
        other => other,
    }
}
