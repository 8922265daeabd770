//! `[hooks]`, as serde reads it.

use super::{DocumentFile, DocumentRuleFile, OneOrMore, WhenFile, Written};
use crate::provider::{Flag, Phase, State, Word};
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct HooksFile {
    /// Attributes, elements and members that are URLs in a sender's document.
    #[serde(default)]
    pub(in crate::provider) document_urls: Vec<Written>,
    pub(in crate::provider) call: Option<Spanned<CallFile>>,
    pub(in crate::provider) message: Option<Spanned<MessageFile>>,
    pub(in crate::provider) status: Option<StatusFile>,
    pub(in crate::provider) inbound: Option<InboundFile>,
    #[serde(default)]
    pub(in crate::provider) restore: RestoreFile,
}

/// Place → the parameter that must stand there.
pub(in crate::provider) type AccountFile = BTreeMap<Written, Written>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct CallFile {
    #[serde(default)]
    pub(in crate::provider) account: AccountFile,
    pub(in crate::provider) id: Written,
    pub(in crate::provider) from: Written,
    pub(in crate::provider) to: Written,
    #[serde(default)]
    pub(in crate::provider) caller_id: Vec<Written>,
    pub(in crate::provider) context: Option<Written>,
    /// Webhooks about something else than a call to be placed, and their documents.
    #[serde(default)]
    pub(in crate::provider) others: Vec<Spanned<DocumentRuleFile>>,
    pub(in crate::provider) phases: Vec<Spanned<PhaseFile>>,
    pub(in crate::provider) answers: Vec<Spanned<AnswerFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct PhaseFile {
    #[serde(default)]
    pub(in crate::provider) when: WhenFile,
    pub(in crate::provider) phase: Phase,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum AnswerKind {
    Connect,
    Unchanged,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct AnswerFile {
    pub(in crate::provider) answer: AnswerKind,
    /// The name of a `[commands.…]` that follows the document.
    pub(in crate::provider) command: Option<Written>,
    #[serde(default)]
    pub(in crate::provider) when: WhenFile,
    pub(in crate::provider) status: Option<Spanned<u16>>,
    #[serde(rename = "type")]
    pub(in crate::provider) content_type: Option<Written>,
    pub(in crate::provider) body: Option<Written>,
}

/// A webhook that asks before a message is sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct MessageFile {
    #[serde(default)]
    pub(in crate::provider) account: AccountFile,
    pub(in crate::provider) id: Written,
    pub(in crate::provider) from: Option<Written>,
    pub(in crate::provider) to: Written,
    pub(in crate::provider) text: Option<Written>,
    #[serde(default)]
    pub(in crate::provider) unreadable: Vec<Written>,
    #[serde(default)]
    pub(in crate::provider) identity_bound: Vec<WhenFile>,
    pub(in crate::provider) answers: Vec<Spanned<AnswerFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct StatusFile {
    /// JSON pointer to the events of a webhook that holds several.
    pub(in crate::provider) each: Option<Written>,
    #[serde(default)]
    pub(in crate::provider) when: WhenFile,
    #[serde(default)]
    pub(in crate::provider) account: AccountFile,
    pub(in crate::provider) id: Written,
    pub(in crate::provider) state: Written,
    pub(in crate::provider) code: Option<Written>,
    pub(in crate::provider) to: Option<Written>,
    pub(in crate::provider) from: Option<Written>,
    /// A number that grows from report to report of one message.
    pub(in crate::provider) sequence: Option<Written>,
    pub(in crate::provider) states: Vec<Spanned<StateFile>>,
    /// How long reports may take.
    pub(in crate::provider) within_hours: Option<Spanned<u64>>,
    pub(in crate::provider) acknowledge: DocumentFile,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct StateFile {
    #[serde(default)]
    pub(in crate::provider) when: WhenFile,
    pub(in crate::provider) state: State,
    #[serde(default, rename = "final")]
    pub(in crate::provider) is_final: bool,
    #[serde(default)]
    pub(in crate::provider) flags: Vec<Flag>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct InboundFile {
    /// JSON pointer to the events of a webhook that holds several.
    pub(in crate::provider) each: Option<Written>,
    #[serde(default)]
    pub(in crate::provider) when: WhenFile,
    #[serde(default)]
    pub(in crate::provider) account: AccountFile,
    pub(in crate::provider) id: Written,
    pub(in crate::provider) from: OneOrMore,
    pub(in crate::provider) to: OneOrMore,
    pub(in crate::provider) text: Option<OneOrMore>,
    /// Instead of `text`, where it depends.
    #[serde(default)]
    pub(in crate::provider) texts: Vec<Spanned<TextFile>>,
    pub(in crate::provider) part: Option<PartFile>,
    pub(in crate::provider) media: Option<MediaFile>,
    #[serde(default)]
    pub(in crate::provider) words: Vec<Spanned<WordFile>>,
    pub(in crate::provider) acknowledge: DocumentFile,
}

/// Where a part of a longer text says which it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct PartFile {
    pub(in crate::provider) reference: Written,
    pub(in crate::provider) total: Written,
    pub(in crate::provider) number: Written,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct TextFile {
    #[serde(default)]
    pub(in crate::provider) when: WhenFile,
    pub(in crate::provider) place: OneOrMore,
}

/// Places; `{n}` in them counts from 0, `*` is each element.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct MediaFile {
    pub(in crate::provider) url: Written,
    pub(in crate::provider) content_type: Option<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct WordFile {
    #[serde(default)]
    pub(in crate::provider) when: WhenFile,
    pub(in crate::provider) word: Word,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct RestoreFile {
    #[serde(default)]
    pub(in crate::provider) drop: Vec<Written>,
    #[serde(default)]
    pub(in crate::provider) keep: Vec<Written>,
}
