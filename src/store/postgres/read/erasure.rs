//! What went for good, the journal and the hold.

use super::{all, first};
use crate::{
    clock::Time,
    domain::id::{ContactId, OwnerId},
    store::{
        Erasure, Result, StoreError,
        erasure::{AddressHash, JournalLine, SendingHeld},
        postgres::{Postgres, columns::Columns, value::values, write::HOLDINGS},
    },
};
use async_trait::async_trait;
use std::path::Path;
use tokio_postgres::Row;

impl Postgres {
    /// The key of this database's hashes; the first node makes it.
    pub(in crate::store::postgres) async fn address_hash(&self) -> Result<AddressHash> {
        const MAKE: &str = "/* journal.key.make */ INSERT INTO journal_key (one, key) VALUES (1, $1)
            ON CONFLICT (one) DO NOTHING";
        const READ: &str = "/* journal.key */ SELECT key FROM journal_key WHERE one = 1";
        let mut key = [0; 32];
        self.random.fill(&mut key);
        self.read(MAKE, || values![key.to_vec()]).await?;
        let answer = self.read(READ, Vec::new).await?;
        let row = answer.rows.first().ok_or_else(|| StoreError::Damaged("journal_key.key".into()))?;
        Ok(AddressHash::new(Columns::of(row, "journal_key").next()?))
    }

    /// Whether an owner was erased in this time, which ends before a write can still become visible.
    pub(in crate::store::postgres) async fn erased_since(&self, from: Time, until: Time) -> Result<bool> {
        const SQL: &str = "/* erased.since */ SELECT 1 FROM erased WHERE at > $1 AND at <= $2 LIMIT 1";
        Ok(!self.read(SQL, || values![from, until]).await?.rows.is_empty())
    }
}

fn line(row: &Row) -> Result<JournalLine> {
    Columns::of(row, "journal").json()
}

#[async_trait]
impl Erasure for Postgres {
    async fn holdings(&self, owner: OwnerId) -> Result<Vec<(&'static str, u64)>> {
        let mut found = Vec::new();
        for (what, sql, _) in HOLDINGS {
            let answer = self.read(sql, || values![owner]).await?;
            let count = answer.rows.first().map_or(Ok(0), |row| Columns::of(row, "a count").number())?;
            found.extend((count > 0).then_some((what, count)));
        }
        Ok(found)
    }

    async fn erased(&self, owner: OwnerId) -> Result<Option<Time>> {
        const SQL: &str = "/* erased */ SELECT at FROM erased WHERE owner = $1";
        first(&self.read(SQL, || values![owner]).await?.rows, |row| Columns::of(row, "erased").time())
    }

    async fn linked_to(&self, owner: OwnerId, limit: usize) -> Result<Vec<(OwnerId, ContactId)>> {
        const SQL: &str = "/* contacts.linked */ SELECT owner, id FROM contacts WHERE linked = $1
            ORDER BY owner, id LIMIT $2";
        all(&self.read(SQL, || values![owner, limit]).await?.rows, |row| {
            let mut columns = Columns::of(row, "contacts");
            Ok((columns.stored()?, columns.stored()?))
        })
    }

    async fn journal(&self, from: Time, after: Option<&JournalLine>, limit: usize) -> Result<Vec<JournalLine>> {
        const SQL: &str = "/* journal */ SELECT line FROM journal WHERE (at, id) > ($1, $2) ORDER BY at, id LIMIT $3";
        let (at, id) = after.map_or((from, Vec::new()), |last| (last.at, JournalLine::id_bytes(&last.id)));
        all(&self.read(SQL, || values![at, id.clone(), limit]).await?.rows, line)
    }

    async fn journal_has(&self, ids: &[Box<str>]) -> Result<Vec<Box<str>>> {
        const SQL: &str = "/* journal.has */ SELECT line FROM journal WHERE id = ANY($1)";
        let ids: Vec<Vec<u8>> = ids.iter().map(|id| JournalLine::id_bytes(id)).collect();
        let found = all(&self.read(SQL, || values![ids.clone()]).await?.rows, line)?;
        Ok(found.into_iter().map(|line| line.id).collect())
    }

    fn name(&self) -> Box<str> {
        self.hash.name()
    }

    async fn sending_held(&self) -> Result<Option<SendingHeld>> {
        const SQL: &str = "/* held.read */ SELECT at, why FROM sending_held WHERE one = 1";
        first(&self.read(SQL, Vec::new).await?.rows, |row| {
            let mut columns = Columns::of(row, "sending_held");
            Ok(SendingHeld { at: columns.time()?, why: columns.text()? })
        })
    }

    async fn backup(&self, _: &Path) -> Result<()> {
        let how = "a PostgreSQL database is copied with its own tools: pg_dump for one file, pg_basebackup and the \
                   write-ahead log for any moment; keep the journals of all nodes apart from it";
        Err(StoreError::Unavailable(how.into()))
    }
}
