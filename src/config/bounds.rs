//! Values that would end what they set: refused where they stand.

use super::Span;
use serde::{Deserialize, Deserializer, de::Error};
use std::net::SocketAddr;
use toml::Spanned;

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
    placed::<D, LEAST, MOST>(from).map(Spanned::into_inner)
}

/// The same, and where it stands.
pub(super) fn placed<'de, D: Deserializer<'de>, const LEAST: u64, const MOST: u64>(
    from: D,
) -> Result<Spanned<Span>, D::Error> {
    let placed = Spanned::<Span>::deserialize(from)?;
    let (given, least, most) = (placed.get_ref(), Span::millis(LEAST), Span::millis(MOST));
    if given.0 >= least.0 && given.0 <= most.0 {
        return Ok(placed);
    }
    Err(D::Error::custom(format!("{given} is not possible here; from {least} to {most} is")))
}

/// Where to listen.
pub(super) fn listening<'de, D: Deserializer<'de>>(from: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(from)?;
    let wrong = |_| D::Error::custom(format!("{text:?} is no address with a port; write one like \"127.0.0.1:8080\""));
    text.parse().map_err(wrong)
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
