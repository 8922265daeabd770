//! What a drop-in request and its reply keep: every byte that nobody asked to change.

use super::{SID, telnyx, twilio};
use http::{HeaderMap, HeaderValue, Method, header::CONTENT_TYPE};
use proptest::prelude::*;
use redial::{
    clock::Time,
    provider::{Account, Changes, Incoming, Swap},
};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const NEW: &str = "+14155550199";
const OLD: &str = "+14155550100";

fn typed(kind: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))])
}

/// The body that goes upstream when the destination at `index` is changed.
fn substituted(account: &Account, target: &str, headers: &HeaderMap, body: &[u8], index: usize) -> Vec<u8> {
    let incoming = Incoming::new(&Method::POST, "https://api", target, headers, body, Time(0));
    let route = account.route(&incoming).expect("a route");
    account.read_request(&route, &incoming);
    let changes = Changes { destinations: vec![(index, NEW.into())], callbacks: Vec::new() };
    account.forward(&incoming, Some((&route, &changes))).body.to_vec()
}

fn messages() -> String {
    format!("/2010-04-01/Accounts/{SID}/Messages.json")
}

fn swap() -> Swap {
    Swap { id: None, connected: NEW.into(), used: OLD.into(), urls: Vec::new() }
}

#[test]
fn headers_of_one_connection_stay_behind_and_the_rest_passes() {
    let mut headers = typed(FORM);
    for (name, value) in [
        ("host", "redial.example.com"),
        ("content-length", "3"),
        ("connection", "keep-alive, X-Hop"),
        ("x-hop", "1"),
        ("transfer-encoding", "chunked"),
        ("accept-encoding", "gzip"),
        ("x-forwarded-for", "10.0.0.1"),
        ("x-twilio-client", "python-9.13"),
        ("user-agent", "twilio-python"),
    ] {
        headers.append(name, HeaderValue::from_static(value));
    }
    headers.append("x-two", HeaderValue::from_static("a"));
    headers.append("x-two", HeaderValue::from_static("b"));
    let incoming = Incoming::new(&Method::POST, "https://api", "/a%20b?c=%2F&&d", &headers, b"a=1", Time(0));
    let upstream = twilio(|settings| settings.upstream = Some("http://127.0.0.1:9/".into())).forward(&incoming, None);
    assert_eq!(upstream.url, "http://127.0.0.1:9/a%20b?c=%2F&&d");
    let mut names: Vec<&str> = upstream.headers.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["accept-encoding", "content-type", "user-agent", "x-twilio-client", "x-two"]);
    assert_eq!(upstream.headers["accept-encoding"], "identity");
    assert_eq!(upstream.headers.get_all("x-two").iter().count(), 2);
}

#[test]
fn a_substituted_request_says_so_and_is_known_again() {
    let (account, target) = (twilio(|_| {}), messages());
    let headers = typed(FORM);
    let incoming = Incoming::new(&Method::POST, "https://api", &target, &headers, b"To=%2B14155550100", Time(0));
    let route = account.route(&incoming).unwrap();
    assert!(!account.read_request(&route, &incoming).marked);
    let changes = Changes { destinations: vec![(0, NEW.into())], callbacks: Vec::new() };
    let upstream = account.forward(&incoming, Some((&route, &changes)));
    let again = Incoming::new(&upstream.method, "https://api", &target, &upstream.headers, &upstream.body, Time(0));
    assert!(account.read_request(&route, &again).marked);
    let unchanged = account.forward(&incoming, Some((&route, &Changes::default())));
    let again = Incoming::new(&upstream.method, "https://api", &target, &unchanged.headers, &unchanged.body, Time(0));
    assert!(!account.read_request(&route, &again).marked);
}

#[test]
fn what_does_not_say_what_it_is_has_no_destination() {
    let (account, target) = (twilio(|_| {}), messages());
    for kind in ["text/plain", JSON, "multipart/form-data; boundary=x"] {
        let headers = typed(kind);
        let incoming = Incoming::new(&Method::POST, "https://api", &target, &headers, b"To=%2B14155550100", Time(0));
        let route = account.route(&incoming).unwrap();
        assert!(account.read_request(&route, &incoming).destinations.is_empty(), "{kind}");
    }
}

proptest! {
    #[test]
    fn any_body_passes_whole_where_nothing_is_changed(body: Vec<u8>, is_json: bool) {
        let headers = typed(if is_json { JSON } else { FORM });
        let (account, target) = if is_json { (telnyx(|_| {}), "/v2/messages".to_owned()) } else { (twilio(|_| {}), messages()) };
        let incoming = Incoming::new(&Method::POST, "https://api", &target, &headers, &body, Time(0));
        let route = account.route(&incoming).unwrap();
        account.read_request(&route, &incoming);
        prop_assert_eq!(&account.forward(&incoming, None).body[..], &body[..]);
        prop_assert_eq!(&account.forward(&incoming, Some((&route, &Changes::default()))).body[..], &body[..]);
        let reply = bytes::Bytes::from(body.clone());
        prop_assert_eq!(account.restore_reply(&route, &reply, &[]), reply.clone());
        account.restore_reply(&route, &reply, &[swap()]);
        account.reply_ids(&route, &body);
        account.restore_callback(&incoming, "https://sender.example.com/r", &[swap()], None);
        let _ = (account.read_call(&incoming), account.read_status(&incoming), account.read_inbounds(&incoming));
        account.read_reply(http::StatusCode::BAD_REQUEST, &headers, &body);
    }

    #[test]
    fn in_a_form_only_the_destination_changes(before in "([a-z]{1,3}(=[a-zA-Z%+=.]{0,6})?&){0,3}", after in "(&[A-Z]{1,3}(=[a-zA-Z%+]{0,6})?){0,3}") {
        let after = after.replace("To", "Tx");
        let body = format!("{before}To=%2b14155550100{after}");
        let out = substituted(&twilio(|_| {}), &messages(), &typed(FORM), body.as_bytes(), 0);
        prop_assert_eq!(String::from_utf8(out).unwrap(), format!("{before}To=%2B14155550199{after}"));
    }

    #[test]
    fn in_json_only_the_destination_changes(text: String, other: i64, space in "[ \n\t]{0,3}", unicode: bool) {
        let text = serde_json::Value::from(text).to_string();
        let to = if unicode { "\"\\u002b14155550100\"" } else { "\"+14155550100\"" };
        let body = |to: &str| format!("{{{space}\"text\":{text},{space}\"to\"{space}:{to},\"n\":{other}{space},\"x\":{{\"to\":\"+1\"}}}}{space}");
        let out = substituted(&telnyx(|_| {}), "/v2/messages", &typed(JSON), body(to).as_bytes(), 0);
        prop_assert_eq!(String::from_utf8(out).unwrap(), body("\"+14155550199\""));
    }

    #[test]
    fn a_reply_with_the_new_number_comes_back_without_it(key in "[a-z]{1,8}", prefix in "[a-z (:]{0,6}", suffix in "([a-z) ,.][ -~]{0,6})?", depth in 0..5usize) {
        prop_assume!(key != "body");
        let text = |number: &str| serde_json::Value::from(format!("{prefix}{number}{suffix}")).to_string();
        let body = |number: &str| format!("{{\"sid\":\"SM1\",\"{key}\":{}{}{}}}", "[".repeat(depth), text(number), "]".repeat(depth));
        prop_assume!(key != "sid" && !key.starts_with("price"));
        let account = twilio(|_| {});
        let target = messages();
        let headers = typed(FORM);
        let incoming = Incoming::new(&Method::POST, "https://api", &target, &headers, b"", Time(0));
        let route = account.route(&incoming).unwrap();
        let restored = account.restore_reply(&route, &body(NEW).into(), &[swap()]);
        prop_assert_eq!(String::from_utf8(restored.to_vec()).unwrap(), body(OLD));
    }
}
