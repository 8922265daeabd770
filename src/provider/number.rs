//! Phone numbers as providers write them.

use super::file::Numbers;
use std::borrow::Cow;

/// The phone number in what a provider writes (`+1…`, `sip:+1…@host`, `tel:+1…`, `whatsapp:+1…`), or nothing.
/// Only the wrapping is taken off; what the number means is for [`crate::domain::address::phone`].
pub(super) fn number(text: &str) -> &str {
    let bare = ["sip:", "sips:", "tel:", "whatsapp:"].iter().find_map(|scheme| strip_scheme(text, scheme));
    let bare = bare.map_or(text, |rest| rest.split(['@', ';']).next().unwrap_or_default());
    let digits = bare.strip_prefix('+').unwrap_or(bare);
    let is_number = (3..=18).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { bare } else { "" }
}

impl Numbers {
    /// A number as the provider writes it, with the `+` that it leaves out.
    pub(super) fn read(self, text: Cow<'_, str>) -> Cow<'_, str> {
        /// Shorter ones are short codes, and no country code begins with 0.
        const SHORTEST: usize = 7;
        let bare = number(&text);
        let foreign = self == Numbers::Digits && bare.len() >= SHORTEST && !bare.starts_with(['+', '0']);
        match text.find(bare) {
            Some(at) if foreign => Cow::Owned(format!("{}+{}", &text[..at], &text[at..])),
            _ => text,
        }
    }

    /// A number in E.164 as the provider writes it.
    pub(super) fn write(self, number: &str) -> &str {
        match self {
            Numbers::E164 => number,
            Numbers::Digits => number.strip_prefix('+').unwrap_or(number),
        }
    }
}

fn strip_scheme<'t>(text: &'t str, scheme: &str) -> Option<&'t str> {
    let (start, rest) = text.split_at_checked(scheme.len())?;
    start.eq_ignore_ascii_case(scheme).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_without_plus_get_it() {
        let cases = [
            ("15550100999", "+15550100999"),
            ("+15550100999", "+15550100999"),
            ("sip:15550100999@h", "sip:+15550100999@h"),
            ("05550100999", "05550100999"),
            ("12345", "12345"),
            ("Acme", "Acme"),
            ("", ""),
        ];
        for (text, wanted) in cases {
            assert_eq!(Numbers::Digits.read(text.into()), wanted);
            assert_eq!(Numbers::E164.read(text.into()), text);
        }
        assert_eq!((Numbers::Digits.write("+1555"), Numbers::E164.write("+1555")), ("1555", "+1555"));
    }

    #[test]
    fn numbers_are_taken_out_of_their_wrapping() {
        let cases = [
            ("+15550100", "+15550100"),
            ("15550100", "15550100"),
            ("sip:+15550100@host;x=1", "+15550100"),
            ("SIP:15550100@host", "15550100"),
            ("whatsapp:+15550100", "+15550100"),
            ("client:alice", ""),
            ("client:15550100", ""),
            ("sip:alice@host", ""),
            ("anonymous", ""),
            ("", ""),
        ];
        for (text, wanted) in cases {
            assert_eq!(number(text), wanted, "{text}");
        }
    }
}
