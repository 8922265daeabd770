//! Contacts from a file: looked at first, then added.

use super::super::{Answered, Desk, Signed, groups, redirect};
use crate::{
    domain::{address::Address, card::Splitter, id::GroupId},
    usecase::{
        import::{ImportFailed, Listener},
        import_contacts::{self, Format, Target},
    },
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::StatusCode;
use serde_json::{Value, json};
use std::io::Cursor;
use warp::reply::Response;

/// Largest file: it travels twice, the second time written as text.
const FILE_MOST: usize = 700 << 10;
/// So many people are shown before they are added.
const SHOWN: usize = 50;

/// Where a file is chosen.
pub(super) fn page(desk: &Desk<'_>, me: &Signed, wrong: bool) -> Response {
    let status = if wrong { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let pasted = desk.asked.text("cards");
    // What was looked at is no text to be read.
    let pasted = Some(pasted).filter(|text| desk.asked.path == "people/import" && text.len() <= FILE_MOST);
    desk.page(
        Some(me),
        status,
        "people_import",
        json!({ "wrong": wrong.then_some("err_import"), "pasted": pasted.unwrap_or_default() }),
    )
}

/// What is in the file. Nothing is added yet.
pub(super) async fn look(desk: &Desk<'_>, me: &Signed) -> Answered {
    let file = desk.asked.bytes("file").filter(|file| !file.is_empty());
    let file = file.or_else(|| desk.asked.bytes("cards")).unwrap_or_default();
    if file.len() > FILE_MOST {
        return Ok(page(desk, me, true));
    }
    let (mut people, mut count, mut bad) = (Vec::new(), 0_usize, 0_usize);
    let mut splitter = Splitter::default();
    let mut pieces = Vec::new();
    for line in file.split_inclusive(|byte| *byte == b'\n') {
        pieces.extend(splitter.push(line));
    }
    bad += usize::from(splitter.finish().is_some());
    for piece in pieces {
        match piece.and_then(|piece| piece.read()) {
            Ok(read) => {
                count += 1;
                let (addresses, _) = read.addresses(desk.env.rules().region);
                if people.len() < SHOWN {
                    people.push(json!({ "name": read.name(), "address": addresses.first().map(Address::wire) }));
                }
            }
            Err(_) => bad += 1,
        }
    }
    if count == 0 {
        return Ok(page(desk, me, true));
    }
    let groups: Vec<Value> = groups::choices(desk, me).await?;
    let facts = json!({
        "people": people, "count": count, "bad": bad, "more": count.saturating_sub(SHOWN), "groups": groups,
        "cards": URL_SAFE_NO_PAD.encode(&file),
    });
    Ok(desk.page(Some(me), StatusCode::OK, "people_import_look", facts))
}

/// Adds them. Whom a group introduces the owner to waits for the owner's word.
pub(super) async fn add(desk: &Desk<'_>, me: &Signed) -> Answered {
    let Ok(file) = URL_SAFE_NO_PAD.decode(desk.asked.text("cards")) else { return Ok(page(desk, me, true)) };
    let group: Option<GroupId> = desk.asked.text("group").parse().ok();
    let book = groups::book(desk, me).await?;
    let target = Target { owner: me.owner.id, book: Some(book), group };
    let done = import_contacts::import(desk.env, Cursor::new(file), Format::VCard, &target, &mut Silent).await;
    if let Err(why) = done {
        return match why {
            ImportFailed::Refused(why) => Err(why),
            other => {
                tracing::warn!(error = %other, "a file of contacts could not be loaded");
                Ok(page(desk, me, true))
            }
        };
    }
    let held = desk.env.store.introductions_held(me.owner.id, None, 1).await?;
    let to = if held.items.is_empty() { "/me/people" } else { "/me/people/introductions" };
    Ok(redirect(&format!("{to}?done=done_imported")))
}

/// The page has said before what cannot be read.
struct Silent;

impl Listener for Silent {
    fn read(&mut self, _: u64) {}

    fn bad(&mut self, _: u64, _: &str) {}
}
