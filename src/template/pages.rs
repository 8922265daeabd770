//! Pages that people see: what they load beside themselves, and the recipient's card.
//!
//! A page is one file of `templates/pages/` for all languages; its sentences are `[page]` of `words/`. Style, script and
//! icon are served from [`asset`]'s paths: the digest of their content is in the name, so a browser may keep them for ever.

use super::{
    Facts, Letterhead, Page, TemplateError, Templates, Text,
    changed::value,
    context::{Date, Head, Said, short_facts},
    letter,
};
use crate::{
    clock::Time,
    domain::{
        card::{Card, CardPoint},
        notice::Line,
        owner::Profile,
    },
};
use minijinja::{Value, context, value::Serde};
use ring::digest::{SHA256, digest};
use serde::Serialize;
use std::{fmt::Write as _, sync::LazyLock};

/// Something that pages load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asset {
    /// As pages name it: `redial.css`.
    pub name: &'static str,
    /// For `Content-Type`.
    pub kind: &'static str,
    /// Its content.
    pub content: &'static str,
}

macro_rules! asset {
    ($name:literal, $kind:literal) => {
        Asset {
            name: $name,
            kind: $kind,
            content: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/pages/", $name)),
        }
    };
}

const ASSETS: [Asset; 3] = [
    asset!("redial.css", "text/css; charset=utf-8"),
    asset!("redial.js", "text/javascript; charset=utf-8"),
    asset!("redial.svg", "image/svg+xml"),
];

/// The paths, such as `/assets/3fc9…-redial.css`.
static PATHS: LazyLock<Vec<(String, Asset)>> = LazyLock::new(|| {
    let path = |asset: Asset| {
        let hash = digest(&SHA256, asset.content.as_bytes());
        let mark = hash.as_ref().iter().take(8).fold(String::new(), |mut mark, byte| {
            let _ = write!(mark, "{byte:02x}");
            mark
        });
        (format!("{mark}-{}", asset.name), asset)
    };
    ASSETS.into_iter().map(path).collect()
});

/// What stands below `/assets/` under this name.
pub fn asset(path: &str) -> Option<Asset> {
    PATHS.iter().find(|(known, _)| known == path).map(|(_, asset)| *asset)
}

/// For templates: the path of what is called so.
pub(super) fn asset_path(name: &str) -> Result<Value, minijinja::Error> {
    let found = PATHS.iter().find(|(_, asset)| asset.name == name);
    found.map(|(path, _)| Value::from_safe_string(format!("/assets/{path}"))).ok_or_else(|| {
        minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, format!("no page loads anything called {name}"))
    })
}

impl Templates {
    /// The page of this file, such as `portal/groups`, in the best of the reader's languages. Texts from outside go
    /// through the filter `said`.
    pub fn show(&self, languages: &[&str], name: &str, facts: impl Serialize) -> Result<Page, TemplateError> {
        let (_, language) = self.chosen(Text::Stop, super::Medium::Page, languages);
        let html =
            letter::marks_as_bdi(&self.render(&format!("pages/{name}.html"), &language, &Value::from(Serde(facts)))?);
        Ok(Page { language, html })
    }
}

/// A recipient's choice on the page of a card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CardChoices {
    /// `usual`, `push`, `sms`, `email`: those that lead anywhere.
    pub channels: Vec<&'static str>,
    /// The one that is chosen.
    pub channel: &'static str,
    /// A language tag; empty where none was chosen.
    pub language: String,
    /// `owner` or `all`, where messages are stopped.
    pub stopped: Option<&'static str>,
}

/// What the page of a card is rendered from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CardPage {
    service: Said,
    help: Option<Said>,
    /// Whose card.
    name: Option<Said>,
    /// Its first letter.
    initial: String,
    /// Title and company.
    does: Option<Said>,
    /// A `data:` URI of a picture; empty where there is none.
    photo: String,
    /// Numbers and addresses.
    points: Vec<Detail>,
    /// What else is shown.
    details: Vec<Detail>,
    /// Where the vCard is.
    file: String,
    channels: Vec<&'static str>,
    channel: &'static str,
    /// `{tag, name}` of every language that there are texts in.
    languages: Vec<Value>,
    chosen_language: String,
    stopped: Option<&'static str>,
    /// The sentence that says what was just done.
    done: Option<&'static str>,
    /// Until when the page can be opened.
    until: Date,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Detail {
    kind: String,
    label: Option<Said>,
    label_key: String,
    value: Said,
    /// For a link: without marks.
    wire: String,
}

impl Detail {
    fn point(point: &CardPoint) -> Self {
        let kind = match point.kind {
            crate::domain::address::Kind::Phone => "phone",
            // A card has no devices.
            crate::domain::address::Kind::Email | crate::domain::address::Kind::Device => "email",
        };
        let label = Said::name(&point.label);
        Self {
            kind: kind.to_owned(),
            label_key: label.as_ref().map(Said::key).unwrap_or_default(),
            label,
            value: Said::line(&point.value),
            wire: point.value.chars().filter(|c| !c.is_whitespace() && !matches!(c, '?' | '&' | '%' | '#')).collect(),
        }
    }

    fn field(kind: &str, text: &str) -> Option<Self> {
        let line = Line { kind: kind.into(), label: "".into(), key: text.into(), value: text.into() };
        let value = match kind {
            // They are shown as text, and lead nowhere.
            "url" | "impp" | "postal" => Some(Said::line(text)).filter(|said| !said.is_empty()),
            _ => value(&line),
        }?;
        Some(Self { kind: kind.to_owned(), label: None, label_key: String::new(), value, wire: String::new() })
    }
}

impl CardPage {
    /// `file` is the path of the vCard; `languages` those that there are texts in, by tag and own name.
    pub fn new<'a>(
        letterhead: &Letterhead,
        card: &Card,
        file: String,
        until: Time,
        choices: CardChoices,
        languages: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let fields = &card.fields;
        let name = Said::name(&fields.name);
        let does =
            [&fields.title, &fields.organisation].map(|text| Said::name(text).map(|said| said.bare().to_owned()));
        let does: Vec<String> = does.into_iter().flatten().collect();
        Self {
            service: Said::line(&letterhead.service),
            help: Some(Said::line(&letterhead.help)).filter(|help| !help.is_empty()),
            initial: name.as_ref().map(|name| initial(name.bare())).unwrap_or_default(),
            name,
            does: Some(Said::line(&does.join(" · "))).filter(|does| !does.is_empty()),
            photo: picture(&fields.photo),
            points: card.points.iter().map(Detail::point).collect(),
            details: details(fields),
            file,
            channels: choices.channels,
            channel: choices.channel,
            languages: languages.map(|(tag, name)| context! { tag, name }).collect(),
            chosen_language: choices.language,
            stopped: choices.stopped,
            done: None,
            until: Date::new(until),
        }
    }

    /// Says what was just done: the name of a sentence of `[page]`.
    #[must_use]
    pub fn done(self, sentence: &'static str) -> Self {
        Self { done: Some(sentence), ..self }
    }
}

impl Facts for CardPage {
    fn text(&self) -> Text {
        Text::Card
    }

    fn value(&self) -> Value {
        Value::from(Serde(self))
    }

    fn shortened(&self, step: usize) -> Option<Box<dyn Facts>> {
        (step == 0).then(|| Box::new(self.clone()) as Box<dyn Facts>)
    }
}

fn details(fields: &Profile) -> Vec<Detail> {
    let one = |kind, text: &String| Detail::field(kind, text);
    let each = |kind: &'static str, texts: &[String]| {
        texts.iter().filter_map(|text| Detail::field(kind, text)).collect::<Vec<_>>()
    };
    let mut all = each("nickname", &fields.nicknames);
    all.extend([one("role", &fields.role), one("birthday", &fields.birthday)].into_iter().flatten());
    all.extend(each("impp", &fields.impp));
    all.extend(each("url", &fields.urls));
    all.extend(each("postal", &fields.postal));
    all.extend(one("note", &fields.note));
    all
}

/// The first letter of a name, in capitals where its script has them.
pub(super) fn initial(name: &str) -> String {
    let first = name.chars().find(|c| c.is_alphabetic());
    first.map(|c| c.to_uppercase().take(1).collect()).unwrap_or_default()
}

/// A picture that the card itself holds, as a `data:` URI; empty for anything that a browser would have to fetch.
pub fn picture(uri: &str) -> String {
    let kinds = ["png", "jpeg", "gif", "webp"];
    let holds = |kind: &&str| {
        let data = uri.strip_prefix(&format!("data:image/{kind};base64,"));
        data.is_some_and(|data| data.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=')))
    };
    if kinds.iter().any(holds) { uri.to_owned() } else { String::new() }
}

/// What the page behind a recipient's link is rendered from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StopPage {
    service: Said,
    /// Whom the messages are about.
    name: Option<Said>,
    /// `ask`, `stopped_owner`, `stopped_all`, `started` or `gone`.
    state: &'static str,
    help: Option<Said>,
}

/// Where a recipient stands on that page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopState {
    /// Nothing is done yet: opening a link changes nothing, mail scanners do it too.
    Ask,
    /// No more about this owner.
    StoppedOwner,
    /// No more about anybody.
    StoppedAll,
    /// Messages come again.
    Started,
    /// The link counts no longer, or never did.
    Gone,
}

impl StopPage {
    /// `name` is the owner's.
    pub fn new(letterhead: &Letterhead, name: &str, state: StopState) -> Self {
        let Head { service, help, .. } = Head::new(letterhead);
        let state = match state {
            StopState::Ask => "ask",
            StopState::StoppedOwner => "stopped_owner",
            StopState::StoppedAll => "stopped_all",
            StopState::Started => "started",
            StopState::Gone => "gone",
        };
        Self { service, name: Said::name(name), state, help }
    }
}
short_facts!(StopPage, Text::Stop, |page| page.clone());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_may_keep_what_has_its_digest_in_the_name() {
        let path = asset_path("redial.css").expect("there is a style");
        let name = path.as_str().and_then(|path| path.strip_prefix("/assets/")).expect("below one path");
        assert_eq!(asset(name).map(|found| found.name), Some("redial.css"));
        assert_eq!(asset("redial.css"), None, "not without the digest");
        assert!(asset_path("other.css").is_err());
    }

    #[test]
    fn a_picture_is_in_the_card_or_nowhere() {
        for (uri, shown) in [
            ("data:image/png;base64,iVBORw0KGgo=", true),
            ("data:image/svg+xml;base64,PHN2Zz4=", false),
            ("https://example.com/track.png", false),
            ("data:image/png;base64,x\" onerror=\"", false),
            ("", false),
        ] {
            assert_eq!(!picture(uri).is_empty(), shown, "{uri}");
        }
    }
}
