//! Web Push: a message that only the device can read (RFC 8291, with the content coding `aes128gcm` of RFC 8188).
//!
//! The application that runs on the device has given its public key and a secret of 16 bytes with its endpoint. Each
//! message is sealed with a key of its own, which the caller makes, and a salt.

use super::{NotWritten, Request};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral},
    hkdf::{HKDF_SHA256, KeyType, Salt},
};

/// The longest body that push services take (RFC 8030, 7.2).
const RECORD: u32 = 4096;
/// Salt, size of a record, and the public key with its length.
const HEADER: usize = 16 + 4 + 1 + 65;
/// What marks the end of the last record, and the seal.
const OVERHEAD: usize = 1 + 16;
/// The longest text that fits.
pub const LONGEST: usize = RECORD as usize - HEADER - OVERHEAD;

/// What a device has given with its endpoint, base64url.
#[derive(Clone, Copy)]
pub struct DeviceKeys<'a> {
    /// Its public key, an uncompressed point of P-256.
    pub p256dh: &'a str,
    /// Its secret.
    pub auth: &'a str,
}

/// What is new for each message.
pub struct Fresh {
    /// A key of P-256.
    pub key: EphemeralPrivateKey,
    /// 16 random bytes.
    pub salt: [u8; 16],
}

/// Masked: it holds secrets.
impl std::fmt::Debug for DeviceKeys<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DeviceKeys(•••)")
    }
}

/// Masked: it holds secrets.
impl std::fmt::Debug for Fresh {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fresh(•••)")
    }
}

impl Request {
    /// Seals the body for the device. The error names what is wrong with its keys or the text, and no value.
    pub(super) fn seal(&mut self, device: DeviceKeys<'_>, fresh: Fresh) -> Result<(), NotWritten> {
        self.body = sealed(&self.body, device, fresh).map_err(NotWritten::because)?.into();
        Ok(())
    }
}

fn sealed(text: &[u8], device: DeviceKeys<'_>, fresh: Fresh) -> Result<Vec<u8>, &'static str> {
    if text.len() > LONGEST {
        return Err("the message is too long for a push service");
    }
    let device_key = read(device.p256dh, 65).ok_or("the device's public key is no point of P-256 in base64url")?;
    let secret = read(device.auth, 16).ok_or("the device's secret is not 16 bytes in base64url")?;
    let own = fresh.key.compute_public_key().map_err(|_| "a key could not be made")?;
    let info = [b"WebPush: info\0", &*device_key, own.as_ref()].concat();
    let agreed = agree_ephemeral(fresh.key, &UnparsedPublicKey::new(&ECDH_P256, &device_key), |shared| {
        expanded::<32>(&secret, shared, &info)
    });
    let input = agreed.map_err(|_| "the device's public key is no point of P-256")??;
    let key = expanded::<16>(&fresh.salt, &input, b"Content-Encoding: aes128gcm\0")?;
    let nonce = expanded::<12>(&fresh.salt, &input, b"Content-Encoding: nonce\0")?;
    // One record, the last: a 2 ends its text (RFC 8188, 2).
    let mut record = [text, &[2]].concat();
    let key = UnboundKey::new(&AES_128_GCM, &key).map_err(|_| "a key could not be made")?;
    LessSafeKey::new(key)
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut record)
        .map_err(|_| "the message could not be sealed")?;
    let mut body = Vec::with_capacity(HEADER + record.len());
    body.extend_from_slice(&fresh.salt);
    body.extend_from_slice(&RECORD.to_be_bytes());
    body.push(65);
    body.extend_from_slice(own.as_ref());
    body.append(&mut record);
    Ok(body)
}

/// Base64url of so many bytes, with padding or without.
fn read(text: &str, length: usize) -> Option<Vec<u8>> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
    (bytes.len() == length).then_some(bytes)
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// HKDF with SHA-256 (RFC 5869): extracted and expanded.
fn expanded<const N: usize>(salt: &[u8], input: &[u8], info: &[u8]) -> Result<[u8; N], &'static str> {
    let mut out = [0; N];
    let key = Salt::new(HKDF_SHA256, salt).extract(input);
    let wrong = "a key could not be derived";
    key.expand(&[info], Length(N)).and_then(|okm| okm.fill(&mut out)).map_err(|_| wrong)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::rand::SystemRandom;

    fn fresh() -> Fresh {
        Fresh { key: EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()).unwrap(), salt: [7; 16] }
    }

    /// The public key of RFC 8291, 5.
    const P256DH: &str = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";

    /// The values between, of RFC 8291, appendix A, from the shared secret that it names.
    #[test]
    fn keys_are_derived_as_published() {
        let bytes = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).unwrap();
        let shared = bytes("kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs");
        let own = bytes("BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8");
        let info = [b"WebPush: info\0", &*bytes(P256DH), &own].concat();
        let input = expanded::<32>(&bytes(AUTH), &shared, &info).unwrap();
        assert_eq!(input.to_vec(), bytes("S4lYMb_L0FxCeq0WhDx813KgSYqU26kOyzWUdsXYyrg"));
        let salt = bytes("DGv6ra1nlYgDCS1FRnbzlw");
        let key = expanded::<16>(&salt, &input, b"Content-Encoding: aes128gcm\0").unwrap();
        assert_eq!(key.to_vec(), bytes("oIhVW04MRdy2XN9CiKLxTg"));
        let nonce = expanded::<12>(&salt, &input, b"Content-Encoding: nonce\0").unwrap();
        assert_eq!(nonce.to_vec(), bytes("4h_95klXJ5E_qnoN"));
    }

    #[test]
    fn a_body_has_the_head_of_its_coding_and_fits() {
        let device = DeviceKeys { p256dh: P256DH, auth: AUTH };
        let body = sealed(&[b'x'; LONGEST], device, fresh()).unwrap();
        assert_eq!(body.len(), RECORD as usize);
        assert_eq!((&body[..16], &body[16..20], body[20], body[21]), (&[7; 16][..], &[0, 0, 16, 0][..], 65, 4));
        assert_ne!(body, sealed(&[b'x'; LONGEST], device, fresh()).unwrap(), "another key, another body");
        assert!(sealed(&[b'x'; LONGEST + 1], device, fresh()).is_err());
    }

    #[test]
    fn wrong_keys_are_refused_without_their_values() {
        let off_curve = BASE64_URL_SAFE_NO_PAD.encode([&[4][..], &[1; 64]].concat());
        for (p256dh, auth) in [("", AUTH), (P256DH, ""), (&*off_curve, AUTH), ("BCVx", AUTH), (P256DH, "!!"), ("é", AUTH)] {
            let why = sealed(b"x", DeviceKeys { p256dh, auth }, fresh()).unwrap_err();
            assert!(p256dh.is_empty() || !why.contains(p256dh));
        }
        let padded = format!("{AUTH}==");
        assert!(sealed(b"x", DeviceKeys { p256dh: P256DH, auth: &padded }, fresh()).is_ok());
    }

    proptest::proptest! {
        #[test]
        fn any_keys_are_taken_or_refused(p256dh in ".{0,100}", auth in ".{0,30}") {
            let _no_panic = sealed(b"x", DeviceKeys { p256dh: &p256dh, auth: &auth }, fresh());
        }
    }
}
