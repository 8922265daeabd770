//! A provider file, compiled: what [`super::load`] makes and everything else uses.

use super::{
    Action, Channel, Document, Flag, Flags, Phase, Rates, Sends, State, Word,
    file::{AnswerKind, Encoding, FoundKind, LimitsFile, OutcomeKind, Unit},
    incoming::Reads,
    json::Pointer,
    place::Place,
    rule::{Facts, When},
    text::{NotRendered, Text, Values},
};
use bytes::Bytes;
use std::time::Duration;

/// One rule of a list.
#[derive(Debug)]
pub(super) struct Rule<T> {
    /// Where it stands in the file.
    pub(super) line: usize,
    pub(super) when: When,
    pub(super) value: T,
}

/// The first rule whose conditions hold, and its position.
pub(super) fn first<'r, T>(rules: &'r [Rule<T>], facts: &dyn Facts) -> Option<(usize, &'r T)> {
    rules.iter().enumerate().find(|(_, rule)| rule.when.holds(facts)).map(|(index, rule)| (index, &rule.value))
}

/// A document to be filled in.
#[derive(Debug)]
pub(super) struct DocumentText {
    pub(super) status: http::StatusCode,
    pub(super) content_type: Option<http::HeaderValue>,
    pub(super) body: Option<Text>,
}

impl DocumentText {
    pub(super) fn render(&self, values: &Values<'_>) -> Result<Document, NotRendered> {
        let body = match &self.body {
            Some(body) => Bytes::from(body.render(values)?),
            None => Bytes::new(),
        };
        Ok(Document { status: self.status, content_type: self.content_type.clone(), body })
    }
}

/// `[hooks.call]`.
#[derive(Debug)]
pub(super) struct CallHook {
    pub(super) account: Vec<(Place, usize)>,
    pub(super) id: Place,
    pub(super) from: Place,
    pub(super) to: Place,
    /// The first that is not empty.
    pub(super) caller_id: Vec<Text>,
    pub(super) context: Option<Place>,
    pub(super) others: Vec<Rule<DocumentText>>,
    pub(super) reads: Reads,
    pub(super) phases: Vec<Rule<Phase>>,
    pub(super) answers: Vec<Rule<Answer>>,
}

/// A document that answers a webhook, and the request that follows it.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) kind: AnswerKind,
    pub(super) document: DocumentText,
    /// Position in the provider's commands.
    pub(super) command: Option<usize>,
}

/// `[commands.NAME]`.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) endpoint: Endpoint,
    pub(super) body: Option<Text>,
    pub(super) repeatable: bool,
}

/// `[send.lookup]`.
#[derive(Debug)]
pub(super) struct Lookup {
    pub(super) endpoint: Endpoint,
    pub(super) id: Vec<Place>,
    pub(super) rules: Vec<Rule<FoundKind>>,
}

/// `[hooks.message]`.
#[derive(Debug)]
pub(super) struct MessageHook {
    pub(super) account: Vec<(Place, usize)>,
    pub(super) id: Place,
    pub(super) from: Option<Place>,
    pub(super) to: Place,
    pub(super) text: Option<Place>,
    pub(super) unreadable: Vec<Place>,
    pub(super) identity_bound: Vec<When>,
    pub(super) reads: Reads,
    pub(super) answers: Vec<Rule<Answer>>,
}

/// `[hooks.status]`.
#[derive(Debug)]
pub(super) struct StatusHook {
    pub(super) each: Option<Pointer>,
    pub(super) when: When,
    pub(super) account: Vec<(Place, usize)>,
    pub(super) id: Place,
    pub(super) state: Place,
    pub(super) code: Option<Place>,
    pub(super) to: Option<Place>,
    pub(super) from: Option<Place>,
    pub(super) sequence: Option<Place>,
    pub(super) states: Vec<Rule<(State, bool, Flags)>>,
    /// How long reports may take.
    pub(super) within: Option<Duration>,
    pub(super) acknowledge: DocumentText,
}

/// `[hooks.inbound]`.
#[derive(Debug)]
pub(super) struct InboundHook {
    pub(super) each: Option<Pointer>,
    pub(super) when: When,
    pub(super) account: Vec<(Place, usize)>,
    pub(super) id: Place,
    /// Of these the first that has a value.
    pub(super) from: Vec<Place>,
    pub(super) to: Vec<Place>,
    /// Of the first rule that holds the first place that has a value.
    pub(super) texts: Vec<Rule<Vec<Place>>>,
    /// Where a part of a longer text names the text, how many parts it has, and which this is.
    pub(super) part: Option<[Place; 3]>,
    pub(super) media: Option<MediaPlaces>,
    pub(super) words: Vec<Rule<Word>>,
    pub(super) acknowledge: DocumentText,
}

/// Where media stand: one place that may have several values, or one place for each number.
#[derive(Debug)]
pub(super) struct MediaPlaces {
    pub(super) url: Vec<Place>,
    pub(super) content_type: Option<Vec<Place>>,
}

/// What a callback loses, and what is left alone, on its way to the sender.
#[derive(Debug)]
pub(super) struct Restore {
    pub(super) drop: Vec<Place>,
    pub(super) keep: Vec<Place>,
}

/// `[send]`.
#[derive(Debug)]
pub(super) struct Send {
    pub(super) kind: Sends,
    pub(super) endpoint: Endpoint,
    /// Instead of fields.
    pub(super) body: Option<Text>,
    pub(super) device: Option<Device>,
    pub(super) http2: bool,
    pub(super) limits: LimitsFile,
    pub(super) rates: Rates,
    pub(super) idempotent_for: Option<Duration>,
    pub(super) reply: ReplyRules,
    pub(super) lookup: Option<Lookup>,
}

/// `[read]`.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) endpoint: Endpoint,
    /// When the text is the whole message.
    pub(super) whole: When,
    /// The first with a value counts, here and below.
    pub(super) text: Vec<Place>,
    pub(super) from: Vec<Place>,
}

/// What a device tells to be written to.
#[derive(Debug)]
pub(super) struct Device {
    pub(super) about: Box<str>,
    pub(super) pattern: Option<regex::Regex>,
}

/// A request that Redial makes.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) method: http::Method,
    /// Instead of the head's.
    pub(super) upstream: Option<Text>,
    pub(super) path: Text,
    /// Whether `path` is the whole URL.
    pub(super) whole: bool,
    pub(super) encoding: Encoding,
    pub(super) content_type: Option<http::HeaderValue>,
    pub(super) headers: Vec<(http::HeaderName, Text)>,
    pub(super) fields: Vec<(Box<str>, Field)>,
}

/// A field's value.
#[derive(Debug)]
pub(super) enum Field {
    Text(Text),
    Number(Text),
    Constant(serde_json::Value),
    /// Each of the media's URLs.
    Media,
    /// All of the media's URLs, with this between them.
    Joined(Box<str>),
    /// A part that is a file.
    File {
        name: Box<str>,
        kind: Box<str>,
        text: Text,
    },
}

/// `[send.reply]`.
#[derive(Debug)]
pub(super) struct ReplyRules {
    /// The first with a value counts, here and below.
    pub(super) id: Vec<Place>,
    pub(super) id_is_reference: bool,
    pub(super) code: Vec<Place>,
    pub(super) detail: Vec<Place>,
    pub(super) retry_after: Vec<RetryAfter>,
    pub(super) gone_since: Vec<Place>,
    pub(super) rules: Vec<Rule<ReplyRule>>,
}

/// Where a reply says how long to wait.
#[derive(Debug)]
pub(super) struct RetryAfter {
    pub(super) place: Place,
    pub(super) unit: Unit,
    /// Only in replies that have this flag.
    pub(super) only: Option<Flag>,
}

/// What a reply means.
#[derive(Debug)]
pub(super) struct ReplyRule {
    pub(super) outcome: OutcomeKind,
    pub(super) flags: Flags,
    pub(super) after: Option<Duration>,
}

/// `[[routes]]`.
#[derive(Debug)]
pub(super) struct RouteRule {
    /// Where it stands in the file.
    pub(super) line: usize,
    pub(super) action: Action,
    pub(super) channel: Channel,
    pub(super) upstream: Option<Text>,
    pub(super) methods: Vec<http::Method>,
    pub(super) paths: Vec<PathPattern>,
    pub(super) when: When,
    pub(super) destinations: Vec<Destinations>,
    pub(super) sender: Option<Place>,
    pub(super) text: Option<Place>,
    pub(super) unreadable: Vec<Place>,
    pub(super) identity_bound: Vec<When>,
    pub(super) callbacks: Vec<CallbackRule>,
    pub(super) items: Pointer,
    /// `None`: replies hold no id.
    pub(super) id: Option<Pointer>,
    pub(super) drop: Vec<Pointer>,
    pub(super) keep: Vec<Pointer>,
}

/// Where recipients stand.
#[derive(Debug)]
pub(super) struct Destinations {
    pub(super) place: Place,
    /// Between several in one value.
    pub(super) separator: Option<Box<str>>,
}

/// Where a URL of the sender stands in a request.
#[derive(Debug)]
pub(super) struct CallbackRule {
    pub(super) place: Place,
    /// Whether the provider waits there for a document.
    pub(super) answers: bool,
    /// The query of Redial's URL, where the provider fills in the sender's.
    pub(super) query: Option<Text>,
}

/// A path with variables: `/Accounts/{account_sid}/Messages/{sid}.json`, at most one variable in a segment.
#[derive(Debug)]
pub(super) struct PathPattern(pub(super) Vec<Segment>);

/// A segment of a path pattern.
#[derive(Debug)]
pub(super) enum Segment {
    Plain(Box<str>),
    Variable {
        before: Box<str>,
        name: Box<str>,
        after: Box<str>,
        /// The parameter of that name, which must then stand there.
        parameter: Option<usize>,
    },
}
