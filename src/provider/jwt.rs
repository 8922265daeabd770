//! JSON Web Tokens (RFC 7519) in the compact form, as far as providers use them: HS256 to HS512, RS256, ES256.

use super::{digest::HmacKey, file::Hash, signature::same};
use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use ring::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
        RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
    },
};
use std::fmt;

/// No provider's token is longer.
const LONGEST: usize = 16 * 1024;

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Hs256,
    Hs384,
    Hs512,
    Rs256,
    Es256,
}

impl Algorithm {
    /// By its name in a token's header. `none` is none.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "HS256" => Algorithm::Hs256,
            "HS384" => Algorithm::Hs384,
            "HS512" => Algorithm::Hs512,
            "RS256" => Algorithm::Rs256,
            "ES256" => Algorithm::Es256,
            _ => return None,
        })
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Algorithm::Hs256 => "HS256",
            Algorithm::Hs384 => "HS384",
            Algorithm::Hs512 => "HS512",
            Algorithm::Rs256 => "RS256",
            Algorithm::Es256 => "ES256",
        }
    }

    /// The hash of an HMAC; `None` for a key pair.
    pub(super) fn hash(self) -> Option<Hash> {
        match self {
            Algorithm::Hs256 => Some(Hash::Sha256),
            Algorithm::Hs384 => Some(Hash::Sha384),
            Algorithm::Hs512 => Some(Hash::Sha512),
            Algorithm::Rs256 | Algorithm::Es256 => None,
        }
    }
}

/// A token that was read, not yet believed.
#[derive(Debug)]
pub(super) struct Token<'t> {
    pub(super) algorithm: Algorithm,
    pub(super) claims: serde_json::Value,
    signed: &'t str,
    signature: Vec<u8>,
}

impl<'t> Token<'t> {
    /// Takes a token apart; `None` where it is none, or of an algorithm that is not known.
    pub(super) fn read(text: &'t str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let part = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok();
        let header: serde_json::Value = serde_json::from_slice(&part(header)?).ok()?;
        let claims: serde_json::Value = serde_json::from_slice(&part(claims)?).ok()?;
        let algorithm = Algorithm::named(header.get("alg")?.as_str()?)?;
        claims.is_object().then_some(Self { algorithm, claims, signed, signature: part(signature)? })
    }

    /// Whether one of the keys signed it. Each key is for one algorithm.
    pub(super) fn fits(&self, key: &HmacKey) -> bool {
        same(&key.sign(self.signed.as_bytes()), &self.signature)
    }

    /// Whether the holder of this pair signed it.
    pub(super) fn is_of(&self, key: &Key) -> bool {
        let message = self.signed.as_bytes();
        match (key, self.algorithm) {
            (Key::Hmac(algorithm, key), given) => *algorithm == given && self.fits(key),
            (Key::Rsa(pair), Algorithm::Rs256) => {
                let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref());
                public.verify(message, &self.signature).is_ok()
            }
            (Key::Ecdsa(pair), Algorithm::Es256) => {
                let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref());
                public.verify(message, &self.signature).is_ok()
            }
            _ => false,
        }
    }

    /// Whether the holder of this public RSA key (PEM, `SubjectPublicKeyInfo`) signed it.
    pub(super) fn is_of_public(&self, text: &str) -> bool {
        let Some(key) = pem(text).and_then(|(_, der)| rsa_public(&der)) else { return false };
        self.algorithm == Algorithm::Rs256
            && UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key)
                .verify(self.signed.as_bytes(), &self.signature)
                .is_ok()
    }

    /// A claim that is a text or a number.
    pub(super) fn claim(&self, name: &str) -> Option<std::borrow::Cow<'_, str>> {
        self.claims.get(name).and_then(super::json::scalar)
    }

    /// A claim that is a time, in seconds since 1970.
    pub(super) fn time(&self, name: &str) -> Option<i64> {
        let value = self.claims.get(name)?;
        #[expect(clippy::cast_possible_truncation, reason = "fractions of a second do not matter")]
        value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64))
    }
}

/// A key that signs tokens.
pub(super) enum Key {
    Hmac(Algorithm, HmacKey),
    Rsa(Box<RsaKeyPair>),
    Ecdsa(Box<EcdsaKeyPair>),
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(•••)")
    }
}

impl Key {
    /// Reads a key: a text for HMAC, PEM with PKCS#8 (or PKCS#1 for RSA) else. The error says what would be right.
    pub(super) fn read(algorithm: Algorithm, text: &str) -> Result<Self, &'static str> {
        if let Some(hash) = algorithm.hash() {
            return Ok(Key::Hmac(algorithm, HmacKey::new(hash, text.as_bytes())));
        }
        let (label, der) = pem(text).ok_or("a private key in PEM is needed: -----BEGIN PRIVATE KEY-----")?;
        if algorithm == Algorithm::Rs256 {
            let pair =
                if label == "RSA PRIVATE KEY" { RsaKeyPair::from_der(&der) } else { RsaKeyPair::from_pkcs8(&der) };
            pair.map(|pair| Key::Rsa(Box::new(pair))).map_err(|_| "an RSA key of 2048 bits or more in PKCS#8 is needed")
        } else {
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der, &SystemRandom::new());
            pair.map(|pair| Key::Ecdsa(Box::new(pair))).map_err(|_| "a P-256 key in PKCS#8 is needed")
        }
    }

    fn algorithm(&self) -> Algorithm {
        match self {
            Key::Hmac(algorithm, _) => *algorithm,
            Key::Rsa(_) => Algorithm::Rs256,
            Key::Ecdsa(_) => Algorithm::Es256,
        }
    }

    /// A signed token; `header` has what stands there beside `alg` and `typ`. `None` where the pair cannot sign.
    pub(super) fn token(&self, header: &[(&str, &str)], claims: &serde_json::Value) -> Option<String> {
        let mut head = serde_json::Map::new();
        head.insert("alg".to_owned(), self.algorithm().name().into());
        head.insert("typ".to_owned(), "JWT".into());
        head.extend(header.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())));
        let encode = |value: &serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(&serde_json::Value::Object(head)), encode(claims));
        // A signature needs fresh bits of its own; nothing that is decided depends on them.
        let random = SystemRandom::new();
        let signature = match self {
            Key::Hmac(_, key) => key.sign(signed.as_bytes()),
            Key::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature).ok()?;
                signature
            }
            Key::Ecdsa(pair) => pair.sign(&random, signed.as_bytes()).ok()?.as_ref().to_vec(),
        };
        Some(format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// The `RSAPublicKey` in a `SubjectPublicKeyInfo` of two-byte lengths, which those of 2048 to 4096 bits are (RFC 8017, A.1).
pub(super) fn rsa_public(der: &[u8]) -> Option<Vec<u8>> {
    /// `SEQUENCE { rsaEncryption, NULL }`.
    const RSA: [u8; 15] = [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
    let bits = der.strip_prefix(&[0x30, 0x82])?.get(2..)?.strip_prefix(&RSA)?;
    Some(bits.strip_prefix(&[0x03, 0x82])?.get(2..)?.strip_prefix(&[0x00])?.to_vec())
}

/// The label and the bytes of the first PEM block (RFC 7468); line breaks may be written `\n`.
pub(super) fn pem(text: &str) -> Option<(&str, Vec<u8>)> {
    let start = text.find("-----BEGIN ")? + "-----BEGIN ".len();
    let (label, rest) = text[start..].split_once("-----")?;
    let (body, _) = rest.split_once("-----END ")?;
    let letters: String = body.replace("\\n", "").split_whitespace().collect();
    Some((label, BASE64_STANDARD.decode(letters).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    /// What Vonage publishes for its webhooks' tokens.
    const VONAGE: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJPbmxpbmUgSldUIEJ1aWxkZXIiLCJpYXQiOjE2OTc2MzQ2ODAsImV4cCI6MzMyNTQ1NDA4MjgsImF1ZCI6IiIsInN1YiI6IiJ9.88vJc3I2HhuqEDixHXVhc9R30tA6U_HQHZTC29y6CGM";
    /// RFC 8292, section 2.4, and its public key.
    const VAPID: (&str, &str) = (
        "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1MjM3NjgsInN1YiI6Im1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0.i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojFwDXb1JrErtmysazNjjvW2L9OkSSHzvoD1oA",
        "BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs",
    );

    #[test]
    fn published_tokens_are_read_and_believed() {
        let token = Token::read(VONAGE).unwrap();
        assert_eq!((token.algorithm, token.time("iat")), (Algorithm::Hs256, Some(1_697_634_680)));
        assert!(token.fits(&HmacKey::new(Hash::Sha256, b"qwertyuiopasdfghjklzxcvbnm123456")));
        assert!(!token.fits(&HmacKey::new(Hash::Sha256, b"qwertyuiopasdfghjklzxcvbnm123457")));
        let token = Token::read(VAPID.0).unwrap();
        let public = BASE64_URL_SAFE_NO_PAD.decode(VAPID.1).unwrap();
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public);
        assert!(public.verify(token.signed.as_bytes(), &token.signature).is_ok());
        assert_eq!(token.claim("aud").as_deref(), Some("https://push.example.net"));
    }

    #[test]
    fn a_pair_believes_what_it_signed_and_nothing_else() {
        let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", BASE64_STANDARD.encode(key));
        let keys = [
            Key::read(Algorithm::Es256, &pem).unwrap(),
            Key::read(Algorithm::Rs256, include_str!("jwt/rsa.pem")).unwrap(),
            Key::read(Algorithm::Hs512, "secret").unwrap(),
        ];
        for key in &keys {
            let text = key.token(&[("kid", "K1")], &json!({"iss": "me", "iat": 7})).unwrap();
            let token = Token::read(&text).unwrap();
            assert_eq!((token.claim("iss").as_deref(), token.time("iat")), (Some("me"), Some(7)));
            assert_eq!(keys.iter().filter(|key| token.is_of(key)).count(), 1);
            assert!(token.is_of(key));
        }
        let text = keys[1].token(&[], &json!({"exp": 9})).unwrap();
        let public = include_str!("jwt/rsa.public.pem");
        assert!(Token::read(&text).unwrap().is_of_public(public));
        assert!(!Token::read(&keys[0].token(&[], &json!({})).unwrap()).unwrap().is_of_public(public));
        assert!(!Token::read(&text).unwrap().is_of_public(include_str!("jwt/rsa.pem")));
        for wrong in ["", "secret", "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----"] {
            assert!(Key::read(Algorithm::Es256, wrong).is_err() && Key::read(Algorithm::Rs256, wrong).is_err());
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let none = format!("{}.e30.", BASE64_URL_SAFE_NO_PAD.encode("{\"alg\":\"none\"}"));
        let list = format!(
            "{}.{}.AA",
            BASE64_URL_SAFE_NO_PAD.encode("{\"alg\":\"HS256\"}"),
            BASE64_URL_SAFE_NO_PAD.encode("[]")
        );
        for wrong in ["", ".", "..", "a.b.c", &none, &list, &VONAGE[1..], &"a".repeat(LONGEST + 1)] {
            assert!(Token::read(wrong).is_none(), "{wrong:.40}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,80}|[A-Za-z0-9_=-]{0,30}\\.[A-Za-z0-9_=-]{0,30}\\.[A-Za-z0-9_=-]{0,30}", pem_text in "(-----BEGIN [A-Z ]*-----)?[A-Za-z0-9=\n]{0,40}(-----END X-----)?") {
            let _no_panic = (Token::read(&text), pem(&pem_text));
        }
    }
}
