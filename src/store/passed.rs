//! Messages of senders that went on unchanged, for accounts that want them sent once more where a report says that the
//! number is dead (rule Q6, *after*). The text is not kept.

use super::Result;
use crate::{
    clock::Time,
    domain::{
        address::Address,
        id::{PassedId, SubstitutionId},
    },
};
use async_trait::async_trait;
use std::time::Duration;

/// How long they are kept: reports come within days, and senders read their messages for some time.
pub(super) const PASSED_KEPT: Duration = Duration::from_hours(31 * 24);

/// One such message; written before its request leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// Never changes.
    pub id: PassedId,
    /// The account, by its name in the configuration.
    pub account: Box<str>,
    /// The number that the sender used.
    pub used: Address,
    /// Exactly as the sender wrote it.
    pub used_text: Box<str>,
    /// The sender, where it is a number.
    pub sender: Option<Address>,
    /// The sender's key and callback URLs.
    pub callback: Option<Box<str>>,
    /// The provider's id of the message.
    pub foreign_id: Option<Box<str>>,
    /// When it left.
    pub at: Time,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a message that went on unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// No report has said that its number is dead.
    Waiting,
    /// It was sent once more, or may have been: by this substitution.
    SentAgain(SubstitutionId),
    /// Its number is dead, and it was not sent again, for a reader: why.
    Left(Box<str>),
}

/// A write about such a message.
#[derive(Clone, Debug)]
pub enum Passing {
    /// It is about to leave. Those older than a month are forgotten.
    Began(Passed),
    /// The provider's id of it became known.
    Named(PassedId, Box<str>),
    /// A report said that its number is dead. Fails with `Conflict` where one said so before.
    Ended(PassedId, Fate),
    /// What was to be sent once more by this substitution did not leave: why. Fails with `Conflict` where it is not so.
    TakenBack(PassedId, SubstitutionId, Box<str>),
}

/// Messages that went on unchanged.
#[async_trait]
pub trait Passes: Send + Sync {
    /// By id.
    async fn passed(&self, id: PassedId) -> Result<Option<Passed>>;
    /// By the provider's ids; those that are not found are left out.
    async fn passed_named(&self, account: &str, foreign_ids: &[Box<str>]) -> Result<Vec<Passed>>;
}
