//! A passkey from its creation to a sign-in and a short hold, with an authenticator made of a real key pair.

use super::world::*;
use crate::both::both;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use redial::{
    domain::{
        change::{RequestState, hold::Why},
        passkey::Relying,
    },
    usecase::{
        Rules,
        passkeys::{self, Assertion, Creation},
        requests, sessions,
        write::{Actor, Refused, carry_out},
    },
};
use ring::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

both! {
    c3_a_passkey_waits_like_a_point_and_then_makes_holds_short
    a_passkeys_answer_for_somebody_else_too_late_or_from_a_copy_is_none
    of_two_owners_who_want_one_passkey_the_later_ones_request_ends
    a_ceremony_that_begins_on_one_node_ends_on_another
}

const ID: &[u8] = b"a credential of Ann's";

/// A phone that signs.
struct Phone {
    pair: EcdsaKeyPair,
    count: AtomicU32,
}

impl Phone {
    fn new() -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap();
        Self { pair, count: AtomicU32::new(0) }
    }

    fn client(kind: &str, options: &serde_json::Value) -> Vec<u8> {
        let (challenge, origin) = (&options["challenge"], "https://redial.example");
        serde_json::json!({"type": kind, "challenge": challenge, "origin": origin}).to_string().into_bytes()
    }

    fn data(&self, flags: u8, rest: &[u8]) -> Vec<u8> {
        let count = self.count.fetch_add(1, Ordering::SeqCst).to_be_bytes();
        [digest(&SHA256, b"redial.example").as_ref(), &[flags], &count, rest].concat()
    }

    fn creates(&self, options: &serde_json::Value) -> Creation {
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(32);
        let cose = [&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32][..], x, &[0x22, 0x58, 32], y].concat();
        let length = u16::try_from(ID.len()).unwrap().to_be_bytes();
        let data = self.data(0x45, &[&[0; 16][..], &length, ID, &cose].concat());
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59".to_vec();
        object.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        object.extend(data);
        let client_data = Self::client("webauthn.create", options);
        Creation { label: "my phone".into(), client_data, attestation: object }
    }

    fn answers(&self, options: &serde_json::Value) -> Assertion {
        let client_data = Self::client("webauthn.get", options);
        let authenticator = self.data(5, &[]);
        let signed = [&authenticator[..], digest(&SHA256, &client_data).as_ref()].concat();
        let signature = self.pair.sign(&SystemRandom::new(), &signed).unwrap().as_ref().to_vec();
        Assertion { id: ID.to_vec(), client_data, authenticator, signature }
    }
}

async fn with_passkeys(world: World) -> World {
    let relying = Relying { id: "redial.example".into(), origin: "https://redial.example".into() };
    world.anew_with(Rules { relying: Some(relying), ..rules() }).await
}

async fn c3_a_passkey_waits_like_a_point_and_then_makes_holds_short(world: World) {
    let (world, phone) = (with_passkeys(world).await, Phone::new());
    let ann = world.person(MOBILE).await;
    let options = passkeys::options(&world.env, ANN).await.unwrap();
    let creation = phone.creates(&options);
    let wanted = passkeys::created(&world.env, ANN, &creation).await.unwrap();
    let again = passkeys::created(&world.env, ANN, &creation).await;
    assert!(matches!(again, Err(Refused::WrongCode)), "a challenge counts once");
    let request = world.wants(&ann, wanted).await.unwrap();
    assert_eq!((request.state, request.course.why), (RequestState::Held, Some(Why::OnePoint)));
    let early = passkeys::sign_in(&world.env, &phone.answers(&passkeys::ask(&world.env).await.unwrap()), "").await;
    assert!(matches!(early, Err(Refused::WrongCode)), "it is none yet");
    world.after(DAY).await;
    assert_eq!(passkeys::list(&world.env, ANN).await.unwrap().len(), 1);

    let ask = passkeys::ask(&world.env).await.unwrap();
    let answer = phone.answers(&ask);
    let (session, _) = passkeys::sign_in(&world.env, &answer, "a phone").await.unwrap();
    assert_eq!(session.owner, ANN);
    assert!(matches!(passkeys::sign_in(&world.env, &answer, "").await, Err(Refused::WrongCode)), "a replay");
    let by_key = Actor::person(session.evidence.clone());
    let request = world.wants(&by_key, replace("mobile", NEW)).await.unwrap();
    let held = world.proves(request.id, NEW).await.unwrap();
    assert_eq!(
        (held.course.why, held.due.unwrap().since(world.now().await)),
        (Some(Why::Passkey), Duration::from_mins(10))
    );
    world.after(Duration::from_mins(10)).await;
    assert_eq!(world.values(ANN).await[0], NEW);

    // Removing it waits too, and whoever has one point only waits long.
    let id = URL_SAFE_NO_PAD.encode(ID);
    let work = world.person(WORK).await;
    let removal = carry_out(&world.env, || passkeys::remove(&world.env, &work, ANN, &id)).await.unwrap().request;
    assert_eq!((removal.state, removal.course.why), (RequestState::Held, Some(Why::OnePoint)));
    // The passkey shows more than that, and ends it.
    let stop = carry_out(&world.env, || requests::cancel(&world.env, &by_key, ANN, removal.id)).await.unwrap();
    assert_eq!(stop.request.state, RequestState::Cancelled);
}

async fn of_two_owners_who_want_one_passkey_the_later_ones_request_ends(world: World) {
    let (world, phone) = (with_passkeys(world).await, Phone::new());
    let mut requests = Vec::new();
    for (owner, at) in [(ANN, MOBILE), (BOB, BOBS)] {
        let person = world.person(at).await;
        let options = passkeys::options(&world.env, owner).await.unwrap();
        let wanted = passkeys::created(&world.env, owner, &phone.creates(&options)).await.unwrap();
        requests.push((owner, world.wants_of(owner, &person, wanted).await.unwrap().id));
        world.after(Duration::from_mins(1)).await;
    }
    world.after(DAY).await;
    let mut states = Vec::new();
    for (owner, id) in requests {
        states.push(world.env.store.request(owner, id).await.unwrap().unwrap().state);
    }
    assert_eq!(states, [RequestState::Accepted, RequestState::Cancelled]);
    assert!(passkeys::list(&world.env, BOB).await.unwrap().is_empty());
}

async fn a_passkeys_answer_for_somebody_else_too_late_or_from_a_copy_is_none(world: World) {
    let (world, phone) = (with_passkeys(world).await, Phone::new());
    let ann = world.person(MOBILE).await;
    let options = passkeys::options(&world.env, ANN).await.unwrap();
    let other = passkeys::created(&world.env, BOB, &phone.creates(&options)).await;
    assert!(matches!(other, Err(Refused::WrongCode)), "a challenge of another owner");
    let options = passkeys::options(&world.env, ANN).await.unwrap();
    let wanted = passkeys::created(&world.env, ANN, &phone.creates(&options)).await.unwrap();
    world.wants(&ann, wanted).await.unwrap();
    world.after(DAY).await;
    let ask = passkeys::ask(&world.env).await.unwrap();
    world.after(Duration::from_mins(5)).await;
    assert!(matches!(passkeys::sign_in(&world.env, &phone.answers(&ask), "").await, Err(Refused::WrongCode)));
    let get = async || phone.answers(&passkeys::ask(&world.env).await.unwrap());
    passkeys::sign_in(&world.env, &get().await, "").await.unwrap();
    phone.count.store(1, Ordering::SeqCst);
    assert!(matches!(passkeys::sign_in(&world.env, &get().await, "").await, Err(Refused::WrongCode)), "a copy");
    let none = world.anew().await;
    assert!(matches!(passkeys::ask(&none.env).await, Err(Refused::Conflict(_))), "without a public address");
}

async fn a_ceremony_that_begins_on_one_node_ends_on_another(world: World) {
    let (world, phone) = (with_passkeys(world).await, Phone::new());
    let node = world.second_node().await;
    let ann = world.person(MOBILE).await;
    let creation = phone.creates(&passkeys::options(&world.env, ANN).await.unwrap());
    let wanted = passkeys::created(&node, ANN, &creation).await.unwrap();
    let again = passkeys::created(&world.env, ANN, &creation).await;
    assert!(matches!(again, Err(Refused::WrongCode)), "it counts once for both");
    let request = carry_out(&node, || requests::make(&node, &ann, ANN, None, &wanted)).await.unwrap().request;
    world.after(DAY).await;
    assert_eq!(world.state(request.id).await, RequestState::Accepted);
    for (asks, answers) in [(&world.env, &node), (&node, &world.env)] {
        let answer = phone.answers(&passkeys::ask(asks).await.unwrap());
        let (session, token) = passkeys::sign_in(answers, &answer, "a phone").await.unwrap();
        let replay = passkeys::sign_in(asks, &answer, "a phone").await;
        assert!(matches!(replay, Err(Refused::WrongCode)), "nor is an answer taken on each of them");
        let found = sessions::authenticate(asks, token.reveal()).await.unwrap();
        assert_eq!(found.map(|found| found.id), Some(session.id));
    }
    // And for a request.
    let request = world.wants(&Actor::person(Vec::new()), remove("work")).await.unwrap();
    let answer = phone.answers(&passkeys::ask(&world.env).await.unwrap());
    let proved = passkeys::prove(&node, &ann, ANN, request.id, &answer).await.unwrap().request;
    assert_eq!((proved.state, proved.course.why), (RequestState::Held, Some(Why::Passkey)));
}
