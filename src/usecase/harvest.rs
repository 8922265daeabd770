//! How many moved numbers an asker may get at in a day that are new to it (rule Q13).
//!
//! Counted in the store, for all nodes together. Which numbers they were cannot be read there.

use super::{Env, memory};
use crate::{
    clock::Time,
    domain::{address::Address, code::Count, id::AppId},
    store::{Admitted, Came, Commit, Effect, Memory, StoreError},
};

/// What an asker may get at a day where the operator says nothing else.
pub const MOST: u32 = 1_000;

const DAY: i64 = 86_400;

/// An asker who is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asker {
    /// The API key or the account.
    pub app: AppId,
    /// It is connected to what it is not told.
    pub connects: bool,
    /// How many numbers a day (UTC).
    pub most: u32,
}

/// A number that an asker has not got at before, to be counted when it does.
#[derive(Clone, Debug)]
pub(super) struct New {
    came: Came,
    count: Count,
    now: Time,
}

impl New {
    /// What counts it. Fails with `Spent` where the asker has had too many others today, and with `Conflict` where it was
    /// counted meanwhile.
    pub(super) fn effects(&self) -> Vec<Effect> {
        let counted = Admitted::Counted { count: self.count.clone(), now: self.now };
        vec![Effect::Memory(Memory::First(self.came.clone())), Effect::Admitted(counted)]
    }
}

/// The number, where it is new to this asker; the operator is not counted.
pub(super) async fn new(
    env: &Env,
    asker: Option<&Asker>,
    number: &Address,
    now: Time,
) -> Result<Option<New>, StoreError> {
    let Some(asker) = asker else { return Ok(None) };
    let app = asker.app.to_string();
    let key = memory::key("harvest", &[app.as_bytes(), number.key().as_bytes()]);
    let known = env.store.came(&[key]).await?.pop().flatten();
    if known.is_some_and(|known| now < known.until) {
        return Ok(None);
    }
    let until = Time((now.seconds().div_euclid(DAY) + 1) * DAY * 1_000_000);
    let count = Count { key: format!("harvest {app}").into(), until, most: asker.most };
    // For as long as a former number can be asked for.
    let came = Came { key, at: now, until: now.after(env.rules().windows.named), value: Box::default() };
    Ok(Some(New { came, count, now }))
}

/// Counts a number that an asker is about to get at; whether it may. Durable on return.
pub(super) async fn admits(env: &Env, new: &New) -> Result<bool, StoreError> {
    match env.store.commit(Commit { effects: new.effects(), ..Commit::default() }).await {
        // Asked twice at once: the other one has counted it.
        Ok(_) | Err(StoreError::Conflict) => Ok(true),
        Err(StoreError::Spent) => Ok(false),
        Err(error) => Err(error),
    }
}
