//! Texts to rendered notices. Pure but for reading the operator's folder once.
//!
//! `sms/LANGUAGE/changed.txt` is a text message; `email/LANGUAGE/changed.subject.txt`, `changed.txt` and `changed.html`
//! are an e-mail. Those in `templates/` of the source are compiled in; a file of the same name in the operator's folder
//! takes its place, and a new LANGUAGE folder adds a language. To add a text that Redial can send: a name in [`Text`],
//! its files in every language, and a sample in `check`.

mod check;
mod context;
mod load;
mod shown;
mod sms;
mod spoken;

pub use check::{Problem, Report, Size};
pub use context::{Changed, Letterhead};
pub use load::TemplateError;
pub use sms::{Alphabet, Segments, folded, segments};
pub use spoken::{Spoken, Told};

use minijinja::Environment;
use std::collections::BTreeSet;

/// A rendered text message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sms {
    /// What is sent, with typography folded.
    pub text: String,
    /// What it costs.
    pub segments: Segments,
}

/// A rendered e-mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    /// One line.
    pub subject: String,
    /// Plain text, lines ended by `\n`.
    pub text: String,
    /// The same facts as HTML.
    pub html: String,
}

/// All texts, parsed.
#[derive(Debug)]
pub struct Templates {
    env: Environment<'static>,
    /// `sms/en` …: what has texts.
    languages: BTreeSet<String>,
    /// The last of every fallback chain.
    default_language: String,
}

/// The four files of a text about a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Text {
    Sms,
    Subject,
    Plain,
    Html,
}

impl Text {
    const ALL: [Text; 4] = [Text::Sms, Text::Subject, Text::Plain, Text::Html];

    fn channel(self) -> &'static str {
        if self == Text::Sms { "sms" } else { "email" }
    }

    fn file(self) -> &'static str {
        match self {
            Text::Sms | Text::Plain => "changed.txt",
            Text::Subject => "changed.subject.txt",
            Text::Html => "changed.html",
        }
    }
}

impl Templates {
    /// The text message about `changed` in the best of the reader's languages (tags like `zh-TW`, best first).
    pub fn sms(&self, languages: &[&str], changed: &Changed) -> Result<Sms, TemplateError> {
        let text = folded(self.render(Text::Sms, languages, &changed.for_sms())?.trim());
        let segments = segments(&text);
        Ok(Sms { text, segments })
    }

    /// The e-mail about `changed` in the best of the reader's languages.
    pub fn email(&self, languages: &[&str], changed: &Changed) -> Result<Email, TemplateError> {
        let subject = self.render(Text::Subject, languages, changed)?;
        Ok(Email {
            subject: shown::one_line(&subject),
            text: self.render(Text::Plain, languages, changed)?,
            html: self.render(Text::Html, languages, changed)?,
        })
    }

    fn render(&self, text: Text, languages: &[&str], changed: &Changed) -> Result<String, TemplateError> {
        let name = self.chosen(text, languages);
        let template = self.env.get_template(&name).map_err(|error| TemplateError::of(&name, &error))?;
        template.render(minijinja::value::Serde(changed)).map_err(|error| TemplateError::of(&name, &error))
    }

    /// The file that serves these languages: each tag is shortened from its end (`zh-Hant-TW`, `zh-Hant`, `zh`) before
    /// the next is asked, then comes the default language. The channel's files all come from one language.
    fn chosen(&self, text: Text, languages: &[&str]) -> String {
        let known = |tag: &str| self.languages.contains(&format!("{}/{tag}", text.channel()));
        let chain = languages.iter().flat_map(|tag| {
            let tag = tag.to_ascii_lowercase().replace('_', "-");
            let ends: Vec<usize> = tag.match_indices('-').map(|(at, _)| at).chain([tag.len()]).rev().collect();
            ends.into_iter().map(|end| tag[..end].to_owned()).collect::<Vec<_>>()
        });
        let language = chain.into_iter().find(|tag| known(tag));
        format!("{}/{}/{}", text.channel(), language.as_deref().unwrap_or(&self.default_language), text.file())
    }
}

#[cfg(test)]
mod tests;
