//! A report says that a number is dead, and the message is sent once more (rule Q6, *after*).

use crate::{
    far_end,
    hooks::signed_form,
    sdk::{Sdk, TWILIO},
    spawn::{AccountOf, Running, SENDER_SECRET, Setup, TWILIO_SID, TWILIO_TOKEN, spawn},
    upstream::{Say, Seen, Upstream},
    via::{FROM, NEW, OLD, client, form, messages},
};
use redial::{
    domain::{group::Member, id::PassedId},
    provider::Custody,
    store::Fate,
    usecase::explain::{Explained, explain, fate},
};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

const FIRST: &str = "SM00000000000000000000000000000000";
const SECOND: &str = "SM00000000000000000000000000000001";

/// A Redial with an account that wants messages sent once more, and who gets the sender's reports.
struct World {
    running: Running,
    upstream: Upstream,
    sender: Upstream,
}

impl World {
    async fn new() -> Self {
        Self::with(far_end::twilio().await, Custody::Operator).await
    }

    async fn with(upstream: Upstream, custody: Custody) -> Self {
        let far = upstream.base.clone();
        let accounts = move |base: &str| {
            let mut account = AccountOf { custody, ..AccountOf::twilio(base, &far) }.make();
            account.after = true;
            vec![account]
        };
        let running = spawn(Setup { accounts: Box::new(accounts), ..Setup::default() }).await;
        Self { running, upstream, sender: Upstream::start(|_| Say::empty(204)).await }
    }

    fn callback(&self) -> String {
        format!("{}/report?order=7", self.sender.base)
    }

    async fn send(&self, more: &[(&str, &str)]) -> Value {
        let callback = self.callback();
        let fields = [&[("To", OLD), ("From", FROM), ("StatusCallback", &*callback)], more].concat();
        self.ask("POST", &messages(), form(&fields)).await
    }

    async fn ask(&self, method: &str, path: &str, body: String) -> Value {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("{}/via/main{path}", self.running.base))
            .header("authorization", crate::via::basic(TWILIO_SID, SENDER_SECRET))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.into())
            .unwrap();
        serde_json::from_slice(client().send(request).await.unwrap().body()).unwrap()
    }

    /// What left for the provider, sends only.
    fn sent(&self) -> Vec<Seen> {
        self.upstream.seen().into_iter().filter(|seen| seen.method == "POST").collect()
    }

    /// A report on the message that left at this position.
    async fn report(&self, at: usize, id: &str, status: &str, code: &str) -> u16 {
        let sent = self.sent()[at].form();
        let url = sent["StatusCallback"].clone();
        self.report_to(&url, &sent["To"], id, status, code).await
    }

    async fn report_to(&self, url: &str, to: &str, id: &str, status: &str, code: &str) -> u16 {
        let fields = [
            ("MessageSid", id),
            ("MessageStatus", status),
            ("ErrorCode", code),
            ("To", to),
            ("From", FROM),
            ("AccountSid", TWILIO_SID),
        ];
        client().send(signed_form(url, TWILIO_TOKEN, &fields)).await.unwrap().status().as_u16()
    }

    async fn moved(&self) {
        self.running.moved("Ada", OLD, NEW, Member::Everyone, false).await;
    }

    fn id(&self) -> PassedId {
        let url = self.sent()[0].form()["StatusCallback"].clone();
        url.rsplit_once('/').unwrap().1.split('-').next().unwrap().parse().unwrap()
    }

    async fn fate(&self) -> Fate {
        self.running.store.passed(self.id()).await.unwrap().unwrap().fate
    }
}

#[tokio::test]
async fn a_message_whose_number_is_dead_goes_once_more_to_the_new_one() {
    let world = World::new().await;
    let reply = world.send(&[("Body", "Dinner at eight?")]).await;
    let ours = world.sent()[0].form()["StatusCallback"].clone();
    assert!(ours.starts_with(&format!("{}/hooks/main/status/psd_", world.running.base)), "{ours}");
    assert_eq!(world.sent()[0].header("redial-substituted"), "", "nothing was substituted");
    assert_eq!((&reply["sid"], &reply["to"]), (&json!(FIRST), &json!(OLD)));
    assert_eq!(world.report(0, FIRST, "sent", "").await, 204);
    assert_eq!(world.sender.wait(1).await.form()["MessageStatus"], "sent", "what is not final is told");

    world.moved().await;
    assert_eq!(world.report(0, FIRST, "undelivered", "30006").await, 204);
    let again = world.sent()[1].form();
    assert_eq!((&*again["To"], &*again["From"], &*again["Body"]), (NEW, FROM, "Dinner at eight?"));
    assert_eq!(world.sent()[1].header("redial-substituted"), "1", "once only, also elsewhere (Q12)");
    assert!(matches!(world.fate().await, Fate::SentAgain(_)));
    let explained = explain(&world.running.env, &world.id().to_string(), &[]).await.unwrap();
    let Explained::Passed(passed, Some(again)) = &explained else { panic!("{explained:?}") };
    assert_eq!((passed.used.wire(), again.connected.wire()), (OLD, NEW));
    assert!(fate(&passed.fate).contains(&again.id.to_string()));
    let accounts = ["other".into(), "main".into()];
    let by_provider = async |id: &str| explain(&world.running.env, id, &accounts).await;
    assert_eq!(by_provider(FIRST).await.unwrap(), explained);
    assert!(matches!(by_provider(SECOND).await.unwrap(), Explained::Substitution(found, _) if found.id == again.id));
    assert!(by_provider("SM0").await.unwrap_err().to_string().contains("qry_"));

    assert_eq!(world.report(1, SECOND, "delivered", "").await, 204);
    let told = world.sender.wait(2).await.form();
    let told = ["MessageSid", "MessageStatus", "To"].map(|name| told[name].clone());
    assert_eq!(told, [FIRST, "delivered", OLD], "the report of the second stands in the place of the first one's");

    let path = format!("/2010-04-01/Accounts/{TWILIO_SID}/Messages/{FIRST}.json");
    let read = world.ask("GET", &path, String::new()).await;
    assert_eq!((&read["sid"], &read["to"], &read["price"]), (&json!(FIRST), &json!(OLD), &Value::Null));
    assert!(world.upstream.seen().last().unwrap().path().contains(SECOND), "read where it arrived");
    assert!(!read.to_string().contains("4155550199") && !read.to_string().contains(SECOND), "{read}");

    // Rule W1: it counts once, however often it comes.
    for _ in 0..2 {
        assert_eq!(world.report(0, FIRST, "undelivered", "30006").await, 204);
    }
    assert_eq!(world.sent().len(), 2);
    assert_eq!(world.sender.seen().len(), 2, "no failure reaches the sender");
    // A dead new number is not looked for any further: one substitution for each communication (Q12).
    assert_eq!(world.report(1, SECOND, "undelivered", "30006").await, 204);
    assert_eq!(world.sender.wait(3).await.form()["MessageStatus"], "undelivered");
    assert_eq!(world.sent().len(), 2);
}

#[tokio::test]
async fn what_is_not_to_go_once_more_does_not_and_its_sender_hears() {
    for (rule, body, moved, status, code, why) in [
        ("nobody moved", "Hi", false, "undelivered", "30006", Some("nobody is known to have left that number")),
        (
            "a picture is not read back",
            "MEDIA",
            true,
            "undelivered",
            "30005",
            Some("its text is not there, or not all of it"),
        ),
        ("another failure", "Hi", true, "undelivered", "30007", None),
        ("it arrived", "Hi", true, "delivered", "", None),
    ] {
        let upstream = far_end::twilio_with(|item| {
            if item["body"] == "MEDIA" {
                item["num_media"] = json!("1");
            }
        })
        .await;
        let world = World::with(upstream, Custody::Operator).await;
        world.send(&[("Body", body)]).await;
        if moved {
            world.moved().await;
        }
        for _ in 0..2 {
            assert_eq!(world.report(0, FIRST, status, code).await, 204);
        }
        assert_eq!(world.sender.wait(2).await.form()["MessageStatus"], status, "{rule}");
        assert_eq!(world.sent().len(), 1, "{rule}");
        assert_eq!(world.fate().await, why.map_or(Fate::Waiting, |why| Fate::Left(why.into())), "{rule}");
    }
}

/// Rules Q8, Q5 (what may only be forwarded stays where it is, if the sender could see it), and what the account wants.
#[tokio::test]
async fn some_messages_are_not_even_remembered() {
    let world = World::new().await;
    let reply = world.send(&[("Body", "Your code is 482913")]).await;
    assert_eq!(reply["sid"], FIRST);
    assert_eq!(world.sent()[0].form()["StatusCallback"], world.callback(), "byte for byte");
    let world = World::with(far_end::twilio().await, Custody::Sender).await;
    let (callback, own) = (world.callback(), crate::via::basic(TWILIO_SID, TWILIO_TOKEN));
    let request = http::Request::post(format!("{}/via/main{}", world.running.base, messages()))
        .header("authorization", own)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form(&[("To", OLD), ("From", FROM), ("Body", "Hi"), ("StatusCallback", &callback)]).into())
        .unwrap();
    client().send(request).await.unwrap();
    world.moved().await;
    assert_eq!(world.report(0, FIRST, "undelivered", "30006").await, 204);
    assert_eq!(world.sender.wait(1).await.form()["MessageStatus"], "undelivered");
    assert_eq!(world.fate().await, Fate::Left("the query said no".into()));
    let keys = [OLD.into()];
    assert!(
        world.running.store.unreachable(&keys).await.unwrap().is_empty(),
        "who could write the report ends nothing"
    );
}

/// A report of somebody else's message, and a report that is not signed, mean nothing (W1).
#[tokio::test]
async fn a_report_counts_for_the_message_that_was_sent() {
    let world = World::new().await;
    world.send(&[("Body", "Hi")]).await;
    world.moved().await;
    let ours = world.sent()[0].form()["StatusCallback"].clone();
    assert_eq!(world.report(0, SECOND, "undelivered", "30006").await, 204, "another message's id");
    world.sender.wait(1).await;
    let made_up = format!("{}/hooks/main/status/{}-0", world.running.base, PassedId(7));
    assert_eq!(world.report_to(&made_up, OLD, FIRST, "undelivered", "30006").await, 204);
    let unsigned = signed_form(&ours, "wrong", &[("MessageSid", FIRST), ("MessageStatus", "undelivered")]);
    assert_eq!(client().send(unsigned).await.unwrap().status(), 403);
    assert_eq!((world.sent().len(), world.fate().await), (1, Fate::Waiting));
    // By the provider's id alone, where it has one address for all reports.
    let all = format!("{}/hooks/main/status", world.running.base);
    assert_eq!(world.report_to(&all, OLD, FIRST, "undelivered", "30006").await, 204);
    assert_eq!(world.sent()[1].form()["To"], NEW);
    let dead = world.running.store.unreachable(&[OLD.into()]).await.unwrap();
    assert_eq!(&*dead[0].way, "report:main:30006");
}

/// What the provider makes of the second request: it leaves once, or nobody knows.
#[tokio::test]
async fn the_second_request_leaves_once_or_nobody_knows() {
    let error = json!({"code": 21211, "message": "Invalid", "more_info": "", "status": 400});
    for (say, told, sent_again) in [
        (Say::Reset, false, true),
        (Say::json(400, &error), true, false),
        (Say::json(503, &json!({})), true, false),
        (Say::Reply(201, "application/json", "{".to_owned()), false, true),
    ] {
        let (posts, answer) = (Arc::new(AtomicUsize::new(0)), say.clone());
        let counted = Arc::clone(&posts);
        let upstream = Upstream::start(move |seen| {
            if seen.method == "GET" {
                return Say::json(200, &json!({"sid": FIRST, "body": "Hi", "from": FROM, "num_media": "0"}));
            }
            match counted.fetch_add(1, Ordering::SeqCst) {
                0 => Say::json(201, &json!({"sid": FIRST, "to": OLD})),
                _ => answer.clone(),
            }
        })
        .await;
        let world = World::with(upstream, Custody::Operator).await;
        world.send(&[("Body", "Hi")]).await;
        world.moved().await;
        for _ in 0..3 {
            assert_eq!(world.report(0, FIRST, "undelivered", "30006").await, 204);
        }
        assert_eq!(posts.load(Ordering::SeqCst), 2, "{say:?}");
        assert_eq!(matches!(world.fate().await, Fate::SentAgain(_)), sent_again, "{say:?}");
        if told {
            assert_eq!(world.sender.wait(3).await.form()["MessageStatus"], "undelivered", "{say:?}");
        } else {
            assert!(world.sender.seen().is_empty(), "{say:?}");
        }
    }
}

/// A store that fails before it is written that the message goes again: the provider repeats the report.
#[tokio::test]
async fn a_store_that_fails_leaves_the_report_to_be_repeated() {
    let world = World::new().await;
    world.send(&[("Body", "Hi")]).await;
    world.moved().await;
    world.running.sqlite.crash_before(1);
    assert_ne!(world.report(0, FIRST, "undelivered", "30006").await, 204);
    assert_eq!(world.sent().len(), 1, "nothing leaves that is not written");
    assert!(world.sender.seen().is_empty());
}

#[tokio::test]
async fn a_twilio_sdk_sees_one_message() {
    for sdk in TWILIO {
        let world = World::new().await;
        let given = |secret: &str, commands: Value| {
            let base = format!("{}/via/main", world.running.base);
            json!({"base": base, "user": TWILIO_SID, "secret": secret, "commands": commands})
        };
        let run = async |secret: &str, commands: Value| Sdk::run(sdk, &given(secret, commands)).await;
        let send =
            json!([{"do": "send", "to": OLD, "from": FROM, "text": "Grüße, 世界", "callback": world.callback()}]);
        let Some(done) = run(SENDER_SECRET, send).await else { continue };
        assert_eq!((&done[0]["id"], &done[0]["to"]), (&json!(FIRST), &json!(OLD)), "{sdk:?}");
        world.moved().await;
        let url = world.sent()[0].form()["StatusCallback"].clone();
        let params = json!({
            "MessageSid": FIRST, "MessageStatus": "undelivered", "ErrorCode": "30005", "To": OLD, "From": FROM,
            "AccountSid": TWILIO_SID,
        });
        let signed = run(TWILIO_TOKEN, json!([{"do": "sign", "url": url, "params": params}])).await.unwrap();
        let fields: Vec<(&str, &str)> =
            params.as_object().unwrap().iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
        let mut report = signed_form(&url, "another", &fields);
        report.headers_mut().insert("x-twilio-signature", signed[0].as_str().unwrap().parse().unwrap());
        assert_eq!(client().send(report).await.unwrap().status(), 204, "{sdk:?}");
        let again = world.sent()[1].form();
        assert_eq!((&*again["To"], &*again["Body"]), (NEW, "Grüße, 世界"), "{sdk:?}");

        assert_eq!(world.report(1, SECOND, "delivered", "").await, 204);
        let got = world.sender.wait(1).await;
        assert_eq!((&*got.form()["MessageSid"], &*got.form()["To"]), (FIRST, OLD), "{sdk:?}");
        let validate = json!([{
            "do": "validate", "url": world.callback(), "params": got.form(),
            "signature": got.header("x-twilio-signature"),
        }]);
        assert_eq!(run(SENDER_SECRET, validate).await.unwrap()[0], json!(true), "{sdk:?}");
        let read = run(SENDER_SECRET, json!([{"do": "fetch", "id": FIRST}])).await.unwrap();
        assert_eq!((&read[0]["id"], &read[0]["to"]), (&json!(FIRST), &json!(OLD)), "{sdk:?}: {}", read[0]);
    }
}
