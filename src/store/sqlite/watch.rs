//! Figures by the minute, and the operation's trail.

use super::{
    Sqlite,
    row::{ask, many, page},
    trails,
    writer::Tx,
};
use crate::{
    clock::Time,
    domain::id::AuditId,
    store::{Figures, Page, Result, Trail, TrailLine, Watch},
};
use async_trait::async_trait;
use rusqlite::params;

#[async_trait]
impl Watch for Sqlite {
    async fn figures(&self, from: i64, after: Option<&Figures>, limit: usize) -> Result<Page<Figures>> {
        let (minute, node, life) =
            after.map_or((from, "".into(), i64::MIN), |last| (last.minute, last.node.clone(), last.life.0));
        self.read(move |connection| {
            let found = many::<AuditId, _>(
                connection,
                "figures",
                "-- watch::figures
                 SELECT NULL, minute, node, life, body FROM figures WHERE (minute, node, life) > (?1, ?2, ?3)
                 ORDER BY minute, node, life LIMIT ?4",
                params![minute, node, life, ask(limit)],
                |cells| {
                    Ok(Figures {
                        minute: cells.get(1, "minute")?,
                        node: cells.text(2, "node")?,
                        life: cells.time(3, "life")?,
                        body: cells.text(4, "body")?,
                    })
                },
            )?;
            Ok(page(found, limit))
        })
        .await
    }

    async fn forget_figures(&self, before: i64, limit: usize) -> Result<usize> {
        self.write(move |tx| {
            tx.run(
                "-- watch::forget_figures
                 DELETE FROM figures WHERE rowid IN
                     (SELECT rowid FROM figures WHERE minute < ?1 ORDER BY minute LIMIT ?2)",
                params![before, i64::try_from(limit).unwrap_or(i64::MAX)],
            )
        })
        .await
    }

    async fn trail(&self, trail: Trail, before: Option<AuditId>, limit: usize) -> Result<Page<TrailLine>> {
        self.read(move |connection| trails::newest(connection, trail, before, limit)).await
    }
}

/// Writes a minute; what stood there of the same life is replaced.
pub(super) fn figured(tx: &Tx<'_>, figures: &Figures) -> Result<()> {
    let Figures { minute, node, life: Time(life), body } = figures;
    tx.must(
        "-- watch::figured
         INSERT INTO figures (minute, node, life, body) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (minute, node, life) DO UPDATE SET body = excluded.body",
        params![minute, node, life, body],
    )
}
