//! Several recipients in one request: each is decided by itself, and the reply is mapped back for each.

use crate::{
    spawn::{AccountOf, Running, Setup, spawn},
    upstream::{Say, Upstream},
    via::{NEW, OLD, OTHER, client},
};
use bytes::Bytes;
use redial::{domain::group::Member, provider::Custody};
use serde_json::{Value, json};

const SECOND: &str = "+14155550124";
const SECOND_NEW: &str = "+14155550198";

/// Answers as such a provider does: an item for each recipient, numbers without a plus; or one for all of them.
async fn many() -> Upstream {
    Upstream::start(|seen| {
        let to = seen.json()["to"].as_array().unwrap().clone();
        if seen.path() == "/all" {
            let to: Vec<Value> = to.iter().map(|to| json!({"number": to, "state": "queued"})).collect();
            return Say::json(200, &json!({"group": "g1", "to": to}));
        }
        let item = |(n, to): (usize, &Value)| json!({"id": format!("m{n}"), "to": to, "price": 0.02});
        // In another order than they were sent.
        Say::json(200, &json!({"messages": to.iter().enumerate().map(item).rev().collect::<Vec<_>>()}))
    })
    .await
}

async fn running(upstream: &Upstream) -> Running {
    let far = upstream.base.clone();
    let accounts = move |base: &str| {
        let parameters = vec![("token".to_owned(), vec!["t0ken".to_owned()])];
        let account = AccountOf {
            name: "many",
            kind: "../tests/it/recipients",
            parameters,
            custody: Custody::Operator,
            upstream: &far,
            base,
            sender: Some(("", "sender")),
        };
        vec![account.make()]
    };
    let running = spawn(Setup { accounts: Box::new(accounts), ..Setup::default() }).await;
    running.moved("Ada", OLD, NEW, Member::Everyone, false).await;
    running.moved("Bob", SECOND, SECOND_NEW, Member::Everyone, false).await;
    running
}

async fn send(running: &Running, path: &str, to: &[&str]) -> Value {
    let request = http::Request::post(format!("{}/via/many{path}", running.base))
        .header("authorization", "Bearer sender")
        .header("content-type", "application/json")
        .body(Bytes::from(json!({"to": to, "text": "Dinner?"}).to_string()))
        .unwrap();
    let reply = client().send(request).await.unwrap();
    assert_eq!(reply.status(), 200, "{:?}", reply.body());
    serde_json::from_slice(reply.body()).unwrap()
}

#[tokio::test]
async fn q5_each_recipient_of_a_list_is_decided_by_itself() {
    let upstream = many().await;
    let running = running(&upstream).await;
    for (n, (rule, to, sent)) in [
        ("one has moved", &[OTHER, OLD][..], &[OTHER, NEW][..]),
        ("two have", &[OLD, OTHER, SECOND], &[NEW, OTHER, SECOND_NEW]),
        ("nobody has", &[OTHER], &[OTHER]),
        ("the person's new number is in the list too: told once", &[OLD, NEW], &[OLD, NEW]),
        ("one that is named twice goes to the new number once", &[OLD, OLD], &[NEW, OLD]),
        ("what cannot be read stays", &["not a number", OLD], &["not a number", NEW]),
    ]
    .into_iter()
    .enumerate()
    {
        let reply = send(&running, "/each", to).await;
        assert_eq!(upstream.wait(n + 1).await.json()["to"], json!(sent), "{rule}");
        let messages = reply["messages"].as_array().unwrap();
        assert_eq!(messages.len(), to.len());
        for (at, used) in to.iter().enumerate() {
            let item = messages.iter().find(|item| item["id"] == format!("m{at}")).unwrap();
            assert_eq!(item["to"], **used, "{rule}");
            let price = if sent[at] == *used { json!(0.02) } else { Value::Null };
            assert_eq!(item["price"], price, "{rule}: the price of a new number is not told, others' is");
        }
        for (at, _) in to.iter().enumerate().filter(|(at, used)| sent[*at] != **used) {
            let rows = running.store.substitutions_named("many", &[format!("m{at}").into()]).await.unwrap();
            let row = rows.iter().max_by_key(|row| row.id).unwrap();
            assert_eq!((row.used.wire(), row.connected.wire()), (to[at], sent[at]), "{rule}: each row has its own id");
        }
    }
}

#[tokio::test]
async fn q5_one_message_to_several_is_mapped_back_for_each() {
    let upstream = many().await;
    let running = running(&upstream).await;
    let reply = send(&running, "/all", &[SECOND, OTHER, OLD]).await;
    assert_eq!(upstream.wait(1).await.json()["to"], json!([SECOND_NEW, OTHER, NEW]));
    let shown: Vec<&str> = reply["to"].as_array().unwrap().iter().map(|to| to["number"].as_str().unwrap()).collect();
    assert_eq!(shown, [SECOND, OTHER, OLD]);
    let rows = running.store.substitutions_named("many", &["g1".into()]).await.unwrap();
    assert_eq!(rows.len(), 2, "both are found by the one id");
}
