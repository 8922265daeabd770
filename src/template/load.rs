//! Reading the texts, built-in and the operator's (design W3: only from the operator's disk).

use super::{Templates, Text};
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
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
    pub(super) fn of(file: &str, error: &minijinja::Error) -> Self {
        let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
        let hint = match error.kind() {
            ErrorKind::UndefinedError => {
                "; known are service, name, former_name, changes (kind, label, old, ends, new), more, when (year, month, day), reply, help, unsubscribe, attached"
            }
            ErrorKind::OutOfFuel => "; a text may not compute that long",
            _ => "",
        };
        Self {
            file: error.name().filter(|name| *name != "<unknown>").unwrap_or(file).to_owned(),
            line: error.line(),
            message: format!("{}{detail}{hint}", error.kind()),
        }
    }

    fn plain(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self { file: file.into(), line: None, message: message.into() }
    }
}

macro_rules! built_in {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/", $path)))),*]
    };
}

const BUILT_IN: &[(&str, &str)] = built_in![
    "sms/en/changed.txt",
    "sms/zh/changed.txt",
    "email/en/changed.subject.txt",
    "email/en/changed.txt",
    "email/en/changed.html",
    "email/zh/changed.subject.txt",
    "email/zh/changed.txt",
    "email/zh/changed.html",
];

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
    /// What is wrong first, with file and line.
    pub fn load(folder: Option<&Path>, default_language: &str) -> Result<Self, TemplateError> {
        let own = folder.filter(|folder| folder.is_dir()).map(read_folder).transpose()?;
        Self::of(own.unwrap_or_default(), default_language)
    }

    /// From texts by their path, like `sms/de/changed.txt`, over the compiled-in ones.
    pub fn of(own: BTreeMap<String, String>, default_language: &str) -> Result<Self, TemplateError> {
        let mut files: BTreeMap<String, String> =
            BUILT_IN.iter().map(|&(path, text)| (path.to_owned(), text.to_owned())).collect();
        for (path, text) in own {
            // Those are `Spoken`'s.
            if path.starts_with("spoken/") {
                continue;
            }
            let Some(path) = known_path(&path) else {
                return Err(TemplateError::plain(
                    path,
                    "no text of this name is ever sent; known are sms/LANGUAGE/changed.txt and \
                     email/LANGUAGE/changed.subject.txt, changed.txt, changed.html",
                ));
            };
            files.insert(path, text);
        }
        let languages: BTreeSet<String> =
            files.keys().filter_map(|path| path.rsplit_once('/')).map(|(folder, _)| folder.to_owned()).collect();
        let default_language = default_language.to_ascii_lowercase();
        for folder in &languages {
            complete(&files, folder)?;
        }
        for channel in ["sms", "email"] {
            if !languages.contains(&format!("{channel}/{default_language}")) {
                return Err(TemplateError::plain(
                    format!("{channel}/{default_language}/changed.txt"),
                    "is missing, and the default language must have every text",
                ));
            }
        }
        Ok(Self { env: environment(files)?, languages, default_language })
    }
}

fn environment(files: BTreeMap<String, String>) -> Result<Environment<'static>, TemplateError> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(|name| {
        if name.rsplit('.').next() == Some("html") { AutoEscape::Html } else { AutoEscape::None }
    });
    env.set_fuel(Some(FUEL));
    env.set_recursion_limit(50);
    for (path, text) in files {
        env.add_template_owned(path.clone(), text).map_err(|error| TemplateError::of(&path, &error))?;
    }
    Ok(env)
}

/// Every file of a text is there: a subject without its letter helps nobody.
fn complete(files: &BTreeMap<String, String>, folder: &str) -> Result<(), TemplateError> {
    let channel = folder.split('/').next().unwrap_or_default();
    for text in Text::ALL.into_iter().filter(|text| text.channel() == channel) {
        let path = format!("{folder}/{}", text.file());
        if !files.contains_key(&path) {
            return Err(TemplateError::plain(path, "is missing; the other texts of this language are there"));
        }
    }
    Ok(())
}

/// The path with its language in lower case, where such a text exists.
fn known_path(path: &str) -> Option<String> {
    let parts: Vec<&str> = path.split('/').collect();
    let [channel, language, file] = parts[..] else { return None };
    let tag = !language.is_empty() && language.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (tag && Text::ALL.iter().any(|text| text.channel() == channel && text.file() == file))
        .then(|| format!("{channel}/{}/{file}", language.to_ascii_lowercase()))
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
