//! Names as keys: two spellings of one name have one key, two names never (rule Q2).
//!
//! A key is compared for equality only, never for likeness, so that the rule and the databases' index agree by
//! construction. Folded are case, width, diacritics, punctuation, white space and the order of the parts. In scripts
//! that write names without spaces the order carries meaning and the spaces do not: there the parts are joined as they
//! stand, and an owner has a key for each order ([`keys`]).

use super::owner::Profile;
use std::fmt;
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// Longest text, in bytes, that is read as a name. Cutting a longer one would make two names one, so it has no key.
pub const LONGEST: usize = 1_000;

/// Longest key in bytes.
pub const LONGEST_KEY: usize = 1_500;

/// Most keys of one owner.
pub const MOST_KEYS: usize = 16;

/// What is compared of a name; `Debug` is masked.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameKey(Box<str>);

impl NameKey {
    /// From what a store kept.
    pub fn stored(key: impl Into<Box<str>>) -> Self {
        Self(key.into())
    }

    /// As stored and compared: at most [`LONGEST_KEY`] bytes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for NameKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "name of {} letters", self.0.chars().count())
    }
}

/// The key of one name as somebody wrote it: `Bob Lee`, `LEE, Bob` and `Ｂｏｂ Lée` have one.
///
/// `None` when nothing of it can be compared: no letter at all (a number, an emoji), or longer than [`LONGEST`].
pub fn key(name: &str) -> Option<NameKey> {
    if name.len() > LONGEST {
        return None;
    }
    let folded = fold(name);
    let (mut parts, mut joined) = (Vec::new(), String::new());
    for part in folded.split(' ').filter(|part| !part.is_empty()) {
        if part.chars().all(|c| unspaced(c) || is_combining_mark(c)) {
            joined.push_str(part);
        } else {
            parts.push(part);
        }
    }
    // Korean letters compose across what was a space.
    let joined: String = joined.nfc().collect();
    if !joined.is_empty() {
        parts.push(&joined);
    }
    parts.sort_unstable();
    let key = parts.join(" ");
    let has_letter = key.chars().any(|c| c.is_alphabetic() && !is_combining_mark(c));
    (has_letter && key.len() <= LONGEST_KEY).then(|| NameKey(key.into()))
}

/// The keys under which an owner is known: the shown name, given and family in both orders, nicknames, organisation;
/// each once, at most [`MOST_KEYS`].
pub fn keys(profile: &Profile) -> Vec<NameKey> {
    let names = [
        profile.name.clone(),
        format!("{} {}", profile.given, profile.family),
        format!("{} {}", profile.family, profile.given),
        format!("{} {} {}", profile.given, profile.additional, profile.family),
    ];
    // A given or family name alone is nobody's whole name, unless it is all that there is.
    let whole = !profile.given.trim().is_empty() && !profile.family.trim().is_empty();
    let structured = if whole { &names[1..] } else { &[] };
    let others = profile.nicknames.iter().chain([&profile.organisation]);
    collect(names[..1].iter().chain(structured).chain(others).map(String::as_str))
}

/// The distinct keys of these names, in their order, at most [`MOST_KEYS`].
pub fn collect<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<NameKey> {
    let mut keys = Vec::new();
    for found in names.into_iter().filter_map(key) {
        if keys.len() < MOST_KEYS && !keys.contains(&found) {
            keys.push(found);
        }
    }
    keys
}

/// Everything but the order of the parts: what is left is letters, digits, marks that make another letter, and one
/// kind of space.
fn fold(name: &str) -> String {
    if name.is_ascii() {
        return name.chars().filter(|&c| !unseen(c)).map(fold_ascii).collect();
    }
    // Signs beside a name that compatibility forms would turn into letters of it, and the accent that, standing alone,
    // is a mistyped apostrophe.
    let plain = name.chars().map(|c| match c {
        '™' | '℠' | '®' | '©' | 'ℹ' | 'Ⓜ' | '㊗' | '㊙' | '\u{1F170}'..='\u{1F2FF}' => ' ',
        '´' | '\u{1FFD}' => '\'',
        _ => c,
    });
    // Lower, upper, lower is full case folding: ß, ẞ and SS meet, and so do ς and Σ, ı and I.
    let cased = plain.nfkd().flat_map(char::to_lowercase).flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    let mut base = ' ';
    let mut out = String::with_capacity(name.len());
    for c in cased.nfkd() {
        if is_combining_mark(c) {
            // A mark without a letter before it would join the next part's once the parts are sorted.
            if base.is_alphanumeric() && !is_diacritic(base, c) {
                out.push(c);
            }
            continue;
        }
        if unseen(c) {
            continue;
        }
        base = c;
        match c {
            // Letters whose stroke or ligature has no decomposition, as they are typed without it.
            'ł' => out.push('l'),
            'ø' => out.push('o'),
            'đ' => out.push('d'),
            'ħ' => out.push('h'),
            'ŧ' => out.push('t'),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            _ if c.is_alphanumeric() => out.push(c),
            _ => out.push(' '),
        }
    }
    out.nfc().collect()
}

fn fold_ascii(c: char) -> char {
    if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { ' ' }
}

/// Apostrophes, which are left out as often as written, and what has no shape of its own.
fn unseen(c: char) -> bool {
    matches!(c,
        '\'' | '`' | '’' | '‘' | '‛' | '′' | 'ʼ' | 'ʻ' | '\u{AD}' | '\u{61C}' | '\u{640}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}')
}

/// Whether `mark` only decorates `base`. Marks that make another letter stay: Japanese voicing, vowels of Indic
/// scripts, and й, ў, ї, ѓ, ќ of Cyrillic.
fn is_diacritic(base: char, mark: char) -> bool {
    match mark {
        '\u{306}' => !matches!(base, 'и' | 'у'),
        '\u{308}' => base != 'і',
        '\u{301}' => !matches!(base, 'г' | 'к'),
        '\u{300}'..='\u{36F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}'
        | '\u{180B}'..='\u{180F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FE20}'..='\u{FE2F}'
        // Points of Hebrew and Arabic, left out in everyday writing.
        | '\u{591}'..='\u{5C7}' | '\u{610}'..='\u{61A}' | '\u{64B}'..='\u{65F}' | '\u{670}'
        | '\u{6D6}'..='\u{6ED}' => true,
        _ => false,
    }
}

/// Letters of scripts that write a name without a space between its parts.
fn unspaced(c: char) -> bool {
    matches!(c,
        '\u{1100}'..='\u{11FF}' | '々' | '〇' | '\u{3041}'..='\u{318F}' | '\u{31A0}'..='\u{31BF}'
        | '\u{31F0}'..='\u{31FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{A960}'..='\u{A97F}'
        | '\u{AC00}'..='\u{D7FF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

#[cfg(test)]
mod tests;
