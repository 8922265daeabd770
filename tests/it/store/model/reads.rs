//! What the model says when it is asked.

use super::state::{State, believed};
use redial::{
    clock::Time,
    domain::{
        group::{EVERYONE, Grant, Identity, Item, Member, Rights, Viewer},
        id::{GroupId, OwnerId},
        notice::Recipient,
        owner::{Contact, Group, Held, Proof},
        query::Holder,
    },
    store::Audience,
};
use std::collections::{BTreeMap, BTreeSet};

impl State {
    pub(crate) fn blocks(&self, owner: OwnerId) -> Vec<Box<str>> {
        self.blocks.iter().filter(|(of, _)| *of == owner).map(|(_, identity)| identity.clone()).collect()
    }

    pub(crate) fn groups(&self, owner: OwnerId) -> Vec<Group> {
        self.groups.values().filter(|group| group.owner == owner).cloned().collect()
    }

    pub(crate) fn contacts(&self, owner: OwnerId) -> Vec<Contact> {
        self.contacts.values().filter(|contact| contact.owner == owner).cloned().collect()
    }

    pub(crate) fn audience(&self, owner: OwnerId) -> Vec<Audience> {
        let mut found: BTreeMap<Recipient, BTreeSet<GroupId>> = BTreeMap::new();
        for (_, group, member) in self.members.iter().filter(|(of, _, _)| *of == owner) {
            if let Member::Contact(id) = member {
                let linked = self.contacts[&id.0].linked;
                found.entry(linked.map_or(Recipient::Contact(*id), Recipient::Owner)).or_default().insert(*group);
            }
        }
        let heard =
            |(recipient, groups): (_, BTreeSet<_>)| Audience { recipient, groups: groups.into_iter().collect() };
        found.into_iter().map(heard).collect()
    }

    /// What a viewer's identity is known by: itself, and the owner whose believed present value it is.
    fn keys(&self, identity: &Identity) -> Vec<String> {
        let mut keys = vec![identity.key()];
        let present = |held: &Held| held.until.is_none() && believed(held) && held.address.key() == identity.key();
        keys.extend(self.all_held().filter(|(_, _, held)| present(held)).map(|(owner, _, _)| owner.id.to_string()));
        keys
    }

    fn known_as(&self, member: Member) -> Vec<String> {
        match member {
            Member::Everyone => vec![EVERYONE.to_owned()],
            Member::Application(id) => vec![id.to_string()],
            Member::Contact(id) => {
                let contact = &self.contacts[&id.0];
                let addresses = || contact.addresses.iter().map(|address| address.key().to_owned()).collect();
                contact.linked.map_or_else(addresses, |owner| vec![owner.to_string()])
            }
        }
    }

    /// Everybody who holds or held a key, as a viewer sees them.
    pub(crate) fn holders(&self, key: &str, viewer: &Viewer) -> Vec<Holder> {
        let mut found = Vec::new();
        for (owner, point, held) in self.all_held().filter(|(_, _, held)| held.address.key() == key) {
            let (rights, groups, blocked) = self.standing(owner.id, viewer);
            let shown = |other: &Held| matches!(other.proof, Proof::Code | Proof::Vouched(_));
            let since = |until: Time| {
                self.all_held().any(|(of, _, other)| {
                    of.id != owner.id && other.address.key() == key && shown(other) && other.proved >= until
                })
            };
            found.push(Holder {
                owner: owner.id,
                point: point.id,
                from: held.from,
                until: held.until,
                proved: held.proved,
                believed: believed(held),
                current: point.current().filter(|held| believed(held)).map(|held| held.address.clone()),
                names: self.names.get(&owner.id.0).cloned().unwrap_or_default(),
                name: owner.profile.name.as_str().into(),
                silenced: owner.silenced,
                revision: owner.revision,
                rights,
                groups,
                blocked,
                proved_by_another: held.until.is_some_and(since),
            });
        }
        found.sort_by_key(|holder| (holder.owner, holder.point));
        found
    }

    fn standing(&self, owner: OwnerId, viewer: &Viewer) -> (Rights, Vec<GroupId>, bool) {
        let mut proved: Vec<String> = viewer.proved.iter().flat_map(|identity| self.keys(identity)).collect();
        let claimed: Vec<String> = viewer.claimed.iter().flat_map(|identity| self.keys(identity)).collect();
        let known: BTreeSet<&String> = proved.iter().chain(&claimed).collect();
        // All that an owner has at present is who they are.
        let theirs = self
            .all_held()
            .filter(|(of, _, held)| held.until.is_none() && believed(held) && known.contains(&of.id.to_string()));
        let theirs: BTreeSet<&str> = theirs.map(|(_, _, held)| held.address.key()).collect();
        let is_known = |key: &str| theirs.contains(key) || known.iter().any(|known| **known == *key);
        if self.blocks(owner).iter().any(|key| is_known(key)) {
            return (Rights::default(), Vec::new(), true);
        }
        proved.push(EVERYONE.to_owned());
        let (mut rights, mut gave) = (Rights::default(), BTreeSet::new());
        for (_, group, member) in self.members.iter().filter(|(of, _, _)| *of == owner) {
            let known = self.known_as(*member);
            let by_proof = known.iter().any(|key| proved.contains(key));
            let by_claim = known.iter().any(|key| claimed.contains(key));
            for grant in &self.groups[group].grants {
                let to = match grant {
                    Grant::Forward(point) | Grant::Reveal(Item::Point(point)) => Some(*point),
                    Grant::Reveal(Item::Field(_)) => None,
                };
                if by_proof || (by_claim && to.is_some()) {
                    gave.insert(*group);
                    rights.forward.extend(to);
                }
                if let (true, Grant::Reveal(item)) = (by_proof, grant) {
                    rights.reveal.insert(*item);
                }
            }
        }
        (rights, gave.into_iter().collect(), false)
    }
}
