//! A provider's webhooks: who is believed, what is answered, and what happens when something is wrong.

use crate::{
    far_end,
    spawn::{AccountOf, Running, SENDER_SECRET, Setup, TWILIO_SID, TWILIO_TOKEN, spawn},
    upstream::{Say, Upstream},
    via::{FROM, NEW, OLD, OTHER, client, form},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::Request;
use redial::{
    clock::Clock as _,
    domain::group::Member,
    provider::Custody,
    telemetry::metrics::{Answered, OnAccount, Refused},
    usecase::gateway::Account,
};
use ring::hmac;
use std::{collections::BTreeSet, sync::Arc, time::Duration};

/// Twilio's signature of a form that is posted to `url`, computed here and not by the code under test.
pub(crate) fn twilio_signature(url: &str, token: &str, fields: &[(&str, &str)]) -> String {
    let sorted: BTreeSet<&(&str, &str)> = fields.iter().collect();
    let signed = sorted.into_iter().fold(url.to_owned(), |all, (name, value)| all + name + value);
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, token.as_bytes());
    BASE64_STANDARD.encode(hmac::sign(&key, signed.as_bytes()))
}

pub(crate) fn signed_form(url: &str, token: &str, fields: &[(&str, &str)]) -> Request<Bytes> {
    Request::post(url)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("x-twilio-signature", twilio_signature(url, token, fields))
        .body(form(fields).into())
        .unwrap()
}

fn call<'a>(id: &'a str, to: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("CallSid", id),
        ("AccountSid", TWILIO_SID),
        ("From", FROM),
        ("To", to),
        ("CallStatus", "ringing"),
        ("Direction", "inbound"),
        ("ApiVersion", "2010-04-01"),
    ]
}

async fn redial(change: impl FnOnce(&mut Account) + 'static, custody: Custody, setup: Setup) -> Running {
    let accounts = move |base: &str| {
        let mut account = AccountOf { custody, ..AccountOf::twilio(base, "http://127.0.0.1:9") }.make();
        change(&mut account);
        vec![account]
    };
    spawn(Setup { accounts: Box::new(accounts), ..setup }).await
}

async fn plain() -> Running {
    let running = redial(|_| (), Custody::Operator, Setup::default()).await;
    running.moved("Ada", OLD, NEW, Member::Everyone, false).await;
    running
}

async fn answered(running: &Running, hook: &str, fields: &[(&str, &str)]) -> (u16, String) {
    let url = format!("{}/hooks/main/{hook}", running.base);
    let reply = client().send(signed_form(&url, TWILIO_TOKEN, fields)).await.unwrap();
    (reply.status().as_u16(), String::from_utf8(reply.into_body().to_vec()).unwrap())
}

async fn dialled(running: &Running, fields: &[(&str, &str)]) -> String {
    let (status, document) = answered(running, "call", fields).await;
    assert_eq!(status, 200, "{document}");
    let inner = document.split("<Number>").nth(1).and_then(|rest| rest.split("</Number>").next());
    inner.unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_call_is_connected_to_the_new_number_and_recorded_before_it_is() {
    let running = plain().await;
    assert_eq!(dialled(&running, &call("CA1", OLD)).await, NEW);
    let rows = running.store.substitutions_named("main", &["CA1".into()]).await.unwrap();
    assert_eq!((rows[0].used.wire(), rows[0].connected.wire()), (OLD, NEW));
    running.env.records.flush().await;
    let query = running.store.query(rows[0].query).await.unwrap().expect("the query is recorded");
    assert!(query.connected && !query.told && &*query.way == "hook:main");
    assert_eq!(dialled(&running, &call("CA2", OTHER)).await, OTHER, "a number that never moved");
    let mut from_old = call("CA3", OLD);
    from_old[2] = ("From", NEW);
    assert_eq!(dialled(&running, &from_old).await, OLD, "the new number's own call (Q12)");
}

/// Rule W1: a call that was answered gets its first answer for a minute, then unchanged.
#[tokio::test]
async fn a_call_is_decided_once() {
    let running = plain().await;
    assert_eq!(dialled(&running, &call("CA1", OLD)).await, NEW);
    assert_eq!(dialled(&running, &call("CA9", OTHER)).await, OTHER);
    running.clock.advance(Duration::from_secs(59));
    assert_eq!(dialled(&running, &call("CA1", OLD)).await, NEW);
    assert_eq!(running.store.substitutions_named("main", &["CA1".into()]).await.unwrap().len(), 1);
    running.clock.advance(Duration::from_secs(1));
    assert_eq!(dialled(&running, &call("CA1", OLD)).await, OLD);
    running.moved("Bob", OTHER, "+14155550178", Member::Everyone, false).await;
    assert_eq!(dialled(&running, &call("CA9", OTHER)).await, OTHER, "it was unchanged and stays so");
    assert_eq!(dialled(&running, &call("CA10", OTHER)).await, "+14155550178");
}

/// And whichever process was asked first.
#[tokio::test]
async fn a_call_is_decided_once_by_all_processes() {
    let one = plain().await;
    let setup = Setup { store: Some(Arc::clone(&one.store)), now: one.clock.now(), ..Setup::default() };
    let other = redial(|_| (), Custody::Operator, setup).await;
    assert_eq!(dialled(&one, &call("CA1", OLD)).await, NEW);
    assert_eq!(dialled(&other, &call("CA1", OLD)).await, NEW, "its first answer");
    assert_eq!(one.store.substitutions_named("main", &["CA1".into()]).await.unwrap().len(), 1);
    let third = Setup { store: Some(Arc::clone(&one.store)), now: one.clock.now(), ..Setup::default() };
    let third = redial(|_| (), Custody::Operator, third).await;
    third.clock.advance(Duration::from_mins(1));
    assert_eq!(dialled(&third, &call("CA1", OLD)).await, OLD, "then unchanged");
    let mut from_new = call("CA2", OLD);
    from_new[2] = ("From", NEW);
    assert_eq!(dialled(&one, &from_new).await, OLD, "the new number's own call (Q12)");
    one.env.records.flush().await;
    assert_eq!(dialled(&other, &call("CA2", OLD)).await, OLD, "it was unchanged and stays so");
}

/// A webhook of a call that the called person has answered comes too late.
#[tokio::test]
async fn only_a_call_that_is_not_yet_placed_is_connected_elsewhere() {
    let running = plain().await;
    for direction in ["outbound-api", "outbound-dial"] {
        let mut fields = call("CA1", OLD);
        fields[5] = ("Direction", direction);
        let (status, document) = answered(&running, "call", &fields).await;
        assert!(status == 200 && !document.contains("4155550199"), "{direction}: {document}");
    }
}

#[tokio::test]
async fn rights_and_custody_decide_who_is_connected() {
    let app = Member::Application(Account::app_id("main"));
    let other = Member::Application(Account::app_id("another"));
    for (custody, bound, member, reveal, connected, why) in [
        (Custody::Operator, false, Member::Everyone, false, NEW, "everybody may be connected"),
        (Custody::Operator, false, app, false, NEW, "this account may be connected"),
        (Custody::Operator, false, other, false, OLD, "another account may"),
        (Custody::Operator, true, app, true, OLD, "an account for one-time codes (Q8)"),
        (Custody::Sender, false, app, false, OLD, "the sender could read the number at the provider (Q5)"),
        (Custody::Sender, false, app, true, NEW, "the sender may know it"),
    ] {
        let running = redial(move |account| account.identity_bound = bound, custody, Setup::default()).await;
        running.moved("Ada", OLD, NEW, member, reveal).await;
        assert_eq!(dialled(&running, &call("CA1", OLD)).await, connected, "{why}");
    }
}

#[tokio::test]
async fn q13_an_account_is_connected_to_so_many_new_numbers_a_day() {
    let running = redial(|account| account.harvest = Some(1), Custody::Operator, Setup::default()).await;
    running.moved("Ada", OLD, NEW, Member::Everyone, false).await;
    running.moved("Bea", "+14155550180", "+14155550181", Member::Everyone, false).await;
    assert_eq!(dialled(&running, &call("CA1", OLD)).await, NEW);
    assert_eq!(dialled(&running, &call("CA2", "+14155550180")).await, "+14155550180", "one too many");
    assert_eq!(dialled(&running, &call("CA3", OLD)).await, NEW, "not new any more");
    running.clock.advance(Duration::from_hours(24));
    assert_eq!(dialled(&running, &call("CA4", "+14155550180")).await, "+14155550181", "the next day");
}

/// Rule W1: refusals look alike, whatever the reason.
#[tokio::test]
async fn whoever_is_not_believed_gets_one_and_the_same_answer() {
    let accounts = |base: &str| {
        let second = AccountOf {
            name: "second",
            parameters: vec![
                ("account_sid".to_owned(), vec!["AC00000000000000000000000000000002".to_owned()]),
                ("auth_token".to_owned(), vec!["second-token".to_owned()]),
            ],
            ..AccountOf::twilio(base, "http://127.0.0.1:9")
        };
        vec![AccountOf::twilio(base, "http://127.0.0.1:9").make(), second.make()]
    };
    let running = spawn(Setup { accounts: Box::new(accounts), ..Setup::default() }).await;
    running.moved("Ada", OLD, NEW, Member::Everyone, false).await;
    let main = format!("{}/hooks/main/call", running.base);
    let second = format!("{}/hooks/second/call", running.base);
    let good = || signed_form(&main, TWILIO_TOKEN, &call("CA1", OLD));
    let mut unsigned = good();
    unsigned.headers_mut().remove("x-twilio-signature");
    let mut changed = good();
    *changed.body_mut() = form(&call("CA1", "+14155550150")).into();
    let mut elsewhere = good();
    *elsewhere.uri_mut() = second.parse().unwrap();
    let mut nowhere = good();
    *nowhere.uri_mut() = format!("{}/hooks/nobody/call", running.base).parse().unwrap();
    let mut other_query = good();
    *other_query.uri_mut() = format!("{main}?x=1").parse().unwrap();
    let mut answers = BTreeSet::new();
    for (request, why) in [
        (unsigned, "no signature"),
        (signed_form(&main, "wrong", &call("CA1", OLD)), "another secret"),
        (signed_form(&main, SENDER_SECRET, &call("CA1", OLD)), "the sender's secret"),
        (changed, "another body"),
        (other_query, "another URL"),
        (elsewhere, "another account's URL"),
        (nowhere, "an unknown account"),
        (signed_form(&second, "second-token", &call("CA1", OLD)), "another account's id in the body"),
    ] {
        let reply = client().send(request).await.unwrap();
        assert_eq!(reply.status(), 403, "{why}");
        let mut headers: Vec<String> =
            reply.headers().iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        headers.retain(|header| !header.starts_with("date: "));
        answers.insert((headers, reply.into_body()));
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    let counted = |reason| running.gateway.metrics.refused.get_or_create(&Refused { surface: "hook", reason }).get();
    assert_eq!((counted("unsigned"), counted("account"), counted("other_account")), (1, 1, 1));
    assert_eq!(client().send(good()).await.unwrap().status(), 200);
}

#[tokio::test]
async fn bad_requests_change_nothing() {
    let running = redial(|_| (), Custody::Operator, Setup { body_limit: 1_000, ..Setup::default() }).await;
    let url = |path: &str| format!("{}/hooks/{path}", running.base);
    let large = "x".repeat(2_000);
    let no_call = [("AccountSid", TWILIO_SID), ("To", OLD)];
    let json = {
        let mut request = signed_form(&url("main/call"), TWILIO_TOKEN, &call("CA1", OLD));
        request.headers_mut().insert("content-type", "text/plain".parse().unwrap());
        request
    };
    for (request, status, why) in [
        (Request::get(format!("{}/nowhere", running.base)).body(Bytes::new()).unwrap(), 404, "an unknown path"),
        (signed_form(&url("main/call"), TWILIO_TOKEN, &[("x", &large)]), 413, "an oversized body"),
        (signed_form(&url("main/call"), TWILIO_TOKEN, &no_call), 400, "no call id"),
        (json, 403, "another content type: the signature covers no fields"),
        (signed_form(&url("main/nothing"), TWILIO_TOKEN, &no_call), 404, "an unknown hook"),
        (signed_form(&url("main"), TWILIO_TOKEN, &no_call), 404, "no hook"),
        (signed_form(&url("main/message"), TWILIO_TOKEN, &no_call), 404, "a hook that Twilio does not have"),
        (Request::put(url("main/call")).body(Bytes::new()).unwrap(), 405, "another method"),
    ] {
        let reply = client().send(request).await.unwrap();
        assert_eq!(reply.status(), status, "{why}");
    }
    let counted = |surface| running.gateway.metrics.requests.get_or_create(&Answered { surface, class: "4xx" }).get();
    assert_eq!((counted("unknown"), counted("hook")), (1, 7), "each is counted");
}

/// Rule Q7.
#[tokio::test]
async fn a_slow_or_broken_store_leaves_the_call_as_it_is() {
    for counted in ["store", "deadline"] {
        let deadline = |account: &mut Account| account.deadline = Duration::from_millis(300);
        let running = redial(deadline, Custody::Operator, Setup::default()).await;
        running.moved("Ada", OLD, NEW, Member::Everyone, false).await;
        let failed_open = running
            .gateway
            .metrics
            .failed_open
            .get_or_create(&OnAccount { account: "main".into(), kind: counted })
            .clone();
        let lock = (counted == "deadline").then(|| running.lock());
        if lock.is_none() {
            running.sqlite.crash_before(1);
        }
        assert_eq!(dialled(&running, &call("CA1", OLD)).await, OLD, "{counted}");
        assert_eq!(failed_open.get(), 1, "{counted}");
        assert_eq!(dialled(&running, &call("CA2", OTHER)).await, OTHER, "what never moved needs no store");
        assert_eq!(failed_open.get(), 1, "{counted}");
        if let Some(lock) = lock {
            drop(lock);
            running.commit(Vec::new()).await;
            assert_eq!(dialled(&running, &call("CA3", OLD)).await, NEW, "and works again");
        }
    }
}

/// Rule Q5: a reply from the new number comes from the number that the sender used, while the window lasts.
#[tokio::test]
async fn a_reply_from_the_new_number_appears_as_the_old_one() {
    let customer = Upstream::start(|_| Say::xml("<Response><Message>Thanks</Message></Response>")).await;
    let far = far_end::twilio().await;
    let (url, upstream) = (format!("{}/inbound", customer.base), far.base.clone());
    let accounts = move |base: &str| {
        let mut account = AccountOf::twilio(base, &upstream).make();
        account.inbound_url = Some(url.into());
        vec![account]
    };
    let running = spawn(Setup { accounts: Box::new(accounts), ..Setup::default() }).await;
    running.moved("Ada", OLD, NEW, Member::Everyone, false).await;
    let message = |from| {
        [
            ("MessageSid", "SM9"),
            ("AccountSid", TWILIO_SID),
            ("From", from),
            ("To", FROM),
            ("Body", "Yes"),
            ("FromCity", "X"),
        ]
    };
    let (_, document) = answered(&running, "inbound", &message(NEW)).await;
    assert_eq!(document, "<Response><Message>Thanks</Message></Response>");
    assert_eq!(customer.wait(1).await.form()["From"], NEW, "nothing was sent there yet");

    let sent = Request::post(format!("{}/via/main{}", running.base, crate::via::messages()))
        .header("authorization", crate::via::basic(TWILIO_SID, SENDER_SECRET))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Bytes::from(form(&[("To", OLD), ("From", FROM), ("Body", "Are you there?")])))
        .unwrap();
    client().send(sent).await.unwrap();
    answered(&running, "inbound", &message(NEW)).await;
    let seen = customer.wait(2).await;
    assert_eq!((seen.form()["From"].as_str(), seen.form().get("FromCity")), (OLD, None));
    let pairs: Vec<(String, String)> = seen.form().into_iter().collect();
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let signature = twilio_signature(&format!("{}/inbound", customer.base), SENDER_SECRET, &pairs);
    assert_eq!(seen.header("x-twilio-signature"), signature);
    answered(&running, "inbound", &message(OTHER)).await;
    assert_eq!(customer.wait(3).await.form()["From"], OTHER);
    running.clock.advance(Duration::from_hours(366 * 24));
    answered(&running, "inbound", &message(NEW)).await;
    assert_eq!(customer.wait(4).await.form()["From"], NEW, "the window is over");
}
