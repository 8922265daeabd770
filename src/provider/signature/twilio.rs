//! Twilio's scheme: HMAC over the URL and the sorted form, or over the URL with the body's hash in it.

use super::{Covers, Incoming, Keys, ParameterError, Parameters, Refused, SenderKey, SharedKey, ToSign, same};
use crate::provider::{
    digest::{hex, sha256},
    form,
    incoming::Body,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use ring::hmac;

/// `[signature.twilio]`.
#[derive(Debug)]
pub(in crate::provider) struct Twilio {
    pub(in crate::provider) header: http::HeaderName,
    pub(in crate::provider) secret: usize,
    pub(in crate::provider) settings_header: Option<http::HeaderName>,
    pub(in crate::provider) shared_keys: Option<usize>,
}

/// The query's name of the hash of a body that is no form.
const BODY_HASH: &str = "bodySHA256";

fn sha1(secret: &str) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes())
}

impl Twilio {
    pub(super) fn prepare(&self, parameters: &Parameters) -> Result<Option<Keys>, ParameterError> {
        let tokens: Vec<_> = parameters.all(self.secret).iter().map(|token| sha1(token)).collect();
        let shared = self.shared_keys.map_or(&[][..], |index| parameters.all(index));
        let shared = shared.iter().map(|key| {
            let (id, secret) = key.split_once(':').ok_or_else(|| ParameterError {
                name: parameters.name(self.shared_keys.unwrap_or_default()).to_owned(),
                wanted: "a shared key is written `ID:SECRET`".to_owned(),
            })?;
            let sha256 = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
            Ok(SharedKey { id: id.into(), sha1: sha1(secret), sha256 })
        });
        let shared: Vec<_> = shared.collect::<Result<_, _>>()?;
        Ok(Some(Keys::Twilio { tokens, shared }).filter(|keys| !keys.are_none()))
    }

    pub(super) fn verify(
        &self,
        tokens: &[hmac::Key],
        shared: &[SharedKey],
        origins: &[Box<str>],
        incoming: &Incoming<'_>,
    ) -> Result<Covers, Refused> {
        let given = incoming.headers.get(&self.header).ok_or(Refused::Unsigned)?;
        let given = BASE64_STANDARD.decode(given.as_bytes()).map_err(|_| Refused::Wrong)?;
        let settings = self.settings_header.as_ref().and_then(|name| incoming.headers.get(name));
        let chosen: Vec<&hmac::Key> = match settings {
            None => Vec::new(),
            Some(settings) => named_keys(settings.to_str().map_err(|_| Refused::Wrong)?, shared)?,
        };
        let parameters = signed_parameters(incoming)?;
        let matches = |key: &hmac::Key| {
            origins.iter().any(|origin| {
                let mut context = hmac::Context::with_key(key);
                context.update(origin.as_bytes());
                context.update(incoming.target.as_bytes());
                context.update(&parameters);
                same(context.sign().as_ref(), &given)
            })
        };
        let found = if settings.is_some() { chosen.into_iter().any(matches) } else { tokens.iter().any(matches) };
        // The URL with its query, and the form or the body's hash.
        if found { Ok(Covers { headers: false, ..Covers::ALL }) } else { Err(Refused::Wrong) }
    }

    pub(super) fn sign(
        &self,
        tokens: &[hmac::Key],
        sender: Option<&SenderKey>,
        request: &ToSign<'_>,
    ) -> Option<Vec<(http::HeaderName, String)>> {
        let own = sender.map(|sender| sha1(sender.secret.expose()));
        let key = own.as_ref().or(tokens.first())?;
        let mut context = hmac::Context::with_key(key);
        context.update(request.url.split('#').next().unwrap_or_default().as_bytes());
        if request.is_form {
            context.update(&sorted(form::pairs(request.body).map(|pair| (pair.name, pair.value))));
        } else if !request.body.is_empty() {
            return None; // the hash of another body would have to stand in the sender's own URL
        }
        Some(vec![(self.header.clone(), BASE64_STANDARD.encode(context.sign()))])
    }
}

/// The keys that `key=ID,algorithm=HMAC_SHA256` names.
fn named_keys<'k>(settings: &str, shared: &'k [SharedKey]) -> Result<Vec<&'k hmac::Key>, Refused> {
    let setting = |wanted: &str| {
        let pairs = settings.split(',').filter_map(|setting| setting.trim().split_once('='));
        pairs.into_iter().find(|(name, _)| *name == wanted).map(|(_, value)| value)
    };
    let id = setting("key").ok_or(Refused::Wrong)?;
    let named = shared.iter().filter(|key| *key.id == *id);
    match setting("algorithm").ok_or(Refused::Wrong)? {
        "HMAC_SHA1" => Ok(named.map(|key| &key.sha1).collect()),
        "HMAC_SHA256" => Ok(named.map(|key| &key.sha256).collect()),
        _ => Err(Refused::Wrong),
    }
}

/// What follows the URL in the signed text: the sorted form; nothing without a body; nothing where the URL holds the
/// hash of the body, once that is checked.
fn signed_parameters(incoming: &Incoming<'_>) -> Result<Vec<u8>, Refused> {
    match incoming.read_body() {
        Body::Form(pairs) => Ok(sorted(pairs.iter().map(|pair| (&pair.name, &pair.value)))),
        Body::Empty => Ok(Vec::new()),
        Body::Json(_) | Body::Xml(_) | Body::Other => {
            let hash = incoming.query().iter().find(|pair| pair.name == BODY_HASH).ok_or(Refused::Wrong)?;
            let own = hex(&sha256(incoming.body));
            if same(own.as_bytes(), hash.value.as_bytes()) { Ok(Vec::new()) } else { Err(Refused::Wrong) }
        }
    }
}

/// Each distinct name and value, in the order of bytes, with nothing between them.
fn sorted<T: AsRef<str> + Ord>(pairs: impl Iterator<Item = (T, T)>) -> Vec<u8> {
    let mut pairs: Vec<(T, T)> = pairs.collect();
    pairs.sort_unstable();
    pairs.dedup();
    let mut out =
        Vec::with_capacity(pairs.iter().map(|(name, value)| name.as_ref().len() + value.as_ref().len()).sum());
    for (name, value) in &pairs {
        out.extend_from_slice(name.as_ref().as_bytes());
        out.extend_from_slice(value.as_ref().as_bytes());
    }
    out
}
