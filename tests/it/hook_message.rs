//! A webhook that comes before a message is sent (rules Q6 to Q8, Q10, W1), with the provider of the documentation.

use crate::{
    provider::example::block,
    spawn::{AccountOf, Running, Setup, TELNYX_WEBHOOK_SEED, ed25519, public_key, spawn},
    via::{FROM, NEW, OLD, OTHER, client},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::Request;
use redial::{
    domain::{group::Member, identity_bound::Lists},
    provider::{self, AccountSettings, Custody, Provider},
    telemetry::metrics::OnAccount,
    usecase::gateway::Account,
};
use std::{sync::Arc, time::Duration};

async fn acme(change: impl Fn(&mut Account) + Send + 'static) -> Running {
    let accounts = move |base: &str| {
        let file = Arc::new(Provider::load(block("`providers/acme.toml`:"), "docs").unwrap());
        let one = |name: &str, value: String| (name.to_owned(), vec![value]);
        let values = vec![one("token", "t".into()), one("webhook_key", public_key(&TELNYX_WEBHOOK_SEED))];
        let settings = AccountSettings {
            name: "acme".into(),
            parameters: file.parameters(values).unwrap(),
            provider: file,
            custody: Custody::Operator,
            senders: Vec::new(),
            public_urls: vec![base.into()],
            upstream: None,
            application: None,
        };
        let mut account = Account {
            provider: provider::Account::new(settings).unwrap(),
            ..AccountOf::telnyx(base, "http://127.0.0.1:9").make()
        };
        change(&mut account);
        vec![account]
    };
    let running = spawn(Setup { accounts: Box::new(accounts), ..Setup::default() }).await;
    running.moved("Ada", OLD, NEW, Member::Everyone, false).await;
    running
}

async fn asked(running: &Running, id: &str, from: &str, to: &str, text: &str, class: &str) -> (u16, String) {
    let body = serde_json::json!({"id": id, "from": from, "to": to, "text": text, "class": class}).to_string();
    let time = redial::clock::Clock::now(&*running.clock).seconds();
    let signature = ed25519(&TELNYX_WEBHOOK_SEED).sign(format!("{time}.{body}").as_bytes());
    let request = Request::post(format!("{}/hooks/acme/message", running.base))
        .header("content-type", "application/json")
        .header("x-acme-time", time)
        .header("x-acme-signature", BASE64_STANDARD.encode(signature))
        .body(Bytes::from(body))
        .unwrap();
    let reply = client().send(request).await.unwrap();
    (reply.status().as_u16(), String::from_utf8(reply.into_body().to_vec()).unwrap())
}

fn elsewhere() -> (u16, String) {
    (200, format!("{{\"send\":\"{NEW}\"}}"))
}

fn unchanged() -> (u16, String) {
    (200, "{}".to_owned())
}

#[tokio::test]
async fn q6_q8_a_message_is_sent_to_the_new_number_unless_it_is_for_whoever_holds_the_old_one() {
    let running = acme(|account| {
        let mut lists = Lists::default();
        lists.add_sender("BANK", None).unwrap();
        account.bound = Arc::new(lists);
    })
    .await;
    for (id, from, to, text, class, answer, rule) in [
        ("1", FROM, OLD, "Dinner?", "", elsewhere(), "an ordinary one"),
        ("2", FROM, OTHER, "Dinner?", "", unchanged(), "to a number that never moved"),
        ("3", FROM, OLD, "Your code is 482913", "", unchanged(), "a code, as it reads (Q8)"),
        ("4", FROM, OLD, "Hi", "code", unchanged(), "a code, as it is called (Q8)"),
        ("5", "Bank", OLD, "Hi", "", unchanged(), "from a sender on the operator's list (Q8)"),
        ("6", NEW, OLD, "Hi", "", unchanged(), "from the new number itself (Q12)"),
        ("7", "", OLD, "Hi", "", elsewhere(), "from nobody in particular"),
        ("8", FROM, "nobody", "Hi", "", unchanged(), "to what is no number (Q1)"),
    ] {
        assert_eq!(asked(&running, id, from, to, text, class).await, answer, "{rule}");
    }
    let rows = running.store.substitutions_named("acme", &["1".into()]).await.unwrap();
    assert_eq!((rows[0].used.wire(), rows[0].connected.wire(), &*rows[0].channel), (OLD, NEW, "message"), "Q10");
    assert_eq!(asked(&running, "9", FROM, "", "Hi", "").await.0, 400, "no recipient");
}

#[tokio::test]
async fn w1_a_message_is_decided_once() {
    let running = acme(|_| ()).await;
    let again = async |id: &str| asked(&running, id, FROM, OLD, "Hi", "").await;
    assert_eq!(again("1").await, elsewhere());
    running.clock.advance(Duration::from_secs(59));
    assert_eq!(again("1").await, elsewhere(), "its first answer for a minute");
    assert_eq!(running.store.substitutions_named("acme", &["1".into()]).await.unwrap().len(), 1);
    running.clock.advance(Duration::from_secs(1));
    assert_eq!(again("1").await, unchanged(), "then unchanged");
    let forged = Request::post(format!("{}/hooks/acme/message", running.base))
        .header("content-type", "application/json")
        .body(Bytes::from_static(b"{}"))
        .unwrap();
    assert_eq!(client().send(forged).await.unwrap().status(), 403);
}

#[tokio::test]
async fn q7_a_broken_store_leaves_the_message_as_it_is() {
    let running = acme(|_| ()).await;
    running.sqlite.crash_before(1);
    assert_eq!(asked(&running, "1", FROM, OLD, "Hi", "").await, unchanged());
    let failed_open = OnAccount { account: "acme".into(), kind: "store" };
    assert_eq!(running.gateway.metrics.failed_open.get_or_create(&failed_open).get(), 1);
}
