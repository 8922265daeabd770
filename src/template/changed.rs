//! Texts about changed details: one owner's, or several owners' in a digest.

use super::{
    Text,
    context::{Date, Facts, Head, Letterhead, SMS_NAME_MOST, SMS_VALUE_MOST, Said, card_file, ending},
    shown,
    sms::folded,
};
use crate::{
    clock::Time,
    domain::notice::{Difference, Line, News},
};
use minijinja::{Value, value::Serde};
use serde::Serialize;

/// What a text about changed details is rendered from. Each of its parts is a variable of the templates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Changed {
    #[serde(skip)]
    text: Text,
    #[serde(skip)]
    letterhead: Letterhead,
    #[serde(flatten)]
    head: Head,
    #[serde(flatten)]
    person: Person,
}

/// Whose details, and what changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Person {
    /// Nothing where the name cannot be shown.
    name: Option<Said>,
    /// The name before, where it changed.
    former_name: Option<Said>,
    /// What changed.
    changes: Vec<Change>,
    /// How many changes are left out.
    more: usize,
    /// Since when.
    when: Date,
}

/// One changed detail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Change {
    /// `phone`, `email`, `title` …
    kind: String,
    /// The owner's own word for it, where it can be shown.
    label: Option<Said>,
    /// The same in lower case, to look up; empty where there is none.
    label_key: String,
    /// What its reader was shown before, where there was something.
    old: Option<Said>,
    /// The last four digits of the number before.
    ends: Option<Said>,
    /// What it is now, where it can be shown.
    new: Option<Said>,
    /// The last four digits of a number now, for a screen that others can see.
    new_ends: Option<Said>,
}

/// The owner's own word for a point.
const SMS_LABEL_MOST: usize = 20;

impl Changed {
    /// What is told by `difference` about the owner called `name` now, in force since `at`.
    pub fn new(difference: &Difference, name: &str, at: Time, letterhead: &Letterhead) -> Self {
        Self {
            text: Text::Changed,
            letterhead: letterhead.clone(),
            head: Head::new(letterhead),
            person: Person {
                name: Said::name(name),
                former_name: difference.name.as_ref().and_then(|(old, _)| Said::name(old)),
                changes: difference.news.iter().map(Change::new).collect(),
                more: 0,
                when: Date::new(at),
            },
        }
    }

    /// As the introduction of an owner to somebody whom they added (rule E1): nothing was shown before.
    #[must_use]
    pub fn introducing(mut self) -> Self {
        self.text = Text::Introduced;
        self.person.former_name = None;
        for change in &mut self.person.changes {
            change.old = None;
            change.ends = None;
        }
        self
    }

    /// As word to an owner that the entry in their own book was brought up to date (rule E3).
    #[must_use]
    pub fn in_their_book(self) -> Self {
        Self { text: Text::Updated, ..self }
    }
}

impl Facts for Changed {
    fn text(&self) -> Text {
        self.text
    }

    fn value(&self) -> Value {
        Value::from(Serde(self))
    }

    fn shortened(&self, step: usize) -> Option<Box<dyn Facts>> {
        let most = [3, 2, 1].get(step)?;
        Some(Box::new(Self { head: self.head.for_sms(), person: self.person.for_sms(*most, step < 2), ..self.clone() }))
    }

    fn letterhead(&self) -> Option<&Letterhead> {
        Some(&self.letterhead)
    }

    fn left_out(&self) -> usize {
        self.person.more
    }

    fn card_file(&self) -> Option<String> {
        Some(card_file(self.person.name.as_ref().map_or("", |name| &name.0)))
    }
}

impl Person {
    /// At most so many changes, the most important ones, which come first.
    fn for_sms(&self, most: usize, labels: bool) -> Self {
        let cut = |name: &Option<Said>| name.as_ref().map(|name| name.within(SMS_NAME_MOST));
        Self {
            name: cut(&self.name),
            former_name: cut(&self.former_name),
            changes: self.changes.iter().take(most).map(|change| change.for_sms(labels)).collect(),
            more: self.more + self.changes.len().saturating_sub(most),
            when: self.when.clone(),
        }
    }
}

impl Change {
    fn new(news: &News) -> Self {
        let old = news.old.as_ref();
        let phone = |line: &Line| (&*line.kind == "phone").then(|| ending(&line.value));
        let label = Said::name(&news.now.label);
        Self {
            kind: news.now.kind.to_string(),
            label_key: label.as_ref().map(|label| label.0.to_lowercase()).unwrap_or_default(),
            label,
            ends: old.and_then(phone),
            old: old.and_then(value),
            new: value(&news.now),
            new_ends: phone(&news.now),
        }
    }

    fn for_sms(&self, labels: bool) -> Self {
        let short = |value: &Option<Said>| {
            value.clone().filter(|value| folded(&value.0).encode_utf16().count() <= SMS_VALUE_MOST)
        };
        Self {
            label: self.label.as_ref().filter(|_| labels).map(|label| label.within(SMS_LABEL_MOST)),
            old: short(&self.old),
            new: short(&self.new),
            ..self.clone()
        }
    }
}

/// The value of an address as it is; any other text only where it could be a name: an owner's job title is no place
/// for links and numbers either. It stands in the attached card in full.
pub(super) fn value(line: &Line) -> Option<Said> {
    match &*line.kind {
        "phone" | "email" => Some(shown::one_line(&line.value)),
        "birthday" => Some(line.value.chars().filter(|c| c.is_ascii_digit() || *c == '-').take(10).collect()),
        _ => shown::name(&line.value),
    }
    .filter(|value| !value.is_empty())
    .map(Said)
}

/// What a text about several owners is rendered from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Digest {
    #[serde(skip)]
    letterhead: Letterhead,
    #[serde(flatten)]
    head: Head,
    /// Each with what changed.
    people: Vec<Person>,
    /// How many of them are left out.
    more_people: usize,
}

impl Digest {
    /// One message of several. The letterhead is that of the digest, not of its parts.
    pub fn new(parts: &[Changed], letterhead: &Letterhead) -> Self {
        Self {
            letterhead: letterhead.clone(),
            head: Head::new(letterhead),
            people: parts.iter().map(|part| part.person.clone()).collect(),
            more_people: 0,
        }
    }
}

impl Facts for Digest {
    fn text(&self) -> Text {
        Text::Digest
    }

    fn value(&self) -> Value {
        Value::from(Serde(self))
    }

    fn shortened(&self, step: usize) -> Option<Box<dyn Facts>> {
        let (people, changes) = *[(3, 2), (3, 1), (2, 1), (1, 1)].get(step)?;
        Some(Box::new(Self {
            head: self.head.for_sms(),
            people: self.people.iter().take(people).map(|person| person.for_sms(changes, false)).collect(),
            more_people: self.people.len().saturating_sub(people),
            letterhead: self.letterhead.clone(),
        }))
    }

    fn left_out(&self) -> usize {
        self.more_people + self.people.iter().map(|person| person.more).sum::<usize>()
    }

    fn letterhead(&self) -> Option<&Letterhead> {
        Some(&self.letterhead)
    }
}
