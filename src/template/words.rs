//! The words of a language that many texts share: months, kinds of details, how a date is written; and the filters
//! that use them.

use super::{
    context::Date,
    letter,
    mark::{self, Direction, bare, marked},
    shown,
};
use crate::{
    clock::Time,
    domain::{
        address::{Address, Kind, phone},
        schedule,
    },
};
use minijinja::{
    Environment, Error, ErrorKind, State, Value,
    value::{Kwargs, Serde},
};
use serde::Deserialize;
use std::{collections::BTreeMap, sync::Arc};

/// `words/LANGUAGE.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    /// How the language's own speakers call it.
    pub(super) name: String,
    /// Which way it runs.
    #[serde(default)]
    pub(super) direction: Direction,
    /// From January, as they stand in a date.
    months: [String; 12],
    /// The same for text messages.
    short_months: [String; 12],
    /// `{day}`, `{month}`, `{year}`.
    date: String,
    /// How the first day of a month is written, where it is not `1`.
    first_day: Option<String>,
    /// The same with short months.
    short_date: String,
    /// `{date}`, `{time}`, `{zone}`: `UTC`, or how far from it.
    moment: String,
    /// The same by the reader's own clock: `{date}`, `{time}`.
    moment_here: String,
    /// A detail with the owner's own word for it: `{what}`, `{label}`.
    labelled: String,
    /// By kind, such as `phone`.
    what: BTreeMap<String, String>,
    /// By kind and known label, such as `phone.mobile`.
    #[serde(default)]
    labelled_what: BTreeMap<String, BTreeMap<String, String>>,
    /// What stands for them in a text message, where that is shorter or keeps to the 7-bit alphabet.
    #[serde(default)]
    short_what: BTreeMap<String, String>,
    /// By kind and known label.
    #[serde(default)]
    short_labelled_what: BTreeMap<String, BTreeMap<String, String>>,
    /// Sentences of pages.
    #[serde(default)]
    page: BTreeMap<String, Sentence>,
}

/// Every kind of detail that a change can have.
pub(super) const KINDS: [&str; 12] = [
    "phone",
    "email",
    "nickname",
    "organisation",
    "title",
    "role",
    "birthday",
    "url",
    "impp",
    "postal",
    "note",
    "photo",
];

/// A sentence of the pages.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Sentence {
    /// The same for every number, or without one.
    One(String),
    /// By CLDR's category of `n`: `one`, `few`, `other` …
    Forms(BTreeMap<String, String>),
}

impl Words {
    /// Reads and checks a file. The error has the byte at which it is wrong, where that is known.
    pub(super) fn parse(text: &str) -> Result<Self, (Option<usize>, String)> {
        let words: Self = toml::from_str(text)
            .map_err(|error| (error.span().map(|span| span.start), error.message().trim().to_owned()))?;
        let missing = |table: &str, key: &str| Err((None, format!("[{table}] has no `{key}`")));
        if let Some(kind) = KINDS.into_iter().find(|kind| !words.what.contains_key(*kind)) {
            return missing("what", kind);
        }
        let without = |forms: &Sentence| matches!(forms, Sentence::Forms(forms) if !forms.contains_key("other"));
        if let Some((key, _)) = words.page.iter().find(|(_, sentence)| without(sentence)) {
            return Err((None, format!("[page] `{key}` has no form `other`")));
        }
        Ok(words)
    }

    fn date(&self, day: i64, month: i64, year: i64, short: bool) -> Option<String> {
        let months = if short { &self.short_months } else { &self.months };
        let month = months.get(usize::try_from(month - 1).ok()?)?;
        let day = match &self.first_day {
            Some(first) if day == 1 => first.clone(),
            _ => day.to_string(),
        };
        let pattern = if short { &self.short_date } else { &self.date };
        Some(pattern.replace("{day}", &day).replace("{month}", month).replace("{year}", &year.to_string()))
    }

    /// What changed, in the words of the language: *mobile number*, *telephone (Boat)*.
    fn what(&self, kind: &str, key: &str, label: Option<&str>, short: bool) -> String {
        let known = |table: &BTreeMap<String, BTreeMap<String, String>>| table.get(kind)?.get(key).cloned();
        if let Some(known) =
            short.then(|| known(&self.short_labelled_what)).flatten().or_else(|| known(&self.labelled_what))
        {
            return known;
        }
        let plain = short.then(|| self.short_what.get(kind)).flatten().or_else(|| self.what.get(kind));
        let plain = plain.map_or(kind, String::as_str);
        match label.filter(|label| !bare(label).is_empty()) {
            // `label` is put in last: it is not the language's own text.
            Some(label) => self.labelled.replace("{what}", plain).replace("{label}", label),
            None => plain.to_owned(),
        }
    }
}

/// Words by language, in lower case.
pub(super) type AllWords = Arc<BTreeMap<String, Words>>;

/// The languages to ask in turn for a tag: `zh-Hant-TW`, `zh-Hant`, `zh`. Where a region stands for a script, that
/// script comes before the language alone.
pub(super) fn chain(tag: &str) -> Vec<String> {
    let tag = tag.to_ascii_lowercase().replace('_', "-");
    let ends: Vec<usize> = tag.match_indices('-').map(|(at, _)| at).chain([tag.len()]).rev().collect();
    let mut chain: Vec<String> = ends.into_iter().map(|end| tag[..end].to_owned()).collect();
    if ["zh-tw", "zh-hk", "zh-mo"].contains(&tag.as_str()) {
        chain.insert(1, "zh-hant".to_owned());
    }
    chain
}

/// The words for a language, or for what it is a form of.
pub(super) fn words_of<'a>(all: &'a BTreeMap<String, Words>, language: &str) -> Option<&'a Words> {
    chain(language).iter().find_map(|tag| all.get(tag))
}

/// Makes the filters of `docs/templates.md` known.
pub(super) fn add_filters(env: &mut Environment<'static>, all: &AllWords) {
    let words = Arc::clone(all);
    env.add_filter("date", move |state: &State<'_, '_>, when: &Value| date(&words, state, when, false));
    let words = Arc::clone(all);
    env.add_filter("short_date", move |state: &State<'_, '_>, when: &Value| date(&words, state, when, true));
    let words = Arc::clone(all);
    env.add_filter("moment", move |state: &State<'_, '_>, when: &Value| moment(&words, state, when));
    let words = Arc::clone(all);
    env.add_filter("what", move |state: &State<'_, '_>, change: &Value| what(&words, state, change, false));
    let words = Arc::clone(all);
    env.add_filter("short_what", move |state: &State<'_, '_>, change: &Value| what(&words, state, change, true));
    let words = Arc::clone(all);
    env.add_filter("page_word", move |state: &State<'_, '_>, key: &str, kwargs: Kwargs| {
        page_word(&words, state, key, &kwargs)
    });
    env.add_filter("plural", |state: &State<'_, '_>, n: i64, forms: Kwargs| plural(state, n, &forms));
    env.add_filter("said", |text: &str| marked(&shown::one_line(bare(text))));
    env.add_filter("initial", |text: &str| super::pages::initial(text));
    env.add_function("asset", super::pages::asset_path);
    env.add_filter("international", |number: &str| formed(number, false));
    env.add_filter("national", |number: &str| formed(number, true));
    env.add_filter("plain", |text: &Value| {
        let plain = mark::plain(text.as_str().unwrap_or_default(), Direction::Ltr, false);
        if text.is_safe() { Value::from_safe_string(plain) } else { Value::from(plain) }
    });
    env.add_filter("link", |url: &str, words: &str| {
        format!("{}{}{}{}{}", mark::LINK, bare(url), mark::LINK_WORDS, bare(words), mark::LINK_END)
    });
}

fn wrong(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, what.into())
}

/// The words of the text that is being rendered.
fn here<'a>(all: &'a AllWords, state: &State<'_, '_>) -> Result<&'a Words, Error> {
    let language = state.lookup("language").unwrap_or_default();
    words_of(all, language.as_str().unwrap_or_default())
        .ok_or_else(|| wrong(format!("there are no words for the language {language}")))
}

fn number(of: &Value, key: &str) -> Result<i64, Error> {
    let value = of.get_attr(key)?;
    i64::try_from(value).map_err(|_| wrong(format!("a date with a {key} is needed, such as `when`")))
}

fn date(all: &AllWords, state: &State<'_, '_>, when: &Value, short: bool) -> Result<String, Error> {
    let (day, month, year) = (number(when, "day")?, number(when, "month")?, number(when, "year")?);
    here(all, state)?.date(day, month, year, short).ok_or_else(|| wrong("there is no such month"))
}

/// A date and a time: by the clock of a page's reader, where the page has one as `clock`; else as `when` says it.
fn moment(all: &AllWords, state: &State<'_, '_>, when: &Value) -> Result<String, Error> {
    let when = match number(when, "seconds") {
        Ok(seconds) => &Value::from(Serde(by_clock(state, Time(seconds.saturating_mul(1_000_000))))),
        Err(_) => when,
    };
    let date = date(all, state, when, true)?;
    let time = format!("{:02}:{:02}", number(when, "hour")?, number(when, "minute")?);
    let words = here(all, state)?;
    let pattern = match when.get_attr("zone")?.as_str() {
        Some(zone) => words.moment.replace("{zone}", zone),
        None => words.moment_here.clone(),
    };
    Ok(pattern.replace("{date}", &date).replace("{time}", &time))
}

/// A moment by the clock of a page, which says whether its reader has chosen it: then its zone need not be told.
fn by_clock(state: &State<'_, '_>, at: Time) -> Date {
    let clock = state.lookup("clock").unwrap_or_default();
    let of = |key: &str| clock.get_attr(key).unwrap_or_default();
    match of("zone").as_str().and_then(schedule::zone) {
        Some(zone) if of("chosen").is_true() => Date::here(at, &zone),
        Some(zone) => Date::there(at, &zone),
        None => Date::new(at),
    }
}

fn what(all: &AllWords, state: &State<'_, '_>, change: &Value, short: bool) -> Result<String, Error> {
    let text = |key: &str| change.get_attr(key).map(|value| value.as_str().map(str::to_owned));
    let (kind, key, label) = (text("kind")?, text("label_key")?, text("label")?);
    let kind = kind.ok_or_else(|| wrong("a change is needed, such as those in `changes`"))?;
    Ok(here(all, state)?.what(&kind, &key.unwrap_or_default(), label.as_deref(), short))
}

/// A sentence of the pages, with its `{…}` filled in; safe HTML. One that a language does not have is English.
fn page_word(all: &AllWords, state: &State<'_, '_>, key: &str, kwargs: &Kwargs) -> Result<Value, Error> {
    let own = here(all, state)?.page.get(key).map(|sentence| (sentence, state.lookup("language")));
    let english = || all.get("en")?.page.get(key).map(|sentence| (sentence, None));
    let (sentence, language) = own.or_else(english).ok_or_else(|| wrong(format!("[page] has no `{key}`")))?;
    let sentence = match sentence {
        Sentence::One(sentence) => sentence,
        Sentence::Forms(forms) => {
            let n: i64 = kwargs.get("n")?;
            let category = category(language.as_ref().and_then(Value::as_str).unwrap_or("en"), n);
            forms
                .get(category)
                .or_else(|| forms.get("other"))
                .ok_or_else(|| wrong(format!("`{key}` has no `other`")))?
        }
    };
    let mut html = letter::escaped(sentence);
    for name in kwargs.args() {
        let value: Value = kwargs.get(name)?;
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let text = match (value.is_safe(), text.starts_with(mark::OPEN)) {
            (true, _) => text,
            (false, true) => marked(&letter::escaped(bare(&text))),
            (false, false) => letter::escaped(&text),
        };
        html = html.replace(&format!("{{{name}}}"), &text);
    }
    Ok(Value::from_safe_string(html))
}

/// `{{ n | plural(one="1 minute", other="{n} minutes") }}`; languages with more forms name them as CLDR does.
fn plural(state: &State<'_, '_>, n: i64, kwargs: &Kwargs) -> Result<String, Error> {
    let language = state.lookup("language").unwrap_or_default();
    let category = category(language.as_str().unwrap_or_default(), n);
    let mut form: Option<String> = None;
    for name in ["zero", "one", "two", "few", "many", "other"] {
        let given: Option<String> = kwargs.get(name)?;
        if name == category || (name == "other" && form.is_none()) {
            form = given.or(form);
        }
    }
    kwargs.assert_all_used()?;
    let form = form.ok_or_else(|| wrong("plural needs a form `other`"))?;
    Ok(form.replace("{n}", &n.to_string()))
}

/// CLDR's category of a whole number, for the languages that come with Redial; others have one and other.
fn category(language: &str, n: i64) -> &'static str {
    let n = n.unsigned_abs();
    match chain(language).last().map_or("", String::as_str) {
        "zh" => "other",
        "fr" if n <= 1 => "one",
        "ar" => match (n, n % 100) {
            (0, _) => "zero",
            (1, _) => "one",
            (2, _) => "two",
            (_, 3..=10) => "few",
            (_, 11..=99) => "many",
            _ => "other",
        },
        _ if n == 1 => "one",
        _ => "other",
    }
}

/// A phone number as people read it; anything else as it is.
fn formed(value: &str, national: bool) -> String {
    let number = bare(value);
    match Address::parse(number, None) {
        Ok(address) if address.kind() == Kind::Phone => {
            let home = if national { phone::region_of(&address) } else { None };
            marked(&phone::readable(&address, home))
        }
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n5_plurals_are_those_of_the_language() {
        for (language, numbers) in [
            ("en", "0 other, 1 one, 2 other, 11 other"),
            ("fr", "0 one, 1 one, 2 other, 11 other"),
            ("de-AT", "0 other, 1 one, 2 other, 11 other"),
            ("zh-Hant", "0 other, 1 other, 2 other, 11 other"),
            ("ar", "0 zero, 1 one, 2 two, 3 few, 10 few, 11 many, 99 many, 100 other, 102 other, 103 few"),
        ] {
            for pair in numbers.split(", ") {
                let (n, expected) = pair.split_once(' ').expect("a number and a word");
                assert_eq!(category(language, n.parse().expect("a number")), expected, "{language} {n}");
            }
        }
    }

    #[test]
    fn n5_numbers_are_written_as_people_read_them() {
        let number = marked("+14155550123");
        assert_eq!(formed(&number, false), marked("+1 415-555-0123"));
        assert_eq!(formed(&number, true), marked("(415) 555-0123"));
        assert_eq!(formed(&marked("ann@example.com"), false), marked("ann@example.com"));
    }

    #[test]
    fn a_moment_is_by_the_clock_of_who_reads_it() {
        let words: BTreeMap<String, Words> = ["en", "de"]
            .map(|tag| {
                let path = format!("{}/templates/words/{tag}.toml", env!("CARGO_MANIFEST_DIR"));
                let text = std::fs::read_to_string(path).expect("there are words");
                (tag.to_owned(), Words::parse(&text).expect("they can be read"))
            })
            .into();
        let mut env = Environment::new();
        add_filters(&mut env, &Arc::new(words));
        let said = |language: &str, facts: serde_json::Value| {
            let mut facts = facts;
            facts["language"] = language.into();
            env.render_str("{{ when | moment }}", Value::from(Serde(facts))).expect("renders")
        };
        // 2026-11-23T11:00:00Z.
        let when = serde_json::json!({ "seconds": 1_795_431_600 });
        let by =
            |zone: &str, chosen: bool| serde_json::json!({ "when": when, "clock": { "zone": zone, "chosen": chosen } });
        for (facts, expected) in [
            (serde_json::json!({ "when": when }), "23 Nov 2026, 11:00 UTC"),
            (serde_json::json!({ "when": when, "clock": null }), "23 Nov 2026, 11:00 UTC"),
            (by("Europe/Berlin", true), "23 Nov 2026, 12:00"),
            (by("Europe/Berlin", false), "23 Nov 2026, 12:00 UTC+1"),
            (by("America/St_Johns", false), "23 Nov 2026, 07:30 UTC\u{2212}3:30"),
            (by("Pacific/Auckland", true), "24 Nov 2026, 00:00"),
            (by("Nowhere/At_All", true), "23 Nov 2026, 11:00 UTC"),
        ] {
            assert_eq!(said("en", facts.clone()), expected, "{facts}");
        }
        let berlin = crate::domain::schedule::zone("Europe/Berlin").expect("a zone");
        let at = Time(1_795_431_600_000_000);
        for (date, expected) in
            [(Date::here(at, &berlin), "23. Nov. 2026, 12:00 Uhr"), (Date::new(at), "23. Nov. 2026, 11:00 Uhr UTC")]
        {
            assert_eq!(said("de", serde_json::json!({ "when": date })), expected);
        }
    }

    #[test]
    fn a_tag_is_shortened_from_its_end() {
        assert_eq!(chain("fr_CA"), ["fr-ca", "fr"]);
        assert_eq!(chain("zh-TW"), ["zh-tw", "zh-hant", "zh"]);
        assert_eq!(chain("zh-Hans-SG"), ["zh-hans-sg", "zh-hans", "zh"]);
    }
}
