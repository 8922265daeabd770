//! Which calls and messages were answered already (rule W1): asked again, they get *unchanged*, and within a minute
//! their first answer, for a provider repeats a request whose answer it did not get.
//!
//! In memory and bounded, for nearly all of them touch no table. Where the number may have moved all processes know of it
//! (`everywhere`). Of the others each process knows its own, and no rule needs more: another one decides a repeat anew, which
//! ends otherwise only where the number has moved between the two, and then the connection is right.

mod everywhere;

pub(super) use everywhere::Everywhere;

use crate::{clock::Time, provider::Document};
use std::{
    collections::{HashMap, VecDeque, hash_map::RandomState},
    hash::{BuildHasher as _, Hash, Hasher},
    num::NonZeroU64,
    sync::{Mutex, MutexGuard, PoisonError},
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

/// Keys that lie in one line of the processor's cache.
const LINE: usize = 8;

#[derive(Debug)]
pub(super) struct Answered {
    hasher: RandomState,
    known: Mutex<Known>,
}

/// A call or message of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key(NonZeroU64);

/// Keys of all that was answered, the newest of each line first; and the first answers that were not *unchanged*, which
/// are few, for as long as they are repeated.
#[derive(Debug)]
struct Known {
    lines: Box<[Line]>,
    firsts: HashMap<Key, (Time, Document)>,
    order: VecDeque<Key>,
    most: usize,
}

type Line = [Option<Key>; LINE];

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.get());
    }
}

impl Known {
    fn line(&mut self, key: Key) -> &mut Line {
        let which = key.0.get() % self.lines.len() as u64;
        let which = usize::try_from(which).expect("it is less than the number of lines");
        &mut self.lines[which]
    }

    fn look(&mut self, key: Key, now: Time) -> Before {
        if !self.line(key).contains(&Some(key)) {
            return Before::Never;
        }
        match self.firsts.get(&key) {
            Some((at, first)) if now.since(*at) < REPEATED => Before::JustNow(first.clone()),
            _ => Before::Already,
        }
    }

    fn keep(&mut self, key: Key) {
        let line = self.line(key);
        line.rotate_right(1);
        line[0] = Some(key);
    }

    fn keep_first(&mut self, key: Key, now: Time, first: Document) {
        while let Some(oldest) = self.order.front()
            && (self.order.len() >= self.most
                || self.firsts.get(oldest).is_none_or(|(at, _)| now.since(*at) >= REPEATED))
        {
            self.firsts.remove(oldest);
            self.order.pop_front();
        }
        self.order.push_back(key);
        self.firsts.insert(key, (now, first));
    }
}

impl Answered {
    /// Room for `most`, about: where many fall into one line, it forgets its oldest before others do.
    pub(super) fn new(most: usize) -> Self {
        let lines = vec![[None; LINE]; most.div_ceil(LINE).max(1)].into();
        let known = Known { lines, firsts: HashMap::new(), order: VecDeque::new(), most };
        Self { hasher: RandomState::new(), known: Mutex::new(known) }
    }

    /// Two ids with one key would make the second *unchanged*, which is the safe side.
    pub(super) fn key(&self, account: &str, id: &str) -> Key {
        Key(NonZeroU64::new(self.hasher.hash_one((account, id))).unwrap_or(NonZeroU64::MIN))
    }

    pub(super) fn look(&self, key: Key, now: Time) -> Before {
        self.known().look(key, now)
    }

    /// Looks, and where nothing was answered yet keeps that it was *unchanged*.
    pub(super) fn look_and_keep(&self, key: Key, now: Time) -> Before {
        let mut known = self.known();
        let before = known.look(key, now);
        if before == Before::Never {
            known.keep(key);
        }
        before
    }

    /// Keeps the first answer of a call or message; `None` where it was *unchanged*.
    pub(super) fn keep(&self, key: Key, now: Time, first: Option<Document>) {
        let mut known = self.known();
        if known.look(key, now) != Before::Never {
            return;
        }
        known.keep(key);
        if let Some(first) = first {
            known.keep_first(key, now, first);
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
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
        let first = answered.key("a", "CA1");
        assert_eq!(answered.look(first, at(0)), Before::Never);
        answered.keep(first, at(0), Some(document("connect")));
        answered.keep(first, at(1), Some(document("later")));
        assert_eq!(answered.look(first, at(59)), Before::JustNow(document("connect")));
        assert_eq!(answered.look_and_keep(first, at(59)), Before::JustNow(document("connect")));
        assert_eq!(answered.look(first, at(60)), Before::Already);
        assert_eq!(answered.look(answered.key("b", "CA1"), at(1)), Before::Never);
        let second = answered.key("a", "CA2");
        assert_eq!(answered.look_and_keep(second, at(0)), Before::Never);
        assert_eq!(answered.look_and_keep(second, at(1)), Before::Already);
        answered.keep(second, at(1), Some(document("too late")));
        assert_eq!(answered.look(second, at(1)), Before::Already);
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_is_forgotten() {
        let answered = Answered::new(LINE);
        let keys: Vec<Key> = (0..=LINE).map(|id| answered.key("a", &id.to_string())).collect();
        for (second, key) in (0..).zip(&keys) {
            answered.keep(*key, Time(second), Some(document("connect")));
        }
        assert_eq!(answered.look(keys[0], Time(9)), Before::Never);
        assert_eq!(answered.look(keys[1], Time(9)), Before::JustNow(document("connect")));
        assert_eq!(answered.known().firsts.len(), LINE);
        answered.keep(answered.key("a", "later"), Time(600_000_000), Some(document("connect")));
        let known = answered.known();
        assert_eq!((known.firsts.len(), known.order.len()), (1, 1), "no longer than repeated");
    }

    #[test]
    fn as_many_as_there_is_room_for_are_known_but_for_a_few() {
        let answered = Answered::new(1 << 12);
        let keys: Vec<Key> = (0..1 << 12).map(|id| answered.key("a", &id.to_string())).collect();
        for key in &keys {
            answered.keep(*key, Time(0), None);
        }
        let known = keys.iter().filter(|key| answered.look(**key, Time(0)) == Before::Already).count();
        assert!(known > keys.len() * 3 / 4, "{known}");
    }
}
