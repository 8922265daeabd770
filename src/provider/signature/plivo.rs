//! Plivo's third scheme: HMAC over the URL, the sorted parameters and a nonce.

use super::{Covers, Incoming, Keys, Parameters, Refused, SenderKey, ToSign, fits_any, signed::split};
use crate::provider::{
    digest::{self, HmacKey},
    file::Hash,
    form::{self, Pair},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};

/// `[signature.plivo]`.
#[derive(Debug)]
pub(in crate::provider) struct Plivo {
    pub(in crate::provider) header: http::HeaderName,
    pub(in crate::provider) nonce_header: http::HeaderName,
    pub(in crate::provider) secret: usize,
}

fn key(secret: &str) -> HmacKey {
    HmacKey::new(Hash::Sha256, secret.as_bytes())
}

impl Plivo {
    pub(super) fn prepare(&self, parameters: &Parameters) -> Option<Keys> {
        let secrets = parameters.all(self.secret);
        (!secrets.is_empty()).then(|| Keys::Hmac(secrets.iter().map(|secret| key(secret)).collect()))
    }

    pub(super) fn verify(
        &self,
        keys: &[HmacKey],
        origins: &[Box<str>],
        incoming: &Incoming<'_>,
    ) -> Result<Covers, Refused> {
        let header = |name| incoming.headers.get(name).and_then(|value| value.to_str().ok()).ok_or(Refused::Unsigned);
        let nonce = header(&self.nonce_header)?;
        let given: Vec<Vec<u8>> =
            header(&self.header)?.split(',').filter_map(|one| BASE64_STANDARD.decode(one.trim()).ok()).collect();
        let is_get = incoming.method == http::Method::GET;
        let rest = signed(incoming.path(), incoming.query(), &body(incoming.body, incoming.headers), is_get, nonce);
        fits_any(keys, origins, &given, |origin| format!("{origin}{rest}").into_bytes())?;
        Ok(Covers { body: true, query: true, headers: false })
    }

    pub(super) fn sign(
        &self,
        keys: &[HmacKey],
        sender: Option<&SenderKey>,
        request: &ToSign<'_>,
    ) -> Option<Vec<(http::HeaderName, String)>> {
        let own = sender.map(|sender| key(sender.secret.expose()));
        let key = own.as_ref().or(keys.first())?;
        let (origin, target) = split(request.url);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query: Vec<Pair<'_>> = form::pairs(query.as_bytes()).collect();
        let seed = [request.now.seconds().to_string().as_bytes(), request.url.as_bytes(), request.body].concat();
        let nonce = digest::hex(&digest::sha256(&seed)[..10]);
        let is_get = request.method == http::Method::GET;
        let rest = signed(path, &query, &body(request.body, request.headers), is_get, &nonce);
        let signature = BASE64_STANDARD.encode(key.sign(format!("{origin}{rest}").as_bytes()));
        Some(vec![(self.header.clone(), signature), (self.nonce_header.clone(), nonce)])
    }
}

/// The fields of a form.
fn body<'b>(body: &'b [u8], headers: &http::HeaderMap) -> Vec<Pair<'b>> {
    let kind = super::signed::content_type(headers);
    if kind.starts_with("application/x-www-form-urlencoded") { form::pairs(body).collect() } else { Vec::new() }
}

/// What is signed, after the origin.
fn signed(path: &str, query: &[Pair<'_>], body: &[Pair<'_>], is_get: bool, nonce: &str) -> String {
    let sorted = |pairs: &[Pair<'_>], between: &str, after: &str| {
        let mut all: Vec<(&str, &str)> = pairs.iter().map(|pair| (&*pair.name, &*pair.value)).collect();
        all.sort_unstable();
        all.iter().map(|(name, value)| format!("{name}{between}{value}")).collect::<Vec<_>>().join(after)
    };
    let mut out = path.to_owned();
    if is_get || body.is_empty() {
        let all: Vec<Pair<'_>> = query.iter().chain(body).cloned().collect();
        if !all.is_empty() {
            out.push('?');
            out.push_str(&sorted(&all, "=", "&"));
        }
    } else {
        out.push('?');
        out.push_str(&sorted(query, "=", "&"));
        out.push_str(if query.is_empty() { "" } else { "." });
        out.push_str(&sorted(body, "", ""));
    }
    out.push('.');
    out.push_str(nonce);
    out
}
