//! Who is in which group, on one page: ticked, or with a script dragged.

use super::{Answered, Desk, Signed, groups, redirect};
use crate::{
    domain::{
        group::Member,
        id::{BookId, GroupId},
    },
    usecase::write::Refused,
};
use http::StatusCode;
use serde_json::{Value, json};
use std::collections::HashSet;

pub(super) async fn route(desk: &Desk<'_>, me: &Signed, post: bool) -> Answered {
    let Some(book) = desk.env.store.books(me.owner.id).await?.first().map(|book| book.id) else {
        return Ok(redirect("/me/groups"));
    };
    let people = groups::contacts(desk, me, book).await?;
    let columns = columns(desk, me, book).await?;
    if !post {
        let column = |column: &Column| json!({ "id": column.group, "name": column.name });
        let rows = people.iter().map(
            |person| json!({ "id": person.id, "name": person.name, "cells": cells(&columns, Member::Contact(person.id)) }),
        );
        let facts = json!({
            "people": rows.collect::<Vec<Value>>(), "groups": columns.iter().map(column).collect::<Vec<_>>(),
        });
        return Ok(desk.page(Some(me), StatusCode::OK, "groups_board", facts));
    }
    for person in &people {
        // Somebody who joined the book since the page was loaded stands on no form.
        if desk.asked.field(&format!("row-{}", person.id)).is_some() {
            let ticked = desk.asked.fields(&format!("in-{}", person.id));
            seat(desk, me, &columns, Member::Contact(person.id), &ticked).await?;
        }
    }
    Ok(redirect("/me/groups/board?done=done_saved"))
}

/// A group that people can be put into, and who is in it.
pub(super) struct Column {
    group: GroupId,
    name: Box<str>,
    inside: HashSet<Member>,
}

/// Those of a book, but for that of everybody.
pub(super) async fn columns(desk: &Desk<'_>, me: &Signed, book: BookId) -> Result<Vec<Column>, Refused> {
    let mut columns = Vec::new();
    for group in groups::all(desk, me).await?.into_iter().filter(|group| group.book == book) {
        let inside: HashSet<Member> = groups::inside(desk, me, group.id).await?.into_iter().collect();
        if !inside.contains(&Member::Everyone) {
            columns.push(Column { group: group.id, name: group.name, inside });
        }
    }
    Ok(columns)
}

/// The groups of somebody, each with whether they are in it.
pub(super) fn cells(columns: &[Column], member: Member) -> Vec<Value> {
    let cell = |column: &Column| json!({ "group": column.group, "name": column.name, "inside": column.inside.contains(&member) });
    columns.iter().map(cell).collect()
}

/// The names of the groups that somebody is in.
pub(super) fn names(columns: &[Column], member: Member) -> Vec<&str> {
    columns.iter().filter(|column| column.inside.contains(&member)).map(|column| &*column.name).collect()
}

/// Puts somebody into the groups that are ticked, and takes them out of the others.
pub(super) async fn seat(
    desk: &Desk<'_>,
    me: &Signed,
    columns: &[Column],
    member: Member,
    ticked: &[String],
) -> Result<(), Refused> {
    for column in columns {
        let wanted = ticked.contains(&column.group.to_string());
        groups::seat(desk, me, column.group, member, column.inside.contains(&member), wanted).await?;
    }
    Ok(())
}
