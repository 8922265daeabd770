//! What the recipients of one owner may see and how they are told: facts read once, views computed once for each
//! distinct set of groups (rule N2).

use super::Env;
use crate::{
    clock::Time,
    domain::{
        card::{self, Card, Form},
        change::Snapshot,
        group::{self, Grant, Rights, Told},
        id::{GroupId, OwnerId},
        notice::{Recipient, Seen, View, before},
        owner::{Channel, Contact, Group, Owner, Profile, Proof},
        schedule::Hours,
    },
    store::{Result, StoreError},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

/// Everything about an owner that decides who is told what.
#[derive(Clone)]
pub(super) struct Views {
    /// The owner as they are.
    pub(super) owner: Owner,
    groups: BTreeMap<GroupId, Group>,
    granted: Vec<(GroupId, Grant)>,
    blocks: BTreeSet<Box<str>>,
    by_groups: HashMap<Vec<GroupId>, Arc<View>>,
    baselines: HashMap<(Vec<GroupId>, Time), Arc<Seen>>,
    profiles: HashMap<Time, Option<Profile>>,
}

impl Views {
    /// Reads the facts; `None` where there is no such owner any more.
    pub(super) async fn read(env: &Env, owner: OwnerId) -> Result<Option<Self>> {
        let store = &env.store;
        // All of it is read for nobody too: a page that shows nothing takes as long as another that does.
        let found = store.owner(owner).await?;
        let groups = store.groups(owner).await?;
        let blocks = store.blocks(owner).await?;
        Ok(found.map(|found| Self {
            owner: found,
            granted: groups.iter().flat_map(|group| group.grants.iter().map(|grant| (group.id, *grant))).collect(),
            groups: groups.into_iter().map(|group| (group.id, group)).collect(),
            blocks: blocks.into_iter().collect(),
            by_groups: HashMap::new(),
            baselines: HashMap::new(),
            profiles: HashMap::new(),
        }))
    }

    /// Whether anybody is blocked at all.
    pub(super) fn blocks_somebody(&self) -> bool {
        !self.blocks.is_empty()
    }

    /// Whether any identity of this recipient is blocked: a block beats every grant.
    pub(super) async fn blocked(&self, env: &Env, recipient: Recipient, contacts: &[Contact]) -> Result<bool> {
        if self.blocks.is_empty() {
            return Ok(false);
        }
        let by_address =
            |contact: &Contact| contact.addresses.iter().any(|address| self.blocks.contains(address.key()));
        if contacts.iter().any(by_address) {
            return Ok(true);
        }
        let Recipient::Owner(id) = recipient else { return Ok(false) };
        if self.blocks.contains(id.to_string().as_str()) {
            return Ok(true);
        }
        let points = env.store.owner(id).await?.map(|owner| owner.points).unwrap_or_default();
        let held = points.iter().filter_map(|point| point.current());
        Ok(held.into_iter().any(|held| self.blocks.contains(held.address.key())))
    }

    /// What somebody in these groups may see and how they are told; somebody in none sees nothing.
    pub(super) fn view(&mut self, member_of: &[GroupId]) -> Arc<View> {
        if let Some(view) = self.by_groups.get(member_of) {
            return Arc::clone(view);
        }
        let ways = member_of.iter().filter_map(|id| self.groups.get(id));
        let ways = ways.map(|group| (group.told.clone(), self.rights(&[group.id]))).collect();
        let view = Arc::new(View {
            visible: Seen::of(&self.owner, &self.rights(member_of)),
            told: Seen::of(&self.owner, &self.told_rights(member_of)),
            ways,
        });
        self.by_groups.insert(member_of.to_vec(), Arc::clone(&view));
        view
    }

    /// What stands for the ledger's row where there is none: what they knew right before `at`, under the rights that
    /// they have now.
    pub(super) async fn baseline(&mut self, env: &Env, member_of: &[GroupId], at: Time) -> Result<Arc<Seen>> {
        let key = (member_of.to_vec(), at);
        if let Some(seen) = self.baselines.get(&key) {
            return Ok(Arc::clone(seen));
        }
        let known = self.profiles.get(&at).cloned();
        let profile = if let Some(profile) = known {
            profile
        } else {
            let profile = profile_before(env, &self.owner, at).await?;
            self.profiles.insert(at, profile.clone());
            profile
        };
        let then = before(&self.owner, at, profile);
        let seen = Arc::new(Seen::of(&then, &self.rights(member_of)));
        self.baselines.insert(key, Arc::clone(&seen));
        Ok(seen)
    }

    fn rights(&self, member_of: &[GroupId]) -> Rights {
        group::rights(&self.granted, &member_of.iter().copied().collect(), false)
    }

    /// What those groups reveal that tell their members of changes.
    pub(super) fn told_rights(&self, member_of: &[GroupId]) -> Rights {
        let tells = |id: &&GroupId| self.groups.get(id).is_some_and(|group| group.told != Told::OnQuery);
        self.rights(&member_of.iter().filter(tells).copied().collect::<Vec<_>>())
    }

    /// Whether one of these groups introduces the owner to whom they add (rule E1).
    pub(super) fn introduces(&self, member_of: &[GroupId]) -> bool {
        member_of.iter().filter_map(|id| self.groups.get(id)).any(|group| group.introduce)
    }

    /// What an introduction reveals: what those groups reveal that introduce, and those that tell of changes.
    fn introduced_rights(&self, member_of: &[GroupId]) -> Rights {
        let shows =
            |id: &&GroupId| self.groups.get(id).is_some_and(|group| group.introduce || group.told != Told::OnQuery);
        self.rights(&member_of.iter().filter(shows).copied().collect::<Vec<_>>())
    }

    /// What an introduction tells somebody in these groups.
    pub(super) fn introduced(&self, member_of: &[GroupId]) -> Seen {
        Seen::of(&self.owner, &self.introduced_rights(member_of))
    }

    /// The card that goes with an introduction.
    pub(super) fn introduction_card(&self, member_of: &[GroupId]) -> String {
        card::project(&self.believed(), &self.introduced_rights(member_of)).to_vcard(Form::V3)
    }

    /// The channels of each of these groups.
    pub(super) fn channels<'a>(&'a self, member_of: &'a [GroupId]) -> impl Iterator<Item = &'a [Channel]> {
        member_of.iter().filter_map(|id| self.groups.get(id)).map(|group| group.channels.as_slice())
    }

    /// When members of these groups are left alone, each group's own hours.
    pub(super) fn quiet<'a>(&'a self, member_of: &'a [GroupId]) -> impl Iterator<Item = Hours> {
        member_of.iter().filter_map(|id| self.groups.get(id)?.quiet)
    }

    /// As if the owner were this one and had these groups beside the others, in the place of those with the same ids.
    pub(super) fn suppose(&mut self, owner: Owner, groups: Vec<Group>) {
        self.owner = owner;
        self.groups.extend(groups.into_iter().map(|group| (group.id, group)));
        let all = self.groups.values();
        self.granted = all.flat_map(|group| group.grants.iter().map(|grant| (group.id, *grant))).collect();
        self.by_groups.clear();
        self.baselines.clear();
    }

    /// All that somebody in these groups may see now, whether or not they are told of it: the card of their page.
    pub(super) fn visible_card(&self, member_of: &[GroupId]) -> Card {
        card::project(&self.believed(), &self.rights(member_of))
    }

    /// The same before anything of it is proved: for a preview.
    pub(super) fn promised_card(&self, member_of: &[GroupId]) -> Card {
        card::project(&self.owner, &self.rights(member_of))
    }

    /// The card that goes with a message: what is told, as a vCard that phones read.
    pub(super) fn card(&self, member_of: &[GroupId]) -> String {
        card::project(&self.believed(), &self.told_rights(member_of)).to_vcard(Form::V3)
    }

    /// What nobody has proved or stated is not told, so it stands on no card either.
    fn believed(&self) -> Owner {
        let mut proved = self.owner.clone();
        proved.points.retain(|point| point.current().is_some_and(|held| held.proof != Proof::None));
        proved
    }
}

/// The profile in force right before `at`, where a change since then may have altered it.
async fn profile_before(env: &Env, owner: &Owner, at: Time) -> Result<Option<Profile>> {
    /// Changes are looked through in pages from the newest; more than a few pages lie between two notices of nobody.
    const PAGE: u64 = 32;
    let mut end = owner.revision;
    loop {
        let start = end.saturating_sub(PAGE);
        let page = env.store.changes(owner.id, start, usize::try_from(end - start).unwrap_or(1).max(1)).await?;
        if let Some(change) = page.items.iter().rev().find(|change| change.at < at) {
            let snapshot: Snapshot = serde_json::from_str(&change.snapshot)
                .map_err(|error| StoreError::Damaged(format!("a change's snapshot: {error}").into()))?;
            return Ok(Some(snapshot.profile));
        }
        if start == 0 {
            return Ok(None);
        }
        end = start;
    }
}
