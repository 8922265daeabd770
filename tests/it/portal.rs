//! The owner's portal over HTTP: who gets in, whose forms count, and that nothing tells who is registered. Its journeys are in
//! `browser`.

use crate::{
    notes::Notes,
    spawn::{Running, Setup, spawn},
    via::client,
};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, header};
use redial::{
    domain::{code::Caps, owner::Channel, passkey::Relying, schedule::Backoff},
    template::Templates,
    usecase::{Live, Rules, carrier::Carrier, deliver_notice::Post, governor::Governor},
    worker::{Settings, Worker},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

const ANN: &str = "+14155550100";
const NOBODY: &str = "+14155550199";

/// A Redial where people may register, whose messages are noted.
pub(crate) struct Portal {
    pub(crate) running: Running,
    worker: Worker,
    given: Arc<Mutex<Vec<(String, String)>>>,
}

impl Portal {
    pub(crate) async fn new() -> Self {
        let codes = Caps {
            again: 99,
            address: 99,
            address_day: 99,
            prefix: 999,
            country: 999,
            requester: 999,
            ..Caps::default()
        };
        let rules = Rules { registration: true, codes, ..Rules::default() };
        let running = spawn(Setup { rules, ..Setup::default() }).await;
        let given = Arc::default();
        let notes = |channel| (channel, Arc::new(Notes { channel, given: Arc::clone(&given) }) as Arc<dyn Carrier>);
        let post = || Post {
            templates: Templates::built_in(),
            carriers: vec![notes(Channel::Sms), notes(Channel::Email)],
            service: "Redial".into(),
            help: "help@example.com".into(),
            public_url: running.base.clone(),
            mailboxes: HashMap::new(),
            language: "en".into(),
            backoff: Backoff::default(),
            expiry: Post::USUAL_EXPIRY,
            caps: HashMap::new(),
            governor: Governor::default(),
            zone: jiff::tz::TimeZone::UTC,
        };
        running.gateway.sends_with(Live::new(post()));
        let worker = Worker::new(running.env.clone(), Arc::new(post()), Settings::default(), None);
        Self { running, worker, given }
    }

    /// Its address by name, and passkeys for it: browsers make none for a bare IP address.
    pub(crate) fn by_name(&self) -> String {
        let base = self.running.base.replace("127.0.0.1", "localhost");
        let relying = Relying { id: "localhost".into(), origin: base.clone() };
        let rules = Rules { relying: Some(relying), ..(*self.running.env.live.kept()).clone() };
        self.running.env.live.replace(rules);
        base
    }

    pub(crate) async fn idle(&self) {
        self.worker.run_until_idle().await.unwrap();
    }

    /// The messages since the last time.
    pub(crate) async fn told(&self) -> Vec<(String, String)> {
        self.idle().await;
        std::mem::take(&mut *self.given.lock().unwrap())
    }

    /// The code in the last message to this address.
    pub(crate) async fn code(&self, to: &str) -> String {
        let given = self.told().await;
        let text = &given.iter().rev().find(|(known, _)| known == to).expect("a message").1;
        let mut runs = text.split(|letter: char| !letter.is_ascii_digit());
        runs.find(|run| run.len() == 6).expect("a code").to_owned()
    }

    /// The link in the last message to this address.
    pub(crate) async fn link(&self, to: &str) -> String {
        let given = self.told().await;
        let text = &given.iter().rev().find(|(known, _)| known == to).expect("a message").1;
        text.split_whitespace().find(|word| word.starts_with("http")).unwrap_or_else(|| panic!("{text}")).to_owned()
    }

    async fn ask(&self, path: &str, headers: &[(header::HeaderName, &str)], form: Option<&[(&str, &str)]>) -> Answer {
        let url = format!("{}{path}", self.running.base);
        let request = match form {
            None => Request::get(url).body(Bytes::new()).unwrap(),
            Some(fields) => {
                let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
                let request = Request::post(url).header("content-type", "application/x-www-form-urlencoded");
                request.body(Bytes::from(body)).unwrap()
            }
        };
        let (mut parts, body) = request.into_parts();
        for (name, value) in headers {
            parts.headers.insert(name.clone(), value.parse().unwrap());
        }
        let (parts, body) = client().send(Request::from_parts(parts, body)).await.unwrap().into_parts();
        Answer { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&body).into_owned() }
    }

    /// Signs in with a code to this address; the cookie.
    async fn signed_in(&self, to: &str, had: &str) -> String {
        let cookie = [(header::COOKIE, had)];
        let page = self.ask("/me/sign-in", &cookie, Some(&[("to", to)])).await;
        let challenge = hidden(&page.text, "challenge");
        let code = self.code(to).await;
        let form = [("challenge", &*challenge), ("to", to), ("code", &code), ("name", "Ann Lee")];
        let answer = self.ask("/me/sign-in/code", &cookie, Some(&form)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

/// The value of a hidden field.
fn hidden(page: &str, name: &str) -> String {
    let rest = page.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap_or_else(|| panic!("no {name}: {page}"));
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_form_counts_from_its_own_session_and_site_only() {
    let portal = Portal::new().await;
    let cookie = portal.signed_in(ANN, "").await;
    let other = portal.signed_in(ANN, "").await;
    assert_ne!(cookie, other);
    let mark = hidden(&portal.ask("/", &[(header::COOKIE, &cookie)], None).await.text, "form");
    let others = hidden(&portal.ask("/", &[(header::COOKIE, &other)], None).await.text, "form");
    let own = portal.running.base.clone();
    let name = ("name", "Sailing");
    for (what, origin, form, status) in [
        ("its own", Some(&*own), vec![("form", &*mark), name], StatusCode::SEE_OTHER),
        ("of a browser that says nothing", None, vec![("form", &*mark), name], StatusCode::SEE_OTHER),
        ("without a mark", Some(&*own), vec![name], StatusCode::FORBIDDEN),
        ("of another session", Some(&*own), vec![("form", &*others), name], StatusCode::FORBIDDEN),
        ("of another site", Some("https://evil.example"), vec![("form", &*mark), name], StatusCode::FORBIDDEN),
        ("of a site that hides", Some("null"), vec![("form", &*mark), name], StatusCode::FORBIDDEN),
    ] {
        let mut headers = vec![(header::COOKIE, &*cookie)];
        headers.extend(origin.map(|origin| (header::ORIGIN, origin)));
        assert_eq!(portal.ask("/me/groups", &headers, Some(&form)).await.status, status, "{what}");
    }
    // And without a session there is nothing but the way in.
    for path in ["/", "/me/groups", "/me/people", "/me/record", "/me/safety", "/me/change", "/me/safety/data.json"] {
        let page = portal.ask(path, &[], None).await;
        assert!(page.text.contains("action=\"/me/sign-in\"") && !page.text.contains("Ann"), "{path}: {}", page.text);
        let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
    }
}

#[tokio::test]
async fn a_session_that_was_there_before_is_not_taken_over() {
    let portal = Portal::new().await;
    let planted = format!("redial=rds_{}", "k".repeat(52));
    let cookie = portal.signed_in(ANN, &planted).await;
    assert_ne!(cookie, planted, "a new one at each sign-in");
    assert!(portal.ask("/", &[(header::COOKIE, &planted)], None).await.text.contains("action=\"/me/sign-in\""));
    let home = portal.ask("/", &[(header::COOKIE, &cookie)], None).await;
    assert!(home.text.contains("Ann Lee"));
    let out =
        portal.ask("/me/sign-out", &[(header::COOKIE, &cookie)], Some(&[("form", &hidden(&home.text, "form"))])).await;
    assert!(out.headers[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
    assert!(portal.ask("/", &[(header::COOKIE, &cookie)], None).await.text.contains("action=\"/me/sign-in\""), "ended");
}

#[tokio::test]
async fn c1_nothing_tells_who_is_registered() {
    let portal = Portal::new().await;
    portal.signed_in(ANN, "").await;
    let asked = async |to: &str| {
        let page = portal.ask("/me/sign-in", &[], Some(&[("to", to)])).await;
        let challenge = hidden(&page.text, "challenge");
        let text = page.text.replace(&challenge, "CHALLENGE").replace(to, "TO");
        let wrong = [("challenge", &*challenge), ("to", to), ("code", "000000")];
        let wrong = portal.ask("/me/sign-in/code", &[], Some(&wrong)).await;
        (page.status, text, wrong.status, wrong.text.replace(&challenge, "CHALLENGE").replace(to, "TO"))
    };
    assert_eq!(asked(ANN).await, asked(NOBODY).await);
}
