//! Fan-outs, the ledger, opt-outs; and the reads of the outbox.

use super::{
    Sqlite, erasure, leaving, notices, returns,
    row::{Cells, many, one, pieces, recipient, recipient_bytes, wire},
    statements::Prepares,
    writer::Tx,
};
use crate::{
    clock::Time,
    domain::{
        address::{Address, phone},
        id::{FanoutId, NoticeId, OwnerId},
        notice::{Attempt, Notice, NoticeState, Recipient, Shown},
    },
    store::{
        Claimed, Fanout, Leaving, OptOut, Outbox, Page, Reports, Result,
        erasure::{HASHED, Happened},
    },
};
use async_trait::async_trait;
use rusqlite::params;
use std::time::Duration;

#[async_trait]
impl Outbox for Sqlite {
    async fn claim_fanout(&self, lease: Duration) -> Result<Option<Fanout>> {
        self.write(move |tx| claim_fanout(tx, lease)).await
    }

    async fn claim(&self, retries: bool, limit: usize, lease: Duration) -> Result<Vec<Claimed>> {
        self.write(move |tx| notices::claim(tx, retries, limit, lease)).await
    }

    async fn heartbeat(&self, id: NoticeId, fence: u64, lease: Duration) -> Result<bool> {
        self.write(move |tx| notices::heartbeat(tx, id, fence, lease)).await
    }

    async fn next_due(&self) -> Result<Option<Time>> {
        self.read(|connection| notices::next_due(connection)).await
    }

    async fn notice(&self, id: NoticeId) -> Result<Option<Notice>> {
        self.read_quickly(move |connection| notices::one(connection, id)).await
    }

    async fn open_notice(&self, owner: OwnerId, recipient: Recipient) -> Result<Option<Notice>> {
        self.read_quickly(move |connection| notices::open(connection, owner, recipient)).await
    }

    async fn notices(&self, owner: OwnerId, before: Option<NoticeId>, limit: usize) -> Result<Page<Notice>> {
        self.read(move |connection| notices::of_owner(connection, owner, before, limit)).await
    }

    async fn notices_in(&self, state: NoticeState, after: Option<NoticeId>, limit: usize) -> Result<Page<Notice>> {
        self.read(move |connection| notices::in_state(connection, state, after, limit)).await
    }

    async fn pairs(&self, owner: OwnerId, recipients: &[Recipient]) -> Result<Vec<(Option<Shown>, Option<Notice>)>> {
        let recipients = recipients.to_vec();
        self.read(move |connection| {
            let pair = |to| Ok((shown(connection, owner, to)?, notices::open(connection, owner, to)?));
            recipients.into_iter().map(pair).collect()
        })
        .await
    }

    async fn leaving(&self, notices: &[Notice]) -> Result<Vec<Leaving>> {
        let asked: Vec<_> = notices.iter().map(|notice| (notice.id, notice.owner, notice.recipient)).collect();
        let hash = self.hash.clone();
        self.read(move |connection| asked.into_iter().map(|one| leaving::one(connection, &hash, one)).collect()).await
    }

    async fn reports_of(&self, id: NoticeId) -> Result<Option<Reports>> {
        self.read_quickly(move |connection| {
            let Some(last) = notices::attempts(connection, id)?.pop() else { return Ok(None) };
            let receipts = match &last.foreign_id {
                None => Vec::new(),
                Some(foreign_id) => returns::receipts(connection, &last.account, foreign_id)?,
            };
            Ok(Some((last, receipts)))
        })
        .await
    }

    async fn attempts(&self, id: NoticeId) -> Result<Vec<Attempt>> {
        self.read_quickly(move |connection| notices::attempts(connection, id)).await
    }

    async fn attempt_by_foreign_id(&self, account: &str, foreign_id: &str) -> Result<Option<Attempt>> {
        let (account, foreign_id) = (Box::<str>::from(account), Box::<str>::from(foreign_id));
        self.read_quickly(move |connection| notices::attempt_by_foreign_id(connection, &account, &foreign_id)).await
    }

    async fn attempts_since(&self, account: &str, since: Time) -> Result<Vec<(phone::Country, u64)>> {
        let account = Box::<str>::from(account);
        self.read(move |connection| notices::attempts_since(connection, &account, since)).await
    }

    async fn recipients_at(&self, owner: OwnerId, key: &str) -> Result<Vec<Recipient>> {
        let key = Box::<str>::from(key);
        self.read_quickly(move |connection| notices::recipients_at(connection, owner, &key)).await
    }

    async fn shown(&self, owner: OwnerId, to: Recipient) -> Result<Option<Shown>> {
        self.read_quickly(move |connection| shown(connection, owner, to)).await
    }

    async fn opt_outs(&self, keys: &[Box<str>]) -> Result<Vec<OptOut>> {
        let keys: Vec<_> = keys.iter().map(|key| (key.clone(), self.hash.of(key))).collect();
        self.read_quickly(move |connection| {
            let mut found = Vec::new();
            for (key, hash) in &keys {
                found.extend(many::<OwnerId, _>(
                    connection,
                    "opt_out",
                    "-- outbox::opt_outs\nSELECT owner, key, wire, at, way FROM opt_out WHERE key IN (?1, ?2) ORDER BY owner",
                    [key, hash],
                    |cells| {
                        Ok(OptOut {
                            address: match cells.address(1, "key")? {
                                hashed if hashed.key() == &**hash => Address::stored(&**key, &**key),
                                plain => plain,
                            },
                            owner: cells.decode(0, "owner", |bytes| match bytes {
                                [] => Some(None),
                                bytes => OwnerId::from_bytes(bytes).map(Some),
                            })?,
                            at: cells.time(3, "at")?,
                            way: cells.text(4, "way")?,
                        })
                    },
                )?);
            }
            Ok(found)
        })
        .await
    }
}

/// What somebody was last shown.
pub(super) fn shown(connection: &impl Prepares, owner: OwnerId, to: Recipient) -> Result<Option<Shown>> {
    one::<OwnerId, _>(
        connection,
        "shown",
        "-- outbox::shown
         SELECT owner, revision, rights, card, at FROM shown WHERE owner = ?1 AND recipient = ?2",
        params![owner.to_bytes(), recipient_bytes(to)],
        |cells| {
            Ok(Shown {
                owner,
                recipient: to,
                revision: cells.count(1, "revision")?,
                rights: cells.count(2, "rights")?,
                card: cells.text(3, "card")?,
                at: cells.time(4, "at")?,
            })
        },
    )
}

/// Writes what is to be told.
pub(super) fn add_fanout(tx: &Tx<'_>, fanout: &Fanout) -> Result<()> {
    let only: Vec<u8> = fanout.only.iter().flat_map(|&recipient| recipient_bytes(recipient)).collect();
    tx.must(
        "-- outbox::add_fanout
         INSERT INTO fanout (id, owner, at, only_these, silent, expanded, ready)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?3)",
        params![
            fanout.id.to_bytes(),
            fanout.owner.to_bytes(),
            fanout.at.0,
            only,
            fanout.silent,
            fanout.cursor.map(recipient_bytes)
        ],
    )
}

/// Writes how far a fan-out has come, and ends its claim.
pub(super) fn move_fanout(tx: &Tx<'_>, id: FanoutId, cursor: Option<Recipient>) -> Result<()> {
    match cursor {
        Some(cursor) => tx.must(
            "-- outbox::move_fanout\nUPDATE fanout SET expanded = ?2, ready = at WHERE id = ?1",
            params![id.to_bytes(), recipient_bytes(cursor)],
        ),
        None => tx.must("-- outbox::move_fanout\nDELETE FROM fanout WHERE id = ?1", [id.to_bytes()]),
    }
}

fn claim_fanout(tx: &Tx<'_>, lease: Duration) -> Result<Option<Fanout>> {
    tx.step()?;
    one::<FanoutId, _>(
        &tx.connection,
        "fanout",
        "-- outbox::claim_fanout
         UPDATE fanout SET ready = ?2
         WHERE id = (SELECT id FROM fanout WHERE ready <= ?1 ORDER BY ready, id LIMIT 1)
         RETURNING id, owner, at, only_these, silent, expanded",
        params![tx.now.0, tx.now.after(lease).0],
        fanout,
    )
}

fn fanout(cells: &Cells<'_>) -> Result<Fanout> {
    Ok(Fanout {
        id: cells.id(0, "id")?,
        owner: cells.id(1, "owner")?,
        at: cells.time(2, "at")?,
        only: cells.decode(3, "only_these", |bytes| pieces(bytes, 17, recipient))?,
        silent: cells.get(4, "silent")?,
        cursor: match cells.get::<Option<Vec<u8>>>(5, "expanded")? {
            None => None,
            Some(bytes) => Some(recipient(&bytes).ok_or_else(|| cells.damaged("expanded"))?),
        },
    })
}

/// Writes the ledger's row for a pair.
pub(super) fn show(tx: &Tx<'_>, shown: &Shown) -> Result<()> {
    tx.must(
        "-- outbox::show
         INSERT INTO shown (owner, recipient, revision, rights, card, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (owner, recipient) DO UPDATE SET revision = excluded.revision, rights = excluded.rights,
             card = excluded.card, at = excluded.at",
        params![
            shown.owner.to_bytes(),
            recipient_bytes(shown.recipient),
            shown.revision.cast_signed(),
            shown.rights.cast_signed(),
            shown.card,
            shown.at.0
        ],
    )
}

/// Writes that an address takes no more messages.
pub(super) fn opt_out(tx: &Tx<'_>, opt_out: &OptOut) -> Result<()> {
    if !opt_out.address.key().starts_with(HASHED) {
        erasure::note(tx, Happened::Stopped(tx.hash.of(opt_out.address.key()), opt_out.owner))?;
    }
    tx.must(
        "-- outbox::opt_out
         INSERT INTO opt_out (key, owner, wire, at, way) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (key, owner) DO UPDATE SET wire = excluded.wire, at = excluded.at, way = excluded.way",
        params![opt_out.address.key(), whom(opt_out.owner), wire(&opt_out.address), opt_out.at.0, opt_out.way],
    )
}

/// And takes them again.
pub(super) fn opt_in(tx: &Tx<'_>, key: &str, owner: Option<OwnerId>) -> Result<()> {
    let hash = tx.hash.of(key);
    let ended = tx.run(
        "-- outbox::opt_in\nDELETE FROM opt_out WHERE key IN (?1, ?3) AND (?2 = x'' OR owner = ?2)",
        params![key, whom(owner), hash],
    )?;
    if ended == 0 || key.starts_with(HASHED) { Ok(()) } else { erasure::note(tx, Happened::Started(hash, owner)) }
}

fn whom(owner: Option<OwnerId>) -> Vec<u8> {
    owner.map(|owner| owner.to_bytes().to_vec()).unwrap_or_default()
}
