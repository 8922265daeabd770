//! Requests to senders' own URLs (rule W2): at once where somebody waits for the document, else in the background and
//! again when they fail.

use super::gateway::{Account, Gateway};
use crate::{
    provider::{Document, ErrorKind, Request},
    transport::http::{Client, Failure},
};
use bytes::Bytes;
use std::{sync::Arc, time::Duration};

/// Sends it now and hands back the sender's document, its URLs whole; where there is none, an error that makes the provider try again
/// or fall back.
pub(super) async fn at_once(gateway: &Gateway, account: &Account, request: Request) -> Document {
    match client(gateway, account).send(whole(&request)).await {
        Ok(reply) => {
            let (status, content_type) = (reply.status(), reply.headers().get(http::header::CONTENT_TYPE).cloned());
            let document = Document { status, content_type, body: reply.into_body() };
            account.provider.with_whole_urls(document, &request.url)
        }
        Err(failure) => {
            tracing::warn!(account = account.name(), %failure, "the sender's URL gave no document");
            account.provider.error(ErrorKind::Unavailable, "the application behind this call gave no answer")
        }
    }
}

/// Sends it after the answer to the provider, and again after each pause of [`super::gateway::Ways::retries`].
pub(super) fn in_background(gateway: &Arc<Gateway>, account: &Arc<Account>, request: Request) {
    let task = {
        let (gateway, account) = (Arc::clone(gateway), Arc::clone(account));
        async move {
            let mut pauses = gateway.ways.retries.iter();
            while try_again(client(&gateway, &account).send(whole(&request)).await) {
                let Some(pause) = pauses.next() else {
                    tracing::warn!(account = account.name(), "a sender's callback was given up");
                    return;
                };
                if !wait(&gateway, *pause).await {
                    tracing::warn!(account = account.name(), "a sender's callback was given up at the stop");
                    return;
                }
            }
        }
    };
    gateway.tasks.spawn(task);
}

/// `false` where a stop came first.
async fn wait(gateway: &Gateway, pause: Duration) -> bool {
    tokio::select! {
        () = tokio::time::sleep(pause) => true,
        () = gateway.stop.cancelled() => false,
    }
}

/// A report may come twice, so that also an unknown outcome is repeated.
fn try_again(outcome: Result<http::Response<Bytes>, Failure>) -> bool {
    match outcome {
        Ok(reply) => reply.status().is_server_error() || reply.status() == http::StatusCode::TOO_MANY_REQUESTS,
        Err(Failure::Forbidden(why)) => {
            tracing::warn!(why, "a sender's callback URL may not be used");
            false
        }
        Err(failure) => {
            tracing::debug!(%failure, "a sender's callback failed");
            true
        }
    }
}

fn client<'a>(gateway: &'a Gateway, account: &Account) -> &'a Client {
    if account.private_callbacks { &gateway.ways.private } else { &gateway.ways.public }
}

/// A URL that does not parse becomes one without a host, which the client refuses.
fn whole(request: &Request) -> http::Request<Bytes> {
    let mut made = http::Request::new(request.body.clone());
    *made.method_mut() = request.method.clone();
    *made.uri_mut() = request.url.parse().unwrap_or_default();
    *made.headers_mut() = request.headers.clone();
    made
}
