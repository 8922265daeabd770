//! A change whose owner says at the end who may learn it: proofs first, then the choice, then the wait (rules C2, C3).

use super::world::{ANN, DAY, MOBILE, NEW, World, replace};
use crate::both::both;
use redial::{
    domain::{
        change::{RequestState, hold::Why},
        group::{Grant, Item, Told},
        id::{BookId, GroupId, PointId},
        owner::{Book, Group},
    },
    store::Effect,
    usecase::{
        course,
        wanted::WantedGrants,
        write::{Refused, carry_out},
    },
};
use std::time::Duration;

both! {
    c2_who_may_learn_is_said_after_the_proofs_and_takes_effect_with_them
    a_draft_that_nobody_finishes_is_over_after_a_week
}

const FRIENDS: GroupId = GroupId(31);
const WORKERS: GroupId = GroupId(32);
const PHONE: PointId = PointId(10);

fn group(id: GroupId, grants: Vec<Grant>) -> Effect {
    let (book, told) = (BookId(30), Told::AtOnce);
    Effect::GroupSet(Group {
        id,
        book,
        owner: ANN,
        name: "group".into(),
        told,
        channels: Vec::new(),
        quiet: None,
        grants,
        introduce: false,
    })
}

fn grants(group: GroupId, reveal: &[&str], conceal: &[&str]) -> WantedGrants {
    let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
    WantedGrants { group, reveal: texts(reveal), forward: Vec::new(), conceal: texts(conceal), fields: Vec::new() }
}

async fn on_sqlite() -> World {
    with_groups(super::world::on_sqlite().await).await
}

async fn on_postgres() -> Option<World> {
    Some(with_groups(super::world::on_postgres().await?).await)
}

async fn with_groups(world: World) -> World {
    let book = Book { id: BookId(30), owner: ANN, name: "book".into(), default_group: None };
    let reveals = vec![Grant::Reveal(Item::Point(PHONE))];
    world.commit(vec![Effect::BookSet(book), group(FRIENDS, Vec::new()), group(WORKERS, reveals)]).await;
    world
}

async fn c2_who_may_learn_is_said_after_the_proofs_and_takes_effect_with_them(world: World) {
    let ann = world.person(MOBILE).await;
    let wanted = replace("mobile", NEW);
    let draft = || course::draft(&world.env, &ann, ANN, &wanted);
    let id = carry_out(&world.env, draft).await.unwrap().request.id;
    let decide = async || carry_out(&world.env, || course::decide(&world.env, &ann, ANN, id)).await;
    let choose = async |grants: &[WantedGrants]| {
        carry_out(&world.env, || course::choose(&world.env, &ann, ANN, id, grants.to_vec())).await
    };
    assert!(matches!(decide().await, Err(Refused::Conflict(_))), "the new number has not answered");
    world.mail().await;
    let proved = world.proves(id, NEW).await.unwrap();
    assert_eq!((proved.state, proved.course.why), (RequestState::AwaitingProof, None), "nothing begins by itself");
    assert_eq!(world.told().await, Vec::<String>::new(), "nor is anybody told of it");
    world.after(Duration::from_hours(48)).await;
    assert_eq!(world.values(ANN).await[0], MOBILE);

    let unknown = choose(&[grants(GroupId(99), &["mobile"], &[])]).await;
    assert!(matches!(unknown, Err(Refused::Invalid(_))), "no group of Ann's");
    choose(&[grants(WORKERS, &["mobile"], &[])]).await.unwrap();
    choose(&[grants(FRIENDS, &["mobile"], &[]), grants(WORKERS, &[], &["mobile"])]).await.unwrap();
    let held = decide().await.unwrap().request;
    assert_eq!((held.state, held.course.why), (RequestState::Held, Some(Why::OnePoint)));
    assert!(world.told().await.contains(&MOBILE.to_owned()), "the old number hears of it now");
    assert!(matches!(choose(&[]).await, Err(Refused::Conflict(_))), "it is decided");
    assert!(matches!(decide().await, Err(Refused::Conflict(_))));
    world.after(DAY).await;
    assert_eq!(world.values(ANN).await[0], NEW);
    let groups = world.env.store.groups(ANN).await.unwrap();
    let of = |id| groups.iter().find(|group| group.id == id).unwrap().grants.clone();
    assert_eq!(of(FRIENDS), [Grant::Reveal(Item::Point(PHONE))]);
    assert_eq!(of(WORKERS), [Grant::Forward(PHONE)], "connected as before, and not told");
}

async fn a_draft_that_nobody_finishes_is_over_after_a_week(world: World) {
    let ann = world.person(MOBILE).await;
    let wanted = replace("mobile", NEW);
    let draft = || course::draft(&world.env, &ann, ANN, &wanted);
    let id = carry_out(&world.env, draft).await.unwrap().request.id;
    world.proves(id, NEW).await.unwrap();
    world.after(DAY * 8).await;
    assert_eq!(world.state(id).await, RequestState::Expired);
    assert_eq!(world.values(ANN).await[0], MOBILE);
}
