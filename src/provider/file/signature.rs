//! `[signature]`, as serde reads it. Names of secrets are names of parameters.

use super::{
    WhenFile, Written,
    auth::{BasicFile, BearerFile, HeaderAuthFile},
};
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// `[signature.KIND]`, or `[[signature]]` for several.
pub(in crate::provider) struct SignaturesFile(pub(in crate::provider) Vec<Spanned<SignatureFile>>);

/// How webhooks are signed: one of the kinds, and the requests that it is for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct SignatureFile {
    #[serde(default)]
    pub(in crate::provider) when: WhenFile,
    pub(in crate::provider) twilio: Option<TwilioFile>,
    pub(in crate::provider) ed25519: Option<Ed25519File>,
    pub(in crate::provider) hmac: Option<HmacFile>,
    pub(in crate::provider) jwt: Option<JwtFile>,
    pub(in crate::provider) vonage: Option<VonageFile>,
    pub(in crate::provider) plivo: Option<PlivoFile>,
    pub(in crate::provider) sinch: Option<SinchFile>,
    pub(in crate::provider) ecdsa_p256: Option<EcdsaFile>,
    pub(in crate::provider) sns_cert: Option<SnsFile>,
    pub(in crate::provider) basic: Option<BasicFile>,
    pub(in crate::provider) bearer: Option<BearerFile>,
    pub(in crate::provider) header: Option<HeaderAuthFile>,
    pub(in crate::provider) query: Option<BTreeMap<String, Written>>,
    pub(in crate::provider) none: Option<NoSignatureFile>,
}

/// Amazon SNS: a certificate at an address of Amazon's own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct SnsFile {
    /// The parameter with the topics' ARNs.
    pub(in crate::provider) topic: Written,
    pub(in crate::provider) tolerance_seconds: u32,
}

impl<'de> Deserialize<'de> for SignaturesFile {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = SignaturesFile;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("`[signature.KIND]`, or `[[signature]]` for several")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<SignaturesFile, A::Error> {
                let one = SignatureFile::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                // A single table has no span of its own here; its line is that of what stands in it.
                Ok(SignaturesFile(vec![Spanned::new(0..0, one)]))
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut all: A) -> Result<SignaturesFile, A::Error> {
                let mut found = Vec::new();
                while let Some(one) = all.next_element()? {
                    found.push(one);
                }
                Ok(SignaturesFile(found))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct TwilioFile {
    pub(in crate::provider) header: Written,
    pub(in crate::provider) secret: Written,
    pub(in crate::provider) settings_header: Option<Written>,
    pub(in crate::provider) shared_keys: Option<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Ed25519File {
    pub(in crate::provider) header: Written,
    pub(in crate::provider) time_header: Written,
    pub(in crate::provider) public_key: Written,
    pub(in crate::provider) signed: Written,
    pub(in crate::provider) tolerance_seconds: u32,
    pub(in crate::provider) signing_key: Option<Written>,
}

/// A hash that an HMAC is made with.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub(in crate::provider) enum Hash {
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

/// How bytes stand in a text.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub(in crate::provider) enum Coding {
    Text,
    Base64,
    Hex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct HmacFile {
    pub(in crate::provider) secret: Written,
    #[serde(default)]
    pub(in crate::provider) secret_prefix: String,
    pub(in crate::provider) secret_coding: Option<Spanned<Coding>>,
    pub(in crate::provider) hash: Hash,
    /// Place of the signature.
    pub(in crate::provider) value: Written,
    /// How the signature is written.
    pub(in crate::provider) coding: Spanned<Coding>,
    /// Between several signatures in one value, any of which may fit.
    #[serde(default)]
    pub(in crate::provider) separator: String,
    /// Before each signature.
    #[serde(default)]
    pub(in crate::provider) prefix: String,
    pub(in crate::provider) time: Option<Written>,
    pub(in crate::provider) tolerance_seconds: Option<u32>,
    pub(in crate::provider) nonce: Option<Written>,
    pub(in crate::provider) signed: Written,
    /// What stands in the header where Redial signs; left out: prefix and signature.
    pub(in crate::provider) written: Option<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct JwtFile {
    /// Place of the token.
    pub(in crate::provider) value: Written,
    pub(in crate::provider) secret: Written,
    pub(in crate::provider) algorithms: Vec<Written>,
    /// Claim → what it must be.
    #[serde(default)]
    pub(in crate::provider) claims: BTreeMap<String, Written>,
    pub(in crate::provider) body_hash: Option<String>,
    /// Without a body, the body's hash is that of the query as a JSON object.
    #[serde(default)]
    pub(in crate::provider) query_as_json: bool,
    pub(in crate::provider) url_hash: Option<String>,
    /// Between `iat` and now, at most.
    pub(in crate::provider) tolerance_seconds: Option<u32>,
    #[serde(default)]
    pub(in crate::provider) leeway_seconds: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct VonageFile {
    pub(in crate::provider) secret: Written,
    /// The parameter that says which of `md5hash`, `md5`, `sha1`, `sha256`, `sha512` the account uses.
    pub(in crate::provider) method: Written,
    pub(in crate::provider) tolerance_seconds: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct PlivoFile {
    pub(in crate::provider) header: Written,
    pub(in crate::provider) nonce_header: Written,
    pub(in crate::provider) secret: Written,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct SinchFile {
    pub(in crate::provider) scheme: String,
    pub(in crate::provider) key: Written,
    pub(in crate::provider) secret: Written,
    pub(in crate::provider) time_header: Written,
    pub(in crate::provider) tolerance_seconds: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct EcdsaFile {
    pub(in crate::provider) header: Written,
    pub(in crate::provider) time_header: Written,
    pub(in crate::provider) public_key: Written,
    pub(in crate::provider) signed: Written,
    pub(in crate::provider) tolerance_seconds: u32,
}

/// `none = {}`: chosen openly; nothing is ever substituted by such a webhook.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct NoSignatureFile {}
