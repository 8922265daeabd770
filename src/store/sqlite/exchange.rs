//! Introductions, trays, and what was brought up to date in viewers' own books.

use super::{
    Sqlite,
    row::{Cells, above, ask, below, many, one, page},
    writer::Tx,
};
use crate::{
    clock::Time,
    domain::{
        exchange::{BookUpdate, Introduction, TrayCard},
        id::{ContactId, OwnerId, UpdateId},
    },
    store::{
        Exchange, Exchanged, Page, Result,
        exchange::{lines_json, lines_of, stand_code, stand_of, tray_code, tray_of},
    },
};
use async_trait::async_trait;
use rusqlite::params;
use std::collections::BTreeMap;

/// Most introductions of others to one address that are looked at.
const OTHERS: i64 = 64;

#[async_trait]
impl Exchange for Sqlite {
    async fn introduction(&self, owner: OwnerId, contact: ContactId) -> Result<Option<Introduction>> {
        self.read(move |connection| {
            one::<OwnerId, _>(
                connection,
                "introduction",
                "-- exchange::introduction
                 SELECT owner, contact, at, stand, due FROM introduction WHERE owner = ?1 AND contact = ?2",
                params![owner.to_bytes(), contact.to_bytes()],
                introduction,
            )
        })
        .await
    }

    async fn introduced(&self, owner: OwnerId, keys: &[Box<str>]) -> Result<Vec<Box<str>>> {
        let keys = keys.to_vec();
        self.read(move |connection| {
            let mut found = Vec::new();
            for key in keys {
                found.extend(one::<OwnerId, Box<str>>(
                    connection,
                    "introduced",
                    "-- exchange::introduced\nSELECT owner, key FROM introduced WHERE owner = ?1 AND key = ?2",
                    params![owner.to_bytes(), key],
                    |cells| cells.text(1, "key"),
                )?);
            }
            Ok(found)
        })
        .await
    }

    async fn introduced_for(&self, owner: OwnerId, contact: ContactId) -> Result<Vec<Box<str>>> {
        self.read(move |connection| {
            many::<OwnerId, _>(
                connection,
                "introduced",
                "-- exchange::introduced_for
                 SELECT owner, key FROM introduced WHERE owner = ?1 AND contact = ?2 ORDER BY key",
                params![owner.to_bytes(), contact.to_bytes()],
                |cells| cells.text(1, "key"),
            )
        })
        .await
    }

    async fn introduced_at(&self, owner: OwnerId) -> Result<Vec<Box<str>>> {
        self.read(move |connection| {
            many::<OwnerId, _>(
                connection,
                "introduced",
                "-- exchange::introduced_at\nSELECT owner, key FROM introduced WHERE owner = ?1 ORDER BY key",
                [owner.to_bytes()],
                |cells| cells.text(1, "key"),
            )
        })
        .await
    }

    async fn introductions_since(&self, owner: OwnerId, since: Time) -> Result<u64> {
        self.read(move |connection| {
            let count = one::<OwnerId, u64>(
                connection,
                "introduction",
                "-- exchange::since
                 SELECT NULL, COUNT(*) FROM introduction WHERE owner = ?1 AND stand = 1 AND due > ?2",
                params![owner.to_bytes(), since.0],
                |cells| cells.count(1, "count"),
            )?;
            Ok(count.unwrap_or_default())
        })
        .await
    }

    async fn introductions_due(&self, owner: OwnerId, since: Time, limit: usize) -> Result<Vec<Introduction>> {
        self.read(move |connection| {
            let mut found = many::<OwnerId, _>(
                connection,
                "introduction",
                "-- exchange::due
                 SELECT owner, contact, at, stand, due FROM introduction
                 WHERE owner = ?1 AND stand = 1 AND due > ?2 ORDER BY contact LIMIT ?3",
                params![owner.to_bytes(), since.0, ask(limit)],
                introduction,
            )?;
            found.truncate(limit);
            Ok(found)
        })
        .await
    }

    async fn introductions_made(&self, owner: OwnerId, since: Time, limit: usize) -> Result<Vec<ContactId>> {
        self.read(move |connection| {
            let mut found = many::<OwnerId, ContactId>(
                connection,
                "introduction",
                "-- exchange::made
                 SELECT owner, contact FROM introduction WHERE owner = ?1 AND at > ?2 ORDER BY at, contact LIMIT ?3",
                params![owner.to_bytes(), since.0, ask(limit)],
                |cells| cells.id(1, "contact"),
            )?;
            found.truncate(limit);
            Ok(found)
        })
        .await
    }

    async fn introductions_held(
        &self,
        owner: OwnerId,
        after: Option<ContactId>,
        limit: usize,
    ) -> Result<Page<Introduction>> {
        self.read(move |connection| {
            let found = many::<OwnerId, _>(
                connection,
                "introduction",
                "-- exchange::held
                 SELECT owner, contact, at, stand, due FROM introduction
                 WHERE owner = ?1 AND contact > ?2 AND stand <> 1 ORDER BY contact LIMIT ?3",
                params![owner.to_bytes(), above(after.map(ContactId::to_bytes)), ask(limit)],
                introduction,
            )?;
            Ok(page(found, limit))
        })
        .await
    }

    async fn introductions_to(&self, owner: OwnerId, keys: &[Box<str>], since: Time) -> Result<Vec<Introduction>> {
        let keys = keys.to_vec();
        self.read(move |connection| {
            let mut found: BTreeMap<(OwnerId, ContactId), Introduction> = BTreeMap::new();
            for key in keys {
                let some = many::<OwnerId, _>(
                    connection,
                    "introduction",
                    "-- exchange::to
                     SELECT i.owner, i.contact, i.at, i.stand, i.due FROM introduced k
                     JOIN introduction i ON i.owner = k.owner AND i.contact = k.contact
                     WHERE k.key = ?1 AND k.owner <> ?2 AND i.stand = 1 AND i.due > ?3 LIMIT ?4",
                    params![key, owner.to_bytes(), since.0, OTHERS],
                    introduction,
                )?;
                found.extend(some.into_iter().map(|one| ((one.owner, one.contact), one)));
            }
            Ok(found.into_values().collect())
        })
        .await
    }

    async fn tray(&self, holder: OwnerId, after: Option<OwnerId>, limit: usize) -> Result<Page<TrayCard>> {
        self.read(move |connection| {
            let found = many::<OwnerId, _>(
                connection,
                "tray",
                "-- exchange::tray
                 SELECT holder, sender, at, state FROM tray
                 WHERE holder = ?1 AND sender > ?2 AND state = 1 ORDER BY sender LIMIT ?3",
                params![holder.to_bytes(), above(after.map(OwnerId::to_bytes)), ask(limit)],
                tray_card,
            )?;
            Ok(page(found, limit))
        })
        .await
    }

    async fn tray_card(&self, holder: OwnerId, from: OwnerId) -> Result<Option<TrayCard>> {
        self.read(move |connection| {
            one::<OwnerId, _>(
                connection,
                "tray",
                "-- exchange::tray_card
                 SELECT holder, sender, at, state FROM tray WHERE holder = ?1 AND sender = ?2",
                params![holder.to_bytes(), from.to_bytes()],
                tray_card,
            )
        })
        .await
    }

    async fn book_updates(&self, viewer: OwnerId, before: Option<UpdateId>, limit: usize) -> Result<Page<BookUpdate>> {
        self.read(move |connection| {
            let found = many::<UpdateId, _>(
                connection,
                "book_update",
                "-- exchange::book_updates
                 SELECT id, viewer, contact, sender, at, lines, undone, before, after FROM book_update
                 WHERE viewer = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3",
                params![viewer.to_bytes(), below(before.map(UpdateId::to_bytes)), ask(limit)],
                update,
            )?;
            Ok(page(found, limit))
        })
        .await
    }

    async fn book_update(&self, viewer: OwnerId, id: UpdateId) -> Result<Option<BookUpdate>> {
        self.read(move |connection| {
            one::<UpdateId, _>(
                connection,
                "book_update",
                "-- exchange::book_update
                 SELECT id, viewer, contact, sender, at, lines, undone, before, after FROM book_update
                 WHERE viewer = ?1 AND id = ?2",
                params![viewer.to_bytes(), id.to_bytes()],
                update,
            )
        })
        .await
    }

    async fn updates_of(&self, viewer: OwnerId, contact: ContactId, limit: usize) -> Result<Vec<BookUpdate>> {
        self.read(move |connection| {
            let mut found = many::<UpdateId, _>(
                connection,
                "book_update",
                "-- exchange::updates_of
                 SELECT id, viewer, contact, sender, at, lines, undone, before, after FROM book_update
                 WHERE viewer = ?1 AND contact = ?2 ORDER BY id DESC LIMIT ?3",
                params![viewer.to_bytes(), contact.to_bytes(), ask(limit)],
                update,
            )?;
            found.truncate(limit);
            Ok(found)
        })
        .await
    }
}

fn introduction(cells: &Cells<'_>) -> Result<Introduction> {
    Ok(Introduction {
        owner: cells.id(0, "owner")?,
        contact: cells.id(1, "contact")?,
        at: cells.time(2, "at")?,
        stand: cells.code(3, "stand", |code| stand_of(u8::try_from(code).ok()?))?,
        due: cells.time(4, "due")?,
    })
}

fn tray_card(cells: &Cells<'_>) -> Result<TrayCard> {
    Ok(TrayCard {
        holder: cells.id(0, "holder")?,
        from: cells.id(1, "sender")?,
        at: cells.time(2, "at")?,
        state: cells.code(3, "state", |code| tray_of(u8::try_from(code).ok()?))?,
    })
}

fn update(cells: &Cells<'_>) -> Result<BookUpdate> {
    Ok(BookUpdate {
        id: cells.id(0, "id")?,
        viewer: cells.id(1, "viewer")?,
        contact: cells.id(2, "contact")?,
        from: cells.id(3, "sender")?,
        at: cells.time(4, "at")?,
        lines: lines_of(cells.json(5, "lines")?),
        undone: cells.time_or_none(6, "undone")?,
        before: cells.get(7, "before")?,
        after: cells.get(8, "after")?,
    })
}

/// Writes one of them.
pub(super) fn write(tx: &Tx<'_>, said: &Exchanged) -> Result<()> {
    match said {
        Exchanged::Introduced(new, keys) => {
            let (owner, contact) = (new.owner.to_bytes(), new.contact.to_bytes());
            tx.must(
                "-- exchange::introduced
                 INSERT INTO introduction (owner, contact, at, stand, due) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (owner, contact) DO UPDATE SET at = excluded.at, stand = excluded.stand,
                    due = excluded.due",
                params![owner, contact, new.at.0, stand_code(new.stand), new.due.0],
            )?;
            for key in keys {
                tx.run(
                    "-- exchange::introduced
                     INSERT INTO introduced (owner, key, contact) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                    params![owner, key, contact],
                )?;
            }
            Ok(())
        }
        Exchanged::IntroductionSet(Introduction { owner, contact, stand, due, .. }) => tx.must(
            "-- exchange::set\nUPDATE introduction SET stand = ?3, due = ?4 WHERE owner = ?1 AND contact = ?2",
            params![owner.to_bytes(), contact.to_bytes(), stand_code(*stand), due.0],
        ),
        Exchanged::IntroductionDropped(owner, contact) => {
            let both = params![owner.to_bytes(), contact.to_bytes()];
            tx.run("-- exchange::dropped\nDELETE FROM introduction WHERE owner = ?1 AND contact = ?2", both)?;
            tx.run("-- exchange::dropped\nDELETE FROM introduced WHERE owner = ?1 AND contact = ?2", both)?;
            Ok(())
        }
        Exchanged::Trayed(card) => {
            let (holder, sender) = (card.holder.to_bytes(), card.from.to_bytes());
            tx.run(
                "-- exchange::trayed
                 INSERT INTO tray (holder, sender, at, state) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
                params![holder, sender, card.at.0, tray_code(card.state)],
            )?;
            Ok(())
        }
        Exchanged::TraySet { holder, from, state } => tx.must(
            "-- exchange::tray_set\nUPDATE tray SET state = ?3 WHERE holder = ?1 AND sender = ?2 AND state = 1",
            params![holder.to_bytes(), from.to_bytes(), tray_code(*state)],
        ),
        Exchanged::BookUpdated(new) => tx.must(
            "-- exchange::updated
             INSERT INTO book_update (viewer, id, contact, sender, at, lines, undone, before, after)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                new.viewer.to_bytes(),
                new.id.to_bytes(),
                new.contact.to_bytes(),
                new.from.to_bytes(),
                new.at.0,
                lines_json(new),
                new.undone.map(|at| at.0),
                new.before,
                new.after,
            ],
        ),
        Exchanged::BookUpdateUndone { viewer, id, at } => tx.must(
            "-- exchange::undone\nUPDATE book_update SET undone = ?3 WHERE viewer = ?1 AND id = ?2 AND undone IS NULL",
            params![viewer.to_bytes(), id.to_bytes(), at.0],
        ),
    }
}
