//! What a profile may hold, and how a partial one changes it.

use super::super::owner::Profile;
use serde_json::{Map, Value};

/// Longest text of one field, in letters.
const LONGEST_TEXT: usize = 256;
/// Longest note, in letters.
const LONGEST_NOTE: usize = 4_000;
/// Most entries of a list.
const MOST_ENTRIES: usize = 16;
/// Largest photo, as its `data:` URI, in bytes.
const LARGEST_PHOTO: usize = 64 * 1_024;

/// A field that cannot be as it is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadField {
    /// Its name, with the place in a list after a slash: `urls/0`.
    pub field: String,
    /// What would be right.
    pub detail: String,
}

impl BadField {
    fn new(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { field: field.into(), detail: detail.into() }
    }
}

/// `present` with the fields of `patch` in place of its own; `null` makes a field absent. Fields that are not named stay.
pub fn patched(present: &Profile, patch: &Map<String, Value>) -> Result<Profile, Vec<BadField>> {
    let Ok(Value::Object(mut fields)) = serde_json::to_value(present) else {
        unreachable!("a profile of texts and lists is an object")
    };
    let known: Vec<String> = fields.keys().cloned().collect();
    let mut bad = Vec::new();
    for (name, value) in patch {
        let Some(slot) = fields.get_mut(name) else {
            bad.push(BadField::new(name, format!("no such field; there are {}", known.join(", "))));
            continue;
        };
        let list = slot.is_array();
        let fits = match value {
            Value::Null => true,
            Value::String(_) => !list,
            Value::Array(items) => list && items.iter().all(Value::is_string),
            _ => false,
        };
        if !fits {
            bad.push(BadField::new(name, if list { "a list of texts is needed" } else { "a text is needed" }));
        } else if value.is_null() {
            *slot = if list { Value::Array(Vec::new()) } else { Value::String(String::new()) };
        } else {
            *slot = value.clone();
        }
    }
    if !bad.is_empty() {
        return Err(bad);
    }
    let profile: Profile =
        serde_json::from_value(Value::Object(fields)).map_err(|error| vec![BadField::new("", error.to_string())])?;
    let bad = faults(&profile);
    if bad.is_empty() { Ok(profile) } else { Err(bad) }
}

/// What of a profile cannot be as it is.
pub fn faults(profile: &Profile) -> Vec<BadField> {
    let mut bad = Vec::new();
    if profile.name.trim().is_empty() {
        bad.push(BadField::new("name", "an owner has a name"));
    }
    for (field, text) in [
        ("name", &profile.name),
        ("given", &profile.given),
        ("family", &profile.family),
        ("additional", &profile.additional),
        ("prefix", &profile.prefix),
        ("suffix", &profile.suffix),
        ("organisation", &profile.organisation),
        ("title", &profile.title),
        ("role", &profile.role),
    ] {
        bad.extend(bad_text(field.to_owned(), text, LONGEST_TEXT));
    }
    bad.extend(bad_text("note".to_owned(), &profile.note.replace(['\n', '\t'], " "), LONGEST_NOTE));
    for (field, list) in [
        ("nicknames", &profile.nicknames),
        ("urls", &profile.urls),
        ("impp", &profile.impp),
        ("postal", &profile.postal),
    ] {
        if list.len() > MOST_ENTRIES {
            bad.push(BadField::new(field, format!("at most {MOST_ENTRIES} entries")));
        }
        for (at, text) in list.iter().enumerate() {
            bad.extend(bad_text(format!("{field}/{at}"), text, LONGEST_TEXT * 2));
        }
    }
    if !profile.birthday.is_empty() && !is_birthday(&profile.birthday) {
        bad.push(BadField::new("birthday", "YYYY-MM-DD, or --MM-DD without the year"));
    }
    let photo = profile.photo.is_empty() || profile.photo.starts_with("data:image/");
    if !photo || profile.photo.len() > LARGEST_PHOTO {
        bad.push(BadField::new("photo", "a data:image/… URI of at most 64 KiB"));
    }
    bad
}

fn bad_text(field: String, text: &str, longest: usize) -> Option<BadField> {
    if text.chars().count() > longest {
        return Some(BadField::new(field, format!("at most {longest} letters")));
    }
    text.chars().any(char::is_control).then(|| BadField::new(field, "no control characters"))
}

fn is_birthday(text: &str) -> bool {
    // A leap year, so that 29 February is a day.
    let full = text.strip_prefix("--").map(|day| format!("2000-{day}"));
    let full = full.as_deref().unwrap_or(text);
    full.len() == 10 && full.parse::<jiff::civil::Date>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn patch(value: Value) -> Result<Profile, Vec<String>> {
        let present = Profile { name: "Ann".into(), title: "Dr".into(), ..Profile::default() };
        let Value::Object(map) = value else { panic!("a test gives an object") };
        patched(&present, &map).map_err(|bad| bad.into_iter().map(|bad| bad.field).collect())
    }

    #[test]
    fn named_fields_change_and_the_others_stay() {
        let profile = patch(json!({"given": "Ann", "title": null, "urls": ["https://a.example"]})).unwrap();
        assert_eq!((profile.name.as_str(), profile.given.as_str(), profile.title.as_str()), ("Ann", "Ann", ""));
        assert_eq!(profile.urls, ["https://a.example"]);
    }

    #[test]
    fn what_cannot_be_is_named() {
        let long = "x".repeat(257);
        for (wanted, field) in [
            (json!({"nane": "x"}), "nane"),
            (json!({"name": null}), "name"),
            (json!({"name": " "}), "name"),
            (json!({"name": 5}), "name"),
            (json!({"name": ["a"]}), "name"),
            (json!({"name": "a\u{0}b"}), "name"),
            (json!({"family": long}), "family"),
            (json!({"urls": "x"}), "urls"),
            (json!({"urls": ["x", 5]}), "urls"),
            (json!({"urls": ["x", "a\rb"]}), "urls/1"),
            (json!({"nicknames": vec!["x"; 17]}), "nicknames"),
            (json!({"birthday": "1990-02-30"}), "birthday"),
            (json!({"birthday": "1990"}), "birthday"),
            (json!({"photo": "https://a.example/p.png"}), "photo"),
        ] {
            assert_eq!(patch(wanted.clone()), Err(vec![field.to_owned()]), "{wanted}");
        }
        for day in ["1990-02-28", "--02-29", "--12-31"] {
            assert!(patch(json!({"birthday": day})).is_ok(), "{day}");
        }
    }
}
