//! The audit trails' chains.

use super::{after as above, all, page};
use crate::{
    domain::id::OwnerId,
    store::{
        Audit, Chains, Page, Result,
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
            Ok((columns.stored()?, Head { number: columns.number()?, hash: columns.hash()? }))
        })?;
        Ok(page(found, limit))
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
        const SQL: &str = "/* lines */ SELECT count(*) FROM audits";
        let answer = self.read(SQL, Vec::new).await?;
        answer.rows.first().map_or(Ok(0), |row| Columns::of(row, "audits").number())
    }
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

/// A hash that is no hash reads as one that nothing has: whoever looks through the chain is to say where it is broken.
fn link(row: &Row) -> Result<Link> {
    let mut columns = Columns::of(row, "audits");
    let line = line(&mut columns)?;
    let number = columns.number()?;
    let salt = columns.next::<Option<&[u8]>>()?.and_then(|salt| salt.try_into().ok());
    let content = hash(columns.next()?);
    Ok(Link { line, salt, seal: Seal { number, content, hash: hash(columns.next()?) } })
}

fn hash(bytes: Option<&[u8]>) -> Hash {
    bytes.and_then(|bytes| bytes.try_into().ok()).unwrap_or_default()
}
