//! Cards that came to a registered person and wait apart from their book (rule E4).

use super::updates::entries;
use crate::{
    clock::Time,
    domain::{
        card::Card,
        exchange::{Arrives, TrayCard, TrayState, into_tray},
        group::Identity,
        id::{BookId, GroupId, OwnerId},
        name::{self, NameKey},
        notice::Recipient,
        owner::{Contact, Owner, Proof},
    },
    store::{Commit, Effect, Exchanged, StoreError},
    usecase::{
        Env, blocks,
        contacts::{self, Entry},
        deliver_notice::reach,
        opt_outs::{Refusal, Stopped},
        view::Views,
        write::{Actor, Plan, Refused, audited, read_owner},
    },
};
use serde_json::json;

/// Contacts of the holder that are looked through for somebody of the same name.
const LOOKED_AT: usize = 2_000;

/// Puts the card of an owner into the tray of somebody who is registered, where it may be there. What was decided is
/// nobody's to know but the holder's.
pub(in crate::usecase) async fn deliver(env: &Env, from: &Owner, holder: OwnerId, now: Time) -> Result<(), StoreError> {
    let Some(person) = env.store.owner(holder).await? else { return Ok(()) };
    let limits = env.rules().exchange;
    let recipient = Recipient::Owner(holder);
    let addresses = reach(env, recipient, &[]).await?.addresses;
    let stopped = Stopped::read(env, from.id, recipient, &addresses).await?;
    let arrives = Arrives {
        blocked: has_blocked(env, &person, from).await?,
        stopped: addresses.iter().any(|address| stopped.why(address) == Some(Refusal::OptedOut)),
        in_book: !entries(env, holder, from).await?.is_empty(),
        before: env.store.tray_card(holder, from.id).await?.is_some(),
        waiting: env.store.tray(holder, None, limits.tray).await?.items.len(),
    };
    if into_tray(arrives, &limits) {
        let card = TrayCard { holder, from: from.id, at: now, state: TrayState::Waiting };
        let effects = vec![Effect::Exchanged(Exchanged::Trayed(card))];
        env.store.commit(Commit { effects, ..Commit::default() }).await?;
    }
    Ok(())
}

/// Whether a registered person has blocked any identity of another.
async fn has_blocked(env: &Env, person: &Owner, other: &Owner) -> Result<bool, StoreError> {
    let blocks = env.store.blocks(person.id).await?;
    let held = other.points.iter().filter_map(|point| point.current()).filter(|held| held.proof != Proof::None);
    let keys = held.map(|held| held.address.key().to_owned()).chain([other.id.to_string()]);
    Ok(keys.into_iter().any(|key| blocks.iter().any(|block| **block == *key)))
}

/// A card that waits, as its holder may see it now.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Whose card, since when.
    pub tray: TrayCard,
    /// What the holder may see.
    pub card: Card,
    /// The holder knows somebody of this name by other addresses: perhaps it is somebody else.
    pub namesake: bool,
}

/// The cards that wait, in the order of their owners, at most as many as a tray holds. One that may be seen no more is left
/// out.
pub async fn list(env: &Env, holder: OwnerId) -> Result<Vec<Waiting>, Refused> {
    let person = read_owner(env, holder, None).await?;
    let page = env.store.tray(holder, None, env.rules().exchange.tray).await?;
    if page.items.is_empty() {
        return Ok(Vec::new());
    }
    let known = names(env, holder).await?;
    let mut found = Vec::new();
    for tray in page.items {
        let Some((from, card)) = seen(env, &person, tray.from).await? else { continue };
        let bears = name::keys(&from.profile);
        let namesake = known.iter().any(|(linked, name)| *linked != Some(tray.from) && bears.contains(name));
        found.push(Waiting { tray, card, namesake });
    }
    Ok(found)
}

/// What the holder may see of whoever sent them a card; `None`: nothing any more, or they have blocked them.
async fn seen(env: &Env, holder: &Owner, from: OwnerId) -> Result<Option<(Owner, Card)>, StoreError> {
    let Some(mut views) = Views::read(env, from).await? else { return Ok(None) };
    let recipient = Recipient::Owner(holder.id);
    let Some((audience, contacts)) = env.store.audience_of(from, recipient).await? else { return Ok(None) };
    if views.owner.silenced
        || views.blocked(env, recipient, &contacts).await?
        || has_blocked(env, holder, &views.owner).await?
    {
        return Ok(None);
    }
    let card = views.visible_card(&audience.groups);
    let nothing = card.is_empty() || views.view(&audience.groups).visible.lines.is_empty();
    Ok((!nothing).then(|| (views.owner.clone(), card)))
}

/// The names in a person's own books, with the links of the entries that bear them.
async fn names(env: &Env, holder: OwnerId) -> Result<Vec<(Option<OwnerId>, NameKey)>, StoreError> {
    let (mut found, mut count) = (Vec::new(), 0);
    for book in env.store.books(holder).await? {
        let mut after = None;
        while count < LOOKED_AT {
            let page = env.store.contacts(holder, book.id, after, 200).await?;
            count += page.items.len();
            after = page.items.last().map(|last| last.id);
            let each = page.items.into_iter();
            found.extend(each.flat_map(|one| one.names.into_iter().map(move |name| (one.linked, name))));
            if !page.more {
                break;
            }
        }
    }
    Ok(found)
}

/// The card becomes a contact of the holder, in `book` or their only one, and joins `group` beside the book's default
/// group.
pub async fn accept(
    env: &Env,
    actor: &Actor,
    holder: OwnerId,
    from: OwnerId,
    (book, group): (Option<BookId>, Option<GroupId>),
) -> Result<Plan<Contact>, Refused> {
    let person = read_owner(env, holder, None).await?;
    waiting(env, holder, from).await?;
    let Some((_, card)) = seen(env, &person, from).await? else { return Err(Refused::NotFound("card")) };
    let groups = env.store.groups(holder).await?;
    let group = match group {
        Some(id) => Some(groups.iter().find(|one| one.id == id).ok_or_else(|| no_group("/group"))?),
        None => None,
    };
    let book = match (book.or(group.map(|group| group.book)), &env.store.books(holder).await?[..]) {
        (Some(book), _) => book,
        (None, [one]) => one.id,
        (None, _) => return Err(Refused::invalid("/book", "the id of a book, bk_…, is needed")),
    };
    if group.is_some_and(|group| group.book != book) {
        return Err(Refused::Conflict("the group is in another book".into()));
    }
    let uid = crate::domain::card::uid(from);
    let entry = Entry::VCard(card.to_bare_vcard(Some(&uid)).into_bytes());
    let joins: Vec<GroupId> = group.map(|group| group.id).into_iter().collect();
    let mut plan = contacts::create_in(env, actor, holder, book, &entry, &joins).await?;
    let now = env.store.now().await?;
    plan.commit.effects.push(Effect::Exchanged(Exchanged::TraySet { holder, from, state: TrayState::Accepted }));
    let detail = json!({"from": from, "contact": plan.outcome.id});
    plan.commit.effects.push(audited(env, holder, &actor.by, now, "card_accepted", &detail));
    Ok(plan)
}

fn no_group(pointer: &str) -> Refused {
    Refused::invalid(pointer, "the owner has no such group")
}

/// The card is not wanted; it does not come again. With `block` its owner sees nothing of the holder from now on.
pub async fn refuse(
    env: &Env,
    actor: &Actor,
    holder: OwnerId,
    from: OwnerId,
    block: bool,
) -> Result<Plan<()>, Refused> {
    let person = read_owner(env, holder, None).await?;
    waiting(env, holder, from).await?;
    let now = env.store.now().await?;
    let mut effects = Vec::new();
    if block {
        let plan = blocks::add(env, actor, holder, Some(person.version), &Identity::Owner(from)).await?;
        effects = plan.commit.effects;
    }
    effects.push(Effect::Exchanged(Exchanged::TraySet { holder, from, state: TrayState::Refused }));
    let detail = json!({"from": from, "blocked": block});
    effects.push(audited(env, holder, &actor.by, now, "card_refused", &detail));
    Ok(Plan::on(&person, effects, ()))
}

async fn waiting(env: &Env, holder: OwnerId, from: OwnerId) -> Result<TrayCard, Refused> {
    let known = env.store.tray_card(holder, from).await?;
    known.filter(|known| known.state == TrayState::Waiting).ok_or(Refused::NotFound("card"))
}
