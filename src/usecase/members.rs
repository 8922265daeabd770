//! Who is in a group: contacts of its book, applications, everyone (rule Q13).

use super::{
    Env,
    exchange::introductions::{Introducing, taken_out},
    groups,
    write::{Actor, Plan, Refused, audited, fanout, read_owner},
};
use crate::{
    domain::{
        exchange::Way,
        group::{Member, Told},
        id::{AppId, ContactId, GroupId, OwnerId},
        notice::Recipient,
        owner::{Contact, Membership},
    },
    store::Effect,
};
use serde_json::json;

/// Reads a member as it stands in a path: a contact's id, an application's id, or `everyone`.
pub fn parse(text: &str) -> Option<Member> {
    if text == "everyone" {
        return Some(Member::Everyone);
    }
    let contact = text.parse::<ContactId>().map(Member::Contact).ok();
    contact.or_else(|| text.parse::<AppId>().map(Member::Application).ok())
}

/// As [`parse`] reads it.
pub fn text(member: Member) -> String {
    match member {
        Member::Contact(id) => id.to_string(),
        Member::Application(id) => id.to_string(),
        Member::Everyone => "everyone".to_owned(),
    }
}

/// Who is told in a contact's place: the owner that it is linked to, where it is.
pub fn recipient(contact: &Contact) -> Recipient {
    Recipient::of(contact.id, contact.linked)
}

/// Puts a member into a group; one that is in it stays, and nothing is told. Whom the group introduces the owner to gets
/// their card, once (rule E1).
pub async fn add(
    env: &Env,
    actor: &Actor,
    owner: OwnerId,
    version: Option<u64>,
    group: GroupId,
    member: Member,
) -> Result<Plan<()>, Refused> {
    let owner = read_owner(env, owner, version).await?;
    let group = groups::read(env, owner.id, group).await?;
    let mut joined = None;
    match member {
        Member::Contact(id) => {
            let contact = env.store.contact(owner.id, id).await?.ok_or(Refused::NotFound("contact"))?;
            if contact.book != group.book {
                return Err(Refused::Conflict("the contact is in another book than the group".into()));
            }
            joined = Some(contact);
        }
        Member::Everyone if group.told != Told::OnQuery => {
            return Err(Refused::Conflict("everyone is only ever told on_query: make the group so first".into()));
        }
        // A provider account is an application without a key, so an id that no key has is no mistake.
        Member::Application(_) | Member::Everyone => {}
    }
    if env.store.memberships(owner.id, member).await?.contains(&group.id) {
        return Ok(Plan::nothing(()));
    }
    let now = env.store.now().await?;
    let mut effects = vec![
        Effect::MemberAdded(owner.id, Membership { group: group.id, member }),
        audited(env, owner.id, &actor.by, now, "member_added", &json!({"group": group.id, "member": text(member)})),
    ];
    if let Some(contact) = joined {
        effects.push(fanout(env, owner.id, now, vec![recipient(&contact)], false));
        if let Some(mut introducing) = Introducing::begin(env, &owner, &[group.id], Way::Alone, now).await? {
            effects.extend(introducing.joined(&contact, &[group.id]).await?);
        }
    }
    Ok(Plan::on(&owner, effects, ()))
}

/// Takes a member out of a group, in silence; one that is not in it stays out.
pub async fn remove(
    env: &Env,
    actor: &Actor,
    owner: OwnerId,
    version: Option<u64>,
    group: GroupId,
    member: Member,
) -> Result<Plan<()>, Refused> {
    let owner = read_owner(env, owner, version).await?;
    let group = groups::read(env, owner.id, group).await?;
    if !env.store.memberships(owner.id, member).await?.contains(&group.id) {
        return Ok(Plan::nothing(()));
    }
    let now = env.store.now().await?;
    let mut effects = vec![
        Effect::MemberRemoved(owner.id, Membership { group: group.id, member }),
        audited(env, owner.id, &actor.by, now, "member_removed", &json!({"group": group.id, "member": text(member)})),
    ];
    if let Member::Contact(id) = member
        && let Some(contact) = env.store.contact(owner.id, id).await?
    {
        effects.push(fanout(env, owner.id, now, vec![recipient(&contact)], true));
        if group.introduce {
            effects.extend(taken_out(env, owner.id, id, now).await?);
        }
    }
    Ok(Plan::on(&owner, effects, ()))
}
