//! What was done and why: changes, notices, queries, audit. While an owner is silenced it is refused, but for the trail since
//! the panic (rule C7).

use super::{
    call::Call,
    record_view::{AuditView, NoticeView, QueryView},
    reply::Reply,
    view::{ChangeView, Page},
};
use crate::{
    domain::{
        id::{NoticeId, OwnerId},
        owner::Change,
    },
    http::problem::Problem,
    store::StoreError,
    usecase::{
        history,
        write::{Refused, read_owner},
    },
};

/// The owner, where their history may be seen.
async fn shown(call: &Call) -> Result<OwnerId, Problem> {
    let owner = read_owner(&call.api.env, call.owner()?, None).await?;
    history::is_shown(&owner)?;
    Ok(owner.id)
}

/// Accepted changes, oldest first; `after` is a revision. Refused while the owner is silenced.
#[utoipa::path(get, path = "/v1/owners/{owner}/changes", responses((status = 200, body = Page<ChangeView>)))]
pub(super) async fn changes(call: &Call) -> Result<Reply, Problem> {
    let owner = shown(call).await?;
    let after = call.parsed("after", "a revision")?.unwrap_or(0);
    let page = call.api.env.store.changes(owner, after, call.limit()?).await?;
    let next = page.items.last().filter(|_| page.more).map(|last| call.next(&last.revision));
    let items: Result<_, StoreError> = page.items.iter().map(ChangeView::try_from).collect();
    Ok(Reply::json(200, &Page { items: items?, next }))
}

/// Points and profile at one revision.
#[utoipa::path(get, path = "/v1/owners/{owner}/changes/{revision}", responses((status = 200, body = ChangeView)))]
pub(super) async fn change(call: &Call) -> Result<Reply, Problem> {
    let owner = shown(call).await?;
    let revision: u64 = call.id("revision")?;
    let page = call.api.env.store.changes(owner, revision.saturating_sub(1), 1).await?;
    let found: Option<Change> = page.items.into_iter().find(|change| change.revision == revision);
    Ok(Reply::json(200, &ChangeView::try_from(&found.ok_or(Refused::NotFound("revision"))?)?))
}

/// Notices about an owner, newest first. Refused while the owner is silenced.
#[utoipa::path(get, path = "/v1/owners/{owner}/notices", responses((status = 200, body = Page<NoticeView>)))]
pub(super) async fn notices(call: &Call) -> Result<Reply, Problem> {
    let page = call.api.env.store.notices(shown(call).await?, call.after()?, call.limit()?).await?;
    let next = page.items.last().filter(|_| page.more).map(|last| call.next(&last.id));
    Ok(Reply::json(200, &Page { items: page.items.iter().map(NoticeView::from).collect(), next }))
}

/// One notice with its attempts.
#[utoipa::path(get, path = "/v1/owners/{owner}/notices/{notice}", responses((status = 200, body = NoticeView)))]
pub(super) async fn notice(call: &Call) -> Result<Reply, Problem> {
    let owner = shown(call).await?;
    let id: NoticeId = call.id("notice")?;
    let found = call.api.env.store.notice(id).await?.filter(|notice| notice.owner == owner);
    let notice = found.ok_or(Refused::NotFound("notice"))?;
    let attempts = call.api.env.store.attempts(id).await?;
    let (rules, now) = (call.api.env.rules(), call.api.env.clock.now());
    Ok(Reply::json(200, &NoticeView::with(&notice, &attempts, &rules, now)))
}

/// Queries that met an owner, newest first. Who was refused is not named. Refused while the owner is silenced.
#[utoipa::path(get, path = "/v1/owners/{owner}/queries", responses((status = 200, body = Page<QueryView>)))]
pub(super) async fn queries(call: &Call) -> Result<Reply, Problem> {
    let owner = shown(call).await?;
    call.api.env.records.flush().await;
    let page = call.api.env.store.queries(owner, call.after()?, call.limit()?).await?;
    let next = page.items.last().filter(|_| page.more).map(|last| call.next(&last.id));
    Ok(Reply::json(200, &Page { items: page.items.iter().map(QueryView::from).collect(), next }))
}

/// The audit trail, oldest first; while the owner is silenced from the panic on.
#[utoipa::path(get, path = "/v1/owners/{owner}/audit", responses((status = 200, body = Page<AuditView>)))]
pub(super) async fn audit(call: &Call) -> Result<Reply, Problem> {
    let owner = read_owner(&call.api.env, call.owner()?, None).await?;
    let after = history::of(&call.api.env, &owner).await?.trail_from(call.after()?);
    let page = call.api.env.store.audit(owner.id, after, call.limit()?).await?;
    let next = page.items.last().filter(|_| page.more).map(|last| call.next(&last.id));
    Ok(Reply::json(200, &Page { items: page.items.iter().map(AuditView::from).collect(), next }))
}
