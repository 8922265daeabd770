//! What sleeps because somebody else has the address by now (rule C8): nobody's book follows through it.

use super::world::*;
use crate::{both::both, people};
use redial::{
    domain::{
        group::{Grant, Item, Member, Told},
        id::{BookId, GroupId, OwnerId, PointId},
        name,
        owner::{Book, Contact, Group, Held, Membership, Proof},
    },
    store::Effect,
    usecase::{
        asleep,
        contacts::{self, Entry},
        wanted::Wanted,
        write::{Actor, carry_out},
    },
};
use std::time::Duration;

both! {
    c8_e3_an_entry_whose_address_sleeps_does_not_follow_until_its_owner_confirms
    c8_who_takes_a_number_and_then_the_name_of_who_had_it_is_not_that_person
}

const CARL: OwnerId = OwnerId(3);
const CARLS_MAIL: &str = "carl@example.com";
const SECOND: &str = "+14155550124";

/// An entry in the only book of somebody, under this name and number.
async fn entry(world: &World, of: OwnerId, called: &str, number: &str) -> Contact {
    let book = BookId(of.0);
    world.commit(vec![Effect::BookSet(Book { id: book, owner: of, name: "book".into(), default_group: None })]).await;
    let card = format!("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{called}\r\nTEL:{number}\r\nEND:VCARD\r\n");
    let (entry, actor) = (Entry::VCard(card.into_bytes()), Actor::person(Vec::new()));
    carry_out(&world.env, || contacts::create(&world.env, &actor, of, book, &entry)).await.unwrap()
}

/// The number of this person's becomes theirs, after its hold.
async fn gets(world: &World, owner: OwnerId, signed_in_with: &str, label: &str, number: &str) {
    let person = world.person(signed_in_with).await;
    let has = world.owner(owner).await.points.iter().any(|point| &*point.label == label && point.removed.is_none());
    let wanted = if has { replace(label, number) } else { add(label, number) };
    let request = world.wants_of(owner, &person, wanted).await.unwrap();
    world.proves_of(owner, request.id, number).await.unwrap();
    world.after(DAY).await;
    world.after(Duration::from_mins(5)).await;
}

async fn c8_e3_an_entry_whose_address_sleeps_does_not_follow_until_its_owner_confirms(world: World) {
    let now = world.now().await;
    let mail = Held { address: address(CARLS_MAIL), from: now, until: None, proof: Proof::Code, proved: now };
    let carl = people::owner(CARL, "Carl Dee", vec![people::point(PointId(30), "mail", vec![mail])], now);
    let names = Effect::NamesSet(CARL, name::keys(&carl.profile));
    world.commit(vec![Effect::OwnerAdded(carl), names]).await;

    // Bob has a number of Ann's that she lost before she registered it. It went to Carl, and comes back to her.
    let anns = entry(&world, BOB, "Ann Lee", NEW).await;
    gets(&world, CARL, CARLS_MAIL, "mobile", NEW).await;
    let sleeping = world.env.store.asleep_at(BOB, &[NEW.into()]).await.unwrap();
    assert_eq!(sleeping.len(), 1, "somebody who is not called so has proved it");
    gets(&world, ANN, MAIL, "home", NEW).await;
    let read = async || world.env.store.contact(BOB, anns.id).await.unwrap().unwrap();
    assert_eq!(read().await.linked, None, "name and address match, and a name is anybody's to take");
    let actor = Actor::person(Vec::new());
    carry_out(&world.env, || asleep::confirm(&world.env, &actor, BOB, anns.id)).await.unwrap();
    world.idle().await;
    assert_eq!(read().await.linked, Some(ANN), "Bob says that it is hers");

    // She lets Bob see it.
    let bob = entry(&world, ANN, "Bob Roy", BOBS).await;
    assert_eq!(bob.linked, Some(BOB));
    let home = world.owner(ANN).await.points.iter().find(|point| &*point.label == "home").unwrap().id;
    let friends = Group {
        id: GroupId(1),
        book: bob.book,
        owner: ANN,
        name: "Friends".into(),
        told: Told::AtOnce,
        introduce: false,
        channels: Vec::new(),
        quiet: None,
        grants: vec![Grant::Reveal(Item::Point(home))],
    };
    let member = Membership { group: friends.id, member: Member::Contact(bob.id) };
    world.commit(vec![Effect::GroupSet(friends), Effect::MemberAdded(ANN, member)]).await;

    gets(&world, ANN, MAIL, "home", SECOND).await;
    let followed = String::from_utf8(read().await.card).unwrap();
    assert!(followed.contains(SECOND) && followed.contains(NEW), "{followed}");
}

async fn c8_who_takes_a_number_and_then_the_name_of_who_had_it_is_not_that_person(world: World) {
    let now = world.now().await;
    let mail = Held { address: address(CARLS_MAIL), from: now, until: None, proof: Proof::Code, proved: now };
    let carl = people::owner(CARL, "Carl Dee", vec![people::point(PointId(30), "mail", vec![mail])], now);
    let names = Effect::NamesSet(CARL, name::keys(&carl.profile));
    world.commit(vec![Effect::OwnerAdded(carl), names]).await;
    let sleeps = async |number: &str| !world.env.store.asleep_at(BOB, &[number.into()]).await.unwrap().is_empty();

    // One number of hers is known to be Ann's, the other stands in Bob's book only. Carl gets both.
    let known = entry(&world, BOB, "Ann Lee", WORK).await;
    let unknown = entry(&world, BOB, "Ann Lee", NEW).await;
    assert_eq!((known.linked, unknown.linked), (Some(ANN), None));
    gets(&world, CARL, CARLS_MAIL, "mobile", WORK).await;
    gets(&world, CARL, CARLS_MAIL, "home", NEW).await;
    assert_eq!((sleeps(WORK).await, sleeps(NEW).await), (false, true), "a link is nothing through an address");

    // He takes her name.
    let carl = world.person(CARLS_MAIL).await;
    let renamed = serde_json::json!({"profile": {"name": "Ann Lee"}});
    let wanted: Wanted = serde_json::from_value(renamed).unwrap();
    world.wants_of(CARL, &carl, wanted).await.unwrap();
    world.after(DAY * 2).await;
    assert_eq!(&*world.owner(CARL).await.profile.name, "Ann Lee");
    let read = async |id| world.env.store.contact(BOB, id).await.unwrap().unwrap();
    assert_eq!((read(known.id).await.linked, read(unknown.id).await.linked), (Some(ANN), None));

    // Bob's phone writes both entries again.
    let actor = Actor::person(Vec::new());
    for (id, number) in [(known.id, WORK), (unknown.id, NEW)] {
        let vcard = format!("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann Lee\r\nNOTE:choir\r\nTEL:{number}\r\nEND:VCARD\r\n");
        let entry = Entry::VCard(vcard.into_bytes());
        carry_out(&world.env, || contacts::replace(&world.env, &actor, BOB, None, id, &entry)).await.unwrap();
        assert_ne!(read(id).await.linked, Some(CARL));
        assert!(read(id).await.linked == Some(ANN) || sleeps(number).await, "his by nobody's word");
    }
}
