//! Who is told what, when, how often and by which way.

use super::world::{ANN, MOBILE, NEW, OLD, WORK, World, address, bob, contact, friend, group};
use redial::{
    domain::{
        group::{Grant, Item, Told},
        id::{OwnerId, PointId},
        notice::{AttemptOutcome, NoticeState, Recipient},
        owner::{Channel, Field, Group},
    },
    store::{Effect, OptOut},
    transport::delivery::Delivery,
};
use std::{sync::Arc, time::Duration};

pub(super) const BO: &str = "+14155550201";
const CY: &str = "+14155550202";
pub(super) const DI: &str = "di@example.org";

pub(super) fn at_once(id: u128, reveals: &[PointId]) -> Group {
    group(id, Told::AtOnce, &[], reveals)
}

/// Bo is told at once, Cy only on query, Di has an e-mail address only, Ed is in no group.
pub(super) async fn with_friends(world: World) -> World {
    world.contacts(&[contact(1, &[BO]), contact(2, &[CY]), contact(3, &[DI]), contact(4, &["+14155550204"])]).await;
    world.group(at_once(1, &[MOBILE]), &[1, 3]).await;
    world.group(group(2, Told::OnQuery, &[], &[MOBILE]), &[2]).await;
    world
}

async fn friends() -> World {
    with_friends(World::new().await).await
}

#[tokio::test]
async fn n4_one_person_in_several_groups_or_books_gets_one_message() {
    // The two notices race; each order occurs in a few rounds.
    for _ in 0..10 {
        one_message().await;
    }
}

async fn one_message() {
    let world = friends().await;
    world.group(at_once(3, &[MOBILE, WORK]), &[1]).await;
    world.group(at_once(4, &[MOBILE]), &[1]).await;
    // The same number in another entry.
    world.contacts(&[contact(5, &[BO]), contact(6, &[BO, "bo@example.org"])]).await;
    world.group(at_once(5, &[MOBILE]), &[5, 6]).await;
    world.change(MOBILE, NEW).await;
    world.after(120).await;
    world.after(10).await;
    assert_eq!(world.told(), ["mail di@example.org", "sms +14155550201"]);
    let states = world.states().await;
    let told =
        |(state, reason): &&(NoticeState, String)| *state == NoticeState::Empty && reason.starts_with("told already");
    assert_eq!(states.iter().filter(told).count(), 2, "{states:?}");
    assert!(world.env.store.shown(ANN, friend(5)).await.unwrap().is_some(), "and the ledger knows");
}

#[tokio::test]
async fn n2_what_a_text_message_has_no_room_for_is_told_by_the_next_one() {
    let world = World::new().await;
    world.contacts(&[contact(1, &[BO]), contact(2, &[DI])]).await;
    let fields = [Field::Title, Field::Organisation, Field::Role, Field::Nickname];
    let mut friends = at_once(1, &[MOBILE]);
    friends.grants.extend(fields.map(|field| Grant::Reveal(Item::Field(field))));
    world.group(friends, &[1, 2]).await;
    let mut effects = world.changing(MOBILE, NEW).await;
    for effect in &mut effects {
        if let Effect::OwnerSet { profile, .. } = effect {
            (profile.title, profile.organisation) = ("Captain".to_owned(), "Lee Ltd".to_owned());
            (profile.role, profile.nicknames) = ("Sailor".to_owned(), vec!["Annie".to_owned()]);
        }
    }
    world.commit(effects).await;
    world.after(120).await;
    let first = world.taken();
    assert_eq!(first.len(), 2, "{first:?}");
    let said =
        |text: &str| ["Captain", "Lee Ltd", "Sailor", "Annie"].iter().filter(|word| text.contains(**word)).count();
    assert_eq!(said(&first[0].text), 4, "an e-mail has room for all: {}", first[0].text);
    assert!(first[1].text.contains(NEW) && first[1].text.contains("2 more changes"), "{}", first[1].text);
    let row = world.env.store.shown(ANN, friend(1)).await.unwrap().unwrap();
    assert_eq!(said(&row.card), 2, "what was not said is not noted as shown: {}", row.card);
    world.after(120).await;
    let second = world.taken();
    assert_eq!(second.len(), 1, "{second:?}");
    assert_eq!((second[0].to.as_str(), said(&second[0].text)), (BO, 2));
    assert!(!second[0].text.contains(NEW), "{}", second[0].text);
    let all = [&*first[1].text, &*second[0].text].concat();
    assert_eq!(said(&all), 4, "{all}");
    world.after(86_400).await;
    assert!(world.told().is_empty(), "then there is nothing left");
}

#[tokio::test]
async fn n1_a_digest_at_its_time() {
    let world = World::new().await;
    world.contacts(&[contact(1, &[BO])]).await;
    world.group(group(1, Told::Digest("0 2 * * mon".to_owned()), &[], &[MOBILE]), &[1]).await;
    world.change(MOBILE, "+14155550111").await;
    world.after(6 * 86_400).await;
    world.change(MOBILE, NEW).await;
    // Two in the morning where Bo is: the first change came an hour too late for this Monday.
    world.after(22 * 3_600).await;
    assert!(world.told().is_empty());
    world.after(3_600).await;
    let given = world.taken();
    assert!(given.len() == 1 && given[0].text.contains(NEW) && given[0].text.contains("0100"), "{given:?}");
}

#[tokio::test]
async fn n3_the_next_way_after_never_and_dead_when_none_is_left() {
    let world = World::new().await;
    world.contacts(&[contact(1, &[BO, "bo@example.org"]), contact(2, &[CY])]).await;
    world.group(at_once(1, &[MOBILE]), &[1, 2]).await;
    let never = || Delivery::new(AttemptOutcome::Never, "21614 not a mobile number");
    world.sms.answers.lock().unwrap().extend([never(), never()]);
    world.change(MOBILE, NEW).await;
    let progress = world.after(120).await;
    assert_eq!(world.told(), ["mail bo@example.org", "sms +14155550201", "sms +14155550202"]);
    assert_eq!((progress.sent, progress.dead), (1, 1));
    let dead = world.env.store.notices_in(NoticeState::Dead, None, 10).await.unwrap().items;
    assert_eq!(&*dead[0].reason, "every way was refused, the last with: 21614 not a mobile number");
}

#[tokio::test]
async fn n3_tried_again_later_as_asked_and_given_up_in_the_end() {
    let world = friends().await;
    let later = |seconds| Delivery {
        retry_after: Some(Duration::from_secs(seconds)),
        ..Delivery::new(AttemptOutcome::TryAgain, "429 slow down")
    };
    world.sms.answers.lock().unwrap().extend([later(30), later(0), later(0)]);
    world.change(MOBILE, NEW).await;
    assert_eq!(world.after(120).await.later, 1);
    world.after(29).await;
    assert_eq!(world.told(), ["mail di@example.org", "sms +14155550201"], "Retry-After is obeyed");
    assert_eq!(world.after(1).await.later, 1);
    assert_eq!(world.after(100).await.dead, 1);
    let dead = world.env.store.notices_in(NoticeState::Dead, None, 10).await.unwrap().items;
    assert_eq!(&*dead[0].reason, "given up after 3 tries: 429 slow down");
    assert_eq!(world.attempts(dead[0].id).await, [Some(AttemptOutcome::TryAgain); 3]);
}

#[tokio::test]
async fn n3_unknown_is_never_simply_repeated_and_what_is_new_is_told() {
    let world = friends().await;
    world.sms.answers.lock().unwrap().push_back(Delivery::new(AttemptOutcome::Unknown, "no answer"));
    world.change(MOBILE, "+14155550111").await;
    assert_eq!(world.after(120).await.unknown, 1);
    world.commit(vec![world.fanout(Vec::new(), false)]).await;
    world.after(86_400).await;
    assert_eq!(world.told(), ["mail di@example.org", "sms +14155550201"]);
    world.change(MOBILE, NEW).await;
    world.after(120).await;
    let given = world.taken();
    assert!(
        given[1].text.contains(NEW) && given[1].text.contains("0100"),
        "from what was surely shown: {}",
        given[1].text
    );
}

#[tokio::test]
async fn n3_unknown_and_undone_is_put_right() {
    let world = friends().await;
    world.sms.answers.lock().unwrap().push_back(Delivery::new(AttemptOutcome::Unknown, "no answer"));
    world.change(MOBILE, NEW).await;
    world.after(120).await;
    world.taken();
    world.change(MOBILE, OLD).await;
    world.after(120).await;
    let given = world.taken();
    assert_eq!(given.len(), 2, "who perhaps learned the new number must learn that it is the old one again");
}

#[tokio::test]
async fn n2_a_change_while_a_message_is_under_way_is_not_swallowed() {
    let world = Arc::new(friends().await);
    world.change(MOBILE, "+14155550111").await;
    world.idle().await;
    world.clock.advance(Duration::from_mins(2));
    let meanwhile = Arc::clone(&world);
    *world.sms.meanwhile.lock().unwrap() = Some(Box::pin(async move {
        meanwhile.change(MOBILE, NEW).await;
        let schedule =
            redial::usecase::expand_fanout::Schedule { zone: jiff::tz::TimeZone::UTC, lease: Duration::from_mins(1) };
        redial::usecase::expand_fanout::expand_fanout(&meanwhile.env, &schedule).await.unwrap();
    }));
    world.idle().await;
    let first = world.taken();
    assert!(first.iter().any(|given| given.to == BO && given.text.contains("0111")), "{first:?}");
    world.after(120).await;
    let second = world.taken();
    assert!(
        second.iter().any(|given| given.to == BO && given.text.contains(NEW) && given.text.contains("0111")),
        "{second:?}"
    );
}

#[tokio::test]
async fn n6_who_opted_out_is_not_told() {
    let world = friends().await;
    let out = |key: &str, owner| OptOut { address: address(key), owner, at: world.now(), way: "STOP".into() };
    world.commit(vec![Effect::OptedOut(out(BO, None)), Effect::OptedOut(out(DI, Some(OwnerId(99))))]).await;
    world.change(MOBILE, NEW).await;
    world.after(120).await;
    assert_eq!(world.told(), ["mail di@example.org"], "Di has stopped messages about somebody else");
    assert!(world.states().await.contains(&(NoticeState::Empty, "opted out".to_owned())));
}

#[tokio::test]
async fn n4_long_overdue_is_not_sent() {
    let world = friends().await;
    world.change(MOBILE, NEW).await;
    world.idle().await;
    assert_eq!(world.after(8 * 86_400).await.dead, 2);
    assert!(world.told().is_empty());
}

#[tokio::test]
async fn n2_a_registered_recipient_is_told_at_their_own_point_and_by_the_ledger() {
    let world = World::new().await;
    let mut bo = contact(1, &[BO]);
    bo.linked = Some(OwnerId(2));
    let mut cy = contact(2, &[CY]);
    cy.linked = Some(OwnerId(3));
    let mut reachless = bob(3, CY);
    reachless.points.clear();
    world.commit(vec![Effect::OwnerAdded(bob(2, "+14155550299")), Effect::OwnerAdded(reachless)]).await;
    world.contacts(&[bo, cy]).await;
    world.group(at_once(1, &[MOBILE]), &[1, 2]).await;
    world.change(MOBILE, NEW).await;
    assert_eq!(world.after(120).await.sent, 2);
    assert_eq!(world.told(), ["sms +14155550299"], "their own number, not the one in Ann's book");
    let row = world.env.store.shown(ANN, Recipient::Owner(OwnerId(3))).await.unwrap().unwrap();
    assert!(row.card.contains(NEW), "without a way to send, the ledger is the delivery");
}

#[tokio::test]
async fn n5_in_the_readers_language_by_the_groups_channel() {
    let world = World::new().await;
    let mut wang = contact(1, &[BO, "wang@example.org"]);
    wang.language = Some("zh-TW".into());
    world.contacts(&[wang]).await;
    world.group(group(1, Told::AtOnce, &[Channel::Email], &[MOBILE]), &[1]).await;
    world.change(MOBILE, NEW).await;
    world.after(120).await;
    let given = world.taken();
    assert!(given.len() == 1 && given[0].account == "mail" && given[0].text.contains("如何查證"), "{given:?}");
}

#[tokio::test]
async fn n2_a_fanout_of_several_pages() {
    let world = World::new().await;
    let contacts: Vec<_> = (1..=1_200).map(|id| contact(id, &[&format!("+1415{:07}", 2_000_000 + id)])).collect();
    world.contacts(&contacts).await;
    world.group(at_once(1, &[MOBILE]), &(1..=1_200).collect::<Vec<_>>()).await;
    world.change(MOBILE, NEW).await;
    assert_eq!(world.idle().await.recipients, 1_200);
    world.after(120).await;
    assert_eq!(world.told().len(), 1_200);
}

#[tokio::test]
async fn n3_a_dead_or_unknown_notice_is_replayed_and_checked_again() {
    use redial::usecase::replay_notice::{NotReplayed, replay_notice};
    let world = friends().await;
    let unknown = Delivery::new(AttemptOutcome::Unknown, "no answer");
    world.sms.answers.lock().unwrap().push_back(unknown);
    let never = Delivery::new(AttemptOutcome::Never, "550 5.1.1 no such user");
    world.mail.answers.lock().unwrap().push_back(never);
    world.change(MOBILE, NEW).await;
    world.after(120).await;
    assert_eq!(world.told().len(), 2);
    for notice in world.notices().await {
        let new = replay_notice(&world.env, notice.id, "test").await.unwrap();
        let again = replay_notice(&world.env, notice.id, "test").await;
        assert!(matches!(again, Err(NotReplayed::Settled { state: "replayed", .. })), "{again:?}");
        assert!(world.env.store.notice(new).await.unwrap().is_some());
    }
    world.idle().await;
    assert_eq!(world.told(), ["mail di@example.org", "sms +14155550201"]);
    world.after(86_400).await;
    assert!(world.told().is_empty());
    let sent: Vec<_> = world.notices().await.into_iter().filter(|notice| notice.state == NoticeState::Sent).collect();
    assert_eq!(sent.len(), 2);
    assert!(replay_notice(&world.env, sent[0].id, "test").await.is_err(), "what was sent is not replayed");
}

#[tokio::test]
async fn a_test_message_goes_past_all_rules_and_is_about_nobody() {
    use redial::usecase::send_test::{NoTest, send_test};
    let world = World::new().await;
    let sent = send_test(&world.env, &world.post, "sms", &address(BO)).await.unwrap();
    assert_eq!(sent.outcome, AttemptOutcome::Sent);
    assert_eq!(world.taken()[0].text, "Redial: this is a test message. Nobody's details have changed.");
    let none = send_test(&world.env, &world.post, "outbox", &address(BO)).await;
    assert_eq!(none, Err(NoTest::Account { found: "outbox".to_owned(), known: "mail, push, sms".to_owned() }));
    let wrong = send_test(&world.env, &world.post, "sms", &address(DI)).await;
    assert_eq!(wrong, Err(NoTest::Address("sms".to_owned(), "e-mail addresses")));
}
