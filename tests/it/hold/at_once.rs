//! Two things at the same instant, on two nodes of one database (with the embedded store: on two tasks). What comes first is
//! chance; each case runs with the second one a few reads later each time, so that they meet at every place.

use super::world::*;
use crate::both::both;
use redial::{
    domain::{change::RequestState, group::Viewer, owner::Proof, query},
    usecase::{
        Env,
        codes::Requester,
        course::{self, Kept, Settled},
        keep, panic, sessions,
        sign_in::{self, SignedIn},
        write::{Actor, Refused, carry_out},
    },
};
use std::time::Duration;

both! {
    of_two_devices_on_two_nodes_one_wins
    a_code_answered_on_two_nodes_at_once_counts_once
    a_code_of_a_request_answered_on_two_nodes_at_once_counts_once
    a_panic_and_the_end_of_a_hold_at_once_are_both_there
    a_veto_at_the_instant_at_which_a_hold_ends_stops_it_or_comes_too_late
    c9_a_number_that_is_left_and_proved_by_somebody_else_at_once_has_one_holder
    c9_two_who_prove_one_number_at_once_do_not_both_have_it
    a_session_that_is_ended_while_it_shows_more_stays_ended
    guesses_on_two_nodes_are_no_more_than_on_one
}

const LAGS: u32 = 6;
const LEASE: Duration = Duration::from_secs(30);

/// Later by some reads of the store.
async fn lagged<T>(env: &Env, reads: u32, then: impl Future<Output = T>) -> T {
    for _ in 0..reads {
        env.store.now().await.unwrap();
    }
    then.await
}

/// All requests whose time has come.
async fn settle(node: &Env) -> Vec<Settled> {
    let mut all = Vec::new();
    while let Some(settled) = course::settle(node, LEASE).await.unwrap() {
        all.push(settled);
    }
    all
}

async fn answers_at(
    node: &Env,
    request: redial::domain::id::RequestId,
    challenge: redial::domain::id::CodeId,
    typed: &str,
) -> Result<RequestState, Refused> {
    let code = course::answered(node, ANN, request, challenge, typed).await?;
    let (shown, used) = course::shown_by(&code, node.store.now().await?);
    let actor = Actor::person(Vec::new());
    let plan = || course::prove(node, &actor, ANN, request, shown.clone(), Some(used.clone()));
    Ok(carry_out(node, plan).await?.request.state)
}

async fn of_two_devices_on_two_nodes_one_wins(world: World) {
    const OTHER: &str = "+14155550124";
    for lag in 0..LAGS {
        let world = world.anew().await;
        let node = world.second_node().await;
        let (phone, tablet) = (world.person(MOBILE).await, world.person(WORK).await);
        let one = world.wants(&phone, replace("mobile", NEW)).await.unwrap().id;
        let two = world.wants(&tablet, replace("mobile", OTHER)).await.unwrap().id;
        let requester = Requester { who: "x", language: None };
        let mut asked = Vec::new();
        for (id, to) in [(one, NEW), (two, OTHER)] {
            let issued = course::code(&world.env, ANN, id, &address(to), requester).await.unwrap();
            asked.push((issued.challenge, world.code_at(to).await));
        }
        let (first, second) = tokio::join!(
            answers_at(&world.env, one, asked[0].0, &asked[0].1),
            lagged(&node, lag, answers_at(&node, two, asked[1].0, &asked[1].1)),
        );
        assert_eq!(
            [first.is_ok(), second.is_ok()].iter().filter(|one| **one).count(),
            1,
            "{lag}: {first:?} {second:?}"
        );
        let why = first.err().or(second.err()).unwrap().to_string();
        assert!(why.contains("another change is held"), "{lag}: {why}");
        world.after(DAY).await;
        let states = [world.state(one).await, world.state(two).await];
        assert!(
            states.contains(&RequestState::Accepted) && states.contains(&RequestState::AwaitingProof),
            "{states:?}"
        );
        let won = if states[0] == RequestState::Accepted { NEW } else { OTHER };
        assert_eq!(world.values(ANN).await, [won, WORK, MAIL]);
        assert_eq!(world.owner(ANN).await.revision, 2, "one change");
    }
}

async fn a_code_answered_on_two_nodes_at_once_counts_once(world: World) {
    let node = world.second_node().await;
    for lag in 0..LAGS {
        let issued = world.begin(MOBILE).await.unwrap();
        let code = world.code_at(MOBILE).await;
        let finish = |env| sign_in::finish(env, issued.challenge, &code, "a phone", None);
        let (one, two) = tokio::join!(finish(&world.env), lagged(&node, lag, finish(&node)));
        let signed = |one: &Result<SignedIn, Refused>| matches!(one, Ok(SignedIn::As { .. }));
        let refused = |one: &Result<SignedIn, Refused>| matches!(one, Err(Refused::WrongCode));
        let both = [&one, &two];
        assert!(both.into_iter().any(signed) && both.into_iter().any(refused), "{lag}: {one:?} {two:?}");
    }
    let open = sessions::list(&world.env, ANN).await.unwrap().len();
    assert_eq!(open, usize::try_from(LAGS).unwrap());
}

async fn a_code_of_a_request_answered_on_two_nodes_at_once_counts_once(world: World) {
    for lag in 0..LAGS {
        let world = world.anew().await;
        let node = world.second_node().await;
        let ann = world.person(MOBILE).await;
        let request = world.wants(&ann, replace("mobile", NEW)).await.unwrap().id;
        let requester = Requester { who: "x", language: None };
        let issued = course::code(&world.env, ANN, request, &address(NEW), requester).await.unwrap();
        let code = world.code_at(NEW).await;
        let (one, two) = tokio::join!(
            answers_at(&world.env, request, issued.challenge, &code),
            lagged(&node, lag, answers_at(&node, request, issued.challenge, &code)),
        );
        let both = [&one, &two];
        assert_eq!(
            both.iter().filter(|one| matches!(one, Ok(RequestState::Held))).count(),
            1,
            "{lag}: {one:?} {two:?}"
        );
        assert_eq!(world.told().await, [MOBILE, WORK, MAIL], "{lag}: the points are told once");
    }
}

async fn a_panic_and_the_end_of_a_hold_at_once_are_both_there(world: World) {
    for lag in 0..LAGS {
        let world = world.anew().await;
        let node = world.second_node().await;
        let request = world.held().await;
        world.idle().await;
        let (session, _) = world.sign_in(WORK).await;
        let actor = Actor::person(session.evidence.clone());
        world.passes(DAY).await;
        let (settled, silenced) = tokio::join!(
            settle(&world.env),
            lagged(&node, lag, carry_out(&node, || panic::panic(&node, &actor, ANN, Some(session.id)))),
        );
        assert!(silenced.unwrap().silenced && settled == [Settled::Accepted], "{lag}: {settled:?}");
        let ann = world.owner(ANN).await;
        assert!(ann.silenced, "{lag}: the change has not taken the panic back");
        assert_eq!((world.values(ANN).await, ann.revision), (vec![NEW.into(), WORK.into(), MAIL.into()], 2), "{lag}");
        assert_eq!(world.state(request.id).await, RequestState::Accepted, "{lag}");
        world.mail().await;
        world.after(DAY).await;
        assert_eq!(world.told().await, Vec::<String>::new(), "{lag}: nobody is told any more");
    }
}

async fn a_veto_at_the_instant_at_which_a_hold_ends_stops_it_or_comes_too_late(world: World) {
    // Whose word ends it, and whose only delays it.
    for from in [MOBILE, WORK] {
        for lag in 0..LAGS {
            let world = world.anew().await;
            let node = world.second_node().await;
            let request = world.held().await;
            let code = world.keep_at(from).await;
            world.passes(DAY).await;
            let from_there = address(from);
            let (kept, settled) = tokio::join!(
                keep::by_code(&node, &from_there, &code, Some("x")),
                lagged(&world.env, lag, settle(&world.env)),
            );
            let accepted = settled.contains(&Settled::Accepted);
            let state = world.state(request.id).await;
            let values = world.values(ANN).await;
            match &kept {
                Ok(Kept::Ended) => {
                    assert_eq!((from, state, accepted, &*values[0]), (MOBILE, RequestState::Cancelled, false, MOBILE));
                }
                Ok(Kept::Delayed(until)) => {
                    assert_eq!((from, state, accepted, &*values[0]), (WORK, RequestState::Held, false, MOBILE));
                    assert_eq!(*until, world.now().await.after(DAY));
                }
                Err(Refused::WrongCode | Refused::Conflict(_)) => {
                    assert_eq!((state, accepted, &*values[0]), (RequestState::Accepted, true, NEW));
                }
                other => panic!("{from} {lag}: {other:?} {settled:?}"),
            }
            let revisions = if accepted { 2 } else { 1 };
            assert_eq!(world.owner(ANN).await.revision, revisions, "{from} {lag}");
        }
    }
}

/// Who is believed to have a number now.
async fn holders(world: &World, number: &str) -> Vec<redial::domain::id::OwnerId> {
    let held = world.env.store.holders(&[address(number).key().into()]).await.unwrap();
    let present = held.into_iter().filter(|(_, holder)| holder.until.is_none() && holder.believed);
    present.map(|(_, holder)| holder.owner).collect()
}

async fn c9_a_number_that_is_left_and_proved_by_somebody_else_at_once_has_one_holder(world: World) {
    for lag in 0..LAGS {
        let world = world.anew().await;
        let node = world.second_node().await;
        let leaving = world.held().await;
        // Meanwhile Bob has her old number, and shows it.
        let bob = world.person(BOBS).await;
        let taking = world.wants_of(BOB, &bob, add("second", MOBILE)).await.unwrap();
        world.proves_of(BOB, taking.id, MOBILE).await.unwrap();
        world.mail().await;
        world.passes(DAY).await;
        let (one, two) = tokio::join!(settle(&world.env), lagged(&node, lag, settle(&node)));
        let all = [one, two].concat();
        world.after(DAY).await;
        assert_eq!(holders(&world, MOBILE).await, [BOB], "{lag}: {all:?}");
        let ann = world.owner(ANN).await;
        let state = world.state(leaving.id).await;
        match state {
            // She had left it before: nothing of hers was taken.
            RequestState::Accepted => assert_eq!(world.values(ANN).await, [NEW, WORK, MAIL], "{lag}"),
            // What she had shown for it, the number alone, was his by then.
            RequestState::Cancelled => {
                assert_eq!(world.values(ANN).await, [WORK, MAIL], "{lag}");
                assert_eq!(ann.points[0].current().unwrap().proof, Proof::None, "{lag}");
            }
            other => panic!("{lag}: {other:?}"),
        }
        let facts = world.env.store.facts(address(MOBILE).key(), &Viewer::default()).await.unwrap();
        let asked = query::Query { to: address(MOBILE), name: None, identity_bound: false, sender: None };
        let now = world.now().await;
        let decided =
            query::decide(&asked, &facts, &query::Windows::default(), &redial::domain::target::Targets::default(), now);
        assert_eq!(decided.because, query::Reason::HeldNow, "{lag}: Bob's calls are Bob's");
        assert_eq!(decided.connect, None);
    }
}

async fn c9_two_who_prove_one_number_at_once_do_not_both_have_it(world: World) {
    for lag in 0..LAGS {
        let world = world.anew().await;
        let node = world.second_node().await;
        let (ann, bob) = (world.person(MOBILE).await, world.person(BOBS).await);
        let hers = world.wants(&ann, add("second", NEW)).await.unwrap();
        world.proves(hers.id, NEW).await.unwrap();
        let his = world.wants_of(BOB, &bob, add("second", NEW)).await.unwrap();
        world.proves_of(BOB, his.id, NEW).await.unwrap();
        world.passes(DAY).await;
        let (one, two) = tokio::join!(settle(&world.env), lagged(&node, lag, settle(&node)));
        world.idle().await;
        let found = holders(&world, NEW).await;
        assert_eq!(found.len(), 1, "{lag}: {found:?} {one:?} {two:?}");
    }
}

async fn a_session_that_is_ended_while_it_shows_more_stays_ended(world: World) {
    let node = world.second_node().await;
    for lag in 0..LAGS {
        let (session, token) = world.sign_in(MOBILE).await;
        let requester = Requester { who: "x", language: None };
        let issued = sessions::step_up_begin(&world.env, &session, &address(WORK), requester).await.unwrap();
        let code = world.code_at(WORK).await;
        let (shown, ended) = tokio::join!(
            sessions::step_up_finish(&world.env, &session, issued.challenge, &code),
            lagged(&node, lag, sessions::end(&node, ANN, session.id)),
        );
        ended.unwrap();
        let mut tokens = vec![token];
        tokens.extend(shown.ok().map(|(_, token)| token));
        for token in &tokens {
            let found = sessions::authenticate(&world.env, token.reveal()).await.unwrap();
            assert_eq!(found, None, "{lag}: signed out is signed out");
        }
    }
}

async fn guesses_on_two_nodes_are_no_more_than_on_one(world: World) {
    let node = world.second_node().await;
    let issued = world.begin(MOBILE).await.unwrap();
    let right = world.code_at(MOBILE).await;
    let wrong = if right == "111111" { "222222" } else { "111111" };
    let guesses = (0..40).map(|turn| {
        let env = if turn % 2 == 0 { &world.env } else { &node };
        sign_in::finish(env, issued.challenge, wrong, "", None)
    });
    for one in futures_util::future::join_all(guesses).await {
        assert!(matches!(one, Err(Refused::WrongCode)));
    }
    let found = world.env.store.code(issued.challenge).await.unwrap().unwrap();
    assert_eq!(found.tries, redial::domain::code::TRIES);
    let last = sign_in::finish(&node, issued.challenge, &right, "", None).await;
    assert!(matches!(last, Err(Refused::WrongCode)), "and the right one comes too late");
    // Asking is limited for both together.
    let few = redial::domain::code::Caps { address: 3, again: 9, ..redial::domain::code::Caps::default() };
    let world = world.anew_with(redial::usecase::Rules { codes: few, ..rules() }).await;
    let node = world.second_node().await;
    let asked = (0..12).map(|turn| {
        let env = if turn % 2 == 0 { &world.env } else { &node };
        let to = address(WORK);
        async move { sign_in::begin(env, &to, Requester { who: "ip 192.0.2.1", language: None }).await }
    });
    let answers = futures_util::future::join_all(asked).await;
    assert_eq!(answers.iter().filter(|one| one.is_ok()).count(), 3);
    assert!(answers.iter().all(|one| matches!(one, Ok(_) | Err(Refused::TooMany))));
}
