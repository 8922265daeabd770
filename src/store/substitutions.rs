//! Communications that were sent elsewhere.

use super::Result;
use crate::{
    clock::Time,
    domain::{
        address::Address,
        id::{OwnerId, QueryId, SubstitutionId},
    },
};
use async_trait::async_trait;

/// What a message is that answers one that went elsewhere.
pub const REPLY: &str = "reply";

/// A communication that Redial sent elsewhere; durable before the request leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Substitution {
    /// Never changes.
    pub id: SubstitutionId,
    /// The account, by its name in the configuration.
    pub account: Box<str>,
    /// `call` or `message`; or [`REPLY`]: it came from the number that was connected before.
    pub channel: Box<str>,
    /// Whose number.
    pub owner: OwnerId,
    /// The number that the sender used.
    pub used: Address,
    /// Exactly as the sender wrote it.
    pub used_text: Box<str>,
    /// The number that was connected.
    pub connected: Address,
    /// The sender, where it is a number.
    pub sender: Option<Address>,
    /// The sender's own callback URL.
    pub callback: Option<Box<str>>,
    /// The provider's id of the call or message.
    pub foreign_id: Option<Box<str>>,
    /// The query that decided it.
    pub query: QueryId,
    /// When.
    pub at: Time,
}

/// How much of an owner's substitutions was read: none of them goes or loses its name by itself, so where both numbers are
/// still these nothing came since.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// How many there are.
    pub all: u64,
    /// How many of them have the provider's id.
    pub named: u64,
}

impl Extent {
    /// Of these.
    pub fn of<'a>(rows: impl IntoIterator<Item = &'a Substitution>) -> Self {
        rows.into_iter().fold(Self::default(), |Self { all, named }, row| Self {
            all: all + 1,
            named: named + u64::from(row.foreign_id.is_some()),
        })
    }
}

/// Communications that were sent elsewhere.
#[async_trait]
pub trait Substitutions: Send + Sync {
    /// By id.
    async fn substitution(&self, id: SubstitutionId) -> Result<Option<Substitution>>;
    /// By the provider's ids; those that are not found are left out.
    async fn substitutions_named(&self, account: &str, foreign_ids: &[Box<str>]) -> Result<Vec<Substitution>>;
    /// The newest by which `connected` was reached from `sender` since `since`: a reply from the new number comes from
    /// the number that the sender used (rule Q5).
    async fn substitution_between(
        &self,
        account: &str,
        connected: &str,
        sender: &str,
        since: Time,
    ) -> Result<Option<Substitution>>;
    /// Those of an owner's numbers after this one, in the order of their ids.
    async fn substitutions_about(
        &self,
        owner: OwnerId,
        after: Option<SubstitutionId>,
        limit: usize,
    ) -> Result<Vec<Substitution>>;
    /// The newest that was decided by this query.
    async fn substitution_of(&self, query: QueryId) -> Result<Option<Substitution>>;
}
