//! Reading the texts, built-in and the operator's (design W3: only from the operator's disk).

use super::{
    Templates, Text,
    built_in::BUILT_IN,
    text::Medium,
    words::{self, AllWords, Words, words_of},
};
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, Value};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

/// A file that cannot be read, parsed or rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{}: {message}", .file, .line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct TemplateError {
    /// The file, by its path in the folder.
    pub file: String,
    /// Counts from 1.
    pub line: Option<usize>,
    /// What was found and what would be right.
    pub message: String,
}

impl TemplateError {
    /// With the names that the text could have used.
    pub(super) fn of(file: &str, error: &minijinja::Error, facts: &Value) -> Self {
        let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
        let hint = match error.kind() {
            ErrorKind::UndefinedError => format!("; known are {}", names(facts).join(", ")),
            ErrorKind::OutOfFuel => "; a text may not compute that long".to_owned(),
            _ => String::new(),
        };
        Self {
            file: error.name().filter(|name| *name != "<unknown>").unwrap_or(file).to_owned(),
            line: error.line(),
            message: format!("{}{detail}{hint}", error.kind()),
        }
    }

    pub(super) fn plain(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self { file: file.into(), line: None, message: message.into() }
    }

    pub(super) fn halves(file: &str) -> Self {
        Self::plain(
            file,
            "has no subject and body: the first line is the subject, then comes an empty line, then the body",
        )
    }
}

/// The variables of a text.
pub(super) fn names(facts: &Value) -> Vec<String> {
    let keys = facts.try_iter().into_iter().flatten();
    keys.filter_map(|key| key.as_str().map(str::to_owned)).collect()
}

/// Larger files are no message.
const FILE_MOST: u64 = 256 * 1024;
/// Steps that one rendering may take.
const FUEL: u64 = 100_000;

impl Templates {
    /// The texts that are compiled in.
    ///
    /// # Panics
    /// Never: a test loads them.
    pub fn built_in() -> Self {
        Self::of(BTreeMap::new(), "en").expect("a test loads the compiled-in texts")
    }

    /// The compiled-in texts, and those in the operator's folder instead of or beside them. A folder that does not
    /// exist has none. `default_language` serves readers whose languages have no text.
    ///
    /// # Errors
    /// What is wrong first, with file and line: a text that does not parse, uses a name that it will not be given, or
    /// makes a text message of too many parts.
    pub fn load(folder: Option<&Path>, default_language: &str) -> Result<Self, TemplateError> {
        let own = folder.filter(|folder| folder.is_dir()).map(read_folder).transpose()?;
        Self::of(own.unwrap_or_default(), default_language)
    }

    /// From texts by their path, like `sms/de/changed.txt`, over the compiled-in ones.
    pub fn of(own: BTreeMap<String, String>, default_language: &str) -> Result<Self, TemplateError> {
        let verify = !own.is_empty();
        let mut files: BTreeMap<String, String> =
            BUILT_IN.iter().copied().flatten().map(|&(path, text)| (path.to_owned(), text.to_owned())).collect();
        for (path, text) in own {
            // Those are of `spoken`.
            if path.starts_with("spoken/") {
                continue;
            }
            let Some(path) = known_path(&path) else { return Err(TemplateError::plain(path, NO_SUCH_TEXT)) };
            files.insert(path, text);
        }
        let words: AllWords = Arc::new(read_words(&mut files)?);
        for path in files.keys() {
            if let Some((_, language, _)) = split(path)
                && words_of(&words, language).is_none()
            {
                let what =
                    format!("has no words: words/{language}.toml must say its months, dates and kinds of details");
                return Err(TemplateError::plain(path, what));
            }
        }
        let default_language = default_language.to_ascii_lowercase();
        for medium in Medium::ALL {
            for text in Text::ALL.into_iter().filter(|text| text.media().contains(&medium)) {
                let path = text.file(medium, &default_language);
                if !files.contains_key(&path) {
                    let known: Vec<&str> = words.keys().map(AsRef::as_ref).collect();
                    let what = format!(
                        "is missing, and notices.language must have every text; languages with words are {}",
                        known.join(", ")
                    );
                    return Err(TemplateError::plain(path, what));
                }
            }
        }
        let paths: BTreeSet<String> = files.keys().cloned().collect();
        let templates = Self { env: environment(files, &words)?, files: paths, words, default_language };
        // A test checks those that are compiled in.
        let problem = verify.then(|| templates.check(&super::samples::letterhead()).problems.into_iter().next());
        match problem.flatten() {
            Some(super::Problem { file, line, message }) => Err(TemplateError { file, line, message }),
            None => Ok(templates),
        }
    }
}

const NO_SUCH_TEXT: &str = "no text of this name is ever sent; known are sms/LANGUAGE/changed.txt and its like in \
                            email and push, parts that begin with `_`, email/LANGUAGE/changed.html, \
                            email/layout.html, pages/stop.html, spoken/LANGUAGE/moved.txt and words/LANGUAGE.toml (docs/templates.md lists them)";

/// Takes the words out of the files.
fn read_words(files: &mut BTreeMap<String, String>) -> Result<BTreeMap<String, Words>, TemplateError> {
    let mut all = BTreeMap::new();
    let paths: Vec<String> = files.keys().filter(|path| path.starts_with("words/")).cloned().collect();
    for path in paths {
        let text = files.remove(&path).unwrap_or_default();
        let words = Words::parse(&text).map_err(|(at, message)| TemplateError {
            file: path.clone(),
            line: at.map(|at| text.get(..at).unwrap_or_default().matches('\n').count() + 1),
            message,
        })?;
        let tag = path.trim_start_matches("words/").trim_end_matches(".toml").to_owned();
        all.insert(tag, words);
    }
    Ok(all)
}

fn environment(files: BTreeMap<String, String>, words: &AllWords) -> Result<Environment<'static>, TemplateError> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(|name| {
        if name.rsplit('.').next() == Some("html") { AutoEscape::Html } else { AutoEscape::None }
    });
    env.set_fuel(Some(FUEL));
    env.set_recursion_limit(50);
    // `{% include "_stop.txt" %}` is the one beside the file.
    env.set_path_join_callback(|name, parent| match parent.rsplit_once('/') {
        Some((folder, _)) if !name.contains('/') => Cow::Owned(format!("{folder}/{name}")),
        _ => Cow::Borrowed(name),
    });
    words::add_filters(&mut env, words);
    for (path, text) in files {
        env.add_template_owned(path.clone(), text)
            .map_err(|error| TemplateError::of(&path, &error, &Value::UNDEFINED))?;
    }
    Ok(env)
}

/// Medium, language and file name of a text that has a language.
pub(super) fn split(path: &str) -> Option<(Medium, &str, &str)> {
    let parts: Vec<&str> = path.split('/').collect();
    let [folder, language, file] = parts[..] else { return None };
    // A page is one for all languages.
    let medium = Medium::ALL.into_iter().find(|medium| *medium != Medium::Page && medium.folder() == folder)?;
    Some((medium, language, file))
}

/// The path with its language in lower case, where such a text exists.
fn known_path(path: &str) -> Option<String> {
    let is_tag = |tag: &str| !tag.is_empty() && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if let Some(tag) = path.strip_prefix("words/").and_then(|file| file.strip_suffix(".toml")) {
        return is_tag(tag).then(|| format!("words/{}.toml", tag.to_ascii_lowercase()));
    }
    let Some((medium, language, file)) = split(path) else {
        let whole = ["email/layout.html"].contains(&path)
            || Text::ALL.iter().any(|text| text.media() == [Medium::Page] && text.file(Medium::Page, "") == path);
        return whole.then(|| path.to_owned());
    };
    let (stem, ending) = file.rsplit_once('.')?;
    let sent = Text::ALL.iter().any(|text| text.media().contains(&medium) && text.name() == stem);
    let part = stem.starts_with('_');
    let known = match ending {
        "txt" => sent || part,
        "html" => medium == Medium::Email && (sent || part),
        _ => false,
    };
    (is_tag(language) && known).then(|| format!("{}/{}/{file}", medium.folder(), language.to_ascii_lowercase()))
}

/// All files two folders deep, by their path with `/`. Hidden ones and those that editors leave are passed over.
fn read_folder(folder: &Path) -> Result<BTreeMap<String, String>, TemplateError> {
    let mut files = BTreeMap::new();
    let mut waiting = vec![(folder.to_owned(), String::new())];
    while let Some((folder, prefix)) = waiting.pop() {
        let entries = std::fs::read_dir(&folder)
            .map_err(|error| TemplateError::plain(folder.display().to_string(), format!("cannot be read: {error}")))?;
        for entry in entries {
            let entry = entry.map_err(|error| {
                TemplateError::plain(folder.display().to_string(), format!("cannot be read: {error}"))
            })?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') || name.ends_with('~') || (prefix.is_empty() && !entry.path().is_dir()) {
                continue;
            }
            let path = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
            if entry.path().is_dir() {
                if path.matches('/').count() < 2 {
                    waiting.push((entry.path(), path));
                }
                continue;
            }
            let cannot = |error: std::io::Error| TemplateError::plain(path.clone(), format!("cannot be read: {error}"));
            if entry.metadata().map_err(cannot)?.len() > FILE_MOST {
                return Err(TemplateError::plain(path, format!("is larger than {FILE_MOST} bytes")));
            }
            let text = std::fs::read_to_string(entry.path()).map_err(cannot)?;
            files.insert(path, text);
        }
    }
    Ok(files)
}
