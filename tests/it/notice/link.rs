//! Contacts are linked to an owner who registers, proves a value or changes a name after they were written.

use super::world::{ANN, BOOK, MOBILE, NEW, OLD, World, contact, group};
use redial::{
    domain::{
        group::Told,
        id::{AppId, ContactId, OwnerId},
        name,
        owner::Contact,
    },
    store::Effect,
    usecase::{
        asleep,
        contacts::{self, Entry, NewContact},
        link_contacts::link_contacts,
        owners::{self, NewOwner},
        requests,
        wanted::{NewPoint, Wanted, WantedPoint},
        write::{Actor, carry_out},
    },
};
use std::time::Duration;

const BOBS: &str = "+14155550190";
const OTHER: &str = "+14155550191";

fn named(id: u128, name: &str, addresses: &[&str]) -> Contact {
    Contact { name: name.into(), names: name::key(name).into_iter().collect(), ..contact(id, addresses) }
}

fn mobile(value: &str) -> NewPoint {
    NewPoint { label: "mobile".to_owned(), value: value.to_owned() }
}

fn actor(vouches: bool) -> Actor {
    Actor::key(AppId(7), vouches)
}

async fn registers(world: &World, name: &str, values: &[&str], proved: bool) -> OwnerId {
    let points = values.iter().zip(1..).map(|(value, n)| NewPoint { label: format!("{n}"), ..mobile(value) });
    let mut profile = serde_json::Map::new();
    profile.insert("name".to_owned(), name.into());
    let new = NewOwner { language: None, profile, points: points.collect() };
    let actor = actor(proved);
    carry_out(&world.env, || owners::register(&world.env, &actor, &new)).await.unwrap().owner.id
}

async fn wants(world: &World, owner: OwnerId, wanted: Wanted) {
    let actor = actor(true);
    carry_out(&world.env, || requests::make(&world.env, &actor, owner, None, &wanted)).await.unwrap();
}

async fn linked(world: &World, id: u128) -> Option<OwnerId> {
    world.env.store.contact(ANN, ContactId(id)).await.unwrap().unwrap().linked
}

/// Looks through everything that is due; how many contacts were linked.
async fn link(world: &World) -> usize {
    let mut links = 0;
    while let Some(linked) = link_contacts(&world.env, Duration::from_mins(1)).await.unwrap() {
        links += linked;
    }
    links
}

#[tokio::test]
async fn q2_an_owner_who_registers_later_is_found_by_name_and_address() {
    for (rule, contact, registers_as, values, proved, is_linked) in [
        ("name and address", named(1, "Roy, Bob", &[OTHER, BOBS]), "Bob Roy", &[BOBS][..], true, true),
        ("E3: the address alone is not enough", named(1, "Rob", &[BOBS]), "Bob Roy", &[BOBS], true, false),
        ("E3: nor is the name", named(1, "Bob Roy", &[OTHER]), "Bob Roy", &[BOBS], true, false),
        ("nor an address that nobody has proved", named(1, "Bob Roy", &[BOBS]), "Bob Roy", &[BOBS], false, false),
        (
            "one of several addresses",
            named(1, "Bob Roy", &["bob@example.com"]),
            "Bob Roy",
            &[BOBS, "bob@example.com"],
            true,
            true,
        ),
        ("nobody is their own contact", named(1, "Ann Lee", &[OLD]), "Bob Roy", &[BOBS], true, false),
    ] {
        let world = World::new().await;
        world.contacts(&[contact]).await;
        let bob = registers(&world, registers_as, values, proved).await;
        assert_eq!(linked(&world, 1).await, None, "{rule}: not within the owner's own commit");
        assert_eq!(link(&world).await, usize::from(is_linked), "{rule}");
        assert_eq!(linked(&world, 1).await, is_linked.then_some(bob), "{rule}");
        assert_eq!(link(&world).await, 0, "{rule}: once");
    }
}

#[tokio::test]
async fn q2_two_owners_of_that_name_are_no_link() {
    let world = World::new().await;
    world.contacts(&[named(1, "Bob Roy", &[BOBS, OTHER])]).await;
    registers(&world, "Bob Roy", &[BOBS], true).await;
    registers(&world, "Bob Roy", &[OTHER], true).await;
    assert_eq!(link(&world).await, 0);
}

#[tokio::test]
async fn q2_a_link_stays_with_the_owner_when_another_of_that_name_comes() {
    let world = World::new().await;
    world.contacts(&[named(1, "Bob Roy", &[BOBS, OTHER])]).await;
    let first = registers(&world, "Bob Roy", &[BOBS], true).await;
    assert_eq!(link(&world).await, 1);
    registers(&world, "Bob Roy", &[OTHER], true).await;
    assert_eq!(link(&world).await, 0);
    assert_eq!(linked(&world, 1).await, Some(first));
}

#[tokio::test]
async fn q2_who_proves_a_value_or_takes_a_name_later_is_found() {
    let world = World::new().await;
    world.contacts(&[named(1, "Bob Roy", &[BOBS]), named(2, "Bobby Roy", &[OTHER])]).await;
    let bob = registers(&world, "Bob Roy", &[], true).await;
    assert_eq!(link(&world).await, 0);
    let added =
        vec![WantedPoint::Add(mobile(BOBS)), WantedPoint::Add(NewPoint { label: "work".into(), value: OTHER.into() })];
    wants(&world, bob, Wanted { points: added, ..Wanted::default() }).await;
    assert_eq!((link(&world).await, linked(&world, 1).await, linked(&world, 2).await), (1, Some(bob), None));
    let mut profile = serde_json::Map::new();
    profile.insert("nicknames".to_owned(), vec!["Bobby Roy"].into());
    wants(&world, bob, Wanted { profile: Some(profile), ..Wanted::default() }).await;
    assert_eq!(
        (link(&world).await, linked(&world, 2).await),
        (0, None),
        "the number sleeps, and a name is anybody's (C8)"
    );
    let ann = actor(true);
    carry_out(&world.env, || asleep::confirm(&world.env, &ann, ANN, ContactId(2))).await.unwrap();
    assert_eq!((link(&world).await, linked(&world, 2).await), (1, Some(bob)));
}

#[tokio::test]
async fn q2_many_contacts_are_looked_through_in_pages() {
    let world = World::new().await;
    let many: Vec<Contact> =
        (1..=120).map(|id| named(id, "Bob Roy", &[if id % 3 == 0 { OTHER } else { BOBS }])).collect();
    world.contacts(&many).await;
    let bob = registers(&world, "Bob Roy", &[BOBS], true).await;
    let version = async || world.env.store.owner(ANN).await.unwrap().unwrap().version;
    let before = version().await;
    let first = link_contacts(&world.env, Duration::from_mins(1)).await.unwrap().unwrap();
    assert!((1..=50).contains(&first), "a page, not everything: {first}");
    assert_eq!(first + link(&world).await, 80);
    assert_eq!(version().await, before + 2, "each page raises the version of the book's owner once");
    assert_eq!(linked(&world, 119).await, Some(bob));
    assert_eq!(linked(&world, 120).await, None);
}

#[tokio::test]
async fn q2_a_page_that_was_cut_off_is_taken_again() {
    let world = World::new().await;
    world.contacts(&[named(1, "Bob Roy", &[BOBS])]).await;
    let bob = registers(&world, "Bob Roy", &[BOBS], true).await;
    let lease = Duration::from_mins(1);
    world.env.store.claim_linking(lease).await.unwrap().expect("a worker takes it, and dies");
    assert_eq!(link(&world).await, 0, "it is the dead one's until its lease runs out");
    world.clock.advance(lease);
    assert_eq!((link(&world).await, linked(&world, 1).await), (1, Some(bob)));
}

/// Bob is a contact of Ann's friends, not registered yet.
async fn friend() -> World {
    let world = World::new().await;
    world.contacts(&[named(1, "Bob Roy", &[BOBS])]).await;
    world.group(group(1, Told::AtOnce, &[], &[MOBILE]), &[1]).await;
    world
}

#[tokio::test]
async fn n2_who_registers_while_a_notice_waits_is_told_once() {
    for registered_after in [1, 100] {
        let world = friend().await;
        world.change(MOBILE, NEW).await;
        world.after(registered_after).await;
        registers(&world, "Bob Roy", &[BOBS], true).await;
        world.after(600).await;
        let given = world.taken();
        assert_eq!(given.len(), 1, "{given:?}");
        assert!(given[0].to == BOBS && given[0].text.contains(NEW) && given[0].text.contains("0100"), "{given:?}");
    }
}

#[tokio::test]
async fn n2_who_was_told_before_they_registered_is_not_told_again() {
    let world = friend().await;
    world.change(MOBILE, "+14155550111").await;
    world.after(120).await;
    assert_eq!(world.told(), [format!("sms {BOBS}")]);
    registers(&world, "Bob Roy", &[BOBS], true).await;
    world.after(600).await;
    assert!(world.told().is_empty());
    world.change(MOBILE, NEW).await;
    world.after(600).await;
    let given = world.taken();
    assert_eq!(given.len(), 1);
    assert!(given[0].text.contains(NEW) && given[0].text.contains("0111"), "told from what was shown last: {given:?}");
}

#[tokio::test]
async fn q2_rights_follow_the_owner_once_linked() {
    let world = friend().await;
    let bob = registers(&world, "Bob Roy", &[BOBS], true).await;
    link(&world).await;
    let moves = Wanted {
        points: vec![WantedPoint::Replace(redial::usecase::wanted::NewValue {
            point: "1".into(),
            value: OTHER.into(),
        })],
        ..Wanted::default()
    };
    wants(&world, bob, moves).await;
    world.change(MOBILE, NEW).await;
    world.after(600).await;
    assert_eq!(world.told(), [format!("sms {OTHER}")], "told at the number that Bob has now");
}

#[tokio::test]
async fn q2_an_edited_contact_keeps_the_notice_that_waits_for_it() {
    let world = friend().await;
    registers(&world, "Bob Roy", &[OTHER], true).await;
    world.change(MOBILE, NEW).await;
    world.after(1).await;
    // Ann now learns a number of Bob's by which he is known.
    let edited = Entry::Plain(NewContact { book: Some(BOOK), name: "Bob Roy".into(), addresses: vec![OTHER.into()] });
    let actor = actor(true);
    carry_out(&world.env, || contacts::replace(&world.env, &actor, ANN, None, ContactId(1), &edited)).await.unwrap();
    world.after(600).await;
    assert_eq!(world.told(), [format!("sms {OTHER}")]);
}

#[tokio::test]
async fn c10_nobody_stands_behind_an_imported_owner() {
    let world = World::new().await;
    world.contacts(&[named(1, "Bob Roy", &[BOBS])]).await;
    let imported = redial::domain::owner::Owner { claimed: false, ..super::world::bob(50, BOBS) };
    world.commit(vec![Effect::OwnerAdded(imported), Effect::LinkingDue { owner: OwnerId(50), at: world.now() }]).await;
    assert_eq!(link(&world).await, 0);
}
