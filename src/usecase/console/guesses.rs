//! Wrong passwords: how many, from where, and who waits for a check.

use crate::clock::Time;
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::{Semaphore, SemaphorePermit};

/// After so many wrong passwords for a name from one network address, or on one known device, it is refused there for a
/// while.
const WRONG_MOST: u32 = 5;
/// And after so many from all over, everywhere but on devices on which this operator has signed in before: who tries
/// passwords from many addresses keeps nobody out who was there.
const WRONG_ANYWHERE: u32 = 50;
/// That while.
pub(super) const LOCKED: Duration = Duration::from_mins(15);
/// Passwords are checked so many at once, for each check takes memory; so many more from anywhere wait for that, and so many from
/// devices on which somebody has signed in before: a crowd of strangers does not take their places.
const CHECKS: usize = 2;
const WAITING: usize = 8;
const WAITING_KNOWN: usize = 4;
/// So many places are remembered with wrong passwords.
const KEPT_MOST: usize = 1_000;

/// For which name passwords are tried, and from where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Tried(Box<str>, Place);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// All of them together.
    Anywhere,
    /// A network address; of IPv6 the half that one customer has.
    Network(Box<str>),
    /// By its cookie's id.
    Device(Box<str>),
}

impl Place {
    /// Where a wrong password given here counts, and how many may be.
    pub(super) fn counts(&self) -> Vec<(Place, u32)> {
        let mut counts = vec![(self.clone(), WRONG_MOST)];
        if !matches!(self, Place::Device(_)) {
            counts.push((Place::Anywhere, WRONG_ANYWHERE));
        }
        counts
    }

    pub(super) fn network(origin: &str) -> Self {
        Self::Network(match origin.parse() {
            Ok(std::net::IpAddr::V6(address)) => format!("{:x?}", &address.segments()[..4]).into(),
            _ => origin.into(),
        })
    }
}

#[derive(Debug)]
struct Wrong {
    times: u32,
    last: Time,
}

/// What is remembered of wrong passwords.
#[derive(Debug)]
pub(super) struct Guesses {
    wrong: Mutex<BTreeMap<Tried, Wrong>>,
    checks: Semaphore,
    waiting: Semaphore,
    waiting_known: Semaphore,
}

impl Default for Guesses {
    fn default() -> Self {
        Self {
            wrong: Mutex::default(),
            checks: Semaphore::new(CHECKS),
            waiting: Semaphore::new(WAITING),
            waiting_known: Semaphore::new(WAITING_KNOWN),
        }
    }
}

impl Guesses {
    /// A place among those whose passwords are checked, until it is dropped.
    pub(super) fn line(&self, is_known: bool) -> Option<SemaphorePermit<'_>> {
        if is_known { &self.waiting_known } else { &self.waiting }.try_acquire().ok()
    }

    /// Its turn to check a password.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.checks.acquire().await.ok()
    }

    /// The right password was given there.
    pub(super) fn forget(&self, name: &str, place: Place) {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner).remove(&Tried(name.into(), place));
    }

    /// Whether passwords for this name are refused there for now.
    pub(super) fn is_locked(&self, name: &str, place: &Place, now: Time) -> bool {
        let wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        place.counts().into_iter().any(|(place, most)| {
            let tried = wrong.get(&Tried(name.into(), place));
            tried.is_some_and(|tried| tried.times >= most && now.since(tried.last) < LOCKED)
        })
    }

    /// Counts a wrong password.
    pub(super) fn note_wrong(&self, name: &str, place: &Place, is_known: bool, now: Time) {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        wrong.retain(|_, wrong| now.since(wrong.last) < LOCKED);
        for (place, most) in place.counts() {
            // Where a crowd tries names, those that are known are still counted, by name.
            if wrong.len() < KEPT_MOST || (is_known && !matches!(place, Place::Network(_))) {
                let entry = wrong.entry(Tried(name.into(), place)).or_insert(Wrong { times: 0, last: now });
                // What is refused already does not keep it refused.
                entry.last = if entry.times >= most { entry.last } else { now };
                entry.times += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_tried_from_one_place_five_times_and_from_all_over_fifty_times() {
        let (guesses, now) = (Guesses::default(), Time(0));
        let at = |place: &str| Place::network(place);
        let known = Place::Device("d".into());
        for _ in 0..WRONG_MOST {
            assert!(!guesses.is_locked("ann", &at("192.0.2.1"), now));
            guesses.note_wrong("ann", &at("192.0.2.1"), true, now);
        }
        for (place, locked) in [("192.0.2.1", true), ("192.0.2.2", false)] {
            assert_eq!(guesses.is_locked("ann", &at(place), now), locked, "{place}");
            assert!(!guesses.is_locked("bob", &at(place), now));
        }
        for _ in 0..WRONG_MOST {
            guesses.note_wrong("ann", &at("2001:db8::1"), true, now);
        }
        assert!(guesses.is_locked("ann", &at("2001:db8::ffff"), now), "one customer's");
        for number in 0..WRONG_ANYWHERE {
            guesses.note_wrong("ann", &at(&format!("198.51.100.{number}")), true, now);
        }
        assert!(guesses.is_locked("ann", &at("203.0.113.1"), now));
        assert!(!guesses.is_locked("ann", &known, now), "who was there before gets in");
        assert!(!guesses.is_locked("ann", &at("203.0.113.1"), now.after(LOCKED)), "and everybody after a while");
    }

    #[test]
    fn a_crowd_of_strangers_fills_its_own_line_only() {
        let guesses = Guesses::default();
        let crowd: Vec<_> = (0..99).filter_map(|_| guesses.line(false)).collect();
        assert_eq!(crowd.len(), WAITING);
        assert!(guesses.line(true).is_some());
        drop(crowd);
        assert!(guesses.line(false).is_some());
    }

    #[test]
    fn a_crowd_fills_no_memory() {
        let (guesses, now) = (Guesses::default(), Time(0));
        for number in 0..2 * KEPT_MOST {
            guesses.note_wrong(&format!("x{number}"), &Place::network(&number.to_string()), false, now);
            guesses.note_wrong("ann", &Place::network(&number.to_string()), true, now);
        }
        assert!(guesses.wrong.lock().unwrap().len() <= KEPT_MOST + 2);
        assert!(guesses.is_locked("ann", &Place::network("new"), now));
    }
}
