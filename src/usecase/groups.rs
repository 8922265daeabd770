//! Groups: how members are told, and what they may see (rules N1, Q13).

use super::{
    Env, books,
    wanted::grants,
    write::{Actor, Fault, Plan, Refused, audited, fanout, read_owner},
};
use crate::{
    domain::{
        group::{Grant, Item, Member, Told},
        id::{BookId, GroupId, OwnerId},
        owner::{Channel, Field, Group, Owner},
        schedule::{Cron, Hours},
    },
    store::Effect,
};
use serde_json::json;

/// Most groups of one owner.
const MOST_GROUPS: usize = 500;

/// Most points and fields that one group names.
const MOST_GRANTS: usize = 200;

/// A group that is to be.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGroup {
    /// The book that it is in.
    #[schema(value_type = String)]
    pub book: BookId,
    /// The owner's own word for it.
    pub name: String,
    /// When members are told.
    #[serde(default)]
    #[schema(value_type = WhenTold)]
    pub told: Told,
    /// Channels in the order in which they are tried; empty for push, SMS, e-mail.
    #[serde(default)]
    pub channels: Vec<Channel>,
    /// When members are left alone, by their clocks: `21:00-08:00`, beside the operator's quiet hours; `none` or nothing for
    /// those alone.
    #[serde(default)]
    pub quiet: Option<String>,
    /// Points (id or label) whose value members may learn; being connected is part of it.
    #[serde(default)]
    pub reveal: Vec<String>,
    /// Points to which members may be connected without learning the value.
    #[serde(default)]
    pub forward: Vec<String>,
    /// Fields of the profile that members may learn.
    #[serde(default)]
    pub fields: Vec<Field>,
    /// Whether the owner's card goes to whoever is added to it, once.
    #[serde(default)]
    pub introduce: bool,
}

impl NewGroup {
    /// One that shows nothing yet, and tells nobody until they ask.
    pub fn named(book: BookId, name: String) -> Self {
        Self {
            book,
            name,
            told: Told::OnQuery,
            channels: Vec::new(),
            quiet: None,
            reveal: Vec::new(),
            forward: Vec::new(),
            fields: Vec::new(),
            introduce: false,
        }
    }
}

/// When members are told: as soon as changes have settled, at the times of a five-field cron expression, or only when
/// they ask.
#[derive(utoipa::ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum WhenTold {
    /// As soon as changes have settled.
    AtOnce,
    /// At the times of a five-field cron expression such as `0 9 * * MON`.
    Digest(String),
    /// Only when they ask.
    OnQuery,
}

/// What of a group is to be different; what is not named stays, lists are replaced as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GroupPatch {
    /// The owner's own word for it.
    pub name: Option<String>,
    /// When members are told.
    #[schema(value_type = Option<WhenTold>)]
    pub told: Option<Told>,
    /// Channels in the order in which they are tried.
    pub channels: Option<Vec<Channel>>,
    /// When members are left alone; `none` for the operator's hours alone.
    pub quiet: Option<String>,
    /// Points whose value members may learn.
    pub reveal: Option<Vec<String>>,
    /// Points to which members may be connected without learning the value.
    pub forward: Option<Vec<String>>,
    /// Fields of the profile that members may learn.
    pub fields: Option<Vec<Field>>,
    /// Whether the owner's card goes to whoever is added to it from now on, once; nothing goes to who is in it already.
    pub introduce: Option<bool>,
}

/// A group of an owner.
pub async fn read(env: &Env, owner: OwnerId, id: GroupId) -> Result<Group, Refused> {
    env.store.groups(owner).await?.into_iter().find(|group| group.id == id).ok_or(Refused::NotFound("group"))
}

/// Makes a group in a book. Nobody is in it yet, so there is nothing to tell.
pub async fn create(
    env: &Env,
    actor: &Actor,
    owner: OwnerId,
    version: Option<u64>,
    new: &NewGroup,
) -> Result<Plan<Group>, Refused> {
    let owner = read_owner(env, owner, version).await?;
    let mut faults = Vec::new();
    if env.store.groups(owner.id).await?.len() >= MOST_GROUPS {
        faults.push(Fault::at("", format!("an owner has at most {MOST_GROUPS} groups")));
    }
    if books::read(env, owner.id, new.book).await.is_err() {
        faults.push(Fault::at("/book", "the owner has no such book"));
    }
    let now = env.store.now().await?;
    let group = Group {
        id: GroupId::fresh(now, &*env.random),
        book: new.book,
        owner: owner.id,
        name: books::name_of(&new.name, &mut faults),
        told: told(&new.told, &mut faults),
        channels: channels(&new.channels, &mut faults),
        quiet: new.quiet.as_deref().and_then(|text| quiet(text, &mut faults)),
        grants: rights(&owner, &new.reveal, &new.forward, &new.fields, &mut faults),
        introduce: new.introduce,
    };
    if !faults.is_empty() {
        return Err(Refused::Invalid(faults));
    }
    let effects =
        vec![Effect::GroupSet(group.clone()), audited(env, owner.id, &actor.by, now, "group_created", &detail(&group))];
    Ok(Plan::on(&owner, effects, group))
}

/// Changes a group. Members learn what they may see more than before; what is taken away is silent (rule C4).
pub async fn change(
    env: &Env,
    actor: &Actor,
    owner: OwnerId,
    version: Option<u64>,
    id: GroupId,
    patch: &GroupPatch,
) -> Result<Plan<Group>, Refused> {
    let owner = read_owner(env, owner, version).await?;
    let before = read(env, owner.id, id).await?;
    let group = patched(&owner, &before, patch)?;
    if group.told != Told::OnQuery && before.told != group.told && holds_everyone(env, owner.id, id).await? {
        return Err(Refused::invalid("/told", EVERYONE_IS_NOT_TOLD));
    }
    let now = env.store.now().await?;
    let mut effects =
        vec![Effect::GroupSet(group.clone()), audited(env, owner.id, &actor.by, now, "group_changed", &detail(&group))];
    if let Some(silent) = tells(&before, &group) {
        effects.push(fanout(env, owner.id, now, Vec::new(), silent));
    }
    Ok(Plan::on(&owner, effects, group))
}

/// Whether this change of a group is anybody's news (rule N2), and if so whether it only takes away.
pub fn tells(before: &Group, after: &Group) -> Option<bool> {
    let gains = after.grants.iter().any(|grant| !before.grants.contains(grant));
    let loses = before.grants.iter().any(|grant| !after.grants.contains(grant));
    let woken = before.told == Told::OnQuery && after.told != Told::OnQuery;
    if gains || woken { Some(false) } else { loses.then_some(true) }
}

/// Removes a group with its grants and memberships, in silence.
pub async fn remove(
    env: &Env,
    actor: &Actor,
    owner: OwnerId,
    version: Option<u64>,
    id: GroupId,
) -> Result<Plan<()>, Refused> {
    let owner = read_owner(env, owner, version).await?;
    let group = read(env, owner.id, id).await?;
    let now = env.store.now().await?;
    let mut effects = Vec::new();
    let default_of = |book: &crate::domain::owner::Book| book.default_group == Some(group.id);
    for mut book in env.store.books(owner.id).await?.into_iter().filter(default_of) {
        book.default_group = None;
        effects.push(Effect::BookSet(book));
    }
    effects.extend([
        Effect::GroupRemoved(owner.id, group.id),
        fanout(env, owner.id, now, Vec::new(), true),
        audited(env, owner.id, &actor.by, now, "group_removed", &json!({"group": group.id})),
    ]);
    Ok(Plan::on(&owner, effects, ()))
}

/// Why a group with `everyone` in it has to be `on_query` (rule Q13).
pub const EVERYONE_IS_NOT_TOLD: &str = "`everyone` is in this group, and everyone is only ever told on_query";

async fn holds_everyone(env: &Env, owner: OwnerId, group: GroupId) -> Result<bool, Refused> {
    Ok(env.store.memberships(owner, Member::Everyone).await?.contains(&group))
}

fn patched(owner: &Owner, before: &Group, patch: &GroupPatch) -> Result<Group, Refused> {
    let mut faults = Vec::new();
    let mut group = before.clone();
    if let Some(name) = &patch.name {
        group.name = books::name_of(name, &mut faults);
    }
    if let Some(when) = &patch.told {
        group.told = told(when, &mut faults);
    }
    if let Some(order) = &patch.channels {
        group.channels = channels(order, &mut faults);
    }
    if let Some(text) = &patch.quiet {
        group.quiet = quiet(text, &mut faults);
    }
    // A list that is not named stays as it is, points that were removed since included.
    let stays = |grant: &&Grant| match grant {
        Grant::Forward(_) => patch.forward.is_none(),
        Grant::Reveal(Item::Point(_)) => patch.reveal.is_none(),
        Grant::Reveal(Item::Field(_)) => patch.fields.is_none(),
    };
    let mut kept: Vec<Grant> = before.grants.iter().filter(stays).copied().collect();
    let named = |list: &Option<Vec<String>>| list.clone().unwrap_or_default();
    let (reveal, forward, fields) =
        (named(&patch.reveal), named(&patch.forward), patch.fields.clone().unwrap_or_default());
    kept.extend(rights(owner, &reveal, &forward, &fields, &mut faults));
    kept.sort_unstable();
    kept.dedup();
    group.grants = kept;
    group.introduce = patch.introduce.unwrap_or(group.introduce);
    if faults.is_empty() { Ok(group) } else { Err(Refused::Invalid(faults)) }
}

fn told(wanted: &Told, faults: &mut Vec<Fault>) -> Told {
    if let Told::Digest(cron) = wanted
        && let Err(why) = Cron::parse(cron)
    {
        faults.push(Fault::at("/told/digest", why.to_string()));
    }
    wanted.clone()
}

fn quiet(wanted: &str, faults: &mut Vec<Fault>) -> Option<Hours> {
    let read = Hours::parse(wanted);
    if read.is_none() {
        faults.push(Fault::at("/quiet", "quiet hours are written like \"21:00-08:00\", or \"none\""));
    }
    read.filter(|hours| *hours != Hours::NONE)
}

fn channels(wanted: &[Channel], faults: &mut Vec<Fault>) -> Vec<Channel> {
    let twice = wanted.iter().enumerate().any(|(at, channel)| wanted[..at].contains(channel));
    if twice {
        faults.push(Fault::at("/channels", "each of push, sms and email at most once"));
    }
    wanted.to_vec()
}

fn rights(
    owner: &Owner,
    reveal: &[String],
    forward: &[String],
    fields: &[Field],
    faults: &mut Vec<Fault>,
) -> Vec<Grant> {
    if reveal.len() + forward.len() + fields.len() > MOST_GRANTS {
        faults.push(Fault::at("", format!("a group names at most {MOST_GRANTS} points and fields")));
        return Vec::new();
    }
    grants(&owner.points, reveal, forward, fields, "").unwrap_or_else(|bad| {
        faults.extend(bad);
        Vec::new()
    })
}

fn detail(group: &Group) -> serde_json::Value {
    let text = |grant: &Grant| match grant {
        Grant::Forward(point) => format!("forward {point}"),
        Grant::Reveal(Item::Point(point)) => format!("reveal {point}"),
        Grant::Reveal(Item::Field(field)) => format!("reveal {}", json!(field).as_str().unwrap_or_default()),
    };
    json!({
        "group": group.id,
        "told": group.told,
        "grants": group.grants.iter().map(text).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::PointId;

    #[test]
    fn a_group_tells_what_is_gained_and_is_silent_about_what_is_lost() {
        let (a, b) = (Grant::Forward(PointId(1)), Grant::Reveal(Item::Point(PointId(1))));
        let group = |grants: &[Grant], told: Told| Group {
            introduce: false,
            id: GroupId(1),
            book: BookId(1),
            owner: OwnerId(1),
            name: "x".into(),
            told,
            channels: Vec::new(),
            quiet: None,
            grants: grants.to_vec(),
        };
        let cases = [
            (vec![], vec![a], Told::AtOnce, Told::AtOnce, Some(false)),
            (vec![a], vec![b], Told::AtOnce, Told::AtOnce, Some(false)),
            (vec![a, b], vec![a], Told::AtOnce, Told::AtOnce, Some(true)),
            (vec![a], vec![a], Told::AtOnce, Told::AtOnce, None),
            (vec![a], vec![a], Told::OnQuery, Told::AtOnce, Some(false)),
            (vec![a], vec![a], Told::AtOnce, Told::OnQuery, None),
        ];
        for (before, after, told, then, expected) in cases {
            assert_eq!(tells(&group(&before, told), &group(&after, then)), expected);
        }
    }
}
