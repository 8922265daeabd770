//! Substitutions, recorded queries, API keys, audit trails, figures.

use super::{Wanted, Writer};
use crate::{
    domain::{address::Address, id::OwnerId},
    store::{
        Effect, QueryRecord, Substitution,
        postgres::value::{Stored, digest, json, values, word},
    },
};
use std::collections::BTreeSet;

impl<'a> Writer<'a> {
    pub(super) async fn trace_effect(&mut self, effect: &'a Effect) {
        match effect {
            Effect::Substituted(substitution) => self.substituted(substitution).await,
            Effect::SubstitutionNamed(id, foreign_id) => {
                const SQL: &str = "/* substitution.name */ UPDATE substitutions
                    SET foreign_id = $2, foreign_digest = $3 WHERE id = $1";
                self.send(Wanted::One, SQL, values![*id, &**foreign_id, digest(foreign_id)]).await;
            }
            Effect::Queried(records) => self.queried(records).await,
            Effect::KeySet(key) => {
                const SQL: &str = "/* key.set */
                    INSERT INTO api_keys (id, hash, label, scopes, owner, created, revoked)
                    VALUES ($1, $2, $3, $4, $5, $6, $7)
                    ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, label = excluded.label,
                        scopes = excluded.scopes, owner = excluded.owner, created = excluded.created,
                        revoked = excluded.revoked";
                let values =
                    values![key.id, &key.hash[..], &*key.label, json(&key.scopes), key.owner, key.created, key.revoked];
                self.send(Wanted::One, SQL, values).await;
            }
            Effect::Audited(audit) => self.audited(audit).await,
            Effect::Figured(figures) => {
                const SQL: &str = "/* figures.set */ INSERT INTO figures (minute, node, life, body)
                    VALUES ($1, $2, $3, $4)
                    ON CONFLICT (minute, node, life) DO UPDATE SET body = excluded.body";
                let values = values![figures.minute, &*figures.node, figures.life, &*figures.body];
                self.send(Wanted::One, SQL, values).await;
            }
            Effect::Trailed(line) => self.trailed(line).await,
            _ => {}
        }
    }

    async fn substituted(&mut self, substitution: &'a Substitution) {
        // An erasure of this owner waits until this is written, and this for the erasure's end.
        const LOCK: &str = "/* substitution.lock */ SELECT 1 FROM owners WHERE id = $1 FOR KEY SHARE";
        const SQL: &str = "/* substitution.add */
            INSERT INTO substitutions (id, account, channel, owner, used_key, used_wire, used_text, connected_key,
                connected_wire, sender_key, sender_wire, callback, foreign_id, foreign_digest, query, at)
            SELECT $1::BYTEA, $2::TEXT, $3::TEXT, $4::BYTEA, $5::TEXT, $6::TEXT, $7::TEXT, $8::TEXT, $9::TEXT,
                $10::TEXT, $11::TEXT, $12::TEXT, $13::TEXT, $14::BYTEA, $15::BYTEA, $16::BIGINT
            WHERE NOT EXISTS (SELECT 1 FROM erased WHERE owner = $4)";
        self.send(Wanted::Any, LOCK, values![substitution.owner]).await;
        let values = values![
            substitution.id,
            &*substitution.account,
            &*substitution.channel,
            substitution.owner,
            substitution.used.key(),
            substitution.used.wire(),
            &*substitution.used_text,
            substitution.connected.key(),
            substitution.connected.wire(),
            substitution.sender.as_ref().map(Address::key),
            substitution.sender.as_ref().map(Address::wire),
            substitution.callback.as_deref(),
            substitution.foreign_id.as_deref(),
            substitution.foreign_id.as_deref().map(digest),
            substitution.query,
            substitution.at,
        ];
        self.send(Wanted::One, SQL, values).await;
    }

    /// A batch in one statement: these are the most frequent rows.
    async fn queried(&mut self, records: &'a [QueryRecord]) {
        const SQL: &str = "/* query.add */
            INSERT INTO queries (id, owner, at, way, asked_key, asked_wire, viewer, because, told, connected, revision,
                gave, detail)
            SELECT * FROM unnest($1::BYTEA[], $2::BYTEA[], $3::BIGINT[], $4::TEXT[], $5::TEXT[], $6::TEXT[],
                $7::TEXT[], $8::TEXT[], $9::BOOLEAN[], $10::BOOLEAN[], $11::BIGINT[], $12::BYTEA[], $13::TEXT[])
            AS q (id, owner, at, way, asked_key, asked_wire, viewer, because, told, connected, revision, gave, detail)
            WHERE NOT EXISTS (SELECT 1 FROM erased e WHERE e.owner = q.owner)
            ON CONFLICT (owner, id) DO NOTHING";
        // As for a substitution; in one order everywhere.
        const LOCK: &str = "/* query.lock */ SELECT 1 FROM owners WHERE id = ANY($1) ORDER BY id FOR KEY SHARE";
        if records.is_empty() {
            return;
        }
        let owners: BTreeSet<OwnerId> = records.iter().map(|record| record.owner).collect();
        let owners: Vec<Vec<u8>> = owners.into_iter().map(Stored::stored).collect();
        self.send(Wanted::Any, LOCK, values![owners]).await;
        let texts = |text: fn(&QueryRecord) -> &str| -> Vec<String> {
            records.iter().map(|record| text(record).to_owned()).collect()
        };
        let values = values![
            records.iter().map(|record| record.id.stored()).collect::<Vec<_>>(),
            records.iter().map(|record| record.owner.stored()).collect::<Vec<_>>(),
            records.iter().map(|record| record.at.0).collect::<Vec<_>>(),
            texts(|record| &record.way),
            texts(|record| record.asked.as_ref().map_or("", Address::key)),
            texts(|record| record.asked.as_ref().map_or("", Address::wire)),
            texts(|record| &record.viewer),
            records.iter().map(|record| word(&record.because)).collect::<Vec<_>>(),
            records.iter().map(|record| record.told).collect::<Vec<_>>(),
            records.iter().map(|record| record.connected).collect::<Vec<_>>(),
            records.iter().map(|record| record.revision.cast_signed()).collect::<Vec<_>>(),
            records
                .iter()
                .map(|record| record.groups.iter().flat_map(|group| group.stored()).collect())
                .collect::<Vec<Vec<u8>>>(),
            texts(|record| &record.detail),
        ];
        self.send(Wanted::Any, SQL, values).await;
    }
}
