//! What can be said of the texts before anything is sent, for `redial check` (rule N5).

use super::{Changed, Letterhead, Segments, Templates, Text, segments, shown::NAME_MOST, sms::folded};
use crate::{
    clock::Time,
    domain::notice::{Difference, Line, News},
};
use serde::Serialize;

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
    /// With the longest name, in an alphabet that fits the least into a part, and the most changes.
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
const PARTS_MOST: usize = 10;

impl Templates {
    /// Renders every text with every kind of content, counts the parts of text messages with the worst-case name, and
    /// looks for links in them.
    pub fn check(&self) -> Report {
        let mut report = Report::default();
        for folder in &self.languages {
            let Some((channel, language)) = folder.split_once('/') else { continue };
            for text in Text::ALL.into_iter().filter(|text| text.channel() == channel) {
                self.check_text(text, language, &mut report);
            }
        }
        report
    }

    fn check_text(&self, text: Text, language: &str, report: &mut Report) {
        let file = self.chosen(text, &[language]);
        let problem = |line, message: &str| Problem { file: file.clone(), line, message: message.to_owned() };
        let mut usual = None;
        let mut worst: Option<Segments> = None;
        for sample in samples() {
            let sample = if text == Text::Sms { sample.for_sms() } else { sample };
            let rendered = match self.render(text, &[language], &sample) {
                Ok(rendered) => rendered,
                Err(error) => {
                    report.problems.push(problem(error.line, &error.message));
                    return;
                }
            };
            if rendered.trim().is_empty() {
                report.problems.push(problem(None, "renders to nothing"));
                return;
            }
            if text == Text::Sms {
                let size = segments(&folded(rendered.trim()));
                usual.get_or_insert(size);
                worst = worst.filter(|worst| worst.parts >= size.parts).or(Some(size));
                if rendered.contains("://") || rendered.to_ascii_lowercase().contains("www.") {
                    report.problems.push(problem(None, "a text message holds no link: it looks like fraud (rule N5)"));
                    return;
                }
            }
        }
        if let (Some(usual), Some(worst)) = (usual, worst) {
            if worst.parts > PARTS_MOST {
                let message = format!("takes {} parts with the longest name; at most {PARTS_MOST} arrive", worst.parts);
                report.problems.push(problem(None, &message));
            }
            report.sizes.push(Size { file, usual, worst });
        }
    }
}

/// One usual change first, then whatever else a text must cope with.
fn samples() -> Vec<Changed> {
    let line = |kind: &str, label: &str, value: &str| Line {
        kind: kind.into(),
        label: label.into(),
        key: value.into(),
        value: value.into(),
    };
    let news = |old: Option<Line>, now: Line| News { item: now.kind.clone(), old, now };
    let phone = || news(Some(line("phone", "mobile", "+14155550100")), line("phone", "mobile", "+14155550123"));
    let email = news(Some(line("email", "", "ann@old.example")), line("email", "", "ann@new.example"));
    let longest: String = "鰻".repeat(NAME_MOST);
    let long_phone =
        || news(Some(line("phone", &longest, "+999999999999999")), line("phone", &longest, "+999999999999998"));
    let fields = ["nickname", "organisation", "title", "role", "birthday", "url", "impp", "postal", "note", "photo"];
    let fields: Vec<News> = fields.map(|kind| news(None, line(kind, "", "new"))).into();
    let hidden = news(None, line("url", "", "https://example.com"));
    let renamed = Some(("Ann Lee".to_owned(), "Ann Bell".to_owned()));
    let at = Time(1_795_431_600_000_000);
    let full = Letterhead {
        service: "Redial".into(),
        reply: true,
        help: "help@example.com".into(),
        unsubscribe: "https://example.com/c/token".into(),
        attached: true,
    };
    let bare = Letterhead { service: "Redial".into(), ..Letterhead::default() };
    let difference = |name: Option<(String, String)>, news: Vec<News>| Difference { name, news };
    vec![
        Changed::new(&difference(None, vec![phone()]), "Ann Lee", at, &full),
        Changed::new(&difference(None, vec![phone()]), "Ann Lee", at, &bare),
        Changed::new(&difference(None, vec![email]), "Ann Lee", at, &bare),
        Changed::new(&difference(renamed.clone(), vec![]), "Ann Bell", at, &full),
        Changed::new(&difference(renamed, vec![phone()]), "https://evil.example", at, &bare),
        Changed::new(&difference(None, fields), "Ann Lee", at, &full),
        Changed::new(&difference(None, vec![hidden]), "Ann Lee", at, &full),
        Changed::new(
            &difference(
                Some((longest.clone(), longest.clone())),
                vec![long_phone(), long_phone(), long_phone(), phone()],
            ),
            &longest,
            at,
            &Letterhead { reply: false, ..full },
        ),
    ]
}
