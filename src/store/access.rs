//! Who gets in: one-time codes and their limits, sessions, passkeys; and requests whose time has come.

use super::{ApiKey, Result};
use crate::{
    clock::Time,
    domain::{
        change::{Request, hold::Evidence},
        code::{Code, Count},
        id::{AppId, CodeId, OwnerId, SessionId},
    },
};
use async_trait::async_trait;
use std::time::Duration;

/// An owner who is signed in on one device.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// Never changes.
    pub id: SessionId,
    /// Who.
    pub owner: OwnerId,
    /// SHA-256 of the token; a new one where the session gained a right.
    pub hash: [u8; 32],
    /// The device, in words.
    pub label: Box<str>,
    /// What was shown in it.
    pub evidence: Vec<Evidence>,
    /// Since when.
    pub made: Time,
    /// When it was last used, to some minutes.
    pub used: Time,
    /// When it was ended.
    pub ended: Option<Time>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("id", &self.id).field("owner", &self.owner).finish_non_exhaustive()
    }
}

/// A passkey of an owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// The credential's id.
    pub id: Vec<u8>,
    /// Whose.
    pub owner: OwnerId,
    /// The owner's own word for it.
    pub label: Box<str>,
    /// COSE's number of the algorithm.
    pub algorithm: i64,
    /// The public key, as the algorithm has it.
    pub public: Vec<u8>,
    /// The authenticator's counter.
    pub count: u32,
    /// When it was added.
    pub made: Time,
    /// When it was last used.
    pub used: Option<Time>,
}

/// For how long codes and ended sessions are remembered after they are of no more use.
pub(super) const KEPT: Duration = Duration::from_hours(24);
/// Sessions that nobody uses are forgotten after this.
pub(super) const SESSIONS_KEPT: Duration = Duration::from_hours(90 * 24);

/// A write about who gets in.
#[derive(Clone, Debug)]
pub enum Admitted {
    /// The key of codes; where there is one it stays.
    SecretMade([u8; 32]),
    /// A code was asked for. Those of the day before are forgotten.
    CodeMade(Code),
    /// A code is about to be compared. Fails with `Conflict` where it was used, or was tried so often before.
    CodeTried {
        /// Which.
        id: CodeId,
        /// How often at most, this one included.
        most: u32,
    },
    /// A code was answered rightly. Fails with `Conflict` where it was used before.
    CodeUsed {
        /// Which.
        id: CodeId,
        /// When.
        at: Time,
    },
    /// One more of what is limited. Fails with `Spent` where there were as many as there may be. Windows that ended
    /// before `now` are forgotten.
    Counted {
        /// What.
        count: Count,
        /// The time of the write.
        now: Time,
    },
    /// A session is new, or was changed. Those that nobody used for long are forgotten.
    SessionSet(Session),
    /// A session is in use.
    SessionUsed(SessionId, Time),
    /// An app password was in use at this time.
    KeyUsed(AppId, Time),
    /// A passkey is new, or was used.
    PasskeySet(Passkey),
    /// A passkey is gone.
    PasskeyRemoved(OwnerId, Vec<u8>),
}

/// Who gets in.
#[async_trait]
pub trait Access: Send + Sync {
    /// The key of codes, where one was made.
    async fn secret(&self) -> Result<Option<[u8; 32]>>;
    /// A code by its id.
    async fn code(&self, id: CodeId) -> Result<Option<Code>>;
    /// The session of a token, by its SHA-256; ended ones too.
    async fn session(&self, hash: &[u8; 32]) -> Result<Option<Session>>;
    /// The sessions of an owner in the order of their ids; ended ones too.
    async fn sessions(&self, owner: OwnerId) -> Result<Vec<Session>>;
    /// A passkey by its credential's id.
    async fn passkey(&self, id: &[u8]) -> Result<Option<Passkey>>;
    /// The passkeys of an owner, oldest first.
    async fn passkeys(&self, owner: OwnerId) -> Result<Vec<Passkey>>;
    /// The API keys that act for one owner, in the order of their ids; revoked ones too.
    async fn keys_of(&self, owner: OwnerId) -> Result<Vec<ApiKey>>;
    /// Takes a request whose `due` has come and that nobody has, for `lease`.
    async fn claim_request(&self, lease: Duration) -> Result<Option<Request>>;
}
