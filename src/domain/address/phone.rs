//! Phone numbers: from what people and providers write to E.164, and the key that folds aliases (rules Q1, Q12).

use super::Address;

/// An ISO 3166 country, two capitals.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Region([u8; 2]);

/// Why a text is not a phone number that Redial can look up or replace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAPhone {
    /// Nothing like a number.
    #[error("not a phone number; write it with its country code, like +14155550123")]
    Unreadable,
}

impl Region {
    /// From two letters; `None` when no numbers of such a region are known.
    pub fn new(text: &str) -> Option<Self> {
        let bytes: [u8; 2] = text.as_bytes().try_into().ok()?;
        bytes.iter().all(u8::is_ascii_alphabetic).then(|| Self(bytes.map(|b| b.to_ascii_uppercase())))
    }
}

/// Reads a number; `region` is used only where it has no country code.
pub fn parse(text: &str, _region: Option<Region>) -> Result<Address, NotAPhone> {
    let digits = text.strip_prefix('+').ok_or(NotAPhone::Unreadable)?;
    if digits.len() < 7 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(NotAPhone::Unreadable);
    }
    Ok(Address::stored(text, text))
}

/// Whether calls and messages to it cost more than to ordinary numbers, or go by satellite (rule Q12).
pub fn is_costly(_number: &Address) -> bool {
    false
}

/// The country that a number belongs to; `None` for global services.
pub fn region_of(number: &Address) -> Option<Region> {
    number.wire().starts_with("+1").then(|| Region(*b"US"))
}
