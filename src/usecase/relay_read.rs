//! Reading messages and calls at a drop-in endpoint: the sender sees the number that it used (rule Q5).

use super::{
    erased_substitutions,
    gateway::{Account, Gateway},
    reference::swap,
    relay::{self, Relayed},
};
use crate::{
    domain::id::SubstitutionId,
    provider::{Channel, ErrorKind, Incoming, Request, Route, Swap},
    store::{Fate, StoreError, Substitution},
};
use bytes::Bytes;
use http::{HeaderMap, Response};
use std::collections::BTreeSet;

/// Passes the request on and maps the reply back. Where the store cannot be asked, the sender gets an error and not
/// the provider's numbers: nobody's call depends on a read.
pub async fn read(gateway: &Gateway, account: &Account, route: &Route, incoming: &Incoming<'_>) -> Relayed {
    let target = match in_its_place(gateway, account, route, incoming).await {
        Ok(target) => target,
        Err(error) => return unread(account, &error),
    };
    let request = match &target {
        None => account.provider.forward(incoming, None),
        Some(target) => account.provider.forward(&incoming.at(target), None),
    };
    let (original, mut reply) = match fetch(gateway, account, request).await {
        Ok(read) => read,
        Err(other) => return other,
    };
    match rows(gateway, account, route, reply.body()).await {
        Ok(rows) if rows.is_empty() => {
            *reply.headers_mut() = original;
            Relayed::Whole(reply)
        }
        Ok(rows) => {
            let swaps = swaps(account, &rows);
            Relayed::Whole(reply.map(|body| account.provider.restore_reply(route, &body, &swaps)))
        }
        Err(error) => unread(account, &error),
    }
}

/// Where the message was sent once more (rule Q6, *after*), the path of the one that stands in its place.
async fn in_its_place(
    gateway: &Gateway,
    account: &Account,
    route: &Route,
    incoming: &Incoming<'_>,
) -> Result<Option<String>, StoreError> {
    if !account.after || incoming.method != http::Method::GET {
        return Ok(None);
    }
    let ids: Vec<Box<str>> = route.variables().map(Into::into).collect();
    for row in gateway.env.store.passed_named(account.name(), &ids).await? {
        let (Fate::SentAgain(by), Some(first)) = (row.fate, row.foreign_id) else { continue };
        let again = gateway.env.store.substitution(by).await?.and_then(|again| again.foreign_id);
        if let Some(again) = again {
            let (path, query) = incoming.target.split_once('?').unwrap_or((incoming.target, ""));
            let mark = if incoming.target.contains('?') { "?" } else { "" };
            return Ok(Some(format!("{}{mark}{query}", path.replace(&*first, &again))));
        }
    }
    Ok(None)
}

/// One exchange whose reply can be read: its original headers, and the reply without those that a change makes wrong.
pub(super) async fn fetch(
    gateway: &Gateway,
    account: &Account,
    request: Request,
) -> Result<(HeaderMap, Response<Bytes>), Relayed> {
    let relayed = relay::send_whole(gateway, account, request).await;
    let (original, reply) = relay::read_whole(gateway, relayed).await?;
    if relay::is_plain(&original) {
        Ok((original, reply))
    } else {
        Err(Relayed::Document(account.provider.error(ErrorKind::Unavailable, "the reply cannot be read")))
    }
}

/// The substitutions of the messages and calls in a reply.
pub(super) async fn rows(
    gateway: &Gateway,
    account: &Account,
    route: &Route,
    body: &Bytes,
) -> Result<Vec<Substitution>, StoreError> {
    let ids = account.provider.reply_ids(route, body);
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut rows = gateway.env.store.substitutions_named(account.name(), &ids).await?;
    rows.extend(erased_substitutions::opened(&gateway.env, account.name(), &ids).await?);
    if route.channel == Channel::Call {
        rows.extend(legs(gateway, account, route, body, &rows).await?);
    }
    rows.sort_by_key(|row| row.id);
    Ok(rows)
}

/// Texts of one reply that are looked at for what they may name.
const NAMES_MOST: usize = 4_000;

/// A leg of a call that was connected elsewhere is a call of its own at the provider, and names the one that it belongs to.
async fn legs(
    gateway: &Gateway,
    account: &Account,
    route: &Route,
    body: &Bytes,
    rows: &[Substitution],
) -> Result<Vec<Substitution>, StoreError> {
    let is_known = |id: &str| rows.iter().any(|row| row.foreign_id.as_deref() == Some(id));
    let mut others = account.provider.reply_items(route, body);
    others.retain(|(id, _)| !is_known(id));
    let is_name = |text: &str| (8..=64).contains(&text.len()) && !text.contains([' ', '/', '+']);
    let texts = others.iter().flat_map(|(_, texts)| texts);
    let names: BTreeSet<Box<str>> = texts.filter(|text| is_name(text)).cloned().collect();
    let names: Vec<Box<str>> = names.into_iter().take(NAMES_MOST).collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let wholes = gateway.env.store.substitutions_named(account.name(), &names).await?;
    let of = |(id, texts): (Box<str>, Vec<Box<str>>)| {
        let whole = wholes.iter().find(|row| texts.iter().any(|text| row.foreign_id.as_ref() == Some(text)))?;
        Some(Substitution { foreign_id: Some(id), ..whole.clone() })
    };
    Ok(others.into_iter().filter_map(of).collect())
}

pub(super) fn swaps(account: &Account, rows: &[Substitution]) -> Vec<Swap> {
    rows.iter().map(|row| swap(account, row, &together(rows, row), row.foreign_id.as_deref())).collect()
}

/// The substitutions of the same request, which its callback URLs name.
fn together(rows: &[Substitution], one: &Substitution) -> Vec<SubstitutionId> {
    rows.iter().filter(|row| row.foreign_id == one.foreign_id).map(|row| row.id).collect()
}

pub(super) fn unread(account: &Account, error: &StoreError) -> Relayed {
    tracing::error!(account = account.name(), %error, "a reply cannot be mapped back");
    Relayed::Document(account.provider.error(ErrorKind::Unavailable, "the reply cannot be read now"))
}
