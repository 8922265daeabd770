//! Contacts are linked to an owner who registers, proves a value or changes a name after they were written (rule Q2:
//! name and address match; rule E3: never by name or UID alone).
//!
//! The owner's commit leaves one row that says so; a worker looks through the contacts that hold the owner's addresses,
//! in pages that may be repeated. Links are only made here, never taken away: one that was there stays.

use super::{
    Env, asleep, contacts,
    members::recipient,
    write::{Refused, fanout, read_owner},
};
use crate::{
    clock::Time,
    domain::{
        change::{Accepted, Step},
        id::{ContactId, OwnerId},
        name,
        notice::{Recipient, Shown},
        owner::{Contact, Owner, Proof},
        query::Holder,
    },
    store::{Commit, Effect, Linking, StoreError},
};
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

/// Contacts in one page, and so in one commit.
const PAGE: usize = 50;
/// How often a page is looked at again because somebody changed one of the books meanwhile. After that its claim runs
/// out, and it is taken again.
const TRIES: usize = 5;

/// What an accepted request leaves to be done for links: something where the owner can now be found by a value or a
/// name by which it could not be found before.
pub(super) fn due(before: &Owner, accepted: &Accepted, at: Time) -> Option<Effect> {
    let after = &accepted.after;
    let proved = accepted.steps.iter().any(|step| match step {
        Step::Held(_, held) | Step::Proved(_, held) => held.proof != Proof::None,
        Step::Left(..) | Step::Point(_) => false,
    });
    let found_anew = proved
        || (after.claimed && !before.claimed)
        || (after.profile != before.profile && name::keys(&after.profile) != name::keys(&before.profile));
    // Behind an unclaimed owner stands nobody who could be told.
    (found_anew && after.claimed && !keys(after).is_empty()).then_some(Effect::LinkingDue { owner: after.id, at })
}

/// Keys of the owner's believed present values.
fn keys(owner: &Owner) -> Vec<Box<str>> {
    let held = owner.points.iter().filter_map(|point| point.current()).filter(|held| held.proof != Proof::None);
    held.map(|held| held.address.key().into()).collect()
}

/// Takes one page of a linking that is due, if there is one, and returns how many contacts were linked.
pub async fn link_contacts(env: &Env, lease: Duration) -> Result<Option<usize>, StoreError> {
    let Some(linking) = env.store.claim_linking(lease).await? else { return Ok(None) };
    for _ in 0..TRIES {
        match write_page(env, &linking).await {
            Err(StoreError::Conflict) => {}
            written => return written.map(Some),
        }
    }
    Ok(Some(0))
}

async fn write_page(env: &Env, linking: &Linking) -> Result<usize, StoreError> {
    let (commit, linked) = page(env, linking).await?;
    env.store.commit(commit).await?;
    Ok(linked)
}

/// What one page writes, and how many links are in it.
async fn page(env: &Env, linking: &Linking) -> Result<(Commit, usize), StoreError> {
    let mut commit = Commit::default();
    let mut count = 0;
    let moved = |cursor| Effect::LinkingMoved { owner: linking.owner, seen: linking.at, cursor };
    let owner = env.store.owner(linking.owner).await?;
    if owner.is_none() && env.store.erased(linking.owner).await?.is_some() {
        return unlinked(env, linking).await;
    }
    let owner = owner.filter(|owner| owner.claimed);
    let Some(owner) = owner.filter(|owner| !keys(owner).is_empty()) else {
        commit.effects.push(moved(None));
        return Ok((commit, count));
    };
    let found = env.store.contacts_at(&keys(&owner), linking.cursor, PAGE).await?;
    let last = found.items.last().map(|contact| (contact.owner, contact.id)).filter(|_| found.more);
    let mut books: BTreeMap<OwnerId, Vec<Contact>> = BTreeMap::new();
    for contact in matching(env, &owner, found.items).await? {
        books.entry(contact.owner).or_default().push(contact);
    }
    let now = env.store.now().await?;
    for (id, contacts) in books {
        let other = match read_owner(env, id, None).await {
            Ok(other) => other,
            Err(Refused::Store(error)) => return Err(error),
            Err(_) => continue,
        };
        commit.expect.push((other.id, other.version));
        for read in contacts {
            // Read again after the version: it may have been edited between the two.
            let Some(before) = env.store.contact(id, read.id).await?.filter(|before| *before == read) else {
                return Err(StoreError::Conflict);
            };
            let after = Contact { linked: Some(owner.id), ..before.clone() };
            commit.effects.extend(relinked(env, &before, &after, now, false).await?);
            commit.effects.push(Effect::ContactSet(after));
            count += 1;
        }
    }
    commit.effects.push(moved(last));
    Ok((commit, count))
}

/// A page of contacts that are linked to an owner who was erased: each is somebody by itself again. What it was shown as that
/// owner is what it was shown, and a notice that waits for the owner is told to it.
async fn unlinked(env: &Env, linking: &Linking) -> Result<(Commit, usize), StoreError> {
    let mut commit = Commit::default();
    let found = env.store.linked_to(linking.owner, PAGE).await?;
    let more = found.len() == PAGE;
    let now = env.store.now().await?;
    let gone = Recipient::Owner(linking.owner);
    let mut count = 0;
    for (id, contact) in found {
        let Some(other) = env.store.owner(id).await? else { continue };
        if !commit.expect.iter().any(|(known, _)| *known == id) {
            commit.expect.push((other.id, other.version));
        }
        let Some(before) = env.store.contact(id, contact).await?.filter(|one| one.linked == Some(linking.owner)) else {
            return Err(StoreError::Conflict);
        };
        let after = Contact { linked: None, ..before.clone() };
        commit.effects.extend(asleep::unlinked(env, &before, &after, now).await?);
        let is = recipient(&after);
        if let Some(row) = env.store.shown(id, gone).await? {
            commit.effects.push(Effect::ShownTo(Shown { recipient: is, ..row }));
        }
        let open = env.store.open_notice(id, gone).await?;
        commit.effects.push(Effect::ContactSet(after));
        commit.effects.push(fanout(env, id, open.as_ref().map_or(now, |open| open.first), vec![is], open.is_none()));
        count += 1;
    }
    // The next page begins at the first one again: these are linked no more.
    let cursor = more.then_some((OwnerId(0), ContactId(0)));
    commit.effects.push(Effect::LinkingMoved { owner: linking.owner, seen: linking.at, cursor });
    Ok((commit, count))
}

/// Those of a page that name and address link to this owner and to nobody else.
async fn matching(env: &Env, owner: &Owner, found: Vec<Contact>) -> Result<Vec<Contact>, StoreError> {
    let names = name::keys(&owner.profile);
    let bears = |contact: &Contact| contact.names.iter().any(|name| names.contains(name));
    let found: Vec<Contact> = found
        .into_iter()
        .filter(|contact| contact.linked.is_none() && contact.owner != owner.id && bears(contact))
        .collect();
    let mut keys: Vec<Box<str>> =
        found.iter().flat_map(|contact| &contact.addresses).map(|address| address.key().into()).collect();
    keys.sort_unstable();
    keys.dedup();
    let mut holders: HashMap<Box<str>, Vec<(Box<str>, Holder)>> = HashMap::new();
    if !keys.is_empty() {
        for (key, holder) in env.store.holders(&keys).await? {
            holders.entry(key.clone()).or_default().push((key, holder));
        }
    }
    let mut matching = Vec::with_capacity(found.len());
    for contact in found {
        let held = contact.addresses.iter().filter_map(|address| holders.get(address.key()));
        let holders: Vec<_> = held.flatten().cloned().collect();
        let keys: Vec<Box<str>> = contact.addresses.iter().map(|address| address.key().into()).collect();
        let asleep = env.store.asleep_at(contact.owner, &keys).await?;
        if contacts::linked(contact.owner, &contact.names, &holders, &asleep, None) == Some(owner.id) {
            matching.push(contact);
        }
    }
    Ok(matching)
}

/// What follows where a contact's link becomes another: the rights now belong to another identity. Who had them sees
/// less, in silence; who has them may see more, which `silent` keeps from being told (rule E2).
///
/// A contact that becomes an owner stays one person: what it was shown is what the owner was shown, and a notice that
/// already waits for it is told to the owner.
pub(super) async fn relinked(
    env: &Env,
    before: &Contact,
    after: &Contact,
    now: Time,
    silent: bool,
) -> Result<Vec<Effect>, StoreError> {
    if before.linked == after.linked {
        return Ok(Vec::new());
    }
    let owner = after.owner;
    let (was, is) = (recipient(before), recipient(after));
    let mut effects = asleep::unlinked(env, before, after, now).await?;
    let (mut at, mut silent) = (now, silent);
    if let Recipient::Contact(_) = was {
        if let Some(row) = env.store.shown(owner, was).await?
            && env.store.shown(owner, is).await?.is_none()
        {
            effects.push(Effect::ShownTo(Shown { recipient: is, ..row }));
        }
        if let Some(open) = env.store.open_notice(owner, was).await? {
            (at, silent) = (open.first.min(now), false);
        }
    }
    effects.push(fanout(env, owner, now, vec![was], true));
    effects.push(fanout(env, owner, at, vec![is], silent));
    Ok(effects)
}
