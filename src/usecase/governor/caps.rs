//! What the operator allows an account, and what it is asked for.

use crate::{
    clock::Time,
    domain::{
        address::{Address, Kind, phone},
        schedule::{BreakerSettings, Hours, Rate},
    },
};
use std::{collections::HashMap, fmt};

/// What the operator allows one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Messages on their way at once.
    pub concurrency: usize,
    /// Messages in time, for each sender and country.
    pub rate: Option<Rate>,
    /// And for these countries.
    pub rates: HashMap<phone::Region, Rate>,
    /// Messages in a day of UTC.
    pub daily: Option<u64>,
    /// Where messages may go; `None`: anywhere.
    pub countries: Option<Vec<phone::Region>>,
    /// When recipients are left alone, by their clocks.
    pub quiet: Hours,
    /// When it counts as failing.
    pub breaker: BreakerSettings,
}

impl Default for Caps {
    /// No caps but the breaker.
    fn default() -> Self {
        Self {
            concurrency: usize::MAX,
            rate: None,
            rates: HashMap::new(),
            daily: None,
            countries: None,
            quiet: Hours::NONE,
            breaker: BreakerSettings::default(),
        }
    }
}

impl Caps {
    /// How fast messages may go there from one sender.
    pub fn rate_to(&self, to: &Address) -> Option<Rate> {
        let own = || self.rates.get(&phone::region_of(to)?).copied();
        if self.rates.is_empty() { self.rate } else { own().or(self.rate) }
    }

    /// Whether messages may go to this address at all.
    pub fn reach(&self, to: &Address) -> bool {
        let listed = |countries: &Vec<phone::Region>| phone::region_of(to).is_some_and(|to| countries.contains(&to));
        to.kind() != Kind::Phone || self.countries.as_ref().is_none_or(listed)
    }
}

/// What a message leaves by: rates belong to the three together.
#[derive(Clone, Copy, Debug)]
pub struct Way<'a> {
    /// The account.
    pub account: &'a str,
    /// Its sender: a number or name.
    pub sender: &'a str,
    /// Whom it is for.
    pub to: &'a Address,
    /// The far end, where recipients choose it: its pauses are its own, and its failures say nothing of the account.
    pub host: Option<&'a str>,
}

/// Why something is not let through now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// The account fails.
    Breaker,
    /// As much as it may have is on its way.
    Concurrency,
    /// Its rate, or a pause that the far end asked for.
    Rate,
    /// Its messages of this day are used up.
    Daily,
}

impl Why {
    /// As it is counted.
    pub fn word(self) -> &'static str {
        match self {
            Why::Breaker => "breaker",
            Why::Concurrency => "concurrency",
            Why::Rate => "rate",
            Why::Daily => "daily",
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Why::Breaker => "fails, and is left alone for a while",
            Why::Concurrency => "has as many messages on their way as it may",
            Why::Rate => "sends as fast as it may",
            Why::Daily => "has sent as many messages today as it may",
        })
    }
}

/// Come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Not before.
    pub until: Time,
    /// For what.
    pub why: Why,
}
