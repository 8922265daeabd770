//! Vonage's signed parameters (`sig`), of its SMS API.

use super::{Covers, Incoming, Keys, ParameterError, Parameters, Refused, SenderKey, ToSign, same, signed::in_time};
use crate::provider::{
    digest::{self, HmacKey},
    file::Hash,
    form,
    incoming::Body,
    json,
};
use std::{borrow::Cow, time::Duration};

/// `[signature.vonage]`.
#[derive(Debug)]
pub(in crate::provider) struct Vonage {
    pub(in crate::provider) secret: usize,
    /// The parameter that says how the account signs.
    pub(in crate::provider) method: usize,
    pub(in crate::provider) tolerance: Duration,
}

/// An account's way of signing with one of its secrets.
pub(in crate::provider) enum Way {
    /// MD5 of the text and the secret after it.
    Suffix(Box<str>),
    Hmac(HmacKey),
}

impl Way {
    fn read(method: &str, secret: &str) -> Option<Self> {
        let hash = match method {
            "md5hash" | "" => return Some(Way::Suffix(secret.into())),
            "md5" => Hash::Md5,
            "sha1" => Hash::Sha1,
            "sha256" => Hash::Sha256,
            "sha512" => Hash::Sha512,
            _ => return None,
        };
        Some(Way::Hmac(HmacKey::new(hash, secret.as_bytes())))
    }

    fn sign(&self, text: &str) -> String {
        digest::hex(&match self {
            Way::Suffix(secret) => digest::md5(format!("{text}{secret}").as_bytes()),
            Way::Hmac(key) => key.sign(text.as_bytes()),
        })
    }
}

impl Vonage {
    pub(super) fn prepare(&self, parameters: &Parameters) -> Result<Option<Keys>, ParameterError> {
        let secrets = parameters.all(self.secret);
        let way = |secret: &str| {
            Way::read(parameters.first(self.method), secret).ok_or_else(|| ParameterError {
                name: parameters.name(self.method).to_owned(),
                wanted: "one of md5hash, md5, sha1, sha256, sha512 is needed".to_owned(),
            })
        };
        let ways = secrets.iter().map(|secret| way(secret)).collect::<Result<_, _>>()?;
        Ok(Some(Keys::Vonage(ways)).filter(|_| !secrets.is_empty()))
    }

    pub(super) fn verify(&self, ways: &[Way], incoming: &Incoming<'_>) -> Result<Covers, Refused> {
        let pairs = parameters(incoming);
        let one = |wanted: &str| pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value);
        let given = one("sig").ok_or(Refused::Unsigned)?.to_ascii_lowercase();
        let text = signed(&pairs);
        if !ways.iter().any(|way| same(way.sign(&text).as_bytes(), given.as_bytes())) {
            return Err(Refused::Wrong);
        }
        in_time(incoming, one("timestamp").ok_or(Refused::Wrong)?, self.tolerance)?;
        // With a body it is the body that is signed, and the query is not; without one it is the query.
        let has_body = !incoming.body.is_empty();
        Ok(Covers { body: has_body, query: !has_body, headers: false })
    }
}

impl Vonage {
    /// A callback for the sender's own URL, signed anew: its URL and its body, with `timestamp` and `sig` among the
    /// parameters.
    pub(super) fn sign(
        &self,
        ways: &[Way],
        parameters: &Parameters,
        sender: Option<&SenderKey>,
        request: &ToSign<'_>,
    ) -> Option<(String, Vec<u8>)> {
        let own = sender.map(|sender| Way::read(parameters.first(self.method), sender.secret.expose()));
        let way = match &own {
            Some(own) => own.as_ref()?,
            None => ways.first()?,
        };
        let now = request.now.seconds().to_string();
        if !request.body.is_empty() && !request.is_form {
            let serde_json::Value::Object(mut members) = serde_json::from_slice(request.body).ok()? else {
                return None;
            };
            members.remove("sig");
            members.insert("timestamp".to_owned(), now.into());
            let pair = |(name, value)| Some((Cow::from(name), json::scalar(value)?));
            let pairs: Vec<_> = members.iter().map(|(name, value)| (name.as_str(), value)).filter_map(pair).collect();
            let signature = way.sign(&signed(&pairs));
            members.insert("sig".to_owned(), signature.into());
            return Some((request.url.to_owned(), serde_json::Value::Object(members).to_string().into_bytes()));
        }
        let (address, query) = request.url.split_once('?').unwrap_or((request.url, ""));
        let in_query = request.body.is_empty();
        let raw = if in_query { query.as_bytes() } else { request.body };
        let kept = form::pairs(raw).filter(|pair| pair.name != "sig" && pair.name != "timestamp");
        let mut pairs: Vec<_> = kept.map(|pair| (pair.name, pair.value)).collect();
        pairs.push(("timestamp".into(), now.into()));
        let signature = way.sign(&signed(&pairs));
        pairs.push(("sig".into(), signature.into()));
        let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        Some(if in_query { (format!("{address}?{text}"), Vec::new()) } else { (request.url.to_owned(), text.into()) })
    }
}

/// The parameters of a request: its form, its JSON object, or its query.
fn parameters<'i>(incoming: &'i Incoming<'_>) -> Vec<(Cow<'i, str>, Cow<'i, str>)> {
    let of = |pairs: &'i [crate::provider::form::Pair<'_>]| {
        pairs.iter().map(|pair| (Cow::Borrowed(&*pair.name), Cow::Borrowed(&*pair.value))).collect()
    };
    match incoming.read_body() {
        Body::Form(pairs) => of(pairs),
        Body::Json(serde_json::Value::Object(all)) => {
            let member = |(name, value): (&'i String, &'i serde_json::Value)| {
                Some((Cow::Borrowed(name.as_str()), json::scalar(value)?))
            };
            all.iter().filter_map(member).collect()
        }
        Body::Empty => of(incoming.query()),
        Body::Json(_) | Body::Xml(_) | Body::Other => Vec::new(),
    }
}

/// `&k=v` for each but `sig`, by name, with `&` and `=` in a value as `_`.
fn signed(pairs: &[(Cow<'_, str>, Cow<'_, str>)]) -> String {
    let mut all: Vec<_> = pairs.iter().filter(|(name, _)| name != "sig").collect();
    all.sort_unstable();
    let mut text = String::new();
    for (name, value) in all {
        text.extend(["&", name, "=", &value.replace(['&', '='], "_")]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Published by Vonage; the plain MD5 is computed from the same text.
    #[test]
    fn signatures_are_those_of_vonage() {
        let plain = [("param1", "value1"), ("param2", "value2"), ("timestamp", "1234567890")];
        let odd = [("param2", "value=2"), ("param1", "value&1"), ("timestamp", "1234567890")];
        let cases = [
            (&plain, "sha256", "280c4320703dbc98bfa22db676655ed2acfbfe8792b062ff7622e67f1183c287"),
            (&plain, "md5", "724c2bf6ca423c36e20631b11d1c5753"),
            (&plain, "md5hash", "d72f75ac8cda9bbce891c4fa62bee6cd"),
            (&odd, "md5", "2bbf0abafb2c55e5af6231513896a2ac"),
        ];
        for (pairs, method, wanted) in cases {
            let pairs: Vec<_> =
                pairs.iter().map(|(name, value)| (Cow::Borrowed(*name), Cow::Borrowed(*value))).collect();
            assert_eq!(Way::read(method, "signature_secret").unwrap().sign(&signed(&pairs)), wanted, "{method}");
        }
        assert!(Way::read("sha3", "x").is_none());
    }
}
