//! API keys, and answers that a repeated request gets.

use super::{
    Sqlite,
    row::{Cells, many, one},
    writer::Tx,
};
use crate::{
    clock::Time,
    domain::id::{AppId, OwnerId},
    store::{ApiKey, Keys, Once, Result, StoreError},
};
use async_trait::async_trait;
use rusqlite::params;

#[async_trait]
impl Keys for Sqlite {
    async fn key(&self, hash: &[u8; 32]) -> Result<Option<ApiKey>> {
        let hash = *hash;
        self.read_quickly(move |connection| {
            one::<AppId, _>(
                connection,
                "api_key",
                "-- keys::key\nSELECT id, hash, label, scopes, owner, created, revoked, used FROM api_key WHERE hash = ?1",
                [hash],
                key,
            )
        })
        .await
    }

    async fn keys(&self) -> Result<Vec<ApiKey>> {
        self.read(|connection| {
            many::<AppId, _>(
                connection,
                "api_key",
                "-- keys::keys\nSELECT id, hash, label, scopes, owner, created, revoked, used FROM api_key ORDER BY id",
                [],
                key,
            )
        })
        .await
    }

    async fn once(&self, caller: AppId, path: &str, key: &str) -> Result<Option<Once>> {
        let (path, key) = (Box::<str>::from(path), Box::<str>::from(key));
        self.read_quickly(move |connection| {
            one::<AppId, _>(
                connection,
                "once",
                "-- keys::once
                 SELECT caller, digest, status, body FROM once WHERE caller = ?1 AND path = ?2 AND key = ?3",
                params![caller.to_bytes(), path, key],
                |cells| {
                    Ok(Once {
                        caller,
                        path: path.clone(),
                        key: key.clone(),
                        digest: cells.get(1, "digest")?,
                        status: u16::try_from(cells.small(2, "status")?).map_err(|_| cells.damaged("status"))?,
                        body: cells.text(3, "body")?,
                    })
                },
            )
        })
        .await
    }

    async fn forget_answers(&self, before: Time, limit: usize) -> Result<usize> {
        self.write(move |tx| {
            tx.run(
                "-- keys::forget_answers
                 DELETE FROM once WHERE rowid IN (SELECT rowid FROM once WHERE at < ?1 ORDER BY at LIMIT ?2)",
                params![before.0, i64::try_from(limit).unwrap_or(i64::MAX)],
            )
        })
        .await
    }
}

pub(super) fn key(cells: &Cells<'_>) -> Result<ApiKey> {
    Ok(ApiKey {
        id: cells.id(0, "id")?,
        hash: cells.get(1, "hash")?,
        label: cells.text(2, "label")?,
        scopes: cells.json(3, "scopes")?,
        owner: cells.id_or_none(4, "owner")?,
        created: cells.time(5, "created")?,
        revoked: cells.time_or_none(6, "revoked")?,
        used: cells.time_or_none(7, "used")?,
    })
}

/// Writes a key.
pub(super) fn set(tx: &Tx<'_>, key: &ApiKey) -> Result<()> {
    tx.must(
        "-- keys::set
         INSERT INTO api_key (id, hash, label, scopes, owner, created, revoked) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, label = excluded.label, scopes = excluded.scopes,
             owner = excluded.owner, created = excluded.created, revoked = excluded.revoked",
        params![
            key.id.to_bytes(),
            key.hash,
            key.label,
            super::owners::json(&key.scopes)?,
            key.owner.map(OwnerId::to_bytes),
            key.created.0,
            key.revoked.map(|at| at.0)
        ],
    )
}

/// Keeps the answer of a request that is carried out once.
pub(super) fn answer_once(tx: &Tx<'_>, once: &Once) -> Result<()> {
    let written = tx.run(
        "-- keys::answer_once
         INSERT INTO once (caller, path, key, digest, status, body, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (caller, path, key) DO NOTHING",
        params![once.caller.to_bytes(), once.path, once.key, once.digest, once.status, once.body, tx.now.0],
    )?;
    if written == 0 { Err(StoreError::Repeated) } else { Ok(()) }
}
