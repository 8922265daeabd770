//! Who gets in: codes, sessions, passkeys; and requests whose time has come.

use super::{all, first, keys, owners};
use crate::{
    domain::{
        change::Request,
        code::Code,
        id::{CodeId, OwnerId},
    },
    store::{
        Access, ApiKey, Passkey, Result, Session,
        postgres::{
            Postgres,
            columns::Columns,
            failure::{Failure, retried},
            value::values,
        },
    },
};
use async_trait::async_trait;
use std::time::Duration;
use tokio_postgres::Row;

fn session(row: &Row) -> Result<Session> {
    let mut columns = Columns::of(row, "sessions");
    Ok(Session {
        id: columns.stored()?,
        owner: columns.stored()?,
        hash: columns.hash()?,
        label: columns.text()?,
        evidence: columns.json()?,
        made: columns.time()?,
        used: columns.time()?,
        ended: columns.time_or_none()?,
    })
}

fn passkey(row: &Row) -> Result<Passkey> {
    let mut columns = Columns::of(row, "passkeys");
    let id: &[u8] = columns.next()?;
    Ok(Passkey {
        id: id.to_vec(),
        owner: columns.stored()?,
        label: columns.text()?,
        algorithm: columns.next()?,
        public: columns.next::<&[u8]>()?.to_vec(),
        count: columns.small()?,
        made: columns.time()?,
        used: columns.time_or_none()?,
    })
}

impl Postgres {
    async fn take_request(&self, lease: Duration) -> std::result::Result<Option<Request>, Failure> {
        const SQL: &str = "/* request.claim */ WITH next AS (
                SELECT owner, id FROM requests WHERE ready IS NOT NULL AND ready <= $1
                ORDER BY ready LIMIT 1 FOR UPDATE SKIP LOCKED)
            UPDATE requests r SET ready = $2 FROM next WHERE r.owner = next.owner AND r.id = next.id
            RETURNING r.id, r.owner, r.state, r.wanted, r.asked_by, r.created, r.decided, r.course, r.due";
        let now = self.database_time().await?;
        let answer = self.session().await?.one(SQL, values![now, now.after(lease)]).await?;
        Ok(first(&answer.rows, owners::request)?)
    }
}

#[async_trait]
impl Access for Postgres {
    async fn secret(&self) -> Result<Option<[u8; 32]>> {
        const SQL: &str = "/* secret */ SELECT key FROM secrets";
        first(&self.read(SQL, Vec::new).await?.rows, |row| Columns::of(row, "secrets").hash())
    }

    async fn code(&self, id: CodeId) -> Result<Option<Code>> {
        const SQL: &str = "/* code */ SELECT id, key, wire, purpose, made, tries, used FROM codes WHERE id = $1";
        first(&self.read(SQL, || values![id]).await?.rows, |row| {
            let mut columns = Columns::of(row, "codes");
            Ok(Code {
                id: columns.stored()?,
                address: columns.address()?,
                purpose: columns.json()?,
                made: columns.time()?,
                tries: columns.small()?,
                used: columns.time_or_none()?,
            })
        })
    }

    async fn session(&self, hash: &[u8; 32]) -> Result<Option<Session>> {
        const SQL: &str = "/* session */ SELECT id, owner, hash, label, evidence, made, used, ended FROM sessions
            WHERE hash = $1";
        first(&self.read(SQL, || values![&hash[..]]).await?.rows, session)
    }

    async fn sessions(&self, owner: OwnerId) -> Result<Vec<Session>> {
        const SQL: &str = "/* sessions */ SELECT id, owner, hash, label, evidence, made, used, ended FROM sessions
            WHERE owner = $1 ORDER BY id";
        all(&self.read(SQL, || values![owner]).await?.rows, session)
    }

    async fn passkey(&self, id: &[u8]) -> Result<Option<Passkey>> {
        const SQL: &str = "/* passkey */ SELECT id, owner, label, algorithm, public, count, made, used FROM passkeys
            WHERE id = $1";
        first(&self.read(SQL, || values![id]).await?.rows, passkey)
    }

    async fn passkeys(&self, owner: OwnerId) -> Result<Vec<Passkey>> {
        const SQL: &str = "/* passkeys */ SELECT id, owner, label, algorithm, public, count, made, used FROM passkeys
            WHERE owner = $1 ORDER BY made, id";
        all(&self.read(SQL, || values![owner]).await?.rows, passkey)
    }

    async fn keys_of(&self, owner: OwnerId) -> Result<Vec<ApiKey>> {
        const SQL: &str = "/* keys.of */ SELECT id, hash, label, scopes, owner, created, revoked, used FROM api_keys
            WHERE owner = $1 ORDER BY id";
        all(&self.read(SQL, || values![owner]).await?.rows, keys::key)
    }

    async fn claim_request(&self, lease: Duration) -> Result<Option<Request>> {
        retried!(self, self.take_request(lease))
    }
}
