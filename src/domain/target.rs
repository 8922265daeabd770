//! Where a communication may be sent instead (rule Q12).

use super::address::{Address, Kind, phone};
use std::collections::BTreeSet;

/// What an account allows as the new number of a communication.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets {
    /// Other countries than the one of the number that the sender used.
    pub countries: Countries,
    /// Keys of the operator's own numbers, to which nothing is sent.
    pub own: BTreeSet<Box<str>>,
}

/// Which countries besides that of the number used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Countries {
    /// None.
    #[default]
    Same,
    /// These.
    These(Vec<phone::Region>),
    /// All.
    Any,
}

impl Targets {
    /// Whether `to` may be connected in place of `used`: never premium, shared-cost, satellite, short or one of the
    /// operator's own numbers, and another country only where it is listed.
    pub fn allow(&self, used: &Address, to: &Address) -> bool {
        if to.kind() == Kind::Email {
            return used.kind() == Kind::Email;
        }
        if self.own.contains(to.key()) || phone::is_costly(to) {
            return false;
        }
        let there = phone::region_of(to);
        match &self.countries {
            Countries::Any => true,
            Countries::Same => there.is_some() && there == phone::region_of(used),
            Countries::These(listed) => {
                there.is_some()
                    && (there == phone::region_of(used) || there.is_some_and(|region| listed.contains(&region)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q12_where_a_communication_may_be_sent_instead() {
        let address = |text: &str| Address::stored(text, text);
        let these = || Countries::These(phone::Region::new("GB").into_iter().collect());
        let (us, own) = ("+14155550100", "+14155550177");
        for (rule, used, to, countries, allowed) in [
            ("the same country", us, "+12125550123", Countries::Same, true),
            ("another one with its calling code", us, "+14165550123", Countries::Same, false),
            ("another country", us, "+442079460000", Countries::Same, false),
            ("a country that is listed", us, "+442079460000", these(), true),
            ("the same country, where others are listed", us, "+12125550123", these(), true),
            ("a country that is not listed", us, "+493012345678", these(), false),
            ("any country", us, "+493012345678", Countries::Any, true),
            ("the operator's own", us, own, Countries::Any, false),
            ("premium", us, "+19005550123", Countries::Any, false),
            ("premium in its own country", "+442079460000", "+448431234567", Countries::Same, false),
            ("satellite", us, "+870773111632", Countries::Any, false),
            ("from a number to an e-mail address", us, "ann@example.com", Countries::Any, false),
            ("from one e-mail address to another", "ann@example.org", "ann@example.com", Countries::Same, true),
        ] {
            let targets = Targets { countries, own: BTreeSet::from([own.into()]) };
            assert_eq!(targets.allow(&address(used), &address(to)), allowed, "{rule}");
        }
    }
}
