//! Owners of whom nothing is known but one imported move: a million of them come at once, so each is one row and two
//! keys, and is read as if it stood in full. [`unfold`] writes it in full before anything of it changes, or its number
//! becomes somebody else's too. So a number is in `folded_key` or in `value`, never in both.

use super::{
    effects, numbers,
    row::{self, Cells, above, ask, many, one, unavailable, wire},
    statements::Prepares,
    writer::Tx,
};
use crate::{
    clock::Time,
    domain::{
        group::{Grant, rights},
        id::{GroupId, OwnerId},
        imported::{ForEveryone, Moved},
        name::NameKey,
        query::Holder,
    },
    store::{Result, StoreError, imported::in_full},
};
use rusqlite::{params, params_from_iter};
use std::collections::BTreeSet;

/// Keys in one statement.
const AT_ONCE: usize = 32;

/// From so many on it is a load of large size: pages are kept until each has taken what it will, and the log is taken
/// into the database when it has gathered some, not after each batch. Stays so for the process, which is an import.
const MANY: usize = 1_000;
const FOR_MANY: &str = "PRAGMA cache_size = -262144; PRAGMA wal_autocheckpoint = 65536;";

/// By their codes.
const GRANTS: [ForEveryone; 3] = [ForEveryone::None, ForEveryone::Forward, ForEveryone::Reveal];

/// Writes them, none of whose numbers anybody has or had.
pub(super) fn add(tx: &Tx<'_>, all: &[Moved]) -> Result<()> {
    if all.len() >= MANY {
        tx.connection.connection().execute_batch(FOR_MANY).map_err(unavailable)?;
    }
    let prepare = |statement| tx.connection.connection().prepare_cached(statement).map_err(unavailable);
    let mut row = prepare(
        "-- folded::add
         INSERT INTO folded (owner, name, name_key, old, old_wire, new, new_wire, at, given, source, created)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    let mut keys: Vec<(&str, i64)> = Vec::with_capacity(2 * all.len());
    for moved in all {
        tx.step()?;
        let given = GRANTS.iter().position(|&grant| grant == moved.grant).unwrap_or_default();
        let id = row
            .insert(params![
                moved.owner.to_bytes(),
                moved.name,
                moved.key.as_str(),
                moved.old.key(),
                wire(&moved.old),
                moved.new.key(),
                wire(&moved.new),
                moved.at.0,
                i64::try_from(given).unwrap_or_default(),
                moved.source,
                moved.created.0
            ])
            .map_err(row::refused)?;
        keys.extend([(moved.old.key(), id), (moved.new.key(), id)]);
    }
    // In their order, so that neighbours in the index are written together.
    keys.sort_unstable();
    let mut index = prepare(
        "-- folded::add
         INSERT INTO folded_key (key, id) SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM value WHERE key = ?1)",
    )?;
    for (key, id) in keys {
        tx.step()?;
        if index.execute(params![key, id]).map_err(row::refused)? == 0 {
            return Err(StoreError::Conflict);
        }
    }
    all.iter().try_for_each(|moved| numbers::note_former(tx, moved.old.key()))
}

/// Writes an owner in full who may be folded.
pub(super) fn unfold(tx: &Tx<'_>, owner: OwnerId) -> Result<()> {
    of_owner(&tx.connection, owner)?.map_or(Ok(()), |moved| write_in_full(tx, &moved))
}

/// Writes the owner in full who has or had this number, where that one is folded.
pub(super) fn unfold_key(tx: &Tx<'_>, key: &str) -> Result<()> {
    of_key(&tx.connection, key)?.map_or(Ok(()), |moved| write_in_full(tx, &moved))
}

fn write_in_full(tx: &Tx<'_>, moved: &Moved) -> Result<()> {
    for key in [moved.old.key(), moved.new.key()] {
        tx.must("-- folded::unfold\nDELETE FROM folded_key WHERE key = ?1", [key])?;
    }
    tx.must("-- folded::unfold\nDELETE FROM folded WHERE owner = ?1", [moved.owner.to_bytes()])?;
    in_full(moved).iter().try_for_each(|effect| effects::apply(tx, effect))
}

macro_rules! select {
    ($name:literal, $rest:literal) => {
        concat!(
            "-- folded::",
            $name,
            "\nSELECT f.owner, f.name, f.name_key, f.old, f.old_wire, f.new, f.new_wire, f.at, f.given, f.source,
                 f.created FROM ",
            $rest
        )
    };
}

/// Who this is, where they are folded.
pub(super) fn of_owner(connection: &impl Prepares, owner: OwnerId) -> Result<Option<Moved>> {
    let statement = select!("of_owner", "folded f WHERE f.owner = ?1");
    one::<OwnerId, _>(connection, "folded", statement, [owner.to_bytes()], read)
}

/// Who has or had this number, where they are folded.
pub(super) fn of_key(connection: &impl Prepares, key: &str) -> Result<Option<Moved>> {
    let statement = select!("of_key", "folded_key k JOIN folded f ON f.id = k.id WHERE k.key = ?1");
    one::<OwnerId, _>(connection, "folded", statement, [key], read)
}

/// Owners by id.
pub(super) fn after(connection: &impl Prepares, after: Option<OwnerId>, limit: usize) -> Result<Vec<Moved>> {
    let statement = select!("after", "folded f WHERE f.owner > ?1 ORDER BY f.owner LIMIT ?2");
    many::<OwnerId, _>(connection, "folded", statement, params![above(after.map(OwnerId::to_bytes)), ask(limit)], read)
}

/// Which of these keys are values that stand in full, and who is folded with one of the others. Both sorted lists are
/// walked side by side with the index, where `keys` are sorted.
pub(super) fn of_keys(connection: &impl Prepares, keys: &[Box<str>]) -> Result<(BTreeSet<Box<str>>, Vec<Moved>)> {
    const VALUES: &str = "-- folded::values
         SELECT owner, key FROM value WHERE key IN (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,
             ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32)";
    const FOLDED: &str = select!(
        "of_keys",
        "folded_key k JOIN folded f ON f.id = k.id WHERE k.key IN (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,
             ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32)"
    );
    let (mut full, mut folded) = (BTreeSet::new(), Vec::new());
    for part in keys.chunks(AT_ONCE) {
        // What is left of the last statement's places is null, which nothing equals.
        let places = || params_from_iter((0..AT_ONCE).map(|at| part.get(at)));
        full.extend(many::<OwnerId, _>(connection, "value", VALUES, places(), |cells| cells.text(1, "key"))?);
        folded.extend(many::<OwnerId, _>(connection, "folded", FOLDED, places(), read)?);
    }
    Ok((full, folded))
}

fn read(cells: &Cells<'_>) -> Result<Moved> {
    Ok(Moved {
        owner: cells.id(0, "owner")?,
        name: cells.text(1, "name")?,
        key: cells.text(2, "name_key").map(NameKey::stored)?,
        old: cells.address(3, "old")?,
        new: cells.address(5, "new")?,
        at: cells.time(7, "at")?,
        grant: cells.code(8, "given", |code| GRANTS.get(usize::try_from(code).ok()?).copied())?,
        source: cells.text(9, "source")?,
        created: cells.time(10, "created")?,
    })
}

/// As holder of one of the two numbers, with the rights of everyone: a folded owner has no other group, and no blocks.
pub(super) fn holder(moved: &Moved, key: &str) -> Holder {
    let group = moved.membership().group;
    let granted: Vec<(GroupId, Grant)> =
        moved.grant.grants(moved.point()).into_iter().map(|grant| (group, grant)).collect();
    let left = key == moved.old.key();
    Holder {
        owner: moved.owner,
        point: moved.point(),
        from: if left { Time(0) } else { moved.at },
        until: left.then_some(moved.at),
        proved: moved.at,
        believed: true,
        current: Some(moved.new.clone()),
        names: vec![moved.key.clone()],
        name: moved.name.clone(),
        silenced: false,
        revision: 0,
        rights: rights(&granted, &BTreeSet::from([group]), false),
        groups: granted.iter().map(|(group, _)| *group).collect(),
        blocked: false,
        proved_by_another: false,
    }
}
