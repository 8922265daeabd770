//! Owners and their contacts, by the ways in that there are: `/v1` and `redial import contacts`.

use super::{api::V1, home::Home};
use redial::clock::{Clock as _, SystemClock, Time};
use serde_json::json;
use std::{fmt::Write as _, sync::Arc};

/// An owner whose number changes.
#[derive(Clone, Debug)]
pub(crate) struct Owner {
    /// `/v1/owners/own_…`.
    pub(crate) path: String,
    /// Their place among all.
    index: usize,
    /// How many contacts are told.
    pub(crate) contacts: usize,
    /// When the change was asked for.
    pub(crate) changed: Option<Time>,
}

/// The number of somebody who is told; every fourth in another country, and so by another provider.
fn contact(index: usize) -> String {
    let place = index / 4;
    match index % 4 {
        0 => format!("+1212{:07}", 2_000_000 + place),
        1 => format!("+49151{:08}", 10_000_000 + place),
        2 => format!("+336{place:08}"),
        _ => format!("+4474{place:08}"),
    }
}

fn text(body: &serde_json::Value, pointer: &str) -> String {
    body.pointer(pointer)
        .and_then(serde_json::Value::as_str)
        .unwrap_or_else(|| panic!("{pointer} of {body}"))
        .to_owned()
}

/// One owner with a group of so many contacts; `before` are everybody else's.
pub(crate) async fn owner(home: &Arc<Home>, v1: &V1, index: usize, before: usize, contacts: usize) -> Owner {
    let once = |what: &str| format!("{what}-{index}");
    let number = format!("+1303{:07}", 2_000_000 + index);
    let body = json!({"profile": {"name": name(index)}, "points": [{"label": "mobile", "value": number}]});
    let id = text(&v1.make("/v1/owners", &once("owner"), &body).await, "/owner/id");
    let path = format!("/v1/owners/{id}");
    let book = v1.make(&format!("{path}/books"), &once("book"), &json!({"name": "Private"})).await;
    let group = json!({"book": text(&book, "/id"), "name": "Friends", "told": "at_once", "reveal": ["mobile"]});
    let group = text(&v1.make(&format!("{path}/groups"), &once("group"), &group).await, "/id");
    let mut rows = "name,phone\n".to_owned();
    for contact_index in before..before + contacts {
        let _infallible = writeln!(rows, "Contact {},{}", name(contact_index), contact(contact_index));
    }
    let file = home.write(&format!("contacts-{index}.csv"), &rows);
    let file = file.to_str().expect("a temporary folder has a plain name");
    home.run(&["import", "contacts", file, "--owner", &id, "--group", &group]).await;
    Owner { path, index, contacts, changed: None }
}

/// A name without digits, which would not be shown.
fn name(index: usize) -> String {
    let letter = |place: usize| char::from(b'a' + u8::try_from(place % 26).expect("26 letters"));
    format!(
        "Ann {}{}{}{}",
        letter(index / 17_576).to_ascii_uppercase(),
        letter(index / 676),
        letter(index / 26),
        letter(index)
    )
}

impl Owner {
    /// Their number changes.
    pub(crate) async fn change(&mut self, v1: &V1) {
        self.changed = Some(SystemClock.now());
        let number = format!("+1720{:07}", 2_000_000 + self.index);
        let body = json!({"points": [{"replace": {"point": "mobile", "value": number}}]});
        let made = v1.make(&format!("{}/requests", self.path), &format!("change-{}", self.index), &body).await;
        assert_eq!(text(&made, "/request/state"), "accepted");
    }
}
