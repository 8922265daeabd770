//! What a stranger's text may look like in a message (rule N5).

/// Longer names and words are cut with an ellipsis.
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
    Some(cut(&plain))
}

fn cut(plain: &str) -> String {
    if plain.chars().count() <= NAME_MOST {
        return plain.to_owned();
    }
    let mut short: String = plain.chars().take(NAME_MOST - 1).collect();
    short.push('\u{2026}');
    short
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
        // Annotations and tags.
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
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
        assert_eq!(name(&"x".repeat(200)).map(|name| name.chars().count()), Some(NAME_MOST));
    }

    proptest! {
        #[test]
        fn whatever_it_is_it_stays_one_line(text in "\\PC{0,40}|[\\x00-\\x{2070}]{0,40}") {
            if let Some(shown) = name(&text) {
                prop_assert!(!shown.chars().any(|c| c.is_control() || invisible(c)));
                prop_assert!(shown.chars().count() <= NAME_MOST);
                prop_assert_eq!(name(&shown), Some(shown.clone()));
            }
        }
    }
}
