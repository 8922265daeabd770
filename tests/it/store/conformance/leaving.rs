//! What is read for many notices at once is what each of the single reads says.

use crate::store::sample::*;
use redial::{
    domain::{
        asleep::{Asleep, Cause},
        group::Member,
        id::{ContactId, NoticeId, OwnerId},
        notice::{AttemptOutcome, Notice, NoticeState, Recipient, Reported, Shown},
        owner::Channel,
    },
    store::{Effect, Leaving, OptOut, Preference, Receipt, Returned, SharedStore, Unreachable},
};
use std::time::Duration;

const LEASE: Duration = Duration::from_hours(1);

/// Owners 1 and 2 with a book and a group each, whose contact `n` has these addresses.
async fn people(store: &SharedStore, contacts: &[(u128, u128, &[&str])]) {
    for owner_id in [1, 2] {
        let (book_id, group_id) = (owner_id * 10, owner_id * 10 + 1);
        let number = format!("+1415555000{owner_id}");
        let mut effects = vec![
            Effect::OwnerAdded(owner(owner_id, "Ann", &[&number])),
            Effect::BookSet(book(owner_id, book_id)),
            Effect::GroupSet(group(owner_id, book_id, group_id, Vec::new())),
        ];
        for (_, id, addresses) in contacts.iter().filter(|(of, ..)| *of == owner_id) {
            effects.push(Effect::ContactSet(contact(owner_id, book_id, *id, "Bob", addresses)));
            effects.push(member(owner_id, group_id, Member::Contact(ContactId(*id))));
        }
        write(store, effects).await;
    }
}

async fn one_by_one(store: &SharedStore, notice: &Notice) -> Leaving {
    let audience = store.audience_of(notice.owner, notice.recipient).await.unwrap();
    let addresses = audience.iter().flat_map(|(_, contacts)| contacts).flat_map(|contact| &contact.addresses);
    let mut keys: Vec<Box<str>> = addresses.map(|address| address.key().into()).collect();
    keys.sort_unstable();
    keys.dedup();
    let (mut told, mut plain) = (Vec::new(), Vec::new());
    for key in keys {
        let here = std::slice::from_ref(&key);
        let others = store.recipients_at(notice.owner, &key).await.unwrap();
        told.extend(others.into_iter().filter(|other| *other != notice.recipient).map(|other| (key.clone(), other)));
        let known = !store.holders(here).await.unwrap().is_empty()
            || !store.opt_outs(here).await.unwrap().is_empty()
            || !store.unreachable(here).await.unwrap().is_empty()
            || !store.preferences(here).await.unwrap().is_empty()
            || !store.asleep_at(notice.owner, here).await.unwrap().is_empty();
        if !known {
            plain.push(key);
        }
    }
    let attempts = store.attempts(notice.id).await.unwrap();
    let shown = store.shown(notice.owner, notice.recipient).await.unwrap();
    Leaving { attempts, audience, shown, told, plain }
}

pub(crate) async fn many_notices_are_read_as_each_one_is(store: &SharedStore) {
    const SHARED: &str = "+14155550101";
    people(
        store,
        &[
            (1, 1, &[SHARED, "nobody@example.com"]),
            (1, 2, &[SHARED, "+14155550102"]),
            (1, 3, &["+14155550103", "out@example.com", "dead@example.com", "wish@example.com", "asleep@example.com"]),
            (2, 4, &[SHARED, "asleep@example.com"]),
        ],
    )
    .await;
    // The number of owner 2, and one that was imported.
    write(store, vec![Effect::OwnersImported(vec![moved(9, "+14155550103", "+14155550199", at(0))])]).await;
    let place = |key: &str| address(key);
    write(
        store,
        vec![
            Effect::OptedOut(OptOut { address: place("out@example.com"), owner: None, at: at(0), way: "word".into() }),
            Effect::Returned(Returned::Unreachable(Unreachable {
                address: place("dead@example.com"),
                at: at(0),
                way: "bounce".into(),
            })),
            Effect::Returned(Returned::Preferred(Preference {
                address: place("wish@example.com"),
                first: Some(Channel::Email),
                language: "de".into(),
                at: at(0),
            })),
            Effect::FellAsleep(Asleep {
                owner: OwnerId(1),
                address: place("asleep@example.com"),
                since: at(0),
                cause: Cause::Dead,
            }),
            Effect::NoticeDue(notice(1, 1, 1, at(0))),
            Effect::NoticeDue(notice(2, 1, 2, at(0))),
            Effect::NoticeDue(notice(3, 1, 3, at(0))),
            Effect::NoticeDue(notice(4, 2, 4, at(0))),
            // Somebody who is in no group any more.
            Effect::NoticeDue(notice(5, 2, 7, at(0))),
            Effect::ShownTo(Shown {
                owner: OwnerId(1),
                recipient: Recipient::Contact(ContactId(1)),
                revision: 3,
                rights: 4,
                card: "{}".into(),
                at: at(1),
            }),
        ],
    )
    .await;
    let claims = store.claim(false, 9, LEASE).await.unwrap();
    let begun = Effect::AttemptBegun { attempt: attempt(&claims[0].notice, 1, SHARED), fence: claims[0].fence };
    let ended = Effect::AttemptEnded {
        notice: claims[0].notice.id,
        number: 1,
        outcome: AttemptOutcome::Sent,
        foreign_id: Some("SM1".into()),
        detail: "said".into(),
    };
    write(store, vec![begun, ended]).await;

    let mut notices: Vec<Notice> = claims.iter().map(|claimed| claimed.notice.clone()).collect();
    notices.sort_by_key(|notice| notice.id);
    let found = store.leaving(&notices).await.unwrap();
    for (notice, found) in notices.iter().zip(&found) {
        assert_eq!(*found, one_by_one(store, notice).await, "{}", notice.id);
    }
    let told = |at: usize| found[at].told.iter().map(|(key, who)| (&**key, *who)).collect::<Vec<_>>();
    assert_eq!((told(0), told(1)), (Vec::new(), vec![(SHARED, Recipient::Contact(ContactId(1)))]));
    let plain = |at: usize| found[at].plain.iter().map(|key| &**key).collect::<Vec<_>>();
    assert_eq!(plain(1), [SHARED, "+14155550102"]);
    assert!(plain(2).is_empty(), "{:?}", plain(2));
    assert_eq!(plain(3), [SHARED, "asleep@example.com"], "it sleeps at another owner");
    assert_eq!(found[4], Leaving::default());
    assert!(store.leaving(&[]).await.unwrap().is_empty());
}

pub(crate) async fn pairs_and_reports_are_read_together(store: &SharedStore) {
    let contact = |number| Recipient::Contact(ContactId(number));
    let shown = |number| Shown {
        owner: OwnerId(1),
        recipient: contact(number),
        revision: 1,
        rights: 2,
        card: "{}".into(),
        at: at(1),
    };
    let open = notice(1, 1, 2, at(0));
    let done = notice(2, 1, 3, at(0));
    write(
        store,
        vec![
            Effect::ShownTo(shown(1)),
            Effect::ShownTo(shown(2)),
            Effect::NoticeDue(open.clone()),
            Effect::NoticeDue(done.clone()),
        ],
    )
    .await;
    let claims = store.claim(false, 9, LEASE).await.unwrap();
    let claimed = claims.iter().find(|claimed| claimed.notice.id == done.id).unwrap();
    assert_eq!(store.reports_of(done.id).await.unwrap(), None);
    let ended = |id: Option<&str>| Effect::AttemptEnded {
        notice: done.id,
        number: 1,
        outcome: AttemptOutcome::Sent,
        foreign_id: id.map(Into::into),
        detail: "".into(),
    };
    let begun = Effect::AttemptBegun { attempt: attempt(&done, 1, "+14155550101"), fence: claimed.fence };
    write(store, vec![begun, ended(None)]).await;
    let (last, reports) = store.reports_of(done.id).await.unwrap().unwrap();
    assert_eq!((last.number, reports), (1, Vec::new()));
    let receipt = |account: &str, foreign_id: &str| Receipt {
        account: account.into(),
        foreign_id: foreign_id.into(),
        reported: Reported::Delivered,
        code: "".into(),
        dead: false,
        stopped: false,
        at: at(1),
    };
    let came = [receipt("sms", "SM1"), receipt("mail", "SM1"), receipt("sms", "SM2")];
    write(store, came.iter().map(|one| Effect::Returned(Returned::Received(one.clone()))).collect()).await;
    write(
        store,
        vec![
            ended(Some("SM1")),
            Effect::NoticeSet {
                id: done.id,
                fence: claimed.fence,
                seen: done.due,
                state: NoticeState::Sent,
                due: done.due,
                attempts: 1,
                reason: "".into(),
            },
        ],
    )
    .await;
    let (last, reports) = store.reports_of(done.id).await.unwrap().unwrap();
    assert_eq!((last.foreign_id.as_deref(), reports), (Some("SM1"), came[..1].to_vec()));
    assert_eq!(store.reports_of(NoticeId(9)).await.unwrap(), None);

    let pairs = store.pairs(OwnerId(1), &[contact(1), contact(3), contact(2), contact(4)]).await.unwrap();
    let open = store.notice(open.id).await.unwrap();
    assert_eq!(pairs, [(Some(shown(1)), None), (None, None), (Some(shown(2)), open), (None, None)]);
    assert!(store.pairs(OwnerId(2), &[contact(1)]).await.unwrap() == [(None, None)]);
}
