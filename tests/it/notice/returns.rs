//! What recipients send back, over HTTP: delivery reports, STOP and its kin, one-click links, bounces.

use super::world::{ANN, MOBILE, NEW, START, World, bob, contact, group, held, owner, post};
use crate::{
    both::both,
    hooks::signed_form,
    spawn::{AccountOf, Folder, Running, Setup, TWILIO_SID, TWILIO_TOKEN, spawn},
    still::Still,
    via::client,
};
use bytes::Bytes;
use http::{Request, Response};
use redial::{
    clock::ManualClock,
    domain::{
        asleep::Cause,
        group::{Grant, Item, Member, Told},
        id::{AppId, BookId, ContactId, GroupId, NoticeId, OwnerId, PointId},
        name,
        notice::{AttemptOutcome, NoticeState, Reported},
        owner::{Book, Channel, Contact, Group, Membership, Proof},
    },
    store::{Effect, Outbox as _, SharedStore, sqlite::Sqlite},
    transport::{delivery::Delivery, folder::Folder as Outbox},
    usecase::{
        Live, asleep,
        carrier::{ByFolder, MailHead},
        deliver_notice::Post,
        write::{self, Actor},
    },
    worker::{Settings, Worker},
};
use std::{sync::Arc, time::Duration};

both! {
    c8_a_contact_whose_number_is_dead_is_not_told_until_the_owner_confirms
}

async fn on_sqlite() -> (Running, World) {
    served(&[]).await
}

async fn on_postgres() -> Option<(Running, World)> {
    Some(served_on(Some(Still::database(START).await?), &[]).await)
}

const BO: &str = "+14155550201";
const MAIL: &str = "bo@example.org";
/// The operator's number.
const OURS: &str = "+15005550006";

/// A server with the account `sms`, and Ann's world on its store; messages leave by scripted accounts.
async fn served(mailboxes: &[(&str, &str)]) -> (Running, World) {
    served_on(None, mailboxes).await
}

/// The same on a store that is there.
async fn served_on(still: Option<Still>, mailboxes: &[(&str, &str)]) -> (Running, World) {
    let accounts = |base: &str| vec![AccountOf { name: "sms", ..AccountOf::twilio(base, "http://127.0.0.1:9") }.make()];
    let (store, clock) = still.as_ref().map(|still| (still.store.clone(), still.clock.clone())).unzip();
    let setup = Setup { accounts: Box::new(accounts), store, clock, now: START, ..Setup::default() };
    let running = spawn(setup).await;
    let still = still.unwrap_or_else(|| Still::over(running.store.clone(), running.clock.clone()));
    let world = World::over(still).await;
    let carriers = world.post.carriers.clone();
    let mailboxes = mailboxes.iter().map(|(name, secret)| ((*name).into(), (*secret).into())).collect();
    let sends = Post { mailboxes, public_url: running.base.clone(), ..post(carriers) };
    running.gateway.sends_with(Live::new(sends));
    (running, world)
}

/// Bo is told of a change of Ann's number; the notice's id.
async fn told(world: &World, addresses: &[&str], id: &str) -> NoticeId {
    world.contacts(&[contact(1, addresses)]).await;
    world.group(group(1, Told::AtOnce, &[], &[MOBILE]), &[1]).await;
    let answer = Delivery { foreign_id: Some(id.into()), ..Delivery::new(AttemptOutcome::Sent, "") };
    world.sms.answers.lock().unwrap().push_back(answer);
    world.change(MOBILE, "+14155550111").await;
    world.after(120).await;
    assert_eq!(world.taken().len(), 1);
    world.notices().await[0].id
}

async fn hook(running: &Running, path: &str, fields: &[(&str, &str)]) -> u16 {
    let request = signed_form(&format!("{}/hooks/sms/{path}", running.base), TWILIO_TOKEN, fields);
    client().send(request).await.unwrap().status().as_u16()
}

async fn writes(running: &Running, id: &str, text: &str, more: &[(&str, &str)]) {
    let fields = [("MessageSid", id), ("AccountSid", TWILIO_SID), ("From", BO), ("To", OURS), ("Body", text)];
    assert_eq!(hook(running, "inbound", &[&fields[..], more].concat()).await, 200);
}

/// What was answered to Bo.
async fn answered(world: &World) -> Vec<String> {
    world.idle().await;
    world.taken().into_iter().map(|given| format!("{} {}", given.to, given.text)).collect()
}

async fn stopped(world: &World) -> Vec<Option<u128>> {
    let outs = world.env.store.opt_outs(&[BO.into()]).await.unwrap();
    outs.into_iter().map(|out| out.owner.map(|owner| owner.0)).collect()
}

#[tokio::test]
async fn n3_reports_come_by_our_name_in_the_url_or_by_the_providers_id() {
    let (running, world) = served(&[]).await;
    let id = told(&world, &[BO], "SM1").await;
    let report = |status: &'static str| {
        [("MessageSid", "SM1"), ("AccountSid", TWILIO_SID), ("From", OURS), ("To", BO), ("MessageStatus", status)]
    };
    let reported = async || world.env.store.attempts(id).await.unwrap()[0].reported;
    assert_eq!(hook(&running, &format!("status/{id}-1"), &report("sent")).await, 204);
    assert_eq!(reported().await, Some(Reported::Sent));
    assert_eq!(hook(&running, "status", &report("delivered")).await, 204);
    assert_eq!(reported().await, Some(Reported::Delivered));
    assert_eq!(hook(&running, "status", &report("sent")).await, 204, "late");
    assert_eq!(reported().await, Some(Reported::Delivered));
    let dead = [&report("undelivered")[..], &[("ErrorCode", "30005")]].concat();
    assert_eq!(hook(&running, &format!("status/{id}-1"), &dead).await, 204);
    assert_eq!(reported().await, Some(Reported::Bounced));
    assert_eq!(world.env.store.unreachable(&[BO.into()]).await.unwrap().len(), 1);
    let unknown = format!("status/{}-1", NoticeId(99));
    assert_eq!(hook(&running, &unknown, &report("delivered")).await, 204, "nothing of ours");
    assert_eq!(hook(&running, &format!("status/{id}-x"), &report("delivered")).await, 404);
}

#[tokio::test]
async fn n6_stop_is_for_the_owner_who_was_told_last_and_twice_for_everybody() {
    let (running, world) = served(&[]).await;
    told(&world, &[BO], "SM1").await;
    writes(&running, "SM10", "Thanks, got it", &[]).await;
    assert!(stopped(&world).await.is_empty() && answered(&world).await.is_empty());
    writes(&running, "SM11", "Stop!", &[]).await;
    assert_eq!(stopped(&world).await, [Some(ANN.0)]);
    let answer = answered(&world).await;
    assert!(answer.len() == 1 && answer[0].contains(BO) && answer[0].contains("Ann Lee"), "{answer:?}");
    assert!(answer[0].contains("START"), "and how to undo it: {answer:?}");
    writes(&running, "SM11", "Stop!", &[]).await;
    assert_eq!(stopped(&world).await, [Some(ANN.0)], "W1: a message counts once");
    world.change(MOBILE, NEW).await;
    world.after(120).await;
    assert!(world.told().is_empty());

    writes(&running, "SM12", "STOP", &[]).await;
    assert_eq!(stopped(&world).await, [None, Some(ANN.0)]);
    assert_eq!(answered(&world).await.len(), 1);
    writes(&running, "SM13", "STOP", &[]).await;
    assert!(answered(&world).await.is_empty(), "it was said before");

    writes(&running, "SM14", "start", &[]).await;
    assert!(stopped(&world).await.is_empty(), "from the same place everything begins again");
    assert_eq!(answered(&world).await.len(), 1);
    world.change(MOBILE, "+14155550112").await;
    world.after(120).await;
    assert_eq!(world.told(), [format!("sms {BO}")]);
}

#[tokio::test]
async fn n6_refusals_in_ones_own_words_and_all_of_it_at_once() {
    for (text, expected) in [
        ("Por favor, no me escriba más", vec![Some(ANN.0)]),
        ("STOP ALL", vec![None]),
        ("退订", vec![Some(ANN.0)]),
        ("Danke!", vec![]),
    ] {
        let (running, world) = served(&[]).await;
        told(&world, &[BO], "SM1").await;
        writes(&running, "SM10", text, &[]).await;
        assert_eq!(stopped(&world).await, expected, "{text}");
    }
}

/// A server whose provider hands long texts over in parts.
async fn of_parts(store: Option<SharedStore>) -> Running {
    let accounts = |base: &str| {
        let one = |name: &str, value: &str| (name.to_owned(), vec![value.to_owned()]);
        let parameters = vec![one("api_key", "k"), one("api_secret", "s"), one("url_secret", "in-the-url")];
        let (kind, custody, upstream) = ("vonage-sms", redial::provider::Custody::Operator, "http://127.0.0.1:9");
        vec![AccountOf { name: "sms", kind, parameters, custody, upstream, base, sender: None }.make()]
    };
    spawn(Setup { accounts: Box::new(accounts), now: START, store, ..Setup::default() }).await
}

/// Hands over one part of three; the answer's status.
async fn part(running: &Running, number: &str, text: &str) -> u16 {
    let fields = [("msisdn", &BO[1..]), ("to", &OURS[1..]), ("text", text), ("concat", "true")];
    let which = [("messageId", number), ("concat-ref", "9"), ("concat-total", "3"), ("concat-part", number)];
    let request = Request::post(format!("{}/hooks/sms/inbound?key=in-the-url", running.base))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(crate::via::form(&[&fields[..], &which].concat()).into())
        .unwrap();
    page(request).await.status().as_u16()
}

#[tokio::test]
async fn n6_a_refusal_in_a_text_of_several_parts() {
    let running = of_parts(None).await;
    let world = World::on(running.store.clone(), running.clock.clone()).await;
    told(&world, &[BO], "v1").await;
    assert_eq!(part(&running, "3", "text me again about Ann.").await, 200);
    assert_eq!(part(&running, "1", "Hello, I have the number already, so ").await, 200);
    assert!(stopped(&world).await.is_empty());
    assert_eq!(part(&running, "2", "please do not ").await, 200);
    assert_eq!(stopped(&world).await, [Some(ANN.0)]);
}

/// Wherever the process dies while it takes the last part: the provider comes again with that one, and the text counts.
#[tokio::test]
async fn n6_a_crash_loses_no_part_of_a_long_text() {
    let (mut died, mut lived) = (0, false);
    for statements in 1.. {
        let (folder, clock) = (Folder::new(), Arc::new(ManualClock::at(START)));
        let open = || Arc::new(Sqlite::open(&folder.0.join("redial.db"), Arc::clone(&clock) as _, 2).unwrap());
        {
            let sqlite = open();
            let mut running = of_parts(Some(sqlite.clone())).await;
            let world = World::on(sqlite.clone(), Arc::clone(&clock)).await;
            told(&world, &[BO], "v1").await;
            assert_eq!(part(&running, "1", "Hello, I have the number already, so ").await, 200);
            assert_eq!(part(&running, "3", "text me again about Ann.").await, 200);
            sqlite.crash_before(statements);
            lived = part(&running, "2", "please do not ").await == 200;
            died += u32::from(!lived);
            running.stop().await;
        }
        let sqlite = open();
        let running = of_parts(Some(sqlite.clone())).await;
        assert_eq!(part(&running, "2", "please do not ").await, 200);
        let outs = sqlite.opt_outs(&[BO.into()]).await.unwrap();
        assert_eq!(outs.iter().map(|out| out.owner).collect::<Vec<_>>(), [Some(ANN)], "before statement {statements}");
        if lived {
            break;
        }
    }
    assert!(lived && died > 3, "{died}");
}

#[tokio::test]
async fn n6_who_was_never_told_anything_stops_everybody() {
    let (running, world) = served(&[]).await;
    writes(&running, "SM10", "stop", &[]).await;
    assert_eq!(stopped(&world).await, [None], "a message that a sender sent through Redial");
}

#[tokio::test]
async fn n6_help_is_answered_once_a_day() {
    let (running, world) = served(&[]).await;
    for (id, hours, answers) in [("SM1", 0, 1), ("SM2", 1, 0), ("SM3", 24, 1)] {
        world.clock.advance(Duration::from_hours(hours));
        writes(&running, id, "HELP", &[]).await;
        let answer = answered(&world).await;
        assert_eq!(answer.len(), answers, "{id}");
        assert!(
            answer.iter().all(|answer| answer.contains("STOP") && answer.contains("help@example.com")),
            "{answer:?}"
        );
    }
    assert!(stopped(&world).await.is_empty());
}

#[tokio::test]
async fn n6_what_the_provider_has_read_wins_and_is_not_answered_again() {
    let (running, world) = served(&[]).await;
    told(&world, &[BO], "SM1").await;
    writes(&running, "SM10", "whatever it was", &[("OptOutType", "STOP")]).await;
    assert_eq!(stopped(&world).await, [Some(ANN.0)]);
    writes(&running, "SM11", "stop", &[("OptOutType", "START")]).await;
    assert!(stopped(&world).await.is_empty());
    assert!(answered(&world).await.is_empty());
}

async fn page(request: Request<Bytes>) -> Response<Bytes> {
    client().send(request).await.unwrap()
}

#[tokio::test]
async fn n6_one_click_ends_messages_and_opening_the_page_does_not() {
    let (running, world) = served(&[]).await;
    let folder = Folder::new();
    let head = MailHead { from: "Redial <notices@example.com>".into(), reply_to: None, bounces: None };
    let outbox = Outbox::new(folder.0.clone());
    let carrier = ByFolder { name: "folder".into(), folder: outbox, from: OURS.into(), head };
    let carriers = vec![(Channel::Email, Arc::new(carrier) as _)];
    let post = Arc::new(Post { public_url: running.base.clone(), ..post(carriers) });
    let worker = Worker::new(world.env.clone(), post, Settings::default(), None);
    world.contacts(&[contact(1, &[MAIL])]).await;
    world.group(group(1, Told::AtOnce, &[], &[MOBILE]), &[1]).await;
    let change = async |value| {
        for file in std::fs::read_dir(&folder.0).unwrap() {
            std::fs::remove_file(file.unwrap().path()).unwrap();
        }
        world.change(MOBILE, value).await;
        worker.run_until_idle().await.unwrap();
        world.clock.advance(Duration::from_mins(2));
        worker.run_until_idle().await.unwrap();
        let mut files = std::fs::read_dir(&folder.0).unwrap();
        files.next().map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
    };
    let link = |mail: &str| {
        assert!(mail.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"), "{mail}");
        assert!(mail.contains("List-Id: <own-"), "{mail}");
        let header = mail.split("List-Unsubscribe: <").nth(1).unwrap();
        header.split('>').next().unwrap().to_owned()
    };
    let first = link(&change("+14155550111").await.unwrap());
    assert!(first.starts_with(&format!("{}/c/", running.base)) && first.ends_with("/stop"), "{first}");
    let second = change("+14155550112").await.unwrap();
    assert_eq!(link(&second), first, "one link for each owner and address");
    let outs = async || world.env.store.opt_outs(&[MAIL.into()]).await.unwrap();

    let opened = page(Request::get(&first).body(Bytes::new()).unwrap()).await;
    let text = String::from_utf8_lossy(opened.body()).into_owned();
    assert_eq!(opened.status(), 200);
    assert!(text.contains("Ann Lee") && text.contains("method=\"post\"") && !text.contains(MAIL), "{text}");
    assert!(opened.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    assert_eq!(opened.headers()["cache-control"], "no-store");
    assert!(outs().await.is_empty(), "a scanner that opens links ends nothing");

    let form = "application/x-www-form-urlencoded";
    let click = |body: &'static str| {
        Request::post(&first).header("content-type", form).body(Bytes::from_static(body.as_bytes())).unwrap()
    };
    assert_eq!(page(click("nothing=1")).await.status(), 400);
    assert_eq!(page(click("List-Unsubscribe=One-Click")).await.status(), 200);
    assert_eq!(outs().await.iter().map(|out| out.owner).collect::<Vec<_>>(), [Some(ANN)]);
    assert_eq!(page(click("List-Unsubscribe=One-Click")).await.status(), 200, "twice is once");
    assert_eq!(change(NEW).await, None);
    assert_eq!(page(click("start=owner")).await.status(), 200);
    assert!(outs().await.is_empty());
    assert!(change("+14155550113").await.is_some());
    assert_eq!(page(click("stop=all")).await.status(), 200);
    assert_eq!(outs().await.iter().map(|out| out.owner).collect::<Vec<_>>(), [None]);

    let unknown = format!("{}/c/{}/stop", running.base, "0".repeat(32));
    let gone = page(Request::get(unknown).body(Bytes::new()).unwrap()).await;
    assert_eq!(gone.status(), 404);
    assert!(!String::from_utf8_lossy(gone.body()).contains("Ann"));
    assert_eq!(page(Request::put(&first).body(Bytes::new()).unwrap()).await.status(), 405);
}

fn bounce(to: &str, recipient: &str, status: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.example.org\r\nTo: {to}\r\nContent-Type: multipart/report; boundary=b;\r\n report-type=delivery-status\r\n\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; {recipient}\r\n\
         Action: failed\r\nStatus: {status}\r\n\r\n--b--\r\n"
    )
}

#[tokio::test]
async fn n6_bounces_end_messages_by_their_code() {
    let said = async |secret: &str, status: &str, of: &str| {
        let (running, world) = served(&[("mail", "sesame")]).await;
        let id = told(&world, &[MAIL], "unused").await;
        let to = format!("bounces+{id}-1@example.com");
        let request = Request::post(format!("{}/hooks/mail/inbound", running.base))
            .header("authorization", format!("Bearer {secret}"))
            .header("content-type", "message/rfc822")
            .body(bounce(&to, of, status).into())
            .unwrap();
        let answer = client().send(request).await.unwrap().status().as_u16();
        world.idle().await;
        let dead = !world.env.store.unreachable(&[MAIL.into()]).await.unwrap().is_empty();
        (answer, dead, world.notices().await[0].state)
    };
    assert_eq!(said("sesame", "5.1.1", MAIL).await, (204, true, NoticeState::Dead));
    assert_eq!(said("sesame", "5.2.2", MAIL).await, (204, false, NoticeState::Open), "a full mailbox: tried again");
    assert_eq!(said("sesame", "4.4.7", MAIL).await, (204, false, NoticeState::Open));
    assert_eq!(said("sesame", "5.7.1", MAIL).await, (204, false, NoticeState::Dead), "our fault, not the address's");
    assert_eq!(said("sesame", "5.1.1", "else@example.org").await, (204, false, NoticeState::Sent), "somebody else's");
    assert_eq!(said("wrong", "5.1.1", MAIL).await, (403, false, NoticeState::Sent));
}

#[tokio::test]
async fn w1_mail_accounts_look_like_unknown_ones_to_who_has_no_secret() {
    let (running, _world) = served(&[("mail", "sesame")]).await;
    let send = async |path: &str, authorization: Option<&str>| {
        let mut request =
            Request::post(format!("{}/hooks/{path}", running.base)).body(Bytes::from_static(b"x")).unwrap();
        if let Some(value) = authorization {
            request.headers_mut().insert("authorization", value.parse().unwrap());
        }
        let answer = client().send(request).await.unwrap();
        (answer.status().as_u16(), answer.into_body())
    };
    let unknown = send("nobody/inbound", None).await;
    assert_eq!(unknown.0, 403);
    for (path, authorization) in [
        ("mail/inbound", None),
        ("mail/inbound", Some("Bearer ")),
        ("mail/inbound", Some("Bearer sesam")),
        ("mail/inbound", Some("Basic sesame")),
        ("other/inbound", Some("Bearer sesame")),
        ("mail/status", Some("Bearer sesame")),
    ] {
        assert_eq!(send(path, authorization).await, unknown, "{path} {authorization:?}");
    }
    assert_eq!(
        send("mail/inbound", Some("Bearer sesame")).await.0,
        204,
        "a mail that is no report is taken and forgotten"
    );
}

/// Bo's number is dead, says the provider.
async fn number_is_dead(running: &Running, id: NoticeId) {
    let dead = [
        ("MessageSid", "SM1"),
        ("AccountSid", TWILIO_SID),
        ("From", OURS),
        ("To", BO),
        ("MessageStatus", "undelivered"),
        ("ErrorCode", "30005"),
    ];
    assert_eq!(hook(running, &format!("status/{id}-1"), &dead).await, 204);
}

async fn c8_a_contact_whose_number_is_dead_is_not_told_until_the_owner_confirms((running, world): (Running, World)) {
    let id = told(&world, &[BO], "SM1").await;
    number_is_dead(&running, id).await;
    let asleep = world.env.store.asleep_at(ANN, &[BO.into()]).await.unwrap();
    assert_eq!((asleep.len(), asleep[0].cause), (1, Cause::Dead));
    world.change(MOBILE, NEW).await;
    world.after(120).await;
    assert!(world.taken().is_empty(), "nobody knows who has that number next");

    // Ann says that it is Bo's, and he writes from it.
    writes(&running, "SM9", "Hello", &[]).await;
    let actor = Actor { by: "ann".into(), ..Actor::key(AppId(1), false) };
    write::carry_out(&world.env, || asleep::confirm(&world.env, &actor, ANN, ContactId(1))).await.unwrap();
    world.after(120).await;
    let told = world.taken();
    assert_eq!(told.len(), 1);
    assert!(told[0].to == BO && told[0].text.contains(NEW), "{told:?}");
}

#[tokio::test]
async fn n6_a_recipient_who_has_moved_is_told_at_the_new_number_where_the_owner_may_know_it() {
    const GONE_TO: &str = "+14155550202";
    for (member, reached) in [(Member::Everyone, true), (Member::Application(AppId(5)), false)] {
        let (running, world) = served(&[]).await;
        // Bo had moved before Ann wrote the old number down.
        let bo = OwnerId(2);
        let (book, of_bo) = (BookId(2), GroupId(9));
        world
            .commit(vec![
                Effect::OwnerAdded(owner(bo, "Bo Ek", bob(2, BO).points)),
                Effect::NamesSet(bo, name::key("Bo Ek").into_iter().collect()),
                Effect::BookSet(Book { id: book, owner: bo, name: "".into(), default_group: None }),
                Effect::GroupSet(Group {
                    introduce: false,
                    id: of_bo,
                    book,
                    owner: bo,
                    told: Told::OnQuery,
                    grants: vec![Grant::Reveal(Item::Point(PointId(2)))],
                    ..group(9, Told::OnQuery, &[], &[])
                }),
                Effect::MemberAdded(bo, Membership { group: of_bo, member }),
                Effect::ValueProved { owner: bo, point: PointId(2), key: BO.into(), proof: Proof::Code, at: START },
                Effect::ValueLeft(bo, PointId(2), START),
                Effect::ValueHeld(bo, PointId(2), held(GONE_TO, START)),
            ])
            .await;
        let entry =
            Contact { name: "Bo Ek".into(), names: name::key("Bo Ek").into_iter().collect(), ..contact(1, &[BO]) };
        world.contacts(&[entry]).await;
        world.group(group(1, Told::AtOnce, &[], &[MOBILE]), &[1]).await;
        let answer = Delivery { foreign_id: Some("SM1".into()), ..Delivery::new(AttemptOutcome::Sent, "") };
        world.sms.answers.lock().unwrap().push_back(answer);
        world.change(MOBILE, NEW).await;
        world.after(120).await;
        assert_eq!(world.taken()[0].to, BO, "nobody knows yet");
        number_is_dead(&running, world.notices().await[0].id).await;
        world.after(120).await;
        let told: Vec<String> = world.taken().into_iter().map(|given| given.to).collect();
        let expected: &[&str] = if reached { &[GONE_TO] } else { &[] };
        assert_eq!(told, expected);
    }
}

#[tokio::test]
async fn n6_an_answer_is_in_the_language_of_the_word_or_of_the_reader() {
    for (text, of_contact, said) in [
        ("STOP", None, "Ann Lee"),
        ("Abmelden", None, "keine"),
        ("STOP", Some("fr"), "plus"),
        ("退订", Some("fr"), "不"),
    ] {
        let (running, world) = served(&[]).await;
        world.contacts(&[Contact { language: of_contact.map(Into::into), ..contact(1, &[BO]) }]).await;
        world.group(group(1, Told::AtOnce, &[], &[MOBILE]), &[1]).await;
        world.change(MOBILE, "+14155550111").await;
        world.after(120).await;
        assert_eq!(world.taken().len(), 1);
        writes(&running, "SM10", text, &[]).await;
        let answer = answered(&world).await;
        assert!(answer.len() == 1 && answer[0].contains(said), "{text} {of_contact:?}: {answer:?}");
    }
}
