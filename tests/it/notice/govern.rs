//! How much leaves, by which account, and when (rules N3, N4, N7).

use super::world::{MOBILE, NEW, START, Scripted, World, address, bob, contact, friend, group, post};
use redial::{
    clock::Time,
    domain::{
        address::phone::Region,
        group::Told,
        id::OwnerId,
        notice::{AttemptOutcome, NoticeState},
        owner::Channel,
        schedule::{Hours, Rate},
    },
    store::{Commit, Effect, OptOut},
    telemetry::{Metrics, metrics::OfAccount},
    transport::delivery::Delivery,
    usecase::{
        deliver_notice::Post,
        governor::{Caps, Governor},
        replay_notice::replay_notice,
    },
    worker::{Settings, Worker},
};
use std::{sync::Arc, time::Duration};

const BO: &str = "+14155550201";

fn scripted(world: &World, name: &'static str) -> Arc<Scripted> {
    Arc::new(Scripted {
        name,
        channel: Channel::Sms,
        repeatable: false,
        answers: std::sync::Mutex::default(),
        given: Arc::clone(&world.given),
        meanwhile: std::sync::Mutex::default(),
        found: std::sync::Mutex::default(),
        asked: std::sync::Mutex::default(),
    })
}

fn answers(account: &Scripted, answers: impl IntoIterator<Item = AttemptOutcome>) {
    let answers = answers.into_iter().map(|outcome| Delivery::new(outcome, "so said"));
    account.answers.lock().unwrap().extend(answers);
}

/// Ann with so many friends, who are told at once, and the accounts `one` and `two` for text messages.
async fn world(friends: u128, caps: Caps) -> (World, Arc<Scripted>, Arc<Scripted>, Metrics) {
    let mut world = World::new().await;
    let contacts: Vec<_> = (1..=friends).map(|id| contact(id, &[&format!("+1415555{:04}", 200 + id)])).collect();
    world.contacts(&contacts).await;
    world.group(group(1, Told::AtOnce, &[], &[MOBILE]), &(1..=friends).collect::<Vec<_>>()).await;
    let (one, two) = (scripted(&world, "one"), scripted(&world, "two"));
    let metrics = Metrics::new();
    let post = Post {
        caps: [("one".into(), caps)].into(),
        governor: Governor::new(Some(metrics.clone())),
        ..post(vec![(Channel::Sms, one.clone() as _), (Channel::Sms, two.clone() as _)])
    };
    world.worker = Worker::new(world.env.clone(), Arc::new(post), Settings::default(), None);
    (world, one, two, metrics)
}

#[tokio::test]
async fn n3_the_next_account_only_where_it_is_certain_that_nothing_left() {
    use AttemptOutcome::{Never, Sent, TryAgain, Unknown};
    let seconds = |seconds: u64| Some(START.after(Duration::from_secs(120 + seconds)));
    for (rule, first, second, told, tried, state, due) in [
        ("it was sent", Sent, Sent, vec!["one"], vec![Sent], NoticeState::Sent, None),
        ("refused for good", Never, Sent, vec!["one", "two"], vec![Never, Sent], NoticeState::Sent, None),
        ("not reached", TryAgain, Sent, vec!["one", "two"], vec![TryAgain, Sent], NoticeState::Sent, None),
        ("it may have left", Unknown, Sent, vec!["one"], vec![Unknown], NoticeState::Unknown, None),
        (
            "none was reached",
            TryAgain,
            TryAgain,
            vec!["one", "two"],
            vec![TryAgain, TryAgain],
            NoticeState::Open,
            seconds(10),
        ),
        (
            "the second one may have sent",
            TryAgain,
            Unknown,
            vec!["one", "two"],
            vec![TryAgain, Unknown],
            NoticeState::Unknown,
            None,
        ),
    ] {
        let (world, one, two, _) = world(1, Caps::default()).await;
        answers(&one, [first]);
        answers(&two, [second]);
        world.change(MOBILE, NEW).await;
        world.after(120).await;
        let given: Vec<_> = world.taken().into_iter().map(|given| given.account).collect();
        assert_eq!(given, told, "{rule}");
        let notice = world.notices().await.remove(0);
        assert_eq!(notice.state, state, "{rule}: {}", notice.reason);
        assert_eq!(world.attempts(notice.id).await, tried.into_iter().map(Some).collect::<Vec<_>>(), "{rule}");
        if let Some(due) = due {
            assert_eq!((notice.due, notice.attempts), (due, 2), "{rule}: one wait for the round");
            world.after(10).await;
            assert_eq!(world.told(), [format!("one {BO}")], "{rule}: the first account is asked first again");
        }
    }
}

/// Ann with one friend, and the accounts `keyed`, whose repeats are one message for an hour, and `two`.
async fn keyed() -> (World, Arc<Scripted>) {
    let (mut world, _, two, _) = world(1, Caps::default()).await;
    let keyed = Arc::new(Scripted { repeatable: true, ..Arc::into_inner(scripted(&world, "keyed")).unwrap() });
    let carriers = vec![(Channel::Sms, keyed.clone() as _), (Channel::Sms, two as _)];
    world.worker = Worker::new(world.env.clone(), Arc::new(post(carriers)), Settings::default(), None);
    (world, keyed)
}

#[tokio::test]
async fn n3_what_may_have_left_is_repeated_with_the_same_key_by_the_same_account_or_not_at_all() {
    use AttemptOutcome::{Sent, TryAgain, Unknown};
    let (world, account) = keyed().await;
    answers(&account, [Unknown, TryAgain, Sent]);
    world.change(MOBILE, NEW).await;
    world.after(120).await;
    world.after(10).await;
    world.after(100).await;
    let given = world.taken();
    assert!(given.len() == 3 && given.iter().all(|one| one.account == "keyed"), "never by another: {given:?}");
    assert!(given.iter().all(|one| one.reference == given[0].reference && one.text == given[0].text));
    assert_eq!(world.notices().await[0].state, NoticeState::Sent);

    let (world, account) = keyed().await;
    answers(&account, [Unknown, Sent]);
    world.change(MOBILE, NEW).await;
    world.after(120).await;
    world.change(MOBILE, "+14155550124").await;
    world.after(300).await;
    let given = world.taken();
    assert!(given.len() == 2 && given[0].reference != given[1].reference, "another text is another message: {given:?}");

    let (world, account) = keyed().await;
    answers(&account, [Unknown]);
    world.change(MOBILE, NEW).await;
    world.after(120).await;
    world.taken();
    world.clock.advance(Duration::from_hours(2));
    world.idle().await;
    assert!(world.told().is_empty(), "the key is forgotten by now");
    let (state, reason) = world.states().await.pop().unwrap();
    assert_eq!(state, NoticeState::Unknown);
    assert!(reason.contains("too late for a repeat"), "{reason}");
}

#[tokio::test]
async fn n4_an_account_that_fails_is_left_alone_and_others_carry_on() {
    let (world, one, _, metrics) = world(30, Caps::default()).await;
    answers(&one, std::iter::repeat_n(AttemptOutcome::TryAgain, 30));
    world.change(MOBILE, NEW).await;
    let progress = world.after(120).await;
    assert_eq!(progress.sent, 30, "all by the second account");
    let asked = world.taken().iter().filter(|given| given.account == "one").count();
    assert!((10..=17).contains(&asked), "the breaker opened after ten, and what was under way: {asked}");
    let label = OfAccount { account: "one".to_owned() };
    assert_eq!(metrics.breaker_trips.get_or_create(&label).get(), 1, "one alarm");
    assert_eq!(metrics.breaker_open.get_or_create(&label).get(), 1);
    one.answers.lock().unwrap().clear();
    world.change(MOBILE, "+14155550124").await;
    world.after(150).await;
    assert!(world.taken().iter().any(|given| given.account == "one"), "it was tried again and works");
    assert_eq!(metrics.breaker_open.get_or_create(&label).get(), 0);
}

#[tokio::test]
async fn n7_a_rate_puts_off_without_cost_and_says_so() {
    let (world, _, _, metrics) = world(3, Caps { rate: Rate::parse("1/s"), ..Caps::default() }).await;
    world.change(MOBILE, NEW).await;
    assert_eq!(world.after(120).await.sent, 1);
    assert_eq!(world.taken().len(), 1);
    let waiting: Vec<_> =
        world.notices().await.into_iter().filter(|notice| notice.state == NoticeState::Open).collect();
    assert_eq!(waiting.len(), 2);
    for notice in &waiting {
        assert_eq!(notice.attempts, 0, "it cost no attempt");
        assert!(notice.reason.contains("account one sends as fast as it may; until"), "{}", notice.reason);
    }
    assert_ne!(waiting[0].due, waiting[1].due, "they do not come back together");
    assert_eq!(world.after(1).await.sent, 1);
    assert_eq!(world.after(1).await.sent, 1);
    assert!(metrics.render().contains("redial_deferred_total{account=\"one\",why=\"rate\"} 2"), "{}", metrics.render());
}

/// It is 03:00 in San Francisco when Ann's number changes.
#[tokio::test]
async fn n7_quiet_hours_are_the_recipients_and_everything_is_checked_when_they_end() {
    let caps = Caps { quiet: Hours::default(), ..Caps::default() };
    let (world, ..) = world(3, caps).await;
    world.change(MOBILE, NEW).await;
    world.after(120).await;
    assert!(world.told().is_empty());
    let morning = Time::parse("2026-11-23T16:00:00Z").unwrap();
    for notice in world.notices().await {
        assert_eq!((notice.state, notice.due, notice.attempts), (NoticeState::Open, morning, 0));
        assert_eq!(&*notice.reason, "the recipient's quiet hours, until 2026-11-23T16:00:00Z");
    }
    world.change(MOBILE, "+14155550124").await;
    world
        .commit(vec![Effect::OptedOut(OptOut {
            address: super::world::address("+14155550203"),
            owner: None,
            at: world.now(),
            way: "stop".into(),
        })])
        .await;
    world.after(5 * 3_600 - 121).await;
    assert!(world.told().is_empty(), "not a second early");
    world.after(1).await;
    let given = world.taken();
    assert_eq!(given.len(), 2, "who opted out meanwhile is not told: {given:?}");
    assert!(given.iter().all(|given| given.text.contains("0124") && given.text.contains("0100")), "{given:?}");
}

/// It is 03:00 there. A group's hours come beside the operator's, which end at 08:00; an e-mail wakes nobody.
#[tokio::test]
async fn n7_a_group_is_left_alone_in_its_own_hours_too() {
    for (operators, groups, due) in [
        ("none", "03:00-04:30", "2026-11-23T12:30:00Z"),
        ("none", "04:00-05:00", "2026-11-23T11:02:00Z"),
        ("21:00-08:00", "04:00-05:00", "2026-11-23T16:00:00Z"),
        ("21:00-08:00", "08:00-09:15", "2026-11-23T17:15:00Z"),
        ("21:00-08:00", "none", "2026-11-23T16:00:00Z"),
    ] {
        let caps = Caps { quiet: Hours::parse(operators).unwrap(), ..Caps::default() };
        let (world, ..) = world(1, caps).await;
        let quiet = Hours::parse(groups).filter(|hours| *hours != Hours::NONE);
        world.group(redial::domain::owner::Group { quiet, ..group(1, Told::AtOnce, &[], &[MOBILE]) }, &[]).await;
        world.change(MOBILE, NEW).await;
        world.after(120).await;
        let notice = world.notices().await.remove(0);
        assert_eq!(notice.due, Time::parse(due).unwrap(), "{operators} and {groups}");
        assert_eq!(notice.state == NoticeState::Sent, due.contains("11:02"), "{operators} and {groups}");
    }
    let mails = World::new().await;
    mails.contacts(&[contact(1, &["di@example.org"])]).await;
    let quiet = Hours::parse("00:00-23:59");
    mails.group(redial::domain::owner::Group { quiet, ..group(1, Told::AtOnce, &[], &[MOBILE]) }, &[1]).await;
    mails.change(MOBILE, NEW).await;
    assert_eq!(mails.after(120).await.sent, 1);
}

#[tokio::test]
async fn n4_what_is_put_off_again_and_again_ends_with_its_reason() {
    // One message a day and nobody else to send by: the fourth of them waits longer than it may.
    let caps = || Caps { daily: Some(1), ..Caps::default() };
    let (mut world, one, ..) = world(4, caps()).await;
    let post = Post {
        caps: [("one".into(), caps())].into(),
        expiry: Duration::from_hours(60),
        ..post(vec![(Channel::Sms, one as _)])
    };
    world.worker = Worker::new(world.env.clone(), Arc::new(post), Settings::default(), None);
    world.change(MOBILE, NEW).await;
    world.after(120).await;
    for _ in 0..5 * 24 {
        world.after(3_600).await;
    }
    assert_eq!(world.taken().len(), 3);
    let dead: Vec<_> = world.notices().await.into_iter().filter(|notice| notice.state != NoticeState::Sent).collect();
    assert_eq!((dead.len(), dead[0].state, dead[0].attempts), (1, NoticeState::Dead, 0));
    let said = "too late: it was due at 2026-11-23T11:02:00Z, at last: account one has sent as many messages today";
    assert!(dead[0].reason.starts_with(said), "{}", dead[0].reason);
    // A replay is a new notice, with its own time.
    let again = replay_notice(&world.env, dead[0].id, "test").await.unwrap();
    world.after(86_400).await;
    assert_eq!(world.env.store.notice(again).await.unwrap().unwrap().state, NoticeState::Sent);
}

#[tokio::test]
async fn n4_a_replay_knows_quiet_hours_too() {
    let (world, one, two, _) = world(1, Caps { quiet: Hours::default(), ..Caps::default() }).await;
    world.clock.set(Time::parse("2026-11-23T20:00:00Z").unwrap());
    for account in [&one, &two] {
        answers(account, [AttemptOutcome::Never]);
    }
    world.change(MOBILE, NEW).await;
    world.after(120).await;
    world.taken();
    let dead = world.notices().await.remove(0);
    assert_eq!(dead.state, NoticeState::Dead);
    world.clock.set(Time::parse("2026-11-24T06:00:00Z").unwrap());
    let replayed = replay_notice(&world.env, dead.id, "test").await.unwrap();
    world.idle().await;
    assert!(world.told().is_empty());
    let notice = world.env.store.notice(replayed).await.unwrap().unwrap();
    assert_eq!(notice.due, Time::parse("2026-11-24T16:00:00Z").unwrap());
    world.clock.set(notice.due);
    world.idle().await;
    assert_eq!(world.told(), [format!("one {BO}")]);
}

#[tokio::test]
async fn n7_a_days_budget_is_counted_in_the_store_and_goes_on_by_the_next_account() {
    let caps = Caps { daily: Some(2), ..Caps::default() };
    let (mut world, one, two, _) = world(3, caps.clone()).await;
    world.change(MOBILE, NEW).await;
    world.after(120).await;
    let by = |given: &[super::world::Given], account| given.iter().filter(|given| given.account == account).count();
    let given = world.taken();
    assert_eq!((by(&given, "one"), by(&given, "two")), (2, 1));
    // A process that has just started knows what was sent before it.
    let carriers = vec![(Channel::Sms, one as _), (Channel::Sms, two as _)];
    let post = Post { caps: [("one".into(), caps)].into(), ..post(carriers) };
    world.worker = Worker::new(world.env.clone(), Arc::new(post), Settings::default(), None);
    world.change(MOBILE, "+14155550124").await;
    world.after(120).await;
    assert_eq!(by(&world.taken(), "one"), 0);
    world.after(86_400).await;
    world.change(MOBILE, NEW).await;
    world.after(120).await;
    assert_eq!(by(&world.taken(), "one"), 2, "another day");
}

#[tokio::test]
async fn n7_a_countrys_budget_is_its_own_in_every_process() {
    let canada = Region::new("CA").unwrap();
    let caps = Caps { daily_to: [(canada, 1)].into(), ..Caps::default() };
    let (mut world, one, two, _) = world(1, caps.clone()).await;
    world.contacts(&[contact(2, &["+14165550202"]), contact(3, &["+14165550203"])]).await;
    world.group(group(1, Told::AtOnce, &[], &[MOBILE]), &[2, 3]).await;
    let by = async |world: &World| {
        world.after(120).await;
        let given = world.taken();
        let to = |account: &str, start: &str| {
            given.iter().filter(|given| given.account == account && given.to.starts_with(start)).count()
        };
        [to("one", "+1415"), to("one", "+1416"), to("two", "+1415"), to("two", "+1416")]
    };
    world.change(MOBILE, NEW).await;
    assert_eq!(by(&world).await, [1, 1, 0, 1]);
    let post =
        Post { caps: [("one".into(), caps)].into(), ..post(vec![(Channel::Sms, one as _), (Channel::Sms, two as _)]) };
    world.worker = Worker::new(world.env.clone(), Arc::new(post), Settings::default(), None);
    world.change(MOBILE, "+14155550124").await;
    assert_eq!(by(&world).await, [1, 0, 0, 2], "what another process has sent counts");
}

#[tokio::test]
async fn n7_countries_that_no_account_may_write_to_are_explained() {
    let uk = Caps { countries: Region::new("GB").map(|uk| vec![uk]), ..Caps::default() };
    let (mut world, one, _, _) = world(1, uk.clone()).await;
    world.change(MOBILE, NEW).await;
    world.after(120).await;
    assert_eq!(world.told(), [format!("two {BO}")], "the next account may");
    let post = Post { caps: [("one".into(), uk)].into(), ..post(vec![(Channel::Sms, one as _)]) };
    world.worker = Worker::new(world.env.clone(), Arc::new(post), Settings::default(), None);
    world.change(MOBILE, "+14155550124").await;
    world.after(120).await;
    let last = world.states().await.pop().unwrap();
    assert_eq!(last, (NoticeState::Dead, "no account may write to that country; a replay tries again".to_owned()));
}

/// Rule N1: nine in the morning where the recipient is; Bo in San Francisco, Di where no number says.
#[tokio::test]
async fn n1_a_digest_is_due_by_the_recipients_clock() {
    let world = World::new().await;
    world.contacts(&[contact(1, &[BO]), contact(2, &["di@example.org"])]).await;
    world.group(group(1, Told::Digest("0 9 * * *".to_owned()), &[], &[MOBILE]), &[1, 2]).await;
    world.change(MOBILE, NEW).await;
    world.idle().await;
    for notice in world.notices().await {
        let nine = if notice.recipient == friend(1) { "2026-11-23T17:00:00Z" } else { "2026-11-24T09:00:00Z" };
        assert_eq!(notice.due, Time::parse(nine).unwrap());
    }
}

/// Bo is registered and has chosen a zone of his own: his number of San Francisco says no more what time it is for him.
#[tokio::test]
async fn n1_and_n7_a_registered_recipients_clock_is_the_one_that_they_have_chosen() {
    let bo = OwnerId(2);
    for (told, due) in [
        (Told::Digest("0 9 * * *".to_owned()), "2026-11-24T00:00:00Z"),
        // It is eight in the evening in Tokyo when the number changes, and three in the night in San Francisco.
        (Told::AtOnce, "2026-11-23T11:02:00Z"),
    ] {
        let caps = Caps { quiet: Hours::default(), ..Caps::default() };
        let (world, ..) = world(0, caps).await;
        world.commit(vec![Effect::OwnerAdded(bob(2, BO)), Effect::ZoneSet(bo, Some("Asia/Tokyo".into()))]).await;
        let mut contact = contact(1, &[BO]);
        contact.linked = Some(bo);
        world.contacts(&[contact]).await;
        world.group(group(1, told.clone(), &[], &[MOBILE]), &[1]).await;
        world.change(MOBILE, NEW).await;
        world.after(120).await;
        let notice = world.notices().await.remove(0);
        assert_eq!(notice.due, Time::parse(due).unwrap(), "{told:?}");
        assert_eq!(notice.state == NoticeState::Sent, told == Told::AtOnce);
    }
}

/// Right before each send, and so between two accounts, it is asked whether messages are still wanted.
#[tokio::test]
async fn n4_a_stop_that_comes_while_one_account_refuses_holds_for_the_next() {
    let (world, one, _, _) = world(1, Caps::default()).await;
    answers(&one, [AttemptOutcome::Never]);
    let out = OptOut { address: address(BO), owner: None, at: START, way: "STOP".into() };
    let (store, effects) = (Arc::clone(&world.env.store), vec![Effect::OptedOut(out)]);
    *one.meanwhile.lock().unwrap() = Some(Box::pin(async move {
        store.commit(Commit { effects, ..Commit::default() }).await.unwrap();
    }));
    world.change(MOBILE, NEW).await;
    world.after(120).await;
    assert_eq!(world.told(), [format!("one {BO}")]);
    let notice = world.notices().await.remove(0);
    assert_eq!((notice.state, &*notice.reason), (NoticeState::Empty, "opted out"));
}
