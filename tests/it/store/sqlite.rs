//! The embedded store.

use super::{
    conformance::suite,
    model::{self, STORES, Subject},
    rows::{self, Row},
    sample::*,
};
use redial::{
    clock::{Clock, ManualClock},
    domain::{
        group::Viewer,
        id::{NoticeId, OwnerId, PointId},
    },
    store::{Commit, Effect, SharedStore, Store as _, StoreError, sqlite::Sqlite},
};
use rusqlite::Connection;
use std::{
    future::{Ready, ready},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

/// A folder that is gone with its value.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let unique = format!("redial-{name}-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(unique);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _left = std::fs::remove_dir_all(&self.0);
    }
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(EARLY.after(Duration::from_secs(1_000_000))))
}

fn open(path: &Path) -> SharedStore {
    Arc::new(Sqlite::open(path, clock(), 2).unwrap())
}

fn fresh() -> Ready<Option<SharedStore>> {
    ready(Some(Arc::new(Sqlite::in_memory(clock()).unwrap())))
}

suite!(super::fresh);

/// The same cases with a file and several threads that read.
mod in_a_file {
    use super::*;

    fn fresh() -> Ready<Option<SharedStore>> {
        // The folder goes at once: an open file lives on without its name.
        ready(Some(open(&Folder::new("suite").join("redial.db"))))
    }

    suite!(super::fresh);
}

struct Pair {
    folder: Folder,
    clock: Arc<ManualClock>,
    stores: Vec<Arc<Sqlite>>,
}

impl Pair {
    fn new() -> Self {
        let mut pair = Self { folder: Folder::new("model"), clock: clock(), stores: Vec::new() };
        pair.stores = (0..STORES).map(|_| pair.open()).collect();
        pair
    }

    fn open(&self) -> Arc<Sqlite> {
        let clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(&self.clock);
        Arc::new(Sqlite::open(&self.folder.join("redial.db"), clock, 1).unwrap())
    }
}

#[async_trait::async_trait]
impl Subject for Pair {
    fn store(&self, which: usize) -> SharedStore {
        Arc::<Sqlite>::clone(&self.stores[which])
    }

    fn clock(&self) -> Option<Arc<ManualClock>> {
        Some(Arc::clone(&self.clock))
    }

    fn crash_before(&self, which: usize, statements: u32) {
        self.stores[which].crash_before(statements);
    }

    async fn rows(&self) -> Vec<Row> {
        rows::of_file(&self.folder.join("redial.db"))
    }

    async fn restart(&mut self, which: usize, gently: bool) {
        if gently {
            self.stores[which].close().await;
        }
        self.stores[which] = self.open();
    }
}

#[tokio::test]
async fn behaves_as_the_model() {
    model::run(6, async || Some(Pair::new())).await;
}

fn moves(number: u128, old: &str) -> Vec<Effect> {
    vec![
        Effect::OwnerAdded(owner(number, "N", &[old])),
        Effect::ValueLeft(OwnerId(number), PointId(number * 10), EARLY),
    ]
}

#[tokio::test]
async fn two_processes_follow_each_other() {
    let folder = Folder::new("two");
    let (first, second) = (open(&folder.join("redial.db")), open(&folder.join("redial.db")));
    write(&first, moves(1, "+14155550101")).await;
    assert!(first.may_be_former("+14155550101") && !second.may_be_former("+14155550101"));
    second.follow().await.unwrap();
    assert!(second.may_be_former("+14155550101"));
    write(&second, moves(2, "+14155550102")).await;
    first.follow().await.unwrap();
    assert!(first.may_be_former("+14155550102"));
    assert_eq!(first.owners(None, 9).await.unwrap(), second.owners(None, 9).await.unwrap());
}

#[tokio::test]
async fn two_processes_write_at_once() {
    let folder = Folder::new("both");
    let stores = [open(&folder.join("redial.db")), open(&folder.join("redial.db"))];
    let one = |number: u128| {
        let store = &stores[usize::from(number.is_multiple_of(2))];
        let effects = vec![Effect::OwnerAdded(owner(number, "N", &[]))];
        store.commit(Commit { effects, ..Commit::default() })
    };
    for result in futures_util::future::join_all((0..60).map(one)).await {
        result.unwrap();
    }
    assert_eq!(stores[0].owners(None, 100).await.unwrap().items.len(), 60);
}

#[tokio::test]
async fn newer_schema_is_refused() {
    let folder = Folder::new("newer");
    let path = folder.join("redial.db");
    open(&path).close().await;
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    match Sqlite::open(&path, clock(), 1) {
        Err(StoreError::Newer { found: 99, known }) => assert!(known < 99),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn damaged_row_is_named() {
    let folder = Folder::new("damaged");
    let path = folder.join("redial.db");
    let store = open(&path);
    write(&store, moves(1, "+14155550101")).await;
    write(&store, vec![Effect::NoticeDue(notice(5, 1, 1, EARLY))]).await;
    let damage = |statement: &str| assert_eq!(Connection::open(&path).unwrap().execute(statement, []).unwrap(), 1);
    let says = |error: StoreError| match error {
        StoreError::Damaged(what) => what,
        other => panic!("{other}"),
    };
    damage("UPDATE notice SET recipient = x'0102'");
    let what = says(store.notice(NoticeId(5)).await.unwrap_err());
    assert_eq!(*what, *format!("notice.recipient of {}", NoticeId(5)));
    damage("UPDATE value SET proof_by = x'00'");
    let what = says(store.owner(OwnerId(1)).await.unwrap_err());
    assert_eq!(*what, *format!("value.proof_by of {}", OwnerId(1)));
    damage("UPDATE profile SET fields = '{'");
    let what = says(store.owner(OwnerId(1)).await.unwrap_err());
    assert_eq!(*what, *format!("profile.fields of {}", OwnerId(1)));
    // Another row's damage is no reason to refuse what is whole.
    assert_eq!(store.facts("+14155550101", &Viewer::default()).await.unwrap().holders.len(), 1);
}

#[tokio::test]
async fn filter_is_saved_and_fits_only_its_own_history() {
    // One number may be taken for a former one by chance (one in 256), not most of ten.
    let later = || (0..10).map(|number| format!("+141555502{number:02}"));
    let knows = |store: &SharedStore| later().filter(|number| store.may_be_former(number)).count() > 5;
    let folder = Folder::new("saved");
    let (path, copy, filter) = (folder.join("redial.db"), folder.join("copy.db"), folder.join("redial.db.filter"));
    let store = open(&path);
    write(&store, moves(1, "+14155550101")).await;
    store.close().await;
    assert!(filter.exists());
    std::fs::copy(&path, &copy).unwrap();

    let store = open(&path);
    assert!(store.may_be_former("+14155550101") && !knows(&store));
    for (owner, number) in (100..).zip(later()) {
        write(&store, moves(owner, &number)).await;
    }
    assert!(knows(&store));
    store.close().await;
    let saved = std::fs::read(&filter).unwrap();

    // A backup is restored, beside a filter of later days, and goes on otherwise.
    std::fs::copy(&copy, &path).unwrap();
    let store = open(&path);
    assert!(store.may_be_former("+14155550101") && !knows(&store));
    write(&store, moves(3, "+14155550103")).await;
    store.close().await;
    std::fs::write(&filter, &saved).unwrap();
    let store = open(&path);
    assert!(store.may_be_former("+14155550103") && !knows(&store));
    store.close().await;

    // Damaged or lost, it is built anew.
    std::fs::write(&filter, &saved[..saved.len() / 2]).unwrap();
    assert!(open(&path).may_be_former("+14155550103"));
    std::fs::remove_file(&filter).unwrap();
    assert!(open(&path).may_be_former("+14155550103"));
}

#[tokio::test]
async fn full_filter_is_rebuilt_in_the_background() {
    let folder = Folder::new("rebuilt");
    let path = folder.join("redial.db");
    let store = open(&path);
    let key = |number: u128| format!("+1415{number:07}");
    // More than the growing generation has room for.
    let effects = |from: u128| {
        let past = |number| redial::domain::owner::Held { until: Some(EARLY), ..held(&key(number), 0) };
        let mut person = owner(from, "N", &[]);
        person.points = vec![point(from, (from..from + 10_000).map(past).collect())];
        vec![Effect::OwnerAdded(person)]
    };
    for part in 0..7 {
        write(&store, effects(part * 10_000)).await;
    }
    let all_there = |store: &SharedStore| (0..70_000).all(|number| store.may_be_former(&key(number)));
    assert!(all_there(&store));
    store.close().await;
    let again = open(&path);
    assert!(all_there(&again));
    let wrong = (70_000..90_000).filter(|&number| again.may_be_former(&key(number))).count();
    assert!(wrong < 600, "{wrong} of 20,000 others seem to be former ones");
}
