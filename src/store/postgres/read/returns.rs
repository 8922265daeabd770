//! What came back from recipients.

use super::{after, all, first, outbox::attempt};
use crate::{
    clock::Time,
    domain::{
        id::{NoticeId, OwnerId},
        notice::{Attempt, Reported},
    },
    store::{
        CardLink, Preference, Receipt, Result, Returns, Unreachable,
        postgres::{
            Postgres,
            columns::Columns,
            value::{digest, values},
        },
    },
};
use async_trait::async_trait;
use tokio_postgres::Row;

fn receipt(row: &Row) -> Result<Receipt> {
    let mut columns = Columns::of(row, "receipts");
    let (account, foreign_id) = (columns.text()?, columns.text()?);
    let (reported, code) = (columns.code(Reported::from_code)?, columns.text()?);
    let flags: i64 = columns.next()?;
    let (dead, stopped) = (flags & 1 != 0, flags & 2 != 0);
    Ok(Receipt { account, foreign_id, reported, code, dead, stopped, at: columns.time()? })
}

fn card_link(row: &Row) -> Result<CardLink> {
    let mut columns = Columns::of(row, "card_links");
    Ok(CardLink {
        owner: columns.stored()?,
        address: columns.address()?,
        token: columns.text()?,
        recipient: columns.stored_or_none()?,
        language: columns.text()?,
        at: columns.time()?,
        until: columns.time()?,
    })
}

fn preference(row: &Row) -> Result<Preference> {
    let mut columns = Columns::of(row, "preferences");
    let (address, first) = (columns.address()?, columns.word_or_none()?);
    Ok(Preference { address, first, language: columns.text()?, at: columns.time()? })
}

#[async_trait]
impl Returns for Postgres {
    async fn unsettled(&self, last: Option<NoticeId>, limit: usize) -> Result<Vec<NoticeId>> {
        const SQL: &str = "/* unsettled */ SELECT DISTINCT notice FROM attempts
            WHERE reported IS NOT NULL AND (outcome = 'unknown' OR (outcome = 'sent' AND reported IN (3, 4, 6)))
            AND notice > $1 ORDER BY notice LIMIT $2";
        all(&self.read(SQL, || values![after(last), limit]).await?.rows, |row| Columns::of(row, "attempts").stored())
    }

    async fn receipts(&self, account: &str, foreign_id: &str) -> Result<Vec<Receipt>> {
        const SQL: &str = "/* receipts */ SELECT account, foreign_id, reported, code, flags, at FROM receipts
            WHERE message = $1 AND account = $2";
        all(&self.read(SQL, || values![digest(foreign_id), account]).await?.rows, receipt)
    }

    async fn unreachable(&self, keys: &[Box<str>]) -> Result<Vec<Unreachable>> {
        const SQL: &str = "/* unreachable */ SELECT key, wire, at, way FROM unreachable WHERE key = ANY($1)";
        let mut found = all(&self.read(SQL, || values![keys]).await?.rows, |row| {
            let mut columns = Columns::of(row, "unreachable");
            Ok(Unreachable { address: columns.address()?, at: columns.time()?, way: columns.text()? })
        })?;
        found.sort_by_key(|dead| keys.iter().position(|key| **key == *dead.address.key()));
        Ok(found)
    }

    async fn last_attempt_to(&self, account: &str, key: &str) -> Result<Option<Attempt>> {
        const SQL: &str =
            "/* attempt.to */ SELECT notice, owner, number, account, channel, address_key, address_wire, at,
                outcome, foreign_id, detail, reported
            FROM attempts WHERE address_key = $1 AND account = $2 AND outcome IN ('sent', 'unknown')
            ORDER BY at DESC LIMIT 1";
        first(&self.read(SQL, || values![key, account]).await?.rows, attempt)
    }

    async fn confirmed(&self, key: &str) -> Result<Option<Time>> {
        const SQL: &str = "/* confirmed */ SELECT at FROM confirmed WHERE key = $1";
        first(&self.read(SQL, || values![key]).await?.rows, |row| Columns::of(row, "confirmed").time())
    }

    async fn card_link(&self, token: &str) -> Result<Option<CardLink>> {
        const SQL: &str = "/* card_link */ SELECT owner, key, wire, token, recipient, language, at, until
            FROM card_links WHERE token = $1";
        first(&self.read(SQL, || values![token]).await?.rows, card_link)
    }

    async fn card_link_of(&self, owner: OwnerId, key: &str) -> Result<Option<CardLink>> {
        const SQL: &str = "/* card_link.of */ SELECT owner, key, wire, token, recipient, language, at, until
            FROM card_links WHERE owner = $1 AND key = $2 ORDER BY at DESC, token LIMIT 1";
        first(&self.read(SQL, || values![owner, key]).await?.rows, card_link)
    }

    async fn card_links(&self, owner: OwnerId) -> Result<Vec<CardLink>> {
        const SQL: &str = "/* card_links */ SELECT owner, key, wire, token, recipient, language, at, until
            FROM card_links WHERE owner = $1";
        all(&self.read(SQL, || values![owner]).await?.rows, card_link)
    }

    async fn preferences(&self, keys: &[Box<str>]) -> Result<Vec<Preference>> {
        const SQL: &str =
            "/* preferences */ SELECT key, wire, channel, language, at FROM preferences WHERE key = ANY($1)";
        let mut found = all(&self.read(SQL, || values![keys]).await?.rows, preference)?;
        found.sort_by_key(|one| keys.iter().position(|key| **key == *one.address.key()));
        Ok(found)
    }
}
