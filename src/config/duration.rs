//! Durations as people write them.

use serde::Deserialize;
use std::{fmt, time::Duration};

/// A duration, written as a number and a unit: `250 ms`, `90 s`, `2 minutes`, `45 days`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(pub Duration);

impl Span {
    /// Of so many milliseconds.
    pub const fn millis(count: u64) -> Self {
        Self(Duration::from_millis(count))
    }

    /// Of so many seconds.
    pub const fn seconds(count: u64) -> Self {
        Self(Duration::from_secs(count))
    }

    /// Of so many days.
    pub const fn days(count: u64) -> Self {
        Self(Duration::from_secs(86_400 * count))
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let split = text.find(|c: char| !c.is_ascii_digit())?;
        let count: u64 = text[..split].parse().ok()?;
        let millis = match text[split..].trim() {
            "ms" => 1,
            "s" | "second" | "seconds" => 1_000,
            "min" | "minute" | "minutes" => 60_000,
            "h" | "hour" | "hours" => 3_600_000,
            "day" | "days" => 86_400_000,
            _ => return None,
        };
        Some(Self::millis(count.checked_mul(millis)?))
    }
}

/// As it is written, in its largest whole unit.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        let units = [(86_400_000, "days"), (3_600_000, "hours"), (60_000, "minutes"), (1_000, "s"), (1, "ms")];
        let (size, unit) =
            units.into_iter().find(|(size, _)| millis.is_multiple_of(*size) && millis >= *size).unwrap_or((1, "ms"));
        write!(f, "{} {unit}", millis / size)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(format!(
                "{text:?} is no duration; write a number and ms, s, minutes, hours or days, like \"90 s\""
            ))
        })
    }
}
