//! What a stranger's text may look like in a message (rule N5).

/// Longer names and words are cut with an ellipsis; in UTF-16 units, as text messages count.
pub(super) const NAME_MOST: usize = 60;

/// A name or label as it may stand in a message: one line, no control characters, no characters that turn the
/// direction of what follows, not too long. `None` where it holds a link or a number, or nothing: a message about a
/// changed number that carries another number or a link in the sender's name is a classic fraud.
pub(super) fn name(text: &str) -> Option<String> {
    let plain = one_line(text);
    let digits = plain.chars().filter(|c| c.is_numeric()).count();
    if plain.is_empty() || digits >= 4 || holds_link(&plain) {
        return None;
    }
    Some(cut(&plain, NAME_MOST))
}

/// Not longer than `most` UTF-16 units, even where the ellipsis becomes three points. What makes one character for its
/// reader (accents, joined emoji) is not torn apart.
pub(super) fn cut(plain: &str, most: usize) -> String {
    if plain.encode_utf16().count() <= most {
        return plain.to_owned();
    }
    let chars: Vec<char> = plain.chars().collect();
    let mut units = 0;
    let fits = |c: &&char| {
        units += c.len_utf16();
        units + 3 <= most
    };
    let mut end = chars.iter().take_while(fits).count();
    let most_chars = end;
    while end > 0 && (extends(chars[end]) || chars[end - 1] == '\u{200d}') {
        end -= 1;
    }
    let end = if end == 0 { most_chars } else { end };
    let mut short: String = chars[..end].iter().collect();
    short.truncate(short.trim_end().len());
    short.push('\u{2026}');
    short
}

/// Whether it belongs to the character before: combining marks, joiners, variations, skin tones.
fn extends(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
        || matches!(c, '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}')
}

/// One line without what is invisible or turns direction; runs of blanks become one.
pub(super) fn one_line(text: &str) -> String {
    let visible = text.chars().filter(|&c| !invisible(c)).map(|c| if c.is_control() { ' ' } else { c });
    visible.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn invisible(c: char) -> bool {
    matches!(c,
        // Marks, embeddings, overrides and isolates of direction.
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        // Blanks without width (joiners are part of names in several scripts), soft hyphen, fillers.
        | '\u{200b}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{ad}' | '\u{34f}'
        | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{180e}'
        // Annotations, noncharacters (our own marks among them) and tags.
        | '\u{fdd0}'..='\u{fdef}' | '\u{fffe}' | '\u{ffff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether a reader's device would make a link of a part of it.
fn holds_link(text: &str) -> bool {
    let folded: String = text.chars().map(|c| if matches!(c, '。' | '．' | '｡') { '.' } else { c }).collect();
    folded.contains("://")
        || folded.contains('@')
        || folded.contains('＠')
        || folded.split_whitespace().any(like_domain)
}

/// `bit.ly/x`, `www.example.com`, but not `J.R.` or `St. John`.
fn like_domain(word: &str) -> bool {
    let host = word.split(['/', '?', '#', ':', ',', ';', '(', ')']).find(|part| part.contains('.')).unwrap_or("");
    let mut labels = host.split('.').map(str::trim).skip_while(|label| label.is_empty());
    let first = labels.next().unwrap_or("");
    !first.is_empty()
        && labels.any(|label| {
            label.chars().filter(|c| c.is_alphabetic()).count() >= 2
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn n5_names_are_neutralised() {
        for (what, given, shown) in [
            ("a name stays", "Ann Lee", Some("Ann Lee")),
            ("in any script", "王小明 Zoë Ñuñez नेहा", Some("王小明 Zoë Ñuñez नेहा")),
            ("initials are no link", "J.R.R. Tolkien", Some("J.R.R. Tolkien")),
            ("nor is an abbreviation", "St. John", Some("St. John")),
            ("a small number is part of a name", "Studio 54", Some("Studio 54")),
            ("no second line", "Ann\r\nBcc: all", Some("Ann Bcc: all")),
            ("no turned direction", "Ann \u{202e}eeL\u{2066}", Some("Ann eeL")),
            ("nothing invisible", "A\u{200b}nn\u{feff}\u{e0041}", Some("Ann")),
            ("nothing left", " \u{200b}\n ", None),
            ("a link", "Ann https://evil.example", None),
            ("a bare domain", "Ann bit.ly/x", None),
            ("a full-width dot", "Ann evil。com", None),
            ("a hidden one", "ev\u{200b}il.com", None),
            ("an address", "ann@example.com", None),
            ("a number", "Ann 0900 1234", None),
            ("in other digits", "Ann ٠٩٠٠", None),
            ("in full width", "Ann １２３４", None),
        ] {
            assert_eq!(name(given).as_deref(), shown, "{what}");
        }
        assert_eq!(name(&"x".repeat(200)).map(|name| name.chars().count()), Some(NAME_MOST - 2));
    }

    #[test]
    fn n5_long_names_are_cut_between_characters() {
        for (what, given, most, shown) in [
            ("what fits stays", "Ann Lee", 7, "Ann Lee"),
            ("room is left for three points", "Ann Bell-Lee", 9, "Ann Be\u{2026}"),
            ("no blank before them", "Anne Bell", 8, "Anne\u{2026}"),
            ("an accent stays with its letter", "Zoe\u{301}e Bell", 6, "Zo\u{2026}"),
            ("a surrogate pair is one", "😀😀😀😀", 6, "😀\u{2026}"),
            ("a family stays together", "Jo 👩\u{200d}👧 Bo Bell", 9, "Jo\u{2026}"),
        ] {
            assert_eq!(cut(given, most), shown, "{what}");
        }
    }

    proptest! {
        #[test]
        fn whatever_it_is_it_stays_one_line(text in "\\PC{0,40}|[\\x00-\\x{2070}]{0,40}") {
            if let Some(shown) = name(&text) {
                prop_assert!(!shown.chars().any(|c| c.is_control() || invisible(c)));
                prop_assert!(shown.encode_utf16().count() <= NAME_MOST);
                prop_assert_eq!(name(&shown), Some(shown.clone()));
            }
        }
    }
}
