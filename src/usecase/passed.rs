//! A message that goes on unchanged, for an account that wants to hear of dead numbers (rule Q6, *after*): that it was
//! sent is written before it leaves, and its reports come here first.

use super::{
    gateway::{Account, Gateway},
    reference::{PassedReference, SenderSide},
    relay::{self, Relayed},
    substitute,
};
use crate::{
    domain::{address::phone, id::PassedId},
    provider::{Action, Changes, Communication, Incoming, Request, Route, SenderKey},
    store::{Commit, Effect, Fate, Passed, Passing, StoreError},
};
use bytes::Bytes;
use http::Response;
use std::sync::Arc;

/// Sends a request on whose recipient has not moved. Unless the account wants to hear of dead numbers, it passes byte for
/// byte.
pub(super) async fn send(
    gateway: &Arc<Gateway>,
    account: &Arc<Account>,
    route: &Route,
    incoming: &Incoming<'_>,
    wanted: &Communication,
    sender: Option<&SenderKey>,
    identity_bound: bool,
) -> Relayed {
    let row = if account.after && route.action == Action::Send && !wanted.marked && !identity_bound {
        Box::pin(substitute::fail_open(gateway, account, remember(gateway, account, wanted, sender))).await
    } else {
        None
    };
    let Some(row) = row else {
        return relay::send_whole(gateway, account, account.provider.forward(incoming, None)).await;
    };
    let ours = |index: usize| PassedReference { passed: row.id, callback: index }.url(account);
    let callbacks = wanted.callbacks.iter().map(|one| (one.index, ours(one.index))).collect();
    let changes = Changes { callbacks, ..Changes::default() };
    let request = account.provider.forward(incoming, Some((route, &changes)));
    let urls = wanted.callbacks.iter().map(|one| (ours(one.index), one.url.clone())).collect();
    // In a task of its own: if the sender hangs up now, the provider's id must still be kept.
    let task = {
        let (gateway, account, route) = (Arc::clone(gateway), Arc::clone(account), route.clone());
        async move { exchange(&gateway, &account, &route, request, row, urls).await }
    };
    gateway.tasks.spawn(task).await.unwrap_or_else(|error| {
        tracing::error!(%error, "an exchange ended early");
        Relayed::HangUp
    })
}

/// Writes that it is about to leave. Only what has one recipient and a text that can be read: something else could not be
/// sent again as it was.
async fn remember(
    gateway: &Gateway,
    account: &Account,
    wanted: &Communication,
    sender: Option<&SenderKey>,
) -> Result<Option<Passed>, StoreError> {
    let region = account.region.or(gateway.env.rules().region);
    let ([destination], Some(_)) = (&wanted.destinations[..], &wanted.text) else { return Ok(None) };
    let Ok(used) = phone::parse(&destination.text, region) else { return Ok(None) };
    let reports = wanted.callbacks.iter().find(|one| !one.answers).map(|one| one.index);
    let side = SenderSide { reports, ..SenderSide::of(sender, &wanted.callbacks) };
    let now = gateway.env.clock.now();
    let row = Passed {
        id: PassedId::fresh(now, &*gateway.env.random),
        account: account.name().into(),
        used,
        used_text: destination.text.clone(),
        sender: wanted.sender.as_deref().and_then(|text| phone::parse(text, region).ok()),
        callback: side.write(),
        foreign_id: None,
        at: now,
        fate: Fate::Waiting,
    };
    write(gateway, Passing::Began(row.clone())).await?;
    Ok(Some(row))
}

async fn exchange(
    gateway: &Gateway,
    account: &Account,
    route: &Route,
    request: Request,
    row: Passed,
    urls: Vec<(Box<str>, Box<str>)>,
) -> Relayed {
    let relayed = relay::send_whole(gateway, account, request).await;
    let (original, mut reply) = match relay::read_whole(gateway, relayed).await {
        Ok(read) => read,
        Err(other) => return other,
    };
    if relay::is_plain(&original) {
        name(gateway, account, route, &reply, &row).await;
        let restored = account.provider.restore_urls(reply.body(), urls);
        if restored != *reply.body() {
            return Relayed::Whole(reply.map(|_| restored));
        }
    }
    *reply.headers_mut() = original;
    Relayed::Whole(reply)
}

/// Keeps the provider's id. Where that fails, reports still find their way by the reference.
async fn name(gateway: &Gateway, account: &Account, route: &Route, reply: &Response<Bytes>, row: &Passed) {
    let ids = account.provider.recipient_ids(route, reply.body(), &[(0, row.used.wire())], 1);
    let Some(id) = ids.into_iter().next().flatten() else { return };
    if let Err(error) = write(gateway, Passing::Named(row.id, id)).await {
        tracing::error!(account = account.name(), %error, "a provider's id could not be kept");
    }
}

pub(super) async fn write(gateway: &Gateway, passing: Passing) -> Result<(), StoreError> {
    let effects = vec![Effect::Passing(passing)];
    gateway.env.store.commit(Commit { effects, ..Commit::default() }).await.map(|_| ())
}
