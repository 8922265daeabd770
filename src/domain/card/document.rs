//! A vCard as the lines it was written in.

use super::text;

/// Largest card in bytes: room for a photo, and a bound for what one line of an upload can cost.
pub const LARGEST: usize = 4 << 20;

/// Most lines of one card; a folded line counts once.
const MOST_LINES: usize = 20_000;

/// Which standard a card follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// The versit consortium's, still exported by Android.
    V21,
    /// RFC 2426.
    V30,
    /// RFC 6350.
    V40,
}

/// Why bytes are not a vCard, and what would be right. Lines count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCard {
    /// Something else stands first.
    #[error("line {line}: a card begins with BEGIN:VCARD")]
    NoBegin {
        /// Where.
        line: usize,
    },
    /// The bytes end within the card.
    #[error("line {line}: the card that begins here has no END:VCARD")]
    NoEnd {
        /// Where the card begins.
        line: usize,
    },
    /// A second card, or anything else, follows.
    #[error("line {line}: nothing may follow END:VCARD here, one card is expected")]
    AfterEnd {
        /// Where.
        line: usize,
    },
    /// There is no version.
    #[error("line {line}: the card that begins here needs a line VERSION:3.0 (2.1 and 4.0 are read too)")]
    NoVersion {
        /// Where the card begins.
        line: usize,
    },
    /// The version is none of the three.
    #[error("line {line}: this version is not known; VERSION:2.1, 3.0 or 4.0 is read")]
    UnknownVersion {
        /// Where.
        line: usize,
    },
    /// A line without a colon.
    #[error("line {line}: a property looks like NAME:value; a continued line begins with a space")]
    NoColon {
        /// Where.
        line: usize,
    },
    /// A property name that cannot be one.
    #[error("line {line}: a property name has letters, digits and hyphens only")]
    BadName {
        /// Where.
        line: usize,
    },
    /// Too many bytes or lines.
    #[error("line {line}: the card that begins here is larger than {LARGEST} bytes or 20000 lines")]
    TooLarge {
        /// Where the card begins.
        line: usize,
    },
}

/// A parameter of a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param {
    /// As written; empty for the bare words of version 2.1 (`TEL;CELL:`).
    pub name: Box<str>,
    /// The values between commas, without quotation marks.
    pub values: Vec<Box<str>>,
}

/// One property, unfolded for reading and kept as it was written.
#[derive(Clone, PartialEq, Eq)]
pub struct Line {
    /// Every byte, folds and line ends included.
    pub(super) raw: Vec<u8>,
    /// How often a `BEGIN` is open: 1 for the card's own properties, more inside of a nested card (AGENT in 2.1).
    pub(super) depth: u32,
    /// Where it begins, from 1.
    pub at: usize,
    /// `item1` of `item1.TEL`, as written.
    pub group: Option<Box<str>>,
    /// As written; empty for a blank line.
    pub name: Box<str>,
    /// In their order.
    pub params: Vec<Param>,
    /// What stands between name and colon, unfolded.
    pub(super) head: Box<str>,
    /// What follows the colon, unfolded, encodings and escapes left in.
    pub(super) value: Vec<u8>,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line").field("at", &self.at).field("name", &self.name).finish_non_exhaustive()
    }
}

impl Line {
    /// Whether the property has this name, in any case.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The first value of a parameter.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|param| param.name.eq_ignore_ascii_case(name))?.values.first().map(|value| &**value)
    }

    /// All TYPE values, and the bare words of version 2.1, in lower case.
    pub fn types(&self) -> Vec<String> {
        let typed = self.params.iter().filter(|param| param.name.is_empty() || param.name.eq_ignore_ascii_case("type"));
        // Some writers quote the whole list: TYPE="work,voice".
        typed.flat_map(|param| &param.values).flat_map(|value| value.split(',')).map(str::to_ascii_lowercase).collect()
    }
}

/// A card, byte for byte as it was received, with its properties readable and its lines editable.
///
/// ```
/// # use redial::domain::card::Document;
/// let bytes = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Bob Lee\r\nX-PET;kind=Dog:Rex\r\nEND:VCARD\r\n";
/// let card = Document::parse(bytes)?;
/// assert_eq!((card.name().as_str(), card.to_bytes()), ("Bob Lee", bytes.to_vec()));
/// # Ok::<(), redial::domain::card::BadCard>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    version: Version,
    bom: bool,
    pub(super) lines: Vec<Line>,
}

impl Document {
    /// Reads exactly one card. Blank lines around it are kept; a byte order mark is accepted.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadCard> {
        if bytes.len() > LARGEST {
            return Err(BadCard::TooLarge { line: 1 });
        }
        let (bom, body) = match bytes.strip_prefix(b"\xEF\xBB\xBF") {
            Some(body) => (true, body),
            None => (false, bytes),
        };
        let mut reader = LineReader { rest: body, at: 1 };
        let (mut lines, mut depth, mut begun) = (Vec::<Line>::new(), 0_u32, None);
        while let Some(mut line) = reader.next_line()? {
            if lines.len() >= MOST_LINES {
                return Err(BadCard::TooLarge { line: begun.unwrap_or(1) });
            }
            if line.name.is_empty() {
                lines.push(line);
                continue;
            }
            let of_card = line.value.trim_ascii().eq_ignore_ascii_case(b"VCARD");
            match (depth, line.is("BEGIN") && of_card) {
                (0, true) if begun.is_none() => begun = Some(line.at),
                (0, _) if begun.is_some() => return Err(BadCard::AfterEnd { line: line.at }),
                (0, _) => return Err(BadCard::NoBegin { line: line.at }),
                _ => {}
            }
            depth += u32::from(line.is("BEGIN") && of_card);
            line.depth = depth;
            depth -= u32::from(line.is("END") && of_card);
            lines.push(line);
        }
        let begun = begun.ok_or(BadCard::NoBegin { line: 1 })?;
        if depth > 0 {
            return Err(BadCard::NoEnd { line: begun });
        }
        let written = lines.iter().find(|line| line.depth == 1 && line.is("VERSION"));
        let written = written.ok_or(BadCard::NoVersion { line: begun })?;
        let version = match written.value.trim_ascii() {
            b"2.1" => Version::V21,
            b"3.0" => Version::V30,
            b"4.0" => Version::V40,
            _ => return Err(BadCard::UnknownVersion { line: written.at }),
        };
        Ok(Self { version, bom, lines })
    }

    /// Which standard it follows.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Every byte: what was read, but for the lines that were edited.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.lines.iter().map(|line| line.raw.len()).sum::<usize>() + 3);
        if self.bom {
            bytes.extend_from_slice(b"\xEF\xBB\xBF");
        }
        for line in &self.lines {
            bytes.extend_from_slice(&line.raw);
        }
        bytes
    }

    /// The card's own properties with their places, in order; nested cards and blank lines left out.
    pub fn properties(&self) -> impl Iterator<Item = (usize, &Line)> {
        self.lines.iter().enumerate().filter(|(_, line)| {
            line.depth == 1 && !line.name.is_empty() && !line.is("BEGIN") && !line.is("END") && !line.is("VERSION")
        })
    }

    /// The card's own properties of one name, with their places.
    pub fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (usize, &'a Line)> {
        self.properties().filter(move |(_, line)| line.is(name))
    }

    /// A property's text: encodings, character sets and escapes undone.
    pub fn text(&self, line: &Line) -> String {
        text::whole(line, self.version)
    }

    /// A structured property (`N`, `ADR`, `ORG`): the components, and the values of each.
    pub fn components(&self, line: &Line) -> Vec<Vec<String>> {
        text::components(line, self.version)
    }

    /// A list (`NICKNAME`): the values between commas.
    pub fn list(&self, line: &Line) -> Vec<String> {
        text::list(line, self.version)
    }

    /// Gives one property another text; group, name, parameters and every other line stay byte for byte. A place that
    /// is no property of the card changes nothing and gives `false`.
    pub fn replace_text(&mut self, place: usize, new: &str) -> bool {
        if !self.is_property(place) {
            return false;
        }
        let end = self.line_end();
        let version = self.version;
        let line = &mut self.lines[place];
        // What the old bytes were encoded in does not hold for the new ones.
        let head = text::head_without_encoding(line, !new.is_ascii() && version == Version::V21);
        let content = format!("{head}:{}", text::escape(new, version));
        let depth = line.depth;
        let Some(mut made) = Line::made(&content, end, version) else { return false };
        (made.depth, made.at) = (depth, line.at);
        *line = made;
        true
    }

    /// Puts a line, written as `NAME;PARAM=x:value` with its escapes, behind the property at `place`. `false` where
    /// the place is no property of the card, or the line cannot be one.
    pub fn insert_after(&mut self, place: usize, content: &str) -> bool {
        if !self.is_property(place) {
            return false;
        }
        let Some(mut line) = Line::made(content, self.line_end(), self.version) else { return false };
        (line.depth, line.at) = (1, self.lines[place].at);
        self.lines.insert(place + 1, line);
        true
    }

    /// Takes a property away; `false` where the place is none.
    pub fn remove(&mut self, place: usize) -> bool {
        let is_property = self.is_property(place);
        if is_property {
            self.lines.remove(place);
        }
        is_property
    }

    fn is_property(&self, place: usize) -> bool {
        self.properties().any(|(index, _)| index == place)
    }

    /// How the card ends its lines.
    fn line_end(&self) -> &'static str {
        if self.lines.first().is_some_and(|line| line.raw.ends_with(b"\r\n")) { "\r\n" } else { "\n" }
    }
}

impl Line {
    /// A line of our own, folded at 75 octets.
    pub(super) fn made(content: &str, end: &str, version: Version) -> Option<Self> {
        if content.trim().is_empty() || content.contains(['\r', '\n']) {
            return None;
        }
        let mut raw = String::with_capacity(content.len() + 8);
        match version {
            // A space within a folded 2.1 line has two readings, so these are not folded.
            Version::V21 => {
                raw.push_str(content);
                raw.push_str(end);
            }
            Version::V30 | Version::V40 => text::fold(&mut raw, content, end),
        }
        let mut line = Self::read(content.as_bytes(), 1).ok()?;
        line.raw = raw.into_bytes();
        Some(line)
    }

    /// From one unfolded line without its end.
    fn read(content: &[u8], at: usize) -> Result<Self, BadCard> {
        let blank = content.trim_ascii().is_empty();
        let colon = if blank { 0 } else { text::colon(content).ok_or(BadCard::NoColon { line: at })? };
        let value = if blank { Vec::new() } else { content[colon + 1..].to_vec() };
        let head = String::from_utf8_lossy(&content[..colon]).into_owned();
        let (full_name, params) = head.split_once(';').unwrap_or((&head, ""));
        let (group, name) = match full_name.split_once('.') {
            Some((group, name)) => (Some(group.trim()), name.trim()),
            None => (None, full_name.trim()),
        };
        let good =
            |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        if !(blank || good(name) && group.is_none_or(good)) {
            return Err(BadCard::BadName { line: at });
        }
        let (group, name) = (group.map(Box::from), Box::from(name));
        let params = text::params(params);
        Ok(Self { raw: Vec::new(), depth: 0, at, group, name, params, head: head.into(), value })
    }

    pub(super) fn is_quoted_printable(&self) -> bool {
        self.encoded_as(&["quoted-printable"])
    }

    pub(super) fn is_base64(&self) -> bool {
        self.encoded_as(&["base64", "b"])
    }

    fn encoded_as(&self, words: &[&str]) -> bool {
        self.params.iter().any(|param| {
            (param.name.is_empty() || param.name.eq_ignore_ascii_case("encoding"))
                && param.values.iter().any(|value| words.iter().any(|word| value.eq_ignore_ascii_case(word)))
        })
    }
}

/// Takes logical lines off the front.
struct LineReader<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> LineReader<'a> {
    fn next_line(&mut self) -> Result<Option<Line>, BadCard> {
        let (start, at) = (self.rest, self.at);
        let Some(first) = self.physical() else { return Ok(None) };
        let (quoted, base64) = encodings(first, at);
        let mut content = first.to_vec();
        loop {
            let folded = matches!(self.rest.first(), Some(b' ' | b'\t'));
            let soft = quoted && content.ends_with(b"=");
            // Old phones wrote base64 without folding it.
            let bare = base64 && is_base64_text(LineReader { rest: self.rest, at }.physical().unwrap_or_default());
            if !(folded || soft || bare) {
                break;
            }
            let Some(more) = self.physical() else { break };
            if soft {
                content.pop();
            }
            content.extend_from_slice(&more[usize::from(folded)..]);
        }
        let mut line = Line::read(&content, at)?;
        line.raw = start[..start.len() - self.rest.len()].to_vec();
        Ok(Some(line))
    }

    /// One line as it stands, without its end.
    fn physical(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let length = self.rest.iter().position(|&b| b == b'\n').map_or(self.rest.len(), |end| end + 1);
        let (line, rest) = self.rest.split_at(length);
        self.rest = rest;
        self.at += 1;
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }
}

/// Whether a line's first part says that it is quoted-printable, or base64.
fn encodings(first: &[u8], at: usize) -> (bool, bool) {
    let head = &first[..text::colon(first).unwrap_or(0)];
    let mentions = |word: &[u8]| head.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word));
    if !mentions(b"QUOTED-PRINTABLE") && !mentions(b"BASE64") {
        return (false, false);
    }
    // Another parameter may hold these words too.
    Line::read(first, at).map_or((false, false), |line| (line.is_quoted_printable(), line.is_base64()))
}

/// A whole line of base64; an empty one ends it.
fn is_base64_text(content: &[u8]) -> bool {
    !content.is_empty() && content.iter().all(|&b| b.is_ascii_alphanumeric() || b"+/=".contains(&b))
}
