//! A database that is older than its journal was restored from a copy (rule C7): erasures, opt-outs and panics that came
//! after the copy are carried out again, and nothing is sent until somebody says so.

use super::{
    Env, erase, panic,
    write::{Actor, Refused, carry_out},
};
use crate::{
    domain::{address::Address, id::OwnerId},
    store::{
        Commit, Effect, OfErasure, OptOut, StoreError,
        erasure::{Happened, JournalLine, SendingHeld},
    },
};
use std::collections::BTreeMap;

/// What was carried out again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Again {
    /// Owners erased.
    pub erased: usize,
    /// Addresses that take no messages, from somebody or from everybody.
    pub stopped: usize,
    /// Owners who have ended everything.
    pub panicked: usize,
}

/// Lines in one commit.
const AT_ONCE: usize = 500;

/// Carries out what these lines tell, which the database does not have; in their order, the last word counts. First of all
/// nothing is sent any more; last, the lines are written, so that what a crash cuts off is done once more.
///
/// A restart of messages is not carried out again on what the copy itself has: who is in doubt gets none.
pub async fn again(env: &Env, lines: &[JournalLine]) -> Result<Again, Refused> {
    let now = env.store.now().await?;
    let why = format!("the database is older than its journal by {} lines: it was restored from a copy", lines.len());
    commit(env, vec![Effect::OfErasure(OfErasure::Held(SendingHeld { at: now, why: why.into() }))]).await?;
    let mut again = Again::default();
    let mut panics: BTreeMap<OwnerId, bool> = BTreeMap::new();
    let mut stops: BTreeMap<(&str, Option<OwnerId>), Option<&JournalLine>> = BTreeMap::new();
    for line in lines {
        match &line.what {
            Happened::Erased(owner) => {
                let system = Actor::system();
                match carry_out(env, || erase::erase(env, &system, *owner, None)).await {
                    Ok(_) => again.erased += 1,
                    // It was not in the copy, or is gone already.
                    Err(Refused::NotFound(_)) => {}
                    Err(other) => return Err(other),
                }
            }
            Happened::Panicked(owner) => drop(panics.insert(*owner, true)),
            Happened::Calmed(owner) => drop(panics.insert(*owner, false)),
            Happened::Stopped(hash, owner) => drop(stops.insert((&**hash, *owner), Some(line))),
            Happened::Started(hash, Some(owner)) => drop(stops.insert((&**hash, Some(*owner)), None)),
            Happened::Started(hash, None) => stops.retain(|(of, _), _| *of != &**hash),
        }
    }
    for (owner, _) in panics.into_iter().filter(|(_, on)| *on) {
        let system = Actor::system();
        match carry_out(env, || panic::panic(env, &system, owner, None)).await {
            Ok(_) => again.panicked += 1,
            Err(Refused::NotFound(_)) => {}
            Err(other) => return Err(other),
        }
    }
    let outs: Vec<Effect> = stops
        .into_iter()
        .filter_map(|((hash, owner), line)| {
            let (address, way) = (Address::stored(hash, hash), "journal".into());
            line.map(|line| Effect::OptedOut(OptOut { address, owner, at: line.at, way }))
        })
        .collect();
    again.stopped = outs.len();
    for part in outs.chunks(AT_ONCE) {
        commit(env, part.to_vec()).await?;
    }
    for part in lines.chunks(AT_ONCE) {
        commit(env, vec![Effect::OfErasure(OfErasure::Journaled(part.to_vec()))]).await?;
    }
    Ok(again)
}

/// Nothing is sent from now on, by any process on this database.
pub async fn hold(env: &Env, why: &str) -> Result<(), StoreError> {
    let at = env.store.now().await?;
    commit(env, vec![Effect::OfErasure(OfErasure::Held(SendingHeld { at, why: why.into() }))]).await
}

/// It is sent again. What it was held for, where it was.
pub async fn resume(env: &Env) -> Result<Option<SendingHeld>, StoreError> {
    let held = env.store.sending_held().await?;
    if held.is_some() {
        commit(env, vec![Effect::OfErasure(OfErasure::Resumed)]).await?;
        env.store.work().notify_waiters();
    }
    Ok(held)
}

async fn commit(env: &Env, effects: Vec<Effect>) -> Result<(), StoreError> {
    env.store.commit(Commit { effects, ..Commit::default() }).await.map(|_| ())
}
