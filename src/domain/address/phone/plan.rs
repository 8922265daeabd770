//! Whether an E.164 number is valid, in one step for each digit: what nearly every number in a webhook needs.
//!
//! `plan.bin` is one automaton over the digits of all countries' valid numbers, written by `tests/phone/make_plan.py`
//! from the number plans that the full reader carries. It accepts a number only where the full reader gives back that
//! very number as valid; what it does not accept takes the full way, so it can save time but not change an answer.

/// Rows of ten 16-bit numbers, least byte first: the row to go to, and in the top bit whether the digits so far are a
/// number. Row 0 leads nowhere, the last row is where a number begins.
static PLAN: &[u8] = include_bytes!("plan.bin");

const ROW: usize = 20;

/// Whether these ASCII digits, country code first, are a valid number that is read as it stands.
pub(super) fn accepts(digits: &[u8]) -> bool {
    let mut row = PLAN.len() / ROW - 1;
    let mut whole = false;
    for digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return false;
        }
        let at = row * ROW + usize::from(digit) * 2;
        let Some(&[low, high]) = PLAN.get(at..at + 2).and_then(|bytes| bytes.first_chunk()) else { return false };
        let edge = u16::from_le_bytes([low, high]);
        if edge == 0 {
            return false;
        }
        row = usize::from(edge & 0x7FFF);
        whole = edge & 0x8000 != 0;
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::address::phone::{Region, reading, text};
    use rlibphonenumber::PHONE_NUMBER_UTIL;
    use std::collections::{BTreeMap, HashSet};

    fn edge(row: usize, digit: usize) -> (usize, bool) {
        let at = row * ROW + digit * 2;
        let edge = u16::from_le_bytes([PLAN[at], PLAN[at + 1]]);
        (usize::from(edge & 0x7FFF), edge & 0x8000 != 0)
    }

    fn in_full(digits: &str) -> Option<String> {
        let text = format!("+{digits}");
        reading::read(text::unwrap(&text).unwrap(), None).ok().map(|read| read.wire)
    }

    /// Where the plan accepts, the full reader gives back the same number; returns whether the two agree.
    fn agree(digits: &str) -> bool {
        let full = in_full(digits);
        if accepts(digits.as_bytes()) {
            assert_eq!(full.as_deref(), Some(format!("+{digits}").as_str()), "the plan accepts +{digits}");
        }
        accepts(digits.as_bytes()) == (full.as_deref() == Some(&format!("+{digits}")))
    }

    /// A few digits that only have to differ from run of the loop to run of the loop.
    struct Digits(u64);

    impl Digits {
        fn next(&mut self) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from((self.0 >> 33) % 10).unwrap()
        }

        /// Any digit, or one with which the number can still become valid.
        fn after(&mut self, row: usize, towards_valid: bool) -> usize {
            let first = self.next();
            let leads_on = |digit: &usize| edge(row, *digit).0 != 0;
            if !towards_valid {
                return first;
            }
            (first..10).chain(0..first).find(leads_on).unwrap_or(first)
        }
    }

    /// Each edge of the automaton of each country, once, followed by digits up to each length that numbers have: any
    /// digits, and digits with which it stays a number.
    #[test]
    fn the_plan_answers_as_the_full_check_does() {
        let mut digits = Digits(1);
        let mut checked = 0_u64;
        let mut slower: BTreeMap<i32, u64> = BTreeMap::new();
        for code in PHONE_NUMBER_UTIL.get_supported_calling_codes() {
            let start = code.to_string();
            let root = start.bytes().fold(PLAN.len() / ROW - 1, |row, byte| edge(row, usize::from(byte - b'0')).0);
            let mut seen = HashSet::from([root]);
            let mut open = vec![(root, start)];
            while let Some((row, begun)) = open.pop() {
                for (next, towards_valid) in (0..10).flat_map(|next| [(next, true), (next, false)]) {
                    let (mut at, _) = edge(row, next);
                    let mut text = format!("{begun}{next}");
                    if at != 0 && seen.insert(at) {
                        open.push((at, text.clone()));
                    }
                    let longest = if at == 0 { 13 } else { 17 };
                    while text.len() < longest {
                        if text.len() > 6 {
                            checked += 1;
                            *slower.entry(code).or_default() += u64::from(!agree(&text));
                        }
                        let digit = digits.after(at, towards_valid);
                        at = edge(at, digit).0;
                        text.push_str(&digit.to_string());
                    }
                }
            }
        }
        slower.retain(|_, count| *count > 0);
        println!("{checked} numbers; taking the full way although valid: {slower:?}");
        assert!(checked > 1_000_000, "{checked}");
        // National prefixes that may stand before a valid number too: Argentina, Brazil, Norfolk Island.
        assert!(slower.keys().all(|code| [54, 55, 672].contains(code)), "{slower:?}");
    }

    #[test]
    fn nearly_every_example_takes_the_short_way() {
        use rlibphonenumber::{PhoneNumberFormat, PhoneNumberType};
        let (mut short, mut all) = (0, 0);
        for region in Region::all() {
            for kind in [PhoneNumberType::Mobile, PhoneNumberType::FixedLine] {
                let Ok(example) = PHONE_NUMBER_UTIL.get_example_number_for_type_and_region(region.inner(), kind) else {
                    continue;
                };
                let wire = PHONE_NUMBER_UTIL.format(&example, PhoneNumberFormat::E164).into_owned();
                all += 1;
                short += u32::from(accepts(&wire.as_bytes()[1..]));
            }
        }
        assert!(all > 450 && short * 100 >= all * 98, "{short} of {all}");
    }
}
