//! Owners with their points, changes and requests, and what is recorded for them.

use super::{Page, Result};
use crate::{
    clock::Time,
    domain::{
        address::Address,
        change::Request,
        id::{AuditId, GroupId, OwnerId, QueryId, RequestId},
        owner::{Change, Owner},
        query::Reason,
    },
};
use async_trait::async_trait;

/// A query that met an owner, or a recipient's link that was used, for that owner and for `explain` (rule Q10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryRecord {
    /// Never changes.
    pub id: QueryId,
    /// The owner that it met.
    pub owner: OwnerId,
    /// When.
    pub at: Time,
    /// `hook`, `via`, `api` or `cli`, and the account or key; `card` for a recipient's link.
    pub way: Box<str>,
    /// The number asked for; none where a recipient's link showed the card.
    pub asked: Option<Address>,
    /// The viewer's identity key; empty where the viewer was refused (counted, not named).
    pub viewer: Box<str>,
    /// Which rule decided.
    pub because: Reason,
    /// What made it decide, where there are several such things; for a reader.
    pub detail: Box<str>,
    /// Whether the new value was told.
    pub told: bool,
    /// Whether the communication was connected elsewhere.
    pub connected: bool,
    /// The owner's revision.
    pub revision: u64,
    /// The groups that gave the right.
    pub groups: Vec<GroupId>,
}

/// A line of an owner's audit trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    /// Never changes.
    pub id: AuditId,
    /// Whose trail.
    pub owner: OwnerId,
    /// When.
    pub at: Time,
    /// Who did it: a key's id, the owner, `import`, `system`.
    pub by: Box<str>,
    /// What was done, past tense: `number_changed`.
    pub what: Box<str>,
    /// With what, as JSON; numbers in it are masked.
    pub detail: Box<str>,
}

/// Owners, their changes and requests.
#[async_trait]
pub trait Owners: Send + Sync {
    /// One owner with all points and values.
    async fn owner(&self, id: OwnerId) -> Result<Option<Owner>>;
    /// Owners by id.
    async fn owners(&self, after: Option<OwnerId>, limit: usize) -> Result<Page<Owner>>;
    /// Accepted changes, oldest first, after a revision.
    async fn changes(&self, owner: OwnerId, after: u64, limit: usize) -> Result<Page<Change>>;
    /// One request.
    async fn request(&self, owner: OwnerId, id: RequestId) -> Result<Option<Request>>;
    /// Requests, newest first.
    async fn requests(&self, owner: OwnerId, before: Option<RequestId>, limit: usize) -> Result<Page<Request>>;
    /// The audit trail, oldest first.
    async fn audit(&self, owner: OwnerId, after: Option<AuditId>, limit: usize) -> Result<Page<Audit>>;
    /// Recorded queries, newest first.
    async fn queries(&self, owner: OwnerId, before: Option<QueryId>, limit: usize) -> Result<Page<QueryRecord>>;
    /// One recorded query.
    async fn query(&self, id: QueryId) -> Result<Option<QueryRecord>>;
}
