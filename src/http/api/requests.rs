//! `/v1/owners/{owner}/requests`: wanted changes, several at once if need be.

use super::{
    call::Call,
    owners::{decided, want},
    reply::Reply,
    view::{DecidedView, Page, RequestView},
};
use crate::{
    domain::change::Request,
    http::problem::Problem,
    usecase::{
        requests,
        wanted::Wanted,
        write::{Refused, read_owner},
    },
};

/// Requests, newest first.
#[utoipa::path(get, path = "/v1/owners/{owner}/requests", responses((status = 200, body = Page<RequestView>)))]
pub(super) async fn list(call: &Call) -> Result<Reply, Problem> {
    let owner = read_owner(&call.api.env, call.owner()?, None).await?;
    let page = call.api.env.store.requests(owner.id, call.after()?, call.limit()?).await?;
    let next = page.items.last().filter(|_| page.more).map(|last: &Request| call.next(&last.id));
    Ok(Reply::json(200, &Page { items: page.items.iter().map(RequestView::from).collect(), next }))
}

/// One request.
#[utoipa::path(get, path = "/v1/owners/{owner}/requests/{request}", responses((status = 200, body = RequestView)))]
pub(super) async fn read(call: &Call) -> Result<Reply, Problem> {
    let owner = read_owner(&call.api.env, call.owner()?, None).await?;
    let found = call.api.env.store.request(owner.id, call.id("request")?).await?;
    let request = found.ok_or(Refused::NotFound("request"))?;
    Ok(Reply::json(200, &RequestView::from(&request)))
}

/// Wants a change of points, profile and grants; all of it happens or nothing. Accepted at once with `vouch`, or where
/// no value in it needs a proof (201); else it awaits one (202).
#[utoipa::path(post, path = "/v1/owners/{owner}/requests", request_body = Wanted,
    responses((status = 201, body = DecidedView), (status = 202, body = DecidedView)))]
pub(super) async fn make(call: &Call) -> Result<Reply, Problem> {
    let wanted: Wanted = call.json()?;
    want(call, &wanted, 201, "").await
}

/// States that the values of an open request are proved; it is then accepted.
#[utoipa::path(post, path = "/v1/owners/{owner}/requests/{request}/accept",
    responses((status = 200, body = DecidedView)))]
pub(super) async fn accept(call: &Call) -> Result<Reply, Problem> {
    let (owner, request, actor) = (call.owner()?, call.id("request")?, &call.actor());
    call.wrote(|outcome| decided(outcome, 200), || requests::accept(&call.api.env, actor, owner, request)).await
}

/// Ends an open request.
#[utoipa::path(post, path = "/v1/owners/{owner}/requests/{request}/cancel",
    responses((status = 200, body = DecidedView)))]
pub(super) async fn cancel(call: &Call) -> Result<Reply, Problem> {
    let (owner, request, actor) = (call.owner()?, call.id("request")?, &call.actor());
    let view = |outcome: &requests::Decided| (200, decided(outcome, 200).1);
    call.wrote(view, || requests::cancel(&call.api.env, actor, owner, request)).await
}
