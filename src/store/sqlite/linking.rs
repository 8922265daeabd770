//! Whose addresses and names are to be looked for among the contacts of others.

use super::{
    row::{self, Cells},
    statements::Prepares,
    writer::Tx,
};
use crate::{
    clock::Time,
    domain::id::{ContactId, OwnerId},
    store::{Linking, Result},
};
use rusqlite::params;
use std::time::Duration;

/// Writes that they are to be looked for, from the first contact on.
pub(super) fn due(tx: &Tx<'_>, owner: OwnerId, at: Time) -> Result<()> {
    tx.must(
        "-- linking::due
         INSERT INTO linking (owner, at, reached, ready) VALUES (?1, ?2, NULL, ?2)
         ON CONFLICT (owner) DO UPDATE SET at = max(at + 1, excluded.at), reached = NULL,
             ready = max(at + 1, excluded.at)",
        params![owner.to_bytes(), at.0],
    )
}

/// Writes how far the search has come, and ends its claim.
pub(super) fn moved(tx: &Tx<'_>, owner: OwnerId, seen: Time, cursor: Option<(OwnerId, ContactId)>) -> Result<()> {
    match cursor {
        Some(cursor) => tx.run(
            "-- linking::moved\nUPDATE linking SET reached = ?3, ready = at WHERE owner = ?1 AND at = ?2",
            params![owner.to_bytes(), seen.0, pair(cursor)],
        )?,
        None => tx.run(
            "-- linking::moved\nDELETE FROM linking WHERE owner = ?1 AND at = ?2",
            params![owner.to_bytes(), seen.0],
        )?,
    };
    Ok(())
}

/// Takes one that is due.
pub(super) fn claim(tx: &Tx<'_>, lease: Duration) -> Result<Option<Linking>> {
    tx.step()?;
    row::one::<OwnerId, _>(
        &tx.connection,
        "linking",
        "-- linking::claim
         UPDATE linking SET ready = ?2
         WHERE owner = (SELECT owner FROM linking WHERE ready <= ?1 ORDER BY ready, owner LIMIT 1)
         RETURNING owner, at, reached",
        params![tx.now.0, tx.now.after(lease).0],
        linking,
    )
}

/// When one can be claimed next.
pub(super) fn next(connection: &impl Prepares) -> Result<Option<Time>> {
    row::one::<OwnerId, Time>(
        connection,
        "linking",
        "-- linking::next\nSELECT owner, ready FROM linking ORDER BY ready LIMIT 1",
        [],
        |cells| cells.time(1, "ready"),
    )
}

fn linking(cells: &Cells<'_>) -> Result<Linking> {
    Ok(Linking {
        owner: cells.id(0, "owner")?,
        at: cells.time(1, "at")?,
        cursor: match cells.get::<Option<Vec<u8>>>(2, "reached")? {
            None => None,
            Some(bytes) => Some(split(&bytes).ok_or_else(|| cells.damaged("reached"))?),
        },
    })
}

fn pair((owner, contact): (OwnerId, ContactId)) -> Vec<u8> {
    [owner.to_bytes(), contact.to_bytes()].concat()
}

fn split(bytes: &[u8]) -> Option<(OwnerId, ContactId)> {
    let (owner, contact) = bytes.split_at_checked(16)?;
    Some((OwnerId::from_bytes(owner)?, ContactId::from_bytes(contact)?))
}
