//! Texts: letters with minijinja expressions in `{{ … }}`. No statements, so a provider file cannot become a program.
//!
//! A hole that is only a name is filled directly; anything else is a compiled minijinja expression with a limit on its
//! work. What is filled in is escaped for where it stands ([`Escape`]); names that are not there are errors at load.

use super::number::number;
use crate::domain::alphabet::septets;
use minijinja::{Environment, Expression, UndefinedBehavior, Value};
use std::{
    borrow::Cow,
    fmt::{self, Write as _},
    sync::LazyLock,
};

/// Steps that one expression may take.
const FUEL: u64 = 2_000;
/// Longest result of one expression, in bytes.
const LONGEST: usize = 64 * 1024;

/// How a value is written for where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escape {
    /// As it is: headers, form fields and JSON fields, which are encoded afterwards.
    Plain,
    /// XML text and attributes.
    Xml,
    /// Inside the quotes of a JSON string.
    Json,
    /// A part of a URL's path or query.
    Url,
}

impl Escape {
    /// What a document of this content type needs.
    pub(super) fn of(content_type: &str) -> Self {
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        match kind {
            _ if kind.ends_with("/xml") || kind.ends_with("+xml") || kind == "text/html" => Escape::Xml,
            _ if kind.ends_with("/json") || kind.ends_with("+json") => Escape::Json,
            "application/x-www-form-urlencoded" => Escape::Url,
            _ => Escape::Plain,
        }
    }

    fn write(self, value: &str, out: &mut String) {
        match self {
            Escape::Plain => out.push_str(value),
            // Numbers, nearly always.
            _ if value.bytes().all(|byte| byte.is_ascii_alphanumeric()) => out.push_str(value),
            Escape::Xml if value.bytes().all(|byte| byte == b'+' || byte.is_ascii_alphanumeric()) => {
                out.push_str(value);
            }
            Escape::Xml => value.chars().for_each(|letter| match letter {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&#39;"),
                // What XML 1.0 has no way to write.
                '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\u{fffe}' | '\u{ffff}' => {}
                other => out.push(other),
            }),
            Escape::Json => {
                let quoted = super::json::quote(value);
                out.push_str(&quoted[1..quoted.len() - 1]);
            }
            Escape::Url => out.push_str(&percent_encoded(value)),
        }
    }
}

/// RFC 3986: everything but unreserved characters is percent-encoded.
const UNRESERVED: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Percent-encoded but for what RFC 3986 calls unreserved.
pub(super) fn percent_encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, UNRESERVED).to_string()
}

/// The names that may stand in a text.
#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    /// What the section has.
    pub(super) section: &'a [&'static str],
    /// The file's parameters, `parameters.NAME`.
    pub(super) parameters: &'a [Box<str>],
}

/// What the names stand for when a text is rendered.
#[derive(Clone, Copy)]
pub(super) struct Values<'a> {
    /// The section's names; what is not listed is empty.
    pub(super) section: &'a [(&'static str, &'a str)],
    /// The account's values in the order of [`Names::parameters`]; the first counts.
    pub(super) parameters: &'a super::Parameters,
}

impl<'a> Values<'a> {
    /// The value of a section's name.
    pub(super) fn get(&self, name: &str) -> &'a str {
        self.section.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value)
    }

    fn parameter(&self, index: usize) -> &'a str {
        self.parameters.first(index)
    }
}

/// A text, compiled.
pub(super) struct Text {
    pieces: Vec<Piece>,
    escape: Escape,
}

enum Piece {
    Plain(Box<str>),
    Name(Box<str>),
    Parameter(usize),
    Formula(Box<Formula>),
}

struct Formula {
    expression: Expression<'static, 'static>,
    source: Box<str>,
    /// The section's names in it.
    names: Vec<Box<str>>,
    /// The parameters in it, and their positions.
    parameters: Vec<(Box<str>, usize)>,
}

/// What went wrong in an expression at run time; its message names no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NotRendered(pub(super) String);

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.add_filter("lower", minijinja::filters::lower);
    environment.add_filter("upper", minijinja::filters::upper);
    environment.add_filter("trim", minijinja::filters::trim);
    environment.add_filter("replace", minijinja::filters::replace);
    environment.add_filter("length", minijinja::filters::length);
    environment.add_filter("int", minijinja::filters::int);
    environment.add_filter("number", |text: &str| number(text).to_owned());
    environment.add_filter("digits", |text: &str| number(text).trim_start_matches('+').to_owned());
    environment.add_filter("gsm", |text: &str| text.chars().all(|c| septets(c).is_some()));
    environment.add_filter("utf16_hex", |text: &str| {
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        super::digest::hex(&bytes)
    });
    environment
});

/// The filters that a text may use.
const FILTERS: &[&str] =
    &["lower", "upper", "trim", "replace", "length", "int", "number", "digits", "gsm", "utf16_hex"];

impl Text {
    /// Compiles a text; the error says what would be right, and at which byte.
    pub(super) fn compile(text: &str, names: &Names<'_>, escape: Escape) -> Result<Self, (usize, String)> {
        let mut pieces = Vec::new();
        let mut at = 0;
        while let Some(open) = text[at..].find('{').map(|found| at + found) {
            let next = text.as_bytes().get(open + 1).copied();
            if matches!(next, Some(b'%' | b'#')) {
                return Err((
                    open,
                    "statements and comments are not allowed in a text; use `{{ name }}`, and rules".into(),
                ));
            }
            if next != Some(b'{') {
                push_plain(&mut pieces, &text[at..=open]);
                at = open + 1;
                continue;
            }
            push_plain(&mut pieces, &text[at..open]);
            let length = end_of_hole(&text[open + 2..]).ok_or((open, "`{{` needs its `}}`".to_owned()))?;
            let hole = &text[open + 2..open + 2 + length];
            pieces.push(Piece::compile(hole.trim(), names).map_err(|wanted| (open, wanted))?);
            at = open + length + 4;
        }
        push_plain(&mut pieces, &text[at..]);
        Ok(Self { pieces, escape })
    }

    /// Adds the text, its holes filled.
    pub(super) fn render_into(&self, values: &Values<'_>, out: &mut String) -> Result<(), NotRendered> {
        for piece in &self.pieces {
            match piece {
                Piece::Plain(plain) => out.push_str(plain),
                Piece::Name(name) => self.escape.write(values.get(name), out),
                Piece::Parameter(index) => self.escape.write(values.parameter(*index), out),
                Piece::Formula(formula) => self.escape.write(&formula.evaluate(values)?, out),
            }
        }
        Ok(())
    }

    /// The text, its holes filled.
    pub(super) fn render(&self, values: &Values<'_>) -> Result<String, NotRendered> {
        let mut out = String::with_capacity(self.pieces.iter().map(Piece::size).sum());
        self.render_into(values, &mut out)?;
        Ok(out)
    }

    /// The text, borrowed where it is nothing but one name, parameter or constant and needs no escaping.
    pub(super) fn value<'a>(&'a self, values: &Values<'a>) -> Result<Cow<'a, str>, NotRendered> {
        match (&*self.pieces, self.escape) {
            ([], _) => Ok(Cow::Borrowed("")),
            ([Piece::Plain(plain)], _) => Ok(Cow::Borrowed(plain)),
            ([Piece::Name(name)], Escape::Plain) => Ok(Cow::Borrowed(values.get(name))),
            ([Piece::Parameter(index)], Escape::Plain) => Ok(Cow::Borrowed(values.parameter(*index))),
            _ => self.render(values).map(Cow::Owned),
        }
    }

    /// Whether a name of the section stands in it.
    pub(super) fn uses(&self, name: &str) -> bool {
        self.pieces.iter().any(|piece| match piece {
            Piece::Name(used) => **used == *name,
            Piece::Formula(formula) => formula.names.iter().any(|used| **used == *name),
            Piece::Plain(_) | Piece::Parameter(_) => false,
        })
    }

    /// The text, where it has no holes.
    pub(super) fn constant(&self) -> Option<&str> {
        match &*self.pieces {
            [] => Some(""),
            [Piece::Plain(plain)] => Some(plain),
            _ => None,
        }
    }

    /// Its parts, where it has only letters and names: for what is signed, byte for byte.
    pub(super) fn parts(&self) -> Option<Vec<Result<&str, &str>>> {
        self.pieces
            .iter()
            .map(|piece| match piece {
                Piece::Plain(plain) => Some(Ok(&**plain)),
                Piece::Name(name) => Some(Err(&**name)),
                _ => None,
            })
            .collect()
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.pieces.iter().map(Piece::written)).finish()
    }
}

impl Piece {
    fn compile(hole: &str, names: &Names<'_>) -> Result<Self, String> {
        if names.section.contains(&hole) {
            return Ok(Piece::Name(hole.into()));
        }
        if let Some(name) = hole.strip_prefix("parameters.")
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        {
            let index = names.parameters.iter().position(|declared| **declared == *name);
            return index.map(Piece::Parameter).ok_or_else(|| names.unknown(hole));
        }
        let expression = ENVIRONMENT.compile_expression_owned(hole.to_owned()).map_err(|wrong| {
            format!("not a minijinja expression: {}", wrong.detail().unwrap_or("it cannot be read"))
        })?;
        let (mut section, mut parameters) = (Vec::new(), Vec::new());
        let mut used: Vec<String> = expression.undeclared_variables(true).into_iter().collect();
        used.sort_unstable();
        for name in used {
            let position = |parameter: &str| names.parameters.iter().position(|declared| **declared == *parameter);
            match name.strip_prefix("parameters.") {
                Some(parameter) => {
                    let index = position(parameter).ok_or_else(|| names.unknown(&name))?;
                    parameters.push((parameter.into(), index));
                }
                None if names.section.contains(&&*name) => section.push(name.into()),
                None => return Err(names.unknown(&name)),
            }
        }
        let formula = Formula { expression, source: hole.into(), names: section, parameters };
        formula.trial()?;
        Ok(Piece::Formula(Box::new(formula)))
    }

    fn size(&self) -> usize {
        if let Piece::Plain(plain) = self { plain.len() } else { 24 }
    }

    fn written(&self) -> String {
        match self {
            Piece::Plain(plain) => plain.to_string(),
            Piece::Name(name) => format!("{{{{ {name} }}}}"),
            Piece::Parameter(index) => format!("{{{{ parameter {index} }}}}"),
            Piece::Formula(formula) => format!("{{{{ {} }}}}", formula.source),
        }
    }
}

impl Names<'_> {
    fn unknown(&self, name: &str) -> String {
        let mut known: Vec<String> = self.section.iter().map(|name| (*name).to_owned()).collect();
        known.extend(self.parameters.iter().map(|name| format!("parameters.{name}")));
        format!("`{name}` is not known here; known are {}", known.join(", "))
    }
}

fn push_plain(pieces: &mut Vec<Piece>, plain: &str) {
    if plain.is_empty() {
        return;
    }
    if let Some(Piece::Plain(last)) = pieces.last_mut() {
        *last = format!("{last}{plain}").into();
    } else {
        pieces.push(Piece::Plain(plain.into()));
    }
}

/// Where the `}}` stands that ends a hole, quotes skipped.
fn end_of_hole(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut quote = None;
    for (at, byte) in bytes.iter().enumerate() {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(*byte),
            (Some(open), byte) if open == *byte => quote = None,
            (None, b'}') if bytes.get(at + 1) == Some(&b'}') => return Some(at),
            _ => {}
        }
    }
    None
}

impl Formula {
    /// Runs it on sample values, so that unknown filters and wrong types are found at load.
    fn trial(&self) -> Result<(), String> {
        for sample in ["+14155550123", ""] {
            self.run(|_| sample, |_| sample).map_err(|wrong| {
                format!("the expression fails on sample values: {}; filters are {}", wrong.0, FILTERS.join(", "))
            })?;
        }
        Ok(())
    }

    fn evaluate(&self, values: &Values<'_>) -> Result<String, NotRendered> {
        self.run(|name| values.get(name), |index| values.parameter(index))
            .map_err(|NotRendered(why)| NotRendered(format!("`{}`: {why}", self.source)))
    }

    fn run<'v>(
        &self,
        name: impl Fn(&str) -> &'v str,
        parameter: impl Fn(usize) -> &'v str,
    ) -> Result<String, NotRendered> {
        let parameters = self.parameters.iter().map(|(key, index)| (&**key, Value::from(parameter(*index))));
        let parameters = ("parameters", Value::from_pairs(parameters));
        let section = self.names.iter().map(|key| (&**key, Value::from(name(key))));
        finish(self.expression.eval(Value::from_pairs(section.chain([parameters]))))
    }
}

fn finish(result: Result<Value, minijinja::Error>) -> Result<String, NotRendered> {
    let value = result.map_err(|wrong| NotRendered(wrong.detail().unwrap_or(&wrong.kind().to_string()).to_owned()))?;
    if value.is_undefined() {
        return Err(NotRendered("the result is undefined (an `if` needs its `else`)".into()));
    }
    let mut out = String::new();
    if !value.is_none() {
        let _ = write!(out, "{value}");
    }
    if out.len() > LONGEST {
        return Err(NotRendered(format!("the result is longer than {LONGEST} bytes")));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rendered(text: &str, escape: Escape) -> Result<String, String> {
        let names = Names { section: &["to", "from"], parameters: &["sid".into()] };
        let text = Text::compile(text, &names, escape).map_err(|(_, wanted)| wanted)?;
        let parameters = super::super::Parameters::of(&[("sid", "AC1")]);
        let values = Values { section: &[("to", "<+1 & \"2\">")], parameters: &parameters };
        text.render(&values).map_err(|wrong| wrong.0)
    }

    #[test]
    fn holes_are_filled_and_escaped_for_where_they_stand() {
        assert_eq!(rendered("a { b } {{ to }}!", Escape::Plain).unwrap(), "a { b } <+1 & \"2\">!");
        assert_eq!(rendered("<N>{{ to }}</N>", Escape::Xml).unwrap(), "<N>&lt;+1 &amp; &quot;2&quot;&gt;</N>");
        assert_eq!(rendered("\"{{to}}\"", Escape::Json).unwrap(), "\"<+1 & \\\"2\\\">\"");
        assert_eq!(rendered("/x/{{ to }}", Escape::Url).unwrap(), "/x/%3C%2B1%20%26%20%222%22%3E");
        assert_eq!(rendered("{{ parameters.sid }}{{ from }}", Escape::Xml).unwrap(), "AC1");
    }

    #[test]
    fn expressions_are_minijinja() {
        assert_eq!(rendered("{{ from or parameters.sid|lower }}", Escape::Plain).unwrap(), "ac1");
        assert_eq!(rendered("{{ 'a}}b' if to else '' }}", Escape::Plain).unwrap(), "a}}b");
        assert_eq!(rendered("{{ 'sip:+15550100@host'|number }}", Escape::Plain).unwrap(), "+15550100");
    }

    #[test]
    fn what_cannot_work_is_refused_at_load() {
        let cases = [
            ("{% if to %}x{% endif %}", "statements"),
            ("{# note #}", "statements"),
            ("{{ to", "needs its"),
            ("{{ }}", "not a minijinja expression"),
            ("{{ too }}", "`too` is not known here; known are to, from, parameters.sid"),
            ("{{ parameters.token }}", "`parameters.token` is not known here"),
            ("{{ to|nothing }}", "filters are"),
            ("{{ to if from }}", "needs its `else`"),
            ("{{ range(10) }}", "not known here"),
            ("{{ parameters }}", "not known here"),
        ];
        for (text, wanted) in cases {
            let wrong = rendered(text, Escape::Plain).unwrap_err();
            assert!(wrong.contains(wanted), "{text}: {wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_text_compiles_or_is_refused(text in ".{0,40}|[{} %to.|'a]{0,24}") {
            let _ = rendered(&text, Escape::Xml);
        }

        #[test]
        fn xml_reads_back(value in "[ -~]*") {
            let mut out = String::new();
            Escape::Xml.write(&value, &mut out);
            prop_assert!(!out.contains(['<', '>', '"', '\'']));
            let back = out.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
            prop_assert_eq!(back.replace("&amp;", "&"), value);
        }
    }
}
