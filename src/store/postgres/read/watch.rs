//! Figures by the minute, and the operation's trail.

use super::{all, before as below, page};
use crate::{
    clock::Time,
    domain::id::AuditId,
    store::{
        Figures, Page, Result, Trail, TrailLine, Watch,
        postgres::{Postgres, columns::Columns, value::values},
    },
};
use async_trait::async_trait;

#[async_trait]
impl Watch for Postgres {
    async fn figures(&self, from: i64, after: Option<&Figures>, limit: usize) -> Result<Page<Figures>> {
        const SQL: &str = "/* figures */ SELECT minute, node, life, body FROM figures
            WHERE (minute, node, life) > ($1, $2, $3) ORDER BY minute, node, life LIMIT $4";
        let (minute, node, life) =
            after.map_or((from, "", Time(i64::MIN)), |last| (last.minute, &*last.node, last.life));
        let found = self.read(SQL, || values![minute, node, life, limit.saturating_add(1)]).await?.rows;
        let found = all(&found, |row| {
            let mut columns = Columns::of(row, "figures");
            Ok(Figures { minute: columns.next()?, node: columns.text()?, life: columns.time()?, body: columns.text()? })
        })?;
        Ok(page(found, limit))
    }

    async fn forget_figures(&self, before: i64, limit: usize) -> Result<usize> {
        // A second try after a lost connection forgets the next ones: they are as old.
        const SQL: &str = "/* figures.forget */ DELETE FROM figures WHERE (minute, node, life) IN
            (SELECT minute, node, life FROM figures WHERE minute < $1 ORDER BY minute LIMIT $2)";
        let forgotten = self.read(SQL, || values![before, limit]).await?.count;
        Ok(usize::try_from(forgotten).unwrap_or(usize::MAX))
    }

    async fn trail(&self, trail: Trail, before: Option<AuditId>, limit: usize) -> Result<Page<TrailLine>> {
        const SQL: &str = "/* trail */ SELECT id, at, done_by, origin, what, subject FROM trail
            WHERE trail = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
        let values = || values![trail.word(), below(before), limit.saturating_add(1)];
        let found = all(&self.read(SQL, values).await?.rows, |row| trail_line(trail, &mut Columns::of(row, "trail")))?;
        Ok(page(found, limit))
    }
}

pub(in crate::store::postgres) fn trail_line(trail: Trail, columns: &mut Columns<'_>) -> Result<TrailLine> {
    Ok(TrailLine {
        trail,
        id: columns.stored()?,
        at: columns.time()?,
        by: columns.text()?,
        origin: columns.text()?,
        what: columns.text()?,
        subject: columns.text()?,
    })
}
