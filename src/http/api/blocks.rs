//! `/v1/owners/{owner}/blocks`.

use super::{call::Call, reply::Reply, view::Page};
use crate::{
    http::problem::Problem,
    usecase::{blocks, write::read_owner},
};

/// The deny list: identities as numbers, e-mail addresses, `own_…` or `app_…`.
#[utoipa::path(get, path = "/v1/owners/{owner}/blocks", responses((status = 200, body = Page<String>)))]
pub(super) async fn list(call: &Call) -> Result<Reply, Problem> {
    let owner = read_owner(&call.api.env, call.owner()?, None).await?;
    let blocks = call.api.env.store.blocks(owner.id).await?;
    Ok(Reply::json(200, &Page::whole(blocks)).tagged(owner.version))
}

/// Denies an identity everything, whatever groups it is in.
#[utoipa::path(put, path = "/v1/owners/{owner}/blocks/{identity}", responses((status = 204)))]
pub(super) async fn add(call: &Call) -> Result<Reply, Problem> {
    let identity = &blocks::parse(&call.api.env, call.segment("identity"))?;
    let (owner, version, actor) = (call.owner()?, call.if_match()?, &call.actor());
    call.wrote(|()| (204, ()), || blocks::add(&call.api.env, actor, owner, version, identity)).await
}

/// Ends a block.
#[utoipa::path(delete, path = "/v1/owners/{owner}/blocks/{identity}", responses((status = 204)))]
pub(super) async fn remove(call: &Call) -> Result<Reply, Problem> {
    let identity = &blocks::parse(&call.api.env, call.segment("identity"))?;
    let (owner, version, actor) = (call.owner()?, call.if_match()?, &call.actor());
    call.wrote(|()| (204, ()), || blocks::remove(&call.api.env, actor, owner, version, identity)).await
}
