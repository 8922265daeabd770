//! What came before, for a while.

use super::{
    Sqlite,
    row::{Cells, Digest, one},
    writer::Tx,
};
use crate::{
    clock::Time,
    store::{Came, Memories, Memory, MemoryKey, Result},
};
use async_trait::async_trait;
use rusqlite::params;

#[async_trait]
impl Memories for Sqlite {
    async fn came(&self, keys: &[MemoryKey]) -> Result<Vec<Option<Came>>> {
        let keys = keys.to_vec();
        self.read_quickly(move |connection| {
            let one = |key: &MemoryKey| {
                one::<Digest, _>(
                    connection,
                    "came",
                    "-- memory::came\nSELECT key, at, until, value FROM came WHERE key = ?1",
                    [key],
                    came,
                )
            };
            keys.iter().map(one).collect()
        })
        .await
    }

    async fn forget_came(&self, before: Time, limit: usize) -> Result<usize> {
        self.write(move |tx| {
            tx.run(
                "-- memory::forget_came
                 DELETE FROM came WHERE key IN (SELECT key FROM came WHERE until <= ?1 ORDER BY until LIMIT ?2)",
                params![before.0, i64::try_from(limit).unwrap_or(i64::MAX)],
            )
        })
        .await
    }
}

fn came(cells: &Cells<'_>) -> Result<Came> {
    Ok(Came {
        key: cells.get(0, "key")?,
        at: cells.time(1, "at")?,
        until: cells.time(2, "until")?,
        value: cells.get::<Vec<u8>>(3, "value")?.into(),
    })
}

/// Writes one of them.
pub(super) fn write(tx: &Tx<'_>, memory: &Memory) -> Result<()> {
    const ADD: &str = "-- memory::add
        INSERT INTO came (key, at, until, value) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (key) DO UPDATE
        SET at = excluded.at, until = excluded.until, value = excluded.value WHERE came.until <= excluded.at";
    match memory {
        Memory::First(new) => tx.must(ADD, params![new.key, new.at.0, new.until.0, new.value]),
        Memory::Known(new) => tx.run(ADD, params![new.key, new.at.0, new.until.0, new.value]).map(|_| ()),
        Memory::Forgotten(key) => tx.must("-- memory::forgotten\nDELETE FROM came WHERE key = ?1", [key]),
    }
}
