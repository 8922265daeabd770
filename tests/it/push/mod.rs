//! Push from end to end: the program, devices registered over `/v1`, and far ends that take the messages.

pub(crate) mod device;
mod h2;
pub(crate) mod program;
mod version;

use crate::upstream::{Say, Seen, Upstream};
use device::Device;
use h2::Far;
use http::Method;
use program::{Program, number};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicU16, Ordering},
};

/// The account section of a provider's samples, whose keys are for tests alone.
fn sample(text: &str, name: &str) -> String {
    let samples: toml::Table = text.parse().unwrap();
    samples["account"]["parameters"][name].as_str().unwrap().to_owned()
}

const WEB: &str = include_str!("../../../providers/webpush/messages.toml");
const FCM: &str = include_str!("../../../providers/fcm/messages.toml");
const APNS: &str = include_str!("../../../providers/apns/messages.toml");

/// An account for browsers, whose endpoints may lie on this machine.
fn web_account() -> String {
    format!(
        "[accounts.web]\nkind = \"webpush\"\nprivate_endpoints = true\n[accounts.web.parameters]\n\
         public_key = {:?}\ncontact = \"mailto:push@example.com\"\nkey = '''{}'''\n",
        sample(WEB, "public_key"),
        sample(WEB, "key")
    )
}

fn subscription(far: &Upstream, path: &str, device: &Device) -> Value {
    json!({
        "endpoint": format!("{}/push/{path}", far.base),
        "expirationTime": null,
        "keys": {"p256dh": device.p256dh, "auth": device.auth},
    })
}

async fn register(program: &Program, owner: &str, wanted: Value) -> Value {
    program.post(&format!("owners/{owner}/devices"), wanted).await
}

#[tokio::test]
async fn a_change_is_told_to_every_browser_of_a_registered_friend_in_his_language() {
    let (Some(mut laptop), Some(mut phone)) = (Device::start(), Device::start()) else { return };
    let far = Upstream::start(|_| Say::empty(201)).await;
    let program = Program::start(&["web"], &web_account()).await;
    let (ann, bob) = program.friends().await;
    let accounts = program.get("push-accounts").await;
    assert_eq!(accounts["items"][0]["public_key"], sample(WEB, "public_key"));
    assert_eq!(
        (&accounts["items"][0]["kind"], &accounts["items"][0]["takes"]),
        (&json!("webpush"), &json!("subscription"))
    );
    for (path, device, label) in [("laptop-secret", &laptop, "laptop"), ("phone-secret", &phone, "phone")] {
        let wanted = json!({"account": "web", "subscription": subscription(&far, path, device), "label": label});
        let made = register(&program, &bob, wanted).await;
        assert!(!made.to_string().contains("secret"), "{made}");
    }
    program.change(&ann, 3).await;
    let (notice, tried) = program.told(&ann, 0).await;
    assert_eq!(tried, ["push web sent", "push web sent"]);
    let id = notice["id"].as_str().unwrap();
    far.wait(2).await;
    for seen in far.seen() {
        let device = if seen.path() == "/push/phone-secret" { &mut phone } else { &mut laptop };
        assert_eq!(
            (seen.header("content-encoding"), seen.header("topic"), seen.header("ttl")),
            ("aes128gcm", id, "604800")
        );
        assert!(seen.header("authorization").starts_with("vapid t="), "{:?}", seen.headers);
        let text = device.read(&seen.body);
        assert_eq!((&text["title"], &text["tag"]), (&json!("Ann Lee hat neue Kontaktdaten"), &json!(id)));
        let body = text["body"].as_str().unwrap();
        assert!(body.contains("03") && !body.contains("50103"), "a locked screen shows no number: {body}");
    }
    assert_eq!(program.texts(), Vec::<String>::new(), "who was told by push gets no text message");
    let devices = program.get(&format!("owners/{bob}/devices")).await;
    for device in devices["items"].as_array().unwrap() {
        assert!(device["used"].is_string() && device["ended"].is_null(), "{device}");
    }
    let tested = program.run(&["send-test", "--device", devices["items"][0]["id"].as_str().unwrap()]).await;
    assert!(tested.status.success(), "{tested:?}");
    assert_eq!(laptop.read(&far.wait(3).await.body)["title"], "Test message of Redial");
    let log = program.log();
    for secret in ["laptop-secret", "phone-secret", &laptop.p256dh, &laptop.auth] {
        assert!(log.contains("TRACE") && !log.contains(secret), "the log tells {secret}");
    }
    let exported = program.run(&["export", "--owner", &bob]).await;
    let exported = String::from_utf8(exported.stdout).unwrap();
    assert!(exported.contains("\"kind\":\"device\"") && !exported.contains("secret"), "{exported}");
}

#[tokio::test]
async fn a_dead_device_ends_and_the_notice_goes_on_by_text_message() {
    let Some(device) = Device::start() else { return };
    let far = Upstream::start(|_| Say::empty(410)).await;
    let program = Program::start(&["web"], &web_account()).await;
    let (ann, bob) = program.friends().await;
    let wanted = json!({"account": "web", "subscription": subscription(&far, "1", &device)});
    let id = register(&program, &bob, wanted.clone()).await["id"].clone();
    program.change(&ann, 3).await;
    assert_eq!(program.told(&ann, 0).await.1, ["push web never", "sms outbox sent"]);
    let texts = program.texts();
    assert!(
        texts.len() == 1 && texts[0].contains(&number(3)) && texts[0].contains(&format!("To: {}", number(2))),
        "{texts:?}"
    );
    let devices = program.get(&format!("owners/{bob}/devices")).await;
    let why = devices["items"][0]["ended"]["why"].as_str().unwrap();
    assert!(why.starts_with("reply:web:"), "{devices}");
    let trail = |trail: &Value| {
        trail["items"].as_array().unwrap().iter().map(|line| line["what"].to_string()).collect::<Vec<_>>().concat()
    };
    assert!(trail(&program.get(&format!("owners/{bob}/audit")).await).contains("device_ended"));
    let anns = trail(&program.get(&format!("owners/{ann}/audit")).await);
    assert!(!anns.contains("device") && !anns.contains("unreachable"), "it is nobody else's business: {anns}");

    program.change(&ann, 4).await;
    assert_eq!(program.told(&ann, 2).await.1, ["sms outbox sent"], "nothing goes to it any more");
    assert_eq!(far.seen().len(), 1);
    // Its application is started again: a new device at the same place.
    let again = register(&program, &bob, wanted).await;
    assert!(again["id"] != id && again["ended"].is_null(), "{again}");
}

/// What a service finds too large is told by the next channel, and the device lives.
#[tokio::test]
async fn a_message_that_a_service_finds_too_large_goes_on_by_text_message() {
    let Some(device) = Device::start() else { return };
    let far = Upstream::start(|_| Say::empty(413)).await;
    let program = Program::start(&["web"], &web_account()).await;
    let (ann, bob) = program.friends().await;
    register(&program, &bob, json!({"account": "web", "subscription": subscription(&far, "1", &device)})).await;
    program.change(&ann, 3).await;
    assert_eq!(program.told(&ann, 0).await.1, ["push web never", "sms outbox sent"]);
    assert!(program.get(&format!("owners/{bob}/devices")).await["items"][0]["ended"].is_null());
    program.change(&ann, 4).await;
    assert_eq!(program.told(&ann, 2).await.1, ["push web never", "sms outbox sent"], "the next one may be smaller");
}

/// A service that asks to be left alone for two seconds is asked again after them, and nobody gets a text message instead.
#[tokio::test]
async fn a_service_that_wants_it_slower_is_waited_for() {
    let times = Arc::new(AtomicU16::new(0));
    let apple = Far::start(None, move |_| {
        if times.fetch_add(1, Ordering::Relaxed) == 0 {
            return (429, vec![("retry-after", "2".to_owned())], "{\"reason\":\"TooManyRequests\"}".to_owned());
        }
        (200, vec![("apns-id", "EC1BF194".to_owned())], String::new())
    })
    .await;
    let accounts = format!(
        "[accounts.ios]\nkind = \"apns\"\nbase_url = \"http://{}\"\n[accounts.ios.parameters]\nkey_id = \"KEY1\"\n\
         team = \"TEAM1\"\ntopic = \"com.example.app\"\nkey = '''{}'''\n",
        apple.address,
        sample(APNS, "key"),
    );
    let program = Program::start(&["ios"], &accounts).await;
    let (ann, bob) = program.friends().await;
    let token = "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0";
    register(&program, &bob, json!({"account": "ios", "token": token})).await;
    program.change(&ann, 3).await;
    let (notice, tried) = program.told(&ann, 0).await;
    assert_eq!(tried, ["push ios try_again", "push ios sent"]);
    let at = |nth: usize| redial::clock::Time::parse(notice["tried"][nth]["at"].as_str().unwrap()).unwrap();
    assert!(at(1).since(at(0)) >= std::time::Duration::from_secs(2), "{notice}");
    assert_eq!(program.texts(), Vec::<String>::new());
}

/// Every kind of account at once: one notice, a message to each device, each in its service's own words.
#[tokio::test]
async fn each_service_gets_what_it_understands() {
    let Some(mut device) = Device::start() else { return };
    let far = Upstream::start(|seen: &Seen| match seen.path() {
        "/token" => Say::json(200, &json!({"access_token": "ya29.test", "expires_in": 3600, "token_type": "Bearer"})),
        "/v1/projects/p1/messages:send" => Say::json(200, &json!({"name": "projects/p1/messages/0:1"})),
        "/message" => Say::json(200, &json!({"id": 25})),
        "/" => Say::json(200, &json!({"id": "hwQ2YpKdmg", "event": "message"})),
        _ => Say::empty(201),
    })
    .await;
    let apple = Far::start(None, |_| (200, vec![("apns-id", "EC1BF194".to_owned())], String::new())).await;
    let service = sample(FCM, "account").replace("https://oauth2.googleapis.com", &far.base);
    let accounts = format!(
        "[accounts.android]\nkind = \"fcm\"\nbase_url = \"{base}\"\n[accounts.android.parameters]\nproject = \"p1\"\n\
         account = '''{service}'''\n\
         [accounts.ios]\nkind = \"apns\"\nbase_url = \"http://{apple}\"\n[accounts.ios.parameters]\nkey_id = \"KEY1\"\n\
         team = \"TEAM1\"\ntopic = \"com.example.app\"\nkey = '''{key}'''\n\
         [accounts.ntfy]\nkind = \"ntfy\"\nbase_url = \"{base}\"\n[accounts.ntfy.parameters]\ntoken = \"tk_1\"\n\
         [accounts.gotify]\nkind = \"gotify\"\nbase_url = \"{base}\"\n\
         [accounts.up]\nkind = \"unifiedpush\"\nprivate_endpoints = true\n",
        base = far.base,
        apple = apple.address,
        key = sample(APNS, "key"),
    );
    let program = Program::start(&["android", "ios", "ntfy", "gotify", "up"], &accounts).await;
    let checked = program.run(&["check"]).await;
    let said = String::from_utf8(checked.stdout).unwrap();
    assert!(checked.status.success() && said.contains("pushes to devices by apns"), "{said}");
    let (ann, bob) = program.friends().await;
    let apns_token = "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0";
    for (account, token) in
        [("android", "fcm:token-1"), ("ios", apns_token), ("ntfy", "bobs-topic"), ("gotify", "AbobsToken")]
    {
        register(&program, &bob, json!({"account": account, "token": token})).await;
    }
    register(&program, &bob, json!({"account": "up", "subscription": subscription(&far, "up", &device)})).await;
    program.change(&ann, 3).await;
    let (notice, mut tried) = program.told(&ann, 0).await;
    let id = notice["id"].as_str().unwrap();
    tried.sort();
    assert_eq!(tried, ["android", "gotify", "ios", "ntfy", "up"].map(|account| format!("push {account} sent")));

    let to = |path: &str| far.seen().into_iter().find(|seen| seen.path() == path).unwrap_or_else(|| panic!("{path}"));
    let title = "Ann Lee hat neue Kontaktdaten";
    let fcm = to("/v1/projects/p1/messages:send");
    assert_eq!(fcm.header("authorization"), "Bearer ya29.test");
    let message = &fcm.json()["message"];
    assert_eq!((&message["token"], &message["notification"]["title"]), (&json!("fcm:token-1"), &json!(title)));
    assert_eq!(message["android"]["notification"]["tag"], id);
    let ntfy = to("/");
    assert_eq!(ntfy.header("authorization"), "Bearer tk_1");
    let body = ntfy.json();
    assert_eq!(
        (&body["topic"], &body["title"], &body["sequence_id"]),
        (&json!("bobs-topic"), &json!(title), &json!(id))
    );
    let gotify = to("/message");
    assert_eq!((gotify.header("x-gotify-key"), &gotify.json()["title"]), ("AbobsToken", &json!(title)));
    let unified = to("/push/up");
    assert!(unified.headers.get("authorization").is_none(), "without a key of its own it shows none");
    assert_eq!(device.read(&unified.body)["title"], title);

    let apns = apple.wait(1).await.remove(0);
    assert_eq!(apns.path(), format!("/3/device/{apns_token}"));
    assert_eq!((apns.header("apns-topic"), apns.header("apns-collapse-id")), ("com.example.app", id));
    assert!(apns.header("authorization").starts_with("Bearer ey"), "{:?}", apns.headers);
    assert_eq!(apns.json()["aps"]["alert"]["title"], title);
    let log = program.log();
    for secret in ["fcm:token-1", apns_token, "AbobsToken", "bobs-topic"] {
        assert!(!log.contains(secret), "the log tells {secret}");
    }
}

#[tokio::test]
async fn apple_says_since_when_and_a_phone_that_came_back_since_stays() {
    let since = Arc::new(AtomicU16::new(0));
    let asked = Arc::clone(&since);
    let apple = Far::start(None, move |_| {
        // At first that it went years ago, then that it went in the far future.
        let year = if asked.fetch_add(1, Ordering::Relaxed) == 0 { 946_684_800_000_i64 } else { 4_102_444_800_000 };
        (410, Vec::new(), json!({"reason": "Unregistered", "timestamp": year}).to_string())
    })
    .await;
    let accounts = format!(
        "[accounts.ios]\nkind = \"apns\"\nbase_url = \"http://{}\"\n[accounts.ios.parameters]\nkey_id = \"KEY1\"\n\
         team = \"TEAM1\"\ntopic = \"com.example.app\"\nkey = '''{}'''\n",
        apple.address,
        sample(APNS, "key")
    );
    let program = Program::start(&["ios"], &accounts).await;
    let (ann, bob) = program.friends().await;
    register(&program, &bob, json!({"account": "ios", "token": "ab".repeat(32)})).await;
    let mut ended = Vec::new();
    for n in [3, 4] {
        program.change(&ann, n).await;
        let tried = program.told(&ann, ended.len() * 2).await.1;
        assert_eq!(tried, ["push ios never", "sms outbox sent"]);
        ended.push(!program.get(&format!("owners/{bob}/devices")).await["items"][0]["ended"].is_null());
        // The next one is another notice.
        assert_eq!(apple.wait(usize::from(since.load(Ordering::Relaxed))).await.len(), ended.len());
    }
    assert_eq!(ended, [false, true]);
}

#[tokio::test]
async fn devices_are_registered_looked_at_handed_over_and_removed() {
    let program = Program::start(&["web", "outbox"], &web_account().replace("private_endpoints = true\n", "")).await;
    let (ann, bob) = program.friends().await;
    let of = |owner: &str| format!("owners/{owner}/devices");
    let [point, secret] = [
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "BTBZMqHH6r4Tts7J_aSIgg",
    ];
    let off = format!("{}B", &point[..point.len() - 1]);
    let web = |endpoint: &str, p256dh: &str, auth: &str| json!({"account": "web", "subscription": {"endpoint": endpoint, "keys": {"p256dh": p256dh, "auth": auth}}});
    let good = "https://push.example.net/p/1";
    for (wanted, pointer) in [
        (json!({"account": "nobody", "token": "x"}), "/account"),
        (json!({"account": "outbox"}), "/token"),
        (json!({"account": "outbox", "token": "a b"}), "/token"),
        (json!({"account": "web", "token": "x"}), "/subscription"),
        (web("http://push.example.net/p/1", point, secret), "/subscription/endpoint"),
        (web("https://127.0.0.1/p/1", point, secret), "/subscription/endpoint"),
        (web("https://[::1]/p/1", point, secret), "/subscription/endpoint"),
        (web("https://me@push.example.net/p/1", point, secret), "/subscription/endpoint"),
        (web(good, &off, secret), "/subscription/keys/p256dh"),
        (web(good, "AAAA", secret), "/subscription/keys/p256dh"),
        (web(good, point, "AAAA"), "/subscription/keys/auth"),
        (json!({"account": "outbox", "token": "x", "label": "l".repeat(101)}), "/label"),
    ] {
        let (status, answer) = program.ask(Method::POST, &of(&bob), &wanted).await;
        assert_eq!((status, &answer["errors"][0]["pointer"]), (422, &json!(pointer)), "{wanted} {answer}");
        assert!(!answer["errors"][0]["detail"].as_str().unwrap().is_empty());
    }
    let (status, first) = program.ask(Method::POST, &of(&bob), &web(good, point, secret)).await;
    assert_eq!((status, &first["place"]), (201, &json!("push.example.net/•••")));
    let (status, again) = program.ask(Method::POST, &of(&bob), &web(good, point, secret)).await;
    assert_eq!((status, &again["id"]), (200, &first["id"]), "registered again it is the same");

    // Bob's phone becomes Ann's.
    let (status, anns) = program.ask(Method::POST, &of(&ann), &web(good, point, secret)).await;
    assert_eq!((status, anns["id"] != first["id"]), (201, true));
    let path = format!("{}/{}", of(&bob), first["id"].as_str().unwrap());
    assert_eq!(program.get(&path).await["ended"]["why"], "somebody else has registered it");
    let (status, _) = program.ask(Method::GET, &path.replace(&bob, &ann), &Value::Null).await;
    assert_eq!(status, 404, "one owner's device is nobody else's to see");
    let (status, _) = program.ask(Method::DELETE, &path.replace(&bob, &ann), &Value::Null).await;
    assert_eq!(status, 404);
    let (status, _) = program.ask(Method::DELETE, &path, &Value::Null).await;
    assert_eq!(status, 204);
    assert_eq!(program.get(&of(&bob)).await["items"], json!([]));

    // Files for trying things out.
    register(&program, &bob, json!({"account": "outbox", "token": "bobs-phone", "label": "try"})).await;
    program.change(&ann, 3).await;
    assert_eq!(program.told(&ann, 0).await.1, ["push outbox sent"]);
    let files = program.texts();
    assert!(files.len() == 1 && files[0].contains("bobs-phone") && files[0].contains("Kontaktdaten"), "{files:?}");
}
