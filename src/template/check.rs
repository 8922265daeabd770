//! What can be said of the texts before anything is sent: at load, and for `redial check` (rule N5).

use super::{
    Facts, Letterhead, Segments, TemplateError, Templates, Text,
    load::{names, split},
    samples::{self, Use},
    text::Medium,
};
use serde::Serialize;
use std::collections::BTreeSet;

/// Something to put right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file, by its path in the folder.
    pub file: String,
    /// Counts from 1.
    pub line: Option<usize>,
    /// What was found and what would be right.
    pub message: String,
}

/// How large the messages of one text get.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Size {
    /// The file.
    pub file: String,
    /// With a usual name and one changed number.
    pub usual: Segments,
    /// With the longest names in the 7-bit alphabet, and the most changes.
    pub longest_gsm: Segments,
    /// The same in a script that fits the least into a part: the worst case.
    pub worst: Segments,
}

/// The outcome of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// What must be put right; empty when all is well.
    pub problems: Vec<Problem>,
    /// What text messages cost.
    pub sizes: Vec<Size>,
}

/// A text message of more parts is refused: operators split or drop it.
const PARTS_MOST: usize = 6;

/// What every text knows beside its own facts.
const ALWAYS: [&str; 2] = ["language", "direction"];
/// Functions of the template language.
const FUNCTIONS: [&str; 6] = ["range", "dict", "namespace", "debug", "lipsum", "asset"];

impl Templates {
    /// Renders every text with every kind of content, counts the parts of text messages with the worst-case name, and
    /// looks for links in them. The letterhead is that of the operator.
    pub fn check(&self, head: &Letterhead) -> Report {
        let mut report = Report::default();
        for text in Text::ALL {
            let samples = samples::of(text, head);
            let known: BTreeSet<String> = samples.iter().flat_map(|(_, facts)| names(&facts.value())).collect();
            for &medium in text.media() {
                for language in self.languages_of(text, medium) {
                    let file = text.file(medium, &language);
                    let found = self.unknown_names(&file, &known).map_or_else(
                        || self.check_text(text, medium, &language, &samples),
                        |problem| Err(Box::new(problem)),
                    );
                    match found {
                        Ok(size) => report.sizes.extend(size),
                        Err(problem) => report.problems.push(*problem),
                    }
                }
            }
        }
        report
    }

    fn languages_of(&self, text: Text, medium: Medium) -> Vec<String> {
        if medium == Medium::Page {
            return self.words.keys().cloned().collect();
        }
        let here = self.files.iter().filter_map(|path| split(path));
        let here = here.filter(|(of, _, file)| *of == medium && *file == format!("{}.txt", text.name()));
        here.map(|(_, language, _)| language.to_owned()).collect()
    }

    /// A name that this text will never be given, even in a branch that no sample takes.
    fn unknown_names(&self, file: &str, known: &BTreeSet<String>) -> Option<Problem> {
        let template = self.env.get_template(file).ok()?;
        let mut used: Vec<String> = template.undeclared_variables(false).into_iter().collect();
        used.sort_unstable();
        let unknown = used.into_iter().find(|name| {
            !known.contains(name) && !ALWAYS.contains(&name.as_str()) && !FUNCTIONS.contains(&name.as_str())
        })?;
        let at = template.source().lines().position(|line| has_word(line, &unknown));
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        Some(Problem {
            file: file.to_owned(),
            line: at.map(|at| at + 1),
            message: format!("`{unknown}` is not known here; known are {}", known.join(", ")),
        })
    }

    fn check_text(
        &self,
        text: Text,
        medium: Medium,
        language: &str,
        samples: &[samples::Sample],
    ) -> Result<Option<Size>, Box<Problem>> {
        let file = text.file(medium, language);
        let failed = |TemplateError { file, line, message }| Box::new(Problem { file, line, message });
        let problem = |message: String| Box::new(Problem { file: file.clone(), line: None, message });
        let mut sizes: [Option<Segments>; 3] = [None; 3];
        for (kind, facts) in samples {
            let facts: &dyn Facts = facts.as_ref();
            let tags = [language];
            let said = match medium {
                Medium::Sms => {
                    let sms = self.sms(&tags, facts).map_err(failed)?;
                    let linked = facts.value().get_attr("card_link").is_ok_and(|link| link.is_true());
                    if !linked && (sms.text.contains("://") || sms.text.to_ascii_lowercase().contains("www.")) {
                        return Err(problem("a text message holds no link: it looks like fraud (rule N5)".to_owned()));
                    }
                    let place = match kind {
                        Use::Usual => 0,
                        Use::LongestGsm => 1,
                        Use::LongestUcs2 | Use::Branch => 2,
                    };
                    let larger = |size: &mut Option<Segments>| {
                        *size = size.filter(|size| size.parts >= sms.segments.parts).or(Some(sms.segments));
                    };
                    larger(&mut sizes[place]);
                    larger(&mut sizes[2]);
                    sms.text
                }
                Medium::Email => self.email(&tags, facts).map_err(failed)?.html,
                Medium::Push => self.push(&tags, facts).map_err(failed)?.body,
                Medium::Page => self.page(&tags, facts).map_err(failed)?.html,
            };
            if said.trim().is_empty() {
                return Err(problem("renders to nothing".to_owned()));
            }
        }
        let [usual, longest, worst] = sizes;
        let (Some(usual), Some(worst)) = (usual, worst) else { return Ok(None) };
        if worst.parts > PARTS_MOST {
            let message = format!("takes {} parts with the longest name; at most {PARTS_MOST} are sent", worst.parts);
            return Err(problem(message));
        }
        Ok(Some(Size { file, usual, longest_gsm: longest.unwrap_or(usual), worst }))
    }
}

/// Whether the line has the name, and not as a part of a longer one.
fn has_word(line: &str, name: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(name).any(|(at, _)| !line[..at].ends_with(part) && !line[at + name.len()..].starts_with(part))
}
