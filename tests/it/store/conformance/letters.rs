//! Messages to one address that are about no change.

use crate::store::sample::*;
use redial::{
    domain::{
        change::{Request, RequestState, hold::Course},
        id::{LetterId, OwnerId, RequestId},
    },
    store::{Effect, Letter, Posted, SharedStore, StoreError},
};
use std::time::Duration;

const LEASE: Duration = Duration::from_hours(1);

pub(crate) fn letter(number: u128, urgent: bool, due: i64) -> Letter {
    Letter {
        id: LetterId(number),
        to: redial::domain::address::Address::stored("+525512345678", "+5215512345678"),
        what: r#"{"kind":"code"}"#.into(),
        language: Some("de".into()),
        urgent,
        due: at(due),
        expires: at(due + 600),
        attempts: 0,
        account: None,
    }
}

fn posted(posted: Posted) -> Vec<Effect> {
    vec![Effect::Posted(posted)]
}

pub(crate) async fn letters_are_claimed_in_order_the_urgent_ones_apart(store: &SharedStore) {
    let late = Letter { due: store.now().await.unwrap().after(Duration::from_hours(2)), ..letter(9, true, 0) };
    for one in [letter(1, false, 3), letter(2, true, 4), letter(3, true, 2), letter(4, true, 3), late.clone()] {
        write(store, posted(Posted::Due(one))).await;
    }
    let first = store.claim_letters(true, 2, LEASE).await.unwrap();
    assert_eq!(
        first.iter().map(|one| one.letter.clone()).collect::<Vec<_>>(),
        [letter(3, true, 2), letter(4, true, 3)]
    );
    let rest = store.claim_letters(true, 9, LEASE).await.unwrap();
    assert_eq!(
        rest.iter().map(|one| one.letter.id.0).collect::<Vec<_>>(),
        [2],
        "not what is claimed, nor what is late"
    );
    assert_eq!(store.claim_letters(false, 9, LEASE).await.unwrap()[0].letter, letter(1, false, 3));
    assert!(store.claim_letters(false, 9, LEASE).await.unwrap().is_empty());
    assert_eq!(store.letter(LetterId(9)).await.unwrap(), Some(late));
    assert!(matches!(refused(store, posted(Posted::Due(letter(1, true, 1)))).await, StoreError::Conflict));
}

pub(crate) async fn letter_is_settled_under_its_fence_only(store: &SharedStore) {
    write(store, posted(Posted::Due(letter(1, true, 1)))).await;
    let lost = store.claim_letters(true, 1, Duration::ZERO).await.unwrap().remove(0);
    let held = store.claim_letters(true, 1, LEASE).await.unwrap().remove(0);
    let id = LetterId(1);
    for fence in [lost.fence, held.fence + 1] {
        for write in [
            Posted::Begun { id, fence, account: "sms".into() },
            Posted::Later { id, fence, due: at(2), attempts: 1, account: None },
            Posted::Ended { id, fence },
        ] {
            assert!(matches!(refused(store, posted(write)).await, StoreError::Conflict));
        }
    }
    let fence = held.fence;
    write(store, posted(Posted::Begun { id, fence, account: "sms".into() })).await;
    assert_eq!(store.letter(id).await.unwrap().unwrap().account.as_deref(), Some("sms"));
    write(store, posted(Posted::Later { id, fence, due: at(2), attempts: 1, account: None })).await;
    let again = Letter { due: at(2), attempts: 1, expires: at(601), ..letter(1, true, 2) };
    assert_eq!(store.letter(id).await.unwrap(), Some(again));
    assert!(
        matches!(refused(store, posted(Posted::Ended { id, fence })).await, StoreError::Conflict),
        "the claim ended"
    );
    let fence = store.claim_letters(true, 1, LEASE).await.unwrap()[0].fence;
    write(store, posted(Posted::Ended { id, fence })).await;
    assert_eq!(store.letter(id).await.unwrap(), None);
}

pub(crate) async fn due_letters_and_requests_are_waited_for(store: &SharedStore) {
    assert_eq!(store.next_due().await.unwrap(), None);
    let held = |due| Request {
        id: RequestId(1),
        owner: OwnerId(1),
        state: RequestState::Held,
        wanted: "{}".into(),
        by: "owner".into(),
        created: at(0),
        decided: None,
        course: Course::default(),
        due,
    };
    write(store, vec![Effect::RequestSet(held(Some(at(9))))]).await;
    assert_eq!(store.next_due().await.unwrap(), Some(at(9)));
    write(store, posted(Posted::Due(letter(1, false, 7)))).await;
    assert_eq!(store.next_due().await.unwrap(), Some(at(7)));
    write(store, posted(Posted::Due(letter(2, true, 5)))).await;
    assert_eq!(store.next_due().await.unwrap(), Some(at(5)));
    for urgent in [true, false] {
        let claimed = store.claim_letters(urgent, 1, LEASE).await.unwrap().remove(0);
        write(store, posted(Posted::Ended { id: claimed.letter.id, fence: claimed.fence })).await;
    }
    write(store, vec![Effect::RequestSet(held(None))]).await;
    assert_eq!(store.next_due().await.unwrap(), None);
}
