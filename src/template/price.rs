//! What a part of a text message costs, as the operator states it.

use crate::domain::address::{
    Address,
    phone::{Region, region_of},
};
use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    str::FromStr,
};

/// A price such as `0.0079 USD`: exact, to a millionth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    /// Millionths of the currency.
    micros: u64,
    /// Three capitals (ISO 4217).
    currency: String,
}

/// A price that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a price is an amount and a currency, like \"0.0079 USD\"")]
pub struct NoPrice;

impl FromStr for Price {
    type Err = NoPrice;

    fn from_str(text: &str) -> Result<Self, NoPrice> {
        let (amount, currency) = text.trim().split_once(' ').ok_or(NoPrice)?;
        let currency = currency.trim();
        let (whole, part) = amount.split_once('.').unwrap_or((amount, "0"));
        let digits = |text: &str, most: usize| {
            (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !digits(whole, 6)
            || !digits(part, 6)
            || currency.len() != 3
            || !currency.bytes().all(|b| b.is_ascii_uppercase())
        {
            return Err(NoPrice);
        }
        let whole: u64 = whole.parse().map_err(|_| NoPrice)?;
        let part: u64 = format!("{part:0<6}").parse().map_err(|_| NoPrice)?;
        Ok(Self { micros: whole * 1_000_000 + part, currency: currency.to_owned() })
    }
}

impl Price {
    /// Of so many parts.
    #[must_use]
    pub fn times(&self, parts: usize) -> Self {
        let parts = u64::try_from(parts).unwrap_or(u64::MAX);
        Self { micros: self.micros.saturating_mul(parts), currency: self.currency.clone() }
    }

    /// All together: one in each currency, in their order.
    pub fn sum(all: impl IntoIterator<Item = Self>) -> Vec<Self> {
        let mut sums: BTreeMap<String, u64> = BTreeMap::new();
        for price in all {
            let sum = sums.entry(price.currency).or_default();
            *sum = sum.saturating_add(price.micros);
        }
        sums.into_iter().map(|(currency, micros)| Self { micros, currency }).collect()
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = format!("{:06}", self.micros % 1_000_000);
        let part = part.trim_end_matches('0');
        write!(f, "{}.{part:0<2} {}", self.micros / 1_000_000, self.currency)
    }
}

/// What an account's text messages cost, as the operator states it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prices {
    /// By country.
    pub by_country: HashMap<Region, Price>,
    /// To every other country.
    pub elsewhere: Option<Price>,
    /// They are for a whole message, whatever its length, and not for a part: the card goes with it.
    pub whole: bool,
}

impl Prices {
    /// What a text message of so many parts costs there; none where the operator has not said.
    pub fn of(&self, to: &Address, parts: usize) -> Option<Price> {
        let country = if self.by_country.is_empty() { None } else { region_of(to) };
        let price = country.and_then(|country| self.by_country.get(&country)).or(self.elsewhere.as_ref())?;
        Some(price.times(if self.whole { 1 } else { parts }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e2_a_text_message_costs_what_the_operator_says_of_its_country() {
        let price = |text: &str| text.parse::<Price>().unwrap();
        let prices = |whole| Prices {
            by_country: Region::new("US").map(|us| (us, price("0.0079 USD"))).into_iter().collect(),
            elsewhere: Some(price("0.08 EUR")),
            whole,
        };
        let only_us = Prices { elsewhere: None, ..prices(false) };
        for (rule, prices, to, cost) in [
            ("by the part", prices(false), "+14155550100", Some("0.0237 USD")),
            ("a whole message", prices(true), "+14155550100", Some("0.0079 USD")),
            ("every other country", prices(false), "+4930901820", Some("0.24 EUR")),
            ("of which nothing was said", only_us, "+4930901820", None),
            ("of an account of which nothing was said", Prices::default(), "+14155550100", None),
        ] {
            let found = prices.of(&Address::parse(to, None).unwrap(), 3);
            assert_eq!(found.map(|price| price.to_string()).as_deref(), cost, "{rule}");
        }
        let sum = Price::sum([price("0.10 USD"), price("1 EUR"), price("0.005 USD")]);
        assert_eq!(sum.iter().map(ToString::to_string).collect::<Vec<_>>(), ["1.00 EUR", "0.105 USD"]);
    }

    #[test]
    fn prices_are_exact() {
        for (text, parts, product) in [
            ("0.0079 USD", 1, "0.0079 USD"),
            ("0.0079 USD", 3, "0.0237 USD"),
            ("1 EUR", 6, "6.00 EUR"),
            ("0.1 GBP", 2, "0.20 GBP"),
            (" 0.000001 USD ", 0, "0.00 USD"),
        ] {
            assert_eq!(text.parse::<Price>().map(|price| price.times(parts).to_string()), Ok(product.to_owned()));
        }
        for wrong in [
            "",
            "0.0079",
            "USD",
            "0,5 EUR",
            "-1 EUR",
            "0.0000001 EUR",
            "1. EUR",
            ".5 EUR",
            "1 usd",
            "1 USDX",
            "1e3 EUR",
        ] {
            assert_eq!(wrong.parse::<Price>(), Err(NoPrice), "{wrong}");
        }
    }
}
