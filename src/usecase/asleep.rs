//! Rights that sleep (rule C8): put to sleep in the commit that proves an address, or that says it is dead; listed and
//! confirmed by the book's owner.

use super::{
    Env, contacts,
    members::recipient,
    write::{Actor, Plan, Refused, audited, read_owner},
};
use crate::{
    clock::Time,
    domain::{
        address::Address,
        asleep::{Asleep, Cause, Event, falls_asleep, is_news},
        id::{ContactId, NoticeId, OwnerId},
        name::{self, NameKey},
        notice::{Notice, NoticeState},
        owner::Contact,
    },
    store::{Effect, Page, StoreError},
};
use serde_json::json;
use std::collections::BTreeSet;

/// Contacts in one read.
const PAGE: usize = 500;

/// A sleeping address and the contacts that hold it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sleeper {
    /// The address.
    pub asleep: Asleep,
    /// Contacts of the owner that hold it.
    pub contacts: Vec<ContactId>,
}

/// What falls asleep because of what these effects say is proved.
pub(super) async fn proved(env: &Env, effects: &[Effect]) -> Result<Vec<Effect>, StoreError> {
    let mut found = Vec::new();
    for effect in effects {
        match effect {
            Effect::OwnerAdded(owner) => {
                let names = name::keys(&owner.profile);
                for held in owner.points.iter().filter_map(|point| point.current()) {
                    if is_news(None, &held.proof) {
                        let recycled = others(env, owner.id, &held.address).await?;
                        let event = Event::Proved { by: owner.id, names: &names, recycled };
                        found.extend(fallen(env, &held.address, event, held.proved).await?);
                    }
                }
            }
            Effect::ValueHeld(owner, _, held) if is_news(None, &held.proof) => {
                let names = names(env, *owner, effects).await?;
                let recycled = others(env, *owner, &held.address).await?;
                let event = Event::Proved { by: *owner, names: &names, recycled };
                found.extend(fallen(env, &held.address, event, held.proved).await?);
            }
            Effect::ValueProved { owner, point, key, proof, at } => {
                let known = env.store.owner(*owner).await?;
                let values = known.iter().flat_map(|owner| &owner.points).filter(|one| one.id == *point);
                let before = values.flat_map(|point| &point.values).rfind(|held| *held.address.key() == **key);
                let Some(before) = before.filter(|held| is_news(Some(&held.proof), proof)) else { continue };
                let names = names(env, *owner, effects).await?;
                let recycled = others(env, *owner, &before.address).await?;
                let event = Event::Proved { by: *owner, names: &names, recycled };
                found.extend(fallen(env, &before.address, event, *at).await?);
            }
            _ => {}
        }
    }
    Ok(found)
}

/// Whether somebody else has or had the address by a proof. Behind an imported owner stands nobody yet (rule C10).
async fn others(env: &Env, by: OwnerId, address: &Address) -> Result<bool, StoreError> {
    for (_, holder) in env.store.holders(&[address.key().into()]).await? {
        if holder.owner != by
            && holder.believed
            && env.store.owner(holder.owner).await?.is_some_and(|other| other.claimed)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What falls asleep where a contact is linked to an owner no more: the addresses that it had before and that are by now
/// somebody else's, who would get what the contact has by itself.
pub(super) async fn unlinked(
    env: &Env,
    before: &Contact,
    after: &Contact,
    now: Time,
) -> Result<Vec<Effect>, StoreError> {
    let Some(was) = before.linked.filter(|was| after.linked != Some(*was)) else { return Ok(Vec::new()) };
    let mut effects = Vec::new();
    for address in
        after.addresses.iter().filter(|address| before.addresses.iter().any(|old| old.key() == address.key()))
    {
        let keys = [address.key().into()];
        let anothers = env.store.holders(&keys).await?.into_iter().any(|(_, holder)| {
            ![was, after.owner].contains(&holder.owner) && holder.believed && holder.until.is_none()
        });
        if anothers && env.store.asleep_at(after.owner, &keys).await?.is_empty() {
            effects.extend(falls(env, after, address, Cause::Proved, now));
        }
    }
    Ok(effects)
}

/// The address through which this contact has nothing from now on, and the line that says so.
fn falls(env: &Env, contact: &Contact, address: &Address, cause: Cause, since: Time) -> [Effect; 2] {
    let detail = json!({"contact": contact.id, "address": address.to_string(), "because": cause});
    let asleep = Asleep { owner: contact.owner, address: address.clone(), since, cause };
    [Effect::FellAsleep(asleep), audited(env, contact.owner, "system", since, "rights_asleep", &detail)]
}

/// The names of an owner, as these effects leave them.
async fn names(env: &Env, id: OwnerId, effects: &[Effect]) -> Result<Vec<NameKey>, StoreError> {
    let set = effects.iter().rev().find_map(|effect| match effect {
        Effect::NamesSet(owner, names) if *owner == id => Some(names.clone()),
        _ => None,
    });
    match set {
        Some(names) => Ok(names),
        None => Ok(env.store.owner(id).await?.map(|owner| name::keys(&owner.profile)).unwrap_or_default()),
    }
}

/// What falls asleep because of what happened to an address: a line for each book's owner, once.
pub(super) async fn fallen(
    env: &Env,
    address: &Address,
    event: Event<'_>,
    at: Time,
) -> Result<Vec<Effect>, StoreError> {
    let cause = match event {
        Event::Proved { .. } => Cause::Proved,
        Event::Dead => Cause::Dead,
    };
    let (mut effects, mut after, mut seen) = (Vec::new(), None, BTreeSet::new());
    loop {
        let page = env.store.contacts_at(&[address.key().into()], after, PAGE).await?;
        for contact in page.items.iter().filter(|contact| falls_asleep(contact, event)) {
            if !seen.insert(contact.owner)
                || !env.store.asleep_at(contact.owner, &[address.key().into()]).await?.is_empty()
            {
                continue;
            }
            effects.extend(falls(env, contact, address, cause, at));
        }
        after = page.items.last().map(|last| (last.owner, last.id)).filter(|_| page.more);
        if after.is_none() {
            return Ok(effects);
        }
    }
}

/// The addresses of an owner that sleep, by key.
pub async fn list(env: &Env, owner: OwnerId, after: Option<&str>, limit: usize) -> Result<Page<Sleeper>, Refused> {
    let owner = read_owner(env, owner, None).await?;
    let page = env.store.asleep(owner.id, after, limit).await?;
    let mut items = Vec::with_capacity(page.items.len());
    for asleep in page.items {
        let (mut contacts, mut after) = (Vec::new(), None);
        loop {
            let found = env.store.contacts_at(&[asleep.address.key().into()], after, PAGE).await?;
            let own = found.items.iter().filter(|contact| contact.owner == owner.id && contact.linked.is_none());
            contacts.extend(own.map(|contact| contact.id));
            after = found.items.last().map(|last| (last.owner, last.id)).filter(|_| found.more);
            if after.is_none() {
                break;
            }
        }
        items.push(Sleeper { asleep, contacts });
    }
    Ok(Page { items, more: page.more })
}

/// The owner says that this contact's addresses are still theirs: rights through them are given again, and what was not
/// told meanwhile is told.
pub async fn confirm(env: &Env, actor: &Actor, owner: OwnerId, id: ContactId) -> Result<Plan<Contact>, Refused> {
    let owner = read_owner(env, owner, None).await?;
    let contact = contacts::read(env, owner.id, id, None).await?;
    let keys: Vec<Box<str>> = contact.addresses.iter().map(|address| address.key().into()).collect();
    let asleep = env.store.asleep_at(owner.id, &keys).await?;
    if asleep.is_empty() {
        return Ok(Plan::nothing(contact));
    }
    let now = env.store.now().await?;
    let awake = |asleep: &Asleep| Effect::Awoke { owner: owner.id, key: asleep.address.key().into() };
    let mut effects: Vec<Effect> = asleep.iter().map(awake).collect();
    // Whom name and address match now is linked now.
    let holders = env.store.holders(&keys).await?.into_iter().map(|(_, holder)| holder);
    let present = holders.filter(|holder| holder.until.is_none() && holder.believed && holder.owner != owner.id);
    let matched: BTreeSet<OwnerId> = present.map(|holder| holder.owner).collect();
    effects.extend(matched.into_iter().map(|matched| Effect::LinkingDue { owner: matched, at: now }));
    let shown: Vec<String> = asleep.iter().map(|asleep| asleep.address.to_string()).collect();
    let detail = json!({"contact": id, "addresses": shown});
    effects.push(audited(env, owner.id, &actor.by, now, "contact_confirmed", &detail));
    // What was not told meanwhile is told, from when it first could not be.
    let since = asleep.iter().map(|asleep| asleep.since).min().unwrap_or(now);
    let due = now.after(env.rules().debounce);
    effects.push(Effect::NoticeDue(Notice {
        id: NoticeId::fresh(now, &*env.random),
        owner: owner.id,
        recipient: recipient(&contact),
        state: NoticeState::Open,
        first: since,
        due,
        since: due,
        attempts: 0,
        reason: "".into(),
        settled: None,
    }));
    Ok(Plan::on(&owner, effects, contact))
}
