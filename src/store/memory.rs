//! What came before, for a while: shared by all processes, bounded by time.

use super::Result;
use crate::clock::Time;
use async_trait::async_trait;

/// The first 16 bytes of a SHA-256 over what came.
pub type MemoryKey = [u8; 16];

/// Something that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Came {
    /// What.
    pub key: MemoryKey,
    /// When first.
    pub at: Time,
    /// From then on it is as if it had never come.
    pub until: Time,
    /// What is to be known of it; never shown.
    pub value: Box<[u8]>,
}

/// What is to be remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Memory {
    /// It comes for the first time. Fails with `Conflict` where it is known and its time is not over at the new one's `at`.
    First(Came),
    /// It is known from now on; where it was, nothing changes.
    Known(Came),
    /// It is forgotten. Fails with `Conflict` where it is not known.
    Forgotten(MemoryKey),
}

/// What came before.
#[async_trait]
pub trait Memories: Send + Sync {
    /// What is known under each of these keys, whether or not its time is over.
    async fn came(&self, keys: &[MemoryKey]) -> Result<Vec<Option<Came>>>;
    /// Forgets at most `limit` things whose time was over at this moment; how many.
    async fn forget_came(&self, before: Time, limit: usize) -> Result<usize>;
}
