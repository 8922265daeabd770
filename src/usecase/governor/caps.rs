//! What the operator says of an account, and what it is asked for.

use crate::{
    clock::Time,
    domain::{
        address::{Address, Kind, phone},
        schedule::{BreakerSettings, Hours, Rate},
    },
    template::Prices,
};
use std::{collections::HashMap, fmt};

/// What the operator allows one account, and what its messages cost.
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
    /// And of these so many to these countries.
    pub daily_to: HashMap<phone::Region, u64>,
    /// Where messages may go; `None`: anywhere.
    pub countries: Option<Vec<phone::Region>>,
    /// When recipients are left alone, by their clocks.
    pub quiet: Hours,
    /// When it counts as failing.
    pub breaker: BreakerSettings,
    /// What its text messages cost; only previews ask.
    pub prices: Prices,
}

impl Default for Caps {
    /// No caps but the breaker.
    fn default() -> Self {
        Self {
            concurrency: usize::MAX,
            rate: None,
            rates: HashMap::new(),
            daily: None,
            daily_to: HashMap::new(),
            countries: None,
            quiet: Hours::NONE,
            breaker: BreakerSettings::default(),
            prices: Prices::default(),
        }
    }
}

impl Caps {
    /// How fast messages may go there from one sender.
    pub fn rate_to(&self, to: phone::Country) -> Option<Rate> {
        of_country(&self.rates, to).or(self.rate)
    }

    /// How many messages may go there in a day, where that country has a budget of its own.
    pub fn daily_to(&self, to: phone::Country) -> Option<u64> {
        of_country(&self.daily_to, to)
    }

    /// Whether messages of the day are counted at all.
    pub fn counts_days(&self) -> bool {
        self.daily.is_some() || !self.daily_to.is_empty()
    }

    /// Whether messages may go to this address at all.
    pub fn reach(&self, to: &Address) -> bool {
        let listed = |countries: &Vec<phone::Region>| phone::region_of(to).is_some_and(|to| countries.contains(&to));
        to.kind() != Kind::Phone || self.countries.as_ref().is_none_or(listed)
    }
}

fn of_country<T: Copy>(all: &HashMap<phone::Region, T>, to: phone::Country) -> Option<T> {
    if let phone::Country::Of(region) = to { all.get(&region).copied() } else { None }
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
    /// Those to this country are.
    DailyTo,
}

impl Why {
    /// Whether another account may be free instead.
    pub fn is_of_account(self) -> bool {
        matches!(self, Why::Breaker | Why::Daily | Why::DailyTo)
    }

    /// As it is counted.
    pub fn word(self) -> &'static str {
        match self {
            Why::Breaker => "breaker",
            Why::Concurrency => "concurrency",
            Why::Rate => "rate",
            Why::Daily => "daily",
            Why::DailyTo => "daily_to",
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
            Why::DailyTo => "has sent as many messages to that country today as it may",
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
