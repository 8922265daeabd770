//! Credentials that hold for a time: fetched from the provider when there are none, and put into a request.

use crate::{
    provider::{Account, Moment, NoToken, NotWritten, Request, Step},
    transport::http::{Client, Failure},
};
use bytes::Bytes;

/// Why a request has no credentials. Nothing of the request itself was sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unauthorized {
    /// The provider's file cannot write it.
    #[error(transparent)]
    NotWritten(#[from] NotWritten),
    /// The provider's answer is no token.
    #[error(transparent)]
    NoToken(#[from] NoToken),
    /// The provider did not answer.
    #[error("no token: {0}")]
    Failed(#[from] Failure),
}

/// Whose request it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// Redial's own.
    Own,
    /// A sender's, at a drop-in endpoint.
    Sender,
}

/// Puts credentials into the request; asks for a token where there is none that still holds.
pub(super) async fn authorize(
    client: &Client,
    account: &Account,
    request: &mut Request,
    moment: Moment,
    whose: Whose,
) -> Result<(), Unauthorized> {
    let put = |request: &mut Request| match whose {
        Whose::Own => account.authorize(request, moment),
        Whose::Sender => account.authorize_relayed(request, moment),
    };
    let Step::Fetch(ask) = put(request)? else { return Ok(()) };
    let reply = client.send(whole(ask)?).await?;
    account.keep_token(reply.status(), reply.body(), moment.now)?;
    match put(request)? {
        Step::Ready => Ok(()),
        // What was given ended at once.
        Step::Fetch(_) => Err(NoToken::Failed(reply.status().as_u16()).into()),
    }
}

/// A request as the client sends it.
pub(super) fn whole(request: Request) -> Result<http::Request<Bytes>, Failure> {
    let url = request.url.parse().map_err(|_| Failure::Forbidden("it is no URL"))?;
    let mut whole = http::Request::new(request.body);
    *whole.method_mut() = request.method;
    *whole.headers_mut() = request.headers;
    *whole.uri_mut() = url;
    Ok(whole)
}
