//! Panic, devices, and taking one's own data along (rules C1, C7).

use super::{Answered, Desk, Signed, facts, groups, redirect};
use crate::{
    domain::{
        card::{Form, project},
        group::{Item, Rights},
        owner::{Field, Held},
    },
    store::Session,
    usecase::{
        history, panic as panicking, requests, sessions,
        wanted::Wanted,
        write::{Refused, carry_out},
    },
};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use warp::reply::Response;

pub(super) async fn route(desk: &Desk<'_>, me: &Signed, post: bool, rest: &[&str]) -> Answered {
    match (post, rest) {
        (false, []) => page(desk, me).await,
        (true, ["panic"]) => panic(desk, me).await,
        (true, ["end-panic"]) => {
            let (actor, wanted) = (me.actor(), Wanted { end_panic: true, ..Wanted::default() });
            let made = carry_out(desk.env, || requests::make(desk.env, &actor, me.owner.id, None, &wanted)).await?;
            Ok(redirect(&format!("/me/change/{}", made.request.id)))
        }
        (true, ["erase"]) => erase(desk, me).await,
        (true, ["sign-out"]) => {
            let id = desk.asked.text("session").parse().map_err(|_| Refused::NotFound("session"))?;
            sessions::end(desk.env, me.owner.id, id).await?;
            Ok(redirect("/me/safety?done=done_signed_out"))
        }
        (false, ["card.vcf"]) => Ok(file("text/vcard; charset=utf-8", "me.vcf", own_card(me))),
        (false, ["contacts.vcf"]) => Ok(file("text/vcard; charset=utf-8", "contacts.vcf", book(desk, me).await?)),
        (false, ["data.json"]) => {
            let text = serde_json::to_vec_pretty(&data(desk, me).await?).unwrap_or_default();
            Ok(file("application/json", "data.json", text))
        }
        _ => Err(Refused::NotFound("page")),
    }
}

async fn page(desk: &Desk<'_>, me: &Signed) -> Answered {
    let one = |session: &Session| {
        json!({
            "id": session.id, "label": session.label, "made": facts::when(session.made), "used": facts::when(session.used),
            "here": session.id == me.session.id,
        })
    };
    let devices = sessions::list(desk.env, me.owner.id).await?;
    let facts = json!({
        "silenced": me.owner.silenced, "devices": devices.iter().map(one).collect::<Vec<Value>>(),
    });
    Ok(desk.page(Some(me), StatusCode::OK, "safety", facts))
}

/// Everything ends at once; confirmed once.
async fn panic(desk: &Desk<'_>, me: &Signed) -> Answered {
    if desk.asked.text("sure") != "yes" {
        return Ok(desk.page(Some(me), StatusCode::OK, "safety_panic", json!({})));
    }
    let (actor, kept) = (me.actor(), Some(me.session.id));
    carry_out(desk.env, || panicking::panic(desk.env, &actor, me.owner.id, kept)).await?;
    Ok(redirect("/me/safety?done=done_panic"))
}

/// Everything goes for good; confirmed once, then proved anew and held like a change.
async fn erase(desk: &Desk<'_>, me: &Signed) -> Answered {
    if desk.asked.text("sure") != "yes" {
        return Ok(desk.page(Some(me), StatusCode::OK, "safety_erase", json!({})));
    }
    let (actor, wanted) = (me.actor(), Wanted { erase: true, ..Wanted::default() });
    let made = carry_out(desk.env, || requests::make(desk.env, &actor, me.owner.id, None, &wanted)).await?;
    Ok(redirect(&format!("/me/change/{}", made.request.id)))
}

/// Everything of the owner as a vCard.
fn own_card(me: &Signed) -> Vec<u8> {
    let points = me.owner.points.iter().map(|point| Item::Point(point.id));
    let reveal = points.chain(Field::ALL.map(Item::Field)).collect();
    project(&me.owner, &Rights { reveal, ..Rights::default() }).to_vcard(Form::V3).into_bytes()
}

/// All contacts exactly as they were received.
async fn book(desk: &Desk<'_>, me: &Signed) -> Result<Vec<u8>, Refused> {
    let mut all = Vec::new();
    for book in desk.env.store.books(me.owner.id).await? {
        let mut last = None;
        loop {
            let page = desk.env.store.contacts(me.owner.id, book.id, last, 200).await?;
            last = page.items.last().map(|contact| contact.id);
            for contact in page.items {
                all.extend_from_slice(&contact.card);
                if !contact.card.ends_with(b"\n") {
                    all.extend_from_slice(b"\r\n");
                }
            }
            if !page.more {
                break;
            }
        }
    }
    Ok(all)
}

/// Profile, points with all that they had, groups; while a panic lasts what they have now.
async fn data(desk: &Desk<'_>, me: &Signed) -> Result<Value, Refused> {
    let held = |held: &Held| json!({ "value": held.address.wire(), "from": held.from, "until": held.until, "proved": held.proved });
    let owner = history::visible(&me.owner);
    let points = owner.points.iter().map(|point| {
        let values: Vec<Value> = point.values.iter().map(held).collect();
        json!({ "label": point.label, "kind": facts::kind(point.kind), "removed": point.removed, "values": values })
    });
    let mut all = Vec::new();
    for group in desk.env.store.groups(me.owner.id).await? {
        let names: Vec<Box<str>> =
            groups::contacts(desk, me, group.book).await?.into_iter().map(|one| one.name).collect();
        all.push(json!({ "name": group.name, "told": group.told, "book_has": names.len() }));
    }
    Ok(json!({
        "name": me.owner.profile.name, "language": me.owner.language, "registered": me.owner.created,
        "profile": me.owner.profile, "points": points.collect::<Vec<Value>>(), "groups": all,
    }))
}

fn file(kind: &'static str, name: &str, body: Vec<u8>) -> Response {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(value) = format!("attachment; filename=\"{name}\"").parse() {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    response
}
