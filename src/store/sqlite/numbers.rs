//! Points and their values, and the reads of the number index.

use super::{
    Sqlite, facts, folded,
    row::{Cells, many, one, wire},
    statements::Prepares,
    writer::Tx,
};
use crate::{
    clock::Time,
    domain::{
        address::{Address, Kind},
        group::Viewer,
        id::{AppId, OwnerId, PointId},
        name::NameKey,
        owner::{Held, Point, Proof},
        query::{Facts, Holder},
    },
    store::{Numbers, Result, StoreError},
};
use async_trait::async_trait;
use rusqlite::{params, types::ToSqlOutput};
use std::collections::BTreeMap;

#[async_trait]
impl Numbers for Sqlite {
    fn may_be_former(&self, key: &str) -> bool {
        self.filter.may_contain(key)
    }

    async fn facts(&self, key: &str, viewer: &Viewer) -> Result<Facts> {
        let (key, viewer) = (Box::<str>::from(key), viewer.clone());
        self.read_quickly(move |statements| facts::of_address(statements, &key, &viewer)).await
    }

    async fn facts_by_name(&self, name: &NameKey, viewer: &Viewer) -> Result<Vec<Holder>> {
        let (name, viewer) = (name.clone(), viewer.clone());
        self.read(move |connection| facts::of_name(connection, &name, &viewer)).await
    }

    async fn holders(&self, keys: &[Box<str>]) -> Result<Vec<(Box<str>, Holder)>> {
        let keys = keys.to_vec();
        self.read(move |connection| facts::of_keys(connection, &keys)).await
    }
}

/// Writes a point that may be new, at the end of the owner's order.
pub(super) fn set_point(tx: &Tx<'_>, owner: OwnerId, point: &Point) -> Result<()> {
    tx.must(
        "-- numbers::set_point
         INSERT INTO point (owner, id, place, kind, label, removed)
         SELECT ?1, ?2, (SELECT coalesce(max(place) + 1, 0) FROM point WHERE owner = ?1), ?3, ?4, ?5
         WHERE EXISTS (SELECT 1 FROM owner WHERE id = ?1)
         ON CONFLICT (owner, id) DO UPDATE SET label = excluded.label, removed = excluded.removed",
        params![
            owner.to_bytes(),
            point.id.to_bytes(),
            kind_code(point.kind),
            point.label,
            point.removed.map(|at| at.0)
        ],
    )
}

/// Writes the points of an owner who is new.
pub(super) fn add_points(tx: &Tx<'_>, owner: OwnerId, points: &[Point]) -> Result<()> {
    for (place, point) in (0_i64..).zip(points) {
        tx.run(
            "-- numbers::add_points
             INSERT INTO point (owner, id, place, kind, label, removed) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                owner.to_bytes(),
                point.id.to_bytes(),
                place,
                kind_code(point.kind),
                point.label,
                point.removed.map(|at| at.0)
            ],
        )?;
        for (number, held) in (0_i64..).zip(&point.values) {
            add_value(tx, owner, point.id, number, held)?;
        }
    }
    Ok(())
}

/// Writes a new value of a point.
pub(super) fn hold(tx: &Tx<'_>, owner: OwnerId, point: PointId, held: &Held) -> Result<()> {
    tx.step()?;
    let number = one::<OwnerId, i64>(
        &tx.connection,
        "value",
        "-- numbers::hold
         SELECT p.owner, (SELECT coalesce(max(number) + 1, 0) FROM value WHERE owner = ?1 AND point = ?2)
         FROM point p WHERE p.owner = ?1 AND p.id = ?2",
        params![owner.to_bytes(), point.to_bytes()],
        |cells| cells.get(1, "number"),
    )?;
    add_value(tx, owner, point, number.ok_or(StoreError::Conflict)?, held)
}

/// Writes a value of a known point at a free place.
fn add_value(tx: &Tx<'_>, owner: OwnerId, point: PointId, number: i64, held: &Held) -> Result<()> {
    folded::unfold_key(tx, held.address.key())?;
    if held.until.is_some() {
        note_former(tx, held.address.key())?;
    }
    let (proof, by) = proof_cells(&held.proof);
    let written = tx.raw(
        "-- numbers::add_value
         INSERT INTO value (owner, point, number, key, wire, since, until, proof, proof_by, proved)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            owner.to_bytes(),
            point.to_bytes(),
            number,
            held.address.key(),
            wire(&held.address),
            held.from.0,
            held.until.map(|at| at.0),
            proof,
            by,
            held.proved.0
        ],
    )?;
    written.map(|_| ()).map_err(|error| taken(error, || held.address.clone()))
}

/// Ends the present value of a point.
pub(super) fn leave(tx: &Tx<'_>, owner: OwnerId, point: PointId, at: Time) -> Result<()> {
    tx.step()?;
    let key = one::<OwnerId, Box<str>>(
        &tx.connection,
        "value",
        "-- numbers::leave
         UPDATE value SET until = ?3 WHERE owner = ?1 AND point = ?2 AND until IS NULL RETURNING owner, key",
        params![owner.to_bytes(), point.to_bytes(), at.0],
        |cells| cells.text(1, "key"),
    )?;
    note_former(tx, &key.ok_or(StoreError::Conflict)?)
}

/// Writes why the newest value with this key is believed.
pub(super) fn prove(tx: &Tx<'_>, (owner, point): (OwnerId, PointId), key: &str, proof: &Proof, at: Time) -> Result<()> {
    let (code, by) = proof_cells(proof);
    let written = tx.raw(
        "-- numbers::prove
         UPDATE value SET proof = ?4, proof_by = ?5, proved = ?6 WHERE owner = ?1 AND point = ?2
         AND number = (SELECT max(number) FROM value WHERE owner = ?1 AND point = ?2 AND key = ?3)",
        params![owner.to_bytes(), point.to_bytes(), key, code, by, at.0],
    )?;
    match written.map_err(|error| taken(error, || Address::stored(key, key)))? {
        0 => Err(StoreError::Conflict),
        _ => Ok(()),
    }
}

/// Puts a number into the feed, and into this process's filter before the commit.
pub(super) fn note_former(tx: &Tx<'_>, key: &str) -> Result<()> {
    let hash = tx.filter.hash(key);
    tx.run("-- numbers::note_former\nINSERT INTO former (hash) VALUES (?1)", [hash.cast_signed()])?;
    tx.filter.insert(hash);
    Ok(())
}

/// The index on believed present values names its one column; every other unique row is a conflict.
fn taken(error: rusqlite::Error, address: impl FnOnce() -> Address) -> StoreError {
    match &error {
        rusqlite::Error::SqliteFailure(_, Some(message)) if message.ends_with(": value.key") => {
            StoreError::Taken(address())
        }
        _ => super::row::refused(error),
    }
}

/// All points of an owner with their values, in the owner's order.
pub(super) fn points(connection: &impl Prepares, owner: OwnerId) -> Result<Vec<Point>> {
    let mut values: BTreeMap<PointId, Vec<Held>> = BTreeMap::new();
    let rows = many::<OwnerId, _>(
        connection,
        "value",
        "-- numbers::points
         SELECT owner, point, key, wire, since, until, proof, proof_by, proved FROM value WHERE owner = ?1
         ORDER BY owner, point, number",
        [owner.to_bytes()],
        |cells| Ok((cells.id(1, "point")?, held(cells)?)),
    )?;
    for (point, held) in rows {
        values.entry(point).or_default().push(held);
    }
    many::<OwnerId, _>(
        connection,
        "point",
        "-- numbers::points\nSELECT owner, id, kind, label, removed FROM point WHERE owner = ?1 ORDER BY place",
        [owner.to_bytes()],
        |cells| {
            let id = cells.id(1, "id")?;
            Ok(Point {
                id,
                kind: cells.code(2, "kind", kind)?,
                label: cells.text(3, "label")?,
                removed: cells.time_or_none(4, "removed")?,
                values: values.remove(&id).unwrap_or_default(),
            })
        },
    )
}

fn held(cells: &Cells<'_>) -> Result<Held> {
    Ok(Held {
        address: cells.address(2, "key")?,
        from: cells.time(4, "since")?,
        until: cells.time_or_none(5, "until")?,
        proof: proof(cells, 6)?,
        proved: cells.time(8, "proved")?,
    })
}

fn kind_code(kind: Kind) -> i64 {
    match kind {
        Kind::Phone => 1,
        Kind::Email => 2,
        // No point is one, and 3 reads as damaged.
        Kind::Device => 3,
    }
}

fn kind(code: i64) -> Option<Kind> {
    match code {
        1 => Some(Kind::Phone),
        2 => Some(Kind::Email),
        _ => None,
    }
}

/// Cells `proof` and `proof_by`. 0 means that nobody believes it: the unique index relies on that.
fn proof_cells(proof: &Proof) -> (i64, Option<ToSqlOutput<'_>>) {
    match proof {
        Proof::None => (0, None),
        Proof::Code => (1, None),
        Proof::Vouched(by) => (2, Some(by.to_bytes().to_vec().into())),
        Proof::Imported(source) => (3, Some(source.as_bytes().into())),
    }
}

fn proof(cells: &Cells<'_>, at: usize) -> Result<Proof> {
    match cells.get::<i64>(at, "proof")? {
        0 => Ok(Proof::None),
        1 => Ok(Proof::Code),
        2 => cells.id::<AppId>(at + 1, "proof_by").map(Proof::Vouched),
        3 => cells.decode(at + 1, "proof_by", |bytes| Some(Proof::Imported(std::str::from_utf8(bytes).ok()?.into()))),
        _ => Err(cells.damaged("proof")),
    }
}
