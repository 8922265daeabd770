//! A sender's request at a drop-in endpoint on its way to the provider (rules Q5, Q6, Q7, Q10). What the provider's file
//! does not describe, and what is not substituted, passes byte for byte; see [`super::relay_send`] and
//! [`super::relay_read`] for the rest.

use super::{
    authorize::{Whose, authorize},
    gateway::{Account, Gateway},
};
use crate::{
    provider::{Document, ErrorKind, Incoming, Moment, Request},
    transport::http::{Failure, relay::RelayBody},
};
use bytes::Bytes;
use http::{HeaderMap, Response, header};
use http_body_util::{BodyExt as _, Empty, Full, Limited};

/// What the sender gets.
#[derive(Debug)]
pub enum Relayed {
    /// The provider's reply, as it comes.
    Streamed(Response<hyper::body::Incoming>),
    /// The provider's reply with numbers mapped back.
    Whole(Response<Bytes>),
    /// An error of ours, in the provider's shape.
    Document(Document),
    /// The provider gave no answer after the request had left, so the sender gets none either.
    HangUp,
}

/// Passes a request on unchanged. `body` is the sender's body as it arrives; `None` where there is none.
pub async fn pass(gateway: &Gateway, account: &Account, incoming: &Incoming<'_>, body: Option<RelayBody>) -> Relayed {
    let mut request = account.provider.forward(incoming, None);
    if body.is_some() {
        // The length stands in the head, so that a body of known length is not chunked on its way.
        for name in [header::CONTENT_LENGTH, header::TRANSFER_ENCODING] {
            if let Some(value) = incoming.headers.get(&name) {
                request.headers.insert(name, value.clone());
            }
        }
    }
    let body = body.unwrap_or_else(|| Empty::new().map_err(|never| match never {}).boxed());
    send(gateway, account, request, body).await
}

/// Sends a request whose body is whole.
pub(super) async fn send_whole(gateway: &Gateway, account: &Account, request: Request) -> Relayed {
    let body = Full::new(request.body.clone()).map_err(|never| match never {}).boxed();
    send(gateway, account, request, body).await
}

async fn send(gateway: &Gateway, account: &Account, mut request: Request, body: RelayBody) -> Relayed {
    if account.provider.authorizes()
        && let Some(refused) = Box::pin(authorized(gateway, account, &mut request)).await
    {
        return refused;
    }
    let Ok(target) = request.url.parse::<http::Uri>() else {
        return Relayed::Document(account.provider.error(ErrorKind::NotFound, "this path cannot be passed on"));
    };
    let mut made = http::Request::new(body);
    *made.method_mut() = request.method;
    *made.uri_mut() = target;
    *made.headers_mut() = request.headers;
    made.headers_mut().remove(header::EXPECT);
    match gateway.ways.relay.pass(made).await {
        Ok(reply) => Relayed::Streamed(reply),
        Err(failure) => failed(account, &failure),
    }
}

/// Puts credentials that hold for a time into a request; an answer where there are none.
async fn authorized(gateway: &Gateway, account: &Account, request: &mut Request) -> Option<Relayed> {
    let moment = Moment { now: gateway.env.clock.now(), bits: gateway.env.random.bits() };
    let client = &gateway.ways.private;
    if let Err(error) = authorize(client, &account.provider, request, moment, Whose::Sender).await {
        tracing::error!(account = account.name(), %error, "a request has no credentials");
        let why = "the provider gave no credentials; nothing was sent";
        return Some(Relayed::Document(account.provider.error(ErrorKind::Unavailable, why)));
    }
    None
}

fn failed(account: &Account, failure: &Failure) -> Relayed {
    tracing::warn!(account = account.name(), error = failure as &dyn std::error::Error, "the provider gave no answer");
    match failure {
        Failure::Unknown(cause) if cause.is::<tokio::time::error::Elapsed>() => {
            Relayed::Document(account.provider.error(ErrorKind::TimedOut, "the provider took too long to answer"))
        }
        Failure::Unknown(_) => Relayed::HangUp,
        Failure::NotSent(_) | Failure::Forbidden(_) => Relayed::Document(
            account.provider.error(ErrorKind::Unavailable, "the provider cannot be reached; nothing was sent"),
        ),
    }
}

/// Reads a streamed reply whole, so that numbers in it can be mapped back. The reply of [`Relayed::Whole`] has no
/// `Content-Length` of its own any more.
pub(super) async fn read_whole(gateway: &Gateway, relayed: Relayed) -> Result<(HeaderMap, Response<Bytes>), Relayed> {
    let Relayed::Streamed(reply) = relayed else { return Err(relayed) };
    let (mut head, body) = reply.into_parts();
    let body = match Limited::new(body, gateway.ways.reply_limit).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => {
            tracing::warn!(%error, "the provider's reply broke off");
            return Err(Relayed::HangUp);
        }
    };
    let original = head.headers.clone();
    for name in ["content-length", "etag", "content-md5", "digest", "content-digest", "repr-digest"] {
        head.headers.remove(name);
    }
    Ok((original, Response::from_parts(head, body)))
}

/// Whether a body can be read as it stands; compressed ones are not asked for.
pub(super) fn is_plain(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_ENCODING).is_none_or(|encoding| encoding == "identity")
}
