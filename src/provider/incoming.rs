//! A request that came in, read once, and whether it is believed (rule W1).

use super::{
    Account, Certificate,
    form::{self, Pair},
    json,
    place::{Kind, Place},
    rule::Facts,
    signature::{Scheme, Sns, origins, same},
    xml::{self, Leaf},
};
use crate::clock::Time;
use std::{borrow::Cow, sync::OnceLock};

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
    /// What lies at [`Account::certificate_url`], where there is one.
    pub certificate: Option<&'a Certificate>,
    query: OnceLock<Vec<Pair<'a>>>,
    read: OnceLock<Body<'a>>,
    token: OnceLock<OneTime>,
}

/// A signed token by which a webhook was believed: good for one webhook, and its repeats at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OneTime {
    /// The first 16 bytes of its SHA-256.
    pub digest: [u8; 16],
    /// It is not believed from then on anyway.
    pub until: Time,
}

/// A body, read.
#[derive(Debug)]
pub(super) enum Body<'a> {
    Empty,
    Form(Vec<Pair<'a>>),
    Json(serde_json::Value),
    Xml(Vec<Leaf>),
    /// Anything else, malformed JSON and XML included.
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

/// Where a hook looks beside the body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reads {
    pub(super) query: bool,
    pub(super) headers: bool,
}

impl Reads {
    /// What these places need.
    pub(super) fn of<'p>(places: impl IntoIterator<Item = &'p Place>) -> Self {
        places.into_iter().fold(Self::default(), |reads, place| Self {
            query: reads.query || matches!(place.kind, Kind::Query(_)),
            headers: reads.headers || matches!(place.kind, Kind::Header(_)),
        })
    }
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
    /// The same request for another path and query.
    pub fn at<'b>(&self, target: &'b str) -> Incoming<'b>
    where
        'a: 'b,
    {
        Incoming::new(self.method, self.origin, target, self.headers, self.body, self.now)
    }

    /// Nothing is parsed yet.
    pub fn new(
        method: &'a http::Method,
        origin: &'a str,
        target: &'a str,
        headers: &'a http::HeaderMap,
        body: &'a [u8],
        now: Time,
    ) -> Self {
        Self {
            method,
            origin,
            target,
            headers,
            body,
            now,
            certificate: None,
            query: OnceLock::new(),
            read: OnceLock::new(),
            token: OnceLock::new(),
        }
    }

    /// Notes by which token it was believed.
    pub(super) fn believed_by(&self, token: OneTime) {
        let _noted_before = self.token.set(token);
    }

    /// The token by which it was believed, where the provider signs with tokens.
    pub fn token(&self) -> Option<OneTime> {
        self.token.get().copied()
    }

    /// The path without its query.
    pub fn path(&self) -> &'a str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The raw query, without its `?`; empty where there is none.
    pub(super) fn raw_query(&self) -> &'a str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// What stands in the query, whatever it is called.
    pub fn query_values(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.query().iter().map(|pair| Cow::Borrowed(&*pair.value))
    }

    pub(super) fn query(&self) -> &[Pair<'a>] {
        self.query.get_or_init(|| form::pairs(self.raw_query().as_bytes()).collect())
    }

    pub(super) fn read_body(&self) -> &Body<'a> {
        self.read.get_or_init(|| match self.kind() {
            _ if self.body.is_empty() => Body::Empty,
            BodyKind::Form => Body::Form(form::all_pairs(self.body)),
            BodyKind::Json => serde_json::from_slice(self.body).map_or(Body::Other, Body::Json),
            BodyKind::Xml => xml::read(self.body).map_or(Body::Other, Body::Xml),
            BodyKind::Other => Body::Other,
        })
    }

    /// What the content type says of the body.
    pub(super) fn kind(&self) -> BodyKind {
        let kind = self.headers.get(http::header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            BodyKind::Form
        } else if kind.eq_ignore_ascii_case("application/json")
            || kind.ends_with("+json")
            // Amazon SNS calls its JSON text/plain.
            || self.headers.contains_key("x-amz-sns-message-type")
        {
            BodyKind::Json
        } else if kind.eq_ignore_ascii_case("text/xml") || kind.eq_ignore_ascii_case("application/xml") {
            BodyKind::Xml
        } else {
            BodyKind::Other
        }
    }

    /// The first value at a place.
    pub(super) fn value(&self, place: &Place) -> Option<Cow<'_, str>> {
        let there = match &place.kind {
            Kind::Field(name) => match self.read_body() {
                Body::Form(pairs) => named(pairs, name),
                Body::Json(root) => root.get(&**name).and_then(json::scalar),
                Body::Empty => named(self.query(), name),
                Body::Xml(_) | Body::Other => None,
            },
            Kind::Form(name) => match self.read_body() {
                Body::Form(pairs) => named(pairs, name),
                _ => None,
            },
            Kind::Query(name) => named(self.query(), name),
            Kind::Header(name) => self.headers.get(name).and_then(|value| value.to_str().ok()).map(Cow::Borrowed),
            Kind::Json(_) => return self.values(place).into_iter().next(),
            Kind::Xml(path) => self.leaves(path).next().map(|leaf| Cow::Borrowed(&*leaf.text)),
            Kind::Text => Some(self.body).filter(|body| !body.is_empty()).map(String::from_utf8_lossy),
            Kind::Path(_) => None,
        };
        there.and_then(|value| place.read(value))
    }

    /// All values at a place, in order.
    pub(super) fn values(&self, place: &Place) -> Vec<Cow<'_, str>> {
        // What is no scalar, or cannot be read, keeps its position, so that values of two places stay together.
        let read = |value: Option<_>| value.and_then(|value| place.read(value)).unwrap_or_default();
        match (&place.kind, self.read_body()) {
            (Kind::Json(pointer), Body::Json(root)) => {
                pointer.find(root).into_iter().map(|value| read(json::scalar(value))).collect()
            }
            (Kind::Json(_), _) => Vec::new(),
            (Kind::Xml(path), _) => self.leaves(path).map(|leaf| read(Some(Cow::Borrowed(&*leaf.text)))).collect(),
            (Kind::Form(name) | Kind::Field(name), Body::Form(pairs)) => {
                all_named(pairs, name).map(|value| read(Some(value))).collect()
            }
            (Kind::Query(name), _) => all_named(self.query(), name).map(|value| read(Some(value))).collect(),
            _ => self.value(place).into_iter().collect(),
        }
    }

    /// The elements with nothing but text at a path of an XML body.
    pub(super) fn leaves<'i, 'p>(&'i self, path: &'p str) -> impl Iterator<Item = &'i Leaf> + use<'i, 'p, 'a> {
        let all = if let Body::Xml(leaves) = self.read_body() { &leaves[..] } else { &[] };
        all.iter().filter(move |leaf| *leaf.path == *path)
    }

    /// The events of a webhook that holds several at once, each as if it had come alone. An event that is a text is
    /// JSON inside JSON.
    pub(super) fn events(&self, each: Option<&json::Pointer>) -> Vec<Cow<'_, Self>> {
        let Some(each) = each else { return vec![Cow::Borrowed(self)] };
        let Body::Json(root) = self.read_body() else { return Vec::new() };
        let one = |value: &serde_json::Value| {
            let read = match value {
                serde_json::Value::String(text) => serde_json::from_str(text).map_or(Body::Other, Body::Json),
                other => Body::Json(other.clone()),
            };
            Cow::Owned(Self { query: OnceLock::new(), read: OnceLock::from(read), token: OnceLock::new(), ..*self })
        };
        each.find(root).into_iter().take(MOST_EVENTS).map(one).collect()
    }
}

/// More events than any provider puts into one webhook.
const MOST_EVENTS: usize = 1_000;

impl Clone for Incoming<'_> {
    /// What was read is read again on use.
    fn clone(&self) -> Self {
        Self { query: OnceLock::new(), read: OnceLock::new(), token: OnceLock::new(), ..*self }
    }
}

/// The bodies that places reach into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyKind {
    Form,
    Json,
    Xml,
    Other,
}

fn named<'p>(pairs: &'p [Pair<'_>], name: &str) -> Option<Cow<'p, str>> {
    pairs.iter().find(|pair| pair.name == name).map(|pair| Cow::Borrowed(&*pair.value))
}

fn all_named<'p>(pairs: &'p [Pair<'_>], name: &str) -> impl Iterator<Item = Cow<'p, str>> {
    pairs.iter().filter(move |pair| pair.name == name).map(|pair| Cow::Borrowed(&*pair.value))
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

    fn places(&self, place: &Place) -> Vec<Cow<'_, str>> {
        self.incoming.values(place)
    }
}

impl Account {
    /// Checks signature, configured URL and account id of a webhook, in constant time, with each of several secrets.
    pub fn verify(&self, incoming: &Incoming<'_>, hook: Hook) -> Result<Verified, Refused> {
        let reads = match hook {
            Hook::Call => self.provider().call.as_ref().map(|hook| hook.reads),
            Hook::Message => self.provider().message.as_ref().map(|hook| hook.reads),
            Hook::Status | Hook::Inbound => None,
        };
        let verified = self.verify_signature(incoming, reads.unwrap_or_default())?;
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
            let fits = |given: &str| wanted.iter().any(|wanted| same(wanted.as_bytes(), given.as_bytes()));
            let fits = if place.is_many() {
                let all = incoming.values(place);
                !all.is_empty() && all.iter().all(|given| fits(given))
            } else {
                incoming.value(place).is_some_and(|given| fits(&given))
            };
            if !wanted.is_empty() && !fits {
                return Err(Refused::OtherAccount);
            }
        }
        Ok(verified)
    }

    /// Where the certificate lies that a webhook says it is signed with: at the provider's own, or nowhere.
    pub fn certificate_url(&self, incoming: &Incoming<'_>) -> Option<String> {
        self.sns().find_map(|scheme| scheme.certificate_url(self.parameters(), incoming))
    }

    /// The address by which a subscription is confirmed, where this webhook, verified, asks for that.
    pub fn confirmation(&self, incoming: &Incoming<'_>) -> Option<String> {
        self.sns().find_map(|scheme| scheme.confirmation(self.parameters(), incoming))
    }

    fn sns(&self) -> impl Iterator<Item = &Sns> {
        let schemes = self.provider().schemes.iter().zip(&self.keys).filter(|(_, keys)| keys.is_some());
        schemes.filter_map(|(rule, _)| if let Scheme::Sns(scheme) = &rule.value { Some(scheme) } else { None })
    }

    /// Whether webhooks are checked against configured URLs, and not against what a request says of itself.
    pub fn knows_its_urls(&self) -> bool {
        !self.origins.is_empty()
    }

    /// Checks the signature and the configured URL alone. The first scheme that is for this request, and that the
    /// account has a secret for, decides.
    pub(super) fn verify_signature(&self, incoming: &Incoming<'_>, reads: Reads) -> Result<Verified, Refused> {
        let own;
        let from = if self.origins.is_empty() {
            own = origins(incoming.origin);
            &own
        } else {
            &self.origins
        };
        let about = Asked { incoming, names: &[], variables: &[] };
        let schemes = self.provider().schemes.iter().zip(&self.keys);
        let mut schemes = schemes.filter_map(|(rule, keys)| Some((rule, keys.as_ref()?)));
        let (rule, keys) = schemes.find(|(rule, _)| rule.when.holds(&about)).ok_or(Refused::Unsigned)?;
        let covers = rule.value.verify(keys, self.parameters(), from, incoming)?;
        Ok(Verified { covers_parameters: covers.parameters(incoming, reads) })
    }
}
