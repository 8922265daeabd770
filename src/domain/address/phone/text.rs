//! From what stands in a field to the text of one number: schemes, parameters, marks that nobody sees.
//!
//! Google's library takes a number out of running text ("call me: 415 …"); a field holds a number or it does not,
//! so here everything that is not part of a number is a reason to leave the field alone.

use super::NotAPhone;
use std::borrow::Cow;

/// Bytes of input; Google's library refuses longer ones too. A URI may carry parameters on top of the number.
pub(super) const LONGEST: usize = 250;

/// One number, still as it was written: digits of any script, brackets, dashes, letters of a vanity number.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Written<'a> {
    pub(super) number: Cow<'a, str>,
    /// From a parameter (`;ext=`, `;postd=`); an extension in the text is still in `number`.
    pub(super) extension: Option<String>,
}

/// Takes off what is around the number.
pub(super) fn unwrap(text: &str) -> Result<Written<'_>, NotAPhone> {
    let text = trim(text);
    if text.is_empty() {
        return Err(NotAPhone::Empty);
    }
    if text.len() > LONGEST {
        return Err(NotAPhone::TooLong);
    }
    let text = inside_brackets(text)?;
    let (scheme, rest) = split_scheme(text);
    let scheme = scheme.map(str::to_ascii_lowercase);
    let written = match scheme.as_deref() {
        None => parameters(Cow::Borrowed(rest))?,
        Some("tel" | "sms" | "whatsapp") => parameters(percent_decoded(rest)?)?,
        Some("sip" | "sips") => parameters(sip_user(rest)?)?,
        Some("client" | "user" | "agent" | "id" | "im" | "xmpp" | "skype") => return Err(NotAPhone::NamedUser),
        Some(_) => return Err(NotAPhone::OtherService),
    };
    let number = tidy(written.number)?;
    if number.is_empty() {
        return Err(NotAPhone::Empty);
    }
    only_a_number(&number, scheme.is_some())?;
    Ok(Written { number, ..written })
}

/// Spaces, what is not seen, and the quotes with which spreadsheets keep a number from becoming a sum.
fn trim(text: &str) -> &str {
    text.trim_matches(|letter: char| letter.is_whitespace() || unseen(letter) || matches!(letter, '\'' | '"'))
}

/// Marks of writing direction and width that phones' address books put around numbers.
fn unseen(letter: char) -> bool {
    matches!(letter, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' | '\u{00AD}' | '\u{061C}')
}

/// `"Ann" <sip:+1…@host>;tag=1`: the address of RFC 3261's name-addr.
fn inside_brackets(text: &str) -> Result<&str, NotAPhone> {
    let Some((_, rest)) = text.split_once('<') else { return Ok(text) };
    let (inside, after) = rest.split_once('>').ok_or(NotAPhone::Several)?;
    let known = split_scheme(inside).0.is_some();
    if !known || !(after.is_empty() || after.starts_with(';')) {
        return Err(NotAPhone::Unreadable);
    }
    Ok(inside)
}

/// The scheme, within angle brackets too.
pub(super) fn scheme(text: &str) -> Option<&str> {
    let text = trim(text);
    let inside = text.rsplit_once('<').map_or(text, |(_, inside)| inside);
    split_scheme(inside).0
}

/// `tel` and the rest of `tel:+1…`. A scheme is as RFC 3986 has it, so `030:12` has none.
fn split_scheme(text: &str) -> (Option<&str>, &str) {
    match text.split_once(':') {
        Some((scheme, rest))
            if scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
                && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)) =>
        {
            (Some(scheme), trim(rest))
        }
        _ => (None, text),
    }
}

/// The user part of a SIP URI (RFC 3261, 19.1.1); without one there is only a host. A password is cut off.
fn sip_user(rest: &str) -> Result<Cow<'_, str>, NotAPhone> {
    let user = match rest.split_once('@') {
        Some((user, _)) => user,
        // Some switches leave the host out: `sip:+14155550123`.
        None if rest.starts_with('+') => rest.split(['?']).next().unwrap_or(rest),
        None => return Err(NotAPhone::NamedUser),
    };
    let user = percent_decoded(user.split_once(':').map_or(user, |(user, _)| user))?;
    let number = user.split(';').next().unwrap_or_default();
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    let of_a_number = number.bytes().all(|byte| byte.is_ascii_digit() || b"+-.()*#".contains(&byte));
    if digits == 0 || !of_a_number { Err(NotAPhone::NamedUser) } else { Ok(user) }
}

fn percent_decoded(text: &str) -> Result<Cow<'_, str>, NotAPhone> {
    percent_encoding::percent_decode_str(text).decode_utf8().map_err(|_| NotAPhone::Unreadable)
}

/// The parameters of RFC 3966. `isub` and those of number portability (`rn`, `npdi`, `cic`) change nothing about who
/// is called; `ext` and `postd` do.
fn parameters(text: Cow<'_, str>) -> Result<Written<'_>, NotAPhone> {
    let Some((number, rest)) = text.split_once(';') else {
        return Ok(Written { number: text, extension: None });
    };
    // Phones write `+1…;123` for "dial 123 when they answer": that is for the reader of numbers.
    if !rest.trim_start().starts_with(|letter: char| letter.is_ascii_alphabetic()) {
        return Ok(Written { number: text, extension: None });
    }
    let mut number = number.to_owned();
    let mut extension = None;
    for parameter in rest.split(';') {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "ext" | "postd" => extension = Some(extension_digits(value)?),
            "phone-context" if !trim(&number).starts_with(['+', '\u{FF0B}']) => number = in_context(value, &number)?,
            _ => {}
        }
    }
    Ok(Written { number: Cow::Owned(number), extension })
}

fn extension_digits(value: &str) -> Result<String, NotAPhone> {
    let digits: String = value.chars().filter(|letter| !"-.() ".contains(*letter)).collect();
    let readable = |byte: u8| byte.is_ascii_digit() || b"*#ABCDabcdpwPW,".contains(&byte);
    if digits.is_empty() || digits.len() > 20 || !digits.bytes().all(readable) {
        return Err(NotAPhone::Parameters);
    }
    Ok(digits)
}

/// A local number with its `phone-context`: `+1-415` stands before it, a domain makes it a private one.
fn in_context(context: &str, number: &str) -> Result<String, NotAPhone> {
    let context = trim(context);
    match context.strip_prefix('+') {
        None => Err(NotAPhone::PrivatePlan),
        Some(code) if code.bytes().any(|byte| byte.is_ascii_digit()) => {
            if code.bytes().all(|byte| byte.is_ascii_digit() || b"-.()".contains(&byte)) {
                Ok(format!("+{code}{number}"))
            } else {
                Err(NotAPhone::Parameters)
            }
        }
        Some(_) => Err(NotAPhone::Parameters),
    }
}

/// One kind of space, one kind of each dash that the reader of numbers does not know, nothing unseen.
fn tidy(text: Cow<'_, str>) -> Result<Cow<'_, str>, NotAPhone> {
    let text = match text {
        Cow::Borrowed(text) => Cow::Borrowed(trim(text)),
        Cow::Owned(text) => Cow::Owned(trim(&text).to_owned()),
    };
    if text.is_ascii() {
        return if text.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
            Err(NotAPhone::Unreadable)
        } else {
            Ok(text)
        };
    }
    let mut tidied = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            letter if unseen(letter) => {}
            '\u{2028}' | '\u{2029}' => return Err(NotAPhone::Unreadable),
            letter if letter.is_control() && letter != '\t' => return Err(NotAPhone::Unreadable),
            letter if letter.is_whitespace() => tidied.push(' '),
            '\u{058A}' | '\u{1806}' | '\u{2043}' | '\u{FE58}' | '\u{FE63}' => tidied.push('-'),
            letter => tidied.push(letter),
        }
    }
    Ok(Cow::Owned(tidied))
}

/// Refuses what holds something else than a number, which the reader of numbers would leave out or turn into digits.
fn only_a_number(text: &str, has_scheme: bool) -> Result<(), NotAPhone> {
    let first = text.chars().next().unwrap_or(' ');
    if matches!(first, '*' | '#' | '\u{FF0A}' | '\u{FF03}') {
        return Err(NotAPhone::ServiceCode);
    }
    let letters = text.chars().filter(|letter| letter.is_alphabetic()).count();
    let digits = text.chars().filter(|letter| letter.is_numeric()).count();
    if !(first.is_numeric() || matches!(first, '+' | '\u{FF0B}' | '(' | '[' | '\u{FF08}' | '\u{FF3B}')) {
        // Eleven letters, digits and spaces at most: GSM 03.38 in seven bits.
        let a_name = letters > 0 && text.chars().count() <= 11 && digits < 7;
        return Err(match (a_name, letters > 0 && digits == 0 && has_scheme) {
            (_, true) => NotAPhone::NamedUser,
            (true, _) => NotAPhone::AlphanumericSender,
            _ => NotAPhone::Unreadable,
        });
    }
    if digits == 0 {
        return Err(NotAPhone::Unreadable);
    }
    Ok(())
}
