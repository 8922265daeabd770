//! Introductions that wait, cards in the tray, and what was brought up to date in the owner's own book.

use super::super::{Answered, Desk, Signed, facts, groups, redirect};
use crate::{
    domain::{
        address::Address,
        exchange::Replaced,
        id::{ContactId, GroupId, OwnerId, UpdateId},
    },
    usecase::{
        exchange::{introductions, preview, tray, updates},
        write::{Refused, carry_out},
    },
};
use http::StatusCode;
use serde_json::{Value, json};

/// So many of each are shown.
const LINES: usize = 100;

/// How many of each wait, for the page of people.
pub(super) async fn waiting(desk: &Desk<'_>, me: &Signed) -> Result<Value, Refused> {
    let owner = me.owner.id;
    let held = desk.env.store.introductions_held(owner, None, LINES).await?.items.len();
    let tray = tray::list(desk.env, owner).await?.len();
    let updates = desk.env.store.book_updates(owner, None, 1).await?.items.len();
    Ok(json!({ "held": held, "tray": tray, "updates": updates }))
}

pub(super) async fn introductions(desk: &Desk<'_>, me: &Signed) -> Answered {
    let held = introductions::held(desk.env, me.owner.id, None, LINES).await?;
    let ceiling = preview::preview(desk.env, &desk.post, me.owner.id).await?;
    let one = |held: &introductions::Held| {
        let address = held.contact.addresses.first().map(Address::wire);
        json!({ "id": held.contact.id, "name": held.contact.name, "address": address, "because": held.because })
    };
    let facts = json!({
        "people": held.items.iter().map(one).collect::<Vec<_>>(),
        "count": ceiling.people, "more": ceiling.more, "nowhere": ceiling.nowhere, "cost": facts::cost(&ceiling.cost),
        "by": ceiling.by.iter().map(|(channel, count)| json!({ "channel": channel, "count": count })).collect::<Vec<_>>(),
        "texts": ceiling.texts.iter().map(|words| json!({
            "people": words.people, "language": words.language, "sms": words.sms, "email": words.email,
        })).collect::<Vec<_>>(),
    });
    Ok(desk.page(Some(me), StatusCode::OK, "people_introductions", facts))
}

/// Lets those who are ticked have the card, or nobody of them.
pub(super) async fn decide(desk: &Desk<'_>, me: &Signed) -> Answered {
    let ticked: Vec<ContactId> = desk.asked.fields("contact").iter().filter_map(|id| id.parse().ok()).collect();
    let (actor, owner) = (me.actor(), me.owner.id);
    // Nobody ticked is nobody meant.
    if ticked.is_empty() && desk.asked.text("all").is_empty() {
        return Ok(redirect("/me/people/introductions"));
    }
    let done = if desk.asked.text("what") == "go" {
        carry_out(desk.env, || introductions::confirm(desk.env, &actor, owner, &ticked)).await?;
        "done_introduced"
    } else {
        carry_out(desk.env, || introductions::drop(desk.env, &actor, owner, &ticked)).await?;
        "done_dropped"
    };
    let left = desk.env.store.introductions_held(owner, None, 1).await?.items.len();
    let to = if left > 0 { "/me/people/introductions" } else { "/me/people" };
    Ok(redirect(&format!("{to}?done={done}")))
}

pub(super) async fn tray(desk: &Desk<'_>, me: &Signed) -> Answered {
    let waiting = tray::list(desk.env, me.owner.id).await?;
    let one = |waiting: &tray::Waiting| {
        let point = |point: &crate::domain::card::CardPoint| {
            json!({
                "kind": facts::kind(point.kind), "label": point.label, "label_key": point.label.to_lowercase(),
                "value": point.value,
            })
        };
        json!({
            "from": waiting.tray.from, "name": waiting.card.fields.name, "at": facts::when(waiting.tray.at),
            "namesake": waiting.namesake, "points": waiting.card.points.iter().map(point).collect::<Vec<_>>(),
        })
    };
    let cards: Vec<Value> = waiting.iter().map(one).collect();
    let facts = json!({ "cards": cards, "groups": groups::choices(desk, me).await? });
    Ok(desk.page(Some(me), StatusCode::OK, "people_tray", facts))
}

pub(super) async fn tray_one(desk: &Desk<'_>, me: &Signed, from: &str, what: &str) -> Answered {
    let from: OwnerId = from.parse().map_err(|_| Refused::NotFound("card"))?;
    let (actor, owner) = (me.actor(), me.owner.id);
    if what == "accept" {
        let group: Option<GroupId> = desk.asked.text("group").parse().ok();
        let place = (Some(groups::book(desk, me).await?), group);
        let made = carry_out(desk.env, || tray::accept(desk.env, &actor, owner, from, place)).await?;
        return Ok(redirect(&format!("/me/people/{}?done=done_accepted", made.id)));
    }
    let block = what == "block";
    carry_out(desk.env, || tray::refuse(desk.env, &actor, owner, from, block)).await?;
    Ok(redirect("/me/people/tray?done=done_refused"))
}

pub(super) async fn updates(desk: &Desk<'_>, me: &Signed) -> Answered {
    let page = updates::list(desk.env, me.owner.id, None, LINES).await?;
    let line = |line: &Replaced| json!({ "old": line.old.as_ref().map(Address::wire), "new": line.new.wire() });
    let one = |updated: &updates::Updated| {
        json!({
            "id": updated.update.id, "at": facts::when(updated.update.at),
            "contact": updated.contact.as_ref().map(|contact| contact.id),
            "name": updated.contact.as_ref().map(|contact| &contact.name),
            "lines": updated.update.lines.iter().map(line).collect::<Vec<_>>(),
            "undone": updated.update.undone.is_some(), "may": updated.may_be_undone(),
        })
    };
    let facts = json!({ "updates": page.items.iter().map(one).collect::<Vec<_>>() });
    Ok(desk.page(Some(me), StatusCode::OK, "people_updates", facts))
}

pub(super) async fn undo(desk: &Desk<'_>, me: &Signed, id: &str) -> Answered {
    let id: UpdateId = id.parse().map_err(|_| Refused::NotFound("update"))?;
    let actor = me.actor();
    carry_out(desk.env, || updates::undo(desk.env, &actor, me.owner.id, id)).await?;
    Ok(redirect("/me/people/updates?done=done_undone"))
}
