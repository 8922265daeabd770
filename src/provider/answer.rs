//! Documents: what Redial answers to call webhooks, reports and failing requests, in the provider's own shape.

use super::{Account, Incoming, Malformed};
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
    /// Whether the destination can still be changed.
    pub phase: Phase,
}

/// When a call webhook comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

impl Account {
    /// Reads a call webhook. Verify it first.
    pub fn read_call<'i>(&self, incoming: &'i Incoming<'_>) -> Result<Call<'i>, Malformed> {
        let _ = incoming;
        todo!("the engine follows")
    }

    /// The provider's document that does it.
    pub fn answer_call(&self, call: &Call<'_>, answer: CallAnswer<'_>) -> Document {
        let _ = (call, answer);
        todo!("the engine follows")
    }

    /// The provider's own error shape, with a message for the sender's developer.
    pub fn error(&self, kind: ErrorKind, message: &str) -> Document {
        let _ = (kind, message);
        todo!("the engine follows")
    }
}
