//! The SDKs of the other providers, unmodified (`tests/sdk/clients.*`): what they send arrives with the new number, what
//! they read has the number that they used, and their signers and validators agree with ours.

use crate::{
    hooks::twilio_signature,
    sdk::Sdk,
    spawn::{AccountOf, Running, SENDER_SECRET, Setup, spawn},
    upstream::{Say, Seen, Upstream},
    via::{FROM, NEW, OLD, OTHER, basic, client, form},
};
use bytes::Bytes;
use redial::{domain::group::Member, provider::Custody};
use serde_json::{Map, Value, json};
use std::sync::Mutex;

const PYTHON: Sdk = Sdk::Python("clients.py");
const NODE: Sdk = Sdk::Node("clients.js");
/// Signs requests of a sender, and those of the account; made for the tests of the library.
const RSA: &str = include_str!("../../src/provider/jwt/rsa.pem");
const RSA_PUBLIC: &str = include_str!("sdk_others/test-only-public.pem");

/// An account in the operator's custody, and how one of its senders signs in.
struct Of {
    kind: &'static str,
    parameters: &'static [(&'static str, &'static str)],
    user: &'static str,
    secret: &'static str,
}

/// A Redial, which stops when this is dropped, and an SDK in front of it.
struct Pair {
    _running: Running,
    given: Map<String, Value>,
    sdk: Sdk,
}

impl Of {
    async fn redial(&'static self, sdk: Sdk, name: &str, upstream: &Upstream, more: Value) -> Pair {
        let far = upstream.base.clone();
        let accounts = Box::new(move |base: &str| {
            let one = |(name, value): &(&str, &str)| ((*name).to_owned(), vec![(*value).to_owned()]);
            let account = AccountOf {
                name: self.kind,
                kind: self.kind,
                parameters: self.parameters.iter().map(one).collect(),
                custody: Custody::Operator,
                upstream: &far,
                base,
                sender: Some((self.user, self.secret)),
            };
            vec![account.make()]
        });
        let running = spawn(Setup { accounts, ..Setup::default() }).await;
        running.moved("Ada", OLD, NEW, Member::Everyone, true).await;
        let Value::Object(mut given) = more else { panic!("an object is needed") };
        given.insert("sdk".into(), name.into());
        given.insert("base".into(), format!("{}/via/{}", running.base, self.kind).into());
        for (name, value) in [("user", self.user), ("secret", self.secret)] {
            given.entry(name).or_insert(value.into());
        }
        Pair { _running: running, given, sdk }
    }
}

impl Pair {
    /// What the sender's program does; `None` where the SDK is not installed.
    async fn run(&self, commands: Value) -> Option<Vec<Value>> {
        let done = self.run_as(&[], commands).await?;
        assert!(!json!(done).to_string().contains("4155550199"), "the SDK learns the new number: {done:?}");
        Some(done)
    }

    /// With other credentials: what the provider itself does, which knows the new number.
    async fn run_as(&self, other: &[(&str, &str)], commands: Value) -> Option<Vec<Value>> {
        let mut given = self.given.clone();
        given.extend(other.iter().map(|(name, value)| ((*name).to_owned(), json!(value))));
        given.insert("commands".into(), commands);
        self.sdk.run(&Value::Object(given)).await
    }
}

/// What the far end was asked to do, with the new number in it.
fn posted(upstream: &Upstream) -> Vec<Seen> {
    upstream.seen().into_iter().filter(|seen| seen.method == "POST").collect()
}

/// A report as the provider posts it; `headers` are the SDK's signature.
async fn report(url: &str, kind: &str, headers: &Value, body: String) -> u16 {
    let mut request = http::Request::post(url).header("content-type", kind);
    for (name, value) in headers.as_object().into_iter().flatten() {
        request = request.header(name, value.as_str().unwrap());
    }
    client().send(request.body(Bytes::from(body)).unwrap()).await.unwrap().status().as_u16()
}

fn headers(seen: &Seen) -> Value {
    seen.headers.iter().map(|(name, value)| (name.to_string(), json!(value.to_str().unwrap()))).collect()
}

fn text(seen: &Seen) -> String {
    String::from_utf8(seen.body.to_vec()).unwrap()
}

/// A number as most of these providers write it.
fn digits(number: &str) -> &str {
    &number[1..]
}

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

static PLIVO: Of = Of {
    kind: "plivo",
    parameters: &[("auth_id", "MA000000000000000001"), ("auth_token", "operators-own")],
    user: "MA000000000000000001",
    secret: SENDER_SECRET,
};

#[tokio::test]
async fn plivo() {
    let upstream = Upstream::start(|seen| match (seen.method.as_str(), seen.path().rsplit('/').nth(1).unwrap()) {
        ("POST", "Message") => Say::json(202, &json!({"api_id": "a", "message": "queued", "message_uuid": ["m1"]})),
        ("POST", "Call") => Say::json(201, &json!({"api_id": "a", "message": "call fired", "request_uuid": "c1"})),
        (_, "Message") => Say::json(200, &json!({"api_id": "a", "meta": {}, "objects": [plivo_message("m1")]})),
        (_, id) => Say::json(200, &plivo_message(id)),
    })
    .await;
    let sender = Upstream::start(|_| Say::empty(200)).await;
    let pair = PLIVO.redial(PYTHON, "plivo", &upstream, json!({})).await;
    let callback = format!("{}/report?a=1", sender.base);
    let commands = json!([
        {"do": "send", "to": digits(OLD), "from": digits(FROM), "text": "Grüße & 世界", "callback": callback},
        {"do": "fetch", "id": "$0"},
        {"do": "list"},
        {"do": "call", "to": digits(OLD), "from": digits(FROM), "url": format!("{}/answer", sender.base)},
        {"do": "send", "to": format!("{}<{}", digits(OTHER), digits(OLD)), "from": digits(FROM), "text": "x"},
    ]);
    let Some(done) = pair.run(commands).await else { return };
    let posted = posted(&upstream);
    let dst = |at: usize, name: &str| posted[at].json()[name].as_str().unwrap().to_owned();
    assert_eq!((dst(0, "dst"), dst(1, "to")), (digits(NEW).to_owned(), digits(NEW).to_owned()), "{done:?}");
    assert_eq!(dst(2, "dst"), format!("{}<{}", digits(OTHER), digits(NEW)));
    assert_eq!((&done[1]["to"], &done[1]["price"]), (&json!(digits(OLD)), &Value::Null));
    assert_eq!((&done[2][0]["to"], &done[3]["id"]), (&json!(digits(OLD)), &json!("c1")));

    let ours = dst(0, "url");
    let params = json!({"MessageUUID": "m1", "To": digits(NEW), "From": digits(FROM), "Status": "delivered"});
    let fields: Vec<(&str, &str)> =
        params.as_object().unwrap().iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
    let signed = json!([{"do": "sign", "url": ours, "params": params}]);
    let signed = pair.run_as(&[("secret", "operators-own")], signed).await.unwrap();
    assert_eq!(report(&ours, FORM, &signed[0], form(&fields)).await, 200, "signed by the SDK");
    let got = sender.wait(1).await;
    assert_eq!((got.form()["To"].as_str(), got.form()["Status"].as_str()), (digits(OLD), "delivered"));
    let check = |url: &str| json!([{"do": "validate", "url": url, "params": got.form(), "headers": headers(&got)}]);
    assert_eq!(pair.run(check(&callback)).await.unwrap()[0], true, "the SDK's validator");
    assert_eq!(pair.run(check(&format!("{}/other", sender.base))).await.unwrap()[0], false);
}

fn plivo_message(id: &str) -> Value {
    json!({"message_uuid": id, "from_number": digits(FROM), "to_number": digits(NEW), "message_state": "sent", "total_rate": "0.1"})
}

static BANDWIDTH: Of = Of {
    kind: "bandwidth",
    parameters: &[
        ("account_id", "9900000"),
        ("user", "operator"),
        ("password", "operators-own"),
        ("callback_user", "webhooks"),
        ("callback_password", "webhooks-own"),
    ],
    user: "sender",
    secret: SENDER_SECRET,
};

#[tokio::test]
async fn bandwidth() {
    let upstream = Upstream::start(|seen| match (seen.method.as_str(), seen.path()) {
        ("POST", "/api/v2/users/9900000/messages") => {
            let asked = seen.json();
            Say::json(202, &json!({"id": "m1", "to": asked["to"], "from": asked["from"], "text": asked["text"]}))
        }
        ("GET", "/api/v2/users/9900000/messages") => Say::json(
            200,
            &json!({"totalCount": 1, "messages": [
                {"messageId": "m1", "destinationTn": NEW, "sourceTn": FROM, "carrierName": "NEW MOBILE"},
            ]}),
        ),
        ("POST", "/api/v2/accounts/9900000/calls") => {
            let asked = seen.json();
            let call = json!({
                "callId": "c1", "to": asked["to"], "from": asked["from"], "applicationId": "app-2", "accountId": "9900000",
                "callUrl": "https://voice.bandwidth.com/api/v2/accounts/9900000/calls/c1", "answerUrl": asked["answerUrl"],
                "answerMethod": "POST", "disconnectMethod": "POST",
            });
            Say::json(201, &call)
        }
        ("GET", _) => Say::json(200, &json!({"callId": "c1", "to": NEW, "from": FROM, "direction": "outbound"})),
        _ => Say::json(404, &json!({"type": "not-found", "description": "no such"})),
    })
    .await;
    let sender = Upstream::start(|_| Say::xml("<Response><Hangup/></Response>")).await;
    let pair = BANDWIDTH.redial(PYTHON, "bandwidth", &upstream, json!({"account": "9900000"})).await;
    let answer = format!("{}/answer", sender.base);
    let commands = json!([
        {"do": "send", "to": OLD, "from": FROM, "text": "Hello"},
        {"do": "list"},
        {"do": "call", "to": OLD, "from": FROM, "url": answer},
        {"do": "fetch_call", "id": "$2"},
    ]);
    let Some(done) = pair.run(commands).await else { return };
    let posted = posted(&upstream);
    assert_eq!((&posted[0].json()["to"], &posted[1].json()["to"]), (&json!([NEW]), &json!(NEW)), "{done:?}");
    assert!(posted.iter().all(|seen| seen.header("authorization") == basic("operator", "operators-own")));
    assert_eq!((&done[0]["to"], &done[1][0]["to"], &done[1][0]["network"]), (&json!(OLD), &json!(OLD), &Value::Null));
    assert_eq!((&done[2]["to"], &done[2]["url"], &done[3]["to"]), (&json!(OLD), &json!(answer), &json!(OLD)));

    // When the call is answered, the sender's own document is fetched, and it sees its own number.
    let ours = posted[1].json()["answerUrl"].as_str().unwrap().to_owned();
    let event = json!({"eventType": "answer", "accountId": "9900000", "callId": "c1", "from": FROM, "to": NEW});
    let shown = json!({"authorization": basic("webhooks", "webhooks-own")});
    assert_eq!(report(&ours, JSON, &shown, event.to_string()).await, 200);
    assert_eq!(sender.wait(1).await.json()["to"], OLD);
    assert_eq!(report(&ours, JSON, &json!({}), event.to_string()).await, 403, "without credentials");
}

static VONAGE_SMS: Of = Of {
    kind: "vonage-sms",
    parameters: &[
        ("api_key", "abcd1234"),
        ("api_secret", "operators-own"),
        ("signature_secret", "webhooks-own"),
        ("signature_method", "sha256"),
    ],
    user: "abcd1234",
    secret: SENDER_SECRET,
};

#[tokio::test]
async fn vonage_sms() {
    let upstream = Upstream::start(|seen| {
        let asked = seen.form();
        let message = json!({
            "to": asked["to"], "message-id": "m1", "status": "0", "remaining-balance": "3.1", "message-price": "0.03",
            "network": "310260",
        });
        Say::json(200, &json!({"message-count": "1", "messages": [message]}))
    })
    .await;
    let sender = Upstream::start(|_| Say::empty(200)).await;
    let given = json!({"api_key": "abcd1234", "api_secret": SENDER_SECRET});
    let pair = VONAGE_SMS.redial(PYTHON, "vonage", &upstream, given).await;
    let callback = format!("{}/report", sender.base);
    let send = |to| json!({"do": "send", "to": to, "from": digits(FROM), "text": "Grüße", "callback": callback});
    let Some(done) = pair.run(json!([send(digits(OLD)), send(digits(OTHER))])).await else { return };
    let posted = posted(&upstream);
    assert_eq!((&*posted[0].form()["to"], &*posted[1].form()["to"]), (digits(NEW), digits(OTHER)), "{done:?}");
    assert_eq!((&done[0]["to"], &done[0]["price"], &done[0]["id"]), (&json!(digits(OLD)), &Value::Null, &json!("m1")));
    assert_eq!(done[1]["price"], "0.03");

    let ours = posted[0].form()["callback"].clone();
    let params = json!({"msisdn": digits(NEW), "to": digits(FROM), "messageId": "m1", "status": "delivered"});
    let secrets = [("signature_secret", "webhooks-own"), ("signature_method", "sha256")];
    let signed = pair.run_as(&secrets, json!([{"do": "sign", "params": params}])).await.unwrap();
    let all = params.as_object().unwrap().iter().chain(signed[0].as_object().unwrap());
    let mut fields: Vec<(&str, &str)> = all.map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
    assert_eq!(report(&ours, FORM, &json!({}), form(&fields)).await, 200, "signed by the SDK");
    let arrived = sender.wait(1).await.form();
    assert_eq!(arrived["msisdn"], digits(OLD));
    let mut other = arrived.clone();
    other.insert("msisdn".to_owned(), digits(OTHER).to_owned());
    let checks = json!([{"do": "check", "params": arrived}, {"do": "check", "params": other}]);
    let senders = [("signature_secret", SENDER_SECRET), ("signature_method", "sha256")];
    let checked = pair.run_as(&senders, checks).await.unwrap();
    assert_eq!(
        [&checked[0]["right"], &checked[1]["right"]],
        [true, false],
        "the sender's SDK believes what Redial signs"
    );
    fields[0].1 = digits(OTHER);
    assert_eq!(report(&ours, FORM, &json!({}), form(&fields)).await, 403, "and then changed");
}

static VONAGE_MESSAGES: Of = Of {
    kind: "vonage-messages",
    parameters: &[
        ("application_id", "app-1"),
        ("private_key", RSA),
        ("api_key", "abcd1234"),
        ("signature_secret", "webhooks-own"),
    ],
    user: "abcd1234",
    secret: SENDER_SECRET,
};

#[tokio::test]
async fn vonage_messages() {
    let upstream = Upstream::start(|_| Say::json(202, &json!({"message_uuid": "m1"}))).await;
    let sender = Upstream::start(|_| Say::empty(200)).await;
    let given = json!({"api_key": "abcd1234", "api_secret": SENDER_SECRET, "webhook_secret": SENDER_SECRET});
    let pair = VONAGE_MESSAGES.redial(PYTHON, "vonage", &upstream, given).await;
    let callback = format!("{}/report", sender.base);
    let send = json!({"do": "message", "to": digits(OLD), "from": digits(FROM), "text": "Hello", "callback": callback});
    let Some(done) = pair.run(json!([send])).await else { return };
    let posted = posted(&upstream);
    assert_eq!((&posted[0].json()["to"], &done[0]["id"]), (&json!(digits(NEW)), &json!("m1")), "{done:?}");
    // The account's own token goes on in the place of the sender's password.
    assert!(posted[0].header("authorization").starts_with("Bearer ey"));

    let ours = posted[0].json()["webhook_url"].as_str().unwrap().to_owned();
    let body =
        json!({"message_uuid": "m1", "to": digits(NEW), "from": digits(FROM), "status": "delivered"}).to_string();
    let token = pair.run_as(&[("webhook_secret", "webhooks-own")], json!([{"do": "token", "body": body}]));
    let token = token.await.unwrap();
    assert_eq!(report(&ours, JSON, &token[0], body.clone()).await, 200);
    let got = sender.wait(1).await;
    assert_eq!(got.json()["to"], digits(OLD));
    let check = |body: String| json!([{"do": "validate", "body": body, "headers": headers(&got)}]);
    assert_eq!(pair.run(check(text(&got))).await.unwrap()[0], true, "the SDK's validator");
    assert_eq!(pair.run(check(text(&got).replace("delivered", "read"))).await.unwrap()[0], false);
    assert_eq!(report(&ours, JSON, &json!({}), body).await, 403, "unsigned");
}

static VONAGE_VOICE: Of = Of {
    kind: "vonage-voice",
    parameters: &[("application_id", "app-1"), ("private_key", RSA), ("signature_secret", "webhooks-own")],
    user: "app-1",
    secret: RSA_PUBLIC,
};

#[tokio::test]
async fn vonage_voice() {
    let upstream = Upstream::start(|seen| {
        let call = json!({"uuid": "u1", "status": "started", "direction": "outbound", "conversation_uuid": "CON-1"});
        if seen.method == "POST" {
            return Say::json(201, &call);
        }
        let mut call = call;
        call["to"] = json!({"type": "phone", "number": digits(NEW)});
        call["from"] = json!({"type": "phone", "number": digits(FROM)});
        call["price"] = json!("0.1");
        call["_links"] = json!({"self": {"href": "/v1/calls/u1"}});
        Say::json(200, &call)
    })
    .await;
    let given = json!({"application_id": "app-1", "private_key": RSA});
    let pair = VONAGE_VOICE.redial(PYTHON, "vonage", &upstream, given).await;
    let call = json!({"do": "call", "to": digits(OLD), "from": digits(FROM), "url": "https://sender.example/answer"});
    let Some(done) = pair.run(json!([call, {"do": "fetch_call", "id": "$0"}])).await else { return };
    assert_eq!(posted(&upstream)[0].json()["to"][0]["number"], digits(NEW), "{done:?}");
    assert_eq!((&done[1]["to"], &done[1]["price"]), (&json!(digits(OLD)), &Value::Null), "{done:?}");
}

static SINCH_SMS: Of = Of {
    kind: "sinch-sms",
    parameters: &[("plan_id", "plan1"), ("api_token", "operators-own"), ("webhook_secret", "webhooks-own")],
    user: "",
    secret: SENDER_SECRET,
};

#[tokio::test]
async fn sinch_sms() {
    let upstream = Upstream::start(|seen| {
        let asked = if seen.body.is_empty() { json!({"body": "Hello"}) } else { seen.json() };
        let batch = json!({
            "id": "b1", "to": [digits(NEW)], "from": digits(FROM), "canceled": false, "body": asked["body"],
            "type": "mt_text", "callback_url": asked["callback_url"], "created_at": "2026-03-02T12:00:00.000Z",
            "modified_at": "2026-03-02T12:00:00.000Z", "delivery_report": "per_recipient",
        });
        Say::json(if seen.method == "POST" { 201 } else { 200 }, &batch)
    })
    .await;
    let sender = Upstream::start(|_| Say::empty(200)).await;
    let given = json!({"plan": "plan1", "webhook_secret": SENDER_SECRET});
    let pair = SINCH_SMS.redial(PYTHON, "sinch", &upstream, given).await;
    let callback = format!("{}/report", sender.base);
    let send = json!({"do": "send", "to": digits(OLD), "from": digits(FROM), "text": "Hello", "callback": callback});
    let Some(done) = pair.run(json!([send, {"do": "fetch", "id": "$0"}])).await else { return };
    let posted = posted(&upstream);
    assert_eq!(posted[0].json()["to"], json!([digits(NEW)]), "{done:?}");
    assert_eq!(posted[0].header("authorization"), "Bearer operators-own");
    assert_eq!((&done[0]["to"], &done[1]["to"]), (&json!(digits(OLD)), &json!(digits(OLD))));

    let ours = posted[0].json()["callback_url"].as_str().unwrap().to_owned();
    let event = json!({
        "type": "recipient_delivery_report_sms", "batch_id": "b1", "recipient": digits(NEW), "status": "Delivered",
        "code": 0, "operator": "310260",
    });
    let body = event.to_string();
    let signed = pair.run_as(&[("webhook_secret", "webhooks-own")], json!([{"do": "sign", "body": body}]));
    let signed = signed.await.unwrap();
    assert_eq!(report(&ours, JSON, &signed[0], body).await, 200, "signed by the SDK");
    let got = sender.wait(1).await;
    assert_eq!((&got.json()["recipient"], &got.json()["operator"]), (&json!(digits(OLD)), &Value::Null));
    let check = |body: String| json!([{"do": "validate", "body": body, "headers": headers(&got)}]);
    assert_eq!(pair.run(check(text(&got))).await.unwrap()[0], true, "the SDK's validator");
    assert_eq!(pair.run(check(text(&got).replace("Delivered", "Failed"))).await.unwrap()[0], false);
}

static SINCH_VOICE: Of = Of {
    kind: "sinch-voice-v2",
    parameters: &[
        ("project_id", "p1"),
        ("api_token", "operators-own"),
        ("service_id", "svc-1"),
        ("service_secret", "AAAA"),
    ],
    user: "",
    secret: SENDER_SECRET,
};

#[tokio::test]
async fn sinch_voice() {
    let started = json!({"projectId": "p1", "serviceId": "svc-1", "sessionId": "s1"});
    let upstream = Upstream::start(move |_| Say::json(201, &started)).await;
    // Where the SDK gets its tokens: the sender's key of Redial's stands in for one.
    let token = json!({"access_token": SENDER_SECRET, "token_type": "bearer", "expires_in": 3600, "scope": ""});
    let tokens = Upstream::start(move |_| Say::json(200, &token)).await;
    let given = json!({"project": "p1", "tokens": tokens.base});
    let pair = SINCH_VOICE.redial(PYTHON, "sinch", &upstream, given).await;
    let Some(done) = pair.run(json!([{"do": "call", "to": OLD, "from": FROM}])).await else { return };
    let posted = posted(&upstream);
    assert_eq!(done[0]["id"], "s1", "{done:?}");
    assert_eq!(posted[0].json()["commands"][0]["to"]["phone"]["number"], NEW);
    assert_eq!(posted[0].header("authorization"), "Bearer operators-own");
}

static SIGNALWIRE: Of = Of {
    kind: "signalwire",
    parameters: &[
        ("space", "acme"),
        ("project_id", "00000000-0000-4000-8000-000000000001"),
        ("api_token", "operators-own"),
        ("signing_key", "webhooks-own"),
    ],
    user: "00000000-0000-4000-8000-000000000001",
    secret: SENDER_SECRET,
};

#[tokio::test]
async fn signalwire() {
    let kept: Mutex<Vec<Value>> = Mutex::default();
    let upstream = Upstream::start(move |seen| {
        let mut kept = kept.lock().unwrap();
        if seen.method == "POST" {
            let asked = seen.form();
            let item =
                json!({"sid": format!("s{}", kept.len()), "to": asked["To"], "from": asked["From"], "price": "-0.1"});
            kept.push(item.clone());
            return Say::json(201, &item);
        }
        match kept.iter().find(|item| seen.path().ends_with(&format!("{}.json", item["sid"].as_str().unwrap()))) {
            Some(item) => Say::json(200, item),
            None => Say::json(200, &json!({"messages": *kept, "uri": seen.target, "page": 0, "page_size": 50})),
        }
    })
    .await;
    let sender = Upstream::start(|_| Say::empty(200)).await;
    let pair = SIGNALWIRE.redial(NODE, "signalwire", &upstream, json!({})).await;
    let callback = format!("{}/report?a=1", sender.base);
    let commands = json!([
        {"do": "send", "to": OLD, "from": FROM, "text": "Grüße", "callback": callback},
        {"do": "fetch", "id": "$0"},
        {"do": "list"},
        {"do": "call", "to": OLD, "from": FROM, "url": "https://sender.example/voice"},
    ]);
    let Some(done) = pair.run(commands).await else { return };
    let posted = posted(&upstream);
    assert_eq!((&*posted[0].form()["To"], &*posted[1].form()["To"]), (NEW, NEW), "{done:?}");
    assert_eq!((&done[0]["to"], &done[0]["price"], &done[1]["to"]), (&json!(OLD), &Value::Null, &json!(OLD)));
    assert_eq!((&done[2][0]["to"], &done[3]["to"]), (&json!(OLD), &json!(OLD)));

    let ours = posted[0].form()["StatusCallback"].clone();
    let fields = [
        ("MessageSid", "s0"),
        ("MessageStatus", "delivered"),
        ("To", NEW),
        ("From", FROM),
        ("AccountSid", SIGNALWIRE.user),
    ];
    let signed = json!({"x-signalwire-signature": twilio_signature(&ours, "webhooks-own", &fields)});
    assert_eq!(report(&ours, FORM, &signed, form(&fields)).await, 204, "its SDK has no signer");
    let got = sender.wait(1).await;
    assert_eq!(got.form()["To"], OLD);
    let check = |url: &str| json!([{"do": "validate", "url": url, "params": got.form(), "headers": headers(&got)}]);
    assert_eq!(pair.run(check(&callback)).await.unwrap()[0], true, "the SDK's validator");
    assert_eq!(pair.run(check("https://sender.example/")).await.unwrap()[0], false);
}

static INFOBIP: Of = Of {
    kind: "infobip",
    parameters: &[
        ("host", "acme.api.infobip.com"),
        ("api_key", "operators-own"),
        ("callback_user", "webhooks"),
        ("callback_password", "webhooks-own"),
    ],
    user: "",
    secret: SENDER_SECRET,
};

#[tokio::test]
async fn infobip() {
    let upstream = Upstream::start(|seen| {
        let message = json!({"messageId": "m1", "to": digits(NEW), "status": {"groupName": "PENDING"}});
        if seen.method == "POST" {
            return Say::json(200, &json!({"bulkId": "b1", "messages": [message]}));
        }
        let mut message = message;
        message["price"] = json!({"pricePerMessage": 0.01});
        Say::json(200, &json!({"results": [message]}))
    })
    .await;
    let sender = Upstream::start(|_| Say::empty(200)).await;
    let pair = INFOBIP.redial(NODE, "infobip", &upstream, json!({})).await;
    let callback = format!("{}/report", sender.base);
    let commands = json!([
        {"do": "send", "to": digits(OLD), "from": "Acme", "text": "Hello", "callback": callback},
        {"do": "list", "to": digits(OLD)},
    ]);
    let Some(done) = pair.run(commands).await else { return };
    let posted = posted(&upstream);
    assert_eq!(posted[0].json()["messages"][0]["destinations"][0]["to"], digits(NEW), "{done:?}");
    assert_eq!(posted[0].header("authorization"), "App operators-own");
    assert_eq!((&done[0]["to"], &done[1][0]["to"]), (&json!(digits(OLD)), &json!(digits(OLD))), "{done:?}");
    assert_eq!(done[1][0]["price"], Value::Null);

    let ours = posted[0].json()["messages"][0]["notifyUrl"].as_str().unwrap().to_owned();
    let event = json!({"results": [{
        "messageId": "m1", "to": digits(NEW), "status": {"groupName": "DELIVERED"}, "mccMnc": "310260",
    }]});
    let shown = json!({"authorization": basic("webhooks", "webhooks-own")});
    assert_eq!(report(&ours, JSON, &shown, event.to_string()).await, 200);
    let got = sender.wait(1).await;
    let result = &got.json()["results"][0];
    assert_eq!((&result["to"], &result["mccMnc"]), (&json!(digits(OLD)), &Value::Null));
    assert_eq!(report(&ours, JSON, &json!({}), event.to_string()).await, 403, "without credentials");
}
