//! What is signed, part for part, byte for byte.

use super::{Covers, Incoming, Refused, ToSign};
use crate::provider::{digest, place::Place};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use std::{borrow::Cow, time::Duration};

/// The names of the parts.
pub(in crate::provider) const PARTS: &[&str] = &[
    "time",
    "nonce",
    "body",
    "body_md5",
    "body_sha256",
    "body_sha256_bytes",
    "method",
    "content_type",
    "url",
    "address",
    "path",
    "query",
];

/// A text of letters and of the names in [`PARTS`].
#[derive(Debug)]
pub(in crate::provider) struct Signed(Vec<Part>);

#[derive(Debug)]
enum Part {
    Plain(Box<str>),
    Name(Box<str>),
}

/// A request whose parts are asked for.
#[derive(Clone, Copy)]
pub(super) struct Said<'a> {
    pub(super) method: &'a str,
    pub(super) origin: &'a str,
    pub(super) target: &'a str,
    pub(super) content_type: &'a str,
    pub(super) body: &'a [u8],
    pub(super) time: &'a str,
    pub(super) nonce: &'a str,
}

impl From<Vec<Result<&str, &str>>> for Signed {
    fn from(parts: Vec<Result<&str, &str>>) -> Self {
        let part = |part: Result<&str, &str>| match part {
            Ok(plain) => Part::Plain(plain.into()),
            Err(name) => Part::Name(name.into()),
        };
        Self(parts.into_iter().map(part).collect())
    }
}

impl Signed {
    pub(super) fn message(&self, said: &Said<'_>) -> Vec<u8> {
        let mut message = Vec::with_capacity(said.body.len() + said.target.len() + 64);
        for part in &self.0 {
            match part {
                Part::Plain(plain) => message.extend_from_slice(plain.as_bytes()),
                Part::Name(name) => message.extend_from_slice(&said.part(name)),
            }
        }
        message
    }

    /// Whether it holds one of these parts.
    pub(in crate::provider) fn has(&self, names: &[&str]) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Name(name) if names.contains(&&**name)))
    }

    pub(super) fn covers(&self) -> Covers {
        Covers {
            body: self.has(&["body", "body_md5", "body_sha256", "body_sha256_bytes"]),
            query: self.has(&["url", "query"]),
            headers: false,
        }
    }

    /// Whether the origin of the URL is a part, which the provider and Redial may write in different ways.
    pub(super) fn has_origin(&self) -> bool {
        self.has(&["url", "address"])
    }
}

impl Said<'_> {
    fn part(&self, name: &str) -> Cow<'_, [u8]> {
        let (path, query) = self.target.split_once('?').unwrap_or((self.target, ""));
        match name {
            "time" => self.time.as_bytes().into(),
            "nonce" => self.nonce.as_bytes().into(),
            "body" => self.body.into(),
            "body_md5" => BASE64_STANDARD.encode(digest::md5(self.body)).into_bytes().into(),
            "body_sha256" => digest::hex(&digest::sha256(self.body)).into_bytes().into(),
            "body_sha256_bytes" => digest::sha256(self.body).into(),
            "method" => self.method.as_bytes().into(),
            "content_type" => self.content_type.as_bytes().into(),
            "url" => format!("{}{}", self.origin, self.target).into_bytes().into(),
            "address" => format!("{}{path}", self.origin).into_bytes().into(),
            "path" => path.as_bytes().into(),
            "query" => query.as_bytes().into(),
            _ => Cow::Borrowed(&[]),
        }
    }

    /// What a webhook says.
    pub(super) fn of<'i>(incoming: &'i Incoming<'_>, time: &'i str, nonce: &'i str) -> Said<'i> {
        Said {
            method: incoming.method.as_str(),
            origin: "",
            target: incoming.target,
            content_type: content_type(incoming.headers),
            body: incoming.body,
            time,
            nonce,
        }
    }

    /// What a callback that is to be signed says.
    pub(super) fn to_sign<'s>(request: &'s ToSign<'_>, time: &'s str, nonce: &'s str) -> Said<'s> {
        let (origin, target) = split(request.url);
        Said {
            method: request.method.as_str(),
            origin,
            target,
            content_type: content_type(request.headers),
            body: request.body,
            time,
            nonce,
        }
    }
}

/// As it was sent.
pub(super) fn content_type(headers: &http::HeaderMap) -> &str {
    headers.get(http::header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default()
}

/// Origin and target of a URL, without its fragment.
pub(in crate::provider) fn split(url: &str) -> (&str, &str) {
    let url = url.split('#').next().unwrap_or_default();
    let after = url.find("://").map_or(0, |at| at + 3);
    let path = url[after..].find(['/', '?']).map_or(url.len(), |at| after + at);
    url.split_at(path)
}

/// The value at a place of a signature; none, or an empty one, is no signature.
pub(super) fn needed<'i>(incoming: &'i Incoming<'_>, place: &Place) -> Result<Cow<'i, str>, Refused> {
    incoming.value(place).filter(|value| !value.is_empty()).ok_or(Refused::Unsigned)
}

/// Whether a time (seconds or milliseconds since 1970, or RFC 3339) is within the tolerance. Asked after the signature:
/// a time that nothing vouches for says nothing.
pub(super) fn in_time(incoming: &Incoming<'_>, time: &str, tolerance: Duration) -> Result<(), Refused> {
    /// Larger numbers are milliseconds: as seconds they would be in the year 5138.
    const MILLISECONDS: i64 = 100_000_000_000;
    let number = |number: i64| if number.abs() >= MILLISECONDS { number / 1000 } else { number };
    let written = || time.parse::<jiff::Timestamp>().map(jiff::Timestamp::as_second).map_err(|_| Refused::Wrong);
    let seconds = time.parse().map(number).or_else(|_| written())?;
    let near = incoming.now.seconds().abs_diff(seconds) <= tolerance.as_secs();
    if near { Ok(()) } else { Err(Refused::OutOfTime) }
}
