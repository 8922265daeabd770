//! A worker that dies, stops or is too late.

use super::world::{ANN, ASKED_AFTER, MOBILE, NEW, Scripted, World, contact, friend, group};
use redial::{
    domain::{
        group::Told,
        notice::{AttemptOutcome, NoticeState, Reported},
    },
    store::{Effect, Returned},
    transport::delivery::Delivery,
    usecase::{
        deliver_notice::{Ended, deliver_notice},
        receipts::{OwnMessage, Report, receive},
    },
    worker::{Progress, Settings, Worker},
};
use std::{sync::Arc, time::Duration};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

const BO: &str = "+14155550201";
const DI: &str = "di@example.org";

/// Both are to be told that the number changed from 0100 to 0111.
async fn due() -> Arc<World> {
    let world = World::new().await;
    world.contacts(&[contact(1, &[BO]), contact(2, &[DI])]).await;
    world.group(group(1, Told::AtOnce, &[], &[MOBILE]), &[1, 2]).await;
    world.change(MOBILE, "+14155550111").await;
    world.idle().await;
    world.clock.advance(Duration::from_mins(2));
    Arc::new(world)
}

/// Two workers died with both messages on their way: after the attempts were written, before any outcome was.
async fn died(world: &Arc<World>) {
    for carrier in [&world.sms, &world.mail] {
        die(world, carrier).await;
    }
}

/// A worker dies with a message by this account on its way.
async fn die(world: &Arc<World>, carrier: &Scripted) {
    let (under_way, reached) = oneshot::channel();
    *carrier.meanwhile.lock().unwrap() = Some(Box::pin(async move {
        under_way.send(()).unwrap();
        std::future::pending::<()>().await;
    }));
    let claimed = world.env.store.claim(false, 1, Duration::from_mins(1)).await.unwrap().remove(0);
    let working = Arc::clone(world);
    let task =
        tokio::spawn(
            async move { deliver_notice(&working.env, &working.post, &claimed, &CancellationToken::new()).await },
        );
    reached.await.unwrap();
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
}

#[tokio::test]
async fn n3_after_a_crash_only_what_is_one_message_to_its_reader_is_repeated() {
    let world = due().await;
    died(&world).await;
    assert_eq!(world.idle().await, Progress::default(), "both leases still run");
    world.clock.advance(Duration::from_mins(1));
    let progress = world.idle().await;
    assert_eq!((progress.sent, progress.unknown), (1, 1));
    let given = world.taken();
    assert_eq!(
        given.iter().map(|given| given.to.as_str()).collect::<Vec<_>>(),
        [DI],
        "the text message is not repeated"
    );
    for notice in world.notices().await {
        let attempts = world.attempts(notice.id).await;
        match notice.state {
            NoticeState::Sent => {
                assert_eq!(attempts, [Some(AttemptOutcome::Unknown), Some(AttemptOutcome::Sent)]);
                assert!(given[0].reference.starts_with(&notice.id.to_string()));
            }
            NoticeState::Unknown => assert_eq!(attempts, [Some(AttemptOutcome::Unknown)]),
            other => panic!("{other:?}"),
        }
    }
    world.after(86_400).await;
    assert!(world.told().is_empty());
}

/// A text message whose worker died, at an account that can be asked for it; the moment at which it may be.
async fn asked(answers: &[Option<Delivery>]) -> Arc<World> {
    let world = World::new().await;
    world.contacts(&[contact(1, &[BO])]).await;
    world.group(group(1, Told::AtOnce, &[], &[MOBILE]), &[1]).await;
    world.change(MOBILE, "+14155550111").await;
    world.idle().await;
    world.clock.advance(Duration::from_mins(2));
    let world = Arc::new(world);
    *world.sms.found.lock().unwrap() = Some(answers.iter().cloned().collect());
    die(&world, &world.sms).await;
    world.clock.advance(Duration::from_mins(1));
    assert_eq!(world.idle().await, Progress { later: 1, ..Progress::default() }, "it may still arrive there");
    assert!(world.sms.asked.lock().unwrap().is_empty());
    world.clock.advance(ASKED_AFTER.saturating_sub(Duration::from_mins(1)));
    world
}

#[tokio::test]
async fn n3_after_a_crash_the_account_is_asked_for_the_message() {
    let (sent, again) = (AttemptOutcome::Sent, AttemptOutcome::TryAgain);
    let found = Delivery { foreign_id: Some("m1".into()), ..Delivery::new(sent, "found") };
    let never = Delivery::new(again, "never got it");
    for (answer, state, attempts, messages) in [
        (Some(found), NoticeState::Sent, vec![Some(sent)], 0),
        (Some(never), NoticeState::Sent, vec![Some(again), Some(sent)], 1),
        (None, NoticeState::Unknown, vec![Some(AttemptOutcome::Unknown)], 0),
    ] {
        let world = asked(std::slice::from_ref(&answer)).await;
        world.idle().await;
        let notice = world.notices().await.remove(0);
        assert_eq!(notice.state, state, "{answer:?}: {notice:?}");
        assert_eq!(world.attempts(notice.id).await, attempts, "{answer:?}");
        let given = world.taken();
        assert_eq!(given.len(), messages, "{answer:?}: {given:?}");
        let asked = world.sms.asked.lock().unwrap().clone();
        assert_eq!(asked.len(), 1, "{asked:?}");
        assert!(given.iter().all(|given| given.reference == asked[0]), "it is asked for by the name that it had");
        world.after(86_400).await;
        assert!(world.told().is_empty());
    }
}

#[tokio::test]
async fn n3_what_changed_since_a_message_that_was_found_is_told_by_the_next() {
    let found = Delivery { foreign_id: Some("m1".into()), ..Delivery::new(AttemptOutcome::Sent, "found") };
    let world = asked(&[Some(found)]).await;
    world.change(MOBILE, NEW).await;
    world.after(600).await;
    assert_eq!(world.told(), [format!("sms {BO}")]);
    let notices = world.notices().await;
    assert!(notices.iter().all(|notice| notice.state == NoticeState::Sent), "{notices:?}");
}

#[tokio::test]
async fn n3_a_message_of_a_dead_process_that_was_refused_goes_by_the_next_way() {
    let world = World::new().await;
    world.contacts(&[contact(1, &[BO, DI])]).await;
    world.group(group(1, Told::AtOnce, &[], &[MOBILE]), &[1]).await;
    world.change(MOBILE, NEW).await;
    world.idle().await;
    world.clock.advance(Duration::from_mins(2));
    let world = Arc::new(world);
    die(&world, &world.sms).await;
    world.clock.advance(Duration::from_mins(1));
    assert_eq!(world.idle().await.unknown, 1);
    let own = Some(OwnMessage { notice: world.notices().await[0].id, number: 1 });
    let refused =
        Report { foreign_id: "m1".into(), reported: Reported::Bounced, code: "".into(), dead: false, stopped: false };
    assert!(receive(&world.env, "sms", own, &refused).await.unwrap());
    world.idle().await;
    assert_eq!(world.told(), [format!("mail {DI}")]);
}

#[tokio::test]
async fn n3_a_report_whose_taker_died_counts_at_the_next_start() {
    let world = due().await;
    died(&world).await;
    let mut ids = world.notices().await.into_iter();
    let text = ids.find(|notice| notice.recipient == friend(1)).unwrap().id;
    // The report was written, and the process died before it could change the notice.
    let written =
        Returned::Reported { notice: text, number: 1, reported: Reported::Delivered, foreign_id: "m1".into() };
    world.clock.advance(Duration::from_mins(1));
    let claimed = world.env.store.claim(false, 9, Duration::from_mins(1)).await.unwrap();
    let claimed = claimed.into_iter().find(|claimed| claimed.notice.id == text).unwrap();
    let ended = deliver_notice(&world.env, &world.post, &claimed, &CancellationToken::new()).await.unwrap();
    assert_eq!(ended, Ended::Unknown);
    world.commit(vec![Effect::Returned(written)]).await;
    let worker = Worker::new(world.env.clone(), Arc::clone(&world.post), Settings::default(), None);
    worker.run_until_idle().await.unwrap();
    assert_eq!(world.env.store.notice(text).await.unwrap().unwrap().state, NoticeState::Sent);
}

#[tokio::test]
async fn n3_what_is_known_to_have_arrived_is_not_repeated_after_a_crash() {
    let world = due().await;
    died(&world).await;
    let mut ids = world.notices().await.into_iter();
    let mail = ids.find(|notice| notice.recipient == friend(2)).unwrap().id;
    let own = Some(OwnMessage { notice: mail, number: 1 });
    let arrived =
        Report { foreign_id: "m1".into(), reported: Reported::Delivered, code: "".into(), dead: false, stopped: false };
    assert!(receive(&world.env, "mail", own, &arrived).await.unwrap());
    world.clock.advance(Duration::from_mins(1));
    world.idle().await;
    assert!(world.told().is_empty(), "it could be repeated, and need not be");
    assert_eq!(world.env.store.notice(mail).await.unwrap().unwrap().state, NoticeState::Sent);
}

#[tokio::test]
async fn n3_what_came_after_the_lost_message_is_told() {
    let world = due().await;
    died(&world).await;
    world.clock.advance(Duration::from_secs(30));
    world.change(MOBILE, NEW).await;
    world.after(600).await;
    world.after(60).await;
    let given = world.taken();
    assert!(given.iter().any(|given| given.to == BO && given.text.contains(NEW)), "{given:?}");
    assert_eq!(given.iter().filter(|given| given.to == BO).count(), 1);
    assert!(given.iter().filter(|given| given.to == DI).any(|given| given.text.contains(NEW)), "{given:?}");
}

#[tokio::test]
async fn n4_a_late_worker_cannot_overwrite_what_another_has_settled() {
    let world = due().await;
    let (under_way, reached) = oneshot::channel();
    let (go_on, resumed) = oneshot::channel();
    *world.mail.meanwhile.lock().unwrap() = Some(Box::pin(async move {
        under_way.send(()).unwrap();
        resumed.await.unwrap();
    }));
    // The e-mail's turn comes second.
    let all = world.env.store.claim(false, 2, Duration::from_mins(1)).await.unwrap();
    let mut late = None;
    for claimed in all {
        if claimed.notice.recipient == friend(2) {
            late = Some(claimed);
        }
    }
    let working = Arc::clone(&world);
    let task = tokio::spawn(async move {
        deliver_notice(&working.env, &working.post, &late.unwrap(), &CancellationToken::new()).await.unwrap()
    });
    reached.await.unwrap();
    world.clock.advance(Duration::from_secs(61));
    assert_eq!(world.idle().await.sent, 2, "the lease ran out and another worker sent it");
    go_on.send(()).unwrap();
    assert_eq!(task.await.unwrap(), Ended::Lost);
    let notices = world.notices().await;
    let notice = notices.iter().find(|notice| notice.recipient == friend(2)).unwrap();
    assert_eq!(notice.state, NoticeState::Sent);
    let references: Vec<_> =
        world.taken().into_iter().filter(|given| given.to == DI).map(|given| given.reference).collect();
    assert!(references.len() == 2 && references[0] == references[1], "one message to its reader: {references:?}");
}

#[tokio::test]
async fn n4_a_stop_ends_what_is_under_way_and_costs_nothing_else() {
    let world = due().await;
    let stop = CancellationToken::new();
    let (under_way, reached) = oneshot::channel();
    let stopping = stop.clone();
    *world.sms.meanwhile.lock().unwrap() = Some(Box::pin(async move {
        stopping.cancel();
        under_way.send(()).unwrap();
    }));
    // The two share one lane of one, so the second is still open when the first ends.
    let settings = Settings { fresh: 1, retries: 1, poll: Duration::from_millis(10), ..Settings::default() };
    let worker = Worker::new(world.env.clone(), Arc::clone(&world.post), settings, None);
    let running = tokio::spawn(async move { worker.run(stop).await });
    reached.await.unwrap();
    running.await.unwrap();
    let notices = world.notices().await;
    let of = |id| notices.iter().find(|notice| notice.recipient == friend(id)).unwrap();
    assert_eq!(of(1).state, NoticeState::Sent, "what was under way was ended");
    let given = world.taken();
    if of(2).state == NoticeState::Open {
        assert_eq!((of(2).attempts, given.len()), (0, 1));
        assert_eq!(world.idle().await.sent, 1, "and anybody can take it at once");
    }
    assert!(world.env.store.shown(ANN, friend(1)).await.unwrap().is_some());
}

#[tokio::test]
async fn n4_what_was_taken_but_not_begun_is_given_back() {
    let world = due().await;
    let stop = CancellationToken::new();
    stop.cancel();
    for claimed in world.env.store.claim(false, 2, Duration::from_mins(1)).await.unwrap() {
        let ended = deliver_notice(&world.env, &world.post, &claimed, &stop).await.unwrap();
        assert_eq!(ended, Ended::Released);
    }
    assert!(world.told().is_empty());
    assert!(world.notices().await.iter().all(|notice| notice.attempts == 0));
    assert_eq!(world.idle().await.sent, 2, "with no lease to wait for");
}

#[tokio::test]
async fn the_running_worker_wakes_for_what_is_committed_and_for_what_becomes_due() {
    let store = Arc::new(redial::store::sqlite::Sqlite::in_memory(Arc::new(redial::clock::SystemClock)).unwrap());
    let rules = redial::usecase::Rules {
        debounce: Duration::from_millis(50),
        debounce_most: Duration::from_millis(50),
        ..Default::default()
    };
    let world = World::on(store, Arc::new(redial::clock::ManualClock::at(super::world::START))).await;
    let env = super::world::env(Arc::clone(&world.env.store), Arc::new(redial::clock::SystemClock), rules);
    world.clock.set(redial::clock::Clock::now(&redial::clock::SystemClock));
    world.contacts(&[contact(1, &[BO])]).await;
    world.group(group(1, Told::AtOnce, &[], &[MOBILE]), &[1]).await;
    // A poll that would never come: only what the store says of its commits, and the due time, are left.
    let settings = Settings { poll: Duration::from_hours(1), ..Settings::default() };
    let worker = Worker::new(env, Arc::clone(&world.post), settings, None);
    let stop = CancellationToken::new();
    let (sent, reached) = oneshot::channel();
    *world.sms.meanwhile.lock().unwrap() = Some(Box::pin(async move { sent.send(()).unwrap() }));
    let running = tokio::spawn({
        let stop = stop.clone();
        async move { worker.run(stop).await }
    });
    world.change(MOBILE, NEW).await;
    reached.await.unwrap();
    stop.cancel();
    running.await.unwrap();
    assert_eq!(world.told(), ["sms +14155550201"]);
}
