//! Phone numbers: from what people and providers write to E.164, and the key that folds aliases (rules Q1, Q12).
//!
//! `docs/phone-numbers.md` says what reads what and how it is checked against Google's libphonenumber.

mod alias;
mod country;
mod kind;
mod plan;
mod readable;
mod reading;
mod refused;
mod region;
mod text;
mod zones;

pub use country::Country;
pub use kind::{NumberKind, country_code, is_costly, kind, region_of};
pub use readable::readable;
pub use refused::NotAPhone;
pub use region::{NotARegion, Region};
pub use zones::zones;

use super::Address;

/// A number and what is dialled once it has answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// The main number.
    pub address: Address,
    /// Its extension: digits, and in URIs the signs of RFC 3966's `post-dial`.
    pub extension: Option<String>,
}

/// Reads a number; `region` is used only where it has no country code, and an IDD prefix (`00`, `011`) is that
/// region's.
///
/// Taken: any spelling of one number, digits of any script, letters as on a keypad (1-800-FLOWERS), `tel:` with the
/// parameters of RFC 3966, `sms:`, `whatsapp:`, and a `sip:` or `sips:` address whose user is a number. The wire form
/// is E.164. A number with an extension is refused: alone it would reach, and be taken for, other people
/// ([`parse_with_extension`] gives both).
pub fn parse(text: &str, region: Option<Region>) -> Result<Address, NotAPhone> {
    if let Some(address) = as_it_stands(text.strip_prefix("whatsapp:").unwrap_or(text)) {
        return Ok(address);
    }
    let parsed = parse_with_extension(text, region)?;
    if parsed.extension.is_some() { Err(NotAPhone::Extension) } else { Ok(parsed.address) }
}

/// Like [`parse`], with the extension beside the number: for showing and for writing it out again. What is connected
/// or compared is a number without one.
pub fn parse_with_extension(text: &str, region: Option<Region>) -> Result<Parsed, NotAPhone> {
    let written = text::unwrap(text)?;
    if written.extension.is_none()
        && let Some(address) = as_it_stands(&written.number)
    {
        return Ok(Parsed { address, extension: None });
    }
    let read = reading::read(written, region)?;
    Ok(Parsed { address: address(read.wire.into()), extension: read.extension })
}

/// Whether a text has the scheme of a URI other than `mailto:`; such a text can hold an `@` and be no e-mail address.
pub(super) fn is_uri(text: &str) -> bool {
    text::scheme(text).is_some_and(|scheme| !scheme.eq_ignore_ascii_case("mailto"))
}

/// `+`, digits, and what is put between them by habit, together a valid number: nothing is to be done but to see that.
/// None of these signs begins an extension or another number, and all are left out by the full reader too.
fn as_it_stands(text: &str) -> Option<Address> {
    let bytes = text.as_bytes().strip_prefix(b"+")?;
    if plan::accepts(bytes) {
        return Some(address(text.into()));
    }
    let mut wire = [b'+'; 20];
    let mut length = 1;
    for byte in bytes {
        match byte {
            b'0'..=b'9' => {
                *wire.get_mut(length)? = *byte;
                length += 1;
            }
            b' ' | b'-' | b'.' | b'(' | b')' => {}
            _ => return None,
        }
    }
    let written = length - 1 < bytes.len() && bytes.len() < text::LONGEST;
    let wire = std::str::from_utf8(&wire[..length]).ok()?;
    (written && plan::accepts(&wire.as_bytes()[1..])).then(|| address(wire.into()))
}

/// With its key.
fn address(wire: Box<str>) -> Address {
    match alias::folded(&wire.as_bytes()[1..]) {
        Some(key) => Address::stored(key, wire),
        None => Address::own_key(wire),
    }
}

#[cfg(test)]
mod tests;
