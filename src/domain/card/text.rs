//! Values of properties: encodings, character sets, escapes, folds.

use super::document::{Line, Param, Version};
use std::borrow::Cow;

/// Longest line that is written, in octets without its end (RFC 6350 section 3.2).
const WIDTH: usize = 75;

/// Where the value begins: the first colon outside of quotation marks, or the first at all where they are not paired.
pub(super) fn colon(content: &[u8]) -> Option<usize> {
    let mut quoted = false;
    for (place, &byte) in content.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b':' if !quoted => return Some(place),
            _ => {}
        }
    }
    content.iter().position(|&byte| byte == b':')
}

/// Cuts at every `separator` outside of quotation marks.
fn unquoted_split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c| {
        quoted ^= c == '"';
        c == separator && !quoted
    })
}

pub(super) fn params(text: &str) -> Vec<Param> {
    let written = unquoted_split(text, ';').map(str::trim).filter(|param| !param.is_empty());
    let param = |written: &str| match written.split_once('=') {
        Some((name, values)) => {
            let values = unquoted_split(values, ',').map(|value| value.trim().trim_matches('"').into()).collect();
            Param { name: name.trim().into(), values }
        }
        None => Param { name: "".into(), values: vec![written.into()] },
    };
    written.map(param).collect()
}

/// Name, group and parameters without those that say how the bytes were encoded.
pub(super) fn head_without_encoding(line: &Line, declare_utf8: bool) -> String {
    let encoding = ["encoding", "charset", "quoted-printable", "base64", "8bit", "7bit"];
    let kept = unquoted_split(&line.head, ';').filter(|part| {
        let name = part.split('=').next().unwrap_or_default().trim();
        !encoding.iter().any(|word| name.eq_ignore_ascii_case(word))
    });
    let mut head = kept.collect::<Vec<_>>().join(";");
    if declare_utf8 {
        head.push_str(";CHARSET=UTF-8");
    }
    head
}

pub(super) fn whole(line: &Line, version: Version) -> String {
    unescape(&decode(line, &line.value), version).trim().to_owned()
}

pub(super) fn components(line: &Line, version: Version) -> Vec<Vec<String>> {
    let lists = |text: &str| match version {
        Version::V21 => vec![unescape(text, version).trim().to_owned()],
        Version::V30 | Version::V40 => commas(text, version),
    };
    // Quoted-printable hides separators that belong to the text, so it is cut before it is decoded; other encodings
    // may use the separators' bytes within a letter, so they are decoded before they are cut.
    if line.is_quoted_printable() {
        return escaped_split(&line.value, b';').map(|part| lists(&decode(line, part))).collect();
    }
    let text = decode(line, &line.value);
    escaped_split(text.as_bytes(), b';').map(|part| lists(&String::from_utf8_lossy(part))).collect()
}

pub(super) fn list(line: &Line, version: Version) -> Vec<String> {
    commas(&decode(line, &line.value), version)
}

fn commas(text: &str, version: Version) -> Vec<String> {
    let values = escaped_split(text.as_bytes(), b',');
    values.map(|value| unescape(&String::from_utf8_lossy(value), version).trim().to_owned()).collect()
}

/// Cuts at every `separator` that no backslash stands before.
fn escaped_split(text: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut escaped = false;
    text.split(move |&byte| {
        let here = byte == separator && !escaped;
        escaped = byte == b'\\' && !escaped;
        here
    })
}

/// Bytes to text: quoted-printable undone, character set read.
fn decode<'a>(line: &Line, bytes: &'a [u8]) -> Cow<'a, str> {
    let charset = line.param("charset");
    if line.is_quoted_printable() {
        let unquoted = unquote(bytes);
        return Cow::Owned(decode_charset(&unquoted, charset).into_owned());
    }
    decode_charset(bytes, charset)
}

fn unquote(bytes: &[u8]) -> Vec<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|&b| char::from(b).to_digit(16)).and_then(|d| u8::try_from(d).ok());
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match (byte, digit(tail.first()), digit(tail.get(1))) {
            (b'=', Some(high), Some(low)) => {
                out.push(high << 4 | low);
                rest = &tail[2..];
            }
            _ => out.push(byte),
        }
    }
    out
}

/// UTF-8 where it is that, whatever is declared: many exports declare nothing, or wrongly. Else the declared set, else
/// Latin-1.
fn decode_charset<'a>(bytes: &'a [u8], charset: Option<&str>) -> Cow<'a, str> {
    // ISO-2022 and UTF-7 look like plain ASCII.
    let seven_bit = charset.is_some_and(|name| name.to_ascii_lowercase().starts_with("iso-2022"));
    if let (false, Ok(text)) = (seven_bit, std::str::from_utf8(bytes)) {
        return Cow::Borrowed(text);
    }
    match charset.and_then(|name| encoding_rs::Encoding::for_label(name.as_bytes())) {
        Some(encoding) => encoding.decode_without_bom_handling(bytes).0,
        None => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
    }
}

fn unescape(text: &str, version: Version) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            out.push(letter);
            continue;
        }
        match letters.next() {
            Some('n' | 'N') if version != Version::V21 => out.push('\n'),
            Some(escaped @ (';' | ',' | ':' | '\\')) => out.push(escaped),
            Some(other) => out.extend(['\\', other]),
            None => out.push('\\'),
        }
    }
    out
}

/// A text as it stands in a value (RFC 6350 section 3.4). In 2.1 only a semicolon can be escaped, and a line end not at
/// all, so it becomes a space.
pub(super) fn escape(text: &str, version: Version) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        match (letter, version) {
            ('\n', Version::V21) => out.push(' '),
            (';', Version::V21) => out.push_str("\\;"),
            (_, Version::V21) if !letter.is_control() => out.push(letter),
            ('\n', _) => out.push_str("\\n"),
            ('\\' | ',' | ';', _) => out.extend(['\\', letter]),
            _ if letter.is_control() && letter != '\t' => {}
            _ => out.push(letter),
        }
    }
    out
}

/// A parameter's value: no quotation mark or control can stand in one; quoted where it holds a separator.
pub(super) fn param_value(text: &str) -> String {
    let clean: String = text.chars().filter(|&c| c != '"' && !c.is_control()).collect();
    if clean.contains([':', ';', ',']) { format!("\"{clean}\"") } else { clean }
}

/// Appends a line in pieces of at most 75 octets, cut between letters.
pub(super) fn fold(out: &mut String, content: &str, end: &str) {
    let (mut rest, mut room) = (content, WIDTH);
    while rest.len() > room {
        let cut = (1..=room).rev().find(|&place| rest.is_char_boundary(place)).unwrap_or(rest.len());
        out.push_str(&rest[..cut]);
        out.push_str(end);
        out.push(' ');
        (rest, room) = (&rest[cut..], WIDTH - 1);
    }
    out.push_str(rest);
    out.push_str(end);
}
