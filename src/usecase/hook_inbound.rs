//! A message from a person: a reply from the new number comes from the number that the sender used (rule Q5).

use super::{
    callback,
    gateway::{Account, Gateway},
    reference::SenderSide,
    substitute,
};
use crate::{
    domain::address::phone,
    provider::{Document, ErrorKind, Hook, Inbound, Incoming, Swap},
    store::{StoreError, Substitution},
};

/// Takes a verified message and hands it to the customer's own URL, where the configuration has one.
pub async fn answer(gateway: &Gateway, account: &Account, incoming: &Incoming<'_>) -> Document {
    let message = match account.provider.read_inbound(incoming) {
        Ok(Some(message)) => message,
        Ok(None) => return account.provider.acknowledge(Hook::Inbound),
        Err(malformed) => {
            gateway.refused("hook", "malformed");
            tracing::warn!(account = account.name(), place = &*malformed.place, "a message webhook cannot be read");
            return account.provider.error(ErrorKind::Malformed, &malformed.to_string());
        }
    };
    let Some(url) = &account.inbound_url else { return account.provider.acknowledge(Hook::Inbound) };
    let row = match answers_to(gateway, account, &message).await {
        Ok(row) => row,
        Err(error) => {
            tracing::error!(account = account.name(), %error, "a message cannot be mapped back");
            return account.provider.error(ErrorKind::Unavailable, "try again");
        }
    };
    let sender = row.as_ref().map(SenderSide::read).unwrap_or_default();
    let swaps: Vec<Swap> = row
        .map(|row| Swap { id: None, connected: row.connected.wire().into(), used: row.used_text, urls: Vec::new() })
        .into_iter()
        .collect();
    let restored = account.provider.restore_callback(incoming, url, &swaps, sender.key_of(account));
    callback::at_once(gateway, account, restored.request).await
}

/// The substitution that this message answers, while the window lasts.
async fn answers_to(
    gateway: &Gateway,
    account: &Account,
    message: &Inbound,
) -> Result<Option<Substitution>, StoreError> {
    let region = account.region.or(gateway.env.rules().region);
    let (Ok(from), Ok(to)) = (phone::parse(&message.from, region), phone::parse(&message.to, region)) else {
        return Ok(None);
    };
    let since = gateway.env.clock.now().before(substitute::window(gateway));
    gateway.env.store.substitution_between(account.name(), from.key(), to.key(), since).await
}
