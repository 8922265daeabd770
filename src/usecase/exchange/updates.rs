//! A registered viewer's own book is brought up to date where somebody changes whom it is linked to (rule E3).

use crate::{
    domain::{
        card::Document,
        exchange::{
            BookUpdate,
            entry::{self, News},
            kept_out,
        },
        id::{ContactId, OwnerId, UpdateId},
        notice::Difference,
        owner::{Contact, Owner},
    },
    store::{Commit, Effect, Exchanged, Page, StoreError},
    usecase::{
        Env, contacts,
        write::{Actor, Plan, Refused, audited, read_owner},
    },
};
use serde_json::json;

/// Entries of one viewer that can be somebody's.
const ENTRIES: usize = 64;
/// Former updates of an entry that are looked at for what was taken back.
const UPDATES: usize = 32;
/// How often it is looked at again because the viewer wrote to a book meanwhile.
const TRIES: usize = 8;

/// A viewer's entries that follow somebody.
pub(super) async fn entries(env: &Env, viewer: OwnerId, of: &Owner) -> Result<Vec<Contact>, StoreError> {
    let keys = entry::proved_keys(of);
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let found = env.store.contacts_at(&keys, Some((viewer, ContactId(0))), ENTRIES).await?.items;
    let asleep = env.store.asleep_at(viewer, &keys).await?;
    let own = found.into_iter().filter(|one| one.owner == viewer);
    Ok(own.filter(|one| entry::follows(one, of.id, &keys, &asleep)).collect())
}

/// Brings the viewer's entries up to date with what is new to them. Whether there is an entry that says it now.
///
/// May be repeated: an entry that says it already stays as it is, and what the viewer took back stays out.
pub(in crate::usecase) async fn follow(
    env: &Env,
    from: &Owner,
    viewer: OwnerId,
    difference: &Difference,
) -> Result<bool, StoreError> {
    let points = difference.news.iter().filter_map(|news| news.item.parse().ok());
    let news: Vec<News> = points.filter_map(|point| News::of(from, point)).collect();
    if news.is_empty() {
        return Ok(false);
    }
    for _ in 0..TRIES {
        // The version before the entries: whoever writes to one of them in between is met by the commit.
        let Some(owner) = env.store.owner(viewer).await? else { return Ok(false) };
        let now = env.store.now().await?;
        let (mut effects, mut says) = (Vec::new(), false);
        for before in entries(env, viewer, from).await? {
            let known = env.store.updates_of(viewer, before.id, UPDATES).await?;
            let since = |address: &crate::domain::address::Address| {
                let held = from.points.iter().filter_map(|point| point.current());
                held.filter(|held| held.address.key() == address.key()).map(|held| held.from).max()
            };
            let out = kept_out(&known, since);
            let changed = entry::updated(&before.card, env.rules().region, &news, &out);
            let Some((card, lines)) = changed.filter(|(card, _)| card.len() <= contacts::LARGEST_CARD) else {
                says |= news.iter().any(|one| before.addresses.iter().any(|has| has.key() == one.now.key()));
                continue;
            };
            let Some(after) = rewritten(env, &before, card) else { continue };
            let id = UpdateId::fresh(now, &*env.random);
            effects.push(audited(env, viewer, "system", now, "contact_updated", &json!({"contact": before.id})));
            effects.push(Effect::Exchanged(Exchanged::BookUpdated(BookUpdate {
                id,
                viewer,
                contact: before.id,
                from: from.id,
                at: now,
                before: before.card,
                after: after.card.clone(),
                lines,
                undone: None,
            })));
            effects.push(Effect::ContactSet(after));
            says = true;
        }
        if effects.is_empty() {
            return Ok(says);
        }
        let commit = Commit { expect: vec![(owner.id, owner.version)], once: None, effects };
        match env.store.commit(commit).await {
            Ok(_) => return Ok(true),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
    Err(StoreError::Conflict)
}

/// The contact with another card; its link stays. `None` where the card cannot be read.
fn rewritten(env: &Env, before: &Contact, card: Vec<u8>) -> Option<Contact> {
    let read = Document::parse(&card).ok()?;
    let (addresses, _) = read.addresses(env.rules().region);
    Some(Contact {
        version: before.version + 1,
        name: read.name().into(),
        names: read.name_keys(),
        language: read.language().map(Into::into),
        addresses,
        card,
        ..before.clone()
    })
}

/// An update of a viewer's book, with the entry as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Updated {
    /// What was done.
    pub update: BookUpdate,
    /// The entry; `None` where it is gone.
    pub contact: Option<Contact>,
}

impl Updated {
    /// Whether it can be taken back.
    pub fn may_be_undone(&self) -> bool {
        self.contact.as_ref().is_some_and(|contact| self.update.may_be_undone(&contact.card))
    }
}

/// What was brought up to date in a viewer's books, newest first.
pub async fn list(
    env: &Env,
    viewer: OwnerId,
    before: Option<UpdateId>,
    limit: usize,
) -> Result<Page<Updated>, Refused> {
    let viewer = read_owner(env, viewer, None).await?;
    let page = env.store.book_updates(viewer.id, before, limit).await?;
    let mut items = Vec::with_capacity(page.items.len());
    for update in page.items {
        let contact = env.store.contact(viewer.id, update.contact).await?;
        items.push(Updated { update, contact });
    }
    Ok(Page { items, more: page.more })
}

/// Takes an update back: the entry is what it was, byte for byte, and stays so until the next change. An entry that was
/// written to since is left alone.
pub async fn undo(env: &Env, actor: &Actor, viewer: OwnerId, id: UpdateId) -> Result<Plan<Contact>, Refused> {
    let viewer = read_owner(env, viewer, None).await?;
    let update = env.store.book_update(viewer.id, id).await?.ok_or(Refused::NotFound("update"))?;
    let contact = env.store.contact(viewer.id, update.contact).await?.ok_or(Refused::NotFound("contact"))?;
    if update.undone.is_some() {
        return Ok(Plan::nothing(contact));
    }
    if !update.may_be_undone(&contact.card) {
        return Err(Refused::Conflict("the entry was edited since, so it is left as it is".into()));
    }
    let Some(after) = rewritten(env, &contact, update.before) else {
        return Err(StoreError::Damaged("book_update.before".into()).into());
    };
    let now = env.store.now().await?;
    let effects = vec![
        Effect::ContactSet(after.clone()),
        Effect::Exchanged(Exchanged::BookUpdateUndone { viewer: viewer.id, id, at: now }),
        audited(env, viewer.id, &actor.by, now, "update_undone", &json!({"contact": contact.id})),
    ];
    Ok(Plan::on(&viewer, effects, after))
}
