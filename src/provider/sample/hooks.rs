//! The shape of samples of webhooks, as serde reads it.

use super::file::{OneOrMore, RequestSample, WrittenSample};
use crate::provider::{Flag, Phase, State, Word};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallSample {
    pub(super) name: String,
    #[serde(default)]
    pub(super) parameters: BTreeMap<String, OneOrMore>,
    pub(super) application: Option<String>,
    pub(super) request: RequestSample,
    pub(super) id: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) phase: Phase,
    pub(super) connect: Option<ConnectSample>,
    pub(super) unchanged: Option<String>,
    /// The request that follows *unchanged*.
    pub(super) unchanged_command: Option<WrittenSample>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConnectSample {
    pub(super) new: String,
    pub(super) say: Option<String>,
    #[serde(default)]
    pub(super) document: String,
    /// The request that follows.
    pub(super) command: Option<WrittenSample>,
}

/// A webhook at the call hook that is about something else.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OtherSample {
    pub(super) name: String,
    pub(super) request: RequestSample,
    #[serde(default = "ok")]
    pub(super) status: u16,
    #[serde(default)]
    pub(super) document: String,
}

fn ok() -> u16 {
    200
}

/// A webhook that asks before a message is sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PreSendSample {
    pub(super) name: String,
    #[serde(default)]
    pub(super) parameters: BTreeMap<String, OneOrMore>,
    pub(super) request: RequestSample,
    pub(super) id: String,
    #[serde(default)]
    pub(super) from: String,
    pub(super) to: String,
    pub(super) text: Option<String>,
    #[serde(default)]
    pub(super) identity_bound: bool,
    pub(super) connect: Option<ConnectSample>,
    pub(super) unchanged: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StatusSample {
    pub(super) name: String,
    pub(super) request: RequestSample,
    pub(super) events: Vec<EventSample>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventSample {
    pub(super) id: String,
    pub(super) state: State,
    #[serde(default, rename = "final")]
    pub(super) is_final: bool,
    pub(super) code: Option<String>,
    #[serde(default)]
    pub(super) flags: Vec<Flag>,
    #[serde(default)]
    pub(super) to: String,
    #[serde(default)]
    pub(super) from: String,
    pub(super) sequence: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InboundSample {
    pub(super) name: String,
    pub(super) request: RequestSample,
    /// Left out: the webhook is about something else.
    pub(super) message: Option<MessageSample>,
    /// For a webhook with several.
    #[serde(default)]
    pub(super) messages: Vec<MessageSample>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MessageSample {
    pub(super) id: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) text: String,
    #[serde(default)]
    pub(super) media: Vec<MediaSample>,
    pub(super) word: Option<Word>,
    pub(super) part: Option<PartSample>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PartSample {
    pub(super) reference: String,
    pub(super) total: u8,
    pub(super) number: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MediaSample {
    pub(super) url: String,
    pub(super) content_type: Option<String>,
}
