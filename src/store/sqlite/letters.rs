//! Messages to one address that are about no change.

use super::{
    Sqlite,
    row::{self, Cells, many, wire},
    statements::Prepares,
    writer::Tx,
};
use crate::{
    clock::Time,
    domain::id::LetterId,
    store::{ClaimedLetter, Letter, Letters, Posted, Result},
};
use async_trait::async_trait;
use rusqlite::params;
use std::time::Duration;

#[async_trait]
impl Letters for Sqlite {
    async fn claim_letters(&self, urgent: bool, limit: usize, lease: Duration) -> Result<Vec<ClaimedLetter>> {
        self.write(move |tx| claim(tx, urgent, limit, lease)).await
    }

    async fn letter(&self, id: LetterId) -> Result<Option<Letter>> {
        self.read(move |connection| {
            row::one::<LetterId, _>(
                connection,
                "letter",
                "-- letters::letter
                 SELECT id, key, wire, what, language, urgent, due, expires, attempts, account FROM letter
                 WHERE id = ?1",
                [id.to_bytes()],
                letter,
            )
        })
        .await
    }
}

fn claim(tx: &Tx<'_>, urgent: bool, limit: usize, lease: Duration) -> Result<Vec<ClaimedLetter>> {
    tx.step()?;
    let mut claimed = many::<LetterId, _>(
        &tx.connection,
        "letter",
        "-- letters::claim
         UPDATE letter SET ready = ?2, fence = fence + 1
         WHERE id IN (SELECT id FROM letter WHERE urgent = ?3 AND ready <= ?1 ORDER BY ready, id LIMIT ?4)
         RETURNING id, key, wire, what, language, urgent, due, expires, attempts, account, fence",
        params![tx.now.0, tx.now.after(lease).0, urgent, i64::try_from(limit).unwrap_or(i64::MAX)],
        |cells| Ok(ClaimedLetter { letter: letter(cells)?, fence: cells.count(10, "fence")? }),
    )?;
    claimed.sort_by_key(|claimed| (claimed.letter.due, claimed.letter.id));
    Ok(claimed)
}

fn letter(cells: &Cells<'_>) -> Result<Letter> {
    Ok(Letter {
        id: cells.id(0, "id")?,
        to: cells.address(1, "key")?,
        what: cells.text(3, "what")?,
        language: cells.text_or_none(4, "language")?,
        urgent: cells.get(5, "urgent")?,
        due: cells.time(6, "due")?,
        expires: cells.time(7, "expires")?,
        attempts: cells.small(8, "attempts")?,
        account: cells.text_or_none(9, "account")?,
    })
}

/// When one can be claimed next.
pub(super) fn next(connection: &impl Prepares) -> Result<Option<Time>> {
    let mut next = None;
    for urgent in [true, false] {
        let ready = row::one::<LetterId, Time>(
            connection,
            "letter",
            "-- letters::next\nSELECT id, ready FROM letter WHERE urgent = ?1 ORDER BY ready LIMIT 1",
            [urgent],
            |cells| cells.time(1, "ready"),
        )?;
        next = next.into_iter().chain(ready).min();
    }
    Ok(next)
}

/// Writes one of them.
pub(super) fn write(tx: &Tx<'_>, posted: &Posted) -> Result<()> {
    match posted {
        Posted::Due(letter) => tx.must(
            "-- letters::due
             INSERT INTO letter (id, key, wire, what, language, urgent, due, expires, attempts, account, ready, fence)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?7, 0)",
            params![
                letter.id.to_bytes(),
                letter.to.key(),
                wire(&letter.to),
                letter.what,
                letter.language,
                letter.urgent,
                letter.due.0,
                letter.expires.0,
                letter.attempts,
                letter.account
            ],
        ),
        Posted::Begun { id, fence, account } => tx.must(
            "-- letters::begun\nUPDATE letter SET account = ?3 WHERE id = ?1 AND fence = ?2",
            params![id.to_bytes(), fence.cast_signed(), account],
        ),
        Posted::Later { id, fence, due, attempts, account } => tx.must(
            "-- letters::later
             UPDATE letter SET account = ?5, due = ?3, ready = ?3, attempts = ?4, fence = fence + 1
             WHERE id = ?1 AND fence = ?2",
            params![id.to_bytes(), fence.cast_signed(), due.0, attempts, account],
        ),
        Posted::Ended { id, fence } => tx.must(
            "-- letters::ended\nDELETE FROM letter WHERE id = ?1 AND fence = ?2",
            params![id.to_bytes(), fence.cast_signed()],
        ),
    }
}
