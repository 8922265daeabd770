//! Numbers as people read them: `+1 415-555-0123`, `(415) 555-0123`.

use super::{
    Region,
    kind::{country_code, in_the_plan},
    reading::stored_number,
};
use crate::domain::address::Address;
use phonenumber::{Mode, PhoneNumber};
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat};
use std::fmt::Write as _;

/// The number as a reader in `reader` would write it: in national form where both share the country code, else in
/// international form. An alias of an older plan is shown as it is dialled now. An e-mail address is given as it is.
///
/// For notices and pages, not for the hot path: the first number of a country takes milliseconds.
pub fn readable(address: &Address, reader: Option<Region>) -> String {
    let Some(wire) = in_the_plan(address) else { return address.wire().to_owned() };
    let code = country_code(address);
    let home = reader.is_some_and(|region| Some(region.calling_code()) == code);
    let by_phonenumber = phonenumber::parse(None, wire).ok().and_then(|number| form(&number, wire, home));
    by_phonenumber.or_else(|| second_form(wire, home)).unwrap_or_else(|| wire.to_owned())
}

/// The form of the crate `phonenumber`, where its digits are those of the number: it cuts the `8` from Russian numbers
/// that begin with one, and has no Argentine mobile numbers in national form.
fn form(number: &PhoneNumber, wire: &str, home: bool) -> Option<String> {
    let national = number.national().to_string();
    if number.code().value().to_string() + &national != wire[1..] {
        return None;
    }
    if home {
        shaped(number, Mode::National).filter(|text| digits(text).ends_with(&national))
    } else {
        shaped(number, Mode::International).filter(|text| digits(text) == wire[1..])
    }
}

/// The form of the reader of numbers.
fn second_form(wire: &str, home: bool) -> Option<String> {
    let form = if home { PhoneNumberFormat::National } else { PhoneNumberFormat::International };
    Some(PHONE_NUMBER_UTIL.format(&stored_number(wire)?, form).into_owned())
}

/// `None` where the library has no form, which `to_string` would turn into a panic.
fn shaped(number: &PhoneNumber, mode: Mode) -> Option<String> {
    let mut text = String::new();
    write!(text, "{}", number.format().mode(mode)).ok()?;
    Some(text)
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}
