//! A provider file, compiled: what [`super::load`] makes and everything else uses.

use super::{
    Action, Channel, Document, Flags, Phase, State, Word,
    file::{AnswerKind, Encoding, OutcomeKind, Unit},
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

/// Credentials; numbers are positions of parameters.
#[derive(Debug)]
pub(super) enum Auth {
    Basic { user: usize, password: usize },
    Header { name: http::HeaderName, prefix: Box<str>, value: usize },
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
    pub(super) phases: Vec<Rule<Phase>>,
    pub(super) answers: Vec<Rule<(AnswerKind, DocumentText)>>,
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
    pub(super) answers: Vec<Rule<(AnswerKind, DocumentText)>>,
}

/// `[hooks.status]`.
#[derive(Debug)]
pub(super) struct StatusHook {
    pub(super) when: When,
    pub(super) account: Vec<(Place, usize)>,
    pub(super) id: Place,
    pub(super) state: Place,
    pub(super) code: Option<Place>,
    pub(super) to: Place,
    pub(super) from: Place,
    pub(super) states: Vec<Rule<(State, bool, Flags)>>,
    pub(super) acknowledge: DocumentText,
}

/// `[hooks.inbound]`.
#[derive(Debug)]
pub(super) struct InboundHook {
    pub(super) when: When,
    pub(super) account: Vec<(Place, usize)>,
    pub(super) id: Place,
    pub(super) from: Place,
    pub(super) to: Place,
    pub(super) text: Place,
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
    pub(super) method: http::Method,
    pub(super) path: Text,
    pub(super) encoding: Encoding,
    pub(super) headers: Vec<(http::HeaderName, Text)>,
    pub(super) fields: Vec<(Box<str>, Field)>,
    pub(super) reply: ReplyRules,
}

/// A field's value.
#[derive(Debug)]
pub(super) enum Field {
    Text(Text),
    /// Each of the media's URLs.
    Media,
}

/// `[send.reply]`.
#[derive(Debug)]
pub(super) struct ReplyRules {
    pub(super) id: Option<Place>,
    pub(super) code: Option<Place>,
    pub(super) detail: Option<Place>,
    pub(super) retry_after: Vec<(Place, Unit)>,
    pub(super) rules: Vec<Rule<ReplyRule>>,
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
    pub(super) methods: Vec<http::Method>,
    pub(super) paths: Vec<PathPattern>,
    pub(super) when: When,
    pub(super) destinations: Vec<Place>,
    pub(super) sender: Option<Place>,
    pub(super) text: Option<Place>,
    pub(super) unreadable: Vec<Place>,
    pub(super) identity_bound: Vec<When>,
    pub(super) callbacks: Vec<(Place, bool)>,
    pub(super) items: Pointer,
    pub(super) id: Pointer,
    pub(super) drop: Vec<Pointer>,
    pub(super) keep: Vec<Pointer>,
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
