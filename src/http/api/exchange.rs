//! `/v1/owners/{owner}/introductions`, `/tray` and `/updates`: cards on their way, cards that wait, and what was brought up
//! to date in the owner's own books (rules E1 to E4).

use super::{
    call::Call,
    reply::Reply,
    view::{ContactView, Page},
};
use crate::{
    clock::Time,
    domain::{
        address::Address,
        exchange::Why,
        id::{BookId, ContactId, GroupId, OwnerId, UpdateId},
        owner::Contact,
    },
    http::problem::Problem,
    usecase::exchange::{
        introductions::{self, Confirmed, Held},
        tray::{self, Waiting},
        updates::{self, Updated},
    },
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An introduction that waits for the owner's word.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct IntroductionView {
    /// To whom.
    #[schema(value_type = String)]
    pub contact: ContactId,
    /// Their name.
    pub name: Box<str>,
    /// `import`: it came with many others; `cap`: the owner had introduced as many as they may in a day.
    pub because: Why,
    /// When they were added.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
}

impl IntroductionView {
    fn of(held: &Held) -> Self {
        Self { contact: held.contact.id, name: held.contact.name.clone(), because: held.because, at: held.at }
    }
}

/// Which held introductions are meant.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Which {
    /// Those to these contacts, at most 500; empty: all.
    #[schema(value_type = Vec<String>)]
    pub contacts: Vec<ContactId>,
}

/// How many were dropped.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DroppedView {
    /// So many.
    pub dropped: usize,
}

/// Introductions that wait for the owner's word, in the order of contacts. Nothing of them is sent until then.
#[utoipa::path(get, path = "/v1/owners/{owner}/introductions",
    responses((status = 200, body = Page<IntroductionView>)))]
pub(super) async fn held(call: &Call) -> Result<Reply, Problem> {
    let page = introductions::held(&call.api.env, call.owner()?, call.after()?, call.limit()?).await?;
    let next = page.items.last().filter(|_| page.more).map(|last| call.next(&last.contact.id));
    Ok(Reply::json(200, &Page { items: page.items.iter().map(IntroductionView::of).collect(), next }))
}

/// Lets held introductions leave, as many as are left of the owner's day.
#[utoipa::path(post, path = "/v1/owners/{owner}/introductions/confirm", request_body = Which,
    responses((status = 200, body = Confirmed)))]
pub(super) async fn confirm(call: &Call) -> Result<Reply, Problem> {
    let which: Which = call.json()?;
    let (owner, actor) = (call.owner()?, &call.actor());
    call.wrote(|done| (200, *done), || introductions::confirm(&call.api.env, actor, owner, &which.contacts)).await
}

/// Drops held introductions: nothing is sent, and the people stay where they are.
#[utoipa::path(post, path = "/v1/owners/{owner}/introductions/drop", request_body = Which,
    responses((status = 200, body = DroppedView)))]
pub(super) async fn drop(call: &Call) -> Result<Reply, Problem> {
    let which: Which = call.json()?;
    let (owner, actor) = (call.owner()?, &call.actor());
    let view = |dropped: &usize| (200, DroppedView { dropped: *dropped });
    call.wrote(view, || introductions::drop(&call.api.env, actor, owner, &which.contacts)).await
}

/// A card that waits to be accepted.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TrayView {
    /// Whose card.
    #[schema(value_type = String)]
    pub from: OwnerId,
    /// The name they give.
    pub name: String,
    /// What they let this owner see: numbers and e-mail addresses.
    pub addresses: Vec<String>,
    /// This owner has somebody of that name in a book by other addresses: it may be somebody else.
    pub namesake: bool,
    /// When it came.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
}

impl TrayView {
    fn of(waiting: &Waiting) -> Self {
        Self {
            from: waiting.tray.from,
            name: waiting.card.fields.name.clone(),
            addresses: waiting.card.points.iter().map(|point| point.value.clone()).collect(),
            namesake: waiting.namesake,
            at: waiting.tray.at,
        }
    }
}

/// Where an accepted card goes.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Place {
    /// The book; not needed where there is one only, or a group is named.
    #[schema(value_type = Option<String>)]
    pub book: Option<BookId>,
    /// A group that the new contact joins beside the book's default group.
    #[schema(value_type = Option<String>)]
    pub group: Option<GroupId>,
}

/// How a card is refused.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Refusing {
    /// Whether its owner is blocked, too.
    pub block: bool,
}

/// Cards that wait to be accepted, apart from the owner's books.
#[utoipa::path(get, path = "/v1/owners/{owner}/tray", responses((status = 200, body = Page<TrayView>)))]
pub(super) async fn list(call: &Call) -> Result<Reply, Problem> {
    let waiting = tray::list(&call.api.env, call.owner()?).await?;
    Ok(Reply::json(200, &Page::whole(waiting.iter().map(TrayView::of).collect())))
}

/// Accepts a card: it becomes a contact.
#[utoipa::path(post, path = "/v1/owners/{owner}/tray/{from}/accept", request_body = Place,
    responses((status = 201, body = ContactView)))]
pub(super) async fn accept(call: &Call) -> Result<Reply, Problem> {
    let place: Place = call.json()?;
    let (owner, actor, from): (_, _, OwnerId) = (call.owner()?, &call.actor(), call.id("from")?);
    let view = |contact: &Contact| (201, ContactView::from(contact));
    call.wrote(view, || tray::accept(&call.api.env, actor, owner, from, (place.book, place.group))).await
}

/// Refuses a card; it does not come again.
#[utoipa::path(post, path = "/v1/owners/{owner}/tray/{from}/refuse", request_body = Refusing,
    responses((status = 204)))]
pub(super) async fn refuse(call: &Call) -> Result<Reply, Problem> {
    let how: Refusing = call.json()?;
    let (owner, actor, from): (_, _, OwnerId) = (call.owner()?, &call.actor(), call.id("from")?);
    call.wrote(|()| (204, ()), || tray::refuse(&call.api.env, actor, owner, from, how.block)).await
}

/// An entry of the owner's book that was brought up to date.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UpdateView {
    /// Never changes.
    #[schema(value_type = String)]
    pub id: UpdateId,
    /// The entry.
    #[schema(value_type = String)]
    pub contact: ContactId,
    /// What the entry is called; absent where it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Box<str>>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
    /// What was put in the place of what.
    pub lines: Vec<UpdateLine>,
    /// Whether it can be taken back: it was not, and nobody wrote to the entry since.
    pub may_be_undone: bool,
    /// When it was taken back.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undone: Option<Time>,
}

/// One value.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UpdateLine {
    /// What stood there and is kept behind it; absent where it was added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// What stands there.
    pub new: String,
}

impl UpdateView {
    fn of(updated: &Updated) -> Self {
        let wire = |address: &Address| address.wire().to_owned();
        let update = &updated.update;
        let line = |line: &crate::domain::exchange::Replaced| UpdateLine {
            old: line.old.as_ref().map(wire),
            new: wire(&line.new),
        };
        Self {
            id: update.id,
            contact: update.contact,
            name: updated.contact.as_ref().map(|contact| contact.name.clone()),
            at: update.at,
            lines: update.lines.iter().map(line).collect(),
            may_be_undone: updated.may_be_undone(),
            undone: update.undone,
        }
    }
}

/// What was brought up to date in the owner's books because somebody changed, newest first.
#[utoipa::path(get, path = "/v1/owners/{owner}/updates", responses((status = 200, body = Page<UpdateView>)))]
pub(super) async fn updated(call: &Call) -> Result<Reply, Problem> {
    let page = updates::list(&call.api.env, call.owner()?, call.after()?, call.limit()?).await?;
    let next = page.items.last().filter(|_| page.more).map(|last| call.next(&last.update.id));
    Ok(Reply::json(200, &Page { items: page.items.iter().map(UpdateView::of).collect(), next }))
}

/// Takes an update back: the entry is what it was, byte for byte, until the next change.
#[utoipa::path(post, path = "/v1/owners/{owner}/updates/{update}/undo",
    responses((status = 200, body = ContactView)))]
pub(super) async fn undo(call: &Call) -> Result<Reply, Problem> {
    let (owner, actor, id) = (call.owner()?, &call.actor(), call.id("update")?);
    let view = |contact: &Contact| (200, ContactView::from(contact));
    call.wrote(view, || updates::undo(&call.api.env, actor, owner, id)).await
}
