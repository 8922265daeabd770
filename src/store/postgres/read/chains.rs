//! The audit trails' chains.

use super::{after as above, all, first, page, trail_line};
use crate::{
    domain::id::{AuditId, OwnerId},
    store::{
        Audit, Chains, Page, Result, Trail, TrailLine,
        chain::{Hash, Head, Link, Seal},
        postgres::{Postgres, columns::Columns, value::values},
    },
};
use async_trait::async_trait;
use tokio_postgres::Row;

#[async_trait]
impl Chains for Postgres {
    async fn links(&self, of: Option<OwnerId>, after: Option<(OwnerId, u64)>, limit: usize) -> Result<Page<Link>> {
        const ALL: &str = "/* links */ SELECT owner, id, at, done_by, what, detail, number, salt, content, hash
            FROM audits WHERE (owner, number) > ($1, $2) AND number IS NOT NULL ORDER BY owner, number LIMIT $3";
        const ONE: &str = "/* links.of */ SELECT owner, id, at, done_by, what, detail, number, salt, content, hash
            FROM audits WHERE owner = $1 AND number > $2 ORDER BY number LIMIT $3";
        let sql = if of.is_some() { ONE } else { ALL };
        let owner = above(after.map(|(owner, _)| owner).or(of));
        let number = after.map_or(0, |(_, number)| number);
        let answer = self.read(sql, || values![owner.clone(), number, limit.saturating_add(1)]).await?;
        Ok(page(all(&answer.rows, link)?, limit))
    }

    async fn heads(&self, of: Option<OwnerId>, after: Option<OwnerId>, limit: usize) -> Result<Page<(OwnerId, Head)>> {
        const ALL: &str =
            "/* heads */ SELECT owner, number, hash FROM audit_heads WHERE owner > $1 ORDER BY owner LIMIT $2";
        const ONE: &str = "/* heads.of */ SELECT owner, number, hash FROM audit_heads WHERE owner = $1 LIMIT $2";
        let sql = if of.is_some() { ONE } else { ALL };
        let answer = self.read(sql, || values![above(of.or(after)), limit.saturating_add(1)]).await?;
        let found = all(&answer.rows, |row| {
            let mut columns = Columns::of(row, "audit_heads");
            Ok((columns.stored()?, head(&mut columns)?))
        })?;
        Ok(page(found, limit))
    }

    async fn trail_links(&self, of: Trail, after: u64, limit: usize) -> Result<Page<Link<TrailLine>>> {
        const SQL: &str = "/* trail.links */
            SELECT id, at, done_by, origin, what, subject, number, salt, content, hash
            FROM trail WHERE trail = $1 AND number > $2 ORDER BY number LIMIT $3";
        let answer = self.read(SQL, || values![of.word(), after, limit.saturating_add(1)]).await?;
        let found = all(&answer.rows, |row| {
            let mut columns = Columns::of(row, "trail");
            sealed(trail_line(of, &mut columns)?, columns)
        })?;
        Ok(page(found, limit))
    }

    async fn trail_head(&self, of: Trail) -> Result<Option<Head>> {
        const SQL: &str = "/* trail.head */ SELECT number, hash FROM trail_heads WHERE trail = $1";
        let answer = self.read(SQL, || values![of.word()]).await?;
        first(&answer.rows, |row| head(&mut Columns::of(row, "trail_heads")))
    }

    async fn trail_unchained(&self, of: Trail, limit: usize) -> Result<Vec<AuditId>> {
        const SQL: &str = "/* trail.unchained */ SELECT id FROM trail WHERE trail = $1 AND number IS NULL
            ORDER BY id LIMIT $2";
        all(&self.read(SQL, || values![of.word(), limit]).await?.rows, |row| Columns::of(row, "trail").stored())
    }

    async fn unchained(&self, of: Option<OwnerId>, limit: usize) -> Result<Vec<Audit>> {
        const SQL: &str = "/* unchained */ SELECT owner, id, at, done_by, what, detail FROM audits
            WHERE number IS NULL AND ($1::BYTEA IS NULL OR owner = $1) ORDER BY owner, id LIMIT $2";
        all(&self.read(SQL, || values![of, limit]).await?.rows, |row| line(&mut Columns::of(row, "audits")))
    }

    async fn without_chain(&self, limit: usize) -> Result<Vec<OwnerId>> {
        const SQL: &str = "/* chain.without */ SELECT o.id FROM owners o LEFT JOIN audit_heads h ON h.owner = o.id
            WHERE h.owner IS NULL ORDER BY o.id LIMIT $1";
        all(&self.read(SQL, || values![limit]).await?.rows, |row| Columns::of(row, "owners").stored())
    }

    async fn lines(&self) -> Result<u64> {
        const SQL: &str = "/* lines */ SELECT (SELECT count(*) FROM audits) + (SELECT count(*) FROM trail)";
        let answer = self.read(SQL, Vec::new).await?;
        answer.rows.first().map_or(Ok(0), |row| Columns::of(row, "audits").number())
    }
}

pub(in crate::store::postgres) fn head(columns: &mut Columns<'_>) -> Result<Head> {
    Ok(Head { number: columns.number()?, hash: columns.hash()? })
}

pub(in crate::store::postgres) fn line(columns: &mut Columns<'_>) -> Result<Audit> {
    Ok(Audit {
        owner: columns.stored()?,
        id: columns.stored()?,
        at: columns.time()?,
        by: columns.text()?,
        what: columns.text()?,
        detail: columns.text()?,
    })
}

fn link(row: &Row) -> Result<Link> {
    let mut columns = Columns::of(row, "audits");
    sealed(line(&mut columns)?, columns)
}

/// A line with the columns that follow. A hash that is no hash reads as one that nothing has: whoever looks through the
/// chain is to say where it is broken.
fn sealed<L>(line: L, mut columns: Columns<'_>) -> Result<Link<L>> {
    let number = columns.number()?;
    let salt = columns.next::<Option<&[u8]>>()?.and_then(|salt| salt.try_into().ok());
    let content = hash(columns.next()?);
    Ok(Link { line, salt, seal: Seal { number, content, hash: hash(columns.next()?) } })
}

fn hash(bytes: Option<&[u8]>) -> Hash {
    bytes.and_then(|bytes| bytes.try_into().ok()).unwrap_or_default()
}
