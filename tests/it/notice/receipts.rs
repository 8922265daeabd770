//! What delivery reports make of our own notices: early, late, repeated, out of order, never.

use super::world::{ANN, MOBILE, NEW, World, contact, friend, group};
use redial::{
    domain::{
        group::Told,
        id::NoticeId,
        notice::{AttemptOutcome, NoticeState, Reported, Standing, standing},
    },
    store::Effect,
    transport::delivery::Delivery,
    usecase::{
        Rules,
        explain::{Explained, explain},
        receipts::{OwnMessage, Report, receive},
    },
};
use std::{sync::Arc, time::Duration};

const BO: &str = "+14155550201";
const MAIL: &str = "bo@example.org";

fn report(id: &str, reported: Reported) -> Report {
    Report { foreign_id: id.into(), reported, code: "".into(), dead: false, stopped: false }
}

fn replied(outcome: AttemptOutcome, id: Option<&str>) -> Delivery {
    Delivery { foreign_id: id.map(Into::into), ..Delivery::new(outcome, "said") }
}

/// Bo, with a number and perhaps an e-mail address, is told of Ann's new number; what the SMS account answers.
async fn told(addresses: &[&str], reply: Delivery) -> (World, NoticeId) {
    let world = World::new().await;
    world.contacts(&[contact(1, addresses)]).await;
    world.group(group(1, Told::AtOnce, &[], &[MOBILE]), &[1]).await;
    world.sms.answers.lock().unwrap().push_back(reply);
    world.change(MOBILE, "+14155550111").await;
    world.after(120).await;
    assert_eq!(world.told(), [format!("sms {BO}")]);
    let id = world.notices().await[0].id;
    (world, id)
}

async fn says(world: &World, report: &Report) -> bool {
    receive(&world.env, "sms", None, report).await.unwrap()
}

async fn state(world: &World) -> (NoticeState, Option<Reported>) {
    let notice = world.notices().await.pop().unwrap();
    let last = world.env.store.attempts(notice.id).await.unwrap().pop().unwrap();
    (notice.state, last.reported)
}

/// What Bo is told of Ann's next change.
async fn told_next(world: &World) -> Vec<String> {
    world.change(MOBILE, NEW).await;
    world.after(120).await;
    world.taken().into_iter().map(|given| given.text).collect()
}

#[tokio::test]
async fn n3_reports_in_any_order_give_one_state() {
    use Reported::{Accepted, Bounced, Delivered, Sent};
    for (rule, reports, expected) in [
        ("as it should be", &[Accepted, Sent, Delivered][..], (NoticeState::Sent, Delivered)),
        ("out of order", &[Delivered, Accepted, Sent], (NoticeState::Sent, Delivered)),
        ("repeated", &[Sent, Sent, Delivered, Delivered], (NoticeState::Sent, Delivered)),
        ("a bounce after the delivery", &[Delivered, Bounced], (NoticeState::Dead, Bounced)),
        ("a delivery after the bounce", &[Bounced, Delivered], (NoticeState::Dead, Bounced)),
    ] {
        let (world, _) = told(&[BO], replied(AttemptOutcome::Sent, Some("m1"))).await;
        for &reported in reports {
            assert!(says(&world, &report("m1", reported)).await, "{rule}");
        }
        world.after(60).await;
        assert_eq!(state(&world).await, (expected.0, Some(expected.1)), "{rule}");
        let found = explain(&world.env, "m1", &["sms".into()]).await.unwrap();
        let Explained::Notice(notice, attempts) = found else { panic!("{rule}: {found:?}") };
        assert_eq!(
            (notice.state, attempts[0].reported),
            (expected.0, Some(expected.1)),
            "{rule}, by the provider's id"
        );
        assert!(world.told().is_empty(), "{rule}: there is no other way to Bo");
    }
}

#[tokio::test]
async fn n3_a_report_that_comes_before_the_reply_is_found_by_it() {
    for (rule, reported, dead) in
        [("delivered", Reported::Delivered, false), ("a dead number", Reported::Bounced, true)]
    {
        let world = World::new().await;
        world.contacts(&[contact(1, &[BO])]).await;
        world.group(group(1, Told::AtOnce, &[], &[MOBILE]), &[1]).await;
        world.sms.answers.lock().unwrap().push_back(replied(AttemptOutcome::Sent, Some("m1")));
        let env = world.env.clone();
        *world.sms.meanwhile.lock().unwrap() = Some(Box::pin(async move {
            let early = Report { dead, ..report("m1", reported) };
            assert!(!receive(&env, "sms", None, &early).await.unwrap(), "nothing has this id yet");
        }));
        world.change(MOBILE, NEW).await;
        world.after(120).await;
        let expected = if dead { NoticeState::Dead } else { NoticeState::Sent };
        assert_eq!(state(&world).await, (expected, Some(reported)), "{rule}");
        assert_eq!(!world.env.store.unreachable(&[BO.into()]).await.unwrap().is_empty(), dead, "{rule}");
    }
}

#[tokio::test]
async fn n3_a_report_settles_a_message_that_nobody_answered_for() {
    let (world, id) = told(&[BO], replied(AttemptOutcome::Unknown, None)).await;
    assert_eq!(state(&world).await, (NoticeState::Unknown, None));
    let own = Some(OwnMessage { notice: id, number: 1 });
    assert!(!receive(&world.env, "other", own, &report("m1", Reported::Sent)).await.unwrap(), "another account's word");
    assert_eq!(state(&world).await.0, NoticeState::Unknown);
    assert!(receive(&world.env, "sms", own, &report("m1", Reported::Sent)).await.unwrap());
    assert_eq!(state(&world).await, (NoticeState::Sent, Some(Reported::Sent)));
    assert_eq!(world.attempts(id).await, [Some(AttemptOutcome::Sent)]);
    assert!(says(&world, &report("m1", Reported::Delivered)).await, "from now on it is found by the provider's id");
    let next = told_next(&world).await;
    assert!(next.len() == 1 && next[0].contains("0111") && next[0].contains(NEW), "from what Bo has seen: {next:?}");
}

#[tokio::test]
async fn n3_what_did_not_arrive_goes_by_the_next_way() {
    for reply in [AttemptOutcome::Sent, AttemptOutcome::Unknown] {
        let (world, id) = told(&[BO, MAIL], replied(reply, Some("m1"))).await;
        says(&world, &report("m1", Reported::Bounced)).await;
        world.idle().await;
        let given = world.taken();
        assert_eq!(given.len(), 1, "{given:?}");
        assert!(given[0].to == MAIL && given[0].text.contains("0111") && given[0].text.contains("0100"), "{given:?}");
        assert_eq!(world.attempts(id).await, [Some(AttemptOutcome::Never), Some(AttemptOutcome::Sent)]);
        says(&world, &report("m1", Reported::Bounced)).await;
        world.after(7_200).await;
        assert!(world.told().is_empty(), "the same report again");
    }
}

#[tokio::test]
async fn n3_who_was_not_reached_is_told_all_of_it_the_next_time() {
    let (world, _) = told(&[BO], replied(AttemptOutcome::Sent, Some("m1"))).await;
    says(&world, &report("m1", Reported::Bounced)).await;
    world.idle().await;
    assert_eq!(state(&world).await.0, NoticeState::Dead);
    let next = told_next(&world).await;
    assert!(next.len() == 1 && next[0].contains("0100"), "Bo never learned of the number in between: {next:?}");
}

#[tokio::test]
async fn n3_what_was_too_late_is_tried_again_and_not_when_it_arrived_after_all() {
    for (arrives, expected) in [(false, 1), (true, 0)] {
        let (world, _) = told(&[BO], replied(AttemptOutcome::Sent, Some("m1"))).await;
        says(&world, &report("m1", Reported::Expired)).await;
        world.after(60).await;
        assert!(world.told().is_empty(), "not at once");
        if arrives {
            says(&world, &report("m1", Reported::Delivered)).await;
            assert_eq!(state(&world).await, (NoticeState::Sent, Some(Reported::Delivered)));
        }
        world.after(3_600).await;
        assert_eq!(world.told().len(), expected);
        assert_eq!(world.notices().await[0].state, NoticeState::Sent);
    }
}

#[tokio::test]
async fn n3_a_report_on_an_older_message_leaves_the_newer_one_alone() {
    let (world, _) = told(&[BO], replied(AttemptOutcome::Sent, Some("m1"))).await;
    assert_eq!(told_next(&world).await.len(), 1);
    says(&world, &report("m1", Reported::Bounced)).await;
    world.after(7_200).await;
    assert!(world.told().is_empty(), "Bo was shown the newest number since");
    let row = world.env.store.shown(ANN, friend(1)).await.unwrap().unwrap();
    assert!(row.card.contains(NEW));
}

#[tokio::test]
async fn n6_a_dead_number_and_a_refusal_end_messages_there() {
    for (dead, stopped) in [(true, false), (false, true)] {
        let (world, _) = told(&[BO], replied(AttemptOutcome::Sent, Some("m1"))).await;
        let said = Report { dead, stopped, code: "30005".into(), ..report("m1", Reported::Bounced) };
        says(&world, &said).await;
        world.after(60).await;
        assert!(told_next(&world).await.is_empty());
        let trail = world.env.store.audit(ANN, None, 100).await.unwrap().items;
        let hint = trail.iter().find(|line| &*line.what == "recipient_unreachable");
        assert_eq!(hint.is_some(), dead, "C8: the owner's trail says that this recipient has perhaps moved");
        assert!(hint.is_none_or(|hint| hint.detail.contains("con_") && !hint.detail.contains(BO)), "{hint:?}");
        assert_eq!(world.env.store.opt_outs(&[BO.into()]).await.unwrap().len(), usize::from(stopped));

        // START, and then the same old report once more (W1: it counts once).
        world
            .commit(vec![
                Effect::OptedIn { key: BO.into(), owner: None },
                Effect::Returned(redial::store::Returned::Reachable(BO.into())),
                // Rule C8: somebody is there, and the owner says that it is Bo.
                Effect::Awoke { owner: ANN, key: BO.into() },
            ])
            .await;
        says(&world, &said).await;
        world.change(MOBILE, "+14155550112").await;
        world.after(120).await;
        assert_eq!(world.told(), [format!("sms {BO}")]);
    }
}

/// An account that names another one's message, by our own name for it or by the provider's id, is not believed about it.
#[tokio::test]
async fn w1_a_report_counts_for_messages_of_its_own_account_alone() {
    let (world, id) = told(&[BO], replied(AttemptOutcome::Sent, Some("m1"))).await;
    let own = OwnMessage { notice: id, number: 1 };
    let dead = Report { dead: true, ..report("m1", Reported::Bounced) };
    for named in [Some(own), None] {
        assert!(!receive(&world.env, "another", named, &dead).await.unwrap(), "{named:?}");
    }
    assert_eq!(state(&world).await, (NoticeState::Sent, None));
    assert!(world.env.store.unreachable(&[BO.into()]).await.unwrap().is_empty());
    assert!(receive(&world.env, "sms", Some(own), &dead).await.unwrap());
    assert_eq!(world.env.store.unreachable(&[BO.into()]).await.unwrap().len(), 1);
}

#[tokio::test]
async fn n6_what_the_reply_itself_says_counts_too() {
    let dead = Delivery { dead: true, ..replied(AttemptOutcome::Never, None) };
    let (world, _) = told(&[BO], dead).await;
    assert_eq!(world.notices().await[0].state, NoticeState::Dead);
    assert!(told_next(&world).await.is_empty());
    let reason = world.notices().await[1].reason.to_string();
    assert!(reason.contains("dead"), "{reason}");
}

#[tokio::test]
async fn n6_a_dead_number_ends_where_somebody_proves_it() {
    let (world, _) = told(&[BO], replied(AttemptOutcome::Sent, Some("m1"))).await;
    says(&world, &Report { dead: true, ..report("m1", Reported::Bounced) }).await;
    world.after(60).await;
    let mut bob = super::world::bob(50, BO);
    bob.points[0].values = vec![super::world::held(BO, world.now())];
    world.commit(vec![Effect::OwnerAdded(bob)]).await;
    assert!(told_next(&world).await.is_empty(), "C8: whether that is Bo, Ann must say");
    world.commit(vec![Effect::Awoke { owner: ANN, key: BO.into() }]).await;
    world.change(MOBILE, "+14155550113").await;
    world.after(120).await;
    assert_eq!(world.told().len(), 1);
}

#[tokio::test]
async fn n3_no_report_ever_ends_as_unknown() {
    let (world, id) = told(&[BO], replied(AttemptOutcome::Sent, Some("m1"))).await;
    let stands = async || {
        let attempt = world.env.store.attempts(id).await.unwrap().remove(0);
        standing(&attempt, world.env.rules().reports_within(&attempt.account), world.now())
    };
    assert_eq!(stands().await, Standing::Waiting);
    says(&world, &report("m1", Reported::Sent)).await;
    assert_eq!(stands().await, Standing::OnItsWay);
    world.after(72 * 3_600).await;
    assert_eq!(stands().await, Standing::Unknown);
    let longer = [("sms".into(), Duration::from_hours(96))].into();
    world.env.live.replace(Rules { reports: longer, ..Rules::default() });
    assert_eq!(stands().await, Standing::OnItsWay, "an account of which the operator says so takes longer");
    assert!(world.told().is_empty(), "and is never sent again for that");
}

#[tokio::test]
async fn n4_a_report_while_its_message_is_under_way_waits_for_its_end() {
    let world = World::new().await;
    world.contacts(&[contact(1, &[BO])]).await;
    world.group(group(1, Told::AtOnce, &[], &[MOBILE]), &[1]).await;
    world.sms.answers.lock().unwrap().push_back(replied(AttemptOutcome::Unknown, None));
    let env = world.env.clone();
    *world.sms.meanwhile.lock().unwrap() = Some(Box::pin(async move {
        let id = env.store.notices(ANN, None, 9).await.unwrap().items[0].id;
        let own = Some(OwnMessage { notice: id, number: 1 });
        assert!(receive(&env, "sms", own, &report("m1", Reported::Delivered)).await.unwrap());
    }));
    world.change(MOBILE, NEW).await;
    world.after(120).await;
    assert_eq!(state(&world).await, (NoticeState::Sent, Some(Reported::Delivered)));
    let _kept = Arc::clone(&world.post);
    world.after(Duration::from_hours(100).as_secs()).await;
    assert_eq!(world.told().len(), 1);
}
