//! Substitutions, API keys, answers that are given once, closing.

use crate::store::sample::*;
use redial::{
    domain::id::{AppId, OwnerId, QueryId, SubstitutionId},
    store::{ApiKey, Commit, Effect, Once, SharedStore, StoreError, Substitution},
};
use std::time::Duration;

const NEW: &str = "+14155550102";
const SENDER: &str = "+14155550100";

pub(crate) async fn substitution_is_found_in_every_way(store: &SharedStore) {
    let all = [
        substitution(1, NEW, Some(SENDER), 10),
        substitution(2, NEW, Some(SENDER), 30),
        substitution(3, NEW, None, 40),
        Substitution { account: "telnyx".into(), ..substitution(4, NEW, Some(SENDER), 50) },
    ];
    write(store, all.iter().cloned().map(Effect::Substituted).collect()).await;
    assert!(matches!(refused(store, vec![Effect::Substituted(all[0].clone())]).await, StoreError::Conflict));
    assert_eq!(store.substitution(SubstitutionId(1)).await.unwrap().as_ref(), Some(&all[0]));
    assert_eq!(store.substitution(SubstitutionId(9)).await.unwrap(), None);
    assert_eq!(store.substitution_of(QueryId(102)).await.unwrap().as_ref(), Some(&all[1]));

    let between = async |account, since| {
        let found = store.substitution_between(account, NEW, SENDER, at(since)).await.unwrap();
        found.map(|substitution| substitution.id.0)
    };
    assert_eq!(between("twilio", 0).await, Some(2));
    assert_eq!(between("twilio", 30).await, Some(2));
    assert_eq!(between("twilio", 31).await, None);
    assert_eq!(between("telnyx", 0).await, Some(4));

    let name = |number, id: &str| Effect::SubstitutionNamed(SubstitutionId(number), id.into());
    write(store, vec![name(1, "SM1"), name(2, "SM2"), name(4, "SM1")]).await;
    assert!(matches!(refused(store, vec![name(9, "SM9")]).await, StoreError::Conflict));
    let ids: Vec<Box<str>> = ["SM2", "SM7", "SM1"].map(Into::into).into();
    let mut found = store.substitutions_named("twilio", &ids).await.unwrap();
    found.sort_by_key(|substitution| substitution.id);
    let named = |at: usize, id: &str| Substitution { foreign_id: Some(id.into()), ..all[at].clone() };
    assert_eq!(found, [named(0, "SM1"), named(1, "SM2")]);

    let owner = all[0].owner;
    let about = async |owner, after: Option<u128>, limit| {
        let page = store.substitutions_about(owner, after.map(SubstitutionId), limit).await.unwrap();
        page.into_iter().map(|row| row.id.0).collect::<Vec<_>>()
    };
    assert_eq!(about(owner, None, 3).await, [1, 2, 3]);
    assert_eq!(about(owner, Some(3), 3).await, [4]);
    assert_eq!(about(OwnerId(owner.0 + 1), None, 3).await, [0_u128; 0]);
}

pub(crate) async fn key_is_found_by_its_hash(store: &SharedStore) {
    let key = |number: u8| ApiKey {
        id: AppId(number.into()),
        hash: [number; 32],
        label: "CRM \"x\"".into(),
        scopes: vec!["resolve".into(), "vouch".into()],
        owner: (number == 1).then_some(OwnerId(5)),
        created: at(1),
        revoked: None,
        used: None,
    };
    write(store, vec![Effect::KeySet(key(2)), Effect::KeySet(key(1))]).await;
    assert_eq!(store.key(&[1; 32]).await.unwrap(), Some(key(1)));
    assert_eq!(store.key(&[3; 32]).await.unwrap(), None);
    assert_eq!(store.keys().await.unwrap(), [key(1), key(2)]);
    let revoked = ApiKey { revoked: Some(at(9)), scopes: vec![], ..key(1) };
    write(store, vec![Effect::KeySet(revoked.clone())]).await;
    assert_eq!(store.key(&[1; 32]).await.unwrap(), Some(revoked));
    let same_secret = ApiKey { id: AppId(3), ..key(2) };
    assert!(matches!(refused(store, vec![Effect::KeySet(same_secret)]).await, StoreError::Conflict));
}

pub(crate) async fn answer_is_given_once(store: &SharedStore) {
    let once = |caller, path: &str, status| Once {
        caller: AppId(caller),
        path: path.into(),
        key: "k1".into(),
        digest: [9; 32],
        status,
        body: r#"{"id":"own_1"}"#.into(),
    };
    let with = |once, number, expect| Commit {
        expect,
        once: Some(once),
        effects: vec![Effect::OwnerAdded(owner(number, "N", &[]))],
    };
    store.commit(with(once(1, "POST /v1/owners", 201), 1, vec![])).await.unwrap();
    // The repeat is told so even where its version is stale by what the first one did.
    let repeat = store.commit(with(once(1, "POST /v1/owners", 500), 2, vec![(OwnerId(1), 99)])).await;
    assert!(matches!(repeat, Err(StoreError::Repeated)));
    assert_eq!(store.owner(OwnerId(2)).await.unwrap(), None);
    let found = store.once(AppId(1), "POST /v1/owners", "k1").await.unwrap();
    assert_eq!(found, Some(once(1, "POST /v1/owners", 201)));
    assert_eq!(store.once(AppId(1), "POST /v1/owners", "k2").await.unwrap(), None);
    store.commit(with(once(2, "POST /v1/owners", 201), 2, vec![])).await.unwrap();
    store.commit(with(once(1, "POST /v1/other", 201), 3, vec![])).await.unwrap();
    // What was refused can be tried again under the same key.
    let refused = with(once(4, "POST /v1/owners", 201), 3, vec![]);
    assert!(matches!(store.commit(refused).await, Err(StoreError::Conflict)));
    store.commit(with(once(4, "POST /v1/owners", 201), 4, vec![])).await.unwrap();
}

pub(crate) async fn old_answers_are_forgotten(store: &SharedStore) {
    let answer = |key: &str| Once {
        caller: AppId(1),
        path: "POST /v1/owners".into(),
        key: key.into(),
        digest: [9; 32],
        status: 201,
        body: "{}".into(),
    };
    let before = store.now().await.unwrap();
    for key in ["a", "b", "c"] {
        store.commit(Commit { once: Some(answer(key)), ..Commit::default() }).await.unwrap();
    }
    let known = async || {
        let mut known = Vec::new();
        for key in ["a", "b", "c"] {
            known.extend(store.once(AppId(1), "POST /v1/owners", key).await.unwrap());
        }
        known.len()
    };
    assert_eq!((store.forget_answers(before, 9).await.unwrap(), known().await), (0, 3));
    let after = before.after(Duration::from_mins(1));
    assert_eq!((store.forget_answers(after, 2).await.unwrap(), known().await), (2, 1));
    assert_eq!((store.forget_answers(after, 2).await.unwrap(), known().await), (1, 0));
    store.commit(Commit { once: Some(answer("a")), ..Commit::default() }).await.unwrap();
}

pub(crate) async fn of_equal_requests_at_once_one_is_carried_out(store: &SharedStore) {
    let once = Once {
        caller: AppId(1),
        path: "POST /v1/owners".into(),
        key: "k".into(),
        digest: [0; 32],
        status: 201,
        body: "{}".into(),
    };
    let commits = (1..=8).map(|number| {
        let effects = vec![Effect::OwnerAdded(owner(number, "N", &[]))];
        store.commit(Commit { once: Some(once.clone()), effects, ..Commit::default() })
    });
    let results = futures_util::future::join_all(commits).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert!(results.iter().all(|result| matches!(result, Ok(_) | Err(StoreError::Repeated))));
    assert_eq!(store.owners(None, 9).await.unwrap().items.len(), 1);
}

pub(crate) async fn closed_store_refuses(store: &SharedStore) {
    write(store, vec![Effect::OwnerAdded(owner(1, "N", &[]))]).await;
    store.follow().await.unwrap();
    store.close().await;
    let late =
        store.commit(Commit { effects: vec![Effect::OwnerAdded(owner(2, "N", &[]))], ..Commit::default() }).await;
    assert!(matches!(late, Err(StoreError::Unavailable(_))), "{late:?}");
}
