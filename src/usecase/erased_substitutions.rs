//! What a sender goes on seeing of messages and calls whose owner was erased (rules Q5, C7): the number that it used.
//!
//! The provider keeps the number that was connected, and a sender may read it there through Redial at any time. So what maps
//! it back stays, encrypted with a key that is made of the provider's id of the communication. That id is kept nowhere: who
//! reads the store learns nothing, and who has the provider's reply has the number already.

use super::{Env, gateway::Account, memory};
use crate::{
    clock::Time,
    domain::{
        address::Address,
        id::{OwnerId, QueryId, SubstitutionId},
    },
    store::{Came, Effect, Memory, Result, StoreError, Substitution},
};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use std::collections::BTreeMap;

/// So many are read at once.
const PAGE: usize = 1_000;

/// A substitution without its account and the provider's id.
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
        }
    }

    fn read(self, account: &str, foreign_id: &str) -> Substitution {
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
            foreign_id: Some(foreign_id.into()),
            query: self.query,
            at: Time(self.at),
        }
    }
}

/// What stays of an owner's substitutions when the owner goes. Those that the provider never took are nowhere to be read.
pub(super) async fn sealed(env: &Env, owner: OwnerId, now: Time) -> Result<Vec<Effect>> {
    let mut all: BTreeMap<(Box<str>, Box<str>), Vec<Kept>> = BTreeMap::new();
    let mut last = None;
    loop {
        let page = env.store.substitutions_about(owner, last, PAGE).await?;
        for row in &page {
            if let Some(foreign_id) = &row.foreign_id {
                all.entry((row.account.clone(), foreign_id.clone())).or_default().push(Kept::of(row));
            }
        }
        last = page.last().map(|row| row.id);
        if page.len() < PAGE {
            break;
        }
    }
    let mut effects = Vec::new();
    for ((account, foreign_id), kept) in all {
        let value = seal(env, &account, &foreign_id, &kept).await?;
        let came = Came { key: name(&account, &foreign_id), at: now, until: Time::MAX, value };
        effects.push(Effect::Memory(Memory::Known(came)));
    }
    Ok(effects)
}

/// What stayed of the substitutions with these ids of the provider's.
pub(super) async fn opened(env: &Env, account: &Account, foreign_ids: &[Box<str>]) -> Result<Vec<Substitution>> {
    let names: Vec<_> = foreign_ids.iter().map(|id| name(account.name(), id)).collect();
    let mut found = Vec::new();
    for (foreign_id, came) in foreign_ids.iter().zip(env.store.came(&names).await?) {
        let Some(came) = came else { continue };
        let kept = open(env, account.name(), foreign_id, &came.value).await?;
        found.extend(kept.into_iter().map(|kept| kept.read(account.name(), foreign_id)));
    }
    Ok(found)
}

fn name(account: &str, foreign_id: &str) -> crate::store::MemoryKey {
    memory::key("erased substitution", &[account, foreign_id].map(str::as_bytes))
}

async fn key(env: &Env, account: &str, foreign_id: &str) -> Result<LessSafeKey> {
    let key = env.mac(&[b"erased substitution", account.as_bytes(), foreign_id.as_bytes()]).await?;
    UnboundKey::new(&CHACHA20_POLY1305, &key).map(LessSafeKey::new).map_err(|_| damaged())
}

/// A nonce and what follows from it.
async fn seal(env: &Env, account: &str, foreign_id: &str, kept: &[Kept]) -> Result<Box<[u8]>> {
    let mut nonce = [0; NONCE_LEN];
    env.random.fill(&mut nonce);
    let mut text = serde_json::to_vec(kept).map_err(|_| damaged())?;
    let key = key(env, account, foreign_id).await?;
    let nonce_once = Nonce::assume_unique_for_key(nonce);
    key.seal_in_place_append_tag(nonce_once, Aad::empty(), &mut text).map_err(|_| damaged())?;
    Ok([&nonce[..], &text].concat().into())
}

async fn open(env: &Env, account: &str, foreign_id: &str, value: &[u8]) -> Result<Vec<Kept>> {
    let (nonce, sealed) = value.split_at_checked(NONCE_LEN).ok_or_else(damaged)?;
    let (nonce, mut sealed) = (Nonce::try_assume_unique_for_key(nonce).map_err(|_| damaged())?, sealed.to_vec());
    let key = key(env, account, foreign_id).await?;
    let text = key.open_in_place(nonce, Aad::empty(), &mut sealed).map_err(|_| damaged())?;
    serde_json::from_slice(text).map_err(|_| damaged())
}

fn damaged() -> StoreError {
    StoreError::Damaged("what stayed of a substitution of an erased owner".into())
}
