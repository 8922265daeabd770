//! The main job: has this number changed, and what may be done about it (rules Q2, Q3, Q5, Q8, Q9, Q12).

use super::{
    address::{Address, Kind},
    group::{Item, Rights},
    id::{GroupId, OwnerId, PointId},
    name::NameKey,
    opt_out::{self, Said},
    target::Targets,
};
use crate::clock::Time;
use std::time::Duration;

/// An owner who holds, or once held, the address in question; as the store finds it, no rule applied yet.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, in any combination with the others")]
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
    /// The point's value now, unless it has none, it was removed, or nobody has shown that the value is its own.
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
    /// What was said at any number that one of the holders has or had, to everybody or to one of the viewer's owners
    /// (rule Q9).
    pub opt_outs: Vec<Said>,
}

/// A question, already read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The address asked for.
    pub to: Address,
    /// The name that the asker has for it, if any.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
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
    /// Stopped messages at the old number, or at another of theirs.
    OptedOut,
    /// The point has no value or was removed.
    NoValueNow,
    /// The sender is the new number itself.
    OwnCall,
    /// Premium, shared cost, satellite, short, own number, or another country.
    ForbiddenTarget,
    /// No right, or blocked.
    NotGranted,
    /// The asker has learnt as many numbers in a day as it may.
    Harvest,
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

impl Decision {
    fn no(because: Reason, holder: Option<usize>) -> Self {
        Self { connect: None, say: Verdict::NoResult, because, holder }
    }

    /// Whether the asker gets at somebody's number by it (rule Q13): it is told, or is connected where it `connects`.
    pub fn gives(&self, connects: bool) -> bool {
        matches!(self.say, Verdict::Moved(_)) || (connects && self.connect.is_some())
    }

    /// Nothing about this holder, for an asker who has had as many as there may be (rule Q13).
    pub fn harvested(holder: Option<usize>) -> Self {
        Self::no(Reason::Harvest, holder)
    }
}

/// Rule Q2: the first match decides. Windows are rule Q3, targets rule Q12, the two halves of the result rule Q5.
///
/// A value that nobody proved, vouched for or imported counts neither as held nor as left: else a number that one
/// merely claims would stop, or lead, other people's calls.
pub fn decide(query: &Query, facts: &Facts, windows: &Windows, targets: &Targets, now: Time) -> Decision {
    let bears = |holder: &Holder| name_is_borne(query, facts, holder);
    let believed = || facts.holders.iter().enumerate().filter(|(_, holder)| holder.believed);

    if let Some((at, holder)) = believed().find(|(_, holder)| holder.until.is_none() && bears(holder).unwrap_or(true)) {
        return if bears(holder) == Some(true) && sees(holder, holder.point) && !holder.silenced {
            Decision { connect: None, say: Verdict::Current, because: Reason::StillHeld, holder: Some(at) }
        } else {
            Decision::no(Reason::HeldNow, Some(at))
        };
    }
    let former = || believed().filter(|(_, holder)| holder.until.is_some());
    if former().next().is_none() {
        let because = if believed().next().is_some() { Reason::Namesake } else { Reason::NeverHeld };
        return Decision::no(because, None);
    }
    // Of one owner's several leavings of the same number the last one counts.
    let Some((at, holder)) =
        former().filter(|(_, holder)| bears(holder).unwrap_or(true)).max_by_key(|(_, holder)| holder.until)
    else {
        return Decision::no(Reason::Namesake, None);
    };
    let no = |because| Decision::no(because, Some(at));
    if former().any(|(_, other)| other.owner != holder.owner && bears(other).unwrap_or(true)) {
        return no(Reason::TwoFormerHolders);
    }
    let named = bears(holder).is_some();
    let window = if named { windows.named } else { windows.alone };
    if now >= holder.proved.after(window) || (holder.proved_by_another && !named) {
        return no(Reason::OutsideWindow);
    }
    if holder.silenced {
        return no(Reason::Panic);
    }
    if query.identity_bound {
        return no(Reason::IdentityBound);
    }
    // At the number asked for, at the new one, or at any other of the same person's.
    if opt_out::stopped(&facts.opt_outs, &query.to, Some(holder.owner)) {
        return no(Reason::OptedOut);
    }
    let Some(to) = &holder.current else { return no(Reason::NoValueNow) };
    if query.sender.as_ref().is_some_and(|sender| sender.key() == to.key()) {
        return no(Reason::OwnCall);
    }
    if !targets.allow(&query.to, to) {
        return no(Reason::ForbiddenTarget);
    }
    if holder.blocked || !holder.rights.forwards(holder.point) {
        return no(Reason::NotGranted);
    }
    let say = if sees(holder, holder.point) { Verdict::Moved(to.clone()) } else { Verdict::NoResult };
    Decision { connect: Some(to.clone()), say, because: Reason::Granted, holder: Some(at) }
}

/// A name alone (last part of rule Q2): `found` are the present points of owners who bear it and have put this viewer
/// in a group by identity. Answers only where they are one owner's, with their first point of this kind that the
/// viewer may see.
pub fn decide_by_name(found: &[Holder], kind: Kind) -> Decision {
    let Some(first) = found.first() else { return Decision::no(Reason::NeverHeld, None) };
    if found.iter().any(|other| other.owner != first.owner) {
        return Decision::no(Reason::Namesake, None);
    }
    if first.silenced {
        return Decision::no(Reason::Panic, Some(0));
    }
    let seen = found.iter().enumerate().find_map(|(at, holder)| {
        let value = holder.current.as_ref().filter(|value| value.kind() == kind)?;
        (holder.believed && sees(holder, holder.point)).then_some((at, value))
    });
    match seen {
        Some((at, value)) => {
            Decision { connect: None, say: Verdict::Moved(value.clone()), because: Reason::Granted, holder: Some(at) }
        }
        None => Decision::no(Reason::NotGranted, Some(0)),
    }
}

/// Whether the name that is known is this holder's; `None` where no name is known. What the asker states comes before
/// what the viewer's own book says.
fn name_is_borne(query: &Query, facts: &Facts, holder: &Holder) -> Option<bool> {
    if let Some(name) = &query.name {
        return Some(holder.names.contains(name));
    }
    (!facts.book_names.is_empty()).then(|| facts.book_names.iter().any(|name| holder.names.contains(name)))
}

fn sees(holder: &Holder, point: PointId) -> bool {
    !holder.blocked && holder.rights.reveals(Item::Point(point))
}

#[cfg(test)]
mod tests;
