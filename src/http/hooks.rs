//! `/hooks/{account}/call|message|status|inbound`: a provider account's webhooks (rule W1). `status` and `call` may be
//! followed by a reference of ours, which leads to the sender's own URL.

use super::{
    Surface,
    arrival::Arrival,
    body::{self, BodyError},
    problem::{Kind, Problem},
    waiting::Waiting,
};
use crate::{
    domain::id::LetterId,
    provider::{Capability, Hook, Incoming, Refused},
    usecase::{
        bounced, certificates,
        gateway::Gateway,
        hook_call, hook_inbound, hook_message, hook_status, memory,
        receipts::OwnMessage,
        reference::{PassedReference, Reference},
    },
};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, request::Parts, uri::PathAndQuery};
use std::{net::IpAddr, sync::Arc, time::Duration};
use warp::reply::{Reply as _, Response};

/// Answers webhooks. Not a warp filter: boxed filters, copied headers and what they keep beside a request cost more than
/// all the rest of an answer about a number that never moved.
pub(super) struct Hooks {
    gateway: Arc<Gateway>,
    limit: body::Limit,
}

/// Where a request came from.
#[derive(Clone, Copy)]
struct From {
    asker: IpAddr,
    encrypted: bool,
}

impl Hooks {
    pub(super) fn new(surface: &Surface) -> Self {
        Self { gateway: Arc::clone(&surface.gateway), limit: surface.body }
    }

    /// Whether a path is one of theirs.
    pub(super) fn are_at(path: &str) -> bool {
        path.strip_prefix("/hooks").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// How long a body may take.
    pub(super) fn body_time(&self) -> Duration {
        self.limit.time
    }

    /// Reads the body and answers.
    pub(super) async fn answer(
        &self,
        request: Request<hyper::body::Incoming>,
        asker: IpAddr,
        encrypted: bool,
        waiting: &Waiting,
    ) -> Response {
        let (head, body) = request.into_parts();
        let body = body::read_waiting(body, self.limit, waiting).await;
        let answer = answer(&self.gateway, &head, From { asker, encrypted }, body).await;
        super::count(&self.gateway.metrics, "hook", answer)
    }
}

async fn answer(gateway: &Arc<Gateway>, head: &Parts, from: From, body: Result<Bytes, BodyError>) -> Response {
    let tail = head.uri.path().strip_prefix("/hooks/").unwrap_or_default();
    let Some((name, hook, reference)) = read_tail(tail) else { return Problem::new(Kind::NotFound).response() };
    if head.method != Method::POST && head.method != Method::GET {
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
            Box::pin(mail(gateway, name, &head.headers, &body)).await
        } else {
            refusal(gateway, name, None)
        };
    };
    let origin = if account.provider.knows_its_urls() {
        String::new()
    } else {
        Arrival::read(&head.uri, &head.headers, from.asker, from.encrypted).origin()
    };
    let target = head.uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let now = gateway.env.clock.now();
    let mut incoming = Incoming::new(&head.method, &origin, target, &head.headers, &body, now);
    let certificate = match account.provider.certificate_url(&incoming) {
        None => None,
        Some(url) => match Box::pin(certificates::get(gateway, &url)).await {
            Some(certificate) => Some(certificate),
            // The provider comes again, and then it may be there.
            None => return Problem::new(Kind::Unavailable).response(),
        },
    };
    incoming.certificate = certificate.as_deref();
    let verified = match account.provider.verify(&incoming, hook) {
        Ok(verified) => verified,
        Err(refused) => return refusal(gateway, name, Some(refused)),
    };
    // The others look only where something comes of it: a number that never moved touches no table.
    if matches!(hook, Hook::Status | Hook::Inbound)
        && let Some(token) = incoming.token()
    {
        match Box::pin(memory::is_replayed(&gateway.env, name, token, now)).await {
            Ok(false) => {}
            Ok(true) => return refusal(gateway, name, Some(Refused::OutOfTime)),
            Err(error) => {
                tracing::error!(account = name, %error, "a webhook cannot be taken");
                return Problem::new(Kind::Unavailable).response();
            }
        }
    }
    if let Some(url) = account.provider.confirmation(&incoming) {
        certificates::confirm(gateway, name, url);
        return super::document_response(account.provider.acknowledge(hook));
    }
    // The rare ones in boxes, so that the common one is not moved about with room for them.
    let document = match (hook, reference) {
        (Hook::Call, Some(Named::Sender(reference))) => {
            Box::pin(hook_status::application(gateway, account, &incoming, &reference)).await
        }
        (Hook::Call, _) => hook_call::answer(gateway, account, &incoming, verified).await,
        (Hook::Status, Some(Named::Sender(reference))) => {
            Box::pin(hook_status::report(gateway, account, &incoming, &reference)).await
        }
        (Hook::Status, Some(Named::Passed(reference))) => {
            Box::pin(hook_status::passed(gateway, account, &incoming, reference)).await
        }
        (Hook::Status, Some(Named::Own(own))) => {
            Box::pin(hook_status::own(gateway, account, &incoming, Some(own))).await
        }
        (Hook::Status, Some(Named::Letter)) => account.provider.acknowledge(Hook::Status),
        (Hook::Status, None) => Box::pin(hook_status::own(gateway, account, &incoming, None)).await,
        (Hook::Inbound, _) => Box::pin(hook_inbound::answer(gateway, account, &incoming, verified)).await,
        (Hook::Message, _) if !account.provider.provider().can(Capability::MessageHook) => {
            return Problem::new(Kind::NotFound).response();
        }
        (Hook::Message, _) => Box::pin(hook_message::answer(gateway, account, &incoming, verified)).await,
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
    /// A code, an answer or another letter, of which nobody asks what became.
    Letter,
    /// A sender's message that went on unchanged.
    Passed(PassedReference),
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
        Some(text) if hook == Hook::Status && text.parse::<LetterId>().is_ok() => Some(Named::Letter),
        Some(text) if hook == Hook::Status => {
            let own = OwnMessage::read(text).map(Named::Own);
            let own = own.or_else(|| PassedReference::read(text).map(Named::Passed));
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
    fn what_begins_like_a_hook_is_none() {
        for (path, is_one) in [("/hooks", true), ("/hooks/a/call", true), ("/hooksy/a", false), ("/x/hooks", false)] {
            assert_eq!(Hooks::are_at(path), is_one, "{path}");
        }
    }

    #[test]
    fn paths_of_hooks() {
        let reference = format!("{}-1", crate::domain::id::SubstitutionId(5));
        for (tail, hook, referred) in [
            ("main/call", Hook::Call, false),
            ("main/message", Hook::Message, false),
            ("main/inbound", Hook::Inbound, false),
            (&format!("main/status/{}-1", crate::domain::id::NoticeId(5)), Hook::Status, true),
            (&format!("main/status/{}", LetterId(5)), Hook::Status, true),
            (&format!("main/status/{reference}"), Hook::Status, true),
            (&format!("main/status/{}-0", crate::domain::id::PassedId(5)), Hook::Status, true),
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
