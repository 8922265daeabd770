//! A provider that takes orders instead of documents: an empty answer at once, then a request, with a token that is
//! fetched when there is none.

use crate::{
    spawn::{AccountOf, Running, Setup, spawn},
    upstream::{Say, Seen, Upstream},
    via::{FROM, NEW, OLD, OTHER, client},
};
use bytes::Bytes;
use redial::{domain::group::Member, provider::Custody};
use serde_json::json;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Gives tokens `t0`, `t1`, … and says `script` to everything else.
async fn provider(script: impl Fn(usize, &Seen) -> Say + Send + Sync + 'static) -> Upstream {
    let (tokens, orders) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let orders = Arc::new(orders);
    Upstream::start(move |seen| {
        if seen.path() == "/token" {
            let token = format!("t{}", tokens.fetch_add(1, Ordering::SeqCst));
            return Say::json(200, &json!({"access_token": token, "expires_in": 3600}));
        }
        script(orders.fetch_add(1, Ordering::SeqCst), seen)
    })
    .await
}

async fn running(upstream: &Upstream) -> Running {
    let far = upstream.base.clone();
    let accounts = move |base: &str| {
        let one = |name: &str, value: &str| (name.to_owned(), vec![value.to_owned()]);
        let parameters = vec![one("auth_url", &far), one("id", "k"), one("secret", "s"), one("hook", "h00k")];
        let account = AccountOf {
            name: "orders",
            kind: "../tests/it/orders",
            parameters,
            custody: Custody::Operator,
            upstream: &far,
            base,
            sender: None,
        };
        vec![account.make()]
    };
    let running = spawn(Setup { accounts: Box::new(accounts), ..Setup::default() }).await;
    running.moved("Ada", OLD, NEW, Member::Everyone, false).await;
    running
}

async fn webhook(running: &Running, token: &str, event: &str, call: &str, to: &str) -> u16 {
    let body = json!({"event": event, "call": call, "from": FROM, "to": to}).to_string();
    let request = http::Request::post(format!("{}/hooks/orders/call", running.base))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .body(Bytes::from(body))
        .unwrap();
    client().send(request).await.unwrap().status().as_u16()
}

/// What was ordered: the call, the number, and the token.
fn orders(seen: &[Seen]) -> Vec<(String, String, String)> {
    let order = |seen: &Seen| {
        let to = seen.json()["to"].as_str().unwrap().to_owned();
        (seen.path().to_owned(), to, seen.header("authorization").to_owned())
    };
    seen.iter().filter(|seen| seen.path() != "/token").map(order).collect()
}

#[tokio::test]
async fn a_call_is_connected_or_left_by_an_order() {
    let upstream = provider(|_, _| Say::empty(200)).await;
    let running = running(&upstream).await;
    assert_eq!(webhook(&running, "h00k", "offered", "c1", OLD).await, 200);
    upstream.wait(2).await;
    let seen = upstream.seen();
    assert_eq!(orders(&seen), [("/calls/c1/transfer".into(), NEW.into(), "Bearer t0".into())]);
    assert_eq!(seen[1].json()["from"], FROM);
    assert_eq!(webhook(&running, "h00k", "offered", "c2", OTHER).await, 200);
    upstream.wait(3).await;
    let seen = upstream.seen();
    assert_eq!(orders(&seen)[1], ("/calls/c2/transfer".into(), OTHER.into(), "Bearer t0".into()), "one token for both");
    assert_ne!(seen[1].json()["command_id"], seen[2].json()["command_id"]);
    // Asked again, the call is not ordered about again; nor by what is not believed, or about something else.
    assert_eq!(webhook(&running, "h00k", "offered", "c1", OLD).await, 200);
    assert_eq!(webhook(&running, "wrong", "offered", "c3", OLD).await, 403);
    assert_eq!(webhook(&running, "h00k", "ended", "c1", OLD).await, 204);
    assert_eq!(webhook(&running, "h00k", "offered", "c4", OTHER).await, 200);
    upstream.wait(4).await;
    let seen = upstream.seen();
    let calls: Vec<String> = orders(&seen).into_iter().map(|(path, ..)| path).collect();
    assert_eq!(calls, ["/calls/c1/transfer", "/calls/c2/transfer", "/calls/c4/transfer"]);
}

#[tokio::test]
async fn an_order_that_fails_is_given_again_and_one_that_is_refused_is_taken_back() {
    let upstream = provider(|n, _| Say::empty(if n == 0 { 503 } else { 422 })).await;
    let running = running(&upstream).await;
    assert_eq!(webhook(&running, "h00k", "offered", "c1", OLD).await, 200);
    upstream.wait(4).await;
    let seen = upstream.seen();
    let to: Vec<String> = orders(&seen).into_iter().map(|(_, to, _)| to).collect();
    assert_eq!(to, [NEW, NEW, OLD], "again, and then the call goes where it was to go");
    assert_eq!(seen[1].json()["command_id"], seen[2].json()["command_id"]);
}
