//! `[[auth]]`, as serde reads it. Values are names of parameters.

use super::Written;
use serde::Deserialize;
use std::collections::BTreeMap;

/// One way to show credentials: one of the kinds, and what it is used for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct AuthFile {
    /// Left out: all of them.
    #[serde(rename = "for")]
    pub(in crate::provider) uses: Option<Vec<Use>>,
    pub(in crate::provider) basic: Option<BasicFile>,
    pub(in crate::provider) bearer: Option<BearerFile>,
    pub(in crate::provider) header: Option<HeaderAuthFile>,
    /// Name in the query → parameter.
    pub(in crate::provider) query: Option<BTreeMap<String, Written>>,
    /// Header → parameter.
    pub(in crate::provider) headers: Option<BTreeMap<String, Written>>,
    /// Field of the body → parameter.
    pub(in crate::provider) body: Option<BTreeMap<String, Written>>,
    /// Element of a sender's XML body → parameter.
    pub(in crate::provider) xml: Option<BTreeMap<String, Written>>,
    pub(in crate::provider) jwt: Option<JwtAuthFile>,
    pub(in crate::provider) oauth2: Option<OAuth2File>,
    pub(in crate::provider) google: Option<GoogleFile>,
    pub(in crate::provider) sigv4: Option<SigV4File>,
}

/// What credentials are used for.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum Use {
    /// Requests of our own.
    Send,
    /// Drop-in endpoints: what senders show, and what goes on in its place.
    Via,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct BasicFile {
    pub(in crate::provider) user: Written,
    pub(in crate::provider) password: Written,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct BearerFile {
    pub(in crate::provider) token: Written,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct HeaderAuthFile {
    pub(in crate::provider) name: Written,
    #[serde(default)]
    pub(in crate::provider) prefix: String,
    pub(in crate::provider) value: Written,
}

/// A token that Redial signs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct JwtAuthFile {
    pub(in crate::provider) algorithm: Written,
    pub(in crate::provider) key: Written,
    /// Beside `alg` and `typ`.
    #[serde(default)]
    pub(in crate::provider) header: BTreeMap<String, Written>,
    /// Beside `iat`, and `exp` where it expires.
    #[serde(default)]
    pub(in crate::provider) claims: BTreeMap<String, Written>,
    pub(in crate::provider) expires_seconds: Option<u32>,
    pub(in crate::provider) renew_seconds: Option<u32>,
    /// The header that it is shown in; left out: `Authorization`.
    pub(in crate::provider) name: Option<Written>,
    /// What stands there; left out: `Bearer {{ token }}`.
    pub(in crate::provider) value: Option<Written>,
}

/// A token that the provider gives for client credentials.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct OAuth2File {
    pub(in crate::provider) url: Written,
    pub(in crate::provider) id: Written,
    pub(in crate::provider) secret: Written,
    /// Id and secret stand in the body, and not in basic authentication.
    #[serde(default)]
    pub(in crate::provider) in_body: bool,
    /// What else is asked: `scope`, `audience`.
    #[serde(default)]
    pub(in crate::provider) fields: BTreeMap<String, Written>,
}

/// A token for a Google service account.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct GoogleFile {
    pub(in crate::provider) account: Written,
    pub(in crate::provider) scope: String,
}

/// AWS Signature Version 4.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct SigV4File {
    pub(in crate::provider) access_key: Written,
    pub(in crate::provider) secret_key: Written,
    pub(in crate::provider) session_token: Option<Written>,
    pub(in crate::provider) service: String,
    pub(in crate::provider) region: Written,
}
