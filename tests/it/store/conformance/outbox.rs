//! Fan-outs, notices, claims, attempts, the ledger.

use crate::store::sample::*;
use redial::{
    clock::Time,
    domain::{
        address::{Address, phone::Country},
        id::{ContactId, FanoutId, NoticeId, OwnerId},
        notice::{Attempt, AttemptOutcome, Notice, NoticeState, Recipient, Shown},
    },
    store::{Claimed, Effect, Fanout, SharedStore, StoreError},
};
use std::{collections::BTreeSet, time::Duration};

const LEASE: Duration = Duration::from_hours(1);
/// A claim that is over at once.
const NONE: Duration = Duration::ZERO;

async fn conflict(store: &SharedStore, effect: Effect) {
    assert!(matches!(refused(store, vec![effect]).await, StoreError::Conflict));
}

async fn claim(store: &SharedStore, retries: bool, lease: Duration) -> Option<Claimed> {
    let mut claimed = store.claim(retries, 1, lease).await.unwrap();
    assert!(claimed.len() < 2);
    claimed.pop()
}

fn settle(claimed: &Claimed, state: NoticeState, due: Time, attempts: u32) -> Effect {
    Effect::NoticeSet {
        id: claimed.notice.id,
        fence: claimed.fence,
        seen: claimed.notice.due,
        state,
        due,
        attempts,
        reason: "because".into(),
    }
}

pub(crate) async fn fanout_is_claimed_page_by_page(store: &SharedStore) {
    assert_eq!(store.claim_fanout(LEASE).await.unwrap(), None);
    let full = Fanout {
        only: vec![Recipient::Contact(ContactId(3)), Recipient::Owner(OwnerId(2))],
        silent: true,
        cursor: Some(Recipient::Contact(ContactId(2))),
        ..fanout(1, 1, at(5))
    };
    let later = fanout(2, 1, Time(store.now().await.unwrap().0 + 86_400_000_000));
    write(store, vec![Effect::FanoutDue(full.clone()), Effect::FanoutDue(later.clone())]).await;
    conflict(store, Effect::FanoutDue(full.clone())).await;
    assert_eq!(store.claim_fanout(LEASE).await.unwrap(), Some(full.clone()));
    assert_eq!(store.claim_fanout(LEASE).await.unwrap(), None, "one is claimed, one is not due");

    let cursor = Some(Recipient::Owner(OwnerId(9)));
    write(store, vec![Effect::FanoutMoved(FanoutId(1), cursor)]).await;
    let moved = Some(Fanout { cursor, ..full });
    assert_eq!(store.claim_fanout(NONE).await.unwrap(), moved);
    assert_eq!(store.claim_fanout(LEASE).await.unwrap(), moved, "its claim is over");
    write(store, vec![Effect::FanoutMoved(FanoutId(1), None)]).await;
    conflict(store, Effect::FanoutMoved(FanoutId(1), cursor)).await;
    assert_eq!(store.claim_fanout(LEASE).await.unwrap(), None);
    assert_eq!(store.next_due().await.unwrap(), Some(later.at));
}

pub(crate) async fn pair_has_one_open_notice(store: &SharedStore) {
    let first = Notice { first: at(1), reason: "new".into(), ..notice(1, 1, 1, at(50)) };
    write(store, vec![Effect::NoticeDue(first.clone())]).await;
    write(
        store,
        vec![
            Effect::NoticeDue(Notice { first: at(9), ..notice(2, 1, 1, at(20)) }),
            Effect::NoticeDue(notice(3, 1, 2, at(30))),
            Effect::NoticeDue(notice(4, 2, 1, at(40))),
        ],
    )
    .await;
    assert_eq!(store.notice(NoticeId(2)).await.unwrap(), None);
    let moved = Notice { due: at(20), since: at(20), ..first };
    assert_eq!(store.notice(NoticeId(1)).await.unwrap(), Some(moved.clone()));
    assert_eq!(store.open_notice(OwnerId(1), moved.recipient).await.unwrap(), Some(moved));
    assert_eq!(store.open_notice(OwnerId(3), Recipient::Contact(ContactId(1))).await.unwrap(), None);
    assert_eq!(store.next_due().await.unwrap(), Some(at(20)));
    let page = store.notices(OwnerId(1), None, 1).await.unwrap();
    assert_eq!((page.items[0].id, page.more), (NoticeId(3), true));
    let page = store.notices(OwnerId(1), Some(NoticeId(3)), 1).await.unwrap();
    assert_eq!((page.items[0].id, page.more), (NoticeId(1), false));
    let open = store.notices_in(NoticeState::Open, Some(NoticeId(1)), 9).await.unwrap();
    assert_eq!(open.items.iter().map(|notice| notice.id.0).collect::<Vec<_>>(), [3, 4]);
}

pub(crate) async fn claims_are_in_order_and_of_what_is_due(store: &SharedStore) {
    let future = Time(store.now().await.unwrap().0 + 86_400_000_000);
    for (number, due) in [(1, at(3)), (2, at(1)), (3, future), (4, at(2))] {
        write(store, vec![Effect::NoticeDue(notice(number, 1, number, due))]).await;
    }
    let claimed = store.claim(false, 2, LEASE).await.unwrap();
    assert_eq!(claimed.iter().map(|claimed| claimed.notice.id.0).collect::<Vec<_>>(), [2, 4]);
    assert_eq!(claimed[0].notice, notice(2, 1, 2, at(1)));
    let now = store.now().await.unwrap();
    assert!(claimed[0].until > now && claimed[0].until <= now.after(LEASE));
    let rest = store.claim(false, 9, LEASE).await.unwrap();
    assert_eq!(rest.iter().map(|claimed| claimed.notice.id.0).collect::<Vec<_>>(), [1]);
    assert!(store.claim(true, 9, LEASE).await.unwrap().is_empty());
    let next = store.next_due().await.unwrap().unwrap();
    assert!(next > now && next <= claimed[0].until.max(rest[0].until), "a claimed one counts from its end");
}

pub(crate) async fn two_claimers_never_share(store: &SharedStore) {
    write(store, (0..60).map(|n| Effect::NoticeDue(notice(n, 1, n, at(0)))).collect()).await;
    let claims = futures_util::future::join_all((0..12).map(|_| store.claim(false, 7, LEASE))).await;
    let all: Vec<_> = claims.into_iter().flat_map(|claim| claim.unwrap()).map(|claimed| claimed.notice.id.0).collect();
    assert_eq!(all.len(), all.iter().collect::<BTreeSet<_>>().len(), "none twice: {all:?}");
    let rest = store.claim(false, 60, LEASE).await.unwrap();
    assert_eq!(all.len() + rest.len(), 60, "none lost");
}

pub(crate) async fn fence_refuses_who_came_too_late(store: &SharedStore) {
    write(store, vec![Effect::NoticeDue(notice(1, 1, 1, at(0)))]).await;
    let late = claim(store, false, NONE).await.unwrap();
    let now = claim(store, false, LEASE).await.unwrap();
    assert!(now.fence > late.fence);
    conflict(store, settle(&late, NoticeState::Sent, EARLY, 1)).await;
    conflict(store, Effect::AttemptBegun { attempt: attempt(&late.notice, 1, "+14155550101"), fence: late.fence })
        .await;
    assert!(!store.heartbeat(NoticeId(1), late.fence, LEASE).await.unwrap());
    assert!(store.heartbeat(NoticeId(1), now.fence, LEASE).await.unwrap());
    assert!(!store.heartbeat(NoticeId(9), now.fence, LEASE).await.unwrap());
    write(store, vec![settle(&now, NoticeState::Sent, EARLY, 1)]).await;
    conflict(store, settle(&now, NoticeState::Sent, EARLY, 1)).await;
    assert!(!store.heartbeat(NoticeId(1), now.fence, LEASE).await.unwrap());
    let settled = store.notice(NoticeId(1)).await.unwrap().unwrap();
    assert_eq!((settled.state, settled.attempts, &*settled.reason), (NoticeState::Sent, 1, "because"));
    assert!(settled.settled.is_some());
}

pub(crate) async fn heartbeat_prolongs(store: &SharedStore) {
    write(store, vec![Effect::NoticeDue(notice(1, 1, 1, at(0)))]).await;
    let held = claim(store, false, NONE).await.unwrap();
    assert!(store.heartbeat(NoticeId(1), held.fence, LEASE).await.unwrap());
    assert_eq!(claim(store, false, LEASE).await, None);
    assert!(store.heartbeat(NoticeId(1), held.fence, NONE).await.unwrap());
    assert!(claim(store, false, LEASE).await.is_some());
}

pub(crate) async fn retries_have_their_own_lane(store: &SharedStore) {
    write(store, vec![Effect::NoticeDue(notice(1, 1, 1, at(0)))]).await;
    let first = claim(store, false, LEASE).await.unwrap();
    write(store, vec![settle(&first, NoticeState::Open, at(7), 1)]).await;
    assert_eq!(claim(store, false, LEASE).await, None);
    assert_eq!(store.next_due().await.unwrap(), Some(at(7)));
    let again = claim(store, true, LEASE).await.unwrap();
    assert_eq!((again.notice.due, again.notice.attempts, again.notice.settled), (at(7), 1, None));
    // A deferral costs no attempt.
    write(store, vec![settle(&again, NoticeState::Open, at(8), 0)]).await;
    assert!(claim(store, true, LEASE).await.is_none() && claim(store, false, LEASE).await.is_some());
}

pub(crate) async fn settled_pair_may_have_a_new_notice(store: &SharedStore) {
    for (number, state) in (1..).zip([NoticeState::Sent, NoticeState::Empty, NoticeState::Unknown, NoticeState::Dead]) {
        write(store, vec![Effect::NoticeDue(notice(number, 1, 1, at(0)))]).await;
        let claimed = claim(store, false, LEASE).await.unwrap();
        assert_eq!(claimed.notice.id, NoticeId(number));
        write(store, vec![settle(&claimed, state, EARLY, 0)]).await;
        let found = store.notices_in(state, None, 9).await.unwrap().items;
        assert_eq!(found.iter().map(|notice| notice.id.0).collect::<Vec<_>>(), [number]);
    }
    assert_eq!(store.next_due().await.unwrap(), None);
}

pub(crate) async fn what_comes_during_a_claim_is_told_afterwards(store: &SharedStore) {
    for (contact, new_due) in [(1, at(500)), (2, at(100)), (3, at(3))] {
        // Later, the same moment, earlier: in each case something came that the claimant has not seen.
        write(store, vec![Effect::NoticeDue(notice(contact, 1, contact, at(100)))]).await;
        let held = claim(store, false, LEASE).await.unwrap();
        write(store, vec![Effect::NoticeDue(notice(contact + 10, 1, contact, new_due))]).await;
        assert_eq!(claim(store, false, LEASE).await, None, "the claim holds");
        let before = store.now().await.unwrap();
        write(store, vec![settle(&held, NoticeState::Sent, EARLY, 3)]).await;
        let open = store.notice(NoticeId(contact)).await.unwrap().unwrap();
        assert_eq!((open.state, open.attempts, open.settled), (NoticeState::Open, 0, None));
        assert!(open.due > at(100) && open.due >= new_due, "{:?}", open.due);
        assert!(open.first >= before, "what was told before is over");
        let next = claim(store, false, LEASE).await.unwrap();
        assert_eq!(next.notice.id, NoticeId(contact));
        write(store, vec![settle(&next, NoticeState::Sent, EARLY, 1)]).await;
        assert_eq!(claim(store, false, LEASE).await, None);
    }
    // A try that failed has not told anything, so its attempts count on and its first moment stays.
    write(store, vec![Effect::NoticeDue(notice(4, 1, 4, at(100)))]).await;
    let held = claim(store, false, LEASE).await.unwrap();
    write(store, vec![Effect::NoticeDue(notice(14, 1, 4, at(200)))]).await;
    write(store, vec![settle(&held, NoticeState::Open, at(9_000), 2)]).await;
    let open = store.notice(NoticeId(4)).await.unwrap().unwrap();
    assert_eq!((open.due, open.attempts, open.first), (at(200), 2, EARLY));
}

pub(crate) async fn settled_notice_can_be_marked(store: &SharedStore) {
    write(store, vec![Effect::NoticeDue(notice(1, 1, 1, at(0)))]).await;
    let mark = |from, state| Effect::NoticeMarked { id: NoticeId(1), from, state, reason: "receipt".into() };
    conflict(store, mark(NoticeState::Unknown, NoticeState::Sent)).await;
    let held = claim(store, false, LEASE).await.unwrap();
    write(store, vec![settle(&held, NoticeState::Unknown, EARLY, 1)]).await;
    write(store, vec![mark(NoticeState::Unknown, NoticeState::Sent)]).await;
    let found = store.notice(NoticeId(1)).await.unwrap().unwrap();
    assert_eq!((found.state, &*found.reason, found.attempts), (NoticeState::Sent, "receipt", 1));
    conflict(store, mark(NoticeState::Unknown, NoticeState::Dead)).await;
    write(store, vec![mark(NoticeState::Sent, NoticeState::Dead), mark(NoticeState::Dead, NoticeState::Replayed)])
        .await;
    assert_eq!(store.notice(NoticeId(1)).await.unwrap().unwrap().state, NoticeState::Replayed);
    let replayed = store.notices_in(NoticeState::Replayed, None, 9).await.unwrap().items;
    assert_eq!(replayed.iter().map(|notice| notice.id).collect::<Vec<_>>(), [NoticeId(1)]);
    assert!(store.notices_in(NoticeState::Dead, None, 9).await.unwrap().items.is_empty());
}

pub(crate) async fn attempts_are_kept_with_their_ends(store: &SharedStore) {
    let phone = "+14155550101";
    write(store, vec![Effect::NoticeDue(notice(1, 1, 1, at(0))), Effect::NoticeDue(notice(2, 1, 2, at(0)))]).await;
    let claims = store.claim(false, 2, LEASE).await.unwrap();
    let begun = |at: usize, number, key| Effect::AttemptBegun {
        attempt: attempt(&claims[at].notice, number, key),
        fence: claims[at].fence,
    };
    let ended = |notice, number, outcome, id: Option<&str>| Effect::AttemptEnded {
        notice: NoticeId(notice),
        number,
        outcome,
        foreign_id: id.map(Into::into),
        detail: "said".into(),
    };
    write(store, vec![begun(0, 1, phone)]).await;
    conflict(store, begun(0, 1, "a@example.com")).await;
    conflict(store, begun(1, 1, phone)).await;
    write(store, vec![begun(1, 1, "b@example.com")]).await;
    conflict(store, ended(1, 9, AttemptOutcome::Sent, None)).await;
    assert_eq!(store.recipients_at(OwnerId(1), phone).await.unwrap(), []);
    write(store, vec![ended(1, 1, AttemptOutcome::Sent, Some("SM1"))]).await;
    write(store, vec![begun(1, 2, phone)]).await;

    let first = Attempt {
        outcome: Some(AttemptOutcome::Sent),
        foreign_id: Some("SM1".into()),
        detail: "said".into(),
        ..attempt(&claims[0].notice, 1, phone)
    };
    assert_eq!(store.attempts(NoticeId(1)).await.unwrap(), std::slice::from_ref(&first));
    assert_eq!(store.attempt_by_foreign_id("sms", "SM1").await.unwrap(), Some(first));
    assert_eq!(store.attempt_by_foreign_id("mail", "SM1").await.unwrap(), None);
    let second = store.attempts(NoticeId(2)).await.unwrap();
    assert_eq!(
        second.iter().map(|attempt| (attempt.number, attempt.outcome)).collect::<Vec<_>>(),
        [(1, None), (2, None)]
    );

    let recipients = async || store.recipients_at(OwnerId(1), phone).await.unwrap();
    let contact = |number| Recipient::Contact(ContactId(number));
    assert_eq!(recipients().await, [contact(1)]);
    write(store, vec![ended(2, 2, AttemptOutcome::TryAgain, None)]).await;
    assert_eq!(recipients().await, [contact(1)]);
    write(store, vec![begun(1, 3, phone), ended(2, 3, AttemptOutcome::Unknown, None)]).await;
    assert_eq!(recipients().await, [contact(1), contact(2)]);
    assert_eq!(store.recipients_at(OwnerId(2), phone).await.unwrap(), []);
    // Sent, unknown, and one under way; what was not sent is not counted.
    let mut counted = store.attempts_since("sms", EARLY).await.unwrap();
    counted.sort_by_key(|(_, count)| *count);
    assert_eq!(counted, [(Country::Nowhere, 1), (Country::of(&Address::stored(phone, phone)), 2)]);
    assert_eq!(store.attempts_since("sms", EARLY.after(Duration::from_micros(1))).await.unwrap(), []);
    assert_eq!(store.attempts_since("mail", Time(0)).await.unwrap(), []);
}

pub(crate) async fn ledger_has_one_row_for_each_pair(store: &SharedStore) {
    let shown = |revision, recipient| Shown {
        owner: OwnerId(1),
        recipient,
        revision,
        rights: u64::MAX - revision,
        card: r#"{"name":"Ω"}"#.into(),
        at: at(3),
    };
    let (owner, contact) = (Recipient::Owner(OwnerId(5)), Recipient::Contact(ContactId(5)));
    write(store, vec![Effect::ShownTo(shown(1, owner)), Effect::ShownTo(shown(2, contact))]).await;
    write(store, vec![Effect::ShownTo(shown(3, owner))]).await;
    assert_eq!(store.shown(OwnerId(1), owner).await.unwrap(), Some(shown(3, owner)));
    assert_eq!(store.shown(OwnerId(1), contact).await.unwrap(), Some(shown(2, contact)));
    assert_eq!(store.shown(OwnerId(5), owner).await.unwrap(), None);
}
