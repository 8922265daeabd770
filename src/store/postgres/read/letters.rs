//! Messages to one address that are about no change.

use super::{all, first};
use crate::{
    domain::id::LetterId,
    store::{
        ClaimedLetter, Letter, Letters, Result,
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

const CLAIM: &str = "/* letter.claim */ WITH next AS (
        SELECT id FROM letters WHERE urgent = $4 AND ready <= $1 ORDER BY ready, id LIMIT $3 FOR UPDATE SKIP LOCKED)
    UPDATE letters SET ready = $2, fence = fence + 1 WHERE id IN (SELECT id FROM next)
    RETURNING id, key, wire, what, language, urgent, due, expires, attempts, account, fence";

fn letter(columns: &mut Columns<'_>) -> Result<Letter> {
    Ok(Letter {
        id: columns.stored()?,
        to: columns.address()?,
        what: columns.text()?,
        language: columns.text_or_none()?,
        urgent: columns.next()?,
        due: columns.time()?,
        expires: columns.time()?,
        attempts: columns.small()?,
        account: columns.text_or_none()?,
    })
}

impl Postgres {
    async fn take_letters(
        &self,
        urgent: bool,
        limit: usize,
        lease: Duration,
    ) -> std::result::Result<Vec<ClaimedLetter>, Failure> {
        let now = self.database_time().await?;
        let answer = self.session().await?.one(CLAIM, values![now, now.after(lease), limit, urgent]).await?;
        let mut claimed = all(&answer.rows, |row| {
            let mut columns = Columns::of(row, "letters");
            Ok(ClaimedLetter { letter: letter(&mut columns)?, fence: columns.number()? })
        })?;
        claimed.sort_by_key(|claimed| (claimed.letter.due, claimed.letter.id));
        Ok(claimed)
    }
}

#[async_trait]
impl Letters for Postgres {
    async fn claim_letters(&self, urgent: bool, limit: usize, lease: Duration) -> Result<Vec<ClaimedLetter>> {
        retried!(self, self.take_letters(urgent, limit, lease))
    }

    async fn letter(&self, id: LetterId) -> Result<Option<Letter>> {
        const SQL: &str = "/* letter */
            SELECT id, key, wire, what, language, urgent, due, expires, attempts, account FROM letters WHERE id = $1";
        first(&self.read(SQL, || values![id]).await?.rows, |row| letter(&mut Columns::of(row, "letters")))
    }
}
