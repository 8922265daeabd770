//! Hashes, HMACs and hexadecimal. ring has them all but MD5, which some providers still sign with.

use super::file::Hash;
use md5::{Digest as _, Md5};
use ring::{digest, hmac};
use std::fmt;

/// The block size of MD5 (RFC 1321), which HMAC pads a key to (RFC 2104).
const MD5_BLOCK: usize = 64;

/// A key for one kind of HMAC, prepared once.
#[derive(Clone)]
pub(super) enum HmacKey {
    Ring(hmac::Key),
    /// The states of MD5 after the inner and the outer pad.
    Md5(Box<(Md5, Md5)>),
}

impl fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HmacKey(•••)")
    }
}

impl HmacKey {
    /// Prepares a key.
    pub(super) fn new(hash: Hash, secret: &[u8]) -> Self {
        HmacKey::Ring(hmac::Key::new(
            match hash {
                Hash::Md5 => return Self::md5(secret),
                Hash::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
                Hash::Sha256 => hmac::HMAC_SHA256,
                Hash::Sha384 => hmac::HMAC_SHA384,
                Hash::Sha512 => hmac::HMAC_SHA512,
            },
            secret,
        ))
    }

    fn md5(secret: &[u8]) -> Self {
        let mut block = [0; MD5_BLOCK];
        if secret.len() > MD5_BLOCK {
            block[..16].copy_from_slice(&Md5::digest(secret));
        } else {
            block[..secret.len()].copy_from_slice(secret);
        }
        let padded = |pad: u8| {
            let mut state = Md5::new();
            state.update(block.map(|byte| byte ^ pad));
            state
        };
        HmacKey::Md5(Box::new((padded(0x36), padded(0x5c))))
    }

    /// The HMAC of a message.
    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            HmacKey::Ring(key) => hmac::sign(key, message).as_ref().to_vec(),
            HmacKey::Md5(states) => {
                let (mut inner, mut outer) = (states.0.clone(), states.1.clone());
                inner.update(message);
                outer.update(inner.finalize());
                outer.finalize().to_vec()
            }
        }
    }
}

/// MD5.
pub(super) fn md5(message: &[u8]) -> Vec<u8> {
    Md5::digest(message).to_vec()
}

/// SHA-256.
pub(super) fn sha256(message: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, message).as_ref().to_vec()
}

/// In small letters.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15].map(|digit| char::from(DIGITS[usize::from(digit)]))).collect()
}

/// Reads hexadecimal of either case.
pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = text.trim().as_bytes().as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 2202, section 2.
    #[test]
    fn hmac_md5_agrees_with_its_rfc() {
        let cases: [(&[u8], &[u8], &str); 3] = [
            (&[0x0b; 16], b"Hi There", "9294727a3638bb1c13f48ef8158bfc9d"),
            (b"Jefe", b"what do ya want for nothing?", "750c783e6ab0b503eaa86e310a5db738"),
            (
                &[0xaa; 80],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd",
            ),
        ];
        for (key, message, wanted) in cases {
            assert_eq!(hex(&HmacKey::new(Hash::Md5, key).sign(message)), wanted);
        }
    }

    proptest! {
        #[test]
        fn hex_reads_back(bytes: Vec<u8>, text in ".*") {
            prop_assert_eq!(from_hex(&hex(&bytes)), Some(bytes));
            let _no_panic = from_hex(&text);
        }
    }
}
