//! `[send]`, as serde reads it.

use super::{WhenFile, Written};
use crate::provider::{Flag, Sends};
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// How fields become a body.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum Encoding {
    Form,
    Json,
    /// `multipart/form-data` (RFC 7578), which may hold files.
    Multipart,
    Query,
    /// The body is a text.
    Text,
    /// The body is an XML document.
    Xml,
    /// JSON, encrypted for one device (RFC 8291).
    WebPush,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct SendFile {
    #[serde(default)]
    pub(in crate::provider) kind: Sends,
    pub(in crate::provider) method: Written,
    /// Instead of the head's.
    pub(in crate::provider) upstream: Option<Written>,
    pub(in crate::provider) path: Option<Written>,
    /// Instead of upstream and path.
    pub(in crate::provider) url: Option<Written>,
    pub(in crate::provider) encoding: Spanned<Encoding>,
    #[serde(rename = "type")]
    pub(in crate::provider) content_type: Option<Written>,
    #[serde(default)]
    pub(in crate::provider) headers: BTreeMap<Written, Written>,
    #[serde(default)]
    pub(in crate::provider) fields: BTreeMap<Written, Spanned<FieldFile>>,
    pub(in crate::provider) body: Option<Written>,
    /// What a recipient's device tells, which becomes `to`.
    pub(in crate::provider) device: Option<Spanned<DeviceFile>>,
    /// The far end speaks HTTP/2 alone.
    #[serde(default)]
    pub(in crate::provider) http2: bool,
    #[serde(default)]
    pub(in crate::provider) limits: LimitsFile,
    pub(in crate::provider) rates: Option<RatesFile>,
    pub(in crate::provider) idempotency: Option<IdempotencyFile>,
    pub(in crate::provider) reply: ReplyFile,
    pub(in crate::provider) lookup: Option<LookupFile>,
}

/// What a device tells to be written to.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct DeviceFile {
    /// For a reader.
    pub(in crate::provider) about: String,
    /// What a token looks like as a whole.
    pub(in crate::provider) pattern: Option<Written>,
}

/// A request that follows the answer to a webhook.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct CommandFile {
    pub(in crate::provider) method: Written,
    pub(in crate::provider) upstream: Option<Written>,
    pub(in crate::provider) path: Option<Written>,
    pub(in crate::provider) url: Option<Written>,
    pub(in crate::provider) encoding: Spanned<Encoding>,
    #[serde(rename = "type")]
    pub(in crate::provider) content_type: Option<Written>,
    #[serde(default)]
    pub(in crate::provider) headers: BTreeMap<Written, Written>,
    #[serde(default)]
    pub(in crate::provider) fields: BTreeMap<Written, Spanned<FieldFile>>,
    pub(in crate::provider) body: Option<Written>,
    /// A repeat does the same once: it may be repeated when no answer came.
    #[serde(default)]
    pub(in crate::provider) repeatable: bool,
}

/// How to ask for a message whose fate nobody knows.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct LookupFile {
    pub(in crate::provider) method: Written,
    pub(in crate::provider) upstream: Option<Written>,
    pub(in crate::provider) path: Option<Written>,
    pub(in crate::provider) url: Option<Written>,
    pub(in crate::provider) encoding: Spanned<Encoding>,
    #[serde(default)]
    pub(in crate::provider) headers: BTreeMap<Written, Written>,
    #[serde(default)]
    pub(in crate::provider) fields: BTreeMap<Written, Spanned<FieldFile>>,
    pub(in crate::provider) id: Option<OneOrMore>,
    pub(in crate::provider) rules: Vec<Spanned<LookupRuleFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct LookupRuleFile {
    #[serde(default)]
    pub(in crate::provider) when: WhenFile,
    pub(in crate::provider) found: FoundKind,
}

/// How to have the text of a message back.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct ReadFile {
    pub(in crate::provider) method: Written,
    pub(in crate::provider) upstream: Option<Written>,
    pub(in crate::provider) path: Option<Written>,
    pub(in crate::provider) url: Option<Written>,
    #[serde(default)]
    pub(in crate::provider) headers: BTreeMap<Written, Written>,
    /// When the text is the whole message.
    pub(in crate::provider) when: WhenFile,
    pub(in crate::provider) text: OneOrMore,
    pub(in crate::provider) from: Option<OneOrMore>,
}

/// What a look-up says.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum FoundKind {
    Sent,
    NotSent,
    Unknown,
}

/// What one message may hold.
#[derive(Deserialize, Default, Clone, Copy, Debug)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct LimitsFile {
    /// Characters of the text.
    pub(in crate::provider) text: Option<usize>,
    /// Pictures and cards.
    pub(in crate::provider) media: Option<usize>,
    /// Bytes of the whole body.
    pub(in crate::provider) body: Option<usize>,
}

/// How fast the provider takes messages.
#[derive(Deserialize, Clone, Copy, Debug)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct RatesFile {
    pub(in crate::provider) per_second: Option<f64>,
    pub(in crate::provider) concurrent: Option<u32>,
}

/// For how long a repeat with the same reference is one message.
#[derive(Deserialize, Clone, Copy, Debug)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct IdempotencyFile {
    pub(in crate::provider) hours: u32,
}

/// A field's value.
pub(in crate::provider) enum FieldFile {
    /// A text; empty: the field is left out.
    Text(String),
    /// As it stands.
    Constant(serde_json::Value),
    /// `{ each = "media" }`.
    Each,
    /// `{ join = "media", with = " " }`.
    Join(String),
    /// `{ number = "…" }`: a text that is written as a number.
    Number(String),
    /// `{ file = "card.vcf", type = "text/vcard; charset=utf-8", text = "…" }`: a part that is a file.
    File(FileFile),
}

/// A part that is a file; empty: it is left out.
#[derive(Clone)]
pub(in crate::provider) struct FileFile {
    pub(in crate::provider) name: String,
    pub(in crate::provider) kind: String,
    pub(in crate::provider) text: String,
}

impl<'de> Deserialize<'de> for FieldFile {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            each: Option<String>,
            join: Option<String>,
            with: Option<String>,
            number: Option<String>,
            file: Option<String>,
            #[serde(rename = "type")]
            kind: Option<String>,
            text: Option<String>,
        }
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = FieldFile;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(
                    "a text, a number, true or false, `{ number = \"…\" }`, or `{ each = \"media\" }` for a list",
                )
            }
            fn visit_str<E>(self, text: &str) -> Result<FieldFile, E> {
                Ok(FieldFile::Text(text.to_owned()))
            }
            fn visit_bool<E>(self, yes: bool) -> Result<FieldFile, E> {
                Ok(FieldFile::Constant(yes.into()))
            }
            fn visit_i64<E>(self, number: i64) -> Result<FieldFile, E> {
                Ok(FieldFile::Constant(number.into()))
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<FieldFile, A::Error> {
                let table = Table::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                let Table { each, join, with, number, file, kind, text } = table;
                match (each.as_deref(), join.as_deref(), with, number, (file, kind, text)) {
                    (Some("media"), None, None, None, (None, None, None)) => Ok(FieldFile::Each),
                    (None, Some("media"), Some(with), None, (None, None, None)) => Ok(FieldFile::Join(with)),
                    (None, None, None, Some(text), (None, None, None)) => Ok(FieldFile::Number(text)),
                    (None, None, None, None, (Some(name), Some(kind), Some(text))) => {
                        Ok(FieldFile::File(FileFile { name, kind, text }))
                    }
                    _ => Err(serde::de::Error::custom(
                        "the only list is `media`: `{ each = \"media\" }` or `{ join = \"media\", with = \" \" }`; a file is \
                         `{ file = \"card.vcf\", type = \"text/vcard\", text = \"…\" }`",
                    )),
                }
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct ReplyFile {
    /// Places, of which the first with a value counts.
    pub(in crate::provider) id: Option<OneOrMore>,
    /// The provider knows the message by our reference.
    #[serde(default)]
    pub(in crate::provider) id_is_reference: bool,
    pub(in crate::provider) code: Option<OneOrMore>,
    pub(in crate::provider) detail: Option<OneOrMore>,
    #[serde(default)]
    pub(in crate::provider) retry_after: Vec<RetryAfterFile>,
    /// Since when a device is gone, in milliseconds since 1970.
    pub(in crate::provider) gone_since: Option<OneOrMore>,
    pub(in crate::provider) rules: Vec<Spanned<ReplyRuleFile>>,
}

/// A text, or several.
pub(in crate::provider) struct OneOrMore(pub(in crate::provider) Vec<Written>);

impl<'de> Deserialize<'de> for OneOrMore {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Inner(Vec<String>);
        impl<'de> Deserialize<'de> for Inner {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl<'de> serde::de::Visitor<'de> for Visitor {
                    type Value = Inner;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("a place, or a list of places")
                    }
                    fn visit_str<E>(self, text: &str) -> Result<Inner, E> {
                        Ok(Inner(vec![text.to_owned()]))
                    }
                    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut all: A) -> Result<Inner, A::Error> {
                        let mut found = Vec::new();
                        while let Some(one) = all.next_element()? {
                            found.push(one);
                        }
                        Ok(Inner(found))
                    }
                }
                deserializer.deserialize_any(Visitor)
            }
        }
        let all = Spanned::<Inner>::deserialize(deserializer)?;
        let span = all.span();
        Ok(Self(all.into_inner().0.into_iter().map(|one| Spanned::new(span.clone(), one)).collect()))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct RetryAfterFile {
    pub(in crate::provider) place: Written,
    pub(in crate::provider) unit: Unit,
    /// Counts only where the rule gives the reply this flag.
    pub(in crate::provider) only: Option<Flag>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum Unit {
    /// Seconds, or an HTTP date.
    Seconds,
    Milliseconds,
    /// Seconds since 1970.
    Time,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct ReplyRuleFile {
    #[serde(default)]
    pub(in crate::provider) when: WhenFile,
    pub(in crate::provider) outcome: OutcomeKind,
    #[serde(default)]
    pub(in crate::provider) flags: Vec<Flag>,
    pub(in crate::provider) after_seconds: Option<u32>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum OutcomeKind {
    Sent,
    TryAgain,
    Never,
    Unknown,
    Config,
}
