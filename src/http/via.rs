//! Drop-in endpoints: `/via/{account}/…` and the account's own host name. The provider's own path follows; errors have
//! the provider's own shape.

use super::{
    Surface,
    arrival::Arrival,
    body::{self, BodyError, Limit},
    document_response,
    problem::{Kind, Problem},
    serve::HangUp,
};
use crate::{
    provider::{Action, Custody, ErrorKind, Incoming},
    transport::http::relay::RelayBody,
    usecase::{
        gateway::{Account, Gateway},
        relay::{self, Relayed},
        relay_list, relay_read, relay_send,
    },
};
use bytes::{Buf, Bytes};
use futures_util::{Stream, TryStreamExt as _};
use http::{HeaderMap, Method, StatusCode, header};
use http_body_util::{BodyDataStream, BodyExt as _, Full, StreamBody};
use hyper::body::Frame;
use std::sync::Arc;
use warp::{Filter, Rejection, Reply as _, filters::BoxedFilter, reply::Response};

/// `/via/{account}/…`.
pub(super) fn by_path(surface: &Surface) -> BoxedFilter<(Response,)> {
    let gateway = Arc::clone(&surface.gateway);
    let limit = surface.body;
    warp::path("via")
        .and(warp::method())
        .and(warp::ext::get::<Arrival>())
        .and(warp::header::headers_cloned())
        .and(warp::body::stream())
        .then(move |method, arrival: Arrival, headers, stream| {
            let gateway = Arc::clone(&gateway);
            async move {
                let accounts = gateway.accounts();
                let Some((account, target)) =
                    split(arrival.target.as_str()).and_then(|(name, target)| Some((accounts.named(name)?, target)))
                else {
                    return super::count(&gateway.metrics, "via", Problem::new(Kind::NotFound).response());
                };
                let wish = Wish { method, target: &target, arrival: &arrival, headers };
                let answer = answer(&gateway, account, wish, stream, limit).await;
                super::count(&gateway.metrics, "via", answer)
            }
        })
        .boxed()
}

/// A host that is an account's own.
pub(super) fn by_host(surface: &Surface) -> BoxedFilter<(Response,)> {
    let gateway = Arc::clone(&surface.gateway);
    let limit = surface.body;
    let hosted = {
        let gateway = Arc::clone(&surface.gateway);
        warp::ext::get::<Arrival>().and_then(move |arrival: Arrival| {
            let account = gateway.accounts().hosted(arrival.host()).cloned();
            async move { account.map(|account| (account, arrival)).ok_or_else(warp::reject::not_found) }
        })
    };
    hosted
        .and(warp::method())
        .and(warp::header::headers_cloned())
        .and(warp::body::stream())
        .and_then(move |(account, arrival): (Arc<Account>, Arrival), method, headers, stream| {
            let gateway = Arc::clone(&gateway);
            async move {
                let wish = Wish { method, target: arrival.target.as_str(), arrival: &arrival, headers };
                let answer = answer(&gateway, &account, wish, stream, limit).await;
                Ok::<_, Rejection>(super::count(&gateway.metrics, "via", answer))
            }
        })
        .boxed()
}

/// `/via/NAME/rest?query` to the name and `/rest?query`, byte for byte.
fn split(target: &str) -> Option<(&str, String)> {
    let rest = target.strip_prefix("/via/")?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (name, target) = rest.split_at(end);
    let slash = if target.starts_with('/') { "" } else { "/" };
    Some((name, format!("{slash}{target}")))
}

/// What a sender sent, but for the body.
struct Wish<'a> {
    method: Method,
    target: &'a str,
    arrival: &'a Arrival,
    headers: HeaderMap,
}

async fn answer<S, B>(
    gateway: &Arc<Gateway>,
    account: &Arc<Account>,
    wish: Wish<'_>,
    stream: S,
    limit: Limit,
) -> Response
where
    S: Stream<Item = Result<B, warp::Error>> + Send + Sync + 'static,
    B: Buf,
{
    let origin = wish.arrival.origin();
    let now = gateway.env.clock.now();
    let incoming = |body| Incoming::new(&wish.method, &origin, wish.target, &wish.headers, body, now);
    // Nothing is read of a body whose sender is not known, but where the sender is known by it.
    let (early, stream) = if account.provider.needs_body_first() {
        match body::read(stream, limit).await {
            Ok(body) => (Some(body), None),
            Err(error) => return unreadable(gateway, account, error),
        }
    } else {
        (None, Some(stream))
    };
    let bare = incoming(early.as_deref().unwrap_or_default());
    let sender = match account.provider.authenticate(&bare) {
        Ok(sender) => sender,
        Err(document) => {
            gateway.refused("via", "credentials");
            return document_response(document);
        }
    };
    let Some(route) = account.provider.route(&bare) else {
        if account.provider.settings().custody == Custody::Operator {
            return not_offered(gateway, account, UNREAD);
        }
        let body = match (&early, stream) {
            (Some(body), _) => Some(Full::new(body.clone()).map_err(|never| match never {}).boxed()),
            (None, stream) => stream.filter(|_| has_body(&wish.headers)).map(streamed),
        };
        return response(relay::pass(gateway, account, &bare, body).await);
    };
    if route.action == Action::List
        && account.provider.settings().custody == Custody::Operator
        && gateway.sends_own_by(account)
    {
        return not_offered(gateway, account, OWN);
    }
    let body = match (&early, stream) {
        (None, Some(stream)) => match body::read(stream, limit).await {
            Ok(body) => body,
            Err(error) => return unreadable(gateway, account, error),
        },
        (early, _) => early.clone().unwrap_or_default(),
    };
    let whole = incoming(&body);
    response(match route.action {
        Action::Send | Action::CreateCall => relay_send::send(gateway, account, &route, &whole, sender).await,
        Action::Read => relay_read::read(gateway, account, &route, &whole).await,
        Action::List => relay_list::list(gateway, account, &route, &whole).await,
    })
}

/// What the provider's file does not describe would leave with the operator's own credentials and come back unread: a
/// list of messages in another format shows new numbers, and the account's own page its token (rule Q5).
const UNREAD: &str = "this path is not offered here: Redial knows no way to map numbers back in its replies";

/// A code to sign in with, and a notice with a new number, stand among the account's messages like any other (rule C1).
const OWN: &str = "lists are not offered here: Redial's own messages leave by this account, too";

fn not_offered(gateway: &Gateway, account: &Account, why: &str) -> Response {
    gateway.refused("via", "not_offered");
    document_response(account.provider.error(ErrorKind::NotFound, why))
}

fn unreadable(gateway: &Gateway, account: &Account, error: BodyError) -> Response {
    let (kind, reason) = match error {
        BodyError::TooLarge => (ErrorKind::TooLarge, "too_large"),
        BodyError::TooSlow | BodyError::Broken => (ErrorKind::Malformed, "malformed"),
    };
    gateway.refused("via", reason);
    document_response(account.provider.error(kind, &error.to_string()))
}

fn has_body(headers: &HeaderMap) -> bool {
    headers.contains_key(header::TRANSFER_ENCODING)
        || headers.get(header::CONTENT_LENGTH).is_some_and(|length| length != "0")
}

fn streamed<S, B>(stream: S) -> RelayBody
where
    S: Stream<Item = Result<B, warp::Error>> + Send + Sync + 'static,
    B: Buf,
{
    let frames = stream
        .map_ok(|mut piece| Frame::data(piece.copy_to_bytes(piece.remaining())))
        .map_err(Box::<dyn std::error::Error + Send + Sync>::from);
    StreamBody::new(frames).boxed()
}

fn response(relayed: Relayed) -> Response {
    match relayed {
        Relayed::Streamed(reply) => {
            let (head, body) = reply.into_parts();
            with_head(warp::reply::stream(BodyDataStream::new(body)).into_response(), head)
        }
        Relayed::Whole(reply) => {
            let (head, body): (_, Bytes) = reply.into_parts();
            with_head(Response::new(body.into()), head)
        }
        Relayed::Document(document) => document_response(document),
        Relayed::HangUp => {
            let mut response = StatusCode::BAD_GATEWAY.into_response();
            response.extensions_mut().insert(HangUp);
            response
        }
    }
}

fn with_head(mut response: Response, head: http::response::Parts) -> Response {
    *response.status_mut() = head.status;
    *response.headers_mut() = head.headers;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_the_account_stays_as_it_is() {
        for (target, name, rest) in [
            ("/via/main/2010-04-01/A.json", "main", "/2010-04-01/A.json"),
            ("/via/main/a//b/?x=%7e&&y", "main", "/a//b/?x=%7e&&y"),
            ("/via/main", "main", "/"),
            ("/via/main?x", "main", "/?x"),
        ] {
            assert_eq!(split(target), Some((name, rest.to_owned())), "{target}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_target_is_split_or_left(target in ".*") {
            if let Some((name, rest)) = split(&target) {
                proptest::prop_assert!(!name.contains('/') && rest.starts_with('/'));
            }
            let _no_panic = split(&format!("/via/{target}"));
        }
    }
}
