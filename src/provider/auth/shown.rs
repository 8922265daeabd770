//! What a sender shows at a drop-in endpoint, and what goes on in its place.

use super::{Credentials, Kind};
use crate::provider::{
    Account, Custody, Document, ErrorKind, Incoming, Parameters, SenderKey, form::Pair, incoming::Body, jwt::Token,
    signature::same,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};

impl Account {
    /// Whether a sender's credentials or a route's rules stand in the body, so that it has to be read first.
    pub fn needs_body_first(&self) -> bool {
        let by_auth =
            self.provider().auth.iter().any(|auth| auth.via && matches!(auth.kind, Kind::Body(_) | Kind::Xml(_)));
        by_auth
            || self
                .provider()
                .routes
                .iter()
                .any(|route| route.when.places().any(super::super::place::Place::is_in_body))
    }

    /// Checks a sender's credentials at the drop-in endpoint. In the operator's custody: one of the account's sender
    /// keys, which is returned; else the account's own credentials, and `None`. The error is the provider's own 401.
    pub fn authenticate(&self, incoming: &Incoming<'_>) -> Result<Option<&SenderKey>, Document> {
        for auth in self.provider().auth.iter().filter(|auth| auth.via) {
            if let Kind::Jwt(jwt) = &auth.kind
                && let Some(Believed(sender)) = self.believes(jwt, incoming)
            {
                return Ok(sender);
            }
            let Some(shown) = Shown::read(&auth.kind, incoming) else { continue };
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
            } else if shown.fits_own(&auth.kind, self.parameters()) {
                return Ok(None);
            }
        }
        Err(self.error(ErrorKind::Unauthorized, "Authenticate"))
    }

    /// A token that a sender signed: with the account's own key, or in the operator's custody with a key whose public
    /// half (PEM) is one of the senders' secrets.
    fn believes(&self, jwt: &super::token::Jwt, incoming: &Incoming<'_>) -> Option<Believed<'_>> {
        let given = incoming.headers.get(&jwt.shown.name)?.to_str().ok()?;
        let before = jwt.shown.value.parts().and_then(|parts| parts.first().copied()?.ok().map(str::to_owned));
        let given = after_scheme(given.as_bytes(), before.unwrap_or_default().as_bytes())?;
        let token = Token::read(std::str::from_utf8(given).ok()?.trim())?;
        if token.algorithm != jwt.algorithm || token.time("exp").is_none_or(|end| end <= incoming.now.seconds()) {
            return None;
        }
        if self.settings().custody == Custody::Operator {
            let mut senders = self.settings().senders.iter();
            let found = senders.find(|sender| token.is_of_public(sender.secret.expose()));
            return found.map(|sender| Believed(Some(sender)));
        }
        match self.via_credentials.as_ref().or(self.credentials.as_ref()) {
            Some(Credentials::Jwt(_, key)) if token.is_of(key) => Some(Believed(None)),
            _ => None,
        }
    }

    /// The headers without a sender's credentials, and with the account's own.
    pub(in crate::provider) fn exchange_headers(&self, headers: &mut http::HeaderMap) {
        headers.remove(http::header::AUTHORIZATION);
        for auth in &self.provider().auth {
            match &auth.kind {
                Kind::Header { name, .. } => drop(headers.remove(name)),
                Kind::Headers(pairs) => self.exchange_named(pairs, headers),
                Kind::Jwt(jwt) => drop(headers.remove(&jwt.shown.name)),
                _ => {}
            }
        }
        if let Some(Credentials::Header(name, value)) = &self.via_credentials {
            headers.insert(name, value.clone());
        }
    }

    /// Puts the account's own values where the sender's stand in headers of these names.
    fn exchange_named(&self, pairs: &super::Pairs, headers: &mut http::HeaderMap) {
        for (name, parameter) in &pairs.all {
            if headers.remove(&**name).is_none() {
                continue;
            }
            let own = super::sensitive(self.parameters().first(*parameter)).filter(|own| !own.is_empty());
            if let (Ok(name), Some(own)) = (name.parse::<http::HeaderName>(), own) {
                headers.insert(name, own);
            }
        }
    }

    /// Where a sender's credentials stand in such a part of a request, each with the account's own value.
    pub(in crate::provider) fn exchange_pairs(&self, part: CredentialPart) -> impl Iterator<Item = (&str, &str)> {
        let pairs =
            self.provider().auth.iter().filter(|auth| auth.via).filter_map(move |auth| match (&auth.kind, part) {
                (Kind::Query(pairs), CredentialPart::Query)
                | (Kind::Body(pairs), CredentialPart::Body)
                | (Kind::Xml(pairs), CredentialPart::Xml) => Some(pairs),
                _ => None,
            });
        pairs.flat_map(|pairs| &pairs.all).map(|(name, parameter)| (&**name, self.parameters().first(*parameter)))
    }
}

/// Parts of a request in which credentials stand by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::provider) enum CredentialPart {
    Query,
    /// A form, or the top level of JSON.
    Body,
    Xml,
}

/// Whose token was believed: a sender's, or one of the account's own key.
struct Believed<'a>(Option<&'a SenderKey>);

/// The credentials in a request.
struct Shown {
    user: Option<Vec<u8>>,
    secret: Vec<u8>,
}

impl Shown {
    fn read(auth: &Kind, incoming: &Incoming<'_>) -> Option<Self> {
        match auth {
            Kind::Basic { .. } => {
                let (user, secret) = basic(incoming.headers)?;
                Some(Self { user: Some(user), secret })
            }
            Kind::Header { name, prefix, .. } => {
                let given = after_scheme(incoming.headers.get(name)?.as_bytes(), prefix.as_bytes())?;
                Some(Self { user: None, secret: given.trim_ascii().to_vec() })
            }
            Kind::Headers(pairs) => {
                Self::of(pairs, |name| Some(incoming.headers.get(name)?.as_bytes().trim_ascii().to_vec()))
            }
            Kind::Query(pairs) => Self::of(pairs, |name| in_pairs(incoming.query(), name)),
            Kind::Body(pairs) => Self::of(pairs, |name| match incoming.read_body() {
                Body::Form(pairs) => in_pairs(pairs, name),
                Body::Json(root) => root.get(name)?.as_str().map(|text| text.as_bytes().to_vec()),
                Body::Empty | Body::Xml(_) | Body::Other => None,
            }),
            Kind::Xml(pairs) => Self::of(pairs, |path| Some(incoming.leaves(path).next()?.text.as_bytes().to_vec())),
            // What is given out, or signed over the whole request, senders cannot show here.
            Kind::Jwt(_) | Kind::OAuth2(_) | Kind::Google(_) | Kind::SigV4(_) => None,
        }
    }

    fn of(pairs: &super::Pairs, value: impl Fn(&str) -> Option<Vec<u8>>) -> Option<Self> {
        let (secret, _) = pairs.all.get(pairs.secret)?;
        let user = pairs.all.iter().enumerate().find(|(index, _)| *index != pairs.secret);
        let user = user.map(|(_, (name, _))| value(name).ok_or(())).transpose().ok()?;
        Some(Self { user, secret: value(secret)? })
    }

    fn fits(&self, user: &str, secret: &str) -> bool {
        let user = self.user.as_ref().is_none_or(|given| same(given, user.as_bytes()));
        same(&self.secret, secret.as_bytes()) & user & !secret.is_empty()
    }

    fn fits_own(&self, auth: &Kind, parameters: &Parameters) -> bool {
        let any = |user: &str, secrets: usize| parameters.all(secrets).iter().any(|secret| self.fits(user, secret));
        match auth {
            Kind::Basic { user, password } => {
                let user = parameters.first(*user);
                !user.is_empty() && any(user, *password)
            }
            Kind::Header { value, .. } => any("", *value),
            Kind::Headers(pairs) | Kind::Query(pairs) | Kind::Body(pairs) | Kind::Xml(pairs) => {
                let user = pairs.all.iter().enumerate().find(|(index, _)| *index != pairs.secret);
                let user = user.map(|(_, (_, parameter))| parameters.first(*parameter));
                user != Some("") && pairs.all.get(pairs.secret).is_some_and(|(_, p)| any(user.unwrap_or_default(), *p))
            }
            Kind::Jwt(_) | Kind::OAuth2(_) | Kind::Google(_) | Kind::SigV4(_) => false,
        }
    }
}

fn in_pairs(pairs: &[Pair<'_>], name: &str) -> Option<Vec<u8>> {
    pairs.iter().find(|pair| pair.name == name).map(|pair| pair.value.as_bytes().to_vec())
}

/// User and password of basic authentication (RFC 7617).
pub(in crate::provider) fn basic(headers: &http::HeaderMap) -> Option<(Vec<u8>, Vec<u8>)> {
    let given = after_scheme(headers.get(http::header::AUTHORIZATION)?.as_bytes(), b"Basic ")?;
    let given = BASE64_STANDARD.decode(given.trim_ascii()).ok()?;
    let cut = given.iter().position(|byte| *byte == b':')?;
    Some((given[..cut].to_vec(), given[cut + 1..].to_vec()))
}

/// What follows the scheme, whose letters may be of either case.
pub(in crate::provider) fn after_scheme<'h>(given: &'h [u8], scheme: &[u8]) -> Option<&'h [u8]> {
    let (start, rest) = given.split_at_checked(scheme.len())?;
    start.eq_ignore_ascii_case(scheme).then_some(rest)
}
