//! What nobody is to learn from the time of an answer: the same is asked of the store whether or not there is something to be
//! found (rules C1, Q4). No time is measured; the statements that really reach the database are compared.

use super::world::*;
use redial::{
    domain::{
        address::Kind,
        change::RequestState,
        group::{Grant, Identity, Item, Member, Told, Viewer},
        id::{AppId, BookId, ContactId, GroupId, PointId},
        notice::Recipient,
        owner::{Book, Contact, Group, Membership, Owner},
        query::{Reason, Verdict},
        target::Targets,
    },
    store::{CardLink, Effect, OptOut, Returned, Unreachable},
    usecase::{
        blocks, card_page,
        harvest::Asker,
        heard::{self, Heard},
        keep, panic, requests,
        resolve::{self, Ask},
        sign_in,
        write::{Actor, Refused, carry_out},
    },
};
use std::time::Duration;

const NOBODYS: &str = "+14155550199";

/// What is asked of the database by this.
async fn asked<T>(world: &World, what: impl Future<Output = T>) -> (T, Vec<String>) {
    world.heard();
    let done = what.await;
    (done, world.heard())
}

#[tokio::test]
async fn c1_the_same_work_is_done_whoever_signs_in() {
    let Some(world) = World::on_proxy().await else { return };
    let out = OptOut { address: address(BOBS), owner: None, at: world.now().await, way: "sms".into() };
    let dead = Unreachable { address: address(WORK), at: world.now().await, way: "report:sms:30005".into() };
    world.commit(vec![Effect::OptedOut(out), Effect::Returned(Returned::Unreachable(dead))]).await;
    let (session, _) = world.sign_in(MAIL).await;
    let ann = Actor::person(session.evidence.clone());
    let blocked = blocks::parse(&world.env, BOBS_MAIL).unwrap();
    carry_out(&world.env, || blocks::add(&world.env, &ann, ANN, None, &blocked)).await.unwrap();
    // Every statement was planned once.
    for _ in 0..2 {
        let issued = world.begin("+14155550198").await.unwrap();
        let _wrong = sign_in::finish(&world.env, issued.challenge, "000000", "", None).await;
    }
    let mut first = None;
    for (who, to) in [
        ("somebody known", MOBILE),
        ("nobody", NOBODYS),
        ("who has opted out", BOBS),
        ("whose number a report calls dead", WORK),
        ("who is blocked by somebody", BOBS_MAIL),
        ("nobody at a mail domain", "nobody@example.com"),
    ] {
        let (issued, begun) = asked(&world, world.begin(to)).await;
        let issued = issued.unwrap();
        let wrong = sign_in::finish(&world.env, issued.challenge, "000000", "", None);
        let (answer, finished) = Box::pin(asked(&world, wrong)).await;
        assert!(matches!(answer, Err(Refused::WrongCode)), "{who}");
        assert!(begun.iter().any(|one| one.starts_with("letter")) && !finished.is_empty(), "{begun:?} {finished:?}");
        // A country is counted for numbers only; that shows in the address itself.
        let phone = to.starts_with('+');
        let counts = begun.iter().filter(|one| one.starts_with("tally")).count();
        let rest: Vec<String> = begun.into_iter().filter(|one| !one.starts_with("tally")).collect();
        let work = (rest, finished);
        let (expected, counted) = first.get_or_insert_with(|| (work.clone(), counts));
        assert_eq!(work, *expected, "{who}");
        assert!(counts == *counted || !phone, "{who}: {counts}");
    }
}

#[tokio::test]
async fn c3_the_same_work_is_done_for_every_wrong_word() {
    let Some(world) = World::on_proxy().await else { return };
    let request = world.held().await;
    let right = world.keep_at(WORK).await;
    let wrong = if right == "111111" { "222222" } else { "111111" };
    let say = async |from: &str| keep::by_code(&world.env, &address(from), wrong, Some(from)).await;
    let text = format!("KEEP {wrong}");
    let by_text = async |from: &str| {
        let from = address(from);
        let heard = Heard { account: "sms", id: "m1", from: &from, text: &text, hint: None, covered: true };
        heard::take(&world.env, &heard).await
    };
    let _planned = (say(BOBS).await, by_text(BOBS).await);
    let mut first = None;
    for (who, from) in [
        ("a change is held there", WORK),
        ("nothing is held there", BOBS),
        ("nobody has it", NOBODYS),
        ("somebody's mail", BOBS_MAIL),
    ] {
        let (answer, work) = asked(&world, say(from)).await;
        assert!(matches!(answer, Err(Refused::WrongCode)), "{who}");
        let (answer, texts) = asked(&world, by_text(from)).await;
        assert_eq!(answer.unwrap(), None, "{who}");
        let work = (work, texts);
        assert_eq!(work, *first.get_or_insert_with(|| work.clone()), "{who}");
    }
    assert_eq!(world.state(request.id).await, RequestState::Held);

    // And for links: one that is made up of nothing, of known ids, and of a change that is over.
    let mail = world.mail().await;
    let text = &mail.iter().find(|(to, _)| to == MAIL).unwrap().1;
    let token = text.split_whitespace().find_map(|word| word.strip_prefix("https://redial.example/keep/")).unwrap();
    assert!(keep::read(&world.env, token).await.unwrap().is_some());
    let mut forged = token.to_owned();
    let last = if forged.pop() == Some('A') { 'Q' } else { 'A' };
    forged.push(last);
    let (seen, expected) = asked(&world, keep::read(&world.env, &forged)).await;
    assert_eq!(seen.unwrap(), None);
    let (seen, made_up) = asked(&world, keep::read(&world.env, &"A".repeat(token.len()))).await;
    assert_eq!((seen.unwrap(), &made_up), (None, &expected));
    let ann = world.person(MOBILE).await;
    carry_out(&world.env, || requests::cancel(&world.env, &ann, ANN, request.id)).await.unwrap();
    let (seen, over) = asked(&world, keep::read(&world.env, token)).await;
    assert_eq!((seen.unwrap(), &over), (None, &expected));
}

#[tokio::test]
async fn c9_the_same_work_is_done_whoever_has_the_wanted_number() {
    let Some(world) = World::on_proxy().await else { return };
    let ann = world.person(MOBILE).await;
    let ask = async |value: &str| {
        let request = world.wants(&ann, replace("mobile", value)).await.unwrap();
        assert_eq!(request.state, RequestState::AwaitingProof);
        carry_out(&world.env, || requests::cancel(&world.env, &ann, ANN, request.id)).await.unwrap();
    };
    ask("+14155550198").await;
    let mut first = None;
    for (who, value) in [("nobody", NOBODYS), ("somebody else", BOBS), ("nobody again", "+14155550197")] {
        let ((), work) = Box::pin(asked(&world, ask(value))).await;
        assert_eq!(work, *first.get_or_insert_with(|| work.clone()), "{who}");
    }
}

/// What `/v1/resolve` asks of the store; the other half of an answer is its fixed slot.
#[tokio::test]
async fn q4_the_same_work_is_done_for_every_query_that_is_told_nothing() {
    let Some(world) = World::on_proxy().await else { return };
    let system = Actor::key(AppId(9), true);
    world.wants(&system, replace("mobile", NEW)).await.unwrap();
    world.wants_of(BOB, &system, replace(&PointId(20).to_string(), "+14155550151")).await.unwrap();
    world.idle().await;
    let (session, _) = world.sign_in(WORK).await;
    let ann = Actor::person(session.evidence);
    let (asker, targets) = (Identity::Application(AppId(7)), Targets::default());
    let resolved = async |to: &str, name: Option<&str>| {
        let ask = Ask {
            to: address(to),
            name,
            viewer: Viewer::proved(asker.clone()),
            sender: None,
            identity_bound: None,
            targets: &targets,
            asker: Some(Asker { app: AppId(7), connects: false, most: 100 }),
            way: "api:test",
        };
        let (answer, work) = asked(&world, resolve::resolve(&world.env, ask)).await;
        world.env.records.flush().await;
        let decision = answer.unwrap().decision;
        assert_eq!((decision.say, decision.connect), (Verdict::NoResult, None), "{to} {name:?}");
        (decision.because, work)
    };
    let by_name = async |name: &str| {
        let viewer = Viewer::proved(asker.clone());
        let found = resolve::resolve_name(&world.env, name, Kind::Phone, &viewer, None, "api:test");
        let (answer, work) = asked(&world, found).await;
        assert_eq!(answer.unwrap().decision.say, Verdict::NoResult, "{name}");
        work
    };
    let _planned = (resolved(MOBILE, Some("Ann Lee")).await, by_name("Ann Lee").await);
    let (because, expected) = resolved(NOBODYS, Some("Ann Lee")).await;
    assert!(because == Reason::NeverHeld && expected.len() > 5, "{because:?} {expected:?}");
    let same = async |to: &str, name: Option<&str>, because: Reason| {
        assert_eq!(resolved(to, name).await, (because, expected.clone()), "{to} {name:?}");
    };
    same(MOBILE, Some("Ann Lee"), Reason::NotGranted).await;
    same(MOBILE, None, Reason::NotGranted).await;
    same(MOBILE, Some("Bob Roy"), Reason::Namesake).await;
    same(BOBS, Some("Bob Roy"), Reason::NotGranted).await;
    same(NEW, Some("Ann Lee"), Reason::HeldNow).await;
    same(NEW, Some("Bob Roy"), Reason::Namesake).await;
    let unknown = by_name("Nobody At All").await;
    assert_eq!(by_name("Ann Lee").await, unknown, "a name that somebody has");
    let blocked = blocks::parse(&world.env, &AppId(7).to_string()).unwrap();
    carry_out(&world.env, || blocks::add(&world.env, &ann, ANN, None, &blocked)).await.unwrap();
    same(MOBILE, Some("Ann Lee"), Reason::NotGranted).await;
    assert_eq!(by_name("Ann Lee").await, unknown, "who has blocked the asker");
    carry_out(&world.env, || panic::panic(&world.env, &ann, ANN, None)).await.unwrap();
    same(MOBILE, Some("Ann Lee"), Reason::Panic).await;
    world.passes(DAY * 400).await;
    same(BOBS, Some("Bob Roy"), Reason::OutsideWindow).await;
}

/// Bo, who may know Ann's mobile, and a link of his.
async fn link(world: &World, token: &str) -> CardLink {
    let (book, group, contact) = (BookId(1), GroupId(1), ContactId(1));
    let friend = Contact {
        id: contact,
        book,
        owner: ANN,
        uid: "1".into(),
        version: 1,
        card: Vec::new(),
        name: "Bo".into(),
        names: Vec::new(),
        addresses: vec![address("bo@example.org")],
        linked: None,
        language: None,
    };
    let friends = Group {
        id: group,
        book,
        owner: ANN,
        name: "Friends".into(),
        told: Told::AtOnce,
        introduce: false,
        channels: Vec::new(),
        quiet: None,
        grants: vec![Grant::Reveal(Item::Point(PointId(10)))],
    };
    let now = world.now().await;
    let link = CardLink {
        token: token.into(),
        owner: ANN,
        recipient: Some(Recipient::Contact(contact)),
        address: address("bo@example.org"),
        language: "en".into(),
        at: now,
        until: now.after(DAY),
    };
    world
        .commit(vec![
            Effect::BookSet(Book { id: book, owner: ANN, name: "book".into(), default_group: None }),
            Effect::ContactSet(friend),
            Effect::GroupSet(friends),
            Effect::MemberAdded(ANN, Membership { group, member: Member::Contact(contact) }),
            Effect::Returned(Returned::CardLinked(link.clone())),
        ])
        .await;
    link
}

#[tokio::test]
async fn q4_the_same_work_is_done_for_every_link_that_shows_nothing() {
    let token = "0123456789abcdef0123456789abcdef";
    let open = async |world: &World, token: &str| {
        let _planned = card_page::open(&world.env, token).await.unwrap();
        let (opened, work) = asked(world, card_page::open(&world.env, token)).await;
        (opened.unwrap().is_some(), work)
    };
    let Some(world) = World::on_proxy().await else { return };
    link(&world, token).await;
    let (shown, expected) = open(&world, token).await;
    assert!(shown && expected.len() > 5, "{expected:?}");
    assert_eq!(open(&world, &"0".repeat(32)).await, (false, expected.clone()), "there never was one");

    let ann = world.owner(ANN).await;
    let silenced = |silenced| Effect::OwnerSet {
        id: ANN,
        language: ann.language.clone(),
        profile: ann.profile.clone(),
        claimed: true,
        silenced,
        revision: ann.revision,
    };
    world.commit(vec![silenced(true)]).await;
    assert_eq!(open(&world, token).await, (false, expected.clone()), "panic");
    world.commit(vec![silenced(false)]).await;
    let actor = Actor::person(Vec::new());
    let bo = blocks::parse(&world.env, "bo@example.org").unwrap();
    carry_out(&world.env, || blocks::add(&world.env, &actor, ANN, None, &bo)).await.unwrap();
    assert_eq!(open(&world, token).await, (false, expected.clone()), "a block");
    carry_out(&world.env, || blocks::remove(&world.env, &actor, ANN, None, &bo)).await.unwrap();
    let token = "1123456789abcdef0123456789abcdef";
    link(&world, token).await;
    assert!(open(&world, token).await.0);
    world.passes(DAY + Duration::from_secs(1)).await;
    assert_eq!(open(&world, token).await, (false, expected.clone()), "expired");
    world.commit(vec![Effect::GroupRemoved(ANN, GroupId(1))]).await;
    let token = "2123456789abcdef0123456789abcdef";
    link(&world, token).await;
    world.commit(vec![Effect::GroupRemoved(ANN, GroupId(1))]).await;
    assert_eq!(open(&world, token).await, (false, expected.clone()), "in no group any more");
    let (session, _) = world.sign_in(MOBILE).await;
    let by = Actor::person(session.evidence.clone());
    carry_out(&world.env, || panic::panic(&world.env, &by, ANN, None)).await.unwrap();
    let owner: Owner = world.owner(ANN).await;
    assert!(owner.silenced);
    assert_eq!(open(&world, token).await, (false, expected), "ended for good");
}
