//! Texts to rendered messages. Pure but for reading the operator's folder once.
//!
//! `MEDIUM/LANGUAGE/NAME.txt` is one text: `sms`, `email` or `push`, a language, and a name of [`Text`]. Of an
//! e-mail or a push message the first line is the subject; HTML is made from the same text. `words/LANGUAGE.toml` has
//! what many texts share, `pages/` has pages. Those in `templates/` of the source are compiled in; a file of the same
//! name in the operator's folder takes its place, and a new language adds to them. `docs/templates.md` is for who
//! writes them. To add a text that Redial can send: a name in [`Text`], its [`Facts`], its files in every language
//! (`built_in`), and samples in `samples`.

mod brief;
mod built_in;
mod changed;
mod check;
pub mod console;
mod context;
mod letter;
mod load;
mod mark;
mod pages;
mod price;
mod samples;
mod shown;
mod sms;
mod spoken;
mod text;
mod words;

pub use brief::{Answer, Code, Contested, Hold, KEEP, Kept, Lapsing, Unproved, Won};
pub use changed::{Changed, Digest};
pub use check::{Problem, Report, Size};
pub use context::{CardWay, Facts, Letterhead, Moment, card_file};
pub use load::TemplateError;
pub use pages::{Asset, CardChoices, CardPage, StopPage, StopState, asset, picture};
pub use price::{NoPrice, Price, Prices};
pub use sms::{Alphabet, Segments, folded, segments};
pub use spoken::{Spoken, Told};
pub use text::Text;

use minijinja::{Environment, Value, context};
use std::collections::BTreeSet;
use text::Medium;
use words::{AllWords, Words, chain, words_of};

/// A rendered text message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sms {
    /// What is sent, with typography folded where that saves something.
    pub text: String,
    /// What it costs.
    pub segments: Segments,
    /// Whether the card goes with it as media, where the account can send media.
    pub with_card: bool,
    /// Where it is fetched from, where it goes.
    pub card: Option<String>,
    /// How many changes, the last ones, it has no room for: it only says how many there are.
    pub left_out: usize,
}

impl Sms {
    /// Any text, folded and counted. A text that needs two bytes a character in any case keeps its typography, unless it
    /// takes more parts by it.
    pub fn new(text: &str) -> Self {
        let (text, plain) = (text.trim(), folded(text.trim()));
        let (whole, segments) = (segments(text), segments(&plain));
        let saves = segments.alphabet == Alphabet::Gsm7 || segments.parts < whole.parts;
        let (text, segments) = if saves { (plain, segments) } else { (text.to_owned(), whole) };
        Self { text, segments, with_card: false, card: None, left_out: 0 }
    }
}

/// A rendered e-mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Email {
    /// One line.
    pub subject: String,
    /// Plain text, lines ended by `\n`.
    pub text: String,
    /// The same facts as HTML.
    pub html: String,
    /// The recipient's one-click address for List-Unsubscribe, https (RFC 8058).
    pub unsubscribe: Option<String>,
    /// What the mailing is about, for List-Id: an owner's or group's id.
    pub list: Option<String>,
    /// What the file of the card is called: ASCII, at most 20 characters.
    pub card_file: Option<String>,
}

/// A rendered push message. It shows on a locked screen: no number stands in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// One line.
    pub title: String,
    /// What follows.
    pub body: String,
}

/// Push services take 4096 bytes with all that goes along; letters that JSON escapes count twice.
const PUSH_TITLE: usize = 300;
const PUSH_BODY: usize = 1_400;

impl Push {
    /// What is too long ends in `…`.
    fn fitted(self) -> Self {
        Self { title: mark::within(&self.title, PUSH_TITLE), body: mark::within(&self.body, PUSH_BODY) }
    }
}

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The tag of the language that it is in.
    pub language: String,
    /// The whole document.
    pub html: String,
}

/// All texts, parsed.
#[derive(Debug)]
pub struct Templates {
    env: Environment<'static>,
    /// By path: what there is.
    files: BTreeSet<String>,
    words: AllWords,
    /// The last of every fallback chain.
    default_language: String,
}

/// A text message is made shorter, where it can be, until it takes no more than these parts.
const PARTS_AIM: usize = 4;

impl Templates {
    /// The text message about `facts` in the best of the reader's languages (tags like `zh-TW`, best first).
    pub fn sms(&self, languages: &[&str], facts: &dyn Facts) -> Result<Sms, TemplateError> {
        let (file, language) = self.chosen(facts.text(), Medium::Sms, languages);
        let with_card = facts.letterhead().is_some_and(|head| head.card == CardWay::Attached);
        let mut best: Option<Sms> = None;
        let mut step = 0;
        while let Some(short) = facts.shortened(step) {
            let rendered = self.render(&file, &language, &short.value())?;
            let left_out = short.left_out();
            let sms = Sms { with_card, left_out, ..self.counted(rendered.trim(), &language) };
            let fits = sms.segments.parts <= PARTS_AIM;
            best = best.filter(|best| best.segments.parts <= sms.segments.parts).or(Some(sms));
            if fits {
                break;
            }
            step += 1;
        }
        best.ok_or_else(|| TemplateError::plain(file, "is no text message"))
    }

    /// Isolates only where the text is UCS-2 anyway: they would force a text into it.
    fn counted(&self, rendered: &str, language: &str) -> Sms {
        let direction = self.direction(language);
        let plain = Sms::new(&mark::plain(rendered, direction, false));
        match plain.segments.alphabet {
            Alphabet::Gsm7 => plain,
            Alphabet::Ucs2 => Sms::new(&mark::plain(rendered, direction, true)),
        }
    }

    /// The e-mail about `facts` in the best of the reader's languages.
    pub fn email(&self, languages: &[&str], facts: &dyn Facts) -> Result<Email, TemplateError> {
        let (file, language) = self.chosen(facts.text(), Medium::Email, languages);
        let direction = self.direction(&language);
        let value = facts.value();
        let rendered = self.render(&file, &language, &value)?;
        let halves = letter::halves(&rendered).ok_or_else(|| TemplateError::halves(&file))?;
        let subject = letter::text(halves.subject, direction).trim().to_owned();
        let own = format!("{}html", file.trim_end_matches("txt"));
        let html = if self.files.contains(&own) {
            self.render(&own, &language, &value)?
        } else {
            let content = Value::from_safe_string(letter::html(halves.body));
            let service = value.get_attr("service").unwrap_or_default();
            self.render("email/layout.html", &language, &context! { subject => subject.clone(), content, service })?
        };
        let filled = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let head = facts.letterhead();
        Ok(Email {
            subject,
            text: letter::text(halves.body, direction),
            html: letter::marks_as_bdi(&html),
            unsubscribe: head.and_then(|head| filled(&head.unsubscribe)),
            list: head.and_then(|head| filled(&head.list)),
            card_file: facts.card_file(),
        })
    }

    /// The push message about `facts` in the best of the reader's languages.
    pub fn push(&self, languages: &[&str], facts: &dyn Facts) -> Result<Push, TemplateError> {
        let (file, language) = self.chosen(facts.text(), Medium::Push, languages);
        let direction = self.direction(&language);
        let rendered = self.render(&file, &language, &facts.value())?;
        let halves = letter::halves(&rendered).ok_or_else(|| TemplateError::halves(&file))?;
        Ok(Push {
            title: mark::plain(halves.subject, direction, true),
            body: mark::plain(halves.body, direction, true),
        }
        .fitted())
    }

    /// The page about `facts`.
    pub fn page(&self, languages: &[&str], facts: &dyn Facts) -> Result<Page, TemplateError> {
        let (file, language) = self.chosen(facts.text(), Medium::Page, languages);
        let html = letter::marks_as_bdi(&self.render(&file, &language, &facts.value())?);
        Ok(Page { language, html })
    }

    /// Whether there are texts in this very language, for a choice of languages.
    pub fn languages(&self) -> impl Iterator<Item = (&str, &str)> {
        self.words.iter().map(|(tag, words)| (tag.as_str(), words.name.as_str()))
    }

    /// The language in which somebody who reads these, best first, is told of a change.
    pub fn told_in(&self, languages: &[&str]) -> String {
        self.chosen(Text::Changed, Medium::Sms, languages).1
    }

    fn render(&self, file: &str, language: &str, facts: &Value) -> Result<String, TemplateError> {
        let failed = |error| TemplateError::of(file, &error, facts);
        let template = self.env.get_template(file).map_err(failed)?;
        let direction = self.direction(language).word();
        template.render(context! { language, direction, ..facts.clone() }).map_err(failed)
    }

    fn direction(&self, language: &str) -> mark::Direction {
        words_of(&self.words, language).map_or_else(Default::default, |words: &Words| words.direction)
    }

    /// The file that serves these languages, and its language: each tag is shortened from its end (`zh-Hant-TW`,
    /// `zh-Hant`, `zh`) before the next is asked, then comes the default language.
    fn chosen(&self, text: Text, medium: Medium, languages: &[&str]) -> (String, String) {
        let known = |tag: &String| match medium {
            Medium::Page => self.words.contains_key(tag),
            _ => self.files.contains(&text.file(medium, tag)),
        };
        let language = languages.iter().flat_map(|tag| chain(tag)).find(known);
        let language = language.unwrap_or_else(|| self.default_language.clone());
        (text.file(medium, &language), language)
    }
}

#[cfg(test)]
mod tests;
