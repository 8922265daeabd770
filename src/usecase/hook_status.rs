//! Webhooks about a substituted call or message, on their way to the sender's own URL: the number that the sender used
//! stands in them again, and the signature is one that the sender's SDK accepts (rules Q5, W2).

use super::{
    after, callback, erased_substitutions,
    gateway::{Account, Gateway},
    memory,
    receipts::{self, OwnMessage, Report},
    reference::{PassedReference, Reference, SenderSide, swap},
};
use crate::{
    provider::{Document, ErrorKind, Hook, Incoming, Request},
    store::{StoreError, Substitution},
};
use std::{sync::Arc, time::Duration};

/// A provider that comes again with a report comes within this.
const REPORTS_KEPT: Duration = Duration::from_hours(1);

/// Takes a verified report about a sender's request, which goes on to the sender in the background.
pub async fn report(
    gateway: &Arc<Gateway>,
    account: &Arc<Account>,
    incoming: &Incoming<'_>,
    reference: &Reference,
) -> Document {
    match once(gateway, account, incoming, reference).await {
        Ok(Some((_, true))) => tracing::debug!(account = account.name(), "a report came again"),
        Ok(Some((request, false))) => callback::in_background(gateway, account, request),
        Ok(None) => tracing::warn!(account = account.name(), "a report names no known substitution"),
        // The provider comes again, and then the store may answer.
        Err(error) => {
            tracing::error!(account = account.name(), %error, "a report cannot be mapped back");
            return account.provider.error(ErrorKind::Unavailable, "try again");
        }
    }
    account.provider.acknowledge(Hook::Status)
}

/// The request to the sender's URL, and whether this very report went there before: some gateways come twice with one.
async fn once(
    gateway: &Gateway,
    account: &Account,
    incoming: &Incoming<'_>,
    reference: &Reference,
) -> Result<Option<(Request, bool)>, StoreError> {
    let Some(request) = restored(gateway, account, incoming, reference).await? else { return Ok(None) };
    let method = incoming.method.as_str();
    let parts = [account.name().as_bytes(), method.as_bytes(), incoming.target.as_bytes(), incoming.body];
    let now = gateway.env.clock.now();
    let before = memory::first(&gateway.env, memory::key("report", &parts), now, now.after(REPORTS_KEPT)).await?;
    Ok(Some((request, before.is_some())))
}

/// Takes a verified report about a message that went on unchanged; unless it was sent once more, it goes on to the sender.
pub async fn passed(
    gateway: &Arc<Gateway>,
    account: &Arc<Account>,
    incoming: &Incoming<'_>,
    reference: PassedReference,
) -> Document {
    match after::report(gateway, account, incoming, reference).await {
        Ok(Some(request)) => callback::in_background(gateway, account, request),
        Ok(None) => {}
        Err(error) => {
            tracing::error!(account = account.name(), %error, "a report cannot be taken");
            return account.provider.error(ErrorKind::Unavailable, "try again");
        }
    }
    account.provider.acknowledge(Hook::Status)
}

/// Takes a verified report about messages of our own, by what the URL names or by the provider's ids.
pub async fn own(
    gateway: &Arc<Gateway>,
    account: &Arc<Account>,
    incoming: &Incoming<'_>,
    named: Option<OwnMessage>,
) -> Document {
    let events = match account.provider.read_status(incoming) {
        Ok(events) => events,
        Err(malformed) => {
            gateway.refused("hook", "malformed");
            tracing::warn!(account = account.name(), place = &*malformed.place, "a report cannot be read");
            return account.provider.error(ErrorKind::Malformed, &malformed.to_string());
        }
    };
    for report in events.iter().filter_map(Report::of) {
        if report.dead && named.is_none() {
            match after::unnamed(gateway, account, &report.foreign_id, Some(&report.code)).await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => {
                    tracing::error!(account = account.name(), %error, "a report cannot be taken");
                    return account.provider.error(ErrorKind::Unavailable, "try again");
                }
            }
        }
        match receipts::receive(&gateway.env, account.name(), named, &report).await {
            Ok(true) => {}
            Ok(false) => tracing::debug!(account = account.name(), "a report about no message that is known yet"),
            Err(error) => {
                tracing::error!(account = account.name(), %error, "a report cannot be taken");
                return account.provider.error(ErrorKind::Unavailable, "try again");
            }
        }
    }
    account.provider.acknowledge(Hook::Status)
}

/// Hands a verified webhook on to the sender's own application and its document back to the provider.
pub async fn application(
    gateway: &Gateway,
    account: &Account,
    incoming: &Incoming<'_>,
    reference: &Reference,
) -> Document {
    match restored(gateway, account, incoming, reference).await {
        Ok(Some(request)) => callback::at_once(gateway, account, request).await,
        Ok(None) => account.provider.error(ErrorKind::NotFound, "no such call"),
        Err(error) => {
            tracing::error!(account = account.name(), %error, "a webhook cannot be mapped back");
            account.provider.error(ErrorKind::Unavailable, "try again")
        }
    }
}

/// The request to the sender's URL; `None` where the reference names nothing of this account.
async fn restored(
    gateway: &Gateway,
    account: &Account,
    incoming: &Incoming<'_>,
    reference: &Reference,
) -> Result<Option<Request>, StoreError> {
    let mut rows: Vec<Substitution> = Vec::with_capacity(reference.substitutions.len());
    for id in &reference.substitutions {
        let row = match gateway.env.store.substitution(*id).await? {
            None => erased_substitutions::reported(&gateway.env, account.name(), *id).await?,
            found => found.filter(|row| &*row.account == account.name()),
        };
        let Some(row) = row else { return Ok(None) };
        rows.push(row);
    }
    let Some(first) = rows.first() else { return Ok(None) };
    let sender = SenderSide::read(first);
    let Some(url) = sender.urls.get(reference.callback) else { return Ok(None) };
    let swaps: Vec<_> = rows.iter().map(|row| swap(account, row, &reference.substitutions, None)).collect();
    let restored = account.provider.restore_callback(incoming, url, &swaps, sender.key_of(account));
    if !restored.signed {
        tracing::debug!(account = account.name(), "a callback leaves without a signature");
    }
    Ok(Some(restored.request))
}
