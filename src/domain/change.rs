//! Requests for a change and what becomes of them (rules C2, C6, C9, C10, C11).
//!
//! [`accept()`] turns an owner and a [`Wish`] into the owner as it then is and the [`Step`]s that lead there. What makes a
//! value former is found by comparing before and after, so that no way in can forget that it is a change of number.

mod accept;
pub mod hold;
mod profile;
#[cfg(test)]
mod tests;

pub use accept::{Accepted, Step, accept, introduced};
pub use profile::{BadField, faults, patched};

use super::{
    address::{Address, Kind},
    id::{OwnerId, PointId, RequestId},
    owner::{Owner, Profile, Proof},
};
use crate::clock::Time;

/// Most points of one owner, removed ones included.
pub const MOST_POINTS: usize = 64;

/// Longest label, in letters.
pub const LONGEST_LABEL: usize = 64;

/// A wanted change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Never changes.
    pub id: RequestId,
    /// Whose details are to change.
    pub owner: OwnerId,
    /// Where it stands.
    pub state: RequestState,
    /// What is wanted, as JSON in the form of the API.
    pub wanted: Box<str>,
    /// Who asked: an API key's id, or the owner.
    pub by: Box<str>,
    /// When it was made.
    pub created: Time,
    /// When it reached its last state.
    pub decided: Option<Time>,
    /// What was shown for it, and what stood against it.
    pub course: hold::Course,
    /// When it is looked at next: the end of its hold, or of the patience with it; `None` where it is decided.
    pub due: Option<Time>,
}

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    /// The new value is not proved yet.
    AwaitingProof,
    /// Proved, and waiting so that it can be stopped.
    Held,
    /// Done; a change exists.
    Accepted,
    /// Stopped by the owner.
    Cancelled,
    /// Never proved.
    Expired,
}

impl RequestState {
    /// Whether it can still become accepted or cancelled.
    pub fn is_open(self) -> bool {
        matches!(self, RequestState::AwaitingProof | RequestState::Held)
    }
}

/// What a request wants of points and profile. All of it happens, or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// Points and profile of an earlier revision; applied before everything else.
    pub restore: Option<Snapshot>,
    /// Another language tag.
    pub language: Option<Box<str>>,
    /// Another time zone; empty for that of the numbers. It is no part of a revision.
    pub zone: Option<Box<str>>,
    /// All fields as they are to be.
    pub profile: Option<Profile>,
    /// What becomes of points.
    pub points: Vec<PointWish>,
}

/// What becomes of one point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PointWish {
    /// A new one. With a point of the same kind and label removed in the same wish, that one goes on instead: a number
    /// that is removed and added is a changed number (rule C11).
    Add {
        /// The id that it gets.
        id: PointId,
        /// The owner's own word.
        label: Box<str>,
        /// Its value.
        address: Address,
    },
    /// Another value; the present one given again is proved again.
    Replace {
        /// Which.
        point: PointId,
        /// Its new value.
        address: Address,
    },
    /// It forwards nowhere from now on.
    Remove {
        /// Which.
        point: PointId,
    },
    /// Another label. Onto the kind and label of a point that is removed in the same wish, the value moves to that
    /// point: what was behind the label has changed (rule C11).
    Relabel {
        /// Which.
        point: PointId,
        /// The owner's own word.
        label: Box<str>,
    },
}

/// Why a wish cannot be carried out. `at` counts the wishes about points from 0.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Impossible {
    /// The owner has no such point, or removed it.
    #[error("the owner has no such point")]
    UnknownPoint {
        /// Which wish.
        at: usize,
    },
    /// A phone number for an e-mail point, or the reverse.
    #[error("a point stays what it is, a phone number or an e-mail address; add another point instead")]
    KindDiffers {
        /// Which wish.
        at: usize,
    },
    /// Two points would have one value.
    #[error("another point of this owner has this value already")]
    TwoPoints {
        /// Which wish; `None` where a restored revision is the cause.
        at: Option<usize>,
    },
    /// Too many points.
    #[error("an owner has at most {MOST_POINTS} points, removed ones included")]
    TooManyPoints {
        /// Which wish.
        at: usize,
    },
    /// No label, or one that is too long or not plain text.
    #[error("a label has 1 to {LONGEST_LABEL} letters and no control characters")]
    BadLabel {
        /// Which wish.
        at: usize,
    },
}

/// Points and profile as they were at one revision; what [`super::owner::Change::snapshot`] holds as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Snapshot {
    /// Language tag.
    pub language: Box<str>,
    /// All fields.
    pub profile: Profile,
    /// Points that were not removed, in the owner's order.
    pub points: Vec<PointAt>,
}

/// One point at one revision.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PointAt {
    /// Which.
    pub id: PointId,
    /// Phone or e-mail.
    pub kind: Kind,
    /// The owner's own word.
    pub label: Box<str>,
    /// The value's key and wire form; `None` where it had no value.
    pub value: Option<(Box<str>, Box<str>)>,
}

impl Snapshot {
    /// What is to be kept of an owner.
    pub fn of(owner: &Owner) -> Self {
        let points = owner.points.iter().filter(|point| point.removed.is_none());
        Self {
            language: owner.language.clone(),
            profile: owner.profile.clone(),
            points: points
                .map(|point| PointAt {
                    id: point.id,
                    kind: point.kind,
                    label: point.label.clone(),
                    value: point.current().map(|held| (held.address.key().into(), held.address.wire().into())),
                })
                .collect(),
        }
    }
}

/// Somebody else who has, or had, a value that a request wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rival {
    /// Who.
    pub owner: OwnerId,
    /// At which of their points.
    pub point: PointId,
    /// Whether a person stands behind that owner (rule C10).
    pub claimed: bool,
    /// Whether it is their present value.
    pub present: bool,
    /// Whether their value was believed at all.
    pub believed: bool,
    /// When they proved it last.
    pub proved: Time,
}

/// The value is somebody else's, and this proof does not beat theirs (rule C9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("another owner holds this value; a code sent there is the proof that decides")]
pub struct Contested;

/// Whose points end where a value is proved for an owner (rules C9, C10).
///
/// An unclaimed owner's imported move ends at the first proof of either of its numbers by anybody. A claimed owner
/// gives way to a code only: a key's word against another proof is refused. Who merely had the value once keeps
/// their history; rule Q3 ends its forwarding without a name. The newest proof counts: not one that was `shown` before
/// the other's last.
pub fn contest(rivals: &[Rival], proof: &Proof, shown: Option<Time>) -> Result<Vec<(OwnerId, PointId)>, Contested> {
    let mut ended = Vec::new();
    if *proof == Proof::None {
        return Ok(ended);
    }
    for rival in rivals {
        let gives_way = if rival.claimed {
            let holds = rival.present && rival.believed;
            let older = shown.is_some_and(|shown| rival.proved > shown);
            if holds && (*proof != Proof::Code || older) {
                return Err(Contested);
            }
            holds
        } else {
            true
        };
        if gives_way && !ended.contains(&(rival.owner, rival.point)) {
            ended.push((rival.owner, rival.point));
        }
    }
    Ok(ended)
}
