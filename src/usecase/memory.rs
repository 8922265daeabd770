//! What came before, known to all processes (rule W1).

use super::Env;
use crate::{
    clock::Time,
    provider::OneTime,
    store::{Came, Commit, Effect, Memory, MemoryKey, Result, StoreError},
};
use std::time::Duration;

/// A provider that got no answer comes again at once, with the same token.
const AGAIN_WITHIN: Duration = Duration::from_mins(1);
/// How many things are forgotten at once: a moment of the one writer's time.
const PAGE: usize = 1_000;

/// A key for something of a kind; what it is made of cannot be read from it.
pub(super) fn key(kind: &str, parts: &[&[u8]]) -> MemoryKey {
    let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
    for part in [kind.as_bytes()].iter().chain(parts) {
        digest.update(&part.len().to_le_bytes());
        digest.update(part);
    }
    let mut key = [0; 16];
    key.copy_from_slice(&digest.finish().as_ref()[..16]);
    key
}

/// Writes these, all or none.
pub(super) async fn note(env: &Env, all: Vec<Memory>) -> Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    let effects = all.into_iter().map(Effect::Memory).collect();
    env.store.commit(Commit { effects, ..Commit::default() }).await.map(|_| ())
}

/// When this came first; `None` where it had not, and now has.
pub(super) async fn first(env: &Env, key: MemoryKey, now: Time, until: Time) -> Result<Option<Time>> {
    let came = Came { key, at: now, until, value: Box::default() };
    match note(env, vec![Memory::First(came)]).await {
        Ok(()) => Ok(None),
        Err(StoreError::Conflict) => {
            let known = env.store.came(&[key]).await?.pop().flatten();
            Ok(Some(known.map_or(now, |known| known.at)))
        }
        Err(error) => Err(error),
    }
}

/// Whether a webhook's token was believed by any process before, and not just now.
///
/// # Errors
/// The store could not be reached.
pub async fn is_replayed(env: &Env, account: &str, token: OneTime, now: Time) -> Result<bool> {
    let key = key("token", &[account.as_bytes(), &token.digest]);
    let first = first(env, key, now, token.until).await?;
    Ok(first.is_some_and(|first| now >= first.after(AGAIN_WITHIN)))
}

/// Forgets a page of what nobody needs to know any more; whether there may be more.
///
/// # Errors
/// The store could not be reached.
pub async fn forget(env: &Env) -> Result<bool> {
    let now = env.store.now().await?;
    Ok(env.store.forget_came(now, PAGE).await? == PAGE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::{Clock as _, ManualClock, SeededRandom},
        store::sqlite::Sqlite,
        usecase::Rules,
    };
    use std::sync::Arc;

    #[tokio::test]
    async fn w1_a_token_is_believed_once_and_again_within_a_minute() {
        let clock = Arc::new(ManualClock::at(Time(0)));
        let store = Arc::new(Sqlite::in_memory(Arc::clone(&clock) as _).unwrap());
        let random = Arc::new(SeededRandom::new(1));
        let env = Env::new(store, Arc::clone(&clock) as _, random, Rules::default());
        let token = OneTime { digest: [7; 16], until: Time(0).after(Duration::from_mins(5)) };
        let replayed = async |account| is_replayed(&env, account, token, clock.now()).await.unwrap();
        assert!(!replayed("a").await);
        clock.advance(Duration::from_secs(59));
        assert!(!replayed("a").await, "the provider got no answer");
        clock.advance(Duration::from_secs(1));
        assert!(replayed("a").await, "somebody has captured it");
        assert!(!replayed("b").await, "another account's");
        clock.advance(Duration::from_mins(5));
        assert!(!forget(&env).await.unwrap());
        assert!(env.store.came(&[key("token", &[b"a", &token.digest])]).await.unwrap() == [None], "swept");
    }
}
