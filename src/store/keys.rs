//! API keys, and what was already answered.

use super::Result;
use crate::{
    clock::Time,
    domain::id::{AppId, OwnerId},
};
use async_trait::async_trait;

/// An API key. Only its hash is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// The application that it stands for.
    pub id: AppId,
    /// SHA-256 of the secret.
    pub hash: [u8; 32],
    /// The operator's word for it.
    pub label: Box<str>,
    /// Scopes, as in the configuration's words.
    pub scopes: Vec<Box<str>>,
    /// The one owner that it may act for; `None`: any.
    pub owner: Option<OwnerId>,
    /// When it was made.
    pub created: Time,
    /// When it was revoked.
    pub revoked: Option<Time>,
    /// When it was last used, where that is noted: for app passwords, to within some minutes.
    pub used: Option<Time>,
}

/// An idempotency key and the answer that a repeat gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    /// Who asked: an API key.
    pub caller: AppId,
    /// Method and path.
    pub path: Box<str>,
    /// The header's value.
    pub key: Box<str>,
    /// SHA-256 of the body.
    pub digest: [u8; 32],
    /// The status that was answered.
    pub status: u16,
    /// The body that was answered.
    pub body: Box<str>,
}

/// API keys and what was already answered.
#[async_trait]
pub trait Keys: Send + Sync {
    /// The key with this hash, revoked ones too.
    async fn key(&self, hash: &[u8; 32]) -> Result<Option<ApiKey>>;
    /// All keys in the order of their ids.
    async fn keys(&self) -> Result<Vec<ApiKey>>;
    /// What a caller was answered under an idempotency key.
    async fn once(&self, caller: AppId, path: &str, key: &str) -> Result<Option<Once>>;
    /// Forgets at most `limit` answers that were given before this, by the store's time; how many.
    async fn forget_answers(&self, before: Time, limit: usize) -> Result<usize>;
}
