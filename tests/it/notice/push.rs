//! Push messages to a registered recipient's devices: which of them, how often, and what comes after (rules N3, N6).

use super::world::{ANN, MOBILE, World, bob, contact, group};
use redial::{
    clock::Time,
    domain::{
        device::{Device, Place},
        group::Told,
        id::{DeviceId, OwnerId},
        notice::{AttemptOutcome, NoticeState},
        owner::Channel,
    },
    store::{Commit, Effect, OfDevice},
    transport::delivery::Delivery,
    usecase::deliver_notice::deliver_notice,
};
use std::{sync::Arc, time::Duration};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

const BO: &str = "+14155550201";
const BOB: OwnerId = OwnerId(2);
const NEW: &str = "+14155550111";

fn device(number: u128, seen: Time) -> Device {
    let place = Place::token(&format!("place-{number}")).unwrap();
    let (id, label, created) = (DeviceId(number), "".into(), Time(1));
    Device { id, owner: BOB, account: "push".into(), place, label, created, seen, ended: None }
}

fn set(device: &Device) -> Vec<Effect> {
    vec![Effect::OfDevice(OfDevice::Set(device.clone()))]
}

/// Bob is registered with so many devices, the last one in use last, and is to be told by these channels.
async fn world(devices: u128, channels: &[Channel]) -> Arc<World> {
    let world = World::new().await;
    let mut entry = contact(1, &[BO]);
    entry.linked = Some(BOB);
    world.commit(vec![Effect::OwnerAdded(bob(2, BO))]).await;
    world.contacts(&[entry]).await;
    world.group(group(1, Told::AtOnce, channels, &[MOBILE]), &[1]).await;
    for number in 1..=devices {
        world.commit(set(&device(number, Time(number.try_into().unwrap())))).await;
    }
    world.change(MOBILE, NEW).await;
    world.idle().await;
    world.clock.advance(Duration::from_mins(2));
    Arc::new(world)
}

fn answer(world: &World, deliveries: impl IntoIterator<Item = Delivery>) {
    world.push.answers.lock().unwrap().extend(deliveries);
}

fn delivery(outcome: AttemptOutcome) -> Delivery {
    Delivery::new(outcome, "said")
}

fn dead() -> Delivery {
    Delivery { dead: true, ..delivery(AttemptOutcome::Never) }
}

fn to(numbers: &[u128]) -> Vec<String> {
    numbers.iter().map(|number| format!("push {}", DeviceId(*number))).collect()
}

/// Which devices have not ended.
async fn live(world: &World) -> Vec<u128> {
    let all = world.env.store.devices(BOB).await.unwrap();
    all.iter().filter(|device| device.ended.is_none()).map(|device| device.id.0).collect()
}

/// What was given to accounts, in the order in which it was.
fn told(world: &World) -> Vec<String> {
    let given = std::mem::take(&mut *world.given.lock().unwrap());
    given.iter().map(|given| format!("{} {}", given.account, given.to)).collect()
}

async fn states(world: &World) -> Vec<NoticeState> {
    world.states().await.into_iter().map(|(state, _)| state).collect()
}

#[tokio::test]
async fn n3_push_comes_first_and_goes_to_every_device() {
    let world = world(3, &[]).await;
    assert_eq!(world.idle().await.sent, 1);
    let given = world.given.lock().unwrap().clone();
    assert_eq!(told(&world), to(&[3, 2, 1]), "the one that was in use last first, and no text message");
    let id = world.notices().await[0].id.to_string();
    for (given, place) in given.iter().zip(["place-3", "place-2", "place-1"]) {
        assert!(given.text.starts_with(&format!("{place}\nAnn Lee has new contact details\n")), "{}", given.text);
        assert!(given.text.ends_with(&id) && !given.text.contains("5550111"), "{}", given.text);
    }
    assert_eq!(states(&world).await, [NoticeState::Sent]);
    world.after(86_400).await;
    assert_eq!(told(&world), Vec::<String>::new(), "once");
}

#[tokio::test]
async fn n3_a_group_that_says_text_messages_means_them() {
    let world = world(1, &[Channel::Sms]).await;
    world.idle().await;
    assert_eq!(told(&world), [format!("sms {BO}")]);
}

#[tokio::test]
async fn n6_a_dead_device_ends_and_the_next_way_is_taken() {
    let world = world(2, &[]).await;
    answer(&world, [dead(), dead()]);
    assert_eq!(world.idle().await.sent, 1);
    assert_eq!(told(&world), [to(&[2, 1]), vec![format!("sms {BO}")]].concat());
    assert_eq!(live(&world).await, Vec::<u128>::new());
    assert_eq!(trail(&world, BOB).await, ["device_ended", "device_ended"]);
    assert!(!trail(&world, ANN).await.iter().any(|what| what.contains("unreachable")), "it says nothing of Bob");
}

async fn trail(world: &World, owner: OwnerId) -> Vec<String> {
    let lines = world.env.store.audit(owner, None, 100).await.unwrap().items;
    lines.iter().map(|line| line.what.to_string()).collect()
}

#[tokio::test]
async fn n6_the_second_device_has_it_where_the_first_is_gone() {
    let world = world(3, &[]).await;
    answer(&world, [dead(), delivery(AttemptOutcome::Sent), dead()]);
    assert_eq!(world.idle().await.sent, 1);
    assert_eq!(told(&world), to(&[3, 2, 1]));
    assert_eq!((live(&world).await, states(&world).await), (vec![2], vec![NoticeState::Sent]));
}

#[tokio::test]
async fn n6_a_device_that_is_registered_while_it_is_called_dead_stays() {
    for (gone_since, stays) in [(None, true), (Some(Time(5)), true), (Some(Time(i64::MAX)), false)] {
        let world = world(1, &[]).await;
        answer(&world, [Delivery { gone_since, ..dead() }]);
        let (store, clock) = (world.env.store.clone(), Arc::clone(&world.clock));
        *world.push.meanwhile.lock().unwrap() = Some(Box::pin(async move {
            clock.advance(Duration::from_secs(1));
            let effects = set(&device(1, store.now().await.unwrap()));
            store.commit(Commit { effects, ..Commit::default() }).await.unwrap();
        }));
        world.idle().await;
        assert_eq!(told(&world), [to(&[1]), vec![format!("sms {BO}")]].concat());
        assert_eq!(live(&world).await == [1], stays, "{gone_since:?}");
    }
}

#[tokio::test]
async fn n3_a_push_service_that_is_away_for_a_moment_costs_no_text_message() {
    let world = world(2, &[]).await;
    answer(&world, [delivery(AttemptOutcome::TryAgain)]);
    world.idle().await;
    assert_eq!((told(&world), states(&world).await), (to(&[2]), vec![NoticeState::Open]));
    assert_eq!(world.after(10).await.sent, 1);
    assert_eq!(told(&world), to(&[2, 1]));
}

#[tokio::test]
async fn n3_one_that_is_away_for_longer_does() {
    let away = || delivery(AttemptOutcome::TryAgain);
    let world_of_one = world(1, &[]).await;
    answer(&world_of_one, [away(), away(), away()]);
    world_of_one.idle().await;
    world_of_one.after(10).await;
    assert_eq!(world_of_one.after(100).await.sent, 1, "its tries are used up");
    assert_eq!(told(&world_of_one), [to(&[1, 1, 1]), vec![format!("sms {BO}")]].concat());
    assert_eq!(live(&world_of_one).await, [1], "that says nothing of the device");

    let patient = world(1, &[]).await;
    answer(&patient, [Delivery { retry_after: Some(Duration::from_mins(16)), ..away() }]);
    assert_eq!(patient.idle().await.sent, 1, "who is to wait for longer than a quarter of an hour does not");
    assert_eq!(told(&patient), [to(&[1]), vec![format!("sms {BO}")]].concat());
    let brief = world(1, &[]).await;
    answer(&brief, [Delivery { retry_after: Some(Duration::from_mins(10)), ..away() }]);
    brief.idle().await;
    assert_eq!(told(&brief), to(&[1]));
    assert_eq!(brief.after(660).await.sent, 1);
    assert_eq!(told(&brief), to(&[1]));
}

#[tokio::test]
async fn n3_what_another_device_has_taken_is_told_although_nobody_knows_of_the_first() {
    let world = world(2, &[]).await;
    answer(&world, [delivery(AttemptOutcome::Unknown)]);
    assert_eq!(world.idle().await.sent, 1);
    assert_eq!((told(&world), states(&world).await), (to(&[2, 1]), vec![NoticeState::Sent]));
    let id = world.notices().await[0].id;
    assert_eq!(world.attempts(id).await, [Some(AttemptOutcome::Unknown), Some(AttemptOutcome::Sent)]);
    world.after(86_400).await;
    assert_eq!(told(&world), Vec::<String>::new());
}

#[tokio::test]
async fn n3_of_one_device_alone_of_which_nobody_knows_it_is_repeated_there() {
    let world = world(1, &[]).await;
    answer(&world, [delivery(AttemptOutcome::Unknown)]);
    world.idle().await;
    assert_eq!(told(&world), to(&[1]));
    assert_eq!(world.after(10).await.sent, 1);
    assert_eq!(told(&world), to(&[1]), "a repeat takes the place of the first");
}

#[tokio::test]
async fn n3_a_crash_between_two_devices_loses_and_repeats_nothing() {
    let world = world(2, &[]).await;
    let (under_way, reached) = oneshot::channel();
    let push = Arc::clone(&world.push);
    // While the first is under way the trap for the second is laid.
    *world.push.meanwhile.lock().unwrap() = Some(Box::pin(async move {
        *push.meanwhile.lock().unwrap() = Some(Box::pin(async move {
            under_way.send(()).unwrap();
            std::future::pending::<()>().await;
        }));
    }));
    let claimed = world.env.store.claim(false, 1, Duration::from_mins(1)).await.unwrap().remove(0);
    let working = Arc::clone(&world);
    let task =
        tokio::spawn(
            async move { deliver_notice(&working.env, &working.post, &claimed, &CancellationToken::new()).await },
        );
    reached.await.unwrap();
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(told(&world), to(&[2]));
    world.after(61).await;
    assert_eq!(told(&world), Vec::<String>::new(), "it was told");
    assert_eq!(states(&world).await, [NoticeState::Sent]);
    let id = world.notices().await[0].id;
    assert_eq!(world.attempts(id).await, [Some(AttemptOutcome::Sent), Some(AttemptOutcome::Unknown)]);
}
