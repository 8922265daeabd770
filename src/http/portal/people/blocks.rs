//! Whom the owner has blocked, people of no book included.

use super::super::{Answered, Desk, Signed, groups, redirect};
use crate::{
    domain::{group::Identity, owner::Contact},
    usecase::{
        blocks,
        write::{Refused, carry_out},
    },
};
use http::StatusCode;
use serde_json::{Value, json};

pub(super) async fn route(desk: &Desk<'_>, me: &Signed, post: bool, rest: &[&str]) -> Answered {
    match (post, rest) {
        (false, []) => page(desk, me, None).await,
        (true, []) => block(desk, me).await,
        (true, ["end"]) => {
            let actor = me.actor();
            for text in desk.asked.fields("identity") {
                let identity = blocks::parse(desk.env, &text)?;
                carry_out(desk.env, || blocks::remove(desk.env, &actor, me.owner.id, None, &identity)).await?;
            }
            Ok(redirect("/me/people/blocks?done=done_unblocked"))
        }
        _ => Err(Refused::NotFound("page")),
    }
}

/// Somebody who is blocked, by one identity or several.
struct Blocked<'a> {
    /// Who they are in the owner's book.
    contact: Option<&'a Contact>,
    /// `owner`, `app` or `address`.
    kind: &'static str,
    keys: Vec<Box<str>>,
}

async fn page(desk: &Desk<'_>, me: &Signed, wrong: Option<&str>) -> Answered {
    let people = match desk.env.store.books(me.owner.id).await?.first() {
        Some(book) => groups::contacts(desk, me, book.id).await?,
        None => Vec::new(),
    };
    // Everything by which somebody of the book is blocked is one line.
    let mut found: Vec<Blocked<'_>> = Vec::new();
    for key in desk.env.store.blocks(me.owner.id).await? {
        let (kind, contact) = match blocks::parse(desk.env, &key) {
            Ok(Identity::Owner(id)) => ("owner", people.iter().find(|contact| contact.linked == Some(id))),
            Ok(Identity::Application(_)) => ("app", None),
            Ok(Identity::Address(_)) | Err(_) => {
                let has = |contact: &&Contact| contact.addresses.iter().any(|address| *address.key() == *key);
                ("address", people.iter().find(has))
            }
        };
        let same =
            |contact: &Contact| found.iter().position(|known| known.contact.is_some_and(|one| one.id == contact.id));
        match contact.and_then(same) {
            Some(at) => found[at].keys.push(key),
            None => found.push(Blocked { contact, kind, keys: vec![key] }),
        }
    }
    let one = |blocked: &Blocked<'_>| {
        json!({
            "keys": blocked.keys, "kind": blocked.kind, "name": blocked.contact.map(|contact| &contact.name),
            "contact": blocked.contact.map(|contact| contact.id),
        })
    };
    let facts = json!({
        "blocks": found.iter().map(one).collect::<Vec<Value>>(),
        "identity": desk.asked.text("identity"), "wrong": wrong,
    });
    let status = if wrong.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok(desk.page(Some(me), status, "people_blocks", facts))
}

async fn block(desk: &Desk<'_>, me: &Signed) -> Answered {
    let Ok(identity) = blocks::parse(desk.env, &desk.asked.text("identity")) else {
        return page(desk, me, Some("err_address")).await;
    };
    let actor = me.actor();
    carry_out(desk.env, || blocks::add(desk.env, &actor, me.owner.id, None, &identity)).await?;
    Ok(redirect("/me/people/blocks?done=done_blocked"))
}
