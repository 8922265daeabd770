//! Addresses through which rights sleep.

use super::{
    row::{Cells, ask, many, page, wire},
    statements::Prepares,
    writer::Tx,
};
use crate::{
    domain::{
        asleep::{Asleep, Cause},
        id::OwnerId,
    },
    store::{Page, Result},
};
use rusqlite::params;

const PROVED: i64 = 1;
const DEAD: i64 = 2;

fn asleep(cells: &Cells<'_>) -> Result<Asleep> {
    let cause = |code: i64| match code {
        PROVED => Some(Cause::Proved),
        DEAD => Some(Cause::Dead),
        _ => None,
    };
    Ok(Asleep {
        owner: cells.id(0, "owner")?,
        address: cells.address(1, "key")?,
        since: cells.time(3, "since")?,
        cause: cells.code(4, "cause", cause)?,
    })
}

pub(super) fn all(
    connection: &impl Prepares,
    owner: OwnerId,
    after: Option<&str>,
    limit: usize,
) -> Result<Page<Asleep>> {
    let found = many::<OwnerId, _>(
        connection,
        "asleep",
        "-- asleep::all
         SELECT owner, key, wire, since, cause FROM asleep WHERE owner = ?1 AND key > ?2 ORDER BY key LIMIT ?3",
        params![owner.to_bytes(), after.unwrap_or_default(), ask(limit)],
        asleep,
    )?;
    Ok(page(found, limit))
}

pub(super) fn at(connection: &impl Prepares, owner: OwnerId, keys: &[Box<str>]) -> Result<Vec<Asleep>> {
    let mut found = Vec::new();
    for key in keys {
        found.extend(many::<OwnerId, _>(
            connection,
            "asleep",
            "-- asleep::at
             SELECT owner, key, wire, since, cause FROM asleep WHERE owner = ?1 AND key = ?2",
            params![owner.to_bytes(), key],
            asleep,
        )?);
    }
    Ok(found)
}

pub(super) fn fall(tx: &Tx<'_>, asleep: &Asleep) -> Result<()> {
    let cause = match asleep.cause {
        Cause::Proved => PROVED,
        Cause::Dead => DEAD,
    };
    let (owner, address) = (asleep.owner.to_bytes(), &asleep.address);
    tx.run(
        "-- asleep::fall
         INSERT INTO asleep (owner, key, wire, since, cause) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
        params![owner, address.key(), wire(address), asleep.since.0, cause],
    )?;
    Ok(())
}

pub(super) fn wake(tx: &Tx<'_>, owner: OwnerId, key: &str) -> Result<()> {
    tx.run("-- asleep::wake\nDELETE FROM asleep WHERE owner = ?1 AND key = ?2", params![owner.to_bytes(), key])?;
    Ok(())
}
