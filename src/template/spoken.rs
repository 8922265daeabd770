//! `spoken/LANGUAGE/moved.txt`: the line that a caller hears before the new number is dialled (rule Q6).
//!
//! A provider's document reads it aloud and escapes it. The variables are `name` and `number`; both are none where the
//! caller may learn neither. A number is given digit by digit, for a voice would read it as an amount.

use super::{TemplateError, shown, words::chain};
use crate::domain::address::{Address, phone};
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;
use std::{collections::BTreeMap, path::Path};

/// Longer lines are no use to anybody who waits to be connected.
const LONGEST: usize = 400;
/// Steps that one rendering may take.
const FUEL: u64 = 10_000;
/// Serves callers whose language has no text.
const LAST: &str = "en";

const BUILT_IN: [(&str, &str); 7] = [
    ("en", include_str!("../../templates/spoken/en/moved.txt")),
    ("zh", include_str!("../../templates/spoken/zh/moved.txt")),
    ("zh-hant", include_str!("../../templates/spoken/zh-hant/moved.txt")),
    ("es", include_str!("../../templates/spoken/es/moved.txt")),
    ("de", include_str!("../../templates/spoken/de/moved.txt")),
    ("fr", include_str!("../../templates/spoken/fr/moved.txt")),
    ("ar", include_str!("../../templates/spoken/ar/moved.txt")),
];

/// What a line may tell: nothing by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Told {
    /// Whose number it is, where the name can be shown.
    name: Option<String>,
    /// The new number in groups of digits, `4 1 5, 5 5 5, 0 1 0 2`.
    number: Option<String>,
}

impl Told {
    /// The owner's name and the number that is dialled.
    pub fn new(name: &str, number: &Address) -> Self {
        Self { name: shown::name(name), number: Some(digits(number)) }
    }
}

fn digits(number: &Address) -> String {
    let readable = phone::readable(number, None);
    let groups = readable.split(|letter: char| !letter.is_ascii_digit()).filter(|group| !group.is_empty());
    let spaced = |group: &str| group.chars().map(String::from).collect::<Vec<_>>().join(" ");
    groups.map(spaced).collect::<Vec<_>>().join(", ")
}

/// The lines by language, parsed.
#[derive(Debug)]
pub struct Spoken(Environment<'static>);

impl Spoken {
    /// The compiled-in lines, and those below `spoken` in the operator's folder instead of or beside them.
    ///
    /// # Errors
    /// What is wrong first, with file and line.
    pub fn load(folder: Option<&Path>) -> Result<Self, TemplateError> {
        let mut texts: BTreeMap<String, String> =
            BUILT_IN.iter().map(|&(language, text)| (language.to_owned(), text.to_owned())).collect();
        let own = folder.map(|folder| folder.join("spoken"));
        let entries = own.and_then(|folder| std::fs::read_dir(folder).ok()).into_iter().flatten().flatten();
        for entry in entries {
            let language = entry.file_name().to_string_lossy().to_ascii_lowercase();
            if let Ok(text) = std::fs::read_to_string(entry.path().join("moved.txt")) {
                texts.insert(language, text);
            }
        }
        Self::of(texts)
    }

    /// One text for callers of all languages.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn one(text: &str) -> Result<Self, TemplateError> {
        Self::of(BTreeMap::from([(LAST.to_owned(), text.to_owned())]))
    }

    fn of(texts: BTreeMap<String, String>) -> Result<Self, TemplateError> {
        let mut env = Environment::new();
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        env.set_fuel(Some(FUEL));
        env.set_recursion_limit(10);
        let languages: Vec<String> = texts.keys().cloned().collect();
        for (language, text) in texts {
            let path = file(&language);
            env.add_template_owned(path.clone(), text).map_err(|error| wrong(&path, &error))?;
        }
        let spoken = Self(env);
        // Every line is made once with and once without its values, so that no call meets one that cannot be made.
        let full = Told { name: Some("Ann Lee".to_owned()), number: Some("4 1 5".to_owned()) };
        let unnamed = Told { name: None, ..full.clone() };
        for language in &languages {
            for told in [&full, &unnamed, &Told::default()] {
                spoken.say(language, told)?;
            }
        }
        Ok(spoken)
    }

    /// Those that there is a line in.
    pub fn languages(&self) -> Vec<String> {
        let of = |(path, _): (&str, _)| path.split('/').nth(1).map(str::to_owned);
        let all: std::collections::BTreeSet<String> = self.0.templates().filter_map(of).collect();
        all.into_iter().collect()
    }

    /// Whether there is a line for a language tag such as `zh-TW`, and not the last resort alone.
    pub fn speaks(&self, language: &str) -> bool {
        chain(language).iter().any(|tag| self.0.get_template(&file(tag)).is_ok())
    }

    /// The line in the best text for a language tag such as `zh-TW`.
    ///
    /// # Errors
    /// The text could not be rendered.
    pub fn say(&self, language: &str, told: &Told) -> Result<String, TemplateError> {
        let known = |tag: &String| self.0.get_template(&file(tag)).ok();
        let template = match chain(language).iter().find_map(known) {
            Some(template) => template,
            None => self.0.get_template(&file(LAST)).map_err(|error| wrong(&file(LAST), &error))?,
        };
        let line = template.render(minijinja::value::Serde(told));
        let line = line.map_err(|error| wrong(template.name(), &error))?;
        Ok(shown::one_line(&line).chars().take(LONGEST).collect())
    }
}

/// As [`TemplateError::of`], with this text's own variables.
fn wrong(file: &str, error: &minijinja::Error) -> TemplateError {
    let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    let undefined = error.kind() == minijinja::ErrorKind::UndefinedError;
    let hint = if undefined { "; known are name and number, which are none where they may not be said" } else { "" };
    TemplateError { file: file.to_owned(), line: error.line(), message: format!("{}{detail}{hint}", error.kind()) }
}

fn file(language: &str) -> String {
    format!("spoken/{language}/moved.txt")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ann() -> Told {
        Told::new("Ann Lee", &Address::stored("+14155550102", "+14155550102"))
    }

    #[test]
    fn q6_a_line_holds_what_may_be_told_and_nothing_else() {
        let spoken = Spoken::load(None).unwrap();
        for (language, part) in [
            ("en", "changed"),
            ("zh-CN", "转接"),
            ("zh-Hant-TW", "轉接"),
            ("es", "cambiado"),
            ("de_CH", "verbunden"),
            ("fr", "changé"),
            ("ar", "تغيّر"),
        ] {
            let (told, silent) =
                (spoken.say(language, &ann()).unwrap(), spoken.say(language, &Told::default()).unwrap());
            assert!(told.contains(part) && silent.contains(part), "{language}: {told} / {silent}");
            assert!(told.contains("Ann Lee") && told.contains("1, 4 1 5, 5 5 5, 0 1 0 2"), "{language}: {told}");
            assert!(!silent.contains("Ann") && !silent.chars().any(char::is_numeric), "{language}: {silent}");
        }
        assert_eq!(spoken.say("tlh", &ann()).unwrap(), spoken.say("en", &ann()).unwrap());
        let tricked = Told::new("Call 0900 123456", &Address::stored("+14155550102", "+14155550102"));
        assert!(!spoken.say("en", &tricked).unwrap().contains("0900"), "N5: a name that holds a number is not said");
    }

    #[test]
    fn a_text_that_cannot_always_be_made_is_refused_before_any_call() {
        for (text, why) in [
            ("{{ owner }} has moved", "undefined"),
            ("{{ name", "syntax"),
            ("{% for a in range(100000) %}x{% endfor %}", ""),
            ("{{ name|upper }}{{ number.x.y }}", "undefined"),
        ] {
            let error = Spoken::one(text).unwrap_err().to_string();
            assert!(error.contains(why) && error.starts_with("spoken/en/moved.txt"), "{text}: {error}");
        }
        let own = Spoken::one("Please hold{% if name %}, {{ name }} has moved{% endif %}.").unwrap();
        assert_eq!(own.say("fr", &ann()).unwrap(), "Please hold, Ann Lee has moved.");
        assert_eq!(own.say("fr", &Told::default()).unwrap(), "Please hold.");
    }
}
