//! A request that came in, read once, and whether it is believed (rule W1).

use super::{
    Account, Custody, Document, ErrorKind, SenderKey,
    compiled::Auth,
    form::{self, Pair},
    json,
    place::{Kind, Place},
    rule::Facts,
    signature::{origins, same},
};
use crate::clock::Time;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use std::{borrow::Cow, net::IpAddr, sync::OnceLock};

/// A webhook or a sender's request. Its fields are parsed once, on the first use.
#[derive(Debug)]
pub struct Incoming<'a> {
    /// GET, POST, ….
    pub method: &'a http::Method,
    /// `https://host[:port]` as the request says; used only for accounts without `public_urls`.
    pub origin: &'a str,
    /// The provider's path and query, byte for byte as sent (for `/via/{account}/…` what follows the account; for
    /// hooks the whole path, which is what the provider signs).
    pub target: &'a str,
    /// All headers.
    pub headers: &'a http::HeaderMap,
    /// The raw body.
    pub body: &'a [u8],
    /// The present moment, for signatures with a time in them.
    pub now: Time,
    /// Where it came from.
    pub peer: Option<IpAddr>,
    query: OnceLock<Vec<Pair<'a>>>,
    read: OnceLock<Body<'a>>,
}

/// A body, read.
#[derive(Debug)]
pub(super) enum Body<'a> {
    Empty,
    Form(Vec<Pair<'a>>),
    Json(serde_json::Value),
    /// Anything else, malformed JSON included.
    Other,
}

/// The webhooks of an account: `/hooks/{account}/…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hook {
    /// `call`.
    Call,
    /// `message`: before a message is sent.
    Message,
    /// `status`.
    Status,
    /// `inbound`.
    Inbound,
}

/// A believed webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Whether the signature covers the parameters: where it does not, nothing is substituted (rule W1).
    pub covers_parameters: bool,
}

/// Why a webhook or a sender is not believed. For counters and logs: towards the outside all look alike (rule W1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refused {
    /// No signature or credentials.
    #[error("unsigned")]
    Unsigned,
    /// Another secret, URL or body.
    #[error("wrong signature")]
    Wrong,
    /// Too old, or from the future.
    #[error("signature out of its time")]
    OutOfTime,
    /// The account id in it is another's.
    #[error("another account's")]
    OtherAccount,
}

/// A webhook without what it must hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no readable value at {place}")]
pub struct Malformed {
    /// The place, as the provider file writes it.
    pub place: Box<str>,
}

impl<'a> Incoming<'a> {
    /// Nothing is parsed yet.
    pub fn new(
        method: &'a http::Method,
        origin: &'a str,
        target: &'a str,
        headers: &'a http::HeaderMap,
        body: &'a [u8],
        now: Time,
    ) -> Self {
        Self { method, origin, target, headers, body, now, peer: None, query: OnceLock::new(), read: OnceLock::new() }
    }

    /// The path without its query.
    pub fn path(&self) -> &'a str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The raw query, without its `?`; empty where there is none.
    pub(super) fn raw_query(&self) -> &'a str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    pub(super) fn query(&self) -> &[Pair<'a>] {
        self.query.get_or_init(|| form::pairs(self.raw_query().as_bytes()).collect())
    }

    pub(super) fn read_body(&self) -> &Body<'a> {
        self.read.get_or_init(|| match self.kind() {
            _ if self.body.is_empty() => Body::Empty,
            BodyKind::Form => Body::Form(form::pairs(self.body).collect()),
            BodyKind::Json => serde_json::from_slice(self.body).map_or(Body::Other, Body::Json),
            BodyKind::Other => Body::Other,
        })
    }

    /// What the content type says of the body.
    pub(super) fn kind(&self) -> BodyKind {
        let kind = self.headers.get(http::header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            BodyKind::Form
        } else if kind.eq_ignore_ascii_case("application/json") || kind.ends_with("+json") {
            BodyKind::Json
        } else {
            BodyKind::Other
        }
    }

    /// The first value at a place.
    pub(super) fn value(&self, place: &Place) -> Option<Cow<'_, str>> {
        match &place.kind {
            Kind::Field(name) => match self.read_body() {
                Body::Form(pairs) => named(pairs, name),
                Body::Json(root) => root.get(&**name).and_then(json::scalar),
                Body::Empty => named(self.query(), name),
                Body::Other => None,
            },
            Kind::Form(name) => match self.read_body() {
                Body::Form(pairs) => named(pairs, name),
                _ => None,
            },
            Kind::Query(name) => named(self.query(), name),
            Kind::Header(name) => self.headers.get(name).and_then(|value| value.to_str().ok()).map(Cow::Borrowed),
            Kind::Json(_) => self.values(place).into_iter().next(),
            Kind::Path(_) => None,
        }
    }

    /// All values at a place, in order.
    pub(super) fn values(&self, place: &Place) -> Vec<Cow<'_, str>> {
        match (&place.kind, self.read_body()) {
            (Kind::Json(pointer), Body::Json(root)) => {
                // What is no scalar keeps its position, so that values of two places stay together.
                pointer.find(root).into_iter().map(|value| json::scalar(value).unwrap_or_default()).collect()
            }
            (Kind::Json(_), _) => Vec::new(),
            (Kind::Form(name) | Kind::Field(name), Body::Form(pairs)) => all_named(pairs, name),
            (Kind::Query(name), _) => all_named(self.query(), name),
            _ => self.value(place).into_iter().collect(),
        }
    }
}

/// The bodies that places reach into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyKind {
    Form,
    Json,
    Other,
}

fn named<'p>(pairs: &'p [Pair<'_>], name: &str) -> Option<Cow<'p, str>> {
    pairs.iter().find(|pair| pair.name == name).map(|pair| Cow::Borrowed(&*pair.value))
}

fn all_named<'p>(pairs: &'p [Pair<'_>], name: &str) -> Vec<Cow<'p, str>> {
    pairs.iter().filter(|pair| pair.name == name).map(|pair| Cow::Borrowed(&*pair.value)).collect()
}

/// A webhook or request and the names of the section that asks; path variables are among the names as `path:NAME`.
pub(super) struct Asked<'a, 'r> {
    pub(super) incoming: &'a Incoming<'r>,
    pub(super) names: &'a [(&'static str, &'a str)],
    pub(super) variables: &'a [(Box<str>, Box<str>)],
}

impl Facts for Asked<'_, '_> {
    fn name(&self, name: &str) -> Cow<'_, str> {
        self.names.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value).into()
    }

    fn place(&self, place: &Place) -> Option<Cow<'_, str>> {
        match &place.kind {
            Kind::Path(name) => {
                self.variables.iter().find(|(key, _)| key == name).map(|(_, value)| Cow::Borrowed(&**value))
            }
            _ => self.incoming.value(place),
        }
    }
}

impl Account {
    /// Checks signature, configured URL and account id of a webhook, in constant time, with each of several secrets.
    pub fn verify(&self, incoming: &Incoming<'_>, hook: Hook) -> Result<Verified, Refused> {
        let verified = self.verify_signature(incoming)?;
        let provider = self.provider();
        let call = provider.call.as_ref().map(|hook| &hook.account);
        let message = provider.message.as_ref().map(|hook| &hook.account);
        let status = provider.status.as_ref().map(|hook| &hook.account);
        let inbound = provider.inbound.as_ref().map(|hook| &hook.account);
        let account = match hook {
            Hook::Call => call,
            Hook::Status => status,
            Hook::Inbound => inbound,
            Hook::Message => message.or(status).or(inbound).or(call),
        };
        for (place, parameter) in account.into_iter().flatten() {
            let wanted = self.parameters().all(*parameter);
            let given = incoming.value(place);
            let fits = |given: &str| wanted.iter().any(|wanted| same(wanted.as_bytes(), given.as_bytes()));
            if !wanted.is_empty() && !given.is_some_and(|given| fits(&given)) {
                return Err(Refused::OtherAccount);
            }
        }
        Ok(verified)
    }

    /// Checks the signature and the configured URL alone.
    pub(super) fn verify_signature(&self, incoming: &Incoming<'_>) -> Result<Verified, Refused> {
        let own;
        let from = if self.origins.is_empty() {
            own = origins(incoming.origin);
            &own
        } else {
            &self.origins
        };
        self.provider().scheme.verify(&self.keys, from, incoming)
    }

    /// What a refused webhook is answered; one document for all reasons.
    pub fn refusal(&self) -> Document {
        self.document(&self.provider().refusal, &[])
    }

    /// Checks a sender's credentials at the drop-in endpoint. In the operator's custody: one of the account's sender
    /// keys, which is returned; else the account's own credentials, and `None`. The error is the provider's own 401.
    pub fn authenticate(&self, incoming: &Incoming<'_>) -> Result<Option<&SenderKey>, Document> {
        let provider = self.provider();
        for auth in &provider.auth {
            let Some(shown) = Shown::read(auth, incoming.headers) else { continue };
            if self.settings().custody == Custody::Operator {
                // Every key is compared, so that the time does not tell which one came near.
                let mut found = None;
                for key in &self.settings().senders {
                    if shown.fits(&key.user, key.secret.expose()) {
                        found = Some(key);
                    }
                }
                if found.is_some() {
                    return Ok(found);
                }
            } else if shown.fits_own(auth, self.parameters()) {
                return Ok(None);
            }
        }
        Err(self.error(ErrorKind::Unauthorized, "Authenticate"))
    }
}

/// The credentials in a request.
struct Shown {
    user: Option<Vec<u8>>,
    secret: Vec<u8>,
}

impl Shown {
    fn read(auth: &Auth, headers: &http::HeaderMap) -> Option<Self> {
        match auth {
            Auth::Basic { .. } => {
                let given = after_scheme(headers.get(http::header::AUTHORIZATION)?.as_bytes(), b"Basic ")?;
                let given = BASE64_STANDARD.decode(given.trim_ascii()).ok()?;
                let cut = given.iter().position(|byte| *byte == b':')?;
                Some(Self { user: Some(given[..cut].to_vec()), secret: given[cut + 1..].to_vec() })
            }
            Auth::Header { name, prefix, .. } => {
                let given = after_scheme(headers.get(name)?.as_bytes(), prefix.as_bytes())?;
                Some(Self { user: None, secret: given.trim_ascii().to_vec() })
            }
        }
    }

    fn fits(&self, user: &str, secret: &str) -> bool {
        let user = self.user.as_ref().is_none_or(|given| same(given, user.as_bytes()));
        same(&self.secret, secret.as_bytes()) & user & !secret.is_empty()
    }

    fn fits_own(&self, auth: &Auth, parameters: &super::Parameters) -> bool {
        match auth {
            Auth::Basic { user, password } => {
                let user = parameters.first(*user);
                !user.is_empty() && parameters.all(*password).iter().any(|password| self.fits(user, password))
            }
            Auth::Header { value, .. } => parameters.all(*value).iter().any(|value| self.fits("", value)),
        }
    }
}

/// What follows the scheme, whose letters may be of either case.
fn after_scheme<'h>(given: &'h [u8], scheme: &[u8]) -> Option<&'h [u8]> {
    let (start, rest) = given.split_at_checked(scheme.len())?;
    start.eq_ignore_ascii_case(scheme).then_some(rest)
}
