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
