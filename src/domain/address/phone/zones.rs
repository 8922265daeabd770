//! In which time zones a number may be, by its first digits (rule N7).
//!
//! The table is made from libphonenumber's data by `tests/phone/make_zones.py`. A number may be in any of several zones,
//! and whoever has it may be anywhere: who has to decide asks all of them.

use crate::domain::address::{Address, Kind};
use std::sync::LazyLock;

const TABLE: &str = include_str!("zones.txt");
/// The longest prefix of the table, in digits.
const LONGEST: usize = 9;

type Zones = Box<[&'static str]>;

/// The table, read.
struct Table {
    /// Prefixes as numbers, in order, each with the place of its zones. No prefix begins with a zero.
    prefixes: Vec<(u32, u16)>,
    lists: Vec<Zones>,
}

static READ: LazyLock<Table> = LazyLock::new(|| {
    let (mut prefixes, mut lists) = (Vec::new(), Vec::new());
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let Some((zones, found)) = line.split_once(':') else { continue };
        let place = u16::try_from(lists.len()).unwrap_or(u16::MAX);
        lists.push(zones.split(' ').filter(|zone| !zone.is_empty()).collect());
        prefixes.extend(found.split(' ').filter_map(|prefix| Some((prefix.parse().ok()?, place))));
    }
    prefixes.sort_unstable();
    Table { prefixes, lists }
});

/// The names of the zones in which the number may be, as the tz database has them; none where nothing is known, and for
/// an e-mail address.
pub fn zones(address: &Address) -> &'static [&'static str] {
    if address.kind() != Kind::Phone {
        return &[];
    }
    let Table { prefixes, lists } = &*READ;
    let wire = address.wire();
    let digits = wire.strip_prefix('+').unwrap_or(wire);
    let most = digits.len().min(LONGEST);
    let found = (1..=most).rev().find_map(|length| {
        let prefix: u32 = digits.get(..length)?.parse().ok()?;
        let at = prefixes.binary_search_by_key(&prefix, |(prefix, _)| *prefix).ok()?;
        lists.get(usize::from(prefixes[at].1))
    });
    found.map_or(&[], |zones| zones)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::schedule::zone;

    #[test]
    fn n7_zones_by_the_longest_prefix() {
        for (number, expected) in [
            ("+14155550100", &["America/Los_Angeles"][..]),
            ("+12082010000", &["America/Denver"]),
            ("+12082990000", &["America/Boise", "America/Los_Angeles"]),
            ("+442079460000", &["Europe/London"]),
            ("+8613800138000", &["Asia/Shanghai"]),
            ("+493012345678", &["Europe/Berlin"]),
            ("ann@example.com", &[]),
            ("+", &[]),
        ] {
            assert_eq!(zones(&Address::stored(number, number)), expected, "{number}");
        }
        let free = zones(&Address::stored("+18005550100", "+18005550100"));
        assert!(free.len() > 20 && free.contains(&"Pacific/Honolulu"), "a free-phone number may be anywhere: {free:?}");
    }

    #[test]
    fn every_zone_of_the_table_is_one_that_there_is() {
        let Table { prefixes, lists } = &*READ;
        assert!(prefixes.len() > 3_000 && prefixes.windows(2).all(|two| two[0].0 < two[1].0), "each prefix once");
        assert!(prefixes.iter().all(|(prefix, _)| prefix.to_string().len() <= LONGEST));
        for name in lists.iter().flatten() {
            assert!(zone(name).is_some(), "{name}");
        }
    }
}
