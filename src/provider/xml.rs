//! The values of an XML body by spans, so that one of them can be replaced and every other byte stays.
//!
//! No reader of XML in general: what can mean one thing here and another to the provider (entities of its own, encodings,
//! tags that do not close) makes the whole body unreadable, and then nothing in it is believed or replaced.

use std::{borrow::Cow, fmt::Write as _, ops::Range};

/// An element that holds nothing but text, or an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leaf {
    /// `/message/submit/da/number`; an attribute's ends in `/@name`.
    pub(super) path: Box<str>,
    /// What stands in it, without the blanks around it.
    pub(super) text: Box<str>,
    /// Where that stands, as it is written.
    pub(super) span: Range<usize>,
    /// Whether it is one run of letters: no comment and no CDATA section in it, which some readers skip.
    pub(super) plain: bool,
}

/// How deep elements may lie, and how many there may be.
const DEEPEST: usize = 16;
const MOST: usize = 4_096;

/// The elements that hold nothing but text, in their order; `None` where the body cannot be read for certain.
pub(super) fn read(body: &[u8]) -> Option<Vec<Leaf>> {
    leaves(body, false)
}

/// The same and all attributes, each element's before what it holds.
pub(super) fn read_attributes(body: &[u8]) -> Option<Vec<Leaf>> {
    leaves(body, true)
}

fn leaves(body: &[u8], attributes: bool) -> Option<Vec<Leaf>> {
    let text = std::str::from_utf8(body).ok()?;
    let text_from = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut reader =
        Reader { text, at: text_from, open: Vec::new(), path: String::new(), leaves: Vec::new(), seen: 0, attributes };
    while reader.step()? {}
    (reader.open.is_empty() && reader.seen > 0).then_some(reader.leaves)
}

/// A value as it stands between tags or quotes, in any encoding that a body may have.
pub(super) fn quote(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 8);
    for letter in value.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            ' '..='~' => out.push(letter),
            other => {
                let _never_fails = write!(out, "&#{};", u32::from(other));
            }
        }
    }
    out
}

/// An element that has begun.
struct Open<'t> {
    name: &'t str,
    /// Length of the path before it.
    before: usize,
    content: usize,
    text: String,
    plain: bool,
    leaf: bool,
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    open: Vec<Open<'t>>,
    path: String,
    leaves: Vec<Leaf>,
    seen: usize,
    attributes: bool,
}

impl<'t> Reader<'t> {
    /// Takes the next piece; `false` at the end.
    fn step(&mut self) -> Option<bool> {
        let rest = &self.text[self.at..];
        if rest.is_empty() {
            return Some(false);
        }
        if let Some(inside) = rest.strip_prefix("<!--") {
            self.at += 4 + inside.find("-->")? + 3;
            self.interrupted();
        } else if let Some(inside) = rest.strip_prefix("<![CDATA[") {
            let end = inside.find("]]>")?;
            let open = self.open.last_mut()?;
            open.text.push_str(&inside[..end]);
            self.at += 9 + end + 3;
            self.interrupted();
        } else if let Some(inside) = rest.strip_prefix("<?") {
            let end = inside.find("?>")?;
            if is_declaration(inside) && !(self.seen == 0 && known_encoding(&inside[..end], self.text.is_ascii())) {
                return None;
            }
            self.at += 2 + end + 2;
            self.interrupted();
        } else if let Some(inside) = rest.strip_prefix("<!DOCTYPE") {
            let end = inside.find('>')?;
            // A document type may hold entities of its own.
            if self.seen > 0 || inside[..end].contains('[') {
                return None;
            }
            self.at += 9 + end + 1;
        } else if let Some(inside) = rest.strip_prefix("</") {
            let end = inside.find('>')?;
            self.close(inside[..end].trim_ascii_end(), self.at)?;
            self.at += 2 + end + 1;
        } else if let Some(inside) = rest.strip_prefix('<') {
            self.begin(inside)?;
        } else {
            let end = rest.find('<').unwrap_or(rest.len());
            let letters = unescape(&rest[..end])?;
            match self.open.last_mut() {
                Some(open) => open.text.push_str(&letters),
                None if letters.trim_ascii().is_empty() => {}
                None => return None,
            }
            self.at += end;
        }
        Some(true)
    }

    fn interrupted(&mut self) {
        if let Some(open) = self.open.last_mut() {
            open.plain = false;
        }
    }

    /// A tag that begins an element, `inside` being what follows its `<`.
    fn begin(&mut self, inside: &'t str) -> Option<()> {
        let end = tag_end(inside)?;
        let (tag, empty) = match inside[..end].strip_suffix('/') {
            Some(tag) => (tag, true),
            None => (&inside[..end], false),
        };
        let name = tag.split(|letter: char| letter.is_ascii_whitespace()).next().filter(|name| is_name(name))?;
        // One root, and not too much below it.
        if self.open.is_empty() && self.seen > 0 || self.open.len() >= DEEPEST || self.seen >= MOST {
            return None;
        }
        self.seen += 1;
        if let Some(parent) = self.open.last_mut() {
            parent.leaf = false;
        }
        let before = self.path.len();
        self.path.push('/');
        self.path.push_str(name);
        if self.attributes {
            self.attributes(&tag[name.len()..], self.at + 1 + name.len())?;
        }
        self.at += 1 + end + 1;
        self.open.push(Open { name, before, content: self.at, text: String::new(), plain: true, leaf: true });
        if empty { self.close(name, self.at) } else { Some(()) }
    }

    /// The attributes of a tag, `inside` being what follows its name and `at` where that stands.
    fn attributes(&mut self, inside: &str, at: usize) -> Option<()> {
        let mut rest = inside.trim_ascii_start();
        while !rest.is_empty() {
            let (name, after) = rest.split_once('=')?;
            let (name, after) = (name.trim_ascii_end(), after.trim_ascii_start());
            let quote = after.chars().next().filter(|letter| matches!(letter, '"' | '\''))?;
            let (raw, left) = after[1..].split_once(quote)?;
            if !is_name(name) || self.leaves.len() >= MOST {
                return None;
            }
            let start = at + (inside.len() - after.len()) + 1;
            let path = format!("{}/@{name}", self.path).into();
            self.leaves.push(Leaf {
                path,
                text: (&*unescape(raw)?).into(),
                span: start..start + raw.len(),
                plain: true,
            });
            rest = left.trim_ascii_start();
        }
        Some(())
    }

    fn close(&mut self, name: &str, end: usize) -> Option<()> {
        let open = self.open.pop().filter(|open| open.name == name)?;
        if open.leaf {
            let raw = &self.text[open.content..end];
            let start = open.content + (raw.len() - raw.trim_ascii_start().len());
            let span = start..start.max(open.content + raw.trim_ascii_end().len());
            let (path, text) = (self.path.as_str().into(), open.text.trim_ascii().into());
            self.leaves.push(Leaf { path, text, span, plain: open.plain });
        }
        self.path.truncate(open.before);
        Some(())
    }
}

/// The end of a tag; a `>` between quotes is none.
fn tag_end(inside: &str) -> Option<usize> {
    let mut quoted: Option<char> = None;
    for (at, letter) in inside.char_indices() {
        match (quoted, letter) {
            (_, '<') => return None,
            (Some(quote), _) if quote == letter => quoted = None,
            (None, '"' | '\'') => quoted = Some(letter),
            (None, '>') => return Some(at),
            _ => {}
        }
    }
    None
}

fn is_name(name: &str) -> bool {
    let sign = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.' | ':');
    !name.is_empty() && name.chars().all(sign)
}

fn is_declaration(inside: &str) -> bool {
    inside.strip_prefix("xml").is_some_and(|rest| rest.starts_with(|letter: char| letter.is_ascii_whitespace()))
}

/// Whether the letters mean what they mean in UTF-8.
fn known_encoding(declaration: &str, ascii: bool) -> bool {
    let Some((_, after)) = declaration.split_once("encoding") else { return true };
    let named = after.trim_ascii_start().strip_prefix('=').map(str::trim_ascii).unwrap_or_default();
    let named = named.strip_prefix(['"', '\'']).and_then(|rest| rest.split(['"', '\'']).next()).unwrap_or_default();
    let named = named.to_ascii_lowercase();
    match named.as_str() {
        "utf-8" => true,
        other => ascii && (other == "us-ascii" || other.starts_with("iso-8859-") || other.starts_with("windows-125")),
    }
}

/// Letters with the five entities that everybody knows, and letters by their number; `None` where there are others.
fn unescape(raw: &str) -> Option<Cow<'_, str>> {
    if !raw.contains('&') {
        return Some(Cow::Borrowed(raw));
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('&') {
        let (entity, left) = after.split_once(';')?;
        out.push_str(before);
        out.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => {
                let number = entity.strip_prefix('#')?;
                let number = match number.strip_prefix('x') {
                    Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                    None => number.parse().ok()?,
                };
                char::from_u32(number)?
            }
        });
        rest = left;
    }
    out.push_str(rest);
    Some(Cow::Owned(out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(body: &str) -> Option<Vec<(String, String)>> {
        let pair = |leaf: &Leaf| (leaf.path.to_string(), leaf.text.to_string());
        read(body.as_bytes()).map(|leaves| leaves.iter().map(pair).collect())
    }

    #[test]
    fn values_are_found_by_the_names_of_their_elements() {
        let body = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<!DOCTYPE message SYSTEM \"m.dtd\">\n\
                    <message><!-- > --><submit a='>'><da><number>\n &#43;1 </number></da><da><number type=\"x\">2</number></da>\
                    <ud><![CDATA[a<b]]> &amp;c</ud><oa/></submit></message>\n";
        let wanted = [("da/number", "+1"), ("da/number", "2"), ("ud", "a<b &c"), ("oa", "")];
        let wanted = wanted.map(|(path, text)| (format!("/message/submit/{path}"), text.to_owned()));
        assert_eq!(found(body), Some(wanted.to_vec()));
        let leaves = read(body.as_bytes()).unwrap();
        assert_eq!(leaves.iter().map(|leaf| &body[leaf.span.clone()]).collect::<Vec<_>>()[..2], ["&#43;1", "2"]);
        assert_eq!(leaves.iter().map(|leaf| leaf.plain).collect::<Vec<_>>(), [true, true, false, true]);
    }

    #[test]
    fn what_may_mean_something_else_to_others_is_not_read() {
        for body in [
            "",
            "a",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "<a>1</a>2",
            "<a>&b;</a>",
            "<a>& </a>",
            "<!DOCTYPE a [<!ENTITY b \"1\">]><a>&b;</a>",
            "<?xml version=\"1.0\" encoding=\"UTF-7\"?><a>+1</a>",
            "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><a>é</a>",
            "<a><?xml version=\"1.0\"?></a>",
            "<a b='<'/>",
            "<a><![CDATA[</a>",
        ] {
            assert_eq!(found(body), None, "{body}");
        }
        assert_eq!(found(&"<a>".repeat(20)), None, "too deep");
        assert_eq!(found(&format!("<a>{}</a>", "<b/>".repeat(MOST))), None, "too many");
        assert_eq!(found("<a>1<b>2</b></a>"), Some(vec![("/a/b".into(), "2".into())]), "mixed is no value");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_not(body: Vec<u8>, text in "[<>/a &;#!\\[\\]CDAT\"'=?-]{0,60}") {
            let _no_panic = (read(&body), read(text.as_bytes()));
        }

        /// A value that is put in reads back, and nothing else changes.
        #[test]
        fn a_value_reads_back(value in "[!-~é€\u{1f600}]([ -~é€\u{1f600}]{0,20}[!-~é€\u{1f600}])?", old in "[a-z]{0,5}") {
            let body = format!("<a><b>{old}</b><c>{old}</c></a>");
            let span = read(body.as_bytes()).unwrap()[1].span.clone();
            let new = super::super::form::replace(body.as_bytes(), vec![(span, quote(&value))]);
            let leaves = read(&new).unwrap();
            prop_assert_eq!([&*leaves[0].text, &*leaves[1].text], [&*old, &*value]);
            prop_assert!(new.is_ascii());
        }
    }
}
