//! Fields as a body.

use super::{Encoding, NotWritten};
use crate::provider::{digest, form};
use bytes::Bytes;
use serde_json::Value;
use std::borrow::Cow;

/// The longest list that a field's name may count up to.
const LONGEST_LIST: usize = 32;

/// What a field holds.
#[derive(Debug)]
pub(super) enum FieldValue<'a> {
    One(Cow<'a, str>),
    Number(serde_json::Number),
    Constant(&'a Value),
    Each(&'a [&'a str]),
    File { name: &'a str, kind: &'a str, text: Cow<'a, str> },
}

impl<'a> FieldValue<'a> {
    /// A text that is to be written as a number; nothing for an empty one.
    pub(super) fn number(text: Cow<'a, str>) -> Result<Self, NotWritten> {
        if text.is_empty() {
            return Ok(FieldValue::One(text));
        }
        let number = serde_json::from_str(&text).map_err(|_| NotWritten("a number is none".into()))?;
        Ok(FieldValue::Number(number))
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            FieldValue::One(text) | FieldValue::File { text, .. } => text.is_empty(),
            FieldValue::Each(all) => all.is_empty(),
            FieldValue::Number(_) | FieldValue::Constant(_) => false,
        }
    }

    fn json(&self) -> Value {
        match self {
            FieldValue::One(text) | FieldValue::File { text, .. } => Value::from(&**text),
            FieldValue::Number(number) => Value::Number(number.clone()),
            FieldValue::Constant(value) => (*value).clone(),
            FieldValue::Each(all) => all.iter().map(|one| Value::from(*one)).collect(),
        }
    }
}

/// The content type where the file names none.
pub(super) fn content_type(encoding: Encoding) -> Option<http::HeaderValue> {
    Some(http::HeaderValue::from_static(match encoding {
        Encoding::Json => "application/json",
        Encoding::Form => "application/x-www-form-urlencoded",
        Encoding::Text => "text/plain; charset=utf-8",
        Encoding::Xml => "application/xml",
        Encoding::WebPush => "application/octet-stream",
        Encoding::Query | Encoding::Multipart => return None,
    }))
}

/// The body; with `query` the fields go to the URL instead.
pub(super) fn body(encoding: Encoding, fields: &[(&str, FieldValue<'_>)], url: &mut String) -> Bytes {
    match encoding {
        Encoding::Json => as_json(fields).into(),
        Encoding::Form => as_form(fields).into(),
        Encoding::Query => {
            let query = as_form(fields);
            if !query.is_empty() {
                url.push(if url.contains('?') { '&' } else { '?' });
                url.push_str(&query);
            }
            Bytes::new()
        }
        // These have a text instead of fields, or are made of JSON.
        Encoding::Text | Encoding::Xml | Encoding::WebPush | Encoding::Multipart => Bytes::new(),
    }
}

/// The fields as parts (RFC 7578), and the content type with what stands between them. The same fields make the same body.
pub(super) fn multipart(fields: &[(&str, FieldValue<'_>)]) -> (Bytes, Option<http::HeaderValue>) {
    let mut parts: Vec<String> = Vec::new();
    let named = |name: &str, more: &str, text: &str| {
        format!("Content-Disposition: form-data; name=\"{}\"{more}\r\n\r\n{text}\r\n", quotable(name))
    };
    for (name, value) in fields {
        match value {
            FieldValue::One(text) => parts.push(named(name, "", text)),
            FieldValue::Each(all) => parts.extend(all.iter().map(|one| named(name, "", one))),
            FieldValue::Number(number) => parts.push(named(name, "", &number.to_string())),
            FieldValue::Constant(value) => {
                parts.push(named(name, "", &crate::provider::json::scalar(value).unwrap_or_default()));
            }
            FieldValue::File { name: file, kind, text } => {
                let more = format!("; filename=\"{}\"\r\nContent-Type: {kind}", quotable(file));
                parts.push(named(name, &more, text));
            }
        }
    }
    // A digest of the parts stands in none of them; where somebody has managed that, a digest of that does not.
    let mut boundary = String::new();
    while boundary.is_empty() || parts.iter().any(|part| part.contains(&boundary)) {
        let digest = digest::sha256([boundary.as_str(), &parts.concat()].concat().as_bytes());
        boundary = format!("redial-{}", digest::hex(&digest[..16]));
    }
    let start = format!("--{boundary}\r\n");
    let body = parts.iter().fold(String::new(), |all, part| all + &start + part) + "--" + &boundary + "--\r\n";
    (body.into(), http::HeaderValue::from_str(&format!("multipart/form-data; boundary={boundary}")).ok())
}

/// A name within quotes, as browsers write it.
fn quotable(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

fn as_form(fields: &[(&str, FieldValue<'_>)]) -> String {
    let mut out = String::new();
    let mut add = |name: &str, value: &str| {
        if !out.is_empty() {
            out.push('&');
        }
        out.push_str(&form::encode(name));
        out.push('=');
        out.push_str(&form::encode(value));
    };
    for (name, value) in fields {
        match value {
            FieldValue::One(text) | FieldValue::File { text, .. } => add(name, text),
            FieldValue::Each(all) => all.iter().for_each(|one| add(name, one)),
            FieldValue::Number(number) => add(name, &number.to_string()),
            FieldValue::Constant(value) => add(name, &crate::provider::json::scalar(value).unwrap_or_default()),
        }
    }
    out
}

/// A name with slashes is a path of members, `destination/number`; a step that is a number counts in a list.
fn as_json(fields: &[(&str, FieldValue<'_>)]) -> String {
    let mut root = Value::Object(serde_json::Map::new());
    for (name, value) in fields {
        let steps: Vec<String> = name.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect();
        put(&mut root, &steps, value.json());
    }
    root.to_string()
}

fn put(there: &mut Value, steps: &[String], value: Value) {
    let Some((first, rest)) = steps.split_first() else {
        *there = value;
        return;
    };
    let index = first.parse().ok().filter(|index| *index < LONGEST_LIST);
    // A number counts in a list, but never turns an object with members into one.
    let in_list = index.filter(|_| there.as_object().is_none_or(serde_json::Map::is_empty));
    if let Some(index) = in_list {
        if !there.is_array() {
            *there = Value::Array(Vec::new());
        }
        if let Value::Array(all) = there {
            if all.len() <= index {
                all.resize(index + 1, Value::Null);
            }
            put(&mut all[index], rest, value);
        }
    } else {
        if !there.is_object() {
            *there = Value::Object(serde_json::Map::new());
        }
        if let Value::Object(members) = there {
            put(members.entry(first).or_insert(Value::Null), rest, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_paths() {
        let one = |text: &'static str| FieldValue::One(text.into());
        let yes = Value::from(true);
        let fields = [
            ("a/b/c", one("1")),
            ("a/b/d", FieldValue::Constant(&yes)),
            ("list/0/to", one("x")),
            ("list/1/to", one("y")),
            ("to/0", one("z")),
            ("n", FieldValue::number("30".into()).unwrap()),
            ("media", FieldValue::Each(&["u", "v"])),
            ("x~1y", one("w")),
        ];
        assert_eq!(
            as_json(&fields),
            r#"{"a":{"b":{"c":"1","d":true}},"list":[{"to":"x"},{"to":"y"}],"media":["u","v"],"n":30,"to":["z"],"x/y":"w"}"#
        );
        assert_eq!(as_form(&fields[4..7]), "to%2F0=z&n=30&media=u&media=v");
        assert!(FieldValue::number("3x".into()).is_err());
    }

    #[test]
    fn parts_stand_between_what_is_in_none_of_them() {
        let card =
            FieldValue::File { name: "a\"b.vcf", kind: "text/vcard", text: "BEGIN:VCARD\r\nEND:VCARD\r\n".into() };
        let media = ["u", "v"];
        let fields =
            [("to", FieldValue::One("bö@example.org".into())), ("m", FieldValue::Each(&media)), ("card", card)];
        let (body, kind) = multipart(&fields);
        let kind = kind.unwrap();
        let boundary = kind.to_str().unwrap().strip_prefix("multipart/form-data; boundary=").unwrap();
        let part = |head: &str, text: &str| {
            format!("--{boundary}\r\nContent-Disposition: form-data; name={head}\r\n\r\n{text}\r\n")
        };
        let wanted = [
            part("\"to\"", "bö@example.org"),
            part("\"m\"", "u"),
            part("\"m\"", "v"),
            part("\"card\"; filename=\"a%22b.vcf\"\r\nContent-Type: text/vcard", "BEGIN:VCARD\r\nEND:VCARD\r\n"),
            format!("--{boundary}--\r\n"),
        ];
        assert_eq!(body, wanted.concat());
        assert_eq!(multipart(&fields).0, body, "a repeat is the same");
        // One who writes the boundary into a text gets another one.
        let again = [("to", FieldValue::One(boundary.into()))];
        assert!(!multipart(&again).1.unwrap().to_str().unwrap().ends_with(boundary));
    }

    proptest! {
        #[test]
        fn any_names_make_json(names in proptest::collection::vec("[a-c0-3/~]{0,8}", 0..8)) {
            let fields: Vec<_> = names.iter().map(|name| (name.as_str(), FieldValue::One("v".into()))).collect();
            prop_assert!(serde_json::from_str::<Value>(&as_json(&fields)).is_ok());
        }
    }
}
