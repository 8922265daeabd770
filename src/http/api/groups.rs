//! `/v1/owners/{owner}/groups`.

use super::{
    call::Call,
    reply::Reply,
    view::{GroupView, Page},
};
use crate::{
    domain::{id::GroupId, owner::Group},
    http::problem::Problem,
    usecase::{
        groups::{self, GroupPatch, NewGroup},
        write::read_owner,
    },
};

/// All groups of an owner, of all books.
#[utoipa::path(get, path = "/v1/owners/{owner}/groups", responses((status = 200, body = Page<GroupView>)))]
pub(super) async fn list(call: &Call) -> Result<Reply, Problem> {
    let owner = read_owner(&call.api.env, call.owner()?, None).await?;
    let groups = call.api.env.store.groups(owner.id).await?;
    Ok(Reply::json(200, &Page::whole(groups.iter().map(GroupView::from).collect())).tagged(owner.version))
}

/// Makes a group in a book, with its grants.
#[utoipa::path(post, path = "/v1/owners/{owner}/groups", request_body = NewGroup,
    responses((status = 201, body = GroupView)))]
pub(super) async fn create(call: &Call) -> Result<Reply, Problem> {
    let new: NewGroup = call.json()?;
    let (owner, version, actor) = (call.owner()?, call.if_match()?, &call.actor());
    let view = |group: &Group| (201, GroupView::from(group));
    call.wrote(view, || groups::create(&call.api.env, actor, owner, version, &new)).await
}

/// One group.
#[utoipa::path(get, path = "/v1/owners/{owner}/groups/{group}", responses((status = 200, body = GroupView)))]
pub(super) async fn read(call: &Call) -> Result<Reply, Problem> {
    let owner = read_owner(&call.api.env, call.owner()?, None).await?;
    let group = groups::read(&call.api.env, owner.id, call.id("group")?).await?;
    Ok(Reply::json(200, &GroupView::from(&group)).tagged(owner.version))
}

/// Changes a group's name, grants, channels, or when its members are told; lists are replaced as a whole.
#[utoipa::path(patch, path = "/v1/owners/{owner}/groups/{group}", request_body = GroupPatch,
    responses((status = 200, body = GroupView)))]
pub(super) async fn change(call: &Call) -> Result<Reply, Problem> {
    let patch: GroupPatch = call.json()?;
    let (owner, version, actor) = (call.owner()?, call.if_match()?, &call.actor());
    let group: GroupId = call.id("group")?;
    let view = |group: &Group| (200, GroupView::from(group));
    call.wrote(view, || groups::change(&call.api.env, actor, owner, version, group, &patch)).await
}

/// Removes a group with its grants and memberships.
#[utoipa::path(delete, path = "/v1/owners/{owner}/groups/{group}", responses((status = 204)))]
pub(super) async fn remove(call: &Call) -> Result<Reply, Problem> {
    let (owner, version, actor) = (call.owner()?, call.if_match()?, &call.actor());
    let group: GroupId = call.id("group")?;
    call.wrote(|()| (204, ()), || groups::remove(&call.api.env, actor, owner, version, group)).await
}
