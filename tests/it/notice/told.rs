//! What recipients are told: the difference between what they were shown and what they may see, gathered, and nothing while a
//! panic lasts (rules C4, C5, C7).

use super::{
    deliver::{BO, DI, at_once, with_friends},
    world::{ANN, MOBILE, NEW, OLD, WORK, World, friend},
};
use crate::both::both;
use redial::{
    domain::{
        group::Member,
        id::{ContactId, GroupId},
        owner::Membership,
    },
    store::Effect,
};

both! {
    c4_n1_those_who_are_told_and_nobody_else
    c5_changes_are_gathered_and_what_is_undone_is_not_told
    c5_not_longer_than_ten_minutes_from_the_first
    c4_a_second_change_is_told_from_the_first
    c4_a_new_name_is_told_to_who_was_never_shown_anything
    c4_what_is_taken_away_is_silent_and_told_when_it_comes_back
    c4_a_grant_is_told_to_who_was_shown_the_rest
    c7_panic_ends_notices
}

async fn on_sqlite() -> World {
    with_friends(super::world::on_sqlite().await).await
}

async fn on_postgres() -> Option<World> {
    Some(with_friends(super::world::on_postgres().await?).await)
}

async fn c4_n1_those_who_are_told_and_nobody_else(world: World) {
    world.change(MOBILE, NEW).await;
    world.idle().await;
    assert!(world.told().is_empty(), "C5: not before the debounce");
    let progress = world.after(120).await;
    let given = world.taken();
    let told: Vec<_> = given.iter().map(|given| given.to.as_str()).collect();
    assert_eq!(told, [DI, BO]);
    assert_eq!((progress.sent, progress.empty), (2, 0));
    for given in &given {
        assert!(
            given.text.contains(NEW) && given.text.contains("0100") && !given.text.contains("0177"),
            "{}",
            given.text
        );
    }
    assert!(given[0].text.contains("BEGIN:VCARD") && given[0].text.contains("TEL"), "the card goes with the e-mail");
    let row = world.env.store.shown(ANN, friend(1)).await.unwrap().unwrap();
    assert_eq!(row.revision, 2);
    assert!(row.card.contains(NEW));
    assert!(world.env.store.shown(ANN, friend(2)).await.unwrap().is_none(), "Cy was shown nothing");
    world.after(86_400).await;
    assert!(world.told().is_empty(), "told once");
}

async fn c5_changes_are_gathered_and_what_is_undone_is_not_told(world: World) {
    world.change(MOBILE, "+14155550111").await;
    world.after(60).await;
    world.change(MOBILE, NEW).await;
    world.after(119).await;
    assert!(world.told().is_empty(), "the second change put it off");
    world.after(1).await;
    let given = world.taken();
    assert_eq!(given.len(), 2);
    assert!(
        given
            .iter()
            .all(|given| given.text.contains(NEW) && given.text.contains("0100") && !given.text.contains("0111"))
    );
    world.change(MOBILE, "+14155550111").await;
    world.after(30).await;
    world.change(MOBILE, NEW).await;
    assert_eq!(world.after(600).await.empty, 2);
    assert!(world.told().is_empty());
}

async fn c5_not_longer_than_ten_minutes_from_the_first(world: World) {
    for second in 0..10 {
        world.change(MOBILE, &format!("+1415555030{second}")).await;
        world.after(60).await;
    }
    assert_eq!(world.told().len(), 2, "the changes never paused for two minutes");
}

async fn c4_a_second_change_is_told_from_the_first(world: World) {
    world.change(MOBILE, "+14155550111").await;
    world.after(120).await;
    world.taken();
    world.change(MOBILE, NEW).await;
    world.after(120).await;
    assert!(world.taken().iter().all(|given| given.text.contains("0111") && !given.text.contains("0100")));
    world.rename("Ann Bell").await;
    world.after(120).await;
    assert!(world.taken().iter().all(|given| given.text.contains("formerly Ann Lee") && !given.text.contains("0111")));
}

async fn c4_a_new_name_is_told_to_who_was_never_shown_anything(world: World) {
    world.rename("Ann Bell").await;
    world.after(120).await;
    let given = world.taken();
    assert_eq!(given.len(), 2);
    assert!(given.iter().all(|given| given.text.contains("Ann Bell (formerly Ann Lee)")), "{given:?}");
}

async fn c4_what_is_taken_away_is_silent_and_told_when_it_comes_back(world: World) {
    world.change(MOBILE, NEW).await;
    world.after(120).await;
    world.taken();
    // A block, and its end.
    world.commit(vec![Effect::Blocked(ANN, BO.into()), world.fanout(vec![friend(1)], true)]).await;
    world.after(600).await;
    assert!(world.told().is_empty());
    assert!(!world.env.store.shown(ANN, friend(1)).await.unwrap().unwrap().card.contains(NEW));
    world.change(MOBILE, OLD).await;
    world.after(120).await;
    assert_eq!(world.told(), ["mail di@example.org"], "blocked: not told");
    world.commit(vec![Effect::Unblocked(ANN, BO.into()), world.fanout(vec![friend(1)], false)]).await;
    world.after(120).await;
    let given = world.taken();
    assert!(given.len() == 1 && given[0].text.contains(OLD) && !given[0].text.contains(NEW), "{given:?}");
    // Out of the group.
    let out = Membership { group: GroupId(1), member: Member::Contact(ContactId(1)) };
    world.commit(vec![Effect::MemberRemoved(ANN, out), world.fanout(vec![friend(1)], true)]).await;
    world.after(120).await;
    assert!(!world.env.store.shown(ANN, friend(1)).await.unwrap().unwrap().card.contains(OLD));
    world.change(MOBILE, NEW).await;
    world.after(120).await;
    assert_eq!(world.told(), ["mail di@example.org"]);
}

async fn c4_a_grant_is_told_to_who_was_shown_the_rest(world: World) {
    world.change(MOBILE, NEW).await;
    world.after(120).await;
    world.taken();
    world.commit(vec![Effect::GroupSet(at_once(1, &[MOBILE, WORK])), world.fanout(Vec::new(), false)]).await;
    world.after(120).await;
    let given = world.taken();
    assert_eq!(given.len(), 2);
    assert!(given.iter().all(|given| given.text.contains("+14155550177")));
}

async fn c7_panic_ends_notices(world: World) {
    world.change(MOBILE, NEW).await;
    world.idle().await;
    let mut ann = world.env.store.owner(ANN).await.unwrap().unwrap();
    ann.silenced = true;
    world.commit(vec![World::owner_set(&ann)]).await;
    world.after(120).await;
    // Longer than a notice may be late: the panic is the owner's own.
    for _ in 0..9 {
        world.after(86_400).await;
    }
    assert!(world.told().is_empty());
    ann.silenced = false;
    world.commit(vec![World::owner_set(&ann)]).await;
    world.after(3_600).await;
    assert_eq!(world.told().len(), 2, "what is still to be told after it is told");
}
