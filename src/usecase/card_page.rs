//! The page behind a recipient's link: the card that they may see now, and what they choose (rules C7, N3, N6).

mod noted;

pub use noted::{Deed, WAY, note};

use super::{Env, deliver_notice::reach, view::Views};
use crate::{
    clock::Time,
    domain::{
        address::{Address, Kind},
        card::Card,
        id::{ContactId, GroupId, OwnerId},
        notice::Recipient,
        owner::{Channel, Contact},
    },
    store::{Audience, CardLink, Commit, Effect, Preference, Result, Returned},
};

/// A card that may be shown.
#[derive(Debug)]
pub struct Opened {
    /// By which link.
    pub link: CardLink,
    /// What its recipient may see now.
    pub card: Card,
    /// The channels by which they can be reached.
    pub channels: Vec<Channel>,
    /// What they chose.
    pub preference: Option<Preference>,
    /// What they stopped.
    pub stopped: Option<Stopped>,
    /// Who they are now: a contact may have been linked to an owner since.
    recipient: Recipient,
    /// The owner's revision.
    revision: u64,
    /// The groups by which they see it.
    groups: Vec<GroupId>,
}

/// What a recipient has stopped at the address of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Messages about this owner.
    Owner,
    /// All of them.
    All,
}

/// What a token opens. `None`, for whatever reason, is one answer: no such token, expired, ended by the owner, blocked, in
/// no group any more, an address that is not the recipient's any more, panic.
pub async fn open(env: &Env, token: &str) -> Result<Option<Opened>> {
    let found = env.store.card_link(token).await?;
    let now = env.store.now().await?;
    // For a link that shows nothing, and for one that there never was, the same is read.
    let link = found.clone().unwrap_or_else(nobodys);
    let seen = seen(env, &link, now).await?;
    let preference = preferred(env, std::slice::from_ref(&link.address)).await?;
    let outs = env.store.opt_outs(&[link.address.key().into()]).await?;
    let (Some(link), Some(seen)) = (found, seen) else { return Ok(None) };
    let stopped = if outs.iter().any(|out| out.owner.is_none()) {
        Some(Stopped::All)
    } else {
        outs.iter().any(|out| out.owner == Some(link.owner)).then_some(Stopped::Owner)
    };
    let has = |kind| seen.addresses.iter().any(|address| address.kind() == kind);
    let channels = [(Channel::Sms, Kind::Phone), (Channel::Email, Kind::Email)];
    let channels = channels.into_iter().filter(|(_, kind)| has(*kind)).map(|(channel, _)| channel).collect();
    let SeenNow { card, recipient, revision, groups, .. } = seen;
    Ok(Some(Opened { link, card, channels, preference, stopped, recipient, revision, groups }))
}

/// What is looked up where there is no such link.
fn nobodys() -> CardLink {
    CardLink {
        token: Box::default(),
        owner: OwnerId(0),
        recipient: None,
        address: Address::stored("", ""),
        language: Box::default(),
        at: Time::default(),
        until: Time::default(),
    }
}

/// The language in which the link's pages are shown: the chosen one, else that of the message.
pub async fn language(env: &Env, link: &CardLink) -> Result<Box<str>> {
    let chosen = preferred(env, std::slice::from_ref(&link.address)).await?.map(|chosen| chosen.language);
    Ok(chosen.filter(|language| !language.is_empty()).unwrap_or_else(|| link.language.clone()))
}

struct SeenNow {
    card: Card,
    addresses: Vec<Address>,
    recipient: Recipient,
    revision: u64,
    groups: Vec<GroupId>,
}

async fn seen(env: &Env, link: &CardLink, now: Time) -> Result<Option<SeenNow>> {
    let counts = link.recipient.is_some() && now < link.until;
    let recipient = link.recipient.unwrap_or(Recipient::Contact(ContactId(0)));
    let views = Views::read(env, link.owner).await?;
    let (recipient, found) = audience(env, link.owner, recipient).await?;
    let (groups, contacts) = found.map(|(audience, contacts)| (audience.groups, contacts)).unwrap_or_default();
    let mut addresses = reach(env, recipient, &contacts).await?.addresses;
    addresses.extend(contacts.iter().flat_map(|contact| contact.addresses.iter().cloned()));
    let theirs = addresses.iter().any(|address| address.key() == link.address.key());
    let Some(views) = views else { return Ok(None) };
    let blocked = views.blocked(env, recipient, &contacts).await?;
    if !counts || views.owner.silenced || blocked || !theirs {
        return Ok(None);
    }
    let card = views.visible_card(&groups);
    let revision = views.owner.revision;
    Ok((!card.is_empty()).then_some(SeenNow { card, addresses, recipient, revision, groups }))
}

/// Who the link's recipient is now, and what is known of them: a contact may have been linked to an owner since.
async fn audience(
    env: &Env,
    owner: OwnerId,
    recipient: Recipient,
) -> Result<(Recipient, Option<(Audience, Vec<Contact>)>)> {
    let found = env.store.audience_of(owner, recipient).await?;
    let Recipient::Contact(id) = recipient else { return Ok((recipient, found)) };
    let linked = env.store.contact(owner, id).await?.and_then(|contact| contact.linked);
    match linked.map(Recipient::Owner) {
        Some(linked) if found.is_none() => Ok((linked, env.store.audience_of(owner, linked).await?)),
        _ => Ok((recipient, found)),
    }
}

/// The card that a contact of the owner sees now: *see it as Bob does*. `None`: nothing.
pub async fn as_seen(env: &Env, owner: OwnerId, contact: &Contact) -> Result<Option<Card>> {
    let recipient = Recipient::of(contact.id, contact.linked);
    let Some(views) = Views::read(env, owner).await? else { return Ok(None) };
    let Some((audience, contacts)) = env.store.audience_of(owner, recipient).await? else { return Ok(None) };
    if views.owner.silenced || views.blocked(env, recipient, &contacts).await? {
        return Ok(None);
    }
    Ok(Some(views.visible_card(&audience.groups)).filter(|card| !card.is_empty()))
}

/// The card that somebody sees who is in this group and in no other. `None`: nothing.
pub async fn as_group(env: &Env, owner: OwnerId, group: GroupId) -> Result<Option<Card>> {
    let views = Views::read(env, owner).await?.filter(|views| !views.owner.silenced);
    Ok(views.map(|views| views.visible_card(&[group])).filter(|card| !card.is_empty()))
}

/// Writes down how a recipient wants to be told. It holds for messages about anybody.
pub async fn choose(env: &Env, link: &CardLink, first: Option<Channel>, language: &str) -> Result<()> {
    let at = env.store.now().await?;
    let preference = Preference { address: link.address.clone(), first, language: language.into(), at };
    let effects = vec![Effect::Returned(Returned::Preferred(preference))];
    env.store.commit(Commit { effects, ..Commit::default() }).await.map(|_| ())
}

/// What somebody with these addresses chose last. What was chosen at an address before its present holder came is of
/// somebody else.
pub(super) async fn preferred(env: &Env, addresses: &[Address]) -> Result<Option<Preference>> {
    let keys: Vec<Box<str>> = addresses.iter().map(|address| address.key().into()).collect();
    let mut chosen = env.store.preferences(&keys).await?;
    if chosen.is_empty() {
        return Ok(None);
    }
    let holders = env.store.holders(&keys).await?;
    let older = |preference: &Preference| {
        holders.iter().any(|(key, holder)| {
            **key == *preference.address.key()
                && holder.believed
                && holder.until.is_none()
                && holder.from > preference.at
        })
    };
    chosen.retain(|preference| !older(preference));
    Ok(chosen.into_iter().max_by_key(|preference| preference.at))
}
