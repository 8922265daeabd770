//! The model: what a store must hold, kept as plainly as possible.

use super::{traces::Traces, waiting::Waiting};
use redial::{
    clock::Time,
    domain::{
        address::Kind,
        group::Member,
        id::{GroupId, NoticeId, OwnerId, PointId},
        imported::Moved,
        name::NameKey,
        notice::{Notice, NoticeState, Recipient, Shown},
        owner::{Contact, Group, Held, Membership, Owner, Point, Proof},
    },
    store::{Claimed, Commit, Effect, Fanout, OfErasure},
};
use std::collections::{BTreeMap, BTreeSet};

/// How a commit is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Conflict,
    Taken,
    Repeated,
    /// Two reasons at once: which of them is met first is the store's own affair.
    TakenOrConflict,
}
use Refusal::{Conflict, Repeated, Taken, TakenOrConflict};

/// A notice with what no read returns.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) notice: Notice,
    ready: Time,
    claimed: bool,
    fence: u64,
    /// `first` is the store's time of the commit that is being written.
    first_is_now: bool,
}

impl Kept {
    /// When it was settled is the store's own time: only whether it was is compared.
    pub(crate) fn check(&self, found: &Notice) {
        assert_eq!(found.settled.is_some(), self.notice.settled.is_some());
        assert_eq!(*found, Notice { settled: found.settled, ..self.notice.clone() });
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    pub(crate) owners: BTreeMap<u128, Owner>,
    pub(super) names: BTreeMap<u128, Vec<NameKey>>,
    pub(super) books: BTreeMap<u128, OwnerId>,
    pub(super) groups: BTreeMap<GroupId, Group>,
    pub(super) contacts: BTreeMap<u128, Contact>,
    pub(super) members: BTreeSet<(OwnerId, GroupId, Member)>,
    pub(super) blocks: BTreeSet<(OwnerId, Box<str>)>,
    pub(crate) notices: BTreeMap<u128, Kept>,
    /// Every claim that was ever made, with the due time that it saw.
    pub(crate) claims: Vec<(NoticeId, u64, Time)>,
    pub(crate) fanouts: BTreeMap<u128, (Fanout, Time)>,
    pub(crate) shown: BTreeMap<(OwnerId, Recipient), Shown>,
    /// Letters and requests.
    pub(crate) waiting: Waiting,
    /// Whose contacts are to be looked through, and from when on.
    pub(super) linkings: BTreeMap<OwnerId, Time>,
    /// What is only looked for.
    pub(crate) traces: Traces,
    /// The answers to requests, by their keys.
    pub(super) once: BTreeMap<Box<str>, Box<str>>,
    /// Owners who were erased.
    pub(crate) gone: BTreeSet<OwnerId>,
    /// What a restored copy would undo, in order.
    pub(crate) journal: Vec<(&'static str, OwnerId)>,
}

/// A point without values.
pub(crate) fn point(id: PointId, removed: Option<Time>) -> Point {
    Point { id, kind: Kind::Phone, label: "mobile".into(), removed, values: Vec::new() }
}

pub(super) fn believed(held: &Held) -> bool {
    held.proof != Proof::None
}

impl State {
    pub(crate) fn commit(&mut self, commit: &Commit) -> Result<(), Refusal> {
        if let Some(once) = &commit.once
            && self.once.insert(once.key.clone(), once.body.clone()).is_some()
        {
            return Err(Repeated);
        }
        for (id, version) in &commit.expect {
            let owner = self.owners.get_mut(&id.0).filter(|owner| owner.version == *version).ok_or(Conflict)?;
            owner.version += 1;
        }
        commit.effects.iter().try_for_each(|effect| self.apply(effect))
    }

    fn apply(&mut self, effect: &Effect) -> Result<(), Refusal> {
        match effect {
            Effect::OwnerAdded(owner) => self.add_owner(owner),
            Effect::OwnersImported(all) => all.iter().try_for_each(|moved| self.import(moved)),
            Effect::PointSet(owner, point) => self.set_point(*owner, point),
            Effect::ValueHeld(owner, point, held) => {
                if self.point(*owner, *point)?.values.iter().any(|held| held.until.is_none()) {
                    return Err(if self.is_taken(held) { TakenOrConflict } else { Conflict });
                }
                if self.is_taken(held) {
                    return Err(Taken);
                }
                self.point(*owner, *point)?.values.push(held.clone());
                Ok(())
            }
            Effect::ValueLeft(owner, point, when) => {
                let present = self.point(*owner, *point)?.values.iter_mut().find(|held| held.until.is_none());
                let present = present.ok_or(Conflict)?;
                present.until = Some(*when);
                Ok(())
            }
            Effect::ValueProved { owner, point, key, proof, at } => self.prove(*owner, *point, key, proof, *at),
            Effect::ShownTo(shown) => {
                self.shown.insert((shown.owner, shown.recipient), shown.clone());
                Ok(())
            }
            Effect::OwnerSet { id, language, profile, claimed, silenced, revision } => {
                let owner = self.owners.get_mut(&id.0).ok_or(Conflict)?;
                match (owner.silenced, silenced) {
                    (false, true) => self.journal.push(("panicked", *id)),
                    (true, false) => self.journal.push(("calmed", *id)),
                    _ => {}
                }
                (owner.language, owner.profile) = (language.clone(), profile.clone());
                (owner.claimed, owner.silenced, owner.revision) = (*claimed, *silenced, *revision);
                Ok(())
            }
            Effect::NamesSet(owner, names) => {
                self.owners.get(&owner.0).ok_or(Conflict)?;
                self.names.insert(owner.0, names.clone());
                Ok(())
            }
            Effect::LinkingDue { owner, at } => {
                let known = self.linkings.get(owner).map_or(*at, |known| (*at).max(Time(known.0 + 1)));
                self.linkings.insert(*owner, known);
                Ok(())
            }
            Effect::OfErasure(OfErasure::Owner { owner, read, .. }) => self.erase(*owner, *read),
            Effect::Posted(posted) => self.waiting.post(posted),
            Effect::RequestSet(request) => {
                self.owners.get(&request.owner.0).ok_or(Conflict)?;
                self.waiting.set(request);
                Ok(())
            }
            other => self.apply_to_books(other),
        }
    }

    fn apply_to_books(&mut self, effect: &Effect) -> Result<(), Refusal> {
        match effect {
            Effect::BookSet(book) => {
                self.owners.get(&book.owner.0).ok_or(Conflict)?;
                self.books.insert(book.id.0, book.owner);
                Ok(())
            }
            Effect::GroupSet(group) => {
                self.books.get(&group.book.0).ok_or(Conflict)?;
                self.groups.insert(group.id, group.clone());
                Ok(())
            }
            Effect::GroupRemoved(_, group) => {
                self.groups.remove(group);
                self.members.retain(|(_, of, _)| of != group);
                Ok(())
            }
            Effect::ContactSet(contact) => {
                self.books.get(&contact.book.0).ok_or(Conflict)?;
                let other = |known: &&Contact| known.book == contact.book && known.uid == contact.uid;
                if self.contacts.values().find(other).is_some_and(|known| known.id != contact.id) {
                    return Err(Conflict);
                }
                self.contacts.insert(contact.id.0, contact.clone());
                Ok(())
            }
            Effect::ContactRemoved(_, id) => {
                self.contacts.remove(&id.0);
                self.members.retain(|(_, _, member)| *member != Member::Contact(*id));
                Ok(())
            }
            Effect::MemberAdded(owner, membership) => {
                self.groups.get(&membership.group).ok_or(Conflict)?;
                if let Member::Contact(id) = membership.member {
                    self.contacts.get(&id.0).ok_or(Conflict)?;
                }
                self.members.insert((*owner, membership.group, membership.member));
                Ok(())
            }
            Effect::MemberRemoved(owner, membership) => {
                self.members.remove(&(*owner, membership.group, membership.member));
                Ok(())
            }
            Effect::Blocked(owner, identity) => {
                self.blocks.insert((*owner, identity.clone()));
                Ok(())
            }
            Effect::Unblocked(owner, identity) => {
                self.blocks.remove(&(*owner, identity.clone()));
                Ok(())
            }
            other => self.apply_to_outbox(other),
        }
    }

    fn apply_to_outbox(&mut self, effect: &Effect) -> Result<(), Refusal> {
        match effect {
            Effect::FanoutDue(fanout) => {
                let known = self.fanouts.insert(fanout.id.0, (fanout.clone(), fanout.at));
                if known.is_some() { Err(Conflict) } else { Ok(()) }
            }
            Effect::FanoutMoved(id, None) => self.fanouts.remove(&id.0).map(|_| ()).ok_or(Conflict),
            Effect::FanoutMoved(id, cursor) => {
                let (fanout, ready) = self.fanouts.get_mut(&id.0).ok_or(Conflict)?;
                (fanout.cursor, *ready) = (*cursor, fanout.at);
                Ok(())
            }
            Effect::NoticeDue(notice) => self.due(notice),
            Effect::NoticeSet { id, fence, seen, state, due, attempts, reason } => {
                if !self.holds(*id, *fence) {
                    return Err(Conflict);
                }
                let kept = self.notices.get_mut(&id.0).ok_or(Conflict)?;
                let ended = *state != NoticeState::Open;
                kept.claimed = false;
                kept.notice.reason = reason.clone();
                if kept.notice.due == *seen {
                    (kept.notice.state, kept.notice.due, kept.notice.attempts) = (*state, *due, *attempts);
                    kept.notice.settled = ended.then_some(Time::default());
                } else if ended {
                    kept.notice.attempts = 0;
                    kept.first_is_now = true;
                } else {
                    kept.notice.attempts = *attempts;
                }
                kept.ready = kept.notice.due;
                Ok(())
            }
            Effect::NoticeMarked { id, from, state, reason } => {
                let kept = self.notices.get_mut(&id.0).filter(|kept| kept.notice.state == *from && !kept.claimed);
                let kept = kept.ok_or(Conflict)?;
                (kept.notice.state, kept.notice.reason) = (*state, reason.clone());
                kept.notice.settled = Some(Time::default());
                Ok(())
            }
            Effect::AttemptBegun { attempt, fence } if !self.holds(attempt.notice, *fence) => Err(Conflict),
            other => self.traces.write(other, &self.gone),
        }
    }

    fn add_owner(&mut self, owner: &Owner) -> Result<(), Refusal> {
        if self.owners.contains_key(&owner.id.0) {
            return Err(Conflict);
        }
        for held in owner.points.iter().flat_map(|point| &point.values) {
            if held.until.is_none() && self.is_taken(held) {
                return Err(Taken);
            }
        }
        self.owners.insert(owner.id.0, owner.clone());
        Ok(())
    }

    fn import(&mut self, moved: &Moved) -> Result<(), Refusal> {
        let numbers = [moved.old.key(), moved.new.key()];
        let known = self.all_held().any(|(_, _, held)| numbers.contains(&held.address.key()));
        if known || numbers[0] == numbers[1] {
            return Err(Conflict);
        }
        self.add_owner(&moved.as_owner())?;
        let Membership { group, member } = moved.membership();
        self.names.insert(moved.owner.0, vec![moved.key.clone()]);
        self.books.insert(moved.as_book().id.0, moved.owner);
        self.groups.insert(group, moved.as_group());
        self.members.insert((moved.owner, group, member));
        Ok(())
    }

    fn set_point(&mut self, owner: OwnerId, new: &Point) -> Result<(), Refusal> {
        let owner = self.owners.get_mut(&owner.0).ok_or(Conflict)?;
        match owner.points.iter_mut().find(|point| point.id == new.id) {
            Some(known) => (known.label, known.removed) = (new.label.clone(), new.removed),
            None => owner.points.push(new.clone()),
        }
        Ok(())
    }

    fn point(&mut self, owner: OwnerId, id: PointId) -> Result<&mut Point, Refusal> {
        let owner = self.owners.get_mut(&owner.0).ok_or(Conflict)?;
        owner.points.iter_mut().find(|point| point.id == id).ok_or(Conflict)
    }

    /// Every value that somebody has left.
    pub(crate) fn former(&self) -> impl Iterator<Item = &str> {
        self.all_held().filter(|(_, _, held)| held.until.is_some()).map(|(_, _, held)| held.address.key())
    }

    pub(super) fn all_held(&self) -> impl Iterator<Item = (&Owner, &Point, &Held)> {
        self.owners.values().flat_map(|owner| {
            owner.points.iter().flat_map(move |point| point.values.iter().map(move |held| (owner, point, held)))
        })
    }

    fn is_taken(&self, new: &Held) -> bool {
        let same = |held: &Held| held.until.is_none() && believed(held) && held.address.key() == new.address.key();
        believed(new) && self.all_held().any(|(_, _, held)| same(held))
    }

    fn prove(&mut self, owner: OwnerId, id: PointId, key: &str, proof: &Proof, at: Time) -> Result<(), Refusal> {
        let with_key = |held: &Held| held.address.key() == key;
        let newest = self.point(owner, id)?.values.iter().rposition(with_key).ok_or(Conflict)?;
        let old = self.point(owner, id)?.values[newest].clone();
        let new = Held { proof: proof.clone(), proved: at, ..old.clone() };
        if old.until.is_none() && !believed(&old) && self.is_taken(&new) {
            return Err(Taken);
        }
        self.point(owner, id)?.values[newest] = new;
        Ok(())
    }

    fn due(&mut self, new: &Notice) -> Result<(), Refusal> {
        let same = |kept: &&mut Kept| {
            let known = &kept.notice;
            known.state == NoticeState::Open && (known.owner, known.recipient) == (new.owner, new.recipient)
        };
        if let Some(open) = self.notices.values_mut().find(same) {
            if open.claimed {
                open.notice.due = new.due.max(Time(open.notice.due.0 + 1));
            } else {
                (open.notice.due, open.ready) = (new.due, new.due);
            }
            open.notice.since = new.since;
            return Ok(());
        }
        let kept = Kept { notice: new.clone(), ready: new.due, claimed: false, fence: 0, first_is_now: false };
        let known = self.notices.insert(new.id.0, kept);
        if known.is_some() { Err(Conflict) } else { Ok(()) }
    }

    /// The commit is written: what took the store's time has it now.
    pub(crate) fn settle_times(&mut self, now: Time) {
        for kept in self.notices.values_mut().filter(|kept| kept.first_is_now) {
            (kept.notice.first, kept.first_is_now) = (now, false);
        }
    }

    /// Whether this is the present claim of the notice.
    pub(crate) fn holds(&self, id: NoticeId, fence: u64) -> bool {
        self.notices
            .get(&id.0)
            .is_some_and(|kept| kept.claimed && kept.fence == fence && kept.notice.state == NoticeState::Open)
    }

    pub(crate) fn claimable(&self, retries: bool, now: Time) -> Vec<u128> {
        let lane = |kept: &Kept| (kept.notice.attempts > 0) == retries;
        let free = |kept: &Kept| kept.notice.state == NoticeState::Open && kept.ready <= now && lane(kept);
        self.notices.iter().filter(|(_, kept)| free(kept)).map(|(id, _)| *id).collect()
    }

    pub(crate) fn claimed(&mut self, claimed: &Claimed) {
        let kept = self.notices.get_mut(&claimed.notice.id.0).expect("it was claimable");
        assert!(claimed.fence > kept.fence, "a fence that was used before");
        assert_eq!(claimed.notice, kept.notice);
        (kept.claimed, kept.fence, kept.ready) = (true, claimed.fence, claimed.until);
        self.claims.push((claimed.notice.id, claimed.fence, claimed.notice.due));
    }

    pub(crate) fn prolonged(&mut self, id: NoticeId, until: Time) {
        self.notices.get_mut(&id.0).expect("it is claimed").ready = until;
    }

    pub(crate) fn claimable_fanouts(&self, now: Time) -> Vec<u128> {
        self.fanouts.iter().filter(|(_, (_, ready))| *ready <= now).map(|(id, _)| *id).collect()
    }

    pub(crate) fn fanout_claimed(&mut self, claimed: &Fanout, until: Time) {
        let (fanout, ready) = self.fanouts.get_mut(&claimed.id.0).expect("it was claimable");
        assert_eq!(claimed, fanout);
        *ready = until;
    }

    pub(crate) fn open_notices(&self) -> usize {
        self.notices.values().filter(|kept| kept.notice.state == NoticeState::Open).count()
    }

    pub(crate) fn next_due(&self) -> Option<Time> {
        let open = self.notices.values().filter(|kept| kept.notice.state == NoticeState::Open);
        let fanouts = self.fanouts.values().map(|(_, ready)| *ready);
        let linkings = self.linkings.values().copied();
        open.map(|kept| kept.ready).chain(fanouts).chain(linkings).chain(self.waiting.next()).min()
    }
}
