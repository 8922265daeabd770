//! A change of number that its owner proves, waits for, or stops.

use super::world::*;
use crate::both::both;
use redial::{
    domain::{
        change::{RequestState, hold::Why},
        group::Viewer,
        owner::Proof,
        query::{Query, Windows},
        target::Targets,
    },
    store::Effect,
    usecase::{
        codes::Requester,
        course::{self, Kept},
        keep, requests,
        write::carry_out,
    },
};
use std::time::Duration;

both! {
    c3_the_old_number_and_all_other_points_are_told_at_once_and_nothing_new_is_named
    c3_a_second_point_proved_long_ago_makes_it_minutes
    c3_who_proved_it_ends_it_and_others_only_delay_it_twice
    c3_who_is_signed_in_with_more_ends_it_and_with_less_delays_it
    c3_the_link_in_a_mail_stops_it_and_looking_at_it_does_not
    removing_and_adding_wait_as_long_and_a_name_does_not
    a_request_that_nobody_proves_expires
    a_change_is_proved_held_and_carried_out
    a_code_counts_once_and_for_one_request
    c9_the_newest_proof_counts_after_its_hold
    c9_whoever_else_has_the_number_is_warned_and_keeps_it_by_proving_it_again
    of_two_devices_one_wins_and_the_other_reads_a_conflict
}

async fn a_change_is_proved_held_and_carried_out(world: World) {
    let request = world.held().await;
    assert_eq!((request.state, request.course.why), (RequestState::Held, Some(Why::OnePoint)));
    assert_eq!(world.values(ANN).await[0], MOBILE, "nothing has changed yet");
    // Messages and the end of the hold are one look of the worker where holds are over at once.
    world.after(DAY).await;
    assert_eq!(world.state(request.id).await, RequestState::Accepted);
    let ann = world.owner(ANN).await;
    assert_eq!(world.values(ANN).await, [NEW, WORK, MAIL]);
    let [old, new] = &ann.points[0].values[..] else { panic!("{:?}", ann.points[0]) };
    assert!(old.until.is_some() && new.proof == Proof::Code && ann.revision == 2);
    // The sign-in and the code to the new number are two proofs: the window of the old one counts from the sign-in.
    assert!(old.proved > ann.created);
}

async fn c3_the_old_number_and_all_other_points_are_told_at_once_and_nothing_new_is_named(world: World) {
    let request = world.held().await;
    assert_eq!(request.due.unwrap().since(world.now().await), DAY);
    let mail = world.mail().await;
    let told: Vec<&str> = mail.iter().map(|(to, _)| to.as_str()).collect();
    assert_eq!(told, [MOBILE, WORK, MAIL], "not the new one: it has answered");
    for (to, text) in &mail {
        assert!(!text.contains("0123") && !text.contains("Ann"), "{to}: {text}");
    }
    assert!(mail[0].1.contains("KEEP ") && mail[1].1.contains("KEEP "));
    assert_ne!(digits(&mail[0].1), digits(&mail[1].1), "each number has a code of its own");
    world.after(DAY.saturating_sub(Duration::from_secs(1))).await;
    assert_eq!(world.state(request.id).await, RequestState::Held);
    world.after(Duration::from_secs(1)).await;
    assert_eq!(world.state(request.id).await, RequestState::Accepted);
}

async fn c3_a_second_point_proved_long_ago_makes_it_minutes(world: World) {
    let ann = world.person(MOBILE).await;
    let request = world.wants(&ann, replace("mobile", NEW)).await.unwrap();
    world.proves(request.id, WORK).await.unwrap();
    let held = world.proves(request.id, NEW).await.unwrap();
    assert_eq!((held.state, held.course.why), (RequestState::Held, Some(Why::TwoPoints)));
    assert_eq!(held.due.unwrap().since(world.now().await), Duration::from_mins(10));
    // And one that is held already ends sooner by it.
    let world = world.anew().await;
    let held = world.held().await;
    let sooner = world.proves(held.id, WORK).await.unwrap();
    assert_eq!(sooner.due.unwrap().since(world.now().await), Duration::from_mins(10));
}

async fn c3_who_proved_it_ends_it_and_others_only_delay_it_twice(world: World) {
    let request = world.held().await;
    let code = world.keep_at(MOBILE).await;
    let kept = keep::by_code(&world.env, &address(MOBILE), &code, Some("x")).await.unwrap();
    assert_eq!((kept, world.state(request.id).await), (Kept::Ended, RequestState::Cancelled));
    world.after(DAY * 2).await;
    assert_eq!(world.values(ANN).await[0], MOBILE);

    let world = world.anew().await;
    let request = world.held().await;
    let code = world.keep_at(WORK).await;
    let by = async || keep::by_code(&world.env, &address(WORK), &code, Some("x")).await.unwrap();
    let first = by().await;
    assert_eq!(first, Kept::Delayed(world.now().await.after(DAY)));
    world.after(DAY.saturating_sub(Duration::from_secs(1))).await;
    assert_eq!(by().await, Kept::Delayed(world.now().await.after(DAY)));
    let until = world.request(request.id).await.due.unwrap();
    assert_eq!(by().await, Kept::Spent(until));
    world.after(DAY).await;
    assert_eq!(world.state(request.id).await, RequestState::Accepted, "a veto war ends");
}

async fn c3_who_is_signed_in_with_more_ends_it_and_with_less_delays_it(world: World) {
    let request = world.held().await;
    let cancel = async |actor| carry_out(&world.env, || requests::cancel(&world.env, &actor, ANN, request.id)).await;
    let one = world.person(WORK).await;
    assert_eq!(cancel(one.clone()).await.unwrap().request.state, RequestState::Held);
    assert_eq!(world.request(request.id).await.course.delays, 1);
    let mut two = world.person(MAIL).await;
    two.evidence.extend(one.evidence);
    assert_eq!(cancel(two).await.unwrap().request.state, RequestState::Cancelled);
}

async fn c3_the_link_in_a_mail_stops_it_and_looking_at_it_does_not(world: World) {
    let request = world.held().await;
    let mail = world.mail().await;
    let text = &mail.iter().find(|(to, _)| to == MAIL).unwrap().1;
    let at = text.find("https://redial.example/keep/").unwrap_or_else(|| panic!("{text}"));
    let token = text[at..].split_whitespace().next().unwrap().rsplit('/').next().unwrap().to_owned();
    let link = keep::read(&world.env, &token).await.unwrap().unwrap();
    assert_eq!((link.owner, link.until), (ANN, request.due));
    assert_eq!(world.state(request.id).await, RequestState::Held);
    let mut other = token.clone().into_bytes();
    other[20] ^= 1;
    assert_eq!(keep::read(&world.env, std::str::from_utf8(&other).unwrap()).await.unwrap(), None);
    assert!(matches!(keep::by_link(&world.env, &token).await.unwrap(), Kept::Delayed(_)));
}

async fn removing_and_adding_wait_as_long_and_a_name_does_not(world: World) {
    let ann = world.person(MOBILE).await;
    let removed = world.wants(&ann, remove("work")).await.unwrap();
    assert_eq!((removed.state, removed.course.why), (RequestState::Held, Some(Why::OnePoint)));
    let mut profile = serde_json::Map::new();
    profile.insert("name".into(), "Ann Ray".into());
    let renamed = redial::usecase::wanted::Wanted { profile: Some(profile), ..Default::default() };
    assert_eq!(world.wants(&ann, renamed).await.unwrap().state, RequestState::Accepted, "while the other is held");
    world.after(DAY).await;
    assert_eq!(world.values(ANN).await, [MOBILE, MAIL]);
    assert_eq!(world.owner(ANN).await.profile.name, "Ann Ray", "the end of the hold is on the owner as they are then");
    let ann = world.person(MOBILE).await;
    let added = world.wants(&ann, add("home", NEW)).await.unwrap();
    assert_eq!(world.proves(added.id, NEW).await.unwrap().due.unwrap().since(world.now().await), DAY);
}

async fn a_request_that_nobody_proves_expires(world: World) {
    let ann = world.person(MOBILE).await;
    let request = world.wants(&ann, replace("mobile", NEW)).await.unwrap();
    world.after((DAY * 7).saturating_sub(Duration::from_secs(1))).await;
    assert_eq!(world.state(request.id).await, RequestState::AwaitingProof);
    world.after(Duration::from_secs(1)).await;
    assert_eq!(world.state(request.id).await, RequestState::Expired);
}

async fn a_code_counts_once_and_for_one_request(world: World) {
    use redial::usecase::{sign_in, write::Refused};
    let ann = world.person(MOBILE).await;
    let first = world.wants(&ann, replace("mobile", NEW)).await.unwrap().id;
    let second = world.wants(&ann, add("home", NEW)).await.unwrap().id;
    let requester = Requester { who: "x", language: None };
    let issued = course::code(&world.env, ANN, first, &address(NEW), requester).await.unwrap();
    let typed = world.code_at(NEW).await;
    let of = async |request| course::answered(&world.env, ANN, request, issued.challenge, &typed).await;
    assert!(matches!(of(second).await, Err(Refused::WrongCode)), "for another request");
    let signed = sign_in::finish(&world.env, issued.challenge, &typed, "", None).await;
    assert!(matches!(signed, Err(Refused::WrongCode)), "for another purpose");
    let code = of(first).await.unwrap();
    world
        .commit(vec![Effect::Admitted(redial::store::Admitted::CodeUsed { id: code.id, at: world.now().await })])
        .await;
    assert!(matches!(of(first).await, Err(Refused::WrongCode)), "a replay");
}

async fn c9_the_newest_proof_counts_after_its_hold(world: World) {
    let ann = world.person(MOBILE).await;
    let request = world.wants(&ann, replace("mobile", BOBS)).await.unwrap();
    world.proves(request.id, BOBS).await.unwrap();
    world.after(DAY).await;
    assert_eq!(world.state(request.id).await, RequestState::Accepted);
    assert_eq!(world.values(ANN).await, [BOBS, WORK, MAIL]);
    assert_eq!(world.values(BOB).await, [BOBS_MAIL], "his point is unproved, and still there");
    assert_eq!(world.owner(BOB).await.points.len(), 2);
    let mail = world.mail().await;
    let bob = mail.iter().find(|(to, _)| to == BOBS_MAIL).expect("Bob is told at his other point");
    assert!(bob.1.contains("0150") && !bob.1.contains("Ann"), "{}", bob.1);
    let ann = mail.iter().filter(|(_, text)| text.contains("now counts as yours"));
    let told: Vec<&str> =
        ann.inspect(|(_, text)| assert!(!text.contains("Bob"), "{text}")).map(|(to, _)| &**to).collect();
    assert_eq!(told, [BOBS, WORK, MAIL], "and Ann, at every point of hers");
    let facts = world.env.store.facts(address(BOBS).key(), &Viewer::default()).await.unwrap();
    let query = Query { to: address(BOBS), name: None, identity_bound: false, sender: None };
    let now = world.now().await;
    let decided = redial::domain::query::decide(&query, &facts, &Windows::default(), &Targets::default(), now);
    assert_eq!(decided.because, redial::domain::query::Reason::HeldNow, "Ann's traffic is not touched");
}

async fn of_two_devices_one_wins_and_the_other_reads_a_conflict(world: World) {
    // Holds that are over at once end only when the worker looks.
    let ann = world.person(MOBILE).await;
    let other = world.person(WORK).await;
    let one = world.wants(&ann, replace("mobile", NEW)).await.unwrap();
    let two = world.wants(&other, replace("mobile", "+14155550124")).await.unwrap();
    let issue = async |id, to| {
        let requester = Requester { who: "x", language: None };
        course::code(&world.env, ANN, id, &address(to), requester).await.unwrap()
    };
    let (a, b) = (issue(one.id, NEW).await, issue(two.id, "+14155550124").await);
    let (first, second) = (world.code_at(NEW).await, world.code_at("+14155550124").await);
    let (one, two) = tokio::join!(world.answers(one.id, a, &first), world.answers(two.id, b, &second));
    let states = [one.as_ref().is_ok(), two.as_ref().is_ok()];
    assert!(states == [true, false] || states == [false, true], "{one:?} {two:?}");
    let why = one.err().or(two.err()).unwrap().to_string();
    assert!(why.contains("another change is held"), "{why}");
}

async fn c9_whoever_else_has_the_number_is_warned_and_keeps_it_by_proving_it_again(world: World) {
    // Somebody has Ann's SIM for a moment, and says that her number is his.
    let taken = async |world: &World| {
        let bob = world.person(BOBS).await;
        let his = world.wants_of(BOB, &bob, add("second", MOBILE)).await.unwrap();
        world.mail().await;
        let held = world.proves_of(BOB, his.id, MOBILE).await.unwrap();
        assert_eq!(held.state, RequestState::Held);
        (his.id, world.mail().await)
    };
    let state = async |world: &World, id| world.env.store.request(BOB, id).await.unwrap().unwrap().state;
    let (his, mail) = taken(&world).await;
    let told: Vec<&str> = mail.iter().filter(|(_, text)| text.contains("0100")).map(|(to, _)| &**to).collect();
    assert_eq!(told, [WORK, MAIL], "at her other points: whoever has the number reads what goes there");
    for (_, text) in mail.iter().filter(|(_, text)| text.contains("0100")) {
        assert!(text.contains("24 Nov") && text.contains("prove it again"), "{text}");
        assert!(!text.contains("Bob") && !text.contains("0150") && !text.contains("KEEP"), "{text}");
    }
    // With two points of hers it takes minutes, and his request comes too late.
    world.after(Duration::from_mins(1)).await;
    let ann = world.person(WORK).await;
    let hers = world.wants(&ann, replace("mobile", MOBILE)).await.unwrap();
    world.proves(hers.id, MAIL).await.unwrap();
    world.proves(hers.id, MOBILE).await.unwrap();
    world.after(Duration::from_mins(10)).await;
    assert_eq!(world.state(hers.id).await, RequestState::Accepted);
    world.after(DAY).await;
    assert_eq!(state(&world, his).await, RequestState::Cancelled);
    assert_eq!(world.values(ANN).await, [MOBILE, WORK, MAIL]);

    // With one it takes a day: his hold ends first, and hers, whose code is the newer one, takes it back.
    let world = world.anew().await;
    let (his, _) = taken(&world).await;
    world.after(Duration::from_hours(1)).await;
    let ann = world.person(WORK).await;
    let hers = world.wants(&ann, replace("mobile", MOBILE)).await.unwrap();
    world.proves(hers.id, MOBILE).await.unwrap();
    world.after(Duration::from_hours(23)).await;
    assert_eq!(state(&world, his).await, RequestState::Accepted);
    assert_eq!(world.values(ANN).await, [WORK, MAIL]);
    world.after(Duration::from_hours(1)).await;
    assert_eq!(world.values(ANN).await, [MOBILE, WORK, MAIL]);
    assert_eq!(world.values(BOB).await, [BOBS, BOBS_MAIL]);

    // Who is warned of a change that was stopped meanwhile is not.
    let world = world.anew().await;
    let bob = world.person(BOBS).await;
    let his = world.wants_of(BOB, &bob, add("second", MOBILE)).await.unwrap();
    world.mail().await;
    let (to, requester) = (address(MOBILE), Requester { who: "x", language: None });
    let issued = course::code(&world.env, BOB, his.id, &to, requester).await.unwrap();
    let typed = world.code_at(MOBILE).await;
    let code = course::answered(&world.env, BOB, his.id, issued.challenge, &typed).await.unwrap();
    let (shown, used) = course::shown_by(&code, world.now().await);
    let prove = || course::prove(&world.env, &bob, BOB, his.id, shown.clone(), Some(used.clone()));
    carry_out(&world.env, prove).await.unwrap();
    carry_out(&world.env, || requests::cancel(&world.env, &bob, BOB, his.id)).await.unwrap();
    assert_eq!(world.told().await, Vec::<String>::new());
}
