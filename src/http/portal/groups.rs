//! Groups: who is in them, what they see, how they are told.

use super::{Answered, Asked, Desk, Signed, board, digest, facts, redirect, who};
use crate::{
    domain::{
        group::{Grant, Item, Member, Told},
        id::{BookId, GroupId, PointId},
        owner::{Channel, Contact, Field, Group},
        schedule::Hours,
    },
    usecase::{
        books::{self, NewBook},
        card_page,
        groups::{self, GroupPatch, NewGroup},
        members,
        start_groups::{self, Names},
        write::{Refused, carry_out},
    },
};
use http::StatusCode;
use serde_json::{Value, json};

/// So many people can be ticked on one page.
const PEOPLE_MOST: usize = 500;
/// So many people of a book are read for a page.
const BOOK_MOST: usize = 10_000;

pub(super) async fn route(desk: &Desk<'_>, me: &Signed, post: bool, rest: &[&str]) -> Answered {
    match (post, rest) {
        (false, []) => list(desk, me, None).await,
        (true, []) => create(desk, me).await,
        (true, ["start"]) => start(desk, me).await,
        (_, ["board"]) => board::route(desk, me, post).await,
        (_, [id, rest @ ..]) => {
            let id: GroupId = id.parse().map_err(|_| Refused::NotFound("group"))?;
            match (post, rest) {
                (false, []) => page(desk, me, id).await,
                (true, []) => save(desk, me, id).await,
                (true, ["remove"]) => {
                    let actor = me.actor();
                    carry_out(desk.env, || groups::remove(desk.env, &actor, me.owner.id, None, id)).await?;
                    Ok(redirect("/me/groups?done=done_saved"))
                }
                _ => Err(Refused::NotFound("page")),
            }
        }
    }
}

/// The owner's first book; made where there is none.
pub(super) async fn book(desk: &Desk<'_>, me: &Signed) -> Result<BookId, Refused> {
    if let Some(book) = desk.env.store.books(me.owner.id).await?.first() {
        return Ok(book.id);
    }
    let (actor, new) = (me.actor(), NewBook { name: "Contacts".into() });
    Ok(carry_out(desk.env, || books::create(desk.env, &actor, me.owner.id, None, &new)).await?.id)
}

/// The owner's groups as pages list them: by name, and that of everybody last.
pub(super) async fn all(desk: &Desk<'_>, me: &Signed) -> Result<Vec<Group>, Refused> {
    let everyone = desk.env.store.memberships(me.owner.id, Member::Everyone).await?;
    let mut groups = desk.env.store.groups(me.owner.id).await?;
    groups.sort_by_cached_key(|group| (everyone.contains(&group.id), group.name.to_lowercase()));
    Ok(groups)
}

/// Groups that somebody can be put into as they are added: those of the first book that have members.
pub(super) async fn choices(desk: &Desk<'_>, me: &Signed) -> Result<Vec<Value>, Refused> {
    let Some(book) = desk.env.store.books(me.owner.id).await?.into_iter().next() else { return Ok(Vec::new()) };
    let everyone = desk.env.store.memberships(me.owner.id, Member::Everyone).await?;
    let groups = all(desk, me).await?.into_iter();
    let own = groups.filter(|group| group.book == book.id && !everyone.contains(&group.id));
    let one = |group: Group| json!({ "id": group.id, "name": group.name, "introduce": group.introduce });
    Ok(own.map(one).collect())
}

/// The contacts of a book, by name, as far as they can be ticked on one page.
pub(super) async fn contacts(desk: &Desk<'_>, me: &Signed, book: BookId) -> Result<Vec<Contact>, Refused> {
    let mut all = everybody(desk, me, book).await?;
    all.truncate(PEOPLE_MOST);
    Ok(all)
}

/// The contacts of a book, by name.
pub(super) async fn everybody(desk: &Desk<'_>, me: &Signed, book: BookId) -> Result<Vec<Contact>, Refused> {
    let mut all: Vec<Contact> = Vec::new();
    while all.len() < BOOK_MOST {
        let page = desk.env.store.contacts(me.owner.id, book, all.last().map(|last| last.id), 200).await?;
        all.extend(page.items);
        if !page.more {
            break;
        }
    }
    all.sort_by_cached_key(|contact| contact.name.to_lowercase());
    Ok(all)
}

pub(super) async fn inside(desk: &Desk<'_>, me: &Signed, group: GroupId) -> Result<Vec<Member>, Refused> {
    Ok(desk.env.store.members(me.owner.id, group, None, 10_000).await?.items)
}

async fn list(desk: &Desk<'_>, me: &Signed, wrong: Option<&str>) -> Answered {
    let mut shown = Vec::new();
    for group in all(desk, me).await? {
        let members = inside(desk, me, group.id).await?;
        shown.push(json!({
            "id": group.id, "name": group.name, "people": members.len(), "everyone": members.contains(&Member::Everyone),
            "told": told(&group.told),
        }));
    }
    let status = if wrong.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let facts = json!({ "groups": shown, "wrong": wrong, "name": desk.asked.text("name") });
    Ok(desk.page(Some(me), status, "groups", facts))
}

fn told(told: &Told) -> &'static str {
    match told {
        Told::AtOnce => "at_once",
        Told::Digest(_) => "digest",
        Told::OnQuery => "on_query",
    }
}

async fn create(desk: &Desk<'_>, me: &Signed) -> Answered {
    let new = NewGroup { told: Told::AtOnce, ..NewGroup::named(book(desk, me).await?, desk.asked.text("name")) };
    let actor = me.actor();
    match carry_out(desk.env, || groups::create(desk.env, &actor, me.owner.id, None, &new)).await {
        Ok(group) => Ok(redirect(&format!("/me/groups/{}?done=done_group", group.id))),
        Err(Refused::Invalid(_)) => list(desk, me, Some("err_group")).await,
        Err(why) => Err(why),
    }
}

async fn start(desk: &Desk<'_>, me: &Signed) -> Answered {
    let said = |key: &str| desk.asked.text(key);
    let names = Names {
        family: said("start_family"),
        friends: said("start_friends"),
        work: said("start_work"),
        everyone: said("start_everyone"),
    };
    start_groups::start(desk.env, &me.actor(), me.owner.id, book(desk, me).await?, names).await?;
    Ok(redirect("/me/groups?done=done_group"))
}

async fn page(desk: &Desk<'_>, me: &Signed, id: GroupId) -> Answered {
    let group = groups::read(desk.env, me.owner.id, id).await?;
    let members = inside(desk, me, id).await?;
    show(desk, me, &group, &members, None).await
}

/// The page of a group as it is, or as a form has it that cannot be saved.
async fn show(desk: &Desk<'_>, me: &Signed, group: &Group, members: &[Member], wrong: Option<&str>) -> Answered {
    let people = contacts(desk, me, group.book).await?;
    let right = |point: &Value| {
        let id = point["id"].as_str().and_then(|id| id.parse().ok());
        id.map_or("none", |id| who::right(group, id))
    };
    let points: Vec<Value> = facts::points(&me.owner)
        .into_iter()
        .map(|mut point| {
            point["right"] = right(&point).into();
            point
        })
        .collect();
    let fields = Field::ALL.into_iter().filter(|field| *field != Field::Name).map(|field| {
        json!({ "kind": field, "label_key": "", "label": null, "ticked": group.grants.contains(&Grant::Reveal(Item::Field(field))) })
    });
    let person = |contact: &Contact| json!({ "id": contact.id, "name": contact.name, "inside": members.contains(&Member::Contact(contact.id)) });
    let alone = card_page::as_group(desk.env, me.owner.id, group.id).await?;
    let facts = json!({
        "id": group.id, "name": group.name, "told": told(&group.told), "points": points,
        "fields": fields.collect::<Vec<_>>(), "everyone": members.contains(&Member::Everyone),
        "introduce": group.introduce, "people": people.iter().map(person).collect::<Vec<_>>(),
        "digest": digest::shown(&group.told), "quiet": quiet(group.quiet), "alone": alone.as_ref().map(facts::card),
        "first": group.channels.first().map_or(json!("usual"), |channel| json!(channel)), "wrong": wrong,
    });
    let status = if wrong.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok(desk.page(Some(me), status, "groups_one", facts))
}

/// Quiet hours as the form has them; with those of most people where there are none.
fn quiet(hours: Option<Hours>) -> Value {
    let text = hours.unwrap_or_default().to_string();
    let (from, to) = text.split_once('-').unwrap_or_default();
    json!({ "on": hours.is_some(), "from": from, "to": to })
}

/// Quiet hours that a form stands for; none where it has no place for them, and the group's stay.
fn wanted_quiet(asked: &Asked) -> Option<String> {
    let from = asked.field("quiet-from")?;
    let hours = || format!("{}-{}", from.trim(), asked.text("quiet-to"));
    Some(if asked.text("quiet") == "yes" { hours() } else { "none".to_owned() })
}

async fn save(desk: &Desk<'_>, me: &Signed, id: GroupId) -> Answered {
    let before = groups::read(desk.env, me.owner.id, id).await?;
    let with = |right: &str| -> Vec<String> {
        let points = me.owner.points.iter().map(|point| point.id.to_string());
        points.filter(|id| desk.asked.text(&format!("right-{id}")) == right).collect()
    };
    let told = match (desk.asked.text("told").as_str(), &before.told) {
        ("at_once", _) => Told::AtOnce,
        ("digest", before) => Told::Digest(digest::read(desk.asked, before)),
        _ => Told::OnQuery,
    };
    let named = |field: &Field| json!(field).as_str().map(str::to_owned).unwrap_or_default();
    let ticked = desk.asked.fields("field");
    let kept = before.grants.contains(&Grant::Reveal(Item::Field(Field::Name)));
    let fields = Field::ALL.into_iter().filter(|field| match field {
        Field::Name => kept,
        other => ticked.contains(&named(other)),
    });
    let channels = match desk.asked.text("channel").as_str() {
        "sms" => vec![Channel::Sms, Channel::Email],
        "email" => vec![Channel::Email, Channel::Sms],
        _ => Vec::new(),
    };
    let patch = GroupPatch {
        name: Some(desk.asked.text("name")),
        quiet: wanted_quiet(desk.asked),
        told: Some(told),
        channels: Some(channels),
        reveal: Some(with("reveal")),
        forward: Some(with("forward")),
        fields: Some(fields.collect()),
        introduce: Some(!desk.asked.text("introduce").is_empty()),
    };
    let actor = me.actor();
    match carry_out(desk.env, || groups::change(desk.env, &actor, me.owner.id, None, id, &patch)).await {
        Ok(_) => {}
        Err(Refused::Invalid(_)) => {
            let members = inside(desk, me, id).await?;
            let ticked = members.iter().copied().filter(|member| *member == Member::Everyone);
            let ticked: Vec<Member> = ticked.chain(ticked_in(desk.asked)).collect();
            return show(desk, me, &as_typed(&before, patch), &ticked, Some("err_group")).await;
        }
        Err(why) => return Err(why),
    }
    let ticked: Vec<Member> = ticked_in(desk.asked).collect();
    let members = inside(desk, me, id).await?;
    // Somebody who joined the book since the page was loaded stands on no form.
    for seen in desk.asked.fields("seen").iter().filter_map(|id| id.parse().ok().map(Member::Contact)) {
        seat(desk, me, id, seen, members.contains(&seen), ticked.contains(&seen)).await?;
    }
    Ok(redirect(&format!("/me/groups/{id}?done=done_saved")))
}

/// The people whom a form has in the group.
fn ticked_in(asked: &Asked) -> impl Iterator<Item = Member> {
    asked.fields("member").into_iter().filter_map(|id| id.parse().ok().map(Member::Contact))
}

/// A group as a form has it.
fn as_typed(before: &Group, patch: GroupPatch) -> Group {
    let point = |id: String| id.parse::<PointId>().ok();
    let revealed = patch.reveal.unwrap_or_default().into_iter().filter_map(point).map(Item::Point);
    let fields = patch.fields.unwrap_or_default().into_iter().map(Item::Field);
    let forwarded = patch.forward.unwrap_or_default().into_iter().filter_map(point).map(Grant::Forward);
    Group {
        name: patch.name.unwrap_or_default().into(),
        grants: revealed.chain(fields).map(Grant::Reveal).chain(forwarded).collect(),
        told: patch.told.unwrap_or_default(),
        introduce: patch.introduce.unwrap_or_default(),
        channels: patch.channels.unwrap_or_default(),
        quiet: patch.quiet.and_then(|hours| Hours::parse(&hours)),
        ..*before
    }
}

/// Lets somebody be in a group, or not. Who is gone by now, or a group, is left alone.
pub(super) async fn seat(
    desk: &Desk<'_>,
    me: &Signed,
    group: GroupId,
    member: Member,
    is: bool,
    wanted: bool,
) -> Result<(), Refused> {
    let actor = me.actor();
    let done = match (is, wanted) {
        (false, true) => carry_out(desk.env, || members::add(desk.env, &actor, me.owner.id, None, group, member)).await,
        (true, false) => {
            carry_out(desk.env, || members::remove(desk.env, &actor, me.owner.id, None, group, member)).await
        }
        _ => return Ok(()),
    };
    match done {
        Err(Refused::NotFound(_)) => Ok(()),
        other => other,
    }
}
