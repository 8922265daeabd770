//! From a provider file's text to its compiled form, with an error that names the line for everything that is wrong.

mod hooks;
mod route;
mod signature;

use super::{
    Declared, FileError, Provider,
    compiled::{DocumentText, Rule},
    file::{AccountFile, DocumentFile, File, ParameterFile, WhenFile, Written},
    place::Place,
    rule::{Subjects, When},
    text::{Escape, Names, Text},
};
use std::ops::Range;
use toml::Spanned;

/// Names in the documents that answer a call.
pub(super) const CALL_NAMES: &[&str] = &[
    "new",
    "called",
    "called_number",
    "from",
    "from_number",
    "caller_id",
    "call_id",
    "context",
    "say",
    "application",
    "phase",
];
/// Names in the documents that answer before a message is sent.
pub(super) const MESSAGE_NAMES: &[&str] = &["new", "to", "to_number", "from", "from_number", "text", "message_id"];
/// Names in the documents that tell an error.
pub(super) const ERROR_NAMES: &[&str] = &["kind", "message", "status"];
/// Names in the rules over a delivery report.
pub(super) const STATE_NAMES: &[&str] = &["state", "code"];

type Result<T> = std::result::Result<T, FileError>;

/// The only version of the file's shape.
const SCHEMA: u32 = 1;

/// What errors need: the file's name and text, and the declared parameters.
pub(super) struct Loader<'t> {
    pub(super) file: &'t str,
    pub(super) text: &'t str,
    pub(super) parameters: Vec<Box<str>>,
    pub(super) commands: Vec<Box<str>>,
}

impl Loader<'_> {
    /// An error at a span of the file.
    pub(super) fn wrong(&self, span: Range<usize>, wanted: impl Into<String>) -> FileError {
        let start = (0..=span.start.min(self.text.len())).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or(0);
        let before = &self.text[..start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let rest = self.text.get(start..span.end.min(self.text.len())).unwrap_or_default();
        let shown: String = rest.lines().next().unwrap_or_default().chars().take(80).collect();
        FileError {
            file: self.file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            found: if shown.is_empty() { "nothing".to_owned() } else { format!("`{shown}`") },
            wanted: wanted.into(),
        }
    }

    pub(super) fn place(&self, written: &Written) -> Result<Place> {
        Place::parse(written.get_ref()).map_err(|wanted| self.wrong(written.span(), wanted))
    }

    /// A place in a webhook, which has no path variables.
    fn webhook_place(&self, written: &Written) -> Result<Place> {
        let place = self.place(written)?;
        if matches!(place.kind, super::place::Kind::Path(_)) {
            return Err(self.wrong(
                written.span(),
                "a webhook has no path variables; use `field:`, `json:`, `header:` or `query:`",
            ));
        }
        Ok(place)
    }

    fn optional_webhook_place(&self, written: Option<&Written>) -> Result<Option<Place>> {
        written.map(|written| self.webhook_place(written)).transpose()
    }

    pub(super) fn places(&self, all: &[Written]) -> Result<Vec<Place>> {
        all.iter().map(|one| self.place(one)).collect()
    }

    pub(super) fn optional_place(&self, written: Option<&Written>) -> Result<Option<Place>> {
        written.map(|written| self.place(written)).transpose()
    }

    pub(super) fn when(&self, when: &WhenFile, about: Subjects) -> Result<When> {
        let mut compiled = When::default();
        for (subject, test) in when {
            let wrong = |wanted| self.wrong(subject.span().start..test.span().end, wanted);
            compiled.add(subject.get_ref(), test.get_ref(), about).map_err(wrong)?;
        }
        Ok(compiled)
    }

    /// A list of rules.
    pub(super) fn rules<T, F>(
        &self,
        files: &[Spanned<F>],
        about: Subjects,
        when: impl Fn(&F) -> &WhenFile,
        value: impl Fn(&F) -> Result<T>,
    ) -> Result<Vec<Rule<T>>> {
        self.rules_for(files, about, when, value, |_, _| true)
    }

    /// A list of rules for several ends; one after a rule without conditions for the same end is never reached.
    fn rules_for<T, F>(
        &self,
        files: &[Spanned<F>],
        about: Subjects,
        when: impl Fn(&F) -> &WhenFile,
        value: impl Fn(&F) -> Result<T>,
        same_end: impl Fn(&T, &T) -> bool,
    ) -> Result<Vec<Rule<T>>> {
        let mut rules: Vec<Rule<T>> = Vec::with_capacity(files.len());
        for file in files {
            let at = self.wrong(file.span(), "an earlier rule without `when` always holds: put this one before it");
            let rule =
                Rule { line: at.line, when: self.when(when(file.get_ref()), about)?, value: value(file.get_ref())? };
            if rules.iter().any(|earlier| earlier.when.is_always() && same_end(&earlier.value, &rule.value)) {
                return Err(at);
            }
            rules.push(rule);
        }
        Ok(rules)
    }

    pub(super) fn text(&self, written: &Written, section: &[&'static str], escape: Escape) -> Result<Text> {
        self.text_of(written.get_ref(), written.span(), section, escape)
    }

    pub(super) fn text_of(
        &self,
        text: &str,
        span: Range<usize>,
        names: &[&'static str],
        escape: Escape,
    ) -> Result<Text> {
        let names = Names { section: names, parameters: &self.parameters };
        Text::compile(text, &names, escape).map_err(|(at, wanted)| {
            // The text begins after its quotes, and escapes may have shortened it: the line is right, the column near.
            let raw = &self.text[span.clone()];
            let quotes = if raw.starts_with("'''") || raw.starts_with("\"\"\"") { 3 } else { 1 };
            let start = (span.start + quotes + at).min(span.end);
            self.wrong(start..span.end, wanted)
        })
    }

    /// The position of a declared parameter.
    pub(super) fn parameter(&self, written: &Written) -> Result<usize> {
        let position = self.parameters.iter().position(|name| **name == **written.get_ref());
        position.ok_or_else(|| {
            let known = if self.parameters.is_empty() { "none".to_owned() } else { self.parameters.join(", ") };
            self.wrong(written.span(), format!("the name of a declared parameter is needed; declared are {known}"))
        })
    }

    pub(super) fn header(&self, written: &Written) -> Result<http::HeaderName> {
        let wanted = "a header name has letters, digits and `-`";
        written.get_ref().parse().map_err(|_| self.wrong(written.span(), wanted))
    }

    pub(super) fn document(
        &self,
        status: Option<&Spanned<u16>>,
        content_type: Option<&Written>,
        body: Option<&Written>,
        names: &[&'static str],
        default: u16,
    ) -> Result<DocumentText> {
        let wrong_status = |status: &Spanned<u16>| self.wrong(status.span(), "a status is a number from 200 to 599");
        let status = match status {
            Some(status) if !(200..=599).contains(status.get_ref()) => return Err(wrong_status(status)),
            Some(status) => *status.get_ref(),
            None => default,
        };
        let escape = content_type.map_or(Escape::Plain, |kind| Escape::of(kind.get_ref()));
        let header = |kind: &Written| {
            let value = http::HeaderValue::from_str(kind.get_ref());
            value.map_err(|_| self.wrong(kind.span(), "a content type looks like `text/xml`"))
        };
        let body = body.map(|body| self.text(body, names, escape)).transpose()?;
        Ok(DocumentText {
            status: http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::OK),
            content_type: content_type.map(header).transpose()?,
            body,
        })
    }

    fn plain_document(&self, file: &DocumentFile) -> Result<DocumentText> {
        self.document(file.status.as_ref(), file.content_type.as_ref(), file.body.as_ref(), &[], 200)
    }

    fn account(&self, file: &AccountFile) -> Result<Vec<(Place, usize)>> {
        file.iter().map(|(place, parameter)| Ok((self.webhook_place(place)?, self.parameter(parameter)?))).collect()
    }

    /// Where requests go: an address, perhaps with parameters in it.
    pub(super) fn upstream(&self, written: &Written) -> Result<Text> {
        // A parameter may be the whole address; an account's is checked when it is made.
        let text = self.text(written, &[], Escape::Plain)?;
        let fits = text.constant().is_none_or(super::account::is_origin);
        let wanted = "an address like `https://api.example.com` is needed";
        if fits && written.get_ref().starts_with(['h', '{']) {
            Ok(text)
        } else {
            Err(self.wrong(written.span(), wanted))
        }
    }

    fn declared(&self, name: &Written, file: &ParameterFile) -> Result<(Declared, Option<regex::Regex>)> {
        let right =
            name.get_ref().bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if !right || name.get_ref().is_empty() {
            return Err(self.wrong(name.span(), "a parameter's name has small letters, digits and `_`"));
        }
        let declared = Declared {
            name: name.get_ref().as_str().into(),
            about: file.about.as_str().into(),
            secret: file.secret,
            required: file.required,
            several: file.several,
            multiline: file.multiline,
            default: file.default.as_deref().map(Into::into),
        };
        Ok((declared, file.pattern.as_ref().map(|pattern| self.pattern(pattern)).transpose()?))
    }

    /// What a text must look like as a whole.
    pub(super) fn pattern(&self, pattern: &Written) -> Result<regex::Regex> {
        let whole = format!("^(?:{})$", pattern.get_ref());
        let built = regex::RegexBuilder::new(&whole).size_limit(1 << 18).build();
        built.map_err(|wrong| self.wrong(pattern.span(), format!("not a regular expression: {wrong}")))
    }
}

impl Provider {
    /// Reads and checks one file; `file` is the name that errors show.
    pub fn load(text: &str, file: &str) -> std::result::Result<Self, FileError> {
        let mut loader = Loader { file, text, parameters: Vec::new(), commands: Vec::new() };
        let read: File = toml::from_str(text)
            .map_err(|wrong| loader.wrong(wrong.span().unwrap_or(0..0), wrong.message().replace('\n', " ")))?;
        if *read.schema.get_ref() != SCHEMA {
            return Err(loader.wrong(read.schema.span(), "this version of Redial reads `schema = 1`"));
        }
        let name = read.name.get_ref();
        if name.is_empty()
            || !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        {
            return Err(loader.wrong(read.name.span(), "a provider's name has small letters, digits and `-`"));
        }
        let mut declared = Vec::new();
        let mut patterns = Vec::new();
        for (name, parameter) in &read.parameters {
            let (one, pattern) = loader.declared(name, parameter)?;
            declared.push(one);
            patterns.push(pattern);
        }
        loader.commands = read.commands.keys().map(|name| name.as_str().into()).collect();
        loader.parameters = declared.iter().map(|one| one.name.clone()).collect();
        let upstream = loader.upstream(&read.upstream)?;
        let secret = |parameter: usize| declared.get(parameter).is_some_and(|one: &Declared| one.secret);
        let errors = |rule: &super::file::DocumentRuleFile| {
            let (kind, body) = (rule.content_type.as_ref(), rule.body.as_ref());
            let given = rule.status.is_some();
            Ok((given, loader.document(rule.status.as_ref(), kind, body, ERROR_NAMES, 500)?))
        };
        Ok(Self {
            file: file.into(),
            name: name.as_str().into(),
            title: read.title.as_str().into(),
            upstream,
            numbers: read.numbers,
            hosts: read.hosts.iter().map(|host| host.as_str().into()).collect(),
            auth: read.auth.iter().map(|auth| loader.auth(auth, &secret)).collect::<Result<_>>()?,
            schemes: loader.signatures(&read.signature, &secret)?,
            errors: loader.rules(
                &read.errors,
                Subjects { names: ERROR_NAMES, places: false, variables: false, status: false },
                |rule| &rule.when,
                errors,
            )?,
            commands: read.commands.values().map(|file| loader.command(file)).collect::<Result<_>>()?,
            call: read.hooks.call.as_ref().map(|call| loader.call(call)).transpose()?,
            message: read.hooks.message.as_ref().map(|message| loader.message(message)).transpose()?,
            status: read.hooks.status.as_ref().map(|status| loader.status(status)).transpose()?,
            inbound: read.hooks.inbound.as_ref().map(|inbound| loader.inbound(inbound)).transpose()?,
            document_urls: loader.document_urls(&read.hooks.document_urls)?,
            restore: loader.restore(&read.hooks.restore)?,
            send: read.send.as_ref().map(|send| loader.send(send)).transpose()?,
            read: read.read.as_ref().map(|read| loader.read(read)).transpose()?,
            routes: loader.routes(&read.routes, &read.resources)?,
            declared,
            patterns,
        })
    }
}
