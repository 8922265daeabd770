//! Messages to one address that are about no change: codes, held requests, answers. Durable, and sent by the worker.

use super::Result;
use crate::{
    clock::Time,
    domain::{address::Address, id::LetterId},
};
use async_trait::async_trait;
use std::time::Duration;

/// A message to one address.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// Never changes.
    pub id: LetterId,
    /// Whom it is for.
    pub to: Address,
    /// What it says, as JSON of the use case that wrote it; no secret stands in it.
    pub what: Box<str>,
    /// The language that was asked for; none: the owner's, or the service's.
    pub language: Option<Box<str>>,
    /// Somebody waits for it: it leaves before all others, at any hour.
    pub urgent: bool,
    /// When it is to leave.
    pub due: Time,
    /// From when on it is not sent any more.
    pub expires: Time,
    /// Attempts that certainly sent nothing.
    pub attempts: u32,
    /// The account by which it may have left.
    pub account: Option<Box<str>>,
}

impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Letter")
            .field("id", &self.id)
            .field("to", &self.to)
            .field("due", &self.due)
            .finish_non_exhaustive()
    }
}

/// A letter under a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedLetter {
    /// The letter.
    pub letter: Letter,
    /// The token without which it cannot be settled.
    pub fence: u64,
}

/// A write about letters. All but the first fail with `Conflict` where the fence is not the present one.
#[derive(Clone, Debug)]
pub enum Posted {
    /// A new one.
    Due(Letter),
    /// It may leave by this account from now on.
    Begun {
        /// Which.
        id: LetterId,
        /// The claim's token.
        fence: u64,
        /// By its name in the configuration.
        account: Box<str>,
    },
    /// It is tried again; ends the claim.
    Later {
        /// Which.
        id: LetterId,
        /// The claim's token.
        fence: u64,
        /// When.
        due: Time,
        /// Attempts so far.
        attempts: u32,
        /// The account by which it may have left all the same.
        account: Option<Box<str>>,
    },
    /// It was sent, or is of no use any more; it is gone.
    Ended {
        /// Which.
        id: LetterId,
        /// The claim's token.
        fence: u64,
    },
}

/// Letters.
#[async_trait]
pub trait Letters: Send + Sync {
    /// Takes at most `limit` due letters for `lease`; the urgent ones, or the others.
    async fn claim_letters(&self, urgent: bool, limit: usize, lease: Duration) -> Result<Vec<ClaimedLetter>>;
    /// One letter.
    async fn letter(&self, id: LetterId) -> Result<Option<Letter>>;
}
