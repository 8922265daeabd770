//! Who gets in: codes and their limits, sessions, passkeys; and requests whose time has come.

use super::{
    Sqlite, keys,
    owners::{self, json},
    row::{self, Cells, many, one, wire},
    statements::Prepares,
    writer::Tx,
};
use crate::{
    clock::Time,
    domain::{
        change::Request,
        code::Code,
        id::{AppId, CodeId, OwnerId, RequestId, SessionId},
    },
    store::{
        Access, Admitted, ApiKey, Passkey, Result, Session, StoreError,
        access::{KEPT, SESSIONS_KEPT},
    },
};
use async_trait::async_trait;
use rusqlite::{OptionalExtension as _, params};
use std::time::Duration;

#[async_trait]
impl Access for Sqlite {
    async fn secret(&self) -> Result<Option<[u8; 32]>> {
        self.read(|connection| {
            connection
                .connection()
                .query_row("-- access::secret\nSELECT key FROM secret", [], |row| row.get(0))
                .optional()
                .map_err(row::unavailable)
        })
        .await
    }

    async fn code(&self, id: CodeId) -> Result<Option<Code>> {
        self.read(move |connection| {
            one::<CodeId, _>(
                connection,
                "code",
                "-- access::code\nSELECT id, key, wire, purpose, made, tries, used FROM code WHERE id = ?1",
                [id.to_bytes()],
                |cells| {
                    Ok(Code {
                        id,
                        address: cells.address(1, "key")?,
                        purpose: cells.json(3, "purpose")?,
                        made: cells.time(4, "made")?,
                        tries: cells.small(5, "tries")?,
                        used: cells.time_or_none(6, "used")?,
                    })
                },
            )
        })
        .await
    }

    async fn session(&self, hash: &[u8; 32]) -> Result<Option<Session>> {
        let hash = *hash;
        self.read(move |connection| {
            one::<SessionId, _>(
                connection,
                "session",
                "-- access::session
                 SELECT id, owner, hash, label, evidence, made, used, ended FROM session WHERE hash = ?1",
                [hash],
                session,
            )
        })
        .await
    }

    async fn sessions(&self, owner: OwnerId) -> Result<Vec<Session>> {
        self.read(move |connection| {
            many::<SessionId, _>(
                connection,
                "session",
                "-- access::sessions
                 SELECT id, owner, hash, label, evidence, made, used, ended FROM session WHERE owner = ?1 ORDER BY id",
                [owner.to_bytes()],
                session,
            )
        })
        .await
    }

    async fn passkey(&self, id: &[u8]) -> Result<Option<Passkey>> {
        let id = id.to_vec();
        self.read(move |connection| {
            one::<OwnerId, _>(
                connection,
                "passkey",
                "-- access::passkey
                 SELECT owner, id, label, algorithm, public, count, made, used FROM passkey WHERE id = ?1",
                [id],
                passkey,
            )
        })
        .await
    }

    async fn passkeys(&self, owner: OwnerId) -> Result<Vec<Passkey>> {
        self.read(move |connection| {
            many::<OwnerId, _>(
                connection,
                "passkey",
                "-- access::passkeys
                 SELECT owner, id, label, algorithm, public, count, made, used FROM passkey
                 WHERE owner = ?1 ORDER BY made, id",
                [owner.to_bytes()],
                passkey,
            )
        })
        .await
    }

    async fn keys_of(&self, owner: OwnerId) -> Result<Vec<ApiKey>> {
        self.read(move |connection| {
            many::<AppId, _>(
                connection,
                "api_key",
                "-- access::keys_of
                 SELECT id, hash, label, scopes, owner, created, revoked, used FROM api_key WHERE owner = ?1 ORDER BY id",
                [owner.to_bytes()],
                keys::key,
            )
        })
        .await
    }

    async fn claim_request(&self, lease: Duration) -> Result<Option<Request>> {
        self.write(move |tx| {
            tx.step()?;
            one::<RequestId, _>(
                &tx.connection,
                "request",
                "-- access::claim_request
                 UPDATE request SET ready = ?2 WHERE (owner, id) IN
                     (SELECT owner, id FROM request WHERE ready IS NOT NULL AND ready <= ?1 ORDER BY ready LIMIT 1)
                 RETURNING id, owner, state, wanted, asked_by, created, decided, course, due",
                params![tx.now.0, tx.now.after(lease).0],
                owners::request,
            )
        })
        .await
    }
}

fn session(cells: &Cells<'_>) -> Result<Session> {
    Ok(Session {
        id: cells.id(0, "id")?,
        owner: cells.id(1, "owner")?,
        hash: cells.get(2, "hash")?,
        label: cells.text(3, "label")?,
        evidence: cells.json(4, "evidence")?,
        made: cells.time(5, "made")?,
        used: cells.time(6, "used")?,
        ended: cells.time_or_none(7, "ended")?,
    })
}

fn passkey(cells: &Cells<'_>) -> Result<Passkey> {
    Ok(Passkey {
        owner: cells.id(0, "owner")?,
        id: cells.get(1, "id")?,
        label: cells.text(2, "label")?,
        algorithm: cells.get(3, "algorithm")?,
        public: cells.get(4, "public")?,
        count: cells.small(5, "count")?,
        made: cells.time(6, "made")?,
        used: cells.time_or_none(7, "used")?,
    })
}

/// When a request is looked at next.
pub(super) fn next_request(connection: &impl Prepares) -> Result<Option<Time>> {
    one::<RequestId, Time>(
        connection,
        "request",
        "-- access::next_request\nSELECT id, ready FROM request WHERE ready IS NOT NULL ORDER BY ready LIMIT 1",
        [],
        |cells| cells.time(1, "ready"),
    )
}

/// Writes one of them.
pub(super) fn write(tx: &Tx<'_>, admitted: &Admitted) -> Result<()> {
    match admitted {
        Admitted::SecretMade(key) => {
            tx.run(
                "-- access::secret_made
                 INSERT INTO secret (one, key) VALUES (1, ?1) ON CONFLICT (one) DO NOTHING",
                [key],
            )?;
            Ok(())
        }
        Admitted::CodeMade(code) => {
            tx.run("-- access::code_made\nDELETE FROM code WHERE made < ?1", [code.made.before(KEPT).0])?;
            tx.must(
                "-- access::code_made
                 INSERT INTO code (id, key, wire, purpose, made, tries, used) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    code.id.to_bytes(),
                    code.address.key(),
                    wire(&code.address),
                    json(&code.purpose)?,
                    code.made.0,
                    code.tries,
                    code.used.map(|at| at.0)
                ],
            )
        }
        Admitted::CodeTried { id, most } => tx.must(
            "-- access::code_tried
             UPDATE code SET tries = tries + 1 WHERE id = ?1 AND tries < ?2 AND used IS NULL",
            params![id.to_bytes(), most],
        ),
        Admitted::CodeUsed { id, at } => tx.must(
            "-- access::code_used\nUPDATE code SET used = ?2 WHERE id = ?1 AND used IS NULL",
            params![id.to_bytes(), at.0],
        ),
        Admitted::Counted { count, now } => {
            tx.run("-- access::counted\nDELETE FROM tally WHERE until < ?1", [now.0])?;
            let written = tx.run(
                "-- access::counted
                 INSERT INTO tally (key, until, count) VALUES (?1, ?2, 1)
                 ON CONFLICT (key, until) DO UPDATE SET count = count + 1 WHERE count < ?3",
                params![count.key, count.until.0, count.most],
            )?;
            if written == 0 { Err(StoreError::Spent) } else { Ok(()) }
        }
        Admitted::SessionSet(session) => set_session(tx, session),
        Admitted::SessionUsed(id, at) => {
            tx.run(
                "-- access::session_used\nUPDATE session SET used = max(used, ?2) WHERE id = ?1",
                params![id.to_bytes(), at.0],
            )?;
            Ok(())
        }
        Admitted::KeyUsed(id, at) => {
            tx.run("-- access::key_used\nUPDATE api_key SET used = ?2 WHERE id = ?1", params![id.to_bytes(), at.0])?;
            Ok(())
        }
        Admitted::PasskeySet(key) => tx.must(
            "-- access::passkey_set
             INSERT INTO passkey (id, owner, label, algorithm, public, count, made, used)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (id) DO UPDATE SET label = excluded.label, count = excluded.count, used = excluded.used
             WHERE owner = excluded.owner",
            params![
                key.id,
                key.owner.to_bytes(),
                key.label,
                key.algorithm,
                key.public,
                key.count,
                key.made.0,
                key.used.map(|at| at.0)
            ],
        ),
        Admitted::PasskeyRemoved(owner, id) => {
            tx.run(
                "-- access::passkey_removed\nDELETE FROM passkey WHERE id = ?2 AND owner = ?1",
                params![owner.to_bytes(), id],
            )?;
            Ok(())
        }
    }
}

fn set_session(tx: &Tx<'_>, session: &Session) -> Result<()> {
    tx.run("-- access::set_session\nDELETE FROM session WHERE used < ?1", [session.used.before(SESSIONS_KEPT).0])?;
    tx.must(
        "-- access::set_session
         INSERT INTO session (id, owner, hash, label, evidence, made, used, ended)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, label = excluded.label, evidence = excluded.evidence,
             used = excluded.used, ended = coalesce(ended, excluded.ended)",
        params![
            session.id.to_bytes(),
            session.owner.to_bytes(),
            session.hash,
            session.label,
            json(&session.evidence)?,
            session.made.0,
            session.used.0,
            session.ended.map(|at| at.0)
        ],
    )
}
