//! Every route of `/v1`, in one table, and how a path finds its line.

use super::{
    access, batch, blocks, books, call::Call, contacts, devices, exchange, explain, groups, members, opt_outs, owners,
    passkeys, points, preview, records, reply::Reply, requests, resolve,
};
use crate::{
    http::problem::{Kind, Problem},
    usecase::keys::Scope,
};
use futures_util::future::BoxFuture;
use http::Method;

/// A handler: what it needs is in the call.
pub(super) type Handler = for<'a> fn(&'a Call) -> BoxFuture<'a, Result<Reply, Problem>>;

/// What a body may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// None is read.
    None,
    /// JSON, read whole.
    Json,
    /// JSON or a vCard, read whole.
    Contact,
    /// NDJSON, read by the handler as it comes.
    Stream,
}

/// One route.
pub struct Route {
    /// Its method.
    pub method: Method,
    /// Its path with `{names}` of segments.
    pub path: &'static str,
    /// The scope that a key needs for it.
    pub scope: Scope,
    /// What its body may be.
    pub body: Body,
    /// Whether a key that is bound to one owner may use it.
    pub bound: bool,
    pub(super) handler: Handler,
}

impl Route {
    /// Whether `Idempotency-Key` counts: on every POST that changes something, never on queries; nor where codes and secrets
    /// are asked for or answered, which are kept nowhere.
    pub fn is_repeatable(&self) -> bool {
        let codes = self.path.ends_with("/codes") || self.path.ends_with("/proofs");
        self.method == Method::POST
            && !matches!(self.scope, Scope::Resolve | Scope::OwnersRead | Scope::SignIn)
            && !codes
    }

    /// The segments of its path after `/v1`.
    fn segments(&self) -> impl Iterator<Item = &'static str> {
        self.path.trim_start_matches("/v1/").split('/')
    }
}

impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

macro_rules! routes {
    ($($method:ident $path:literal, $scope:ident, $body:ident, $bound:literal => $handler:path;)*) => {
        /// Every route, queries first.
        pub static TABLE: &[Route] = &[$(Route {
            method: Method::$method,
            path: $path,
            scope: Scope::$scope,
            body: Body::$body,
            bound: $bound,
            handler: |call| Box::pin($handler(call)),
        }),*];
    };
}

// Method, path, scope, body, whether a key that is bound to one owner may use it.
routes! {
    POST "/v1/resolve", Resolve, Json, true => resolve::resolve;
    POST "/v1/resolve/batch", Resolve, Stream, true => batch::resolve_batch;
    GET "/v1/owners", OwnersRead, None, false => owners::list;
    POST "/v1/owners", OwnersWrite, Json, false => owners::register;
    GET "/v1/owners/{owner}", OwnersRead, None, true => owners::read;
    PATCH "/v1/owners/{owner}", OwnersWrite, Json, true => owners::change;
    GET "/v1/owners/{owner}/points", OwnersRead, None, true => points::list;
    POST "/v1/owners/{owner}/points", OwnersWrite, Json, true => points::add;
    GET "/v1/owners/{owner}/points/{point}", OwnersRead, None, true => points::read;
    PATCH "/v1/owners/{owner}/points/{point}", OwnersWrite, Json, true => points::change;
    DELETE "/v1/owners/{owner}/points/{point}", OwnersWrite, None, true => points::remove;
    GET "/v1/owners/{owner}/requests", OwnersRead, None, true => requests::list;
    POST "/v1/owners/{owner}/requests", OwnersWrite, Json, true => requests::make;
    POST "/v1/owners/{owner}/preview", OwnersRead, Json, true => preview::change;
    GET "/v1/owners/{owner}/requests/{request}", OwnersRead, None, true => requests::read;
    POST "/v1/owners/{owner}/requests/{request}/accept", Vouch, None, true => requests::accept;
    POST "/v1/owners/{owner}/requests/{request}/cancel", OwnersWrite, None, true => requests::cancel;
    POST "/v1/owners/{owner}/requests/{request}/codes", OwnersWrite, Json, true => requests::code;
    POST "/v1/owners/{owner}/requests/{request}/proofs", OwnersWrite, Json, true => requests::proof;
    GET "/v1/owners/{owner}/changes", OwnersRead, None, true => records::changes;
    DELETE "/v1/owners/{owner}", OwnersWrite, None, true => owners::erase;
    GET "/v1/owners/{owner}/changes/{revision}", OwnersRead, None, true => records::change;
    GET "/v1/owners/{owner}/books", OwnersRead, None, true => books::list;
    POST "/v1/owners/{owner}/books", OwnersWrite, Json, true => books::create;
    GET "/v1/owners/{owner}/books/{book}", OwnersRead, None, true => books::read;
    PATCH "/v1/owners/{owner}/books/{book}", OwnersWrite, Json, true => books::change;
    DELETE "/v1/owners/{owner}/books/{book}", OwnersWrite, None, true => books::remove;
    GET "/v1/owners/{owner}/groups", OwnersRead, None, true => groups::list;
    POST "/v1/owners/{owner}/groups", OwnersWrite, Json, true => groups::create;
    GET "/v1/owners/{owner}/groups/{group}", OwnersRead, None, true => groups::read;
    PATCH "/v1/owners/{owner}/groups/{group}", OwnersWrite, Json, true => groups::change;
    DELETE "/v1/owners/{owner}/groups/{group}", OwnersWrite, None, true => groups::remove;
    GET "/v1/owners/{owner}/groups/{group}/members", OwnersRead, None, true => members::list;
    PUT "/v1/owners/{owner}/groups/{group}/members/{member}", OwnersWrite, None, true => members::add;
    DELETE "/v1/owners/{owner}/groups/{group}/members/{member}", OwnersWrite, None, true => members::remove;
    GET "/v1/owners/{owner}/contacts", OwnersRead, None, true => contacts::list;
    POST "/v1/owners/{owner}/contacts", OwnersWrite, Contact, true => contacts::create;
    GET "/v1/owners/{owner}/contacts/{contact}", OwnersRead, None, true => contacts::read;
    PUT "/v1/owners/{owner}/contacts/{contact}", OwnersWrite, Contact, true => contacts::replace;
    DELETE "/v1/owners/{owner}/contacts/{contact}", OwnersWrite, None, true => contacts::remove;
    POST "/v1/owners/{owner}/contacts/{contact}/confirm", OwnersWrite, None, true => contacts::confirm;
    GET "/v1/owners/{owner}/asleep", OwnersRead, None, true => contacts::asleep;
    GET "/v1/owners/{owner}/introductions", OwnersRead, None, true => exchange::held;
    GET "/v1/owners/{owner}/introductions/preview", OwnersRead, None, true => preview::introductions;
    POST "/v1/owners/{owner}/introductions/confirm", OwnersWrite, Json, true => exchange::confirm;
    POST "/v1/owners/{owner}/introductions/drop", OwnersWrite, Json, true => exchange::drop;
    GET "/v1/owners/{owner}/tray", OwnersRead, None, true => exchange::list;
    POST "/v1/owners/{owner}/tray/{from}/accept", OwnersWrite, Json, true => exchange::accept;
    POST "/v1/owners/{owner}/tray/{from}/refuse", OwnersWrite, Json, true => exchange::refuse;
    GET "/v1/owners/{owner}/updates", OwnersRead, None, true => exchange::updated;
    POST "/v1/owners/{owner}/updates/{update}/undo", OwnersWrite, None, true => exchange::undo;
    GET "/v1/owners/{owner}/blocks", OwnersRead, None, true => blocks::list;
    PUT "/v1/owners/{owner}/blocks/{identity}", OwnersWrite, None, true => blocks::add;
    DELETE "/v1/owners/{owner}/blocks/{identity}", OwnersWrite, None, true => blocks::remove;
    GET "/v1/owners/{owner}/devices", OwnersRead, None, true => devices::list;
    POST "/v1/owners/{owner}/devices", OwnersWrite, Json, true => devices::register;
    GET "/v1/owners/{owner}/devices/{device}", OwnersRead, None, true => devices::read;
    DELETE "/v1/owners/{owner}/devices/{device}", OwnersWrite, None, true => devices::remove;
    GET "/v1/owners/{owner}/notices", NoticesRead, None, true => records::notices;
    GET "/v1/owners/{owner}/notices/{notice}", NoticesRead, None, true => records::notice;
    GET "/v1/owners/{owner}/queries", OwnersRead, None, true => records::queries;
    GET "/v1/owners/{owner}/audit", OwnersRead, None, true => records::audit;
    GET "/v1/push-accounts", OwnersRead, None, true => devices::accounts;
    POST "/v1/sign-in", SignIn, Json, false => access::sign_in;
    POST "/v1/sign-in/finish", SignIn, Json, false => access::finish;
    POST "/v1/sign-in/passkey", SignIn, None, false => passkeys::ask;
    POST "/v1/sign-in/passkey/finish", SignIn, Json, false => passkeys::finish;
    GET "/v1/owners/{owner}/passkeys", SignIn, None, true => passkeys::list;
    POST "/v1/owners/{owner}/passkey-options", SignIn, None, true => passkeys::options;
    POST "/v1/owners/{owner}/passkeys", SignIn, Json, true => passkeys::create;
    DELETE "/v1/owners/{owner}/passkeys/{passkey}", SignIn, None, true => passkeys::remove;
    POST "/v1/owners/{owner}/requests/{request}/passkey", SignIn, Json, true => passkeys::prove;
    POST "/v1/keep", SignIn, Json, false => access::keep;
    GET "/v1/owners/{owner}/sessions", SignIn, None, true => access::sessions;
    DELETE "/v1/owners/{owner}/sessions/{session}", SignIn, None, true => access::end_session;
    POST "/v1/owners/{owner}/codes", SignIn, Json, true => access::code;
    POST "/v1/owners/{owner}/proofs", SignIn, Json, true => access::proof;
    GET "/v1/owners/{owner}/app-passwords", SignIn, None, true => access::app_passwords;
    POST "/v1/owners/{owner}/app-passwords", SignIn, Json, true => access::create_app_password;
    DELETE "/v1/owners/{owner}/app-passwords/{password}", SignIn, None, true => access::revoke_app_password;
    POST "/v1/owners/{owner}/panic", OwnersWrite, None, true => access::panic;
    GET "/v1/opt-outs/{address}", Admin, None, false => opt_outs::read;
    PUT "/v1/opt-outs/{address}", Admin, None, false => opt_outs::add;
    DELETE "/v1/opt-outs/{address}", Admin, None, false => opt_outs::remove;
    GET "/v1/explain/{id}", Admin, None, false => explain::explain;
}

/// The values of a path's `{names}`, decoded.
pub(super) type Segments = Vec<(&'static str, String)>;

/// The route of a method and of what follows `/v1/`.
pub(super) fn find(method: &Method, tail: &str) -> Result<(&'static Route, Segments), Problem> {
    let mut other_method = false;
    for route in TABLE {
        let Some(segments) = matched(route, tail) else { continue };
        if route.method == *method {
            return Ok((route, segments?));
        }
        other_method = true;
    }
    Err(Problem::new(if other_method { Kind::MethodNotAllowed } else { Kind::NotFound }))
}

fn matched(route: &'static Route, tail: &str) -> Option<Result<Segments, Problem>> {
    let mut given = tail.split('/');
    let mut named = Vec::new();
    for wanted in route.segments() {
        let segment = given.next()?;
        match wanted.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(_) if segment.is_empty() => return None,
            Some(name) => named.push((name, segment)),
            None if wanted == segment => {}
            None => return None,
        }
    }
    if given.next().is_some() {
        return None;
    }
    let decoded = |(name, text): (&'static str, &str)| {
        let text = percent_encoding::percent_decode_str(text).decode_utf8().ok()?;
        Some((name, text.into_owned()))
    };
    let all: Option<Segments> = named.into_iter().map(decoded).collect();
    Some(all.ok_or_else(|| Problem::new(Kind::Malformed).detail("the path is not UTF-8")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_finds_its_route_and_its_names() {
        let found = |method: Method, tail: &str| {
            find(&method, tail).map(|(route, segments)| (format!("{route:?}"), segments)).map_err(|p| p.kind())
        };
        assert_eq!(found(Method::GET, "owners"), Ok(("GET /v1/owners".into(), vec![])));
        assert_eq!(
            found(Method::PUT, "opt-outs/%2B14155550123"),
            Ok(("PUT /v1/opt-outs/{address}".into(), vec![("address", "+14155550123".into())]))
        );
        assert_eq!(
            found(Method::GET, "owners/me/books"),
            Ok(("GET /v1/owners/{owner}/books".into(), vec![("owner", "me".into())]))
        );
        assert_eq!(found(Method::DELETE, "owners"), Err(Kind::MethodNotAllowed));
        for tail in ["", "owner", "owners/", "owners/me/books/", "owners/me/books/x/y"] {
            assert_eq!(found(Method::GET, tail), Err(Kind::NotFound), "{tail}");
        }
        assert_eq!(found(Method::GET, "owners/%ff"), Err(Kind::Malformed));
    }

    #[test]
    fn no_two_routes_are_one() {
        for (at, route) in TABLE.iter().enumerate() {
            assert!(
                !TABLE[..at].iter().any(|other| other.path == route.path && other.method == route.method),
                "{route:?}"
            );
        }
    }
}
