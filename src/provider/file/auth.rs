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
    /// Field of the body → parameter.
    pub(in crate::provider) body: Option<BTreeMap<String, Written>>,
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
