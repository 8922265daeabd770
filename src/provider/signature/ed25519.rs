//! Ed25519 over a time and the raw body (Telnyx).

use super::{
    Covers, Incoming, Keys, ParameterError, Parameters, Refused, ToSign,
    signed::{Said, Signed},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use ring::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};
use std::time::Duration;

/// `[signature.ed25519]`.
#[derive(Debug)]
pub(in crate::provider) struct Ed25519 {
    pub(in crate::provider) header: http::HeaderName,
    pub(in crate::provider) time_header: http::HeaderName,
    pub(in crate::provider) public_key: usize,
    pub(in crate::provider) signed: Signed,
    pub(in crate::provider) tolerance: Duration,
    pub(in crate::provider) signing_key: Option<usize>,
}

impl Ed25519 {
    pub(super) fn prepare(&self, parameters: &Parameters) -> Result<Option<Keys>, ParameterError> {
        let decode = |index: usize, text: &str| {
            let bytes = BASE64_STANDARD.decode(text).ok().filter(|bytes| bytes.len() == 32);
            bytes.ok_or_else(|| ParameterError {
                name: parameters.name(index).to_owned(),
                wanted: "an Ed25519 key is 32 bytes in base64".to_owned(),
            })
        };
        let publics = parameters.all(self.public_key).iter().map(|key| decode(self.public_key, key));
        let signing = match self.signing_key.map(|index| (index, parameters.first(index))) {
            None | Some((_, "")) => None,
            Some((index, seed)) => {
                let pair = Ed25519KeyPair::from_seed_unchecked(&decode(index, seed)?);
                Some(Box::new(pair.map_err(|_| ParameterError {
                    name: parameters.name(index).to_owned(),
                    wanted: "an Ed25519 seed is 32 bytes in base64".to_owned(),
                })?))
            }
        };
        let publics: Vec<_> = publics.collect::<Result<_, _>>()?;
        Ok((!publics.is_empty()).then_some(Keys::Ed25519 { publics, signing }))
    }

    pub(super) fn verify(&self, publics: &[Vec<u8>], incoming: &Incoming<'_>) -> Result<Covers, Refused> {
        let header = |name| incoming.headers.get(name).ok_or(Refused::Unsigned);
        let given = BASE64_STANDARD.decode(header(&self.header)?.as_bytes()).map_err(|_| Refused::Wrong)?;
        let time = header(&self.time_header)?.to_str().map_err(|_| Refused::Wrong)?;
        let seconds: i64 = time.parse().map_err(|_| Refused::Wrong)?;
        let message = self.signed.message(&Said::of(incoming, time, ""));
        let fits = |key: &Vec<u8>| UnparsedPublicKey::new(&ED25519, key).verify(&message, &given).is_ok();
        if !publics.iter().any(fits) {
            return Err(Refused::Wrong);
        }
        if incoming.now.seconds().abs_diff(seconds) > self.tolerance.as_secs() {
            return Err(Refused::OutOfTime);
        }
        Ok(self.signed.covers())
    }

    pub(super) fn sign(&self, key: &Ed25519KeyPair, request: &ToSign<'_>) -> Vec<(http::HeaderName, String)> {
        let time = request.now.seconds().to_string();
        let signature = key.sign(&self.signed.message(&Said::to_sign(request, &time, "")));
        vec![(self.header.clone(), BASE64_STANDARD.encode(signature)), (self.time_header.clone(), time)]
    }
}
