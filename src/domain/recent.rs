//! What came before, for a while. Bounded: what is oldest is forgotten first, and nothing grows.

use crate::clock::Time;
use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    time::Duration,
};

/// Keys that came in the last time.
#[derive(Debug)]
pub struct Recent<K> {
    seen: HashMap<K, Time>,
    order: VecDeque<(K, Time)>,
    most: usize,
    kept: Duration,
}

impl<K: Eq + Hash + Clone> Recent<K> {
    /// Remembers up to `most` keys, each for as long as it is `kept`.
    pub fn new(most: usize, kept: Duration) -> Self {
        Self { seen: HashMap::new(), order: VecDeque::new(), most, kept }
    }

    /// When this key came first; `None` where it had not, and now has.
    pub fn first(&mut self, key: K, now: Time) -> Option<Time> {
        while let Some((_, at)) = self.order.front()
            && (now >= at.after(self.kept) || self.order.len() >= self.most)
        {
            let oldest = self.order.pop_front();
            oldest.and_then(|(key, _)| self.seen.remove(&key));
        }
        let before = self.seen.get(&key).copied();
        if before.is_none() {
            self.seen.insert(key.clone(), now);
            self.order.push_back((key, now));
        }
        before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_is_known_until_its_time_is_over() {
        let at = |seconds: u64| Time(0).after(Duration::from_secs(seconds));
        let mut recent = Recent::new(10, Duration::from_mins(1));
        assert_eq!(recent.first("a", at(0)), None);
        assert_eq!(recent.first("a", at(59)), Some(at(0)), "and is not renewed by coming again");
        assert_eq!(recent.first("b", at(59)), None);
        assert_eq!(recent.first("a", at(60)), None);
        assert_eq!(recent.first("b", at(61)), Some(at(59)));
    }

    proptest::proptest! {
        #[test]
        fn a_flood_forgets_the_oldest(keys in proptest::collection::vec(0..40_u8, 0..200)) {
            let mut recent = Recent::new(10, Duration::from_hours(1));
            let mut last: VecDeque<u8> = VecDeque::new();
            for key in keys {
                // The tenth makes room before it is looked at, so nine are sure.
                let known = last.iter().rev().take(9).any(|one| *one == key);
                let before = recent.first(key, Time(0));
                proptest::prop_assert!(!known || before.is_some());
                if before.is_none() {
                    last.push_back(key);
                }
                proptest::prop_assert!(recent.seen.len() <= 10 && recent.order.len() == recent.seen.len());
            }
        }
    }
}
