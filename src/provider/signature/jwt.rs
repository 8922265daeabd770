//! A signed token that holds hashes of the body and the URL (Vonage, `MessageBird`).

use super::{
    Covers, Incoming, Keys, Parameters, Refused, SenderKey, ToSign, same,
    signed::{needed, split},
};
use crate::provider::{
    digest::{self, HmacKey},
    incoming::OneTime,
    jwt::{Algorithm, Key, Token},
    place::{Kind, Place},
    text::{Text, Values},
};
use crate::{clock::Time, domain::recent::Recent};
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// `[signature.jwt]`.
#[derive(Debug)]
pub(in crate::provider) struct Jwt {
    pub(in crate::provider) value: Place,
    pub(in crate::provider) secret: usize,
    pub(in crate::provider) algorithms: Vec<Algorithm>,
    /// Claims that must be there, and what they must be.
    pub(in crate::provider) claims: Vec<(Box<str>, Text)>,
    pub(in crate::provider) body_hash: Option<Box<str>>,
    pub(in crate::provider) query_as_json: bool,
    pub(in crate::provider) url_hash: Option<Box<str>>,
    /// How far `iat` may be from now.
    pub(in crate::provider) tolerance: Option<Duration>,
    pub(in crate::provider) leeway: Duration,
}

/// An account's keys, and the tokens that it has believed.
pub(in crate::provider) struct Tokens {
    pub(super) keys: Vec<(Algorithm, HmacKey)>,
    seen: Mutex<Recent<[u8; 16]>>,
}

/// A captured webhook is not believed twice, for so long and so many, in this process; what else the processes know
/// of each other's is the use case's.
const REMEMBERED: (usize, Duration) = (1 << 16, Duration::from_hours(24));
/// A provider that got no answer comes again at once, with the same token (rule W1).
const AGAIN_WITHIN: Duration = Duration::from_mins(1);

impl Tokens {
    fn new(keys: Vec<(Algorithm, HmacKey)>) -> Self {
        let (most, kept) = REMEMBERED;
        Self { keys, seen: Mutex::new(Recent::new(most, kept)) }
    }

    /// Whether this token, which is believed, was believed before, and not just now.
    fn is_replayed(&self, key: [u8; 16], now: Time) -> bool {
        let first = self.seen.lock().unwrap_or_else(PoisonError::into_inner).first(key, now);
        first.is_some_and(|first| now >= first.after(AGAIN_WITHIN))
    }
}

impl Jwt {
    pub(super) fn prepare(&self, parameters: &Parameters) -> Option<Keys> {
        let secrets = parameters.all(self.secret);
        let keys = secrets.iter().flat_map(|secret| self.keys(secret)).collect();
        (!secrets.is_empty()).then(|| Keys::Jwt(Tokens::new(keys)))
    }

    fn keys(&self, secret: &str) -> Vec<(Algorithm, HmacKey)> {
        let key = |algorithm: &Algorithm| Some((*algorithm, HmacKey::new(algorithm.hash()?, secret.as_bytes())));
        self.algorithms.iter().filter_map(key).collect()
    }

    pub(super) fn verify(
        &self,
        tokens: &Tokens,
        parameters: &Parameters,
        origins: &[Box<str>],
        incoming: &Incoming<'_>,
    ) -> Result<Covers, Refused> {
        let text = needed(incoming, &self.value)?;
        let token = Token::read(&text).ok_or(Refused::Wrong)?;
        // The key decides the algorithm, never the token alone.
        if !tokens.keys.iter().any(|(algorithm, key)| *algorithm == token.algorithm && token.fits(key)) {
            return Err(Refused::Wrong);
        }
        let values = Values { section: &[], parameters };
        for (name, wanted) in &self.claims {
            let wanted = wanted.value(&values).map_err(|_| Refused::Wrong)?;
            let given = token.claim(name).unwrap_or_default();
            if !wanted.is_empty() && !same(given.as_bytes(), wanted.as_bytes()) {
                return Err(Refused::Wrong);
            }
        }
        let body = self.check_body(&token, incoming)?;
        let url = self.check_url(&token, origins, incoming)?;
        self.check_time(&token, incoming)?;
        let mut digest = [0; 16];
        digest.copy_from_slice(&digest::sha256(text.as_bytes())[..16]);
        if tokens.is_replayed(digest, incoming.now) {
            return Err(Refused::OutOfTime);
        }
        incoming.believed_by(OneTime { digest, until: self.end(&token, incoming.now) });
        let by_body = incoming.body.is_empty() && self.query_as_json && body;
        Ok(Covers { body, query: url || by_body, headers: false })
    }

    /// When it is too old to be believed.
    fn end(&self, token: &Token<'_>, now: Time) -> Time {
        let ends = token.time("exp").map(|end| end.saturating_add_unsigned(self.leeway.as_secs()));
        let ages = self.tolerance.and_then(|most| Some(token.time("iat")?.saturating_add_unsigned(most.as_secs())));
        let end = [ends, ages].into_iter().flatten().min().map(|end| Time(end.saturating_mul(1_000_000)));
        let most = now.after(REMEMBERED.1);
        end.map_or(most, |end| end.min(most))
    }

    /// Whether the token vouches for the body: its hash is there exactly when there is something to hash.
    fn check_body(&self, token: &Token<'_>, incoming: &Incoming<'_>) -> Result<bool, Refused> {
        let Some(name) = &self.body_hash else { return Ok(false) };
        let own = self.hash_of(incoming.body, incoming);
        match (own, token.claim(name)) {
            (Some(own), Some(given)) if same(own.as_bytes(), given.as_bytes()) => Ok(true),
            (None, None) => Ok(false),
            _ => Err(Refused::Wrong),
        }
    }

    fn hash_of(&self, body: &[u8], incoming: &Incoming<'_>) -> Option<String> {
        if !body.is_empty() {
            return Some(digest::hex(&digest::sha256(body)));
        }
        let query = Some(incoming.query()).filter(|pairs| self.query_as_json && !pairs.is_empty())?;
        let members: Vec<String> = query
            .iter()
            .map(|pair| {
                format!("{}:{}", crate::provider::json::quote(&pair.name), crate::provider::json::quote(&pair.value))
            })
            .collect();
        Some(digest::hex(&digest::sha256(format!("{{{}}}", members.join(",")).as_bytes())))
    }

    fn check_url(&self, token: &Token<'_>, origins: &[Box<str>], incoming: &Incoming<'_>) -> Result<bool, Refused> {
        let Some(name) = &self.url_hash else { return Ok(false) };
        let given = token.claim(name).ok_or(Refused::Wrong)?;
        let fits = |origin: &str| {
            let own = digest::hex(&digest::sha256(format!("{origin}{}", incoming.target).as_bytes()));
            same(own.as_bytes(), given.as_bytes())
        };
        if origins.iter().any(|origin| fits(origin)) { Ok(true) } else { Err(Refused::Wrong) }
    }

    fn check_time(&self, token: &Token<'_>, incoming: &Incoming<'_>) -> Result<(), Refused> {
        let leeway = i64::try_from(self.leeway.as_secs()).unwrap_or(i64::MAX);
        let now = incoming.now.seconds();
        let early = token.time("nbf").is_some_and(|from| from > now.saturating_add(leeway));
        let late = token.time("exp").is_some_and(|until| until <= now.saturating_sub(leeway));
        let old = self
            .tolerance
            .is_some_and(|tolerance| token.time("iat").is_none_or(|issued| now.abs_diff(issued) > tolerance.as_secs()));
        // With neither an end nor an age a token would hold for ever.
        let endless = self.tolerance.is_none() && token.time("exp").is_none();
        if early || late || old || endless { Err(Refused::OutOfTime) } else { Ok(()) }
    }

    pub(super) fn sign(
        &self,
        keys: &[(Algorithm, HmacKey)],
        sender: Option<&SenderKey>,
        parameters: &Parameters,
        request: &ToSign<'_>,
    ) -> Option<Vec<(http::HeaderName, String)>> {
        let Kind::Header(header) = &self.value.kind else { return None };
        if sender.is_some_and(|sender| sender.secret.expose().starts_with("-----BEGIN")) {
            return None; // a sender's public key, for the tokens that it shows: nothing is signed with it
        }
        let own = sender.map(|sender| self.keys(sender.secret.expose()));
        let (algorithm, key) = own.as_deref().unwrap_or(keys).first()?;
        let now = request.now.seconds();
        let mut claims = serde_json::Map::new();
        for (name, text) in &self.claims {
            let value = text.render(&Values { section: &[], parameters }).ok()?;
            if !value.is_empty() {
                claims.insert(name.to_string(), value.into());
            }
        }
        claims.insert("iat".to_owned(), now.into());
        if self.tolerance.is_none() {
            claims.insert("nbf".to_owned(), now.into());
            claims.insert("exp".to_owned(), now.saturating_add(60).into());
        }
        let unique = digest::sha256(&[now.to_string().as_bytes(), request.url.as_bytes(), request.body].concat());
        claims.insert("jti".to_owned(), digest::hex(&unique[..16]).into());
        if let Some(name) = self.body_hash.as_ref().filter(|_| !request.body.is_empty()) {
            claims.insert(name.to_string(), digest::hex(&digest::sha256(request.body)).into());
        } else if self.query_as_json && split(request.url).1.contains('?') {
            return None; // the order in which a sender's framework reads its own query is not known
        }
        if let Some(name) = &self.url_hash {
            let url = request.url.split('#').next().unwrap_or_default();
            claims.insert(name.to_string(), digest::hex(&digest::sha256(url.as_bytes())).into());
        }
        let token = Key::Hmac(*algorithm, key.clone()).token(&[], &serde_json::Value::Object(claims))?;
        let scheme = if *header == http::header::AUTHORIZATION { "Bearer " } else { "" };
        Some(vec![(header.clone(), format!("{scheme}{token}"))])
    }

    pub(super) fn headers(&self) -> Vec<&http::HeaderName> {
        if let Kind::Header(name) = &self.value.kind { vec![name] } else { Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w1_a_captured_token_is_not_believed_again() {
        let tokens = Tokens::new(Vec::new());
        let at = |seconds: u64| Time(0).after(Duration::from_secs(seconds));
        for (rule, token, seconds, replayed) in [
            ("the first time", "a.b.c", 0, false),
            ("the provider had no answer", "a.b.c", 59, false),
            ("somebody has captured it", "a.b.c", 60, true),
            ("and tries again", "a.b.c", 300, true),
            ("another", "a.b.d", 300, false),
        ] {
            let mut key = [0; 16];
            key[..token.len()].copy_from_slice(token.as_bytes());
            assert_eq!(tokens.is_replayed(key, at(seconds)), replayed, "{rule}");
        }
    }
}
