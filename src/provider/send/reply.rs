//! What a provider's reply to a message of ours means (rule N3).

use crate::clock::Time;
use crate::provider::{
    Account, FileError, Flag, Flags, Outcome, Reply,
    compiled::{ReplyRule, ReplyRules, RetryAfter, first},
    file::{OneOrMore, OutcomeKind, ReplyFile, ReplyRuleFile, Unit, Written},
    json,
    load::Loader,
    place::{Kind, Place},
    rule::{Facts, Subjects},
};
use std::{borrow::Cow, time::Duration};

/// Names in the rules over a reply.
const REPLY_NAMES: &[&str] = &["code", "id", "detail"];
/// No provider may ask for a longer pause than this.
const LONGEST_PAUSE: Duration = Duration::from_hours(24);
/// How much of a provider's words is kept, in characters.
const LONGEST_DETAIL: usize = 200;

impl Loader<'_> {
    /// Places in a reply, of which the first with a value counts.
    pub(in crate::provider) fn reply_places(&self, all: Option<&OneOrMore>) -> Result<Vec<Place>, FileError> {
        all.iter().flat_map(|all| &all.0).map(|place| self.reply_place(place)).collect()
    }

    fn reply_place(&self, written: &Written) -> Result<Place, FileError> {
        let place = self.place(written)?;
        match place.kind {
            Kind::Json(_) | Kind::Header(_) | Kind::Text => Ok(place),
            _ => {
                let wanted = "a reply has places like `json:/id`, `header:X-Name` and `text:body`";
                Err(self.wrong(written.span(), wanted))
            }
        }
    }

    pub(in crate::provider) fn reply(&self, file: &ReplyFile) -> Result<ReplyRules, FileError> {
        let mut retry_after = Vec::new();
        for one in &file.retry_after {
            retry_after.push(RetryAfter { place: self.reply_place(&one.place)?, unit: one.unit, only: one.only });
        }
        let about = Subjects { names: REPLY_NAMES, places: true, variables: false, status: true };
        let value = |rule: &ReplyRuleFile| {
            Ok(ReplyRule {
                outcome: rule.outcome,
                flags: rule.flags.iter().copied().collect(),
                after: rule.after_seconds.map(|seconds| Duration::from_secs(seconds.into())),
            })
        };
        let rules = self.rules(&file.rules, about, |rule| &rule.when, value)?;
        let readable = |place: &Place| matches!(place.kind, Kind::Json(_) | Kind::Header(_) | Kind::Text);
        for (rule, file) in rules.iter().zip(&file.rules) {
            if let Some(place) = rule.when.places().find(|place| !readable(place)) {
                let wanted = format!(
                    "`{}`: a reply has places like `json:/id`, `header:X-Name` and `text:body`",
                    place.written()
                );
                return Err(self.wrong(file.span(), wanted));
            }
        }
        Ok(ReplyRules {
            id: self.reply_places(file.id.as_ref())?,
            id_is_reference: file.id_is_reference,
            code: self.reply_places(file.code.as_ref())?,
            detail: self.reply_places(file.detail.as_ref())?,
            retry_after,
            gone_since: self.reply_places(file.gone_since.as_ref())?,
            rules,
        })
    }
}

/// A reply, read.
pub(super) struct Answered<'a> {
    status: u16,
    headers: &'a http::HeaderMap,
    raw: &'a [u8],
    body: serde_json::Value,
    pub(super) names: Vec<(&'static str, String)>,
}

impl<'a> Answered<'a> {
    pub(super) fn read(status: http::StatusCode, headers: &'a http::HeaderMap, raw: &'a [u8]) -> Self {
        let body = serde_json::from_slice(raw).unwrap_or_default();
        Self { status: status.as_u16(), headers, raw, body, names: Vec::new() }
    }

    fn values(&self, place: &Place) -> Vec<Cow<'_, str>> {
        match &place.kind {
            Kind::Json(pointer) => {
                let all = pointer.find(&self.body).into_iter().filter_map(json::scalar);
                all.filter_map(|value| place.read(value)).collect()
            }
            Kind::Header(name) => {
                let all = self.headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
                all.filter_map(|value| place.read(Cow::Borrowed(value))).collect()
            }
            Kind::Text => place.read(String::from_utf8_lossy(self.raw)).into_iter().collect(),
            _ => Vec::new(),
        }
    }

    fn value(&self, place: &Place) -> Option<Cow<'_, str>> {
        self.values(place).into_iter().next()
    }

    /// The first value that is not empty.
    pub(super) fn first(&self, places: &[Place]) -> String {
        let all = places.iter().filter_map(|place| self.value(place));
        all.filter(|value| !value.is_empty()).map(Cow::into_owned).next().unwrap_or_default()
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

    fn places(&self, place: &Place) -> Vec<Cow<'_, str>> {
        self.values(place)
    }
}

impl Account {
    /// What a reply to [`Account::send`] means.
    pub fn read_reply(&self, status: http::StatusCode, headers: &http::HeaderMap, body: &[u8]) -> Reply {
        self.read_reply_by_rule(status, headers, body).0
    }

    /// The reply, and the position of the rule that told it.
    pub(in crate::provider) fn read_reply_by_rule(
        &self,
        status: http::StatusCode,
        headers: &http::HeaderMap,
        body: &[u8],
    ) -> (Reply, Option<usize>) {
        let rules = self.provider().send.as_ref().map(|send| &send.reply);
        let mut read = Answered::read(status, headers, body);
        let Some(rules) = rules else { return (by_status(status, Box::default()), None) };
        read.names = vec![
            ("id", read.first(&rules.id)),
            ("code", read.first(&rules.code)),
            ("detail", read.first(&rules.detail)),
        ];
        let [id, code, detail] = ["id", "code", "detail"].map(|name| read.name(name).into_owned());
        let detail: Box<str> = detail.chars().take(LONGEST_DETAIL).collect::<String>().into();
        let after = |flags: Flags| {
            let mut said = rules.retry_after.iter().filter(|one| one.only.is_none_or(|flag| flags.has(flag)));
            said.find_map(|RetryAfter { place, unit, .. }| pause(&read.value(place)?, *unit, headers))
        };
        let (mut reply, rule) = if let Some((index, rule)) = first(&rules.rules, &read) {
            let outcome = match rule.outcome {
                OutcomeKind::Sent => Outcome::Sent,
                OutcomeKind::TryAgain => Outcome::TryAgain(after(rule.flags).or(rule.after)),
                OutcomeKind::Never => Outcome::Never,
                OutcomeKind::Unknown => Outcome::Unknown,
                OutcomeKind::Config => Outcome::Config,
            };
            (Reply { outcome, id: None, code: None, detail, flags: rule.flags, gone_since: None }, Some(index))
        } else {
            let mut reply = by_status(status, detail);
            if let Outcome::TryAgain(pause) = &mut reply.outcome {
                *pause = after(reply.flags);
            }
            (reply, None)
        };
        reply.id = Some(id).filter(|id| !id.is_empty()).map(Into::into);
        reply.code = Some(code).filter(|code| !code.is_empty()).map(Into::into);
        let millis = read.first(&rules.gone_since).parse::<i64>().ok();
        reply.gone_since = millis.and_then(|millis| millis.checked_mul(1_000)).map(Time);
        (reply, rule)
    }
}

/// What a status means where no rule says otherwise: 2xx sent, 429 and 5xx try again, 401 and 403 our settings, other
/// 4xx never; anything else is not a reply that an API gives.
fn by_status(status: http::StatusCode, detail: Box<str>) -> Reply {
    let (outcome, flags) = match status.as_u16() {
        200..300 => (Outcome::Sent, Flags::default()),
        429 => (Outcome::TryAgain(None), Flags::from_iter([Flag::RateLimited])),
        401 | 403 => (Outcome::Config, Flags::from_iter([Flag::AuthBroken])),
        408 | 425 | 500..600 => (Outcome::TryAgain(None), Flags::default()),
        400..500 => (Outcome::Never, Flags::default()),
        _ => (Outcome::Unknown, Flags::default()),
    };
    Reply { outcome, id: None, code: None, detail, flags, gone_since: None }
}

/// How long to wait, by a number or a date; a date is compared with the reply's own.
fn pause(text: &str, unit: Unit, headers: &http::HeaderMap) -> Option<Duration> {
    let text = text.trim();
    let sent = || date(headers.get(http::header::DATE)?.to_str().ok()?);
    let number = text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0);
    #[expect(clippy::cast_precision_loss, reason = "seconds of this century")]
    let seconds = match (unit, number) {
        (Unit::Seconds, Some(seconds)) => seconds,
        (Unit::Milliseconds, Some(milliseconds)) => milliseconds / 1000.0,
        (Unit::Time, Some(time)) => time - sent()? as f64,
        (Unit::Seconds, None) => (date(text)? - sent()?) as f64,
        (Unit::Milliseconds | Unit::Time, None) => return None,
    };
    Some(Duration::try_from_secs_f64(seconds.max(0.0)).map_or(LONGEST_PAUSE, |pause| pause.min(LONGEST_PAUSE)))
}

/// Seconds since 1970 of an HTTP date (RFC 9110, 5.6.7).
fn date(text: &str) -> Option<i64> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok().map(jiff::Timestamp::as_second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pauses_are_read_in_each_unit() {
        let mut headers = http::HeaderMap::new();
        headers.insert(http::header::DATE, http::HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT"));
        let cases = [
            ("3", Unit::Seconds, Some(3)),
            (" 2.0 ", Unit::Seconds, Some(2)),
            ("-1", Unit::Seconds, None),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Unit::Seconds, Some(60)),
            ("Sun, 06 Nov 1994 08:40:37 GMT", Unit::Seconds, Some(0)),
            ("Sat, 06 Nov 2094 08:40:37 GMT", Unit::Seconds, Some(86_400)),
            ("soon", Unit::Seconds, None),
            ("1500", Unit::Milliseconds, Some(1)),
            ("784111787", Unit::Time, Some(10)),
            ("1e300", Unit::Seconds, Some(86_400)),
        ];
        for (text, unit, wanted) in cases {
            assert_eq!(pause(text, unit, &headers).map(|pause| pause.as_secs()), wanted, "{text}");
        }
        assert_eq!(pause("Sun, 06 Nov 1994 08:50:37 GMT", Unit::Seconds, &http::HeaderMap::new()), None);
    }

    proptest! {
        #[test]
        fn any_text_is_a_pause_of_at_most_a_day_or_none(text in "\\PC{0,40}|-?[0-9]{0,30}(\\.[0-9]{0,5})?") {
            for unit in [Unit::Seconds, Unit::Milliseconds, Unit::Time] {
                prop_assert!(pause(&text, unit, &http::HeaderMap::new()).is_none_or(|pause| pause <= LONGEST_PAUSE));
            }
        }
    }
}
