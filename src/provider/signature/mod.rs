//! Signature schemes of webhooks. A new scheme is a variant here, a file beside this one and vectors as samples.

mod ecdsa;
mod ed25519;
mod hmac;
mod jwt;
mod plivo;
mod shown;
mod signed;
mod sinch;
mod sns;
mod twilio;
mod vonage;

pub(super) use ecdsa::Ecdsa;
pub(super) use ed25519::Ed25519;
pub(super) use hmac::Hmac;
pub(super) use jwt::Jwt;
pub(super) use plivo::Plivo;
pub(super) use shown::Shown;
pub(super) use signed::{PARTS, Signed, split};
pub(super) use sinch::Sinch;
pub(super) use sns::Sns;
pub(super) use twilio::Twilio;
pub(super) use vonage::Vonage;

use super::{Incoming, ParameterError, Parameters, Refused, SenderKey, digest::HmacKey};
use ring::signature::Ed25519KeyPair;
use std::fmt;

/// How a provider signs; numbers are positions of parameters.
#[derive(Debug)]
pub(super) enum Scheme {
    Twilio(Twilio),
    Ed25519(Ed25519),
    Hmac(Box<Hmac>),
    Jwt(Box<Jwt>),
    Vonage(Vonage),
    Plivo(Plivo),
    Sinch(Sinch),
    Ecdsa(Ecdsa),
    Sns(Sns),
    Shown(Shown),
    /// Not at all: chosen openly, and never substitutes.
    None,
}

/// An account's keys for one of its provider's schemes, prepared once.
pub(super) enum Keys {
    Twilio {
        /// Of the auth token, and of those that are being rotated.
        tokens: Vec<ring::hmac::Key>,
        /// Shared keys: their ids, and a key for each algorithm.
        shared: Vec<SharedKey>,
    },
    Ed25519 {
        publics: Vec<Vec<u8>>,
        signing: Option<Box<Ed25519KeyPair>>,
    },
    Hmac(Vec<HmacKey>),
    Jwt(jwt::Tokens),
    Vonage(Vec<vonage::Way>),
    /// Public points of P-256.
    Points(Vec<Vec<u8>>),
    None,
}

impl Keys {
    /// Whether nothing can be verified with them.
    fn are_none(&self) -> bool {
        matches!(self, Keys::Twilio { tokens, shared } if tokens.is_empty() && shared.is_empty())
    }
}

/// What a signature vouches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Covers {
    pub(super) body: bool,
    pub(super) query: bool,
    pub(super) headers: bool,
}

impl Covers {
    /// The whole request.
    pub(super) const ALL: Self = Self { body: true, query: true, headers: true };
    /// Nothing but that the sender knows a secret.
    pub(super) const NOTHING: Self = Self { body: false, query: false, headers: false };

    /// Whether all parameters of this request are vouched for: those of the body, where there is one, and of the query
    /// where there is none or `reads` looks there too (rule W1).
    pub(super) fn parameters(self, incoming: &Incoming<'_>, reads: super::incoming::Reads) -> bool {
        let main = if incoming.body.is_empty() { self.query } else { self.body };
        let query = !reads.query || self.query || incoming.raw_query().is_empty();
        main && query && (!reads.headers || self.headers)
    }
}

/// A key that Twilio knows by an id.
pub(super) struct SharedKey {
    id: Box<str>,
    sha1: ring::hmac::Key,
    sha256: ring::hmac::Key,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(•••)")
    }
}

/// The URL that a webhook was signed with may be any of these, in the order of likelihood, each followed by the
/// target: as configured, then with or without the port.
pub(super) fn origins(configured: &str) -> Vec<Box<str>> {
    let configured = configured.trim_end_matches('/');
    let mut all = vec![configured.into()];
    let Some((scheme, rest)) = configured.split_once("://") else { return all };
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let (user, host) = authority.rfind('@').map_or(("", authority), |at| authority.split_at(at + 1));
    let port = host.rfind(':').filter(|at| host[at + 1..].bytes().all(|byte| byte.is_ascii_digit()));
    let other = if let Some(at) = port {
        format!("{scheme}://{user}{}{path}", &host[..at])
    } else {
        let port = if scheme.eq_ignore_ascii_case("http") { 80 } else { 443 };
        format!("{scheme}://{user}{host}:{port}{path}")
    };
    all.push(other.into());
    all
}

/// Equality in a time that tells nothing about where the difference is.
pub(super) fn same(a: &[u8], b: &[u8]) -> bool {
    let difference = a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b));
    std::hint::black_box(a.len() == b.len()) && std::hint::black_box(difference) == 0
}

/// Whether one of the keys, with one of the origins in the message, makes one of the signatures that were given.
fn fits_any(
    keys: &[HmacKey],
    origins: &[Box<str>],
    given: &[Vec<u8>],
    message: impl Fn(&str) -> Vec<u8>,
) -> Result<(), Refused> {
    let made = |key: &HmacKey, origin: &str| {
        let own = key.sign(&message(origin));
        given.iter().any(|given| same(&own, given))
    };
    let fits = keys.iter().any(|key| origins.iter().any(|origin| made(key, origin)));
    if fits { Ok(()) } else { Err(Refused::Wrong) }
}

impl Scheme {
    /// As a provider file names it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Scheme::Twilio(_) => "twilio",
            Scheme::Ed25519(_) => "ed25519",
            Scheme::Hmac(_) => "hmac",
            Scheme::Jwt(_) => "jwt",
            Scheme::Vonage(_) => "vonage",
            Scheme::Plivo(_) => "plivo",
            Scheme::Sinch(_) => "sinch",
            Scheme::Ecdsa(_) => "ecdsa_p256",
            Scheme::Sns(_) => "sns_cert",
            Scheme::Shown(scheme) => scheme.name(),
            Scheme::None => "none",
        }
    }

    /// Reads an account's keys; `None` where the account has none for this scheme.
    pub(super) fn prepare(&self, parameters: &Parameters) -> Result<Option<Keys>, ParameterError> {
        match self {
            Scheme::Twilio(scheme) => scheme.prepare(parameters),
            Scheme::Ed25519(scheme) => scheme.prepare(parameters),
            Scheme::Hmac(scheme) => scheme.prepare(parameters),
            Scheme::Jwt(scheme) => Ok(scheme.prepare(parameters)),
            Scheme::Vonage(scheme) => scheme.prepare(parameters),
            Scheme::Plivo(scheme) => Ok(scheme.prepare(parameters)),
            Scheme::Sinch(scheme) => scheme.prepare(parameters),
            Scheme::Ecdsa(scheme) => scheme.prepare(parameters),
            Scheme::Sns(scheme) => Ok(scheme.prepare(parameters)),
            Scheme::Shown(scheme) => Ok(scheme.prepare(parameters)),
            Scheme::None => Ok(Some(Keys::None)),
        }
    }

    /// Checks a webhook; `origins` are those of [`origins`].
    pub(super) fn verify(
        &self,
        keys: &Keys,
        parameters: &Parameters,
        origins: &[Box<str>],
        incoming: &Incoming<'_>,
    ) -> Result<Covers, Refused> {
        match (self, keys) {
            (Scheme::Twilio(scheme), Keys::Twilio { tokens, shared }) => {
                scheme.verify(tokens, shared, origins, incoming)
            }
            (Scheme::Ed25519(scheme), Keys::Ed25519 { publics, .. }) => scheme.verify(publics, incoming),
            (Scheme::Hmac(scheme), Keys::Hmac(keys)) => scheme.verify(keys, origins, incoming),
            (Scheme::Jwt(scheme), Keys::Jwt(tokens)) => scheme.verify(tokens, parameters, origins, incoming),
            (Scheme::Vonage(scheme), Keys::Vonage(ways)) => scheme.verify(ways, incoming),
            (Scheme::Plivo(scheme), Keys::Hmac(keys)) => scheme.verify(keys, origins, incoming),
            (Scheme::Sinch(scheme), Keys::Hmac(keys)) => scheme.verify(keys, parameters, incoming),
            (Scheme::Ecdsa(scheme), Keys::Points(points)) => scheme.verify(points, incoming),
            (Scheme::Sns(scheme), _) => scheme.verify(parameters, incoming),
            (Scheme::Shown(scheme), _) => scheme.verify(parameters, incoming),
            (Scheme::None, _) => Ok(Covers::NOTHING),
            _ => Err(Refused::Wrong),
        }
    }

    /// Signs a callback for the sender's own URL, in the place of the provider; `None` where no key can.
    pub(super) fn sign(
        &self,
        keys: &Keys,
        parameters: &Parameters,
        sender: Option<&SenderKey>,
        request: &ToSign<'_>,
    ) -> Option<Vec<(http::HeaderName, String)>> {
        match (self, keys) {
            (Scheme::Twilio(scheme), Keys::Twilio { tokens, .. }) => scheme.sign(tokens, sender, request),
            (Scheme::Ed25519(scheme), Keys::Ed25519 { signing: Some(key), .. }) => Some(scheme.sign(key, request)),
            (Scheme::Hmac(scheme), Keys::Hmac(keys)) => scheme.sign(keys, sender, parameters, request),
            (Scheme::Jwt(scheme), Keys::Jwt(tokens)) => scheme.sign(&tokens.keys, sender, parameters, request),
            (Scheme::Plivo(scheme), Keys::Hmac(keys)) => scheme.sign(keys, sender, request),
            (Scheme::Sinch(scheme), Keys::Hmac(keys)) => scheme.sign(keys, sender, parameters, request),
            _ => None,
        }
    }

    /// The same where a signature stands among the parameters: the callback's URL and body, with it.
    pub(super) fn sign_within(
        &self,
        keys: &Keys,
        parameters: &Parameters,
        sender: Option<&SenderKey>,
        request: &ToSign<'_>,
    ) -> Option<(String, Vec<u8>)> {
        match (self, keys) {
            (Scheme::Vonage(scheme), Keys::Vonage(ways)) => scheme.sign(ways, parameters, sender, request),
            _ => None,
        }
    }

    /// The names of secrets in the query, which a callback must not keep.
    pub(super) fn in_query(&self) -> impl Iterator<Item = &str> {
        let shown = if let Scheme::Shown(shown) = self { Some(shown) } else { None };
        shown.into_iter().flat_map(Shown::in_query)
    }

    /// The headers of a signature, which a callback with another body must not keep.
    pub(super) fn headers(&self) -> Vec<&http::HeaderName> {
        match self {
            Scheme::Twilio(scheme) => std::iter::once(&scheme.header).chain(&scheme.settings_header).collect(),
            Scheme::Ed25519(scheme) => vec![&scheme.header, &scheme.time_header],
            Scheme::Hmac(scheme) => scheme.headers(),
            Scheme::Jwt(scheme) => scheme.headers(),
            Scheme::Plivo(scheme) => vec![&scheme.header, &scheme.nonce_header],
            Scheme::Sinch(scheme) => vec![&http::header::AUTHORIZATION, &scheme.time_header],
            Scheme::Ecdsa(scheme) => vec![&scheme.header, &scheme.time_header],
            Scheme::Shown(scheme) => scheme.headers(),
            Scheme::Vonage(_) | Scheme::Sns(_) | Scheme::None => Vec::new(),
        }
    }
}

/// A callback that is to be signed.
pub(super) struct ToSign<'a> {
    pub(super) method: &'a http::Method,
    pub(super) url: &'a str,
    pub(super) headers: &'a http::HeaderMap,
    pub(super) is_form: bool,
    pub(super) body: &'a [u8],
    pub(super) now: crate::clock::Time,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_may_be_there_or_not() {
        let cases = [
            ("https://a.example", ["https://a.example", "https://a.example:443"]),
            ("http://a.example/", ["http://a.example", "http://a.example:80"]),
            ("https://a.example:443", ["https://a.example:443", "https://a.example"]),
            ("https://a.example:8443", ["https://a.example:8443", "https://a.example"]),
            ("https://u:p@a.example", ["https://u:p@a.example", "https://u:p@a.example:443"]),
            ("https://[::1]:8443/x", ["https://[::1]:8443/x", "https://[::1]/x"]),
        ];
        for (configured, wanted) in cases {
            assert_eq!(origins(configured).iter().map(|origin| &**origin).collect::<Vec<_>>(), wanted);
        }
    }

    #[test]
    fn equality_is_of_all_bytes_and_the_length() {
        assert!(same(b"", b"") && same(b"abc", b"abc"));
        assert!(!same(b"abc", b"abd") && !same(b"abc", b"ab") && !same(b"", b"a"));
    }
}
