//! The page behind a recipient's link: who may see what on it, and what they choose there.

use super::world::{ANN, MOBILE, NEW, START, WORK, World, contact, group, post};
use crate::{
    both::both,
    spawn::{Running, Setup, spawn},
    still::Still,
    via::client,
};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use redial::{
    domain::{
        group::Told,
        owner::Channel::{self, Email, Sms},
    },
    store::Effect,
    usecase::{
        Live, blocks,
        card_link::{LIFE, ended},
        deliver_notice::Post,
        write::{Actor, carry_out},
    },
    worker::{Settings, Worker},
};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

both! {
    what_is_done_with_a_link_stands_in_its_owners_record
    a_recipient_sees_the_card_that_they_may_see_now
    c7_a_link_shows_nothing_once_it_should_not
    links_are_renewed_by_notices_and_expire
    n3_what_a_recipient_chooses_is_obeyed
}

async fn on_sqlite() -> Cards {
    Cards::new().await
}

async fn on_postgres() -> Option<Cards> {
    let still = Still::database(START).await?;
    let (store, clock) = (Some(still.store.clone()), Some(still.clock.clone()));
    let running = spawn(Setup { store, clock, ..Setup::default() }).await;
    Some(Cards::of(running, still).await)
}

const MAIL: &str = "bo@example.org";
const BO: &str = "+14155550201";

/// What a page answered.
struct Seen {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

/// Ann, who tells Bo, and the pages.
pub(crate) struct Cards {
    running: Running,
    world: World,
}

impl Cards {
    pub(crate) async fn new() -> Self {
        let running = spawn(Setup { now: START, ..Setup::default() }).await;
        let still = Still::over(running.store.clone(), running.clock.clone());
        Self::of(running, still).await
    }

    /// Bo is in two groups: one is told of her mobile, the other may know her number at work and is not told.
    async fn of(running: Running, still: Still) -> Self {
        let mut world = World::over(still).await;
        let sends = || Post { public_url: running.base.clone(), ..post(world.post.carriers.clone()) };
        running.gateway.sends_with(Live::new(sends()));
        world.worker = Worker::new(world.env.clone(), Arc::new(sends()), Settings::default(), None);
        world.contacts(&[contact(1, &[MAIL, BO])]).await;
        world.group(group(1, Told::AtOnce, &[Email], &[MOBILE]), &[1]).await;
        world.group(group(2, Told::OnQuery, &[], &[WORK]), &[1]).await;
        Self { running, world }
    }

    pub(crate) fn base(&self) -> &str {
        &self.running.base
    }

    /// The link of the first e-mail to Bo.
    pub(crate) async fn first_link(&self) -> String {
        self.told(NEW).await
    }

    /// Every link is too old from now on.
    pub(crate) async fn expires(&self) {
        self.world.passes(LIFE + Duration::from_hours(1)).await;
    }

    /// What is kept of Bo's wishes: how many stops, the channel, the language.
    pub(crate) async fn kept(&self) -> Value {
        let (store, bo) = (&self.world.env.store, [MAIL.into()]);
        let stops = store.opt_outs(&bo).await.unwrap().len();
        let wishes = store.preferences(&bo).await.unwrap();
        let (first, language) = wishes.first().map_or((None, ""), |kept| (kept.first, &*kept.language));
        json!({ "stops": stops, "first": first, "language": language })
    }

    /// Ann's number changes, and the link in the e-mail to Bo.
    async fn told(&self, number: &str) -> String {
        self.world.change(MOBILE, number).await;
        self.world.after(120).await;
        let given = self.world.taken();
        let [mail] = &given[..] else { panic!("one e-mail, not {given:?}") };
        let at = mail.text.find(&format!("{}/c/", self.running.base)).expect("the page stands in the text");
        let link = mail.text[at..].split_whitespace().next().expect("a link").to_owned();
        assert!(mail.text.contains(&format!("{link}/stop")), "{}", mail.text);
        link
    }

    async fn ask(&self, request: Request<Bytes>) -> Seen {
        let answer = client().send(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        Seen { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&body).into_owned() }
    }

    async fn get(&self, link: &str) -> Seen {
        self.ask(Request::get(link).body(Bytes::new()).unwrap()).await
    }

    async fn post(&self, link: &str, form: &'static str) -> Seen {
        let request = Request::post(link).header("content-type", "application/x-www-form-urlencoded");
        self.ask(request.body(Bytes::from_static(form.as_bytes())).unwrap()).await
    }

    /// Everything that one who opens the link gets to see.
    async fn shown(&self, link: &str) -> bool {
        let page = self.get(link).await;
        let file = self.get(&format!("{link}.vcf")).await;
        assert_eq!(page.status, file.status, "page and file agree");
        if page.status == StatusCode::OK {
            return true;
        }
        let unknown = self.get(&format!("{}/c/{}", self.running.base, "0".repeat(32))).await;
        for gone in [&page, &file] {
            assert_eq!((gone.status, &gone.text), (unknown.status, &unknown.text), "one face of gone");
        }
        false
    }
}

async fn what_is_done_with_a_link_stands_in_its_owners_record(cards: Cards) {
    let link = cards.told(NEW).await;
    let noted = async || {
        cards.running.gateway.env.records.flush().await;
        let mut found = cards.world.env.store.queries(ANN, None, 9).await.unwrap().items;
        found.sort_by(|one, other| one.detail.cmp(&other.detail));
        found
    };
    let details = async || noted().await.iter().map(|line| line.detail.to_string()).collect::<Vec<_>>();
    // Nobody looked: the head alone, a browser's look ahead, a link that is none.
    cards.ask(Request::head(&*link).body(Bytes::new()).unwrap()).await;
    for (name, said) in [("sec-purpose", "prefetch;prerender"), ("purpose", "prefetch"), ("x-moz", "prefetch")] {
        cards.ask(Request::get(&*link).header(name, said).body(Bytes::new()).unwrap()).await;
    }
    cards.get(&format!("{}/c/{}", cards.running.base, "0".repeat(32))).await;
    assert_eq!(details().await, [""; 0]);
    // Opened twice it is one line; what a person must have done is another.
    cards.get(&link).await;
    cards.get(&link).await;
    let asked = noted().await;
    let [opened] = &asked[..] else { panic!("one line, not {asked:?}") };
    assert_eq!((&*opened.way, &*opened.viewer, opened.told, opened.connected), ("card", MAIL, true, false));
    assert!(opened.detail.starts_with("opened: ") && !opened.groups.is_empty(), "{opened:?}");
    cards.get(&format!("{link}.vcf")).await;
    cards.post(&link, "act=how&channel=sms&language=de").await;
    let found = details().await;
    let words: Vec<&str> = found.iter().filter_map(|detail| detail.split(':').next()).collect();
    assert_eq!(words, ["chosen", "opened", "taken"]);
}

async fn a_recipient_sees_the_card_that_they_may_see_now(cards: Cards) {
    let link = cards.told(NEW).await;
    let page = cards.get(&link).await;
    assert_eq!(page.status, StatusCode::OK);
    for part in ["Ann Lee", "+1 415-555-0123", "method=\"post\"", ".vcf"] {
        assert!(page.text.contains(part), "{part} in {}", page.text);
    }
    assert!(
        !page.text.contains(MAIL) && !page.text.contains(BO),
        "nothing of the recipient's own: it may be passed on"
    );
    for (name, value) in
        [("referrer-policy", "no-referrer"), ("cache-control", "no-store"), ("x-frame-options", "DENY")]
    {
        assert_eq!(page.headers[name], value);
    }
    assert!(page.headers["x-robots-tag"].to_str().unwrap().contains("noindex"));
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");

    let file = cards.get(&format!("{link}.vcf")).await;
    assert_eq!(file.headers["content-type"], "text/vcard; charset=utf-8");
    assert_eq!(file.headers["content-disposition"], "inline; filename=\"Ann-Lee.vcf\"");
    assert!(file.text.starts_with("BEGIN:VCARD\r\nVERSION:3.0\r\n") && file.text.contains(NEW), "{}", file.text);

    // Style and script come from here, and are kept.
    let style = page.text.split("href=\"").find(|rest| rest.starts_with("/assets/") && rest.contains("redial.css"));
    let style = style.unwrap().split('"').next().unwrap();
    let style = cards.get(&format!("{}{style}", cards.running.base)).await;
    assert_eq!(
        (style.status, style.headers["content-type"].to_str().unwrap()),
        (StatusCode::OK, "text/css; charset=utf-8")
    );
    assert!(style.headers["cache-control"].to_str().unwrap().contains("immutable"));
}

async fn c7_a_link_shows_nothing_once_it_should_not(cards: Cards) {
    let (world, env) = (&cards.world, &cards.world.env);
    let link = cards.told(NEW).await;
    assert!(cards.shown(&link).await);

    let mut ann = env.store.owner(ANN).await.unwrap().unwrap();
    ann.silenced = true;
    world.commit(vec![World::owner_set(&ann)]).await;
    assert!(!cards.shown(&link).await, "panic");
    ann.silenced = false;
    world.commit(vec![World::owner_set(&ann)]).await;
    assert!(cards.shown(&link).await);

    let actor = Actor { by: "test".into(), ..Actor::key(redial::domain::id::AppId(1), false) };
    let bo = blocks::parse(env, MAIL).unwrap();
    carry_out(env, || blocks::add(env, &actor, ANN, None, &bo)).await.unwrap();
    assert!(!cards.shown(&link).await, "a block");
    carry_out(env, || blocks::remove(env, &actor, ANN, None, &bo)).await.unwrap();
    assert!(!cards.shown(&link).await, "and it ended the link for good");

    let second = cards.told("+14155550124").await;
    assert_ne!(second, link);
    assert!(cards.shown(&second).await);
    world.contacts(&[contact(1, &["other@example.org", BO])]).await;
    assert!(!cards.shown(&second).await, "the address is not the contact's any more");
    world.contacts(&[contact(1, &[MAIL, BO])]).await;
    assert!(cards.shown(&second).await);

    world.commit(vec![Effect::GroupRemoved(ANN, group(1, Told::AtOnce, &[], &[]).id)]).await;
    let page = cards.get(&second).await;
    assert!(page.status == StatusCode::OK && !page.text.contains("555-0124"), "what is left of the rights");
    world.commit(vec![Effect::GroupRemoved(ANN, group(2, Told::OnQuery, &[], &[]).id)]).await;
    assert!(!cards.shown(&second).await, "no right is left");
}

async fn links_are_renewed_by_notices_and_expire(cards: Cards) {
    let days = |n: u64| Duration::from_hours(24 * n);
    let first = cards.told(NEW).await;
    cards.world.passes(days(20)).await;
    assert_eq!(cards.told("+14155550111").await, first, "the same link, for longer");
    cards.world.passes(days(20)).await;
    let second = cards.told("+14155550112").await;
    assert_ne!(second, first, "after a month a new one");
    assert!(cards.shown(&first).await && cards.shown(&second).await);
    cards.world.passes(LIFE.saturating_sub(days(10))).await;
    assert!(!cards.shown(&first).await && cards.shown(&second).await, "each for itself");
    cards.world.commit(vec![ended(ANN, None)]).await;
    assert!(!cards.shown(&second).await, "ended by the owner");
    // It still ends messages: whoever has it got one.
    let stopped = cards.post(&format!("{first}/stop"), "List-Unsubscribe=One-Click").await;
    assert_eq!(stopped.status, StatusCode::OK);
    assert_eq!(cards.world.env.store.opt_outs(&[MAIL.into()]).await.unwrap().len(), 1);
}

async fn n3_what_a_recipient_chooses_is_obeyed(cards: Cards) {
    let link = cards.told(NEW).await;
    let saved = cards.post(&link, "act=how&channel=sms&language=de").await;
    assert_eq!(saved.status, StatusCode::OK);
    assert!(saved.text.contains("lang=\"de\"") && saved.text.contains("role=\"status\""), "{}", saved.text);
    cards.world.taken();
    cards.world.change(MOBILE, "+14155550111").await;
    cards.world.after(120).await;
    let told = cards.world.taken();
    assert!(told.len() == 1 && told[0].account == "sms", "by text message: {told:?}");
    assert!(told[0].text.contains("bisher") && !told[0].text.contains("/c/"), "in German, without a link: {told:?}");

    assert_eq!(cards.post(&link, "act=how&channel=usual&language=").await.status, StatusCode::OK);
    let channel = async || {
        let kept = cards.world.env.store.preferences(&[MAIL.into()]).await.unwrap();
        kept.first().map(|kept| (kept.first, kept.language.to_string()))
    };
    assert_eq!(channel().await, Some((None::<Channel>, String::new())));
    assert_eq!(cards.post(&link, "act=how&channel=sms&language=xx").await.status, StatusCode::OK);
    assert_eq!(channel().await, Some((Some(Sms), String::new())), "a language that there is");
    assert_eq!(cards.post(&link, "act=how&channel=pigeon").await.status, StatusCode::BAD_REQUEST);

    let stopped = cards.post(&link, "stop=owner").await;
    assert!(stopped.text.contains("name=\"start\""), "{}", stopped.text);
    assert_eq!(cards.world.env.store.opt_outs(&[MAIL.into()]).await.unwrap()[0].owner, Some(ANN));
    cards.get(&link).await;
    assert_eq!(cards.world.env.store.opt_outs(&[MAIL.into()]).await.unwrap().len(), 1, "opening starts nothing");
    assert_eq!(cards.post(&link, "start=owner").await.status, StatusCode::OK);
    assert!(cards.world.env.store.opt_outs(&[MAIL.into()]).await.unwrap().is_empty());
}
