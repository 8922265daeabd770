//! What comes back from recipients.

use super::{
    Sqlite, notices,
    row::{self, Cells, above, many, wire},
    statements::Prepares,
    writer::Tx,
};
use crate::{
    clock::Time,
    domain::{
        id::{NoticeId, OwnerId},
        notice::{Attempt, Reported},
    },
    store::{
        CardLink, Preference, Receipt, Result, Returned, Returns, StoreError, Unreachable,
        returns::{KEPT, LINKS_KEPT, channel_of, channel_word},
    },
};
use async_trait::async_trait;
use rusqlite::params;

const DEAD: i64 = 1;
const STOPPED: i64 = 2;

#[async_trait]
impl Returns for Sqlite {
    async fn unsettled(&self, after: Option<NoticeId>, limit: usize) -> Result<Vec<NoticeId>> {
        self.read(move |connection| {
            many::<NoticeId, _>(
                connection,
                "attempt",
                "-- returns::unsettled
                 SELECT DISTINCT notice FROM attempt
                 WHERE reported IS NOT NULL AND (outcome = 3 OR (outcome = 0 AND reported IN (3, 4, 6)))
                 AND notice > ?1 ORDER BY notice LIMIT ?2",
                params![above(after.map(NoticeId::to_bytes)), i64::try_from(limit).unwrap_or(i64::MAX)],
                |cells| cells.id(0, "notice"),
            )
        })
        .await
    }

    async fn receipts(&self, account: &str, foreign_id: &str) -> Result<Vec<Receipt>> {
        let (account, foreign_id) = (Box::<str>::from(account), Box::<str>::from(foreign_id));
        self.read_quickly(move |connection| receipts(connection, &account, &foreign_id)).await
    }

    async fn unreachable(&self, keys: &[Box<str>]) -> Result<Vec<Unreachable>> {
        let keys = keys.to_vec();
        self.read_quickly(move |connection| {
            let mut found = Vec::new();
            for key in &keys {
                found.extend(many::<OwnerId, _>(
                    connection,
                    "unreachable",
                    "-- returns::unreachable\nSELECT NULL, key, wire, at, way FROM unreachable WHERE key = ?1",
                    [key],
                    |cells| {
                        let (address, at) = (cells.address(1, "key")?, cells.time(3, "at")?);
                        Ok(Unreachable { address, at, way: cells.text(4, "way")? })
                    },
                )?);
            }
            Ok(found)
        })
        .await
    }

    async fn last_attempt_to(&self, account: &str, key: &str) -> Result<Option<Attempt>> {
        let (account, key) = (Box::<str>::from(account), Box::<str>::from(key));
        self.read_quickly(move |connection| notices::last_attempt_to(connection, &account, &key)).await
    }

    async fn confirmed(&self, key: &str) -> Result<Option<Time>> {
        let key = Box::<str>::from(key);
        self.read_quickly(move |connection| {
            row::one::<OwnerId, _>(
                connection,
                "confirmed",
                "-- returns::confirmed\nSELECT NULL, at FROM confirmed WHERE key = ?1",
                [key],
                |cells| cells.time(1, "at"),
            )
        })
        .await
    }

    async fn card_link(&self, token: &str) -> Result<Option<CardLink>> {
        let token = Box::<str>::from(token);
        self.read_quickly(move |connection| {
            row::one::<OwnerId, _>(
                connection,
                "card_link",
                "-- returns::card_link
                 SELECT owner, key, wire, token, recipient, language, at, until FROM card_link WHERE token = ?1",
                [token],
                card_link,
            )
        })
        .await
    }

    async fn card_link_of(&self, owner: OwnerId, key: &str) -> Result<Option<CardLink>> {
        let key = Box::<str>::from(key);
        self.read_quickly(move |connection| {
            row::one::<OwnerId, _>(
                connection,
                "card_link",
                "-- returns::card_link_of
                 SELECT owner, key, wire, token, recipient, language, at, until FROM card_link
                 WHERE owner = ?1 AND key = ?2 ORDER BY at DESC, token LIMIT 1",
                params![owner.to_bytes(), key],
                card_link,
            )
        })
        .await
    }

    async fn card_links(&self, owner: OwnerId) -> Result<Vec<CardLink>> {
        self.read(move |connection| {
            many::<OwnerId, _>(
                connection,
                "card_link",
                "-- returns::card_links
                 SELECT owner, key, wire, token, recipient, language, at, until FROM card_link WHERE owner = ?1",
                [owner.to_bytes()],
                card_link,
            )
        })
        .await
    }

    async fn preferences(&self, keys: &[Box<str>]) -> Result<Vec<Preference>> {
        let keys = keys.to_vec();
        self.read_quickly(move |connection| {
            let mut found = Vec::new();
            for key in keys {
                found.extend(row::one::<OwnerId, _>(
                    connection,
                    "preference",
                    "-- returns::preferences\nSELECT NULL, key, wire, channel, language, at FROM preference WHERE key = ?1",
                    [key],
                    |cells| {
                        Ok(Preference {
                            address: cells.address(1, "key")?,
                            first: cells.text_or_none(3, "channel")?.and_then(|word| channel_of(&word)),
                            language: cells.text(4, "language")?,
                            at: cells.time(5, "at")?,
                        })
                    },
                )?);
            }
            Ok(found)
        })
        .await
    }
}

/// Reports on a message.
pub(super) fn receipts(connection: &impl Prepares, account: &str, foreign_id: &str) -> Result<Vec<Receipt>> {
    many::<OwnerId, _>(
        connection,
        "receipt",
        "-- returns::receipts
         SELECT NULL, reported, code, flags, at FROM receipt WHERE account = ?1 AND foreign_id = ?2",
        params![account, foreign_id],
        |cells| {
            let flags: i64 = cells.get(3, "flags")?;
            Ok(Receipt {
                account: account.into(),
                foreign_id: foreign_id.into(),
                reported: reported(cells, 1)?,
                code: cells.text(2, "code")?,
                dead: flags & DEAD != 0,
                stopped: flags & STOPPED != 0,
                at: cells.time(4, "at")?,
            })
        },
    )
}

fn card_link(cells: &Cells<'_>) -> Result<CardLink> {
    Ok(CardLink {
        owner: cells.id(0, "owner")?,
        address: cells.address(1, "key")?,
        token: cells.text(3, "token")?,
        recipient: match cells.get::<Option<Vec<u8>>>(4, "recipient")? {
            None => None,
            Some(_) => Some(cells.decode(4, "recipient", row::recipient)?),
        },
        language: cells.text(5, "language")?,
        at: cells.time(6, "at")?,
        until: cells.time(7, "until")?,
    })
}

fn reported(cells: &Cells<'_>, at: usize) -> Result<Reported> {
    cells.code(at, "reported", |code| Reported::from_code(u8::try_from(code).ok()?))
}

/// What reports say of an attempt, or null.
pub(super) fn reported_or_none(cells: &Cells<'_>, at: usize) -> Result<Option<Reported>> {
    match cells.get::<Option<i64>>(at, "reported")? {
        None => Ok(None),
        Some(_) => reported(cells, at).map(Some),
    }
}

/// Writes one of them.
pub(super) fn write(tx: &Tx<'_>, returned: &Returned) -> Result<()> {
    match returned {
        Returned::Received(receipt) => {
            let before = receipt.at.before(KEPT);
            tx.run("-- returns::received\nDELETE FROM receipt WHERE at < ?1", [before.0])?;
            tx.run(
                "-- returns::received
                 INSERT INTO receipt (account, foreign_id, reported, code, flags, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT DO NOTHING",
                params![
                    receipt.account,
                    receipt.foreign_id,
                    receipt.reported.code(),
                    receipt.code,
                    i64::from(receipt.dead) * DEAD + i64::from(receipt.stopped) * STOPPED,
                    receipt.at.0
                ],
            )?;
            Ok(())
        }
        Returned::Reported { notice, number, reported, foreign_id } => tx.must(
            "-- returns::reported
             UPDATE attempt SET reported = max(coalesce(reported, 0), ?3), foreign_id = coalesce(foreign_id, ?4)
             WHERE notice = ?1 AND number = ?2",
            params![notice.to_bytes(), number, reported.code(), foreign_id],
        ),
        Returned::Reopened { id, from, due, reason } => notices::reopen(tx, *id, *from, *due, reason),
        Returned::Unreachable(dead) => tx.must(
            "-- returns::unreachable
             INSERT INTO unreachable (key, wire, at, way) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (key) DO UPDATE SET wire = excluded.wire, at = excluded.at, way = excluded.way",
            params![dead.address.key(), wire(&dead.address), dead.at.0, dead.way],
        ),
        Returned::Reachable(key) => {
            tx.run("-- returns::reachable\nDELETE FROM unreachable WHERE key = ?1", [key])?;
            Ok(())
        }
        Returned::Heard { account, foreign_id, at } => {
            tx.run("-- returns::heard\nDELETE FROM heard WHERE at < ?1", [at.before(KEPT).0])?;
            let written = tx.run(
                "-- returns::heard
                 INSERT INTO heard (account, foreign_id, at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                params![account, foreign_id, at.0],
            )?;
            if written == 0 { Err(StoreError::Repeated) } else { Ok(()) }
        }
        Returned::Confirmed { key, at } => tx.must(
            "-- returns::confirmed
             INSERT INTO confirmed (key, at) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET at = excluded.at",
            params![key, at.0],
        ),
        Returned::CardLinked(link) => {
            tx.run(
                "-- returns::card_linked\nDELETE FROM card_link WHERE owner = ?1 AND key = ?2 AND until < ?3",
                params![link.owner.to_bytes(), link.address.key(), link.at.before(LINKS_KEPT).0],
            )?;
            tx.must(
                "-- returns::card_linked
                 INSERT INTO card_link (owner, key, wire, token, recipient, language, at, until)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                 ON CONFLICT (token) DO UPDATE SET
                     recipient = excluded.recipient, language = excluded.language, until = excluded.until",
                params![
                    link.owner.to_bytes(),
                    link.address.key(),
                    wire(&link.address),
                    link.token,
                    link.recipient.map(row::recipient_bytes),
                    link.language,
                    link.at.0,
                    link.until.0
                ],
            )
        }
        Returned::CardLinksEnded { owner, key } => {
            tx.run(
                "-- returns::card_links_ended
                 UPDATE card_link SET until = min(until, at) WHERE owner = ?1 AND (?2 IS NULL OR key = ?2)",
                params![owner.to_bytes(), key],
            )?;
            Ok(())
        }
        Returned::Preferred(preference) => tx.must(
            "-- returns::preferred
             INSERT INTO preference (key, wire, channel, language, at) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (key) DO UPDATE SET wire = excluded.wire, channel = excluded.channel,
                 language = excluded.language, at = excluded.at",
            params![
                preference.address.key(),
                wire(&preference.address),
                preference.first.map(channel_word),
                preference.language,
                preference.at.0
            ],
        ),
    }
}
