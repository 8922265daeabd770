//! Passkeys: signing in with one, adding and removing them, and proving a request by one.

use super::{
    access::{SignedInView, signed_in},
    call::Call,
    owners::{decided, want},
    reply::Reply,
    view::{DecidedView, Page},
};
use crate::{
    clock::Time,
    http::problem::Problem,
    store::Passkey,
    usecase::{
        passkeys::{self as keys, Assertion, Creation},
        requests::Decided,
        write::{Refused, read_owner},
    },
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

fn bytes(text: &str, pointer: &'static str) -> Result<Vec<u8>, Problem> {
    let read = URL_SAFE_NO_PAD.decode(text.trim_end_matches('='));
    read.map_err(|_| Refused::invalid(pointer, "base64url is needed").into())
}

/// What `navigator.credentials.get` is to be asked with, as its `publicKey`; bytes are base64url.
#[utoipa::path(post, path = "/v1/sign-in/passkey", responses((status = 200, body = serde_json::Value)))]
pub(super) async fn ask(call: &Call) -> Result<Reply, Problem> {
    Ok(Reply::json(200, &keys::ask(&call.api.env).await?))
}

/// What the browser answered; bytes are base64url.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    /// The credential's id.
    id: String,
    /// `response.clientDataJSON`.
    client_data: String,
    /// `response.authenticatorData`.
    authenticator_data: String,
    /// `response.signature`.
    signature: String,
    /// The device, in words; for a sign-in.
    #[serde(default)]
    device: String,
}

impl Answer {
    fn read(&self) -> Result<Assertion, Problem> {
        Ok(Assertion {
            id: bytes(&self.id, "/id")?,
            client_data: bytes(&self.client_data, "/client_data")?,
            authenticator: bytes(&self.authenticator_data, "/authenticator_data")?,
            signature: bytes(&self.signature, "/signature")?,
        })
    }
}

/// Signs in with a passkey.
#[utoipa::path(post, path = "/v1/sign-in/passkey/finish", request_body = Answer,
    responses((status = 201, body = SignedInView)))]
pub(super) async fn finish(call: &Call) -> Result<Reply, Problem> {
    let answer: Answer = call.json()?;
    let (session, token) = keys::sign_in(&call.api.env, &answer.read()?, &answer.device).await?;
    Ok(Reply::json(201, &signed_in(&session, &token)))
}

/// A passkey.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PasskeyView {
    /// The credential's id, as base64url.
    id: String,
    /// The owner's own word for it.
    label: Box<str>,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    created: Time,
    /// When it was last used.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    used: Option<Time>,
}

impl From<&Passkey> for PasskeyView {
    fn from(key: &Passkey) -> Self {
        Self { id: URL_SAFE_NO_PAD.encode(&key.id), label: key.label.clone(), created: key.made, used: key.used }
    }
}

/// An owner's passkeys.
#[utoipa::path(get, path = "/v1/owners/{owner}/passkeys", responses((status = 200, body = Page<PasskeyView>)))]
pub(super) async fn list(call: &Call) -> Result<Reply, Problem> {
    let owner = read_owner(&call.api.env, call.owner()?, None).await?;
    let all = keys::list(&call.api.env, owner.id).await?;
    Ok(Reply::json(200, &Page::whole(all.iter().map(PasskeyView::from).collect())))
}

/// What `navigator.credentials.create` is to be asked with, as its `publicKey`; bytes are base64url.
#[utoipa::path(post, path = "/v1/owners/{owner}/passkey-options",
    responses((status = 200, body = serde_json::Value)))]
pub(super) async fn options(call: &Call) -> Result<Reply, Problem> {
    Ok(Reply::json(200, &keys::options(&call.api.env, call.owner()?).await?))
}

/// A passkey that the browser made; bytes are base64url.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    /// The owner's own word for it.
    label: String,
    /// `response.clientDataJSON`.
    client_data: String,
    /// `response.attestationObject`.
    attestation_object: String,
}

/// Adds a passkey, as a request: it counts after its proof and hold.
#[utoipa::path(post, path = "/v1/owners/{owner}/passkeys", request_body = New,
    responses((status = 201, body = DecidedView), (status = 202, body = DecidedView)))]
pub(super) async fn create(call: &Call) -> Result<Reply, Problem> {
    let owner = read_owner(&call.api.env, call.owner()?, None).await?;
    let New { label, client_data, attestation_object } = call.json()?;
    let creation = Creation {
        label,
        client_data: bytes(&client_data, "/client_data")?,
        attestation: bytes(&attestation_object, "/attestation_object")?,
    };
    let wanted = keys::created(&call.api.env, owner.id, &creation).await?;
    want(call, &wanted, 201, "").await
}

/// Removes a passkey, as a request that is held.
#[utoipa::path(delete, path = "/v1/owners/{owner}/passkeys/{passkey}",
    responses((status = 200, body = DecidedView), (status = 202, body = DecidedView)))]
pub(super) async fn remove(call: &Call) -> Result<Reply, Problem> {
    let (owner, actor, id) = (call.owner()?, &call.actor(), call.segment("passkey"));
    call.wrote(|outcome| decided(outcome, 200), || keys::remove(&call.api.env, actor, owner, id)).await
}

/// Proves an open request with a passkey of its owner.
#[utoipa::path(post, path = "/v1/owners/{owner}/requests/{request}/passkey", request_body = Answer,
    responses((status = 200, body = DecidedView), (status = 202, body = DecidedView)))]
pub(super) async fn prove(call: &Call) -> Result<Reply, Problem> {
    let (owner, request, actor) = (call.owner()?, call.id("request")?, &call.actor());
    let answer: Answer = call.json()?;
    let done: Decided = keys::prove(&call.api.env, actor, owner, request, &answer.read()?).await?;
    let (status, view) = decided(&done, 200);
    Ok(Reply::json(status, &view).tagged(done.owner.version))
}
