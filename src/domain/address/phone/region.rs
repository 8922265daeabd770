//! Regions with a number plan of their own.

use rlibphonenumber::PHONE_NUMBER_UTIL;
use std::{borrow::Cow, fmt, str::FromStr};

/// An ISO 3166 region whose number plan is known, two capitals.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Region(rlibphonenumber::Region);

/// The text was not a region with a number plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a region with a number plan; write the two letters of ISO 3166, like US, GB (not UK) or DE")]
pub struct NotARegion;

impl Region {
    /// From two letters in either case; `None` when no number plan of such a region is known.
    pub fn new(text: &str) -> Option<Self> {
        let bytes: [u8; 2] = text.as_bytes().try_into().ok()?;
        let capitals = bytes.map(|byte| byte.to_ascii_uppercase());
        let region = rlibphonenumber::Region::from_code(std::str::from_utf8(&capitals).ok()?).ok()?;
        Self::known(region)
    }

    /// The two capitals.
    pub fn code(self) -> String {
        self.0.as_region_str().as_str().to_owned()
    }

    /// The country calling code: 1 for US and Canada alike.
    pub fn calling_code(self) -> u16 {
        PHONE_NUMBER_UTIL.get_country_code_for_region(self.0).and_then(|code| u16::try_from(code).ok()).unwrap_or(0)
    }

    /// Every region that has a number plan, in no particular order.
    pub fn all() -> impl Iterator<Item = Self> {
        PHONE_NUMBER_UTIL.get_supported_regions().map(Self)
    }

    /// `None` for the code of numbers that belong to no country, and for regions without a plan.
    pub(super) fn known(region: rlibphonenumber::Region) -> Option<Self> {
        PHONE_NUMBER_UTIL.get_country_code_for_region(region).map(|_| Self(region))
    }

    pub(super) fn inner(self) -> rlibphonenumber::Region {
        self.0
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_region_str().as_str())
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Region {
    type Err = NotARegion;
    fn from_str(text: &str) -> Result<Self, NotARegion> {
        Self::new(text).ok_or(NotARegion)
    }
}

impl serde::Serialize for Region {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Region {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
