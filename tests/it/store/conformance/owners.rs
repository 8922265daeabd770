//! Owners, what becomes of them, and optimistic concurrency.

use crate::store::sample::*;
use redial::{
    clock::Time,
    domain::{
        address::Address,
        change::{
            Request, RequestState,
            hold::{By, Course, Evidence},
        },
        id::{AppId, AuditId, GroupId, OwnerId, PointId, QueryId, RequestId},
        owner::{Change, Held, Owner, Point, Profile, Proof},
        query::Reason,
    },
    store::{Audit, Commit, Effect, QueryRecord, SharedStore, StoreError},
};

/// An owner with something in every field.
fn full() -> Owner {
    let profile = Profile {
        name: "Zoë Ω".into(),
        given: "Zoë".into(),
        nicknames: vec!["Z".into(), String::new()],
        photo: format!("data:image/png;base64,{}", "A".repeat(60_000)),
        note: "line\nline \"quoted\" 你好".into(),
        ..Profile::default()
    };
    let past = |key: &str, proof| Held { until: Some(at(9)), proof, ..held(key, 1) };
    let folded = Held { address: Address::stored("+525512345678", "+5215512345678"), ..held("", 9) };
    Owner {
        version: 3,
        revision: 2,
        claimed: false,
        silenced: true,
        language: "zh-Hant".into(),
        zone: Some("Asia/Taipei".into()),
        profile,
        points: vec![
            // Not in the order of their ids: the order is the owner's.
            point(30, vec![past("+14155550101", Proof::None), past("+14155550102", Proof::Code), folded]),
            Point {
                removed: Some(at(7)), ..point(12, vec![past("a@b.example", Proof::Imported("CRM, März".into()))])
            },
            point(21, vec![held("zoe@example.com", 2)]),
            point(20, vec![]),
        ],
        ..owner(1, "", &[])
    }
}

pub(crate) async fn owner_reads_back_as_written(store: &SharedStore) {
    assert_eq!(store.owner(OwnerId(1)).await.unwrap(), None);
    write(store, vec![Effect::OwnerAdded(full())]).await;
    assert_eq!(store.owner(OwnerId(1)).await.unwrap(), Some(full()));
    assert!(matches!(refused(store, vec![Effect::OwnerAdded(owner(1, "Other", &[]))]).await, StoreError::Conflict));
    assert_eq!(store.owner(OwnerId(1)).await.unwrap(), Some(full()));

    let profile = Profile { name: "New".into(), ..Profile::default() };
    let set = |id| Effect::OwnerSet {
        id,
        language: "en".into(),
        profile: profile.clone(),
        claimed: true,
        silenced: false,
        revision: 3,
    };
    write(store, vec![set(OwnerId(1))]).await;
    let expected = Owner {
        profile: profile.clone(),
        revision: 3,
        language: "en".into(),
        claimed: true,
        silenced: false,
        ..full()
    };
    assert_eq!(store.owner(OwnerId(1)).await.unwrap(), Some(expected));
    assert!(matches!(refused(store, vec![set(OwnerId(2))]).await, StoreError::Conflict));
    for zone in [Some("Europe/Berlin"), None] {
        let zone: Option<Box<str>> = zone.map(Into::into);
        write(store, vec![Effect::ZoneSet(OwnerId(1), zone.clone())]).await;
        assert_eq!(store.owner(OwnerId(1)).await.unwrap().unwrap().zone, zone);
    }
    assert!(matches!(refused(store, vec![Effect::ZoneSet(OwnerId(2), None)]).await, StoreError::Conflict));
}

pub(crate) async fn owners_come_in_pages(store: &SharedStore) {
    for number in [5, 3, u128::MAX, 1 << 100] {
        write(store, vec![Effect::OwnerAdded(owner(number, "N", &[]))]).await;
    }
    let first = store.owners(None, 3).await.unwrap();
    assert_eq!(first.items.iter().map(|owner| owner.id.0).collect::<Vec<_>>(), [3, 5, 1 << 100]);
    assert!(first.more);
    let last = store.owners(Some(OwnerId(1 << 100)), 3).await.unwrap();
    assert_eq!((last.items.len(), last.items[0].id, last.more), (1, OwnerId(u128::MAX), false));
    assert!(!store.owners(None, 4).await.unwrap().more);
}

pub(crate) async fn points_and_values_change(store: &SharedStore) {
    write(store, vec![Effect::OwnerAdded(owner(1, "N", &["+14155550101"]))]).await;
    let conflict = async |effect| assert!(matches!(refused(store, vec![effect]).await, StoreError::Conflict));
    let hold = |point, key| Effect::ValueHeld(OwnerId(1), PointId(point), held(key, 5));
    conflict(hold(10, "+14155550102")).await;
    conflict(hold(99, "+14155550102")).await;
    conflict(Effect::ValueLeft(OwnerId(1), PointId(99), at(5))).await;
    conflict(Effect::PointSet(OwnerId(2), point(99, vec![]))).await;
    let prove = |key: &str, proof| Effect::ValueProved {
        owner: OwnerId(1),
        point: PointId(10),
        key: key.into(),
        proof,
        at: at(6),
    };
    conflict(prove("+14155550199", Proof::Code)).await;

    let renamed = Point { label: "old work".into(), ..point(10, vec![]) };
    write(
        store,
        vec![
            Effect::ValueLeft(OwnerId(1), PointId(10), at(5)),
            hold(10, "+14155550102"),
            Effect::ValueLeft(OwnerId(1), PointId(10), at(6)),
            hold(10, "+14155550101"),
            prove("+14155550101", Proof::Vouched(AppId(9))),
            Effect::PointSet(OwnerId(1), renamed),
            Effect::PointSet(OwnerId(1), point(5, vec![held("ignored@example.com", 1)])),
        ],
    )
    .await;
    conflict(Effect::ValueLeft(OwnerId(1), PointId(5), at(7))).await;
    let left = |key, from, until| Held { until: Some(at(until)), ..held(key, from) };
    let newest = Held { proof: Proof::Vouched(AppId(9)), proved: at(6), ..held("+14155550101", 5) };
    let values = vec![left("+14155550101", 0, 5), left("+14155550102", 5, 6), newest];
    let expected = vec![
        Point { label: "old work".into(), ..point(10, values) },
        Point { kind: redial::domain::address::Kind::Email, ..point(5, vec![]) },
    ];
    assert_eq!(store.owner(OwnerId(1)).await.unwrap().unwrap().points, expected);
}

pub(crate) async fn expected_version_decides(store: &SharedStore) {
    write(store, vec![Effect::OwnerAdded(owner(1, "N", &[])), Effect::OwnerAdded(owner(2, "N", &[]))]).await;
    let both = |first, second| Commit {
        expect: vec![(OwnerId(1), first), (OwnerId(2), second)],
        once: None,
        effects: vec![Effect::BookSet(book(1, 1))],
    };
    assert!(matches!(store.commit(both(1, 7)).await, Err(StoreError::Conflict)));
    assert!(store.books(OwnerId(1)).await.unwrap().is_empty());
    let versions = async || {
        let page = store.owners(None, 9).await.unwrap();
        page.items.iter().map(|owner| owner.version).collect::<Vec<_>>()
    };
    assert_eq!(versions().await, [1, 1]);
    store.commit(both(1, 1)).await.unwrap();
    assert_eq!(versions().await, [2, 2]);
    assert!(matches!(store.commit(both(1, 2)).await, Err(StoreError::Conflict)));
    let unknown = Commit { expect: vec![(OwnerId(9), 0)], ..Commit::default() };
    assert!(matches!(store.commit(unknown).await, Err(StoreError::Conflict)));
}

pub(crate) async fn of_two_who_expect_the_same_one_loses(store: &SharedStore) {
    write(store, vec![Effect::OwnerAdded(owner(1, "N", &[]))]).await;
    let attempts = (0..8_u128).map(|number| {
        let effects = vec![Effect::BookSet(book(1, number))];
        store.commit(Commit { expect: vec![(OwnerId(1), 1)], once: None, effects })
    });
    let results = futures_util::future::join_all(attempts).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert!(results.iter().all(|result| matches!(result, Ok(_) | Err(StoreError::Conflict))));
    assert_eq!(store.books(OwnerId(1)).await.unwrap().len(), 1);
}

pub(crate) async fn changes_and_requests_come_in_pages(store: &SharedStore) {
    write(store, vec![Effect::OwnerAdded(owner(1, "N", &[]))]).await;
    let change = |revision| Change {
        owner: OwnerId(1),
        revision,
        at: at(5),
        request: RequestId(u128::from(revision)),
        snapshot: "{}".into(),
    };
    let request = |number: u128, state| Request {
        id: RequestId(number),
        owner: OwnerId(1),
        state,
        wanted: r#"{"points":[]}"#.into(),
        by: "app_x".into(),
        created: at(3),
        decided: (state != RequestState::Held).then(|| at(4)),
        course: Course {
            evidence: vec![Evidence { by: By::Code("+14155550100".into()), at: at(number.try_into().unwrap()) }],
            ..Course::default()
        },
        due: (state == RequestState::Held).then(|| at(9)),
    };
    let states = [
        RequestState::AwaitingProof,
        RequestState::Held,
        RequestState::Accepted,
        RequestState::Cancelled,
        RequestState::Expired,
    ];
    for (number, state) in (1..).zip(states) {
        write(store, vec![Effect::Changed(change(number)), Effect::RequestSet(request(number.into(), state))]).await;
    }
    assert!(matches!(refused(store, vec![Effect::Changed(change(3))]).await, StoreError::Conflict));
    let page = store.changes(OwnerId(1), 2, 2).await.unwrap();
    assert_eq!((page.items, page.more), (vec![change(3), change(4)], true));
    assert_eq!(store.changes(OwnerId(2), 0, 2).await.unwrap().items, []);

    let page = store.requests(OwnerId(1), Some(RequestId(5)), 3).await.unwrap();
    let expected = [(4, states[3]), (3, states[2]), (2, states[1])].map(|(number, state)| request(number, state));
    assert_eq!((&page.items[..], page.more), (&expected[..], true));
    assert_eq!(store.request(OwnerId(1), RequestId(1)).await.unwrap(), Some(request(1, states[0])));
    assert_eq!(store.request(OwnerId(2), RequestId(1)).await.unwrap(), None, "it is another owner's");
    write(store, vec![Effect::RequestSet(request(1, RequestState::Accepted))]).await;
    assert_eq!(store.requests(OwnerId(1), None, 9).await.unwrap().items[4], request(1, RequestState::Accepted));
}

pub(crate) async fn audit_and_queries_come_in_pages(store: &SharedStore) {
    let audit = |number| Audit {
        id: AuditId(number),
        owner: OwnerId(1),
        at: at(1),
        by: "system".into(),
        what: "number_changed".into(),
        detail: "{}".into(),
    };
    write(store, (1..=3).map(|number| Effect::Audited(audit(number))).collect()).await;
    let page = store.audit(OwnerId(1), Some(AuditId(1)), 1).await.unwrap();
    assert_eq!((page.items, page.more), (vec![audit(2)], true));
    assert!(matches!(refused(store, vec![Effect::Audited(audit(3))]).await, StoreError::Conflict));

    let query = |number: u128| QueryRecord {
        id: QueryId(number),
        owner: OwnerId(1),
        at: at(1),
        way: "hook:twilio".into(),
        asked: (number != 3).then(|| Address::stored("+525512345678", "+5215512345678")),
        viewer: "".into(),
        because: if number == 1 { Reason::TwoFormerHolders } else { Reason::Granted },
        detail: if number == 1 { "the \"second\"" } else { "" }.into(),
        told: number == 2,
        connected: number == 3,
        revision: 4,
        groups: (0..number).map(GroupId).collect(),
    };
    write(store, vec![Effect::Queried(vec![query(1), query(2)])]).await;
    // A batch that is written again leaves what is there.
    let other = QueryRecord { way: "cli".into(), ..query(2) };
    write(store, vec![Effect::Queried(vec![other, query(3)])]).await;
    let page = store.queries(OwnerId(1), None, 2).await.unwrap();
    assert_eq!((page.items, page.more), (vec![query(3), query(2)], true));
    let page = store.queries(OwnerId(1), Some(QueryId(2)), 2).await.unwrap();
    assert_eq!((page.items, page.more), (vec![query(1)], false));
    assert_eq!(store.query(QueryId(1)).await.unwrap(), Some(query(1)));
    assert_eq!(store.query(QueryId(9)).await.unwrap(), None);
}

pub(crate) async fn commit_is_all_or_nothing(store: &SharedStore) {
    let effects = vec![
        Effect::OwnerAdded(owner(1, "N", &["+14155550101"])),
        Effect::NamesSet(OwnerId(1), names(&["N"])),
        Effect::FanoutDue(fanout(1, 1, EARLY)),
        Effect::NoticeDue(notice(1, 1, 1, EARLY)),
        Effect::ValueLeft(OwnerId(1), PointId(11), EARLY),
    ];
    assert!(matches!(refused(store, effects.clone()).await, StoreError::Conflict));
    assert_eq!(store.owner(OwnerId(1)).await.unwrap(), None);
    assert_eq!(store.next_due().await.unwrap(), None);
    let before = store.now().await.unwrap();
    let effects = effects.into_iter().take(4).collect();
    let when: Time = store.commit(Commit { effects, ..Commit::default() }).await.unwrap();
    assert!(before <= when && when <= store.now().await.unwrap());
    assert_eq!(store.next_due().await.unwrap(), Some(EARLY));
}
