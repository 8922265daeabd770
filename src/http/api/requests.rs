//! `/v1/owners/{owner}/requests`: wanted changes, several at once if need be.

use super::{
    access::{Answered, CodeView, address},
    call::Call,
    owners::{decided, want},
    reply::Reply,
    view::{DecidedView, Page, RequestView},
};
use crate::{
    domain::change::Request,
    http::problem::Problem,
    usecase::{
        codes::Requester,
        course, history, requests,
        wanted::{Wanted, from_outside},
        write::{Refused, read_owner},
    },
};
use utoipa::ToSchema;

/// Requests, newest first; while the owner is silenced those that are open or were decided since.
#[utoipa::path(get, path = "/v1/owners/{owner}/requests", responses((status = 200, body = Page<RequestView>)))]
pub(super) async fn list(call: &Call) -> Result<Reply, Problem> {
    let owner = read_owner(&call.api.env, call.owner()?, None).await?;
    let page = call.api.env.store.requests(owner.id, call.after()?, call.limit()?).await?;
    let next = page.items.last().filter(|_| page.more).map(|last: &Request| call.next(&last.id));
    let history = history::of(&call.api.env, &owner).await?;
    let seen = page.items.iter().filter(|request| history.shows(request));
    Ok(Reply::json(200, &Page { items: seen.map(RequestView::from).collect(), next }))
}

/// One request.
#[utoipa::path(get, path = "/v1/owners/{owner}/requests/{request}", responses((status = 200, body = RequestView)))]
pub(super) async fn read(call: &Call) -> Result<Reply, Problem> {
    let owner = read_owner(&call.api.env, call.owner()?, None).await?;
    let found = call.api.env.store.request(owner.id, call.id("request")?).await?;
    let history = history::of(&call.api.env, &owner).await?;
    let request = found.filter(|request| history.shows(request)).ok_or(Refused::NotFound("request"))?;
    Ok(Reply::json(200, &RequestView::from(&request)))
}

/// Wants a change of points, profile and grants; all of it happens or nothing. Accepted at once with `vouch`, or where
/// no point changes by it (201); else it awaits proofs, or is held (202).
#[utoipa::path(post, path = "/v1/owners/{owner}/requests", request_body = Wanted,
    responses((status = 201, body = DecidedView), (status = 202, body = DecidedView)))]
pub(super) async fn make(call: &Call) -> Result<Reply, Problem> {
    want(call, &from_outside(call.json()?)?, 201, "").await
}

/// States that the values of an open request are proved; it is then accepted.
#[utoipa::path(post, path = "/v1/owners/{owner}/requests/{request}/accept",
    responses((status = 200, body = DecidedView)))]
pub(super) async fn accept(call: &Call) -> Result<Reply, Problem> {
    let (owner, request, actor) = (call.owner()?, call.id("request")?, &call.actor());
    call.wrote(|outcome| decided(outcome, 200), || requests::accept(&call.api.env, actor, owner, request)).await
}

/// Ends an open request. A held one is ended by the operator or whoever proved it; anybody else only delays it, twice at most.
#[utoipa::path(post, path = "/v1/owners/{owner}/requests/{request}/cancel",
    responses((status = 200, body = DecidedView)))]
pub(super) async fn cancel(call: &Call) -> Result<Reply, Problem> {
    let (owner, request, actor) = (call.owner()?, call.id("request")?, &call.actor());
    let view = |outcome: &requests::Decided| (200, decided(outcome, 200).1);
    call.wrote(view, || requests::cancel(&call.api.env, actor, owner, request)).await
}

/// An address to which a code is to be sent.
#[derive(Debug, serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WantedCode {
    /// A value of the request, or another number or address of its owner.
    to: String,
}

/// Asks for a code for an open request: to a value that it wants, or to another point of its owner's. Limited by address,
/// prefix, country and owner.
#[utoipa::path(post, path = "/v1/owners/{owner}/requests/{request}/codes", request_body = WantedCode,
    responses((status = 202, body = CodeView)))]
pub(super) async fn code(call: &Call) -> Result<Reply, Problem> {
    let (owner, request) = (call.owner()?, call.id("request")?);
    let wanted: WantedCode = call.json()?;
    let to = address(call, &wanted.to, "/to")?;
    let who = format!("owner {owner}");
    let language = read_owner(&call.api.env, owner, None).await?.language;
    let requester = Requester { who: &who, language: Some(&language) };
    let issued = course::code(&call.api.env, owner, request, &to, requester).await?;
    Ok(Reply::json(202, &CodeView::from(issued)))
}

/// Answers a code of an open request. Once every new value and its owner are proved it is held, or accepted where there is
/// nothing to wait for.
#[utoipa::path(post, path = "/v1/owners/{owner}/requests/{request}/proofs", request_body = Answered,
    responses((status = 200, body = DecidedView), (status = 202, body = DecidedView)))]
pub(super) async fn proof(call: &Call) -> Result<Reply, Problem> {
    let (owner, request, actor) = (call.owner()?, call.id("request")?, &call.actor());
    let answer: Answered = call.json()?;
    let env = &call.api.env;
    let code = course::answered(env, owner, request, answer.challenge()?, &answer.code).await?;
    let (shown, used) = course::shown_by(&code, env.store.now().await.map_err(Refused::from)?);
    let plan = || course::prove(env, actor, owner, request, shown.clone(), Some(used.clone()));
    call.wrote(|outcome| decided(outcome, 200), plan).await
}
