//! `[exchange]`: how many introductions there may be.

use super::{
    Span,
    bounds::{DAY, MINUTE, counting, lasting},
};
use serde::Deserialize;

/// How many introductions there may be.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Exchange {
    /// So many new contacts within `window` are people; more are an import, which sends nothing until confirmed.
    #[serde(deserialize_with = "counting::<_, _, 0, 50>")]
    pub alone: usize,
    /// See `alone`; and how long an introduction rests before it leaves.
    #[serde(deserialize_with = "lasting::<_, MINUTE, DAY>")]
    pub window: Span,
    /// Introductions of one owner in a day; more wait for the owner's word.
    #[serde(deserialize_with = "counting::<_, _, 0, 10_000>")]
    pub a_day: u64,
    /// Introductions to one address in a day, from all owners together; more wait a day.
    #[serde(deserialize_with = "counting::<_, _, 1, 100>")]
    pub to_address_a_day: usize,
    /// Cards that wait in one owner's tray; more do not come.
    #[serde(deserialize_with = "counting::<_, _, 0, 10_000>")]
    pub tray: usize,
}

impl Default for Exchange {
    fn default() -> Self {
        let minutes = std::time::Duration::from_mins(10);
        Self { alone: 5, window: Span(minutes), a_day: 50, to_address_a_day: 3, tray: 100 }
    }
}
