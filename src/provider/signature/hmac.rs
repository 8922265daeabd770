//! An HMAC over parts of the request: most providers' schemes.

use super::{
    Covers, Incoming, Keys, ParameterError, Parameters, Refused, SenderKey, ToSign, fits_any,
    signed::{Said, Signed, in_time, needed},
};
use crate::provider::{
    digest::{self, HmacKey},
    file::{Coding, Hash},
    place::{Kind, Place},
    text::{Text, Values},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use std::time::Duration;

/// `[signature.hmac]`.
#[derive(Debug)]
pub(in crate::provider) struct Hmac {
    pub(in crate::provider) secret: usize,
    pub(in crate::provider) secret_prefix: Box<str>,
    pub(in crate::provider) secret_coding: Coding,
    pub(in crate::provider) hash: Hash,
    pub(in crate::provider) value: Place,
    pub(in crate::provider) coding: Coding,
    pub(in crate::provider) separator: Box<str>,
    pub(in crate::provider) prefix: Box<str>,
    pub(in crate::provider) time: Option<(Place, Duration)>,
    pub(in crate::provider) nonce: Option<Place>,
    pub(in crate::provider) signed: Signed,
    pub(in crate::provider) written: Option<Text>,
}

impl Hmac {
    pub(super) fn prepare(&self, parameters: &Parameters) -> Result<Option<Keys>, ParameterError> {
        let keys = parameters.all(self.secret).iter().map(|secret| {
            self.key(secret).ok_or_else(|| ParameterError {
                name: parameters.name(self.secret).to_owned(),
                wanted: "the secret is not written in the coding that this provider uses (base64 or hex)".to_owned(),
            })
        });
        let keys: Vec<HmacKey> = keys.collect::<Result<_, _>>()?;
        Ok(Some(Keys::Hmac(keys)).filter(|_| !parameters.all(self.secret).is_empty()))
    }

    fn key(&self, secret: &str) -> Option<HmacKey> {
        let secret = secret.strip_prefix(&*self.secret_prefix).unwrap_or(secret);
        let bytes = match self.secret_coding {
            Coding::Text => secret.as_bytes().to_vec(),
            Coding::Base64 => BASE64_STANDARD.decode(secret).ok()?,
            Coding::Hex => digest::from_hex(secret)?,
        };
        Some(HmacKey::new(self.hash, &bytes))
    }

    pub(super) fn verify(
        &self,
        keys: &[HmacKey],
        origins: &[Box<str>],
        incoming: &Incoming<'_>,
    ) -> Result<Covers, Refused> {
        let value = needed(incoming, &self.value)?;
        let given: Vec<Vec<u8>> = match &*self.separator {
            "" => self.decode(&value).into_iter().collect(),
            separator => value.split(separator).filter_map(|one| self.decode(one.trim())).collect(),
        };
        let time = self.time.as_ref().map(|(place, _)| needed(incoming, place)).transpose()?.unwrap_or_default();
        let nonce = self.nonce.as_ref().map(|place| needed(incoming, place)).transpose()?.unwrap_or_default();
        let said = Said::of(incoming, &time, &nonce);
        let origins = if self.signed.has_origin() { origins } else { origins.get(..1).unwrap_or_default() };
        fits_any(keys, origins, &given, |origin| self.signed.message(&Said { origin, ..said }))?;
        if let Some((_, tolerance)) = &self.time {
            in_time(incoming, &time, *tolerance)?;
        }
        Ok(self.signed.covers())
    }

    fn decode(&self, text: &str) -> Option<Vec<u8>> {
        let text = text.strip_prefix(&*self.prefix)?;
        match self.coding {
            Coding::Base64 => BASE64_STANDARD.decode(text).ok(),
            Coding::Hex | Coding::Text => digest::from_hex(text),
        }
    }

    /// A signature of ours, where all that is signed stands in headers of its own.
    pub(super) fn sign(
        &self,
        keys: &[HmacKey],
        sender: Option<&SenderKey>,
        parameters: &Parameters,
        request: &ToSign<'_>,
    ) -> Option<Vec<(http::HeaderName, String)>> {
        let own = sender.map(|sender| self.key(sender.secret.expose()));
        let key = match &own {
            Some(own) => own.as_ref()?,
            None => keys.first()?,
        };
        let time = request.now.seconds().to_string();
        // New for every request, and the same for a repeat of it.
        let nonce =
            digest::hex(&digest::sha256(&[time.as_bytes(), request.url.as_bytes(), request.body].concat())[..16]);
        let bytes = key.sign(&self.signed.message(&Said::to_sign(request, &time, &nonce)));
        let signature = match self.coding {
            Coding::Base64 => BASE64_STANDARD.encode(bytes),
            Coding::Hex | Coding::Text => digest::hex(&bytes),
        };
        let names = [("signature", &*signature), ("time", &*time), ("nonce", &*nonce)];
        let value = match &self.written {
            Some(written) => written.render(&Values { section: &names, parameters }).ok()?,
            None => format!("{}{signature}", self.prefix),
        };
        let Kind::Header(header) = &self.value.kind else { return None };
        let mut headers = vec![(header.clone(), value)];
        let time = self.time.iter().map(|(place, _)| (place, &time));
        for (place, value) in time.chain(self.nonce.iter().map(|place| (place, &nonce))) {
            match &place.kind {
                Kind::Header(name) if name == header => {} // it stands in what is written there
                Kind::Header(name) if place.is_plain() => headers.push((name.clone(), value.clone())),
                _ => return None,
            }
        }
        Some(headers)
    }

    pub(super) fn headers(&self) -> Vec<&http::HeaderName> {
        let places = std::iter::once(&self.value).chain(self.time.iter().map(|(place, _)| place)).chain(&self.nonce);
        places.filter_map(|place| if let Kind::Header(name) = &place.kind { Some(name) } else { None }).collect()
    }
}
