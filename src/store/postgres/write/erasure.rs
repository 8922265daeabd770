//! Erasing an owner, the journal, the hold.

use super::{Wanted, Writer};
use crate::{
    clock::Time,
    domain::{id::OwnerId, notice::Recipient},
    store::{
        Effect, Extent, StoreError,
        erasure::{Happened, JournalLine, OfErasure, SendingHeld},
        postgres::{
            columns::Columns,
            session::{Answer, Pipeline},
            value::{json, values},
        },
    },
};
use std::collections::BTreeMap;

/// Rows that stand for an owner: what they are called, how they are counted, how they go; the audit trail does not go.
pub(in crate::store::postgres) const HOLDINGS: [(&str, &str, &str); 33] = [
    (
        "points",
        "/* count */ SELECT count(*) FROM points WHERE owner = $1",
        "/* erase */ DELETE FROM points WHERE owner = $1",
    ),
    (
        "values",
        "/* count */ SELECT count(*) FROM held WHERE owner = $1",
        "/* erase */ DELETE FROM held WHERE owner = $1",
    ),
    (
        "names",
        "/* count */ SELECT count(*) FROM owner_names WHERE owner = $1",
        "/* erase */ DELETE FROM owner_names WHERE owner = $1",
    ),
    (
        "changes",
        "/* count */ SELECT count(*) FROM changes WHERE owner = $1",
        "/* erase */ DELETE FROM changes WHERE owner = $1",
    ),
    (
        "requests",
        "/* count */ SELECT count(*) FROM requests WHERE owner = $1",
        "/* erase */ DELETE FROM requests WHERE owner = $1",
    ),
    (
        "queries",
        "/* count */ SELECT count(*) FROM queries WHERE owner = $1",
        "/* erase */ DELETE FROM queries WHERE owner = $1",
    ),
    (
        "books",
        "/* count */ SELECT count(*) FROM books WHERE owner = $1",
        "/* erase */ DELETE FROM books WHERE owner = $1",
    ),
    (
        "groups",
        "/* count */ SELECT count(*) FROM book_groups WHERE owner = $1",
        "/* erase */ DELETE FROM book_groups WHERE owner = $1",
    ),
    (
        "grants",
        "/* count */ SELECT count(*) FROM grants WHERE owner = $1",
        "/* erase */ DELETE FROM grants WHERE owner = $1",
    ),
    (
        "contacts",
        "/* count */ SELECT count(*) FROM contacts WHERE owner = $1",
        "/* erase */ DELETE FROM contacts WHERE owner = $1",
    ),
    (
        "contact_addresses",
        "/* count */ SELECT count(*) FROM contact_keys WHERE owner = $1",
        "/* erase */ DELETE FROM contact_keys WHERE owner = $1",
    ),
    (
        "members",
        "/* count */ SELECT count(*) FROM members WHERE owner = $1",
        "/* erase */ DELETE FROM members WHERE owner = $1",
    ),
    (
        "blocks",
        "/* count */ SELECT count(*) FROM blocks WHERE owner = $1",
        "/* erase */ DELETE FROM blocks WHERE owner = $1",
    ),
    (
        "fanouts",
        "/* count */ SELECT count(*) FROM fanouts WHERE owner = $1",
        "/* erase */ DELETE FROM fanouts WHERE owner = $1",
    ),
    (
        "notices",
        "/* count */ SELECT count(*) FROM notices WHERE owner = $1",
        "/* erase */ DELETE FROM notices WHERE owner = $1",
    ),
    (
        "attempts",
        "/* count */ SELECT count(*) FROM attempts WHERE owner = $1",
        "/* erase */ DELETE FROM attempts WHERE owner = $1",
    ),
    (
        "ledger",
        "/* count */ SELECT count(*) FROM shown WHERE owner = $1",
        "/* erase */ DELETE FROM shown WHERE owner = $1",
    ),
    (
        "opt_outs_from_them",
        "/* count */ SELECT count(*) FROM opt_outs WHERE scope = $1",
        "/* erase */ DELETE FROM opt_outs WHERE scope = $1",
    ),
    (
        "substitutions",
        "/* count */ SELECT count(*) FROM substitutions WHERE owner = $1",
        // With a look at what goes.
        "",
    ),
    (
        "keys",
        "/* count */ SELECT count(*) FROM api_keys WHERE owner = $1",
        "/* erase */ DELETE FROM api_keys WHERE owner = $1",
    ),
    (
        "sessions",
        "/* count */ SELECT count(*) FROM sessions WHERE owner = $1",
        "/* erase */ DELETE FROM sessions WHERE owner = $1",
    ),
    (
        "passkeys",
        "/* count */ SELECT count(*) FROM passkeys WHERE owner = $1",
        "/* erase */ DELETE FROM passkeys WHERE owner = $1",
    ),
    (
        "devices",
        "/* count */ SELECT count(*) FROM devices WHERE owner = $1",
        "/* erase */ DELETE FROM devices WHERE owner = $1",
    ),
    (
        "card_links",
        "/* count */ SELECT count(*) FROM card_links WHERE owner = $1",
        "/* erase */ DELETE FROM card_links WHERE owner = $1",
    ),
    (
        "asleep",
        "/* count */ SELECT count(*) FROM asleep WHERE owner = $1",
        "/* erase */ DELETE FROM asleep WHERE owner = $1",
    ),
    (
        "introductions",
        "/* count */ SELECT count(*) FROM introductions WHERE owner = $1",
        "/* erase */ DELETE FROM introductions WHERE owner = $1",
    ),
    (
        "introduced",
        "/* count */ SELECT count(*) FROM introduced WHERE owner = $1",
        "/* erase */ DELETE FROM introduced WHERE owner = $1",
    ),
    (
        "cards_received",
        "/* count */ SELECT count(*) FROM trays WHERE holder = $1",
        "/* erase */ DELETE FROM trays WHERE holder = $1",
    ),
    (
        "cards_sent",
        "/* count */ SELECT count(*) FROM trays WHERE sender = $1",
        "/* erase */ DELETE FROM trays WHERE sender = $1",
    ),
    (
        "book_updates",
        "/* count */ SELECT count(*) FROM book_updates WHERE viewer = $1",
        "/* erase */ DELETE FROM book_updates WHERE viewer = $1",
    ),
    (
        "updates_in_others_books",
        "/* count */ SELECT count(*) FROM book_updates WHERE sender = $1",
        "/* erase */ DELETE FROM book_updates WHERE sender = $1",
    ),
    (
        "linkings",
        "/* count */ SELECT count(*) FROM linkings WHERE owner = $1",
        "/* erase */ DELETE FROM linkings WHERE owner = $1",
    ),
    ("audit_lines", "/* count */ SELECT count(*) FROM audits WHERE owner = $1", ""),
];

/// What is kept about an address and not about its owner.
const BY_ADDRESS: [&str; 6] = [
    "/* erase.address */ DELETE FROM letters WHERE key = ANY($1)",
    "/* erase.address */ DELETE FROM codes WHERE key = ANY($1)",
    "/* erase.address */ DELETE FROM unreachable WHERE key = ANY($1)",
    "/* erase.address */ DELETE FROM confirmed WHERE key = ANY($1)",
    "/* erase.address */ DELETE FROM preferences WHERE key = ANY($1)",
    "/* erase.address */ DELETE FROM passed WHERE used_key = ANY($1)",
];

/// What names the owner within a text.
const BY_TEXT: [&str; 3] = [
    "/* erase.text */ DELETE FROM letters WHERE what LIKE $1",
    "/* erase.text */ DELETE FROM codes WHERE purpose LIKE $1",
    "/* erase.text */ DELETE FROM answered WHERE path LIKE $1 OR body LIKE $1",
];

/// Asks for the addresses of owners who are to be erased: those that nobody else has or had.
pub(super) async fn ask(pipeline: &mut Pipeline<'_>, effects: &[Effect]) -> Vec<OwnerId> {
    const SQL: &str = "/* erase.keys */ SELECT DISTINCT h.key FROM held h WHERE h.owner = $1
        AND NOT EXISTS (SELECT 1 FROM held o WHERE o.key = h.key AND o.owner <> $1)";
    let erased = effects.iter().filter_map(|effect| match effect {
        Effect::OfErasure(OfErasure::Owner { owner, .. }) => Some(*owner),
        _ => None,
    });
    let erased: Vec<OwnerId> = erased.collect();
    for owner in &erased {
        pipeline.send(SQL, values![*owner]).await;
    }
    erased
}

/// What was answered to [`ask`].
pub(super) fn asked(
    owners: Vec<OwnerId>,
    answers: impl Iterator<Item = Answer>,
) -> Result<BTreeMap<OwnerId, Vec<String>>, StoreError> {
    let keys = |answer: Answer| -> Result<Vec<String>, StoreError> {
        answer.rows.iter().map(|row| Ok(Columns::of(row, "held").text()?.into())).collect()
    };
    owners.into_iter().zip(answers).map(|(owner, answer)| Ok((owner, keys(answer)?))).collect()
}

impl<'a> Writer<'a> {
    /// Writes a line of the journal.
    pub(super) async fn note(&mut self, what: Happened) {
        let mut id = [0; 16];
        self.random.fill(&mut id);
        let line = JournalLine::new(id, self.now, what);
        self.journaled(&line).await;
    }

    async fn journaled(&mut self, line: &JournalLine) {
        const SQL: &str = "/* journal.add */ INSERT INTO journal (id, at, line) VALUES ($1, $2, $3)
            ON CONFLICT (id) DO NOTHING";
        self.send(Wanted::Any, SQL, values![JournalLine::id_bytes(&line.id), line.at, json(line)]).await;
    }

    /// Notes that an owner's panic begins or ends, before that is written.
    pub(super) async fn note_panic(&mut self, owner: OwnerId, silenced: bool) {
        const SQL: &str = "/* journal.panic */ INSERT INTO journal (id, at, line)
            SELECT $1::BYTEA, $2::BIGINT, $3::TEXT WHERE EXISTS (SELECT 1 FROM owners WHERE id = $4 AND silenced <> $5)";
        let mut id = [0; 16];
        self.random.fill(&mut id);
        let what = if silenced { Happened::Panicked(owner) } else { Happened::Calmed(owner) };
        let line = JournalLine::new(id, self.now, what);
        self.send(Wanted::Any, SQL, values![id.to_vec(), line.at, json(&line), owner, silenced]).await;
    }

    pub(super) async fn erasure_effect(&mut self, said: &'a OfErasure) {
        match said {
            OfErasure::Owner { owner, at, read } => self.erase(*owner, *at, *read).await,
            OfErasure::Journaled(lines) => {
                for line in lines {
                    self.journaled(line).await;
                }
            }
            OfErasure::Held(SendingHeld { at, why }) => {
                const SQL: &str = "/* held.set */ INSERT INTO sending_held (one, at, why) VALUES (1, $1, $2)
                    ON CONFLICT (one) DO NOTHING";
                self.send(Wanted::Any, SQL, values![*at, &**why]).await;
            }
            OfErasure::Resumed => {
                self.send(Wanted::Any, "/* held.end */ DELETE FROM sending_held", values![]).await;
            }
        }
    }

    async fn erase(&mut self, owner: OwnerId, at: Time, read: Extent) {
        const HASH: &str = "/* erase.stopped */ INSERT INTO opt_outs (key, scope, wire, at, way)
            SELECT m.hash, o.scope, m.hash, o.at, o.way
            FROM unnest($1::TEXT[], $2::TEXT[]) AS m (key, hash) JOIN opt_outs o ON o.key = m.key
            ON CONFLICT (key, scope) DO NOTHING";
        const STOPPED: &str = "/* erase.stopped.plain */ DELETE FROM opt_outs WHERE key = ANY($1)";
        const LINKS: &str = "/* erase.links */ DELETE FROM card_links WHERE recipient = $1";
        const OWNER: &str = "/* erase.owner */ DELETE FROM owners WHERE id = $1";
        const PASSED: &str = "/* erase.passed */ DELETE FROM passed
            WHERE again IN (SELECT id FROM substitutions WHERE owner = $1)";
        // Each row as it is when it goes: one that is being named is waited for.
        const SUBSTITUTIONS: &str = "/* erase.substitutions */
            WITH gone AS (DELETE FROM substitutions WHERE owner = $1 RETURNING foreign_id)
            SELECT 1 FROM (SELECT count(*) AS everything, count(foreign_id) AS named FROM gone) c
            WHERE c.everything <> $2 OR c.named <> $3";
        const AUDIT: &str =
            "/* erase.audit */ UPDATE audits SET at = 0, done_by = '', what = '', detail = '', salt = NULL
            WHERE owner = $1";
        const ERASED: &str = "/* erased.add */ INSERT INTO erased (owner, at) VALUES ($1, $2)
            ON CONFLICT (owner) DO NOTHING";
        let keys = self.erased.remove(&owner).unwrap_or_default();
        let hashes: Vec<String> = keys.iter().map(|key| self.hash.of(key).to_string()).collect();
        // First, for who writes to this owner at the same time waits here and finds it gone.
        self.send(Wanted::One, OWNER, values![owner]).await;
        // Their ids are what makes the keys of what is kept of them.
        self.send(Wanted::Any, PASSED, values![owner]).await;
        self.send(Wanted::Nothing, SUBSTITUTIONS, values![owner, read.all, read.named]).await;
        self.send(Wanted::Any, HASH, values![keys.clone(), hashes]).await;
        self.send(Wanted::Any, STOPPED, values![keys.clone()]).await;
        for sql in BY_ADDRESS {
            self.send(Wanted::Any, sql, values![keys.clone()]).await;
        }
        for sql in BY_TEXT {
            self.send(Wanted::Any, sql, values![format!("%{owner}%")]).await;
        }
        self.send(Wanted::Any, LINKS, values![Recipient::Owner(owner)]).await;
        for (_, _, sql) in HOLDINGS.into_iter().filter(|(_, _, sql)| !sql.is_empty()) {
            self.send(Wanted::Any, sql, values![owner]).await;
        }
        self.send(Wanted::Any, AUDIT, values![owner]).await;
        self.send(Wanted::Any, ERASED, values![owner, at]).await;
        self.note(Happened::Erased(owner)).await;
    }
}
