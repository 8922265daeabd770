//! What a part of a text message costs, as the operator states it.

use std::{fmt, str::FromStr};

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
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = format!("{:06}", self.micros % 1_000_000);
        let part = part.trim_end_matches('0');
        write!(f, "{}.{part:0<2} {}", self.micros / 1_000_000, self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
