//! One-time codes (rule C1): how they look, how long they count, how many there may be.
//!
//! A code is not kept anywhere, nor is its hash: it is made anew from the id of its row and the service's own key whenever
//! it is sent or compared. Who reads the store alone learns none.

use super::{
    address::{Address, Kind, phone},
    id::{CodeId, OwnerId, PointId, RequestId},
};
use crate::clock::Time;
use std::time::Duration;

/// Digits of a code.
pub const DIGITS: usize = 6;

/// For how long a code counts.
pub const LIFE: Duration = Duration::from_mins(10);

/// Wrong answers to one code; with the next one it counts no longer.
pub const TRIES: u32 = 5;

/// What a code was asked for. It counts for nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To sign in with an address.
    SignIn,
    /// To prove an address in a request.
    Request {
        /// Whose.
        owner: OwnerId,
        /// Which.
        request: RequestId,
    },
    /// To prove a former number once more, so that it is answered for longer (rule Q3).
    Former {
        /// Whose.
        owner: OwnerId,
        /// At which point.
        point: PointId,
    },
    /// To add a proof to those of a session.
    StepUp {
        /// Whose.
        owner: OwnerId,
    },
}

/// A code that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// Never changes, and is not guessable; who asked for the code shows it with the answer.
    pub id: CodeId,
    /// Where it was sent.
    pub address: Address,
    /// What for.
    pub purpose: Purpose,
    /// When it was asked for.
    pub made: Time,
    /// Answers so far.
    pub tries: u32,
    /// When it was answered rightly; it counts once.
    pub used: Option<Time>,
}

impl Code {
    /// Until when it counts.
    pub fn expires(&self) -> Time {
        self.made.after(LIFE)
    }

    /// Whether one more answer may be looked at.
    pub fn counts(&self, now: Time) -> bool {
        self.used.is_none() && self.tries < TRIES && now < self.expires()
    }
}

/// The digits of a code, of a message authentication code over its id.
pub fn digits(mac: &[u8]) -> String {
    let number = mac.iter().take(8).fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
    let most = 10_u64.pow(u32::try_from(DIGITS).unwrap_or(u32::MAX));
    format!("{:0width$}", number % most, width = DIGITS)
}

/// What somebody typed, as digits: those of any script, with whatever stands between them. `None`: these are not the digits
/// of one code.
pub fn typed(text: &str) -> Option<String> {
    let mut found = String::new();
    for letter in text.chars().take(40) {
        match digit(letter) {
            Some(digit) => found.push(digit),
            None if letter.is_whitespace() || matches!(letter, '-' | '.' | '\u{200e}' | '\u{200f}') => {}
            None => return None,
        }
    }
    (found.len() == DIGITS).then_some(found)
}

/// A decimal digit of the scripts that phones write with here, as ASCII.
pub fn digit(letter: char) -> Option<char> {
    let value = match letter {
        '0'..='9' => u32::from(letter) - 0x30,
        '\u{0660}'..='\u{0669}' => u32::from(letter) - 0x660,
        '\u{06f0}'..='\u{06f9}' => u32::from(letter) - 0x6f0,
        '\u{ff10}'..='\u{ff19}' => u32::from(letter) - 0xff10,
        _ => return None,
    };
    char::from_digit(value, 10)
}

/// How many codes may be asked for (rule C1). Each is counted in windows that begin with the clock, for known and unknown
/// addresses alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caps {
    /// To one address, in half a minute.
    pub again: u32,
    /// To one address, in an hour.
    pub address: u32,
    /// To one address, in a day.
    pub address_day: u32,
    /// To the thousand numbers that one number is of, in an hour.
    pub prefix: u32,
    /// To one mail domain, in an hour.
    pub domain: u32,
    /// To one country, in an hour: the ceiling of what a fraud can cost.
    pub country: u32,
    /// For one requester, in an hour.
    pub requester: u32,
}

impl Default for Caps {
    fn default() -> Self {
        Self { again: 1, address: 5, address_day: 12, prefix: 60, domain: 1_000, country: 1_000, requester: 20 }
    }
}

/// One count that a code adds to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// What is counted.
    pub key: Box<str>,
    /// The end of the window.
    pub until: Time,
    /// How many there may be in it.
    pub most: u32,
}

const HALF_MINUTE: i64 = 30;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

/// Everything that one more code to this address for this requester counts for. `own`: the owner who has the address and asks
/// for themselves; strangers who ask for codes to it use up none of these.
pub fn counts(to: &Address, requester: &str, own: Option<OwnerId>, caps: &Caps, now: Time) -> Vec<Count> {
    let count = |what: &str, of: &str, seconds: i64, most: u32| Count {
        key: format!("code {what} {of}").into(),
        until: Time((now.seconds().div_euclid(seconds) + 1) * seconds * 1_000_000),
        most,
    };
    let key = to.key();
    let asked = own.map_or_else(|| key.to_owned(), |own| format!("{key} by {own}"));
    let (prefix, most) = prefix(to, caps);
    let mut all = vec![
        count("again", key, HALF_MINUTE, caps.again),
        count("hour", &asked, HOUR, caps.address),
        count("day", &asked, DAY, caps.address_day),
        count("prefix", prefix, HOUR, most),
        count("requester", requester, HOUR, caps.requester),
    ];
    let country = phone::Country::of(to);
    if country != phone::Country::Nowhere {
        all.push(count("country", &country.to_string(), HOUR, caps.country));
    }
    all
}

/// What an attack on many addresses has in common, and how many codes may go there in an hour: all but a number's last
/// three digits, or the mail domain, which may be half the world's.
fn prefix<'a>(to: &'a Address, caps: &Caps) -> (&'a str, u32) {
    let key = to.key();
    match to.kind() {
        Kind::Phone => (&key[..key.len().saturating_sub(3)], caps.prefix),
        Kind::Email | Kind::Device => (key.rsplit_once('@').map_or(key, |(_, domain)| domain), caps.domain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time(1_800_000_000_000_000);

    fn address(text: &str) -> Address {
        Address::parse(text, None).unwrap()
    }

    #[test]
    fn c1_a_code_counts_once_for_ten_minutes_and_five_answers() {
        let code = |tries, used, made| Code {
            id: CodeId(1),
            address: address("+14155550123"),
            purpose: Purpose::SignIn,
            made,
            tries,
            used,
        };
        let ago = |minutes| NOW.before(Duration::from_mins(minutes));
        for (rule, code, counts) in [
            ("just asked for", code(0, None, NOW), true),
            ("nearly ten minutes ago", code(0, None, ago(9)), true),
            ("ten minutes ago", code(0, None, ago(10)), false),
            ("four wrong answers", code(4, None, NOW), true),
            ("five wrong answers", code(5, None, NOW), false),
            ("answered before", code(0, Some(NOW), NOW), false),
        ] {
            assert_eq!(code.counts(NOW), counts, "{rule}");
        }
    }

    #[test]
    fn c1_a_code_is_six_digits_however_it_is_typed() {
        assert_eq!(digits(&[0; 32]), "000000");
        assert_eq!(digits(&[0xff; 32]), "551615");
        for (text, read) in [
            ("123456", Some("123456")),
            (" 123 456 ", Some("123456")),
            ("12-34-56", Some("123456")),
            ("１２３４５６", Some("123456")),
            ("١٢٣٤٥٦", Some("123456")),
            ("۱۲۳۴۵۶", Some("123456")),
            ("12345", None),
            ("1234567", None),
            ("12345O", None),
            ("", None),
        ] {
            assert_eq!(typed(text).as_deref(), read, "{text}");
        }
    }

    #[test]
    fn c1_codes_are_limited_by_address_prefix_country_and_requester() {
        let keys = |to: &str| -> Vec<String> {
            let counts = counts(&address(to), "ip 10.0.0.1", None, &Caps::default(), NOW);
            counts.into_iter().map(|one| one.key.into()).collect()
        };
        assert_eq!(
            keys("+14155550123"),
            [
                "code again +14155550123",
                "code hour +14155550123",
                "code day +14155550123",
                "code prefix +14155550",
                "code requester ip 10.0.0.1",
                "code country US"
            ]
        );
        assert_eq!(keys("+14165550123")[5], "code country CA", "the same calling code");
        assert_eq!(keys("Ann@Example.com")[3], "code prefix example.com");
        // Two spellings of one number are one count.
        assert_eq!(keys("+52 1 55 1234 5678")[0], keys("+52 55 1234 5678")[0]);
        let counts = counts(&address("+14155550123"), "", None, &Caps::default(), NOW);
        let (minute, hour, day) = (60, 3_600, 86_400);
        for (count, within) in counts.iter().zip([minute / 2, hour, day, hour, hour, hour]) {
            let ends = count.until.since(NOW).as_secs();
            assert!(ends <= within && ends * 60 > within, "{}: {ends}", count.key);
        }
    }
}
