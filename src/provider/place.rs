//! Places: where a value stands in a request, reply or webhook, and how it is read there.
//!
//! `field:To` (whatever the body is: form, top level of JSON, or the query of a request without body) ·
//! `form:To` · `query:To` · `json:/data/to/0/phone_number` (a pointer; `*` is each element) · `header:X-Name` ·
//! `xml:/message/to` (the text of such elements) · `path:sid` (a variable of the route's path) · `text:body` (the whole
//! body).
//!
//! After it may stand ` | lower`, ` | form` (as in a form: `%20`, `+`), ` | base64`, ` | hex` (UTF-8), ` | utf16_hex`,
//! ` | latin1_hex` or ` | gsm_hex`, and at the end ` ~ REGEX`, whose first group counts.

use super::{digest::from_hex, form, json::Pointer};
use crate::domain::alphabet;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use std::{borrow::Cow, fmt};

/// Where a value stands.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) kind: Kind,
    readings: Box<[Reading]>,
    written: Box<str>,
}

/// The kinds of places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Field(Box<str>),
    Form(Box<str>),
    Query(Box<str>),
    Json(Pointer),
    /// The names of elements from the root on, each after a slash.
    Xml(Box<str>),
    Header(http::HeaderName),
    Path(Box<str>),
    /// The whole body as a text.
    Text,
}

/// How what stands there is read.
#[derive(Clone, Debug)]
enum Reading {
    Lower,
    /// As values stand in forms.
    Form,
    Base64,
    Hex,
    /// Big-endian.
    Utf16Hex,
    Latin1Hex,
    /// The default alphabet of text messages, a byte for each septet.
    GsmHex,
    Regex(regex::Regex),
}

impl Place {
    /// Reads a place; the error says what would be right.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (before, regex) = text.split_once(" ~ ").map_or((text, None), |(before, regex)| (before, Some(regex)));
        let mut parts = before.split(" | ");
        let kind = Kind::parse(parts.next().unwrap_or_default().trim())?;
        let mut readings = parts
            .map(|reading| match reading.trim() {
                "lower" => Ok(Reading::Lower),
                "form" => Ok(Reading::Form),
                "base64" => Ok(Reading::Base64),
                "hex" => Ok(Reading::Hex),
                "utf16_hex" => Ok(Reading::Utf16Hex),
                "latin1_hex" => Ok(Reading::Latin1Hex),
                "gsm_hex" => Ok(Reading::GsmHex),
                other => Err(format!(
                    "`{other}` is no way to read a value; there are `lower`, `form`, `base64`, `hex`, \
                     `utf16_hex`, `latin1_hex`, `gsm_hex`"
                )),
            })
            .collect::<Result<Vec<_>, String>>()?;
        if let Some(regex) = regex {
            readings.push(Reading::Regex(super::rule::regex(regex.trim())?));
        }
        Ok(Self { kind, readings: readings.into(), written: text.into() })
    }

    /// The path variable that it names, if it is one.
    pub(super) fn variable(&self) -> Option<&str> {
        if let Kind::Path(name) = &self.kind { Some(name) } else { None }
    }

    /// As the file writes it.
    pub(super) fn written(&self) -> &str {
        &self.written
    }

    /// Whether the value is what stands there, byte for byte.
    pub(super) fn is_plain(&self) -> bool {
        self.readings.is_empty()
    }

    /// Whether it stands in the body.
    pub(super) fn is_in_body(&self) -> bool {
        matches!(self.kind, Kind::Field(_) | Kind::Form(_) | Kind::Json(_) | Kind::Xml(_) | Kind::Text)
    }

    /// Whether several values may stand there.
    pub(super) fn is_many(&self) -> bool {
        matches!(&self.kind, Kind::Json(pointer) if pointer.is_many())
    }

    /// What stands there, read.
    pub(super) fn read<'v>(&self, value: Cow<'v, str>) -> Option<Cow<'v, str>> {
        self.readings.iter().try_fold(value, |value, reading| reading.read(value))
    }
}

impl Kind {
    fn parse(text: &str) -> Result<Self, String> {
        let shape = "a place looks like `field:To`, `form:To`, `query:To`, `json:/data/id`, `xml:/data/id`, \
                     `header:X-Name`, `path:sid` or `text:body`";
        let (kind, name) = text.split_once(':').ok_or(shape)?;
        if name.is_empty() {
            return Err(format!("a place needs a name after `{kind}:`"));
        }
        Ok(match kind {
            "field" => Kind::Field(name.into()),
            "form" => Kind::Form(name.into()),
            "query" => Kind::Query(name.into()),
            "json" => Kind::Json(Pointer::parse(name).ok_or("a JSON place begins with a slash, like `json:/data/id`")?),
            "xml" if name.starts_with('/') && !name.ends_with('/') => Kind::Xml(name.into()),
            "xml" => return Err("an XML place names elements, each after a slash, like `xml:/data/id`".into()),
            "header" => Kind::Header(name.parse().map_err(|_| "a header name has letters, digits and `-`")?),
            "path" => Kind::Path(name.into()),
            "text" if name == "body" => Kind::Text,
            _ => return Err(shape.into()),
        })
    }
}

impl Reading {
    fn read<'v>(&self, value: Cow<'v, str>) -> Option<Cow<'v, str>> {
        match self {
            Reading::Lower if value.bytes().any(|byte| byte.is_ascii_uppercase()) => {
                Some(Cow::Owned(value.to_ascii_lowercase()))
            }
            Reading::Lower => Some(value),
            Reading::Form => Some(Cow::Owned(form::decode(value.as_bytes()).into_owned())),
            Reading::Base64 => text(BASE64_STANDARD.decode(value.trim()).ok()?),
            Reading::Hex => text(from_hex(&value)?),
            Reading::Utf16Hex => {
                let bytes = from_hex(&value)?;
                let (units, rest) = bytes.as_chunks::<2>();
                let units: Vec<u16> = units.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
                // Half an emoji is lost, the rest is not.
                rest.is_empty().then(|| Cow::Owned(String::from_utf16_lossy(&units)))
            }
            Reading::Latin1Hex => Some(Cow::Owned(from_hex(&value)?.into_iter().map(char::from).collect())),
            Reading::GsmHex => Some(Cow::Owned(alphabet::decode(&from_hex(&value)?))),
            Reading::Regex(regex) => {
                let found = regex.captures(&value)?;
                let span = found.get(1).or_else(|| found.get(0))?.range();
                Some(match value {
                    Cow::Borrowed(text) => Cow::Borrowed(&text[span]),
                    Cow::Owned(text) => Cow::Owned(text[span].to_owned()),
                })
            }
        }
    }
}

/// UTF-8 as it is; other bytes are what a text message in 16 bit is, or lost.
fn text<'v>(bytes: Vec<u8>) -> Option<Cow<'v, str>> {
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_value_is_read_as_the_place_says() {
        let cases = [
            ("json:/state | lower", "Delivered", Some("delivered")),
            ("xml:/message/ud | form", "to+day%3f", Some("to day?")),
            ("json:/text | base64", "aGk=", Some("hi")),
            ("json:/text | base64", "??", None),
            ("json:/text | hex", "6869", Some("hi")),
            ("field:binary | utf16_hex", "00530054004f0050D83DDC4D", Some("STOP👍")),
            ("field:binary | utf16_hex", "00530", None),
            ("field:binary | utf16_hex", "005300", None),
            ("field:binary | utf16_hex | lower", "0053D83D", Some("s\u{fffd}")),
            ("field:binary | latin1_hex", "617272ea74", Some("arrêt")),
            ("field:binary | gsm_hex", "616c6c05", Some("allé")),
            ("header:Location ~ /messages/([^/?]+)", "https://a.example/messages/m1?x", Some("m1")),
            ("header:Location ~ /messages/([^/?]+)", "https://a.example/", None),
            ("text:body ~ ^Success", "Success \"1\"", Some("Success")),
            ("json:/a | base64 | lower ~ ^(.)", "SGk=", Some("h")),
            ("field:To", " x ", Some(" x ")),
        ];
        for (place, value, wanted) in cases {
            assert_eq!(Place::parse(place).unwrap().read(value.into()).as_deref(), wanted, "{place}");
        }
        for wrong in ["text:head", "json:/a | upper", "json:/a ~ (", "a", "field:", "xml:a", "xml:/"] {
            assert!(Place::parse(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_place_or_is_refused(text in ".{0,30}|(json:/a|field:b|text:body)[ |~a-z0-9()*]{0,20}", value: String) {
            if let Ok(place) = Place::parse(&text) {
                let _no_panic = place.read(Cow::Borrowed(&value));
                prop_assert_eq!(place.written(), text);
            }
        }
    }
}
