//! The chains of the owners' audit trails and of the operation's trails: what is hashed, and what is read to look through
//! them.
//!
//! A line's `content` is the SHA-256 of a salt of its own and of what it says, its `hash` that of the line before, its
//! place and its content. So a line can be erased, salt and all, and the chain still holds; and the head, which stands
//! apart, tells that none is missing at the end.

use super::{Audit, Page, Result, Trail, TrailLine};
use crate::domain::id::{AuditId, OwnerId};
use async_trait::async_trait;
use ring::digest::{Context, SHA256};
use std::fmt::Write as _;

/// A SHA-256.
pub type Hash = [u8; 32];

/// Where a chain begins: the `hash` before the first line.
pub const BEGIN: Hash = [0; 32];

/// Whose lines stand in one chain. The operation's trails come first, then owners in the order of their ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chain {
    /// What was done on the operation's side.
    Trail(Trail),
    /// What was done to an owner.
    Owner(OwnerId),
}

/// What stands in a chain.
pub trait Line {
    /// Its id.
    fn id(&self) -> AuditId;
    /// What was done.
    fn what(&self) -> &str;
    /// The hash of what it says. NUL stands as U+FFFD, for not every engine keeps it.
    fn content(&self, salt: &[u8; 16]) -> Hash;
}

impl Line for Audit {
    fn id(&self) -> AuditId {
        self.id
    }

    fn what(&self) -> &str {
        &self.what
    }

    fn content(&self, salt: &[u8; 16]) -> Hash {
        let fixed = [&salt[..], &self.owner.to_bytes(), &self.id.to_bytes(), &self.at.0.to_be_bytes()];
        content(b"redial audit line 1", &fixed, [&*self.by, &*self.what, &*self.detail])
    }
}

impl Line for TrailLine {
    fn id(&self) -> AuditId {
        self.id
    }

    fn what(&self) -> &str {
        &self.what
    }

    fn content(&self, salt: &[u8; 16]) -> Hash {
        let fixed = [&salt[..], &self.id.to_bytes(), &self.at.0.to_be_bytes()];
        let texts = [self.trail.word(), &*self.by, &*self.origin, &*self.what, &*self.subject];
        content(b"redial trail line 1", &fixed, texts)
    }
}

/// How a chain ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// How many lines there are.
    pub number: u64,
    /// The hash of the last one.
    pub hash: Hash,
}

impl Default for Head {
    fn default() -> Self {
        Self { number: 0, hash: BEGIN }
    }
}

/// What is stored beside a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seal {
    /// The line's place, from 1.
    pub number: u64,
    /// Hash of salt and text.
    pub content: Hash,
    /// Hash of the line before, the place and the content.
    pub hash: Hash,
}

impl Head {
    /// Goes on by a line.
    pub fn add(&mut self, salt: &[u8; 16], line: &impl Line) -> Seal {
        let number = self.number + 1;
        let content = line.content(salt);
        let hash = hash(&self.hash, number, &content);
        *self = Self { number, hash };
        Seal { number, content, hash }
    }
}

/// Parts of a fixed length, then texts, each after its length.
fn content<const N: usize>(kind: &[u8], fixed: &[&[u8]], texts: [&str; N]) -> Hash {
    let mut context = Context::new(&SHA256);
    context.update(kind);
    for part in fixed {
        context.update(part);
    }
    for text in texts {
        let text = text.replace('\0', "\u{fffd}");
        context.update(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        context.update(text.as_bytes());
    }
    finish(context)
}

/// The hash of a line that stands after another one.
pub fn hash(before: &Hash, number: u64, content: &Hash) -> Hash {
    let mut digest = Context::new(&SHA256);
    digest.update(b"redial audit chain 1");
    digest.update(before);
    digest.update(&number.to_be_bytes());
    digest.update(content);
    finish(digest)
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn finish(context: Context) -> Hash {
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// A line with its place in the chain, as it stands in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link<L = Audit> {
    /// What it says; of one that was erased only whose it is counts.
    pub line: L,
    /// `None`: it was erased.
    pub salt: Option<[u8; 16]>,
    /// The rest.
    pub seal: Seal,
}

/// Reads the chains.
#[async_trait]
pub trait Chains: Send + Sync {
    /// Lines of all owners, or of one, in the order of owners and places, after a place.
    async fn links(&self, of: Option<OwnerId>, after: Option<(OwnerId, u64)>, limit: usize) -> Result<Page<Link>>;
    /// The ends of all chains, or of one, in the order of owners.
    async fn heads(&self, of: Option<OwnerId>, after: Option<OwnerId>, limit: usize) -> Result<Page<(OwnerId, Head)>>;
    /// Lines of one of the operation's trails in the order of places, after a place.
    async fn trail_links(&self, of: Trail, after: u64, limit: usize) -> Result<Page<Link<TrailLine>>>;
    /// The end of one of the operation's trails.
    async fn trail_head(&self, of: Trail) -> Result<Option<Head>>;
    /// Lines of one of the operation's trails that stand in no chain, at most so many.
    async fn trail_unchained(&self, of: Trail, limit: usize) -> Result<Vec<AuditId>>;
    /// Lines of owners that stand in no chain, at most so many.
    async fn unchained(&self, of: Option<OwnerId>, limit: usize) -> Result<Vec<Audit>>;
    /// Owners who stand in full and have no chain, at most so many.
    async fn without_chain(&self, limit: usize) -> Result<Vec<OwnerId>>;
    /// How many lines there are in all, for a progress bar.
    async fn lines(&self) -> Result<u64>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::Time, domain::id::AuditId};

    fn line() -> Audit {
        let (by, what, detail) = ("owner".into(), "panicked".into(), "{}".into());
        Audit { id: AuditId(7), owner: OwnerId(1), at: Time(9), by, what, detail }
    }

    #[test]
    fn every_part_of_a_line_counts() {
        let all = line().content(&[1; 16]);
        let others = [
            line().content(&[2; 16]),
            Audit { id: AuditId(8), ..line() }.content(&[1; 16]),
            Audit { owner: OwnerId(2), ..line() }.content(&[1; 16]),
            Audit { at: Time(8), ..line() }.content(&[1; 16]),
            Audit { by: "ownerp".into(), what: "anicked".into(), ..line() }.content(&[1; 16]),
            Audit { detail: "{ }".into(), ..line() }.content(&[1; 16]),
        ];
        assert!(others.iter().all(|other| *other != all));
        let all = done().content(&[1; 16]);
        let others = [
            done().content(&[2; 16]),
            TrailLine { id: AuditId(8), ..done() }.content(&[1; 16]),
            TrailLine { trail: Trail::Config, ..done() }.content(&[1; 16]),
            TrailLine { at: Time(8), ..done() }.content(&[1; 16]),
            TrailLine { by: "olgac".into(), origin: "li".into(), ..done() }.content(&[1; 16]),
            TrailLine { what: "erase".into(), subject: "dx".into(), ..done() }.content(&[1; 16]),
        ];
        assert!(others.iter().all(|other| *other != all));
    }

    fn done() -> TrailLine {
        let (by, origin, what, subject) = ("olga".into(), "cli".into(), "erased".into(), "x".into());
        TrailLine { trail: Trail::Operators, id: AuditId(7), at: Time(9), by, origin, what, subject }
    }

    /// The form is kept for ever: what was written under it is looked through by later programs.
    #[test]
    fn the_form_does_not_change() {
        let mut head = Head::default();
        let seal = head.add(&[1; 16], &line());
        assert_eq!((head.number, head.hash), (1, seal.hash));
        let written = |hash: &Hash| hex(&hash[..6]);
        assert_eq!(
            (written(&seal.content), written(&seal.hash)),
            ("a040d0775093".to_owned(), "5c0dca421c64".to_owned())
        );
        assert_eq!(written(&done().content(&[1; 16])), "724d7eba64cb");
    }
}
