//! Long texts that a provider hands over in the parts in which they came, in any order, read as one (rule N6).
//!
//! In the memory of this process. Where parts reach several processes, each still reads the first part, in which a wish
//! stands nearly always; what is lost is a refusal that begins in a later one.

use crate::{clock::Time, domain::opt_word, provider::Part};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// A phone sends all parts at once.
const WITHIN: Duration = Duration::from_mins(10);
/// Texts on their way at once.
const MOST: usize = 4_096;
/// Longer ones are read part by part.
const LONGEST: usize = 16;
/// Letters of a part: 153 at most in the default alphabet, perhaps more where a provider has joined some.
const PART: usize = 1_000;

/// Texts of which not all parts are there.
#[derive(Debug, Default)]
pub(super) struct Parts(Mutex<HashMap<Box<str>, Text>>);

struct Text {
    began: Time,
    parts: Vec<Option<Box<str>>>,
    /// The first part alone said what is wanted.
    said: bool,
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Text").field("began", &self.began).finish_non_exhaustive()
    }
}

impl Parts {
    /// Takes a part of a text between two numbers; what is to be read now, if anything: a first part that says what is
    /// wanted, and else the whole, once.
    pub(super) fn add(&self, account: &str, between: [&str; 2], part: &Part, text: &str, now: Time) -> Option<String> {
        let (number, total) = (usize::from(part.number), usize::from(part.total));
        if !(2..=LONGEST).contains(&total) || !(1..=total).contains(&number) || text.chars().count() > PART {
            return Some(text.to_owned());
        }
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.retain(|_, text| now < text.began.after(WITHIN));
        }
        if all.len() >= MOST {
            return Some(text.to_owned());
        }
        let [from, to] = between;
        let key: Box<str> = format!("{account}\n{from}\n{to}\n{}\n{total}", part.reference).into();
        let fresh = || Text { began: now, parts: vec![None; total], said: false };
        let known = all.entry(key.clone()).or_insert_with(fresh);
        if now >= known.began.after(WITHIN) {
            *known = fresh();
        }
        known.parts[number - 1] = Some(text.into());
        let says = number == 1 && !known.said && opt_word::read(text).is_some();
        known.said |= says;
        let whole = known.parts.iter().all(Option::is_some);
        let joined: String = known.parts.iter().flatten().map(|part| &**part).collect();
        let said = known.said;
        if whole {
            all.remove(&key);
        }
        if says { Some(text.to_owned()) } else { Some(joined).filter(|_| whole && !said) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn part(number: u8, total: u8) -> Part {
        Part { reference: "7".into(), total, number }
    }

    #[test]
    fn n6_a_text_in_parts_is_read_as_one() {
        let parts = Parts::default();
        let at = |minutes: u64| Time(0).after(Duration::from_mins(minutes));
        let add =
            |number, total, text: &str, minutes| parts.add("a", ["+1", "+2"], &part(number, total), text, at(minutes));
        assert_eq!(add(2, 2, "t text me again", 0), None);
        assert_eq!(parts.add("a", ["+3", "+2"], &part(1, 2), "Dear ", at(0)), None, "somebody else's");
        assert_eq!(add(1, 2, "Please don'", 0).as_deref(), Some("Please don't text me again"));
        assert_eq!(add(1, 2, "Dear, I will ", 0), None, "the next text has the same reference");
        assert_eq!(add(2, 2, "stop by", 11), None, "and what is old is not of it");
        assert_eq!(add(1, 3, "STOP ", 0).as_deref(), Some("STOP "), "a wish is not put off");
        assert_eq!((add(2, 3, "STOP ", 0), add(3, 3, "it", 0)), (None, None), "and counts once");
        for (number, total) in [(1, 1), (0, 2), (3, 2), (1, 200)] {
            assert_eq!(add(number, total, "x", 0).as_deref(), Some("x"), "{number} of {total} is no part");
        }
    }

    proptest! {
        #[test]
        fn parts_in_any_order_are_the_text(text in "[a-z ]{8,60}", order in Just((0..4_u8).collect::<Vec<_>>()).prop_shuffle()) {
            let letters: Vec<char> = text.chars().collect();
            let size = letters.len().div_ceil(4);
            let pieces: Vec<String> = (0..4).map(|at| letters.iter().skip(at * size).take(size).collect()).collect();
            prop_assume!(opt_word::read(&pieces[0]).is_none());
            let parts = Parts::default();
            let read: Vec<String> = order
                .iter()
                .filter_map(|at| parts.add("a", ["+1", "+2"], &part(at + 1, 4), &pieces[usize::from(*at)], Time(0)))
                .collect();
            prop_assert_eq!(read, [text]);
            prop_assert!(parts.0.lock().unwrap().is_empty());
        }
    }
}
