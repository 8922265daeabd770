//! Rules: a list in which the first whose conditions all hold decides.
//!
//! `when = { status = "4xx", code = [21610, "30005"], "form:MessageIntent" = { regex = "^otp" }, say = { present = true } }`

use super::place::Place;
use std::borrow::Cow;

/// Regular expressions are linear in their input; this bounds what one may become.
const REGEX_SIZE: usize = 256 * 1024;

/// All conditions of one rule; none: it always holds.
#[derive(Debug, Default)]
pub(super) struct When(Vec<Condition>);

#[derive(Debug)]
struct Condition {
    subject: Subject,
    test: Test,
}

/// What a condition looks at.
#[derive(Debug)]
pub(super) enum Subject {
    /// The HTTP status of a reply.
    Status,
    /// A value that the section names.
    Name(&'static str),
    /// Any place.
    Place(Place),
}

#[derive(Debug)]
enum Test {
    OneOf(Vec<Box<str>>),
    Status(Vec<StatusTest>),
    Regex(regex::Regex),
    Present(bool),
    /// None of them, and there is a value.
    Not(Vec<Box<str>>),
    /// One of them, whatever the case of its ASCII letters.
    Fold(Vec<Box<str>>),
    /// A number that has one of these bits.
    Bits(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StatusTest {
    Exactly(u16),
    Class(u16),
}

/// What the conditions of a list of rules may look at.
#[derive(Clone, Copy)]
pub(super) struct Subjects {
    /// The section's names.
    pub(super) names: &'static [&'static str],
    /// Places in the request, reply or webhook.
    pub(super) places: bool,
    /// Among them `path:`, the variables of a path.
    pub(super) variables: bool,
    /// The status of a reply.
    pub(super) status: bool,
}

/// What rules are asked about.
pub(super) trait Facts {
    /// The HTTP status, where there is one.
    fn status(&self) -> Option<u16> {
        None
    }
    /// A value that the section names; empty where it is not there.
    fn name(&self, name: &str) -> Cow<'_, str>;
    /// The value at a place.
    fn place(&self, place: &Place) -> Option<Cow<'_, str>>;
    /// All values at a place, in order.
    fn places(&self, place: &Place) -> Vec<Cow<'_, str>> {
        self.place(place).into_iter().collect()
    }
}

impl When {
    /// Reads one condition; the error says what would be right.
    pub(super) fn add(&mut self, subject: &str, test: &toml::Value, about: Subjects) -> Result<(), String> {
        let subject = if let Some(name) = about.names.iter().find(|name| **name == subject) {
            Subject::Name(name)
        } else if subject == "status" && about.status {
            Subject::Status
        } else if subject.contains(':') && about.places {
            let place = Place::parse(subject)?;
            if place.variable().is_some() && !about.variables {
                return Err("only a route has path variables".into());
            }
            Subject::Place(place)
        } else {
            let mut known: Vec<&str> = about.names.to_vec();
            known.extend(about.status.then_some("status"));
            known.extend(about.places.then_some("a place"));
            return Err(format!("`{subject}` is not known here; a condition is about {}", known.join(", ")));
        };
        let test = match subject {
            Subject::Status => Test::Status(each(test, status_test)?),
            _ => Test::read(test)?,
        };
        self.0.push(Condition { subject, test });
        Ok(())
    }

    /// Whether it has no conditions, and so always holds.
    pub(super) fn is_always(&self) -> bool {
        self.0.is_empty()
    }

    /// The places that the conditions look at.
    pub(super) fn places(&self) -> impl Iterator<Item = &Place> {
        self.0.iter().filter_map(|condition| match &condition.subject {
            Subject::Place(place) => Some(place),
            _ => None,
        })
    }

    /// Whether all conditions hold.
    pub(super) fn holds(&self, facts: &dyn Facts) -> bool {
        self.0.iter().all(|condition| condition.holds(facts))
    }
}

impl Condition {
    fn holds(&self, facts: &dyn Facts) -> bool {
        if let Test::Status(wanted) = &self.test {
            let status = facts.status();
            return status.is_some_and(|status| wanted.iter().any(|test| test.holds(status)));
        }
        let value = match &self.subject {
            Subject::Name(name) => Some(facts.name(name)).filter(|value| !value.is_empty()),
            // Of several values any may be the one.
            Subject::Place(place) if place.is_many() => {
                let values = facts.places(place);
                return match &self.test {
                    Test::Present(wanted) => values.iter().any(|value| !value.is_empty()) == *wanted,
                    test => values.iter().any(|value| test.holds(Some(value))),
                };
            }
            Subject::Place(place) => facts.place(place),
            Subject::Status => None,
        };
        self.test.holds(value.as_deref())
    }
}

impl StatusTest {
    fn holds(self, status: u16) -> bool {
        match self {
            StatusTest::Exactly(exact) => status == exact,
            StatusTest::Class(class) => status / 100 == class,
        }
    }
}

impl Test {
    fn holds(&self, value: Option<&str>) -> bool {
        let among = |all: &[Box<str>], value: &str| all.iter().any(|one| **one == *value);
        match (self, value) {
            (Test::Present(wanted), value) => value.is_some_and(|value| !value.is_empty()) == *wanted,
            (Test::OneOf(all), Some(value)) => among(all, value),
            (Test::Not(all), Some(value)) => !value.is_empty() && !among(all, value),
            (Test::Fold(all), Some(value)) => all.iter().any(|one| one.eq_ignore_ascii_case(value)),
            (Test::Bits(bits), Some(value)) => value.parse().is_ok_and(|value: u64| value & bits != 0),
            (Test::Regex(regex), Some(value)) => regex.is_match(value),
            _ => false,
        }
    }

    fn read(value: &toml::Value) -> Result<Self, String> {
        let toml::Value::Table(table) = value else {
            return Ok(Test::OneOf(each(value, scalar)?));
        };
        let mut entries = table.iter();
        match (entries.next(), entries.next()) {
            (Some((key, toml::Value::String(source))), None) if key == "regex" => regex(source).map(Test::Regex),
            (Some((key, toml::Value::Boolean(wanted))), None) if key == "present" => Ok(Test::Present(*wanted)),
            (Some((key, all)), None) if key == "not" => each(all, scalar).map(Test::Not),
            (Some((key, all)), None) if key == "fold" => each(all, scalar).map(Test::Fold),
            (Some((key, toml::Value::Integer(bits))), None) if key == "bits" && *bits > 0 => {
                Ok(Test::Bits(bits.unsigned_abs()))
            }
            _ => Err(WANTED.into()),
        }
    }
}

const WANTED: &str = "a condition is a text, a number, a list of them, `{ not = … }`, `{ fold = … }`, \
     `{ regex = \"…\" }`, `{ bits = 2 }` or `{ present = true }`; `status` is a number or a class like \"4xx\"";

/// A regular expression of bounded size.
pub(super) fn regex(source: &str) -> Result<regex::Regex, String> {
    let built = regex::RegexBuilder::new(source).size_limit(REGEX_SIZE).build();
    built.map_err(|wrong| format!("not a regular expression that can be used: {wrong}"))
}

fn scalar(value: &toml::Value) -> Option<Box<str>> {
    match value {
        toml::Value::String(text) => Some(text.as_str().into()),
        toml::Value::Integer(number) => Some(number.to_string().into()),
        toml::Value::Boolean(yes) => Some(yes.to_string().into()),
        _ => None,
    }
}

fn each<T>(value: &toml::Value, one: impl Fn(&toml::Value) -> Option<T>) -> Result<Vec<T>, String> {
    let all = match value {
        toml::Value::Array(all) if !all.is_empty() => all.iter().map(one).collect(),
        single => one(single).map(|one| vec![one]),
    };
    all.ok_or_else(|| WANTED.into())
}

fn status_test(value: &toml::Value) -> Option<StatusTest> {
    match value {
        toml::Value::Integer(status @ 100..=599) => u16::try_from(*status).ok().map(StatusTest::Exactly),
        toml::Value::String(class) => {
            let class = class.strip_suffix("xx")?.parse().ok()?;
            (1..=5).contains(&class).then_some(StatusTest::Class(class))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Told(u16, &'static str, &'static str);

    impl Facts for Told {
        fn status(&self) -> Option<u16> {
            Some(self.0)
        }
        fn name(&self, _: &str) -> Cow<'_, str> {
            self.1.into()
        }
        fn place(&self, _: &Place) -> Option<Cow<'_, str>> {
            Some(self.2).filter(|value| !value.is_empty()).map(Into::into)
        }
    }

    fn holds(when: &str, facts: &Told) -> Result<bool, String> {
        let table: toml::Table = when.parse().unwrap();
        let mut conditions = When::default();
        for (subject, test) in &table {
            conditions.add(
                subject,
                test,
                Subjects { names: &["code"], places: true, variables: false, status: true },
            )?;
        }
        Ok(conditions.holds(facts))
    }

    #[test]
    fn conditions_hold_as_they_read() {
        let facts = Told(429, "21610", "otp-1");
        let cases = [
            ("", true),
            ("status = 429", true),
            ("status = \"4xx\"", true),
            ("status = [\"5xx\", 400]", false),
            ("code = 21610", true),
            ("code = [\"x\", \"21610\"]", true),
            ("code = { regex = \"^216\" }", true),
            ("code = { regex = \"^30\" }", false),
            ("\"json:/a\" = { present = true }", true),
            ("\"json:/a\" = { present = false }", false),
            ("\"json:/a\" = \"otp\"", false),
            ("\"json:/a\" = { regex = \"^otp\" }\nstatus = 200", false),
            ("code = { not = 21610 }", false),
            ("code = { not = [1, \"2\"] }", true),
            ("\"json:/b/*\" = { not = [\"x\"] }", true),
            ("\"json:/b/*\" = [\"y\"]", false),
            ("\"json:/a\" = { fold = [\"OTP-1\"] }", true),
            ("code = { bits = 2 }", true),
            ("code = { bits = 1 }", false),
            ("\"json:/a\" = { bits = 255 }", false),
        ];
        for (when, wanted) in cases {
            assert_eq!(holds(when, &facts), Ok(wanted), "{when}");
        }
        assert_eq!(holds("code = { present = false }", &Told(200, "", "")), Ok(true));
        assert_eq!(holds("code = \"\"", &Told(200, "", "")), Ok(false), "what is not there equals nothing");
    }

    #[test]
    fn unreadable_conditions_are_refused() {
        let cases = [
            "status = \"6xx\"",
            "status = 42",
            "status = { present = true }",
            "code = 1.5",
            "code = []",
            "code = { regexp = \"x\" }",
            "code = { bits = -1 }",
            "code = { not = [] }",
            "code = { regex = \"x\", fold = \"x\" }",
            "code = { regex = \"(\" }",
            "code = { regex = \"(a{1000}){1000}\" }",
            "coed = 1",
            "\"jason:/a\" = 1",
        ];
        for when in cases {
            assert!(holds(when, &Told(200, "", "")).is_err(), "{when}");
        }
    }
}
