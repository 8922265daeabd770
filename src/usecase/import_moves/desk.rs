//! One batch of moves: the facts of all its rows, and what the rows decided so far have made of them.

use super::Source;
use crate::domain::{change::RequestState, id::AppId};
use crate::{
    clock::Time,
    domain::{
        address::Kind,
        group::{Grant, Item, Member, Viewer},
        id::{BookId, GroupId, OwnerId, PointId},
        imported::{BadMove, Decision, ForEveryone, Holding, Move, decide, known},
        name,
        owner::{Book, Group, Held, Membership, Owner, Point, Profile, Proof},
    },
    store::{Commit, Effect},
    usecase::{
        Env, accepted,
        wanted::{NewValue, Wanted, WantedPoint},
        write::{Actor, Refused, audited, read_owner},
    },
};
use serde_json::json;
use std::collections::HashMap;

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

/// Decides rows one after the other and gathers what they write.
pub(super) struct Desk<'a> {
    env: &'a Env,
    source: &'a Source,
    actor: Actor,
    now: Time,
    holders: HashMap<Box<str>, Vec<Holding>>,
    owners: HashMap<OwnerId, Owner>,
    groups: HashMap<OwnerId, Group>,
    commit: Commit,
}

impl<'a> Desk<'a> {
    /// Reads who holds or held any number of these rows.
    pub(super) async fn open(env: &'a Env, source: &'a Source, rows: &[(u64, Move)]) -> Result<Self, Refused> {
        let mut keys: Vec<Box<str>> =
            rows.iter().flat_map(|(_, row)| [row.old.key().into(), row.new.key().into()]).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut holders: HashMap<Box<str>, Vec<Holding>> = HashMap::with_capacity(keys.len());
        for (key, holder) in env.store.holders(&keys).await? {
            holders.entry(key).or_default().extend(Holding::of(holder));
        }
        let actor = Actor { app: AppId(0), by: "import".into(), vouches: false };
        let (owners, groups) = (HashMap::new(), HashMap::new());
        let now = env.store.now().await?;
        Ok(Self { env, source, actor, now, holders, owners, groups, commit: Commit::default() })
    }

    /// Writes what the rows came to.
    pub(super) async fn commit(self) -> Result<(), Refused> {
        if !self.commit.effects.is_empty() {
            self.env.store.commit(self.commit).await?;
        }
        Ok(())
    }

    /// Decides one row.
    pub(super) async fn take(&mut self, row: &Move) -> Result<Result<Done, BadMove>, Refused> {
        let of = |key: &str| self.holders.get(key).cloned().unwrap_or_default();
        let (old, new) = (of(row.old.key()), of(row.new.key()));
        if known(row, &old, &new).is_none() {
            for holding in old.iter().chain(&new) {
                self.read(holding.owner).await?;
            }
        }
        let claimed = |owner: OwnerId| self.owners.get(&owner).is_some_and(|owner| owner.claimed);
        match decide(row, &old, &new, claimed) {
            Err(why) => Ok(Err(why)),
            Ok(Decision::New) => {
                self.add(row);
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
            let owner = read_owner(self.env, id, None).await?;
            self.owners.insert(id, owner);
        }
        Ok(())
    }

    /// The owner is written to, and must still be as it was read. One made in this batch has no version to expect.
    fn expect(&mut self, id: OwnerId) {
        let listed = self.commit.expect.iter().any(|(listed, _)| *listed == id);
        if let Some(owner) = self.owners.get(&id).filter(|owner| owner.version > 0 && !listed) {
            self.commit.expect.push((id, owner.version));
        }
    }

    fn proof(&self) -> Proof {
        Proof::Imported(self.source.name.clone())
    }

    fn held(&self, row: &Move) -> Held {
        let from = row.changed_at;
        Held { address: row.new.clone(), from, until: None, proof: self.proof(), proved: from }
    }

    /// An unclaimed owner with one point, a book, and a group of everyone.
    fn add(&mut self, row: &Move) {
        let (env, at) = (self.env, row.changed_at);
        let (id, point) = (OwnerId::fresh(self.now, &*env.random), PointId::fresh(self.now, &*env.random));
        let (book, group) = (BookId::fresh(self.now, &*env.random), GroupId::fresh(self.now, &*env.random));
        // Since when the old number was theirs, the file does not say.
        let left = Held { address: row.old.clone(), from: Time(0), until: Some(at), proof: self.proof(), proved: at };
        let kind = row.new.kind();
        let label = if kind == Kind::Phone { "phone" } else { "email" };
        let values = vec![left, self.held(row)];
        let owner = Owner {
            id,
            version: 1,
            revision: 0,
            claimed: false,
            silenced: false,
            language: "en".into(),
            profile: Profile { name: row.name.to_string(), ..Profile::default() },
            points: vec![Point { id: point, kind, label: label.into(), removed: None, values }],
            created: self.now,
        };
        let group = Group {
            id: group,
            book,
            owner: id,
            name: "everyone".into(),
            told: crate::domain::group::Told::OnQuery,
            channels: Vec::new(),
            grants: grants(row.grant, point),
        };
        self.remember(row, id, point, vec![row.key.clone()], Time(0));
        self.commit.effects.extend([
            Effect::OwnerAdded(owner.clone()),
            Effect::NamesSet(id, name::keys(&owner.profile)),
            Effect::BookSet(Book { id: book, owner: id, name: "imported".into(), default_group: None }),
            Effect::GroupSet(group.clone()),
            Effect::MemberAdded(id, Membership { group: group.id, member: Member::Everyone }),
            audited(env, id, &self.actor, self.now, "imported", &json!({"source": self.source.name})),
        ]);
        self.owners.insert(id, Owner { version: 0, ..owner });
        self.groups.insert(id, group);
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
        self.commit.effects.extend([
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
            audited(env, id, &self.actor, self.now, "number_changed", &detail),
        ]);
        let names = name::keys(&owner.profile);
        let present = |holding: &&mut Holding| holding.owner == id && holding.point == point && holding.until.is_none();
        let from = self.holders.get_mut(row.old.key()).and_then(|held| {
            let held = held.iter_mut().find(|holding| present(holding))?;
            held.until = Some(at);
            Some(held.from)
        });
        if from.is_some() {
            let held = Holding { owner: id, point, from: at, until: None, names };
            self.holders.entry(row.new.key().into()).or_default().push(held);
        }
    }

    /// Rows after this one see what it did.
    fn remember(&mut self, row: &Move, owner: OwnerId, point: PointId, names: Vec<name::NameKey>, from: Time) {
        let at = row.changed_at;
        let left = Holding { owner, point, from, until: Some(at), names: names.clone() };
        let held = Holding { owner, point, from: at, until: None, names };
        self.holders.entry(row.old.key().into()).or_default().push(left);
        self.holders.entry(row.new.key().into()).or_default().push(held);
    }

    /// Gives everyone what the row says; whether that is another right than before.
    async fn grant(&mut self, row: &Move, id: OwnerId, point: PointId) -> Result<Result<bool, BadMove>, Refused> {
        if !self.groups.contains_key(&id) {
            let facts = self.env.store.facts(row.old.key(), &Viewer::default()).await?;
            let holder = facts.holders.into_iter().find(|holder| (holder.owner, holder.point) == (id, point));
            let rights = holder.map(|holder| holder.rights).unwrap_or_default();
            let given = (rights.forwards(point), rights.reveals(Item::Point(point)));
            let wanted = (row.grant != ForEveryone::None, row.grant == ForEveryone::Reveal);
            if given == wanted {
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
        wanted.extend(grants(row.grant, point));
        if group.grants == wanted {
            return Ok(Ok(false));
        }
        group.grants = wanted;
        let changed = group.clone();
        self.expect(id);
        let detail = json!({"source": self.source.name, "group": changed.id});
        let audit = audited(self.env, id, &self.actor, self.now, "group_changed", &detail);
        self.commit.effects.extend([Effect::GroupSet(changed), audit]);
        Ok(Ok(true))
    }

    /// The group of an imported owner that everyone is in.
    async fn everyone(&self, id: OwnerId) -> Result<Option<Group>, Refused> {
        let memberships = self.env.store.memberships(id, Member::Everyone).await?;
        let groups = self.env.store.groups(id).await?;
        Ok(groups.into_iter().find(|group| memberships.contains(&group.id)))
    }
}

fn grants(grant: ForEveryone, point: PointId) -> Vec<Grant> {
    match grant {
        ForEveryone::Reveal => vec![Grant::Reveal(Item::Point(point))],
        ForEveryone::Forward => vec![Grant::Forward(point)],
        ForEveryone::None => Vec::new(),
    }
}

fn is_of(grant: &Grant, point: PointId) -> bool {
    matches!(*grant, Grant::Forward(of) | Grant::Reveal(Item::Point(of)) if of == point)
}
