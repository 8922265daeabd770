//! Typed ids. An id in a log or a URL tells its kind by its prefix.

use crate::clock::{Random, Time};
use std::fmt;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Microsecond of birth in the upper 58 bits (milliseconds in 48 of them), so that neighbours in time are neighbours in
/// an index even where thousands are made in a millisecond; the rest is random.
fn fresh(now: Time, random: &dyn Random) -> u128 {
    at_least(now) | (random.bits() >> 58)
}

fn at_least(now: Time) -> u128 {
    let now = u128::try_from(now.0.max(0)).unwrap_or(0);
    let (millis, micros) = ((now / 1_000) & ((1 << 48) - 1), now % 1_000);
    (millis << 80) | (micros << 70)
}

fn write_base32(value: u128, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut text = [0_u8; 26];
    for (place, slot) in text.iter_mut().rev().enumerate() {
        let digit = usize::try_from((value >> (5 * place)) & 31).unwrap_or(0);
        *slot = ALPHABET[digit];
    }
    f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
}

fn read_base32(text: &str) -> Option<u128> {
    if text.len() != 26 {
        return None;
    }
    let mut value: u128 = 0;
    for byte in text.bytes() {
        let digit = ALPHABET.iter().position(|&letter| letter == byte)?;
        if value >> 123 != 0 {
            return None;
        }
        value = (value << 5) | u128::try_from(digit).ok()?;
    }
    Some(value)
}

/// The text was not an id of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id of this kind: `{prefix}` and 26 letters or digits are needed")]
pub struct NotAnId {
    /// What an id of this kind begins with.
    pub prefix: &'static str,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u128);

        impl $name {
            /// What the text form begins with.
            pub const PREFIX: &'static str = $prefix;

            /// A new id, unique and not guessable.
            pub fn fresh(now: Time, random: &dyn Random) -> Self {
                Self(fresh(now, random))
            }

            /// Not later than any that is made at this moment or after it.
            pub fn since(at: Time) -> Self {
                Self(at_least(at))
            }

            /// As stored: big-endian, so that byte order is order in time.
            pub fn to_bytes(self) -> [u8; 16] {
                self.0.to_be_bytes()
            }

            /// From what is stored; `None` unless it is 16 bytes.
            pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
                Some(Self(u128::from_be_bytes(bytes.try_into().ok()?)))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($prefix)?;
                write_base32(self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                text.strip_prefix($prefix).and_then(read_base32).map(Self).ok_or(NotAnId { prefix: $prefix })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

ids! {
    /// A registered person or organisation.
    OwnerId = "own_";
    /// A phone number or e-mail address of an owner, whatever its value is at the time.
    PointId = "pt_";
    /// An address book of an owner.
    BookId = "bk_";
    /// A group in a book.
    GroupId = "grp_";
    /// An entry in a book.
    ContactId = "con_";
    /// A wanted change.
    RequestId = "req_";
    /// An API key or a provider account.
    AppId = "app_";
    /// A recorded query.
    QueryId = "qry_";
    /// A communication that went elsewhere.
    SubstitutionId = "sub_";
    /// A message that went on unchanged, of which an account wants to hear that its number is dead.
    PassedId = "psd_";
    /// What a change, a grant, a membership or a block leaves to be told.
    FanoutId = "fan_";
    /// A message telling one recipient about one owner.
    NoticeId = "ntc_";
    /// A line of an owner's audit trail.
    AuditId = "aud_";
    /// A one-time code that was asked for.
    CodeId = "cod_";
    /// A message to one address that is about nobody's change: a code, a held change, an answer.
    LetterId = "let_";
    /// An owner who is signed in on one device.
    SessionId = "ses_";
    /// A phone or browser of an owner that push messages go to.
    DeviceId = "dev_";
    /// An entry of a viewer's own book that was brought up to date.
    UpdateId = "upd_";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SeededRandom;

    #[test]
    fn text_form_reads_back_and_tells_its_kind() {
        let id = OwnerId::fresh(Time(1_700_000_000_000_000), &SeededRandom::new(1));
        let text = id.to_string();
        assert_eq!(text.parse(), Ok(id));
        assert!(text.starts_with("own_") && text.len() == 30);
        assert_eq!(text.parse::<PointId>(), Err(NotAnId { prefix: "pt_" }));
        assert_eq!(OwnerId::from_bytes(&id.to_bytes()), Some(id));
    }

    #[test]
    fn later_ids_sort_later() {
        let random = SeededRandom::new(2);
        let (a, b) = (OwnerId::fresh(Time(1_000_998), &random), OwnerId::fresh(Time(1_000_999), &random));
        assert!(a < b && a.to_string() < b.to_string());
        assert!(b < OwnerId::fresh(Time(1_001_000), &random));
    }

    #[test]
    fn what_is_too_large_is_refused() {
        assert!("own_zzzzzzzzzzzzzzzzzzzzzzzzzz".parse::<OwnerId>().is_err());
        assert_eq!("own_7zzzzzzzzzzzzzzzzzzzzzzzzz".parse(), Ok(OwnerId(u128::MAX)));
    }
}
