//! Introductions, trays, and what was brought up to date in viewers' own books.

use super::{after, all, before, first, page};
use crate::{
    clock::Time,
    domain::{
        exchange::{BookUpdate, Introduction, TrayCard},
        id::{ContactId, OwnerId, UpdateId},
    },
    store::{
        Exchange, Page, Result,
        exchange::{lines_of, stand_of, tray_of},
        postgres::{Postgres, columns::Columns, value::values},
    },
};
use async_trait::async_trait;
use tokio_postgres::Row;

/// Most introductions of others to one address that are looked at.
const OTHERS: usize = 64;

fn introduction(row: &Row) -> Result<Introduction> {
    let mut columns = Columns::of(row, "introductions");
    Ok(Introduction {
        owner: columns.stored()?,
        contact: columns.stored()?,
        at: columns.time()?,
        stand: columns.code(stand_of)?,
        due: columns.time()?,
    })
}

fn tray_card(row: &Row) -> Result<TrayCard> {
    let mut columns = Columns::of(row, "trays");
    Ok(TrayCard {
        holder: columns.stored()?,
        from: columns.stored()?,
        at: columns.time()?,
        state: columns.code(tray_of)?,
    })
}

fn update(row: &Row) -> Result<BookUpdate> {
    let mut columns = Columns::of(row, "book_updates");
    Ok(BookUpdate {
        id: columns.stored()?,
        viewer: columns.stored()?,
        contact: columns.stored()?,
        from: columns.stored()?,
        at: columns.time()?,
        lines: lines_of(columns.json()?),
        undone: columns.time_or_none()?,
        before: columns.next::<&[u8]>()?.to_vec(),
        after: columns.next::<&[u8]>()?.to_vec(),
    })
}

#[async_trait]
impl Exchange for Postgres {
    async fn introduction(&self, owner: OwnerId, contact: ContactId) -> Result<Option<Introduction>> {
        const SQL: &str = "/* introduction */ SELECT owner, contact, at, stand, due FROM introductions
            WHERE owner = $1 AND contact = $2";
        first(&self.read(SQL, || values![owner, contact]).await?.rows, introduction)
    }

    async fn introduced(&self, owner: OwnerId, keys: &[Box<str>]) -> Result<Vec<Box<str>>> {
        const SQL: &str = "/* introduced */ SELECT key FROM introduced WHERE owner = $1 AND key = ANY($2)";
        all(&self.read(SQL, || values![owner, keys]).await?.rows, |row| Columns::of(row, "introduced").text())
    }

    async fn introduced_for(&self, owner: OwnerId, contact: ContactId) -> Result<Vec<Box<str>>> {
        const SQL: &str = "/* introduced.for */ SELECT key FROM introduced WHERE owner = $1 AND contact = $2";
        let rows = &self.read(SQL, || values![owner, contact]).await?.rows;
        let mut keys: Vec<Box<str>> = all(rows, |row| Columns::of(row, "introduced").text())?;
        keys.sort_unstable();
        Ok(keys)
    }

    async fn introduced_at(&self, owner: OwnerId) -> Result<Vec<Box<str>>> {
        const SQL: &str = "/* introduced.at */ SELECT key FROM introduced WHERE owner = $1";
        let rows = &self.read(SQL, || values![owner]).await?.rows;
        let mut keys: Vec<Box<str>> = all(rows, |row| Columns::of(row, "introduced").text())?;
        keys.sort_unstable();
        Ok(keys)
    }

    async fn introductions_since(&self, owner: OwnerId, since: Time) -> Result<u64> {
        const SQL: &str = "/* introductions.since */ SELECT count(*) FROM introductions
            WHERE owner = $1 AND stand = 1 AND due > $2";
        let found = first(&self.read(SQL, || values![owner, since]).await?.rows, |row| {
            Columns::of(row, "introductions").number()
        })?;
        Ok(found.unwrap_or_default())
    }

    async fn introductions_due(&self, owner: OwnerId, since: Time, limit: usize) -> Result<Vec<Introduction>> {
        const SQL: &str = "/* introductions.due */ SELECT owner, contact, at, stand, due FROM introductions
            WHERE owner = $1 AND stand = 1 AND due > $2 ORDER BY contact LIMIT $3";
        all(&self.read(SQL, || values![owner, since, limit]).await?.rows, introduction)
    }

    async fn introductions_made(&self, owner: OwnerId, since: Time, limit: usize) -> Result<Vec<ContactId>> {
        const SQL: &str = "/* introductions.made */ SELECT contact FROM introductions
            WHERE owner = $1 AND at > $2 ORDER BY at, contact LIMIT $3";
        let found = self.read(SQL, || values![owner, since, limit]).await?;
        all(&found.rows, |row| Columns::of(row, "introductions").stored())
    }

    async fn introductions_held(
        &self,
        owner: OwnerId,
        last: Option<ContactId>,
        limit: usize,
    ) -> Result<Page<Introduction>> {
        const SQL: &str = "/* introductions.held */ SELECT owner, contact, at, stand, due FROM introductions
            WHERE owner = $1 AND contact > $2 AND stand <> 1 ORDER BY contact LIMIT $3";
        let found = self.read(SQL, || values![owner, after(last), limit.saturating_add(1)]).await?;
        Ok(page(all(&found.rows, introduction)?, limit))
    }

    async fn introductions_to(&self, owner: OwnerId, keys: &[Box<str>], since: Time) -> Result<Vec<Introduction>> {
        const SQL: &str = "/* introductions.to */ SELECT DISTINCT i.owner, i.contact, i.at, i.stand, i.due
            FROM introduced k JOIN introductions i ON i.owner = k.owner AND i.contact = k.contact
            WHERE k.key = ANY($1) AND k.owner <> $2 AND i.stand = 1 AND i.due > $3 LIMIT $4";
        all(&self.read(SQL, || values![keys, owner, since, OTHERS]).await?.rows, introduction)
    }

    async fn tray(&self, holder: OwnerId, last: Option<OwnerId>, limit: usize) -> Result<Page<TrayCard>> {
        const SQL: &str = "/* tray */ SELECT holder, sender, at, state FROM trays
            WHERE holder = $1 AND sender > $2 AND state = 1 ORDER BY sender LIMIT $3";
        let found = self.read(SQL, || values![holder, after(last), limit.saturating_add(1)]).await?;
        Ok(page(all(&found.rows, tray_card)?, limit))
    }

    async fn tray_card(&self, holder: OwnerId, from: OwnerId) -> Result<Option<TrayCard>> {
        const SQL: &str = "/* tray.card */ SELECT holder, sender, at, state FROM trays
            WHERE holder = $1 AND sender = $2";
        first(&self.read(SQL, || values![holder, from]).await?.rows, tray_card)
    }

    async fn book_updates(&self, viewer: OwnerId, last: Option<UpdateId>, limit: usize) -> Result<Page<BookUpdate>> {
        const SQL: &str = "/* book_updates */ SELECT id, viewer, contact, sender, at, lines, undone, before, after
            FROM book_updates WHERE viewer = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
        let found = self.read(SQL, || values![viewer, before(last), limit.saturating_add(1)]).await?;
        Ok(page(all(&found.rows, update)?, limit))
    }

    async fn book_update(&self, viewer: OwnerId, id: UpdateId) -> Result<Option<BookUpdate>> {
        const SQL: &str = "/* book_update */ SELECT id, viewer, contact, sender, at, lines, undone, before, after
            FROM book_updates WHERE viewer = $1 AND id = $2";
        first(&self.read(SQL, || values![viewer, id]).await?.rows, update)
    }

    async fn updates_of(&self, viewer: OwnerId, contact: ContactId, limit: usize) -> Result<Vec<BookUpdate>> {
        const SQL: &str = "/* updates.of */ SELECT id, viewer, contact, sender, at, lines, undone, before, after
            FROM book_updates WHERE viewer = $1 AND contact = $2 ORDER BY id DESC LIMIT $3";
        all(&self.read(SQL, || values![viewer, contact, limit]).await?.rows, update)
    }
}
