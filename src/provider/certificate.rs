//! As much of an X.509 certificate (RFC 5280, 4.1) as verifying a signature needs: its RSA key and its time. Who issued it
//! is not looked at: it is trusted because of where it came from.

use super::jwt::{pem, rsa_public};
use crate::clock::Time;

/// A certificate that a provider signs webhooks with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// An `RSAPublicKey` (RFC 8017, A.1.1).
    key: Box<[u8]>,
    /// Seconds since 1970.
    from: i64,
    until: i64,
}

/// ASN.1's tags.
const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

impl Certificate {
    /// Reads the first one of a PEM file; `None` where it is none with an RSA key.
    pub fn read(text: &str) -> Option<Self> {
        let (label, der) = pem(text)?;
        if label != "CERTIFICATE" {
            return None;
        }
        let (whole, _) = element(&der, SEQUENCE)?;
        let (mut body, _) = element(whole, SEQUENCE)?;
        if let Some((_, rest)) = element(body, VERSION) {
            body = rest;
        }
        let (_serial, rest) = element(body, INTEGER)?;
        let (_algorithm, rest) = element(rest, SEQUENCE)?;
        let (_issuer, rest) = element(rest, SEQUENCE)?;
        let (validity, rest) = element(rest, SEQUENCE)?;
        let (_subject, rest) = element(rest, SEQUENCE)?;
        let (_key, after) = element(rest, SEQUENCE)?;
        let key = rsa_public(&rest[..rest.len() - after.len()])?.into();
        let (from, later) = time(validity)?;
        let (until, _) = time(later)?;
        Some(Self { key, from, until })
    }

    pub(super) fn key(&self) -> &[u8] {
        &self.key
    }

    /// Whether it is in its time.
    pub(super) fn holds_at(&self, now: Time) -> bool {
        (self.from..=self.until).contains(&now.seconds())
    }
}

/// What the first element holds, where it has this tag, and what follows it.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, rest) = bytes.split_first()?;
    let (length, mut rest) = rest.split_first()?;
    let length = match length {
        short @ 0..=0x7f => usize::from(*short),
        0x81..=0x83 => {
            let (long, after) = rest.split_at_checked(usize::from(length & 0x7f))?;
            rest = after;
            long.iter().fold(0, |length, byte| length << 8 | usize::from(*byte))
        }
        _ => return None,
    };
    (*found == tag).then(|| rest.split_at_checked(length))?
}

/// A time, in seconds since 1970, and what follows it.
fn time(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let (text, rest) = element(bytes, UTC_TIME).or_else(|| element(bytes, GENERALIZED_TIME))?;
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, text) = match text.len() {
        // RFC 5280, 4.1.2.5.1.
        12 => {
            let year: i16 = text[..2].parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, &text[2..])
        }
        14 => (text[..4].parse().ok()?, &text[4..]),
        _ => return None,
    };
    let part = |at: usize| text[at..at + 2].parse::<i8>().ok();
    let moment = jiff::civil::DateTime::new(year, part(0)?, part(2)?, part(4)?, part(6)?, part(8)?, 0).ok()?;
    Some((moment.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PEM: &str = include_str!("certificate/test-only.pem");

    #[test]
    fn key_and_time_are_read() {
        let certificate = Certificate::read(PEM).unwrap();
        // 2020-01-01 and 2050-01-01, the first as UTCTime, the second as GeneralizedTime.
        assert_eq!((certificate.from, certificate.until), (1_577_836_800, 2_524_608_000));
        assert_eq!(certificate.key()[..2], [0x30, 0x82]);
        for (seconds, holds) in [(1_577_836_799, false), (1_577_836_800, true), (2_524_608_001, false)] {
            assert_eq!(certificate.holds_at(Time(seconds * 1_000_000)), holds, "{seconds}");
        }
        let key = include_str!("jwt/rsa.public.pem");
        for wrong in ["", key, "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----"] {
            assert_eq!(Certificate::read(wrong), None);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(at: prop::sample::Index, byte: u8, cut: prop::sample::Index) {
            use base64::{Engine as _, prelude::BASE64_STANDARD};
            let (_, mut der) = pem(PEM).unwrap();
            let at = at.index(der.len());
            der[at] = byte;
            der.truncate(cut.index(der.len()) + 1);
            let text = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----", BASE64_STANDARD.encode(der));
            let _no_panic = Certificate::read(&text);
        }
    }
}
