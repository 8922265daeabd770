//! Cards on their way to people who were added to a book, and into the books of people who are registered (rules E1 to
//! E4).
//!
//! [`introduce`] says what an added contact means, [`entry`] what a change makes of a viewer's own entry.

pub mod entry;

use super::{
    address::Address,
    id::{ContactId, OwnerId, UpdateId},
};
use crate::clock::Time;
use std::time::Duration;

/// How many introductions there may be (rule E2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// More new contacts than this within `window` are an import.
    pub alone: usize,
    /// See `alone`; and how long an introduction rests before it leaves, so that of an import nothing has left when it is
    /// seen to be one.
    pub window: Duration,
    /// Introductions of one owner in a day.
    pub of_owner: u64,
    /// Introductions to one address in a day, of all owners together.
    pub to_address: usize,
    /// Cards that wait in one tray.
    pub tray: usize,
}

/// What caps are counted over.
pub const DAY: Duration = Duration::from_hours(24);

impl Default for Limits {
    fn default() -> Self {
        Self { alone: 5, window: Duration::from_mins(10), of_owner: 50, to_address: 3, tray: 100 }
    }
}

/// How a contact came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By itself: by page, API or a phone's own contacts app.
    Alone,
    /// With a file.
    Import,
}

/// Why an introduction waits for the owner's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = HeldBecause)]
pub enum Why {
    /// It came with many others.
    Import,
    /// The owner had introduced as many as they may in a day.
    Cap,
}

/// Where an introduction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    /// It waits for the owner's word; nothing is sent.
    Held(Why),
    /// It leaves when it is due, or has left.
    Goes,
}

/// The card of an owner on its way to somebody whom they added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Introduction {
    /// Whose card.
    pub owner: OwnerId,
    /// To whom.
    pub contact: ContactId,
    /// When they were added.
    pub at: Time,
    /// Where it stands.
    pub stand: Stand,
    /// From when on it may leave; where it is held, from when on it might have.
    pub due: Time,
}

/// What is known when a contact joins groups.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact by itself")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Joined {
    /// One of the groups introduces.
    pub introduces: bool,
    /// How they came.
    pub way: Way,
    /// The contact has an address that a message or a person can be found by.
    pub reachable: bool,
    /// One of the addresses is, or was, the owner's own.
    pub own: bool,
    /// The owner has blocked one of the addresses.
    pub blocked: bool,
    /// The owner was introduced at one of the addresses before, or is about to be.
    pub before: bool,
    /// New contacts of this owner within the window, this one included.
    pub recent: usize,
    /// Introductions of this owner that left in the last day, or are about to.
    pub today: u64,
}

/// What a contact means who was added to groups (rules E1, E2); `None`: nothing is introduced.
///
/// Whether the contact stopped messages, has blocked the owner or was written to too often is asked right before the card
/// leaves, and the owner doesn't learn it.
pub fn introduce(joined: Joined, limits: &Limits) -> Option<Stand> {
    let Joined { introduces, way, reachable, own, blocked, before, recent, today } = joined;
    if !introduces || !reachable || own || blocked || before {
        return None;
    }
    if way == Way::Import || recent > limits.alone {
        return Some(Stand::Held(Why::Import));
    }
    Some(if today >= limits.of_owner { Stand::Held(Why::Cap) } else { Stand::Goes })
}

/// How many of the held ones may go now: what is left of the owner's day (rule E2).
pub fn left_today(today: u64, limits: &Limits) -> usize {
    usize::try_from(limits.of_owner.saturating_sub(today)).unwrap_or(usize::MAX)
}

/// Until when an introduction waits since its address has had as many as it may in a day, from all owners together;
/// `None`: it need not. `others` are those of other owners that were due before this one within the last day.
pub fn crowded(others: &[Time], now: Time, limits: &Limits) -> Option<Time> {
    let mut recent: Vec<Time> = others.iter().copied().filter(|due| now.since(*due) < DAY).collect();
    recent.sort_unstable();
    let over = recent.len().checked_sub(limits.to_address)?;
    // One leaves when the oldest that fill the day have left it.
    recent.get(over).map(|oldest| oldest.after(DAY))
}

/// What became of a card in a tray.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrayState {
    /// Nobody has looked at it, or has decided.
    Waiting,
    /// It became a contact.
    Accepted,
    /// It is not wanted, and does not come again.
    Refused,
}

/// A card that came to a registered person, apart from their book until they accept it (rule E4). It has no content: what
/// they may see is looked up when they look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrayCard {
    /// In whose tray.
    pub holder: OwnerId,
    /// Whose card.
    pub from: OwnerId,
    /// When it came.
    pub at: Time,
    /// What became of it.
    pub state: TrayState,
}

/// What is known when a card comes to somebody who is registered.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact by itself")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrives {
    /// The holder has blocked whom it comes from.
    pub blocked: bool,
    /// The holder has stopped messages from them, or all.
    pub stopped: bool,
    /// The holder's book has an entry that is linked to them.
    pub in_book: bool,
    /// A card of theirs came before, whatever became of it.
    pub before: bool,
    /// Cards that wait.
    pub waiting: usize,
}

/// Whether a card is put into the tray (rules E1, E4).
pub fn into_tray(arrives: Arrives, limits: &Limits) -> bool {
    let Arrives { blocked, stopped, in_book, before, waiting } = arrives;
    !(blocked || stopped || in_book || before) && waiting < limits.tray
}

/// An entry of a viewer's own book that was brought up to date (rule E3).
#[derive(Clone, PartialEq, Eq)]
pub struct BookUpdate {
    /// Never changes.
    pub id: UpdateId,
    /// In whose book.
    pub viewer: OwnerId,
    /// Which entry.
    pub contact: ContactId,
    /// Whose change.
    pub from: OwnerId,
    /// When.
    pub at: Time,
    /// The card as it was, byte for byte.
    pub before: Vec<u8>,
    /// And as it then became.
    pub after: Vec<u8>,
    /// What is different.
    pub lines: Vec<Replaced>,
    /// When the viewer took it back.
    pub undone: Option<Time>,
}

impl BookUpdate {
    /// Whether it can be taken back from the entry that now has this card: it was not, and nobody wrote to the entry since.
    pub fn may_be_undone(&self, card: &[u8]) -> bool {
        self.undone.is_none() && card == self.after
    }
}

impl std::fmt::Debug for BookUpdate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BookUpdate").field("id", &self.id).field("contact", &self.contact).finish_non_exhaustive()
    }
}

/// One value of an entry that was brought up to date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// What stood there; `None`: it was added.
    pub old: Option<Address>,
    /// What stands there.
    pub new: Address,
}

/// The values that a viewer took back from an entry and that are still those of that time: they are not put there again
/// (rule E3: undone until the next change).
pub fn kept_out(updates: &[BookUpdate], since: impl Fn(&Address) -> Option<Time>) -> Vec<&Address> {
    let undone = updates.iter().filter(|update| update.undone.is_some());
    let lines = undone.flat_map(|update| update.lines.iter().map(|line| (update.at, &line.new)));
    lines.filter(|(at, new)| since(new).is_none_or(|since| since <= *at)).map(|(_, new)| new).collect()
}

#[cfg(test)]
#[path = "exchange/tests.rs"]
mod tests;
