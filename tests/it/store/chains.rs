//! The chains of the audit trails and of the operation's, with somebody at work behind the program's back, on both stores.

use super::{cluster, sample::*, sqlite::Folder};
use crate::both::both;
use redial::{
    clock::{ManualClock, SystemClock, SystemRandom},
    domain::id::{AuditId, OwnerId},
    store::{
        Audit, Commit, Effect, SharedStore, Trail, TrailLine,
        chain::{Chain, Head},
        postgres::Postgres,
        sqlite::Sqlite,
    },
    usecase::{
        Env, Rules,
        audit_trail::{self, Broken, Fault, Look, Looked},
    },
};
use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

const ANN: OwnerId = OwnerId(1);
const BOB: OwnerId = OwnerId(2);
const OF_ANN: Chain = Chain::Owner(ANN);
const OF_BOB: Chain = Chain::Owner(BOB);
const OPERATORS: Chain = Chain::Trail(Trail::Operators);
const CONFIG: Chain = Chain::Trail(Trail::Config);

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

fn done(trail: Trail, number: u128) -> Effect {
    let at = at(number.try_into().unwrap());
    let (by, origin, subject) = ("olga".into(), "192.0.2.1".into(), format!("ntc_{number}").into());
    Effect::Trailed(TrailLine { trail, id: AuditId(number), at, by, origin, what: "replayed".into(), subject })
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

    /// Four lines in each of the operation's trails.
    async fn operate(&self) {
        let lines = Trail::ALL.into_iter().flat_map(|trail| (1..=4).map(move |number| done(trail, number)));
        write(&self.env.store, lines.collect()).await;
    }

    /// Runs a statement behind the store's back: `{lines}` and `{ends}` are the owners' tables, `{trail_ends}` that of the
    /// operation's trails, `{ann}`, `{bob}` and `{nobody}` ids.
    pub(super) async fn tamper(&self, sql: &str) {
        let (lines, ends, trail_ends, blob): (_, _, _, fn(OwnerId) -> String) = match self.path {
            Some(_) => ("audit", "audit_head", "trail_head", |id| format!("x'{:032x}'", id.0)),
            None => ("audits", "audit_heads", "trail_heads", |id| format!("'\\x{:032x}'::bytea", id.0)),
        };
        let sql = sql.replace("{lines}", lines).replace("{ends}", ends).replace("{trail_ends}", trail_ends);
        let sql = sql.replace("{ann}", &blob(ANN)).replace("{bob}", &blob(BOB)).replace("{nobody}", &blob(OwnerId(99)));
        match &self.path {
            Some(path) => rusqlite::Connection::open(path).unwrap().execute_batch(&sql).unwrap(),
            None => cluster::run(&self.url, &sql).await,
        }
    }

    async fn look(&self) -> Looked {
        audit_trail::verify(&self.env, Look::default()).await.unwrap()
    }

    async fn faults(&self) -> Vec<(Chain, u64, Fault)> {
        let broken = self.look().await.broken;
        broken.into_iter().map(|Broken { chain, number, fault, .. }| (chain, number, fault)).collect()
    }

    /// How all chains end now, kept elsewhere.
    async fn kept(&self) -> BTreeMap<Chain, (u64, [u8; 32])> {
        let mut kept = BTreeMap::new();
        let mut keep = |chain, Head { number, hash }: Head| {
            kept.insert(chain, (number, hash));
        };
        audit_trail::verify(&self.env, Look { ends: Some(&mut keep), ..Look::default() }).await.unwrap();
        kept
    }

    async fn faults_against(&self, kept: &BTreeMap<Chain, (u64, [u8; 32])>) -> Vec<(Chain, u64, Fault)> {
        let looked = audit_trail::verify(&self.env, Look { against: Some(kept), ..Look::default() }).await.unwrap();
        looked.broken.into_iter().map(|Broken { chain, number, fault, .. }| (chain, number, fault)).collect()
    }
}

both! {
    chains_hold_and_are_counted
    each_way_of_tampering_is_found_at_its_first_line
    what_is_deleted_is_missed
    lines_of_two_owners_that_changed_places_are_found_in_both
    wiped_lines_pass_for_an_erasure_only_where_there_was_one
    the_operations_trails_are_chains_too
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
    const SWAP: &str = "UPDATE {lines} SET number = -2 WHERE owner = {ann} AND number = 2;
         UPDATE {lines} SET number = 2 WHERE owner = {ann} AND number = 3;
         UPDATE {lines} SET number = 3 WHERE owner = {ann} AND number = -2";
    // What is done, how it is undone, what is found. The number of a line is its id here.
    let cases = [
        (
            "UPDATE {lines} SET detail = '{}' WHERE owner = {ann} AND number = 3",
            "UPDATE {lines} SET detail = '{\"number\":3}' WHERE owner = {ann} AND number = 3",
            (OF_ANN, 3, Fault::Altered),
        ),
        (
            "UPDATE {lines} SET done_by = 'system' WHERE owner = {bob} AND number = 1",
            "UPDATE {lines} SET done_by = 'owner' WHERE owner = {bob} AND number = 1",
            (OF_BOB, 1, Fault::Altered),
        ),
        // Given to somebody else.
        (
            "UPDATE {lines} SET owner = {nobody} WHERE owner = {ann} AND number = 2",
            "UPDATE {lines} SET owner = {ann} WHERE owner = {nobody}",
            (OF_ANN, 2, Fault::Missing),
        ),
        (SWAP, SWAP, (OF_ANN, 2, Fault::OutOfPlace)),
        // Cut off at the end, without and with the end of the chain.
        (
            "UPDATE {lines} SET number = NULL WHERE owner = {ann} AND number = 5",
            "UPDATE {lines} SET number = 5 WHERE owner = {ann} AND number IS NULL",
            (OF_ANN, 0, Fault::Outside),
        ),
        (
            "UPDATE {ends} SET number = 6 WHERE owner = {ann}",
            "UPDATE {ends} SET number = 5 WHERE owner = {ann}",
            (OF_ANN, 6, Fault::Cut),
        ),
        (
            "UPDATE {ends} SET number = 4 WHERE owner = {ann}",
            "UPDATE {ends} SET number = 5 WHERE owner = {ann}",
            (OF_ANN, 5, Fault::Beyond),
        ),
        // Put in.
        (
            "UPDATE {lines} SET number = 6 WHERE owner = {ann} AND number = 5;
             INSERT INTO {lines} (owner, id, at, done_by, what, detail, number, salt, content, hash)
             SELECT owner, {nobody}, at, done_by, what, detail, 5, salt, content, hash FROM {lines}
             WHERE owner = {ann} AND number = 4",
            "DELETE FROM {lines} WHERE owner = {ann} AND number = 5;
             UPDATE {lines} SET number = 5 WHERE owner = {ann} AND number = 6",
            (OF_ANN, 5, Fault::Altered),
        ),
    ];
    for (done, undone, expected) in cases {
        world.tamper(done).await;
        let found = world.faults().await;
        assert!(found.contains(&expected), "{done}: {found:?}");
        assert!(found.len() == 1 || done.contains("nobody"), "{done}: {found:?}");
        world.tamper(undone).await;
        assert_eq!(world.faults().await, [], "{undone}");
    }
}

async fn what_is_deleted_is_missed(world: World) {
    let kept = world.kept().await;
    world.tamper("DELETE FROM {lines} WHERE owner = {ann} AND number = 3").await;
    world.tamper("DELETE FROM {lines} WHERE owner = {bob} AND number > 3").await;
    assert_eq!(world.faults().await, [(OF_ANN, 3, Fault::Missing), (OF_BOB, 4, Fault::Cut)]);
    world.tamper("DELETE FROM {lines} WHERE owner = {ann}").await;
    assert_eq!(world.faults().await, [(OF_ANN, 1, Fault::Cut), (OF_BOB, 4, Fault::Cut)], "the end tells it");
    world.tamper("DELETE FROM {ends} WHERE owner = {ann}").await;
    assert_eq!(world.faults().await[0], (OF_ANN, 1, Fault::NoTrail), "the owner is there, and nothing was ever done");
    // With the end drawn back only an end that was kept elsewhere tells it.
    let hash = "(SELECT hash FROM {lines} WHERE owner = {bob} AND number = 3)";
    world.tamper(&format!("UPDATE {{ends}} SET number = 3, hash = {hash} WHERE owner = {{bob}}")).await;
    assert_eq!(world.faults().await, [(OF_ANN, 1, Fault::NoTrail)]);
    assert!(world.faults_against(&kept).await.contains(&(OF_BOB, 4, Fault::Cut)));
}

async fn lines_of_two_owners_that_changed_places_are_found_in_both(world: World) {
    for (from, to) in [("{ann}", "{nobody}"), ("{bob}", "{ann}"), ("{nobody}", "{bob}")] {
        world.tamper(&format!("UPDATE {{lines}} SET owner = {to} WHERE owner = {from} AND number = 4")).await;
    }
    assert_eq!(world.faults().await, [(OF_ANN, 4, Fault::Altered), (OF_BOB, 4, Fault::Altered)]);
    // The ends as well, and all lines: each line says whose it is.
    for (from, to) in [("{ann}", "{nobody}"), ("{bob}", "{ann}"), ("{nobody}", "{bob}")] {
        world.tamper(&format!("UPDATE {{lines}} SET owner = {to} WHERE owner = {from} AND number <> 4")).await;
        world.tamper(&format!("UPDATE {{ends}} SET owner = {to} WHERE owner = {from}")).await;
    }
    assert_eq!(world.faults().await, [(OF_ANN, 1, Fault::Altered), (OF_BOB, 1, Fault::Altered)]);
}

async fn wiped_lines_pass_for_an_erasure_only_where_there_was_one(world: World) {
    let kept = world.kept().await;
    world.tamper("UPDATE {lines} SET done_by = '', what = '', detail = '', salt = NULL WHERE owner = {ann}").await;
    assert_eq!(world.faults().await, [(OF_ANN, 1, Fault::Blank)]);
    // A line that says so, rightly chained: whoever can write to the database can make one.
    let Effect::Audited(said) = line(ANN, 6) else { unreachable!() };
    let said = Audit { what: audit_trail::ERASED.into(), ..said };
    write(&world.env.store, vec![Effect::Audited(said)]).await;
    assert_eq!(world.faults().await, [(OF_ANN, 1, Fault::Blank)], "she was not erased");
    assert_eq!(world.faults_against(&kept).await, [(OF_ANN, 1, Fault::Blank)]);
    world.tamper("INSERT INTO erased (owner, at) VALUES ({ann}, 6)").await;
    assert_eq!(world.faults().await, [(OF_ANN, 1, Fault::Blank)], "she is there still");
}

async fn the_operations_trails_are_chains_too(world: World) {
    world.operate().await;
    let kept = world.kept().await;
    assert_eq!(kept.len(), 4);
    assert_eq!(world.look().await, Looked { owners: 2, lines: 18, erased: 0, broken: vec![] });
    write(&world.env.store, vec![done(Trail::Operators, 5)]).await;
    write(&world.other, vec![done(Trail::Operators, 6)]).await;
    assert_eq!(world.faults_against(&kept).await, [], "they have only grown");
    let one = audit_trail::verify(&world.env, Look { of: Some(ANN), ..Look::default() }).await.unwrap();
    assert_eq!(one.lines, 5, "one owner's alone");
    let cases = [
        (
            "UPDATE trail SET subject = 'ntc_9' WHERE trail = 'operators' AND number = 3",
            "UPDATE trail SET subject = 'ntc_3' WHERE trail = 'operators' AND number = 3",
            (OPERATORS, 3, Fault::Altered),
        ),
        (
            "UPDATE trail SET done_by = '' WHERE trail = 'config' AND number = 1",
            "UPDATE trail SET done_by = 'olga' WHERE trail = 'config' AND number = 1",
            (CONFIG, 1, Fault::Altered),
        ),
        (
            "UPDATE trail SET number = NULL WHERE trail = 'config' AND number = 4",
            "UPDATE trail SET number = 4 WHERE trail = 'config' AND number IS NULL",
            (CONFIG, 0, Fault::Outside),
        ),
        (
            "UPDATE {trail_ends} SET number = 7 WHERE trail = 'operators'",
            "UPDATE {trail_ends} SET number = 6 WHERE trail = 'operators'",
            (OPERATORS, 7, Fault::Cut),
        ),
    ];
    for (done, undone, expected) in cases {
        world.tamper(done).await;
        assert_eq!(world.faults().await, [expected], "{done}");
        world.tamper(undone).await;
        assert_eq!(world.faults().await, [], "{undone}");
    }
    // Nobody's erasure makes a line of these blank.
    let wiped = "UPDATE trail SET what = 'erased', salt = NULL WHERE trail = 'config' AND number = 2";
    world.tamper(wiped).await;
    assert_eq!(world.faults().await, [(CONFIG, 2, Fault::Blank)]);
    world.tamper("DELETE FROM trail WHERE trail = 'operators' AND number = 2").await;
    world.tamper("DELETE FROM trail WHERE trail = 'config'; DELETE FROM {trail_ends} WHERE trail = 'config'").await;
    assert_eq!(world.faults().await, [(OPERATORS, 2, Fault::Missing), (CONFIG, 1, Fault::NoTrail)]);
    world.tamper("DELETE FROM trail WHERE trail = 'operators' AND number > 1").await;
    let hash = "(SELECT hash FROM trail WHERE trail = 'operators' AND number = 1)";
    world.tamper(&format!("UPDATE {{trail_ends}} SET number = 1, hash = {hash} WHERE trail = 'operators'")).await;
    assert_eq!(world.faults().await, [(CONFIG, 1, Fault::NoTrail)], "the end was cut off neatly");
    assert_eq!(world.faults_against(&kept).await, [(OPERATORS, 2, Fault::Cut), (CONFIG, 1, Fault::NoTrail)]);
}

async fn a_chain_that_was_made_anew_is_found_by_its_kept_end(world: World) {
    let kept = world.kept().await;
    assert_eq!(kept.len(), 4, "{kept:?}");
    write(&world.env.store, vec![line(ANN, 6)]).await;
    assert_eq!(world.faults_against(&kept).await, [], "it has only grown");

    world.tamper("DELETE FROM {lines} WHERE owner = {ann}; DELETE FROM {ends} WHERE owner = {ann}").await;
    assert_eq!(world.faults().await, [(OF_ANN, 1, Fault::NoTrail)]);
    write(&world.env.store, (1..=6).map(|number| line(ANN, number)).collect()).await;
    assert_eq!(world.faults().await, [], "all hashes are new and right");
    assert_eq!(world.faults_against(&kept).await, [(OF_ANN, 5, Fault::Replaced)]);
}

async fn commits_at_once_do_not_fork_a_chain(world: World) {
    let stores = [&world.env.store, &world.other];
    let lines = (100..180_u128).map(|number| {
        let store = stores[usize::from(number.is_multiple_of(2))];
        let effects = vec![line(ANN, number), line(BOB, number), done(Trail::Operators, number)];
        store.commit(Commit { effects, ..Commit::default() })
    });
    for written in futures_util::future::join_all(lines).await {
        written.unwrap();
    }
    assert_eq!(world.look().await, Looked { owners: 2, lines: 250, erased: 0, broken: vec![] });
}

async fn looking_is_not_disturbed_by_what_is_written(world: World) {
    let writes = async {
        for number in 200..260 {
            write(&world.other, vec![line(ANN, number), line(BOB, number), done(Trail::Config, number)]).await;
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
    world.operate().await;
    world
        .tamper(
            "UPDATE {lines} SET number = NULL, salt = NULL, content = NULL, hash = NULL; DELETE FROM {ends};
             UPDATE trail SET number = NULL, salt = NULL, content = NULL, hash = NULL; DELETE FROM {trail_ends};
             UPDATE redial_schema SET number = 14",
        )
        .await;
    let store: SharedStore = Arc::new(Postgres::connect(&world.url, 2, None).await.unwrap());
    write(&store, vec![line(ANN, 6), done(Trail::Config, 6)]).await;
    assert_eq!(world.look().await, Looked { owners: 2, lines: 20, erased: 0, broken: vec![] });
}
