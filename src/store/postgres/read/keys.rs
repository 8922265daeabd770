//! API keys and what was already answered.

use super::{all, first};
use crate::{
    clock::Time,
    domain::id::AppId,
    store::{
        ApiKey, Keys, Once, Result,
        postgres::{Postgres, columns::Columns, value::values, write::slot},
    },
};
use async_trait::async_trait;
use tokio_postgres::Row;

pub(super) fn key(row: &Row) -> Result<ApiKey> {
    let mut columns = Columns::of(row, "api_keys");
    Ok(ApiKey {
        id: columns.stored()?,
        hash: columns.hash()?,
        label: columns.text()?,
        scopes: columns.json()?,
        owner: columns.stored_or_none()?,
        created: columns.time()?,
        revoked: columns.time_or_none()?,
        used: columns.time_or_none()?,
    })
}

fn once(row: &Row) -> Result<Once> {
    let mut columns = Columns::of(row, "answered");
    Ok(Once {
        caller: columns.stored()?,
        path: columns.text()?,
        key: columns.text()?,
        digest: columns.hash()?,
        status: columns.small()?,
        body: columns.text()?,
    })
}

#[async_trait]
impl Keys for Postgres {
    async fn key(&self, hash: &[u8; 32]) -> Result<Option<ApiKey>> {
        const SQL: &str = "/* key */ SELECT id, hash, label, scopes, owner, created, revoked, used FROM api_keys
            WHERE hash = $1";
        first(&self.read(SQL, || values![&hash[..]]).await?.rows, key)
    }

    async fn keys(&self) -> Result<Vec<ApiKey>> {
        const SQL: &str = "/* keys */ SELECT id, hash, label, scopes, owner, created, revoked, used FROM api_keys
            ORDER BY id";
        all(&self.read(SQL, Vec::new).await?.rows, key)
    }

    async fn once(&self, caller: AppId, path: &str, key: &str) -> Result<Option<Once>> {
        const SQL: &str = "/* once */ SELECT caller, path, key, digest, status, body FROM answered
            WHERE caller = $1 AND slot = $2";
        first(&self.read(SQL, || values![caller, slot(path, key)]).await?.rows, once)
    }

    async fn forget_answers(&self, before: Time, limit: usize) -> Result<usize> {
        // A second try after a lost connection forgets the next ones: they are as old.
        const SQL: &str = "/* once.forget */ DELETE FROM answered WHERE (caller, slot) IN
            (SELECT caller, slot FROM answered WHERE at < $1 ORDER BY at LIMIT $2)";
        let forgotten = self.read(SQL, || values![before, limit]).await?.count;
        Ok(usize::try_from(forgotten).unwrap_or(usize::MAX))
    }
}
