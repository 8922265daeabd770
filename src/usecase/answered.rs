//! Which calls and messages were answered already (rule W1): asked again, they get *unchanged*, and within a minute
//! their first answer, for a provider repeats a request whose answer it did not get.
//!
//! In memory and bounded. After a restart a repeated request is decided again, by the same rules.

use crate::{clock::Time, provider::Document};
use std::{
    collections::{HashMap, VecDeque, hash_map::RandomState},
    hash::BuildHasher as _,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// How long the first answer is repeated.
const REPEATED: Duration = Duration::from_mins(1);

/// What is known of a call or message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Before {
    /// It was not asked about.
    Never,
    /// It was answered with this less than a minute ago.
    JustNow(Document),
    /// It was answered: unchanged from now on.
    Already,
}

#[derive(Debug)]
pub(super) struct Answered {
    hasher: RandomState,
    most: usize,
    known: Mutex<Known>,
}

/// `first` is there where the answer was not *unchanged*.
#[derive(Debug)]
struct Entry {
    at: Time,
    first: Option<Document>,
}

#[derive(Debug, Default)]
struct Known {
    entries: HashMap<u64, Entry>,
    order: VecDeque<u64>,
}

impl Answered {
    pub(super) fn new(most: usize) -> Self {
        Self { hasher: RandomState::new(), most, known: Mutex::default() }
    }

    /// Two ids with one hash would make the second *unchanged*, which is the safe side.
    fn key(&self, account: &str, id: &str) -> u64 {
        self.hasher.hash_one((account, id))
    }

    pub(super) fn look(&self, account: &str, id: &str, now: Time) -> Before {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match known.entries.get(&self.key(account, id)) {
            None => Before::Never,
            Some(Entry { at, first: Some(first) }) if now.since(*at) < REPEATED => Before::JustNow(first.clone()),
            Some(_) => Before::Already,
        }
    }

    /// Keeps the first answer of a call or message; `None` where it was *unchanged*.
    pub(super) fn keep(&self, account: &str, id: &str, now: Time, first: Option<Document>) {
        let key = self.key(account, id);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.entries.contains_key(&key) {
            return;
        }
        if known.order.len() >= self.most
            && let Some(oldest) = known.order.pop_front()
        {
            known.entries.remove(&oldest);
        }
        known.order.push_back(key);
        known.entries.insert(key, Entry { at: now, first });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn document(text: &'static str) -> Document {
        Document { status: http::StatusCode::OK, content_type: None, body: Bytes::from_static(text.as_bytes()) }
    }

    #[test]
    fn the_first_answer_holds_for_a_minute_then_nothing_changes() {
        let answered = Answered::new(8);
        let at = |seconds: i64| Time(seconds * 1_000_000);
        assert_eq!(answered.look("a", "CA1", at(0)), Before::Never);
        answered.keep("a", "CA1", at(0), Some(document("connect")));
        answered.keep("a", "CA1", at(1), Some(document("later")));
        assert_eq!(answered.look("a", "CA1", at(59)), Before::JustNow(document("connect")));
        assert_eq!(answered.look("a", "CA1", at(60)), Before::Already);
        assert_eq!(answered.look("b", "CA1", at(1)), Before::Never);
        answered.keep("a", "CA2", at(0), None);
        assert_eq!(answered.look("a", "CA2", at(1)), Before::Already);
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_is_forgotten() {
        let answered = Answered::new(2);
        for id in ["1", "2", "3"] {
            answered.keep("a", id, Time(0), None);
        }
        assert_eq!(answered.look("a", "1", Time(0)), Before::Never);
        assert_eq!(answered.look("a", "2", Time(0)), Before::Already);
        assert_eq!(answered.known.lock().unwrap().entries.len(), 2);
    }
}
