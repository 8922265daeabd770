//! Long texts that a provider hands over in the parts in which they came, in any order, read as one (rule N6).
//!
//! Each part is kept until the last one is there, whichever process it reaches: who takes them all away reads the text. A
//! first part that says what is wanted by itself is read at once.

use super::{Env, memory};
use crate::{
    clock::Time,
    domain::opt_word,
    provider::Part,
    store::{Came, Commit, Effect, Memory, MemoryKey, Result, StoreError},
};
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// A phone sends all parts at once.
const WITHIN: Duration = Duration::from_mins(10);
/// Parts that one process keeps in that time.
const MOST: u32 = 1 << 16;
/// Longer texts are read part by part.
const LONGEST: usize = 16;
/// Letters of a part: 153 at most in the default alphabet, perhaps more where a provider has joined some.
const PART: usize = 1_000;

/// How many parts were kept since when, so that a flood fills no table.
#[derive(Debug)]
pub(super) struct Parts(Mutex<(Time, u32)>);

impl Default for Parts {
    fn default() -> Self {
        Self(Mutex::new((Time(i64::MIN), 0)))
    }
}

impl Parts {
    /// Takes a part of a text between two numbers; what is to be read now, if anything: a first part that says what is
    /// wanted, and else the whole, once.
    ///
    /// # Errors
    /// The store could not be reached.
    pub(super) async fn add(
        &self,
        env: &Env,
        account: &str,
        between: [&str; 2],
        part: &Part,
        text: &str,
    ) -> Result<Option<String>> {
        let (number, total, now) = (usize::from(part.number), usize::from(part.total), env.clock.now());
        let is_part = (2..=LONGEST).contains(&total) && (1..=total).contains(&number) && text.chars().count() <= PART;
        if !is_part || !self.room(now) {
            return Ok(Some(text.to_owned()));
        }
        let [from, to] = between;
        let reference = format!("{}/{total}", part.reference);
        let key = |number: usize| {
            let number = number.to_string();
            memory::key("part", &[account, from, to, &reference, &number].map(str::as_bytes))
        };
        let says = number == 1 && opt_word::read(text).is_some();
        let value = [&[u8::from(says)], text.as_bytes()].concat().into();
        let came = Came { key: key(number), at: now, until: now.after(WITHIN), value };
        match write(env, vec![Memory::First(came)]).await {
            Ok(()) | Err(StoreError::Conflict) => {}
            Err(error) => return Err(error),
        }
        let keys: Vec<MemoryKey> = (1..=total).map(key).collect();
        let found = env.store.came(&keys).await?;
        let whole: Option<Vec<Came>> = found.into_iter().map(|one| one.filter(|one| now < one.until)).collect();
        let joined = match whole {
            None => None,
            Some(parts) => match write(env, keys.into_iter().map(Memory::Forgotten).collect()).await {
                Ok(()) => join(&parts),
                // Another process has them.
                Err(StoreError::Conflict) => None,
                Err(error) => return Err(error),
            },
        };
        Ok(if says { Some(text.to_owned()) } else { joined })
    }

    fn room(&self, now: Time) -> bool {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if now >= kept.0.after(WITHIN) {
            *kept = (now, 0);
        }
        kept.1 = kept.1.saturating_add(1);
        kept.1 <= MOST
    }
}

/// The text; `None` where its first part has said already what is wanted.
fn join(parts: &[Came]) -> Option<String> {
    let mut joined = String::new();
    for part in parts {
        let (says, text) = part.value.split_first()?;
        if *says == 1 {
            return None;
        }
        joined.push_str(&String::from_utf8_lossy(text));
    }
    Some(joined)
}

async fn write(env: &Env, all: Vec<Memory>) -> Result<()> {
    let effects = all.into_iter().map(Effect::Memory).collect();
    env.store.commit(Commit { effects, ..Commit::default() }).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::{ManualClock, SeededRandom},
        store::sqlite::Sqlite,
        usecase::Rules,
    };
    use proptest::prelude::*;
    use std::sync::Arc;

    fn part(number: u8, total: u8) -> Part {
        Part { reference: "7".into(), total, number }
    }

    fn env() -> (Env, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::at(Time(0)));
        let store = Arc::new(Sqlite::in_memory(Arc::clone(&clock) as _).unwrap());
        (Env::new(store, Arc::clone(&clock) as _, Arc::new(SeededRandom::new(1)), Rules::default()), clock)
    }

    #[tokio::test]
    async fn n6_a_text_in_parts_is_read_as_one() {
        let (env, clock) = env();
        // Two processes on one store, taking turns.
        let processes = [Parts::default(), Parts::default()];
        let add = async |number: u8, total, text: &str| {
            let process = &processes[usize::from(number) % 2];
            process.add(&env, "a", ["+1", "+2"], &part(number, total), text).await.unwrap()
        };
        assert_eq!(add(2, 2, "t text me again").await, None);
        let other = processes[0].add(&env, "a", ["+3", "+2"], &part(1, 2), "Dear ").await.unwrap();
        assert_eq!(other, None, "somebody else's");
        assert_eq!(add(1, 2, "Please don'").await.as_deref(), Some("Please don't text me again"));
        assert_eq!(add(1, 2, "Dear, I will ").await, None, "the next text has the same reference");
        clock.advance(Duration::from_mins(11));
        assert_eq!(add(2, 2, "stop by").await, None, "and what is old is not of it");
        assert_eq!(add(1, 3, "STOP ").await.as_deref(), Some("STOP "), "a wish is not put off");
        assert_eq!((add(2, 3, "STOP ").await, add(3, 3, "it").await), (None, None), "and counts once");
        for (number, total) in [(1, 1), (0, 2), (3, 2), (1, 200)] {
            assert_eq!(add(number, total, "x").await.as_deref(), Some("x"), "{number} of {total} is no part");
        }
        clock.advance(Duration::from_mins(11));
        assert!(!memory::forget(&env).await.unwrap());
        assert_eq!(env.store.forget_came(env.clock.now(), 9).await.unwrap(), 0, "nothing of it is kept");
    }

    #[tokio::test]
    async fn parts_that_come_at_once_are_read_once() {
        let (env, _) = env();
        let parts = Parts::default();
        let pieces: Vec<_> = (1..=9).map(|number| (part(number, 9), "x")).collect();
        let adds = pieces.iter().map(|(part, text)| parts.add(&env, "a", ["+1", "+2"], part, text));
        let read: Vec<_> = futures_util::future::join_all(adds).await.into_iter().filter_map(Result::unwrap).collect();
        assert_eq!(read, ["xxxxxxxxx"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn parts_in_any_order_are_the_text(text in "[a-z ]{8,60}", order in Just((0..4_u8).collect::<Vec<_>>()).prop_shuffle()) {
            let letters: Vec<char> = text.chars().collect();
            let size = letters.len().div_ceil(4);
            let pieces: Vec<String> = (0..4).map(|at| letters.iter().skip(at * size).take(size).collect()).collect();
            prop_assume!(opt_word::read(&pieces[0]).is_none());
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let read = runtime.block_on(async {
                let ((env, _), parts, mut read) = (env(), Parts::default(), Vec::new());
                for at in &order {
                    let piece = &pieces[usize::from(*at)];
                    read.extend(parts.add(&env, "a", ["+1", "+2"], &part(at + 1, 4), piece).await.unwrap());
                }
                read
            });
            prop_assert_eq!(read, [text]);
        }
    }
}
