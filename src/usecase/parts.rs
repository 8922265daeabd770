//! Long texts that a provider hands over in the parts in which they came, in any order, read as one (rule N6).
//!
//! Each part is kept until the whole has been read, whichever process it reaches: a crash or a store that is away for a
//! moment loses none, and of several who read the whole one is believed, for it has one id. A first part that says what is
//! wanted by itself is read at once.

use super::{Env, memory};
use crate::{
    clock::Time,
    domain::opt_word,
    provider::Part,
    store::{Came, Memory, MemoryKey, Result, StoreError},
};
use std::{
    borrow::Cow,
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
    /// Takes a part of a text between two numbers, the provider's `id` of which is given; what is to be read now, if
    /// anything: a first part that says what is wanted, and else the whole.
    ///
    /// # Errors
    /// The store could not be reached.
    pub(super) async fn add(
        &self,
        env: &Env,
        account: &str,
        between: [&str; 2],
        part: &Part,
        (id, text): (&str, &str),
    ) -> Result<Option<Reading>> {
        let (number, total, now) = (usize::from(part.number), usize::from(part.total), env.clock.now());
        let is_part = (2..=LONGEST).contains(&total) && (1..=total).contains(&number) && text.chars().count() <= PART;
        let alone = |kept| Some(Reading { id: id.into(), text: text.to_owned(), kept });
        if !is_part || !self.room(now) {
            return Ok(alone(Vec::new()));
        }
        let [from, to] = between;
        let reference = format!("{}/{total}", part.reference);
        let key = |number: usize| {
            let number = number.to_string();
            memory::key("part", &[account, from, to, &reference, &number].map(str::as_bytes))
        };
        let says = number == 1 && opt_word::read(text).is_some();
        let came = Came {
            key: key(number),
            at: now,
            until: now.after(WITHIN),
            value: Kept { says, id: id.into(), text: text.into() }.write(),
        };
        match memory::note(env, vec![Memory::First(came)]).await {
            Ok(()) | Err(StoreError::Conflict) => {}
            Err(error) => return Err(error),
        }
        let keys: Vec<MemoryKey> = (1..=total).map(key).collect();
        let found = env.store.came(&keys).await?;
        let whole: Option<Vec<Came>> = found.into_iter().map(|one| one.filter(|one| now < one.until)).collect();
        let kept = if whole.is_some() { keys } else { Vec::new() };
        if says {
            return Ok(alone(kept));
        }
        let Some(parts) = whole else { return Ok(None) };
        let read: Option<Vec<Kept<'_>>> = parts.iter().map(|part| serde_json::from_slice(&part.value).ok()).collect();
        let read = read.ok_or_else(|| StoreError::Damaged("a part of a text".into()))?;
        if read.iter().any(|part| part.says) {
            self.forget(env, kept).await?;
            return Ok(None);
        }
        let ids: Vec<&[u8]> = read.iter().map(|part| part.id.as_bytes()).collect();
        let id = memory::key("text", &ids).map(|byte| format!("{byte:02x}")).concat().into();
        Ok(Some(Reading { id, text: read.iter().map(|part| &*part.text).collect(), kept }))
    }

    /// Forgets the parts of what has been read.
    ///
    /// # Errors
    /// The store could not be reached: what comes again is the same text, which counts once.
    pub(super) async fn forget(&self, env: &Env, kept: Vec<MemoryKey>) -> Result<()> {
        match memory::note(env, kept.into_iter().map(Memory::Forgotten).collect()).await {
            // Another process has done so.
            Ok(()) | Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
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

/// A text to be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reading {
    /// By which it counts once: the provider's, or of several parts the same whenever all of them are there.
    pub(super) id: Box<str>,
    /// What it says.
    pub(super) text: String,
    /// The parts that are to be forgotten once it is read.
    pub(super) kept: Vec<MemoryKey>,
}

/// A part, as it is kept.
#[derive(serde::Serialize, serde::Deserialize)]
struct Kept<'a> {
    /// Whether it says by itself what is wanted.
    says: bool,
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    text: Cow<'a, str>,
}

impl Kept<'_> {
    fn write(&self) -> Box<[u8]> {
        serde_json::json!(self).to_string().into_bytes().into()
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

    /// What is read when a part comes, whose id is its text; then its parts are forgotten.
    async fn read(parts: &Parts, env: &Env, between: [&str; 2], part: &Part, text: &str) -> Option<String> {
        let reading = parts.add(env, "a", between, part, (text, text)).await.unwrap()?;
        parts.forget(env, reading.kept).await.unwrap();
        Some(reading.text)
    }

    #[tokio::test]
    async fn n6_a_text_in_parts_is_read_as_one() {
        let (env, clock) = env();
        // Two processes on one store, taking turns.
        let processes = [Parts::default(), Parts::default()];
        let add = async |number: u8, total, text: &str| {
            let process = &processes[usize::from(number) % 2];
            read(process, &env, ["+1", "+2"], &part(number, total), text).await
        };
        assert_eq!(add(2, 2, "t text me again").await, None);
        let other = read(&processes[0], &env, ["+3", "+2"], &part(1, 2), "Dear ").await;
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

    /// Whoever dies, or loses the store, before the text has counted leaves it to the next; and a text is one text, however
    /// often its parts come.
    #[tokio::test]
    async fn n6_what_was_not_read_is_not_lost_and_has_one_id() {
        let (env, _) = env();
        let parts = Parts::default();
        let add = async |number: u8, text: &str| {
            parts.add(&env, "a", ["+1", "+2"], &part(number, 2), (text, text)).await.unwrap()
        };
        assert_eq!(add(1, "Please don'").await, None);
        let first = add(2, "t text me").await.unwrap();
        assert_eq!(first.text, "Please don't text me");
        let again = add(2, "t text me").await.unwrap();
        assert_eq!(again, first, "nobody has said that it was read");
        parts.forget(&env, first.kept).await.unwrap();
        parts.forget(&env, again.kept).await.unwrap();
        assert_eq!(add(2, "t text me").await, None, "read");
        assert_eq!(
            add(1, "Please don'").await.unwrap().id,
            first.id,
            "the provider had no answer, and sends all of it again"
        );
    }

    #[tokio::test]
    async fn parts_that_come_at_once_are_one_text() {
        let (env, _) = env();
        let parts = Parts::default();
        let pieces: Vec<_> = (1..=9).map(|number| (part(number, 9), number.to_string())).collect();
        let adds = pieces.iter().map(|(part, text)| parts.add(&env, "a", ["+1", "+2"], part, (text, text)));
        let read: Vec<_> = futures_util::future::join_all(adds).await.into_iter().filter_map(Result::unwrap).collect();
        assert!(!read.is_empty());
        assert!(read.iter().all(|one| one.text == "123456789" && one.id == read[0].id), "{read:?}");
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
            let found = runtime.block_on(async {
                let ((env, _), parts, mut found) = (env(), Parts::default(), Vec::new());
                for at in &order {
                    found.extend(read(&parts, &env, ["+1", "+2"], &part(at + 1, 4), &pieces[usize::from(*at)]).await);
                }
                found
            });
            prop_assert_eq!(found, [text]);
        }
    }
}
