//! What a far end says in its own words (rule N3), fit to be kept and shown: it may repeat a number or an address.

use super::address::mask;

/// Fewest digits of a number that begins with a plus, or whose digits nothing parts.
const TOGETHER: usize = 7;
/// And of one in groups without a plus: status codes and versions are shorter.
const IN_GROUPS: usize = 8;
/// With so many digits no further group is of the same number.
const MOST: usize = 15;

/// The text with what looks like a number or an e-mail address masked, as addresses are everywhere. Rather a date too many
/// than a number too few.
pub fn masked(text: &str) -> String {
    phones(&mails(text))
}

fn mails(text: &str) -> String {
    let of_mail = |letter: char| letter.is_alphanumeric() || "@._%+-'".contains(letter);
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let (word, after) = rest.split_at(rest.find(|letter| !of_mail(letter)).unwrap_or(rest.len()));
        let (mail, end) = word.split_at(word.trim_end_matches(|letter: char| !letter.is_alphanumeric()).len());
        let is_one = mail.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
        out.push_str(&if is_one { mask(mail) } else { mail.into() });
        out.push_str(end);
        let (mark, next) = after.split_at(after.chars().next().map_or(0, char::len_utf8));
        out.push_str(mark);
        rest = next;
    }
    out
}

fn phones(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (end, is_one) = match first {
            '+' => number(rest, true),
            digit if digit.is_numeric() => number(rest, false),
            other => (other.len_utf8(), false),
        };
        let (run, after) = rest.split_at(end);
        // A network address is no number, and what an operator looks for.
        if is_one && run.parse::<std::net::Ipv4Addr>().is_err() {
            let plain: String = run.chars().filter(|letter| *letter == '+' || letter.is_numeric()).collect();
            out.push_str(&mask(&plain));
        } else {
            out.push_str(run);
        }
        rest = after;
    }
    out
}

/// The bytes of what begins here and whether that is a number; where it is none, of its first group of digits.
fn number(text: &str, plus: bool) -> (usize, bool) {
    let parts = |letter: &char| matches!(letter, ' ' | '-' | '.' | '/' | '(' | ')' | '\u{a0}');
    let group = |at: usize| {
        let digits = text[at..].chars().take_while(|letter| letter.is_numeric());
        digits.fold((at, 0), |(end, count), digit| (end + digit.len_utf8(), count + 1))
    };
    let gap = |at: usize| text[at..].chars().take(2).take_while(parts).map(char::len_utf8).sum::<usize>();
    // Between two groups stand two marks at most, as in `(415) 555`.
    let begin = usize::from(plus);
    let (first, mut digits) = group(begin + if plus { gap(begin) } else { 0 });
    let (mut end, mut groups) = (first, 1);
    while digits < MOST {
        let at = end + gap(end);
        let (next, more) = group(at);
        // Without a plus single digits are of a version or a status code.
        if at == end || more == 0 || (!plus && (more < 2 || digits < 2)) {
            break;
        }
        (end, digits, groups) = (next, digits + more, groups + 1);
    }
    let fewest = if plus || groups == 1 { TOGETHER } else { IN_GROUPS };
    (if digits >= fewest { end } else { first }, digits >= fewest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_and_addresses_in_what_a_far_end_says_are_masked() {
        for (said, shown) in [
            ("21211 The 'To' number +14155550123 is not valid", "21211 The 'To' number +141••••••23 is not valid"),
            ("no route to 14155550123.", "no route to 1415•••••23."),
            ("call (415) 555-0123 now", "call (4155••••23 now"),
            ("+44 (0) 20 7946 0123: blocked", "+440••••••••23: blocked"),
            ("06 12 34 56 78 ist unbekannt", "0612••••78 ist unbekannt"),
            ("to=%2B14155550123&x", "to=%2B1415•••••23&x"),
            ("415-555-0123 5 times", "4155••••23 5 times"),
            ("550 5.1.1 <ann.lee@example.com>: unknown", "550 5.1.1 <a•••@example.com>: unknown"),
            ("mailto:bob@example.org.", "mailto:b•••@example.org."),
            ("ann@example.com,bob@example.org", "a•••@example.com,b•••@example.org"),
            // What an operator needs stays.
            ("550-5.7.26 not authenticated", "550-5.7.26 not authenticated"),
            ("30005 Unknown destination handset", "30005 Unknown destination handset"),
            ("[192.168.100.200] is listed", "[192.168.100.200] is listed"),
            ("429 try again in 3600 s", "429 try again in 3600 s"),
            ("@ once", "@ once"),
            ("+", "+"),
            ("", ""),
        ] {
            assert_eq!(masked(said), shown, "{said}");
        }
    }

    proptest! {
        #[test]
        fn no_number_stays(before in "[a-z :]{0,9}", number in "\\+[1-9][0-9]{6,14}", after in "[a-z :.]{0,9}") {
            let shown = masked(&format!("{before}{number}{after}"));
            prop_assert!(!shown.contains(&number), "{}", shown);
        }

        #[test]
        fn whatever_is_said_is_read(said in "\\PC{0,80}") {
            let _shown = masked(&said);
        }
    }
}
