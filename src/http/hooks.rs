//! `/hooks/{account}/call|message|status|inbound`: a provider account's webhooks (rule W1). `status` and `call` may be
//! followed by a reference of ours, which leads to the sender's own URL.

use super::{
    Surface,
    arrival::Arrival,
    body::{self, BodyError},
    problem::{Kind, Problem},
};
use crate::{
    provider::{Capability, Hook, Incoming, Refused},
    usecase::{
        bounced, gateway::Gateway, hook_call, hook_inbound, hook_message, hook_status, receipts::OwnMessage,
        reference::Reference,
    },
};
use bytes::Bytes;
use http::{HeaderMap, Method};
use std::sync::Arc;
use warp::{
    Filter,
    filters::BoxedFilter,
    path::Tail,
    reply::{Reply as _, Response},
};

/// The first of all routes: each alternative before it would cost every call.
pub(super) fn routes(surface: &Surface) -> BoxedFilter<(Response,)> {
    let gateway = Arc::clone(&surface.gateway);
    let limit = surface.body;
    warp::path("hooks")
        .and(warp::path::tail())
        .and(warp::method())
        .and(warp::ext::get::<Arrival>())
        .and(warp::header::headers_cloned())
        .and(warp::body::stream())
        .then(move |tail: Tail, method, arrival, headers, stream| {
            let gateway = Arc::clone(&gateway);
            async move {
                let body = body::read(stream, limit).await;
                let answer = answer(&gateway, tail.as_str(), &method, &arrival, &headers, body).await;
                super::count(&gateway.metrics, "hook", answer)
            }
        })
        .boxed()
}

async fn answer(
    gateway: &Arc<Gateway>,
    tail: &str,
    method: &Method,
    arrival: &Arrival,
    headers: &HeaderMap,
    body: Result<Bytes, BodyError>,
) -> Response {
    let Some((name, hook, reference)) = read_tail(tail) else { return Problem::new(Kind::NotFound).response() };
    if method != Method::POST && method != Method::GET {
        return Problem::new(Kind::MethodNotAllowed).response();
    }
    let body = match body {
        Ok(body) => body,
        Err(error) => {
            gateway.refused("hook", if error == BodyError::TooLarge { "too_large" } else { "malformed" });
            return Problem::from(error).response();
        }
    };
    let accounts = gateway.accounts();
    let Some(account) = accounts.named(name) else {
        return if hook == Hook::Inbound {
            mail(gateway, name, headers, &body).await
        } else {
            refusal(gateway, name, None)
        };
    };
    let origin = arrival.origin();
    let now = gateway.env.clock.now();
    let mut incoming = Incoming::new(method, &origin, arrival.target.as_str(), headers, &body, now);
    incoming.peer = Some(arrival.ip());
    let verified = match account.provider.verify(&incoming, hook) {
        Ok(verified) => verified,
        Err(refused) => return refusal(gateway, name, Some(refused)),
    };
    let document = match (hook, reference) {
        (Hook::Call, Some(Named::Sender(reference))) => {
            hook_status::application(gateway, account, &incoming, &reference).await
        }
        (Hook::Call, _) => hook_call::answer(gateway, account, &incoming, verified).await,
        (Hook::Status, Some(Named::Sender(reference))) => {
            hook_status::report(gateway, account, &incoming, &reference).await
        }
        (Hook::Status, Some(Named::Own(own))) => hook_status::own(gateway, account, &incoming, Some(own)).await,
        (Hook::Status, None) => hook_status::own(gateway, account, &incoming, None).await,
        (Hook::Inbound, _) => hook_inbound::answer(gateway, account, &incoming, verified).await,
        (Hook::Message, _) if !account.provider.provider().can(Capability::MessageHook) => {
            return Problem::new(Kind::NotFound).response();
        }
        (Hook::Message, _) => hook_message::answer(gateway, account, &incoming, verified).await,
    };
    super::document_response(document)
}

/// A mail that came back to a mail account: raw, as a mail system's `pipe` gives it, with the account's secret as a bearer
/// token. Taken whatever it is, for a mail system that is refused would send another report.
async fn mail(gateway: &Gateway, name: &str, headers: &HeaderMap, body: &[u8]) -> Response {
    let post = gateway.post();
    let secret = post.as_ref().and_then(|post| post.mailboxes.get(name));
    let shown = headers.get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let (Some(secret), Some(shown)) = (secret, shown) else { return refusal(gateway, name, None) };
    if !bounced::same(secret, shown) {
        return refusal(gateway, name, Some(Refused::Wrong));
    }
    match bounced::take(&gateway.env, name, body).await {
        Ok(taken) => {
            tracing::info!(account = name, ?taken, "a mail came back");
            http::StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => {
            tracing::error!(account = name, %error, "a mail that came back cannot be taken");
            Problem::new(Kind::Unavailable).response()
        }
    }
}

/// What the end of a path is about.
enum Named {
    /// A sender's request that went elsewhere.
    Sender(Reference),
    /// A message of our own.
    Own(OwnMessage),
}

/// `{account}/{hook}` and, for two of the hooks, what it is about.
fn read_tail(tail: &str) -> Option<(&str, Hook, Option<Named>)> {
    let mut segments = tail.split('/');
    let name = segments.next().filter(|name| !name.is_empty())?;
    let hook = match segments.next()? {
        "call" => Hook::Call,
        "message" => Hook::Message,
        "status" => Hook::Status,
        "inbound" => Hook::Inbound,
        _ => return None,
    };
    let reference = match segments.next() {
        None => None,
        Some(text) if hook == Hook::Call => Some(Named::Sender(Reference::read(text)?)),
        Some(text) if hook == Hook::Status => {
            let own = OwnMessage::read(text).map(Named::Own);
            Some(own.or_else(|| Reference::read(text).map(Named::Sender))?)
        }
        Some(_) => return None,
    };
    segments.next().is_none().then_some((name, hook, reference))
}

/// One answer for every reason, the unknown account included (rule W1); the reason goes to the log and the counter.
fn refusal(gateway: &Gateway, name: &str, refused: Option<Refused>) -> Response {
    let reason = match refused {
        None => "account",
        Some(Refused::Unsigned) => "unsigned",
        Some(Refused::Wrong) => "signature",
        Some(Refused::OutOfTime) => "time",
        Some(Refused::OtherAccount) => "other_account",
    };
    gateway.refused("hook", reason);
    if let Some(refused) = refused {
        tracing::warn!(account = name, %refused, "a webhook was refused");
    } else {
        tracing::debug!("a webhook for an unknown account was refused");
    }
    Problem::new(Kind::Forbidden).response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_hooks() {
        let reference = format!("{}-1", crate::domain::id::SubstitutionId(5));
        for (tail, hook, referred) in [
            ("main/call", Hook::Call, false),
            ("main/message", Hook::Message, false),
            ("main/inbound", Hook::Inbound, false),
            (&format!("main/status/{}-1", crate::domain::id::NoticeId(5)), Hook::Status, true),
            (&format!("main/status/{reference}"), Hook::Status, true),
            (&format!("main/call/{reference}"), Hook::Call, true),
        ] {
            let read = read_tail(tail).unwrap();
            assert_eq!((read.0, read.1, read.2.is_some()), ("main", hook, referred), "{tail}");
        }
        for tail in ["", "main", "/call", "main/other", "main/call/", "main/call/x", "main/status/x/y"] {
            assert!(read_tail(tail).is_none(), "{tail}");
        }
        assert!(read_tail(&format!("main/inbound/{reference}")).is_none());
        assert!(read_tail(&format!("main/status/{reference}/")).is_none());
    }

    proptest::proptest! {
        #[test]
        fn any_path_is_read_or_refused(tail in "[a-z0-9_./-]{0,80}") {
            if let Some((name, _, _)) = read_tail(&tail) {
                proptest::prop_assert!(tail.starts_with(name) && !name.is_empty());
            }
            let _no_panic = read_tail(&format!("main/status/{tail}"));
        }
    }
}
