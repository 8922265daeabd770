//! `/v1/owners/{owner}/devices`: phones and browsers that push messages go to; and the accounts that push.

use super::{call::Call, reply::Reply, view::Page};
use crate::{
    clock::Time,
    domain::{
        device::Device,
        id::{DeviceId, OwnerId},
    },
    http::problem::Problem,
    usecase::devices::{self, Done, NewDevice, PushAccount},
};
use serde::Serialize;
use utoipa::ToSchema;

/// A device. Its token or endpoint is not given back.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeviceView {
    /// Never changes.
    #[schema(value_type = String)]
    id: DeviceId,
    /// Whose.
    #[schema(value_type = String)]
    owner: OwnerId,
    /// The account that writes to it.
    account: Box<str>,
    /// Something of its place, to tell one from another: the host of an endpoint, the last letters of a token.
    place: String,
    /// The owner's word for it.
    label: Box<str>,
    /// When it was registered first.
    #[schema(value_type = String, format = DateTime)]
    created: Time,
    /// When its application registered it last.
    #[schema(value_type = String, format = DateTime)]
    seen: Time,
    /// When a message left for it last, as far as it was taken or nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    used: Option<Time>,
    /// Since when nothing goes to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<EndedView>,
}

/// Why nothing goes to a device.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EndedView {
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    /// Why, for a reader.
    why: Box<str>,
}

impl DeviceView {
    fn of(device: &Device, used: Option<Time>) -> Self {
        Self {
            id: device.id,
            owner: device.owner,
            account: device.account.clone(),
            place: device.place.shown(),
            label: device.label.clone(),
            created: device.created,
            seen: device.seen,
            used,
            ended: device.ended.as_ref().map(|ended| EndedView { at: ended.at, why: ended.why.clone() }),
        }
    }
}

/// An account that pushes.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PushAccountView {
    /// Its name, for `account` of a device.
    account: Box<str>,
    /// Its provider: `webpush`, `apns`, `fcm`, …
    kind: Box<str>,
    /// What a device of it tells: `subscription` or `token`.
    #[schema(example = "subscription")]
    takes: &'static str,
    /// The same in words.
    about: String,
    /// With what applications subscribe (RFC 8292), `applicationServerKey` of a browser.
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<String>,
}

impl From<&PushAccount> for PushAccountView {
    fn from(account: &PushAccount) -> Self {
        Self {
            account: account.name.clone(),
            kind: account.kind.clone(),
            takes: if account.endpoints() { "subscription" } else { "token" },
            about: account.about().to_owned(),
            public_key: account.public_key().map(str::to_owned),
        }
    }
}

/// The accounts that push, with what an application needs to ask its system for a token or a subscription.
#[utoipa::path(get, path = "/v1/push-accounts", responses((status = 200, body = Page<PushAccountView>)))]
pub(super) async fn accounts(call: &Call) -> Result<Reply, Problem> {
    let accounts = call.api.live.kept().push.clone();
    Ok(Reply::json(200, &Page::whole(accounts.iter().map(PushAccountView::from).collect())))
}

/// All devices of an owner, ended ones too.
#[utoipa::path(get, path = "/v1/owners/{owner}/devices", responses((status = 200, body = Page<DeviceView>)))]
pub(super) async fn list(call: &Call) -> Result<Reply, Problem> {
    let all = devices::list(&call.api.env, call.owner()?).await?;
    Ok(Reply::json(200, &Page::whole(all.iter().map(|(device, used)| DeviceView::of(device, *used)).collect())))
}

/// Registers a device, as its application does at each start: 201, or 200 where it was the owner's already. One of
/// another owner's is this one's from now on.
#[utoipa::path(post, path = "/v1/owners/{owner}/devices", request_body = NewDevice,
    responses((status = 201, body = DeviceView), (status = 200, body = DeviceView)))]
pub(super) async fn register(call: &Call) -> Result<Reply, Problem> {
    let new: NewDevice = call.json()?;
    let (owner, actor, accounts) = (call.owner()?, &call.actor(), &call.api.live.kept().push.clone());
    let view = |done: &Done| (if done.new { 201 } else { 200 }, DeviceView::of(&done.device, None));
    call.wrote(view, || devices::register(&call.api.env, actor, accounts, owner, &new)).await
}

/// One device.
#[utoipa::path(get, path = "/v1/owners/{owner}/devices/{device}", responses((status = 200, body = DeviceView)))]
pub(super) async fn read(call: &Call) -> Result<Reply, Problem> {
    let (device, used) = devices::read(&call.api.env, call.owner()?, call.id("device")?).await?;
    Ok(Reply::json(200, &DeviceView::of(&device, used)))
}

/// Forgets a device: nothing goes to it any more.
#[utoipa::path(delete, path = "/v1/owners/{owner}/devices/{device}", responses((status = 204)))]
pub(super) async fn remove(call: &Call) -> Result<Reply, Problem> {
    let (owner, actor) = (call.owner()?, &call.actor());
    let id: DeviceId = call.id("device")?;
    call.wrote(|()| (204, ()), || devices::remove(&call.api.env, actor, owner, id)).await
}
