//! The owner's contacts: who they are, what each of them sees, who is blocked.

mod blocks;
mod exchange;
mod import;

use super::{Answered, Desk, Signed, board, facts, groups, redirect};
use crate::{
    domain::{
        address::Address,
        code::digit,
        exchange::Stand,
        group::{Identity, Member},
        id::{ContactId, GroupId},
        owner::Contact,
    },
    usecase::{
        blocks as blocking, card_page,
        contacts::{self, Entry, NewContact},
        exchange::introductions,
        write::{Refused, carry_out},
    },
};
use http::StatusCode;
use serde_json::{Value, json};

pub(super) async fn route(desk: &Desk<'_>, me: &Signed, post: bool, rest: &[&str]) -> Answered {
    match (post, rest) {
        (false, []) => list(desk, me, None).await,
        (true, []) => create(desk, me).await,
        (false, ["import"]) => Ok(import::page(desk, me, false)),
        (true, ["import"]) => import::look(desk, me).await,
        (true, ["import", "add"]) => import::add(desk, me).await,
        (_, ["blocks", rest @ ..]) => blocks::route(desk, me, post, rest).await,
        (false, ["introductions"]) => exchange::introductions(desk, me).await,
        (true, ["introductions"]) => exchange::decide(desk, me).await,
        (false, ["tray"]) => exchange::tray(desk, me).await,
        (true, ["tray", from, what @ ("accept" | "refuse" | "block")]) => {
            exchange::tray_one(desk, me, from, what).await
        }
        (false, ["updates"]) => exchange::updates(desk, me).await,
        (true, ["updates", id, "undo"]) => exchange::undo(desk, me, id).await,
        (_, [id, rest @ ..]) => {
            let id: ContactId = id.parse().map_err(|_| Refused::NotFound("contact"))?;
            match (post, rest) {
                (false, []) => page(desk, me, id).await,
                (true, ["groups"]) => regroup(desk, me, id).await,
                (true, ["block"]) => block(desk, me, id, true).await,
                (true, ["keep-card"]) => {
                    let (actor, only) = (me.actor(), [id]);
                    carry_out(desk.env, || introductions::drop(desk.env, &actor, me.owner.id, &only)).await?;
                    Ok(redirect(&format!("/me/people/{id}?done=done_dropped")))
                }
                (true, ["unblock"]) => block(desk, me, id, false).await,
                (true, ["remove"]) => {
                    let actor = me.actor();
                    carry_out(desk.env, || contacts::remove(desk.env, &actor, me.owner.id, None, id)).await?;
                    Ok(redirect("/me/people?done=done_saved"))
                }
                _ => Err(Refused::NotFound("page")),
            }
        }
    }
}

/// So many people are listed; the others are looked for.
const LISTED: usize = 100;
/// Fewer than this are seen at a glance.
const AT_A_GLANCE: usize = 12;

async fn list(desk: &Desk<'_>, me: &Signed, wrong: Option<&str>) -> Answered {
    let (all, columns) = match desk.env.store.books(me.owner.id).await?.first() {
        Some(book) => (groups::everybody(desk, me, book.id).await?, board::columns(desk, me, book.id).await?),
        None => (Vec::new(), Vec::new()),
    };
    let sought = desk.asked.query("q").unwrap_or_default();
    let mut found: Vec<&Contact> = all.iter().filter(|contact| answers_to(contact, &sought)).collect();
    let more = found.len().saturating_sub(LISTED);
    found.truncate(LISTED);
    let one = |contact: &&Contact| {
        let first = contact.addresses.first().map(Address::wire);
        json!({
            "id": contact.id, "name": contact.name, "address": first,
            "groups": board::names(&columns, Member::Contact(contact.id)),
        })
    };
    let facts = json!({
        "people": found.iter().map(one).collect::<Vec<Value>>(), "all": all.len(), "more": more, "sought": sought,
        "many": all.len() > AT_A_GLANCE, "wrong": wrong,
        "waiting": exchange::waiting(desk, me).await?, "groups": groups::choices(desk, me).await?,
        "group": desk.asked.text("group"),
        "name": desk.asked.text("name"), "address": desk.asked.text("address"),
    });
    let status = if wrong.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok(desk.page(Some(me), status, "people", facts))
}

/// Whether somebody is looked for by this: a part of the name or of an address, a number however it is written.
fn answers_to(contact: &Contact, sought: &str) -> bool {
    let sought = sought.trim().to_lowercase();
    let digits: String = sought.chars().filter_map(digit).collect();
    let is_number = !digits.is_empty() && !sought.chars().any(char::is_alphabetic);
    contact.name.to_lowercase().contains(&sought)
        || contact.addresses.iter().any(|address| {
            let wire = address.wire().to_lowercase();
            wire.contains(&sought) || (is_number && wire.contains(&digits))
        })
}

async fn create(desk: &Desk<'_>, me: &Signed) -> Answered {
    let (name, address) = (desk.asked.text("name"), desk.asked.text("address"));
    if name.is_empty() || Address::parse(&address, desk.env.rules().region).is_err() {
        return list(desk, me, Some("err_person")).await;
    }
    let book = groups::book(desk, me).await?;
    let entry = Entry::Plain(NewContact { book: Some(book), name, addresses: vec![address] });
    let actor = me.actor();
    let joins: Vec<GroupId> = desk.asked.text("group").parse().ok().into_iter().collect();
    match carry_out(desk.env, || contacts::create_in(desk.env, &actor, me.owner.id, book, &entry, &joins)).await {
        Ok(made) => {
            let done = if joins.is_empty() { "done_person" } else { "done_joined" };
            Ok(redirect(&format!("/me/people/{}?done={done}", made.id)))
        }
        Err(Refused::Invalid(_)) => list(desk, me, Some("err_person")).await,
        Err(why) => Err(why),
    }
}

/// Puts somebody into the groups that are ticked on their page.
async fn regroup(desk: &Desk<'_>, me: &Signed, id: ContactId) -> Answered {
    let contact = contacts::read(desk.env, me.owner.id, id, None).await?;
    let columns = board::columns(desk, me, contact.book).await?;
    board::seat(desk, me, &columns, Member::Contact(id), &desk.asked.fields("in")).await?;
    Ok(redirect(&format!("/me/people/{id}?done=done_saved")))
}

/// What exactly this person sees.
async fn page(desk: &Desk<'_>, me: &Signed, id: ContactId) -> Answered {
    let contact = contacts::read(desk.env, me.owner.id, id, None).await?;
    let blocks = desk.env.store.blocks(me.owner.id).await?;
    let of_theirs = |identity: &Identity| blocks.iter().any(|key| **key == *identity.key());
    let blocked = blocking::identities(&contact).iter().any(of_theirs);
    let card = card_page::as_seen(desk.env, me.owner.id, &contact).await?;
    let columns = board::columns(desk, me, contact.book).await?;
    let known = desk.env.store.introduction(me.owner.id, id).await?;
    let now = desk.env.store.now().await?;
    let rests = known.is_some_and(|known| known.stand == Stand::Goes && known.due > now);
    let facts = json!({
        "rests": rests,
        "id": id, "name": contact.name, "addresses": contact.addresses.iter().map(Address::wire).collect::<Vec<_>>(),
        "blocked": blocked, "seen": card.as_ref().map(facts::card),
        "groups": board::cells(&columns, Member::Contact(id)),
    });
    Ok(desk.page(Some(me), StatusCode::OK, "people_one", facts))
}

async fn block(desk: &Desk<'_>, me: &Signed, id: ContactId, on: bool) -> Answered {
    let contact = contacts::read(desk.env, me.owner.id, id, None).await?;
    let actor = me.actor();
    for identity in blocking::identities(&contact) {
        if on {
            carry_out(desk.env, || blocking::add(desk.env, &actor, me.owner.id, None, &identity)).await?;
        } else {
            carry_out(desk.env, || blocking::remove(desk.env, &actor, me.owner.id, None, &identity)).await?;
        }
    }
    let done = if on { "done_blocked" } else { "done_unblocked" };
    Ok(redirect(&format!("/me/people/{id}?done={done}")))
}
