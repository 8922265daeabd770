//! The chains of the audit trails.

use super::{Wanted, Writer};
use crate::{
    clock::{Random as _, SystemRandom},
    domain::id::{AuditId, OwnerId},
    store::{
        Audit, Effect, StoreError,
        chain::{Head, Seal},
        postgres::{
            columns::Columns,
            failure::Failure,
            read::audit_line,
            session::{Answer, Pipeline},
            value::{Stored as _, values},
        },
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// Lines in one step of making chains.
const STEP: i64 = 2_000;

/// Owners to whose trails these effects add, in order, but for those who are new.
fn owners(effects: &[Effect]) -> BTreeSet<OwnerId> {
    let audited = effects.iter().filter_map(|effect| match effect {
        Effect::Audited(audit) => Some(audit.owner),
        _ => None,
    });
    audited.collect()
}

/// Asks for the ends of the chains that are written to, and locks them: who adds to one waits for who came first. In the
/// order of owners, so that two commits wait and do not deadlock.
pub(super) async fn lock(pipeline: &mut Pipeline<'_>, effects: &[Effect]) -> BTreeSet<OwnerId> {
    const SQL: &str = "/* chain.lock */ INSERT INTO audit_heads (owner, number, hash) VALUES ($1, 0, $2)
        ON CONFLICT (owner) DO UPDATE SET number = audit_heads.number RETURNING number, hash";
    let owners = owners(effects);
    for owner in &owners {
        pipeline.send(SQL, values![*owner, vec![0_u8; 32]]).await;
    }
    owners
}

/// What was answered to [`lock`].
pub(super) fn locked(
    owners: BTreeSet<OwnerId>,
    mut answers: impl Iterator<Item = Answer>,
) -> Result<BTreeMap<OwnerId, Head>, StoreError> {
    let mut heads = BTreeMap::new();
    for owner in owners {
        let answer = answers.next().unwrap_or_default();
        let row = answer.rows.first().ok_or(StoreError::Conflict)?;
        let mut columns = Columns::of(row, "audit_heads");
        heads.insert(owner, Head { number: columns.number()?, hash: columns.hash()? });
    }
    Ok(heads)
}

impl<'a> Writer<'a> {
    fn seal(&mut self, audit: &Audit) -> ([u8; 16], Seal) {
        let mut salt = [0; 16];
        self.random.fill(&mut salt);
        let seal = self.heads.entry(audit.owner).or_default().add(&salt, audit);
        (salt, seal)
    }

    pub(super) async fn audited(&mut self, audit: &'a Audit) {
        const SQL: &str = "/* audit.add */ INSERT INTO audits
                (owner, id, at, done_by, what, detail, number, salt, content, hash)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        let (salt, Seal { number, content, hash }) = self.seal(audit);
        let (by, what, detail) = (&*audit.by, &*audit.what, &*audit.detail);
        let [salt, content, hash] = [salt.to_vec(), content.to_vec(), hash.to_vec()];
        let values = values![audit.owner, audit.id, audit.at, by, what, detail, number, salt, content, hash];
        self.send(Wanted::One, SQL, values).await;
    }

    /// The first lines of owners who are new, each its own chain.
    pub(super) async fn all_audited(&mut self, lines: Vec<Audit>) {
        const LINES: &str = "/* audits.add */ INSERT INTO audits
                (owner, id, at, done_by, what, detail, number, salt, content, hash)
            SELECT owner, id, at, done_by, what, detail, 1, salt, content, hash FROM unnest($1::BYTEA[], $2::BYTEA[],
                $3::BIGINT[], $4::TEXT[], $5::TEXT[], $6::TEXT[], $7::BYTEA[], $8::BYTEA[], $9::BYTEA[])
                AS m (owner, id, at, done_by, what, detail, salt, content, hash)";
        const HEADS: &str = "/* chains.add */ INSERT INTO audit_heads (owner, number, hash)
            SELECT owner, 1, hash FROM unnest($1::BYTEA[], $2::BYTEA[]) AS m (owner, hash)";
        let owners: Vec<Vec<u8>> = lines.iter().map(|line| line.owner.stored()).collect();
        let ids: Vec<Vec<u8>> = lines.iter().map(|line| line.id.stored()).collect();
        let (mut salts, mut contents, mut hashes) = (Vec::new(), Vec::new(), Vec::new());
        for line in &lines {
            let mut salt = [0; 16];
            self.random.fill(&mut salt);
            let seal = Head::default().add(&salt, line);
            salts.push(salt.to_vec());
            contents.push(seal.content.to_vec());
            hashes.push(seal.hash.to_vec());
        }
        let texts = |text: fn(&Audit) -> &str| -> Vec<String> { lines.iter().map(|l| text(l).to_owned()).collect() };
        let times: Vec<i64> = lines.iter().map(|line| line.at.0).collect();
        self.send(Wanted::Any, HEADS, values![owners.clone(), hashes.clone()]).await;
        let (by, what, detail) = (texts(|line| &line.by), texts(|line| &line.what), texts(|line| &line.detail));
        let values = values![owners, ids, times, by, what, detail, salts, contents, hashes];
        self.send(Wanted::Any, LINES, values).await;
    }

    /// Writes where the chains end now.
    pub(super) async fn set_heads(&mut self) {
        const SQL: &str = "/* chain.set */ UPDATE audit_heads SET number = $2, hash = $3 WHERE owner = $1";
        for (owner, Head { number, hash }) in std::mem::take(&mut self.heads) {
            self.send(Wanted::One, SQL, values![owner, number, hash.to_vec()]).await;
        }
    }
}

/// Puts all lines that are there into chains, in the order of their ids: once, when the schema learns of chains.
pub(in crate::store::postgres) async fn make_chains(client: &tokio_postgres::Client) -> Result<(), Failure> {
    const NEXT: &str = "/* chains.make */ SELECT owner, id, at, done_by, what, detail FROM audits
        WHERE (owner, id) > ($1, $2) ORDER BY owner, id LIMIT $3";
    const SET: &str = "/* chains.make.set */ UPDATE audits SET number = m.number, salt = m.salt, content = m.content,
            hash = m.hash
        FROM unnest($1::BYTEA[], $2::BYTEA[], $3::BIGINT[], $4::BYTEA[], $5::BYTEA[], $6::BYTEA[])
            AS m (owner, id, number, salt, content, hash)
        WHERE audits.owner = m.owner AND audits.id = m.id";
    const HEADS: &str = "/* chains.make.heads */ INSERT INTO audit_heads (owner, number, hash)
        SELECT * FROM unnest($1::BYTEA[], $2::BIGINT[], $3::BYTEA[])
        ON CONFLICT (owner) DO UPDATE SET number = excluded.number, hash = excluded.hash";
    let random = SystemRandom::new();
    let mut last = (Vec::new(), Vec::new());
    let (mut of, mut head) = (None, Head::default());
    loop {
        let rows = client.query(NEXT, &[&last.0, &last.1, &STEP]).await?;
        let (mut owners, mut ids, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
        let (mut salts, mut contents, mut hashes) = (Vec::new(), Vec::new(), Vec::new());
        let mut heads: BTreeMap<OwnerId, Head> = BTreeMap::new();
        for row in &rows {
            let line: Audit = audit_line(&mut Columns::of(row, "audits"))?;
            if of != Some(line.owner) {
                (of, head) = (Some(line.owner), Head::default());
            }
            let mut salt = [0_u8; 16];
            random.fill(&mut salt);
            let seal = head.add(&salt, &line);
            heads.insert(line.owner, head);
            owners.push(OwnerId::stored(line.owner));
            ids.push(AuditId::stored(line.id));
            numbers.push(seal.number.cast_signed());
            salts.push(salt.to_vec());
            contents.push(seal.content.to_vec());
            hashes.push(seal.hash.to_vec());
        }
        if let (Some(owner), Some(id)) = (owners.last(), ids.last()) {
            last = (owner.clone(), id.clone());
        }
        client.execute(SET, &[&owners, &ids, &numbers, &salts, &contents, &hashes]).await?;
        let of_heads: Vec<Vec<u8>> = heads.keys().map(|owner| owner.stored()).collect();
        let ends: Vec<i64> = heads.values().map(|head| head.number.cast_signed()).collect();
        let last_hashes: Vec<Vec<u8>> = heads.values().map(|head| head.hash.to_vec()).collect();
        client.execute(HEADS, &[&of_heads, &ends, &last_hashes]).await?;
        if i64::try_from(rows.len()).unwrap_or(0) < STEP {
            return Ok(());
        }
    }
}
