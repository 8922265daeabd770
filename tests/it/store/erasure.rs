//! Erasure (rule C7) on both stores: everything of an owner is looked for in every table, and in the file's bytes.

use super::{
    chains::{World, on_postgres, on_sqlite},
    cluster, rows,
    sample::*,
};
use crate::both::both;
use redial::{
    clock::Time,
    domain::{
        asleep::{Asleep, Cause},
        change::{Request, RequestState, hold::Course},
        code::{Code, Purpose},
        device::{Device, Place},
        group::{Grant, Identity, Item, Member, Viewer},
        id::{
            AppId, AuditId, CodeId, ContactId, DeviceId, LetterId, OwnerId, QueryId, RequestId, SessionId,
            SubstitutionId,
        },
        notice::{Recipient, Shown},
        owner::{Change, Channel},
        query::Reason,
    },
    store::{
        Admitted, ApiKey, Audit, CardLink, Commit, Effect, Extent, Letter, OfDevice, OfErasure, OptOut, Passkey,
        Posted, Preference, QueryRecord, Returned, Session, SharedStore, StoreError, Substitution, Unreachable,
        erasure::{Happened, SendingHeld},
    },
    usecase::{
        audit_trail, erase,
        link_contacts::link_contacts,
        write::{Actor, carry_out},
    },
};
use std::time::Duration;

/// An owner whose id is easily found.
const EVE: u128 = 0x0e4e_5e4e_5e4e_5e4e_5e4e_5e4e_5e4e_5e4e;
const OLD: &str = "+14155550171";
const NOW: &str = "+14155550172";
const MAIL: &str = "eve.example@example.com";
/// A contact of hers.
const FRIEND: &str = "+14155550173";
/// Bob, who has her old number in his book.
const BOB: u128 = 2;

pub(super) fn eve() -> OwnerId {
    OwnerId(EVE)
}

/// Something of hers in every table.
pub(super) async fn fill(store: &SharedStore) {
    let person = owner(EVE, "Eve Example", &[OLD, MAIL]);
    let point = person.points[0].id;
    let grants = vec![Grant::Reveal(Item::Point(point))];
    let told = notice(71, EVE, 9, EARLY);
    let person_id = person.id;
    let line = |number: u128, what: &str| {
        let detail = format!("{{\"to\":\"{NOW}\"}}").into();
        Effect::Audited(Audit {
            id: AuditId(number),
            owner: person_id,
            at: at(1),
            by: "owner".into(),
            what: what.into(),
            detail,
        })
    };
    let mut effects = vec![
        Effect::OwnerAdded(person),
        Effect::NamesSet(eve(), names(&["Eve Example"])),
        Effect::ValueLeft(eve(), point, at(5)),
        Effect::ValueHeld(eve(), point, held(NOW, 5)),
        Effect::Changed(Change {
            owner: eve(),
            revision: 2,
            at: at(5),
            request: RequestId(1),
            snapshot: format!("{{\"a\":\"{OLD}\"}}").into(),
        }),
        Effect::RequestSet(request()),
        Effect::BookSet(book(EVE, 77)),
        Effect::GroupSet(group(EVE, 77, 78, grants)),
        Effect::ContactSet(contact(EVE, 77, 9, "Carl Dee", &[FRIEND])),
        member(EVE, 78, Member::Contact(ContactId(9))),
        Effect::Blocked(eve(), FRIEND.into()),
        Effect::FanoutDue(fanout(72, EVE, Time::MAX)),
        Effect::LinkingDue { owner: eve(), at: at(1) },
        Effect::NoticeDue(told.clone()),
        Effect::ShownTo(shown(EVE, Recipient::Contact(ContactId(9)))),
        Effect::OptedOut(OptOut { address: address(FRIEND), owner: Some(eve()), at: at(1), way: "link".into() }),
        Effect::OptedOut(OptOut { address: address(OLD), owner: None, at: at(1), way: "keyword".into() }),
        Effect::OptedOut(OptOut { address: address(NOW), owner: Some(OwnerId(BOB)), at: at(1), way: "link".into() }),
        Effect::Substituted(Substitution {
            id: SubstitutionId(73),
            owner: eve(),
            ..substitution(73, NOW, Some(FRIEND), 1)
        }),
        Effect::Queried(vec![query(74)]),
        Effect::Returned(Returned::Unreachable(Unreachable { address: address(OLD), at: at(1), way: "report".into() })),
        Effect::Returned(Returned::Confirmed { key: OLD.into(), at: at(1) }),
        Effect::Returned(Returned::CardLinked(CardLink {
            token: "tok".into(),
            owner: eve(),
            recipient: Some(Recipient::Contact(ContactId(9))),
            address: address(FRIEND),
            language: "en".into(),
            at: at(1),
            until: Time::MAX,
        })),
        Effect::Returned(Returned::Preferred(Preference {
            address: address(NOW),
            first: Some(Channel::Sms),
            language: "en".into(),
            at: at(1),
        })),
        Effect::Posted(Posted::Due(letter(76, NOW, "{}".into()))),
        Effect::Posted(Posted::Due(letter(79, FRIEND, format!("{{\"owner\":\"{}\"}}", eve()).into()))),
        Effect::OfDevice(OfDevice::Set(Device {
            id: DeviceId(82),
            owner: eve(),
            account: "ios".into(),
            place: Place::token("token-of-eve").unwrap(),
            label: "phone".into(),
            created: at(1),
            seen: at(1),
            ended: None,
        })),
        Effect::FellAsleep(Asleep { owner: eve(), address: address(FRIEND), since: at(1), cause: Cause::Dead }),
    ];
    effects.extend(ways_in());
    effects.extend([line(83, "registered"), line(84, "number_changed")]);
    write(store, effects).await;
    // Bob has her in his book, linked, and has shown her his card.
    let linked = redial::domain::owner::Contact { linked: Some(eve()), ..contact(BOB, 87, 88, "Eve Example", &[OLD]) };
    let effects = vec![
        Effect::BookSet(book(BOB, 87)),
        Effect::GroupSet(group(BOB, 87, 89, vec![])),
        Effect::ContactSet(linked),
        member(BOB, 89, Member::Contact(ContactId(88))),
        Effect::ShownTo(shown(BOB, Recipient::Owner(eve()))),
    ];
    write(store, effects).await;
}

/// All by which she gets in.
fn ways_in() -> [Effect; 4] {
    [
        Effect::KeySet(ApiKey {
            id: AppId(75),
            hash: [5; 32],
            label: "phone".into(),
            scopes: vec![],
            owner: Some(eve()),
            created: at(1),
            revoked: None,
            used: None,
        }),
        Effect::Admitted(Admitted::CodeMade(Code {
            id: CodeId(80),
            address: address(NOW),
            purpose: Purpose::SignIn,
            made: at(1),
            tries: 0,
            used: None,
        })),
        Effect::Admitted(Admitted::SessionSet(Session {
            id: SessionId(81),
            owner: eve(),
            hash: [6; 32],
            label: "Firefox".into(),
            evidence: vec![],
            made: at(1),
            used: Time::MAX,
            ended: None,
        })),
        Effect::Admitted(Admitted::PasskeySet(Passkey {
            id: vec![7; 16],
            owner: eve(),
            label: "key".into(),
            algorithm: -7,
            public: vec![8; 8],
            count: 1,
            made: at(1),
            used: None,
        })),
    ]
}

fn shown(owner: u128, recipient: Recipient) -> Shown {
    Shown { owner: OwnerId(owner), recipient, revision: 1, rights: 1, card: "{}".into(), at: at(1) }
}

fn letter(number: u128, to: &str, what: Box<str>) -> Letter {
    let (due, expires) = (Time::MAX, Time::MAX);
    Letter {
        id: LetterId(number),
        to: address(to),
        what,
        language: None,
        urgent: false,
        due,
        expires,
        attempts: 0,
        account: None,
    }
}

fn query(number: u128) -> QueryRecord {
    QueryRecord {
        id: QueryId(number),
        owner: eve(),
        at: at(1),
        way: "api".into(),
        asked: Some(address(OLD)),
        viewer: "".into(),
        because: Reason::NotGranted,
        detail: "".into(),
        told: false,
        connected: false,
        revision: 1,
        groups: vec![],
    }
}

fn request() -> Request {
    Request {
        id: RequestId(1),
        owner: eve(),
        state: RequestState::Held,
        wanted: format!("{{\"to\":\"{NOW}\"}}").into(),
        by: "owner".into(),
        created: at(1),
        decided: None,
        course: Course::default(),
        due: Some(Time::MAX),
    }
}

/// Her erasure, where so many substitutions were read, none of which has the provider's id.
fn erased(all: u64) -> Effect {
    Effect::OfErasure(OfErasure::Owner { owner: eve(), at: at(9), read: Extent { all, named: 0 } })
}

async fn erase_her(world: &World) {
    let id = AuditId(90);
    let line =
        Audit { id, owner: eve(), at: at(9), by: "cli".into(), what: audit_trail::ERASED.into(), detail: "{}".into() };
    let effects = vec![erased(1), Effect::Audited(line), Effect::LinkingDue { owner: eve(), at: EARLY }];
    write(&world.env.store, effects).await;
}

/// All rows as text, with their tables.
async fn rows(world: &World) -> Vec<(String, String)> {
    let rows = match &world.path {
        Some(path) => rows::of_file(path),
        None => rows::of_server(&world.url).await,
    };
    rows.into_iter().map(|row| (row.table.clone(), row.text())).collect()
}

/// What is hers and nobody else's.
fn hers(row: &str) -> bool {
    let id = format!("{EVE:032x}");
    [&id, NOW, MAIL, FRIEND, "token-of-eve", &eve().to_string()].iter().any(|mark| row.contains(*mark))
}

both! {
    erased_owner_leaves_nothing
    what_was_stopped_stays_stopped
    links_in_others_books_end
    the_journal_tells_what_a_backup_would_undo
    nothing_is_written_of_an_erased_owner
    what_comes_between_reading_and_erasing_is_not_lost
}

async fn erased_owner_leaves_nothing(world: World) {
    let store = &world.env.store;
    fill(store).await;
    assert!(store.may_be_former(OLD));
    let before = rows(&world).await;
    let tables: std::collections::BTreeSet<&str> =
        before.iter().filter(|(_, row)| hers(row)).map(|(table, _)| &**table).collect();
    assert!(tables.len() >= 25, "she stands in many tables: {tables:?}");
    let holdings = store.holdings(eve()).await.unwrap();
    assert!(holdings.len() >= 22 && holdings.contains(&("values", 3)), "{holdings:?}");

    erase_her(&world).await;
    let stays = [
        "audit",
        "audits",
        "audit_head",
        "audit_heads",
        "erased",
        "journal",
        "linking",
        "linkings",
        "contact",
        "contacts",
        "contact_keys",
        "member",
        "audience",
        "shown",
    ];
    for (table, row) in rows(&world).await {
        assert!(!hers(&row) || stays.contains(&&*table), "{table}: {row}");
        assert!(![NOW, MAIL, FRIEND].iter().any(|mark| row.contains(mark)), "{table}: {row}");
        assert!(table.starts_with("contact") || table == "audience" || !row.contains(OLD), "{table}: {row}");
    }
    assert!(store.owner(eve()).await.unwrap().is_none());
    let viewer = Viewer { proved: vec![Identity::Address(address(FRIEND))], claimed: None };
    assert_eq!(store.facts(OLD, &viewer).await.unwrap().holders, []);
    assert_eq!(store.facts_by_name(&names(&["Eve Example"])[0], &viewer).await.unwrap(), []);
    assert!(store.session(&[6; 32]).await.unwrap().is_none() && store.key(&[5; 32]).await.unwrap().is_none());
    assert_eq!(store.audit(eve(), None, 9).await.unwrap().items.len(), 1, "only that it was erased");
    let looked = audit_trail::verify(&world.env, audit_trail::Look::default()).await.unwrap();
    assert_eq!((looked.broken, looked.erased), (vec![], 2), "the chain holds without the text");
    assert_eq!(store.holdings(eve()).await.unwrap().iter().filter(|(what, _)| *what != "linkings").count(), 1);
    let again = vec![erased(0)];
    assert!(matches!(refused(store, again).await, StoreError::Conflict));

    // A blank line of which nothing says that it was erased is another matter.
    world.tamper("UPDATE {lines} SET done_by = '', what = '', detail = '', salt = NULL WHERE owner = {ann}").await;
    let looked = audit_trail::verify(&world.env, audit_trail::Look::default()).await.unwrap();
    assert_eq!(looked.broken.iter().map(|broken| broken.fault).collect::<Vec<_>>(), [audit_trail::Fault::Blank]);

    let Some(path) = &world.path else { return };
    // The filter forgets, on this process and the next; and nothing is left in free pages and logs.
    write(store, vec![Effect::Blocked(OwnerId(BOB), "x".into())]).await;
    store.close().await;
    world.other.close().await;
    for file in std::fs::read_dir(path.parent().unwrap()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for mark in [NOW, MAIL, FRIEND, "token-of-eve"] {
            assert!(!bytes.windows(mark.len()).any(|part| part == mark.as_bytes()), "{mark} is still in the file");
        }
    }
    let clock = std::sync::Arc::new(redial::clock::SystemClock);
    let next = redial::store::sqlite::Sqlite::open(path, clock, 1).unwrap();
    assert!(!redial::store::Numbers::may_be_former(&next, OLD), "a saved filter of another history is not taken");
}

async fn what_was_stopped_stays_stopped(world: World) {
    let store = &world.env.store;
    fill(store).await;
    let said = async |key: &str| {
        let outs = store.opt_outs(&[key.into()]).await.unwrap();
        outs.into_iter().map(|out| (out.address, out.owner)).collect::<Vec<_>>()
    };
    let before = (said(OLD).await, said(NOW).await);
    erase_her(&world).await;
    assert_eq!((said(OLD).await, said(NOW).await), before);
    assert_eq!(before.0, [(address(OLD), None)]);
    assert_eq!(said(FRIEND).await, [], "from her nobody gets anything any more");
    write(store, vec![Effect::OptedIn { key: OLD.into(), owner: None }]).await;
    assert_eq!(said(OLD).await, [], "until START from there");
}

async fn links_in_others_books_end(world: World) {
    let store = &world.env.store;
    fill(store).await;
    assert_eq!(store.linked_to(eve(), 9).await.unwrap(), [(OwnerId(BOB), ContactId(88))]);
    erase_her(&world).await;
    let mut linked = 0;
    while let Some(count) = link_contacts(&world.env, Duration::from_mins(1)).await.unwrap() {
        linked += count;
    }
    assert_eq!(linked, 1);
    assert_eq!(store.linked_to(eve(), 9).await.unwrap(), []);
    let contact = store.contact(OwnerId(BOB), ContactId(88)).await.unwrap().unwrap();
    assert_eq!((contact.linked, &*contact.addresses), (None, &[address(OLD)][..]), "his entry stays his");
    let his = Recipient::Contact(ContactId(88));
    assert!(store.shown(OwnerId(BOB), his).await.unwrap().is_some(), "what was shown is known");
    let audience = store.audience(OwnerId(BOB), None, 9).await.unwrap().items;
    assert_eq!(audience.iter().map(|one| one.recipient).collect::<Vec<_>>(), [his]);
}

async fn the_journal_tells_what_a_backup_would_undo(world: World) {
    let store = &world.env.store;
    fill(store).await;
    let person = store.owner(OwnerId(BOB)).await.unwrap().unwrap();
    let set = |silenced| Effect::OwnerSet {
        id: person.id,
        language: person.language.clone(),
        profile: person.profile.clone(),
        claimed: true,
        silenced,
        revision: 1,
    };
    for silenced in [false, true, true, false] {
        write(store, vec![set(silenced)]).await;
    }
    erase_her(&world).await;
    let lines = store.journal(Time(i64::MIN), None, 99).await.unwrap();
    let hash = |what: &Happened| match what {
        Happened::Stopped(hash, _) => {
            assert!(hash.starts_with('#') && !hash.contains("4155550"), "an address stands as its hash");
            true
        }
        _ => false,
    };
    assert_eq!(lines.iter().filter(|line| hash(&line.what)).count(), 3, "{lines:?}");
    for what in [Happened::Panicked(OwnerId(BOB)), Happened::Calmed(OwnerId(BOB)), Happened::Erased(eve())] {
        assert_eq!(lines.iter().filter(|line| line.what == what).count(), 1, "{what:?}: {lines:?}");
    }
    let ids: Vec<Box<str>> = lines.iter().map(|line| line.id.clone()).chain(["00".into()]).collect();
    let mut known = store.journal_has(&ids).await.unwrap();
    known.sort_unstable();
    let mut all: Vec<_> = lines.iter().map(|line| line.id.clone()).collect();
    all.sort_unstable();
    assert_eq!(known, all);
    assert_eq!(world.other.name(), store.name());
    let page = store.journal(Time(i64::MIN), Some(&lines[1]), 2).await.unwrap();
    assert_eq!(page, lines[2..4]);

    assert_eq!(store.sending_held().await.unwrap(), None);
    let held = SendingHeld { at: at(1), why: "restored".into() };
    for why in ["restored", "again"] {
        let held = SendingHeld { why: why.into(), ..held.clone() };
        write(store, vec![Effect::OfErasure(OfErasure::Held(held))]).await;
    }
    assert_eq!(world.other.sending_held().await.unwrap(), Some(held));
    write(store, vec![Effect::OfErasure(OfErasure::Resumed)]).await;
    assert_eq!(store.sending_held().await.unwrap(), None);
}

async fn nothing_is_written_of_an_erased_owner(world: World) {
    let store = &world.env.store;
    fill(store).await;
    erase_her(&world).await;
    write(store, vec![Effect::Queried(vec![query(174)])]).await;
    assert!(store.query(QueryId(174)).await.unwrap().is_none());
    let late = Substitution { owner: eve(), ..substitution(173, NOW, None, 1) };
    let _either = store.commit(Commit { effects: vec![Effect::Substituted(late)], ..Commit::default() }).await;
    assert!(store.substitution(SubstitutionId(173)).await.unwrap().is_none());
}

/// What stays of a substitution is made of what was read of it, so an erasure that has missed one is decided anew.
async fn what_comes_between_reading_and_erasing_is_not_lost(world: World) {
    let (store, system) = (&world.env.store, Actor::system());
    fill(store).await;
    let written = Effect::Substituted(Substitution { owner: eve(), ..substitution(173, NOW, None, 1) });
    for late in [written, Effect::SubstitutionNamed(SubstitutionId(73), "SM1".into())] {
        let plan = erase::erase(&world.env, &system, eve(), None).await.unwrap();
        write(store, vec![late]).await;
        assert!(matches!(store.commit(plan.commit).await, Err(StoreError::Conflict)));
    }
    assert!(
        store.owner(eve()).await.unwrap().is_some() && store.substitution(SubstitutionId(73)).await.unwrap().is_some()
    );
    carry_out(&world.env, || erase::erase(&world.env, &system, eve(), None)).await.unwrap();
    assert!(store.owner(eve()).await.unwrap().is_none());
}

/// On several nodes a substitution and an erasure wait for each other.
#[tokio::test]
async fn a_substitution_and_an_erasure_of_two_nodes_do_not_pass_each_other() {
    let Some(world) = on_postgres().await else { return };
    let store = &world.env.store;
    fill(store).await;
    let other = cluster::connect(&world.url).await;
    let watch = cluster::connect(&world.url).await;
    let waits = async || {
        let sql = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()
            AND application_name = 'redial' AND wait_event_type = 'Lock'";
        while watch.query(sql, &[]).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    let commit = |effects: Vec<Effect>| {
        let store = std::sync::Arc::clone(store);
        tokio::spawn(async move { store.commit(Commit { effects, ..Commit::default() }).await })
    };
    let id = format!("'\\x{EVE:032x}'::bytea");

    // Another node is writing a substitution.
    other
        .batch_execute(&format!(
            "BEGIN; SELECT 1 FROM owners WHERE id = {id} FOR KEY SHARE;
             INSERT INTO substitutions (id, account, channel, owner, used_key, used_wire, used_text, connected_key,
                connected_wire, query, at) VALUES ('\\x01', 'twilio', 'message', {id}, '', '', '', '', '', '\\x01', 1)"
        ))
        .await
        .unwrap();
    let erasing = commit(vec![erased(1)]);
    waits().await;
    other.batch_execute("COMMIT").await.unwrap();
    assert!(matches!(erasing.await.unwrap(), Err(StoreError::Conflict)), "it has seen one and there are two");

    // Another node is writing the provider's id.
    other.batch_execute("BEGIN; UPDATE substitutions SET foreign_id = 'SM1' WHERE id = '\\x01'").await.unwrap();
    let erasing = commit(vec![erased(2)]);
    waits().await;
    other.batch_execute("COMMIT").await.unwrap();
    assert!(matches!(erasing.await.unwrap(), Err(StoreError::Conflict)), "one has a name");

    // Another node is erasing her.
    let erase = format!("BEGIN; DELETE FROM owners WHERE id = {id}; INSERT INTO erased (owner, at) VALUES ({id}, 1)");
    other.batch_execute(&erase).await.unwrap();
    let late = commit(vec![Effect::Substituted(Substitution { owner: eve(), ..substitution(173, NOW, None, 1) })]);
    waits().await;
    let queried = commit(vec![Effect::Queried(vec![query(174)])]);
    waits().await;
    other.batch_execute("COMMIT").await.unwrap();
    assert!(matches!(late.await.unwrap(), Err(StoreError::Conflict)));
    queried.await.unwrap().unwrap();
    assert!(store.query(QueryId(174)).await.unwrap().is_none());
}
