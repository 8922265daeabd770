//! Figures by the minute, and the operation's trail.

use crate::store::sample::*;
use redial::{
    domain::id::AuditId,
    store::{Effect, Figures, SharedStore, StoreError, Trail, TrailLine},
};

pub(crate) async fn figures_come_in_pages_and_are_forgotten(store: &SharedStore) {
    let minute =
        |minute, node: &str, life, body: &str| Figures { minute, node: node.into(), life: at(life), body: body.into() };
    let all = [minute(5, "a", 1, "1"), minute(6, "a", 1, "2"), minute(6, "a", 2, "3"), minute(6, "b", 1, "4")];
    for one in all.iter().rev() {
        write(store, vec![Effect::Figured(Figures { body: "0".into(), ..one.clone() })]).await;
        write(store, vec![Effect::Figured(one.clone())]).await;
    }
    let first = store.figures(5, None, 3).await.unwrap();
    assert_eq!((&first.items[..], first.more), (&all[..3], true), "what was written last counts");
    let second = store.figures(5, first.items.last(), 3).await.unwrap();
    assert_eq!((&second.items[..], second.more), (&all[3..], false));
    assert_eq!(store.figures(6, None, 9).await.unwrap().items, all[1..]);
    assert_eq!(store.forget_figures(6, 9).await.unwrap(), 1);
    assert_eq!(store.forget_figures(7, 2).await.unwrap(), 2);
    assert_eq!(store.figures(0, None, 9).await.unwrap().items.len(), 1);
}

pub(crate) async fn trails_are_added_to_and_come_newest_first(store: &SharedStore) {
    let line = |trail, id: u128| TrailLine {
        trail,
        id: AuditId(id),
        at: at(1),
        by: "ann".into(),
        origin: "127.0.0.1".into(),
        what: "looked_at".into(),
        subject: "ntc_1".into(),
    };
    for (trail, id) in [(Trail::Operators, 1), (Trail::Operators, 2), (Trail::Config, 3), (Trail::Operators, 4)] {
        write(store, vec![Effect::Trailed(line(trail, id))]).await;
    }
    let first = store.trail(Trail::Operators, None, 2).await.unwrap();
    assert_eq!((first.items, first.more), (vec![line(Trail::Operators, 4), line(Trail::Operators, 2)], true));
    let rest = store.trail(Trail::Operators, Some(AuditId(2)), 2).await.unwrap();
    assert_eq!((rest.items, rest.more), (vec![line(Trail::Operators, 1)], false));
    assert_eq!(store.trail(Trail::Config, None, 2).await.unwrap().items, [line(Trail::Config, 3)]);
    let again = refused(store, vec![Effect::Trailed(line(Trail::Config, 3))]).await;
    assert!(matches!(again, StoreError::Conflict), "a line is written once");
}
