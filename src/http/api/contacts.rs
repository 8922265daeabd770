//! `/v1/owners/{owner}/contacts`: vCards, or name and addresses as JSON.

use super::{
    call::Call,
    reply::Reply,
    view::{AsleepView, ContactView, Page},
};
use crate::{
    domain::{
        id::{BookId, ContactId},
        owner::Contact,
    },
    http::problem::{Kind, Problem},
    usecase::{
        asleep, books,
        contacts::{self, Entry, NewContact},
        write::{Refused, read_owner},
    },
};
use http::header;

const NEEDS_BOOK: &str = "the id of a book, bk_…";

/// Contacts of `?book=`, in the order of their ids.
#[utoipa::path(get, path = "/v1/owners/{owner}/contacts", params(("book" = String, Query)),
    responses((status = 200, body = Page<ContactView>)))]
pub(super) async fn list(call: &Call) -> Result<Reply, Problem> {
    let owner = read_owner(&call.api.env, call.owner()?, None).await?;
    let book: Option<BookId> = call.parsed("book", NEEDS_BOOK)?;
    let book = book.ok_or_else(|| Problem::new(Kind::Invalid).field("/book", NEEDS_BOOK))?;
    let book = books::read(&call.api.env, owner.id, book).await?;
    let page = call.api.env.store.contacts(owner.id, book.id, call.after()?, call.limit()?).await?;
    let next = page.items.last().filter(|_| page.more).map(|last: &Contact| call.next(&last.id));
    Ok(Reply::json(200, &Page { items: page.items.iter().map(ContactView::from).collect(), next }))
}

/// Adds a contact: JSON, or a vCard (`text/vcard`) into `?book=`.
#[utoipa::path(post, path = "/v1/owners/{owner}/contacts", params(("book" = Option<String>, Query)),
    request_body(content((NewContact = "application/json"), (String = "text/vcard"))),
    responses((status = 201, body = ContactView)))]
pub(super) async fn create(call: &Call) -> Result<Reply, Problem> {
    let (entry, named) = entry(call)?;
    let book = named.ok_or_else(|| Problem::new(Kind::Invalid).field("/book", NEEDS_BOOK))?;
    let (owner, actor) = (call.owner()?, &call.actor());
    let view = |contact: &Contact| (201, ContactView::from(contact));
    call.wrote(view, || contacts::create(&call.api.env, actor, owner, book, &entry)).await
}

/// One contact: JSON, or its vCard byte for byte where `Accept` asks for `text/vcard`.
#[utoipa::path(get, path = "/v1/owners/{owner}/contacts/{contact}",
    responses((status = 200, content((ContactView = "application/json"), (String = "text/vcard")))))]
pub(super) async fn read(call: &Call) -> Result<Reply, Problem> {
    let owner = read_owner(&call.api.env, call.owner()?, None).await?;
    let contact = contacts::read(&call.api.env, owner.id, call.id("contact")?, None).await?;
    let accepts = call.head.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let reply = if accepts.contains("text/vcard") {
        Reply::of("text/vcard; charset=utf-8", contact.card.clone().into())
    } else {
        Reply::json(200, &ContactView::from(&contact))
    };
    Ok(reply.tagged(contact.version))
}

/// Replaces a contact; `If-Match` compares the contact's own version.
#[utoipa::path(put, path = "/v1/owners/{owner}/contacts/{contact}",
    request_body(content((NewContact = "application/json"), (String = "text/vcard"))),
    responses((status = 200, body = ContactView)))]
pub(super) async fn replace(call: &Call) -> Result<Reply, Problem> {
    let (entry, _) = entry(call)?;
    let (owner, version, actor) = (call.owner()?, call.if_match()?, &call.actor());
    let id: ContactId = call.id("contact")?;
    let view = |contact: &Contact| (200, ContactView::from(contact));
    let plan = || contacts::replace(&call.api.env, actor, owner, version, id, &entry);
    let (reply, contact) = call.write(view, plan).await?;
    Ok(match contact {
        Some(contact) => reply.tagged(contact.version),
        None => reply,
    })
}

/// Removes a contact and its memberships.
#[utoipa::path(delete, path = "/v1/owners/{owner}/contacts/{contact}", responses((status = 204)))]
pub(super) async fn remove(call: &Call) -> Result<Reply, Problem> {
    let (owner, version, actor) = (call.owner()?, call.if_match()?, &call.actor());
    let id: ContactId = call.id("contact")?;
    call.wrote(|()| (204, ()), || contacts::remove(&call.api.env, actor, owner, version, id)).await
}

/// Says that the contact's addresses are still theirs: rights through them, which sleep since somebody else proved one of
/// them or a report called it dead, are given again, and what was not told meanwhile is told.
#[utoipa::path(post, path = "/v1/owners/{owner}/contacts/{contact}/confirm",
    responses((status = 200, body = ContactView)))]
pub(super) async fn confirm(call: &Call) -> Result<Reply, Problem> {
    let (owner, actor, id) = (call.owner()?, &call.actor(), call.id("contact")?);
    let view = |contact: &Contact| (200, ContactView::from(contact));
    call.wrote(view, || asleep::confirm(&call.api.env, actor, owner, id)).await
}

/// Addresses through which no contact has rights until the owner confirms, in the order of their keys.
#[utoipa::path(get, path = "/v1/owners/{owner}/asleep", responses((status = 200, body = Page<AsleepView>)))]
pub(super) async fn asleep(call: &Call) -> Result<Reply, Problem> {
    let after: Option<String> = call.after()?;
    let page = asleep::list(&call.api.env, call.owner()?, after.as_deref(), call.limit()?).await?;
    let next = page.items.last().filter(|_| page.more).map(|last| call.next(&last.asleep.address.key()));
    Ok(Reply::json(200, &Page { items: page.items.iter().map(AsleepView::from).collect(), next }))
}

/// What the body holds, and the book that it or the query string names.
fn entry(call: &Call) -> Result<(Entry, Option<BookId>), Problem> {
    let book = call.parsed("book", NEEDS_BOOK)?;
    if matches!(call.media_type(), "text/vcard" | "text/x-vcard") {
        return Ok((Entry::VCard(call.body().to_vec()), book));
    }
    let new: NewContact = call.json()?;
    let named = new.book.or(book);
    if new.book.is_some() && book.is_some() && new.book != book {
        return Err(Refused::invalid("/book", "the body and the query string name different books").into());
    }
    Ok((Entry::Plain(new), named))
}
