//! What watches the operation: figures by the minute, and the operation's own trail.

use super::{Page, Result};
use crate::{clock::Time, domain::id::AuditId};
use async_trait::async_trait;

/// What one process counted in one minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    /// The minute, counted from 1970.
    pub minute: i64,
    /// The process's name, the same after a restart.
    pub node: Box<str>,
    /// When that process started: two lives may share a minute.
    pub life: Time,
    /// What grew, as JSON.
    pub body: Box<str>,
}

/// Whose trail a line is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trail {
    /// What operators did at the console and by commands.
    Operators,
    /// What became of the configuration.
    Config,
}

impl Trail {
    /// All.
    pub const ALL: [Trail; 2] = [Trail::Operators, Trail::Config];

    /// As stored.
    pub fn word(self) -> &'static str {
        match self {
            Trail::Operators => "operators",
            Trail::Config => "config",
        }
    }

    /// From what is stored.
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|trail| trail.word() == word)
    }
}

/// A line of the operation's trail, at the end of its chain ([`super::chain`]); written once, never changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailLine {
    /// In which.
    pub trail: Trail,
    /// Never changes.
    pub id: AuditId,
    /// When.
    pub at: Time,
    /// The operator; empty where nobody is known, or it was no person.
    pub by: Box<str>,
    /// From where: a network address, or a process's name.
    pub origin: Box<str>,
    /// What was done, past tense: `signed_in`.
    pub what: Box<str>,
    /// To what: an id, a masked number, a reason.
    pub subject: Box<str>,
}

/// Figures and trails.
#[async_trait]
pub trait Watch: Send + Sync {
    /// Figures of all nodes from this minute on, or after the last of the page before, in the order of minute, node and life.
    async fn figures(&self, from: i64, after: Option<&Figures>, limit: usize) -> Result<Page<Figures>>;
    /// Forgets at most `limit` of those before this minute; how many.
    async fn forget_figures(&self, before: i64, limit: usize) -> Result<usize>;
    /// A trail, newest first.
    async fn trail(&self, trail: Trail, before: Option<AuditId>, limit: usize) -> Result<Page<TrailLine>>;
}
