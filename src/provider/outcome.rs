//! Messages of our own: requests out, replies, reports and messages from people in (rules N3, N6).

use super::{
    Account, Document, Hook, Incoming, Malformed,
    compiled::{InboundHook, StatusHook, first},
    incoming::Asked,
    place::Place,
};
use crate::clock::Time;
use bytes::Bytes;
use std::time::Duration;

/// A message of our own. Numbers are E.164.
#[derive(Clone, Copy)]
pub struct Outgoing<'a> {
    /// To whom.
    pub to: &'a str,
    /// From which of the account's senders; `None`: the account's own default.
    pub from: Option<&'a str>,
    /// The text.
    pub text: &'a str,
    /// URLs of pictures and cards.
    pub media: &'a [&'a str],
    /// Our id: the provider's idempotency key, where it has one.
    pub reference: &'a str,
    /// Where reports go.
    pub callback: Option<&'a str>,
    /// What kind of message it is, and what this kind has beside a text.
    pub kind: MessageKind<'a>,
}

/// What kind a message is of.
#[derive(Clone, Copy, Default)]
pub enum MessageKind<'a> {
    /// A text message.
    #[default]
    Sms,
    /// An e-mail; `to` and `from` are addresses.
    Email(&'a Email<'a>),
    /// A push message; `to` is a device's token or endpoint.
    Push(&'a Push<'a>),
}

/// What an e-mail has beside its text.
#[derive(Clone, Copy, Default)]
pub struct Email<'a> {
    /// Subject.
    pub subject: &'a str,
    /// The text as HTML.
    pub html: &'a str,
    /// Where answers go, if not to the sender.
    pub reply_to: Option<&'a str>,
    /// Message-ID with its angle brackets, the same at every try.
    pub message_id: &'a str,
    /// Where one click ends such messages (RFC 8058).
    pub unsubscribe: Option<&'a str>,
    /// The card, a vCard.
    pub card: Option<&'a str>,
    /// The whole message (RFC 5322), for providers that take it so.
    pub mime: Option<&'a [u8]>,
}

/// What a push message has beside its text.
#[derive(Clone, Copy, Default)]
pub struct Push<'a> {
    /// Title.
    pub title: &'a str,
    /// What opens when it is touched.
    pub link: Option<&'a str>,
    /// A later message with this name takes the place of an earlier one.
    pub collapse: Option<&'a str>,
    /// How long it may wait for the device.
    pub ttl: Duration,
    /// The device's public key (RFC 8291), base64url.
    pub p256dh: Option<&'a str>,
    /// The device's secret (RFC 8291), base64url.
    pub auth: Option<&'a str>,
}

/// A request to a provider, complete with credentials.
#[derive(Clone)]
pub struct Request {
    /// Method.
    pub method: http::Method,
    /// Absolute URL.
    pub url: String,
    /// Headers, without `Host` and `Content-Length`.
    pub headers: http::HeaderMap,
    /// Body.
    pub body: Bytes,
}

/// How one try ended (rule N3). *Unknown* is what the caller says when no answer came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The far end took it.
    Sent,
    /// It was not sent and may be tried again, not before this.
    TryAgain(Option<Duration>),
    /// It was not sent and never will be in this way.
    Never,
    /// It may have been sent.
    Unknown,
    /// Our credentials or settings are wrong: no message to anybody would go, so the account stops.
    Config,
}

/// A provider's reply to a message of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// How it ended.
    pub outcome: Outcome,
    /// The provider's id of the message.
    pub id: Option<Box<str>>,
    /// The provider's error code.
    pub code: Option<Box<str>>,
    /// The provider's words, shortened; may hold a number, so it is not for logs.
    pub detail: Box<str>,
    /// What else follows from it.
    pub flags: Flags,
    /// Since when the device is gone, where the provider says so: one registered since is another.
    pub gone_since: Option<Time>,
}

/// What else a reply or report says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Flag {
    /// This number is dead: look for a new one (rule Q6, *after*).
    NumberDead = 1,
    /// This number takes no more messages (rule N6).
    OptedOut = 2,
    /// The provider limits us.
    RateLimited = 4,
    /// Our credentials are refused.
    AuthBroken = 8,
}

/// A set of [`Flag`]s.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Flags(u8);

impl Flags {
    /// Whether it is in the set.
    pub fn has(self, flag: Flag) -> bool {
        self.0 & flag as u8 != 0
    }
}

impl Flag {
    /// All of them.
    pub(super) const ALL: [Flag; 4] = [Flag::NumberDead, Flag::OptedOut, Flag::RateLimited, Flag::AuthBroken];
}

impl FromIterator<Flag> for Flags {
    fn from_iter<I: IntoIterator<Item = Flag>>(flags: I) -> Self {
        Self(flags.into_iter().fold(0, |set, flag| set | flag as u8))
    }
}

impl std::fmt::Debug for Flags {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(Flag::ALL.into_iter().filter(|flag| self.has(*flag))).finish()
    }
}

/// Where a message stands, in our words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The provider has it.
    Accepted,
    /// The network has it.
    Sent,
    /// The phone has it.
    Delivered,
    /// Not delivered, another try may be.
    FailedTemporary,
    /// Not delivered and never will be.
    FailedPermanent,
    /// Not delivered in its time.
    Expired,
    /// The provider says something that its file does not list.
    Unknown,
}

/// One delivery report.
#[derive(Clone, PartialEq, Eq)]
pub struct StatusEvent {
    /// The provider's id of the message or call.
    pub id: Box<str>,
    /// Where it stands.
    pub state: State,
    /// Whether no other state follows.
    pub is_final: bool,
    /// The provider's error code.
    pub code: Option<Box<str>>,
    /// What else follows from it.
    pub flags: Flags,
    /// The recipient as the provider writes it.
    pub to: Box<str>,
    /// The sender as the provider writes it.
    pub from: Box<str>,
    /// Grows from report to report of one message, where the provider numbers them.
    pub sequence: Option<u64>,
}

/// A message from a person.
#[derive(Clone, PartialEq, Eq)]
pub struct Inbound {
    /// The provider's id.
    pub id: Box<str>,
    /// The person.
    pub from: Box<str>,
    /// The operator's number.
    pub to: Box<str>,
    /// The text.
    pub text: Box<str>,
    /// What came with it.
    pub media: Vec<Media>,
    /// What the provider itself made of it.
    pub word: Option<Word>,
    /// Where it stands in a longer text, which the provider has not joined.
    pub part: Option<Part>,
}

/// A part of a text (3GPP TS 23.040, 9.2.3.24.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The same for all parts of the text.
    pub reference: Box<str>,
    /// How many there are.
    pub total: u8,
    /// Which it is, from 1.
    pub number: u8,
}

/// A picture or card in a message.
#[derive(Clone, PartialEq, Eq)]
pub struct Media {
    /// Where it can be fetched.
    pub url: Box<str>,
    /// Its content type.
    pub content_type: Option<Box<str>>,
}

/// A provider's own reading of an opt-out word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// No more messages.
    Stop,
    /// Messages again.
    Start,
    /// Asks for help.
    Help,
}

masked! {
    Request: method;
    StatusEvent: id, state, is_final, code, flags;
    Inbound: id, word;
    Media: content_type;
}

impl std::fmt::Debug for Outgoing<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outgoing").field("reference", &self.reference).finish_non_exhaustive()
    }
}

/// The positions of the rules that told a message from a person.
#[derive(Clone, Copy, Debug)]
pub(super) struct InboundRules {
    pub(super) word: Option<usize>,
    pub(super) text: Option<usize>,
}

impl Account {
    /// Delivery reports in a webhook; none where it is about something else. Verify it first.
    pub fn read_status(&self, incoming: &Incoming<'_>) -> Result<Vec<StatusEvent>, Malformed> {
        Ok(self.read_status_by_rule(incoming)?.into_iter().map(|(event, _)| event).collect())
    }

    /// The reports, each with the position of the rule that told its state.
    pub(super) fn read_status_by_rule(
        &self,
        incoming: &Incoming<'_>,
    ) -> Result<Vec<(StatusEvent, Option<usize>)>, Malformed> {
        let Some(hook) = self.provider().status.as_ref() else { return Ok(Vec::new()) };
        let mut all = Vec::new();
        for event in incoming.events(hook.each.as_ref()) {
            if !hook.when.holds(&Asked { incoming: &event, names: &[], variables: &[] }) {
                continue;
            }
            let states = event.values(&hook.state).len();
            if states == 0 {
                return Err(Malformed { place: hook.state.written().into() });
            }
            for index in 0..states {
                all.push(self.report(hook, &event, index, states)?);
            }
        }
        Ok(all)
    }

    /// The messages from people in a webhook; some providers put several into one. Verify it first.
    pub fn read_inbounds(&self, incoming: &Incoming<'_>) -> Result<Vec<Inbound>, Malformed> {
        Ok(self.read_inbound_by_rule(incoming)?.into_iter().map(|(message, _)| message).collect())
    }

    /// The messages, each with the positions of the rules that told it.
    pub(super) fn read_inbound_by_rule(
        &self,
        incoming: &Incoming<'_>,
    ) -> Result<Vec<(Inbound, InboundRules)>, Malformed> {
        let Some(hook) = self.provider().inbound.as_ref() else { return Ok(Vec::new()) };
        let numbers = self.provider().numbers;
        let mut all = Vec::new();
        for event in incoming.events(hook.each.as_ref()) {
            let about = Asked { incoming: &event, names: &[], variables: &[] };
            if !hook.when.holds(&about) {
                continue;
            }
            let value = |place: &Place| event.value(place).filter(|value| !value.is_empty());
            let needed = |places: &[Place]| {
                let missing = || Malformed { place: places.first().map(Place::written).unwrap_or_default().into() };
                places.iter().find_map(value).ok_or_else(missing)
            };
            let (word, text) = (first(&hook.words, &about), first(&hook.texts, &about));
            let rules = InboundRules { word: word.map(|(at, _)| at), text: text.map(|(at, _)| at) };
            let message = Inbound {
                id: needed(std::slice::from_ref(&hook.id))?.into(),
                from: numbers.read(needed(&hook.from)?).into(),
                to: numbers.read(needed(&hook.to)?).into(),
                text: text.and_then(|(_, places)| places.iter().find_map(value)).unwrap_or_default().into(),
                media: media(hook, &event),
                word: word.map(|(_, word)| *word),
                part: hook.part.as_ref().and_then(|[reference, total, number]| {
                    let counted = |place: &Place| value(place)?.parse().ok();
                    let (total, number) = (counted(total)?, counted(number)?);
                    Some(Part { reference: value(reference)?.into(), total, number })
                }),
            };
            all.push((message, rules));
        }
        Ok(all)
    }

    /// What the provider wants to hear when a webhook was taken.
    pub fn acknowledge(&self, hook: Hook) -> Document {
        let provider = self.provider();
        let status = provider.status.as_ref().map(|hook| &hook.acknowledge);
        let inbound = provider.inbound.as_ref().map(|hook| &hook.acknowledge);
        let document = if hook == Hook::Inbound { inbound.or(status) } else { status.or(inbound) };
        match document {
            Some(document) => self.document(document, &[]),
            None => Document { status: http::StatusCode::NO_CONTENT, content_type: None, body: Bytes::new() },
        }
    }
}

impl Account {
    /// One report of an event that holds `count` of them: places with as many values give the one at `index`, the
    /// others their first.
    fn report(
        &self,
        hook: &StatusHook,
        incoming: &Incoming<'_>,
        index: usize,
        count: usize,
    ) -> Result<(StatusEvent, Option<usize>), Malformed> {
        let at = |place: &Place| -> Box<str> {
            let mut values = incoming.values(place);
            let index = if values.len() == count { index } else { 0 };
            if index < values.len() { values.swap_remove(index).into() } else { Box::default() }
        };
        let optional = |place: &Option<Place>| place.as_ref().map(at).unwrap_or_default();
        let (state, code) = (at(&hook.state), optional(&hook.code));
        let names = [("state", &*state), ("code", &*code)];
        let found = first(&hook.states, &Asked { incoming, names: &names, variables: &[] });
        let rule = found.map(|(rule, _)| rule);
        let (state, is_final, flags) = found.map_or((State::Unknown, false, Flags::default()), |(_, told)| *told);
        let id = Some(at(&hook.id)).filter(|id| !id.is_empty());
        let number = |place: &Option<Place>| self.provider().numbers.read((&*optional(place)).into()).into();
        let event = StatusEvent {
            id: id.ok_or_else(|| Malformed { place: hook.id.written().into() })?,
            state,
            is_final,
            flags,
            to: number(&hook.to),
            from: number(&hook.from),
            sequence: optional(&hook.sequence).parse().ok(),
            code: Some(code).filter(|code| !code.is_empty()),
        };
        Ok((event, rule))
    }
}

fn media(hook: &InboundHook, incoming: &Incoming<'_>) -> Vec<Media> {
    let Some(places) = &hook.media else { return Vec::new() };
    let all = |places: &[Place]| places.iter().flat_map(|place| incoming.values(place)).map(Box::<str>::from).collect();
    let urls: Vec<Box<str>> = all(&places.url);
    let kinds: Vec<Box<str>> = places.content_type.as_ref().map(|places| all(places)).unwrap_or_default();
    let kind = |index: usize| kinds.get(index).filter(|kind| !kind.is_empty()).cloned();
    urls.into_iter().enumerate().map(|(index, url)| Media { url, content_type: kind(index) }).collect()
}
