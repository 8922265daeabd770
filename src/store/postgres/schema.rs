//! Migrations: forward only, never edited once released, with the same numbers as the embedded store's.

use super::{
    columns::Columns,
    failure::Failure,
    session::{LIMIT, Session},
    write::{make_chains, make_trails},
};
use crate::store::StoreError;
use deadpool_postgres::{Object, Pool};
use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use tokio_postgres::error::SqlState;

/// `migrations/0001.sql` is number 1.
const MIGRATIONS: [&str; 21] = [
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
    include_str!("migrations/0004.sql"),
    include_str!("migrations/0005.sql"),
    include_str!("migrations/0006.sql"),
    include_str!("migrations/0007.sql"),
    include_str!("migrations/0008.sql"),
    include_str!("migrations/0009.sql"),
    include_str!("migrations/0010.sql"),
    include_str!("migrations/0011.sql"),
    include_str!("migrations/0012.sql"),
    include_str!("migrations/0013.sql"),
    include_str!("migrations/0014.sql"),
    include_str!("migrations/0015.sql"),
    include_str!("migrations/0016.sql"),
    include_str!("migrations/0017.sql"),
    include_str!("migrations/0018.sql"),
    include_str!("migrations/0019.sql"),
    include_str!("migrations/0020.sql"),
    include_str!("migrations/0021.sql"),
];

/// The migrations after which the lines that are there are put into chains: of the audit trails, of the operation's.
const CHAINS: u32 = 15;
const TRAILS: u32 = 20;

/// How long one migration may take, the wait for another node that migrates included.
const PATIENCE: Duration = Duration::from_hours(1);

/// The last schema that this program knows.
pub(super) fn known() -> u32 {
    u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX)
}

/// Whether another node, of a newer program, has brought the schema beyond what this program knows since it started: from
/// then on it does nothing more, for it would write rows that lack what the newer schema wants of them.
#[derive(Debug, Default)]
pub(super) struct Newer(AtomicU32);

impl Newer {
    /// # Errors
    /// `Newer`, where it was seen.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        match self.0.load(Ordering::Relaxed) {
            0 => Ok(()),
            found => Err(StoreError::Newer { found, known: known() }),
        }
    }

    /// Looks at the number in the database.
    pub(super) async fn look(&self, session: &Session) -> Result<(), Failure> {
        const SQL: &str = "/* schema.number */ SELECT number FROM redial_schema WHERE one = 1";
        let answer = session.one(SQL, Vec::new()).await?;
        let number = answer.rows.first().map(|row| Columns::of(row, "redial_schema").small()).transpose()?;
        if let Some(found) = number.filter(|found| *found > known()) {
            self.0.store(found, Ordering::Relaxed);
        }
        Ok(self.check()?)
    }
}

/// Brings the schema to the last number. Nodes that start together do it one after the other: each holds the row of
/// `redial_schema` while it works (advisory locks are not everywhere).
pub(super) async fn migrate(pool: &Pool) -> Result<(), Failure> {
    let client = pool.get().await?;
    prepare(&client).await?;
    loop {
        match step(&client).await {
            Ok(true) => {}
            other => {
                // A connection that is inside a failed transaction is of no use to anybody else.
                if other.is_err() {
                    drop(Object::take(client));
                }
                return other.map(|_| ());
            }
        }
    }
}

/// Makes the table of the number. Two nodes that make one table at the same instant both get an error or one of them.
async fn prepare(client: &Object) -> Result<(), Failure> {
    const SQL: &str = "/* schema.prepare */
        CREATE TABLE IF NOT EXISTS redial_schema (one BIGINT PRIMARY KEY, number BIGINT NOT NULL);
        INSERT INTO redial_schema (one, number) VALUES (1, 0) ON CONFLICT (one) DO NOTHING";
    let both = [SqlState::UNIQUE_VIOLATION, SqlState::DUPLICATE_TABLE, SqlState::DUPLICATE_OBJECT];
    match client.batch_execute(SQL).await {
        Err(error) if error.code().is_some_and(|code| both.contains(code)) => Err(Failure::Again(Box::new(error))),
        other => Ok(other?),
    }
}

/// Applies the next migration; `false` where there is none.
async fn step(client: &Object) -> Result<bool, Failure> {
    client.batch_execute(&format!("BEGIN; SET LOCAL statement_timeout = {}", PATIENCE.as_millis())).await?;
    let row =
        client.query_one("/* schema.lock */ SELECT number FROM redial_schema WHERE one = 1 FOR UPDATE", &[]).await?;
    let found: i64 = row.try_get(0)?;
    let found = u32::try_from(found).map_err(|_| StoreError::Damaged("table redial_schema, column number".into()))?;
    if found > known() {
        client.batch_execute("ROLLBACK").await?;
        return Err(StoreError::Newer { found, known: known() }.into());
    }
    let next = usize::try_from(found).ok().and_then(|at| MIGRATIONS.get(at));
    let Some(migration) = next else {
        client.batch_execute("COMMIT").await?;
        return Ok(false);
    };
    client.batch_execute(migration).await?;
    match found + 1 {
        CHAINS => make_chains(client).await?,
        TRAILS => make_trails(client).await?,
        _ => {}
    }
    client.batch_execute("/* schema.done */ UPDATE redial_schema SET number = number + 1 WHERE one = 1").await?;
    client.batch_execute("COMMIT").await?;
    tracing::info!(number = found + 1, "the schema was brought forward");
    Ok(true)
}

/// What every connection is told first. A transaction that waits for us longer than a statement may take is ended, so
/// that a node that hangs holds nobody up.
pub(super) fn settings() -> String {
    let limit = LIMIT.as_millis();
    format!("SET statement_timeout = {limit}; SET idle_in_transaction_session_timeout = {limit}")
}
