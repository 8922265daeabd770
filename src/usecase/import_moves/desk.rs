//! One batch of moves: the facts of all its rows, and what the rows decided so far have made of them.

use super::{Source, writing::Writing};
use crate::domain::change::RequestState;
use crate::{
    clock::Time,
    domain::{
        group::{Grant, Item, Member},
        id::{OwnerId, PointId},
        imported::{BadMove, Decision, Holding, Move, Moved, decide, known},
        name,
        owner::{Group, Held, Owner, Proof},
    },
    store::{Commit, Effect},
    usecase::{
        Env, accepted,
        wanted::{NewValue, Wanted, WantedPoint},
        write::{Actor, Refused, audited, read_owner},
    },
};
use serde_json::json;
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

/// What a row did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// A new unclaimed owner.
    Added,
    /// Another number, or another grant.
    Changed,
    /// Nothing: it was there.
    Same,
}

/// Who holds or held which number and is believed to, as far as it was read or decided.
pub(super) type Holdings = HashMap<Box<str>, Vec<Holding>>;

/// The numbers of these rows, in order.
pub(super) fn keys(rows: &[(u64, Move)]) -> Vec<Box<str>> {
    let mut keys: Vec<Box<str>> =
        rows.iter().flat_map(|(_, row)| [row.old.key().into(), row.new.key().into()]).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Decides rows one after the other and gathers what they write.
pub(super) struct Desk<'a> {
    env: &'a Env,
    source: &'a Source,
    actor: Actor,
    now: Time,
    /// The commit before this one, which need not be done yet.
    before: &'a mut Writing,
    holders: Holdings,
    owners: HashMap<OwnerId, Owner>,
    groups: HashMap<OwnerId, Group>,
    /// New owners of this batch, and which of `imported` each is.
    fresh: HashMap<OwnerId, usize>,
    imported: Vec<Moved>,
    expected: BTreeMap<OwnerId, u64>,
    effects: Vec<Effect>,
}

impl<'a> Desk<'a> {
    /// Reads who holds or held any number of these rows; what the rows before decided is known already.
    pub(super) async fn open(
        env: &'a Env,
        source: &'a Source,
        rows: &[(u64, Move)],
        before: &'a mut Writing,
    ) -> Result<Self, Refused> {
        let keys = keys(rows);
        let mut holders: Holdings = HashMap::with_capacity(keys.len());
        for (key, holder) in env.store.holders(&keys).await? {
            holders.entry(key).or_default().extend(Holding::of(holder));
        }
        // The commit before may, or may not, have been read with them.
        for key in keys {
            if let Some(known) = before.holders.remove(&key) {
                holders.insert(key, known);
            }
        }
        let actor = Actor { by: "import".into(), ..Actor::system() };
        let now = env.store.now().await?;
        Ok(Self {
            env,
            source,
            actor,
            now,
            before,
            holders,
            owners: HashMap::new(),
            groups: HashMap::new(),
            fresh: HashMap::new(),
            imported: Vec::new(),
            expected: BTreeMap::new(),
            effects: Vec::new(),
        })
    }

    /// What the rows came to, and what the next rows are to know of it.
    pub(super) fn close(self) -> (Commit, Holdings) {
        let mut effects = self.effects;
        if !self.imported.is_empty() {
            // First: what changes one of them comes after it.
            effects.insert(0, Effect::OwnersImported(self.imported));
        }
        (Commit { expect: self.expected.into_iter().collect(), once: None, effects }, self.holders)
    }

    /// Decides one row.
    pub(super) async fn take(&mut self, row: &Move) -> Result<Result<Done, BadMove>, Refused> {
        let of = |key: &str| self.holders.get(key).map(Vec::as_slice).unwrap_or_default();
        // Known, though to nobody who is believed, is not the same as new.
        if ![row.old.key(), row.new.key()].iter().any(|&key| self.holders.contains_key(key)) {
            self.add(row);
            return Ok(Ok(Done::Added));
        }
        let (old, new) = (of(row.old.key()).to_vec(), of(row.new.key()).to_vec());
        if known(row, &old, &new).is_none() {
            for holding in old.iter().chain(&new) {
                self.read(holding.owner).await?;
            }
        }
        let claimed = |owner: OwnerId| self.owners.get(&owner).is_some_and(|owner| owner.claimed);
        match decide(row, &old, &new, claimed) {
            Err(why) => Ok(Err(why)),
            Ok(Decision::New) => {
                self.add_beside(row);
                Ok(Ok(Done::Added))
            }
            Ok(Decision::Continue(owner, point)) => {
                self.go_on(row, owner, point);
                self.grant(row, owner, point).await.map(|granted| granted.map(|_| Done::Changed))
            }
            Ok(Decision::Known(owner, point)) => {
                let granted = self.grant(row, owner, point).await?;
                Ok(granted.map(|changed| if changed { Done::Changed } else { Done::Same }))
            }
        }
    }

    /// Reads an owner once, made in this batch or not.
    async fn read(&mut self, id: OwnerId) -> Result<(), Refused> {
        if !self.owners.contains_key(&id) {
            let owner = if let Some(moved) = self.fresh.get(&id).and_then(|&at| self.imported.get(at)) {
                Owner { version: 0, ..moved.as_owner() }
            } else {
                self.before.done().await?;
                read_owner(self.env, id, None).await?
            };
            self.owners.insert(id, owner);
        }
        Ok(())
    }

    /// The owner is written to, and must still be as it was read. One made in this batch has no version to expect.
    fn expect(&mut self, id: OwnerId) {
        if let Some(owner) = self.owners.get(&id).filter(|owner| owner.version > 0) {
            self.expected.insert(id, owner.version);
        }
    }

    fn proof(&self) -> Proof {
        Proof::Imported(self.source.name.clone())
    }

    fn held(&self, row: &Move) -> Held {
        let from = row.changed_at;
        Held { address: row.new.clone(), from, until: None, proof: self.proof(), proved: from }
    }

    fn moved(&self, row: &Move) -> Moved {
        // A microsecond on for each, so that their ids, and with them their rows, are in the order of the file.
        let born = self.now.after(Duration::from_micros(self.imported.len() as u64));
        Moved {
            owner: OwnerId::fresh(born, &*self.env.random),
            name: row.name.clone(),
            key: row.key.clone(),
            old: row.old.clone(),
            new: row.new.clone(),
            at: row.changed_at,
            grant: row.grant,
            source: self.source.name.clone(),
            created: self.now,
        }
    }

    /// An unclaimed owner whose numbers nobody has or had.
    fn add(&mut self, row: &Move) {
        let moved = self.moved(row);
        self.remember(row, &moved);
        self.fresh.insert(moved.owner, self.imported.len());
        self.imported.push(moved);
    }

    /// An unclaimed owner one of whose numbers somebody else had.
    fn add_beside(&mut self, row: &Move) {
        let moved = self.moved(row);
        self.remember(row, &moved);
        let (owner, group) = (moved.as_owner(), moved.as_group());
        self.effects.extend([
            Effect::OwnerAdded(owner.clone()),
            Effect::NamesSet(moved.owner, vec![moved.key.clone()]),
            Effect::BookSet(moved.as_book()),
            Effect::GroupSet(group.clone()),
            Effect::MemberAdded(moved.owner, moved.membership()),
            audited(self.env, moved.owner, &self.actor.by, self.now, "imported", &json!({"source": self.source.name})),
        ]);
        self.owners.insert(moved.owner, Owner { version: 0, ..owner });
        self.groups.insert(moved.owner, group);
    }

    /// One more value of a known point: a revision of its own.
    fn go_on(&mut self, row: &Move, id: OwnerId, point: PointId) {
        self.expect(id);
        let (env, at, held) = (self.env, row.changed_at, self.held(row));
        let Some(owner) = self.owners.get_mut(&id) else { return };
        owner.revision += 1;
        for value in owner.points.iter_mut().filter(|one| one.id == point).flat_map(|one| &mut one.values) {
            if value.until.is_none() {
                (value.until, value.proved) = (Some(at), at);
            }
        }
        owner.points.iter_mut().filter(|one| one.id == point).for_each(|one| one.values.push(held.clone()));
        let value = NewValue { point: point.to_string(), value: row.new.wire().to_owned() };
        let wanted = Wanted { points: vec![WantedPoint::Replace(value)], ..Wanted::default() };
        let request = accepted::request(env, id, &wanted, &self.actor, RequestState::Accepted, self.now);
        let detail = json!({
            "source": self.source.name, "request": request.id, "revision": owner.revision, "point": point,
            "left": row.old.to_string(), "value": row.new.to_string(),
        });
        let key = row.old.key().into();
        self.effects.extend([
            Effect::ValueLeft(id, point, at),
            Effect::ValueProved { owner: id, point, key, proof: Proof::Imported(self.source.name.clone()), at },
            Effect::ValueHeld(id, point, held),
            Effect::OwnerSet {
                id,
                language: owner.language.clone(),
                profile: owner.profile.clone(),
                claimed: owner.claimed,
                silenced: owner.silenced,
                revision: owner.revision,
            },
            Effect::Changed(accepted::revision(owner, request.id, self.now)),
            Effect::RequestSet(request),
            audited(env, id, &self.actor.by, self.now, "number_changed", &detail),
        ]);
        let names = name::keys(&owner.profile);
        let present = |holding: &&mut Holding| holding.owner == id && holding.point == point && holding.until.is_none();
        let left = self.holders.get_mut(row.old.key()).and_then(|held| held.iter_mut().find(present));
        if let Some(left) = left {
            left.until = Some(at);
            let held = Holding { owner: id, point, from: at, until: None, names, given: left.given };
            self.holders.entry(row.new.key().into()).or_default().push(held);
        }
    }

    /// Rows after this one see what it did.
    fn remember(&mut self, row: &Move, moved: &Moved) {
        let (at, names) = (moved.at, vec![moved.key.clone()]);
        let held =
            Holding { owner: moved.owner, point: moved.point(), from: at, until: None, names, given: moved.grant };
        let left = Holding { from: Time(0), until: Some(at), ..held.clone() };
        self.holders.entry(row.old.key().into()).or_default().push(left);
        self.holders.entry(row.new.key().into()).or_default().push(held);
    }

    /// Gives everyone what the row says; whether that is another right than before.
    async fn grant(&mut self, row: &Move, id: OwnerId, point: PointId) -> Result<Result<bool, BadMove>, Refused> {
        if !self.groups.contains_key(&id) {
            let theirs = |holding: &&Holding| (holding.owner, holding.point) == (id, point);
            let holding = self.holders.get(row.old.key()).and_then(|held| held.iter().find(theirs));
            if holding.is_some_and(|holding| holding.given == row.grant) {
                return Ok(Ok(false));
            }
            self.read(id).await?;
            if self.owners.get(&id).is_some_and(|owner| owner.claimed) {
                return Ok(Err(BadMove::Claimed));
            }
            let Some(group) = self.everyone(id).await? else { return Ok(Ok(false)) };
            self.groups.insert(id, group);
        }
        let Some(group) = self.groups.get_mut(&id) else { return Ok(Ok(false)) };
        let mut wanted: Vec<Grant> = group.grants.iter().copied().filter(|grant| !is_of(grant, point)).collect();
        wanted.extend(row.grant.grants(point));
        if group.grants == wanted {
            return Ok(Ok(false));
        }
        group.grants = wanted;
        let changed = group.clone();
        self.expect(id);
        let detail = json!({"source": self.source.name, "group": changed.id});
        let audit = audited(self.env, id, &self.actor.by, self.now, "group_changed", &detail);
        self.effects.extend([Effect::GroupSet(changed), audit]);
        for key in [row.old.key(), row.new.key()] {
            let theirs = self.holders.get_mut(key).into_iter().flatten();
            theirs.filter(|holding| (holding.owner, holding.point) == (id, point)).for_each(|it| it.given = row.grant);
        }
        Ok(Ok(true))
    }

    /// The group of an imported owner that everyone is in.
    async fn everyone(&mut self, id: OwnerId) -> Result<Option<Group>, Refused> {
        if let Some(moved) = self.fresh.get(&id).and_then(|&at| self.imported.get(at)) {
            return Ok(Some(moved.as_group()));
        }
        self.before.done().await?;
        let memberships = self.env.store.memberships(id, Member::Everyone).await?;
        let groups = self.env.store.groups(id).await?;
        Ok(groups.into_iter().find(|group| memberships.contains(&group.id)))
    }
}

fn is_of(grant: &Grant, point: PointId) -> bool {
    matches!(*grant, Grant::Forward(of) | Grant::Reveal(Item::Point(of)) if of == point)
}
