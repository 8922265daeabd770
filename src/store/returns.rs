//! What comes back from recipients: delivery reports, bounces, stops, and the links by which they are said.

use super::Result;
use crate::{
    clock::Time,
    domain::{
        address::Address,
        id::{NoticeId, OwnerId},
        notice::{Attempt, NoticeState, Recipient, Reported},
        owner::Channel,
    },
};
use async_trait::async_trait;
use std::time::Duration;

/// A delivery report as it came. Kept also where no attempt has the provider's id yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The account, by its name in the configuration.
    pub account: Box<str>,
    /// The provider's id of the message.
    pub foreign_id: Box<str>,
    /// What it says.
    pub reported: Reported,
    /// The provider's code; empty where it names none.
    pub code: Box<str>,
    /// It says that the number or address is dead.
    pub dead: bool,
    /// It says that nobody there wants messages.
    pub stopped: bool,
    /// When it came.
    pub at: Time,
}

/// An address of which a report or a bounce says that it is dead. It ends messages there until somebody proves it, or
/// writes from it (rule N6); unlike an opt-out it does not follow the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreachable {
    /// The address.
    pub address: Address,
    /// When it was said.
    pub at: Time,
    /// By whom: `report:ACCOUNT:CODE`, `bounce:5.1.1`.
    pub way: Box<str>,
}

/// The link by which a recipient opens the card that they may see, chooses how they are told, and ends messages with one
/// click (RFC 8058).
#[derive(Clone, PartialEq, Eq)]
pub struct CardLink {
    /// Unguessable; stands in the URL.
    pub token: Box<str>,
    /// Whose card, and messages about whom.
    pub owner: OwnerId,
    /// Who may see it; `None` for links that only end messages.
    pub recipient: Option<Recipient>,
    /// The recipient's address.
    pub address: Address,
    /// The language of the message that it was made for.
    pub language: Box<str>,
    /// When it was made.
    pub at: Time,
    /// Until when it shows the card. It ends messages after that too.
    pub until: Time,
}

impl std::fmt::Debug for CardLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CardLink").field("owner", &self.owner).field("address", &self.address).finish_non_exhaustive()
    }
}

/// How the recipient at an address wants to be told, by whomever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preference {
    /// Where it was said.
    pub address: Address,
    /// The channel to try first.
    pub first: Option<Channel>,
    /// A language tag; empty for none.
    pub language: Box<str>,
    /// When it was said.
    pub at: Time,
}

/// A channel as it is stored.
pub(super) fn channel_word(channel: Channel) -> &'static str {
    match channel {
        Channel::Push => "push",
        Channel::Sms => "sms",
        Channel::Email => "email",
    }
}

/// A channel from what is stored.
pub(super) fn channel_of(word: &str) -> Option<Channel> {
    [Channel::Push, Channel::Sms, Channel::Email].into_iter().find(|channel| channel_word(*channel) == word)
}

/// A link is kept for so long after it has shown the card for the last time, since it still ends messages.
pub(super) const LINKS_KEPT: Duration = Duration::from_hours(400 * 24);

/// How long what came in is kept, so that it counts once.
pub(super) const KEPT: Duration = Duration::from_hours(31 * 24);

/// A write about what comes back.
#[derive(Clone, Debug)]
pub enum Returned {
    /// A report; one that is there already is left as it is. Those older than a month are forgotten.
    Received(Receipt),
    /// An attempt has, beside what was reported before, this report, and the provider's id where it had none.
    Reported {
        /// The notice.
        notice: NoticeId,
        /// Which attempt.
        number: u32,
        /// What is said; a lesser one than before changes nothing.
        reported: Reported,
        /// The provider's id.
        foreign_id: Box<str>,
    },
    /// A settled notice is open again, with its attempts. Fails with `Conflict` where it is not in the state `from`, or
    /// another notice of the pair is open.
    Reopened {
        /// Which.
        id: NoticeId,
        /// The state that it must have.
        from: NoticeState,
        /// When to try again.
        due: Time,
        /// For a reader.
        reason: Box<str>,
    },
    /// An address is dead; what was said of it before is replaced.
    Unreachable(Unreachable),
    /// An address is not, by its key.
    Reachable(Box<str>),
    /// A message from a person. Fails with [`super::StoreError::Repeated`] where it came before, in the last month.
    Heard {
        /// The account.
        account: Box<str>,
        /// The provider's id of it.
        foreign_id: Box<str>,
        /// When.
        at: Time,
    },
    /// Something is being answered to an address, by its key.
    Confirmed {
        /// The address's key.
        key: Box<str>,
        /// When.
        at: Time,
    },
    /// A link is made; of one that is known by its token, recipient, language and `until` become these. The pair's links
    /// that are long over are forgotten.
    CardLinked(CardLink),
    /// Links show nothing any more: all of an owner's, or those to the address with this key. The next notice makes new
    /// ones.
    CardLinksEnded {
        /// Whose cards.
        owner: OwnerId,
        /// At which address.
        key: Option<Box<str>>,
    },
    /// A recipient said how they want to be told; replaces what was said at the address before.
    Preferred(Preference),
}

/// What came back.
#[async_trait]
pub trait Returns: Send + Sync {
    /// Reports on a message, in no order.
    async fn receipts(&self, account: &str, foreign_id: &str) -> Result<Vec<Receipt>>;
    /// Notices, in order, with an attempt on which a report came and about which that changed nothing: it may have been
    /// sent, or it was sent and is reported as not delivered. Most of them are just being settled.
    async fn unsettled(&self, after: Option<NoticeId>, limit: usize) -> Result<Vec<NoticeId>>;
    /// Which of these addresses are dead, by their keys.
    async fn unreachable(&self, keys: &[Box<str>]) -> Result<Vec<Unreachable>>;
    /// The newest attempt at this address key over this account that left, or may have.
    async fn last_attempt_to(&self, account: &str, key: &str) -> Result<Option<Attempt>>;
    /// When something was last answered to an address, by its key.
    async fn confirmed(&self, key: &str) -> Result<Option<Time>>;
    /// A link by its token.
    async fn card_link(&self, token: &str) -> Result<Option<CardLink>>;
    /// The link of a pair that was made last.
    async fn card_link_of(&self, owner: OwnerId, key: &str) -> Result<Option<CardLink>>;
    /// Every link to an owner's card: at most one for each of their contacts' addresses and kinds of page.
    async fn card_links(&self, owner: OwnerId) -> Result<Vec<CardLink>>;
    /// What was said at any of these addresses, by their keys, on how to be told.
    async fn preferences(&self, keys: &[Box<str>]) -> Result<Vec<Preference>>;
}
