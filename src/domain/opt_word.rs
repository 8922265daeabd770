//! What a message from a person wants: no more of them, them again, help, or nothing of the kind (rule N6).

mod words;

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// What a message wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// No more messages.
    Stop,
    /// No more from anybody.
    StopAll,
    /// Messages again.
    Start,
    /// To know who writes, and how to end it.
    Help,
}

/// More of a text is not looked at: who wants something says so in the beginning.
const LOOKED_AT: usize = 1_000;

/// Reads a message in any of the six languages; `None`: it wants nothing of the kind.
///
/// Where it is in doubt between stopping and anything else it stops: a message too few is better than one to somebody who
/// has refused. START counts only where nothing else is said.
pub fn read(text: &str) -> Option<Wish> {
    let text = fold(text);
    let is = |all: &[&str]| all.contains(&text.as_str());
    if is(words::STOP_ALL) || words::STOP_ALL.iter().any(|all| begins(&text, all)) {
        return Some(Wish::StopAll);
    }
    if is(words::STOP_ALONE)
        || words::STOP.iter().any(|word| begins(&text, word))
        || words::REFUSALS.iter().any(|words| contains(&text, words))
    {
        return Some(Wish::Stop);
    }
    if is(words::START) {
        return Some(Wish::Start);
    }
    is(words::HELP).then_some(Wish::Help)
}

/// The language that a message like this is in, where its words are of one alone; STOP and HELP are everybody's.
pub fn language(text: &str) -> Option<&'static str> {
    let text = fold(text);
    if text.chars().any(|c| ('\u{0600}'..='\u{06ff}').contains(&c)) {
        return Some("ar");
    }
    if text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)) {
        let traditional = words::TRADITIONAL.iter().any(|letter| text.contains(*letter));
        return Some(if traditional { "zh-Hant" } else { "zh" });
    }
    let speaks = |(_, all): &&(&str, &[&str])| all.iter().any(|words| contains(&text, words));
    words::TELLING.iter().find(speaks).map(|(language, _)| *language)
}

/// Small letters without accents, words with one space between them, nothing else: `STOP!`, `Ｓｔｏｐ` and ` stop.` are one,
/// and so are `arrêt` and `ARRET`. An apostrophe joins.
fn fold(text: &str) -> String {
    let mut folded = String::new();
    let letters = text.chars().take(LOOKED_AT).nfkd().filter(|c| !is_combining_mark(*c));
    for c in letters.flat_map(char::to_lowercase) {
        match c {
            // An apostrophe, and Arabic's lengthening stroke.
            '\'' | '\u{2019}' | '\u{2018}' | '`' | '\u{0640}' => {}
            // Arabic: the forms of alef are one.
            '\u{0671}' => folded.push('\u{0627}'),
            'ß' => folded.push_str("ss"),
            c if c.is_alphanumeric() => folded.push(c),
            _ if folded.is_empty() || folded.ends_with(' ') => {}
            _ => folded.push(' '),
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

/// A script without spaces: a word is wherever its letters are.
fn unspaced(word: &str) -> bool {
    word.chars().any(|c| ('\u{2e80}'..='\u{9fff}').contains(&c))
}

/// Whether the text begins with these whole words.
fn begins(text: &str, words: &str) -> bool {
    text.strip_prefix(words).is_some_and(|rest| rest.is_empty() || rest.starts_with(' ') || unspaced(words))
}

/// Whether these whole words stand anywhere in the text.
fn contains(text: &str, words: &str) -> bool {
    if unspaced(words) {
        return text.contains(words);
    }
    // In Arabic what follows may be joined to the last word.
    let open = words.chars().any(|c| ('\u{0600}'..='\u{06ff}').contains(&c));
    text.match_indices(words).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + words.len()..]);
        (before.is_empty() || before.ends_with(' ')) && (after.is_empty() || after.starts_with(' ') || open)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n6_an_answer_is_in_the_language_of_the_word() {
        for (text, language) in [
            ("STOP", None),
            ("help", None),
            ("Abmelden", Some("de")),
            ("Bitte keine SMS mehr!", Some("de")),
            ("¡Alto!", Some("es")),
            ("ARRÊT", Some("fr")),
            ("stop tout", Some("fr")),
            ("unsubscribe me", Some("en")),
            ("退订", Some("zh")),
            ("退訂", Some("zh-Hant")),
            ("إيقاف", Some("ar")),
            ("", None),
        ] {
            assert_eq!(super::language(text), language, "{text}");
        }
    }

    #[test]
    fn n6_stop_and_its_kin_in_six_languages() {
        use Wish::{Help, Start, Stop, StopAll};
        for (text, wish) in [
            // English
            ("STOP", Some(Stop)),
            (" stop. ", Some(Stop)),
            ("Stop!!!", Some(Stop)),
            ("\"Stop\"", Some(Stop)),
            ("Ｓｔｏｐ", Some(Stop)),
            ("stop please", Some(Stop)),
            ("Unsubscribe", Some(Stop)),
            ("opt-out", Some(Stop)),
            ("OPTOUT", Some(Stop)),
            ("END", Some(Stop)),
            ("cancel", Some(Stop)),
            ("Cancel dinner, I am ill", None),
            ("The end of the street", None),
            ("Stopover in Rome", None),
            ("I'll stop by at five", None),
            ("STOP ALL", Some(StopAll)),
            ("stopall", Some(StopAll)),
            ("Stop everything, please.", Some(StopAll)),
            ("please don't text me again", Some(Stop)),
            ("Leave me alone!", Some(Stop)),
            ("Sorry, wrong number", Some(Stop)),
            ("take me off your list", Some(Stop)),
            ("START", Some(Start)),
            ("unstop", Some(Start)),
            ("Start the car", None),
            ("HELP", Some(Help)),
            ("Who is this?", Some(Help)),
            ("help yourself to cake", None),
            ("yes", None),
            ("Thanks, I have the new number now", None),
            ("", None),
            ("👍", None),
            // Chinese
            ("TD", Some(Stop)),
            ("退订", Some(Stop)),
            ("退訂。", Some(Stop)),
            ("退订回T", Some(Stop)),
            ("不要再发了", Some(Stop)),
            ("請不要再發給我", Some(Stop)),
            ("全部退订", Some(StopAll)),
            ("开始", Some(Start)),
            ("帮助", Some(Help)),
            ("你是谁？", Some(Help)),
            ("谢谢，收到了", None),
            // Spanish
            ("PARAR", Some(Stop)),
            ("¡Alto!", Some(Stop)),
            ("BAJA", Some(Stop)),
            ("No más mensajes, por favor", Some(Stop)),
            ("No me envíe más", Some(Stop)),
            ("Alta", Some(Start)),
            ("ayuda", Some(Help)),
            ("¿Quién es?", Some(Help)),
            ("Gracias", None),
            // German
            ("Stopp", Some(Stop)),
            ("abmelden", Some(Stop)),
            ("Bitte keine Nachrichten mehr", Some(Stop)),
            ("Hört auf!", Some(Stop)),
            ("Lassen Sie mich in Ruhe", Some(Stop)),
            ("Ende", Some(Stop)),
            ("Am Ende der Woche", None),
            ("HILFE", Some(Help)),
            // French
            ("ARRÊT", Some(Stop)),
            ("arret", Some(Stop)),
            ("Ne m’écrivez plus", Some(Stop)),
            ("Laissez-moi tranquille", Some(Stop)),
            ("Reprendre", Some(Start)),
            ("aide", Some(Help)),
            ("Qui êtes-vous ?", Some(Help)),
            ("Merci", None),
            // Arabic
            ("إيقاف", Some(Stop)),
            ("ايقاف.", Some(Stop)),
            ("إلغاء", Some(Stop)),
            ("لا ترسلوا لي رسائل", Some(Stop)),
            ("إيقاف الكل", Some(StopAll)),
            ("ابدأ", Some(Start)),
            ("مساعدة", Some(Help)),
            ("شكرا", None),
        ] {
            assert_eq!(read(text), wish, "{text}");
        }
    }

    #[test]
    fn every_word_of_the_tables_is_written_as_it_is_compared() {
        let all = [words::STOP, words::STOP_ALONE, words::STOP_ALL, words::REFUSALS, words::START, words::HELP];
        for word in all.into_iter().flatten() {
            assert_eq!(fold(word), *word);
        }
        for word in words::START {
            assert_eq!(read(word), Some(Wish::Start), "{word}");
        }
        for word in words::HELP {
            assert_eq!(read(word), Some(Wish::Help), "{word}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(text in ".{0,200}", loud: bool) {
            let read_as = read(&text);
            let framed = format!("  {}!! ", if loud { text.to_uppercase() } else { text.clone() });
            // Punctuation and case around a word change nothing where the letters stay the same in both.
            if text.is_ascii() {
                proptest::prop_assert_eq!(read(&framed), read_as);
            }
        }

        #[test]
        fn a_word_that_stops_stops_whatever_follows_it(word in proptest::sample::select(words::STOP.to_vec()), rest in "[ .!,][a-z0-9 ,.!?]{0,40}") {
            let wish = read(&format!("{word}{rest}"));
            proptest::prop_assert!(matches!(wish, Some(Wish::Stop | Wish::StopAll)), "{:?}", wish);
        }
    }
}
