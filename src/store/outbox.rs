//! What is to be told: fan-outs, notices under a lease, attempts, the ledger, opt-outs.

use super::{Leaving, Page, Reports, Result};
use crate::{
    clock::Time,
    domain::{
        address::{Address, phone},
        id::{FanoutId, NoticeId, OwnerId},
        notice::{Attempt, Notice, NoticeState, Recipient, Shown},
    },
};
use async_trait::async_trait;
use std::time::Duration;

/// What a change, a grant, a membership or a block leaves to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fanout {
    /// Never changes.
    pub id: FanoutId,
    /// Whose details.
    pub owner: OwnerId,
    /// When the cause took effect.
    pub at: Time,
    /// Only these; empty: everybody in any group.
    pub only: Vec<Recipient>,
    /// Nobody is told anything, only the ledger follows: a block, a lost grant (rule C4).
    pub silent: bool,
    /// The last recipient of the last expanded page.
    pub cursor: Option<Recipient>,
}

/// A notice under a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The notice.
    pub notice: Notice,
    /// The token without which it cannot be settled.
    pub fence: u64,
    /// When others may take it.
    pub until: Time,
}

/// Somebody wants no more messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptOut {
    /// The address.
    pub address: Address,
    /// From whom; `None`: from everybody.
    pub owner: Option<OwnerId>,
    /// When.
    pub at: Time,
    /// How it was said.
    pub way: Box<str>,
}

/// Fan-outs, notices, attempts, the ledger, opt-outs.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Takes a fan-out whose `at` has come and that nobody has, for `lease`.
    async fn claim_fanout(&self, lease: Duration) -> Result<Option<Fanout>>;
    /// Takes at most `limit` due notices for `lease`. `retries`: those with attempts, else those without (rule N4).
    async fn claim(&self, retries: bool, limit: usize, lease: Duration) -> Result<Vec<Claimed>>;
    /// Prolongs a claim; `false` where somebody else has it by now.
    async fn heartbeat(&self, id: NoticeId, fence: u64, lease: Duration) -> Result<bool>;
    /// When the next open notice, letter, request, fan-out or linking is due, so that a worker can wait for it; a claimed one counts from the end
    /// of its claim.
    async fn next_due(&self) -> Result<Option<Time>>;
    /// One notice.
    async fn notice(&self, id: NoticeId) -> Result<Option<Notice>>;
    /// The open notice of a pair, claimed or not.
    async fn open_notice(&self, owner: OwnerId, recipient: Recipient) -> Result<Option<Notice>>;
    /// Notices of an owner, newest first.
    async fn notices(&self, owner: OwnerId, before: Option<NoticeId>, limit: usize) -> Result<Page<Notice>>;
    /// Notices in a state, of all owners, oldest first.
    async fn notices_in(&self, state: NoticeState, after: Option<NoticeId>, limit: usize) -> Result<Page<Notice>>;
    /// What each of these recipients of an owner was last shown, and their open notice, in their order.
    async fn pairs(&self, owner: OwnerId, recipients: &[Recipient]) -> Result<Vec<(Option<Shown>, Option<Notice>)>>;
    /// What delivering each of these begins with, in their order.
    async fn leaving(&self, notices: &[Notice]) -> Result<Vec<Leaving>>;
    /// The last attempt of a notice with what was reported of it.
    async fn reports_of(&self, id: NoticeId) -> Result<Option<Reports>>;
    /// The attempts of a notice, first one first.
    async fn attempts(&self, id: NoticeId) -> Result<Vec<Attempt>>;
    /// The attempt with the provider's id.
    async fn attempt_by_foreign_id(&self, account: &str, foreign_id: &str) -> Result<Option<Attempt>>;
    /// How many attempts over this account began since then and were sent, or may have been, by country, in no order
    /// (rule N7).
    async fn attempts_since(&self, account: &str, since: Time) -> Result<Vec<(phone::Country, u64)>>;
    /// Recipients whose notices about this owner had an attempt at this address key that ended as sent or unknown; at
    /// most 16 (rule N4: told already at this address).
    async fn recipients_at(&self, owner: OwnerId, key: &str) -> Result<Vec<Recipient>>;
    /// What this recipient was last shown.
    async fn shown(&self, owner: OwnerId, recipient: Recipient) -> Result<Option<Shown>>;
    /// Opt-outs at any of these keys.
    async fn opt_outs(&self, keys: &[Box<str>]) -> Result<Vec<OptOut>>;
}
