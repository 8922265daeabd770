//! The shape of a provider file, as serde reads it. What the fields mean is said in `docs/provider-files.md`; the
//! spans are kept so that every later error can name its line.

use super::{Action, Channel, Flag, Phase, State, Word};
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

pub(super) type Written = Spanned<String>;
pub(super) type WhenFile = BTreeMap<Written, Spanned<toml::Value>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) schema: Spanned<u32>,
    pub(super) name: Written,
    pub(super) title: String,
    pub(super) upstream: Written,
    #[serde(default)]
    pub(super) hosts: Vec<String>,
    #[serde(default)]
    pub(super) parameters: BTreeMap<Written, ParameterFile>,
    #[serde(default)]
    pub(super) auth: Vec<AuthFile>,
    pub(super) signature: SignatureFile,
    pub(super) refusal: Option<DocumentFile>,
    #[serde(default)]
    pub(super) errors: Vec<Spanned<ErrorFile>>,
    #[serde(default)]
    pub(super) hooks: HooksFile,
    pub(super) send: Option<SendFile>,
    #[serde(default)]
    pub(super) resources: BTreeMap<String, ResourceFile>,
    #[serde(default)]
    pub(super) routes: Vec<Spanned<RouteFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ParameterFile {
    pub(super) about: String,
    #[serde(default)]
    pub(super) secret: bool,
    #[serde(default)]
    pub(super) required: bool,
    #[serde(default)]
    pub(super) several: bool,
    pub(super) default: Option<String>,
    pub(super) pattern: Option<Written>,
}

/// How credentials are shown; values are names of parameters. One key: the kind.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum AuthFile {
    Basic(BasicFile),
    Bearer(BearerFile),
    Header(HeaderAuthFile),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BasicFile {
    pub(super) user: Written,
    pub(super) password: Written,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BearerFile {
    pub(super) token: Written,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HeaderAuthFile {
    pub(super) name: Written,
    #[serde(default)]
    pub(super) prefix: String,
    pub(super) value: Written,
}

/// How webhooks are signed. One key: the kind.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SignatureFile {
    Twilio(TwilioFile),
    Ed25519(Ed25519File),
    None(NoSignatureFile),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TwilioFile {
    pub(super) header: Written,
    pub(super) secret: Written,
    pub(super) settings_header: Option<Written>,
    pub(super) shared_keys: Option<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ed25519File {
    pub(super) header: Written,
    pub(super) time_header: Written,
    pub(super) public_key: Written,
    pub(super) signed: Written,
    pub(super) tolerance_seconds: u32,
    pub(super) signing_key: Option<Written>,
}

/// `none = {}`: chosen openly; nothing is ever substituted by such a webhook.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NoSignatureFile {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DocumentFile {
    pub(super) status: Option<Spanned<u16>>,
    #[serde(rename = "type")]
    pub(super) content_type: Option<Written>,
    pub(super) body: Option<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ErrorFile {
    #[serde(default)]
    pub(super) when: WhenFile,
    pub(super) status: Option<Spanned<u16>>,
    #[serde(rename = "type")]
    pub(super) content_type: Option<Written>,
    pub(super) body: Option<Written>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct HooksFile {
    pub(super) call: Option<Spanned<CallFile>>,
    pub(super) message: Option<Spanned<MessageFile>>,
    pub(super) status: Option<StatusFile>,
    pub(super) inbound: Option<InboundFile>,
    #[serde(default)]
    pub(super) restore: RestoreFile,
}

/// Place → the parameter that must stand there.
pub(super) type AccountFile = BTreeMap<Written, Written>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallFile {
    #[serde(default)]
    pub(super) account: AccountFile,
    pub(super) id: Written,
    pub(super) from: Written,
    pub(super) to: Written,
    #[serde(default)]
    pub(super) caller_id: Vec<Written>,
    pub(super) phases: Vec<Spanned<PhaseFile>>,
    pub(super) answers: Vec<Spanned<AnswerFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PhaseFile {
    #[serde(default)]
    pub(super) when: WhenFile,
    pub(super) phase: Phase,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "snake_case")]
pub(super) enum AnswerKind {
    Connect,
    Unchanged,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswerFile {
    pub(super) answer: AnswerKind,
    #[serde(default)]
    pub(super) when: WhenFile,
    pub(super) status: Option<Spanned<u16>>,
    #[serde(rename = "type")]
    pub(super) content_type: Option<Written>,
    pub(super) body: Option<Written>,
}

/// A webhook that asks before a message is sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MessageFile {
    #[serde(default)]
    pub(super) account: AccountFile,
    pub(super) id: Written,
    pub(super) from: Option<Written>,
    pub(super) to: Written,
    pub(super) text: Option<Written>,
    #[serde(default)]
    pub(super) unreadable: Vec<Written>,
    #[serde(default)]
    pub(super) identity_bound: Vec<WhenFile>,
    pub(super) answers: Vec<Spanned<AnswerFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StatusFile {
    #[serde(default)]
    pub(super) when: WhenFile,
    #[serde(default)]
    pub(super) account: AccountFile,
    pub(super) id: Written,
    pub(super) state: Written,
    pub(super) code: Option<Written>,
    pub(super) to: Written,
    pub(super) from: Written,
    pub(super) states: Vec<Spanned<StateFile>>,
    pub(super) acknowledge: DocumentFile,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StateFile {
    #[serde(default)]
    pub(super) when: WhenFile,
    pub(super) state: State,
    #[serde(default, rename = "final")]
    pub(super) is_final: bool,
    #[serde(default)]
    pub(super) flags: Vec<Flag>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InboundFile {
    #[serde(default)]
    pub(super) when: WhenFile,
    #[serde(default)]
    pub(super) account: AccountFile,
    pub(super) id: Written,
    pub(super) from: Written,
    pub(super) to: Written,
    pub(super) text: Written,
    pub(super) media: Option<MediaFile>,
    #[serde(default)]
    pub(super) words: Vec<Spanned<WordFile>>,
    pub(super) acknowledge: DocumentFile,
}

/// Places; `{n}` in them counts from 0, `*` is each element.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MediaFile {
    pub(super) url: Written,
    pub(super) content_type: Option<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WordFile {
    #[serde(default)]
    pub(super) when: WhenFile,
    pub(super) word: Word,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RestoreFile {
    #[serde(default)]
    pub(super) drop: Vec<Written>,
    #[serde(default)]
    pub(super) keep: Vec<Written>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "snake_case")]
pub(super) enum Encoding {
    Form,
    Json,
    Query,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SendFile {
    pub(super) method: Written,
    pub(super) path: Written,
    pub(super) encoding: Encoding,
    #[serde(default)]
    pub(super) headers: BTreeMap<Written, Written>,
    pub(super) fields: BTreeMap<Written, Spanned<FieldFile>>,
    pub(super) reply: ReplyFile,
}

/// A field's value: a text, or `{ each = "media" }`.
pub(super) enum FieldFile {
    Text(String),
    Each,
}

impl<'de> Deserialize<'de> for FieldFile {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Each {
            each: String,
        }
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = FieldFile;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text, or `{ each = \"media\" }` for a list")
            }
            fn visit_str<E>(self, text: &str) -> Result<FieldFile, E> {
                Ok(FieldFile::Text(text.to_owned()))
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<FieldFile, A::Error> {
                let Each { each } = Each::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                if each == "media" {
                    Ok(FieldFile::Each)
                } else {
                    Err(serde::de::Error::custom("the only list is `media`"))
                }
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReplyFile {
    pub(super) id: Option<Written>,
    pub(super) code: Option<Written>,
    pub(super) detail: Option<Written>,
    #[serde(default)]
    pub(super) retry_after: Vec<RetryAfterFile>,
    pub(super) rules: Vec<Spanned<ReplyRuleFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RetryAfterFile {
    pub(super) place: Written,
    pub(super) unit: Unit,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "snake_case")]
pub(super) enum Unit {
    Seconds,
    Milliseconds,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReplyRuleFile {
    #[serde(default)]
    pub(super) when: WhenFile,
    pub(super) outcome: OutcomeKind,
    #[serde(default)]
    pub(super) flags: Vec<Flag>,
    pub(super) after_seconds: Option<u32>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "snake_case")]
pub(super) enum OutcomeKind {
    Sent,
    TryAgain,
    Never,
    Unknown,
    Config,
}

/// What one message or call looks like in replies: JSON pointers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResourceFile {
    pub(super) id: Written,
    #[serde(default)]
    pub(super) drop: Vec<Written>,
    #[serde(default)]
    pub(super) keep: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RouteFile {
    pub(super) action: Action,
    pub(super) channel: Channel,
    pub(super) methods: Vec<Written>,
    pub(super) paths: Vec<Written>,
    #[serde(default)]
    pub(super) when: WhenFile,
    #[serde(default)]
    pub(super) destinations: Vec<Written>,
    pub(super) sender: Option<Written>,
    pub(super) text: Option<Written>,
    #[serde(default)]
    pub(super) unreadable: Vec<Written>,
    #[serde(default)]
    pub(super) identity_bound: Vec<WhenFile>,
    #[serde(default)]
    pub(super) callbacks: Vec<CallbackFile>,
    pub(super) resource: Spanned<String>,
    pub(super) items: Option<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallbackFile {
    pub(super) place: Written,
    #[serde(default)]
    pub(super) answers: bool,
}
