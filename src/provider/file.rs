//! The shape of a provider file, as serde reads it. What the fields mean is said in `docs/provider-files.md`; the
//! spans are kept so that every later error can name its line.

mod auth;
mod hooks;
mod route;
mod send;
mod signature;

pub(super) use auth::{AuthFile, GoogleFile, JwtAuthFile, OAuth2File, SigV4File, Use};
pub(super) use hooks::{
    AccountFile, AnswerFile, AnswerKind, CallFile, HooksFile, InboundFile, MediaFile, MessageFile, RestoreFile,
    StatusFile,
};
pub(super) use route::{CallbackFile, DestinationFile, ResourceFile, RouteFile};
pub(super) use send::{
    CommandFile, DeviceFile, Encoding, FieldFile, FoundKind, LimitsFile, LookupFile, LookupRuleFile, OneOrMore,
    OutcomeKind, ReadFile, ReplyFile, ReplyRuleFile, SendFile, Unit,
};
pub(super) use signature::{
    Coding, EcdsaFile, Ed25519File, Hash, HmacFile, JwtFile, PlivoFile, SignatureFile, SignaturesFile, SinchFile,
    TwilioFile, VonageFile,
};

use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

pub(in crate::provider) type Written = Spanned<String>;
pub(in crate::provider) type WhenFile = BTreeMap<Written, Spanned<toml::Value>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct File {
    pub(in crate::provider) schema: Spanned<u32>,
    pub(in crate::provider) name: Written,
    pub(in crate::provider) title: String,
    pub(in crate::provider) upstream: Written,
    /// How the provider writes numbers.
    #[serde(default)]
    pub(in crate::provider) numbers: Numbers,
    #[serde(default)]
    pub(in crate::provider) hosts: Vec<String>,
    #[serde(default)]
    pub(in crate::provider) parameters: BTreeMap<Written, ParameterFile>,
    #[serde(default)]
    pub(in crate::provider) auth: Vec<Spanned<AuthFile>>,
    pub(in crate::provider) signature: SignaturesFile,
    #[serde(default)]
    pub(in crate::provider) errors: Vec<Spanned<DocumentRuleFile>>,
    #[serde(default)]
    pub(in crate::provider) hooks: HooksFile,
    #[serde(default)]
    pub(in crate::provider) commands: BTreeMap<String, CommandFile>,
    pub(in crate::provider) send: Option<SendFile>,
    pub(in crate::provider) read: Option<ReadFile>,
    #[serde(default)]
    pub(in crate::provider) resources: BTreeMap<String, ResourceFile>,
    #[serde(default)]
    pub(in crate::provider) routes: Vec<Spanned<RouteFile>>,
}

/// How a provider writes numbers.
#[derive(Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum Numbers {
    /// With `+`, or as the sender does.
    #[default]
    E164,
    /// International, without `+`.
    Digits,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is said of its own in a file, in any combination")]
pub(in crate::provider) struct ParameterFile {
    pub(in crate::provider) about: String,
    #[serde(default)]
    pub(in crate::provider) secret: bool,
    #[serde(default)]
    pub(in crate::provider) required: bool,
    #[serde(default)]
    pub(in crate::provider) several: bool,
    /// May hold line breaks: a key in PEM, a file in JSON.
    #[serde(default)]
    pub(in crate::provider) multiline: bool,
    pub(in crate::provider) default: Option<String>,
    pub(in crate::provider) pattern: Option<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct DocumentFile {
    pub(in crate::provider) status: Option<Spanned<u16>>,
    #[serde(rename = "type")]
    pub(in crate::provider) content_type: Option<Written>,
    pub(in crate::provider) body: Option<Written>,
}

/// A document, and when it is the right one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct DocumentRuleFile {
    #[serde(default)]
    pub(in crate::provider) when: WhenFile,
    pub(in crate::provider) status: Option<Spanned<u16>>,
    #[serde(rename = "type")]
    pub(in crate::provider) content_type: Option<Written>,
    pub(in crate::provider) body: Option<Written>,
}
