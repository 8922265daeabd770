//! The store of several nodes: `PostgreSQL`, or what speaks its protocol (Citus, `YugabyteDB`, `CockroachDB`).
//!
//! Reads that need several statements run in one snapshot, sent without waiting in between; a write is `BEGIN`, a
//! marker row, the idempotency key and the expected versions in one round trip, all effects in the next, then
//! `COMMIT`. What the database asks to be tried again (serialization failures, deadlocks, lost connections) is: the
//! effects are values. The marker makes that safe even where the answer to `COMMIT` is lost, since the second try
//! either finds the first one's marker or waits for it to be gone.
//!
//! The database's clock decides, as microseconds. Every process that follows the changes keeps the filter of former
//! numbers in memory: who makes a value former puts it there before `COMMIT`, the others find it by [`Store::follow`]. Until
//! the first of these has read all, which takes a second or more for a million, every number is looked up.

mod columns;
mod failure;
mod read;
mod schema;
mod session;
mod tls;
mod value;
mod write;

use self::{
    columns::Columns,
    failure::{Failure, Tries, retried},
    session::{Answer, LIMIT, Session},
    value::{Value, values},
};
use super::{Commit, Result, Store, StoreError, erasure::AddressHash, filter::Filter};
use crate::clock::{Random, SystemRandom, Time};
use async_trait::async_trait;
use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::{Notify, RwLock};

/// The database's clock in microseconds, as an expression. `clock_timestamp`, for `now()` is the transaction's start.
macro_rules! clock {
    () => {
        "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"
    };
}
use clock;

/// How long it is waited for a connection.
const CONNECT: Duration = Duration::from_secs(5);

/// How far followers look back: two statements' limit, a commit that waits for a replica, and clocks of a distributed
/// database that differ.
const WINDOW: Duration = Duration::from_secs(30);

/// Markers are of use while somebody still tries to find out how its commit ended: seconds. An hour is plenty.
const MARKERS: Duration = Duration::from_hours(1);

/// How long commits may be kept waiting for the begin of a rebuilding.
const MOMENT: Duration = Duration::from_millis(100);

/// How many keys are read at a time where all are read.
const SCAN: usize = 20_000;

/// A store in a database that several nodes share.
pub struct Postgres {
    pool: Pool,
    random: Arc<dyn Random>,
    filter: Filter,
    /// Held from the insertion into the filter until the commit is answered; alone by who begins to rebuild it.
    gate: RwLock<()>,
    followed: Mutex<Followed>,
    work: Notify,
    hash: AddressHash,
    newer: schema::Newer,
}

/// How far the feed was read.
#[derive(Clone, Copy, Default)]
struct Followed {
    /// The database's time when it was read last.
    at: Time,
    /// When old markers were last removed.
    swept: Time,
}

impl std::fmt::Debug for Postgres {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Postgres").field("pool", &self.pool.status()).finish_non_exhaustive()
    }
}

impl Postgres {
    /// Connects to `url` (`postgres://user:password@host:port/database?sslmode=require`, or the `key=value` form) with
    /// at most `pool_size` connections and brings the schema forward.
    ///
    /// `sslmode` is `disable`, `prefer` (TLS where offered, certificate not looked at; when nothing is said) or
    /// `require` (TLS, certificate checked against the system's authorities). `random` makes the marks of commits,
    /// which must differ between all processes; `None`: the system's.
    ///
    /// # Errors
    /// `Unavailable` where the URL cannot be read or the database not be reached, `Newer` where a newer program has
    /// changed the schema.
    pub async fn connect(url: &str, pool_size: usize, random: Option<Arc<dyn Random>>) -> Result<Self> {
        let pool = pool(url, pool_size)?;
        let random = random.unwrap_or_else(|| Arc::new(SystemRandom::new()));
        // This process's own: nothing under it leaves the memory.
        let mut seed = [0; 16];
        random.fill(&mut seed);
        let (filter, gate, followed) = (Filter::unread(seed), RwLock::default(), Mutex::default());
        // Its own key is read when the schema is there.
        let hash = AddressHash::new(&[]);
        let newer = schema::Newer::default();
        let mut store = Self { pool, random, filter, gate, followed, work: Notify::new(), hash, newer };
        retried!(store, schema::migrate(&store.pool))?;
        store.hash = store.address_hash().await?;
        let at = store.now().await?;
        *store.followed.lock().unwrap_or_else(PoisonError::into_inner) = Followed { at, swept: at };
        Ok(store)
    }

    async fn session(&self) -> std::result::Result<Session, Failure> {
        self.newer.check()?;
        Session::of(&self.pool).await
    }

    async fn look_for_newer(&self) -> std::result::Result<(), Failure> {
        self.newer.look(&self.session().await?).await
    }

    /// One statement that changes nothing.
    async fn read<'v>(&self, sql: &'static str, values: impl Fn() -> Vec<Value<'v>> + Send + Sync) -> Result<Answer> {
        retried!(self, async { self.session().await?.one(sql, values()).await })
    }

    async fn database_time(&self) -> std::result::Result<Time, Failure> {
        let answer = self.session().await?.one(concat!("/* now */ SELECT ", clock!()), values![]).await?;
        let row = answer.rows.first().ok_or_else(|| StoreError::Damaged("the database's clock".into()))?;
        Ok(Columns::of(row, "the clock").time()?)
    }

    /// The hashes of numbers after a place in the feed.
    async fn former_since(&self, mut after: read::Left, mut take: impl FnMut(u64) + Send) -> Result<()> {
        loop {
            let (keys, last) = retried!(self, self.former_page(&after, SCAN))?;
            for key in &keys {
                take(self.filter.hash(key));
            }
            match last {
                Some(last) if keys.len() == SCAN => after = last,
                _ => return Ok(()),
            }
        }
    }

    /// Settles the filter where it has grown full, or was never filled. The moment to begin is one when nothing is in the
    /// filter that is not committed; where that does not come soon, the next round will do.
    async fn rebuild(&self) -> Result<()> {
        let total = if self.filter.is_unread() { Some(self.former_count().await?) } else { None };
        match (tokio::time::timeout(MOMENT, self.gate.write()).await, total) {
            (Ok(_alone), Some(total)) => self.filter.begin_with(total),
            (Ok(_alone), None) => self.filter.begin_rebuilding(),
            (Err(_), _) => return Ok(()),
        }
        let rebuilding = Rebuilding(&self.filter);
        self.former_since(read::Left::default(), |hash| self.filter.settle(hash)).await?;
        std::mem::forget(rebuilding);
        self.filter.finish_rebuilding();
        if let Some(former) = total {
            tracing::info!(former, "former numbers are known: others are not looked up any more");
        }
        Ok(())
    }

    async fn sweep(&self, before: Time) -> std::result::Result<(), Failure> {
        const SQL: &str = "/* sweep */ DELETE FROM commits WHERE at < $1";
        self.session().await?.one(SQL, values![before]).await.map(|_| ())
    }
}

/// Gives up when it is dropped: an error, or a caller who does not wait.
struct Rebuilding<'a>(&'a Filter);

impl Drop for Rebuilding<'_> {
    fn drop(&mut self) {
        self.0.give_up_rebuilding();
    }
}

/// The connections, none of them made yet.
fn pool(url: &str, size: usize) -> Result<Pool> {
    let unavailable = |error: Box<dyn std::error::Error + Send + Sync>| StoreError::Unavailable(error);
    let mut config: tokio_postgres::Config = url.parse().map_err(|error| unavailable(Box::new(error)))?;
    config.application_name("redial").tcp_user_timeout(2 * LIMIT);
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT);
    }
    let tls = tls::Tls::new(config.get_ssl_mode()).map_err(|error| unavailable(Box::new(error)))?;
    let manager = Manager::from_config(config, tls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
    Pool::builder(manager)
        .max_size(size.max(1))
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(CONNECT))
        .create_timeout(Some(2 * CONNECT))
        .post_create(Hook::async_fn(|client, _| {
            Box::pin(async move { client.batch_execute(&schema::settings()).await.map_err(HookError::Backend) })
        }))
        .build()
        .map_err(|error| unavailable(Box::new(error)))
}

#[async_trait]
impl Store for Postgres {
    async fn commit(&self, commit: Commit) -> Result<Time> {
        let mut marker = [0; 16];
        self.random.fill(&mut marker);
        let mut tries = Tries::few(&*self.random);
        let mut unsure = false;
        loop {
            let mut asked = false;
            let outcome = tokio::time::timeout(LIMIT, self.write(&marker, &commit, &mut asked)).await;
            if asked && !unsure && !matches!(outcome, Ok(Ok(_))) {
                // `COMMIT` was sent and not answered: it is worth more patience to learn what became of it.
                (unsure, tries) = (true, Tries::many(&*self.random));
            }
            let failure = match outcome {
                Ok(Ok(at)) => {
                    if commit.leaves_work() {
                        self.work.notify_waiters();
                    }
                    return Ok(at);
                }
                Ok(Err(failure)) => failure,
                Err(_) if unsure => Failure::Again("the database did not answer in time".into()),
                Err(_) => Failure::Final(StoreError::Unavailable("the write took too long".into())),
            };
            match tries.wait(failure).await {
                Err(StoreError::Unavailable(error)) if unsure => {
                    let text = format!("whether the last write took effect is not known: {error}");
                    return Err(StoreError::Unavailable(text.into()));
                }
                other => other?,
            }
        }
    }

    fn work(&self) -> &Notify {
        &self.work
    }

    async fn now(&self) -> Result<Time> {
        retried!(self, self.database_time())
    }

    async fn follow(&self) -> Result<()> {
        retried!(self, self.look_for_newer())?;
        let seen = *self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.now().await?;
        self.former_since(read::Left::since(seen.at.before(WINDOW)), |hash| self.filter.insert(hash)).await?;
        if self.erased_since(seen.at.before(WINDOW), now.before(WINDOW)).await? {
            self.filter.outdate();
        }
        if self.filter.wants_rebuilding() {
            self.rebuild().await?;
        }
        let mut swept = seen.swept;
        if now.since(swept) > MARKERS {
            retried!(self, self.sweep(now.before(MARKERS)))?;
            swept = now;
        }
        let mut followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        // Two that follow at once: the later one's reading is complete, the earlier one's must not turn it back.
        followed.at = followed.at.max(now);
        followed.swept = followed.swept.max(swept);
        Ok(())
    }

    async fn close(&self) {
        self.pool.close();
    }
}
