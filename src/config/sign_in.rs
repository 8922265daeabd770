//! `[sign_in]`: how owners get in.

use super::Secret;
use serde::Deserialize;
use toml::Spanned;

/// How owners get in.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignIn {
    /// Whether people may register themselves by a code.
    pub registration: bool,
    /// What codes and links are made with; the same on all nodes. Without it the store keeps one.
    pub key: Option<Spanned<Secret>>,
    /// How many codes may be asked for.
    pub codes: Codes,
}

/// How many codes may be asked for, known and unknown addresses alike (rule C1).
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Codes {
    /// To one address, in half a minute.
    pub again: Spanned<u32>,
    /// To one address, in an hour.
    pub address: Spanned<u32>,
    /// To one address, in a day.
    pub address_day: Spanned<u32>,
    /// To a thousand neighbouring numbers, in an hour.
    pub prefix: Spanned<u32>,
    /// To one mail domain, in an hour.
    pub domain: Spanned<u32>,
    /// To one country, in an hour.
    pub country: Spanned<u32>,
    /// For one requester, in an hour.
    pub requester: Spanned<u32>,
}

impl Default for Codes {
    fn default() -> Self {
        let most = |count| Spanned::new(0..0, count);
        Self {
            again: most(1),
            address: most(5),
            address_day: most(12),
            prefix: most(60),
            domain: most(1_000),
            country: most(1_000),
            requester: most(20),
        }
    }
}

impl Codes {
    /// The byte at which something is wrong, and why.
    pub(super) fn check(&self) -> Result<(), (usize, String)> {
        /// Each code may be answered five times, and has a million forms.
        const GUESSED: u32 = 200;
        const ANY: u32 = 10_000_000;
        for (name, value, most) in [
            ("again", &self.again, 10),
            ("address", &self.address, GUESSED),
            ("address_day", &self.address_day, GUESSED),
            ("prefix", &self.prefix, ANY),
            ("domain", &self.domain, ANY),
            ("country", &self.country, ANY),
            ("requester", &self.requester, ANY),
        ] {
            let count = *value.get_ref();
            if !(1..=most).contains(&count) {
                let guess = if most == GUESSED { ", for each code more is a guess more" } else { "" };
                return Err((
                    value.span().start,
                    format!("sign_in.codes.{name} is {count}; 1 to {most} are possible{guess}"),
                ));
            }
        }
        let (hour, day) = (self.address.get_ref(), self.address_day.get_ref());
        if hour > day {
            let at = self.address.span().start.max(self.address_day.span().start);
            return Err((
                at,
                format!("sign_in.codes.address, {hour} in an hour, is more than address_day, {day} in a day"),
            ));
        }
        Ok(())
    }
}
