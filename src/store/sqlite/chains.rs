//! The audit trails' chains.

use super::{
    Sqlite,
    row::{self, Cells, ask, many, one, page, unavailable},
    statements::Prepares,
    trails,
    writer::Tx,
};
use crate::{
    clock::{Random as _, SystemRandom},
    domain::id::{AuditId, OwnerId},
    store::{
        Audit, Chains, Page, Result, Trail, TrailLine,
        chain::{Hash, Head, Link, Seal},
    },
};
use async_trait::async_trait;
use rusqlite::{Connection, params};

/// Lines in one step of making chains.
const STEP: usize = 1_000;

#[async_trait]
impl Chains for Sqlite {
    async fn links(&self, of: Option<OwnerId>, after: Option<(OwnerId, u64)>, limit: usize) -> Result<Page<Link>> {
        const ALL: &str = "-- chains::links
             SELECT owner, id, at, done_by, what, detail, number, salt, content, hash FROM audit
             WHERE (owner, number) > (?1, ?2) AND number IS NOT NULL ORDER BY owner, number LIMIT ?3";
        const ONE: &str = "-- chains::links_of
             SELECT owner, id, at, done_by, what, detail, number, salt, content, hash FROM audit
             WHERE owner = ?1 AND number > ?2 ORDER BY number LIMIT ?3";
        self.read(move |connection| {
            let sql = if of.is_some() { ONE } else { ALL };
            let owner = after.map(|(owner, _)| owner).or(of).map_or_else(Vec::new, |owner| owner.to_bytes().to_vec());
            let number = after.map_or(0, |(_, number)| number);
            let found =
                many::<OwnerId, _>(connection, "audit", sql, params![owner, number.cast_signed(), ask(limit)], link)?;
            Ok(page(found, limit))
        })
        .await
    }

    async fn heads(&self, of: Option<OwnerId>, after: Option<OwnerId>, limit: usize) -> Result<Page<(OwnerId, Head)>> {
        const ALL: &str =
            "-- chains::heads\nSELECT owner, number, hash FROM audit_head WHERE owner > ?1 ORDER BY owner LIMIT ?2";
        const ONE: &str = "-- chains::head_of\nSELECT owner, number, hash FROM audit_head WHERE owner = ?1 LIMIT ?2";
        self.read(move |connection| {
            let sql = if of.is_some() { ONE } else { ALL };
            let from = row::above(of.or(after).map(OwnerId::to_bytes));
            let found = many::<OwnerId, _>(connection, "audit_head", sql, params![from, ask(limit)], |cells| {
                Ok((cells.id(0, "owner")?, head(cells)?))
            })?;
            Ok(page(found, limit))
        })
        .await
    }

    async fn trail_links(&self, of: Trail, after: u64, limit: usize) -> Result<Page<Link<TrailLine>>> {
        self.read(move |connection| trails::links(connection, of, after, limit)).await
    }

    async fn trail_head(&self, of: Trail) -> Result<Option<Head>> {
        self.read(move |connection| trails::head(connection, of)).await
    }

    async fn trail_unchained(&self, of: Trail, limit: usize) -> Result<Vec<AuditId>> {
        self.read(move |connection| trails::unchained(connection, of, limit)).await
    }

    async fn unchained(&self, of: Option<OwnerId>, limit: usize) -> Result<Vec<Audit>> {
        const SQL: &str = "-- chains::unchained
             SELECT owner, id, at, done_by, what, detail FROM audit
             WHERE number IS NULL AND (?1 IS NULL OR owner = ?1) ORDER BY owner, id LIMIT ?2";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(move |connection| {
            many::<OwnerId, _>(connection, "audit", SQL, params![of.map(OwnerId::to_bytes), limit], line)
        })
        .await
    }

    async fn without_chain(&self, limit: usize) -> Result<Vec<OwnerId>> {
        const SQL: &str = "-- chains::without_chain
             SELECT o.id FROM owner o LEFT JOIN audit_head h ON h.owner = o.id WHERE h.owner IS NULL
             ORDER BY o.id LIMIT ?1";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(move |connection| many::<OwnerId, _>(connection, "owner", SQL, [limit], |cells| cells.id(0, "id")))
            .await
    }

    async fn lines(&self) -> Result<u64> {
        const SQL: &str = "-- chains::lines\nSELECT (SELECT count(*) FROM audit) + (SELECT count(*) FROM trail)";
        self.read(|connection| {
            let sum = connection.connection().query_row(SQL, [], |row| row.get::<_, i64>(0));
            sum.map(i64::cast_unsigned).map_err(unavailable)
        })
        .await
    }
}

fn head(cells: &Cells<'_>) -> Result<Head> {
    Ok(Head { number: cells.count(1, "number")?, hash: cells.get(2, "hash")? })
}

fn line(cells: &Cells<'_>) -> Result<Audit> {
    Ok(Audit {
        owner: cells.id(0, "owner")?,
        id: cells.id(1, "id")?,
        at: cells.time(2, "at")?,
        by: cells.text(3, "done_by")?,
        what: cells.text(4, "what")?,
        detail: cells.text(5, "detail")?,
    })
}

fn link(cells: &Cells<'_>) -> Result<Link> {
    sealed(line(cells)?, cells, 6)
}

/// A line with the cells `number`, `salt`, `content`, `hash` from a place on. A hash that is no hash reads as one that
/// nothing has: whoever looks through the chain is to say where it is broken.
pub(super) fn sealed<L>(line: L, cells: &Cells<'_>, at: usize) -> Result<Link<L>> {
    let hash = |at, column| cells.get::<Hash>(at, column).unwrap_or_default();
    let seal =
        Seal { number: cells.count(at, "number")?, content: hash(at + 2, "content"), hash: hash(at + 3, "hash") };
    Ok(Link { line, salt: cells.get(at + 1, "salt").unwrap_or_default(), seal })
}

fn head_of(connection: &impl Prepares, owner: OwnerId) -> Result<Head> {
    const SQL: &str = "-- chains::head\nSELECT owner, number, hash FROM audit_head WHERE owner = ?1";
    Ok(one::<OwnerId, _>(connection, "audit_head", SQL, [owner.to_bytes()], head)?.unwrap_or_default())
}

const SET_HEAD: &str = "-- chains::set_head
     INSERT INTO audit_head (owner, number, hash) VALUES (?1, ?2, ?3)
     ON CONFLICT (owner) DO UPDATE SET number = excluded.number, hash = excluded.hash";

/// Writes a line at the end of its owner's chain. One transaction writes at a time, so none comes between.
pub(super) fn add(tx: &Tx<'_>, audit: &Audit) -> Result<()> {
    tx.step()?;
    let mut head = head_of(&tx.connection, audit.owner)?;
    let mut salt = [0; 16];
    SystemRandom::new().fill(&mut salt);
    let seal = head.add(&salt, audit);
    tx.must(
        "-- chains::add
         INSERT INTO audit (owner, id, at, done_by, what, detail, number, salt, content, hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            audit.owner.to_bytes(),
            audit.id.to_bytes(),
            audit.at.0,
            audit.by,
            audit.what,
            audit.detail,
            seal.number.cast_signed(),
            salt,
            seal.content,
            seal.hash
        ],
    )?;
    tx.must(SET_HEAD, params![audit.owner.to_bytes(), head.number.cast_signed(), head.hash])
}

/// Puts all lines that are there into chains, in the order of their ids: once, when the schema learns of chains.
pub(super) fn make(connection: &Connection) -> Result<()> {
    const NEXT: &str = "-- chains::make
         SELECT owner, id, at, done_by, what, detail FROM audit WHERE (owner, id) > (?1, ?2)
         ORDER BY owner, id LIMIT ?3";
    const SET: &str = "-- chains::make
         UPDATE audit SET number = ?3, salt = ?4, content = ?5, hash = ?6 WHERE owner = ?1 AND id = ?2";
    let random = SystemRandom::new();
    let limit = i64::try_from(STEP).unwrap_or(i64::MAX);
    let (mut last, mut of, mut head) = (None::<(OwnerId, AuditId)>, None, Head::default());
    loop {
        let from =
            last.map_or_else(Default::default, |(owner, id)| (owner.to_bytes().to_vec(), id.to_bytes().to_vec()));
        let lines = many::<OwnerId, _>(connection, "audit", NEXT, params![from.0, from.1, limit], line)?;
        for line in &lines {
            if of != Some(line.owner) {
                (of, head) = (Some(line.owner), Head::default());
            }
            let mut salt = [0; 16];
            random.fill(&mut salt);
            let seal = head.add(&salt, line);
            let (owner, id) = (line.owner.to_bytes(), line.id.to_bytes());
            let set = params![owner, id, seal.number.cast_signed(), salt, seal.content, seal.hash];
            connection.prepare_cached(SET).and_then(|mut set_line| set_line.execute(set)).map_err(unavailable)?;
            let ends = params![owner, head.number.cast_signed(), head.hash];
            connection.prepare_cached(SET_HEAD).and_then(|mut set| set.execute(ends)).map_err(unavailable)?;
            last = Some((line.owner, line.id));
        }
        if lines.len() < STEP {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::SystemClock, store::sqlite::schema};
    use std::sync::Arc;

    /// Lines that were there before there were chains are put into them, page by page.
    #[tokio::test]
    async fn older_lines_are_put_into_chains() {
        let path = std::env::temp_dir().join(format!("redial-older-lines-{}.db", std::process::id()));
        let mut connection = schema::connect(Some(&path)).unwrap();
        schema::migrate_to(&mut connection, 14).unwrap();
        for owner in 1..=3_u128 {
            for id in 1..=700_u128 {
                let line = params![owner.to_be_bytes(), id.to_be_bytes(), "{}"];
                let sql = "INSERT INTO audit (owner, id, at, done_by, what, detail) VALUES (?1, ?2, 5, 'x', 'y', ?3)";
                connection.prepare_cached(sql).unwrap().execute(line).unwrap();
            }
        }
        drop(connection);
        let store = Sqlite::open(&path, Arc::new(SystemClock), 1).unwrap();
        let ends = store.heads(None, None, 9).await.unwrap().items;
        assert_eq!(ends.iter().map(|(_, end)| end.number).collect::<Vec<_>>(), [700; 3]);
        let mut head = Head::default();
        for link in store.links(Some(OwnerId(2)), None, 1_000).await.unwrap().items {
            assert_eq!(head.add(&link.salt.unwrap(), &link.line), link.seal);
        }
        assert_eq!(head, ends[1].1);
        drop(store);
        for name in ["db", "db-wal", "db-shm", "db.filter"] {
            let _gone = std::fs::remove_file(path.with_extension(name));
        }
    }
}
