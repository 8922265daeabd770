//! The operator's page: who gets in, what they see, what they may do, and that it is written down.

use crate::spawn::{Running, Setup, spawn};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use redial::{
    clock::{Clock as _, SeededRandom, SystemRandom},
    domain::{
        group::Member,
        id::{ContactId, NoticeId, OwnerId},
        notice::{Notice, NoticeState, Recipient},
    },
    http::{body, console as pages},
    store::Effect,
    telemetry::{
        Metrics,
        metrics::{Asked, OnAccount},
    },
    transport::http::{Client, Settings, reach::Reach},
    usecase::console::{Console, Operator, Operators, Role, hash_password},
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

pub(crate) const PASSWORD: &str = "correct horse battery";

/// A Redial with a console, as `ann` (act) and `bob` (look) can reach it.
pub(crate) struct World {
    pub(crate) running: Running,
    pub(crate) console: Arc<Console>,
    pub(crate) metrics: Metrics,
    client: Client,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

pub(crate) fn operators() -> Operators {
    let hash = hash_password(PASSWORD, &SeededRandom::new(5));
    let of = |name: &str, role| (name.into(), Operator::new(role, &hash).unwrap());
    [of("ann", Role::Act), of("bob", Role::Look)].into()
}

pub(crate) async fn world(operators: Operators) -> World {
    let made: Arc<Mutex<Option<Arc<Console>>>> = Arc::default();
    let metrics = Metrics::new();
    let (hand, counted) = (Arc::clone(&made), metrics.clone());
    let others = Box::new(move |env: &redial::usecase::Env| {
        let console = Arc::new(Console::new(env.clone(), counted, operators));
        *hand.lock().unwrap() = Some(Arc::clone(&console));
        let limit = body::Limit { bytes: 1 << 20, time: Duration::from_secs(5) };
        vec![pages::routes(pages::Surface::new(console, false, limit))]
    });
    let running = spawn(Setup { others, ..Setup::default() }).await;
    let console = made.lock().unwrap().take().unwrap();
    let client = Client::new(&Settings { reach: Reach::Anywhere, ..Settings::default() }).unwrap();
    World { running, console, metrics, client }
}

impl World {
    async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)], form: &[(&str, &str)]) -> Answer {
        let form: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.running.base))
            .body(Bytes::from(form))
            .unwrap();
        for (name, value) in headers {
            request
                .headers_mut()
                .insert(header::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        let (head, body) = self.client.send(request).await.unwrap().into_parts();
        Answer { status: head.status, headers: head.headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    /// The cookie of somebody who signed in.
    async fn signed_in(&self, name: &str) -> String {
        let answer = self.ask(Method::POST, "/console/sign-in", &[], &[("name", name), ("password", PASSWORD)]).await;
        assert_eq!(
            (answer.status, &answer.headers[header::LOCATION]),
            (StatusCode::SEE_OTHER, &"/console".parse().unwrap())
        );
        let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
        assert!(cookie.ends_with("; Path=/console; HttpOnly; SameSite=Strict"), "{cookie}");
        cookie.split(';').next().unwrap().to_owned()
    }

    async fn get(&self, cookie: &str, path: &str) -> Answer {
        self.ask(Method::GET, path, &[("cookie", cookie)], &[]).await
    }

    /// The mark that the session's forms have.
    async fn form(&self, cookie: &str) -> String {
        let page = self.get(cookie, "/console").await.body;
        let at = page.find("name=\"form\" value=\"").expect("there is a form") + 19;
        page[at..].split('"').next().unwrap().to_owned()
    }

    /// An owner, and a notice about them that was given up.
    async fn dead(&self) -> (OwnerId, NoticeId) {
        let owner = self.running.moved("Ann Lee", "+14155550101", "+14155550102", Member::Everyone, false).await;
        let (now, random) = (self.running.clock.now(), SystemRandom::new());
        let notice = Notice {
            id: NoticeId::fresh(now, &random),
            owner,
            recipient: Recipient::Contact(ContactId::fresh(now, &random)),
            state: NoticeState::Open,
            first: now,
            due: now,
            since: now,
            attempts: 3,
            reason: "".into(),
            settled: None,
        };
        let id = notice.id;
        let reason = "every way was refused, the last with: <b>5.1.1</b>".into();
        self.running.commit(vec![Effect::NoticeDue(notice)]).await;
        let mark = Effect::NoticeMarked { id, from: NoticeState::Open, state: NoticeState::Dead, reason };
        self.running.commit(vec![mark]).await;
        (owner, id)
    }

    async fn trail(&self, owner: OwnerId) -> Vec<(String, String)> {
        let lines = self.running.store.audit(owner, None, 100).await.unwrap().items;
        lines.iter().map(|line| (line.by.to_string(), line.what.to_string())).collect()
    }
}

#[tokio::test]
async fn without_operators_there_is_no_console() {
    let world = world(Operators::new()).await;
    for path in ["/console", "/console/notices", "/console/console.css"] {
        assert_eq!(world.ask(Method::GET, path, &[], &[]).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn nothing_is_shown_before_signing_in_and_a_wrong_password_says_no_more() {
    let world = world(operators()).await;
    for path in ["/console", "/console/notices", "/console/explain?id=ntc_1", "/console/search"] {
        let answer = world.ask(Method::GET, path, &[("cookie", "redial-console=guessed")], &[]).await;
        assert!(answer.body.contains("action=\"/console/sign-in\"") && !answer.body.contains("Overview"), "{path}");
        let policy = answer.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'none'; style-src 'self'; script-src 'self'") && !policy.contains("unsafe")
        );
        assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
        // With "no-referrer" browsers send forms with `Origin: null`, which is refused.
        assert_eq!(answer.headers[header::REFERRER_POLICY], "same-origin");
    }
    let no = async |name: &str| {
        world.ask(Method::POST, "/console/sign-in", &[], &[("name", name), ("password", "no")]).await
    };
    let (known, unknown) = (no("ann").await, no("eve").await);
    assert_eq!((known.status, &known.body), (StatusCode::FORBIDDEN, &unknown.body));
    assert!(!known.headers.contains_key(header::SET_COOKIE));
    let elsewhere = [("origin", "https://evil.example")];
    let form = [("name", "ann"), ("password", PASSWORD)];
    assert_eq!(world.ask(Method::POST, "/console/sign-in", &elsewhere, &form).await.status, StatusCode::FORBIDDEN);
    world.signed_in("ann").await;
}

#[tokio::test]
async fn after_five_wrong_passwords_a_name_waits() {
    let world = world(operators()).await;
    for _ in 0..5 {
        world.ask(Method::POST, "/console/sign-in", &[], &[("name", "ann"), ("password", "guess")]).await;
    }
    let right = [("name", "ann"), ("password", PASSWORD)];
    assert_eq!(world.ask(Method::POST, "/console/sign-in", &[], &right).await.status, StatusCode::FORBIDDEN);
    world.signed_in("bob").await;
    world.running.clock.advance(Duration::from_mins(15));
    world.signed_in("ann").await;
}

#[tokio::test]
async fn a_session_ends_when_idle_signed_out_or_its_operator_is_gone() {
    let world = world(operators()).await;
    let overview = async |cookie: &str| world.get(cookie, "/console").await.body.contains("The last hour");
    let (one, two, three) = (world.signed_in("ann").await, world.signed_in("ann").await, world.signed_in("bob").await);
    assert!(overview(&one).await && overview(&two).await && overview(&three).await);
    let form = world.form(&two).await;
    world.ask(Method::POST, "/console/sign-out", &[("cookie", &two)], &[("form", &form)]).await;
    assert!(overview(&one).await && !overview(&two).await);
    world.running.clock.advance(Duration::from_mins(29));
    assert!(overview(&one).await);
    world.running.clock.advance(Duration::from_mins(29));
    assert!(overview(&one).await && !overview(&three).await);
    let mut fewer = operators();
    fewer.remove("ann");
    world.console.operators.replace(fewer);
    assert!(!overview(&one).await);
}

#[tokio::test]
async fn the_overview_shows_what_was_measured() {
    let world = world(operators()).await;
    let asked =
        |verdict| world.metrics.queries.get_or_create(&Asked { way: "api", verdict, account: String::new() }).inc();
    asked("moved");
    world.console.sample();
    for _ in 0..7 {
        asked("no_result");
    }
    world.metrics.substitutions.get_or_create(&OnAccount { account: "main".to_owned(), kind: "call" }).inc();
    world.metrics.hook_time.observe(0.002);
    world.running.clock.advance(Duration::from_secs(10));
    world.console.sample();
    world.console.reloaded(false, "config.toml:3:1: unknown field `x`".to_owned());
    world.dead().await;
    let cookie = world.signed_in("bob").await;
    for path in ["/console", "/console/live"] {
        let page = world.get(&cookie, path).await.body;
        for part in [
            "no_result <strong>7</strong>",
            "call <strong>1</strong>",
            "<path class=\"line s0\"",
            "<strong>1</strong> notices given up",
            "<td>2.5 ms</td>",
            "unknown field `x`",
        ] {
            assert!(page.contains(part), "{path} has no {part}\n{page}");
        }
    }
}

#[tokio::test]
async fn a_dead_notice_is_looked_at_and_replayed_and_the_trail_says_by_whom() {
    let world = world(operators()).await;
    let (owner, id) = world.dead().await;
    let (ann, bob) = (world.signed_in("ann").await, world.signed_in("bob").await);
    let list = world.get(&ann, "/console/notices").await.body;
    assert!(list.contains(&id.to_string()) && list.contains("&lt;b&gt;5.1.1&lt;&#x2f;b&gt;"), "{list}");
    assert!(!world.get(&bob, "/console/notices").await.body.contains("/console/replay"));
    let form = world.form(&bob).await;
    let replay = [("form", &*form), ("id", &id.to_string())];
    let refused = world.ask(Method::POST, "/console/replay", &[("cookie", &bob)], &replay).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "to look is not to act");
    let refused = world.ask(Method::POST, "/console/replay", &[("cookie", &ann)], &replay).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "the form of another session");
    assert!(world.get(&bob, &format!("/console/explain?id={id}")).await.body.contains("every way was refused"));
    let form = world.form(&ann).await;
    let replay = [("form", &*form), ("id", &id.to_string())];
    let done = world.ask(Method::POST, "/console/replay", &[("cookie", &ann)], &replay).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let new = done.headers[header::LOCATION].to_str().unwrap();
    assert!(world.get(&ann, new).await.body.contains("<dd>open</dd>"));
    let again = world.ask(Method::POST, "/console/replay", &[("cookie", &ann)], &replay).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    let said = |by: &str, what: &str| (by.to_owned(), what.to_owned());
    let trail = world.trail(owner).await;
    for line in
        [said("operator bob", "looked_at"), said("operator ann", "notice_replayed"), said("operator ann", "looked_at")]
    {
        assert!(trail.contains(&line), "{trail:?}");
    }
}

#[tokio::test]
async fn a_search_by_number_finds_who_had_it_and_shows_no_number() {
    let world = world(operators()).await;
    let (owner, id) = world.dead().await;
    let (ann, bob) = (world.signed_in("ann").await, world.signed_in("bob").await);
    let form = world.form(&ann).await;
    let search = async |number: &str| {
        world.ask(Method::POST, "/console/search", &[("cookie", &ann)], &[("form", &form), ("number", number)]).await
    };
    let found = search("(415) 555-0101").await;
    assert!(found.body.contains(&owner.to_string()) && found.body.contains(&id.to_string()), "{}", found.body);
    assert!(!found.body.contains("0101") && !found.body.contains("0102"), "{}", found.body);
    assert!(search("+14155550199").await.body.contains("Nobody has it or had it."));
    assert_eq!(search("nobody").await.status, StatusCode::BAD_REQUEST);
    assert!(world.trail(owner).await.contains(&("operator ann".to_owned(), "found_by_number".to_owned())));
    let form = world.form(&bob).await;
    let refused = [("form", &*form), ("number", "+14155550101")];
    let refused = world.ask(Method::POST, "/console/search", &[("cookie", &bob)], &refused).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}
