//! Along one chain, line by line.

use super::{Broken, ERASED, Fault};
use crate::{
    domain::id::AuditId,
    store::chain::{BEGIN, Chain, Hash, Head, Line, Link, hash},
};

/// How far a chain was followed, and the first thing that is wrong with it.
pub(super) struct Walk {
    pub(super) chain: Chain,
    /// How many lines are blank.
    pub(super) blank: u64,
    /// The first of them.
    pub(super) first_blank: Option<(u64, AuditId)>,
    at: Head,
    /// Where the chain ended when its end was kept elsewhere.
    kept: Option<(u64, Hash)>,
    /// The first blank line of which no later one says that it was erased.
    unsaid: Option<(u64, AuditId)>,
    broken: Option<Broken>,
}

impl Walk {
    pub(super) fn new(chain: Chain, kept: Option<(u64, Hash)>) -> Self {
        let at = Head { number: 0, hash: BEGIN };
        Self { chain, blank: 0, first_blank: None, at, kept, unsaid: None, broken: None }
    }

    fn broken(&self, number: u64, id: Option<AuditId>, fault: Fault) -> Broken {
        Broken { chain: self.chain, number, id, fault }
    }

    /// The next line.
    pub(super) fn step<L: Line>(&mut self, link: &Link<L>) {
        if self.broken.is_some() {
            return;
        }
        let Link { line, salt, seal } = link;
        let expected = self.at.number + 1;
        let fault = if seal.number > expected {
            Some((expected, None, Fault::Missing))
        } else if salt.is_some_and(|salt| line.content(&salt) != seal.content) {
            Some((seal.number, Some(line.id()), Fault::Altered))
        } else if seal.number < expected || hash(&self.at.hash, seal.number, &seal.content) != seal.hash {
            Some((seal.number, Some(line.id()), Fault::OutOfPlace))
        } else if self.kept.is_some_and(|(number, kept)| number == seal.number && kept != seal.hash) {
            Some((seal.number, Some(line.id()), Fault::Replaced))
        } else {
            None
        };
        self.broken = fault.map(|(number, id, fault)| self.broken(number, id, fault));
        if salt.is_none() {
            self.blank += 1;
            self.unsaid = self.unsaid.or(Some((seal.number, line.id())));
            self.first_blank = self.first_blank.or(self.unsaid);
        } else if line.what() == ERASED && matches!(self.chain, Chain::Owner(_)) {
            self.unsaid = None;
        }
        self.at = Head { number: seal.number, hash: seal.hash };
    }

    /// The first broken line, where the chain is to end at `head`.
    pub(super) fn end(&self, head: Option<Head>) -> Option<Broken> {
        let head = head.unwrap_or_default();
        if let Some(found) = self.broken {
            return Some(found);
        }
        let shorter = |number| (self.at.number < number).then_some(self.at.number + 1);
        let (number, id, fault) = if let Some((number, id)) = self.unsaid {
            (number, Some(id), Fault::Blank)
        } else if let Some(next) = shorter(head.number) {
            (next, None, Fault::Cut)
        } else if self.at.number > head.number {
            (head.number + 1, None, Fault::Beyond)
        } else if self.at.hash != head.hash {
            (self.at.number, None, Fault::OutOfPlace)
        } else {
            (shorter(self.kept?.0)?, None, Fault::Cut)
        };
        Some(self.broken(number, id, fault))
    }
}
