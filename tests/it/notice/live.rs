//! The running worker, whose clock goes: what is slow holds up nothing else (rules N3, N4).

use super::world::{MOBILE, NEW, START, World, address, contact, env, group, post};
use crate::peer::until;
use futures_util::future::BoxFuture;
use redial::{
    clock::{Clock as _, ManualClock, SystemClock},
    domain::{
        group::Told,
        notice::{AttemptOutcome, NoticeState},
        owner::Channel,
        schedule::Backoff,
    },
    store::sqlite::Sqlite,
    transport::delivery::Delivery,
    usecase::{
        Env, Rules,
        deliver_notice::Post,
        governor::Caps,
        heard::{self, Heard},
    },
    worker::{Settings, Worker},
};
use std::{sync::Arc, time::Duration};
use tokio::{sync::oneshot, task::JoinHandle};
use tokio_util::sync::CancellationToken;

const BO: &str = "+14155550201";

/// Ann's world, in which nearly nothing is gathered before it is told.
async fn live() -> (World, Env) {
    let store = Arc::new(Sqlite::in_memory(Arc::new(SystemClock)).unwrap());
    let world = World::on(store, Arc::new(ManualClock::at(START))).await;
    let soon =
        Rules { debounce: Duration::from_millis(1), debounce_most: Duration::from_millis(1), ..Rules::default() };
    let env = env(Arc::clone(&world.env.store), Arc::new(SystemClock), soon);
    world.clock.set(SystemClock.now());
    (world, env)
}

/// What sticks until it is released: itself, its beginning, its release.
fn stuck() -> (BoxFuture<'static, ()>, oneshot::Receiver<()>, oneshot::Sender<()>) {
    let (begun, is_stuck) = oneshot::channel::<()>();
    let (release, released) = oneshot::channel::<()>();
    let sticks = Box::pin(async move {
        let _nobody_may_ask = begun.send(());
        let _dropped_at_the_end = released.await;
    });
    (sticks, is_stuck, release)
}

fn runs(worker: Worker) -> (CancellationToken, JoinHandle<()>) {
    let stop = CancellationToken::new();
    let until = stop.clone();
    (stop, tokio::spawn(async move { worker.run(until).await }))
}

/// Rule N4: two workers on one store, a far end that is slower than a lease is long.
#[tokio::test]
async fn n4_a_lease_is_held_as_long_as_the_far_end_takes() {
    let (world, env) = live().await;
    world.contacts(&[contact(1, &[BO])]).await;
    world.group(group(1, Told::AtOnce, &[], &[MOBILE]), &[1]).await;
    let lease = Duration::from_millis(150);
    let (sticks, reached, answer) = stuck();
    *world.sms.meanwhile.lock().unwrap() = Some(sticks);
    let settings = Settings { lease, poll: Duration::from_millis(20), ..Settings::default() };
    let two = [(); 2].map(|()| runs(Worker::new(env.clone(), Arc::clone(&world.post), settings.clone(), None)));
    world.change(MOBILE, NEW).await;
    reached.await.unwrap();
    // What is claimed is due at the end of its claim.
    let end = async || world.env.store.next_due().await.unwrap().unwrap();
    let first = end().await;
    until("the lease to be prolonged", async || end().await > first.after(lease * 4)).await;
    answer.send(()).unwrap();
    let is_sent = async || world.states().await.iter().all(|(state, _)| *state == NoticeState::Sent);
    until("the message to be sent", is_sent).await;
    for (stop, running) in two {
        stop.cancel();
        running.await.unwrap();
    }
    assert_eq!(world.told(), [format!("sms {BO}")], "the other worker waited");
    let notice = world.notices().await.remove(0);
    assert_eq!(world.attempts(notice.id).await, [Some(AttemptOutcome::Sent)]);
}

/// A code, or an answer, does not wait until there is a place among the notices, nor for a day's budget that they have used.
#[tokio::test]
async fn n3_codes_and_answers_leave_before_notices() {
    let (world, env) = live().await;
    world.contacts(&[contact(1, &[BO]), contact(2, &["+14155550202"])]).await;
    world.group(group(1, Told::AtOnce, &[], &[MOBILE]), &[1, 2]).await;
    let (sticks, is_stuck, release) = stuck();
    *world.sms.meanwhile.lock().unwrap() = Some(sticks);
    let caps = Caps { concurrency: 2, daily: Some(1), ..Caps::default() };
    let post = Post { caps: [("sms".into(), caps)].into(), ..post(vec![(Channel::Sms, world.sms.clone() as _)]) };
    let settings = Settings { fresh: 1, retries: 1, ..Settings::default() };
    let worker = Worker::new(env.clone(), Arc::new(post), settings, None);
    let (stop, running) = runs(worker);
    world.change(MOBILE, NEW).await;
    is_stuck.await.unwrap();
    let asks = address("+14155550299");
    let help = Heard { account: "sms", id: "m1", from: &asks, text: "HELP", hint: None, covered: true };
    heard::take(&env, &help).await.unwrap();
    until("the answer has left", async || !world.given.lock().unwrap().is_empty()).await;
    assert_eq!(world.told(), ["sms +14155550299"], "both notices wait");
    release.send(()).unwrap();
    stop.cancel();
    running.await.unwrap();
}

/// Rule N4: a storm of retries leaves what is new alone.
#[tokio::test]
async fn n4_what_is_tried_again_does_not_hold_up_what_is_new() {
    let (world, env) = live().await;
    let new = "+14155550202";
    world.contacts(&[contact(1, &[BO]), contact(2, &[new])]).await;
    world.group(group(1, Told::AtOnce, &[], &[MOBILE]), &[1]).await;
    world.sms.answers.lock().unwrap().push_back(Delivery::new(AttemptOutcome::TryAgain, "busy"));
    let ((sticks, is_stuck, release), sms) = (stuck(), Arc::clone(&world.sms));
    let next_time = Box::pin(async move { *sms.meanwhile.lock().unwrap() = Some(sticks) });
    *world.sms.meanwhile.lock().unwrap() = Some(next_time);
    let backoff = Backoff { steps: vec![Duration::from_millis(1); 3], jitter: 0 };
    let post = Post { backoff, ..post(vec![(Channel::Sms, world.sms.clone() as _)]) };
    let settings = Settings { fresh: 1, retries: 1, ..Settings::default() };
    let (stop, running) = runs(Worker::new(env, Arc::new(post), settings, None));
    world.change(MOBILE, NEW).await;
    is_stuck.await.unwrap();
    world.group(group(1, Told::AtOnce, &[], &[MOBILE]), &[2]).await;
    world.change(MOBILE, "+14155550124").await;
    let has_left = || world.given.lock().unwrap().iter().any(|given| given.to == new);
    until("the new message has left", async || has_left()).await;
    release.send(()).unwrap();
    stop.cancel();
    running.await.unwrap();
}

/// Rule N4: one account's slow far end takes no more than its own places.
#[tokio::test]
async fn n4_a_slow_account_does_not_hold_up_another() {
    let (world, env) = live().await;
    let mut friends: Vec<_> = (1..=6).map(|id| contact(id, &[&format!("+1415555{:04}", 200 + id)])).collect();
    friends.push(contact(7, &["di@example.org"]));
    world.contacts(&friends).await;
    world.group(group(1, Told::AtOnce, &[], &[MOBILE]), &(1..=7).collect::<Vec<_>>()).await;
    let (sticks, _, release) = stuck();
    *world.sms.meanwhile.lock().unwrap() = Some(sticks);
    let (mailed, arrived) = oneshot::channel();
    *world.mail.meanwhile.lock().unwrap() = Some(Box::pin(async move { mailed.send(()).unwrap() }));
    let carriers = vec![(Channel::Sms, world.sms.clone() as _), (Channel::Email, world.mail.clone() as _)];
    let post = Post { caps: [("sms".into(), Caps { concurrency: 1, ..Caps::default() })].into(), ..post(carriers) };
    let settings = Settings { fresh: 2, retries: 1, ..Settings::default() };
    let worker = Worker::new(env, Arc::new(post), settings, None);
    let (stop, running) = runs(worker);
    world.change(MOBILE, NEW).await;
    arrived.await.unwrap();
    assert!(world.taken().iter().all(|given| given.account == "mail"), "the text message is still under way");
    release.send(()).unwrap();
    stop.cancel();
    running.await.unwrap();
}
