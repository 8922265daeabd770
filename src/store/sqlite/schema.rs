//! Connections and the schema that they meet.

use super::{chains, row::unavailable, trails};
use crate::store::{Result, StoreError};
use rusqlite::{Connection, TransactionBehavior, config::DbConfig};
use std::{path::Path, time::Duration};

/// Forward only; a file that has been released is never edited. The number of a migration is its place, from 1, and
/// means the same as in the PostgreSQL store.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_base.sql"),
    include_str!("migrations/0002_linking.sql"),
    include_str!("migrations/0003_query_detail.sql"),
    include_str!("migrations/0004_imported.sql"),
    include_str!("migrations/0005_returns.sql"),
    include_str!("migrations/0006_since.sql"),
    include_str!("migrations/0007_access.sql"),
    include_str!("migrations/0008_passed.sql"),
    include_str!("migrations/0009_watch.sql"),
    include_str!("migrations/0010_unsettled.sql"),
    include_str!("migrations/0011_devices.sql"),
    include_str!("migrations/0012_card_link.sql"),
    include_str!("migrations/0013_asleep.sql"),
    include_str!("migrations/0014_exchange.sql"),
    include_str!("migrations/0015_erasure.sql"),
    include_str!("migrations/0016_memory.sql"),
    include_str!("migrations/0017_key_used.sql"),
    include_str!("migrations/0018_attempt_country.sql"),
    include_str!("migrations/0019_zone.sql"),
    include_str!("migrations/0020_trail_chain.sql"),
    include_str!("migrations/0021_found_by.sql"),
];

/// The migrations after which the lines that are there are put into chains: of the audit trails, of the operation's.
const CHAINS: u32 = 15;
const TRAILS: u32 = 20;

/// How often, and for how long each time, a statement waits for another process's write transaction: some five seconds.
/// The engine's own waits grow to a tenth of a second, and so miss the moments between the commits of an import.
const PATIENCE: i32 = 5_000;
const PAUSE: Duration = Duration::from_millis(1);

fn waits(times: i32) -> bool {
    std::thread::sleep(PAUSE);
    times < PATIENCE
}
/// Statements that each connection keeps prepared: more than there are.
const STATEMENTS: usize = 256;

/// Opens the database, or one in memory, as every connection of this store needs it.
pub(super) fn connect(path: Option<&Path>) -> Result<Connection> {
    let mut connection = match path {
        Some(path) => Connection::open(path),
        None => Connection::open_in_memory(),
    }
    .map_err(unavailable)?;
    connection.busy_handler(Some(waits)).map_err(unavailable)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Else a statement on a table with partial indexes is planned anew for each value that it is given.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(unavailable)?;
    // FULL: what `commit` returned for is on the disk. The journal mode belongs to the file, the rest to the connection.
    connection
        .execute_batch(
            "-- connect
             PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16384;
             PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;",
        )
        .map_err(unavailable)?;
    Ok(connection)
}

/// Brings the schema to what this program knows; refuses one that is newer.
pub(super) fn migrate(connection: &mut Connection) -> Result<()> {
    migrate_to(connection, MIGRATIONS.len())
}

/// The same, as a program would that knows only so many migrations.
pub(super) fn migrate_to(connection: &mut Connection, count: usize) -> Result<()> {
    let known = u32::try_from(count).expect("a handful of migrations is counted in 32 bits");
    // The lock comes before the look, so that two processes that start at once do not both migrate.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(unavailable)?;
    let found: u32 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(unavailable)?;
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    for (number, statements) in (1_u32..).zip(&MIGRATIONS[..count]).skip(found as usize) {
        transaction.execute_batch(statements).map_err(unavailable)?;
        match number {
            CHAINS => chains::make(&transaction)?,
            TRAILS => trails::make(&transaction)?,
            _ => {}
        }
        transaction.pragma_update(None, "user_version", number).map_err(unavailable)?;
    }
    transaction.commit().map_err(unavailable)
}
