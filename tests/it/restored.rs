//! A copy of the database is put back (rule C7), with the real program: what came after it is carried out again, and nothing
//! is sent until somebody says so.

use crate::{
    peer::{get, until},
    program::{Home, Serving},
    store::sample::*,
};
use redial::{
    clock::{Clock as _, SystemClock, Time},
    domain::{
        group::{Grant, Item, Member},
        id::{AuditId, ContactId, OwnerId, PointId},
        owner::{Held, Owner},
    },
    store::{Audit, Effect, OptOut, SharedStore, sqlite::Sqlite},
};
use std::{fs, sync::Arc};

const ANN: OwnerId = OwnerId(1);
const BOB: OwnerId = OwnerId(2);

/// Works on the program's database from outside.
async fn with_store<T>(home: &Home, work: impl AsyncFnOnce(&SharedStore) -> T) -> T {
    let path = home.0.join("data/redial.db");
    let store: SharedStore = Arc::new(Sqlite::open(&path, Arc::new(SystemClock), 1).unwrap());
    let done = work(&store).await;
    store.close().await;
    done
}

/// An owner who has something to tell Carl by mail.
fn person(number: u128, name: &str, value: &str) -> Vec<Effect> {
    let owner = owner(number, name, &[value]);
    let point = owner.points[0].id;
    let (id, at) = (owner.id, EARLY);
    let line =
        Audit { id: AuditId(number), owner: id, at, by: "cli".into(), what: "registered".into(), detail: "{}".into() };
    vec![
        Effect::OwnerAdded(owner),
        Effect::Audited(line),
        Effect::BookSet(book(number, number * 100)),
        Effect::GroupSet(group(number, number * 100, number * 100 + 1, vec![Grant::Reveal(Item::Point(point))])),
        Effect::ContactSet(contact(number, number * 100, number * 100 + 2, "Carl Dee", &["carl@example.com"])),
        member(number, number * 100 + 1, Member::Contact(ContactId(number * 100 + 2))),
    ]
}

fn silenced(owner: &Owner) -> Effect {
    Effect::OwnerSet {
        id: owner.id,
        language: owner.language.clone(),
        profile: owner.profile.clone(),
        claimed: true,
        silenced: true,
        revision: owner.revision,
    }
}

fn mails(home: &Home) -> usize {
    let named = |name: &str| name.starts_with("ntc_");
    let found = fs::read_dir(home.0.join("data/outbox")).into_iter().flatten();
    found.filter(|entry| named(entry.as_ref().unwrap().file_name().to_str().unwrap())).count()
}

/// Runs a command that is to end well; what it printed.
fn did(home: &Home, arguments: &[&str]) -> String {
    let output = home.run(arguments);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said} {}", String::from_utf8_lossy(&output.stderr));
    said
}

#[tokio::test]
async fn a_restored_copy_brings_nobody_back_and_sends_nothing_until_told() {
    let home = Home::new("restored");
    // Nobody reads its log meanwhile: it must fit in the pipe.
    let config = fs::read_to_string(home.0.join("config.toml")).unwrap();
    fs::write(home.0.join("config.toml"), config.replace("level = \"trace\"", "level = \"info\"")).unwrap();
    did(&home, &["migrate"]);
    with_store(&home, async |store| {
        write(store, person(1, "Ann Example", "+14155550101")).await;
        write(store, person(2, "Bob Example", "+14155550102")).await;
        // An hour ago: longer than changes are gathered.
        let changed = Time(SystemClock.now().0 - 3_600_000_000);
        let mut dora = person(3, "Dora Example", "+14155550103");
        let Effect::OwnerAdded(owner) = &mut dora[0] else { unreachable!() };
        let values = &mut owner.points[0].values;
        values[0].until = Some(changed);
        values.push(Held { from: changed, proved: changed, ..held("+14155550104", 0) });
        write(store, dora).await;
        // Told after the copy was made: the copy has it still before it.
        write(store, vec![Effect::FanoutDue(fanout(5, 3, changed))]).await;
    })
    .await;
    did(&home, &["backup", "copy.db"]);
    assert_eq!(home.run(&["backup", "copy.db"]).status.code(), Some(2), "a file that is there stays");
    let looked = did(&home, &["audit", "verify", "--json"]);
    assert!(looked.contains("\"broken\":[]") && looked.contains("\"owners\":3"), "{looked}");

    let ann = ANN.to_string();
    let listed = did(&home, &["erase", &ann]);
    assert!(listed.contains("nothing was changed") && listed.contains("points"), "{listed}");
    did(&home, &["erase", &ann, "--yes"]);
    assert_eq!(home.run(&["erase", &ann]).status.code(), Some(2), "there is nobody");
    with_store(&home, async |store| {
        let bob = store.owner(BOB).await.unwrap().unwrap();
        let out = OptOut { address: address("+14155550199"), owner: None, at: EARLY, way: "keyword".into() };
        write(store, vec![silenced(&bob), Effect::OptedOut(out)]).await;
    })
    .await;
    // Any command writes what the journal lacks.
    did(&home, &["audit", "config"]);
    let journal = fs::read_to_string(home.0.join("data/redial.db.after")).unwrap();
    assert_eq!(journal.lines().count(), 4, "{journal}");
    assert!(!journal.contains("4155550"), "no address stands in it: {journal}");

    for name in ["redial.db", "redial.db-wal", "redial.db-shm", "redial.db.filter"] {
        let _gone = fs::remove_file(home.0.join("data").join(name));
    }
    fs::rename(home.0.join("copy.db"), home.0.join("data/redial.db")).unwrap();

    let mut serving = Serving::start(&home);
    // The worker makes the notice, and leaves it there.
    until("the notice that waits", async || did(&home, &["notices", "list", "--state", "open"]).contains("ntc_")).await;
    let (_, address) = serving.said.split_once(" listens on ").unwrap();
    let ready = get(&format!("{}/readyz", address.split(' ').next().unwrap())).await.unwrap();
    assert_eq!(
        (ready.0, ready.1.starts_with("ready, but nothing is sent: this is a copy")),
        (200, true),
        "{}",
        ready.1
    );
    serving.signal("-TERM");
    serving.wait_for("stopped");
    assert_eq!(mails(&home), 0, "nothing is sent");
    with_store(&home, async |store| {
        assert!(store.owner(ANN).await.unwrap().is_none(), "she stays erased");
        assert!(store.owner(BOB).await.unwrap().unwrap().silenced, "his panic counts");
        let said = store.opt_outs(&["+14155550199".into()]).await.unwrap();
        assert_eq!(said.len(), 1, "STOP counts");
        assert!(store.sending_held().await.unwrap().is_some());
        assert_eq!(store.owner(OwnerId(3)).await.unwrap().unwrap().points[0].id, PointId(30));
    })
    .await;
    assert!(did(&home, &["audit", "verify"]).contains("every chain holds"));

    assert!(did(&home, &["notices", "resume"]).contains("it is sent again"));
    assert!(did(&home, &["notices", "resume"]).contains("nothing was held"));
    let serving = Serving::start(&home);
    until("the notice that is sent", async || mails(&home) > 0).await;
    // A journal of another database is not taken for one's own.
    drop(serving);
    for name in ["redial.db", "redial.db-wal", "redial.db-shm"] {
        let _gone = fs::remove_file(home.0.join("data").join(name));
    }
    let refused = home.run(&["audit", "config"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("journal of another database"), "{refused:?}");
}
