//! How many parts a text message takes, exactly (rule N5; 3GPP TS 23.038).

use crate::domain::alphabet::septets;

/// The alphabet in which a text is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum Alphabet {
    /// The default alphabet of 7 bits: 160 characters, or 153 a part.
    #[serde(rename = "gsm7")]
    Gsm7,
    /// Two bytes a UTF-16 unit: 70, or 67 a part.
    #[serde(rename = "ucs2")]
    Ucs2,
}

/// What a text costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Segments {
    /// The alphabet that holds all of it.
    pub alphabet: Alphabet,
    /// Septets, or UTF-16 units.
    pub units: usize,
    /// How many messages it is split into; 0 for an empty text.
    pub parts: usize,
}

/// Counts the parts of a text. An escape pair and a surrogate pair are never split between two parts, so a part can
/// be one unit short.
pub fn segments(text: &str) -> Segments {
    match text.chars().map(septets).collect::<Option<Vec<usize>>>() {
        Some(widths) => pack(&widths, Alphabet::Gsm7, 160, 153),
        None => pack(&text.chars().map(char::len_utf16).collect::<Vec<_>>(), Alphabet::Ucs2, 70, 67),
    }
}

fn pack(widths: &[usize], alphabet: Alphabet, single: usize, part: usize) -> Segments {
    let units = widths.iter().sum();
    if units <= single {
        return Segments { alphabet, units, parts: usize::from(units > 0) };
    }
    let (mut parts, mut used) = (1, 0);
    for width in widths {
        if used + width > part {
            parts += 1;
            used = 0;
        }
        used += width;
    }
    Segments { alphabet, units, parts }
}

/// Plain forms of typographic characters that would cost the whole text its 7-bit alphabet. Letters of any script
/// stay what they are: a person's name is not changed to save a part.
pub fn folded(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{2018}'..='\u{201b}' | '\u{2032}' | '\u{2039}' | '\u{203a}' | '`' | '\u{b4}' => plain.push('\''),
            '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{201f}' | '\u{2033}' | '«' | '»' => plain.push('"'),
            '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' => plain.push('-'),
            '\u{2026}' => plain.push_str("..."),
            '\t' | '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' => plain.push(' '),
            '\u{2028}' | '\u{2029}' => plain.push('\n'),
            '\u{2044}' => plain.push('/'),
            '\u{ad}' | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}' => {}
            _ => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use Alphabet::{Gsm7, Ucs2};
    use proptest::prelude::*;

    #[test]
    fn n5_parts_are_counted_exactly() {
        let x = |n: usize| "x".repeat(n);
        for (what, text, alphabet, units, parts) in [
            ("nothing", String::new(), Gsm7, 0, 0),
            ("one full message", x(160), Gsm7, 160, 1),
            ("one more makes two parts", x(161), Gsm7, 161, 2),
            ("two full parts", x(306), Gsm7, 306, 2),
            ("three", x(307), Gsm7, 307, 3),
            ("an extension character is two septets", format!("{}€", x(158)), Gsm7, 160, 1),
            ("and may not be one too many", format!("{}€", x(159)), Gsm7, 161, 2),
            ("an escape pair does not straddle two parts", format!("{}€{}", x(152), x(152)), Gsm7, 306, 3),
            ("but may end one", format!("{}€{}", x(151), x(153)), Gsm7, 306, 2),
            ("every extension character", "\u{c}^{}\\[~]|€".to_owned(), Gsm7, 20, 1),
            ("accents of the alphabet", "èéùìòÇØøÅåÆæßÉÄÖÑÜ§äöñüà".to_owned(), Gsm7, 24, 1),
            ("an accent beyond it", "ç".to_owned(), Ucs2, 1, 1),
            ("a full message of Chinese", "变".repeat(70), Ucs2, 70, 1),
            ("one more makes two parts", "变".repeat(71), Ucs2, 71, 2),
            ("two full parts", "变".repeat(134), Ucs2, 134, 2),
            ("an emoji is a surrogate pair", "😀".repeat(35), Ucs2, 70, 1),
            ("which does not straddle two parts", format!("{}😀{}", "变".repeat(66), "变".repeat(66)), Ucs2, 134, 3),
            ("but may end one", format!("{}😀{}", "变".repeat(65), "变".repeat(67)), Ucs2, 134, 2),
        ] {
            assert_eq!(segments(&text), Segments { alphabet, units, parts }, "{what}");
        }
    }

    #[test]
    fn typography_stays_where_folding_saves_nothing() {
        for (what, text, sent) in [
            ("folded, it fits the alphabet of 7 bits", "It’s “now”…".to_owned(), "It's \"now\"...".to_owned()),
            ("a name needs two bytes a letter in any case", "王小明: “now”…".to_owned(), "王小明: “now”…".to_owned()),
            ("and still it would be one part less", format!("{}\u{ad}", "变".repeat(70)), "变".repeat(70)),
        ] {
            assert_eq!(crate::template::Sms::new(&text).text, sent, "{what}");
        }
    }

    #[test]
    fn typography_is_folded_and_names_are_not() {
        assert_eq!(folded("“It’s”\u{a0}– a\u{2009}test…\u{200b}"), "\"It's\" - a test...");
        assert_eq!(folded("Zoë Çelik 王小明 ✓"), "Zoë Çelik 王小明 ✓");
    }

    proptest! {
        #[test]
        fn parts_hold_all_units(text in "[a-z€|变😀ç]{0,400}") {
            let counted = segments(&text);
            let (single, part) = if counted.alphabet == Gsm7 { (160, 153) } else { (70, 67) };
            prop_assert_eq!(counted.parts <= 1, counted.units <= single);
            if counted.parts > 1 {
                prop_assert!(counted.parts * part >= counted.units);
                prop_assert!((counted.parts - 1) * (part - 1) < counted.units);
            }
        }
    }
}
