//! A message from a person: a reply from the new number comes from the number that the sender used (rule Q5).

use super::{
    callback,
    gateway::{Account, Gateway},
    heard::{self, Heard},
    parts::Reading,
    reference::SenderSide,
    substitute,
};
use crate::{
    domain::{
        address::phone,
        id::{QueryId, SubstitutionId},
        opt_word::Wish,
    },
    provider::{Document, ErrorKind, Hook, Inbound, Incoming, Swap, Verified, Word},
    store::{Commit, Effect, REPLY, StoreError, Substitution},
};
use std::sync::Arc;

/// Takes a verified message: what it says to us (rule N6), and then the customer's own URL gets it, where the
/// configuration has one.
pub async fn answer(
    gateway: &Arc<Gateway>,
    account: &Arc<Account>,
    incoming: &Incoming<'_>,
    verified: Verified,
) -> Document {
    // Some providers put several messages into one webhook.
    let messages = match account.provider.read_inbounds(incoming) {
        Ok(messages) if messages.is_empty() => return account.provider.acknowledge(Hook::Inbound),
        Ok(messages) => messages,
        Err(malformed) => {
            gateway.refused("hook", "malformed");
            tracing::warn!(account = account.name(), place = &*malformed.place, "a message webhook cannot be read");
            return account.provider.error(ErrorKind::Malformed, &malformed.to_string());
        }
    };
    for message in &messages {
        if let Err(error) = hear(gateway, account, message, verified).await {
            tracing::error!(account = account.name(), %error, "a message cannot be taken");
            return account.provider.error(ErrorKind::Unavailable, "try again");
        }
    }
    let mut rows: Vec<Substitution> = Vec::new();
    for message in &messages {
        match answered(gateway, account, message).await {
            Ok(row) => rows.extend(row),
            Err(error) => {
                tracing::error!(account = account.name(), %error, "a message cannot be mapped back");
                return account.provider.error(ErrorKind::Unavailable, "try again");
            }
        }
    }
    let Some(url) = &account.inbound_url else { return account.provider.acknowledge(Hook::Inbound) };
    let sender = rows.first().map(SenderSide::read).unwrap_or_default();
    let swap = |row: Substitution| Swap {
        id: None,
        connected: row.connected.wire().into(),
        used: row.used_text,
        urls: Vec::new(),
    };
    let swaps: Vec<Swap> = rows.into_iter().map(swap).collect();
    let restored = account.provider.restore_callback(incoming, url, &swaps, sender.key_of(account));
    callback::at_once(gateway, account, restored.request).await
}

/// Whether it wants messages to stop, to start, or help; the answer is a letter.
async fn hear(
    gateway: &Arc<Gateway>,
    account: &Arc<Account>,
    message: &Inbound,
    verified: Verified,
) -> Result<(), StoreError> {
    let region = account.region.or(gateway.env.rules().region);
    let Ok(from) = phone::parse(&message.from, region) else { return Ok(()) };
    let hint = message.word.map(|word| match word {
        Word::Stop => Wish::Stop,
        Word::Start => Wish::Start,
        Word::Help => Wish::Help,
    });
    let env = &gateway.env;
    let alone = |text: &str| Reading { id: message.id.clone(), text: text.to_owned(), kept: Vec::new() };
    let Reading { id, text, kept } = match &message.part {
        None => alone(&message.text),
        Some(part) => {
            let between = [from.key(), &*message.to];
            match gateway.parts.add(env, account.name(), between, part, (&message.id, &message.text)).await? {
                Some(reading) => reading,
                // What the provider itself has read needs no text.
                None if hint.is_some() => alone(""),
                None => return Ok(()),
            }
        }
    };
    let covered = verified.covers_parameters;
    let heard = Heard { account: account.name(), id: &id, from: &from, text: &text, hint, covered };
    heard::take(env, &heard).await?;
    gateway.parts.forget(env, kept).await
}

/// The substitution that this message answers. That it does is kept before anybody hears of it, by the provider's id: there it
/// is read, and stands in lists, as coming from the number that the sender used (rule Q5).
async fn answered(gateway: &Gateway, account: &Account, message: &Inbound) -> Result<Option<Substitution>, StoreError> {
    let Some(row) = answers_to(gateway, account, message).await? else { return Ok(None) };
    let (env, name) = (&gateway.env, account.name());
    if message.id.is_empty()
        || !env.store.substitutions_named(name, std::slice::from_ref(&message.id)).await?.is_empty()
    {
        return Ok(Some(row));
    }
    let (now, key) = (env.clock.now(), SenderSide::read(&row).key);
    let reply = Substitution {
        id: SubstitutionId::fresh(now, &*env.random),
        channel: REPLY.into(),
        callback: SenderSide { key, ..SenderSide::default() }.write(),
        foreign_id: Some(message.id.clone()),
        // None was asked: whoever has the number wrote by themselves.
        query: QueryId::fresh(now, &*env.random),
        at: now,
        ..row.clone()
    };
    env.store.commit(Commit { effects: vec![Effect::Substituted(reply)], ..Commit::default() }).await?;
    Ok(Some(row))
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
