//! Who gets in: codes and their limits, sessions, passkeys; and requests whose time has come.

use crate::store::sample::*;
use redial::{
    clock::Time,
    domain::{
        address::Address,
        change::{
            Request, RequestState,
            hold::{By, Course, Evidence},
        },
        code::{Code, Count, Purpose},
        id::{AppId, CodeId, OwnerId, RequestId, SessionId},
    },
    store::{Admitted, ApiKey, Effect, Passkey, Session, SharedStore, StoreError},
};
use std::time::Duration;

const LEASE: Duration = Duration::from_hours(1);

fn admitted(admitted: Admitted) -> Vec<Effect> {
    vec![Effect::Admitted(admitted)]
}

pub(crate) async fn first_secret_stays(store: &SharedStore) {
    assert_eq!(store.secret().await.unwrap(), None);
    for key in [[1; 32], [2; 32]] {
        write(store, admitted(Admitted::SecretMade(key))).await;
        assert_eq!(store.secret().await.unwrap(), Some([1; 32]));
    }
}

fn code(number: u128, made: Time) -> Code {
    Code {
        id: CodeId(number),
        address: Address::stored("+525512345678", "+5215512345678"),
        purpose: Purpose::Request { owner: OwnerId(3), request: RequestId(4) },
        made,
        tries: 0,
        used: None,
    }
}

pub(crate) async fn code_is_tried_so_often_and_used_once(store: &SharedStore) {
    write(store, admitted(Admitted::CodeMade(code(1, at(1))))).await;
    assert_eq!(store.code(CodeId(1)).await.unwrap(), Some(code(1, at(1))));
    assert_eq!(store.code(CodeId(2)).await.unwrap(), None);
    let tried = |number| admitted(Admitted::CodeTried { id: CodeId(number), most: 2 });
    write(store, tried(1)).await;
    write(store, tried(1)).await;
    assert!(matches!(refused(store, tried(1)).await, StoreError::Conflict), "as often as it may be");
    assert!(matches!(refused(store, tried(2)).await, StoreError::Conflict), "there is none");
    let used = |when| admitted(Admitted::CodeUsed { id: CodeId(1), at: at(when) });
    write(store, used(5)).await;
    assert!(matches!(refused(store, used(6)).await, StoreError::Conflict), "once");
    let found = store.code(CodeId(1)).await.unwrap().unwrap();
    assert_eq!((found.tries, found.used), (2, Some(at(5))));
    write(store, admitted(Admitted::CodeMade(code(3, at(3 * 86_400))))).await;
    assert_eq!(store.code(CodeId(1)).await.unwrap(), None, "old ones are forgotten");
}

pub(crate) async fn of_answers_at_once_no_more_are_looked_at_than_may_be(store: &SharedStore) {
    write(store, admitted(Admitted::CodeMade(code(1, at(1))))).await;
    let tries: Vec<_> = (0..20)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                let effects = admitted(Admitted::CodeTried { id: CodeId(1), most: 5 });
                store.commit(redial::store::Commit { effects, ..Default::default() }).await.is_ok()
            })
        })
        .collect();
    let mut passed = 0;
    for one in tries {
        passed += usize::from(one.await.unwrap());
    }
    assert_eq!(passed, 5);
}

pub(crate) async fn counts_end_with_their_window(store: &SharedStore) {
    let counted = |key: &str, until, now, most| {
        admitted(Admitted::Counted { count: Count { key: key.into(), until: at(until), most }, now: at(now) })
    };
    write(store, counted("a", 10, 1, 2)).await;
    write(store, counted("a", 10, 2, 2)).await;
    assert!(matches!(refused(store, counted("a", 10, 3, 2)).await, StoreError::Spent));
    let mut both = counted("b", 10, 3, 1);
    both.extend(counted("a", 10, 3, 2));
    assert!(matches!(refused(store, both).await, StoreError::Spent));
    write(store, counted("b", 10, 3, 1)).await;
    write(store, counted("a", 20, 11, 1)).await;
    assert!(matches!(refused(store, counted("a", 20, 12, 1)).await, StoreError::Spent));
}

pub(crate) async fn session_is_found_by_its_token_and_stays_ended(store: &SharedStore) {
    let session = |number: u128, hash: u8, used| Session {
        id: SessionId(number),
        owner: OwnerId(1),
        hash: [hash; 32],
        label: "Firefox on Linux".into(),
        evidence: vec![Evidence { by: By::Code("+14155550100".into()), at: at(1) }],
        made: at(1),
        used: at(used),
        ended: None,
    };
    for one in [session(2, 2, 1), session(1, 1, 1), Session { owner: OwnerId(2), ..session(3, 3, 1) }] {
        write(store, admitted(Admitted::SessionSet(one))).await;
    }
    assert_eq!(store.session(&[1; 32]).await.unwrap(), Some(session(1, 1, 1)));
    assert_eq!(store.sessions(OwnerId(1)).await.unwrap(), [session(1, 1, 1), session(2, 2, 1)]);
    write(store, admitted(Admitted::SessionSet(session(1, 9, 5)))).await;
    assert_eq!(store.session(&[1; 32]).await.unwrap(), None, "the token was rotated");
    for when in [4, 5, 3] {
        write(store, admitted(Admitted::SessionUsed(SessionId(1), at(when)))).await;
    }
    assert_eq!(store.session(&[9; 32]).await.unwrap(), Some(session(1, 9, 5)));
    write(store, admitted(Admitted::SessionSet(Session { ended: Some(at(6)), ..session(1, 9, 5) }))).await;
    write(store, admitted(Admitted::SessionSet(session(1, 9, 7)))).await;
    assert_eq!(store.session(&[9; 32]).await.unwrap().unwrap().ended, Some(at(6)), "what ended stays so");
    write(store, admitted(Admitted::SessionSet(session(4, 4, 200 * 86_400)))).await;
    assert_eq!(store.sessions(OwnerId(1)).await.unwrap().len(), 1, "those that nobody uses are forgotten");
}

pub(crate) async fn passkey_belongs_to_its_owner(store: &SharedStore) {
    let passkey = |id: u8, owner, made| Passkey {
        id: vec![id; 20],
        owner: OwnerId(owner),
        label: "phone".into(),
        algorithm: -7,
        public: vec![4; 65],
        count: 0,
        made: at(made),
        used: None,
    };
    for one in [passkey(2, 1, 1), passkey(1, 1, 2), passkey(3, 2, 1)] {
        write(store, admitted(Admitted::PasskeySet(one))).await;
    }
    assert_eq!(store.passkeys(OwnerId(1)).await.unwrap(), [passkey(2, 1, 1), passkey(1, 1, 2)]);
    assert!(matches!(refused(store, admitted(Admitted::PasskeySet(passkey(2, 2, 1)))).await, StoreError::Conflict));
    let used = Passkey { count: 7, used: Some(at(9)), ..passkey(2, 1, 1) };
    write(store, admitted(Admitted::PasskeySet(used.clone()))).await;
    assert_eq!(store.passkey(&[2; 20]).await.unwrap(), Some(used));
    write(store, admitted(Admitted::PasskeyRemoved(OwnerId(2), vec![2; 20]))).await;
    assert!(store.passkey(&[2; 20]).await.unwrap().is_some(), "not by another owner");
    write(store, admitted(Admitted::PasskeyRemoved(OwnerId(1), vec![2; 20]))).await;
    assert_eq!(store.passkey(&[2; 20]).await.unwrap(), None);
}

pub(crate) async fn keys_of_an_owner(store: &SharedStore) {
    let key = |number: u128, owner: Option<u128>| ApiKey {
        id: AppId(number),
        hash: [u8::try_from(number).unwrap(); 32],
        label: "phone".into(),
        scopes: vec!["carddav".into()],
        owner: owner.map(OwnerId),
        created: at(1),
        revoked: None,
        used: None,
    };
    for one in [key(3, Some(1)), key(1, Some(1)), key(2, None), key(4, Some(2))] {
        write(store, vec![Effect::KeySet(one)]).await;
    }
    assert_eq!(store.keys_of(OwnerId(1)).await.unwrap(), [key(1, Some(1)), key(3, Some(1))]);
    write(store, admitted(Admitted::KeyUsed(AppId(3), at(7)))).await;
    let used = ApiKey { used: Some(at(7)), ..key(3, Some(1)) };
    assert_eq!(store.keys_of(OwnerId(1)).await.unwrap(), [key(1, Some(1)), used.clone()]);
    assert_eq!(store.key(&used.hash).await.unwrap(), Some(used));
}

pub(crate) async fn request_is_claimed_when_it_is_due(store: &SharedStore) {
    let request = |number: u128, due| Request {
        id: RequestId(number),
        owner: OwnerId(1),
        state: RequestState::Held,
        wanted: "{}".into(),
        by: "owner".into(),
        created: at(0),
        decided: None,
        course: Course { delays: 1, ..Course::default() },
        due,
    };
    let late = store.now().await.unwrap().after(LEASE);
    for (number, due) in [(1, Some(at(5))), (2, Some(at(3))), (3, None), (4, Some(late))] {
        write(store, vec![Effect::RequestSet(request(number, due))]).await;
    }
    assert_eq!(store.claim_request(LEASE).await.unwrap(), Some(request(2, Some(at(3)))));
    assert_eq!(store.claim_request(LEASE).await.unwrap(), Some(request(1, Some(at(5)))));
    assert_eq!(store.claim_request(LEASE).await.unwrap(), None);
    // Whoever sets it says anew when it is due.
    write(store, vec![Effect::RequestSet(request(1, Some(at(6))))]).await;
    assert_eq!(store.claim_request(LEASE).await.unwrap().unwrap().id, RequestId(1));
}
