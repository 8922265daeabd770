//! One commit: `BEGIN`, marker, idempotency key and versions; all effects; `COMMIT`.

mod access;
mod books;
mod chains;
mod devices;
mod erasure;
mod exchange;
mod imported;
mod letters;
mod memory;
mod outbox;
mod owners;
mod passed;
mod returns;
mod traces;

pub(super) use chains::{make_chains, make_trails};
pub(super) use erasure::HOLDINGS;

use super::{
    Postgres, clock,
    columns::Columns,
    failure::Failure,
    schema,
    session::{Answer, Pipeline},
    value::{Value, digest, values},
};
use crate::{
    clock::{Random, Time},
    domain::{address::Address, id::OwnerId},
    store::{
        Commit, Effect, Once, StoreError,
        chain::{Chain, Head},
        erasure::AddressHash,
    },
};
use std::collections::BTreeMap;
use tokio_postgres::{Error, error::SqlState};

/// What the answer to a statement must be for the commit to go on.
enum Wanted {
    /// Whatever it is.
    Any,
    /// Nothing was found, else `Conflict`.
    Nothing,
    /// One row was written, else `Conflict`.
    One,
    /// One row was written, else `Repeated`.
    New,
    /// One row was written, else `Spent`.
    Spare,
    /// One row was written, else `Conflict`; a second present holder means `Taken`.
    Free(Address),
    /// One row was written, with the key of a value that is now former; else `Conflict`.
    Former,
}

/// The statements of one commit's effects.
struct Writer<'a> {
    pipeline: Pipeline<'a>,
    wanted: Vec<Wanted>,
    /// Keys that are written as former at once.
    former: Vec<Box<str>>,
    /// The database's time in this commit.
    now: Time,
    /// Where the chains that are written to end now.
    heads: BTreeMap<Chain, Head>,
    /// Makes salts.
    random: &'a dyn Random,
    /// Hashes addresses that are not to be kept.
    hash: &'a AddressHash,
    /// Addresses that only the owners who are erased have or had.
    erased: BTreeMap<OwnerId, Vec<String>>,
}

impl<'a> Writer<'a> {
    async fn send(&mut self, wanted: Wanted, sql: &'static str, values: Vec<Value<'a>>) {
        self.pipeline.send(sql, values).await;
        self.wanted.push(wanted);
    }

    /// Every variant goes to the file of its entity.
    async fn effect(&mut self, effect: &'a Effect) {
        match effect {
            Effect::OwnerAdded(_)
            | Effect::OwnerSet { .. }
            | Effect::ZoneSet(..)
            | Effect::NamesSet(..)
            | Effect::PointSet(..)
            | Effect::ValueHeld(..)
            | Effect::ValueLeft(..)
            | Effect::ValueProved { .. }
            | Effect::Changed(_)
            | Effect::RequestSet(_) => self.owner_effect(effect).await,
            Effect::OwnersImported(all) => self.owners_imported(all).await,
            Effect::BookSet(_)
            | Effect::BookRemoved(..)
            | Effect::GroupSet(_)
            | Effect::GroupRemoved(..)
            | Effect::ContactSet(_)
            | Effect::ContactRemoved(..)
            | Effect::MemberAdded(..)
            | Effect::MemberRemoved(..)
            | Effect::Blocked(..)
            | Effect::Unblocked(..)
            | Effect::FellAsleep(_)
            | Effect::Awoke { .. } => self.book_effect(effect).await,
            Effect::FanoutDue(_)
            | Effect::FanoutMoved(..)
            | Effect::LinkingDue { .. }
            | Effect::LinkingMoved { .. }
            | Effect::NoticeDue(_)
            | Effect::NoticeSet { .. }
            | Effect::NoticeMarked { .. }
            | Effect::AttemptBegun { .. }
            | Effect::AttemptEnded { .. }
            | Effect::ShownTo(_)
            | Effect::OptedOut(_)
            | Effect::OptedIn { .. } => self.outbox_effect(effect).await,
            Effect::Returned(_) => self.return_effect(effect).await,
            Effect::Posted(posted) => self.letter_effect(posted).await,
            Effect::Admitted(admitted) => self.access_effect(admitted).await,
            Effect::Passing(_) => self.passing_effect(effect).await,
            Effect::Memory(memory) => self.memory_effect(memory).await,
            Effect::OfErasure(said) => self.erasure_effect(said).await,
            Effect::OfDevice(said) => self.device_effect(said).await,
            Effect::Exchanged(said) => self.exchange_effect(said).await,
            Effect::Substituted(_)
            | Effect::SubstitutionNamed(..)
            | Effect::Queried(_)
            | Effect::KeySet(_)
            | Effect::Audited(_)
            | Effect::Figured(_)
            | Effect::Trailed(_) => self.trace_effect(effect).await,
        }
    }

    /// The keys that became former, where all answers are as wanted.
    async fn finish(self) -> Result<Vec<Box<str>>, Failure> {
        let mut former = self.former;
        for (answer, wanted) in self.pipeline.finish_each().await.into_iter().zip(self.wanted) {
            let answer = answer.map_err(|error| refused(error, &wanted))?;
            match wanted {
                Wanted::Nothing if answer.count > 0 => return Err(StoreError::Conflict.into()),
                Wanted::One | Wanted::Free(_) | Wanted::Former if answer.count != 1 => {
                    return Err(StoreError::Conflict.into());
                }
                Wanted::Former => {
                    for row in &answer.rows {
                        former.push(Columns::of(row, "held").text()?);
                    }
                }
                Wanted::New if answer.count != 1 => return Err(StoreError::Repeated.into()),
                Wanted::Spare if answer.count != 1 => return Err(StoreError::Spent.into()),
                Wanted::Nothing | Wanted::One | Wanted::New | Wanted::Spare | Wanted::Free(_) | Wanted::Any => {}
            }
        }
        Ok(former)
    }
}

/// A violated constraint by its name; Citus appends the number of the shard.
fn refused(error: Error, wanted: &Wanted) -> Failure {
    let constraint = error
        .as_db_error()
        .filter(|refusal| refusal.code() == &SqlState::UNIQUE_VIOLATION)
        .and_then(|refusal| refusal.constraint());
    match (constraint, wanted) {
        (Some(name), Wanted::Free(address)) if name.starts_with("held_current") => {
            StoreError::Taken(address.clone()).into()
        }
        _ => error.into(),
    }
}

impl Postgres {
    /// Tries once. `asked` becomes true right before `COMMIT` is sent: from then on its end is in doubt until the
    /// answer is here.
    pub(super) async fn write(&self, marker: &[u8; 16], commit: &Commit, asked: &mut bool) -> Result<Time, Failure> {
        let mut session = self.session().await?;
        session.opened();
        let mut first = session.pipeline();
        first.simple("BEGIN ISOLATION LEVEL READ COMMITTED").await;
        first
            .send(
                concat!(
                    "/* commit.mark */ INSERT INTO commits (id, at) SELECT $1::BYTEA, ",
                    clock!(),
                    " WHERE NOT EXISTS (SELECT 1 FROM redial_schema WHERE number > $2)
                    ON CONFLICT (id) DO NOTHING RETURNING at"
                ),
                values![&marker[..], schema::known()],
            )
            .await;
        if let Some(once) = &commit.once {
            send_once(&mut first, once).await;
        }
        // In one order everywhere, so that two commits that expect the same owners wait and do not deadlock.
        let mut expected = commit.expect.clone();
        expected.sort_unstable();
        for (owner, version) in &expected {
            const SQL: &str =
                "/* commit.expect */ UPDATE owners SET version = version + 1 WHERE id = $1 AND version = $2";
            first.send(SQL, values![*owner, *version]).await;
        }
        let chained = chains::lock(&mut first, &commit.effects).await;
        let erased = erasure::ask(&mut first, &commit.effects).await;
        let mut answers = first.finish().await?.into_iter().skip(1);
        let Some(now) = marked(&answers.next().unwrap_or_default())? else {
            // This commit took effect in an earlier try.
            const SQL: &str = "/* commit.found */ SELECT at FROM commits WHERE id = $1";
            let answer = session.one(SQL, values![&marker[..]]).await?;
            if let Some(at) = marked(&answer)? {
                return Ok(at);
            }
            self.newer.look(&session).await?;
            return Err(Failure::Again("the commit's mark was just removed".into()));
        };
        if commit.once.is_some() && answers.next().unwrap_or_default().count != 1 {
            return Err(StoreError::Repeated.into());
        }
        if answers.by_ref().take(expected.len()).any(|answer| answer.count != 1) {
            return Err(StoreError::Conflict.into());
        }
        let heads = chains::locked(chained, &mut answers)?;
        let erased = erasure::asked(erased, answers)?;
        let (wanted, former, random) = (Vec::new(), Vec::new(), &*self.random);
        let mut writer =
            Writer { pipeline: session.pipeline(), wanted, former, now, heads, random, hash: &self.hash, erased };
        for effect in &commit.effects {
            writer.effect(effect).await;
        }
        writer.set_heads().await;
        let former = writer.finish().await?;
        // In the filter before anybody can see it in the table.
        let _open = self.gate.read().await;
        for key in &former {
            self.filter.insert(self.filter.hash(key));
        }
        *asked = true;
        session.commit().await?;
        Ok(now)
    }
}

/// The time in a marker's row; `None` where there is no row.
fn marked(answer: &Answer) -> Result<Option<Time>, StoreError> {
    answer.rows.first().map(|row| Columns::of(row, "commits").time()).transpose()
}

async fn send_once<'a>(pipeline: &mut Pipeline<'a>, once: &'a Once) {
    const SQL: &str = concat!(
        "/* commit.once */ INSERT INTO answered (caller, slot, path, key, digest, status, body, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, ",
        clock!(),
        ") ON CONFLICT (caller, slot) DO NOTHING"
    );
    let values = values![
        once.caller,
        slot(&once.path, &once.key),
        &*once.path,
        &*once.key,
        &once.digest[..],
        u32::from(once.status),
        &*once.body,
    ];
    pipeline.send(SQL, values).await;
}

/// Path and key of an idempotent request in one; a path has no line break.
pub(super) fn slot(path: &str, key: &str) -> Vec<u8> {
    digest(&format!("{path}\n{key}"))
}
