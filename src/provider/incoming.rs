//! A request that came in, read once, and whether it is believed (rule W1).

use super::{Account, Document, SenderKey};
use crate::clock::Time;
use std::net::IpAddr;

/// A webhook or a sender's request. Its fields are parsed once, on the first use.
#[derive(Debug)]
pub struct Incoming<'a> {
    /// GET, POST, ….
    pub method: &'a http::Method,
    /// `https://host[:port]` as the request says; used only for accounts without `public_urls`.
    pub origin: &'a str,
    /// The provider's path and query, byte for byte as sent (for `/via/{account}/…` what follows the account; for
    /// hooks the whole path, which is what the provider signs).
    pub target: &'a str,
    /// All headers.
    pub headers: &'a http::HeaderMap,
    /// The raw body.
    pub body: &'a [u8],
    /// The present moment, for signatures with a time in them.
    pub now: Time,
    /// Where it came from.
    pub peer: Option<IpAddr>,
}

/// The webhooks of an account: `/hooks/{account}/…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hook {
    /// `call`.
    Call,
    /// `message`: before a message is sent.
    Message,
    /// `status`.
    Status,
    /// `inbound`.
    Inbound,
}

/// A believed webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Whether the signature covers the parameters: where it does not, nothing is substituted (rule W1).
    pub covers_parameters: bool,
}

/// Why a webhook or a sender is not believed. For counters and logs: towards the outside all look alike (rule W1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refused {
    /// No signature or credentials.
    #[error("unsigned")]
    Unsigned,
    /// Another secret, URL or body.
    #[error("wrong signature")]
    Wrong,
    /// Too old, or from the future.
    #[error("signature out of its time")]
    OutOfTime,
    /// The account id in it is another's.
    #[error("another account's")]
    OtherAccount,
}

/// A webhook without what it must hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no readable value at {place}")]
pub struct Malformed {
    /// The place, as the provider file writes it.
    pub place: Box<str>,
}

impl<'a> Incoming<'a> {
    /// Nothing is parsed yet.
    pub fn new(
        method: &'a http::Method,
        origin: &'a str,
        target: &'a str,
        headers: &'a http::HeaderMap,
        body: &'a [u8],
        now: Time,
    ) -> Self {
        Self { method, origin, target, headers, body, now, peer: None }
    }
}

impl Account {
    /// Checks signature, configured URL and account id of a webhook, in constant time, with each of several secrets.
    pub fn verify(&self, incoming: &Incoming<'_>, hook: Hook) -> Result<Verified, Refused> {
        let _ = (incoming, hook);
        todo!("the engine follows")
    }

    /// What a refused webhook is answered; one document for all reasons.
    pub fn refusal(&self) -> Document {
        todo!("the engine follows")
    }

    /// Checks a sender's credentials at the drop-in endpoint. In the operator's custody: one of the account's sender
    /// keys, which is returned; else the account's own credentials, and `None`. The error is the provider's own 401.
    pub fn authenticate(&self, incoming: &Incoming<'_>) -> Result<Option<&SenderKey>, Document> {
        let _ = incoming;
        todo!("the engine follows")
    }
}
