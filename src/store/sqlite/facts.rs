//! What is known of an address, a name or many keys (rules Q1 to Q3): facts, no rule applied.

use super::{
    folded,
    row::{Cells, many, one},
    statements::Prepares,
};
use crate::{
    domain::{
        group::{EVERYONE, Grant, Identity, Item, Rights, Viewer, rights},
        id::{GroupId, OwnerId},
        imported::Moved,
        name::NameKey,
        opt_out::{Said, Tenure},
        query::{Facts, Holder},
    },
    store::Result,
};
use rusqlite::params;
use std::collections::{BTreeMap, BTreeSet};

/// Identity keys in one statement: an account, a caller, the owner who the caller is, and everyone. A viewer rarely has
/// more.
const AT_ONCE: usize = 4;

/// The most keys that are asked for by one person, and not by an import.
const FEW: usize = 32;

/// No owner's id.
const NOBODY: OwnerId = OwnerId(0);

/// So many owners are always asked about, or nobody in their place: how many hold or held a number, or bear a name, does not
/// show in what is asked (rule Q4). Two former holders are answered like none; more of them are rare.
const ALWAYS: usize = 2;

/// Everybody who a viewer is, as keys of the one key space.
#[derive(Default)]
struct Known {
    proved: Vec<Box<str>>,
    claimed: Vec<Box<str>>,
    owners: BTreeSet<OwnerId>,
}

impl Known {
    fn of(connection: &impl Prepares, viewer: &Viewer) -> Result<Self> {
        let mut known = Self::default();
        for identity in &viewer.proved {
            let keys = expand(connection, identity, &mut known.owners)?;
            known.proved.extend(keys);
        }
        if let Some(identity) = &viewer.claimed {
            known.claimed = expand(connection, identity, &mut known.owners)?;
        }
        Ok(known)
    }
}

/// An identity's keys: an address stands for its present owner too.
fn expand(connection: &impl Prepares, identity: &Identity, owners: &mut BTreeSet<OwnerId>) -> Result<Vec<Box<str>>> {
    let mut keys = vec![identity.key().into_boxed_str()];
    let owner = match identity {
        Identity::Owner(id) => {
            owners.insert(*id);
            None
        }
        Identity::Application(_) => None,
        Identity::Address(address) => present(connection, address.key())?,
    };
    if let Some(owner) = owner {
        owners.insert(owner);
        keys.push(owner.to_string().into());
    }
    Ok(keys)
}

/// Whose believed present value this is.
fn present(connection: &impl Prepares, key: &str) -> Result<Option<OwnerId>> {
    let found = one::<OwnerId, OwnerId>(
        connection,
        "value",
        "-- facts::present\nSELECT owner FROM value WHERE key = ?1 AND until IS NULL AND proof <> 0",
        [key],
        |cells| cells.id(0, "owner"),
    )?;
    if found.is_some() {
        return Ok(found);
    }
    let folded = folded::of_key(connection, key)?;
    Ok(folded.filter(|moved| moved.new.key() == key).map(|moved| moved.owner))
}

/// What one owner has granted the viewer.
#[derive(Clone, Default)]
struct Standing {
    names: Vec<NameKey>,
    rights: Rights,
    groups: Vec<GroupId>,
    blocked: bool,
}

/// These owners, each once, and nobody in the place of those who are missing.
fn filled(owners: impl IntoIterator<Item = OwnerId>) -> Vec<OwnerId> {
    let owners: BTreeSet<OwnerId> = owners.into_iter().collect();
    let mut owners: Vec<OwnerId> = owners.into_iter().collect();
    owners.resize(owners.len().max(ALWAYS), NOBODY);
    owners
}

/// [`crate::store::Numbers::facts`].
pub(super) fn of_address(connection: &impl Prepares, key: &str, viewer: &Viewer) -> Result<Facts> {
    let known = Known::of(connection, viewer)?;
    let mut found = holders(connection, key)?;
    let folded = folded::of_key(connection, key)?;
    let (mut standings, mut opt_outs): (BTreeMap<OwnerId, Standing>, _) = (BTreeMap::new(), Vec::new());
    for owner in filled(found.iter().map(|holder| holder.owner).chain(folded.iter().map(|moved| moved.owner))) {
        standings.insert(owner, standing(connection, owner, &known)?);
        let moved = folded.as_ref().filter(|moved| moved.owner == owner);
        let said = said_at_numbers_of(connection, owner, moved, &known.owners)?;
        opt_outs.extend(said.into_iter().filter(|_| owner != NOBODY));
    }
    for holder in &mut found {
        if let Some(standing) = standings.get(&holder.owner) {
            adopt(holder, standing);
        }
    }
    found.extend(folded.map(|moved| folded::holder(&moved, key)));
    Ok(Facts { holders: found, book_names: book_names(connection, &known.owners, key)?, opt_outs })
}

/// [`crate::store::Numbers::facts_by_name`].
pub(super) fn of_name(connection: &impl Prepares, name: &NameKey, viewer: &Viewer) -> Result<Vec<Holder>> {
    let known = Known { claimed: Vec::new(), ..Known::of(connection, viewer)? };
    let mut bearers = Vec::new();
    for part in known.proved.chunks(AT_ONCE) {
        let key = |at: usize| part.get(at).filter(|identity| ***identity != *EVERYONE);
        // However many bear it, one statement finds those who have the viewer in a group.
        bearers.extend(many::<OwnerId, OwnerId>(
            connection,
            "owner_name",
            "-- facts::of_name
             SELECT owner FROM owner_name n WHERE key = ?1 AND EXISTS (
                 SELECT 1 FROM audience a WHERE a.owner = n.owner AND a.identity IN (?2, ?3, ?4, ?5)
                 AND NOT EXISTS (SELECT 1 FROM asleep s WHERE s.owner = a.owner AND s.key = a.identity))",
            params![name.as_str(), key(0), key(1), key(2), key(3)],
            |cells| cells.id(0, "owner"),
        )?);
    }
    let mut found = Vec::new();
    for owner in filled(bearers) {
        let standing = standing(connection, owner, &known)?;
        let mut all = present_values(connection, owner)?;
        for holder in &mut all {
            adopt(holder, &standing);
        }
        found.extend(all.into_iter().filter(|_| owner != NOBODY));
    }
    Ok(found)
}

/// [`crate::store::Numbers::holders`].
pub(super) fn of_keys(connection: &impl Prepares, keys: &[Box<str>]) -> Result<Vec<(Box<str>, Holder)>> {
    let (full, folded) = folded::of_keys(connection, keys)?;
    let mut found = Vec::new();
    for key in &full {
        found.extend(holders(connection, key)?.into_iter().map(|holder| (key.clone(), holder)));
    }
    let mut standings = BTreeMap::new();
    for owner in filled(found.iter().map(|(_, holder)| holder.owner)) {
        standings.insert(owner, standing(connection, owner, &Known::default())?);
    }
    for (_, holder) in &mut found {
        if let Some(standing) = standings.get(&holder.owner) {
            adopt(holder, standing);
        }
    }
    // Somebody waits for the answer about a few: what nobody has is asked about alike, so that the time does not tell (C1).
    if keys.len() <= FEW {
        for key in keys.iter().filter(|key| !full.contains(*key)) {
            holders(connection, key)?;
        }
    }
    // A folded owner comes once for each of these keys that is theirs: one row may be found by both.
    let mut seen = BTreeSet::new();
    let asked: BTreeSet<&str> = keys.iter().map(|key| &**key).collect();
    for moved in folded.iter().filter(|moved| seen.insert(moved.owner)) {
        let theirs = [moved.old.key(), moved.new.key()].into_iter().filter(|key| asked.contains(key));
        found.extend(theirs.map(|key| (key.into(), folded::holder(moved, key))));
    }
    Ok(found)
}

fn adopt(holder: &mut Holder, standing: &Standing) {
    let Standing { names, rights, groups, blocked } = standing.clone();
    (holder.names, holder.rights, holder.groups, holder.blocked) = (names, rights, groups, blocked);
}

/// A statement on values with who has or had them.
macro_rules! holder_rows {
    ($name:literal, $condition:literal) => {
        concat!(
            "-- facts::",
            $name,
            "\nSELECT v.owner, v.point, v.since, v.until, v.proof, v.proved, o.name, o.silenced, o.revision, c.key, c.wire
             FROM value v JOIN owner o ON o.id = v.owner JOIN point p ON p.owner = v.owner AND p.id = v.point
             LEFT JOIN value c ON c.owner = v.owner AND c.point = v.point AND c.until IS NULL AND c.proof <> 0
                  AND p.removed IS NULL
             WHERE ",
            $condition
        )
    };
}

/// An owner as holder of each believed present value, in their order of points, as nobody sees them.
fn present_values(connection: &impl Prepares, owner: OwnerId) -> Result<Vec<Holder>> {
    many::<OwnerId, Holder>(
        connection,
        "value",
        holder_rows!(
            "present_values",
            "v.owner = ?1 AND v.until IS NULL AND v.proof <> 0 AND p.removed IS NULL ORDER BY p.place"
        ),
        [owner.to_bytes()],
        |cells| holder(cells).map(|(holder, _)| holder),
    )
}

/// Everybody who holds or held a key, as nobody sees them.
fn holders(connection: &impl Prepares, key: &str) -> Result<Vec<Holder>> {
    let rows = many::<OwnerId, (Holder, bool)>(
        connection,
        "value",
        holder_rows!("holders", "v.key = ?1 ORDER BY v.owner, v.point, v.number"),
        [key],
        holder,
    )?;
    let proofs: Vec<_> = rows.iter().map(|(holder, shown)| (holder.owner, holder.proved, *shown)).collect();
    let proved_since = |left: &Holder| {
        left.until.is_some_and(|until| {
            proofs.iter().any(|&(owner, proved, shown)| shown && owner != left.owner && proved >= until)
        })
    };
    Ok(rows.into_iter().map(|(holder, _)| Holder { proved_by_another: proved_since(&holder), ..holder }).collect())
}

/// A holder, and whether a code or a voucher stands behind it.
fn holder(cells: &Cells<'_>) -> Result<(Holder, bool)> {
    let proof: i64 = cells.get(4, "proof")?;
    let holder = Holder {
        owner: cells.id(0, "owner")?,
        point: cells.id(1, "point")?,
        from: cells.time(2, "since")?,
        until: cells.time_or_none(3, "until")?,
        proved: cells.time(5, "proved")?,
        believed: proof != 0,
        current: cells.address_or_none(9, "key")?,
        names: Vec::new(),
        name: cells.text(6, "owner.name")?,
        silenced: cells.get(7, "owner.silenced")?,
        revision: cells.count(8, "owner.revision")?,
        rights: Rights::default(),
        groups: Vec::new(),
        blocked: false,
        proved_by_another: false,
    };
    Ok((holder, proof == 1 || proof == 2))
}

fn standing(connection: &impl Prepares, owner: OwnerId, known: &Known) -> Result<Standing> {
    let mut standing = Standing { names: names(connection, owner)?, ..Standing::default() };
    for viewer in &known.owners {
        standing.blocked |= blocks_a_point(connection, owner, *viewer)?;
    }
    let (mut proved, mut claimed) = (BTreeSet::new(), BTreeSet::new());
    for (identity, group) in met(connection, owner, known)? {
        let Some(group) = group else {
            standing.blocked = true;
            continue;
        };
        if *identity == *EVERYONE || known.proved.contains(&identity) {
            proved.insert(group);
        }
        if known.claimed.contains(&identity) {
            claimed.insert(group);
        }
    }
    let granted = super::books::grants(connection, owner)?;
    if standing.blocked {
        return Ok(standing);
    }
    standing.rights = rights(&granted, &proved, false);
    standing.rights.forward.extend(rights(&granted, &claimed, false).forward);
    let gives = |group: &GroupId| {
        granted
            .iter()
            .any(|(of, grant)| of == group && (proved.contains(of) || !matches!(grant, Grant::Reveal(Item::Field(_)))))
    };
    standing.groups = proved.union(&claimed).copied().filter(gives).collect();
    Ok(standing)
}

/// Under which identity of the viewer an owner has them in which group; no group: has blocked it. Blocks come first.
fn met(connection: &impl Prepares, owner: OwnerId, known: &Known) -> Result<Vec<(Box<str>, Option<GroupId>)>> {
    let everyone = Box::<str>::from(EVERYONE);
    let identities: Vec<&str> =
        known.proved.iter().chain(&known.claimed).chain([&everyone]).map(|identity| &**identity).collect();
    let mut found = Vec::new();
    for part in identities.chunks(AT_ONCE) {
        let key = |at: usize| part.get(at);
        found.extend(many::<OwnerId, _>(
            connection,
            "audience",
            // One by one: for a list SQLite would build a table of its own each time.
            "-- facts::met
             SELECT owner, identity, NULL AS grp FROM block WHERE owner = ?1 AND identity = ?2
             UNION ALL SELECT owner, identity, NULL FROM block WHERE owner = ?1 AND identity = ?3
             UNION ALL SELECT owner, identity, NULL FROM block WHERE owner = ?1 AND identity = ?4
             UNION ALL SELECT owner, identity, NULL FROM block WHERE owner = ?1 AND identity = ?5
             UNION ALL SELECT owner, identity, grp FROM audience a WHERE owner = ?1 AND identity = ?2
                 AND NOT EXISTS (SELECT 1 FROM asleep s WHERE s.owner = a.owner AND s.key = a.identity)
             UNION ALL SELECT owner, identity, grp FROM audience a WHERE owner = ?1 AND identity = ?3
                 AND NOT EXISTS (SELECT 1 FROM asleep s WHERE s.owner = a.owner AND s.key = a.identity)
             UNION ALL SELECT owner, identity, grp FROM audience a WHERE owner = ?1 AND identity = ?4
                 AND NOT EXISTS (SELECT 1 FROM asleep s WHERE s.owner = a.owner AND s.key = a.identity)
             UNION ALL SELECT owner, identity, grp FROM audience a WHERE owner = ?1 AND identity = ?5
                 AND NOT EXISTS (SELECT 1 FROM asleep s WHERE s.owner = a.owner AND s.key = a.identity)",
            params![owner.to_bytes(), key(0), key(1), key(2), key(3)],
            |cells| Ok((cells.text(1, "identity")?, cells.id_or_none(2, "grp")?)),
        )?);
    }
    found.sort_by_key(|(_, group)| group.is_some());
    Ok(found)
}

/// Whether an owner has blocked a number or address that the viewer, an owner, has at present: whoever is known by another of
/// theirs, or by none, is the same person.
fn blocks_a_point(connection: &impl Prepares, owner: OwnerId, viewer: OwnerId) -> Result<bool> {
    let found = one::<OwnerId, OwnerId>(
        connection,
        "block",
        "-- facts::blocks_a_point
         SELECT b.owner FROM value v JOIN block b ON b.owner = ?1 AND b.identity = v.key
         WHERE v.owner = ?2 AND v.until IS NULL AND v.proof <> 0
         UNION ALL SELECT b.owner FROM folded f JOIN block b ON b.owner = ?1 AND b.identity = f.new
         WHERE f.owner = ?2 LIMIT 1",
        params![owner.to_bytes(), viewer.to_bytes()],
        |cells| cells.id(0, "owner"),
    )?;
    Ok(found.is_some())
}

fn names(connection: &impl Prepares, owner: OwnerId) -> Result<Vec<NameKey>> {
    many::<OwnerId, _>(
        connection,
        "owner_name",
        "-- facts::names\nSELECT owner, key FROM owner_name WHERE owner = ?1 ORDER BY key",
        [owner.to_bytes()],
        |cells| cells.text(1, "key").map(NameKey::stored),
    )
}

/// What was said at any number of one owner, to everybody or to one of `to`, with those who hold or held it. The two numbers of
/// a folded owner nobody else has or had.
fn said_at_numbers_of(
    connection: &impl Prepares,
    owner: OwnerId,
    folded: Option<&Moved>,
    to: &BTreeSet<OwnerId>,
) -> Result<Vec<Said>> {
    let rows = many::<OwnerId, _>(
        connection,
        "opt_out",
        "-- facts::said_at_numbers_of
         SELECT o.owner, o.key, o.wire, o.at, h.owner, h.since, h.until
         FROM (SELECT key FROM value WHERE owner = ?1 UNION SELECT ?2 UNION SELECT ?3) v
         JOIN opt_out o ON o.key = v.key
         LEFT JOIN value h ON h.key = o.key AND h.proof <> 0 ORDER BY o.key, o.owner, h.since",
        params![owner.to_bytes(), folded.map(|moved| moved.old.key()), folded.map(|moved| moved.new.key())],
        |cells| {
            let scope = cells.decode(0, "owner", |bytes| Some(OwnerId::from_bytes(bytes)))?;
            let address = cells.address(1, "key")?;
            let tenure = match (folded, cells.id_or_none::<OwnerId>(4, "value.owner")?) {
                (Some(moved), _) => {
                    let Holder { owner, from, until, .. } = folded::holder(moved, address.key());
                    Some(Tenure { owner, from, until })
                }
                (None, Some(owner)) => Some(Tenure {
                    owner,
                    from: cells.time(5, "value.since")?,
                    until: cells.time_or_none(6, "value.until")?,
                }),
                (None, None) => None,
            };
            Ok((scope, address, cells.time(3, "at")?, tenure))
        },
    )?;
    let (mut found, mut last): (Vec<Said>, _) = (Vec::new(), None);
    for (scope, address, at, tenure) in rows {
        if scope.is_some_and(|scope| !to.contains(&scope)) {
            continue;
        }
        let this = Some((scope, address.key().to_owned()));
        if last != this {
            found.push(Said { address, at, tenures: Vec::new() });
            last = this;
        }
        if let (Some(said), Some(tenure)) = (found.last_mut(), tenure) {
            said.tenures.push(tenure);
        }
    }
    Ok(found)
}

fn book_names(connection: &impl Prepares, owners: &BTreeSet<OwnerId>, key: &str) -> Result<Vec<NameKey>> {
    let mut names = BTreeSet::new();
    for owner in owners {
        names.extend(many::<OwnerId, _>(
            connection,
            "contact_name",
            "-- facts::book_names
             SELECT n.owner, n.key FROM contact_address a
             JOIN contact_name n ON n.owner = a.owner AND n.contact = a.contact WHERE a.owner = ?1 AND a.key = ?2",
            params![owner.to_bytes(), key],
            |cells| cells.text(1, "key").map(NameKey::stored),
        )?);
    }
    Ok(names.into_iter().collect())
}
