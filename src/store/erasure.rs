//! What goes for good, and what a restored backup would bring back (rule C7).
//!
//! The store writes a line of its journal in the same commit as an erasure, an opt-out, a panic, and their end. Whoever
//! runs it copies the lines to a file beside the database, so that a database that is older than the file is noticed.
//! Addresses stand there as keyed hashes only.

use super::{Extent, Result, chain::hex};
use crate::{clock::Time, domain::id::OwnerId};
use async_trait::async_trait;
use ring::hmac;
use std::path::Path;

/// What an address begins with that is kept as a hash.
pub const HASHED: char = '#';

/// Makes the hashes.
#[derive(Clone)]
pub struct AddressHash(hmac::Key);

impl std::fmt::Debug for AddressHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AddressHash")
    }
}

impl AddressHash {
    /// With the database's own key.
    pub(super) fn new(key: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The hash of an address's key; one that is a hash already stays.
    pub(super) fn of(&self, key: &str) -> Box<str> {
        if key.starts_with(HASHED) {
            return key.into();
        }
        self.text(&[b"address", key.as_bytes()].concat())
    }

    /// Tells databases apart.
    pub(super) fn name(&self) -> Box<str> {
        self.text(b"name")
    }

    fn text(&self, of: &[u8]) -> Box<str> {
        let mac = hmac::sign(&self.0, of);
        format!("{HASHED}{}", hex(&mac.as_ref()[..16])).into()
    }
}

/// What happened that a restored backup would undo.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happened {
    /// An owner was erased.
    Erased(OwnerId),
    /// An owner has ended everything at once.
    Panicked(OwnerId),
    /// And has ended that.
    Calmed(OwnerId),
    /// An address takes no more messages, by its hash; from one owner or from everybody.
    Stopped(Box<str>, Option<OwnerId>),
    /// It takes them again.
    Started(Box<str>, Option<OwnerId>),
}

/// A line of the journal.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct JournalLine {
    /// Unique, in the database and in files: 16 bytes in hexadecimal digits.
    pub id: Box<str>,
    /// When.
    pub at: Time,
    /// What.
    pub what: Happened,
}

impl JournalLine {
    pub(super) fn new(id: [u8; 16], at: Time, what: Happened) -> Self {
        Self { id: hex(&id).into(), at, what }
    }

    pub(super) fn id_bytes(id: &str) -> Vec<u8> {
        let pairs = id.as_bytes().chunks(2);
        pairs.filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
    }
}

/// That nothing is sent, since when and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendingHeld {
    /// Since when.
    pub at: Time,
    /// Why, for a reader.
    pub why: Box<str>,
}

/// A write about erasure, the journal and the hold.
#[derive(Clone, Debug)]
pub enum OfErasure {
    /// Everything of an owner goes, wherever it stands; what its audit trail says too, but not the trail's hashes. Addresses
    /// of theirs that take no messages are kept as hashes. Links to them in others' books stay (a linking takes them away).
    /// Fails with `Conflict` where there is no such owner, or a substitution of theirs was written or named since they were
    /// read, for what is kept of each was made of what was read.
    Owner {
        /// Who.
        owner: OwnerId,
        /// When.
        at: Time,
        /// The substitutions that were read.
        read: Extent,
    },
    /// Lines of a journal that the database does not have.
    Journaled(Vec<JournalLine>),
    /// Nothing is sent from now on; where that is so already, nothing changes.
    Held(SendingHeld),
    /// It is sent again.
    Resumed,
}

/// Erasure, the journal, the hold, and copies of the database.
#[async_trait]
pub trait Erasure: Send + Sync {
    /// How many rows of each kind stand for an owner; those of which there are none are left out.
    async fn holdings(&self, owner: OwnerId) -> Result<Vec<(&'static str, u64)>>;
    /// When this owner was erased.
    async fn erased(&self, owner: OwnerId) -> Result<Option<Time>>;
    /// Which of these contacts' owners have a contact that is linked to this owner, with that contact; at most so many.
    async fn linked_to(&self, owner: OwnerId, limit: usize) -> Result<Vec<(OwnerId, crate::domain::id::ContactId)>>;
    /// Lines of the journal from this moment on, in order, after the last of the page before.
    async fn journal(&self, from: Time, after: Option<&JournalLine>, limit: usize) -> Result<Vec<JournalLine>>;
    /// Which of these the database has, by their ids.
    async fn journal_has(&self, ids: &[Box<str>]) -> Result<Vec<Box<str>>>;
    /// The database's name: the same in all its copies, and no other's.
    fn name(&self) -> Box<str>;
    /// Whether nothing is sent.
    async fn sending_held(&self) -> Result<Option<SendingHeld>>;
    /// Copies the database as it is at one moment to a new file. An error tells how else, where the engine cannot.
    async fn backup(&self, to: &Path) -> Result<()>;
}
