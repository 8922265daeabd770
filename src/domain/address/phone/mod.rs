//! Phone numbers: from what people and providers write to E.164, and the key that folds aliases (rules Q1, Q12).
//!
//! `docs/phone-numbers.md` says what reads what and how it is checked against Google's libphonenumber.

mod alias;
mod kind;
mod plan;
mod readable;
mod reading;
mod refused;
mod region;
mod text;

pub use kind::{NumberKind, country_code, is_costly, kind, region_of};
pub use readable::readable;
pub use refused::NotAPhone;
pub use region::{NotARegion, Region};

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

/// Like [`parse`] for fields in which a provider writes the country code without `+` (`15551234567`). With a default
/// region such digits can be another number: `15551234567` is a mobile number in Germany.
pub fn parse_bare(text: &str) -> Result<Address, NotAPhone> {
    if text.trim_start().starts_with(|letter: char| letter.is_ascii_digit()) && text.trim().len() > 6 {
        parse(&format!("+{}", text.trim()), None)
    } else {
        parse(text, None)
    }
}

/// Like [`parse`], with the extension beside the number: for showing and for writing it out again. What is connected
/// or compared is a number without one.
pub fn parse_with_extension(text: &str, region: Option<Region>) -> Result<Parsed, NotAPhone> {
    let read = reading::read(text::unwrap(text)?, region)?;
    Ok(Parsed { address: address(read.wire.into()), extension: read.extension })
}

/// Whether a text has the scheme of a URI other than `mailto:`; such a text can hold an `@` and be no e-mail address.
pub(super) fn is_uri(text: &str) -> bool {
    text::scheme(text).is_some_and(|scheme| !scheme.eq_ignore_ascii_case("mailto"))
}

/// `+` and digits, a valid number: nothing is to be done but to see that.
fn as_it_stands(text: &str) -> Option<Address> {
    plan::accepts(text.strip_prefix('+')?.as_bytes()).then(|| address(text.into()))
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
