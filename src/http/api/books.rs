//! `/v1/owners/{owner}/books`.

use super::{
    call::Call,
    reply::Reply,
    view::{BookView, Page},
};
use crate::{
    domain::{id::BookId, owner::Book},
    http::problem::Problem,
    usecase::{
        books::{self, BookPatch, NewBook},
        write::read_owner,
    },
};

/// All books of an owner.
#[utoipa::path(get, path = "/v1/owners/{owner}/books", responses((status = 200, body = Page<BookView>)))]
pub(super) async fn list(call: &Call) -> Result<Reply, Problem> {
    let owner = read_owner(&call.api.env, call.owner()?, None).await?;
    let books = call.api.env.store.books(owner.id).await?;
    Ok(Reply::json(200, &Page::whole(books.iter().map(BookView::from).collect())).tagged(owner.version))
}

/// Makes a book.
#[utoipa::path(post, path = "/v1/owners/{owner}/books", request_body = NewBook,
    responses((status = 201, body = BookView)))]
pub(super) async fn create(call: &Call) -> Result<Reply, Problem> {
    let new: NewBook = call.json()?;
    let (owner, version, actor) = (call.owner()?, call.if_match()?, &call.actor());
    let view = |book: &Book| (201, BookView::from(book));
    call.wrote(view, || books::create(&call.api.env, actor, owner, version, &new)).await
}

/// One book.
#[utoipa::path(get, path = "/v1/owners/{owner}/books/{book}", responses((status = 200, body = BookView)))]
pub(super) async fn read(call: &Call) -> Result<Reply, Problem> {
    let owner = read_owner(&call.api.env, call.owner()?, None).await?;
    let book = books::read(&call.api.env, owner.id, call.id("book")?).await?;
    Ok(Reply::json(200, &BookView::from(&book)).tagged(owner.version))
}

/// Renames a book or gives it another group for new contacts.
#[utoipa::path(patch, path = "/v1/owners/{owner}/books/{book}", request_body = BookPatch,
    responses((status = 200, body = BookView)))]
pub(super) async fn change(call: &Call) -> Result<Reply, Problem> {
    let patch: BookPatch = call.json()?;
    let (owner, version, actor) = (call.owner()?, call.if_match()?, &call.actor());
    let book: BookId = call.id("book")?;
    let view = |book: &Book| (200, BookView::from(book));
    call.wrote(view, || books::change(&call.api.env, actor, owner, version, book, &patch)).await
}

/// Removes a book with its groups, contacts and memberships.
#[utoipa::path(delete, path = "/v1/owners/{owner}/books/{book}", responses((status = 204)))]
pub(super) async fn remove(call: &Call) -> Result<Reply, Problem> {
    let (owner, version, actor) = (call.owner()?, call.if_match()?, &call.actor());
    let book: BookId = call.id("book")?;
    call.wrote(|()| (204, ()), || books::remove(&call.api.env, actor, owner, version, book)).await
}
