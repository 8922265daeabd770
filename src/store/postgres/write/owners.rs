//! Owners, points, values, changes, requests.

use super::{Wanted, Writer};
use crate::{
    domain::{
        address::Address,
        id::{OwnerId, PointId},
        name::NameKey,
        owner::{Held, Owner, Point, Profile, Proof},
    },
    store::{
        Effect,
        postgres::value::{digest, json, values, word},
    },
};

impl<'a> Writer<'a> {
    pub(super) async fn owner_effect(&mut self, effect: &'a Effect) {
        match effect {
            Effect::OwnerAdded(owner) => self.owner_added(owner).await,
            Effect::OwnerSet { id, language, profile, claimed, silenced, revision } => {
                const SQL: &str = "/* owner.set */ UPDATE owners
                    SET language = $2, name = $3, profile = $4, claimed = $5, silenced = $6, revision = $7
                    WHERE id = $1";
                self.note_panic(*id, *silenced).await;
                let Profile { name, .. } = profile;
                let values = values![*id, &**language, name.as_str(), json(profile), *claimed, *silenced, *revision];
                self.send(Wanted::One, SQL, values).await;
            }
            Effect::ZoneSet(owner, zone) => {
                const SQL: &str = "/* owner.zone */ UPDATE owners SET zone = $2 WHERE id = $1";
                self.send(Wanted::One, SQL, values![*owner, zone.as_deref()]).await;
            }
            Effect::NamesSet(owner, names) => self.names_set(*owner, names).await,
            Effect::PointSet(owner, point) => self.point_set(*owner, point).await,
            Effect::ValueHeld(owner, point, held) => self.value_held(*owner, *point, held).await,
            Effect::ValueLeft(owner, point, at) => {
                const SQL: &str = "/* value.left */ UPDATE held SET until = $3, left_at = $4
                    WHERE owner = $1 AND point = $2 AND until IS NULL RETURNING key";
                const POINT: &str = "/* value.left.point */ UPDATE points SET present = NULL
                    WHERE owner = $1 AND id = $2 AND present IS NOT NULL";
                let now = self.now;
                self.send(Wanted::One, POINT, values![*owner, *point]).await;
                self.send(Wanted::Former, SQL, values![*owner, *point, *at, now]).await;
            }
            Effect::ValueProved { owner, point, key, proof, at } => {
                const SQL: &str = "/* value.proved */ UPDATE held SET proof = $4, proof_by = $5, proved = $6
                    WHERE key = $1 AND owner = $2 AND point = $3 AND number =
                        (SELECT max(h.number) FROM held h WHERE h.key = $1 AND h.owner = $2 AND h.point = $3)";
                let (word, by) = proof_columns(proof);
                // `Taken` names the key only: the wire form is the holder's.
                let address = Address::stored(&**key, &**key);
                self.send(Wanted::Free(address), SQL, values![&**key, *owner, *point, word, by, *at]).await;
            }
            Effect::Changed(change) => {
                const SQL: &str = "/* change.add */ INSERT INTO changes (owner, revision, at, request, snapshot)
                    VALUES ($1, $2, $3, $4, $5)";
                let values = values![change.owner, change.revision, change.at, change.request, &*change.snapshot];
                self.send(Wanted::One, SQL, values).await;
            }
            Effect::RequestSet(request) => {
                const SQL: &str = "/* request.set */
                    INSERT INTO requests (owner, id, state, wanted, asked_by, created, decided, course, due, ready)
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
                    ON CONFLICT (owner, id) DO UPDATE SET state = excluded.state, wanted = excluded.wanted,
                        asked_by = excluded.asked_by, created = excluded.created, decided = excluded.decided,
                        course = excluded.course, due = excluded.due, ready = excluded.ready";
                let values = values![
                    request.owner,
                    request.id,
                    word(&request.state),
                    &*request.wanted,
                    &*request.by,
                    request.created,
                    request.decided,
                    json(&request.course),
                    request.due,
                ];
                self.send(Wanted::One, SQL, values).await;
            }
            _ => {}
        }
    }

    async fn owner_added(&mut self, owner: &'a Owner) {
        const SQL: &str = "/* owner.add */
            INSERT INTO owners (id, version, revision, claimed, silenced, language, name, profile, created, zone)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        let values = values![
            owner.id,
            owner.version,
            owner.revision,
            owner.claimed,
            owner.silenced,
            &*owner.language,
            owner.profile.name.as_str(),
            json(&owner.profile),
            owner.created,
            owner.zone.as_deref(),
        ];
        self.send(Wanted::One, SQL, values).await;
        for (place, point) in owner.points.iter().enumerate() {
            const SQL: &str =
                "/* owner.add.point */ INSERT INTO points (owner, id, place, kind, label, removed, values_had)
                VALUES ($1, $2, $3, $4, $5, $6, 0)";
            let values = values![owner.id, point.id, place, word(&point.kind), &*point.label, point.removed];
            self.send(Wanted::One, SQL, values).await;
            for held in &point.values {
                self.value_held(owner.id, point.id, held).await;
            }
        }
    }

    async fn names_set(&mut self, owner: OwnerId, names: &'a [NameKey]) {
        const CLEAR: &str = "/* names.clear */ DELETE FROM owner_names WHERE owner = $1";
        const ADD: &str = "/* names.add */ INSERT INTO owner_names (owner, digest, name)
            SELECT $1::BYTEA, n.digest, n.name FROM unnest($2::BYTEA[], $3::TEXT[]) AS n (digest, name)
            ON CONFLICT (owner, digest) DO NOTHING";
        self.send(Wanted::Any, CLEAR, values![owner]).await;
        if !names.is_empty() {
            let digests: Vec<Vec<u8>> = names.iter().map(|name| digest(name.as_str())).collect();
            let texts: Vec<String> = names.iter().map(|name| name.as_str().to_owned()).collect();
            self.send(Wanted::Any, ADD, values![owner, digests, texts]).await;
        }
    }

    /// A new point comes last.
    async fn point_set(&mut self, owner: OwnerId, point: &'a Point) {
        const SQL: &str = "/* point.set */ INSERT INTO points (owner, id, place, kind, label, removed, values_had)
            SELECT $1::BYTEA, $2::BYTEA, coalesce(max(p.place) + 1, 0), $3::TEXT, $4::TEXT, $5::BIGINT, 0
            FROM owners o LEFT JOIN points p ON p.owner = o.id WHERE o.id = $1 GROUP BY o.id
            ON CONFLICT (owner, id) DO UPDATE SET label = excluded.label, removed = excluded.removed";
        let values = values![owner, point.id, word(&point.kind), &*point.label, point.removed];
        self.send(Wanted::One, SQL, values).await;
    }

    /// The point counts its values; the second statement reads the number from there.
    async fn value_held(&mut self, owner: OwnerId, point: PointId, held: &'a Held) {
        const PRESENT: &str = "/* value.held.point */ UPDATE points SET values_had = values_had + 1, present = $3
            WHERE owner = $1 AND id = $2 AND present IS NULL";
        const FORMER: &str = "/* value.held.point.former */ UPDATE points SET values_had = values_had + 1
            WHERE owner = $1 AND id = $2";
        const SQL: &str = "/* value.held */
            INSERT INTO held (key, owner, point, number, since, until, wire, proof, proof_by, proved, left_at)
            SELECT $1::TEXT, p.owner, p.id, p.values_had, $4::BIGINT, $5::BIGINT, $6::TEXT, $7::TEXT, $8::TEXT,
                $9::BIGINT, $10::BIGINT
            FROM points p WHERE p.owner = $2 AND p.id = $3";
        let key = held.address.key();
        let (proof, by) = proof_columns(&held.proof);
        let left = held.until.map(|_| self.now);
        let values =
            values![key, owner, point, held.from, held.until, held.address.wire(), proof, by, held.proved, left];
        if held.until.is_none() {
            self.send(Wanted::One, PRESENT, values![owner, point, key]).await;
            self.send(Wanted::Free(held.address.clone()), SQL, values).await;
        } else {
            self.send(Wanted::One, FORMER, values![owner, point]).await;
            self.send(Wanted::One, SQL, values).await;
            self.former.push(key.into());
        }
    }
}

fn proof_columns(proof: &Proof) -> (&'static str, Option<String>) {
    match proof {
        Proof::None => ("none", None),
        Proof::Code => ("code", None),
        Proof::Vouched(app) => ("vouched", Some(app.to_string())),
        Proof::Imported(source) => ("imported", Some(source.to_string())),
    }
}
