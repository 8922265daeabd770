//! The operation's trails and their chains.

use super::{
    chains::sealed,
    row::{Cells, ask, below, many, page, unavailable},
    statements::Prepares,
    writer::Tx,
};
use crate::{
    clock::{Random as _, SystemRandom},
    domain::id::AuditId,
    store::{
        Page, Result, Trail, TrailLine,
        chain::{Head, Link},
    },
};
use rusqlite::{Connection, OptionalExtension as _, params};

/// Lines in one step of making chains.
const STEP: usize = 1_000;

/// A trail, newest first.
pub(super) fn newest(
    connection: &impl Prepares,
    trail: Trail,
    before: Option<AuditId>,
    limit: usize,
) -> Result<Page<TrailLine>> {
    let found = many::<AuditId, _>(
        connection,
        "trail",
        "-- trails::newest
         SELECT id, at, done_by, origin, what, subject FROM trail WHERE trail = ?1 AND id < ?2
         ORDER BY id DESC LIMIT ?3",
        params![trail.word(), below(before.map(AuditId::to_bytes)), ask(limit)],
        |cells| line(trail, cells),
    )?;
    Ok(page(found, limit))
}

fn line(trail: Trail, cells: &Cells<'_>) -> Result<TrailLine> {
    Ok(TrailLine {
        trail,
        id: cells.id(0, "id")?,
        at: cells.time(1, "at")?,
        by: cells.text(2, "done_by")?,
        origin: cells.text(3, "origin")?,
        what: cells.text(4, "what")?,
        subject: cells.text(5, "subject")?,
    })
}

/// Lines in the order of their chain, after a place.
pub(super) fn links(
    connection: &impl Prepares,
    trail: Trail,
    after: u64,
    limit: usize,
) -> Result<Page<Link<TrailLine>>> {
    let found = many::<AuditId, _>(
        connection,
        "trail",
        "-- trails::links
         SELECT id, at, done_by, origin, what, subject, number, salt, content, hash FROM trail
         WHERE trail = ?1 AND number > ?2 ORDER BY number LIMIT ?3",
        params![trail.word(), after.cast_signed(), ask(limit)],
        |cells| sealed(line(trail, cells)?, cells, 6),
    )?;
    Ok(page(found, limit))
}

/// Lines that stand in no chain.
pub(super) fn unchained(connection: &impl Prepares, trail: Trail, limit: usize) -> Result<Vec<AuditId>> {
    many::<AuditId, _>(
        connection,
        "trail",
        "-- trails::unchained\nSELECT id FROM trail WHERE trail = ?1 AND number IS NULL ORDER BY id LIMIT ?2",
        params![trail.word(), i64::try_from(limit).unwrap_or(i64::MAX)],
        |cells| cells.id(0, "id"),
    )
}

/// How the chain ends.
pub(super) fn head(connection: &impl Prepares, trail: Trail) -> Result<Option<Head>> {
    let found = connection
        .connection()
        .prepare_cached("-- trails::head\nSELECT number, hash FROM trail_head WHERE trail = ?1")
        .and_then(|mut head| head.query_row([trail.word()], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?))).optional());
    Ok(found.map_err(unavailable)?.map(|(number, hash)| Head { number: number.cast_unsigned(), hash }))
}

const SET_HEAD: &str = "-- trails::set_head
     INSERT INTO trail_head (trail, number, hash) VALUES (?1, ?2, ?3)
     ON CONFLICT (trail) DO UPDATE SET number = excluded.number, hash = excluded.hash";

/// Writes a line at the end of its trail's chain.
pub(super) fn add(tx: &Tx<'_>, line: &TrailLine) -> Result<()> {
    tx.step()?;
    let mut head = head(&tx.connection, line.trail)?.unwrap_or_default();
    let mut salt = [0; 16];
    SystemRandom::new().fill(&mut salt);
    let seal = head.add(&salt, line);
    let TrailLine { trail, id, at, by, origin, what, subject } = line;
    tx.must(
        "-- trails::add
         INSERT INTO trail (trail, id, at, done_by, origin, what, subject, number, salt, content, hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            trail.word(),
            id.to_bytes(),
            at.0,
            by,
            origin,
            what,
            subject,
            seal.number.cast_signed(),
            salt,
            seal.content,
            seal.hash
        ],
    )?;
    tx.must(SET_HEAD, params![trail.word(), head.number.cast_signed(), head.hash])
}

/// Puts all lines that are there into chains, in the order of their ids: once, when the schema learns of these chains.
pub(super) fn make(connection: &Connection) -> Result<()> {
    const NEXT: &str = "-- trails::make
         SELECT id, at, done_by, origin, what, subject FROM trail WHERE trail = ?1 AND id > ?2 ORDER BY id LIMIT ?3";
    const SET: &str = "-- trails::make
         UPDATE trail SET number = ?3, salt = ?4, content = ?5, hash = ?6 WHERE trail = ?1 AND id = ?2";
    let random = SystemRandom::new();
    let limit = i64::try_from(STEP).unwrap_or(i64::MAX);
    for trail in Trail::ALL {
        let (mut last, mut head) = (Vec::new(), Head::default());
        loop {
            let from = params![trail.word(), last, limit];
            let lines = many::<AuditId, _>(connection, "trail", NEXT, from, |cells| line(trail, cells))?;
            for line in &lines {
                let mut salt = [0; 16];
                random.fill(&mut salt);
                let seal = head.add(&salt, line);
                let set =
                    params![trail.word(), line.id.to_bytes(), seal.number.cast_signed(), salt, seal.content, seal.hash];
                connection.prepare_cached(SET).and_then(|mut set_line| set_line.execute(set)).map_err(unavailable)?;
            }
            if lines.len() < STEP {
                break;
            }
            last = lines.last().map_or_else(Vec::new, |line| line.id.to_bytes().to_vec());
        }
        let end = params![trail.word(), head.number.cast_signed(), head.hash];
        connection.prepare_cached(SET_HEAD).and_then(|mut set| set.execute(end)).map_err(unavailable)?;
    }
    Ok(())
}
