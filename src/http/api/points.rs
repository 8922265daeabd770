//! `/v1/owners/{owner}/points`: one point at a time; several at once are a request.

use super::{
    call::Call,
    owners::want,
    reply::Reply,
    view::{DecidedView, Page, PointView},
};
use crate::{
    domain::{history, id::PointId},
    http::problem::{Kind, Problem},
    usecase::{
        wanted::{NewLabel, NewPoint, NewValue, Wanted, WantedPoint},
        write::{Refused, read_owner},
    },
};

/// All points of an owner, removed ones too; these not while the owner is silenced.
#[utoipa::path(get, path = "/v1/owners/{owner}/points", responses((status = 200, body = Page<PointView>)))]
pub(super) async fn list(call: &Call) -> Result<Reply, Problem> {
    let owner = read_owner(&call.api.env, call.owner()?, None).await?;
    let owner = history::visible(&owner);
    Ok(Reply::json(200, &Page::whole(owner.points.iter().map(PointView::from).collect())).tagged(owner.version))
}

/// One point with every value that it has had.
#[utoipa::path(get, path = "/v1/owners/{owner}/points/{point}", responses((status = 200, body = PointView)))]
pub(super) async fn read(call: &Call) -> Result<Reply, Problem> {
    let owner = read_owner(&call.api.env, call.owner()?, None).await?;
    let owner = history::visible(&owner);
    let id: PointId = call.id("point")?;
    let point = owner.points.iter().find(|point| point.id == id).ok_or(Refused::NotFound("point"))?;
    Ok(Reply::json(200, &PointView::from(point)).tagged(owner.version))
}

/// Adds a point, as a request: accepted at once with `vouch` (201), else awaiting a proof (202).
#[utoipa::path(post, path = "/v1/owners/{owner}/points", request_body = NewPoint,
    responses((status = 201, body = DecidedView), (status = 202, body = DecidedView)))]
pub(super) async fn add(call: &Call) -> Result<Reply, Problem> {
    let new: NewPoint = call.json()?;
    let wanted = Wanted { points: vec![WantedPoint::Add(new)], ..Wanted::default() };
    want(call, &wanted, 201, "/points/0/add").await
}

/// What of a point is to be different.
#[derive(Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PointPatch {
    /// Another value: a change of number.
    value: Option<String>,
    /// Another label.
    label: Option<String>,
}

/// Gives a point another value or label, as a request: another value needs a proof.
#[utoipa::path(patch, path = "/v1/owners/{owner}/points/{point}", request_body = PointPatch,
    responses((status = 200, body = DecidedView), (status = 202, body = DecidedView)))]
pub(super) async fn change(call: &Call) -> Result<Reply, Problem> {
    let PointPatch { value, label } = call.json()?;
    let point = known(call).await?;
    let label = label.map(|label| WantedPoint::Relabel(NewLabel { point: point.clone(), label }));
    let nested = if label.is_some() { "/points/0/relabel" } else { "/points/0/replace" };
    let value = value.map(|value| WantedPoint::Replace(NewValue { point, value }));
    let both = label.is_some() && value.is_some();
    let points: Vec<WantedPoint> = label.into_iter().chain(value).collect();
    if points.is_empty() {
        return Err(Problem::new(Kind::Invalid).field("", "nothing is wanted; name value or label"));
    }
    // With both, a fault of either stands below its own entry.
    want(call, &Wanted { points, ..Wanted::default() }, 200, if both { "" } else { nested }).await
}

/// Removes a point, as a request; it forwards nowhere from then on. Without `vouch` it awaits a proof, or is held (202).
#[utoipa::path(delete, path = "/v1/owners/{owner}/points/{point}",
    responses((status = 200, body = DecidedView), (status = 202, body = DecidedView)))]
pub(super) async fn remove(call: &Call) -> Result<Reply, Problem> {
    let point = known(call).await?;
    want(call, &Wanted { points: vec![WantedPoint::Remove(point)], ..Wanted::default() }, 200, "").await
}

/// The point in the path, where the owner has it.
async fn known(call: &Call) -> Result<String, Problem> {
    let id: PointId = call.id("point")?;
    let owner = read_owner(&call.api.env, call.owner()?, None).await?;
    let there = owner.points.iter().any(|point| point.id == id && point.removed.is_none());
    if there { Ok(id.to_string()) } else { Err(Refused::NotFound("point").into()) }
}
