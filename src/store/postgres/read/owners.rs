//! Owners, their changes, requests, audit trails and recorded queries.

use super::{after, all, before, first, page};
use crate::{
    domain::{
        address::Address,
        change::Request,
        id::{AuditId, OwnerId, PointId, QueryId, RequestId},
        owner::{Change, Held, Owner, Point, Proof},
    },
    store::{
        Audit, Owners, Page, QueryRecord, Result, StoreError,
        postgres::{
            Postgres,
            columns::Columns,
            failure::{Failure, retried},
            session::Answer,
            value::{Stored as _, values},
        },
    },
};
use async_trait::async_trait;
use std::collections::HashMap;
use tokio_postgres::Row;

const OWNER: &str = "/* owner */ SELECT id, version, revision, claimed, silenced, language, profile, created, zone
    FROM owners WHERE id = ANY($1) ORDER BY id";
const POINTS: &str = "/* owner.points */ SELECT owner, id, kind, label, removed FROM points
    WHERE owner = ANY($1) ORDER BY owner, place, id";
const VALUES: &str =
    "/* owner.values */ SELECT owner, point, key, wire, since, until, proof, proof_by, proved FROM held
    WHERE owner = ANY($1) ORDER BY owner, point, number";

impl Postgres {
    /// Owners with all that is theirs, in one snapshot, in the order of their ids.
    async fn whole(&self, ids: Vec<Vec<u8>>) -> std::result::Result<Vec<Owner>, Failure> {
        let mut session = self.session().await?;
        session.opened();
        let mut pipeline = session.pipeline();
        pipeline.simple("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await;
        for sql in [OWNER, POINTS, VALUES] {
            pipeline.send(sql, values![ids.clone()]).await;
        }
        pipeline.simple("COMMIT").await;
        let answers = pipeline.finish().await?;
        session.ended();
        let [_, owners, points, held, _] = &answers[..] else {
            return Err(StoreError::Damaged("an answer of the database".into()).into());
        };
        Ok(assemble(owners, points, held)?)
    }

    async fn owner_ids(&self, last: Option<OwnerId>, limit: usize) -> std::result::Result<Vec<Vec<u8>>, Failure> {
        const SQL: &str = "/* owners */ SELECT id FROM owners WHERE id > $1 ORDER BY id LIMIT $2";
        let answer = self.session().await?.one(SQL, values![after(last), limit]).await?;
        Ok(all(&answer.rows, |row| Columns::of(row, "owners").next())?)
    }
}

fn assemble(owners: &Answer, points: &Answer, held: &Answer) -> Result<Vec<Owner>> {
    let mut values: HashMap<(OwnerId, PointId), Vec<Held>> = HashMap::new();
    for row in &held.rows {
        let mut columns = Columns::of(row, "held");
        let of = (columns.stored()?, columns.stored()?);
        values.entry(of).or_default().push(value(&mut columns)?);
    }
    let mut of_owner: HashMap<OwnerId, Vec<Point>> = HashMap::new();
    for row in &points.rows {
        let mut columns = Columns::of(row, "points");
        let (owner, id) = (columns.stored()?, columns.stored()?);
        let values = values.remove(&(owner, id)).unwrap_or_default();
        let point =
            Point { id, kind: columns.word()?, label: columns.text()?, removed: columns.time_or_none()?, values };
        of_owner.entry(owner).or_default().push(point);
    }
    all(&owners.rows, |row| {
        let mut columns = Columns::of(row, "owners");
        let id = columns.stored()?;
        Ok(Owner {
            id,
            version: columns.number()?,
            revision: columns.number()?,
            claimed: columns.next()?,
            silenced: columns.next()?,
            language: columns.text()?,
            profile: columns.json()?,
            points: of_owner.get(&id).cloned().unwrap_or_default(),
            created: columns.time()?,
            zone: columns.text_or_none()?,
        })
    })
}

fn value(columns: &mut Columns<'_>) -> Result<Held> {
    let address = Address::stored(columns.text()?, columns.text()?);
    let (from, until) = (columns.time()?, columns.time_or_none()?);
    let (proof, by) = (columns.text()?, columns.text_or_none()?);
    let proof = match (&*proof, by) {
        ("none", _) => Proof::None,
        ("code", _) => Proof::Code,
        ("imported", Some(source)) => Proof::Imported(source),
        ("vouched", Some(app)) => {
            Proof::Vouched(app.parse().map_err(|_| StoreError::Damaged("table held, column proof_by".into()))?)
        }
        _ => return Err(StoreError::Damaged("table held, column proof".into())),
    };
    Ok(Held { address, from, until, proof, proved: columns.time()? })
}

fn change(row: &Row) -> Result<Change> {
    let mut columns = Columns::of(row, "changes");
    Ok(Change {
        owner: columns.stored()?,
        revision: columns.number()?,
        at: columns.time()?,
        request: columns.stored()?,
        snapshot: columns.text()?,
    })
}

pub(super) fn request(row: &Row) -> Result<Request> {
    let mut columns = Columns::of(row, "requests");
    Ok(Request {
        id: columns.stored()?,
        owner: columns.stored()?,
        state: columns.word()?,
        wanted: columns.text()?,
        by: columns.text()?,
        created: columns.time()?,
        decided: columns.time_or_none()?,
        course: columns.json()?,
        due: columns.time_or_none()?,
    })
}

fn audit(row: &Row) -> Result<Audit> {
    let mut columns = Columns::of(row, "audits");
    Ok(Audit {
        id: columns.stored()?,
        owner: columns.stored()?,
        at: columns.time()?,
        by: columns.text()?,
        what: columns.text()?,
        detail: columns.text()?,
    })
}

fn query(row: &Row) -> Result<QueryRecord> {
    let mut columns = Columns::of(row, "queries");
    Ok(QueryRecord {
        id: columns.stored()?,
        owner: columns.stored()?,
        at: columns.time()?,
        way: columns.text()?,
        // As in the embedded store.
        asked: Some(columns.address()?).filter(|asked| !asked.key().is_empty()),
        viewer: columns.text()?,
        because: columns.word()?,
        told: columns.next()?,
        connected: columns.next()?,
        revision: columns.number()?,
        groups: columns.stored_list(16)?,
        detail: columns.text()?,
    })
}

#[async_trait]
impl Owners for Postgres {
    async fn owner(&self, id: OwnerId) -> Result<Option<Owner>> {
        let owners = retried!(self, self.whole(vec![id.stored()]))?;
        Ok(owners.into_iter().next())
    }

    async fn owners(&self, after: Option<OwnerId>, limit: usize) -> Result<Page<Owner>> {
        let ids = page(retried!(self, self.owner_ids(after, limit.saturating_add(1)))?, limit);
        Ok(Page { items: retried!(self, self.whole(ids.items.clone()))?, more: ids.more })
    }

    async fn changes(&self, owner: OwnerId, after: u64, limit: usize) -> Result<Page<Change>> {
        const SQL: &str = "/* changes */ SELECT owner, revision, at, request, snapshot FROM changes
            WHERE owner = $1 AND revision > $2 ORDER BY revision LIMIT $3";
        let answer = self.read(SQL, || values![owner, after, limit.saturating_add(1)]).await?;
        Ok(page(all(&answer.rows, change)?, limit))
    }

    async fn request(&self, owner: OwnerId, id: RequestId) -> Result<Option<Request>> {
        const SQL: &str =
            "/* request */ SELECT id, owner, state, wanted, asked_by, created, decided, course, due FROM requests
            WHERE owner = $1 AND id = $2";
        first(&self.read(SQL, || values![owner, id]).await?.rows, request)
    }

    async fn requests(&self, owner: OwnerId, last: Option<RequestId>, limit: usize) -> Result<Page<Request>> {
        const SQL: &str =
            "/* requests */ SELECT id, owner, state, wanted, asked_by, created, decided, course, due FROM requests
            WHERE owner = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
        let answer = self.read(SQL, || values![owner, before(last), limit.saturating_add(1)]).await?;
        Ok(page(all(&answer.rows, request)?, limit))
    }

    async fn audit(&self, owner: OwnerId, last: Option<AuditId>, limit: usize) -> Result<Page<Audit>> {
        const SQL: &str = "/* audit */ SELECT id, owner, at, done_by, what, detail FROM audits
            WHERE owner = $1 AND id > $2 AND what <> '' ORDER BY id LIMIT $3";
        let answer = self.read(SQL, || values![owner, after(last), limit.saturating_add(1)]).await?;
        Ok(page(all(&answer.rows, audit)?, limit))
    }

    async fn queries(&self, owner: OwnerId, last: Option<QueryId>, limit: usize) -> Result<Page<QueryRecord>> {
        const SQL: &str = "/* queries */ SELECT id, owner, at, way, asked_key, asked_wire, viewer, because, told,
                connected, revision, gave, detail
            FROM queries WHERE owner = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
        let answer = self.read(SQL, || values![owner, before(last), limit.saturating_add(1)]).await?;
        Ok(page(all(&answer.rows, query)?, limit))
    }

    async fn query(&self, id: QueryId) -> Result<Option<QueryRecord>> {
        const SQL: &str = "/* query */ SELECT id, owner, at, way, asked_key, asked_wire, viewer, because, told,
                connected, revision, gave, detail
            FROM queries WHERE id = $1 LIMIT 1";
        first(&self.read(SQL, || values![id]).await?.rows, query)
    }
}
