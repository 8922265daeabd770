//! Sessions: opened, rotated, listed, ended; a former number proved once more; and the words by text message.

use super::world::*;
use crate::both::both;
use redial::{
    domain::{
        change::{RequestState, hold::By},
        id::{AppId, PointId, SessionId},
        owner::{Held, Proof},
    },
    store::Effect,
    usecase::{
        Env, app_passwords,
        codes::Requester,
        former,
        heard::{self, Heard},
        keys::{self, Scope},
        sessions,
        write::{Actor, Refused, carry_out},
    },
};
use std::time::Duration;

both! {
    a_session_ends_when_nobody_uses_it_and_at_last
    q3_a_former_number_is_renewed_by_its_code_together_with_another_proof
    q3_who_did_not_change_the_number_themselves_is_asked_too
    q3_who_was_not_asked_by_an_older_program_is_asked_once
    a_session_is_opened_listed_and_ended
    a_further_proof_rotates_the_token
    c1_sessions_are_the_same_on_every_node
    c3_keep_and_the_code_by_text_message_stop_a_change
    an_app_password_that_would_open_nothing_is_not_made
    an_app_password_says_when_it_was_used_last
}

async fn a_session_is_opened_listed_and_ended(world: World) {
    let (session, token) = world.sign_in(MOBILE).await;
    let (second, _) = world.sign_in(MAIL).await;
    let found = sessions::authenticate(&world.env, token.reveal()).await.unwrap().unwrap();
    assert_eq!((found.id, found.owner, &*found.label), (session.id, ANN, "a phone"));
    let mut ids: Vec<SessionId> = sessions::list(&world.env, ANN).await.unwrap().iter().map(|one| one.id).collect();
    let mut expected = [session.id, second.id];
    // Both within one millisecond of a clock that stands still.
    ids.sort_unstable();
    expected.sort_unstable();
    assert_eq!(ids, expected);
    assert!(matches!(sessions::end(&world.env, BOB, session.id).await, Err(Refused::NotFound(_))), "Bob has none");
    sessions::end(&world.env, ANN, session.id).await.unwrap();
    sessions::end(&world.env, ANN, session.id).await.unwrap();
    assert_eq!(sessions::authenticate(&world.env, token.reveal()).await.unwrap(), None);
    assert_eq!(sessions::list(&world.env, ANN).await.unwrap().len(), 1);
    for wrong in ["", "rds_", "rdl_x", &token.reveal().replace("rds_", "rdx_")] {
        assert_eq!(sessions::authenticate(&world.env, wrong).await.unwrap(), None);
    }
}

async fn a_further_proof_rotates_the_token(world: World) {
    let (session, token) = world.sign_in(MOBILE).await;
    let requester = Requester { who: "x", language: None };
    let elsewhere = sessions::step_up_begin(&world.env, &session, &address(BOBS), requester).await;
    assert!(matches!(elsewhere, Err(Refused::Invalid(_))));
    let issued = sessions::step_up_begin(&world.env, &session, &address(WORK), requester).await.unwrap();
    let code = world.code_at(WORK).await;
    let (next, fresh) = sessions::step_up_finish(&world.env, &session, issued.challenge, &code).await.unwrap();
    assert_eq!(
        next.evidence.iter().map(|one| one.by.clone()).collect::<Vec<_>>(),
        [By::Code(MOBILE.into()), By::Code(WORK.into())]
    );
    assert_eq!(sessions::authenticate(&world.env, token.reveal()).await.unwrap(), None, "the old token is of no use");
    assert_eq!(sessions::authenticate(&world.env, fresh.reveal()).await.unwrap().unwrap().id, session.id);
}

async fn c1_sessions_are_the_same_on_every_node(world: World) {
    let node = world.second_node().await;
    let on = async |env: &Env, token: &sessions::Token| sessions::authenticate(env, token.reveal()).await.unwrap();
    let (session, token) = world.sign_in(MOBILE).await;
    assert_eq!(on(&node, &token).await.map(|found| found.id), Some(session.id));
    // Rotated on one, the former token is of no use on the other.
    let requester = Requester { who: "x", language: None };
    let issued = sessions::step_up_begin(&world.env, &session, &address(WORK), requester).await.unwrap();
    let code = world.code_at(WORK).await;
    let (_, fresh) = sessions::step_up_finish(&node, &session, issued.challenge, &code).await.unwrap();
    assert!(on(&world.env, &token).await.is_none() && on(&world.env, &fresh).await.is_some());
    // Listed and ended from either.
    let (other, others) = world.sign_in(MAIL).await;
    let ids = async |env: &Env| -> Vec<SessionId> {
        sessions::list(env, ANN).await.unwrap().into_iter().map(|session| session.id).collect()
    };
    assert_eq!(ids(&node).await.len(), 2);
    sessions::end(&node, ANN, session.id).await.unwrap();
    assert!(on(&world.env, &fresh).await.is_none() && on(&world.env, &others).await.is_some());
    assert_eq!(ids(&world.env).await, [other.id]);
}

async fn a_session_ends_when_nobody_uses_it_and_at_last(world: World) {
    let counts =
        async |token: &sessions::Token| sessions::authenticate(&world.env, token.reveal()).await.unwrap().is_some();
    let (_, token) = world.sign_in(MOBILE).await;
    world.after(DAY * 13).await;
    assert!(counts(&token).await);
    world.after(DAY * 13).await;
    assert!(counts(&token).await, "using it keeps it");
    world.after(DAY * 14).await;
    assert!(!counts(&token).await);
    let (_, token) = world.sign_in(MOBILE).await;
    for _ in 0..9 {
        assert!(counts(&token).await);
        world.after(DAY * 10).await;
    }
    assert!(!counts(&token).await, "after ninety days");
}

async fn c3_keep_and_the_code_by_text_message_stop_a_change(world: World) {
    let request = world.held().await;
    let code = world.keep_at(MOBILE).await;
    let text = format!("Keep {code}!");
    let (sms, id, from) = ("sms", "m1", address(MOBILE));
    let message = Heard { account: sms, id, from: &from, text: &text, hint: None, covered: true };
    for _ in 0..2 {
        assert_eq!(heard::take(&world.env, &message).await.unwrap(), None, "the answer is a letter");
    }
    assert_eq!(world.state(request.id).await, RequestState::Cancelled);
    let mail = world.mail().await;
    let answers: Vec<_> = mail.iter().filter(|(to, _)| to == MOBILE).collect();
    assert_eq!(answers.len(), 1, "once, though the message came twice: {answers:?}");
    assert_eq!(world.values(ANN).await[0], MOBILE);
}

async fn q3_a_former_number_is_renewed_by_its_code_together_with_another_proof(world: World) {
    world.held().await;
    world.after(DAY).await;
    world.mail().await;
    let proved = async || world.owner(ANN).await.points[0].values[0].proved;
    let before = proved().await;
    // A week before the window ends Ann is asked, at the number that she has now.
    world.after(DAY * 36).await;
    assert_eq!(world.told().await, Vec::<String>::new());
    world.after(DAY * 2).await;
    let [(to, text)] = &world.mail().await[..] else { panic!("she is asked once") };
    assert!(to == NEW && text.contains("0100") && text.contains("prove it again"), "{to}: {text}");
    let (session, _) = world.sign_in(WORK).await;
    let requester = Requester { who: "x", language: None };
    let issued = former::begin(&world.env, &session, &address(MOBILE), requester).await.unwrap();
    let code = world.code_at(MOBILE).await;
    let code = former::answered(&world.env, &session, issued.challenge, &code).await.unwrap();
    // With what was shown a day ago, or with the old number alone, it is none.
    let mut stale = session.clone();
    stale.evidence[0].at = stale.evidence[0].at.before(DAY);
    let refused = carry_out(&world.env, || former::renew(&world.env, &stale, &code)).await;
    assert!(matches!(refused, Err(Refused::Conflict(_))), "{refused:?}");
    assert_eq!(proved().await, before);
    carry_out(&world.env, || former::renew(&world.env, &session, &code)).await.unwrap();
    assert!(proved().await.since(before) >= DAY * 30);
    // And again before the new one ends.
    world.mail().await;
    world.after(DAY * 39).await;
    assert_eq!(world.told().await, [NEW]);
    let never = former::begin(&world.env, &session, &address(BOBS), requester).await;
    assert!(matches!(never, Err(Refused::Invalid(_))));
}

async fn q3_who_did_not_change_the_number_themselves_is_asked_too(world: World) {
    let system = Actor::key(AppId(9), true);
    for wanted in [replace("mobile", NEW), add("home", "+14155550188")] {
        assert_eq!(world.wants(&system, wanted).await.unwrap().state, RequestState::Accepted);
    }
    world.mail().await;
    world.after(DAY * 37).await;
    assert_eq!(world.told().await, Vec::<String>::new());
    world.after(DAY * 2).await;
    let [(to, text)] = &world.mail().await[..] else { panic!("she is asked once") };
    assert!(to == NEW && text.contains("0100") && text.contains("prove it again"), "{to}: {text}");
    // And can: by a code from there, and one from the number that nobody but the key has said is hers.
    let (session, _) = world.sign_in(NEW).await;
    let requester = Requester { who: "x", language: None };
    let issued = former::begin(&world.env, &session, &address(MOBILE), requester).await.unwrap();
    let code = world.code_at(MOBILE).await;
    let code = former::answered(&world.env, &session, issued.challenge, &code).await.unwrap();
    carry_out(&world.env, || former::renew(&world.env, &session, &code)).await.unwrap();
    assert_eq!(world.owner(ANN).await.points[0].values[0].proved, world.now().await);
}

/// An older program wrote no question where a key had stated the new number.
async fn q3_who_was_not_asked_by_an_older_program_is_asked_once(world: World) {
    let now = world.now().await;
    let stated = |value: &str, from| Held {
        address: address(value),
        from,
        until: None,
        proof: Proof::Vouched(AppId(9)),
        proved: from,
    };
    let mail = world.owner(ANN).await.points[2].id;
    world
        .commit(vec![
            Effect::ValueProved { owner: ANN, point: PointId(10), key: MOBILE.into(), proof: Proof::Code, at: now },
            Effect::ValueLeft(ANN, PointId(10), now),
            Effect::ValueHeld(ANN, PointId(10), stated(NEW, now)),
            // Whoever writes to an address is no caller; and this one's owner was asked when she proved the next herself.
            Effect::ValueLeft(ANN, mail, now),
            Effect::ValueHeld(ANN, mail, stated("ann@example.org", now)),
            Effect::ValueLeft(BOB, PointId(20), now),
            Effect::ValueHeld(BOB, PointId(20), Held { proof: Proof::Code, ..stated("+14155550151", now) }),
        ])
        .await;
    assert_eq!(former::ask_about_stated(&world.env).await.unwrap(), 1);
    assert_eq!(former::ask_about_stated(&world.second_node().await).await.unwrap(), 0, "once for a database");
    world.after(DAY * 37).await;
    assert_eq!(world.told().await, Vec::<String>::new());
    world.after(DAY * 2).await;
    let [(to, text)] = &world.mail().await[..] else { panic!("she is asked once") };
    assert!(to == NEW && text.contains("0100") && text.contains("prove it again"), "{to}: {text}");
}

async fn an_app_password_that_would_open_nothing_is_not_made(world: World) {
    for scopes in [&[Scope::CardDav][..], &[Scope::Api, Scope::CardDav], &[Scope::OwnersRead]] {
        let refused = app_passwords::create(&world.env, ANN, "my phone", scopes).await;
        assert!(matches!(refused, Err(Refused::Invalid(_))), "{scopes:?}");
    }
}

async fn an_app_password_says_when_it_was_used_last(world: World) {
    let make = || app_passwords::create(&world.env, ANN, "my script", &[Scope::Api]);
    let (_, secret) = carry_out(&world.env, make).await.unwrap();
    let used = async || app_passwords::list(&world.env, ANN).await.unwrap()[0].used;
    let signs_in = async || keys::authenticate(&world.env, secret.reveal()).await.unwrap().unwrap();
    assert_eq!(used().await, None);
    signs_in().await;
    let first = used().await.unwrap();
    world.after(Duration::from_mins(1)).await;
    signs_in().await;
    assert_eq!(used().await, Some(first), "it is not written at every use");
    world.after(Duration::from_mins(5)).await;
    signs_in().await;
    assert_eq!(used().await, Some(world.now().await));
}
