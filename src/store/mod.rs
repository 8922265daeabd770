//! What is kept. Facts out, through a small trait per entity; one way in, [`Store::commit`].
//!
//! A store applies no rule of the design: it returns facts, `domain` decides, and the use case commits a list of
//! [`Effect`]s with the owner versions that the decision was made on. Two implementations, [`sqlite`] and
//! [`postgres`], each with its own SQL and the same migration numbers, pass one conformance suite
//! (`tests/it/store`). To add a fact: a method on the trait of its entity, in both, and a case in the suite. To add
//! an effect: a variant there, one statement in each.
//!
//! No engine's type or error leaves this module, and no SQL stands outside it.

mod access;
mod books;
pub mod chain;
pub mod devices;
mod effect;
pub mod erasure;
pub mod exchange;
pub mod filter;
mod imported;
mod keys;
mod leaving;
mod letters;
mod memory;
mod numbers;
mod outbox;
mod owners;
pub mod passed;
pub mod postgres;
pub mod returns;
pub mod sqlite;
mod substitutions;
pub mod watch;

use crate::{clock::Time, domain::address::Address};
pub use access::{Access, Admitted, Passkey, Session};
use async_trait::async_trait;
pub use books::{Audience, Books, Linking};
pub use chain::Chains;
pub use devices::{Devices, OfDevice};
pub use effect::{Commit, Effect};
pub use erasure::{Erasure, OfErasure};
pub use exchange::{Exchange, Exchanged};
pub use keys::{ApiKey, Keys, Once};
pub use leaving::{Leaving, Reports};
pub use letters::{ClaimedLetter, Letter, Letters, Posted};
pub use memory::{Came, Memories, Memory, MemoryKey};
pub use numbers::Numbers;
pub use outbox::{Claimed, Fanout, OptOut, Outbox};
pub use owners::{Audit, Owners, QueryRecord};
pub use passed::{Fate, Passed, Passes, Passing};
pub use returns::{CardLink, Preference, Receipt, Returned, Returns, Unreachable};
use std::sync::Arc;
pub use substitutions::{Extent, REPLY, Substitution, Substitutions};
use tokio::sync::Notify;
pub use watch::{Figures, Trail, TrailLine, Watch};

/// Why a read or a commit did not happen. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// An expected version was not the present one, or a unique row existed: read again and decide again.
    #[error("something else changed this at the same time")]
    Conflict,
    /// Another owner holds this address now.
    #[error("{0} is held by another owner")]
    Taken(Address),
    /// The idempotency key was used before.
    #[error("this request was already carried out")]
    Repeated,
    /// There were as many of something limited as there may be.
    #[error("there were too many of these for now")]
    Spent,
    /// The database could not be reached, is full, or refused. Only where the answer to a commit was lost on the way, and
    /// nothing could be learnt about it for some ten seconds, it may have taken effect after all: then the text says so.
    #[error("the store is not available: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What is stored cannot be read: table, column and row are named.
    #[error("the store holds something unreadable in {0}")]
    Damaged(Box<str>),
    /// The schema is newer than this program.
    #[error("the store has schema {found}, this program knows {known}: run the newer program")]
    Newer {
        /// In the database.
        found: u32,
        /// The last that this program knows.
        known: u32,
    },
}

/// Shorthand for results of this module.
pub type Result<T> = std::result::Result<T, StoreError>;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// In order.
    pub items: Vec<T>,
    /// Whether more follow the last one.
    pub more: bool,
}

/// Everything that is kept.
#[async_trait]
pub trait Store:
    Numbers
    + Owners
    + Books
    + Outbox
    + Letters
    + Returns
    + Devices
    + Exchange
    + Chains
    + Erasure
    + Substitutions
    + Passes
    + Memories
    + Keys
    + Access
    + Watch
{
    /// Writes all effects or none, and returns the store's time. Durable on return. The only way to write, beside
    /// claims, heartbeats and what forgets.
    async fn commit(&self, commit: Commit) -> Result<Time>;
    /// Wakes whoever waits for it after each commit through this store that leaves something to be done: a fan-out, a
    /// linking, a notice, a letter, a request that is held. What other processes write is found by looking.
    fn work(&self) -> &Notify;
    /// How many rows of a large load are best written in one commit: few where each row is a statement over a network.
    fn load_size(&self) -> usize {
        300
    }
    /// The store's time: the injected clock for SQLite, the database's for PostgreSQL.
    async fn now(&self) -> Result<Time>;
    /// Follows writes of other processes into the filter, once. The caller repeats it.
    async fn follow(&self) -> Result<()>;
    /// Writes the filter to disk where that makes the next start faster, and ends what runs in the background.
    async fn close(&self);
}

/// A store that several tasks share.
pub type SharedStore = Arc<dyn Store>;
