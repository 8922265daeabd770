//! Providers as [`super::upstream::Upstream`] plays them: replies in the shapes that Twilio and Telnyx document.

use crate::upstream::{Say, Seen, Upstream};
use serde_json::{Value, json};
use std::sync::Mutex;

/// Twilio: keeps what was sent and created, reads it back, lists it.
pub(crate) async fn twilio() -> Upstream {
    twilio_with(|_| ()).await
}

/// The same; `change` is what becomes of a message until it is read.
pub(crate) async fn twilio_with(change: impl Fn(&mut Value) + Send + Sync + 'static) -> Upstream {
    let kept: Mutex<Vec<Value>> = Mutex::default();
    Upstream::start(move |seen| {
        let segments: Vec<&str> = seen.path().split('/').collect();
        let ["", "2010-04-01", "Accounts", account, rest @ ..] = segments.as_slice() else {
            return Say::json(404, &json!({"code": 20404, "message": "not here", "more_info": "", "status": 404}));
        };
        let mut kept = kept.lock().unwrap();
        match (seen.method.as_str(), rest) {
            ("POST", ["Messages.json"]) => {
                let message = twilio_message(account, seen, kept.len());
                kept.push(message.clone());
                Say::json(201, &message)
            }
            ("POST", ["Calls.json"]) => {
                let call = twilio_call(account, seen, kept.len());
                kept.push(call.clone());
                Say::json(201, &call)
            }
            ("GET", ["Messages.json"]) => Say::json(200, &list(&kept, "messages", "SM", seen)),
            ("GET", ["Calls.json"]) => Say::json(200, &list(&kept, "calls", "CA", seen)),
            ("GET", ["Messages" | "Calls", file]) => {
                let sid = file.trim_end_matches(".json");
                match kept.iter().find(|item| item["sid"] == sid) {
                    Some(item) => {
                        let mut item = item.clone();
                        item["price"] = json!("-0.00750");
                        change(&mut item);
                        Say::json(200, &item)
                    }
                    None => {
                        Say::json(404, &json!({"code": 20404, "message": "no such", "more_info": "", "status": 404}))
                    }
                }
            }
            _ => Say::json(404, &json!({"code": 20404, "message": "not here", "more_info": "", "status": 404})),
        }
    })
    .await
}

fn list(kept: &[Value], name: &str, prefix: &str, seen: &Seen) -> Value {
    let query = seen.target.split_once('?').map_or("", |(_, query)| query);
    let to: Option<String> =
        form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "To").map(|(_, to)| to.into_owned());
    let items: Vec<&Value> = kept
        .iter()
        .filter(|item| item["sid"].as_str().unwrap().starts_with(prefix))
        .filter(|item| to.as_ref().is_none_or(|to| item["to"] == **to))
        .collect();
    json!({
        name: items, "page": 0, "page_size": 50, "start": 0, "end": items.len(),
        "first_page_uri": seen.target, "next_page_uri": null, "previous_page_uri": null, "uri": seen.target,
    })
}

fn twilio_message(account: &str, seen: &Seen, number: usize) -> Value {
    let form = seen.form();
    let field = |name: &str| form.get(name).cloned();
    let sid = format!("SM{number:032x}");
    json!({
        "account_sid": account, "api_version": "2010-04-01", "body": field("Body"), "date_created": "Mon, 02 Mar 2026 12:00:00 +0000",
        "date_sent": null, "date_updated": "Mon, 02 Mar 2026 12:00:00 +0000", "direction": "outbound-api",
        "error_code": null, "error_message": null, "from": field("From"), "messaging_service_sid": null,
        "num_media": "0", "num_segments": "1", "price": null, "price_unit": "USD", "sid": sid, "status": "queued",
        "subresource_uris": {"media": format!("/2010-04-01/Accounts/{account}/Messages/{sid}/Media.json")},
        "to": field("To"), "uri": format!("/2010-04-01/Accounts/{account}/Messages/{sid}.json"),
    })
}

fn twilio_call(account: &str, seen: &Seen, number: usize) -> Value {
    let form = seen.form();
    let field = |name: &str| form.get(name).cloned();
    let sid = format!("CA{number:032x}");
    json!({
        "account_sid": account, "annotation": null, "answered_by": null, "api_version": "2010-04-01", "caller_name": null,
        "date_created": null, "date_updated": null, "direction": "outbound-api", "duration": null, "end_time": null,
        "forwarded_from": null, "from": field("From"), "from_formatted": field("From"), "group_sid": null,
        "parent_call_sid": null, "phone_number_sid": "", "price": null, "price_unit": "USD", "queue_time": "0",
        "sid": sid, "start_time": null, "status": "queued", "subresource_uris": {}, "to": field("To"),
        "to_formatted": field("To"), "trunk_sid": null, "uri": format!("/2010-04-01/Accounts/{account}/Calls/{sid}.json"),
    })
}

/// Telnyx: keeps what was sent and reads it back; makes calls of both sorts.
pub(crate) async fn telnyx() -> Upstream {
    let kept: Mutex<Vec<Value>> = Mutex::default();
    Upstream::start(move |seen| {
        let segments: Vec<&str> = seen.path().split('/').collect();
        let mut kept = kept.lock().unwrap();
        match (seen.method.as_str(), segments.as_slice()) {
            ("POST", ["", "v2", "messages"]) => {
                let message = telnyx_message(&seen.json(), kept.len());
                kept.push(message.clone());
                Say::json(200, &json!({"data": message}))
            }
            ("GET", ["", "v2", "messages", id]) => match kept.iter().find(|item| item["id"] == *id) {
                Some(item) => {
                    let mut item = item.clone();
                    item["cost"] = json!({"amount": "0.0040", "currency": "USD"});
                    item["to"][0]["carrier"] = json!("NEW MOBILE");
                    Say::json(200, &json!({"data": item}))
                }
                None => Say::json(404, &telnyx_error("10005", "Resource not found")),
            },
            ("POST", ["", "v2", "calls"]) => Say::json(
                200,
                &json!({"data": {
                    "record_type": "call", "call_control_id": "v3:abc", "call_leg_id": "leg", "call_session_id": "session",
                    "is_alive": false,
                }}),
            ),
            ("POST", ["", "v2", "texml", "Accounts", _, "Calls"]) => {
                let asked = seen.json();
                Say::json(
                    200,
                    &json!({"call_sid": "v3:texml", "from": asked["From"], "to": asked["To"], "status": "queued"}),
                )
            }
            _ => Say::json(404, &telnyx_error("10005", "Resource not found")),
        }
    })
    .await
}

pub(crate) fn telnyx_error(code: &str, title: &str) -> Value {
    json!({"errors": [{"code": code, "title": title, "detail": title}]})
}

fn telnyx_message(asked: &Value, number: usize) -> Value {
    json!({
        "record_type": "message", "direction": "outbound", "id": format!("40385f64-5717-4562-b3fc-2c963f66af{number:02x}"),
        "type": "SMS", "messaging_profile_id": null, "organization_id": null,
        "from": {"phone_number": asked["from"], "carrier": "", "line_type": ""},
        "to": [{"phone_number": asked["to"], "status": "queued", "carrier": "", "line_type": ""}],
        "text": asked["text"], "media": [], "webhook_url": asked["webhook_url"], "webhook_failover_url": null,
        "encoding": "GSM-7", "parts": 1, "tags": [], "cost": null, "received_at": "2026-03-02T12:00:00.000+00:00",
        "sent_at": null, "completed_at": null, "valid_until": null, "errors": [],
    })
}
