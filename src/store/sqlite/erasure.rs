//! What goes for good, the journal, the hold, and copies of the file.

use super::{
    Sqlite,
    row::{many, one, recipient_bytes, unavailable},
    statements::Prepares,
    substitutions,
    writer::Tx,
};
use crate::{
    clock::{Random as _, SystemRandom, Time},
    domain::{
        id::{ContactId, OwnerId},
        notice::Recipient,
    },
    store::{
        Erasure, Extent, Result, StoreError,
        erasure::{AddressHash, Happened, JournalLine, OfErasure, SendingHeld},
    },
};
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, params};
use std::path::Path;

macro_rules! of_owner {
    ($($what:literal: $table:literal, $which:literal;)*) => {
        [$((
            $what,
            concat!("-- erasure::holdings\nSELECT count(*) FROM ", $table, " WHERE ", $which),
            concat!("-- erasure::owner\nDELETE FROM ", $table, " WHERE ", $which),
        )),*]
    };
}

/// Rows that stand for an owner: what they are called, how they are counted, how they go.
const HOLDINGS: [(&str, &str, &str); 34] = of_owner! {
    "points": "point", "owner = ?1";
    "values": "value", "owner = ?1";
    "names": "owner_name", "owner = ?1";
    "changes": "change", "owner = ?1";
    "requests": "request", "owner = ?1";
    "queries": "query", "owner = ?1";
    "books": "book", "owner = ?1";
    "groups": "grp", "owner = ?1";
    "grants": "grp_grant", "owner = ?1";
    "contacts": "contact", "owner = ?1";
    "contact_addresses": "contact_address", "owner = ?1";
    "contact_names": "contact_name", "owner = ?1";
    "members": "member", "owner = ?1";
    "audience": "audience", "owner = ?1";
    "blocks": "block", "owner = ?1";
    "fanouts": "fanout", "owner = ?1";
    // By their notices, which have an index by owner.
    "attempts": "attempt", "notice IN (SELECT id FROM notice WHERE owner = ?1)";
    "notices": "notice", "owner = ?1";
    "ledger": "shown", "owner = ?1";
    "opt_outs_from_them": "opt_out", "owner = ?1";
    "substitutions": "substitution", "owner = ?1";
    "keys": "api_key", "owner = ?1";
    "sessions": "session", "owner = ?1";
    "passkeys": "passkey", "owner = ?1";
    "devices": "device", "owner = ?1";
    "card_links": "card_link", "owner = ?1";
    "asleep": "asleep", "owner = ?1";
    "introductions": "introduction", "owner = ?1";
    "introduced": "introduced", "owner = ?1";
    "cards_received": "tray", "holder = ?1";
    "cards_sent": "tray", "sender = ?1";
    "book_updates": "book_update", "viewer = ?1";
    "updates_in_others_books": "book_update", "sender = ?1";
    "linkings": "linking", "owner = ?1";
};

/// What is kept about an address and not about its owner.
const BY_ADDRESS: [&str; 6] = [
    "-- erasure::address\nDELETE FROM letter WHERE key = ?1",
    "-- erasure::address\nDELETE FROM code WHERE key = ?1",
    "-- erasure::address\nDELETE FROM unreachable WHERE key = ?1",
    "-- erasure::address\nDELETE FROM confirmed WHERE key = ?1",
    "-- erasure::address\nDELETE FROM preference WHERE key = ?1",
    "-- erasure::address\nDELETE FROM passed WHERE used_key = ?1",
];

#[async_trait]
impl Erasure for Sqlite {
    async fn holdings(&self, owner: OwnerId) -> Result<Vec<(&'static str, u64)>> {
        self.read(move |connection| {
            let mut found = Vec::new();
            let lines = ("audit_lines", "-- erasure::lines\nSELECT count(*) FROM audit WHERE owner = ?1", "");
            for (what, sql, _) in HOLDINGS.into_iter().chain([lines]) {
                let count: i64 = connection
                    .connection()
                    .query_row(sql, [owner.to_bytes()], |row| row.get(0))
                    .map_err(unavailable)?;
                found.extend(u64::try_from(count).ok().filter(|count| *count > 0).map(|count| (what, count)));
            }
            Ok(found)
        })
        .await
    }

    async fn erased(&self, owner: OwnerId) -> Result<Option<Time>> {
        self.read(move |connection| {
            let sql = "-- erasure::erased\nSELECT at FROM erased WHERE owner = ?1";
            let at = connection.connection().query_row(sql, [owner.to_bytes()], |row| row.get(0)).optional();
            Ok(at.map_err(unavailable)?.map(Time))
        })
        .await
    }

    async fn linked_to(&self, owner: OwnerId, limit: usize) -> Result<Vec<(OwnerId, ContactId)>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(move |connection| {
            many::<OwnerId, _>(
                connection,
                "contact",
                "-- erasure::linked_to\nSELECT owner, id FROM contact WHERE linked = ?1 ORDER BY owner, id LIMIT ?2",
                params![owner.to_bytes(), limit],
                |cells| Ok((cells.id(0, "owner")?, cells.id(1, "id")?)),
            )
        })
        .await
    }

    async fn journal(&self, from: Time, after: Option<&JournalLine>, limit: usize) -> Result<Vec<JournalLine>> {
        const SQL: &str = "-- erasure::journal
             SELECT line FROM journal WHERE (at, id) > (?1, ?2) ORDER BY at, id LIMIT ?3";
        let (at, id) = after.map_or((from, Vec::new()), |last| (last.at, JournalLine::id_bytes(&last.id)));
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(move |connection| {
            let mut statement = connection.connection().prepare_cached(SQL).map_err(unavailable)?;
            let rows = statement.query_map(params![at.0, id, limit], |row| row.get::<_, String>(0));
            rows.map_err(unavailable)?.map(|line| read(&line.map_err(unavailable)?)).collect()
        })
        .await
    }

    async fn journal_has(&self, ids: &[Box<str>]) -> Result<Vec<Box<str>>> {
        let ids = ids.to_vec();
        self.read(move |connection| {
            let sql = "-- erasure::journal_has\nSELECT 1 FROM journal WHERE id = ?1";
            let mut statement = connection.connection().prepare_cached(sql).map_err(unavailable)?;
            let mut found = Vec::new();
            for id in ids {
                if statement.exists([JournalLine::id_bytes(&id)]).map_err(unavailable)? {
                    found.push(id);
                }
            }
            Ok(found)
        })
        .await
    }

    fn name(&self) -> Box<str> {
        self.hash.name()
    }

    async fn sending_held(&self) -> Result<Option<SendingHeld>> {
        self.read(|connection| {
            let held = connection
                .connection()
                .query_row("-- erasure::held\nSELECT at, why FROM sending_held", [], |row| {
                    Ok(SendingHeld { at: Time(row.get(0)?), why: row.get::<_, String>(1)?.into() })
                })
                .optional();
            held.map_err(unavailable)
        })
        .await
    }

    async fn backup(&self, to: &Path) -> Result<()> {
        let to = to.to_str().ok_or_else(|| StoreError::Unavailable("the file's name is no text".into()))?.to_owned();
        let Some(path) = self.path.clone() else {
            return Err(StoreError::Unavailable("a database in memory cannot be copied".into()));
        };
        let now = self.clock.now();
        // With a connection of its own: the others are within transactions.
        let copied = tokio::task::spawn_blocking(move || {
            let connection = super::schema::connect(Some(&path))?;
            connection.execute("-- erasure::backup\nVACUUM INTO ?1", [&to]).map_err(unavailable)?;
            // Whoever starts on the copy is to decide what of it is still to be sent.
            let copy = Connection::open(&to).map_err(unavailable)?;
            let why = format!("this is a copy of {now}");
            let sql = "INSERT INTO sending_held (one, at, why) VALUES (1, ?1, ?2) ON CONFLICT DO NOTHING";
            copy.execute(sql, params![now.0, why]).map(|_| ()).map_err(unavailable)
        });
        copied.await.map_err(|error| StoreError::Unavailable(Box::new(error)))?
    }
}

fn read(line: &str) -> Result<JournalLine> {
    serde_json::from_str(line).map_err(|_| StoreError::Damaged("journal.line".into()))
}

/// The key of this database's hashes.
pub(super) fn hash(connection: &Connection) -> Result<AddressHash> {
    let sql = "-- erasure::hash\nSELECT key FROM journal_key";
    let key: Vec<u8> =
        connection.query_row(sql, [], |row| row.get(0)).map_err(|_| StoreError::Damaged("journal_key.key".into()))?;
    Ok(AddressHash::new(&key))
}

/// When an owner was erased last.
pub(super) fn last_erased(connection: &impl Prepares) -> Result<i64> {
    let sql = "-- erasure::last\nSELECT coalesce(max(at), 0) FROM erased";
    connection
        .connection()
        .prepare_cached(sql)
        .and_then(|mut last| last.query_row([], |row| row.get(0)))
        .map_err(unavailable)
}

/// Writes a line of the journal.
pub(super) fn note(tx: &Tx<'_>, what: Happened) -> Result<()> {
    let mut id = [0; 16];
    SystemRandom::new().fill(&mut id);
    insert(tx, &JournalLine::new(id, tx.now, what))
}

fn insert(tx: &Tx<'_>, line: &JournalLine) -> Result<()> {
    let text = super::owners::json(line)?;
    tx.run(
        "-- erasure::note\nINSERT INTO journal (id, at, line) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO NOTHING",
        params![JournalLine::id_bytes(&line.id), line.at.0, text],
    )?;
    Ok(())
}

/// One write.
pub(super) fn write(tx: &Tx<'_>, said: &OfErasure) -> Result<()> {
    match said {
        OfErasure::Owner { owner, at, read } => erase(tx, *owner, *at, *read),
        OfErasure::Journaled(lines) => lines.iter().try_for_each(|line| insert(tx, line)),
        OfErasure::Held(SendingHeld { at, why }) => {
            let sql =
                "-- erasure::hold\nINSERT INTO sending_held (one, at, why) VALUES (1, ?1, ?2) ON CONFLICT DO NOTHING";
            tx.run(sql, params![at.0, why]).map(|_| ())
        }
        OfErasure::Resumed => tx.run("-- erasure::resume\nDELETE FROM sending_held", []).map(|_| ()),
    }
}

fn erase(tx: &Tx<'_>, owner: OwnerId, at: Time, read: Extent) -> Result<()> {
    if substitutions::extent(tx, owner)? != read {
        return Err(StoreError::Conflict);
    }
    // What is deleted is written over in the file, too.
    tx.connection.connection().execute_batch("PRAGMA secure_delete = ON").map_err(unavailable)?;
    let erased = erase_all(tx, owner, at);
    tx.connection.connection().execute_batch("PRAGMA secure_delete = OFF").map_err(unavailable)?;
    erased
}

fn erase_all(tx: &Tx<'_>, owner: OwnerId, at: Time) -> Result<()> {
    let id = owner.to_bytes();
    let keys = own_keys(tx, owner)?;
    for key in &keys {
        stopped_by_hash(tx, key)?;
        for sql in BY_ADDRESS {
            tx.run(sql, [key])?;
        }
    }
    // Their ids are what makes the keys of what is kept of them.
    tx.run(
        "-- erasure::passed\nDELETE FROM passed WHERE again IN (SELECT id FROM substitution WHERE owner = ?1)",
        [id],
    )?;
    for (_, _, sql) in HOLDINGS {
        tx.run(sql, [id])?;
    }
    // No other owner has or had these: as far as the feed goes they never moved.
    for key in &keys {
        let hash = tx.filter.hash(key).cast_signed();
        tx.run("-- erasure::feed\nDELETE FROM former WHERE hash = ?1", [hash])?;
    }
    // Filters that were saved with them are of another history.
    tx.run("-- erasure::opened\nINSERT INTO opened (position) VALUES (0)", [])?;
    tx.filter.outdate();

    let recipient = recipient_bytes(Recipient::Owner(owner));
    tx.run("-- erasure::links\nDELETE FROM card_link WHERE recipient = ?1", [recipient])?;
    let text = owner.to_string();
    for sql in [
        "-- erasure::letters\nDELETE FROM letter WHERE instr(what, ?1) > 0",
        "-- erasure::codes\nDELETE FROM code WHERE instr(purpose, ?1) > 0",
        "-- erasure::answers\nDELETE FROM once WHERE instr(path, ?1) > 0 OR instr(body, ?1) > 0",
    ] {
        tx.run(sql, [&text])?;
    }
    tx.run("-- erasure::profile\nDELETE FROM profile WHERE owner = ?1", [id])?;
    tx.must("-- erasure::owner\nDELETE FROM owner WHERE id = ?1", [id])?;
    tx.run(
        "-- erasure::audit
         UPDATE audit SET at = 0, done_by = '', what = '', detail = '', salt = NULL WHERE owner = ?1",
        [id],
    )?;
    tx.run(
        "-- erasure::erased\nINSERT INTO erased (owner, at) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        params![id, at.0],
    )?;
    note(tx, Happened::Erased(owner))
}

/// All values that the owner has or had, but for those that somebody else has or had too.
fn own_keys(tx: &Tx<'_>, owner: OwnerId) -> Result<Vec<Box<str>>> {
    tx.step()?;
    many::<OwnerId, Box<str>>(
        &tx.connection,
        "value",
        "-- erasure::keys
         SELECT DISTINCT v.owner, v.key FROM value v
         WHERE v.owner = ?1 AND NOT EXISTS (SELECT 1 FROM value o WHERE o.key = v.key AND o.owner <> ?1)",
        [owner.to_bytes()],
        |cells| cells.text(1, "key"),
    )
}

/// Who wants no messages at an address still wants none, but the address is not kept.
fn stopped_by_hash(tx: &Tx<'_>, key: &str) -> Result<()> {
    tx.run(
        "-- erasure::stopped
         INSERT INTO opt_out (key, owner, wire, at, way) SELECT ?2, owner, NULL, at, way FROM opt_out WHERE key = ?1
         ON CONFLICT (key, owner) DO NOTHING",
        params![key, tx.hash.of(key)],
    )?;
    tx.run("-- erasure::stopped\nDELETE FROM opt_out WHERE key = ?1", [key])?;
    Ok(())
}

/// Notes that an owner's panic begins or ends, before that is written.
pub(super) fn note_panic(tx: &Tx<'_>, owner: OwnerId, silenced: bool) -> Result<()> {
    let sql = "-- erasure::panic\nSELECT id, silenced FROM owner WHERE id = ?1";
    let was = one::<OwnerId, bool>(&tx.connection, "owner", sql, [owner.to_bytes()], |cells| cells.get(1, "silenced"))?;
    match (was, silenced) {
        (Some(false), true) => note(tx, Happened::Panicked(owner)),
        (Some(true), false) => note(tx, Happened::Calmed(owner)),
        _ => Ok(()),
    }
}
