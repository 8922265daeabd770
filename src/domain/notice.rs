//! What a recipient was last shown, what they may see now, and when the difference is told (rules C4, C5, N1 to N3).

mod difference;
mod due;
mod receipt;
mod route;
mod step;

pub use difference::{Difference, Line, News, Seen, before, difference, rights_digest, without_taken_away};
pub use due::{Debounce, due};
pub use receipt::{REPORTS_WITHIN, Reported, Settled, Standing, settle, standing};
pub use route::{Reach, USUAL_ORDER, channels, preferring, routes};
pub use step::{Moment, Step, View, left_to_tell, step};

use super::{
    id::{ContactId, NoticeId, OwnerId},
    owner::Channel,
    said::masked,
};
use crate::clock::Time;

/// Who is told: a registered owner where the contact is linked, else the contact.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Recipient {
    /// A registered owner; the ledger row itself is the delivery.
    Owner(OwnerId),
    /// A contact of the changing owner.
    Contact(ContactId),
}

impl Recipient {
    /// Who a notice to a contact goes to.
    pub fn of(contact: ContactId, linked: Option<OwnerId>) -> Self {
        linked.map_or(Self::Contact(contact), Self::Owner)
    }
}

/// One row of the ledger: what this recipient was last shown of this owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Whose details.
    pub owner: OwnerId,
    /// Shown to whom.
    pub recipient: Recipient,
    /// At which revision.
    pub revision: u64,
    /// Digest of the rights under which it was shown.
    pub rights: u64,
    /// What was shown, as JSON of `Seen`, from which the next difference is computed.
    pub card: Box<str>,
    /// When.
    pub at: Time,
}

/// Where a notice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoticeState {
    /// Waits until it is due, or for another try.
    Open,
    /// The far end took it.
    Sent,
    /// There was no difference left to tell, or nobody to tell it to.
    Empty,
    /// The request left and no answer came; waits for a receipt.
    Unknown,
    /// Given up; listed with its reason.
    Dead,
    /// Was dead; a replay took its place, named in the reason.
    Replayed,
}

impl NoticeState {
    /// All of them, those first that an operator looks for.
    pub const ALL: [Self; 6] = [Self::Dead, Self::Unknown, Self::Open, Self::Sent, Self::Empty, Self::Replayed];

    /// As in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Sent => "sent",
            Self::Empty => "empty",
            Self::Unknown => "unknown",
            Self::Dead => "dead",
            Self::Replayed => "replayed",
        }
    }

    /// From its word.
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Whether an operator may have it tried once more (rule N3): what was sent, or has nothing to tell, is not.
    pub fn may_be_replayed(self) -> bool {
        matches!(self, Self::Dead | Self::Unknown)
    }
}

/// A message telling one recipient about one owner. It has no content: that is computed when it is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Never changes.
    pub id: NoticeId,
    /// Whose details changed.
    pub owner: OwnerId,
    /// Who is to be told.
    pub recipient: Recipient,
    /// Where it stands.
    pub state: NoticeState,
    /// When the first change since the last notice was made: debounce counts at most ten minutes from here (rule C5).
    pub first: Time,
    /// When it is to be sent, or tried again.
    pub due: Time,
    /// When it was due before anything put it off: how late it is counts from here.
    pub since: Time,
    /// How many attempts were made.
    pub attempts: u32,
    /// Why it is in its state, for a reader.
    pub reason: Box<str>,
    /// When it reached a final state.
    pub settled: Option<Time>,
}

impl Notice {
    /// Why it is in its state, fit to be shown: rows that older programs wrote may have addresses in it.
    pub fn why(&self) -> String {
        masked(&self.reason)
    }
}

/// One try at one address over one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The notice.
    pub notice: NoticeId,
    /// Whom the notice is about.
    pub owner: OwnerId,
    /// Counts from 1.
    pub number: u32,
    /// The account, by its name in the configuration.
    pub account: Box<str>,
    /// How.
    pub channel: Channel,
    /// Where to.
    pub address: super::address::Address,
    /// When the request left.
    pub at: Time,
    /// How it ended; `None` while it is under way, and for ever if the process died then.
    pub outcome: Option<AttemptOutcome>,
    /// The provider's id of the message.
    pub foreign_id: Option<Box<str>>,
    /// What the far end said, shortened.
    pub detail: Box<str>,
    /// What reports say of it since, the furthest of them.
    pub reported: Option<Reported>,
}

impl Attempt {
    /// What the far end said, fit to be shown: rows that older programs wrote have it as it came, with addresses in it.
    pub fn said(&self) -> String {
        masked(&self.detail)
    }
}

/// How one try ended (rule N3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// The far end took it.
    Sent,
    /// It was not sent and may be tried again.
    TryAgain,
    /// It was not sent and never will be in this way.
    Never,
    /// It may have been sent.
    Unknown,
}
