//! Who is in which group, on one page: ticked, or with a script dragged.

use super::{Answered, Desk, Signed, groups, redirect};
use crate::{
    domain::{group::Member, id::GroupId},
    usecase::{
        members,
        write::{Refused, carry_out},
    },
};
use http::StatusCode;
use serde_json::{Value, json};

pub(super) async fn route(desk: &Desk<'_>, me: &Signed, post: bool) -> Answered {
    let Some(book) = desk.env.store.books(me.owner.id).await?.first().map(|book| book.id) else {
        return Ok(redirect("/me/groups"));
    };
    let people = groups::contacts(desk, me, book).await?;
    let mut columns: Vec<(GroupId, Box<str>, Vec<Member>)> = Vec::new();
    for group in desk.env.store.groups(me.owner.id).await?.into_iter().filter(|group| group.book == book) {
        let inside = groups::inside(desk, me, group.id).await?;
        if !inside.contains(&Member::Everyone) {
            columns.push((group.id, group.name, inside));
        }
    }
    if !post {
        let column = |(id, name, inside): &(GroupId, Box<str>, Vec<Member>)| json!({ "id": id, "name": name, "people": inside.len() });
        let rows = people.iter().map(|person| {
            let cell = |(id, name, inside): &(GroupId, Box<str>, Vec<Member>)| {
                json!({ "group": id, "name": name, "inside": inside.contains(&Member::Contact(person.id)) })
            };
            json!({ "id": person.id, "name": person.name, "cells": columns.iter().map(cell).collect::<Vec<_>>() })
        });
        let facts = json!({
            "people": rows.collect::<Vec<Value>>(), "groups": columns.iter().map(column).collect::<Vec<_>>(),
        });
        return Ok(desk.page(Some(me), StatusCode::OK, "groups_board", facts));
    }
    let actor = me.actor();
    for person in &people {
        // Somebody who joined the book since the page was loaded stands on no form.
        if desk.asked.field(&format!("row-{}", person.id)).is_none() {
            continue;
        }
        let ticked: Vec<GroupId> =
            desk.asked.fields(&format!("in-{}", person.id)).iter().filter_map(|id| id.parse().ok()).collect();
        let member = Member::Contact(person.id);
        for (group, _, inside) in &columns {
            let done = match (inside.contains(&member), ticked.contains(group)) {
                (false, true) => {
                    carry_out(desk.env, || members::add(desk.env, &actor, me.owner.id, None, *group, member)).await
                }
                (true, false) => {
                    carry_out(desk.env, || members::remove(desk.env, &actor, me.owner.id, None, *group, member)).await
                }
                _ => continue,
            };
            match done {
                Ok(()) | Err(Refused::NotFound(_)) => {}
                Err(why) => return Err(why),
            }
        }
    }
    Ok(redirect("/me/groups/board?done=done_saved"))
}
