//! ECDSA on P-256 over a time and the raw body (`SendGrid`).

use super::{
    Covers, Incoming, Keys, ParameterError, Parameters, Refused,
    signed::{Said, Signed, in_time},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use std::time::Duration;

/// What stands before the point of a P-256 key in a `SubjectPublicKeyInfo` (RFC 5480).
const P256_HEAD: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// `[signature.ecdsa_p256]`.
#[derive(Debug)]
pub(in crate::provider) struct Ecdsa {
    pub(in crate::provider) header: http::HeaderName,
    pub(in crate::provider) time_header: http::HeaderName,
    pub(in crate::provider) public_key: usize,
    pub(in crate::provider) signed: Signed,
    pub(in crate::provider) tolerance: Duration,
}

impl Ecdsa {
    pub(super) fn prepare(&self, parameters: &Parameters) -> Result<Option<Keys>, ParameterError> {
        let keys = parameters.all(self.public_key);
        let point = |text: &str| {
            let bytes = BASE64_STANDARD.decode(text).ok();
            let point = bytes.as_deref().and_then(|bytes| bytes.strip_prefix(&P256_HEAD)).filter(|it| it.len() == 65);
            point.map(<[u8]>::to_vec).ok_or_else(|| ParameterError {
                name: parameters.name(self.public_key).to_owned(),
                wanted: "a public P-256 key in base64, as the provider shows it, is needed".to_owned(),
            })
        };
        let points = keys.iter().map(|key| point(key)).collect::<Result<_, _>>()?;
        Ok(Some(Keys::Points(points)).filter(|_| !keys.is_empty()))
    }

    pub(super) fn verify(&self, points: &[Vec<u8>], incoming: &Incoming<'_>) -> Result<Covers, Refused> {
        let header = |name| incoming.headers.get(name).and_then(|value| value.to_str().ok()).ok_or(Refused::Unsigned);
        let given = BASE64_STANDARD.decode(header(&self.header)?).map_err(|_| Refused::Wrong)?;
        let time = header(&self.time_header)?;
        let message = self.signed.message(&Said::of(incoming, time, ""));
        let fits =
            |point: &Vec<u8>| UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(&message, &given).is_ok();
        if !points.iter().any(fits) {
            return Err(Refused::Wrong);
        }
        in_time(incoming, time, self.tolerance)?;
        Ok(self.signed.covers())
    }
}
