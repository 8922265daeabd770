//! Messages that went on unchanged, and what became of them.

use crate::store::sample::*;
use redial::{
    domain::{
        address::Address,
        id::{PassedId, SubstitutionId},
    },
    store::{Effect, Fate, Passed, Passing, SharedStore, StoreError},
};

fn passed(id: u128, when: i64) -> Passed {
    Passed {
        id: PassedId(id),
        account: "main".into(),
        used: Address::stored("+14155550101", "+1 415"),
        used_text: "(415) 555-0101".into(),
        sender: Some(Address::stored("+14155550102", "+14155550102")),
        callback: Some("{}".into()),
        foreign_id: None,
        at: at(when),
        fate: Fate::Waiting,
    }
}

fn passing(passing: Passing) -> Vec<Effect> {
    vec![Effect::Passing(passing)]
}

pub(crate) async fn passed_message_reads_back_and_is_forgotten_after_a_month(store: &SharedStore) {
    let first = passed(1, 0);
    write(store, passing(Passing::Began(first.clone()))).await;
    assert_eq!(store.passed(first.id).await.unwrap(), Some(first.clone()));
    assert!(store.passed_named("main", &["m1".into()]).await.unwrap().is_empty());
    write(store, passing(Passing::Named(first.id, "m1".into()))).await;
    let named = Passed { foreign_id: Some("m1".into()), ..first.clone() };
    let ids = ["m0".into(), "m1".into()];
    assert_eq!(store.passed_named("main", &ids).await.unwrap(), [named]);
    assert!(store.passed_named("other", &ids).await.unwrap().is_empty());
    let bare = Passed { sender: None, callback: None, ..passed(2, 40 * 86_400) };
    write(store, passing(Passing::Began(bare.clone()))).await;
    assert_eq!(store.passed(first.id).await.unwrap(), None, "forgotten");
    assert_eq!(store.passed(bare.id).await.unwrap(), Some(bare));
}

/// A dead-number report counts once (rule W1).
pub(crate) async fn passed_message_ends_once(store: &SharedStore) {
    for (id, fate) in [(1, Fate::SentAgain(SubstitutionId(7))), (2, Fate::Left("its text is not there".into()))] {
        let one = passed(id, 0);
        write(store, passing(Passing::Began(one.clone()))).await;
        write(store, passing(Passing::Ended(one.id, fate.clone()))).await;
        assert_eq!(store.passed(one.id).await.unwrap().unwrap().fate, fate);
        for other in [Fate::SentAgain(SubstitutionId(8)), Fate::Left("".into())] {
            assert!(matches!(refused(store, passing(Passing::Ended(one.id, other))).await, StoreError::Conflict));
        }
        assert_eq!(store.passed(one.id).await.unwrap().unwrap().fate, fate);
    }
    let back = |id, by| passing(Passing::TakenBack(PassedId(id), SubstitutionId(by), "refused".into()));
    for wrong in [back(1, 8), back(2, 7), back(3, 7)] {
        assert!(matches!(refused(store, wrong).await, StoreError::Conflict));
    }
    write(store, back(1, 7)).await;
    assert_eq!(store.passed(PassedId(1)).await.unwrap().unwrap().fate, Fate::Left("refused".into()));
}
