//! Owners who hold or held something, put together from their rows for one viewer.

use super::all;
use crate::{
    clock::Time,
    domain::{
        address::Address,
        group::{Grant, Identity, Item, Member, Rights, Viewer, rights},
        id::{GroupId, OwnerId, PointId},
        name::NameKey,
        query::Holder,
    },
    store::{
        Result,
        postgres::{
            columns::Columns,
            session::{Answer, Pipeline},
            value::{Stored, values},
        },
    },
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// One row of the number index.
pub(super) struct Stint {
    key: Box<str>,
    owner: OwnerId,
    point: PointId,
    number: i64,
    from: Time,
    until: Option<Time>,
    believed: bool,
    /// Proved by a code or vouched for, not only imported.
    shown: bool,
    proved: Time,
}

/// A statement on rows of the number index.
macro_rules! stints {
    ($comment:literal, $condition:literal) => {
        concat!(
            "/* ",
            $comment,
            " */ SELECT key, owner, point, number, since, until, proof <> 'none', proof IN ('code', 'vouched'), proved
                FROM held WHERE ",
            $condition
        )
    };
}
pub(super) use stints;

pub(super) fn stint(row: &tokio_postgres::Row) -> Result<Stint> {
    let mut columns = Columns::of(row, "held");
    Ok(Stint {
        key: columns.text()?,
        owner: columns.stored()?,
        point: columns.stored()?,
        number: columns.next()?,
        from: columns.time()?,
        until: columns.time_or_none()?,
        believed: columns.next()?,
        shown: columns.next()?,
        proved: columns.time()?,
    })
}

/// What is known of an owner who holds or held something, for one viewer.
#[derive(Default)]
pub(super) struct About {
    name: Box<str>,
    silenced: bool,
    revision: u64,
    names: Vec<NameKey>,
    current: HashMap<PointId, Address>,
    /// The owner's order of points; removed ones are not in it.
    pub(super) places: HashMap<PointId, i64>,
    grants: Vec<(GroupId, Grant)>,
    /// Groups of the viewer's proved identities, `everyone` included.
    proved: BTreeSet<GroupId>,
    /// Groups of the claimed one.
    claimed: BTreeSet<GroupId>,
    blocked: bool,
}

impl About {
    /// A claimed identity adds only to being connected (rule Q11). With the groups that gave something.
    fn rights(&self) -> (Rights, Vec<GroupId>) {
        let mut all = rights(&self.grants, &self.proved, self.blocked);
        all.forward.extend(rights(&self.grants, &self.claimed, self.blocked).forward);
        let gave = |group: &GroupId| {
            let of_group = |only: fn(&Grant) -> bool| self.grants.iter().any(|(of, grant)| of == group && only(grant));
            let forwards = |grant: &Grant| matches!(grant, Grant::Forward(_) | Grant::Reveal(Item::Point(_)));
            (self.proved.contains(group) && of_group(|_| true)) || (self.claimed.contains(group) && of_group(forwards))
        };
        let groups: BTreeSet<GroupId> = self.proved.union(&self.claimed).copied().collect();
        (all, groups.into_iter().filter(|group| !self.blocked && gave(group)).collect())
    }
}

/// Some identities of a viewer as the tables know them.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) keys: Vec<String>,
    pub(super) members: Vec<Vec<u8>>,
    pub(super) owners: Vec<OwnerId>,
}

impl Seen {
    /// `held_by`: who holds an address now; it stands for them, since a linked contact is known as its owner alone.
    pub(super) fn of<'i>(
        identities: impl IntoIterator<Item = &'i Identity>,
        held_by: &HashMap<Box<str>, OwnerId>,
    ) -> Self {
        let mut seen = Self::default();
        for identity in identities {
            seen.keys.push(identity.key());
            match identity {
                Identity::Application(app) => seen.members.push(Member::Application(*app).stored()),
                Identity::Owner(owner) => seen.owners.push(*owner),
                Identity::Address(address) => {
                    if let Some(owner) = held_by.get(address.key()) {
                        seen.keys.push(owner.to_string());
                        seen.owners.push(*owner);
                    }
                }
            }
        }
        seen
    }
}

/// The keys of a viewer's addresses.
pub(super) fn addresses(viewer: &Viewer) -> Vec<String> {
    let all = viewer.proved.iter().chain(&viewer.claimed);
    all.filter_map(|identity| match identity {
        Identity::Address(address) => Some(address.key().to_owned()),
        Identity::Owner(_) | Identity::Application(_) => None,
    })
    .collect()
}

pub(super) fn held_by(answer: &Answer) -> Result<HashMap<Box<str>, OwnerId>> {
    Ok(all(&answer.rows, stint)?.into_iter().map(|stint| (stint.key, stint.owner)).collect())
}

const ABOUT: &str = "/* about */ SELECT id, name, silenced, revision FROM owners WHERE id = ANY($1)";
const NAMES: &str = "/* about.names */ SELECT owner, name FROM owner_names WHERE owner = ANY($1)";
const CURRENT: &str = "/* about.current */ SELECT owner, point, key, wire FROM held
    WHERE owner = ANY($1) AND until IS NULL AND proof <> 'none'";
const POINTS: &str = "/* about.points */ SELECT owner, id, place FROM points WHERE owner = ANY($1) AND removed IS NULL";
const GRANTS: &str = "/* about.grants */ SELECT owner, book_group, granted FROM grants WHERE owner = ANY($1)
    ORDER BY owner, book_group, place";
const GROUPS: &str = "/* about.groups */ SELECT m.owner, m.book_group FROM members m WHERE m.owner = ANY($1) AND (
    m.member = ANY($3) OR m.member IN (SELECT k.member FROM contact_keys k
        WHERE k.owner = m.owner AND k.key = ANY($2) AND k.counts
            AND NOT EXISTS (SELECT 1 FROM asleep s WHERE s.owner = k.owner AND s.key = k.key)))";
/// Whoever is known by one of their numbers, or by none, is the person who has the others too.
const BLOCKS: &str = "/* about.blocks */ SELECT b.owner FROM blocks b WHERE b.owner = ANY($1) AND (b.key = ANY($2)
    OR b.key IN (SELECT v.key FROM held v WHERE v.owner = ANY($3) AND v.until IS NULL AND v.proof <> 'none'))";

/// The owners of these rows, each once, as stored.
pub(super) fn owners_of(stints: &[Stint]) -> Vec<Vec<u8>> {
    let owners: BTreeSet<OwnerId> = stints.iter().map(|stint| stint.owner).collect();
    owners.into_iter().map(Stored::stored).collect()
}

/// Asks for the owners of these rows, for what a viewer has proved and claimed. Ends the snapshot. Where there is nobody the
/// statements are the same, so that the time does not tell (rule Q4).
pub(super) async fn ask_about(pipeline: &mut Pipeline<'_>, stints: &[Stint], (mut proved, claimed): (Seen, Seen)) {
    let owners = owners_of(stints);
    for sql in [ABOUT, NAMES, POINTS, CURRENT] {
        pipeline.send(sql, values![owners.clone()]).await;
    }
    proved.members.push(Member::Everyone.stored());
    let everybody: Vec<String> = proved.keys.iter().chain(&claimed.keys).cloned().collect();
    let persons: Vec<Vec<u8>> = proved.owners.iter().chain(&claimed.owners).map(|owner| owner.stored()).collect();
    pipeline.send(GRANTS, values![owners.clone()]).await;
    pipeline.send(GROUPS, values![owners.clone(), proved.keys, proved.members]).await;
    pipeline.send(GROUPS, values![owners.clone(), claimed.keys, claimed.members]).await;
    pipeline.send(BLOCKS, values![owners, everybody, persons]).await;
    pipeline.simple("COMMIT").await;
}

pub(super) fn gather(answers: &[Answer]) -> Result<HashMap<OwnerId, About>> {
    let mut about: HashMap<OwnerId, About> = HashMap::new();
    let [owners, names, points, current, rest @ ..] = answers else { return Ok(about) };
    for row in &owners.rows {
        let mut columns = Columns::of(row, "owners");
        let owner = about.entry(columns.stored()?).or_default();
        (owner.name, owner.silenced, owner.revision) = (columns.text()?, columns.next()?, columns.number()?);
    }
    for row in &names.rows {
        let mut columns = Columns::of(row, "owner_names");
        about.entry(columns.stored()?).or_default().names.push(NameKey::stored(columns.text()?));
    }
    for row in &points.rows {
        let mut columns = Columns::of(row, "points");
        about.entry(columns.stored()?).or_default().places.insert(columns.stored()?, columns.next()?);
    }
    for row in &current.rows {
        let mut columns = Columns::of(row, "held");
        let (owner, point) = (about.entry(columns.stored()?).or_default(), columns.stored()?);
        if owner.places.contains_key(&point) {
            owner.current.insert(point, columns.address()?);
        }
    }
    if let [grants, proved, claimed, blocks] = rest {
        for row in &grants.rows {
            let mut columns = Columns::of(row, "grants");
            about.entry(columns.stored()?).or_default().grants.push((columns.stored()?, columns.stored()?));
        }
        for (answer, groups) in [
            (proved, (|about| &mut about.proved) as fn(&mut About) -> &mut BTreeSet<GroupId>),
            (claimed, |about| &mut about.claimed),
        ] {
            for row in &answer.rows {
                let mut columns = Columns::of(row, "members");
                groups(about.entry(columns.stored()?).or_default()).insert(columns.stored()?);
            }
        }
        for row in &blocks.rows {
            about.entry(Columns::of(row, "blocks").stored()?).or_default().blocked = true;
        }
    }
    for owner in about.values_mut() {
        owner.names.sort_unstable();
    }
    Ok(about)
}

/// Rows and owners put together, in the order of keys, owners, points and values.
pub(super) fn holders(stints: &[Stint], about: &HashMap<OwnerId, About>) -> Vec<(Box<str>, Holder)> {
    let mut of_key: BTreeMap<&str, Vec<&Stint>> = BTreeMap::new();
    for stint in stints {
        of_key.entry(&stint.key).or_default().push(stint);
    }
    let mut found = Vec::with_capacity(stints.len());
    for (key, mut stints) in of_key {
        stints.sort_by_key(|stint| (stint.owner, stint.point, stint.number));
        for stint in &stints {
            let Some(about) = about.get(&stint.owner) else { continue };
            let by_another = |other: &&Stint| {
                let since = stint.until.is_some_and(|left| other.proved >= left);
                other.owner != stint.owner && other.shown && since
            };
            let proved_by_another = stints.iter().any(by_another);
            found.push((key.into(), holder(stint, about, proved_by_another)));
        }
    }
    found
}

fn holder(stint: &Stint, about: &About, proved_by_another: bool) -> Holder {
    let (rights, groups) = about.rights();
    Holder {
        owner: stint.owner,
        point: stint.point,
        from: stint.from,
        until: stint.until,
        proved: stint.proved,
        believed: stint.believed,
        current: about.current.get(&stint.point).cloned(),
        names: about.names.clone(),
        name: about.name.clone(),
        silenced: about.silenced,
        revision: about.revision,
        rights,
        groups,
        blocked: about.blocked,
        proved_by_another,
    }
}
