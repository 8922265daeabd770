//! Two ways to write one subscriber's number (rule Q1).
//!
//! Three countries changed how their mobile numbers are written, and both ways still arrive: Mexico dropped the `1`
//! after the country code in 2019, Argentina wants a `9` there for calls from abroad but not for messages, and Brazil
//! put a `9` before mobile numbers, which messengers and many address books leave out.

/// Digits of the country code and the rest, `+` not included, of the one form that stands for both; `None` where the
/// number is its own key.
pub(super) fn folded(digits: &[u8]) -> Option<String> {
    let (code, kept): (&str, [&[u8]; 2]) = match digits {
        // +52 1 and ten digits. No area code begins with 1, so +52 alone with ten digits cannot be meant.
        [b'5', b'2', b'1', rest @ ..] if rest.len() == 10 => ("+52", [rest, b""]),
        // +54 9 and ten digits. No area code begins with 9, and all numbers there have ten digits.
        [b'5', b'4', b'9', rest @ ..] if rest.len() == 10 => ("+54", [rest, b""]),
        // +55, two digits of area, and eight digits that begin with 6 to 9: a mobile number from before the ninth.
        [b'5', b'5', rest @ ..] if rest.len() == 10 && (b'6'..=b'9').contains(&rest[2]) => {
            return Some(["+55", ascii(&rest[..2]), "9", ascii(&rest[2..])].concat());
        }
        _ => return None,
    };
    Some([code, ascii(kept[0]), ascii(kept[1])].concat())
}

fn ascii(digits: &[u8]) -> &str {
    std::str::from_utf8(digits).unwrap_or_default()
}
