//! What came before, for a while.

use crate::store::sample::*;
use redial::store::{Came, Effect, Memory, SharedStore, StoreError};

fn came(key: u8, when: i64, until: i64, value: &[u8]) -> Came {
    Came { key: [key; 16], at: at(when), until: at(until), value: value.into() }
}

fn all(memories: impl IntoIterator<Item = Memory>) -> Vec<Effect> {
    memories.into_iter().map(Effect::Memory).collect()
}

pub(crate) async fn memory_knows_what_came_first_until_its_time_is_over(store: &SharedStore) {
    let first = came(1, 0, 60, b"");
    write(store, all([Memory::First(first.clone())])).await;
    for again in [came(1, 1, 90, b"x"), came(1, 59, 90, b"")] {
        // With what else was to be written nothing is.
        let both = all([Memory::Known(came(2, 0, 60, b"")), Memory::First(again.clone())]);
        assert!(matches!(refused(store, both).await, StoreError::Conflict), "{again:?}");
        write(store, all([Memory::Known(again)])).await;
    }
    let keys = [[2; 16], [1; 16], [2; 16]];
    assert_eq!(store.came(&keys).await.unwrap(), [None, Some(first), None]);
    let new = came(1, 60, 120, b"later");
    write(store, all([Memory::First(new.clone())])).await;
    assert_eq!(store.came(&[[1; 16]]).await.unwrap(), [Some(new)]);
    assert!(store.came(&[]).await.unwrap().is_empty());
}

pub(crate) async fn memory_is_taken_away_once_and_swept(store: &SharedStore) {
    write(store, all((1..=4).map(|key| Memory::Known(came(key, 0, i64::from(key) * 10, b"part"))))).await;
    write(store, all([Memory::Forgotten([3; 16]), Memory::Forgotten([4; 16])])).await;
    let again = all([Memory::Forgotten([1; 16]), Memory::Forgotten([4; 16])]);
    assert!(matches!(refused(store, again).await, StoreError::Conflict), "one of them is gone");
    assert_eq!(store.forget_came(at(9), 9).await.unwrap(), 0);
    assert_eq!(store.forget_came(at(20), 1).await.unwrap(), 1);
    let left: Vec<_> = store.came(&[[1; 16], [2; 16]]).await.unwrap().iter().map(Option::is_some).collect();
    assert_eq!(left, [false, true], "the oldest first");
    assert_eq!(store.forget_came(at(20), 9).await.unwrap(), 1);
}
