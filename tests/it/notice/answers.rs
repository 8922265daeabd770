//! The answers to STOP, START and HELP: with what they answer or not at all, once, by the account that was written to.

use super::world::{ANN, MOBILE, NEW, START, Scripted, World, address, contact, env, group, post};
use crate::spawn::Folder;
use redial::{
    clock::ManualClock,
    domain::{
        group::Told,
        notice::AttemptOutcome::{self, Never, Sent, TryAgain},
        owner::Channel,
        schedule::Hours,
    },
    store::{SharedStore, StoreError, sqlite::Sqlite},
    transport::delivery::Delivery,
    usecase::{
        Env, Rules,
        deliver_letter::{Posting, deliver_letter},
        deliver_notice::Post,
        governor::Caps,
        heard::{self, Heard},
    },
    worker::{Settings, Worker},
};
use std::{collections::HashMap, path::Path, sync::Arc, time::Duration};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

const BO: &str = "+14155550201";
const MINUTE: Duration = Duration::from_mins(1);

/// Bo writes to an account.
async fn writes(env: &Env, account: &str, id: &str, text: &str) -> Result<(), StoreError> {
    let from = address(BO);
    let message = Heard { account, id, from: &from, text, hint: None, covered: true };
    heard::take(env, &message).await.map(|_| ())
}

/// Bo has been told something of Ann.
async fn told(world: &World) {
    world.contacts(&[contact(1, &[BO])]).await;
    world.group(group(1, Told::AtOnce, &[], &[MOBILE]), &[1]).await;
    world.change(MOBILE, NEW).await;
    world.after(120).await;
    assert_eq!(world.told(), [format!("sms {BO}")]);
}

async fn new() -> World {
    let world = World::new().await;
    told(&world).await;
    world
}

fn open(folder: &Path, clock: &Arc<ManualClock>) -> Arc<Sqlite> {
    Arc::new(Sqlite::open(&folder.join("redial.db"), Arc::clone(clock) as _, 2).unwrap())
}

#[tokio::test]
async fn n6_after_a_crash_there_are_the_opt_out_and_its_answer_or_neither() {
    let (mut died, mut lived) = (0, false);
    for statements in 1.. {
        let (folder, clock) = (Folder::new(), Arc::new(ManualClock::at(START)));
        let (post, given) = {
            let sqlite = open(&folder.0, &clock);
            let world = World::on(Arc::clone(&sqlite) as SharedStore, Arc::clone(&clock)).await;
            told(&world).await;
            sqlite.crash_before(statements);
            // The process dies: while it writes, or right after that and before anything leaves.
            lived = writes(&world.env, "sms", "m1", "STOP").await.is_ok();
            died += u32::from(!lived);
            (Arc::clone(&world.post), Arc::clone(&world.given))
        };
        let env = env(open(&folder.0, &clock), Arc::clone(&clock) as _, Rules::default());
        let stopped = async || {
            let outs = env.store.opt_outs(&[BO.into()]).await.unwrap();
            outs.into_iter().map(|out| out.owner).collect::<Vec<_>>()
        };
        let texts = || std::mem::take(&mut *given.lock().unwrap()).into_iter().map(|one| one.text).collect::<Vec<_>>();
        let worker = Worker::new(env.clone(), post, Settings::default(), None);
        worker.run_until_idle().await.unwrap();
        let (outs, mut said) = (stopped().await, texts());
        assert_eq!((outs.len(), said.len()), if lived { (1, 1) } else { (0, 0) }, "before statement {statements}");
        // The provider got no answer, and comes again.
        for _ in 0..2 {
            writes(&env, "sms", "m1", "STOP").await.unwrap();
            worker.run_until_idle().await.unwrap();
        }
        said.extend(texts());
        assert_eq!(stopped().await, [Some(ANN)], "before statement {statements}");
        assert!(said.len() == 1 && said[0].contains("Ann Lee"), "before statement {statements}: {said:?}");
        if lived {
            break;
        }
    }
    assert!(lived && died >= 4, "it died between what is written of one message, {died} times");
}

#[tokio::test]
async fn n6_an_answer_whose_worker_died_leaves_once() {
    // It was taken, and not begun.
    let world = new().await;
    writes(&world.env, "sms", "m1", "STOP").await.unwrap();
    assert_eq!(world.env.store.claim_letters(true, 9, MINUTE).await.unwrap().len(), 1);
    world.idle().await;
    assert!(world.told().is_empty(), "the lease still runs");
    world.after(60).await;
    world.after(600).await;
    assert_eq!(world.told(), [format!("sms {BO}")]);

    // It was under way, by an account that knows no repeats.
    let world = Arc::new(new().await);
    writes(&world.env, "sms", "m1", "STOP").await.unwrap();
    let (under_way, reached) = oneshot::channel();
    *world.sms.meanwhile.lock().unwrap() = Some(Box::pin(async move {
        under_way.send(()).unwrap();
        std::future::pending::<()>().await;
    }));
    let claimed = world.env.store.claim_letters(true, 1, MINUTE).await.unwrap().remove(0);
    let (working, letter) = (Arc::clone(&world), claimed.clone());
    let task =
        tokio::spawn(
            async move { deliver_letter(&working.env, &working.post, &letter, &CancellationToken::new()).await },
        );
    reached.await.unwrap();
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    world.clock.advance(MINUTE);
    let again = world.env.store.claim_letters(true, 1, MINUTE).await.unwrap().remove(0);
    let stop = CancellationToken::new();
    assert_eq!(deliver_letter(&world.env, &world.post, &again, &stop).await.unwrap(), Posting::Unknown);
    world.after(600).await;
    assert!(world.told().is_empty(), "it may have been sent");
    assert_eq!(world.env.store.letter(claimed.letter.id).await.unwrap(), None);
}

/// A worker with a second account, which comes first, and quiet hours at both in which it is night where Bo is.
fn worker(world: &World) -> Worker {
    let given = Arc::clone(&world.given);
    let (answers, meanwhile, found, asked) = Default::default();
    let other =
        Scripted { name: "other", channel: Channel::Sms, repeatable: false, answers, given, meanwhile, found, asked };
    let carriers = vec![(Channel::Sms, Arc::new(other) as _), (Channel::Sms, world.sms.clone() as _)];
    let quiet = || Caps { quiet: Hours::parse("21:00-08:00").unwrap(), ..Caps::default() };
    let caps = HashMap::from([("other".into(), quiet()), ("sms".into(), quiet())]);
    Worker::new(world.env.clone(), Arc::new(Post { caps, ..post(carriers) }), Settings::default(), None)
}

#[tokio::test]
async fn n6_an_answer_comes_from_the_account_that_was_written_to_and_within_the_hour() {
    for (to, at_first, minutes, leaves_by) in [
        ("sms", Sent, 0, &["sms"][..]),
        ("other", Sent, 0, &["other"]),
        // It waits for its own account, and uses no other.
        ("sms", TryAgain, 59, &["sms", "sms"]),
        ("sms", TryAgain, 60, &["sms"]),
        ("sms", Never, 59, &["sms"]),
        ("sms", AttemptOutcome::Unknown, 59, &["sms"]),
        ("gone", Sent, 59, &[]),
    ] {
        let world = new().await;
        let worker = worker(&world);
        world.sms.answers.lock().unwrap().push_back(Delivery::new(at_first, ""));
        writes(&world.env, to, "m1", "STOP").await.unwrap();
        worker.run_until_idle().await.unwrap();
        world.clock.advance(MINUTE * minutes);
        worker.run_until_idle().await.unwrap();
        let by: Vec<String> = world.taken().into_iter().map(|given| given.account).collect();
        assert_eq!(by, leaves_by, "{to} {at_first:?} {minutes}");
        assert_eq!(world.env.store.opt_outs(&[BO.into()]).await.unwrap().len(), 1, "it counts all the same");
    }
}

#[tokio::test]
async fn n6_an_answer_that_a_later_word_made_untrue_is_not_sent() {
    for (words, said) in [
        (&["STOP", "START"][..], &["again"][..]),
        (&["START", "STOP"], &["no more"]),
        (&["STOP", "STOP ALL", "HELP"], &["Ann Lee", "no more", "help@example.com"]),
    ] {
        let world = new().await;
        for (number, word) in words.iter().enumerate() {
            writes(&world.env, "sms", &number.to_string(), word).await.unwrap();
        }
        world.idle().await;
        let texts: Vec<String> = world.taken().into_iter().map(|given| given.text).collect();
        assert_eq!(texts.len(), said.len(), "{words:?}: {texts:?}");
        for part in said {
            assert!(texts.iter().any(|text| text.contains(part)), "{words:?}, {part}: {texts:?}");
        }
    }
}

/// A message that no signature vouches for may be forged: it ends messages, and brings none back.
#[tokio::test]
async fn w1_what_nothing_vouches_for_stops_and_never_starts() {
    let world = new().await;
    let from = address(BO);
    for (id, text, covered, stopped) in [("m1", "STOP", false, 1), ("m2", "START", false, 1), ("m3", "START", true, 0)]
    {
        let message = Heard { account: "sms", id, from: &from, text, hint: None, covered };
        heard::take(&world.env, &message).await.unwrap();
        assert_eq!(
            world.env.store.opt_outs(&[BO.into()]).await.unwrap().len(),
            stopped,
            "{text}, vouched for: {covered}"
        );
    }
}
