//! What proves a request, how long it is held, and what stops it (rules C3, C9, C11).

use crate::{
    clock::Time,
    domain::{
        address::Address,
        owner::{Held, Owner, Point, Proof},
    },
};
use std::time::Duration;

/// One thing that somebody has shown.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Evidence {
    /// What.
    pub by: By,
    /// When.
    pub at: Time,
}

/// A way of showing who one is. All codes received at one address, the sign-in included, are one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// A code sent to the address with this key came back.
    Code(Box<str>),
    /// A passkey of the owner signed.
    Passkey,
}

/// How far a request has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Course {
    /// What was shown for it.
    pub evidence: Vec<Evidence>,
    /// Why it is held as long as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<Why>,
    /// Vetoes that only delayed it.
    #[serde(skip_serializing_if = "is_zero")]
    pub delays: u32,
    /// Its owner is still choosing who may learn it: it takes proofs, and nothing begins.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub choosing: bool,
    /// Why it was ended without its owner's wish.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Box<str>>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Course {
    /// Adds what was shown; a second code from one address only makes it newer.
    pub fn show(&mut self, by: By, at: Time) {
        match self.evidence.iter_mut().find(|known| known.by == by) {
            Some(known) => known.at = known.at.max(at),
            None => self.evidence.push(Evidence { by, at }),
        }
    }

    /// When a code from this address came back.
    pub fn shown(&self, key: &str) -> Option<Time> {
        let from = |evidence: &&Evidence| matches!(&evidence.by, By::Code(known) if **known == *key);
        self.evidence.iter().find(from).map(|evidence| evidence.at)
    }
}

/// Why a request is held as long as it is; shown to its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// A passkey was used: minutes.
    Passkey,
    /// Codes came back from two points that were proved long ago: minutes.
    TwoPoints,
    /// Only one point was shown, and whoever has taken it over gets all of its codes.
    OnePoint,
    /// Somebody else holds the value at present.
    HeldByAnother,
}

/// How long requests are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holds {
    /// With a passkey or a second point proved long ago.
    pub short: Duration,
    /// Else.
    pub long: Duration,
    /// A point was proved long ago after this.
    pub long_ago: Duration,
    /// A sign-in is a proof for a request for so long.
    pub fresh: Duration,
    /// A request that nobody proves is over after this.
    pub patience: Duration,
}

impl Holds {
    /// How long a request is held for this reason.
    pub fn of(&self, why: Why) -> Duration {
        match why {
            Why::Passkey | Why::TwoPoints => self.short,
            Why::OnePoint | Why::HeldByAnother => self.long,
        }
    }

    /// Whether what was shown is new enough to count for something else, too.
    pub fn is_fresh(&self, shown: &Evidence, now: Time) -> bool {
        now.since(shown.at) < self.fresh
    }
}

impl Default for Holds {
    fn default() -> Self {
        const DAY: u64 = 24;
        Self {
            short: Duration::from_mins(10),
            long: Duration::from_hours(DAY),
            long_ago: Duration::from_hours(30 * DAY),
            fresh: Duration::from_hours(1),
            patience: Duration::from_hours(7 * DAY),
        }
    }
}

/// What a session has shown that counts for a request made in it: what is fresh; and nothing for the end of a panic and for
/// erasure, which need a proof `of_its_own` (rules C3, C7).
pub fn carried<'a>(
    shown: &'a [Evidence],
    of_its_own: bool,
    holds: &Holds,
    now: Time,
) -> impl Iterator<Item = &'a Evidence> {
    shown.iter().filter(move |shown| !of_its_own && holds.is_fresh(shown, now))
}

/// Where an owner is told of what happens to them: at every present value that is believed, but for those of which it is (rules
/// C3, C9). A new number has answered for itself, and whoever has a lost one reads what goes there.
pub fn told<'a>(owner: &'a Owner, but: &'a [Box<str>]) -> impl Iterator<Item = &'a Address> {
    let held = owner.points.iter().filter_map(Point::current).filter(|held| held.proof != Proof::None);
    held.map(|held| &held.address).filter(|address| !but.iter().any(|key| **key == *address.key()))
}

/// A veto only delays so often.
pub const DELAYS_MOST: u32 = 2;

/// What becomes of a request by what was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Something is to be shown yet.
    Waits,
    /// It waits for this long, for this reason.
    Holds(Why, Duration),
    /// It takes effect at once.
    Now,
}

/// What is known beside the owner.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// Keys of values for which a proof is needed: new ones, and those given again.
    pub introduced: Vec<Box<str>>,
    /// One of them, new to this owner, is the believed present value of another.
    pub held_by_another: bool,
    /// The request takes something away: a point, a value, a passkey, a panic.
    pub takes_away: bool,
    /// Keys of the owner's values that a report has called dead since they were proved.
    pub dead: Vec<Box<str>>,
    /// The owner has a passkey.
    pub passkeys: bool,
}

/// Whether a request is proved, and how long it is held (rule C3).
///
/// Each new value must have answered for itself. Beside it the owner must have shown who they are, at a point that they had
/// before or with a passkey; an owner of whom nothing was ever proved has nothing to lose.
pub fn verdict(owner: &Owner, course: &Course, standing: &Standing, holds: &Holds, now: Time) -> Verdict {
    if standing.introduced.iter().any(|key| course.shown(key).is_none()) {
        return Verdict::Waits;
    }
    let needs = !standing.introduced.is_empty() || standing.takes_away;
    if !needs {
        return Verdict::Now;
    }
    let held = |why| Verdict::Holds(why, holds.of(why));
    if !was_ever_believed(owner) && !standing.passkeys {
        return if standing.held_by_another { held(Why::HeldByAnother) } else { Verdict::Now };
    }
    let shown = identities(owner, course, standing);
    let old = |one: &&Identity<'_>| matches!(one, Identity::Point(held) if was_long_ago(held, holds, now));
    let why = match shown.iter().filter(old).count() {
        _ if shown.is_empty() => return Verdict::Waits,
        _ if shown.iter().any(|one| matches!(one, Identity::Passkey)) => Why::Passkey,
        0 | 1 => Why::OnePoint,
        _ => Why::TwoPoints,
    };
    // That shows who the owner is; that the number is theirs nothing says but one code, and whoever has it now hears of it.
    let contested = standing.held_by_another && holds.of(why) < holds.long;
    let why = if contested { Why::HeldByAnother } else { why };
    held(why)
}

/// What of the owner's, shown besides, would make the wait shorter.
pub fn shortens(owner: &Owner, course: &Course, standing: &Standing, holds: &Holds, now: Time) -> Vec<By> {
    let length = |course: &Course| match verdict(owner, course, standing, holds, now) {
        Verdict::Holds(_, length) => Some(length),
        Verdict::Now | Verdict::Waits => None,
    };
    // Once somebody has spoken against it, nothing does.
    let Some(present) = length(course).filter(|_| course.delays == 0) else { return Vec::new() };
    let points = owner.points.iter().filter_map(Point::current);
    let codes = points.map(|held| By::Code(held.address.key().into()));
    let would = |by: &By| {
        let mut more = course.clone();
        more.show(by.clone(), now);
        length(&more).is_some_and(|length| length < present)
    };
    codes.chain(standing.passkeys.then_some(By::Passkey)).filter(would).collect()
}

/// Something that shows who somebody is.
#[derive(Clone, Copy, Debug)]
enum Identity<'a> {
    Point(&'a Held),
    Passkey,
}

/// What of the course shows that it is this owner. A new value shows nothing of the kind, nor does one that the owner has
/// left, that is not believed, or that a report calls dead: it may be somebody else's by now (rules C3, C9).
fn identities<'a>(owner: &'a Owner, course: &Course, standing: &Standing) -> Vec<Identity<'a>> {
    let mut found = Vec::new();
    for evidence in &course.evidence {
        match &evidence.by {
            By::Passkey => found.push(Identity::Passkey),
            By::Code(key) => {
                if let Some(held) = proves(owner, key, &standing.dead)
                    && !standing.introduced.contains(key)
                {
                    found.push(Identity::Point(held));
                }
            }
        }
    }
    found
}

/// The owner's present value of which a code shows that it is them.
pub fn proves<'a>(owner: &'a Owner, key: &str, dead: &[Box<str>]) -> Option<&'a Held> {
    let held = owner.points.iter().filter_map(Point::current).find(|held| held.address.key() == key)?;
    (held.proof != Proof::None && !dead.iter().any(|dead| **dead == *key)).then_some(held)
}

fn was_ever_believed(owner: &Owner) -> bool {
    owner.claimed && owner.points.iter().flat_map(|point| &point.values).any(|held| held.proof != Proof::None)
}

/// Since when a value is the owner's is what counts: a new proof does not make it younger.
fn was_long_ago(held: &Held, holds: &Holds, now: Time) -> bool {
    held.from.after(holds.long_ago) <= now
}

/// What a word against a held request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Veto {
    /// The request is over.
    Ends,
    /// It is held until then.
    Delays(Time),
    /// It was delayed as often as it may be.
    Spent,
}

/// What a word from these does to a request that is held until `due` (rule C3).
///
/// Who proved the request may end it. So may who shows more: a passkey where it has none, or more points proved long ago.
/// Anybody else, and that may be a stranger who has the old number by now, only delays it, twice at most.
pub fn veto(
    owner: &Owner,
    course: &Course,
    standing: &Standing,
    by: &[By],
    due: Time,
    holds: &Holds,
    now: Time,
) -> Veto {
    let proved = |by: &By| course.evidence.iter().any(|evidence| evidence.by == *by);
    if by.iter().any(proved) {
        return Veto::Ends;
    }
    let mut theirs = Course::default();
    for by in by {
        theirs.show(by.clone(), now);
    }
    if strength(owner, &theirs, standing, holds, now) > strength(owner, course, standing, holds, now).max(1) {
        return Veto::Ends;
    }
    if course.delays >= DELAYS_MOST {
        return Veto::Spent;
    }
    Veto::Delays(due.max(now.after(holds.long)))
}

/// How much was shown: points proved long ago count one each, a passkey more than all of them.
fn strength(owner: &Owner, course: &Course, standing: &Standing, holds: &Holds, now: Time) -> usize {
    let worth = |one: &Identity<'_>| match one {
        Identity::Passkey => 100,
        Identity::Point(held) => usize::from(was_long_ago(held, holds, now)),
    };
    identities(owner, course, standing).iter().map(worth).sum()
}

#[cfg(test)]
#[path = "hold_tests.rs"]
mod tests;
