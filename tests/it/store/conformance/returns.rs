//! What comes back from recipients.

use crate::store::sample::*;
use redial::{
    domain::{
        id::{ContactId, NoticeId, OwnerId},
        notice::{AttemptOutcome, NoticeState, Recipient, Reported},
        owner::Channel,
    },
    store::{CardLink, Effect, Preference, Receipt, Returned, SharedStore, StoreError, Unreachable},
};
use std::time::Duration;

const PHONE: &str = "+14155550177";
const LEASE: Duration = Duration::from_hours(1);

fn returned(returned: Returned) -> Vec<Effect> {
    vec![Effect::Returned(returned)]
}

fn receipt(account: &str, id: &str, reported: Reported, when: i64) -> Receipt {
    let (account, foreign_id) = (account.into(), id.into());
    Receipt { account, foreign_id, reported, code: "30005".into(), dead: true, stopped: false, at: at(when) }
}

pub(crate) async fn receipts_are_kept_once_and_for_a_month(store: &SharedStore) {
    let received = |one: &Receipt| returned(Returned::Received(one.clone()));
    let long = "x".repeat(3_000);
    let (first, second) = (receipt("sms", &long, Reported::Sent, 1), receipt("sms", &long, Reported::Bounced, 0));
    let stopped = Receipt { stopped: true, dead: false, code: "".into(), ..first.clone() };
    for one in [&first, &second, &stopped, &receipt("other", &long, Reported::Sent, 1), &first] {
        write(store, received(one)).await;
    }
    let mut found = store.receipts("sms", &long).await.unwrap();
    found.sort_by_key(|one| (one.reported, one.stopped));
    assert_eq!(found, [first, stopped, second]);
    assert!(store.receipts("sms", "other").await.unwrap().is_empty());
    write(store, received(&receipt("sms", "late", Reported::Sent, 40 * 86_400))).await;
    assert!(store.receipts("sms", &long).await.unwrap().is_empty(), "they are forgotten");
}

/// A notice with one attempt that was sent.
async fn sent(store: &SharedStore) {
    write(store, vec![Effect::NoticeDue(notice(1, 1, 1, at(1)))]).await;
    let claimed = store.claim(false, 1, LEASE).await.unwrap().pop().unwrap();
    let (id, fence) = (claimed.notice.id, claimed.fence);
    let ended = Effect::AttemptEnded {
        notice: id,
        number: 1,
        outcome: AttemptOutcome::Sent,
        foreign_id: None,
        detail: "".into(),
    };
    let set = Effect::NoticeSet {
        id,
        fence,
        seen: claimed.notice.due,
        state: NoticeState::Sent,
        due: claimed.notice.due,
        attempts: 1,
        reason: "".into(),
    };
    write(store, vec![Effect::AttemptBegun { attempt: attempt(&claimed.notice, 1, PHONE), fence }, ended, set]).await;
}

pub(crate) async fn furthest_report_of_an_attempt_counts(store: &SharedStore) {
    sent(store).await;
    let reported = |number, reported, id: &str| {
        returned(Returned::Reported { notice: NoticeId(1), number, reported, foreign_id: id.into() })
    };
    assert!(matches!(refused(store, reported(2, Reported::Sent, "m")).await, StoreError::Conflict));
    for (said, expected) in [
        (Reported::Sent, Reported::Sent),
        (Reported::Delivered, Reported::Delivered),
        (Reported::Accepted, Reported::Delivered),
        (Reported::Bounced, Reported::Bounced),
    ] {
        write(store, reported(1, said, "m1")).await;
        assert_eq!(store.attempts(NoticeId(1)).await.unwrap()[0].reported, Some(expected));
    }
    write(store, reported(1, Reported::Sent, "m2")).await;
    let found = store.attempt_by_foreign_id("sms", "m1").await.unwrap().expect("the id that it had first");
    assert_eq!((found.number, found.reported), (1, Some(Reported::Bounced)));
    assert_eq!(store.attempt_by_foreign_id("sms", "m2").await.unwrap(), None);
    assert_eq!(store.last_attempt_to("sms", PHONE).await.unwrap(), Some(found));
    assert_eq!(store.last_attempt_to("mail", PHONE).await.unwrap(), None);
    assert_eq!(store.last_attempt_to("sms", "+14155550178").await.unwrap(), None);
}

pub(crate) async fn reports_that_changed_nothing_are_found(store: &SharedStore) {
    let cases = [
        (AttemptOutcome::Unknown, Reported::Accepted, true),
        (AttemptOutcome::Unknown, Reported::Bounced, true),
        (AttemptOutcome::Sent, Reported::Delivered, false),
        (AttemptOutcome::Sent, Reported::Failed, true),
        (AttemptOutcome::Sent, Reported::Expired, true),
        (AttemptOutcome::Sent, Reported::Bounced, true),
        (AttemptOutcome::TryAgain, Reported::Failed, false),
        (AttemptOutcome::Never, Reported::Bounced, false),
    ];
    for (number, (outcome, reported, _)) in (1..).zip(cases) {
        write(store, vec![Effect::NoticeDue(notice(number, 1, number, at(1)))]).await;
        let claimed = store.claim(false, 1, LEASE).await.unwrap().pop().unwrap();
        let (notice, fence) = (claimed.notice.id, claimed.fence);
        let begun = attempt(&claimed.notice, 1, &format!("+141555501{number:02}"));
        let (foreign_id, detail) = (None, "".into());
        let ended = Effect::AttemptEnded { notice, number: 1, outcome, foreign_id, detail };
        write(store, vec![Effect::AttemptBegun { attempt: begun, fence }, ended]).await;
        assert!(!store.unsettled(None, 99).await.unwrap().contains(&notice), "no report came");
        let foreign_id = format!("m{number}").into();
        write(store, returned(Returned::Reported { notice, number: 1, reported, foreign_id })).await;
    }
    let expected: Vec<_> = (1..).zip(cases).filter(|(_, case)| case.2).map(|(number, _)| NoticeId(number)).collect();
    assert_eq!(store.unsettled(None, 99).await.unwrap(), expected);
    assert_eq!(store.unsettled(Some(expected[0]), 2).await.unwrap(), expected[1..3]);
}

pub(crate) async fn settled_notice_can_be_opened_again(store: &SharedStore) {
    sent(store).await;
    let reopened = |from| returned(Returned::Reopened { id: NoticeId(1), from, due: at(9), reason: "again".into() });
    assert!(matches!(refused(store, reopened(NoticeState::Unknown)).await, StoreError::Conflict));
    write(store, reopened(NoticeState::Sent)).await;
    assert!(matches!(refused(store, reopened(NoticeState::Sent)).await, StoreError::Conflict));
    let found = store.notice(NoticeId(1)).await.unwrap().unwrap();
    assert_eq!((found.state, found.due, found.attempts, found.settled), (NoticeState::Open, at(9), 1, None));
    assert!(store.claim(false, 1, LEASE).await.unwrap().is_empty());
    assert_eq!(store.claim(true, 1, LEASE).await.unwrap()[0].notice.id, NoticeId(1), "as one that is tried again");
}

pub(crate) async fn only_one_notice_of_a_pair_is_opened_again(store: &SharedStore) {
    sent(store).await;
    write(store, vec![Effect::NoticeDue(notice(2, 1, 1, at(1)))]).await;
    let from = NoticeState::Sent;
    let reopened = Returned::Reopened { id: NoticeId(1), from, due: at(9), reason: "again".into() };
    assert!(matches!(refused(store, returned(reopened)).await, StoreError::Conflict));
}

pub(crate) async fn dead_addresses_are_kept_until_they_are_not(store: &SharedStore) {
    let dead = |key: &str, when| Unreachable { address: address(key), at: at(when), way: "bounce:5.1.1".into() };
    let mail = "z@example.com";
    for one in [dead(PHONE, 1), dead(mail, 2), dead(PHONE, 3)] {
        write(store, returned(Returned::Unreachable(one))).await;
    }
    let keys = [mail.into(), PHONE.into(), "+14155550178".into()];
    assert_eq!(store.unreachable(&keys).await.unwrap(), [dead(mail, 2), dead(PHONE, 3)]);
    write(store, returned(Returned::Reachable(PHONE.into()))).await;
    write(store, returned(Returned::Reachable(PHONE.into()))).await;
    assert_eq!(store.unreachable(&keys).await.unwrap(), [dead(mail, 2)]);
}

pub(crate) async fn message_from_a_person_counts_once(store: &SharedStore) {
    let heard = |account: &str, id: &str, when| {
        returned(Returned::Heard { account: account.into(), foreign_id: id.into(), at: at(when) })
    };
    write(store, heard("sms", "m1", 1)).await;
    assert!(matches!(refused(store, heard("sms", "m1", 2)).await, StoreError::Repeated));
    write(store, heard("other", "m1", 2)).await;
    write(store, heard("sms", "m2", 2)).await;
    let mut both = heard("sms", "m1", 3);
    both.extend(returned(Returned::Unreachable(Unreachable { address: address(PHONE), at: at(3), way: "x".into() })));
    assert!(matches!(refused(store, both).await, StoreError::Repeated));
    assert!(store.unreachable(&[PHONE.into()]).await.unwrap().is_empty(), "all or nothing");

    assert_eq!(store.confirmed(PHONE).await.unwrap(), None);
    for when in [5, 7] {
        write(store, returned(Returned::Confirmed { key: PHONE.into(), at: at(when) })).await;
        assert_eq!(store.confirmed(PHONE).await.unwrap(), Some(at(when)));
    }
}

pub(crate) async fn links_are_renewed_and_end(store: &SharedStore) {
    let link = |token: &str, owner, key: &str, made, until| CardLink {
        token: token.into(),
        owner: OwnerId(owner),
        recipient: Some(Recipient::Contact(ContactId(7))),
        address: address(key),
        language: "de".into(),
        at: at(made),
        until: at(until),
    };
    let linked = |link: &CardLink| returned(Returned::CardLinked(link.clone()));
    let first = link("t1", 1, PHONE, 1, 100);
    for one in [&first, &link("t2", 1, PHONE, 5, 50), &link("t3", 2, PHONE, 1, 100)] {
        write(store, linked(one)).await;
    }
    assert_eq!(store.card_link("t1").await.unwrap(), Some(first.clone()));
    assert_eq!(store.card_link("t0").await.unwrap(), None);
    let newest = async |owner| store.card_link_of(OwnerId(owner), PHONE).await.unwrap().map(|link| link.token);
    assert_eq!(newest(1).await.as_deref(), Some("t2"), "the newest one");
    assert_eq!(newest(3).await, None);

    let renewed = CardLink {
        recipient: Some(Recipient::Owner(OwnerId(9))),
        language: "fr".into(),
        until: at(200),
        ..first.clone()
    };
    write(store, linked(&renewed)).await;
    assert_eq!(store.card_link("t1").await.unwrap(), Some(renewed));

    let until = async |token: &str| store.card_link(token).await.unwrap().unwrap().until;
    let ended = |key: Option<&str>| Returned::CardLinksEnded { owner: OwnerId(1), key: key.map(Into::into) };
    write(store, returned(ended(Some("+14155550199")))).await;
    assert_eq!(until("t1").await, at(200), "those to another address");
    write(store, returned(ended(Some(PHONE)))).await;
    assert_eq!((until("t1").await, until("t2").await, until("t3").await), (at(1), at(5), at(100)));
    write(store, returned(Returned::CardLinksEnded { owner: OwnerId(2), key: None })).await;
    assert_eq!(until("t3").await, at(1));

    let later = CardLink { at: at(1).after(Duration::from_hours(401 * 24)), ..link("t4", 1, PHONE, 1, 1) };
    write(store, linked(&later)).await;
    assert_eq!(store.card_link("t1").await.unwrap(), None, "long over");
}

pub(crate) async fn preference_of_an_address_is_the_last_one(store: &SharedStore) {
    let said = |key: &str, first, language: &str, when| Preference {
        address: address(key),
        first,
        language: language.into(),
        at: at(when),
    };
    let mail = "bo@example.com";
    for one in
        [said(PHONE, Some(Channel::Email), "de", 1), said(mail, None, "", 2), said(PHONE, Some(Channel::Sms), "ar", 3)]
    {
        write(store, returned(Returned::Preferred(one))).await;
    }
    let keys: Vec<Box<str>> = vec![mail.into(), "+14155550178".into(), PHONE.into()];
    let expected = [said(mail, None, "", 2), said(PHONE, Some(Channel::Sms), "ar", 3)];
    assert_eq!(store.preferences(&keys).await.unwrap(), expected);
}
