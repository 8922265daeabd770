//! The owner's portal over HTTP: who gets in, whose forms count, and that nothing tells who is registered. Its journeys are in
//! `browser`.

use crate::{
    both::both,
    notes::{self, Given},
    spawn::{Running, Setup, spawn},
    still::Still,
    via::client,
};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, Request, StatusCode, header};
use redial::{
    clock::{Clock as _, SystemClock},
    domain::{
        change::{
            RequestState,
            hold::{By, Course, Evidence},
        },
        code::Caps,
        id::RequestId,
        passkey::Relying,
    },
    store::{Commit, Effect},
    usecase::{
        Live, Rules,
        deliver_notice::Post,
        requests,
        wanted::{NewValue, Wanted, WantedPoint},
        write::{Actor, carry_out},
    },
    worker::{Settings, Worker},
};
use serde_json::json;
use std::{collections::BTreeSet, sync::Arc, time::Duration};

both! {
    a_form_counts_from_its_own_session_and_site_only
    no_form_at_all_counts_without_its_mark_or_from_elsewhere
    a_session_that_was_there_before_is_not_taken_over
    c1_each_proof_gives_a_session_another_token
    c1_nothing_tells_who_is_registered
    c3_a_veto_too_many_says_why_it_does_not_count
    a_block_follows_a_person_to_another_number
    c7_panic_hides_the_history
}

async fn on_sqlite() -> Portal {
    Portal::new().await
}

async fn on_postgres() -> Option<Portal> {
    Portal::on_postgres().await
}

const ANN: &str = "+14155550100";
const NOBODY: &str = "+14155550199";

/// So many that no journey meets a limit.
pub(crate) fn many_codes() -> Caps {
    Caps { again: 99, address: 99, address_day: 99, prefix: 999, country: 999, requester: 999, ..Caps::default() }
}

/// A Redial where people may register, whose messages are noted.
pub(crate) struct Portal {
    pub(crate) running: Running,
    still: Still,
    worker: Worker,
    given: Given,
}

impl Portal {
    pub(crate) async fn new() -> Self {
        Self::on(None).await
    }

    /// On a database of its own; none where there is no `PostgreSQL`.
    pub(crate) async fn on_postgres() -> Option<Self> {
        Some(Self::on(Some(Still::database(SystemClock.now()).await?)).await)
    }

    async fn on(still: Option<Still>) -> Self {
        let rules = Rules { registration: true, codes: many_codes(), ..Rules::default() };
        let (store, clock) = still.as_ref().map(|still| (still.store.clone(), still.clock.clone())).unzip();
        let running = spawn(Setup { store, rules, clock, ..Setup::default() }).await;
        let still = still.unwrap_or_else(|| Still::over(running.store.clone(), running.clock.clone()));
        let given = Given::default();
        let post = || Post { help: "help@example.com".into(), ..notes::post(&given, &running.base) };
        running.gateway.sends_with(Live::new(post()));
        let worker = Worker::new(running.env.clone(), Arc::new(post()), Settings::default(), None);
        Self { running, still, worker, given }
    }

    /// Time passes, and everything happens that then is due.
    pub(crate) async fn after(&self, span: Duration) {
        self.idle().await;
        self.still.passes(span).await;
        self.idle().await;
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
        let text = last(&given, to);
        let mut runs = text.split(|letter: char| !letter.is_ascii_digit());
        runs.find(|run| run.len() == 6).expect("a code").to_owned()
    }

    /// The link in the last message to this address.
    pub(crate) async fn link(&self, to: &str) -> String {
        let given = self.told().await;
        let text = last(&given, to);
        text.split_whitespace().find(|word| word.starts_with("http")).unwrap_or_else(|| panic!("{text}")).to_owned()
    }

    /// Ann's number becomes another, by the word of a key that may vouch for it.
    pub(crate) async fn change(&self, to: &str) {
        let env = &self.running.env;
        let held = env.store.holders(&[ANN.into()]).await.unwrap();
        let (owner, point) = held.first().map(|(_, holder)| (holder.owner, holder.point)).unwrap();
        let value = NewValue { point: point.to_string(), value: to.to_owned() };
        let wanted = Wanted { points: vec![WantedPoint::Replace(value)], ..Wanted::default() };
        let key = Actor { vouches: true, ..Actor::system() };
        carry_out(env, || requests::make(env, &key, owner, None, &wanted)).await.unwrap();
    }

    pub(crate) async fn ask(
        &self,
        path: &str,
        headers: &[(header::HeaderName, &str)],
        form: Option<&[(&str, &str)]>,
    ) -> Answer {
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

    /// Asks for a code to sign in with; its challenge.
    async fn challenge(&self, to: &str, cookie: &[(HeaderName, &str)]) -> String {
        let sent = self.ask("/me/sign-in", cookie, Some(&[("to", to)])).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
        challenge_in(&sent)
    }

    /// Signs in with a code to this address; the cookie.
    pub(crate) async fn signed_in(&self, to: &str, had: &str) -> String {
        let cookie = [(header::COOKIE, had)];
        let challenge = self.challenge(to, &cookie).await;
        let code = self.code(to).await;
        let form = [("challenge", &*challenge), ("to", to), ("code", &code), ("name", "Ann Lee")];
        let answer = self.ask("/me/sign-in/code", &cookie, Some(&form)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

/// The last message to this address.
fn last<'a>(given: &'a [(String, String)], to: &str) -> &'a str {
    let found = given.iter().rev().find(|(known, _)| known == to);
    &found.unwrap_or_else(|| panic!("no message to {to}, but {given:?}")).1
}

/// The challenge in the address that an answer leads to.
fn challenge_in(answer: &Answer) -> String {
    let to = answer.headers[header::LOCATION].to_str().unwrap();
    let found = to.split(['?', '&']).find_map(|part| part.strip_prefix("challenge=").or(part.strip_prefix("code=")));
    found.unwrap_or_else(|| panic!("no challenge in {to}")).to_owned()
}

/// The value of a hidden field.
pub(crate) fn hidden(page: &str, name: &str) -> String {
    let rest = page.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap_or_else(|| panic!("no {name}: {page}"));
    rest.split('"').next().unwrap().to_owned()
}

async fn a_form_counts_from_its_own_session_and_site_only(portal: Portal) {
    let cookie = portal.signed_in(ANN, "").await;
    let other = portal.signed_in(ANN, "").await;
    assert_ne!(cookie, other);
    let mark = hidden(&portal.ask("/", &[(header::COOKIE, &cookie)], None).await.text, "form");
    let others = hidden(&portal.ask("/", &[(header::COOKIE, &other)], None).await.text, "form");
    let own = portal.running.base.clone();
    let longer = format!("{own}.evil.example");
    let name = ("name", "Sailing");
    let owner = portal.running.env.store.owners(None, 9).await.unwrap().items[0].id;
    let ours = vec![("form", &*mark), name];
    let from = |origin| (header::ORIGIN, origin);
    let fetched = |site| (HeaderName::from_static("sec-fetch-site"), site);
    let kind = |kind| (header::CONTENT_TYPE, kind);
    let (yes, no, other) = (StatusCode::SEE_OTHER, StatusCode::FORBIDDEN, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    for (what, more, form, status) in [
        ("its own", vec![from(&*own)], ours.clone(), yes),
        ("as browsers send it", vec![from(&*own), fetched("same-origin")], ours.clone(), yes),
        ("of a browser that says nothing", vec![], ours.clone(), yes),
        ("sent by hand", vec![fetched("none")], ours.clone(), yes),
        ("without a mark", vec![from(&*own)], vec![name], no),
        ("with an empty one", vec![from(&*own)], vec![("form", ""), name], no),
        ("of another session", vec![from(&*own)], vec![("form", &*others), name], no),
        ("the right one second", vec![from(&*own)], vec![("form", &*others), ("form", &*mark), name], no),
        ("of another site", vec![from("https://evil.example")], ours.clone(), no),
        ("of a site with a longer name", vec![from(&*longer)], ours.clone(), no),
        ("of a site that hides", vec![from("null")], ours.clone(), no),
        ("of another site that says no origin", vec![fetched("cross-site")], ours.clone(), no),
        ("of a sibling of this host", vec![fetched("same-site")], ours.clone(), no),
        ("of a site that lies in one of both", vec![from(&*own), fetched("cross-site")], ours.clone(), no),
        ("as plain text", vec![kind("text/plain")], ours.clone(), other),
        ("in parts", vec![kind("multipart/form-data; boundary=x")], ours.clone(), other),
        ("as JSON", vec![kind("application/json")], ours.clone(), other),
    ] {
        let mut headers = vec![(header::COOKIE, &*cookie)];
        headers.extend(more);
        assert_eq!(portal.ask("/me/groups", &headers, Some(&form)).await.status, status, "{what}");
    }
    // No other method is one in disguise: neither a field nor a header makes a form of a look.
    let groups = async || portal.running.env.store.groups(owner).await.unwrap().len();
    let before = groups().await;
    let disguise = [HeaderName::from_static("x-http-method-override"), HeaderName::from_static("x-method-override")];
    for header in disguise {
        let headers = [(header::COOKIE, &*cookie), (header, "POST")];
        let path = format!("/me/groups?_method=POST&form={mark}&name=Rowing");
        assert_eq!(portal.ask(&path, &headers, None).await.status, StatusCode::OK);
    }
    for method in ["PUT", "PATCH", "DELETE"] {
        let request = Request::builder().method(method).uri(format!("{}/me/groups", portal.running.base));
        let request = request.header(header::COOKIE, &cookie).body(Bytes::new()).unwrap();
        assert_eq!(client().send(request).await.unwrap().status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
    }
    assert_eq!(groups().await, before);
    // And without a session there is nothing but the way in.
    for path in ["/", "/me/groups", "/me/people", "/me/record", "/me/safety", "/me/change", "/me/safety/data.json"] {
        let page = portal.ask(path, &[], None).await;
        assert!(page.text.contains("action=\"/me/sign-in\"") && !page.text.contains("Ann"), "{path}: {}", page.text);
        let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
    }
}

/// The address of every form of the portal's pages, with ids of things that there are not.
fn forms() -> BTreeSet<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/pages/portal");
    let mut found = BTreeSet::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for form in text.split("<form").skip(1).filter(|form| form.contains("method=\"post\"")) {
            let tag = form.split('\n').next().unwrap();
            let Some(action) = tag.split("action=\"").nth(1) else { continue };
            let mut path = String::new();
            for (nth, piece) in action.split("{{").enumerate() {
                let rest = if nth == 0 { piece } else { piece.split_once("}}").unwrap().1 };
                path.push_str(if nth == 0 { "" } else { "x" });
                path.push_str(rest.split('"').next().unwrap());
                if rest.contains('"') {
                    break;
                }
            }
            found.insert(path);
        }
    }
    found
}

async fn no_form_at_all_counts_without_its_mark_or_from_elsewhere(portal: Portal) {
    let cookie = portal.signed_in(ANN, "").await;
    let mark = hidden(&portal.ask("/", &[(header::COOKIE, &cookie)], None).await.text, "form");
    let forms = forms();
    // Those by which one gets in: there is no session yet whose mark could stand there.
    let ways_in = ["/me/sign-in", "/me/sign-in/code", "x"];
    assert!(forms.len() > 30 && ways_in.iter().all(|way| forms.contains(*way)), "{forms:?}");
    let elsewhere = (header::ORIGIN, "https://evil.example");
    for form in &forms {
        let path = if form == "x" { "/me/sign-in/passkey" } else { form };
        let marked = [("form", &*mark)];
        let foreign = portal.ask(path, &[(header::COOKIE, &*cookie), elsewhere.clone()], Some(&marked)).await;
        assert_eq!(foreign.status, StatusCode::FORBIDDEN, "{form} from another site");
        if !ways_in.contains(&&**form) {
            let own = [(header::COOKIE, &*cookie)];
            let bare = portal.ask(path, &own, Some(&[])).await;
            assert_eq!(bare.status, StatusCode::FORBIDDEN, "{form} without its mark");
        }
    }
    assert!(portal.ask("/", &[(header::COOKIE, &cookie)], None).await.text.contains("Ann Lee"), "nothing has happened");
}

async fn a_session_that_was_there_before_is_not_taken_over(portal: Portal) {
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

async fn c1_each_proof_gives_a_session_another_token(portal: Portal) {
    // A stranger's own session, planted into the browser of somebody who then signs in.
    let strangers = portal.signed_in(NOBODY, "").await;
    let first = portal.signed_in(ANN, &strangers).await;
    let name = async |cookie: &str| {
        let page = portal.ask("/", &[(header::COOKIE, cookie)], None).await.text;
        (!page.contains("action=\"/me/sign-in\"")).then(|| hidden(&page, "form"))
    };
    assert_ne!(first, strangers);
    assert_ne!(name(&first).await, name(&strangers).await, "each is who they were");
    let sessions = async || {
        let owners = portal.running.env.store.owners(None, 9).await.unwrap().items;
        let held = async |to: &str| {
            let has = |owner: &&redial::domain::owner::Owner| {
                owner.points.iter().filter_map(|point| point.current()).any(|held| held.address.key() == to)
            };
            portal.running.env.store.sessions(owners.iter().find(has).unwrap().id).await.unwrap().len()
        };
        (held(ANN).await, held(NOBODY).await)
    };
    assert_eq!(sessions().await, (1, 1));

    // A code for a change is a further proof.
    let form = name(&first).await.unwrap();
    let wanted = [("form", &*form), ("new-label-0", "work"), ("new-value-0", "+14155550177")];
    let asked = portal.ask("/me/change", &[(header::COOKIE, &first)], Some(&wanted)).await;
    let path = asked.headers[header::LOCATION].to_str().unwrap().split('?').next().unwrap().to_owned();
    let (to, challenge) = (("to", "+14155550177"), challenge_in(&asked));
    let code = portal.code("+14155550177").await;
    let answer = [("form", &*form), to, ("challenge", &*challenge), ("code", &*code)];
    let proved = portal.ask(&format!("{path}/answer"), &[(header::COOKIE, &first)], Some(&answer)).await;
    let second = proved.headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    assert_ne!(second, first);
    assert_eq!(name(&first).await, None, "the one before is of no use");
    assert!(name(&second).await.is_some_and(|mark| mark != form), "and its forms have another mark");
    assert_eq!(sessions().await, (1, 1), "it is the same session");
    let replayed = portal.ask(&format!("{path}/answer"), &[(header::COOKIE, &second)], Some(&answer)).await;
    assert_eq!(replayed.status, StatusCode::FORBIDDEN, "a replay");
}

async fn c1_nothing_tells_who_is_registered(portal: Portal) {
    portal.signed_in(ANN, "").await;
    // As people read a number: +1 415-555-0100.
    let read = |to: &str| format!("{} {}-{}-{}", &to[..2], &to[2..5], &to[5..8], &to[8..]);
    let asked = async |to: &str| {
        let challenge = portal.challenge(to, &[]).await;
        let page = portal.ask(&format!("/me/sign-in/code?challenge={challenge}"), &[], None).await;
        let text = page.text.replace(&challenge, "CHALLENGE").replace(to, "TO").replace(&read(to), "TO");
        let wrong = [("challenge", &*challenge), ("to", to), ("code", "000000")];
        let wrong = portal.ask("/me/sign-in/code", &[], Some(&wrong)).await;
        (
            page.status,
            text,
            wrong.status,
            wrong.text.replace(&challenge, "CHALLENGE").replace(to, "TO").replace(&read(to), "TO"),
        )
    };
    assert_eq!(asked(ANN).await, asked(NOBODY).await);
}

async fn c3_a_veto_too_many_says_why_it_does_not_count(portal: Portal) {
    let cookie = portal.signed_in(ANN, "").await;
    let page = portal.ask("/", &[(header::COOKIE, &cookie)], None).await.text;
    let form = hidden(&page, "form");
    let env = &portal.running.env;
    let owner = env.store.holders(&[ANN.into()]).await.unwrap()[0].1.owner;
    let profile = json!({ "profile": { "name": "Ann Roy" } }).to_string();
    let now = env.store.now().await.unwrap();
    let shown = Evidence { by: By::Passkey, at: now };
    let request = redial::domain::change::Request {
        id: RequestId(7),
        owner,
        state: RequestState::Held,
        wanted: profile.into(),
        by: "owner".into(),
        created: now,
        decided: None,
        course: Course { evidence: vec![shown], delays: 2, ..Course::default() },
        due: Some(now.after(Duration::from_hours(24))),
    };
    let (path, effects) = (format!("/me/change/{}/stop", request.id), vec![Effect::RequestSet(request)]);
    env.store.commit(Commit { effects, ..Commit::default() }).await.unwrap();
    let refused = portal.ask(&path, &[(header::COOKIE, &cookie)], Some(&[("form", &*form)])).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.text.contains("delayed as often as it may be"), "{}", refused.text);
}

/// Everybody who registers here is called Ann Lee, and so is the contact: they are linked.
async fn a_block_follows_a_person_to_another_number(portal: Portal) {
    const OTHER: &str = "+14155550150";
    portal.signed_in(OTHER, "").await;
    let cookie = portal.signed_in(ANN, "").await;
    portal.idle().await;
    let get = async |path: &str| portal.ask(path, &[(header::COOKIE, &cookie)], None).await.text;
    let form = hidden(&get("/").await, "form");
    let sent = async |path: &str, more: &[(&str, &str)]| {
        let fields = [&[("form", &*form)], more].concat();
        let answer = portal.ask(path, &[(header::COOKIE, &cookie)], Some(&fields)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}: {}", answer.text);
        answer.headers[header::LOCATION].to_str().unwrap().split('?').next().unwrap().to_owned()
    };
    let person = sent("/me/people", &[("name", "Ann Lee"), ("address", OTHER)]).await;
    portal.idle().await;
    sent(&format!("{person}/block"), &[]).await;
    let env = &portal.running.env;
    let id = async |to: &str| env.store.holders(&[to.into()]).await.unwrap()[0].1.owner;
    let blocked = async || env.store.blocks(id(ANN).await).await.unwrap();
    assert_eq!(blocked().await, [OTHER.into(), id(OTHER).await.to_string().into()], "by number, and whoever they are");
    // One line in the list, which ends all of it.
    let list = get("/me/people/blocks").await;
    assert_eq!(list.matches("/me/people/blocks/end").count(), 1, "{list}");
    let all = blocked().await;
    let fields: Vec<(&str, &str)> = all.iter().map(|key| ("identity", &**key)).collect();
    sent("/me/people/blocks/end", &fields).await;
    assert_eq!(blocked().await, Vec::<Box<str>>::new());
}

async fn c7_panic_hides_the_history(portal: Portal) {
    const NEW: &str = "+14155550188";
    let cookie = portal.signed_in(ANN, "").await;
    portal.change(NEW).await;
    portal.idle().await;
    let get = async |path: &str| portal.ask(path, &[(header::COOKIE, &cookie)], None).await.text;
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let pages = ["/", "/me/record", "/me/change/history", "/me/safety/data.json"];
    let data = get("/me/safety/data.json").await;
    assert!(digits(&data).contains(&ANN[1..]), "{data}");
    let history = get("/me/change/history").await;
    assert!(history.contains("name=\"revision\""), "{history}");
    assert!(get("/").await.contains("/me/change/req_"), "what was decided");
    let form = hidden(&get("/").await, "form");
    let sure = [("form", &*form), ("sure", "yes")];
    let done = portal.ask("/me/safety/panic", &[(header::COOKIE, &cookie)], Some(&sure)).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    for path in pages {
        let text = get(path).await;
        assert!(!digits(&text).contains(&ANN[1..]), "{path}: {text}");
    }
    for path in ["/me/record", "/me/change/history"] {
        let text = get(path).await;
        assert!(text.contains("what was before is not shown"), "{text}");
        assert!(!text.contains("name=\"revision\""), "{text}");
    }
    assert!(!get("/").await.contains("/me/change/req_"));
    let asked = portal.ask("/me/safety/end-panic", &[(header::COOKIE, &cookie)], Some(&[("form", &form)])).await;
    let request = asked.headers[header::LOCATION].to_str().unwrap().to_owned();
    assert!(get("/").await.contains(&request), "what ends it is seen");
    assert_eq!(portal.ask(&request, &[(header::COOKIE, &cookie)], None).await.status, StatusCode::OK);
}
