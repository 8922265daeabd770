//! `[resources]` and `[[routes]]`, as serde reads them.

use super::{WhenFile, Written};
use crate::provider::{Action, Channel};
use serde::Deserialize;
use toml::Spanned;

/// What one message or call looks like in replies: JSON pointers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct ResourceFile {
    pub(in crate::provider) id: Written,
    #[serde(default)]
    pub(in crate::provider) drop: Vec<Written>,
    #[serde(default)]
    pub(in crate::provider) keep: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct RouteFile {
    pub(in crate::provider) action: Action,
    pub(in crate::provider) channel: Channel,
    /// Instead of the head's.
    pub(in crate::provider) upstream: Option<Written>,
    pub(in crate::provider) methods: Vec<Written>,
    pub(in crate::provider) paths: Vec<Written>,
    #[serde(default)]
    pub(in crate::provider) when: WhenFile,
    #[serde(default)]
    pub(in crate::provider) destinations: Vec<Written>,
    pub(in crate::provider) sender: Option<Written>,
    pub(in crate::provider) text: Option<Written>,
    #[serde(default)]
    pub(in crate::provider) unreadable: Vec<Written>,
    #[serde(default)]
    pub(in crate::provider) identity_bound: Vec<WhenFile>,
    #[serde(default)]
    pub(in crate::provider) callbacks: Vec<CallbackFile>,
    pub(in crate::provider) resource: Spanned<String>,
    pub(in crate::provider) items: Option<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct CallbackFile {
    pub(in crate::provider) place: Written,
    #[serde(default)]
    pub(in crate::provider) answers: bool,
}
