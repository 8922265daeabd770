//! The providers' own SDKs, unmodified, pointed at Redial (`tests/sdk`): what they send arrives with the new number,
//! and what they read has the number that they used.

use crate::{
    far_end,
    hooks::signed_form,
    peer,
    spawn::{
        AccountOf, Running, SENDER_SECRET, Setup, TELNYX_ACCOUNT, TELNYX_CALLBACK_SEED, TELNYX_KEY,
        TELNYX_WEBHOOK_SEED, TWILIO_SID, TWILIO_TOKEN, ed25519, public_key, spawn,
    },
    upstream::{Say, Seen, Upstream},
    via::{FROM, NEW, OLD, OTHER, client, form},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use redial::{clock::Clock as _, domain::group::Member};
use serde_json::{Value, json};
use std::{path::PathBuf, process::Stdio, time::Duration};
use tokio::io::AsyncWriteExt as _;

/// One SDK: its script, and the environment variable that says where it is installed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sdk {
    Python(&'static str),
    Node(&'static str),
}

const TELNYX: [Sdk; 2] = [Sdk::Python("telnyx_client.py"), Sdk::Node("telnyx_client.js")];
pub(crate) const TWILIO: [Sdk; 2] = [Sdk::Python("twilio_client.py"), Sdk::Node("twilio_client.js")];

impl Sdk {
    fn command(self) -> Option<tokio::process::Command> {
        let script = |name| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/sdk").join(name);
        let (variable, name) = match self {
            Sdk::Python(name) => ("REDIAL_TEST_PYTHON", name),
            Sdk::Node(name) => ("REDIAL_TEST_NODE_MODULES", name),
        };
        let installed = peer::installed(variable, name)?;
        let mut command = match self {
            Sdk::Python(_) => tokio::process::Command::new(installed),
            Sdk::Node(_) => peer::node(installed),
        };
        peer::past_proxies(&mut command);
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command.arg(script(name)).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        Some(command)
    }

    /// Runs the commands one after the other; `None` where the SDK is not installed.
    pub(crate) async fn run(self, given: &Value) -> Option<Vec<Value>> {
        let mut child = self.command()?.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(given.to_string().as_bytes()).await.unwrap();
        drop(input);
        let output = child.wait_with_output().await.unwrap();
        assert!(output.status.success(), "{self:?} ended with {}", output.status);
        Some(serde_json::from_slice(&output.stdout).unwrap())
    }
}

async fn with_twilio(upstream: &Upstream) -> Running {
    let far = upstream.base.clone();
    let accounts = Box::new(move |base: &str| vec![AccountOf::twilio(base, &far).make()]);
    let setup = Setup { accounts, upstream_timeout: Duration::from_secs(2), ..Setup::default() };
    let running = spawn(setup).await;
    running.moved("Ada", OLD, NEW, Member::Everyone, true).await;
    running
}

fn twilio(running: &Running, secret: &str, commands: &Value) -> Value {
    json!({"base": format!("{}/via/main", running.base), "user": TWILIO_SID, "secret": secret, "commands": commands})
}

#[tokio::test]
async fn twilio_messages_and_calls() {
    for sdk in TWILIO {
        let upstream = far_end::twilio().await;
        let sender = Upstream::start(|_| Say::empty(204)).await;
        let running = with_twilio(&upstream).await;
        let callback = format!("{}/report?order=7&x=%20a", sender.base);
        let commands = json!([
            {"do": "send", "to": OLD, "from": FROM, "text": "Grüße, 世界 & 1+1=2", "callback": callback,
             "media": ["https://sender.example/a.png?x=1&y=2", "https://sender.example/b.png"]},
            {"do": "fetch", "id": "$0"},
            {"do": "send", "to": OTHER, "from": FROM, "text": "Hello"},
            {"do": "list"},
            {"do": "call", "to": OLD, "from": FROM, "url": format!("{}/twiml", sender.base)},
            {"do": "fetch_call", "id": "$4"},
            {"do": "list_calls"},
            {"do": "fetch", "id": "SMnone"},
            {"do": "list", "to": OLD},
        ]);
        let Some(done) = sdk.run(&twilio(&running, SENDER_SECRET, &commands)).await else { continue };

        let posted: Vec<_> = upstream.seen().into_iter().filter(|seen| seen.method == "POST").collect();
        let to: Vec<String> = posted.iter().map(|seen| seen.form()["To"].clone()).collect();
        assert_eq!(to, [NEW, OTHER, NEW], "{sdk:?}: what the upstream saw");
        assert_eq!(posted[0].form()["Body"], "Grüße, 世界 & 1+1=2");
        let media: Vec<String> = form_urlencoded::parse(&posted[0].body)
            .filter_map(|(name, value)| (name == "MediaUrl").then(|| value.into_owned()))
            .collect();
        assert_eq!(media, ["https://sender.example/a.png?x=1&y=2", "https://sender.example/b.png"]);

        for (at, what) in [(0, "the reply"), (1, "the read message"), (4, "the call"), (5, "the read call")] {
            assert_eq!(done[at]["to"], OLD, "{sdk:?}: {what}: {}", done[at]);
        }
        assert_eq!((&done[1]["price"], &done[0]["body"]), (&Value::Null, &json!("Grüße, 世界 & 1+1=2")));
        let listed: Vec<&str> = done[3].as_array().unwrap().iter().map(|item| item["to"].as_str().unwrap()).collect();
        assert_eq!(listed, [OLD, OTHER], "{sdk:?}: the list");
        assert_eq!(done[6][0]["to"], OLD, "{sdk:?}: the list of calls");
        assert_eq!((&done[8][0]["id"], &done[8][1]), (&done[0]["id"], &Value::Null), "{sdk:?}: the list by recipient");
        assert_eq!((&done[7]["error"]["status"], &done[7]["error"]["code"]), (&json!(404), &json!(20404)));
        assert!(!json!(done).to_string().contains("4155550199"), "{sdk:?} learns the new number");

        report_reaches(sdk, &running, &sender, &callback, &posted[0].form()["StatusCallback"], &done[0]["id"]).await;
    }
}

/// The provider's report, signed by the SDK's own signer, is taken; the SDK's own validator takes what the sender gets.
async fn report_reaches(sdk: Sdk, running: &Running, sender: &Upstream, callback: &str, ours: &str, id: &Value) {
    let params = json!({
        "MessageSid": id, "MessageStatus": "delivered", "To": NEW, "From": FROM, "AccountSid": TWILIO_SID,
        "ErrorCode": "", "RawDlrDoneDate": "2603021200",
    });
    let fields: Vec<(&str, &str)> =
        params.as_object().unwrap().iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
    let commands = json!([{"do": "sign", "url": ours, "params": params}]);
    let signed = sdk.run(&twilio(running, TWILIO_TOKEN, &commands)).await.unwrap();
    let mut report = signed_form(ours, "another", &fields);
    report.headers_mut().insert("x-twilio-signature", signed[0].as_str().unwrap().parse().unwrap());
    *report.body_mut() = Bytes::from(form(&fields));
    assert_eq!(client().send(report).await.unwrap().status(), 204, "{sdk:?}: signed by the SDK");

    let got = sender.wait(1).await;
    assert_eq!((got.form()["To"].as_str(), got.form()["MessageStatus"].as_str()), (OLD, "delivered"));
    let validate =
        |signature: &str| json!([{"do": "validate", "url": callback, "params": got.form(), "signature": signature}]);
    let good = sdk.run(&twilio(running, SENDER_SECRET, &validate(got.header("x-twilio-signature")))).await.unwrap();
    let wrong = sdk.run(&twilio(running, SENDER_SECRET, &validate("AAAA"))).await.unwrap();
    assert_eq!((&good[0], &wrong[0]), (&json!(true), &json!(false)), "{sdk:?}: the validator");
}

#[tokio::test]
async fn twilio_credentials_that_nobody_knows() {
    for sdk in TWILIO {
        let upstream = far_end::twilio().await;
        let running = with_twilio(&upstream).await;
        let commands = json!([{"do": "send", "to": OLD, "from": FROM, "text": "Hello"}, {"do": "list"}]);
        let Some(done) = sdk.run(&twilio(&running, "wrong", &commands)).await else { continue };
        let refused = &done[0]["error"];
        assert_eq!((&refused["status"], &refused["code"]), (&json!(401), &json!(20003)), "{sdk:?}");
        assert!(!done[1]["error"].is_null(), "{sdk:?}");
        assert!(upstream.seen().is_empty(), "{sdk:?}: nothing goes upstream");
    }
}

#[tokio::test]
async fn twilio_upstream_in_trouble() {
    for sdk in TWILIO {
        for say in [
            Say::json(500, &json!({"code": 20500, "message": "Internal", "more_info": "", "status": 500})),
            Say::json(429, &json!({"code": 20429, "message": "Too many", "more_info": "", "status": 429})),
            Say::Reset,
            Say::Raw(b"\x00garbage".to_vec()),
            Say::Reply(201, "application/json", "{\"sid\": \"SM".to_owned()),
            Say::Never,
        ] {
            let answer = say.clone();
            let upstream = Upstream::start(move |_| answer.clone()).await;
            let running = with_twilio(&upstream).await;
            let send = |to| json!({"do": "send", "to": to, "from": FROM, "text": "Hello"});
            let commands = json!([send(OLD), send(OTHER)]);
            let Some(done) = sdk.run(&twilio(&running, SENDER_SECRET, &commands)).await else { continue };
            // What the SDK makes of it does not depend on whether the number moved.
            assert_eq!(done[0]["error"], done[1]["error"], "{sdk:?}: {say:?}");
            match say {
                Say::Reply(500 | 429, ..) => {
                    let status = if matches!(say, Say::Reply(500, ..)) { 500 } else { 429 };
                    assert_eq!(done[0]["error"]["status"], status, "{sdk:?}");
                }
                Say::Never => assert_eq!(done[0]["error"]["status"], 504, "{sdk:?}"),
                _ => assert!(!done[0]["error"].is_null() || done[0]["id"].is_null(), "{sdk:?}: {say:?}: {}", done[0]),
            }
            assert_eq!(upstream.seen()[0].form()["To"], NEW);
        }
    }
}

async fn with_telnyx(upstream: &Upstream) -> Running {
    let far = upstream.base.clone();
    let accounts = Box::new(move |base: &str| vec![AccountOf::telnyx(base, &far).make()]);
    let setup = Setup { accounts, upstream_timeout: Duration::from_secs(2), ..Setup::default() };
    let running = spawn(setup).await;
    running.moved("Ada", OLD, NEW, Member::Everyone, true).await;
    running
}

fn telnyx(running: &Running, secret: &str, commands: &Value) -> Value {
    json!({
        "base": format!("{}/via/telnyx", running.base), "user": "", "secret": secret,
        "public_key": public_key(&TELNYX_CALLBACK_SEED), "commands": commands,
    })
}

#[tokio::test]
async fn telnyx_messages_and_calls() {
    for sdk in TELNYX {
        let upstream = far_end::telnyx().await;
        let sender = Upstream::start(|_| Say::empty(200)).await;
        let running = with_telnyx(&upstream).await;
        let callback = format!("{}/report", sender.base);
        let commands = json!([
            {"do": "send", "to": OLD, "from": FROM, "text": "Grüße, 世界", "callback": callback},
            {"do": "fetch", "id": "$0"},
            {"do": "send", "to": OTHER, "from": FROM, "text": "Hello", "media": ["https://sender.example/a.png"]},
            {"do": "call", "to": OLD, "from": FROM, "callback": callback},
            {"do": "texml", "account": TELNYX_ACCOUNT, "to": OLD, "from": FROM, "url": format!("{}/texml", sender.base)},
            {"do": "fetch", "id": "00000000-0000-4000-8000-000000000000"},
        ]);
        let Some(done) = sdk.run(&telnyx(&running, SENDER_SECRET, &commands)).await else { continue };

        let posted: Vec<_> = upstream.seen().into_iter().filter(|seen| seen.method == "POST").collect();
        let to: Vec<Value> =
            posted.iter().map(Seen::json).map(|sent| sent.get("to").or(sent.get("To")).unwrap().clone()).collect();
        assert_eq!(to, [NEW, OTHER, NEW, NEW], "{sdk:?}: what the upstream saw; done: {done:?}");
        assert!(posted.iter().all(|seen| seen.header("authorization") == format!("Bearer {TELNYX_KEY}")));
        assert_eq!(posted[0].json()["text"], "Grüße, 世界");
        for (at, what) in [(0, "the reply"), (1, "the read message"), (4, "the call")] {
            assert_eq!(done[at]["to"], OLD, "{sdk:?}: {what}: {}", done[at]);
        }
        assert_eq!(done[0]["webhook"], callback, "{sdk:?}: the sender's own address");
        assert_eq!((&done[1]["carrier"], &done[1]["cost"]), (&Value::Null, &Value::Null), "{sdk:?}");
        assert_eq!((&done[2]["to"], &done[3]["id"]), (&json!(OTHER), &json!("v3:abc")));
        assert_eq!(done[5]["error"]["status"], 404);
        assert!(!json!(done).to_string().contains("4155550199"), "{sdk:?} learns the new number");

        let ours = posted[0].json()["webhook_url"].as_str().unwrap().to_owned();
        let report = json!({"data": {"event_type": "message.finalized", "id": "e1", "record_type": "event", "payload": {
            "id": done[0]["id"], "from": {"phone_number": FROM}, "text": "Grüße, 世界",
            "to": [{"phone_number": NEW, "status": "delivered", "carrier": "NEW MOBILE", "line_type": "Wireless"}],
        }}, "meta": {"attempt": 1, "delivered_to": ours}});
        assert_eq!(client().send(webhook(&running, &ours, &report)).await.unwrap().status(), 200);
        let got = sender.wait(1).await;
        let to = &got.json()["data"]["payload"]["to"][0];
        assert_eq!((&to["phone_number"], &to["status"]), (&json!(OLD), &json!("delivered")));
        assert!(!String::from_utf8_lossy(&got.body).contains("4155550199"), "the new number in the report");
        let headers: serde_json::Map<String, Value> =
            got.headers.iter().map(|(name, value)| (name.to_string(), json!(value.to_str().unwrap()))).collect();
        let body = String::from_utf8(got.body.to_vec()).unwrap();
        let validate = json!([
            {"do": "validate", "body": body, "headers": headers},
            {"do": "validate", "body": body.replace("delivered", "sent"), "headers": headers},
        ]);
        let checked = sdk.run(&telnyx(&running, SENDER_SECRET, &validate)).await.unwrap();
        assert_eq!(checked[0], true, "{sdk:?}: the validator");
        assert!(!checked[1]["error"].is_null(), "{sdk:?}: the validator takes anything");
    }
}

/// A webhook as Telnyx signs it; its SDKs have no signer.
fn webhook(running: &Running, url: &str, body: &Value) -> http::Request<Bytes> {
    let (time, body) = (running.clock.now().seconds(), body.to_string());
    let signature = ed25519(&TELNYX_WEBHOOK_SEED).sign(format!("{time}|{body}").as_bytes());
    http::Request::post(url)
        .header("content-type", "application/json")
        .header("telnyx-timestamp", time)
        .header("telnyx-signature-ed25519", BASE64_STANDARD.encode(signature))
        .body(body.into())
        .unwrap()
}

#[tokio::test]
async fn telnyx_credentials_that_nobody_knows() {
    for sdk in TELNYX {
        let upstream = far_end::telnyx().await;
        let running = with_telnyx(&upstream).await;
        let commands = json!([{"do": "send", "to": OLD, "from": FROM, "text": "Hello"}, {"do": "fetch", "id": "x"}]);
        let Some(done) = sdk.run(&telnyx(&running, TELNYX_KEY, &commands)).await else { continue };
        for answer in done {
            let error = &answer["error"];
            assert_eq!(error["status"], 401, "{sdk:?}: {answer}");
            assert!(error["body"].to_string().contains("10009"), "{sdk:?}: {answer}");
        }
        assert!(upstream.seen().is_empty(), "{sdk:?}: nothing goes upstream");
    }
}

#[tokio::test]
async fn telnyx_upstream_in_trouble() {
    for sdk in TELNYX {
        for say in [
            Say::json(500, &far_end::telnyx_error("10007", "Unexpected error")),
            Say::json(422, &far_end::telnyx_error("40310", "Invalid to")),
            Say::Reset,
            Say::Reply(200, "application/json", "{\"data\": {\"id\"".to_owned()),
            Say::Never,
        ] {
            let answer = say.clone();
            let upstream = Upstream::start(move |_| answer.clone()).await;
            let running = with_telnyx(&upstream).await;
            let send = |to| json!({"do": "send", "to": to, "from": FROM, "text": "Hello"});
            let commands = json!([send(OLD), send(OTHER)]);
            let Some(done) = sdk.run(&telnyx(&running, SENDER_SECRET, &commands)).await else { continue };
            assert_eq!(done[0]["error"], done[1]["error"], "{sdk:?}: {say:?}");
            assert!(!done[0]["error"].is_null(), "{sdk:?}: {say:?}: {}", done[0]);
            match say {
                Say::Reply(status @ (500 | 422), ..) => assert_eq!(done[0]["error"]["status"], status, "{sdk:?}"),
                Say::Never => assert_eq!(done[0]["error"]["status"], 504, "{sdk:?}"),
                _ => {}
            }
            assert_eq!(upstream.seen()[0].json()["to"], NEW);
        }
    }
}
