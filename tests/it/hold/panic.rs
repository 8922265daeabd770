//! One action ends everything; a fresh proof and a wait begin it again (rule C7).

use super::world::*;
use crate::both::both;
use redial::{
    domain::{
        change::{RequestState, hold::Why},
        group::Viewer,
        query::{Query, Reason, Windows, decide},
        target::Targets,
    },
    usecase::{
        app_passwords,
        codes::Requester,
        former,
        keys::{self, Scope, Secret},
        panic, sessions,
        wanted::Wanted,
        write::{Actor, Refused, carry_out},
    },
};

both! {
    c7_panic_counts_at_once_and_ends_by_a_fresh_proof_after_its_hold
    c7_no_code_to_a_former_number_is_sent_or_counts_while_a_panic_lasts
}

/// What a call to Ann's former number comes to.
async fn asked(world: &World) -> Reason {
    let facts = world.env.store.facts(address(MOBILE).key(), &Viewer::default()).await.unwrap();
    let query = Query { to: address(MOBILE), name: None, identity_bound: false, sender: None };
    decide(&query, &facts, &Windows::default(), &Targets::default(), world.now().await).because
}

async fn c7_panic_counts_at_once_and_ends_by_a_fresh_proof_after_its_hold(world: World) {
    world.held().await;
    world.after(DAY).await;
    assert_eq!(asked(&world).await, Reason::NotGranted);
    let (session, token) = world.sign_in(WORK).await;
    let (_, other) = world.sign_in(MAIL).await;
    let actor = Actor::person(session.evidence.clone());
    let app = async |owner| {
        let make = || app_passwords::create(&world.env, owner, "a script", &[Scope::Api]);
        carry_out(&world.env, make).await.unwrap().1
    };
    let (hers, his) = (app(ANN).await, app(BOB).await);
    carry_out(&world.env, || panic::panic(&world.env, &actor, ANN, Some(session.id))).await.unwrap();
    assert_eq!(asked(&world).await, Reason::Panic);
    let counts = async |token: &sessions::Token| sessions::authenticate(&world.env, token.reveal()).await.unwrap();
    assert!(counts(&token).await.is_some() && counts(&other).await.is_none(), "other devices are signed out");
    let lets_in = async |secret: &Secret| keys::authenticate(&world.env, secret.reveal()).await.unwrap().is_some();
    assert!(!lets_in(&hers).await && lets_in(&his).await, "and her app passwords end");
    assert!(app_passwords::list(&world.env, ANN).await.unwrap().is_empty());

    // The sign-in before it is no proof for the end of it.
    let wanted = Wanted { end_panic: true, ..Wanted::default() };
    let request = world.wants(&actor, wanted).await.unwrap();
    assert_eq!(request.state, RequestState::AwaitingProof);
    let held = world.proves(request.id, WORK).await.unwrap();
    assert_eq!((held.state, held.course.why), (RequestState::Held, Some(Why::OnePoint)));
    assert_eq!(held.due.unwrap().since(world.now().await), DAY);
    assert_eq!(asked(&world).await, Reason::Panic);
    world.after(DAY).await;
    assert_eq!(world.state(request.id).await, RequestState::Accepted);
    assert_eq!(asked(&world).await, Reason::NotGranted);
}

async fn c7_no_code_to_a_former_number_is_sent_or_counts_while_a_panic_lasts(world: World) {
    world.held().await;
    world.after(DAY * 2).await;
    let (session, _) = world.sign_in(WORK).await;
    let requester = Requester { who: "x", language: None };
    let issued = former::begin(&world.env, &session, &address(MOBILE), requester).await.unwrap();
    let typed = world.code_at(MOBILE).await;
    let proved = async || world.owner(ANN).await.points[0].values[0].proved;
    let before = proved().await;
    let actor = Actor::person(session.evidence.clone());
    carry_out(&world.env, || panic::panic(&world.env, &actor, ANN, Some(session.id))).await.unwrap();
    world.mail().await;

    // The one that was on its way.
    let code = former::answered(&world.env, &session, issued.challenge, &typed).await.unwrap();
    let refused = carry_out(&world.env, || former::renew(&world.env, &session, &code)).await;
    assert!(matches!(refused, Err(Refused::Conflict(_))), "{refused:?}");
    assert_eq!(proved().await, before);
    // Whether the number was ever hers is told no more than that.
    for to in [MOBILE, BOBS] {
        let another = former::begin(&world.env, &session, &address(to), requester).await;
        assert!(matches!(another, Err(Refused::Conflict(_))), "{to}: {another:?}");
    }
    assert_eq!(world.told().await, Vec::<String>::new());
}
