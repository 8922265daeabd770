//! Contacts: entries of a book. The vCard's bytes are the truth, the rest is derived from them here.

use super::{
    Env, books,
    exchange::introductions::{Introducing, taken_out},
    link_contacts::relinked,
    members::recipient,
    opt_outs,
    write::{Actor, Fault, Plan, Refused, audited, fanout, read_owner},
};
use crate::{
    domain::{
        address::Address,
        asleep::Asleep,
        card::{Card, CardPoint, Document},
        exchange::Way,
        group::Member,
        id::{BookId, ContactId, GroupId, OwnerId, PointId},
        name::NameKey,
        owner::{Contact, Membership, Owner, Profile},
        query::Holder,
    },
    store::Effect,
};
use serde_json::json;

/// Largest vCard, in bytes.
pub const LARGEST_CARD: usize = 256 * 1_024;

/// Most addresses of a contact that is given as JSON.
const MOST_ADDRESSES: usize = 50;

/// A contact as JSON: for who has no vCard.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewContact {
    /// The book that it is in; not needed where the contact is there already.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    pub book: Option<BookId>,
    /// The name shown.
    pub name: String,
    /// Phone numbers with their country codes, and e-mail addresses.
    #[serde(default)]
    pub addresses: Vec<String>,
}

/// What is to be in a book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Name and addresses.
    Plain(NewContact),
    /// A vCard as it was received.
    VCard(Vec<u8>),
}

/// Puts a new contact into a book. It joins the book's default group, whose members learn what the group may see.
pub async fn create(
    env: &Env,
    actor: &Actor,
    owner: OwnerId,
    book: BookId,
    entry: &Entry,
) -> Result<Plan<Contact>, Refused> {
    create_in(env, actor, owner, book, entry, &[]).await
}

/// The same, where it joins these groups of the book beside the default group. Whoever a group of them introduces the
/// owner to gets their card, once (rule E1).
pub async fn create_in(
    env: &Env,
    actor: &Actor,
    owner: OwnerId,
    book: BookId,
    entry: &Entry,
    joins: &[GroupId],
) -> Result<Plan<Contact>, Refused> {
    let owner = read_owner(env, owner, None).await?;
    let book =
        books::read(env, owner.id, book).await.map_err(|_| Refused::invalid("/book", "the owner has no such book"))?;
    let now = env.store.now().await?;
    let id = ContactId::fresh(now, &*env.random);
    let contact = derive(env, &owner, book.id, id, 1, None, entry).await?;
    let mut effects = vec![Effect::ContactSet(contact.clone())];
    let mut joins = joins.to_vec();
    let groups = if joins.is_empty() { Vec::new() } else { env.store.groups(owner.id).await? };
    if joins.iter().any(|id| !groups.iter().any(|group| group.id == *id && group.book == book.id)) {
        return Err(Refused::invalid("/group", "the book has no such group"));
    }
    joins.extend(book.default_group.filter(|group| !joins.contains(group)));
    for &group in &joins {
        let membership = Membership { group, member: Member::Contact(id) };
        effects.push(Effect::MemberAdded(owner.id, membership));
    }
    if !joins.is_empty() {
        effects.push(fanout(env, owner.id, now, vec![recipient(&contact)], false));
    }
    if let Some(mut introducing) = Introducing::begin(env, &owner, &joins, Way::Alone, now).await? {
        effects.extend(introducing.joined(&contact, &joins).await?);
    }
    effects.push(audited(env, owner.id, &actor.by, now, "contact_added", &json!({"contact": id, "book": book.id})));
    Ok(Plan::on(&owner, effects, contact))
}

/// Replaces a contact. `version` is the contact's own, where the caller names one.
pub async fn replace(
    env: &Env,
    actor: &Actor,
    owner: OwnerId,
    version: Option<u64>,
    id: ContactId,
    entry: &Entry,
) -> Result<Plan<Contact>, Refused> {
    let owner = read_owner(env, owner, None).await?;
    let before = read(env, owner.id, id, version).await?;
    let now = env.store.now().await?;
    let contact = derive(env, &owner, before.book, id, before.version + 1, Some(&before), entry).await?;
    let mut effects = vec![Effect::ContactSet(contact.clone())];
    effects.extend(relinked(env, &before, &contact, now, false).await?);
    effects.extend(opt_outs::follow(env, &before, &contact, now).await?);
    effects.push(audited(env, owner.id, &actor.by, now, "contact_changed", &json!({"contact": id})));
    Ok(Plan::on(&owner, effects, contact))
}

/// Removes a contact and its memberships, in silence. `version` is the contact's own.
pub async fn remove(
    env: &Env,
    actor: &Actor,
    owner: OwnerId,
    version: Option<u64>,
    id: ContactId,
) -> Result<Plan<()>, Refused> {
    let owner = read_owner(env, owner, None).await?;
    let contact = read(env, owner.id, id, version).await?;
    let now = env.store.now().await?;
    let mut effects = vec![
        Effect::ContactRemoved(owner.id, id),
        fanout(env, owner.id, now, vec![recipient(&contact)], true),
        audited(env, owner.id, &actor.by, now, "contact_removed", &json!({"contact": id})),
    ];
    effects.extend(taken_out(env, owner.id, id, now).await?);
    Ok(Plan::on(&owner, effects, ()))
}

/// A contact, where its version is the one that the caller named, if any.
pub async fn read(env: &Env, owner: OwnerId, id: ContactId, version: Option<u64>) -> Result<Contact, Refused> {
    let contact = env.store.contact(owner, id).await?.ok_or(Refused::NotFound("contact"))?;
    match version {
        Some(named) if named != contact.version => Err(Refused::Stale { present: contact.version }),
        _ => Ok(contact),
    }
}

async fn derive(
    env: &Env,
    owner: &Owner,
    book: BookId,
    id: ContactId,
    version: u64,
    before: Option<&Contact>,
    entry: &Entry,
) -> Result<Contact, Refused> {
    let uid = before.map_or_else(|| id.to_string().into(), |contact| contact.uid.clone());
    let card = match entry {
        Entry::VCard(bytes) if bytes.len() > LARGEST_CARD => {
            return Err(Refused::invalid("", format!("a vCard has at most {LARGEST_CARD} bytes")));
        }
        Entry::VCard(bytes) => bytes.clone(),
        Entry::Plain(new) => plain(env, new, &uid)?.into_bytes(),
    };
    let read = Document::parse(&card).map_err(|why| Refused::invalid("", why.to_string()))?;
    let uid = read.uid().map_or(uid, Into::into);
    if let Some(other) = env.store.contact_by_uid(owner.id, book, &uid).await?
        && other.id != id
    {
        return Err(Refused::Conflict(format!("the book has this UID already, as {}", other.id).into()));
    }
    let (addresses, _) = read.addresses(env.rules().region);
    let names = read.name_keys();
    let linked = link(env, owner.id, &names, &addresses, before).await?;
    Ok(Contact {
        id,
        book,
        owner: owner.id,
        uid,
        version,
        name: read.name().into(),
        names,
        addresses,
        linked,
        language: read.language().map(Into::into),
        card,
    })
}

fn plain(env: &Env, new: &NewContact, uid: &str) -> Result<String, Refused> {
    let mut faults = Vec::new();
    let name = books::name_of(&new.name, &mut faults);
    if new.addresses.len() > MOST_ADDRESSES {
        faults.push(Fault::at("/addresses", format!("at most {MOST_ADDRESSES} addresses")));
    }
    let mut points = Vec::new();
    for (at, text) in new.addresses.iter().enumerate() {
        match Address::parse(text, env.rules().region) {
            Ok(address) => points.push(CardPoint {
                id: PointId(0),
                kind: address.kind(),
                label: String::new(),
                value: address.wire().to_owned(),
                key: address.key().to_owned(),
            }),
            Err(why) => faults.push(Fault::address(format!("/addresses/{at}"), &why)),
        }
    }
    if !faults.is_empty() {
        return Err(Refused::Invalid(faults));
    }
    let fields = Profile { name: name.into(), ..Profile::default() };
    Ok(Card::stray(fields, points).to_bare_vcard(Some(uid)))
}

/// The owner that name and address match (rule Q2). A link that there was stays while the name matches and the owner
/// once had one of the addresses: grants follow the owner and not the number.
async fn link(
    env: &Env,
    own: OwnerId,
    names: &[NameKey],
    addresses: &[Address],
    before: Option<&Contact>,
) -> Result<Option<OwnerId>, Refused> {
    let keys: Vec<Box<str>> = addresses.iter().map(|address| address.key().into()).collect();
    if keys.is_empty() || names.is_empty() {
        return Ok(None);
    }
    let holders = env.store.holders(&keys).await?;
    let asleep = env.store.asleep_at(own, &keys).await?;
    let Some(found) = linked(own, names, &holders, &asleep, before) else { return Ok(None) };
    // Behind an unclaimed owner stands nobody who could be told.
    let claimed = env.store.owner(found).await?.is_some_and(|owner| owner.claimed);
    Ok(claimed.then_some(found))
}

/// The pure half of [`link`]. No link comes by an address that sleeps in this book, nor by one that the contact had while it
/// was linked to somebody else: who has a number next and takes the name of who had it is not that person (rule C8).
pub(super) fn linked(
    own: OwnerId,
    names: &[NameKey],
    holders: &[(Box<str>, Holder)],
    asleep: &[Asleep],
    before: Option<&Contact>,
) -> Option<OwnerId> {
    let bears = |(_, holder): &&(Box<str>, Holder)| {
        holder.owner != own && holder.believed && holder.names.iter().any(|name| names.contains(name))
    };
    let matching: Vec<&(Box<str>, Holder)> = holders.iter().filter(bears).collect();
    let was = before.and_then(|before| before.linked);
    if was.is_some_and(|was| matching.iter().any(|(_, holder)| holder.owner == was)) {
        return was;
    }
    let had = before.filter(|before| before.linked.is_some());
    let anothers = |key: &str| had.is_some_and(|had| had.addresses.iter().any(|address| address.key() == key));
    let sleeps = |key: &str| anothers(key) || asleep.iter().any(|one| one.owner == own && one.address.key() == key);
    let present = matching.into_iter().filter(|(key, holder)| holder.until.is_none() && !sleeps(key));
    let mut found: Vec<OwnerId> = present.map(|(_, holder)| holder.owner).collect();
    found.sort_unstable();
    found.dedup();
    match found[..] {
        [one] => Some(one),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::Time,
        domain::{asleep::Cause, group::Rights, name},
    };

    fn holder(owner: u128, named: &str, present: bool, believed: bool) -> Holder {
        Holder {
            owner: OwnerId(owner),
            point: PointId(1),
            from: Time(0),
            until: (!present).then_some(Time(5)),
            proved: Time(0),
            believed,
            current: None,
            names: name::key(named).into_iter().collect(),
            name: named.into(),
            silenced: false,
            revision: 1,
            rights: Rights::default(),
            groups: Vec::new(),
            blocked: false,
            proved_by_another: false,
        }
    }

    #[test]
    fn a_contact_is_linked_where_name_and_address_match_one_owner() {
        let names: Vec<NameKey> = name::key("Ann Lee").into_iter().collect();
        let cases = [
            // holders of the contact's addresses, the link before, the link
            (vec![holder(2, "Lee, Ann", true, true)], None, Some(2)),
            (vec![holder(2, "Bob Lee", true, true)], None, None),
            (vec![holder(2, "Ann Lee", true, false)], None, None),
            (vec![holder(2, "Ann Lee", false, true)], None, None),
            (vec![holder(2, "Ann Lee", false, true)], Some(2), Some(2)),
            (vec![holder(2, "Bob Lee", false, true)], Some(2), None),
            (vec![holder(2, "Ann Lee", true, true), holder(3, "Ann Lee", true, true)], None, None),
            (vec![holder(2, "Ann Lee", true, true), holder(2, "Ann Lee", true, true)], None, Some(2)),
            (vec![holder(1, "Ann Lee", true, true)], None, None),
        ];
        let address = Address::parse("+14155550100", None).unwrap();
        let key = || Box::<str>::from(address.key());
        let contact = |linked: u128, had: &[&Address]| Contact {
            id: ContactId(1),
            book: BookId(1),
            owner: OwnerId(1),
            uid: "".into(),
            version: 1,
            card: Vec::new(),
            name: "Ann Lee".into(),
            names: names.clone(),
            addresses: had.iter().map(|&address| address.clone()).collect(),
            linked: Some(OwnerId(linked)),
            language: None,
        };
        for (holders, before, expected) in cases {
            let holders: Vec<_> = holders.into_iter().map(|holder| (key(), holder)).collect();
            let before = before.map(|before| contact(before, &[&address]));
            let found = linked(OwnerId(1), &names, &holders, &[], before.as_ref());
            assert_eq!(found, expected.map(OwnerId), "{holders:?}");
        }
        let asleep = |owner: u128| Asleep {
            owner: OwnerId(owner),
            address: address.clone(),
            since: Time(0),
            cause: Cause::Proved,
        };
        let present = [(key(), holder(2, "Ann Lee", true, true))];
        for (rule, asleep, before, expected) in [
            ("no link comes by an address that sleeps", vec![asleep(1)], None, None),
            ("in another's book it may", vec![asleep(3)], None, Some(OwnerId(2))),
            ("a link that there was stays", vec![asleep(1)], Some(contact(2, &[&address])), Some(OwnerId(2))),
            ("whoever has the number next is not who had it", vec![], Some(contact(3, &[&address])), None),
            ("a number that the entry did not have says who it is", vec![], Some(contact(3, &[])), Some(OwnerId(2))),
        ] {
            assert_eq!(linked(OwnerId(1), &names, &present, &asleep, before.as_ref()), expected, "C8: {rule}");
        }
    }
}
