//! One batch of contacts into a book.

use super::Entry;
use crate::{
    clock::Time,
    domain::{
        exchange::Way,
        group::Member,
        id::{BookId, ContactId, GroupId, OwnerId},
        owner::{Contact, Membership, Owner},
        query::Holder,
    },
    store::{Commit, Effect, StoreError},
    usecase::{
        Env, contacts,
        exchange::introductions::Introducing,
        import::Imported,
        link_contacts::relinked,
        opt_outs,
        write::{Actor, Refused, audited, read_owner},
    },
};
use serde_json::json;
use std::{collections::HashMap, time::Duration};

/// How often a batch is looked at again because somebody else changed the owner meanwhile.
const TRIES: usize = 8;

/// Puts entries into one book.
pub(super) struct Loader<'a> {
    pub(super) env: &'a Env,
    pub(super) actor: Actor,
    pub(super) owner: OwnerId,
    pub(super) book: BookId,
    /// What new contacts join.
    pub(super) groups: Vec<GroupId>,
    /// What contacts that are there already join.
    pub(super) wanted: Option<GroupId>,
}

/// What one batch reads and makes.
struct Work<'a> {
    /// What new members of groups mean; nothing is sent before the owner has confirmed it (rule E2).
    introducing: Option<Introducing<'a>>,
    owner: Owner,
    now: Time,
    holders: HashMap<Box<str>, Vec<Holder>>,
    claimed: HashMap<OwnerId, bool>,
    effects: Vec<Effect>,
    done: Imported,
}

impl<'a> Loader<'a> {
    /// Writes what is new or different in one commit.
    pub(super) async fn load(&self, entries: &[Entry], imported: &mut Imported) -> Result<(), Refused> {
        if entries.is_empty() {
            return Ok(());
        }
        for _ in 0..TRIES {
            let mut work = self.begin(entries).await?;
            for entry in entries {
                self.put(&mut work, entry).await?;
            }
            match self.finish(work).await {
                Ok(done) => {
                    imported.added += done.added;
                    imported.changed += done.changed;
                    imported.same += done.same;
                    imported.unreadable += done.unreadable;
                    return Ok(());
                }
                Err(StoreError::Conflict) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Err(StoreError::Conflict.into())
    }

    async fn begin(&self, entries: &[Entry]) -> Result<Work<'a>, Refused> {
        let addresses = entries.iter().flat_map(|entry| entry.read.addresses(self.env.rules().region).0);
        let mut keys: Vec<Box<str>> = addresses.map(|address| address.key().into()).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut holders: HashMap<Box<str>, Vec<Holder>> = HashMap::new();
        for (key, holder) in self.env.store.holders(&keys).await? {
            holders.entry(key).or_default().push(holder);
        }
        let owner = read_owner(self.env, self.owner, None).await?;
        let now = self.env.store.now().await?;
        let introducing = Introducing::begin(self.env, &owner, &self.groups, Way::Import, now).await?;
        Ok(Work {
            introducing,
            owner,
            now,
            holders,
            claimed: HashMap::new(),
            effects: Vec::new(),
            done: Imported::default(),
        })
    }

    async fn finish(&self, mut work: Work<'_>) -> Result<Imported, StoreError> {
        if work.effects.is_empty() {
            return Ok(work.done);
        }
        let detail = json!({"book": self.book, "added": work.done.added, "changed": work.done.changed});
        let audit = audited(self.env, self.owner, &self.actor.by, work.now, "contacts_imported", &detail);
        work.effects.push(audit);
        let expect = vec![(work.owner.id, work.owner.version)];
        self.env.store.commit(Commit { expect, once: None, effects: work.effects }).await?;
        Ok(work.done)
    }

    async fn put(&self, work: &mut Work<'_>, entry: &Entry) -> Result<(), Refused> {
        let before = self.env.store.contact_by_uid(self.owner, self.book, &entry.uid).await?;
        if let Some(before) = &before
            && before.card == entry.card
        {
            let joined = self.join(work, before).await?;
            work.done.same += u64::from(!joined);
            work.done.changed += u64::from(joined);
            return Ok(());
        }
        let contact = self.contact(work, entry, before.as_ref()).await?;
        work.effects.push(Effect::ContactSet(contact.clone()));
        let Some(before) = before else {
            work.done.added += 1;
            let joins = self.groups.iter().map(|&group| Membership { group, member: Member::Contact(contact.id) });
            work.effects.extend(joins.map(|membership| Effect::MemberAdded(self.owner, membership)));
            self.introduce(work, &contact).await?;
            return Ok(());
        };
        work.done.changed += 1;
        self.join(work, &contact).await?;
        // The ledger follows, and nobody is told for the import's sake (rule E2).
        work.effects.extend(relinked(self.env, &before, &contact, work.now, true).await?);
        work.effects.extend(opt_outs::follow(self.env, &before, &contact, work.now).await?);
        Ok(())
    }

    /// A contact that is there already joins the group that was asked for; whether it was not in it.
    async fn join(&self, work: &mut Work<'_>, contact: &Contact) -> Result<bool, Refused> {
        let Some(group) = self.wanted else { return Ok(false) };
        let member = Member::Contact(contact.id);
        if self.env.store.memberships(self.owner, member).await?.contains(&group) {
            return Ok(false);
        }
        work.effects.push(Effect::MemberAdded(self.owner, Membership { group, member }));
        self.introduce(work, contact).await?;
        Ok(true)
    }

    /// Whom a group introduces the owner to: held, until the owner confirms it.
    async fn introduce(&self, work: &mut Work<'_>, contact: &Contact) -> Result<(), Refused> {
        if let Some(introducing) = &mut work.introducing {
            work.effects.extend(introducing.joined(contact, &self.groups).await?);
        }
        Ok(())
    }

    async fn contact(&self, work: &mut Work<'_>, entry: &Entry, before: Option<&Contact>) -> Result<Contact, Refused> {
        let (addresses, unreadable) = entry.read.addresses(self.env.rules().region);
        work.done.unreadable += unreadable.len() as u64;
        let names = entry.read.name_keys();
        let held = addresses.iter().filter_map(|address| work.holders.get_key_value(address.key()));
        let holders: Vec<_> =
            held.flat_map(|(key, held)| held.iter().map(|holder| (key.clone(), holder.clone()))).collect();
        let keys: Vec<Box<str>> = holders.iter().map(|(key, _)| key.clone()).collect();
        let asleep = if keys.is_empty() { Vec::new() } else { self.env.store.asleep_at(self.owner, &keys).await? };
        let found = contacts::linked(self.owner, &names, &holders, &asleep, before);
        let linked = match found {
            Some(other) => self.claimed(work, other).await?.then_some(other),
            None => None,
        };
        Ok(Contact {
            id: before.map_or_else(|| self.fresh(work), |before| before.id),
            book: self.book,
            owner: self.owner,
            uid: entry.uid.clone(),
            version: before.map_or(1, |before| before.version + 1),
            card: entry.card.clone(),
            name: entry.read.name().into(),
            names,
            addresses,
            linked,
            language: entry.read.language().map(Into::into),
        })
    }

    /// A microsecond on for each, so that the rows are in the order of the file.
    fn fresh(&self, work: &Work<'_>) -> ContactId {
        ContactId::fresh(work.now.after(Duration::from_micros(work.done.added)), &*self.env.random)
    }

    /// Behind an unclaimed owner stands nobody who could be told.
    async fn claimed(&self, work: &mut Work<'_>, owner: OwnerId) -> Result<bool, Refused> {
        if let Some(&known) = work.claimed.get(&owner) {
            return Ok(known);
        }
        let claimed = self.env.store.owner(owner).await?.is_some_and(|owner| owner.claimed);
        work.claimed.insert(owner, claimed);
        Ok(claimed)
    }
}
