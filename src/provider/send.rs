//! `[send]`: a message of our own as a request, and what the reply to it means (rule N3).

use super::{
    Account, FileError, Flag, Flags, Outcome, Outgoing, Reply, Request,
    compiled::{Field, ReplyRule, ReplyRules, Send, first},
    file::{Encoding, FieldFile, OutcomeKind, ReplyFile, SendFile, Unit},
    form, json,
    load::Loader,
    place::{Kind, Place},
    rule::{Facts, Subjects},
    text::{Escape, NotRendered, Values},
};
use bytes::Bytes;
use std::{borrow::Cow, time::Duration};

/// Names in the texts of a request.
const SEND_NAMES: &[&str] = &["to", "from", "text", "reference", "callback"];
/// Names in the rules over a reply.
const REPLY_NAMES: &[&str] = &["code", "id", "detail"];
/// No provider may ask for a longer pause than this.
const LONGEST_PAUSE: Duration = Duration::from_hours(24);
/// How much of a provider's words is kept, in characters.
const LONGEST_DETAIL: usize = 200;

/// A message that a provider file could not turn into a request; no sample foresaw it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the provider file cannot write this message: {0}")]
pub struct NotWritten(String);

impl From<NotRendered> for NotWritten {
    fn from(wrong: NotRendered) -> Self {
        Self(wrong.0)
    }
}

impl Loader<'_> {
    pub(super) fn send(&self, file: &SendFile) -> Result<Send, FileError> {
        let wrong_method = |_| self.wrong(file.method.span(), "a method is needed: POST, PUT, GET, …");
        let mut headers = Vec::new();
        for (name, text) in &file.headers {
            headers.push((self.header(name)?, self.text(text, SEND_NAMES, Escape::Plain)?));
        }
        let mut fields = Vec::new();
        for (name, value) in &file.fields {
            let field = match value.get_ref() {
                FieldFile::Text(text) => Field::Text(self.text_of(text, value.span(), SEND_NAMES, Escape::Plain)?),
                FieldFile::Each => Field::Media,
            };
            fields.push((name.get_ref().as_str().into(), field));
        }
        if !file.path.get_ref().starts_with('/') {
            return Err(self.wrong(file.path.span(), "a path begins with `/`"));
        }
        Ok(Send {
            method: file.method.get_ref().parse().map_err(wrong_method)?,
            path: self.text(&file.path, SEND_NAMES, Escape::Url)?,
            encoding: file.encoding,
            headers,
            fields,
            reply: self.reply(&file.reply)?,
        })
    }

    fn reply(&self, file: &ReplyFile) -> Result<ReplyRules, FileError> {
        let place = |written: &super::file::Written| {
            let place = self.place(written)?;
            match place.kind {
                Kind::Json(_) | Kind::Header(_) => Ok(place),
                _ => Err(self.wrong(written.span(), "a reply has places like `json:/id` and `header:X-Name`")),
            }
        };
        let optional = |written: &Option<super::file::Written>| written.as_ref().map(place).transpose();
        let mut retry_after = Vec::new();
        for one in &file.retry_after {
            retry_after.push((place(&one.place)?, one.unit));
        }
        let about = Subjects { names: REPLY_NAMES, places: true, variables: false, status: true };
        let value = |rule: &super::file::ReplyRuleFile| {
            Ok(ReplyRule {
                outcome: rule.outcome,
                flags: rule.flags.iter().copied().collect(),
                after: rule.after_seconds.map(|seconds| Duration::from_secs(seconds.into())),
            })
        };
        let rules = self.rules(&file.rules, about, |rule| &rule.when, value)?;
        let readable = |place: &Place| matches!(place.kind, Kind::Json(_) | Kind::Header(_));
        for (rule, file) in rules.iter().zip(&file.rules) {
            if let Some(place) = rule.when.places().find(|place| !readable(place)) {
                let wanted = format!("`{}`: a reply has places like `json:/id` and `header:X-Name`", place.written());
                return Err(self.wrong(file.span(), wanted));
            }
        }
        Ok(ReplyRules {
            id: optional(&file.id)?,
            code: optional(&file.code)?,
            detail: optional(&file.detail)?,
            retry_after,
            rules,
        })
    }
}

/// A reply, read.
struct Answered<'a> {
    status: u16,
    headers: &'a http::HeaderMap,
    body: serde_json::Value,
    names: Vec<(&'static str, String)>,
}

impl Answered<'_> {
    fn value(&self, place: &Place) -> Option<Cow<'_, str>> {
        match &place.kind {
            Kind::Json(pointer) => pointer.find(&self.body).first().and_then(|value| json::scalar(value)),
            Kind::Header(name) => self.headers.get(name).and_then(|value| value.to_str().ok()).map(Cow::Borrowed),
            _ => None,
        }
    }

    fn optional(&self, place: Option<&Place>) -> String {
        place.and_then(|place| self.value(place)).unwrap_or_default().into_owned()
    }
}

impl Facts for Answered<'_> {
    fn status(&self) -> Option<u16> {
        Some(self.status)
    }

    fn name(&self, name: &str) -> Cow<'_, str> {
        self.names.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value).into()
    }

    fn place(&self, place: &Place) -> Option<Cow<'_, str>> {
        self.value(place)
    }
}

impl Account {
    /// The request that sends a message of ours. Fields whose text is empty are left out.
    pub fn send(&self, outgoing: &Outgoing<'_>) -> Result<Request, NotWritten> {
        let send = self.provider().send.as_ref().ok_or_else(|| NotWritten("it has no [send]".into()))?;
        let section = [
            ("to", outgoing.to),
            ("from", outgoing.from.unwrap_or_default()),
            ("text", outgoing.text),
            ("reference", outgoing.reference),
            ("callback", outgoing.callback.unwrap_or_default()),
        ];
        let values = Values { section: &section, parameters: self.parameters() };
        let mut fields: Vec<(&str, FieldValue<'_>)> = Vec::with_capacity(send.fields.len());
        for (name, field) in &send.fields {
            let value = match field {
                Field::Text(text) => FieldValue::One(text.value(&values)?),
                Field::Media => FieldValue::Each(outgoing.media),
            };
            if !value.is_empty() {
                fields.push((name, value));
            }
        }
        let mut url = format!("{}{}", self.upstream(), send.path.render(&values)?);
        let mut headers = http::HeaderMap::new();
        let body = match send.encoding {
            Encoding::Json => {
                headers.insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
                as_json(&fields)
            }
            Encoding::Form => {
                let kind = http::HeaderValue::from_static("application/x-www-form-urlencoded");
                headers.insert(http::header::CONTENT_TYPE, kind);
                as_form(&fields)
            }
            Encoding::Query => {
                url.push(if url.contains('?') { '&' } else { '?' });
                url.push_str(&as_form(&fields));
                String::new()
            }
        };
        for (name, text) in &send.headers {
            let value = text.value(&values)?;
            if !value.is_empty() {
                let value = http::HeaderValue::from_str(&value);
                headers.insert(name, value.map_err(|_| NotWritten(format!("header {name} holds control characters")))?);
            }
        }
        headers.extend(self.credentials.clone().map(|(name, value)| (Some(name), value)));
        Ok(Request { method: send.method.clone(), url, headers, body: Bytes::from(body) })
    }

    /// What a reply to [`Account::send`] means.
    pub fn read_reply(&self, status: http::StatusCode, headers: &http::HeaderMap, body: &[u8]) -> Reply {
        self.read_reply_by_rule(status, headers, body).0
    }

    /// The reply, and the position of the rule that told it.
    pub(super) fn read_reply_by_rule(
        &self,
        status: http::StatusCode,
        headers: &http::HeaderMap,
        body: &[u8],
    ) -> (Reply, Option<usize>) {
        let rules = self.provider().send.as_ref().map(|send| &send.reply);
        let body = serde_json::from_slice(body).unwrap_or_default();
        let mut read = Answered { status: status.as_u16(), headers, body, names: Vec::new() };
        let Some(rules) = rules else { return (by_status(status, Box::default(), None), None) };
        let place = |place: &Option<Place>| read.optional(place.as_ref());
        read.names = vec![("id", place(&rules.id)), ("code", place(&rules.code)), ("detail", place(&rules.detail))];
        let [id, code, detail] = ["id", "code", "detail"].map(|name| read.name(name).into_owned());
        let detail: Box<str> = detail.chars().take(LONGEST_DETAIL).collect::<String>().into();
        let after = rules.retry_after.iter().find_map(|(place, unit)| pause(&read.value(place)?, *unit));
        let (mut reply, rule) = match first(&rules.rules, &read) {
            Some((index, rule)) => {
                let outcome = match rule.outcome {
                    OutcomeKind::Sent => Outcome::Sent,
                    OutcomeKind::TryAgain => Outcome::TryAgain(after.or(rule.after)),
                    OutcomeKind::Never => Outcome::Never,
                    OutcomeKind::Unknown => Outcome::Unknown,
                    OutcomeKind::Config => Outcome::Config,
                };
                (Reply { outcome, id: None, code: None, detail, flags: rule.flags }, Some(index))
            }
            None => (by_status(status, detail, after), None),
        };
        reply.id = Some(id).filter(|id| !id.is_empty()).map(Into::into);
        reply.code = Some(code).filter(|code| !code.is_empty()).map(Into::into);
        (reply, rule)
    }
}

/// What a status means where no rule says otherwise: 2xx sent, 429 and 5xx try again, 401 and 403 our settings, other
/// 4xx never; anything else is not a reply that an API gives.
fn by_status(status: http::StatusCode, detail: Box<str>, after: Option<Duration>) -> Reply {
    let (outcome, flags) = match status.as_u16() {
        200..300 => (Outcome::Sent, Flags::default()),
        429 => (Outcome::TryAgain(after), Flags::from_iter([Flag::RateLimited])),
        401 | 403 => (Outcome::Config, Flags::from_iter([Flag::AuthBroken])),
        408 | 425 | 500..600 => (Outcome::TryAgain(after), Flags::default()),
        400..500 => (Outcome::Never, Flags::default()),
        _ => (Outcome::Unknown, Flags::default()),
    };
    Reply { outcome, id: None, code: None, detail, flags }
}

fn pause(text: &str, unit: Unit) -> Option<Duration> {
    let number: f64 = text.trim().parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0)?;
    let seconds = if unit == Unit::Milliseconds { number / 1000.0 } else { number };
    Some(Duration::try_from_secs_f64(seconds).map_or(LONGEST_PAUSE, |pause| pause.min(LONGEST_PAUSE)))
}

enum FieldValue<'a> {
    One(Cow<'a, str>),
    Each(&'a [&'a str]),
}

impl FieldValue<'_> {
    fn is_empty(&self) -> bool {
        match self {
            FieldValue::One(text) => text.is_empty(),
            FieldValue::Each(all) => all.is_empty(),
        }
    }
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
            FieldValue::One(text) => add(name, text),
            FieldValue::Each(all) => all.iter().for_each(|one| add(name, one)),
        }
    }
    out
}

/// A name with slashes is a path of members: `destination/number`.
fn as_json(fields: &[(&str, FieldValue<'_>)]) -> String {
    let mut root = serde_json::Map::new();
    for (name, value) in fields {
        let value = match value {
            FieldValue::One(text) => serde_json::Value::from(&**text),
            FieldValue::Each(all) => all.iter().map(|one| serde_json::Value::from(*one)).collect(),
        };
        put(&mut root, name, value);
    }
    serde_json::Value::Object(root).to_string()
}

fn put(there: &mut serde_json::Map<String, serde_json::Value>, name: &str, value: serde_json::Value) {
    match name.split_once('/') {
        None => {
            there.insert(name.to_owned(), value);
        }
        Some((first, rest)) => {
            let deeper = there.entry(first).or_insert(serde_json::Value::Null);
            if !deeper.is_object() {
                *deeper = serde_json::Value::Object(serde_json::Map::new());
            }
            if let serde_json::Value::Object(deeper) = deeper {
                put(deeper, rest, value);
            }
        }
    }
}
