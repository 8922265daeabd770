//! Listing messages and calls at a drop-in endpoint (rule Q5).
//!
//! A list that is filtered by recipient is about the number that the sender used. The provider has what was connected
//! elsewhere under the other number: that is asked for as well, and only what was sent to the filter's number is shown
//! of it. What was connected to the filter's number from another one is left out, and so is a reply where the request names
//! the number that it came from: else a guess of the new number could be tried.

use super::{
    gateway::{Account, Gateway},
    relay::Relayed,
    relay_read::{self, rows, swaps, unread},
    substitute,
};
use crate::{
    domain::address::{Address, phone},
    provider::{Changes, Incoming, Route},
    store::{REPLY, StoreError, Substitution},
};
use bytes::Bytes;
use http::Response;
use serde_json::{Map, Value};

/// Passes the request on and maps the reply back.
pub async fn list(gateway: &Gateway, account: &Account, route: &Route, incoming: &Incoming<'_>) -> Relayed {
    let wanted = account.provider.read_request(route, incoming);
    let region = account.region.or(gateway.env.rules().region);
    let keys = wanted.destinations.iter().filter_map(|one| phone::parse(&one.text, region).ok());
    let filter = Filter {
        to: (!wanted.destinations.is_empty()).then(|| keys.map(|one| one.key().into()).collect()),
        named: incoming.query_values().filter_map(|text| phone::parse(&text, region).ok()).collect(),
    };
    if filter.to.is_none() && filter.named.is_empty() {
        return relay_read::read(gateway, account, route, incoming).await;
    }
    let (original, mut reply) =
        match relay_read::fetch(gateway, account, account.provider.forward(incoming, None)).await {
            Ok(read) => read,
            Err(other) => return other,
        };
    let found = match rows(gateway, account, route, reply.body()).await {
        Ok(found) => found,
        Err(error) => return unread(account, &error),
    };
    let mut changes = Changes::default();
    for one in &wanted.destinations {
        match substitute::connected_now(gateway, account, &one.text).await {
            Ok(Some(connected)) => changes.destinations.push((one.index, connected.wire().into())),
            Ok(None) => {}
            Err(error) => return unread(account, &error),
        }
    }
    let more = if changes.destinations.is_empty() || !reply.status().is_success() {
        Map::new()
    } else {
        match elsewhere(gateway, account, route, incoming, &changes, &filter).await {
            Ok(more) => more,
            Err(error) => return unread(account, &error),
        }
    };
    if found.is_empty() && more.is_empty() {
        *reply.headers_mut() = original;
        return Relayed::Whole(reply);
    }
    let body = account.provider.restore_reply(route, reply.body(), &swaps(account, &found));
    Relayed::Whole(Response::map(reply, |_| joined(body, &found, &filter, &more)))
}

/// What is asked for.
struct Filter {
    /// Keys of recipients; none where it is not filtered by them.
    to: Option<Vec<Box<str>>>,
    /// All numbers in the query.
    named: Vec<Address>,
}

impl Filter {
    fn takes(&self, row: &Substitution) -> bool {
        if *row.channel == *REPLY {
            return !self.named.iter().any(|named| named.key() == row.connected.key());
        }
        self.to.as_ref().is_none_or(|keys| keys.iter().any(|key| **key == *row.used.key()))
    }
}

/// What was sent to the filter's numbers and connected elsewhere, mapped back, by the name of its list.
async fn elsewhere(
    gateway: &Gateway,
    account: &Account,
    route: &Route,
    incoming: &Incoming<'_>,
    changes: &Changes,
    filter: &Filter,
) -> Result<Map<String, Value>, StoreError> {
    let request = account.provider.forward(incoming, Some((route, changes)));
    let Ok((_, reply)) = relay_read::fetch(gateway, account, request).await else { return Ok(Map::new()) };
    let mut found = rows(gateway, account, route, reply.body()).await?;
    found.retain(|row| filter.takes(row));
    if found.is_empty() {
        return Ok(Map::new());
    }
    let body = account.provider.restore_reply(route, reply.body(), &swaps(account, &found));
    let Ok(Value::Object(mut lists)) = serde_json::from_slice(&body) else { return Ok(Map::new()) };
    lists.retain(|_, list| match list {
        Value::Array(items) => {
            items.retain(|item| row_of(item, &found).is_some());
            !items.is_empty()
        }
        _ => false,
    });
    Ok(lists)
}

/// The list without what is about other numbers, and with what was connected elsewhere.
fn joined(body: Bytes, found: &[Substitution], filter: &Filter, more: &Map<String, Value>) -> Bytes {
    let Ok(Value::Object(mut lists)) = serde_json::from_slice(&body) else { return body };
    let mut changed = false;
    for (name, list) in &mut lists {
        let Value::Array(items) = list else { continue };
        let before = items.len();
        items.retain(|item| row_of(item, found).is_none_or(|row| filter.takes(row)));
        changed |= items.len() != before;
        if let Some(Value::Array(others)) = more.get(name) {
            items.extend(others.iter().cloned());
            changed = true;
        }
    }
    if changed { Value::Object(lists).to_string().into() } else { body }
}

/// The substitution whose id an item of a list bears.
fn row_of<'r>(item: &Value, rows: &'r [Substitution]) -> Option<&'r Substitution> {
    let members = item.as_object()?;
    rows.iter().find(|row| {
        let id = row.foreign_id.as_deref();
        id.is_some() && members.values().any(|value| value.as_str() == id)
    })
}
