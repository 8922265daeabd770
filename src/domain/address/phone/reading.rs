//! Reading any spelling, by the port of Google's library, and telling why it is no number.

use super::{NotAPhone, Region, alias, plan, text::Written};
use rlibphonenumber::{
    PHONE_NUMBER_UTIL, ParseError, PhoneNumber, PhoneNumberFormat, PhoneNumberType, ValidationError,
};

/// E.164 with `+` and the extension, if there is one.
pub(super) struct Read {
    pub(super) wire: String,
    pub(super) extension: Option<String>,
}

/// In use as an emergency number somewhere; a set for the sake of a clear answer, for all of three digits or fewer are
/// refused in any case.
const EMERGENCY: &[&str] = &[
    "000", "061", "08", "100", "101", "102", "103", "104", "106", "108", "110", "111", "112", "113", "114", "115",
    "117", "118", "119", "120", "122", "123", "128", "129", "131", "132", "133", "140", "144", "15", "150", "155",
    "158", "16", "160", "17", "18", "180", "190", "191", "192", "193", "194", "195", "197", "198", "199", "911", "913",
    "933", "988", "991", "992", "993", "994", "995", "996", "997", "998", "999",
];

pub(super) fn read(written: Written<'_>, region: Option<Region>) -> Result<Read, NotAPhone> {
    let text = written.number.as_ref();
    let international = text.starts_with(['+', '\u{FF0B}']);
    let digits = PHONE_NUMBER_UTIL.normalize_digits_only(text);
    let short = if international { 3 } else { 6 };
    if digits.len() <= short && !text.chars().any(char::is_alphabetic) && !may_be_whole(&digits, international, region)
    {
        return Err(short_code(&digits));
    }
    if region.is_none() && !international {
        return Err(if digits.len() > 17 { NotAPhone::TooLong } else { NotAPhone::NeedsRegion });
    }
    let number = PHONE_NUMBER_UTIL
        .parse(text, region.map(Region::inner))
        .map_err(|error| refused(&error, text, international))?;
    if number.extension.is_none() {
        nothing_left_out(text)?;
    }
    if written.extension.is_some() && number.extension.is_some() {
        return Err(NotAPhone::Parameters);
    }
    let wire = PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::E164).into_owned();
    check(&number, &wire)?;
    Ok(Read { wire, extension: written.extension.or(number.extension) })
}

/// Valid by the country's plan, or another way to write a number that is.
fn check(number: &PhoneNumber, wire: &str) -> Result<(), NotAPhone> {
    // The plan accepts no number that is not valid.
    if plan::accepts(&wire.as_bytes()[1..]) || PHONE_NUMBER_UTIL.is_valid_number(number) {
        return Ok(());
    }
    let other = alias::folded(wire.trim_start_matches('+').as_bytes()).and_then(|key| stored_number(&key));
    if other.is_some_and(|other| PHONE_NUMBER_UTIL.is_valid_number(&other) && may_be_mobile(&other)) {
        return Ok(());
    }
    Err(match PHONE_NUMBER_UTIL.is_possible_number_with_reason(number) {
        Err(ValidationError::TooShort) => NotAPhone::TooShort,
        Err(ValidationError::TooLong) => NotAPhone::TooLong,
        Err(ValidationError::InvalidCountryCode) => NotAPhone::UnknownCountryCode,
        _ => NotAPhone::NotValid,
    })
}

/// The aliases are of mobile numbers only: `+52 1 800 …` is no toll-free number.
fn may_be_mobile(number: &PhoneNumber) -> bool {
    matches!(PHONE_NUMBER_UTIL.get_number_type(number), PhoneNumberType::Mobile | PhoneNumberType::FixedLineOrMobile)
}

/// A stored wire form or key, read back.
pub(super) fn stored_number(wire: &str) -> Option<PhoneNumber> {
    PHONE_NUMBER_UTIL.parse(wire, None).ok()
}

/// Six digits are a whole number in small countries only; elsewhere they are a service or lack an area code, whatever
/// the plan says that could be dialled.
fn may_be_whole(digits: &str, international: bool, region: Option<Region>) -> bool {
    let Some(region) = region.filter(|_| !international && digits.len() > 3) else { return false };
    [PhoneNumberType::Mobile, PhoneNumberType::FixedLine].into_iter().any(|kind| {
        PHONE_NUMBER_UTIL
            .get_example_number_for_type_and_region(region.inner(), kind)
            .is_ok_and(|example| example.national_number.to_string().len() <= 6)
    })
}

fn short_code(digits: &str) -> NotAPhone {
    if EMERGENCY.contains(&digits) { NotAPhone::Emergency } else { NotAPhone::ShortCode }
}

fn refused(error: &ParseError, text: &str, international: bool) -> NotAPhone {
    match error {
        ParseError::InvalidCountryCode if international => NotAPhone::UnknownCountryCode,
        ParseError::InvalidCountryCode => NotAPhone::NotValid,
        ParseError::TooShortAfterIdd | ParseError::TooShortNsn => NotAPhone::TooShort,
        ParseError::TooLongNsn => NotAPhone::TooLong,
        ParseError::NotANumber(_) if text.contains(['*', '#']) => NotAPhone::ServiceCode,
        ParseError::NotANumber(_) if text.contains([',', ';', '&', '|']) => NotAPhone::Several,
        ParseError::NotANumber(_) => NotAPhone::Unreadable,
    }
}

/// The library drops one or two letters as slips of the pen, and stars and hashes as punctuation; a number that was
/// read by leaving something out may be another number.
fn nothing_left_out(text: &str) -> Result<(), NotAPhone> {
    if text.contains(['*', '#', '\u{FF0A}', '\u{FF03}']) {
        return Err(NotAPhone::ServiceCode);
    }
    // `0xx11 …`: Brazil's way to say "any carrier".
    let letters = text.chars().filter(|letter| letter.is_alphabetic() && !matches!(letter, 'x' | 'X')).count();
    if matches!(letters, 1 | 2) { Err(NotAPhone::Unreadable) } else { Ok(()) }
}
