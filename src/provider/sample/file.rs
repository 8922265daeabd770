//! The shape of a sample file, as serde reads it.

use super::hooks::{CallSample, InboundSample, OtherSample, PreSendSample, StatusSample};
use crate::provider::{
    Action, Channel, Email, Flag, Push,
    file::{FoundKind, OutcomeKind},
};
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Samples {
    pub(super) account: AccountSample,
    #[serde(default)]
    pub(super) signature: Vec<Spanned<SignatureSample>>,
    #[serde(default)]
    pub(super) call: Vec<Spanned<CallSample>>,
    #[serde(default)]
    pub(super) other: Vec<Spanned<OtherSample>>,
    #[serde(default)]
    pub(super) message: Vec<Spanned<PreSendSample>>,
    #[serde(default)]
    pub(super) status: Vec<Spanned<StatusSample>>,
    #[serde(default)]
    pub(super) inbound: Vec<Spanned<InboundSample>>,
    #[serde(default)]
    pub(super) send: Vec<Spanned<SendSample>>,
    #[serde(default)]
    pub(super) reply: Vec<Spanned<ReplySample>>,
    #[serde(default)]
    pub(super) lookup: Vec<Spanned<LookupSample>>,
    #[serde(default)]
    pub(super) read: Vec<Spanned<ReadSample>>,
    #[serde(default)]
    pub(super) route: Vec<Spanned<RouteSample>>,
    #[serde(default)]
    pub(super) callback: Vec<Spanned<CallbackSample>>,
    #[serde(default)]
    pub(super) error: Vec<Spanned<ErrorSample>>,
}

#[derive(Deserialize, Clone)]
#[serde(untagged)]
pub(super) enum OneOrMore {
    One(String),
    More(Vec<String>),
}

/// The account that the samples are for; a sample may change its values.
#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountSample {
    pub(super) parameters: BTreeMap<String, OneOrMore>,
    /// What lies where webhooks say that their certificate is, in PEM.
    pub(super) certificate: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestSample {
    #[serde(default = "post")]
    pub(super) method: String,
    pub(super) url: String,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    pub(super) form: Option<String>,
    pub(super) json: Option<String>,
    /// Any other body; its type stands in the headers.
    pub(super) body: Option<String>,
}

fn post() -> String {
    "POST".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignatureSample {
    pub(super) name: String,
    #[serde(default)]
    pub(super) parameters: BTreeMap<String, OneOrMore>,
    /// Where the provider reaches us; left out: as the request's URL says.
    pub(super) public_url: Option<String>,
    /// Left out: the signature alone is checked, not the account id.
    pub(super) hook: Option<HookSample>,
    pub(super) request: RequestSample,
    /// Seconds since 1970.
    #[serde(default)]
    pub(super) now: i64,
    pub(super) verdict: Verdict,
    #[serde(default = "yes")]
    pub(super) covers_parameters: bool,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(super) enum HookSample {
    Call,
    Message,
    Status,
    Inbound,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    Believed,
    Unsigned,
    Wrong,
    OutOfTime,
    OtherAccount,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SendSample {
    pub(super) name: String,
    #[serde(default)]
    pub(super) parameters: BTreeMap<String, OneOrMore>,
    pub(super) message: OutgoingSample,
    pub(super) request: WrittenSample,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OutgoingSample {
    pub(super) to: String,
    pub(super) from: Option<String>,
    pub(super) text: String,
    #[serde(default)]
    pub(super) media: Vec<String>,
    pub(super) reference: String,
    pub(super) callback: Option<String>,
    pub(super) email: Option<EmailSample>,
    pub(super) push: Option<PushSample>,
}

/// What an e-mail has beside its text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EmailSample {
    subject: String,
    #[serde(default)]
    html: String,
    reply_to: Option<String>,
    #[serde(default)]
    message_id: String,
    unsubscribe: Option<String>,
    card: Option<String>,
    mime: Option<String>,
}

impl EmailSample {
    pub(super) fn read(&self) -> Email<'_> {
        Email {
            subject: &self.subject,
            html: &self.html,
            reply_to: self.reply_to.as_deref(),
            message_id: &self.message_id,
            unsubscribe: self.unsubscribe.as_deref(),
            card: self.card.as_deref(),
            mime: self.mime.as_deref().map(str::as_bytes),
        }
    }
}

/// What a push message has beside its text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PushSample {
    title: String,
    link: Option<String>,
    collapse: Option<String>,
    #[serde(default)]
    ttl: u64,
    p256dh: Option<String>,
    auth: Option<String>,
}

impl PushSample {
    pub(super) fn read(&self) -> Push<'_> {
        Push {
            title: &self.title,
            link: self.link.as_deref(),
            collapse: self.collapse.as_deref(),
            ttl: std::time::Duration::from_secs(self.ttl),
            p256dh: self.p256dh.as_deref(),
            auth: self.auth.as_deref(),
        }
    }
}

/// A request that Redial makes; the headers are those that must be there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenSample {
    #[serde(default = "post")]
    pub(super) method: String,
    pub(super) url: String,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) body: String,
    /// Instead of the body, where it is encrypted and so another one each time.
    pub(super) body_length: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReplySample {
    pub(super) name: String,
    pub(super) status: u16,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) body: String,
    pub(super) outcome: OutcomeKind,
    pub(super) after_seconds: Option<f64>,
    pub(super) id: Option<String>,
    pub(super) code: Option<String>,
    /// Milliseconds since 1970.
    pub(super) gone_since: Option<i64>,
    #[serde(default)]
    pub(super) flags: Vec<Flag>,
}

/// A message that is looked for: the request, and a reply to it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LookupSample {
    pub(super) name: String,
    pub(super) to: String,
    pub(super) reference: String,
    pub(super) request: Option<WrittenSample>,
    pub(super) status: u16,
    #[serde(default)]
    pub(super) body: String,
    pub(super) found: FoundKind,
    pub(super) id: Option<String>,
}

/// The text of a message, had back; no `text`: it is not to be sent again.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadSample {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) request: Option<WrittenSample>,
    pub(super) status: u16,
    #[serde(default)]
    pub(super) body: String,
    pub(super) text: Option<String>,
    pub(super) from: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RouteSample {
    pub(super) name: String,
    pub(super) request: RequestSample,
    /// Left out: no route, the request passes byte for byte.
    pub(super) wants: Option<WantsSample>,
    /// What Redial puts in, and the request that it then makes.
    pub(super) change: Option<ChangeSample>,
    /// The reply to it, and how the sender is to see it.
    pub(super) reply: Option<RestoreSample>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WantsSample {
    pub(super) action: Action,
    pub(super) channel: Channel,
    #[serde(default)]
    pub(super) destinations: Vec<String>,
    pub(super) sender: Option<String>,
    pub(super) text: Option<String>,
    #[serde(default)]
    pub(super) identity_bound: bool,
    #[serde(default)]
    pub(super) callbacks: Vec<CallbackPlace>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallbackPlace {
    pub(super) url: String,
    #[serde(default)]
    pub(super) answers: bool,
}

/// New numbers and URLs in the order of the wanted ones.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeSample {
    #[serde(default)]
    pub(super) destinations: Vec<String>,
    #[serde(default)]
    pub(super) callbacks: Vec<String>,
    pub(super) url: String,
    /// Those that matter.
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) body: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RestoreSample {
    pub(super) body: String,
    #[serde(default)]
    pub(super) ids: Vec<String>,
    pub(super) swaps: Vec<SwapSample>,
    pub(super) restored: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SwapSample {
    pub(super) id: Option<String>,
    pub(super) connected: String,
    pub(super) used: String,
    #[serde(default)]
    pub(super) urls: Vec<(String, String)>,
}

/// A webhook that goes on to the sender's own URL.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallbackSample {
    pub(super) name: String,
    #[serde(default)]
    pub(super) parameters: BTreeMap<String, OneOrMore>,
    pub(super) request: RequestSample,
    pub(super) url: String,
    pub(super) swaps: Vec<SwapSample>,
    #[serde(default)]
    pub(super) now: i64,
    pub(super) restored: WrittenSample,
    pub(super) signed: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ErrorSample {
    pub(super) kind: Spanned<String>,
    pub(super) message: String,
    pub(super) status: u16,
    pub(super) document: String,
}
