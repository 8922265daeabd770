//! `/v1/owners/{owner}/groups/{group}/members`.

use super::{call::Call, reply::Reply, view::Page};
use crate::{
    domain::group::Member,
    http::problem::{Kind, Problem},
    usecase::{
        groups, members,
        write::{Refused, read_owner},
    },
};
use serde::Serialize;

/// One member.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct MemberView {
    /// `con_…`, `app_…` or `everyone`.
    id: String,
}

/// Members of a group.
#[utoipa::path(get, path = "/v1/owners/{owner}/groups/{group}/members",
    responses((status = 200, body = Page<MemberView>)))]
pub(super) async fn list(call: &Call) -> Result<Reply, Problem> {
    let owner = read_owner(&call.api.env, call.owner()?, None).await?;
    let group = groups::read(&call.api.env, owner.id, call.id("group")?).await?;
    let after = call.parameter("after").map(|text| {
        members::parse(&text).ok_or_else(|| Problem::new(Kind::Invalid).field("/after", "a member of the page before"))
    });
    let page = call.api.env.store.members(owner.id, group.id, after.transpose()?, call.limit()?).await?;
    let next = page.items.last().filter(|_| page.more).map(|last| call.next(&members::text(*last)));
    let items = page.items.iter().map(|member| MemberView { id: members::text(*member) }).collect();
    Ok(Reply::json(200, &Page { items, next }))
}

/// Puts a contact of the group's book, an application or `everyone` into a group.
#[utoipa::path(put, path = "/v1/owners/{owner}/groups/{group}/members/{member}", responses((status = 204)))]
pub(super) async fn add(call: &Call) -> Result<Reply, Problem> {
    let (owner, version, actor) = (call.owner()?, call.if_match()?, &call.actor());
    let (group, member) = (call.id("group")?, member(call)?);
    call.wrote(|()| (204, ()), || members::add(&call.api.env, actor, owner, version, group, member)).await
}

/// Takes a member out of a group.
#[utoipa::path(delete, path = "/v1/owners/{owner}/groups/{group}/members/{member}", responses((status = 204)))]
pub(super) async fn remove(call: &Call) -> Result<Reply, Problem> {
    let (owner, version, actor) = (call.owner()?, call.if_match()?, &call.actor());
    let (group, member) = (call.id("group")?, member(call)?);
    call.wrote(|()| (204, ()), || members::remove(&call.api.env, actor, owner, version, group, member)).await
}

fn member(call: &Call) -> Result<Member, Problem> {
    let found = members::parse(call.segment("member"));
    found.ok_or_else(|| Refused::invalid("/member", "con_…, app_… or everyone is needed").into())
}
