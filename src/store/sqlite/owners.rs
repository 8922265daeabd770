//! Owners, changes, requests, audit, recorded queries.

use super::{
    Sqlite, folded, numbers,
    row::{Cells, above, ask, below, many, one, page, pieces, wire},
    statements::Prepares,
    writer::Tx,
};
use crate::{
    domain::{
        address::Address,
        change::{Request, RequestState},
        id::{AuditId, GroupId, OwnerId, QueryId, RequestId},
        imported::Moved,
        name::NameKey,
        owner::{Change, Owner, Profile},
    },
    store::{Audit, Owners, Page, QueryRecord, Result, StoreError, imported},
};
use async_trait::async_trait;
use rusqlite::params;

#[async_trait]
impl Owners for Sqlite {
    async fn owner(&self, id: OwnerId) -> Result<Option<Owner>> {
        self.read_quickly(move |connection| owner(connection, id)).await
    }

    async fn owners(&self, after: Option<OwnerId>, limit: usize) -> Result<Page<Owner>> {
        self.read(move |connection| owners(connection, after, limit)).await
    }

    async fn changes(&self, owner: OwnerId, after: u64, limit: usize) -> Result<Page<Change>> {
        self.read(move |connection| {
            let found = many::<OwnerId, _>(
                connection,
                "change",
                "-- owners::changes
                 SELECT owner, revision, at, request, snapshot FROM change WHERE owner = ?1 AND revision > ?2
                 ORDER BY revision LIMIT ?3",
                params![owner.to_bytes(), after.cast_signed(), ask(limit)],
                |cells| {
                    Ok(Change {
                        owner,
                        revision: cells.count(1, "revision")?,
                        at: cells.time(2, "at")?,
                        request: cells.id(3, "request")?,
                        snapshot: cells.text(4, "snapshot")?,
                    })
                },
            )?;
            Ok(page(found, limit))
        })
        .await
    }

    async fn request(&self, owner: OwnerId, id: RequestId) -> Result<Option<Request>> {
        self.read_quickly(move |connection| {
            one::<RequestId, _>(
                connection,
                "request",
                "-- owners::request
                 SELECT id, owner, state, wanted, asked_by, created, decided, course, due FROM request WHERE owner = ?1 AND id = ?2",
                params![owner.to_bytes(), id.to_bytes()],
                request,
            )
        })
        .await
    }

    async fn requests(&self, owner: OwnerId, before: Option<RequestId>, limit: usize) -> Result<Page<Request>> {
        self.read(move |connection| {
            let found = many::<RequestId, _>(
                connection,
                "request",
                "-- owners::requests
                 SELECT id, owner, state, wanted, asked_by, created, decided, course, due FROM request
                 WHERE owner = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3",
                params![owner.to_bytes(), below(before.map(RequestId::to_bytes)), ask(limit)],
                request,
            )?;
            Ok(page(found, limit))
        })
        .await
    }

    async fn audit(&self, owner: OwnerId, after: Option<AuditId>, limit: usize) -> Result<Page<Audit>> {
        self.read(move |connection| {
            let mut found = many::<AuditId, _>(
                connection,
                "audit",
                "-- owners::audit
                 SELECT id, at, done_by, what, detail FROM audit WHERE owner = ?1 AND id > ?2 AND what <> ''
                 ORDER BY id LIMIT ?3",
                params![owner.to_bytes(), above(after.map(AuditId::to_bytes)), ask(limit)],
                |cells| {
                    Ok(Audit {
                        id: cells.id(0, "id")?,
                        owner,
                        at: cells.time(1, "at")?,
                        by: cells.text(2, "done_by")?,
                        what: cells.text(3, "what")?,
                        detail: cells.text(4, "detail")?,
                    })
                },
            )?;
            if found.is_empty() {
                let first = folded::of_owner(connection, owner)?.map(|moved| imported::audit(&moved));
                found.extend(first.filter(|line| after.is_none_or(|after| line.id > after)));
            }
            Ok(page(found, limit))
        })
        .await
    }

    async fn queries(&self, owner: OwnerId, before: Option<QueryId>, limit: usize) -> Result<Page<QueryRecord>> {
        self.read(move |connection| {
            let found = many::<QueryId, _>(
                connection,
                "query",
                "-- owners::queries
                 SELECT id, owner, at, way, key, wire, viewer, because, told, connected, revision, groups, detail
                 FROM query
                 WHERE owner = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3",
                params![owner.to_bytes(), below(before.map(QueryId::to_bytes)), ask(limit)],
                query,
            )?;
            Ok(page(found, limit))
        })
        .await
    }

    async fn query(&self, id: QueryId) -> Result<Option<QueryRecord>> {
        self.read_quickly(move |connection| {
            one::<QueryId, _>(
                connection,
                "query",
                "-- owners::query
                 SELECT id, owner, at, way, key, wire, viewer, because, told, connected, revision, groups, detail
                 FROM query
                 WHERE id = ?1",
                [id.to_bytes()],
                query,
            )
        })
        .await
    }
}

fn owner(connection: &impl Prepares, id: OwnerId) -> Result<Option<Owner>> {
    let found = one::<OwnerId, _>(
        connection,
        "owner",
        "-- owners::owner
         SELECT o.id, o.version, o.revision, o.claimed, o.silenced, o.language, p.fields, o.created, o.zone
         FROM owner o JOIN profile p ON p.owner = o.id WHERE o.id = ?1",
        [id.to_bytes()],
        read_owner,
    )?;
    match found {
        Some(owner) => Ok(Some(Owner { points: numbers::points(connection, id)?, ..owner })),
        None => Ok(folded::of_owner(connection, id)?.map(|moved| moved.as_owner())),
    }
}

fn owners(connection: &impl Prepares, after: Option<OwnerId>, limit: usize) -> Result<Page<Owner>> {
    let mut found = many::<OwnerId, _>(
        connection,
        "owner",
        "-- owners::owners
         SELECT o.id, o.version, o.revision, o.claimed, o.silenced, o.language, p.fields, o.created, o.zone
         FROM owner o JOIN profile p ON p.owner = o.id WHERE o.id > ?1 ORDER BY o.id LIMIT ?2",
        params![above(after.map(OwnerId::to_bytes)), ask(limit)],
        read_owner,
    )?;
    for owner in &mut found {
        owner.points = numbers::points(connection, owner.id)?;
    }
    let folded = folded::after(connection, after, limit)?;
    if !folded.is_empty() {
        found.extend(folded.iter().map(Moved::as_owner));
        found.sort_unstable_by_key(|owner| owner.id);
    }
    Ok(page(found, limit))
}

fn read_owner(cells: &Cells<'_>) -> Result<Owner> {
    Ok(Owner {
        id: cells.id(0, "id")?,
        version: cells.count(1, "version")?,
        revision: cells.count(2, "revision")?,
        claimed: cells.get(3, "claimed")?,
        silenced: cells.get(4, "silenced")?,
        language: cells.text(5, "language")?,
        zone: cells.text_or_none(8, "zone")?,
        profile: cells.json(6, "profile.fields")?,
        points: Vec::new(),
        created: cells.time(7, "created")?,
    })
}

pub(super) fn request(cells: &Cells<'_>) -> Result<Request> {
    Ok(Request {
        id: cells.id(0, "id")?,
        owner: cells.id(1, "owner")?,
        state: cells.code(2, "state", |code| REQUEST_STATES.get(usize::try_from(code).ok()?).copied())?,
        wanted: cells.text(3, "wanted")?,
        by: cells.text(4, "asked_by")?,
        created: cells.time(5, "created")?,
        decided: cells.time_or_none(6, "decided")?,
        course: cells.json(7, "course")?,
        due: cells.time_or_none(8, "due")?,
    })
}

/// By their codes.
const REQUEST_STATES: [RequestState; 5] = [
    RequestState::AwaitingProof,
    RequestState::Held,
    RequestState::Accepted,
    RequestState::Cancelled,
    RequestState::Expired,
];

fn query(cells: &Cells<'_>) -> Result<QueryRecord> {
    Ok(QueryRecord {
        id: cells.id(0, "id")?,
        owner: cells.id(1, "owner")?,
        at: cells.time(2, "at")?,
        way: cells.text(3, "way")?,
        // No address is kept as an empty one: the column is older than lines without.
        asked: Some(cells.address(4, "key")?).filter(|asked| !asked.key().is_empty()),
        viewer: cells.text(6, "viewer")?,
        because: cells.json(7, "because")?,
        told: cells.get(8, "told")?,
        connected: cells.get(9, "connected")?,
        revision: cells.count(10, "revision")?,
        groups: cells.decode(11, "groups", |bytes| pieces(bytes, 16, GroupId::from_bytes))?,
        detail: cells.text(12, "detail")?,
    })
}

/// Raises the version of an owner who still has the expected one.
pub(super) fn expect(tx: &Tx<'_>, owner: OwnerId, version: u64) -> Result<()> {
    tx.must(
        "-- owners::expect\nUPDATE owner SET version = version + 1 WHERE id = ?1 AND version = ?2",
        params![owner.to_bytes(), version.cast_signed()],
    )
}

/// Writes a new owner with points and values.
pub(super) fn add(tx: &Tx<'_>, owner: &Owner) -> Result<()> {
    let id = owner.id.to_bytes();
    tx.run(
        "-- owners::add
         INSERT INTO owner (id, version, revision, claimed, silenced, language, name, created, zone)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            id,
            owner.version.cast_signed(),
            owner.revision.cast_signed(),
            owner.claimed,
            owner.silenced,
            owner.language,
            owner.profile.name,
            owner.created.0,
            owner.zone
        ],
    )?;
    tx.run("-- owners::add\nINSERT INTO profile (owner, fields) VALUES (?1, ?2)", params![id, json(&owner.profile)?])?;
    numbers::add_points(tx, owner.id, &owner.points)
}

/// Writes what an owner is, points left out.
pub(super) fn set(
    tx: &Tx<'_>,
    id: OwnerId,
    language: &str,
    profile: &Profile,
    (claimed, silenced): (bool, bool),
    revision: u64,
) -> Result<()> {
    tx.must(
        "-- owners::set
         UPDATE owner SET language = ?2, name = ?3, claimed = ?4, silenced = ?5, revision = ?6 WHERE id = ?1",
        params![id.to_bytes(), language, profile.name, claimed, silenced, revision.cast_signed()],
    )?;
    tx.must("-- owners::set\nUPDATE profile SET fields = ?2 WHERE owner = ?1", params![id.to_bytes(), json(profile)?])
}

/// Writes the time zone that an owner has chosen.
pub(super) fn set_zone(tx: &Tx<'_>, id: OwnerId, zone: Option<&str>) -> Result<()> {
    tx.must("-- owners::set_zone\nUPDATE owner SET zone = ?2 WHERE id = ?1", params![id.to_bytes(), zone])
}

/// Replaces the name keys of an owner.
pub(super) fn set_names(tx: &Tx<'_>, owner: OwnerId, names: &[NameKey]) -> Result<()> {
    tx.run("-- owners::set_names\nDELETE FROM owner_name WHERE owner = ?1", [owner.to_bytes()])?;
    for name in names {
        tx.run(
            "-- owners::set_names
             INSERT INTO owner_name (owner, key) VALUES (?1, ?2) ON CONFLICT (owner, key) DO NOTHING",
            params![owner.to_bytes(), name.as_str()],
        )?;
    }
    Ok(())
}

/// Writes one more revision.
pub(super) fn add_change(tx: &Tx<'_>, change: &Change) -> Result<()> {
    tx.must(
        "-- owners::add_change
         INSERT INTO change (owner, revision, at, request, snapshot) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            change.owner.to_bytes(),
            change.revision.cast_signed(),
            change.at.0,
            change.request.to_bytes(),
            change.snapshot
        ],
    )
}

/// Writes a request in its present state.
pub(super) fn set_request(tx: &Tx<'_>, request: &Request) -> Result<()> {
    let state = REQUEST_STATES.iter().position(|&state| state == request.state).unwrap_or_default();
    tx.must(
        "-- owners::set_request
         INSERT INTO request (owner, id, state, wanted, asked_by, created, decided, course, due, ready)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)
         ON CONFLICT (owner, id) DO UPDATE SET state = excluded.state, wanted = excluded.wanted,
             asked_by = excluded.asked_by, created = excluded.created, decided = excluded.decided,
             course = excluded.course, due = excluded.due, ready = excluded.ready",
        params![
            request.owner.to_bytes(),
            request.id.to_bytes(),
            i64::try_from(state).unwrap_or_default(),
            request.wanted,
            request.by,
            request.created.0,
            request.decided.map(|at| at.0),
            json(&request.course)?,
            request.due.map(|at| at.0)
        ],
    )
}

/// Writes recorded queries that are not there yet.
pub(super) fn add_queries(tx: &Tx<'_>, records: &[QueryRecord]) -> Result<()> {
    for record in records {
        let groups: Vec<u8> = record.groups.iter().flat_map(|group| group.to_bytes()).collect();
        tx.run(
            "-- owners::add_queries
             INSERT INTO query (id, owner, at, way, key, wire, viewer, because, told, connected, revision, groups,
                 detail)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13
             WHERE NOT EXISTS (SELECT 1 FROM erased WHERE owner = ?2) ON CONFLICT (id) DO NOTHING",
            params![
                record.id.to_bytes(),
                record.owner.to_bytes(),
                record.at.0,
                record.way,
                record.asked.as_ref().map_or("", Address::key),
                record.asked.as_ref().and_then(wire),
                record.viewer,
                json(&record.because)?,
                record.told,
                record.connected,
                record.revision.cast_signed(),
                groups,
                record.detail
            ],
        )?;
    }
    Ok(())
}

/// As JSON text.
pub(super) fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Unavailable(Box::new(error)))
}
