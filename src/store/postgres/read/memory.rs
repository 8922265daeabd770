//! What came before, for a while.

use crate::{
    clock::Time,
    store::{
        Came, Memories, MemoryKey, Result, StoreError,
        postgres::{Postgres, columns::Columns, value::values},
    },
};
use async_trait::async_trait;
use std::collections::HashMap;

#[async_trait]
impl Memories for Postgres {
    async fn came(&self, keys: &[MemoryKey]) -> Result<Vec<Option<Came>>> {
        const SQL: &str = "/* came */ SELECT key, at, until, value FROM came WHERE key = ANY($1)";
        let digests: Vec<Vec<u8>> = keys.iter().map(|key| key.to_vec()).collect();
        let mut found: HashMap<MemoryKey, Came> = HashMap::new();
        for row in &self.read(SQL, || values![digests.clone()]).await?.rows {
            let mut columns = Columns::of(row, "came");
            let key: &[u8] = columns.next()?;
            let key = key.try_into().map_err(|_| StoreError::Damaged("came.key".into()))?;
            let (at, until) = (columns.time()?, columns.time()?);
            let value: &[u8] = columns.next()?;
            found.insert(key, Came { key, at, until, value: value.into() });
        }
        Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
    }

    async fn forget_came(&self, before: Time, limit: usize) -> Result<usize> {
        // A second try after a lost connection forgets the next ones: their time is over too.
        const SQL: &str = "/* came.forget */ DELETE FROM came WHERE key IN
            (SELECT key FROM came WHERE until <= $1 ORDER BY until LIMIT $2)";
        let forgotten = self.read(SQL, || values![before, limit]).await?.count;
        Ok(usize::try_from(forgotten).unwrap_or(usize::MAX))
    }
}
