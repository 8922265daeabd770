//! `/keep/{token}`: stops a change from one of the owner's points (rule C3). Opening it changes nothing, for mail scanners
//! open links too, and the page names nothing new.

use super::{Answered, Desk, Signed, facts};
use crate::usecase::{course::Kept, keep, write::Refused};
use http::StatusCode;
use serde_json::json;

/// The page, or what came of its form.
pub(super) async fn page(desk: &Desk<'_>, signed: Option<&Signed>, post: bool, token: &str) -> Answered {
    let found = keep::read(desk.env, token).await?;
    // Whoever opens it reads the moment as the message has it.
    let zone = found.as_ref().and_then(|link| link.zone.as_deref());
    let clock = zone.map(|zone| json!({ "zone": zone, "chosen": true }));
    if post {
        let (kept, until) = match keep::by_link(desk.env, token).await {
            Ok(Kept::Ended) => ("kept_ended", None),
            Ok(Kept::Delayed(until)) => ("kept_delayed", Some(until)),
            Ok(Kept::Spent(until)) => ("kept_spent", Some(until)),
            Err(Refused::Store(error)) => return Err(Refused::Store(error)),
            Err(_) => return Ok(desk.page(signed, StatusCode::NOT_FOUND, "keep", json!({ "state": "gone" }))),
        };
        let facts = json!({ "state": "done", "kept": kept, "until": until.map(facts::when), "clock": clock });
        return Ok(desk.page(signed, StatusCode::OK, "keep", facts));
    }
    let status = if found.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    let state = if found.is_some() { "ask" } else { "gone" };
    let until = found.as_ref().and_then(|link| link.until).map(facts::when);
    Ok(desk.page(signed, status, "keep", json!({ "state": state, "until": until, "clock": clock })))
}
