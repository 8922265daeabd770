//! `[hooks.message]`: a webhook that asks before a message is sent, and the document that answers it.

use super::{
    Account, Document, ErrorKind, Incoming, Malformed, answer::Named, file::AnswerKind, incoming::Asked,
    number::number, place::Place,
};
use std::borrow::Cow;

/// A message that a webhook asks about before it is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Message<'a> {
    /// The system's id of the message.
    pub id: Cow<'a, str>,
    /// From whom, as the system writes it; empty where the webhook does not say.
    pub from: Cow<'a, str>,
    /// To whom, as the system writes it.
    pub to: Cow<'a, str>,
    /// The text; `None`: it cannot be read (rule Q8).
    pub text: Option<Cow<'a, str>>,
    /// The webhook itself says that it is a one-time code or the like (rule Q8).
    pub identity_bound: bool,
}

/// What to do with a message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum MessageAnswer<'a> {
    /// Send it to this number (E.164) instead.
    Connect {
        /// E.164.
        to: &'a str,
    },
    /// As if Redial was not there.
    Unchanged,
}

/// Masked: a message holds numbers and a text.
impl std::fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Masked: an answer holds a number.
impl std::fmt::Debug for MessageAnswer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            MessageAnswer::Connect { .. } => "Connect",
            MessageAnswer::Unchanged => "Unchanged",
        })
    }
}

impl Account {
    /// Reads a webhook that comes before a message is sent. Verify it first.
    pub fn read_message<'i>(&self, incoming: &'i Incoming<'_>) -> Result<Message<'i>, Malformed> {
        let none = || Malformed { place: "[hooks.message]".into() };
        let hook = self.provider().message.as_ref().ok_or_else(none)?;
        let value = |place: &Place| incoming.value(place).filter(|value| !value.is_empty());
        let needed = |place: &Place| value(place).ok_or_else(|| Malformed { place: place.written().into() });
        let readable = !hook.unreadable.iter().any(|place| value(place).is_some());
        let asked = Asked { incoming, names: &[], variables: &[] };
        let numbers = self.provider().numbers;
        Ok(Message {
            id: needed(&hook.id)?,
            from: numbers.read(hook.from.as_ref().and_then(value).unwrap_or_default()),
            to: numbers.read(needed(&hook.to)?),
            text: hook.text.as_ref().filter(|_| readable).and_then(value),
            identity_bound: hook.identity_bound.iter().any(|when| when.holds(&asked)),
        })
    }

    /// The document that does it.
    pub fn answer_message(&self, message: &Message<'_>, answer: MessageAnswer<'_>) -> Document {
        self.answer_message_by_rule(message, answer).0
    }

    /// The document, and the position of its rule.
    pub(super) fn answer_message_by_rule(
        &self,
        message: &Message<'_>,
        answer: MessageAnswer<'_>,
    ) -> (Document, Option<usize>) {
        let (kind, new) = match answer {
            MessageAnswer::Connect { to } => (AnswerKind::Connect, to),
            MessageAnswer::Unchanged => (AnswerKind::Unchanged, ""),
        };
        let names = [
            ("new", new),
            ("to", &*message.to),
            ("to_number", number(&message.to)),
            ("from", &*message.from),
            ("from_number", number(&message.from)),
            ("text", message.text.as_deref().unwrap_or_default()),
            ("message_id", &*message.id),
        ];
        let facts = Named(&names);
        let rules = self.provider().message.iter().flat_map(|hook| hook.answers.iter().enumerate());
        let found = rules.into_iter().find(|(_, rule)| rule.value.kind == kind && rule.when.holds(&facts));
        match found {
            Some((index, rule)) => (self.document(&rule.value.document, &names), Some(index)),
            None => (self.error(ErrorKind::Unavailable, "no answer is described"), None),
        }
    }
}
