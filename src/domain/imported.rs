//! Imported moves: what one row of an operator's file does (rule C10).
//!
//! A row says that somebody with a name left one number for another. It makes an *unclaimed* owner, or continues the
//! history of one; it never touches an owner who stands for themselves, and where it contradicts what is known it is
//! refused rather than believed.

use super::{
    address::{Address, Kind, NotAnAddress, phone::Region},
    group::{Grant, Item, Member, Told},
    id::{BookId, GroupId, OwnerId, PointId},
    name::{self, NameKey},
    owner::{Book, Group, Held, Membership, Owner, Point, Profile, Proof},
    query::Holder,
};
use crate::clock::Time;

/// The columns of a file of moves, in their order.
pub const COLUMNS: [&str; 5] = ["name", "old", "new", "changed_at", "grant"];

/// Longest name of a row, in letters.
const LONGEST_NAME: usize = 200;

/// What `everyone` is granted of an imported point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForEveryone {
    /// Learn the new number.
    Reveal,
    /// Be connected to it.
    Forward,
    /// Nothing.
    None,
}

impl ForEveryone {
    /// From the column `grant`.
    pub fn parse(text: &str) -> Option<Self> {
        [("reveal", Self::Reveal), ("forward", Self::Forward), ("none", Self::None)]
            .into_iter()
            .find_map(|(word, grant)| word.eq_ignore_ascii_case(text.trim()).then_some(grant))
    }

    /// As grants of a group.
    pub fn grants(self, point: PointId) -> Vec<Grant> {
        match self {
            ForEveryone::Reveal => vec![Grant::Reveal(Item::Point(point))],
            ForEveryone::Forward => vec![Grant::Forward(point)],
            ForEveryone::None => Vec::new(),
        }
    }
}

/// An owner of whom nothing is known but one imported move: unclaimed, with one point, one book, and in it one group
/// that everyone is in. The numbers of point, book and group are the owner's own.
#[derive(Clone, PartialEq, Eq)]
pub struct Moved {
    /// Who.
    pub owner: OwnerId,
    /// The name, as written.
    pub name: Box<str>,
    /// The one key of that name.
    pub key: NameKey,
    /// The number that was left.
    pub old: Address,
    /// The number that replaced it.
    pub new: Address,
    /// When.
    pub at: Time,
    /// What everyone is granted.
    pub grant: ForEveryone,
    /// What [`Proof::Imported`] holds.
    pub source: Box<str>,
    /// When it was imported.
    pub created: Time,
}

impl std::fmt::Debug for Moved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Moved({}, {} -> {}, {}, {:?})", self.owner, self.old, self.new, self.at, self.grant)
    }
}

impl Moved {
    /// The point whose value changed.
    pub fn point(&self) -> PointId {
        PointId(self.owner.0)
    }

    /// The owner in full. Since when the old number was theirs, nobody said.
    pub fn as_owner(&self) -> Owner {
        let (at, proof) = (self.at, Proof::Imported(self.source.clone()));
        let left = Held { address: self.old.clone(), from: Time(0), until: Some(at), proof: proof.clone(), proved: at };
        let held = Held { address: self.new.clone(), from: at, until: None, proof, proved: at };
        let kind = self.new.kind();
        let label = if kind == Kind::Phone { "phone" } else { "email" };
        Owner {
            id: self.owner,
            version: 1,
            revision: 0,
            claimed: false,
            silenced: false,
            language: "en".into(),
            zone: None,
            profile: Profile { name: self.name.to_string(), ..Profile::default() },
            points: vec![Point {
                id: self.point(),
                kind,
                label: label.into(),
                removed: None,
                values: vec![left, held],
            }],
            created: self.created,
        }
    }

    /// The book of this owner.
    pub fn as_book(&self) -> Book {
        Book { id: BookId(self.owner.0), owner: self.owner, name: "imported".into(), default_group: None }
    }

    /// The group in it.
    pub fn as_group(&self) -> Group {
        Group {
            introduce: false,
            id: self.membership().group,
            book: BookId(self.owner.0),
            owner: self.owner,
            name: "everyone".into(),
            told: Told::OnQuery,
            channels: Vec::new(),
            quiet: None,
            grants: self.grant.grants(self.point()),
        }
    }

    /// Who is in the group.
    pub fn membership(&self) -> Membership {
        Membership { group: GroupId(self.owner.0), member: Member::Everyone }
    }
}

/// A row as it stands in the file.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    /// Who moved.
    pub name: &'a str,
    /// The number that was left.
    pub old: &'a str,
    /// The number that replaced it.
    pub new: &'a str,
    /// When: a date, or a date and time with its zone.
    pub changed_at: &'a str,
    /// `reveal`, `forward` or `none`.
    pub grant: &'a str,
}

/// A row that was read. `Debug` shows no name and masks numbers.
#[derive(Clone, PartialEq, Eq)]
pub struct Move {
    /// Who moved, as written.
    pub name: Box<str>,
    /// The name as it is compared.
    pub key: NameKey,
    /// The number that was left.
    pub old: Address,
    /// The number that replaced it.
    pub new: Address,
    /// When.
    pub changed_at: Time,
    /// For `everyone`.
    pub grant: ForEveryone,
}

impl std::fmt::Debug for Move {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Move({} -> {}, {}, {:?})", self.old, self.new, self.changed_at, self.grant)
    }
}

/// Why a row is not loaded, with what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadMove {
    /// No name, or nothing in it that can be compared.
    #[error("name: a name with at least one letter is needed, of at most {LONGEST_NAME} letters")]
    Name,
    /// The number that was left cannot be read.
    #[error("old: {0}")]
    Old(#[source] NotAnAddress),
    /// The number that replaced it cannot be read.
    #[error("new: {0}")]
    New(#[source] NotAnAddress),
    /// A phone number and an e-mail address.
    #[error("old and new must both be phone numbers or both be e-mail addresses")]
    KindsDiffer,
    /// Two spellings of one number.
    #[error("old and new are the same number")]
    SameNumber,
    /// Not a moment.
    #[error("changed_at: a date like 2026-03-01, or a time like 2026-03-01T12:00:00Z, is needed")]
    Time,
    /// After the import.
    #[error("changed_at lies in the future")]
    Future,
    /// Another word.
    #[error("grant: reveal, forward or none is needed")]
    Grant,
    /// An owner who stands for themselves has, or had, one of the numbers.
    #[error("an owner who has claimed their points holds or held one of these numbers; only they can change it")]
    Claimed,
    /// The same move, but somebody else's.
    #[error("this move is already known under another name")]
    OtherName,
    /// The old number is somebody else's since before the move.
    #[error("old: somebody with another name has this number, since before this move")]
    OldHeld,
    /// The new number is somebody's.
    #[error("new: this number is held by another owner, or another point of this one")]
    NewHeld,
    /// The new number was somebody else's at that time.
    #[error("new: somebody else had this number until after this move")]
    NewHeldThen,
    /// The same person left the old number already, at another time or for another number.
    #[error("this person has already left this number, at another time or for another number")]
    MovedElsewhere,
    /// A later move of the same person was loaded before.
    #[error("a later move of this person is already known: rows of one person must be in the order of changed_at")]
    OutOfOrder,
}

impl Move {
    /// Reads a row. `region` is the country of numbers without a country code, `now` the end of what can have happened.
    pub fn read(row: &Row<'_>, region: Option<Region>, now: Time) -> Result<Self, BadMove> {
        let name = row.name.trim();
        let short = name.chars().count() <= LONGEST_NAME && !name.chars().any(char::is_control);
        let key = name::key(name).filter(|_| short).ok_or(BadMove::Name)?;
        let old = Address::parse(row.old, region).map_err(BadMove::Old)?;
        let new = Address::parse(row.new, region).map_err(BadMove::New)?;
        if old.kind() != new.kind() {
            return Err(BadMove::KindsDiffer);
        }
        if old.key() == new.key() {
            return Err(BadMove::SameNumber);
        }
        let changed_at = Time::parse(row.changed_at.trim()).filter(|at| *at > Time(0)).ok_or(BadMove::Time)?;
        if changed_at > now {
            return Err(BadMove::Future);
        }
        let grant = ForEveryone::parse(row.grant).ok_or(BadMove::Grant)?;
        Ok(Self { name: name.into(), key, old, new, changed_at, grant })
    }
}

/// Somebody who holds, or held, one of a row's numbers and is believed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// Who.
    pub owner: OwnerId,
    /// At which point.
    pub point: PointId,
    /// Since when; 1970 where it is not known.
    pub from: Time,
    /// Until when; `None`: it is held now.
    pub until: Option<Time>,
    /// The owner's name keys.
    pub names: Vec<NameKey>,
    /// What everyone may do with the point.
    pub given: ForEveryone,
}

impl Holding {
    /// From what the store knows, with the rights of everyone; `None` for a value that nobody has shown or stated to be
    /// theirs.
    pub fn of(holder: Holder) -> Option<Self> {
        let Holder { owner, point, from, until, believed, names, rights, .. } = holder;
        let given = match (rights.reveals(Item::Point(point)), rights.forwards(point)) {
            (true, _) => ForEveryone::Reveal,
            (false, true) => ForEveryone::Forward,
            (false, false) => ForEveryone::None,
        };
        believed.then_some(Self { owner, point, from, until, names, given })
    }
}

/// What a row does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is known already, as this owner's.
    Known(OwnerId, PointId),
    /// A new unclaimed owner.
    New,
    /// The history of this unclaimed owner goes on.
    Continue(OwnerId, PointId),
}

/// The move that a row repeats, if any: one point left the old number and got the new one at that very moment.
pub fn known(row: &Move, old: &[Holding], new: &[Holding]) -> Option<(OwnerId, PointId)> {
    let at = row.changed_at;
    let left = old.iter().filter(|holding| holding.until == Some(at));
    left.map(|left| (left.owner, left.point))
        .find(|&who| new.iter().any(|held| (held.owner, held.point) == who && held.from == at))
}

/// What a row does, given all who hold or held its old and its new number, and who of them stands for themselves.
pub fn decide(
    row: &Move,
    old: &[Holding],
    new: &[Holding],
    claimed: impl Fn(OwnerId) -> bool,
) -> Result<Decision, BadMove> {
    let bears = |holding: &&Holding| holding.names.contains(&row.key);
    if let Some(who) = known(row, old, new) {
        let same = old.iter().find(|holding| (holding.owner, holding.point) == who).is_some_and(|it| bears(&it));
        return if same { Ok(Decision::Known(who.0, who.1)) } else { Err(BadMove::OtherName) };
    }
    if old.iter().chain(new).any(|holding| claimed(holding.owner)) {
        return Err(BadMove::Claimed);
    }
    if old.iter().any(|holding| bears(&holding)) && !old.iter().any(|held| held.until.is_none() && bears(&held)) {
        return Err(BadMove::MovedElsewhere);
    }
    if let Some(later) = new.iter().find(|holding| holding.until.is_some_and(|until| until > row.changed_at)) {
        return Err(if bears(&later) { BadMove::OutOfOrder } else { BadMove::NewHeldThen });
    }
    if new.iter().any(|holding| holding.until.is_none()) {
        return Err(BadMove::NewHeld);
    }
    let Some(present) = old.iter().find(|holding| holding.until.is_none()) else { return Ok(Decision::New) };
    match (bears(&present), present.from < row.changed_at) {
        (true, true) => Ok(Decision::Continue(present.owner, present.point)),
        (true, false) => Err(BadMove::OutOfOrder),
        (false, true) => Err(BadMove::OldHeld),
        // The number has been given to somebody else since.
        (false, false) => Ok(Decision::New),
    }
}

#[cfg(test)]
mod tests;
