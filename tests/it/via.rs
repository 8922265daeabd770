//! Drop-in endpoints, against a provider that is played: what goes upstream, what the sender sees, and what happens when
//! something is wrong.

use crate::{
    far_end,
    hooks::signed_form,
    notes,
    spawn::{AccountOf, Running, SENDER_SECRET, Setup, TWILIO_SID, TWILIO_TOKEN, spawn},
    upstream::{Say, Upstream},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use redial::{
    clock::Clock as _,
    domain::{address::phone, group::Member, id::SubstitutionId},
    provider::Custody,
    store::{Commit, Effect, OptOut},
    transport::http::{Client, Failure, Settings, reach::Reach},
    usecase::{
        Live,
        erase::erase,
        gateway::Account,
        write::{Actor, carry_out},
    },
};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

pub(crate) const OLD: &str = "+14155550123";
pub(crate) const NEW: &str = "+14155550199";
pub(crate) const OTHER: &str = "+14155550177";
pub(crate) const FROM: &str = "+15005550006";

pub(crate) fn client() -> Client {
    Client::new(&Settings { reach: Reach::Anywhere, ..Settings::default() }).unwrap()
}

pub(crate) fn basic(user: &str, secret: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{secret}")))
}

pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

pub(crate) fn messages() -> String {
    format!("/2010-04-01/Accounts/{TWILIO_SID}/Messages.json")
}

/// A Redial with one Twilio account, as `change` makes it.
async fn with_twilio(upstream: &Upstream, change: impl FnOnce(&mut Account) + 'static, setup: Setup) -> Running {
    with(upstream, Custody::Operator, change, setup).await
}

async fn with(
    upstream: &Upstream,
    custody: Custody,
    change: impl FnOnce(&mut Account) + 'static,
    setup: Setup,
) -> Running {
    let far = upstream.base.clone();
    let accounts = move |base: &str| {
        let mut account = AccountOf { custody, ..AccountOf::twilio(base, &far) }.make();
        change(&mut account);
        vec![account]
    };
    spawn(Setup { accounts: Box::new(accounts), ..setup }).await
}

struct Answer {
    status: u16,
    body: Bytes,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

async fn ask(running: &Running, method: &str, path: &str, secret: &str, body: &str) -> Result<Answer, Failure> {
    let request = http::Request::builder()
        .method(method)
        .uri(format!("{}/via/main{path}", running.base))
        .header("authorization", basic(TWILIO_SID, secret))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Bytes::from(body.to_owned()))
        .unwrap();
    let reply = client().send(request).await?;
    Ok(Answer { status: reply.status().as_u16(), body: reply.into_body() })
}

async fn send(running: &Running, to: &str, more: &[(&str, &str)]) -> Result<Answer, Failure> {
    let body = form(&[&[("To", to), ("From", FROM), ("Body", "Hello there")], more].concat());
    ask(running, "POST", &messages(), SENDER_SECRET, &body).await
}

#[tokio::test]
async fn a_message_to_a_number_that_changed_goes_to_the_new_one_and_the_sender_sees_the_old_one() {
    let upstream = far_end::twilio().await;
    let running = with_twilio(&upstream, |_| (), Setup::default()).await;
    running.moved("Ada", OLD, NEW, Member::Everyone, false).await;

    let reply = send(&running, OLD, &[("StatusCallback", "https://sender.example/report?x=1")]).await.unwrap();
    let sent = upstream.wait(1).await;
    assert_eq!(sent.form()["To"], NEW);
    assert_eq!(sent.form()["Body"], "Hello there");
    assert_eq!(sent.header("redial-substituted"), "1", "Q12: it is not sent elsewhere a second time");
    assert!(sent.form()["StatusCallback"].starts_with(&format!("{}/hooks/main/status/sub_", running.base)));
    assert_eq!(sent.header("authorization"), basic(TWILIO_SID, TWILIO_TOKEN), "the operator's own credentials");
    assert_eq!((reply.status, reply.json()["to"].as_str().unwrap()), (201, OLD));

    let sid = reply.json()["sid"].as_str().unwrap().to_owned();
    let path = format!("/2010-04-01/Accounts/{TWILIO_SID}/Messages/{sid}.json");
    let read = ask(&running, "GET", &path, SENDER_SECRET, "").await.unwrap();
    assert_eq!(
        (read.json()["to"].as_str(), &read.json()["price"]),
        (Some(OLD), &Value::Null),
        "no price of the new one"
    );
    send(&running, OTHER, &[]).await.unwrap();
    assert_eq!(upstream.seen().last().unwrap().header("redial-substituted"), "", "this one was not");
    let listed = ask(&running, "GET", &messages(), SENDER_SECRET, "").await.unwrap().json();
    let to: Vec<&str> =
        listed["messages"].as_array().unwrap().iter().map(|item| item["to"].as_str().unwrap()).collect();
    assert_eq!(to, [OLD, OTHER]);
    for said in [reply.body, read.body, listed.to_string().into()] {
        assert!(!String::from_utf8_lossy(&said).contains("4155550199"), "the new number is told");
    }
    let rows = running.store.substitutions_named("main", &[sid.into()]).await.unwrap();
    assert_eq!((rows[0].used.wire(), rows[0].connected.wire()), (OLD, NEW));
}

/// The provider has the number that was connected for as long as it likes, whatever Redial has forgotten.
#[tokio::test]
async fn c7_what_was_sent_before_an_erasure_still_reads_as_sent_to_the_number_that_was_used() {
    let upstream = far_end::twilio().await;
    let running = with_twilio(&upstream, |_| (), Setup::default()).await;
    let owner = running.moved("Ada", OLD, NEW, Member::Everyone, false).await;
    let sid = send(&running, OLD, &[]).await.unwrap().json()["sid"].as_str().unwrap().to_owned();
    let (env, actor) = (&running.env, Actor::system());
    carry_out(env, || erase(env, &actor, owner, None)).await.unwrap();
    assert_eq!(running.store.substitutions_named("main", &[sid.clone().into()]).await.unwrap(), []);

    let path = format!("/2010-04-01/Accounts/{TWILIO_SID}/Messages/{sid}.json");
    let read = ask(&running, "GET", &path, SENDER_SECRET, "").await.unwrap();
    let listed = ask(&running, "GET", &messages(), SENDER_SECRET, "").await.unwrap();
    assert_eq!((&read.json()["to"], &listed.json()["messages"][0]["to"]), (&json!(OLD), &json!(OLD)));
    for said in [read.body, listed.body] {
        assert!(!String::from_utf8_lossy(&said).contains("4155550199"), "the new number is told");
    }
}

/// A report that comes after its person was erased goes to the sender's own address as any other, as long as reports come.
#[tokio::test]
async fn c7_a_report_that_comes_after_an_erasure_reaches_the_sender_with_the_used_number() {
    let sender = Upstream::start(|_| Say::empty(204)).await;
    let upstream = far_end::twilio().await;
    let mut running = with_twilio(&upstream, |_| (), Setup::default()).await;
    let owner = running.moved("Ada", OLD, NEW, Member::Everyone, false).await;
    let own = format!("{}/report", sender.base);
    let reply = send(&running, OLD, &[("StatusCallback", &own)]).await.unwrap().json();
    let ours = upstream.wait(1).await.form()["StatusCallback"].clone();
    let (env, actor) = (&running.env, Actor::system());
    carry_out(env, || erase(env, &actor, owner, None)).await.unwrap();
    let report = async |said: &str| {
        let sid = reply["sid"].as_str().unwrap();
        let fields =
            [("MessageSid", sid), ("MessageStatus", said), ("To", NEW), ("From", FROM), ("AccountSid", TWILIO_SID)];
        client().send(signed_form(&ours, TWILIO_TOKEN, &fields)).await.unwrap().status().as_u16()
    };
    assert_eq!(report("delivered").await, 204);
    let tasks = &running.gateway.tasks;
    tasks.close();
    tasks.wait().await;
    tasks.reopen();
    let told: Vec<String> = sender.seen().iter().map(|seen| seen.form()["To"].clone()).collect();
    assert_eq!(told, [OLD]);
    running.clock.advance(Duration::from_hours(32 * 24));
    assert_eq!(report("read").await, 204, "the provider learns nothing of it");
    running.stop().await;
    assert_eq!(sender.seen().len(), 1, "nobody knows any more whose it was");
}

/// The provider has a message and its person is erased before the provider has answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c7_a_message_on_its_way_during_an_erasure_reads_as_sent_to_the_number_that_was_used() {
    let (arrived, mut at_provider) = tokio::sync::mpsc::unbounded_channel();
    let (release, waits) = std::sync::mpsc::channel::<()>();
    let waits = std::sync::Mutex::new(waits);
    let upstream = Upstream::start(move |seen| {
        if seen.method == "POST" {
            arrived.send(()).unwrap();
            let _released = waits.lock().unwrap().recv_timeout(Duration::from_secs(20));
        }
        Say::json(201, &json!({"sid": "SM1", "to": NEW}))
    });
    let upstream = upstream.await;
    let running = with_twilio(&upstream, |_| (), Setup::default()).await;
    let owner = running.moved("Ada", OLD, NEW, Member::Everyone, false).await;
    let erased = async {
        at_provider.recv().await.unwrap();
        let (env, actor) = (&running.env, Actor::system());
        carry_out(env, || erase(env, &actor, owner, None)).await.unwrap();
        release.send(()).unwrap();
    };
    let (reply, ()) = tokio::join!(send(&running, OLD, &[]), erased);
    assert_eq!(reply.unwrap().json()["to"], OLD);
    let path = format!("/2010-04-01/Accounts/{TWILIO_SID}/Messages/SM1.json");
    assert_eq!(ask(&running, "GET", &path, SENDER_SECRET, "").await.unwrap().json()["to"], OLD);
}

/// A list by recipient is about the number that the sender used; a guess of the new number finds nothing of it.
#[tokio::test]
async fn a_list_by_recipient_finds_what_was_sent_to_that_number() {
    let upstream = far_end::twilio().await;
    let running = with_twilio(&upstream, |_| (), Setup::default()).await;
    send(&running, OLD, &[("Body", "before")]).await.unwrap();
    running.moved("Ada", OLD, NEW, Member::Everyone, false).await;
    for (to, body) in [(OLD, "after"), (NEW, "direct"), (OTHER, "other")] {
        send(&running, to, &[("Body", body)]).await.unwrap();
    }
    for (filter, found) in [
        (OLD, json!([[OLD, "before"], [OLD, "after"]])),
        (NEW, json!([[NEW, "direct"]])),
        (OTHER, json!([[OTHER, "other"]])),
        ("+14155550150", json!([])),
    ] {
        let path = format!("{}?{}", messages(), form(&[("To", filter), ("PageSize", "50")]));
        let listed = ask(&running, "GET", &path, SENDER_SECRET, "").await.unwrap().json();
        let items = listed["messages"].as_array().unwrap();
        let items: Vec<Value> = items.iter().map(|item| json!([item["to"], item["body"]])).collect();
        assert_eq!(json!(items), found, "{filter}");
        assert!(filter == NEW || !listed.to_string().contains("4155550199"), "{filter}: {listed}");
    }
}

/// Rule Q5: a callback that cannot be mapped back would tell the sender the new number, so the message goes on unchanged.
#[tokio::test]
async fn q5_a_callback_in_an_unusual_place_leads_to_no_new_number() {
    let upstream = far_end::twilio().await;
    let running = with_twilio(&upstream, |_| (), Setup::default()).await;
    running.moved("Ada", OLD, NEW, Member::Everyone, false).await;
    let own = ("StatusCallback", "https://sender.example/status");
    for (query, more, to) in [
        ("", vec![], NEW),
        ("", vec![own], NEW),
        ("", vec![own, own], NEW),
        ("?Page=1", vec![own], NEW),
        ("?StatusCallback=https%3A%2F%2Fsender.example", vec![], OLD),
        ("?Status%43allback=https%3A%2F%2Fsender.example", vec![own], OLD),
        ("", vec![("statuscallback", own.1)], OLD),
    ] {
        let body = form(&[&[("To", OLD), ("From", FROM), ("Body", "Hi")][..], &more].concat());
        let path = format!("{}{query}", messages());
        ask(&running, "POST", &path, SENDER_SECRET, &body).await.unwrap();
        let sent = upstream.seen().last().unwrap().form();
        assert_eq!(sent["To"], to, "{query} {more:?}");
        let told = sent.get("StatusCallback").is_none_or(|told| told.starts_with(&running.base));
        assert!(told || to == OLD, "{sent:?}");
    }
}

/// Rule C1: who may send by the account that our own codes leave by does not read them there.
#[tokio::test]
async fn c1_lists_of_an_account_show_senders_none_of_our_own_codes() {
    let upstream = far_end::twilio().await;
    let far = upstream.base.clone();
    let accounts = move |base: &str| {
        ["main", "sms"].map(|name| AccountOf { name, ..AccountOf::twilio(base, &far) }.make()).into_iter().collect()
    };
    let running = spawn(Setup { accounts: Box::new(accounts), ..Setup::default() }).await;
    // Its text messages leave by the account `sms`.
    running.gateway.sends_with(Live::new(notes::post(&notes::Given::default(), "https://redial.example")));
    let code = form(&[("To", OLD), ("From", FROM), ("Body", "482913 is your Redial code")]);
    let sid = ask(&running, "POST", &messages(), SENDER_SECRET, &code).await.unwrap().json()["sid"].clone();
    let one = format!("/2010-04-01/Accounts/{TWILIO_SID}/Messages/{}.json", sid.as_str().unwrap());
    for (account, path, status) in [
        ("main", messages(), 200),
        ("sms", messages(), 404),
        ("sms", format!("{}?To={OLD}", messages()), 404),
        ("sms", format!("/2010-04-01/Accounts/{TWILIO_SID}/Calls.json"), 404),
        ("sms", one, 200),
    ] {
        let request = http::Request::get(format!("{}/via/{account}{path}", running.base));
        let request = request.header("authorization", basic(TWILIO_SID, SENDER_SECRET)).body(Bytes::new()).unwrap();
        assert_eq!(client().send(request).await.unwrap().status(), status, "{account} {path}");
    }
}

/// Rule Q5: a reply comes from the number that was used wherever it is read; and no guess of the new number is told right.
#[tokio::test]
async fn q5_a_reply_reads_as_coming_from_the_number_that_was_used() {
    let reply = json!({"sid": "SM9", "from": NEW, "to": FROM, "body": "Yes", "direction": "inbound", "price": null});
    let upstream = Upstream::start(move |seen| match (seen.method.as_str(), seen.path()) {
        ("POST", _) => Say::json(201, &json!({"sid": "SM1", "from": FROM, "to": seen.form()["To"], "body": "Hi"})),
        (_, path) if path.ends_with("/Messages.json") => Say::json(200, &json!({"messages": [reply]})),
        _ => Say::json(200, &reply),
    })
    .await;
    let running = with_twilio(&upstream, |_| (), Setup::default()).await;
    running.moved("Ada", OLD, NEW, Member::Everyone, false).await;
    send(&running, OLD, &[]).await.unwrap();
    let fields = [("MessageSid", "SM9"), ("AccountSid", TWILIO_SID), ("From", NEW), ("To", FROM), ("Body", "Yes")];
    for _ in 0..2 {
        let url = format!("{}/hooks/main/inbound", running.base);
        let taken = client().send(signed_form(&url, TWILIO_TOKEN, &fields)).await.unwrap();
        assert_eq!(taken.status(), 200);
    }
    let read = async |path: &str| ask(&running, "GET", path, SENDER_SECRET, "").await.unwrap().json();
    let one = read(&format!("/2010-04-01/Accounts/{TWILIO_SID}/Messages/SM9.json")).await;
    assert_eq!((&one["from"], &one["to"]), (&json!(OLD), &json!(FROM)));
    for (query, from) in [
        (String::new(), vec![OLD]),
        (form(&[("PageSize", "50")]), vec![OLD]),
        (form(&[("To", FROM)]), vec![OLD]),
        (form(&[("From", NEW)]), vec![]),
        (form(&[("To", FROM), ("From", NEW)]), vec![]),
    ] {
        let list = read(&format!("{}?{query}", messages())).await;
        let found: Vec<&str> =
            list["messages"].as_array().unwrap().iter().map(|one| one["from"].as_str().unwrap()).collect();
        assert_eq!(found, from, "{query}");
    }
    let kept = running.store.substitutions_named("main", &["SM9".into()]).await.unwrap();
    assert_eq!(kept.len(), 1, "a webhook that comes twice is kept once");
}

/// Rule Q5: the leg to the new number is a call of its own at the provider.
#[tokio::test]
async fn q5_a_leg_of_a_connected_call_reads_as_going_to_the_number_that_was_used() {
    let leg = json!({"sid": "CA00000002", "parent_call_sid": "CA00000001", "from": FROM, "to": NEW, "price": "-0.01"});
    let other = json!({"sid": "CA00000003", "parent_call_sid": "CA00000009", "from": FROM, "to": OTHER, "price": null});
    let upstream = Upstream::start(move |seen| {
        let is_list = seen.path().ends_with("/Calls.json");
        Say::json(200, &if is_list { json!({"calls": [leg, other]}) } else { leg.clone() })
    })
    .await;
    let running = with_twilio(&upstream, |_| (), Setup::default()).await;
    running.moved("Ada", OLD, NEW, Member::Everyone, false).await;
    let fields = [
        ("CallSid", "CA00000001"),
        ("AccountSid", TWILIO_SID),
        ("CallStatus", "ringing"),
        ("Direction", "inbound"),
        ("From", FROM),
        ("To", OLD),
    ];
    let url = format!("{}/hooks/main/call", running.base);
    let document = client().send(signed_form(&url, TWILIO_TOKEN, &fields)).await.unwrap();
    assert!(String::from_utf8_lossy(document.body()).contains(NEW));
    let read = async |path: &str| {
        ask(&running, "GET", &format!("/2010-04-01/Accounts/{TWILIO_SID}/{path}"), SENDER_SECRET, "")
            .await
            .unwrap()
            .json()
    };
    assert_eq!(read("Calls/CA00000002.json").await["to"], OLD);
    let list = read("Calls.json").await;
    assert_eq!((&list["calls"][0]["to"], &list["calls"][0]["price"]), (&json!(OLD), &Value::Null));
    assert_eq!(list["calls"][1]["to"], OTHER);
    assert_eq!(
        read(&format!("Calls.json?{}", form(&[("To", NEW)]))).await["calls"].as_array().unwrap().len(),
        1,
        "a guess"
    );
}

#[tokio::test]
async fn a_created_call_rings_at_the_new_number() {
    let upstream = far_end::twilio().await;
    let running = with_twilio(&upstream, |_| (), Setup::default()).await;
    running.moved("Ada", OLD, NEW, Member::Everyone, true).await;
    let body = form(&[("To", "(415) 555-0123"), ("From", FROM), ("Url", "https://sender.example/twiml")]);
    let path = format!("/2010-04-01/Accounts/{TWILIO_SID}/Calls.json");
    let reply = ask(&running, "POST", &path, SENDER_SECRET, &body).await.unwrap();
    assert_eq!(upstream.wait(1).await.form()["To"], NEW);
    assert!(upstream.seen()[0].form()["Url"].starts_with(&format!("{}/hooks/main/call/sub_", running.base)));
    assert_eq!(reply.json()["to"], "(415) 555-0123", "as the sender wrote it");
}

/// Rule Q5: what may only be forwarded works where the credentials are the operator's.
#[tokio::test]
async fn whose_credentials_they_are_decides_what_forward_only_means() {
    for (custody, reveal, to) in [
        (Custody::Operator, false, NEW),
        (Custody::Operator, true, NEW),
        (Custody::Sender, false, OLD),
        (Custody::Sender, true, NEW),
    ] {
        let upstream = far_end::twilio().await;
        let running = with(&upstream, custody, |_| (), Setup::default()).await;
        let member = Member::Application(Account::app_id("main"));
        running.moved("Ada", OLD, NEW, member, reveal).await;
        let body = form(&[("To", OLD), ("From", FROM), ("Body", "Hi")]);
        let secret = if custody == Custody::Sender { TWILIO_TOKEN } else { SENDER_SECRET };
        let reply = ask(&running, "POST", &messages(), secret, &body).await.unwrap();
        assert_eq!(upstream.wait(1).await.form()["To"], to, "{custody:?}, revealed: {reveal}");
        assert_eq!(reply.json()["to"], OLD);
        // What is heard in a call is the sender's to say, and the provider tells its addresses whom it has called.
        let body = form(&[
            ("To", OLD),
            ("From", FROM),
            ("Twiml", "<Response><Redirect>https://own.example</Redirect></Response>"),
        ]);
        let path = format!("/2010-04-01/Accounts/{TWILIO_SID}/Calls.json");
        let reply = ask(&running, "POST", &path, secret, &body).await.unwrap();
        assert_eq!(upstream.wait(2).await.form()["To"], if reveal { NEW } else { OLD }, "{custody:?}: a call");
        assert_eq!(reply.json()["to"], OLD);
    }
}

#[tokio::test]
async fn what_is_not_to_be_redirected_is_not() {
    let upstream = far_end::twilio().await;
    let running = with_twilio(&upstream, |_| (), Setup::default()).await;
    running.moved("Ada", OLD, NEW, Member::Everyone, false).await;
    running.moved("Bob", "+14155550120", "+442079460018", Member::Everyone, false).await;
    for (fields, why) in [
        (&[("To", OLD), ("Body", "Your code is 482913")][..], "a one-time code (Q8)"),
        (&[("To", OLD), ("Body", "Hi"), ("MessageIntent", "otp")], "a one-time code by its own word (Q8)"),
        (&[("To", OLD), ("Body", "Hi"), ("From", NEW)], "the new number's own message (Q12)"),
        (&[("To", "+14155550120"), ("Body", "Hi")], "another country (Q12)"),
        (&[("To", "40404"), ("Body", "Hi")], "a short code (Q1)"),
        (&[("To", "nobody"), ("Body", "Hi")], "no number (Q1)"),
        (&[("Body", "Hi")], "no recipient"),
    ] {
        let body = form(fields);
        ask(&running, "POST", &messages(), SENDER_SECRET, &body).await.unwrap();
        assert_eq!(upstream.seen().last().unwrap().body, body, "{why}");
    }
    let marked = http::Request::post(format!("{}/via/main{}", running.base, messages()))
        .header("authorization", basic(TWILIO_SID, SENDER_SECRET))
        .header("content-type", "application/x-www-form-urlencoded")
        .header(redial::provider::MARKER, "1")
        .body(Bytes::from(form(&[("To", OLD), ("Body", "Hi")])))
        .unwrap();
    client().send(marked).await.unwrap();
    assert_eq!(upstream.seen().last().unwrap().form()["To"], OLD, "substituted once already (Q12)");
}

/// Who has stopped messages at the old number gets none at the new one, by whatever way they would come.
#[tokio::test]
async fn q9_an_opt_out_at_the_old_number_holds_at_the_new_one() {
    let upstream = far_end::twilio().await;
    let running = with_twilio(&upstream, |_| (), Setup::default()).await;
    running.moved("Ada", OLD, NEW, Member::Everyone, false).await;
    let at = running.clock.now().before(Duration::from_hours(24));
    let address = phone::parse(OLD, None).unwrap();
    let key = address.key().into();
    let out = OptOut { address, owner: None, at, way: "STOP".into() };
    for (effect, to) in [(Effect::OptedOut(out), OLD), (Effect::OptedIn { key, owner: None }, NEW)] {
        running.store.commit(Commit { effects: vec![effect], ..Commit::default() }).await.unwrap();
        send(&running, OLD, &[]).await.unwrap();
        assert_eq!(upstream.seen().last().unwrap().form()["To"], to);
    }
}

#[tokio::test]
async fn an_account_for_codes_is_never_redirected() {
    let upstream = far_end::twilio().await;
    let running = with_twilio(&upstream, |account| account.identity_bound = true, Setup::default()).await;
    running.moved("Ada", OLD, NEW, Member::Everyone, false).await;
    send(&running, OLD, &[]).await.unwrap();
    assert_eq!(upstream.wait(1).await.form()["To"], OLD);
}

/// The rest passes byte for byte, both ways.
#[tokio::test]
async fn what_is_not_substituted_passes_as_it_is() {
    let reply =
        b"HTTP/1.1 203 Oh\r\nX-Own: a, b\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab\0\xffz\r\n0\r\n\r\n".to_vec();
    let upstream = Upstream::start(move |_| Say::Raw(reply.clone())).await;
    let running = with(&upstream, Custody::Sender, |_| (), Setup::default()).await;
    let body = "To=%2b14155550123&&Body=a+b%20c&=&x";
    let targets = [
        ("POST", messages(), body.to_owned()),
        ("PUT", "/v9//odd/../path/?q='x'&r=%7e&&s=".to_owned(), "\u{1}raw".repeat(40_000)),
        ("DELETE", "/trailing/".to_owned(), String::new()),
    ];
    for (at, (method, target, body)) in targets.into_iter().enumerate() {
        let mut socket = TcpStream::connect(running.base.trim_start_matches("http://")).await.unwrap();
        let head = format!(
            "{method} /via/main{target} HTTP/1.1\r\nhost: redial\r\nauthorization: {}\r\ncontent-length: {}\r\n\
             x-own: one\r\nx-own: two\r\nconnection: close, x-hop\r\nx-hop: gone\r\n\r\n",
            basic(TWILIO_SID, TWILIO_TOKEN),
            body.len()
        );
        socket.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).await.unwrap();
        let text = String::from_utf8_lossy(&answer);
        assert!(text.starts_with("HTTP/1.1 203 ") && text.contains("x-own: a, b\r\n"), "{text}");
        assert!(answer.windows(5).any(|window| window == b"ab\0\xffz"), "{text}");
        let seen = upstream.wait(at + 1).await;
        assert_eq!((seen.method.as_str(), &seen.target, &seen.body[..]), (method, &target, body.as_bytes()));
        let own: Vec<_> = seen.headers.get_all("x-own").iter().collect();
        assert_eq!(own, ["one", "two"]);
        assert!(!seen.headers.contains_key("x-hop"));
    }
}

/// Rule Q5: with the operator's credentials only what can be mapped back is offered.
#[tokio::test]
async fn a_sender_reads_nothing_more_with_the_operators_credentials() {
    let upstream = Upstream::start(|_| Say::json(200, &json!({"auth_token": TWILIO_TOKEN}))).await;
    let running = with_twilio(&upstream, |_| (), Setup::default()).await;
    for path in [
        format!("/2010-04-01/Accounts/{TWILIO_SID}.json"),
        format!("/2010-04-01/Accounts/{TWILIO_SID}/Messages"),
        "/2010-04-01/Accounts/AC00000000000000000000000000000002/Messages.json".to_owned(),
        format!("/2010-04-01/Accounts/{TWILIO_SID}//Messages.json"),
    ] {
        let reply = ask(&running, "GET", &path, SENDER_SECRET, "").await.unwrap();
        assert_eq!((reply.status, &reply.json()["code"]), (404, &json!(20404)), "{path}");
    }
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn unknown_credentials_get_the_providers_own_answer_and_nothing_goes_upstream() {
    let upstream = far_end::twilio().await;
    let running = with_twilio(&upstream, |_| (), Setup::default()).await;
    for (method, path) in [("POST", messages()), ("GET", "/anything/else".to_owned())] {
        for secret in ["wrong", TWILIO_TOKEN, ""] {
            let reply = ask(&running, method, &path, secret, "To=x").await.unwrap();
            assert_eq!((reply.status, &reply.json()["code"]), (401, &json!(20003)), "{method} {path} {secret}");
        }
    }
    let bare = http::Request::get(format!("{}/via/main{}", running.base, messages())).body(Bytes::new()).unwrap();
    assert_eq!(client().send(bare).await.unwrap().status(), 401);
    assert!(upstream.seen().is_empty());
    let unknown = http::Request::get(format!("{}/via/nobody/x", running.base)).body(Bytes::new()).unwrap();
    let reply = client().send(unknown).await.unwrap();
    assert_eq!(reply.status(), 404);
    assert_eq!(reply.headers()["content-type"], "application/problem+json");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_in_the_providers_shape() {
    let upstream = far_end::twilio().await;
    let running = with_twilio(&upstream, |_| (), Setup { body_limit: 100, ..Setup::default() }).await;
    let reply = send(&running, OLD, &[("x", &"y".repeat(200))]).await.unwrap();
    assert_eq!((reply.status, reply.json()["status"].as_u64()), (413, Some(413)));
    assert!(upstream.seen().is_empty());
}

/// Whether a number moved or not, what the upstream does is passed on as it is.
#[tokio::test]
async fn an_upstream_in_trouble_is_passed_on_as_it_is() {
    for to in [OLD, OTHER] {
        let fail = |say: Say| async move {
            let upstream = Upstream::start(move |_| say.clone()).await;
            let running = with_twilio(
                &upstream,
                |_| (),
                Setup { upstream_timeout: Duration::from_millis(100), ..Setup::default() },
            )
            .await;
            running.moved("Ada", OLD, NEW, Member::Everyone, false).await;
            send(&running, to, &[]).await
        };
        let reply = fail(Say::Reply(500, "text/html", "<h1>Oh no</h1>".to_owned())).await.unwrap();
        assert_eq!((reply.status, &reply.body[..]), (500, &b"<h1>Oh no</h1>"[..]));
        let reply = fail(Say::Reply(200, "application/json", "{\"sid\": ".to_owned())).await.unwrap();
        assert_eq!((reply.status, &reply.body[..]), (200, &b"{\"sid\": "[..]));
        let reply = fail(Say::Never).await.unwrap();
        assert_eq!((reply.status, &reply.json()["code"]), (504, &json!(20500)), "slow");
        for silent in [
            Say::Reset,
            Say::Raw(b"\x00\x01\x02 garbage\r\n\r\n".to_vec()),
            Say::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"sid\"".to_vec()),
        ] {
            assert!(matches!(fail(silent.clone()).await, Err(Failure::Unknown(_))), "{silent:?}");
        }
    }
}

#[tokio::test]
async fn an_upstream_that_cannot_be_reached_is_said_so_in_the_providers_shape() {
    let mut upstream = far_end::twilio().await;
    // Nobody listens on a port that was just given back.
    upstream.base =
        format!("http://{}", tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap());
    let running = with_twilio(&upstream, |_| (), Setup::default()).await;
    running.moved("Ada", OLD, NEW, Member::Everyone, false).await;
    for to in [OLD, OTHER] {
        let reply = send(&running, to, &[]).await.unwrap();
        assert_eq!((reply.status, &reply.json()["code"]), (502, &json!(20500)));
    }
}

/// An error that names the number names the one that the sender used.
#[tokio::test]
async fn the_new_number_is_in_no_error_either() {
    let upstream = Upstream::start(|_| {
        Say::json(
            400,
            &json!({"code": 21211, "message": format!("The 'To' number {NEW} is not valid."), "status": 400}),
        )
    })
    .await;
    let running = with_twilio(&upstream, |_| (), Setup::default()).await;
    running.moved("Ada", OLD, NEW, Member::Everyone, false).await;
    let reply = send(&running, OLD, &[]).await.unwrap();
    assert_eq!(
        (reply.status, reply.json()["message"].as_str()),
        (400, Some(&*format!("The 'To' number {OLD} is not valid.")))
    );
}

#[tokio::test]
async fn an_account_answers_under_its_own_host_name() {
    let upstream = far_end::twilio().await;
    let running =
        with_twilio(&upstream, |account| account.host = Some("api.gateway.example".into()), Setup::default()).await;
    running.moved("Ada", OLD, NEW, Member::Everyone, false).await;
    let request = http::Request::post(format!("{}{}", running.base, messages()))
        .header("host", "API.gateway.example:8443")
        .header("authorization", basic(TWILIO_SID, SENDER_SECRET))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Bytes::from(form(&[("To", OLD), ("From", FROM), ("Body", "Hi")])))
        .unwrap();
    let reply = client().send(request).await.unwrap();
    assert_eq!((reply.status().as_u16(), upstream.wait(1).await.form()["To"].as_str()), (201, NEW));
}

/// The sender's program gives up while the provider takes its time: reports and reads must still be mapped back.
#[tokio::test]
async fn a_sender_that_hangs_up_does_not_lose_the_providers_id() {
    let (release, waits) = std::sync::mpsc::channel::<()>();
    let waits = std::sync::Mutex::new(waits);
    let upstream = Upstream::start(move |_| {
        let _released = waits.lock().unwrap().recv_timeout(Duration::from_secs(20));
        Say::json(201, &json!({"sid": "SM1", "to": NEW}))
    });
    let upstream = upstream.await;
    let mut running = with_twilio(&upstream, |_| (), Setup::default()).await;
    running.moved("Ada", OLD, NEW, Member::Everyone, false).await;
    let mut socket = TcpStream::connect(running.base.trim_start_matches("http://")).await.unwrap();
    let body = form(&[("To", OLD), ("From", FROM), ("Body", "Hi")]);
    let head = format!(
        "POST /via/main{} HTTP/1.1\r\nhost: redial\r\nauthorization: {}\r\ncontent-type: application/x-www-form-urlencoded\
         \r\ncontent-length: {}\r\n\r\n{body}",
        messages(),
        basic(TWILIO_SID, SENDER_SECRET),
        body.len()
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    while running.gateway.tasks.is_empty() {
        tokio::task::yield_now().await;
    }
    drop(socket);
    release.send(()).unwrap();
    running.stop().await;
    let rows = running.store.substitutions_named("main", &["SM1".into()]).await.unwrap();
    assert_eq!(rows.len(), 1);
}

/// W2, Q5: the report reaches the sender's own address with the number that the sender used and a fresh signature, and
/// is tried again when that address fails.
#[tokio::test]
async fn a_report_reaches_the_sender_with_the_used_number() {
    let calls = std::sync::atomic::AtomicU32::new(0);
    let sender = Upstream::start(move |_| match calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
        0 => Say::empty(503),
        1 => Say::Reset,
        _ => Say::empty(204),
    })
    .await;
    let upstream = far_end::twilio().await;
    let mut running = with_twilio(&upstream, |_| (), Setup::default()).await;
    running.moved("Ada", OLD, NEW, Member::Everyone, false).await;
    let own = format!("{}/report?order=7", sender.base);
    let reply = send(&running, OLD, &[("StatusCallback", &own)]).await.unwrap().json();
    let ours = upstream.wait(1).await.form()["StatusCallback"].clone();
    let fields = [
        ("MessageSid", reply["sid"].as_str().unwrap()),
        ("MessageStatus", "delivered"),
        ("To", NEW),
        ("From", FROM),
        ("AccountSid", TWILIO_SID),
        ("ToCity", "SAN FRANCISCO"),
    ];
    let status = client().send(signed_form(&ours, TWILIO_TOKEN, &fields)).await.unwrap().status();
    assert_eq!(status, 204, "acknowledged at once");
    sender.wait(3).await;
    let status = client().send(signed_form(&ours, TWILIO_TOKEN, &fields)).await.unwrap().status();
    assert_eq!(status, 204, "a report that comes again is taken, and does not go on again");
    running.stop().await;
    let seen = sender.seen();
    assert_eq!(seen.len(), 3, "tried until it was taken, and no longer");
    for one in seen {
        assert_eq!((one.target.as_str(), one.form()["To"].as_str()), ("/report?order=7", OLD));
        assert!(!one.form().contains_key("ToCity"), "no place of the new number");
        let pairs: Vec<(String, String)> = one.form().into_iter().collect();
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let expected = signed_form(&own, SENDER_SECRET, &pairs);
        assert_eq!(one.header("x-twilio-signature"), expected.headers()["x-twilio-signature"].to_str().unwrap());
    }
}

/// W2: a sender's URL leads into the operator's own network only where the operator allows it.
#[tokio::test]
async fn w2_a_senders_url_in_the_operators_network_is_not_called() {
    let sender = Upstream::start(|_| Say::empty(204)).await;
    let upstream = far_end::twilio().await;
    for (allowed, calls) in [(false, 0), (true, 1)] {
        let change = move |account: &mut Account| account.private_callbacks = allowed;
        let mut running = with_twilio(&upstream, change, Setup::default()).await;
        running.moved("Ada", OLD, NEW, Member::Everyone, false).await;
        let own = format!("{}/report", sender.base);
        let reply = send(&running, OLD, &[("StatusCallback", &own)]).await.unwrap().json();
        let ours = upstream.seen().last().unwrap().form()["StatusCallback"].clone();
        let sid = reply["sid"].as_str().unwrap();
        let fields = [
            ("MessageSid", sid),
            ("MessageStatus", "delivered"),
            ("To", NEW),
            ("From", FROM),
            ("AccountSid", TWILIO_SID),
        ];
        let status = client().send(signed_form(&ours, TWILIO_TOKEN, &fields)).await.unwrap().status();
        assert_eq!(status, 204, "the provider learns nothing of it");
        running.stop().await;
        assert_eq!(sender.seen().len(), calls, "allowed: {allowed}");
    }
}

/// Twilio fetches a call's instructions through Redial: the sender's application sees the used number, Twilio its
/// document.
#[tokio::test]
async fn a_calls_instructions_come_from_the_senders_own_application() {
    let sender = Upstream::start(|_| Say::xml("<Response><Gather action=\"/pin\"/></Response>")).await;
    let upstream = far_end::twilio().await;
    let running = with_twilio(&upstream, |_| (), Setup::default()).await;
    running.moved("Ada", OLD, NEW, Member::Everyone, true).await;
    let body = form(&[("To", OLD), ("From", FROM), ("Url", &format!("{}/voice/start", sender.base))]);
    let path = format!("/2010-04-01/Accounts/{TWILIO_SID}/Calls.json");
    ask(&running, "POST", &path, SENDER_SECRET, &body).await.unwrap();
    let ours = upstream.wait(1).await.form()["Url"].clone();
    let fields =
        [("CallSid", "CA1"), ("To", NEW), ("From", FROM), ("AccountSid", TWILIO_SID), ("Direction", "outbound-api")];
    let document = client().send(signed_form(&ours, TWILIO_TOKEN, &fields)).await.unwrap();
    let wanted = format!("<Response><Gather action=\"{}/pin\"/></Response>", sender.base);
    assert_eq!(std::str::from_utf8(document.body()).unwrap(), wanted, "what is relative is so to the application");
    assert_eq!(sender.wait(1).await.form()["To"], OLD);
}

#[tokio::test]
async fn a_reference_leads_only_where_it_belongs() {
    let upstream = far_end::twilio().await;
    let running = with_twilio(&upstream, |_| (), Setup::default()).await;
    let fields =
        [("MessageSid", "SM1"), ("MessageStatus", "sent"), ("To", NEW), ("From", FROM), ("AccountSid", TWILIO_SID)];
    let unknown = SubstitutionId(1);
    for (path, status) in [
        (format!("status/{unknown}-0"), 204),
        ("status".to_owned(), 204),
        (format!("call/{unknown}-0"), 404),
        (format!("inbound/{unknown}-0"), 404),
        ("status/nonsense".to_owned(), 404),
    ] {
        let url = format!("{}/hooks/main/{path}", running.base);
        let found = client().send(signed_form(&url, TWILIO_TOKEN, &fields)).await.unwrap().status();
        assert_eq!(found, status, "{path}");
    }
}

/// Rule Q7: Redial is never the reason that a message does not arrive.
#[tokio::test]
async fn a_slow_or_broken_store_leaves_the_message_as_it_is() {
    for broken in [true, false] {
        let upstream = far_end::twilio().await;
        let deadline = |account: &mut Account| account.deadline = Duration::from_millis(300);
        let running = with_twilio(&upstream, deadline, Setup::default()).await;
        running.moved("Ada", OLD, NEW, Member::Everyone, false).await;
        let lock = (!broken).then(|| running.lock());
        if broken {
            running.sqlite.crash_before(1);
        }
        let reply = send(&running, OLD, &[]).await.unwrap();
        assert_eq!((reply.status, upstream.wait(1).await.form()["To"].as_str()), (201, OLD), "broken: {broken}");
        if !broken {
            drop(lock);
            running.commit(Vec::new()).await;
            send(&running, OLD, &[]).await.unwrap();
            assert_eq!(upstream.seen().last().unwrap().form()["To"], NEW, "and works again");
        }
    }
}

/// A read can wait: where it cannot be mapped back, the sender gets an error and no new number.
#[tokio::test]
async fn a_reply_that_cannot_be_mapped_back_is_not_shown() {
    let upstream = far_end::twilio().await;
    let running = with_twilio(&upstream, |_| (), Setup::default()).await;
    running.moved("Ada", OLD, NEW, Member::Everyone, false).await;
    let sid = send(&running, OLD, &[]).await.unwrap().json()["sid"].as_str().unwrap().to_owned();
    running.lock().execute_batch("DROP TABLE substitution; COMMIT").unwrap();
    for path in [format!("/2010-04-01/Accounts/{TWILIO_SID}/Messages/{sid}.json"), messages()] {
        let read = ask(&running, "GET", &path, SENDER_SECRET, "").await.unwrap();
        assert_eq!((read.status, &read.json()["code"]), (502, &json!(20500)), "{path}");
    }
}
