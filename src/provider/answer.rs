//! Documents: what Redial answers to call webhooks, reports and failing requests, in the provider's own shape.

use super::{
    Account, Incoming, Malformed, NotWritten, Request, compiled::first, file::AnswerKind, incoming::Asked,
    number::number, rule::Facts, text::Values,
};
use bytes::Bytes;
use std::borrow::Cow;

/// An answer in the provider's own shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Status.
    pub status: http::StatusCode,
    /// Content type, absent for an empty body.
    pub content_type: Option<http::HeaderValue>,
    /// Body.
    pub body: Bytes,
}

/// A call that a webhook asks about.
#[derive(Clone, PartialEq, Eq)]
pub struct Call<'a> {
    /// The provider's id of the call.
    pub id: Cow<'a, str>,
    /// The caller as the provider writes it: a number, `sip:…`, `client:…`.
    pub from: Cow<'a, str>,
    /// The number called, as the provider writes it.
    pub to: Cow<'a, str>,
    /// What the system calls the part of its dialplan; empty where there is none.
    pub context: Cow<'a, str>,
    /// Whether the destination can still be changed.
    pub phase: Phase,
}

/// When a call webhook comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The other leg is not placed yet: it can be connected elsewhere.
    BeforeDial,
    /// The called person has answered already: only *unchanged* is right.
    Answered,
}

/// What to do with a call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum CallAnswer<'a> {
    /// Connect this number (E.164) instead, keeping the caller's number where the provider allows it.
    Connect {
        /// E.164.
        to: &'a str,
        /// A line spoken to the caller first, where the number is revealed (rule Q6).
        say: Option<&'a str>,
    },
    /// As if Redial was not there: the number called, or the customer's own application.
    Unchanged,
}

/// What a drop-in request failed by, before anything went upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Unknown credentials.
    Unauthorized,
    /// Not readable as what the provider takes.
    Malformed,
    /// No such path here.
    NotFound,
    /// The body is too large.
    TooLarge,
    /// Upstream did not answer, or could not be reached.
    Unavailable,
    /// Upstream took too long.
    TimedOut,
}

/// Masked: a call holds numbers.
impl std::fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call").field("id", &self.id).field("phase", &self.phase).finish_non_exhaustive()
    }
}

/// Masked: an answer holds numbers.
impl std::fmt::Debug for CallAnswer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            CallAnswer::Connect { .. } => "Connect",
            CallAnswer::Unchanged => "Unchanged",
        })
    }
}

impl ErrorKind {
    /// The name in a provider file, and the status where the file names none.
    fn facts(self) -> (&'static str, http::StatusCode) {
        match self {
            ErrorKind::Unauthorized => ("unauthorized", http::StatusCode::UNAUTHORIZED),
            ErrorKind::Malformed => ("malformed", http::StatusCode::BAD_REQUEST),
            ErrorKind::NotFound => ("not_found", http::StatusCode::NOT_FOUND),
            ErrorKind::TooLarge => ("too_large", http::StatusCode::PAYLOAD_TOO_LARGE),
            ErrorKind::Unavailable => ("unavailable", http::StatusCode::BAD_GATEWAY),
            ErrorKind::TimedOut => ("timed_out", http::StatusCode::GATEWAY_TIMEOUT),
        }
    }

    /// By the name in a provider file.
    pub(super) fn named(name: &str) -> Option<Self> {
        use ErrorKind::{Malformed, NotFound, TimedOut, TooLarge, Unauthorized, Unavailable};
        [Unauthorized, Malformed, NotFound, TooLarge, Unavailable, TimedOut].into_iter().find(|k| k.facts().0 == name)
    }
}

impl Phase {
    fn name(self) -> &'static str {
        match self {
            Phase::BeforeDial => "before_dial",
            Phase::Answered => "answered",
        }
    }
}

/// A request that has to follow the answer to a webhook.
#[derive(Clone, Debug)]
pub struct Command {
    /// Without the credentials that [`Account::authorize`] puts in.
    pub request: Request,
    /// Whether a repeat does the same once.
    pub repeatable: bool,
}

/// 128 bits in the form of a UUID, which some providers ask for (RFC 9562, version 8).
fn format_id(bytes: &[u8]) -> String {
    let hex = super::digest::hex(bytes);
    format!("{}-{}-8{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}

/// Names alone: what rules over an answer of ours look at.
pub(super) struct Named<'a>(pub(super) &'a [(&'static str, &'a str)]);

impl Facts for Named<'_> {
    fn name(&self, name: &str) -> Cow<'_, str> {
        self.0.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value).into()
    }

    fn place(&self, _: &super::place::Place) -> Option<Cow<'_, str>> {
        None
    }
}

impl Account {
    /// The document for a webhook that comes to the call hook and is about something else: the end of a call, a state.
    /// Asked before [`Account::read_call`].
    pub fn answer_other(&self, incoming: &Incoming<'_>) -> Option<Document> {
        self.answer_other_by_rule(incoming).map(|(document, _)| document)
    }

    /// The document, and the position of its rule.
    pub(super) fn answer_other_by_rule(&self, incoming: &Incoming<'_>) -> Option<(Document, usize)> {
        let hook = self.provider().call.as_ref()?;
        let (rule, document) = first(&hook.others, &Asked { incoming, names: &[], variables: &[] })?;
        Some((self.document(document, &[]), rule))
    }

    /// Reads a call webhook. Verify it first.
    pub fn read_call<'i>(&self, incoming: &'i Incoming<'_>) -> Result<Call<'i>, Malformed> {
        self.read_call_by_rule(incoming).map(|(call, _)| call)
    }

    /// The call, and the position of the rule that told its phase.
    pub(super) fn read_call_by_rule<'i>(
        &self,
        incoming: &'i Incoming<'_>,
    ) -> Result<(Call<'i>, Option<usize>), Malformed> {
        let none = || Malformed { place: "[hooks.call]".into() };
        let hook = self.provider().call.as_ref().ok_or_else(none)?;
        let value = |place: &super::place::Place| {
            let value = incoming.value(place).filter(|value| !value.is_empty());
            value.ok_or_else(|| Malformed { place: place.written().into() })
        };
        let numbers = self.provider().numbers;
        let from = numbers.read(incoming.value(&hook.from).unwrap_or_default());
        let (id, to) = (value(&hook.id)?, numbers.read(value(&hook.to)?));
        let context = hook.context.as_ref().and_then(|place| incoming.value(place)).unwrap_or_default();
        let names = [
            ("called", &*to),
            ("called_number", number(&to)),
            ("from", &*from),
            ("from_number", number(&from)),
            ("call_id", &*id),
        ];
        let found = first(&hook.phases, &Asked { incoming, names: &names, variables: &[] });
        // No rule: nothing is known of the call, and connecting it elsewhere could be too late.
        let (rule, phase) = found.map_or((None, Phase::Answered), |(index, phase)| (Some(index), *phase));
        Ok((Call { id, from, to, context, phase }, rule))
    }

    /// The provider's document that does it. A call that was answered already is not connected elsewhere.
    pub fn answer_call(&self, call: &Call<'_>, answer: CallAnswer<'_>) -> Document {
        self.answer_call_by_rule(call, answer).0
    }

    /// The document, and the position of its rule.
    pub(super) fn answer_call_by_rule(&self, call: &Call<'_>, answer: CallAnswer<'_>) -> (Document, Option<usize>) {
        let found = self.with_answer(call, answer, |names, rule, found| (self.document(&found.document, names), rule));
        match found {
            Some((document, rule)) => (document, Some(rule)),
            None => (self.error(ErrorKind::Unavailable, "no answer is described"), None),
        }
    }

    /// The request that has to follow the document, where the provider takes orders instead of documents. It may be made
    /// again when no answer came only if it says so.
    pub fn command(&self, call: &Call<'_>, answer: CallAnswer<'_>) -> Option<Result<Command, NotWritten>> {
        self.with_answer(call, answer, |names, _, found| {
            let command = self.provider().commands.get(found.command?)?;
            // The same at every repeat, and different for every call.
            let id = super::digest::sha256(format!("{} {}", self.name(), call.id).as_bytes());
            let id = format_id(&id);
            let mut section = names.to_vec();
            section.push(("command_id", &id));
            let request = self.request(&command.endpoint, &section, &[], command.body.as_ref());
            Some(request.map(|request| Command { request, repeatable: command.repeatable }))
        })?
    }

    /// What the first answer that fits makes.
    fn with_answer<T>(
        &self,
        call: &Call<'_>,
        answer: CallAnswer<'_>,
        make: impl FnOnce(&[(&'static str, &str)], usize, &super::compiled::Answer) -> T,
    ) -> Option<T> {
        let (kind, new, say) = match answer {
            CallAnswer::Connect { to, say } if call.phase == Phase::BeforeDial => (AnswerKind::Connect, to, say),
            _ => (AnswerKind::Unchanged, "", None),
        };
        let (called_number, from_number) = (number(&call.to), number(&call.from));
        let mut names = [
            ("called", &*call.to),
            ("called_number", called_number),
            ("from", &*call.from),
            ("from_number", from_number),
            ("call_id", &*call.id),
            ("context", &*call.context),
            ("new", new),
            ("say", say.unwrap_or_default()),
            ("application", self.settings().application.as_deref().unwrap_or_default()),
            ("phase", call.phase.name()),
            ("caller_id", ""),
        ];
        let hook = self.provider().call.as_ref()?;
        let values = Values { section: &names, parameters: self.parameters() };
        let caller_id = hook.caller_id.iter().filter_map(|text| text.value(&values).ok()).find(|id| !id.is_empty());
        let caller_id = caller_id.map(Cow::into_owned).unwrap_or_default();
        names[names.len() - 1].1 = &caller_id;
        let facts = Named(&names);
        let mut rules = hook.answers.iter().enumerate();
        let (index, rule) = rules.find(|(_, rule)| rule.value.kind == kind && rule.when.holds(&facts))?;
        Some(make(&names, index, &rule.value))
    }

    /// The provider's own error shape, with a message for the sender's developer.
    pub fn error(&self, kind: ErrorKind, message: &str) -> Document {
        self.error_by_rule(kind, message).0
    }

    /// The document, and the position of its rule.
    pub(super) fn error_by_rule(&self, kind: ErrorKind, message: &str) -> (Document, Option<usize>) {
        let (name, status) = kind.facts();
        let names = [("kind", name), ("message", message), ("status", status.as_str())];
        let Some((index, (own_status, document))) = first(&self.provider().errors, &Named(&names)) else {
            let content_type = http::HeaderValue::from_static("text/plain; charset=utf-8");
            let body = Bytes::copy_from_slice(message.as_bytes());
            return (Document { status, content_type: Some(content_type), body }, None);
        };
        let mut document = self.document(document, &names);
        if !own_status {
            document.status = status;
        }
        (document, Some(index))
    }
}
