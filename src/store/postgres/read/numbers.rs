//! The number index: who holds or held an address, and what a viewer may do there.

use super::{
    about::{Seen, addresses, ask_about, gather, held_by, holders, owners_of, stint, stints},
    all,
};
use crate::{
    clock::Time,
    domain::{
        group::Viewer,
        name::NameKey,
        opt_out::{Said, Tenure},
        query::{Facts, Holder},
    },
    store::{
        Numbers, Result, StoreError,
        postgres::{
            Postgres,
            columns::Columns,
            failure::{Failure, retried},
            session::Answer,
            value::{Stored as _, digest, values},
        },
    },
};
use async_trait::async_trait;
use std::collections::{BTreeSet, HashMap};

const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// A place in the feed of values that became former.
#[derive(Clone, Default)]
pub(in crate::store::postgres) struct Left {
    at: Time,
    point: Vec<u8>,
    number: i64,
}

impl Left {
    /// Right before everything of this moment.
    pub(in crate::store::postgres) fn since(at: Time) -> Self {
        Self { at, ..Self::default() }
    }
}

impl Postgres {
    /// How many former values there are.
    pub(in crate::store::postgres) async fn former_count(&self) -> Result<usize> {
        const SQL: &str = "/* numbers.former_count */ SELECT count(*) FROM held WHERE left_at IS NOT NULL";
        let answer = self.read(SQL, Vec::new).await?;
        let count: u64 = answer.rows.first().map_or(Ok(0), |row| Columns::of(row, "held").number())?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// Keys of former values after a place in the feed, and the place of the last one.
    pub(in crate::store::postgres) async fn former_page(
        &self,
        after: &Left,
        limit: usize,
    ) -> std::result::Result<(Vec<Box<str>>, Option<Left>), Failure> {
        const SQL: &str = "/* numbers.former */ SELECT left_at, point, number, key FROM held
            WHERE left_at IS NOT NULL AND (left_at, point, number) > ($1, $2, $3)
            ORDER BY left_at, point, number LIMIT $4";
        let values = values![after.at, after.point.clone(), after.number, limit];
        let answer = self.session().await?.one(SQL, values).await?;
        let mut keys = Vec::with_capacity(answer.rows.len());
        let mut last = None;
        for row in &answer.rows {
            let mut columns = Columns::of(row, "held");
            last = Some(Left { at: columns.time()?, point: columns.next()?, number: columns.next()? });
            keys.push(columns.text()?);
        }
        Ok((keys, last))
    }

    /// One snapshot: the rows of the address and of the viewer's own addresses first, then all that is known of the
    /// owners in them.
    async fn look_up(&self, key: &str, viewer: &Viewer) -> std::result::Result<Facts, Failure> {
        let mut session = self.session().await?;
        session.opened();
        let mut pipeline = session.pipeline();
        pipeline.simple(SNAPSHOT).await;
        pipeline.send(HELD, values![vec![key.to_owned()]]).await;
        pipeline.send(HELD_NOW, values![addresses(viewer)]).await;
        let answers = pipeline.finish().await?;
        let stints = all(&answers[1].rows, stint)?;
        let held_by = held_by(&answers[2])?;
        let (proved, claimed) = (Seen::of(&viewer.proved, &held_by), Seen::of(&viewer.claimed, &held_by));
        let asking: Vec<Vec<u8>> = proved.owners.iter().chain(&claimed.owners).map(|owner| owner.stored()).collect();
        let mut pipeline = session.pipeline();
        pipeline.send(BOOK_NAMES, values![asking.clone(), key]).await;
        // To everybody, or to one of the viewer's owners.
        let scopes: Vec<Vec<u8>> = asking.into_iter().chain([Vec::new()]).collect();
        pipeline.send(SAID, values![owners_of(&stints), scopes]).await;
        ask_about(&mut pipeline, &stints, (proved, claimed)).await;
        let answers = pipeline.finish().await?;
        session.ended();
        let [book_names, said, about @ .., _commit] = &answers[..] else { return Err(odd()) };
        let mut names = BTreeSet::new();
        for row in &book_names.rows {
            let of_contact: Vec<String> = Columns::of(row, "contacts").json()?;
            names.extend(of_contact.into_iter().map(NameKey::stored));
        }
        Ok(Facts {
            holders: holders(&stints, &gather(about)?).into_iter().map(|(_, holder)| holder).collect(),
            book_names: names.into_iter().collect(),
            opt_outs: opt_outs(said)?,
        })
    }

    async fn look_up_name(&self, name: &NameKey, viewer: &Viewer) -> std::result::Result<Vec<Holder>, Failure> {
        let mut session = self.session().await?;
        session.opened();
        let mut pipeline = session.pipeline();
        pipeline.simple(SNAPSHOT).await;
        pipeline.send(HELD_NOW, values![addresses(viewer)]).await;
        let answers = pipeline.finish().await?;
        let held_by = held_by(&answers[1])?;
        let proved = Seen::of(&viewer.proved, &held_by);
        let asked = values![digest(name.as_str()), proved.keys.clone(), proved.members.clone()];
        let answer = session.one(BEARERS, asked).await?;
        let owners: Vec<Vec<u8>> = all(&answer.rows, |row| Columns::of(row, "owner_names").next())?;
        let stints = all(&session.one(PRESENT, values![owners]).await?.rows, stint)?;
        let mut pipeline = session.pipeline();
        // What is only claimed counts for nothing here: an answer to a name alone is a value.
        ask_about(&mut pipeline, &stints, (proved, Seen::default())).await;
        let answers = pipeline.finish().await?;
        session.ended();
        let [about @ .., _commit] = &answers[..] else { return Err(odd()) };
        let about = gather(about)?;
        let mut present: Vec<Holder> = holders(&stints, &about).into_iter().map(|(_, holder)| holder).collect();
        present.retain(|holder| holder.current.is_some());
        let place =
            |holder: &Holder| about.get(&holder.owner).and_then(|about| about.places.get(&holder.point)).copied();
        present.sort_by_key(|holder| (holder.owner, place(holder)));
        Ok(present)
    }

    async fn look_up_many(&self, keys: &[Box<str>]) -> std::result::Result<Vec<(Box<str>, Holder)>, Failure> {
        let mut session = self.session().await?;
        session.opened();
        let mut pipeline = session.pipeline();
        pipeline.simple(SNAPSHOT).await;
        pipeline.send(HELD, values![keys]).await;
        let answers = pipeline.finish().await?;
        let stints = all(&answers[1].rows, stint)?;
        let mut pipeline = session.pipeline();
        ask_about(&mut pipeline, &stints, (Seen::default(), Seen::default())).await;
        let answers = pipeline.finish().await?;
        session.ended();
        let [about @ .., _commit] = &answers[..] else { return Err(odd()) };
        let mut found = holders(&stints, &gather(about)?);
        let places: HashMap<&str, usize> = keys.iter().enumerate().map(|(place, key)| (&**key, place)).collect();
        found.sort_by_key(|(key, _)| places.get(&**key).copied());
        Ok(found)
    }
}

const HELD: &str = stints!("numbers.held", "key = ANY($1)");
const HELD_NOW: &str = stints!("numbers.held_now", "key = ANY($1) AND until IS NULL AND proof <> 'none'");
const PRESENT: &str = stints!("numbers.present", "owner = ANY($1) AND until IS NULL AND proof <> 'none'");
const SAID: &str = "/* numbers.said */ SELECT o.key, o.wire, o.scope, o.at, h.owner, h.since, h.until
    FROM opt_outs o LEFT JOIN held h ON h.key = o.key AND h.proof <> 'none'
    WHERE o.key IN (SELECT v.key FROM held v WHERE v.owner = ANY($1)) AND o.scope = ANY($2)
    ORDER BY o.key, o.scope, h.since";
const BOOK_NAMES: &str = "/* numbers.book_names */ SELECT c.names FROM contact_keys k
    JOIN contacts c ON c.owner = k.owner AND c.id = k.contact WHERE k.owner = ANY($1) AND k.key = $2";
const BEARERS: &str = "/* numbers.bearers */ SELECT n.owner FROM owner_names n WHERE n.digest = $1 AND (
    EXISTS (SELECT 1 FROM members m WHERE m.owner = n.owner AND m.member = ANY($3))
    OR EXISTS (SELECT 1 FROM contact_keys k JOIN members m ON m.owner = k.owner AND m.member = k.member
        WHERE k.owner = n.owner AND k.key = ANY($2) AND k.counts))";

/// Rows of one opt-out stand together, one for each who holds or held the number.
fn opt_outs(answer: &Answer) -> Result<Vec<Said>> {
    let mut found: Vec<Said> = Vec::new();
    let mut last = None;
    for row in &answer.rows {
        let mut columns = Columns::of(row, "opt_outs");
        let address = columns.address()?;
        let (scope, at): (Vec<u8>, Time) = (columns.next()?, columns.time()?);
        let this = Some((scope, address.key().to_owned()));
        if last != this {
            found.push(Said { address, at, tenures: Vec::new() });
            last = this;
        }
        let owner = columns.stored_or_none()?;
        if let (Some(said), Some(owner)) = (found.last_mut(), owner) {
            let from = columns.time()?;
            said.tenures.push(Tenure { owner, from, until: columns.time_or_none()? });
        }
    }
    Ok(found)
}

fn odd() -> Failure {
    StoreError::Damaged("an answer of the database".into()).into()
}

#[async_trait]
impl Numbers for Postgres {
    fn may_be_former(&self, key: &str) -> bool {
        self.filter.may_contain(key)
    }

    async fn facts(&self, key: &str, viewer: &Viewer) -> Result<Facts> {
        retried!(self, self.look_up(key, viewer))
    }

    async fn facts_by_name(&self, name: &NameKey, viewer: &Viewer) -> Result<Vec<Holder>> {
        retried!(self, self.look_up_name(name, viewer))
    }

    async fn holders(&self, keys: &[Box<str>]) -> Result<Vec<(Box<str>, Holder)>> {
        retried!(self, self.look_up_many(keys))
    }
}
