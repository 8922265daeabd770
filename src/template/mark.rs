//! Marks around what comes from outside, so that every channel can set it apart in its own way: `<bdi>` in HTML, an
//! isolate of direction in plain text, nothing where neither is needed (rule N5).
//!
//! A value enters a text between [`OPEN`] and [`CLOSE`], which no message can hold: they are noncharacters, and
//! `shown` takes them out of all that comes from outside. They are gone again before a message leaves this module.

/// What comes from outside begins.
pub(super) const OPEN: char = '\u{fdd0}';
/// And ends.
pub(super) const CLOSE: char = '\u{fdd1}';
/// A link: this, the address, [`LINK_WORDS`], the words to click on, [`LINK_END`].
pub(super) const LINK: char = '\u{fdd2}';
/// Between the address of a link and its words.
pub(super) const LINK_WORDS: char = '\u{fdd3}';
/// The end of a link.
pub(super) const LINK_END: char = '\u{fdd4}';

/// Each of them.
const ALL: [char; 5] = [OPEN, CLOSE, LINK, LINK_WORDS, LINK_END];

/// First-strong isolate: the direction of what follows is its own.
const FSI: char = '\u{2068}';
/// End of an isolate.
const PDI: char = '\u{2069}';

/// The way a text runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Direction {
    /// From left to right.
    #[default]
    Ltr,
    /// From right to left.
    Rtl,
}

impl Direction {
    /// As HTML has it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Ltr => "ltr",
            Self::Rtl => "rtl",
        }
    }
}

/// A part of a rendered text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// The text's own words.
    Words(&'a str),
    /// From outside.
    Value(&'a str),
    /// An address and the words to click on.
    Link(&'a str, &'a str),
}

/// Between marks.
pub(super) fn marked(value: &str) -> String {
    format!("{OPEN}{value}{CLOSE}")
}

/// Without marks; for filters that read a value.
pub(super) fn bare(value: &str) -> &str {
    value.trim_start_matches(OPEN).trim_end_matches(CLOSE)
}

/// A rendered text in its parts. A mark without its other half is passed over.
pub(super) fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(ALL) {
        push_words(&mut parts, &rest[..at]);
        let from = &rest[at..];
        let mark = from.chars().next().unwrap_or(CLOSE);
        let inside = &from[mark.len_utf8()..];
        match mark {
            OPEN => {
                let end = inside.find(ALL).unwrap_or(inside.len());
                parts.push(Part::Value(&inside[..end]));
                rest = &inside[end..];
            }
            LINK => {
                let end = inside.find(ALL).unwrap_or(inside.len());
                let after = inside[end..].strip_prefix(LINK_WORDS).unwrap_or_default();
                let stop = after.find(ALL).unwrap_or(after.len());
                parts.push(Part::Link(&inside[..end], &after[..stop]));
                rest = if after.is_empty() { &inside[end..] } else { &after[stop..] };
            }
            _ => rest = inside,
        }
    }
    push_words(&mut parts, rest);
    parts
}

fn push_words<'a>(parts: &mut Vec<Part<'a>>, words: &'a str) {
    if !words.is_empty() {
        parts.push(Part::Words(words));
    }
}

/// As plain text. With `isolates`, a value that runs another way than the text is kept together.
pub(super) fn plain(text: &str, direction: Direction, isolates: bool) -> String {
    let mut plain = String::with_capacity(text.len());
    for part in parts(text) {
        match part {
            Part::Words(words) => plain.push_str(words),
            Part::Value(value) if isolates && turns(value, direction) => {
                plain.extend([FSI]);
                plain.push_str(value);
                plain.extend([PDI]);
            }
            Part::Value(value) => plain.push_str(value),
            // The words are for a reader who cannot see the address.
            Part::Link(url, _) => plain.push_str(url),
        }
    }
    plain
}

/// At most so many bytes of a plain text, with `…` at the end where something is left out, and no isolate left open.
pub(super) fn within(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    // Room for `…` and for the end of an isolate, of three bytes each; isolates are not nested.
    let cut = (0..=bytes.saturating_sub(6)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let mut kept = text[..cut].trim_end().to_owned();
    let open = kept.matches(FSI).count() > kept.matches(PDI).count();
    kept.push('\u{2026}');
    kept.extend(open.then_some(PDI));
    kept
}

/// Whether the value would be torn apart in a text of this direction: in one from the left, what has letters from the
/// right; in one from the right, what has anything else than such letters (a number's `+` goes to its other end).
fn turns(value: &str, direction: Direction) -> bool {
    match direction {
        Direction::Ltr => value.chars().any(from_the_right),
        Direction::Rtl => !value.chars().all(|c| from_the_right(c) || c == ' '),
    }
}

/// Letters of scripts that run from right to left, by their blocks (Unicode's bidirectional classes).
fn from_the_right(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}'
        | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn n5_values_are_isolated_where_they_would_turn() {
        let text = |name: &str| format!("a {} b", marked(name));
        for (what, name, direction, isolated) in [
            ("a Latin name in English", "Ann", Direction::Ltr, false),
            ("an Arabic name in English", "ليلى", Direction::Ltr, true),
            ("a number in English", "+4930123456", Direction::Ltr, false),
            ("an Arabic name in Arabic", "ليلى حداد", Direction::Rtl, false),
            ("a Latin name in Arabic", "Ann", Direction::Rtl, true),
            ("a number in Arabic", "+4930123456", Direction::Rtl, true),
            ("a mixed name in Arabic", "ليلى Ann", Direction::Rtl, true),
        ] {
            let with = if isolated { format!("a {FSI}{name}{PDI} b") } else { format!("a {name} b") };
            assert_eq!(plain(&text(name), direction, true), with, "{what}");
            assert_eq!(plain(&text(name), direction, false), format!("a {name} b"), "{what}, without isolates");
        }
    }

    #[test]
    fn a_link_is_its_address_in_plain_text() {
        let link = format!("{LINK}https://example.com/c/1{LINK_WORDS}Stop{LINK_END}.");
        assert_eq!(plain(&link, Direction::Ltr, true), "https://example.com/c/1.");
        assert_eq!(parts(&link), [Part::Link("https://example.com/c/1", "Stop"), Part::Words(".")]);
    }

    #[test]
    fn what_is_too_long_is_cut_between_letters_and_closes_its_isolate() {
        assert_eq!(within("short", 5), "short");
        assert_eq!(within("a long text", 10), "a lo\u{2026}");
        assert_eq!(
            within(&format!("{FSI}\u{e4}\u{e4}\u{e4}\u{e4}{PDI} b"), 14),
            format!("{FSI}\u{e4}\u{e4}\u{2026}{PDI}")
        );
    }

    proptest! {
        #[test]
        fn a_cut_text_fits(text in "[a\u{e4}\u{5d0}\u{1f600} ]{0,60}", bytes in 6_usize..100) {
            let kept = within(&text, bytes);
            prop_assert!(kept.len() <= bytes.max(6), "{kept:?}");
        }

        #[test]
        fn no_mark_is_left_and_nothing_else_is_lost(text in "[a-c \u{fdd0}-\u{fdd4}]{0,40}") {
            let left = plain(&text, Direction::Ltr, true);
            prop_assert!(!left.contains(ALL));
            let letters = |text: &str| text.chars().filter(char::is_ascii_lowercase).collect::<String>();
            if !text.contains(LINK) {
                prop_assert_eq!(letters(&left), letters(&text));
            }
        }
    }
}
