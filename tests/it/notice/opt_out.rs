//! Who has stopped messages is not written to, whatever number they have by now (rules Q9, N6).

use super::world::{ANN, BOOK, MOBILE, NEW, World, address, bob, contact, group, on_postgres, on_sqlite};
use crate::both::both;
use redial::{
    clock::Time,
    domain::{
        address::Kind,
        group::Told,
        id::{AppId, ContactId, OwnerId, PointId},
        notice::{NoticeState, Recipient},
        owner::{Contact, Held, Owner, Point, Proof},
    },
    store::{Effect, OptOut},
    usecase::{
        contacts::{self, Entry, NewContact},
        write::{Actor, carry_out},
    },
};
use std::time::Duration;

both! {
    q9_opt_outs_follow_a_registered_recipient
    q9_the_new_holder_of_a_number_inherits_no_refusal
    q9_a_contact_is_behind_the_number_of_a_registered_person
    q9_opt_outs_follow_a_contact_that_gets_another_number
    q9_a_number_that_was_a_registered_strangers_takes_no_refusal_along
    q9_whoever_says_start_is_written_to_again
}

const FIRST: &str = "+14155550201";
const SECOND: &str = "+14155550202";
const THIRD: &str = "+14155550203";
const BOB: OwnerId = OwnerId(50);

/// Days before the world's now.
fn ago(world: &World, days: u64) -> Time {
    world.now().before(Duration::from_secs(days * 86_400))
}

fn value(key: &str, from: Time, until: Option<Time>) -> Held {
    Held { address: address(key), from, until, proof: Proof::Code, proved: from }
}

/// Bob, who went from `FIRST` to `SECOND` ten days ago, and has `THIRD` as well.
fn moved(world: &World) -> Owner {
    let point = |id, values| Point { id: PointId(id), kind: Kind::Phone, label: "".into(), removed: None, values };
    let (since, left) = (ago(world, 100), ago(world, 10));
    let mobile = vec![value(FIRST, since, Some(left)), value(SECOND, left, None)];
    Owner { points: vec![point(50, mobile), point(51, vec![value(THIRD, since, None)])], ..bob(50, FIRST) }
}

fn out(world: &World, key: &str, owner: Option<OwnerId>, days: u64) -> Effect {
    Effect::OptedOut(OptOut { address: address(key), owner, at: ago(world, days), way: "STOP".into() })
}

/// What reaches Bob, or somebody with one of his numbers, when Ann's number changes; and what became of the notice.
async fn told(world: &World, contact: Contact) -> (Vec<String>, NoticeState) {
    world.contacts(&[contact]).await;
    world.group(group(1, Told::AtOnce, &[], &[MOBILE]), &[1]).await;
    world.change(MOBILE, NEW).await;
    world.after(120).await;
    (world.told(), world.notices().await[0].state)
}

async fn q9_opt_outs_follow_a_registered_recipient(world: World) {
    let linked = || Contact { linked: Some(BOB), ..contact(1, &[FIRST]) };
    for (rule, at, from, days, reaches) in [
        ("at the old number, while it was his", FIRST, None, 50, false),
        ("at the number that he has", SECOND, None, 5, false),
        ("at another of his numbers", THIRD, None, 5, false),
        ("about Ann", FIRST, Some(ANN), 50, false),
        ("about somebody else", FIRST, Some(OwnerId(9)), 50, true),
        ("at a number that is not his", "+14155550299", None, 5, true),
    ] {
        let world = world.anew().await;
        world.commit(vec![Effect::OwnerAdded(moved(&world)), out(&world, at, from, days)]).await;
        let expected = if reaches { NoticeState::Sent } else { NoticeState::Empty };
        let (told, state) = told(&world, linked()).await;
        assert_eq!((!told.is_empty(), state), (reaches, expected), "{rule}: {told:?}");
    }
}

async fn q9_the_new_holder_of_a_number_inherits_no_refusal(world: World) {
    for (rule, days, reaches) in [("said by Bob, while he had it", 50, true), ("said by Cy, who has it now", 2, false)]
    {
        let world = world.anew().await;
        let cy = Owner {
            points: vec![Point { values: vec![value(FIRST, ago(&world, 5), None)], ..bob(60, FIRST).points.remove(0) }],
            ..bob(60, FIRST)
        };
        let effects = vec![Effect::OwnerAdded(moved(&world)), Effect::OwnerAdded(cy), out(&world, FIRST, None, days)];
        world.commit(effects).await;
        // Ann's contact has the number, and is linked to nobody.
        assert_eq!(told(&world, contact(1, &[FIRST])).await.0.is_empty(), !reaches, "{rule}");
    }
}

async fn q9_a_contact_is_behind_the_number_of_a_registered_person(world: World) {
    world.commit(vec![Effect::OwnerAdded(moved(&world)), out(&world, FIRST, None, 50)]).await;
    let (told, state) = told(&world, contact(1, &[SECOND])).await;
    assert_eq!((told.len(), state), (0, NoticeState::Empty), "Bob stopped at his old number; this is his new one");
}

async fn q9_opt_outs_follow_a_contact_that_gets_another_number(world: World) {
    for (rule, from, replaced_by, reaches) in [
        ("another number", None, SECOND, false),
        ("about Ann", Some(ANN), SECOND, false),
        ("about somebody else", Some(OwnerId(9)), SECOND, true),
        ("an e-mail address in its place", None, "bo@example.com", true),
    ] {
        let world = world.anew().await;
        world.contacts(&[contact(1, &[FIRST])]).await;
        world.commit(vec![out(&world, FIRST, from, 1)]).await;
        let edited = NewContact { book: Some(BOOK), name: "Bo".into(), addresses: vec![replaced_by.into()] };
        let (actor, edited) = (Actor::key(AppId(7), true), Entry::Plain(edited));
        carry_out(&world.env, || contacts::replace(&world.env, &actor, ANN, None, ContactId(1), &edited))
            .await
            .unwrap();
        let contact = world.env.store.contact(ANN, ContactId(1)).await.unwrap().unwrap();
        assert_eq!(contact.linked, None);
        assert_eq!(!told(&world, contact).await.0.is_empty(), reaches, "{rule}");
    }
}

async fn q9_a_number_that_was_a_registered_strangers_takes_no_refusal_along(world: World) {
    world.commit(vec![Effect::OwnerAdded(bob(50, FIRST)), out(&world, FIRST, None, 1)]).await;
    world.contacts(&[contact(1, &[FIRST])]).await;
    let edited = NewContact { book: Some(BOOK), name: "Bo".into(), addresses: vec![SECOND.into()] };
    let (actor, edited) = (Actor::key(AppId(7), true), Entry::Plain(edited));
    carry_out(&world.env, || contacts::replace(&world.env, &actor, ANN, None, ContactId(1), &edited)).await.unwrap();
    let contact = world.env.store.contact(ANN, ContactId(1)).await.unwrap().unwrap();
    assert_eq!(told(&world, contact).await.0, [format!("sms {SECOND}")]);
}

async fn q9_whoever_says_start_is_written_to_again(world: World) {
    world.commit(vec![Effect::OwnerAdded(moved(&world)), out(&world, FIRST, None, 50)]).await;
    world.commit(vec![Effect::OptedIn { key: FIRST.into(), owner: None }]).await;
    let (told, _) = told(&world, Contact { linked: Some(BOB), ..contact(1, &[FIRST]) }).await;
    assert_eq!(told.len(), 1);
    assert!(world.env.store.shown(ANN, Recipient::Owner(BOB)).await.unwrap().is_some());
}
