//! *Send a message* and *create a call* at a drop-in endpoint (rules Q5 to Q8, Q10, Q12).

use super::{
    gateway::{Account, Gateway},
    reference::{SenderSide, our_url, swap},
    relay::{self, Relayed},
    substitute::{self, Decided, Wanted},
};
use crate::{
    domain::{
        id::SubstitutionId,
        identity_bound::{Bound, Traits},
    },
    provider::{Changes, Communication, ErrorKind, Incoming, Request, Route, SenderKey},
    store::{Commit, Effect, StoreError, Substitution},
};
use bytes::Bytes;
use http::Response;
use std::sync::Arc;

/// Sends it on, to the new numbers where there are some.
pub async fn send(
    gateway: &Arc<Gateway>,
    account: &Arc<Account>,
    route: &Route,
    incoming: &Incoming<'_>,
    sender: Option<&SenderKey>,
) -> Relayed {
    let wanted = account.provider.read_request(route, incoming);
    let plan = if wanted.marked {
        None
    } else {
        substitute::fail_open(gateway, account, plan(gateway, account, route, &wanted, sender)).await
    };
    let Some((rows, changes)) = plan else {
        let request = account.provider.forward(incoming, None);
        return relay::send_whole(gateway, account, request).await;
    };
    let request = account.provider.forward(incoming, Some((route, &changes)));
    // In a task of its own: if the sender hangs up now, the provider's id must still be kept, for reports and reads.
    let task = {
        let (gateway, account, route) = (Arc::clone(gateway), Arc::clone(account), route.clone());
        async move { exchange(&gateway, &account, &route, request, &rows).await }
    };
    match gateway.tasks.spawn(task).await {
        Ok(relayed) => relayed,
        Err(error) => {
            tracing::error!(%error, "an exchange ended early");
            Relayed::HangUp
        }
    }
}

/// The rows, written, and what to change in the request; `None` where nothing is.
async fn plan(
    gateway: &Gateway,
    account: &Account,
    route: &Route,
    wanted: &Communication,
    sender: Option<&SenderKey>,
) -> Result<Option<(Vec<Substitution>, Changes)>, StoreError> {
    // Lazily: for nearly all messages no recipient has moved, and then the text does not matter.
    let bound = || {
        let key = sender.map(|key| &*key.user).filter(|user| !user.is_empty());
        let what = Traits { sender: wanted.sender.as_deref(), key, text: wanted.text.as_deref() };
        let region = account.region.or(gateway.env.rules().region);
        wanted.identity_bound.then_some(Bound::Request).or_else(|| account.bound.matched(&what, region))
    };
    let mut rows = Vec::new();
    let mut changes = Changes::default();
    for destination in &wanted.destinations {
        let one = Wanted {
            to: &destination.text,
            from: wanted.sender.as_deref(),
            channel: route.channel,
            way: "via",
            identity_bound: &bound,
        };
        if let Some(Decided { row, .. }) = substitute::decide(gateway, account, &one).await? {
            changes.destinations.push((destination.index, row.connected.wire().into()));
            rows.push(row);
        }
    }
    if rows.is_empty() {
        return Ok(None);
    }
    let side = SenderSide::of(sender, &wanted.callbacks).write();
    for row in &mut rows {
        row.callback.clone_from(&side);
    }
    rows.sort_by_key(|row| row.id);
    let ids: Vec<SubstitutionId> = rows.iter().map(|row| row.id).collect();
    for callback in &wanted.callbacks {
        changes.callbacks.push((callback.index, our_url(account, &ids, callback.index, callback.answers)));
    }
    substitute::write(gateway, &rows).await?;
    Ok(Some((rows, changes)))
}

async fn exchange(
    gateway: &Gateway,
    account: &Account,
    route: &Route,
    request: Request,
    rows: &[Substitution],
) -> Relayed {
    let relayed = relay::send_whole(gateway, account, request).await;
    let (original, reply) = match relay::read_whole(gateway, relayed).await {
        Ok(read) => read,
        Err(other) => return other,
    };
    if !relay::is_plain(&original) {
        tracing::error!(account = account.name(), "the provider compressed a reply that was to be mapped back");
        return Relayed::Document(account.provider.error(ErrorKind::Unavailable, "the reply cannot be read"));
    }
    name_rows(gateway, account, route, &reply, rows).await;
    let ids: Vec<SubstitutionId> = rows.iter().map(|row| row.id).collect();
    let swaps: Vec<_> = rows.iter().map(|row| swap(account, row, &ids, None)).collect();
    Relayed::Whole(reply.map(|body| account.provider.restore_reply(route, &body, &swaps)))
}

/// Keeps the provider's id. Where that fails, reports still find their way by the reference; reads would not be mapped
/// back, so it is tried twice.
async fn name_rows(
    gateway: &Gateway,
    account: &Account,
    route: &Route,
    reply: &Response<Bytes>,
    rows: &[Substitution],
) {
    let ids = account.provider.reply_ids(route, reply.body());
    let Some(foreign) = ids.first() else { return };
    for _ in 0..2 {
        let effects = rows.iter().map(|row| Effect::SubstitutionNamed(row.id, foreign.clone())).collect();
        match gateway.env.store.commit(Commit { effects, ..Commit::default() }).await {
            Ok(_) => return,
            Err(error) => tracing::error!(account = account.name(), %error, "a provider's id could not be kept"),
        }
    }
}
