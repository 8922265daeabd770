//! The chains of the audit trails, with somebody at work behind the program's back, on both stores.

use super::{cluster, sample::*, sqlite::Folder};
use crate::both::both;
use redial::{
    clock::{ManualClock, SystemClock, SystemRandom},
    domain::id::{AuditId, OwnerId},
    store::{Audit, Commit, Effect, SharedStore, postgres::Postgres, sqlite::Sqlite},
    usecase::{
        Env, Rules,
        audit_trail::{self, Broken, Fault, Look, Looked},
    },
};
use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

const ANN: OwnerId = OwnerId(1);
const BOB: OwnerId = OwnerId(2);

/// A store, and a way round it.
pub(super) struct World {
    pub(super) env: Env,
    /// A second process or node.
    pub(super) other: SharedStore,
    pub(super) path: Option<PathBuf>,
    pub(super) url: String,
    _folder: Option<Folder>,
}

fn env(store: &SharedStore) -> Env {
    Env::new(Arc::clone(store), Arc::new(SystemClock), Arc::new(SystemRandom::new()), Rules::default())
}

pub(super) async fn on_sqlite() -> World {
    let folder = Folder::new("chains");
    let path = folder.join("redial.db");
    let open = || Arc::new(Sqlite::open(&path, Arc::new(ManualClock::at(EARLY)), 2).unwrap());
    let (store, other): (SharedStore, SharedStore) = (open(), open());
    let world = World { env: env(&store), other, path: Some(path.clone()), url: String::new(), _folder: Some(folder) };
    world.fill().await;
    world
}

pub(super) async fn on_postgres() -> Option<World> {
    let url = cluster::database().await?;
    let store: SharedStore = Arc::new(Postgres::connect(&url, 4, None).await.unwrap());
    let other: SharedStore = Arc::new(Postgres::connect(&url, 4, None).await.unwrap());
    let world = World { env: env(&store), other, path: None, url, _folder: None };
    world.fill().await;
    Some(world)
}

fn line(owner: OwnerId, number: u128) -> Effect {
    let detail = format!("{{\"number\":{number}}}");
    let (by, what) = ("owner".into(), "number_changed".into());
    Effect::Audited(Audit {
        id: AuditId(number),
        owner,
        at: at(number.try_into().unwrap()),
        by,
        what,
        detail: detail.into(),
    })
}

impl World {
    /// Two owners with five lines each.
    async fn fill(&self) {
        for (number, owner) in [(1, ANN), (2, BOB)] {
            let mut effects = vec![Effect::OwnerAdded(self::owner(number, "N", &[]))];
            effects.extend((1..=5).map(|number| line(owner, number)));
            write(&self.env.store, effects).await;
        }
    }

    /// Runs a statement behind the store's back: `{lines}` and `{ends}` are the tables, `{ann}`, `{bob}` and `{nobody}` ids.
    pub(super) async fn tamper(&self, sql: &str) {
        let (lines, ends, blob): (_, _, fn(OwnerId) -> String) = match self.path {
            Some(_) => ("audit", "audit_head", |id| format!("x'{:032x}'", id.0)),
            None => ("audits", "audit_heads", |id| format!("'\\x{:032x}'::bytea", id.0)),
        };
        let sql = sql.replace("{lines}", lines).replace("{ends}", ends);
        let sql = sql.replace("{ann}", &blob(ANN)).replace("{bob}", &blob(BOB)).replace("{nobody}", &blob(OwnerId(99)));
        match &self.path {
            Some(path) => rusqlite::Connection::open(path).unwrap().execute_batch(&sql).unwrap(),
            None => cluster::run(&self.url, &sql).await,
        }
    }

    async fn look(&self) -> Looked {
        audit_trail::verify(&self.env, Look::default()).await.unwrap()
    }

    async fn faults(&self) -> Vec<(OwnerId, u64, Fault)> {
        let broken = self.look().await.broken;
        broken.into_iter().map(|Broken { owner, number, fault, .. }| (owner, number, fault)).collect()
    }
}

both! {
    chains_hold_and_are_counted
    each_way_of_tampering_is_found_at_its_first_line
    a_chain_that_was_made_anew_is_found_by_its_kept_end
    commits_at_once_do_not_fork_a_chain
    looking_is_not_disturbed_by_what_is_written
    an_imported_owner_has_a_chain_too
}

async fn chains_hold_and_are_counted(world: World) {
    assert_eq!(world.look().await, Looked { owners: 2, lines: 10, erased: 0, broken: vec![] });
    let one = audit_trail::verify(&world.env, Look { of: Some(BOB), ..Look::default() }).await.unwrap();
    assert_eq!(one, Looked { owners: 1, lines: 5, erased: 0, broken: vec![] });
    let other = audit_trail::verify(&env(&world.other), Look::default()).await.unwrap();
    assert_eq!(other.broken, []);
}

async fn each_way_of_tampering_is_found_at_its_first_line(world: World) {
    // What is done, how it is undone, what is found. The number of a line is its id here.
    let cases = [
        (
            "UPDATE {lines} SET detail = '{}' WHERE owner = {ann} AND number = 3",
            "UPDATE {lines} SET detail = '{\"number\":3}' WHERE owner = {ann} AND number = 3",
            (ANN, 3, Fault::Altered),
        ),
        (
            "UPDATE {lines} SET done_by = 'system' WHERE owner = {bob} AND number = 1",
            "UPDATE {lines} SET done_by = 'owner' WHERE owner = {bob} AND number = 1",
            (BOB, 1, Fault::Altered),
        ),
        // Taken out in the middle.
        (
            "UPDATE {lines} SET owner = {nobody} WHERE owner = {ann} AND number = 2",
            "UPDATE {lines} SET owner = {ann} WHERE owner = {nobody}",
            (ANN, 2, Fault::Missing),
        ),
        // Changed places.
        (
            "UPDATE {lines} SET number = -2 WHERE owner = {ann} AND number = 2;
             UPDATE {lines} SET number = 2 WHERE owner = {ann} AND number = 3;
             UPDATE {lines} SET number = 3 WHERE owner = {ann} AND number = -2",
            "UPDATE {lines} SET number = -2 WHERE owner = {ann} AND number = 2;
             UPDATE {lines} SET number = 2 WHERE owner = {ann} AND number = 3;
             UPDATE {lines} SET number = 3 WHERE owner = {ann} AND number = -2",
            (ANN, 2, Fault::OutOfPlace),
        ),
        // Cut off at the end, without and with the end of the chain.
        (
            "UPDATE {lines} SET number = NULL WHERE owner = {ann} AND number = 5",
            "UPDATE {lines} SET number = 5 WHERE owner = {ann} AND number IS NULL",
            (ANN, 0, Fault::Outside),
        ),
        (
            "UPDATE {ends} SET number = 6 WHERE owner = {ann}",
            "UPDATE {ends} SET number = 5 WHERE owner = {ann}",
            (ANN, 6, Fault::Cut),
        ),
        (
            "UPDATE {ends} SET number = 4 WHERE owner = {ann}",
            "UPDATE {ends} SET number = 5 WHERE owner = {ann}",
            (ANN, 5, Fault::Beyond),
        ),
        // Put in.
        (
            "UPDATE {lines} SET number = 6 WHERE owner = {ann} AND number = 5;
             INSERT INTO {lines} (owner, id, at, done_by, what, detail, number, salt, content, hash)
             SELECT owner, {nobody}, at, done_by, what, detail, 5, salt, content, hash FROM {lines}
             WHERE owner = {ann} AND number = 4",
            "UPDATE {lines} SET number = number WHERE owner = {ann}",
            (ANN, 5, Fault::Altered),
        ),
    ];
    let last = cases.len() - 1;
    for (at, (done, undone, expected)) in cases.into_iter().enumerate() {
        world.tamper(done).await;
        let found = world.faults().await;
        assert!(found.contains(&expected), "{done}: {found:?}");
        assert!(found.len() == 1 || done.contains("nobody"), "{done}: {found:?}");
        if at != last {
            world.tamper(undone).await;
            assert_eq!(world.faults().await, [], "{undone}");
        }
    }
}

async fn a_chain_that_was_made_anew_is_found_by_its_kept_end(world: World) {
    let mut kept = BTreeMap::new();
    let mut keep = |owner, end: redial::store::chain::Head| {
        kept.insert(owner, (end.number, end.hash));
    };
    audit_trail::verify(&world.env, Look { ends: Some(&mut keep), ..Look::default() }).await.unwrap();
    assert_eq!(kept.len(), 2);
    write(&world.env.store, vec![line(ANN, 6)]).await;
    let against = |kept| Look { against: Some(kept), ..Look::default() };
    assert_eq!(audit_trail::verify(&world.env, against(&kept)).await.unwrap().broken, [], "it has only grown");

    world.tamper("DELETE FROM {lines} WHERE owner = {ann}; DELETE FROM {ends} WHERE owner = {ann}").await;
    assert_eq!(world.faults().await, [(ANN, 1, Fault::NoTrail)]);
    write(&world.env.store, (1..=6).map(|number| line(ANN, number)).collect()).await;
    assert_eq!(world.faults().await, [], "all hashes are new and right");
    let found = audit_trail::verify(&world.env, against(&kept)).await.unwrap().broken;
    assert_eq!(found, [Broken { owner: ANN, number: 5, id: Some(AuditId(5)), fault: Fault::Replaced }]);

    world.tamper("DELETE FROM {lines} WHERE owner = {bob} AND number > 3").await;
    let hash = "(SELECT hash FROM {lines} WHERE owner = {bob} AND number = 3)";
    world.tamper(&format!("UPDATE {{ends}} SET number = 3, hash = {hash} WHERE owner = {{bob}}")).await;
    assert_eq!(world.faults().await, [], "the end was cut off neatly");
    let found = audit_trail::verify(&world.env, against(&kept)).await.unwrap().broken;
    assert!(found.contains(&Broken { owner: BOB, number: 4, id: None, fault: Fault::Cut }), "{found:?}");
}

async fn commits_at_once_do_not_fork_a_chain(world: World) {
    let stores = [&world.env.store, &world.other];
    let lines = (100..180_u128).map(|number| {
        let store = stores[usize::from(number.is_multiple_of(2))];
        let effects = vec![line(ANN, number), line(BOB, number)];
        store.commit(Commit { effects, ..Commit::default() })
    });
    for written in futures_util::future::join_all(lines).await {
        written.unwrap();
    }
    assert_eq!(world.look().await, Looked { owners: 2, lines: 170, erased: 0, broken: vec![] });
}

async fn looking_is_not_disturbed_by_what_is_written(world: World) {
    let writes = async {
        for number in 200..260 {
            write(&world.other, vec![line(ANN, number), line(BOB, number)]).await;
        }
    };
    let looks = async {
        for _ in 0..20 {
            assert_eq!(world.faults().await, []);
        }
    };
    tokio::join!(writes, looks);
}

async fn an_imported_owner_has_a_chain_too(world: World) {
    let imported = moved(9, "+14155550101", "+14155550102", EARLY);
    let id = imported.owner;
    write(&world.env.store, vec![Effect::OwnersImported(vec![imported])]).await;
    assert_eq!(world.faults().await, []);
    write(&world.env.store, vec![line(id, 900)]).await;
    let looked = audit_trail::verify(&world.env, Look { of: Some(id), ..Look::default() }).await.unwrap();
    assert_eq!(looked, Looked { owners: 1, lines: 2, erased: 0, broken: vec![] });
}

/// Lines that were there before there were chains are put into them.
#[tokio::test]
async fn older_lines_are_put_into_chains() {
    let Some(world) = on_postgres().await else { return };
    world
        .tamper(
            "UPDATE {lines} SET number = NULL, salt = NULL, content = NULL, hash = NULL; DELETE FROM {ends};
             UPDATE redial_schema SET number = 14",
        )
        .await;
    let store: SharedStore = Arc::new(Postgres::connect(&world.url, 2, None).await.unwrap());
    write(&store, vec![line(ANN, 6)]).await;
    assert_eq!(world.look().await, Looked { owners: 2, lines: 11, erased: 0, broken: vec![] });
}
