//! Values that would end what they set: refused where they stand.

use super::Span;
use serde::{Deserialize, Deserializer, de::Error};

/// In milliseconds.
pub(super) const SECOND: u64 = 1_000;
/// The same.
pub(super) const MINUTE: u64 = 60 * SECOND;
/// The same.
pub(super) const HOUR: u64 = 60 * MINUTE;
/// The same.
pub(super) const DAY: u64 = 24 * HOUR;

/// A duration of so many milliseconds at least and at most.
pub(super) fn lasting<'de, D: Deserializer<'de>, const LEAST: u64, const MOST: u64>(from: D) -> Result<Span, D::Error> {
    let given = Span::deserialize(from)?;
    let (least, most) = (Span::millis(LEAST), Span::millis(MOST));
    if given.0 >= least.0 && given.0 <= most.0 {
        return Ok(given);
    }
    Err(D::Error::custom(format!("{given} is not possible here; from {least} to {most} is")))
}

/// A whole number of so much at least and at most.
pub(super) fn counting<'de, D: Deserializer<'de>, T: TryFrom<u64>, const LEAST: u64, const MOST: u64>(
    from: D,
) -> Result<T, D::Error> {
    let given = i64::deserialize(from)?;
    let fitting = u64::try_from(given).ok().filter(|given| (LEAST..=MOST).contains(given));
    let fitting = fitting.and_then(|given| T::try_from(given).ok());
    fitting.ok_or_else(|| D::Error::custom(format!("{given} is not possible here; from {LEAST} to {MOST} is")))
}
