//! Encryption of push messages for one device (RFC 8291): nobody between Redial and the device reads them.

use super::NotWritten;
use crate::provider::{digest::HmacKey, file::Hash};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral},
    rand::{SecureRandom as _, SystemRandom},
};

/// The size of the one record that a message is (RFC 8188, 2): push services take no more than 4096 bytes.
const RECORD: u32 = 4096;
/// Bytes of a P-256 point, uncompressed.
const POINT: usize = 65;

/// Whether a text in base64url is a point of P-256, uncompressed: what is none could never be encrypted for.
pub fn is_point(p256dh: &str) -> bool {
    let Ok(point) = BASE64_URL_SAFE_NO_PAD.decode(p256dh.trim_end_matches('=')) else { return false };
    let Ok(own) = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()) else { return false };
    point.len() == POINT && agree_ephemeral(own, &UnparsedPublicKey::new(&ECDH_P256, point), |_| ()).is_ok()
}

/// Encrypts for the device's public key and secret, both base64url.
pub(super) fn encrypt(plain: &[u8], p256dh: &str, auth: &str) -> Result<Vec<u8>, NotWritten> {
    let decode = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok();
    let device = decode(p256dh).filter(|point| point.len() == POINT);
    let device = device.ok_or_else(|| NotWritten::because("the device's key is no P-256 point in base64url"))?;
    let auth = decode(auth).filter(|auth| auth.len() == 16);
    let auth = auth.ok_or_else(|| NotWritten::because("the device's secret is not 16 bytes in base64url"))?;
    // Every message needs a key pair and a salt of its own; nothing that is decided depends on them.
    let random = SystemRandom::new();
    let failed = |_| NotWritten::because("the message cannot be encrypted");
    let own = EphemeralPrivateKey::generate(&ECDH_P256, &random).map_err(failed)?;
    let public = own.compute_public_key().map_err(failed)?;
    let mut salt = [0; 16];
    random.fill(&mut salt).map_err(failed)?;
    let there = UnparsedPublicKey::new(&ECDH_P256, &device);
    let keys = agree_ephemeral(own, &there, |shared| Keys::derive(shared, &auth, &device, public.as_ref(), &salt));
    keys.map_err(failed)?.seal(plain, public.as_ref(), &salt)
}

/// Key and nonce of one message.
struct Keys {
    key: Vec<u8>,
    nonce: Vec<u8>,
}

impl Keys {
    /// RFC 8291, 3.4. The HKDF of it needs one block each, which is an HMAC.
    fn derive(shared: &[u8], auth: &[u8], device: &[u8], own: &[u8], salt: &[u8]) -> Self {
        let hmac = |key: &[u8], parts: &[&[u8]]| HmacKey::new(Hash::Sha256, key).sign(&parts.concat());
        let secret = hmac(auth, &[shared]);
        let material = hmac(&secret, &[b"WebPush: info\0", device, own, b"\x01"]);
        let secret = hmac(salt, &[&material]);
        let mut key = hmac(&secret, &[b"Content-Encoding: aes128gcm\0\x01"]);
        let mut nonce = hmac(&secret, &[b"Content-Encoding: nonce\0\x01"]);
        key.truncate(16);
        nonce.truncate(12);
        Self { key, nonce }
    }

    /// The body: salt, record size, our public key, and the one record (RFC 8188, 2.1).
    fn seal(&self, plain: &[u8], own: &[u8], salt: &[u8]) -> Result<Vec<u8>, NotWritten> {
        let failed = |_| NotWritten::because("the message cannot be encrypted");
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &self.key).map_err(failed)?);
        let nonce = Nonce::try_assume_unique_for_key(&self.nonce).map_err(failed)?;
        let mut record = [plain, b"\x02"].concat();
        key.seal_in_place_append_tag(nonce, Aad::empty(), &mut record).map_err(failed)?;
        let length = u8::try_from(own.len()).map_err(|_| NotWritten::because("the key is too long"))?;
        let body = [salt, &RECORD.to_be_bytes(), &[length], own, &record].concat();
        if body.len() > RECORD as usize {
            return Err(NotWritten::because("the message is larger than push services take"));
        }
        Ok(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(text: &str) -> Vec<u8> {
        BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    /// RFC 8291, section 5 and appendix A.
    #[test]
    fn the_message_of_the_rfc_is_encrypted_as_there() {
        let device = bytes("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4");
        let own = bytes("BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8");
        let shared = bytes("kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs");
        let (auth, salt) = (bytes("BTBZMqHH6r4Tts7J_aSIgg"), bytes("DGv6ra1nlYgDCS1FRnbzlw"));
        let keys = Keys::derive(&shared, &auth, &device, &own, &salt);
        assert_eq!(
            (keys.key.clone(), keys.nonce.clone()),
            (bytes("oIhVW04MRdy2XN9CiKLxTg"), bytes("4h_95klXJ5E_qnoN"))
        );
        let body = keys.seal(b"When I grow up, I want to be a watermelon", &own, &salt).unwrap();
        let wanted = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
        assert_eq!(BASE64_URL_SAFE_NO_PAD.encode(body), wanted);
    }

    #[test]
    fn keys_that_are_none_and_messages_that_are_too_large_are_refused() {
        let device = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
        let auth = "BTBZMqHH6r4Tts7J_aSIgg";
        assert!(encrypt(&[0; 3993], device, auth).is_ok());
        assert!(encrypt(&[0; 3994], device, auth).is_err());
        let off = format!("{}B", &device[..device.len() - 1]);
        for (device, auth) in [("", auth), ("AAAA", auth), (device, ""), (device, "AAAA"), (off.as_str(), auth)] {
            assert!(encrypt(b"x", device, auth).is_err(), "{device} {auth}");
        }
        assert!(is_point(device) && is_point(&format!("{device}=")));
        for wrong in ["", "AAAA", "*", off.as_str()] {
            assert!(!is_point(wrong), "{wrong}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        /// The device reads what was written for it.
        #[test]
        fn the_device_reads_it(plain in proptest::collection::vec(any::<u8>(), 0..200), auth: [u8; 16]) {
            let random = SystemRandom::new();
            let private = EphemeralPrivateKey::generate(&ECDH_P256, &random).unwrap();
            let device = private.compute_public_key().unwrap();
            let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
            let body = encrypt(&plain, &encode(device.as_ref()), &encode(&auth)).unwrap();
            let (salt, own, record) = (&body[..16], &body[21..86], &body[86..]);
            let there = UnparsedPublicKey::new(&ECDH_P256, own);
            let keys = agree_ephemeral(private, &there, |shared| {
                Keys::derive(shared, &auth, device.as_ref(), own, salt)
            }).unwrap();
            let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &keys.key).unwrap());
            let nonce = Nonce::try_assume_unique_for_key(&keys.nonce).unwrap();
            let mut record = record.to_vec();
            let read = key.open_in_place(nonce, Aad::empty(), &mut record).unwrap();
            prop_assert_eq!(&read[..read.len() - 1], &plain[..]);
            prop_assert_eq!(read.last(), Some(&2));
        }
    }
}
