//! Which numbers share limits of a country (rules C1, N7).

use super::{Region, country_code, region_of};
use crate::domain::address::Address;
use std::fmt;

/// Where a number belongs, for limits and budgets: countries that share a calling code are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Country {
    /// The region that gives such numbers out.
    Of(Region),
    /// The calling code alone says something: +800, +870, and numbers that no region gives out.
    Code(u16),
    /// An e-mail address, a device.
    Nowhere,
}

impl Country {
    /// Of an address.
    pub fn of(address: &Address) -> Self {
        match region_of(address) {
            Some(region) => Self::Of(region),
            None => country_code(address).map_or(Self::Nowhere, Self::Code),
        }
    }

    /// What [`Country`] shows itself as; what it cannot have written is nowhere.
    pub fn read(text: &str) -> Self {
        match text.strip_prefix('+') {
            Some(code) => code.parse().map_or(Self::Nowhere, Self::Code),
            None => Region::new(text).map_or(Self::Nowhere, Self::Of),
        }
    }
}

/// `US`, `+870`, or nothing.
impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Of(region) => fmt::Display::fmt(region, f),
            Self::Code(code) => write!(f, "+{code}"),
            Self::Nowhere => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n7_countries_that_share_a_calling_code_are_told_apart() {
        for (number, country) in [
            ("+14155550100", "US"),
            ("+14165550100", "CA"),
            ("+18765550100", "JM"),
            ("+442079460000", "GB"),
            ("+441481256789", "GG"),
            ("+441534456789", "JE"),
            ("+441624756789", "IM"),
            ("+79161234567", "RU"),
            ("+77710009998", "KZ"),
            ("+390669812345", "VA"),
            ("+390612345678", "IT"),
            ("+590590271234", "BL"),
            ("+590590201234", "GP"),
            ("+262269601234", "YT"),
            ("+262262161234", "RE"),
            ("+870773111632", "+870"),
            ("ann@example.com", ""),
        ] {
            let found = Country::of(&Address::stored(number, number));
            assert_eq!(found.to_string(), country, "{number}");
            assert_eq!(Country::read(country), found, "{number}");
        }
        assert_eq!([Country::read("+x"), Country::read("XX")], [Country::Nowhere; 2]);
    }
}
