//! The main job: has this number changed, and what may be done about it (rules Q2, Q3, Q5, Q8, Q9, Q12).

use super::{
    address::Address,
    group::Rights,
    id::{GroupId, OwnerId, PointId},
    name::NameKey,
};
use crate::clock::Time;
use std::time::Duration;

/// An owner who holds, or once held, the address in question; as the store finds it, no rule applied yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Who.
    pub owner: OwnerId,
    /// At which point.
    pub point: PointId,
    /// Since when.
    pub from: Time,
    /// Until when; `None`: it is held now.
    pub until: Option<Time>,
    /// From when the windows of rule Q3 count.
    pub proved: Time,
    /// Whether the value was believed at all; a value that nobody proved, vouched for or imported never forwards.
    pub believed: bool,
    /// The point's value now, unless it has none or was removed.
    pub current: Option<Address>,
    /// The owner's name keys.
    pub names: Vec<NameKey>,
    /// The shown name, for the answer where the point is revealed.
    pub name: Box<str>,
    /// Panic (rule C7).
    pub silenced: bool,
    /// The owner's revision, for the record.
    pub revision: u64,
    /// What the viewer's proved identities may do, and what the claimed one adds to being connected.
    pub rights: Rights,
    /// The groups that gave those rights.
    pub groups: Vec<GroupId>,
    /// Whether a blocked identity is among the viewer's.
    pub blocked: bool,
    /// Whether some other owner has proved the address since this one left it (rule Q3, last part).
    pub proved_by_another: bool,
}

/// What the store knows of one address, for one viewer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Present and former holders.
    pub holders: Vec<Holder>,
    /// The name that the viewer's own book has for the address, where the viewer is an owner.
    pub book_names: Vec<NameKey>,
    /// The address has stopped messages from this operator or from the asking account (rule Q9).
    pub opted_out: bool,
}

/// A question, already read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The name that the asker has for the number, if any.
    pub name: Option<NameKey>,
    /// One-time codes and the like are not redirected (rule Q8).
    pub identity_bound: bool,
    /// Who sends or calls, where it is known.
    pub sender: Option<Address>,
}

/// How long a former number is answered for (rule Q3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// Without a name.
    pub alone: Duration,
    /// With the former holder's name.
    pub named: Duration,
}

impl Default for Windows {
    fn default() -> Self {
        const DAY: u64 = 86_400;
        Self { alone: Duration::from_secs(45 * DAY), named: Duration::from_secs(365 * DAY) }
    }
}

/// What the asker is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is still how to reach them.
    Current,
    /// It has changed, and this is the new value.
    Moved(Address),
    /// Everything else (rule Q4).
    NoResult,
}

/// Which part of rule Q2 decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Held now, name matches, revealed.
    StillHeld,
    /// Held now by somebody; nothing more is said.
    HeldNow,
    /// No owner ever had it.
    NeverHeld,
    /// The name is not a former holder's.
    Namesake,
    /// Two owners left it.
    TwoFormerHolders,
    /// Too long ago, or somebody else has proved it since and no name is known.
    OutsideWindow,
    /// The owner has ended everything.
    Panic,
    /// One-time code, reset, bank alert.
    IdentityBound,
    /// Stopped messages at the old number.
    OptedOut,
    /// The point has no value or was removed.
    NoValueNow,
    /// The sender is the new number itself.
    OwnCall,
    /// Premium, shared cost, satellite, short, own number, or another country.
    ForbiddenTarget,
    /// No right, or blocked.
    NotGranted,
    /// Connected, and told where revealed.
    Granted,
}

/// Two halves (rule Q5): where Redial connects, and what the asker is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Where Redial itself connects instead.
    pub connect: Option<Address>,
    /// What the asker is told.
    pub say: Verdict,
    /// Which rule decided.
    pub because: Reason,
    /// The holder that the rule was about.
    pub holder: Option<usize>,
}
