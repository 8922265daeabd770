//! What a text can speak of, with everything already fit to stand in a message (rule N5).

use super::shown;
use crate::{
    clock::Time,
    domain::notice::{Difference, Line, News},
};
use serde::Serialize;

/// Who sends, and how to stop it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Letterhead {
    /// The operator's word for this service.
    pub service: String,
    /// Whether a reply to the message reaches Redial or its operator.
    pub reply: bool,
    /// Where to ask: an address, a number or a page of the operator; empty where there is none.
    pub help: String,
    /// The recipient's own one-click address; empty where there is none.
    pub unsubscribe: String,
    /// Whether the card goes with the message.
    pub attached: bool,
}

/// What a text about changed details is rendered from. Each of its parts is a variable of the templates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// Who sends.
    service: String,
    /// Whose details; nothing where the name cannot be shown.
    name: Option<String>,
    /// The name before, where it changed.
    former_name: Option<String>,
    /// What changed.
    changes: Vec<Change>,
    /// How many changes are left out.
    more: usize,
    /// Since when.
    when: Date,
    /// Whether a reply is read.
    reply: bool,
    /// Where to ask.
    help: String,
    /// How to stop by one click.
    unsubscribe: String,
    /// Whether the card goes with it.
    attached: bool,
}

/// One changed detail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Change {
    /// `phone`, `email`, `title` …
    kind: String,
    /// The owner's own word for it, where it can be shown.
    label: Option<String>,
    /// What its reader was shown before, where there was something; for a phone its end only.
    old: Option<String>,
    /// The last four digits of the number before.
    ends: Option<String>,
    /// What it is now, where it can be shown.
    new: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct Date {
    year: i16,
    month: i8,
    day: i8,
}

/// A text message names at most so many changes.
const SMS_CHANGES: usize = 3;

impl Changed {
    /// What is told by `difference` about the owner called `name` now, in force since `at`.
    pub fn new(difference: &Difference, name: &str, at: Time, letterhead: &Letterhead) -> Self {
        let stamp = jiff::Timestamp::from_microsecond(at.0).unwrap_or_default();
        let date = stamp.to_zoned(jiff::tz::TimeZone::UTC).date();
        Self {
            service: shown::one_line(&letterhead.service),
            name: shown::name(name),
            former_name: difference.name.as_ref().and_then(|(old, _)| shown::name(old)),
            changes: difference.news.iter().map(Change::new).collect(),
            more: 0,
            when: Date { year: date.year(), month: date.month(), day: date.day() },
            reply: letterhead.reply,
            help: shown::one_line(&letterhead.help),
            unsubscribe: letterhead.unsubscribe.clone(),
            attached: letterhead.attached,
        }
    }

    /// Shortened for a text message: few changes, the most important ones come first, and no web addresses.
    pub(super) fn for_sms(&self) -> Self {
        let mut short = self.clone();
        short.unsubscribe.clear();
        short.attached = false;
        if short.changes.len() > SMS_CHANGES {
            short.more = short.changes.len() - SMS_CHANGES;
            short.changes.truncate(SMS_CHANGES);
        }
        short
    }
}

impl Change {
    fn new(news: &News) -> Self {
        let old = news.old.as_ref();
        let ends = old.filter(|old| &*old.kind == "phone").map(|old| ending(&old.value));
        Self {
            kind: news.now.kind.to_string(),
            label: shown::name(&news.now.label),
            ends,
            old: old.and_then(value),
            new: value(&news.now),
        }
    }
}

/// The value of an address as it is; any other text only where it could be a name: an owner's job title is no place
/// for links and numbers either. It stands in the attached card in full.
fn value(line: &Line) -> Option<String> {
    match &*line.kind {
        "phone" | "email" => Some(shown::one_line(&line.value)),
        "birthday" => Some(line.value.chars().filter(|c| c.is_ascii_digit() || *c == '-').take(10).collect()),
        _ => shown::name(&line.value),
    }
    .filter(|value| !value.is_empty())
}

fn ending(number: &str) -> String {
    let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
    digits[digits.len().saturating_sub(4)..].iter().collect()
}
