//! Messages for whoever holds a number, not for a person: one-time codes, resets, alarms of banks (rule Q8).
//!
//! Whoever has the old number now must not lose a code to the person who left it, nor get that person's.

mod lists;

pub use lists::{Bound, Lists, Traits};

/// Words with which a text speaks of a code; a number beside one of them makes it a code.
const CODE_WORDS: [&str; 28] = [
    "code",
    "otp",
    "passcode",
    "password",
    "pin",
    "tan",
    "2fa",
    "token",
    "verification",
    "verify",
    "authentication",
    "código",
    "codigo",
    "clave",
    "contraseña",
    "passwort",
    "kennwort",
    "mot de passe",
    "vérification",
    "رمز",
    "كلمة",
    "验证码",
    "校验码",
    "動態密碼",
    "驗證碼",
    "动态码",
    "密码",
    "код",
];

/// Phrases that need no number beside them.
const PHRASES: [&str; 17] = [
    "one-time",
    "one time pass",
    "do not share",
    "don't share",
    "never share",
    "reset your",
    "password reset",
    "sign-in attempt",
    "login attempt",
    "security alert",
    "suspicious",
    "no comparta",
    "no compartas",
    "geben sie diesen",
    "ne partagez",
    "请勿泄露",
    "勿告知他人",
];

/// Whether a text reads like a one-time code, a reset or an alarm. In doubt it does: such a message stays with the
/// number that it was sent to, which costs little.
pub fn reads_so(text: &str) -> bool {
    let text = text.to_lowercase();
    PHRASES.iter().any(|phrase| text.contains(phrase))
        || (CODE_WORDS.iter().any(|word| holds_word(&text, word)) && holds_code(&text))
}

/// Whether `word` stands in `text`, not within a longer word; scripts without spaces have no such bounds.
fn holds_word(text: &str, word: &str) -> bool {
    if !word.bytes().all(|byte| byte.is_ascii()) {
        return text.contains(word);
    }
    text.match_indices(word).any(|(at, found)| {
        let bound = |letter: Option<char>| !letter.is_some_and(char::is_alphabetic);
        bound(text[..at].chars().next_back()) && bound(text[at + found.len()..].chars().next())
    })
}

/// Four to ten digits in one run, in which single spaces, hyphens and letters may stand (`123 456`, `12ab34`).
fn holds_code(text: &str) -> bool {
    text.split(|letter: char| !letter.is_alphanumeric())
        .chain(text.split(|letter: char| !(letter.is_numeric() || matches!(letter, ' ' | '-'))))
        .any(|run| (4..=10).contains(&run.chars().filter(|letter| letter.is_numeric()).count()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_resets_and_alarms_stay_where_they_were_sent() {
        for text in [
            "Your code is 123456",
            "G-482913 is your verification code.",
            "123 456 is your OTP",
            "Your PIN: 4821",
            "【某某】验证码：482913，请勿泄露",
            "Tu código es 4821",
            "Ihr Passwort lautet 48291",
            "Reset your password here: https://example.com/r",
            "Security alert: new sign-in",
        ] {
            assert!(reads_so(text), "{text}");
        }
    }

    #[test]
    fn ordinary_messages_are_redirected() {
        for text in [
            "Running late, see you at 8",
            "Your order 12345678 has left the shop",
            "Dress code: casual",
            "The opinion of 1234 people",
            "encoded 123456 lines",
            "你好，明天见",
            "",
        ] {
            assert!(!reads_so(text), "{text}");
        }
    }
}
