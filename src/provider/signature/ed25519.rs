//! Ed25519 over a time and the raw body (Telnyx).

use super::{Incoming, Keys, ParameterError, Parameters, Refused, ToSign, Verified};
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

/// What is signed, part for part.
#[derive(Debug)]
pub(in crate::provider) struct Signed(Vec<Part>);

#[derive(Debug)]
enum Part {
    Plain(Box<str>),
    Time,
    Body,
}

impl From<Vec<Result<&str, &str>>> for Signed {
    fn from(parts: Vec<Result<&str, &str>>) -> Self {
        let part = |part: Result<&str, &str>| match part {
            Ok(plain) => Part::Plain(plain.into()),
            Err("time") => Part::Time,
            Err(_) => Part::Body,
        };
        Self(parts.into_iter().map(part).collect())
    }
}

impl Signed {
    fn message(&self, time: &str, body: &[u8]) -> Vec<u8> {
        let mut message = Vec::with_capacity(body.len() + 32);
        for part in &self.0 {
            message.extend_from_slice(match part {
                Part::Plain(plain) => plain.as_bytes(),
                Part::Time => time.as_bytes(),
                Part::Body => body,
            });
        }
        message
    }
}

impl Ed25519 {
    pub(super) fn prepare(&self, parameters: &Parameters) -> Result<Keys, ParameterError> {
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
        Ok(Keys::Ed25519 { publics: publics.collect::<Result<_, _>>()?, signing })
    }

    pub(super) fn verify(&self, publics: &[Vec<u8>], incoming: &Incoming<'_>) -> Result<Verified, Refused> {
        let header = |name| incoming.headers.get(name).ok_or(Refused::Unsigned);
        let given = BASE64_STANDARD.decode(header(&self.header)?.as_bytes()).map_err(|_| Refused::Wrong)?;
        let time = header(&self.time_header)?.to_str().map_err(|_| Refused::Wrong)?;
        let seconds: i64 = time.parse().map_err(|_| Refused::Wrong)?;
        let message = self.signed.message(time, incoming.body);
        let fits = |key: &Vec<u8>| UnparsedPublicKey::new(&ED25519, key).verify(&message, &given).is_ok();
        if !publics.iter().any(fits) {
            return Err(Refused::Wrong);
        }
        if incoming.now.seconds().abs_diff(seconds) > self.tolerance.as_secs() {
            return Err(Refused::OutOfTime);
        }
        // Without a body the parameters are in the query, which nothing signs.
        Ok(Verified { covers_parameters: !incoming.body.is_empty() })
    }

    pub(super) fn sign(&self, key: &Ed25519KeyPair, request: &ToSign<'_>) -> Vec<(http::HeaderName, String)> {
        let time = request.now.seconds().to_string();
        let signature = key.sign(&self.signed.message(&time, request.body));
        vec![(self.header.clone(), BASE64_STANDARD.encode(signature)), (self.time_header.clone(), time)]
    }
}
