//! Signature schemes of webhooks. A new scheme is a variant here, a file beside this one and vectors as samples.

mod ed25519;
mod twilio;

pub(super) use ed25519::Ed25519;
pub(super) use twilio::Twilio;

use super::{Incoming, ParameterError, Parameters, Refused, SenderKey, Verified};
use ring::{hmac, signature::Ed25519KeyPair};
use std::fmt;

/// How a provider signs; numbers are positions of parameters.
#[derive(Debug)]
pub(super) enum Scheme {
    Twilio(Twilio),
    Ed25519(Ed25519),
    /// Not at all: chosen openly, and never substitutes.
    None,
}

/// An account's keys for its provider's scheme, prepared once.
pub(super) enum Keys {
    Twilio {
        /// Of the auth token, and of those that are being rotated.
        tokens: Vec<hmac::Key>,
        /// Shared keys: their ids, and a key for each algorithm.
        shared: Vec<SharedKey>,
    },
    Ed25519 {
        publics: Vec<Vec<u8>>,
        signing: Option<Box<Ed25519KeyPair>>,
    },
    None,
}

/// A key that Twilio knows by an id.
pub(super) struct SharedKey {
    id: Box<str>,
    sha1: hmac::Key,
    sha256: hmac::Key,
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

impl Scheme {
    /// Reads an account's keys.
    pub(super) fn prepare(&self, parameters: &Parameters) -> Result<Keys, ParameterError> {
        match self {
            Scheme::Twilio(scheme) => scheme.prepare(parameters),
            Scheme::Ed25519(scheme) => scheme.prepare(parameters),
            Scheme::None => Ok(Keys::None),
        }
    }

    /// Checks a webhook; `origins` are those of [`origins`].
    pub(super) fn verify(
        &self,
        keys: &Keys,
        origins: &[Box<str>],
        incoming: &Incoming<'_>,
    ) -> Result<Verified, Refused> {
        match (self, keys) {
            (Scheme::Twilio(scheme), Keys::Twilio { tokens, shared }) => {
                scheme.verify(tokens, shared, origins, incoming)
            }
            (Scheme::Ed25519(scheme), Keys::Ed25519 { publics, .. }) => scheme.verify(publics, incoming),
            (Scheme::None, _) => Ok(Verified { covers_parameters: false }),
            _ => Err(Refused::Wrong),
        }
    }

    /// Signs a callback for the sender's own URL, in the place of the provider; `None` where no key can.
    pub(super) fn sign(
        &self,
        keys: &Keys,
        sender: Option<&SenderKey>,
        request: &ToSign<'_>,
    ) -> Option<Vec<(http::HeaderName, String)>> {
        match (self, keys) {
            (Scheme::Twilio(scheme), Keys::Twilio { tokens, .. }) => scheme.sign(tokens, sender, request),
            (Scheme::Ed25519(scheme), Keys::Ed25519 { signing: Some(key), .. }) => Some(scheme.sign(key, request)),
            _ => None,
        }
    }

    /// The headers of a signature, which a callback with another body must not keep.
    pub(super) fn headers(&self) -> Vec<&http::HeaderName> {
        match self {
            Scheme::Twilio(scheme) => std::iter::once(&scheme.header).chain(&scheme.settings_header).collect(),
            Scheme::Ed25519(scheme) => vec![&scheme.header, &scheme.time_header],
            Scheme::None => Vec::new(),
        }
    }
}

/// A callback that is to be signed.
pub(super) struct ToSign<'a> {
    pub(super) url: &'a str,
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
