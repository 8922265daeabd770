//! `/v1/owners` and `/v1/owners/{owner}`.

use super::{
    call::Call,
    reply::Reply,
    view::{DecidedView, OwnerView, Page},
};
use crate::{
    domain::{change::RequestState, owner::Owner, owner::Profile},
    http::problem::Problem,
    usecase::{
        owners::{self, NewOwner},
        requests::{self, Decided},
        wanted::Wanted,
        write::{Refused, read_owner},
    },
};
use serde_json::{Map, Value};

/// Owners in the order of their ids.
#[utoipa::path(get, path = "/v1/owners", responses((status = 200, body = Page<OwnerView>)))]
pub(super) async fn list(call: &Call) -> Result<Reply, Problem> {
    let page = call.api.env.store.owners(call.after()?, call.limit()?).await?;
    let next = page.items.last().filter(|_| page.more).map(|last: &Owner| call.next(&last.id));
    Ok(Reply::json(200, &Page { items: page.items.iter().map(OwnerView::from).collect(), next }))
}

/// Registers an owner. Without the scope `vouch` its points await a proof (202).
#[utoipa::path(post, path = "/v1/owners", request_body = NewOwner,
    responses((status = 201, body = DecidedView), (status = 202, body = DecidedView)))]
pub(super) async fn register(call: &Call) -> Result<Reply, Problem> {
    let new: NewOwner = call.json()?;
    let actor = call.actor();
    let view = |registered: &owners::Registered| {
        decided(&Decided { request: registered.request.clone(), owner: registered.owner.clone() }, 201)
    };
    call.wrote(view, || owners::register(&call.api.env, &actor, &new)).await
}

/// One owner with all points and their history.
#[utoipa::path(get, path = "/v1/owners/{owner}", responses((status = 200, body = OwnerView)))]
pub(super) async fn read(call: &Call) -> Result<Reply, Problem> {
    let owner = read_owner(&call.api.env, call.owner()?, None).await?;
    Ok(Reply::json(200, &OwnerView::from(&owner)).tagged(owner.version))
}

/// What of an owner is to be different; what is not named stays.
#[derive(Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct OwnerPatch {
    /// A language tag.
    language: Option<String>,
    /// A time zone such as `Europe/Berlin`; empty for that of the owner's numbers.
    zone: Option<String>,
    /// Fields that are to be different; `null` makes one absent.
    #[schema(value_type = Option<Profile>)]
    profile: Option<Map<String, Value>>,
}

/// Changes language, time zone and profile, as a request that is accepted at once.
#[utoipa::path(patch, path = "/v1/owners/{owner}", request_body = OwnerPatch,
    responses((status = 200, body = DecidedView)))]
pub(super) async fn change(call: &Call) -> Result<Reply, Problem> {
    let OwnerPatch { language, zone, profile } = call.json()?;
    want(call, &Wanted { language, zone, profile, ..Wanted::default() }, 200, "").await
}

/// Erases an owner for good, with everything of theirs. Without the scope `vouch` it is a request that a fresh proof and its
/// hold come before (202).
#[utoipa::path(delete, path = "/v1/owners/{owner}", responses((status = 200, body = DecidedView),
    (status = 202, body = DecidedView)))]
pub(super) async fn erase(call: &Call) -> Result<Reply, Problem> {
    want(call, &Wanted { erase: true, ..Wanted::default() }, 200, "").await
}

/// Makes a request of `wanted` and answers with what came of it. Faults under `nested` are told as at the top.
pub(super) async fn want(call: &Call, wanted: &Wanted, status: u16, nested: &str) -> Result<Reply, Problem> {
    let (owner, version, actor) = (call.owner()?, call.if_match()?, &call.actor());
    let plan = || async move {
        let planned = requests::make(&call.api.env, actor, owner, version, wanted).await;
        planned.map_err(|refused| unnested(refused, nested))
    };
    let (reply, outcome) = call.write(|outcome| decided(outcome, status), plan).await?;
    Ok(match outcome {
        Some(outcome) => reply.tagged(outcome.owner.version),
        None => reply,
    })
}

/// What a route for one thing makes of a fault deep in a request: `/points/0/add/value` is its `/value`.
fn unnested(refused: Refused, nested: &str) -> Refused {
    let Refused::Invalid(mut faults) = refused else { return refused };
    for fault in &mut faults {
        if let Some(rest) = fault.pointer.strip_prefix(nested) {
            fault.pointer = rest.to_owned();
        }
    }
    Refused::Invalid(faults)
}

/// Status and body for a request: 202 where it awaits something.
pub(super) fn decided(outcome: &Decided, status: u16) -> (u16, DecidedView) {
    let status = if outcome.request.state == RequestState::Accepted { status } else { 202 };
    (status, DecidedView { request: (&outcome.request).into(), owner: (&outcome.owner).into() })
}
