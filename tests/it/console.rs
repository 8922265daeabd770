//! The operator's page: who gets in, what they see, what they may do, and that it is written down.

use crate::{
    hooks::signed_form,
    notice::world::post,
    spawn::{AccountOf, Running, Setup, TWILIO_SID, TWILIO_TOKEN, spawn},
};
use bytes::Bytes;
use futures_util::future::join_all;
use http::{HeaderMap, Method, StatusCode, header};
use redial::{
    clock::{Clock as _, SeededRandom, SystemRandom, Time},
    domain::{
        address::phone,
        group::Member,
        id::{ContactId, NoticeId, OwnerId},
        notice::{AttemptOutcome, Notice, NoticeState, Recipient},
        schedule::Urgency,
    },
    http::{body, console as pages},
    store::{Commit, Effect, OfErasure, erasure::SendingHeld},
    telemetry::{Metrics, metrics::OnAccount},
    transport::{
        delivery::Delivery,
        http::{Client, Settings, reach::Reach},
    },
    usecase::{
        Live,
        console::{Console, Operator, Operators, Range, Role, SignedIn, hash_password},
        deliver_notice::Post,
        governor::{Caps, Governor, Way},
    },
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

pub(crate) const PASSWORD: &str = "correct horse battery";
/// The number that [`World::dead`]'s owner had.
pub(crate) const OLD: &str = "+14155550101";

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
        let console = Arc::new(Console::new(env.clone(), counted, "node-a", operators));
        *hand.lock().unwrap() = Some(Arc::clone(&console));
        let limit = body::Limit { bytes: 1 << 20, time: Duration::from_secs(5) };
        vec![pages::routes(pages::Surface::new(console, false, limit))]
    });
    let accounts = Box::new(|base: &str| vec![AccountOf::twilio(base, "http://127.0.0.1:9").make()]);
    let running = spawn(Setup { others, accounts, metrics: metrics.clone(), ..Setup::default() }).await;
    let console = made.lock().unwrap().take().unwrap();
    let to = |region, most| (phone::Region::new(region).unwrap(), most);
    let daily_to = [to("US", 10), to("GB", 5)].into();
    let caps = Caps { daily: Some(500), daily_to, concurrency: 8, ..Caps::default() };
    let post = Post {
        caps: [("main".into(), caps)].into(),
        governor: Governor::new(Some(metrics.clone())),
        ..post(Vec::new())
    };
    running.gateway.sends_with(Live::new(post));
    console.watches(Arc::clone(&running.gateway));
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
    pub(crate) async fn dead(&self) -> (OwnerId, NoticeId) {
        let owner = self.running.moved("Ann Lee", OLD, "+14155550102", Member::Everyone, false).await;
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

    /// A call webhook to a number that has moved; it is connected elsewhere.
    pub(crate) async fn call(&self, id: &str, to: &str) {
        let url = format!("{}/hooks/main/call", self.running.base);
        let (account, from) = (("AccountSid", TWILIO_SID), ("From", "+15005550006"));
        let call = [account, ("CallSid", id), ("CallStatus", "ringing"), ("Direction", "inbound"), from, ("To", to)];
        let answer = self.client.send(signed_form(&url, TWILIO_TOKEN, &call)).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
    }

    /// Attempts over the account `main`, all ended so, as long as it is not left alone.
    pub(crate) fn attempts(&self, outcome: AttemptOutcome, times: u32) {
        let (post, now) = (self.running.gateway.post().unwrap(), self.running.clock.now());
        let to = phone::parse("+14155550150", None).unwrap();
        let way = Way { account: "main", host: None, sender: "+1", to: &to };
        for _ in 0..times {
            let Ok(permit) = post.governor.admit(way, &post.caps("main"), Urgency::Code, now) else { return };
            permit.ended(&Delivery::new(outcome, ""), now);
        }
    }

    /// What the operators' trail says, newest first: who, what, to what.
    async fn operators_trail(&self) -> Vec<[String; 3]> {
        let lines = self.console.operators_trail(None, 100).await.unwrap().items;
        lines.iter().map(|line| [&line.by, &line.what, &line.subject].map(ToString::to_string)).collect()
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
    let form = [("name", "ann"), ("password", PASSWORD)];
    for elsewhere in [("origin", "https://evil.example"), ("sec-fetch-site", "same-site")] {
        assert_eq!(
            world.ask(Method::POST, "/console/sign-in", &[elsewhere], &form).await.status,
            StatusCode::FORBIDDEN
        );
    }
    world.signed_in("ann").await;
}

#[tokio::test]
async fn a_crowd_that_signs_in_at_once_is_told_to_try_again() {
    let world = world(operators()).await;
    let wrong = [("name", "nobody"), ("password", "wrong")];
    let all = (0..40).map(|_| world.ask(Method::POST, "/console/sign-in", &[], &wrong));
    let answers = join_all(all).await;
    let of = |status| answers.iter().filter(|answer| answer.status == status).count();
    let (refused, later) = (of(StatusCode::FORBIDDEN), of(StatusCode::TOO_MANY_REQUESTS));
    assert!(refused > 0 && later > 0 && refused + later == 40, "{refused} {later}");
    let busy = answers.iter().find(|answer| answer.status == StatusCode::TOO_MANY_REQUESTS).unwrap();
    assert!(busy.body.contains("Try again") && busy.headers.contains_key(header::RETRY_AFTER));
    world.signed_in("ann").await;
}

#[tokio::test]
async fn after_five_wrong_passwords_a_name_waits_but_on_devices_that_it_signed_in_on() {
    let world = world(operators()).await;
    let right = [("name", "ann"), ("password", PASSWORD)];
    let before = world.ask(Method::POST, "/console/sign-in", &[], &right).await;
    let cookies = before.headers.get_all(header::SET_COOKIE).iter().map(|cookie| cookie.to_str().unwrap());
    let device = cookies.filter_map(|cookie| cookie.split(';').next()).find(|cookie| cookie.contains("device"));
    let device = device.unwrap().to_owned();
    for _ in 0..5 {
        world.ask(Method::POST, "/console/sign-in", &[], &[("name", "ann"), ("password", "guess")]).await;
    }
    let asked = async |device: &str, form: &[(&str, &str)]| {
        world.ask(Method::POST, "/console/sign-in", &[("cookie", device)], form).await.status
    };
    assert_eq!(asked("", &right).await, StatusCode::FORBIDDEN);
    let another = Console::new(world.running.gateway.env.clone(), Metrics::new(), "node-b", operators());
    let there = async |origin| another.sign_in("ann", PASSWORD, origin, None).await;
    assert_eq!(there("127.0.0.1").await, SignedIn::No, "other nodes know of it");
    assert!(matches!(there("192.0.2.1").await, SignedIn::As { .. }));
    assert_eq!(asked(&device, &right).await, StatusCode::SEE_OTHER, "somebody else's guesses keep nobody out");
    let forged = device.replacen('.', ".0", 1);
    assert_eq!(asked(&forged, &right).await, StatusCode::FORBIDDEN);
    assert_eq!(
        asked(&device, &[("name", "bob"), ("password", "guess")]).await,
        StatusCode::FORBIDDEN,
        "Ann's, not Bob's"
    );
    for _ in 0..5 {
        asked(&device, &[("name", "ann"), ("password", "guess")]).await;
    }
    assert_eq!(asked(&device, &right).await, StatusCode::FORBIDDEN, "nor does a device guess without end");
    world.signed_in("bob").await;
    world.running.clock.advance(Duration::from_mins(15));
    world.signed_in("ann").await;
}

#[tokio::test]
async fn a_session_ends_when_idle_signed_out_or_its_operator_is_gone() {
    let world = world(operators()).await;
    let overview = async |cookie: &str| world.get(cookie, "/console").await.body.contains("What happened");
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
async fn the_overview_shows_what_happens_and_what_wants_attention() {
    let world = world(operators()).await;
    let cookie = world.signed_in("bob").await;
    let calm = world.get(&cookie, "/console").await.body;
    for part in
        ["Nothing wants attention.", "Node node-a, started", "<h3>main</h3>", "<span class=\"soft\">works</span>"]
    {
        assert!(calm.contains(part), "there is no {part}\n{calm}");
    }
    world.dead().await;
    world.call("CA1", OLD).await;
    world.call("CA2", "+14155550177").await;
    world.metrics.failed_open.get_or_create(&OnAccount { account: "main".to_owned(), kind: "deadline" }).inc();
    world.attempts(AttemptOutcome::Sent, 3);
    world.attempts(AttemptOutcome::TryAgain, 7);
    world.console.reloaded(false, "config.toml:3:1: unknown field `x`").await;
    let today = world.running.clock.now().seconds().div_euclid(86_400);
    let midnight = Time((today + 1) * 86_400_000_000).to_string();
    for path in ["/console", "/console/live"] {
        let page = world.get(&cookie, path).await.body;
        for part in [
            "5 things want attention.",
            &format!("main has sent all of its 10 messages to US today; it may again from {midnight}."),
            "<dt>today to GB</dt><dd>0<span class=\"soft\"> of 5</span></dd>",
            "<div class=\"bad\"><dt>today to US</dt><dd>10<span class=\"soft\"> of 10</span></dd>",
            &format!("<dt>renewed</dt><dd>{} 00:00:00 UTC</dd>", &midnight[..10]),
            "main fails and is left alone.",
            "1 communication went on unchanged: Redial was slow or broken.",
            "1 notice was given up.",
            "The last reload of the configuration was refused: config.toml:3:1: unknown field `x`",
            "aria-label=\"calls: 1 in the last hour, at most 1 in a minute\"",
            "aria-label=\"no result: 2 in the last hour, at most 2 in a minute\"",
            "aria-label=\"main: 3 attempts answered and 7 not, in the last hour\"",
            "<dt>today</dt><dd>10<span class=\"soft\"> of 500</span></dd>",
            "<dt>elsewhere</dt><dd>1</dd>",
            "next try ",
            "aria-label=\"The substitution, durable: half within ",
            "every way was refused, the last with: &lt;b&gt;5.1.1",
        ] {
            assert!(page.contains(part), "{path} has no {part}\n{page}");
        }
    }
}

#[tokio::test]
async fn figures_outlive_the_process_and_come_from_all_nodes() {
    let world = world(operators()).await;
    world.dead().await;
    world.call("CA1", OLD).await;
    let another = Metrics::new();
    let other = Console::new(world.running.env.clone(), another.clone(), "node-b", operators());
    another.substitutions.get_or_create(&OnAccount { account: "main".to_owned(), kind: "call" }).inc_by(10);
    other.take_down().await.unwrap();
    let calls = async |console: &Console, range, node: &str| {
        let overview = console.overview(range, node).await;
        overview.groups[1].strips[0].clone()
    };
    assert_eq!(calls(&world.console, Range::Hour, "").await.total.to_string(), "11");
    assert_eq!(calls(&world.console, Range::Hour, "node-b").await.total.to_string(), "10");
    assert_eq!(calls(&world.console, Range::Hour, "node-a").await.total.to_string(), "1");
    // Written twice, or still being counted: once.
    for _ in 0..2 {
        world.console.take_down().await.unwrap();
        assert_eq!(calls(&world.console, Range::Hour, "node-a").await.total.to_string(), "1");
    }
    world.running.clock.advance(Duration::from_mins(1));
    world.console.take_down().await.unwrap();
    let next = Console::new(world.running.env.clone(), Metrics::new(), "node-a", operators());
    world.call("CA2", OLD).await;
    let strip = calls(&world.console, Range::Hour, "node-a").await;
    assert_eq!(format!("{:?}", &strip.points[strip.points.len() - 2..]), "[1.0, 1.0]");
    world.console.take_down().await.unwrap();
    assert_eq!(
        calls(&next, Range::Hour, "node-a").await.total.to_string(),
        "2",
        "its next life shows what this one counted"
    );
    world.running.clock.advance(Duration::from_hours(7));
    assert_eq!(calls(&world.console, Range::Hour, "").await.total.to_string(), "0");
    assert_eq!(calls(&world.console, Range::Day, "").await.total.to_string(), "12");
    let overview = world.console.overview(Range::Week, "").await;
    let nodes: Vec<_> = overview.nodes.iter().map(|node| (&*node.name, node.here, node.missed)).collect();
    assert_eq!(nodes, [("node-a", true, false), ("node-b", false, true)]);
    world.running.clock.advance(Duration::from_hours(8 * 24));
    // The minute that has ended, which is too old by now, and the present one.
    for left in [0, 1] {
        world.console.take_down().await.unwrap();
        assert_eq!(world.running.store.figures(0, None, 9).await.unwrap().items.len(), left, "a week is kept");
    }
}

#[tokio::test]
async fn that_nothing_is_sent_matters() {
    let world = world(operators()).await;
    let matters = async || {
        let overview = world.console.overview(Range::Hour, "").await;
        overview.matters.into_iter().map(|matter| matter.text).collect::<Vec<String>>()
    };
    assert!(!matters().await.iter().any(|text| text.contains("Nothing is sent")));
    let write = async |what| {
        let effects = vec![Effect::OfErasure(what)];
        world.running.store.commit(Commit { effects, ..Commit::default() }).await.unwrap();
    };
    let at = world.running.store.now().await.unwrap();
    write(OfErasure::Held(SendingHeld { at, why: "somebody said so".into() })).await;
    let said = format!("Nothing is sent since {at}: somebody said so. `redial notices resume` ends that.");
    assert!(matters().await.contains(&said), "{:?}", matters().await);
    write(OfErasure::Resumed).await;
    assert!(!matters().await.contains(&said));
}

#[tokio::test]
async fn a_store_that_is_gone_does_not_take_the_page_with_it() {
    let world = world(operators()).await;
    let cookie = world.signed_in("ann").await;
    world.running.sqlite.crash_before(1);
    world.call("CA1", "+14155550177").await;
    let _gone = world.console.take_down().await;
    let page = world.get(&cookie, "/console").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("no result: 1 in the last hour"), "{}", page.body);
    assert_eq!(world.get(&cookie, "/console/explain?id=qry_1").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_operators_do_stands_in_their_trail() {
    let world = world(operators()).await;
    let (_, id) = world.dead().await;
    // The lines of one moment are in no order.
    let next = || world.running.clock.advance(Duration::from_secs(1));
    for (name, password) in [("ann", "guess"), ("correct horse battery", "x")] {
        next();
        world.ask(Method::POST, "/console/sign-in", &[], &[("name", name), ("password", password)]).await;
    }
    next();
    let ann = world.signed_in("ann").await;
    let form = world.form(&ann).await;
    next();
    world.get(&ann, &format!("/console/explain?id={id}")).await;
    next();
    let search = [("form", &*form), ("number", OLD)];
    world.ask(Method::POST, "/console/search", &[("cookie", &ann)], &search).await;
    next();
    let replay = [("form", &*form), ("id", &id.to_string())];
    world.ask(Method::POST, "/console/replay", &[("cookie", &ann)], &replay).await;
    next();
    world.ask(Method::POST, "/console/sign-out", &[("cookie", &ann)], &[("form", &form)]).await;
    let line = |by: &str, what: &str, subject: &str| [by, what, subject].map(str::to_owned);
    let masked = phone::parse(OLD, None).unwrap().to_string();
    assert!(!masked.contains("555010"), "{masked}");
    let id = id.to_string();
    assert_eq!(
        world.operators_trail().await,
        [
            line("ann", "signed_out", ""),
            line("ann", "replayed", &id),
            line("ann", "searched", &masked),
            line("ann", "looked_at", &id),
            line("ann", "signed_in", ""),
            line("", "sign_in_refused", "nobody has this name"),
            line("ann", "sign_in_refused", "wrong password"),
        ]
    );
    let bob = world.signed_in("bob").await;
    let page = world.get(&bob, "/console/trail").await.body;
    assert!(
        page.contains(&format!("<a href=\"/console/explain?id={id}\">")) && page.contains("from 127.0.0.1"),
        "{page}"
    );
    assert!(!page.contains("555-0101") && !page.contains("5550101"), "{page}");
    world.running.clock.advance(Duration::from_mins(1));
    for _ in 0..40 {
        world.ask(Method::POST, "/console/sign-in", &[], &[("name", "ann"), ("password", "guess")]).await;
    }
    let refused = world.operators_trail().await.into_iter().filter(|[_, what, _]| what == "sign_in_refused");
    assert_eq!(refused.count(), 2 + 30, "a crowd does not fill the store");
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
