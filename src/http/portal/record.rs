//! The record: who asked, and who was told (rule Q10).

use super::{Answered, Desk, Signed, facts};
use crate::domain::{
    address::Address,
    notice::{Notice, NoticeState, Recipient, Reported},
};
use http::StatusCode;
use serde_json::{Value, json};

/// So many lines of each are shown.
const LINES: usize = 50;

/// The page.
pub(super) async fn page(desk: &Desk<'_>, me: &Signed) -> Answered {
    if me.owner.silenced {
        return Ok(desk.page(Some(me), StatusCode::OK, "record", json!({ "silenced": true })));
    }
    let asked = desk.env.store.queries(me.owner.id, None, LINES).await?;
    let refused = asked.items.iter().filter(|query| query.viewer.is_empty()).count();
    let asked: Vec<Value> = asked
        .items
        .iter()
        .filter(|query| !query.viewer.is_empty())
        .map(|query| {
            let how = query.way.split(':').next().unwrap_or_default();
            json!({
                "at": facts::when(query.at), "by": query.viewer, "way": how, "told": query.told,
                "connected": query.connected, "deed": query.detail.split(':').next(),
            })
        })
        .collect();
    let mut told = Vec::new();
    for notice in desk.env.store.notices(me.owner.id, None, LINES).await?.items {
        if notice.state != NoticeState::Empty {
            told.push(line(desk, me, &notice).await?);
        }
    }
    let facts = json!({ "silenced": false, "asked": asked, "refused": refused, "told": told });
    Ok(desk.page(Some(me), StatusCode::OK, "record", facts))
}

async fn line(desk: &Desk<'_>, me: &Signed, notice: &Notice) -> Result<Value, crate::usecase::write::Refused> {
    let found = desk.env.store.audience_of(me.owner.id, notice.recipient).await?;
    let contacts = found.map(|(_, contacts)| contacts).unwrap_or_default();
    let mut name = contacts.first().map(|contact| contact.name.to_string());
    if let (None, Recipient::Contact(id)) = (&name, notice.recipient) {
        name = desk.env.store.contact(me.owner.id, id).await?.map(|contact| contact.name.to_string());
    }
    let last = desk.env.store.attempts(notice.id).await?.pop();
    let arrived = last.as_ref().is_some_and(|attempt| attempt.reported == Some(Reported::Delivered));
    // A registered contact's number at present is not their friend's to learn from this page.
    let known = |address: &&Address| contacts.iter().any(|contact| contact.addresses.contains(address));
    let to = last.as_ref().map(|attempt| &attempt.address).filter(known).map(|address| address.wire().to_owned());
    Ok(json!({
        "name": name, "state": notice.state.word(), "at": facts::when(notice.settled.unwrap_or(notice.due)),
        "channel": last.as_ref().map(|attempt| attempt.channel), "to": to, "arrived": arrived,
    }))
}
