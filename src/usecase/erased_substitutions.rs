//! What a sender goes on seeing of messages and calls whose owner was erased (rules Q5, C7): the number that it used.
//!
//! The provider keeps the number that was connected, and a sender may read it there through Redial at any time. So what maps
//! it back stays, encrypted with a key that is made of the provider's id of the communication; and for as long as reports
//! come once more, with a key that is made of our own id, which stands in the URL that the provider calls. Neither id is
//! kept: who reads the store learns nothing, and who has the provider's reply or its report has the number already.

use super::{Env, memory, reference::SenderSide};
use crate::{
    clock::Time,
    domain::{
        address::Address,
        id::{OwnerId, QueryId, SubstitutionId},
    },
    store::{Came, Commit, Effect, Extent, Memory, MemoryKey, Result, StoreError, Substitution},
};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// For so long after a communication reports about it come.
const REPORTS: Duration = Duration::from_hours(31 * 24);
/// How often what is written at the same time by somebody else is looked at anew.
const TRIES: u32 = 8;
/// So many are read at once.
const PAGE: usize = 1_000;

/// A substitution without its account.
#[derive(serde::Serialize, serde::Deserialize)]
struct Kept {
    id: SubstitutionId,
    owner: OwnerId,
    query: QueryId,
    at: i64,
    channel: Box<str>,
    used: (Box<str>, Box<str>),
    used_text: Box<str>,
    connected: (Box<str>, Box<str>),
    sender: Option<(Box<str>, Box<str>)>,
    callback: Option<Box<str>>,
    foreign_id: Option<Box<str>>,
}

impl Kept {
    fn of(row: &Substitution) -> Self {
        let both = |address: &Address| (address.key().into(), address.wire().into());
        Self {
            id: row.id,
            owner: row.owner,
            query: row.query,
            at: row.at.0,
            channel: row.channel.clone(),
            used: both(&row.used),
            used_text: row.used_text.clone(),
            connected: both(&row.connected),
            sender: row.sender.as_ref().map(both),
            callback: row.callback.clone(),
            foreign_id: row.foreign_id.clone(),
        }
    }

    fn read(self, account: &str) -> Substitution {
        let address = |(key, wire): (Box<str>, Box<str>)| Address::stored(key, wire);
        Substitution {
            id: self.id,
            account: account.into(),
            channel: self.channel,
            owner: self.owner,
            used: address(self.used),
            used_text: self.used_text,
            connected: address(self.connected),
            sender: self.sender.map(address),
            callback: self.callback,
            foreign_id: self.foreign_id,
            query: self.query,
            at: Time(self.at),
        }
    }
}

/// By which of its ids something that stays is found.
#[derive(Clone, Copy)]
enum Under<'a> {
    /// The provider's, which several in one request may share: each has a place of its own.
    Provider(&'a str, u32),
    /// Ours.
    Own(SubstitutionId),
}

impl Under<'_> {
    fn bytes(self) -> Vec<u8> {
        match self {
            Self::Provider(id, 0) => id.as_bytes().to_vec(),
            // A provider's id has no zero byte.
            Self::Provider(id, place) => [id.as_bytes(), &[0], &place.to_be_bytes()[..]].concat(),
            Self::Own(id) => id.to_bytes().to_vec(),
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Provider(..) => "erased substitution",
            Self::Own(_) => "report on an erased substitution",
        }
    }

    fn name(self, account: &str) -> MemoryKey {
        memory::key(self.kind(), &[account.as_bytes(), &self.bytes()])
    }

    async fn key(self, env: &Env, account: &str) -> Result<LessSafeKey> {
        let key = env.mac(&[self.kind().as_bytes(), account.as_bytes(), &self.bytes()]).await?;
        UnboundKey::new(&CHACHA20_POLY1305, &key).map(LessSafeKey::new).map_err(|_| damaged())
    }
}

/// What stays of an owner's substitutions when the owner goes, and how many were read for it.
pub(super) async fn sealed(env: &Env, owner: OwnerId, now: Time) -> Result<(Vec<Effect>, Extent)> {
    let mut rows = Vec::new();
    loop {
        let last = rows.last().map(|row: &Substitution| row.id);
        let page = env.store.substitutions_about(owner, last, PAGE).await?;
        let more = page.len() == PAGE;
        rows.extend(page);
        if !more {
            break;
        }
    }
    let mut effects = Vec::new();
    for row in &rows {
        effects.extend(for_reports(env, row, now).await?);
    }
    effects.extend(for_reads(env, &rows, now).await?);
    Ok((effects, Extent::of(&rows)))
}

/// The provider's id of substitutions came when their owner was gone: what would have stayed of them with it.
pub(super) async fn named_late(env: &Env, rows: &[Substitution]) -> Result<()> {
    let now = env.clock.now();
    for _ in 0..TRIES {
        let mut effects = for_reads(env, rows, now).await?;
        for row in rows {
            let Some(anew) = for_reports(env, row, now).await? else { continue };
            let name = Under::Own(row.id).name(&row.account);
            if env.store.came(&[name]).await?.iter().any(Option::is_some) {
                effects.push(Effect::Memory(Memory::Forgotten(name)));
            }
            effects.push(anew);
        }
        match env.store.commit(Commit { effects, ..Commit::default() }).await {
            Err(StoreError::Conflict) => {}
            other => return other.map(|_| ()),
        }
    }
    Err(StoreError::Conflict)
}

/// For whoever reads at the provider: under its id, for good. What the provider never took is nowhere to be read.
async fn for_reads(env: &Env, rows: &[Substitution], now: Time) -> Result<Vec<Effect>> {
    let mut places = free_places(env, rows).await?;
    let mut effects = Vec::new();
    for row in rows {
        let Some(id) = &row.foreign_id else { continue };
        let place = places.entry((&*row.account, &**id)).or_default();
        let under = Under::Provider(id, *place);
        *place += 1;
        effects.push(Effect::Memory(Memory::First(keep(env, under, row, now, Time::MAX).await?)));
    }
    Ok(effects)
}

/// For reports that still come: under our id, which stands in the URL that the provider calls.
async fn for_reports(env: &Env, row: &Substitution, now: Time) -> Result<Option<Effect>> {
    let until = row.at.after(REPORTS);
    if until <= now || SenderSide::read(row).urls.is_empty() {
        return Ok(None);
    }
    let kept = keep(env, Under::Own(row.id), row, now, until).await?;
    Ok(Some(Effect::Memory(Memory::Known(kept))))
}

/// The first free place under each of the provider's ids: others whose owners were erased may have been in the same request.
async fn free_places<'r>(env: &Env, rows: &'r [Substitution]) -> Result<BTreeMap<(&'r str, &'r str), u32>> {
    let ids: BTreeSet<(&str, &str)> =
        rows.iter().filter_map(|row| Some((&*row.account, row.foreign_id.as_deref()?))).collect();
    let mut ids: Vec<_> = ids.into_iter().collect();
    let mut places = BTreeMap::new();
    for place in 0.. {
        let mut taken = Vec::new();
        for part in ids.chunks(PAGE) {
            let names: Vec<_> = part.iter().map(|(account, id)| Under::Provider(id, place).name(account)).collect();
            let found = env.store.came(&names).await?;
            taken.extend(part.iter().zip(found).filter(|(_, came)| came.is_some()).map(|(id, _)| *id));
        }
        places.extend(taken.iter().map(|id| (*id, place + 1)));
        ids = taken;
        if ids.is_empty() {
            break;
        }
    }
    Ok(places)
}

/// What stayed of the substitutions with these ids of the provider's.
pub(super) async fn opened(env: &Env, account: &str, foreign_ids: &[Box<str>]) -> Result<Vec<Substitution>> {
    let mut found = Vec::new();
    let mut left: Vec<&str> = foreign_ids.iter().map(|id| &**id).collect();
    for place in 0.. {
        let names: Vec<_> = left.iter().map(|id| Under::Provider(id, place).name(account)).collect();
        let mut more = Vec::new();
        for (id, came) in left.into_iter().zip(env.store.came(&names).await?) {
            let Some(came) = came else { continue };
            found.push(open(env, Under::Provider(id, place), account, &came).await?);
            more.push(id);
        }
        left = more;
        if left.is_empty() {
            break;
        }
    }
    Ok(found)
}

/// What stayed of one for its reports.
pub(super) async fn reported(env: &Env, account: &str, id: SubstitutionId) -> Result<Option<Substitution>> {
    let under = Under::Own(id);
    match env.store.came(&[under.name(account)]).await?.pop().flatten() {
        Some(came) if came.until > env.clock.now() => open(env, under, account, &came).await.map(Some),
        _ => Ok(None),
    }
}

/// One under one of its ids: a nonce and what follows from it.
async fn keep(env: &Env, under: Under<'_>, row: &Substitution, now: Time, until: Time) -> Result<Came> {
    let mut nonce = [0; NONCE_LEN];
    env.random.fill(&mut nonce);
    let mut text = serde_json::to_vec(&Kept::of(row)).map_err(|_| damaged())?;
    let key = under.key(env, &row.account).await?;
    let nonce_once = Nonce::assume_unique_for_key(nonce);
    key.seal_in_place_append_tag(nonce_once, Aad::empty(), &mut text).map_err(|_| damaged())?;
    let value = [&nonce[..], &text].concat().into();
    Ok(Came { key: under.name(&row.account), at: now, until, value })
}

async fn open(env: &Env, under: Under<'_>, account: &str, came: &Came) -> Result<Substitution> {
    let (nonce, sealed) = came.value.split_at_checked(NONCE_LEN).ok_or_else(damaged)?;
    let (nonce, mut sealed) = (Nonce::try_assume_unique_for_key(nonce).map_err(|_| damaged())?, sealed.to_vec());
    let key = under.key(env, account).await?;
    let text = key.open_in_place(nonce, Aad::empty(), &mut sealed).map_err(|_| damaged())?;
    serde_json::from_slice::<Kept>(text).map(|kept| kept.read(account)).map_err(|_| damaged())
}

fn damaged() -> StoreError {
    StoreError::Damaged("what stayed of a substitution of an erased owner".into())
}
