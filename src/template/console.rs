//! The pages of the operator's console, and what they load. They are compiled in: the operator's folder has no say.

use super::TemplateError;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, value::Serde};
use serde::Serialize;

macro_rules! page {
    ($name:literal) => {
        ($name, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/pages/console/", $name)))
    };
}

const PAGES: [(&str, &str); 10] = [
    page!("layout.html"),
    page!("sign_in.html"),
    page!("overview.html"),
    page!("live.html"),
    page!("notice.html"),
    page!("notices.html"),
    page!("explain.html"),
    page!("search.html"),
    page!("trail.html"),
    page!("message.html"),
];

/// The style of all pages.
pub const STYLE: &str = include_str!("../../templates/pages/console/console.css");
/// Stands in the browser's tab.
pub const ICON: &str = include_str!("../../templates/pages/console/icon.svg");
/// Brings the overview up to date.
pub const SCRIPT: &str = include_str!("../../templates/pages/console/console.js");

/// The pages, parsed.
#[derive(Debug)]
pub struct ConsolePages(Environment<'static>);

impl ConsolePages {
    /// Those that are compiled in.
    ///
    /// # Panics
    /// Never: a test makes every page.
    pub fn built_in() -> Self {
        let mut env = Environment::new();
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        env.set_auto_escape_callback(|_| AutoEscape::Html);
        for (name, text) in PAGES {
            env.add_template(name, text).expect("a test makes every page");
        }
        env.add_filter("amount", amount);
        env.add_filter("seconds", |value: &Value| match f64::try_from(value.clone()) {
            Ok(value) if value < 1.0 => format!("{} ms", amount(value * 1000.0)),
            Ok(value) => format!("{} s", amount(value)),
            Err(_) => "\u{2013}".to_owned(),
        });
        // The time of day.
        env.add_filter("clock", |text: &str| text.get(11..19).unwrap_or(text).to_owned());
        // An instant to the second.
        env.add_filter("instant", |text: &str| {
            let second = text.split('.').next().unwrap_or(text).trim_end_matches('Z');
            format!("{} UTC", second.replace('T', " "))
        });
        Self(env)
    }

    /// One page, such as `notices.html`.
    pub fn page(&self, name: &str, facts: impl Serialize) -> Result<String, TemplateError> {
        let failed = |error| TemplateError::of(name, &error, &Value::UNDEFINED);
        self.0.get_template(name).and_then(|page| page.render(Value::from(Serde(facts)))).map_err(failed)
    }
}

/// Whole where it is whole, else two places; thousands apart.
fn amount(value: f64) -> String {
    // Without the sign of nothing.
    let text = format!("{:.2}", value + 0.0);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    let (whole, rest) = text.split_once('.').map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    let mut apart = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 && digit.is_ascii_digit() {
            apart.push(',');
        }
        apart.push(digit);
    }
    rest.map_or_else(|| apart.clone(), |rest| format!("{apart}.{rest}"))
}

#[cfg(test)]
mod tests {
    use super::amount;

    #[test]
    fn amounts_are_read_at_a_glance() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (2.5, "2.5"),
            (999.0, "999"),
            (1000.0, "1,000"),
            (1_234_567.0, "1,234,567"),
            (0.25, "0.25"),
        ] {
            assert_eq!(amount(value), text);
        }
    }
}
