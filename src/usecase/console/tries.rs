//! Wrong passwords of operators, known to all processes: the same bounds as in the memory of one (`guesses`), which
//! holds by itself where the store does not answer.
//!
//! Each wrong password takes one of a name's free places for a while; a name with no free place is refused.

use super::guesses::{LOCKED, Place};
use crate::{
    clock::Time,
    store::{Came, Memory, MemoryKey, Result, StoreError},
    usecase::{Env, memory},
};

/// What stands for these tries in the store: nobody reads names or addresses there.
fn keys(name: &str, place: &Place, most: u32) -> Vec<MemoryKey> {
    let from = match place {
        Place::Anywhere => "anywhere".to_owned(),
        Place::Network(network) => format!("network {network}"),
        Place::Device(device) => format!("device {device}"),
    };
    let key = |number: u32| memory::key("operator", &[name.as_bytes(), from.as_bytes(), &number.to_le_bytes()]);
    (0..most).map(key).collect()
}

/// Those that are free again.
async fn free(env: &Env, name: &str, (place, most): (&Place, u32), now: Time) -> Result<Vec<MemoryKey>> {
    let keys = keys(name, place, most);
    let taken = env.store.came(&keys).await?;
    let is_free = |taken: &Option<Came>| taken.as_ref().is_none_or(|taken| now >= taken.until);
    Ok(keys.into_iter().zip(taken).filter(|(_, taken)| is_free(taken)).map(|(key, _)| key).collect())
}

/// Whether a name is refused there now.
pub(super) async fn locked(env: &Env, name: &str, place: &Place, now: Time) -> Result<bool> {
    for one in place.counts() {
        if free(env, name, (&one.0, one.1), now).await?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Notes a wrong password. What is refused already does not keep it refused.
pub(super) async fn note(env: &Env, name: &str, place: &Place, now: Time) -> Result<()> {
    for one in place.counts() {
        for key in free(env, name, (&one.0, one.1), now).await? {
            let came = Came { key, at: now, until: now.after(LOCKED), value: Box::default() };
            match memory::note(env, vec![Memory::First(came)]).await {
                // Another process has just taken this one.
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error),
                Ok(()) => break,
            }
        }
    }
    Ok(())
}

/// Whoever has come in there has forgotten nothing.
pub(super) async fn forget(env: &Env, name: &str, place: &Place) -> Result<()> {
    let Some((place, most)) = place.counts().into_iter().next() else { return Ok(()) };
    let keys = keys(name, &place, most);
    let known = env.store.came(&keys).await?;
    let known = keys.into_iter().zip(known).filter(|(_, known)| known.is_some());
    let known: Vec<_> = known.map(|(key, _)| Memory::Forgotten(key)).collect();
    if known.is_empty() {
        return Ok(());
    }
    match memory::note(env, known).await {
        Ok(()) | Err(StoreError::Conflict) => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::{ManualClock, SeededRandom},
        store::sqlite::Sqlite,
        usecase::Rules,
    };
    use std::sync::Arc;

    #[tokio::test]
    async fn what_one_process_counts_every_process_knows() {
        let clock = Arc::new(ManualClock::at(Time(0)));
        let store = Arc::new(Sqlite::in_memory(Arc::clone(&clock) as _).unwrap());
        let node = |seed| {
            Env::new(
                Arc::clone(&store) as _,
                Arc::clone(&clock) as _,
                Arc::new(SeededRandom::new(seed)),
                Rules::default(),
            )
        };
        let (one, other, now) = (node(1), node(2), Time(0));
        let (here, there, device) =
            (Place::network("192.0.2.1"), Place::network("192.0.2.2"), Place::Device("d".into()));
        let locked = async |name: &str, place: &Place, now| locked(&other, name, place, now).await.unwrap();
        for wrong in 0..5 {
            assert!(!locked("ann", &here, now).await, "{wrong}");
            note(&one, "ann", &here, now).await.unwrap();
        }
        assert!(locked("ann", &here, now).await);
        assert!(!locked("ann", &there, now).await && !locked("bob", &here, now).await);
        forget(&other, "ann", &here).await.unwrap();
        assert!(!locked("ann", &here, now).await, "came in");
        for number in 0..45 {
            note(&one, "ann", &Place::network(&format!("198.51.100.{number}")), now).await.unwrap();
        }
        assert!(locked("ann", &there, now).await, "fifty from all over");
        assert!(!locked("ann", &device, now).await, "who was there before gets in");
        assert!(!locked("ann", &there, now.after(LOCKED)).await, "and everybody after a while");
    }
}
