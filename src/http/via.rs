//! Drop-in endpoints: `/via/{account}/…` and the account's own host name. The provider's own path follows; errors have
//! the provider's own shape.

use super::{
    Surface, arrival,
    body::{self, BodyError},
    document_response,
    problem::{Kind, Problem},
    serve::HangUp,
    waiting::Waiting,
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
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, header, request::Parts, uri::PathAndQuery};
use http_body_util::{BodyDataStream, BodyExt as _, Full};
use hyper::body::Body as _;
use std::sync::Arc;
use warp::{Reply as _, reply::Response};

/// Answers drop-in endpoints. No warp filter, as [`super::hooks::Hooks`] is none.
pub(super) struct Via {
    gateway: Arc<Gateway>,
    limit: body::Limit,
}

/// Whose endpoint a request is for, and the provider's own path and query.
pub(super) struct Place {
    /// None: there is no such account.
    account: Option<Arc<Account>>,
    target: Box<str>,
}

impl Via {
    pub(super) fn new(surface: &Surface) -> Self {
        Self { gateway: Arc::clone(&surface.gateway), limit: surface.body }
    }

    /// Where a request goes that is for a drop-in endpoint, by its host or by its path.
    pub(super) fn place<B>(&self, request: &Request<B>) -> Option<Place> {
        let accounts = self.gateway.accounts();
        let target = request.uri().path_and_query().map_or("/", PathAndQuery::as_str);
        if accounts.have_hosts()
            && let Some(account) = accounts.hosted(arrival::host(&arrival::authority(request.uri(), request.headers())))
        {
            return Some(Place { account: Some(Arc::clone(account)), target: target.into() });
        }
        let (name, rest) = split(target)?;
        Some(Place { account: accounts.named(name).cloned(), target: rest.into() })
    }

    /// Reads what has to be read, and answers.
    pub(super) async fn answer(
        &self,
        Place { account, target }: Place,
        request: Request<hyper::body::Incoming>,
        waiting: &Waiting,
    ) -> Response {
        let answer = match account {
            None => Problem::new(Kind::NotFound).response(),
            Some(account) => {
                let (head, body) = request.into_parts();
                let reading = Reading { body, limit: self.limit, waiting };
                answer(&self.gateway, &account, &head, &target, reading).await
            }
        };
        super::count(&self.gateway.metrics, "via", answer)
    }
}

/// `/via/NAME/rest?query` to the name and `/rest?query`, byte for byte.
fn split(target: &str) -> Option<(&str, String)> {
    let rest = target.strip_prefix("/via/")?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (name, target) = rest.split_at(end);
    let slash = if target.starts_with('/') { "" } else { "/" };
    Some((name, format!("{slash}{target}")))
}

/// A body that has not been read.
struct Reading<'a> {
    body: hyper::body::Incoming,
    limit: body::Limit,
    waiting: &'a Waiting,
}

impl Reading<'_> {
    async fn whole(self) -> Result<Bytes, BodyError> {
        body::read_waiting(self.body, self.limit, self.waiting).await
    }
}

async fn answer(
    gateway: &Arc<Gateway>,
    account: &Arc<Account>,
    head: &Parts,
    target: &str,
    reading: Reading<'_>,
) -> Response {
    let now = gateway.env.clock.now();
    // No webhook, and so nobody has signed an origin.
    let incoming = |body| Incoming::new(&head.method, "", target, &head.headers, body, now);
    // Nothing is read of a body whose sender is not known, but where the sender is known by it.
    let (early, reading) = if account.provider.needs_body_first() {
        match reading.whole().await {
            Ok(body) => (Some(body), None),
            Err(error) => return unreadable(gateway, account, error),
        }
    } else {
        (None, Some(reading))
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
        let body = match (&early, reading) {
            (Some(body), _) => Some(Full::new(body.clone()).map_err(|never| match never {}).boxed()),
            (None, reading) => reading.filter(|_| has_body(&head.headers)).map(streamed),
        };
        return response(Box::pin(relay::pass(gateway, account, &bare, body)).await).await;
    };
    if route.action == Action::List
        && account.provider.settings().custody == Custody::Operator
        && gateway.sends_own_by(account)
    {
        return not_offered(gateway, account, OWN);
    }
    let body = match (&early, reading) {
        (None, Some(reading)) => match reading.whole().await {
            Ok(body) => body,
            Err(error) => return unreadable(gateway, account, error),
        },
        (early, _) => early.clone().unwrap_or_default(),
    };
    let whole = incoming(&body);
    let relayed = match route.action {
        Action::Send | Action::CreateCall => relay_send::send(gateway, account, &route, &whole, sender).await,
        Action::Read => Box::pin(relay_read::read(gateway, account, &route, &whole)).await,
        Action::List => Box::pin(relay_list::list(gateway, account, &route, &whole)).await,
    };
    response(relayed).await
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

fn streamed(reading: Reading<'_>) -> RelayBody {
    reading.body.map_err(Box::<dyn std::error::Error + Send + Sync>::from).boxed()
}

/// A reply of at most so many bytes is waited for: with its head it leaves in one write.
const SHORT: u64 = 16 << 10;

async fn response(relayed: Relayed) -> Response {
    match relayed {
        Relayed::Streamed(reply) => {
            let (head, body) = reply.into_parts();
            if !body.size_hint().exact().is_some_and(|length| (1..=SHORT).contains(&length)) {
                return with_head(warp::reply::stream(BodyDataStream::new(body)).into_response(), head);
            }
            match body.collect().await {
                Ok(body) => with_head(Response::new(body.to_bytes().into()), head),
                Err(error) => {
                    tracing::warn!(%error, "the provider's reply broke off");
                    hang_up()
                }
            }
        }
        Relayed::Whole(reply) => {
            let (head, body): (_, Bytes) = reply.into_parts();
            with_head(Response::new(body.into()), head)
        }
        Relayed::Document(document) => document_response(document),
        Relayed::HangUp => hang_up(),
    }
}

fn hang_up() -> Response {
    let mut response = StatusCode::BAD_GATEWAY.into_response();
    response.extensions_mut().insert(HangUp);
    response
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
