//! Introductions, trays, and what was brought up to date in viewers' own books.

use super::{Page, Result};
use crate::{
    clock::Time,
    domain::{
        exchange::{BookUpdate, Introduction, TrayCard, TrayState},
        id::{ContactId, OwnerId, UpdateId},
    },
};
use async_trait::async_trait;

/// A write about the exchange of cards.
#[derive(Clone, Debug)]
pub enum Exchanged {
    /// An introduction is new, or takes the place of the contact's former one. Its address keys are remembered for ever;
    /// those that are already stay with whom they were remembered for.
    Introduced(Introduction, Vec<Box<str>>),
    /// An introduction stands elsewhere. Fails with `Conflict` where there is none.
    IntroductionSet(Introduction),
    /// It never left: it is gone, and its keys are forgotten.
    IntroductionDropped(OwnerId, ContactId),
    /// A card comes into a tray; where one of this pair was in it, nothing changes.
    Trayed(TrayCard),
    /// What became of a card in a tray. Fails with `Conflict` where it isn't waiting.
    TraySet {
        /// In whose tray.
        holder: OwnerId,
        /// Whose card.
        from: OwnerId,
        /// What became of it.
        state: TrayState,
    },
    /// An entry was brought up to date.
    BookUpdated(BookUpdate),
    /// And taken back. Fails with `Conflict` where it was already.
    BookUpdateUndone {
        /// In whose book.
        viewer: OwnerId,
        /// Which.
        id: UpdateId,
        /// When.
        at: Time,
    },
}

/// Introductions, trays, updates.
#[async_trait]
pub trait Exchange: Send + Sync {
    /// The introduction of a contact.
    async fn introduction(&self, owner: OwnerId, contact: ContactId) -> Result<Option<Introduction>>;
    /// At which of these keys the owner was introduced before, or is about to be.
    async fn introduced(&self, owner: OwnerId, keys: &[Box<str>]) -> Result<Vec<Box<str>>>;
    /// At which of its addresses a contact was introduced to the owner, or is about to be, by key, in order.
    async fn introduced_for(&self, owner: OwnerId, contact: ContactId) -> Result<Vec<Box<str>>>;
    /// All address keys at which the owner was introduced, or is about to be, in order.
    async fn introduced_at(&self, owner: OwnerId) -> Result<Vec<Box<str>>>;
    /// How many introductions of an owner go that were or are due after `since`.
    async fn introductions_since(&self, owner: OwnerId, since: Time) -> Result<u64>;
    /// Those of an owner that go and are due after `since`, at most `limit`, in the order of contacts.
    async fn introductions_due(&self, owner: OwnerId, since: Time, limit: usize) -> Result<Vec<Introduction>>;
    /// Contacts of an owner for whom an introduction was made after `since`, at most `limit`.
    async fn introductions_made(&self, owner: OwnerId, since: Time, limit: usize) -> Result<Vec<ContactId>>;
    /// Those that wait for the owner's word, in the order of contacts.
    async fn introductions_held(
        &self,
        owner: OwnerId,
        after: Option<ContactId>,
        limit: usize,
    ) -> Result<Page<Introduction>>;
    /// Those of other owners that go to one of these keys and were or are due after `since`, each once; at most 64.
    async fn introductions_to(&self, owner: OwnerId, keys: &[Box<str>], since: Time) -> Result<Vec<Introduction>>;
    /// Cards that wait in a tray, in the order of their owners.
    async fn tray(&self, holder: OwnerId, after: Option<OwnerId>, limit: usize) -> Result<Page<TrayCard>>;
    /// The card of one owner in a tray, whatever became of it.
    async fn tray_card(&self, holder: OwnerId, from: OwnerId) -> Result<Option<TrayCard>>;
    /// What was brought up to date in a viewer's books, newest first.
    async fn book_updates(&self, viewer: OwnerId, before: Option<UpdateId>, limit: usize) -> Result<Page<BookUpdate>>;
    /// One of them.
    async fn book_update(&self, viewer: OwnerId, id: UpdateId) -> Result<Option<BookUpdate>>;
    /// What was brought up to date in one entry, newest first, at most `limit`.
    async fn updates_of(&self, viewer: OwnerId, contact: ContactId, limit: usize) -> Result<Vec<BookUpdate>>;
}

/// Where an introduction stands, as one number.
pub(super) fn stand_code(stand: crate::domain::exchange::Stand) -> u8 {
    use crate::domain::exchange::{Stand, Why};
    match stand {
        Stand::Goes => 1,
        Stand::Held(Why::Import) => 2,
        Stand::Held(Why::Cap) => 3,
    }
}

/// And back.
pub(super) fn stand_of(code: u8) -> Option<crate::domain::exchange::Stand> {
    use crate::domain::exchange::{Stand, Why};
    [Stand::Goes, Stand::Held(Why::Import), Stand::Held(Why::Cap)].into_iter().find(|one| stand_code(*one) == code)
}

/// What became of a card in a tray, as one number.
pub(super) fn tray_code(state: TrayState) -> u8 {
    match state {
        TrayState::Waiting => 1,
        TrayState::Accepted => 2,
        TrayState::Refused => 3,
    }
}

/// And back.
pub(super) fn tray_of(code: u8) -> Option<TrayState> {
    [TrayState::Waiting, TrayState::Accepted, TrayState::Refused].into_iter().find(|one| tray_code(*one) == code)
}

/// One value of an update as it is kept: old key and wire form, new key and wire form.
pub(super) type Line = (Option<(Box<str>, Box<str>)>, (Box<str>, Box<str>));

/// The values of an update, as JSON.
pub(super) fn lines_json(update: &BookUpdate) -> String {
    let plain = |address: &crate::domain::address::Address| (Box::from(address.key()), Box::from(address.wire()));
    let lines: Vec<Line> = update.lines.iter().map(|line| (line.old.as_ref().map(plain), plain(&line.new))).collect();
    serde_json::to_string(&lines).expect("lists of texts always have a JSON form")
}

/// And back.
pub(super) fn lines_of(lines: Vec<Line>) -> Vec<crate::domain::exchange::Replaced> {
    use crate::domain::{address::Address, exchange::Replaced};
    let address = |(key, wire): (Box<str>, Box<str>)| Address::stored(key, wire);
    lines.into_iter().map(|(old, new)| Replaced { old: old.map(address), new: address(new) }).collect()
}
