//! The operator's own word for what is not redirected: senders, keys and patterns (rule Q8).

use crate::domain::address::phone::{self, Region};
use std::{collections::BTreeSet, fmt};

/// The longest pattern, in bytes.
const PATTERN_LONGEST: usize = 500;
/// The most entries of one list.
const MOST: usize = 1_000;
/// Bytes that a compiled pattern may take; a bound on counted repetitions.
const PATTERN_SIZE: usize = 1 << 18;

/// Why a communication counts as identity-bound. Its words are for whoever asks why something went on unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Everything on the account is.
    Account,
    /// The request says so itself, or its text cannot be read.
    Request,
    /// Its text reads like a code, a reset or an alarm.
    Wording,
    /// Its sender is on the operator's list.
    Sender,
    /// It came with a key on the operator's list.
    Key,
    /// Its text matches a pattern of the operator's.
    Pattern(Box<str>),
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bound::Account => f.write_str("everything on this account counts as one (identity_bound)"),
            Bound::Request => f.write_str("the request says so, or its text cannot be read"),
            Bound::Wording => f.write_str("the text reads like one"),
            Bound::Sender => f.write_str("the sender is in bound_senders"),
            Bound::Key => f.write_str("the key that was shown is in bound_keys"),
            Bound::Pattern(source) => write!(f, "the text matches {source:?} in bound_patterns"),
        }
    }
}

/// What is known of a communication when it is asked whether it is identity-bound.
#[derive(Clone, Copy, Default)]
pub struct Traits<'a> {
    /// From whom, as written: a number, a short code, a name.
    pub sender: Option<&'a str>,
    /// With which key: the user name of a sender's credentials, or the id of an API key.
    pub key: Option<&'a str>,
    /// What it says, where that can be read.
    pub text: Option<&'a str>,
}

/// Senders, keys and patterns of the configuration.
#[derive(Clone, Debug, Default)]
pub struct Lists {
    senders: BTreeSet<Box<str>>,
    keys: BTreeSet<Box<str>>,
    patterns: Vec<regex::Regex>,
}

impl Lists {
    /// Takes a sender: a number, a short code, or a name of letters and digits. Numbers without a country code are of
    /// `region`.
    ///
    /// # Errors
    /// What would be right.
    pub fn add_sender(&mut self, written: &str, region: Option<Region>) -> Result<(), String> {
        full(self.senders.len())?;
        match sender_key(written, region) {
            Some(key) => self.senders.insert(key),
            None => {
                return Err(
                    "a sender is a number, a short code or a name, like \"+14155550100\" or \"ACMEBANK\"".into()
                );
            }
        };
        Ok(())
    }

    /// Takes a key: the user name of a sender's credentials, or the id of an API key (`app_…`).
    ///
    /// # Errors
    /// What would be right.
    pub fn add_key(&mut self, written: &str) -> Result<(), String> {
        full(self.keys.len())?;
        if written.trim().is_empty() {
            return Err("a key is the user name of a sender's credentials, or the id of an API key (app_…)".into());
        }
        self.keys.insert(written.trim().into());
        Ok(())
    }

    /// Takes a regular expression that is looked for anywhere in the text, whatever the case of letters.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn add_pattern(&mut self, written: &str) -> Result<(), String> {
        full(self.patterns.len())?;
        if written.is_empty() || written.len() > PATTERN_LONGEST {
            return Err(format!("a pattern has 1 to {PATTERN_LONGEST} bytes; this one has {}", written.len()));
        }
        let built = regex::RegexBuilder::new(written).case_insensitive(true).size_limit(PATTERN_SIZE).build();
        let pattern = built.map_err(|wrong| format!("no regular expression that can be used: {wrong}"))?;
        if pattern.is_match("") {
            return Err("this pattern matches every text; for a whole account write identity_bound = true".into());
        }
        self.patterns.push(pattern);
        Ok(())
    }

    /// The entries of both; for the lists of an account beside those of all.
    #[must_use]
    pub fn and(mut self, other: &Lists) -> Self {
        self.senders.extend(other.senders.iter().cloned());
        self.keys.extend(other.keys.iter().cloned());
        self.patterns.extend(other.patterns.iter().cloned());
        self
    }

    /// Whether a communication is identity-bound: by the operator's lists first, then by how its text reads.
    pub fn matched(&self, what: &Traits<'_>, region: Option<Region>) -> Option<Bound> {
        self.listed(what, region).or_else(|| what.text.is_some_and(super::reads_so).then_some(Bound::Wording))
    }

    /// Whether it is by the operator's lists alone.
    pub fn listed(&self, what: &Traits<'_>, region: Option<Region>) -> Option<Bound> {
        if !self.senders.is_empty()
            && what.sender.and_then(|sender| sender_key(sender, region)).is_some_and(|key| self.senders.contains(&key))
        {
            return Some(Bound::Sender);
        }
        if what.key.is_some_and(|key| self.keys.contains(key)) {
            return Some(Bound::Key);
        }
        let text = what.text?;
        let found = self.patterns.iter().find(|pattern| pattern.is_match(text))?;
        Some(Bound::Pattern(found.as_str().into()))
    }
}

fn full(entries: usize) -> Result<(), String> {
    if entries < MOST { Ok(()) } else { Err(format!("at most {MOST} entries")) }
}

/// Numbers by their key; short codes and names as they are, whatever their case.
fn sender_key(written: &str, region: Option<Region>) -> Option<Box<str>> {
    let written = written.trim();
    if let Ok(address) = phone::parse(written, region) {
        return Some(address.key().into());
    }
    let name: String = written.chars().filter(|letter| !letter.is_whitespace()).flat_map(char::to_lowercase).collect();
    let fits = !name.is_empty() && name.chars().count() <= 20 && !name.starts_with('+');
    fits.then(|| name.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists() -> Lists {
        let mut lists = Lists::default();
        let us = Region::new("US");
        for sender in ["+1 415 555 0111", "(415) 555-0112", "ACMEBANK", "24365"] {
            lists.add_sender(sender, us).unwrap();
        }
        lists.add_key("otp-service").unwrap();
        lists.add_pattern(r"\bwire transfer\b").unwrap();
        lists.add_pattern("überweisung").unwrap();
        lists
    }

    #[test]
    fn q8_by_sender_key_pattern_or_wording() {
        let plain = "Dinner at eight?";
        let transfer = Bound::Pattern(r"\bwire transfer\b".into());
        for (rule, sender, key, text, expected) in [
            ("an ordinary message", Some("+14155550199"), Some("web"), Some(plain), None),
            ("a number", Some("+14155550111"), None, Some(plain), Some(Bound::Sender)),
            ("written in another way", Some("4155550111"), None, Some(plain), Some(Bound::Sender)),
            ("listed without its country code", Some("+14155550112"), None, None, Some(Bound::Sender)),
            ("a name, whatever its case", Some("AcmeBank"), None, Some(plain), Some(Bound::Sender)),
            ("a name that holds it is another", Some("ACMEBANKING"), None, Some(plain), None),
            ("a short code", Some("24365"), None, Some(plain), Some(Bound::Sender)),
            ("a key", None, Some("otp-service"), Some(plain), Some(Bound::Key)),
            ("a key in another case is another", None, Some("OTP-service"), Some(plain), None),
            ("a pattern", None, None, Some("Your WIRE Transfer has arrived"), Some(transfer)),
            ("within a longer word it is none", None, None, Some("rewire transfers"), None),
            (
                "a pattern in other letters",
                None,
                None,
                Some("Ihre ÜBERWEISUNG"),
                Some(Bound::Pattern("überweisung".into())),
            ),
            ("what is built in counts beside", None, None, Some("Your code is 123456"), Some(Bound::Wording)),
            ("nothing is known", None, None, None, None),
        ] {
            let found = lists().matched(&Traits { sender, key, text }, Region::new("US"));
            assert_eq!(found, expected, "{rule}");
        }
    }

    #[test]
    fn entries_that_cannot_be_meant_are_refused_with_what_would_be_right() {
        let mut lists = Lists::default();
        for (sender, right) in [("", "a sender is"), ("+12", "a sender is"), (&"x".repeat(21), "a sender is")] {
            assert!(lists.add_sender(sender, None).unwrap_err().contains(right), "{sender}");
        }
        assert!(lists.add_key(" ").unwrap_err().contains("user name"));
        let long = "x".repeat(PATTERN_LONGEST + 1);
        for (pattern, right) in [
            ("(", "no regular expression"),
            ("", "1 to 500 bytes"),
            (long.as_str(), "1 to 500 bytes"),
            ("code|", "matches every text"),
            ("(a{1000}){1000}", "no regular expression"),
        ] {
            assert!(lists.add_pattern(pattern).unwrap_err().contains(right), "{pattern}");
        }
        assert!(lists.matched(&Traits { text: Some("(code|"), ..Traits::default() }, None).is_none());
    }

    #[test]
    fn an_account_has_its_own_beside_those_of_all() {
        let mut own = Lists::default();
        own.add_key("otp-of-main").unwrap();
        let both = own.and(&lists());
        for key in ["otp-of-main", "otp-service"] {
            assert_eq!(both.listed(&Traits { key: Some(key), ..Traits::default() }, None), Some(Bound::Key), "{key}");
        }
    }
}
