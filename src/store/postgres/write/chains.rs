//! The chains of the audit trails and of the operation's trails.

use super::{Wanted, Writer};
use crate::{
    clock::{Random as _, SystemRandom},
    domain::id::{AuditId, OwnerId},
    store::{
        Audit, Effect, StoreError, Trail, TrailLine,
        chain::{Chain, Head, Line, Seal},
        postgres::{
            columns::Columns,
            failure::Failure,
            read::{audit_line, head, trail_line},
            session::{Answer, Pipeline},
            value::{Stored as _, values},
        },
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// Lines in one step of making chains.
const STEP: i64 = 2_000;

/// Chains that these effects add to, in order, but for those of owners who are new.
fn chains(effects: &[Effect]) -> BTreeSet<Chain> {
    let written = effects.iter().filter_map(|effect| match effect {
        Effect::Audited(audit) => Some(Chain::Owner(audit.owner)),
        Effect::Trailed(line) => Some(Chain::Trail(line.trail)),
        _ => None,
    });
    written.collect()
}

/// Asks for the ends of the chains that are written to, and locks them: who adds to one waits for who came first. In one
/// order, so that two commits wait and do not deadlock.
pub(super) async fn lock(pipeline: &mut Pipeline<'_>, effects: &[Effect]) -> BTreeSet<Chain> {
    const OWNER: &str = "/* chain.lock */ INSERT INTO audit_heads (owner, number, hash) VALUES ($1, 0, $2)
        ON CONFLICT (owner) DO UPDATE SET number = audit_heads.number RETURNING number, hash";
    const TRAIL: &str = "/* trail.lock */ INSERT INTO trail_heads (trail, number, hash) VALUES ($1, 0, $2)
        ON CONFLICT (trail) DO UPDATE SET number = trail_heads.number RETURNING number, hash";
    let chains = chains(effects);
    for chain in &chains {
        match chain {
            Chain::Owner(owner) => pipeline.send(OWNER, values![*owner, vec![0_u8; 32]]).await,
            Chain::Trail(trail) => pipeline.send(TRAIL, values![trail.word(), vec![0_u8; 32]]).await,
        }
    }
    chains
}

/// What was answered to [`lock`].
pub(super) fn locked(
    chains: BTreeSet<Chain>,
    mut answers: impl Iterator<Item = Answer>,
) -> Result<BTreeMap<Chain, Head>, StoreError> {
    let mut heads = BTreeMap::new();
    for chain in chains {
        let answer = answers.next().unwrap_or_default();
        let row = answer.rows.first().ok_or(StoreError::Conflict)?;
        heads.insert(chain, head(&mut Columns::of(row, "heads"))?);
    }
    Ok(heads)
}

impl<'a> Writer<'a> {
    /// The salt, content and hash of a line at the end of its chain, and its place.
    fn seal(&mut self, chain: Chain, line: &impl Line) -> (u64, [Vec<u8>; 3]) {
        let mut salt = [0; 16];
        self.random.fill(&mut salt);
        let Seal { number, content, hash } = self.heads.entry(chain).or_default().add(&salt, line);
        (number, [salt.to_vec(), content.to_vec(), hash.to_vec()])
    }

    pub(super) async fn audited(&mut self, audit: &'a Audit) {
        const SQL: &str = "/* audit.add */ INSERT INTO audits
                (owner, id, at, done_by, what, detail, number, salt, content, hash)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        let (number, [salt, content, hash]) = self.seal(Chain::Owner(audit.owner), audit);
        let (by, what, detail) = (&*audit.by, &*audit.what, &*audit.detail);
        let values = values![audit.owner, audit.id, audit.at, by, what, detail, number, salt, content, hash];
        self.send(Wanted::One, SQL, values).await;
    }

    pub(super) async fn trailed(&mut self, line: &'a TrailLine) {
        const SQL: &str = "/* trail.add */ INSERT INTO trail
                (trail, id, at, done_by, origin, what, subject, number, salt, content, hash)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        let (number, [salt, content, hash]) = self.seal(Chain::Trail(line.trail), line);
        let TrailLine { trail, id, at, by, origin, what, subject } = line;
        let values =
            values![trail.word(), *id, *at, &**by, &**origin, &**what, &**subject, number, salt, content, hash];
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
        const OWNER: &str = "/* chain.set */ UPDATE audit_heads SET number = $2, hash = $3 WHERE owner = $1";
        const TRAIL: &str = "/* trail.set */ UPDATE trail_heads SET number = $2, hash = $3 WHERE trail = $1";
        for (chain, Head { number, hash }) in std::mem::take(&mut self.heads) {
            let hash = hash.to_vec();
            match chain {
                Chain::Owner(owner) => self.send(Wanted::One, OWNER, values![owner, number, hash]).await,
                Chain::Trail(trail) => self.send(Wanted::One, TRAIL, values![trail.word(), number, hash]).await,
            }
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

/// The same for the operation's trails.
pub(in crate::store::postgres) async fn make_trails(client: &tokio_postgres::Client) -> Result<(), Failure> {
    const NEXT: &str = "/* trails.make */ SELECT id, at, done_by, origin, what, subject FROM trail
        WHERE trail = $1 AND id > $2 ORDER BY id LIMIT $3";
    const SET: &str = "/* trails.make.set */ UPDATE trail SET number = m.number, salt = m.salt, content = m.content,
            hash = m.hash
        FROM unnest($2::BYTEA[], $3::BIGINT[], $4::BYTEA[], $5::BYTEA[], $6::BYTEA[])
            AS m (id, number, salt, content, hash)
        WHERE trail.trail = $1 AND trail.id = m.id";
    const HEAD: &str = "/* trails.make.head */ UPDATE trail_heads SET number = $2, hash = $3 WHERE trail = $1";
    let random = SystemRandom::new();
    for trail in Trail::ALL {
        let (mut last, mut head) = (Vec::new(), Head::default());
        loop {
            let rows = client.query(NEXT, &[&trail.word(), &last, &STEP]).await?;
            let (mut ids, mut numbers) = (Vec::new(), Vec::new());
            let (mut salts, mut contents, mut hashes) = (Vec::new(), Vec::new(), Vec::new());
            for row in &rows {
                let line = trail_line(trail, &mut Columns::of(row, "trail"))?;
                let mut salt = [0_u8; 16];
                random.fill(&mut salt);
                let seal = head.add(&salt, &line);
                ids.push(line.id.stored());
                numbers.push(seal.number.cast_signed());
                salts.push(salt.to_vec());
                contents.push(seal.content.to_vec());
                hashes.push(seal.hash.to_vec());
            }
            last = ids.last().cloned().unwrap_or(last);
            client.execute(SET, &[&trail.word(), &ids, &numbers, &salts, &contents, &hashes]).await?;
            if i64::try_from(rows.len()).unwrap_or(0) < STEP {
                break;
            }
        }
        client.execute(HEAD, &[&trail.word(), &head.number.cast_signed(), &&head.hash[..]]).await?;
    }
    Ok(())
}
