//! `[notices]`: how people are told.

use super::{
    Account, Span,
    bounds::{DAY, HOUR, SECOND, counting, lasting, placed},
    some,
};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    num::{NonZeroU32, NonZeroUsize},
    path::PathBuf,
};
use toml::Spanned;

/// Both stand in text messages, where each letter costs.
const SERVICE_MOST: usize = 30;
const HELP_MOST: usize = 100;

/// Notices and how they are sent.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Notices {
    /// How long changes are gathered (rule C5).
    #[serde(deserialize_with = "placed::<_, 0, DAY>")]
    pub debounce: Spanned<Span>,
    /// And at most (rule C5).
    pub debounce_at_most: Spanned<Span>,
    /// The name under which messages and pages speak of the service.
    pub service: Spanned<String>,
    /// Where recipients can ask, as it stands in messages: an address, a number or a page; empty where there is none.
    pub help: Spanned<String>,
    /// A language tag.
    pub language: String,
    /// Accounts for push messages; which one is for a device stands with the device.
    pub push: Vec<Spanned<String>>,
    /// Accounts for text messages, in order.
    pub sms: Vec<Spanned<String>>,
    /// Accounts for e-mail, in order.
    pub email: Vec<Spanned<String>>,
    /// Messages on their way at once.
    pub concurrency: NonZeroUsize,
    /// Of what a worker takes.
    #[serde(deserialize_with = "lasting::<_, SECOND, DAY>")]
    pub lease: Span,
    /// Tries before a notice is given up.
    #[serde(deserialize_with = "counting::<_, _, 1, 10>")]
    pub attempts: u32,
    /// How long after it was due a notice may still be sent.
    #[serde(deserialize_with = "lasting::<_, HOUR, {365 * DAY}>")]
    pub expiry: Span,
    /// The operator's own texts.
    pub templates: Option<Spanned<PathBuf>>,
    /// When recipients of text messages are left alone, by their clocks (rule N7).
    pub quiet: Spanned<String>,
    /// The clock of recipients whose number says nothing of theirs.
    pub zone: Spanned<String>,
    /// When an account counts as failing (rule N4).
    pub breaker: Breaker,
}

/// When an account counts as failing, and how it comes back (rule N4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Breaker {
    /// What is looked back on.
    #[serde(deserialize_with = "lasting::<_, SECOND, DAY>")]
    pub window: Span,
    /// Fewer attempts in it say nothing.
    pub least: u32,
    /// From this share of failures on, in hundredths, the account is left alone.
    #[serde(deserialize_with = "counting::<_, _, 1, 100>")]
    pub percent: u8,
    /// For so long.
    #[serde(deserialize_with = "lasting::<_, SECOND, DAY>")]
    pub open: Span,
    /// So many attempts must then succeed.
    pub probes: NonZeroU32,
}

impl Default for Breaker {
    fn default() -> Self {
        Self { window: Span::seconds(60), least: 10, percent: 50, open: Span::seconds(30), probes: NonZeroU32::MIN }
    }
}

impl Default for Notices {
    fn default() -> Self {
        let outbox = || vec![Spanned::new(0..0, "outbox".to_owned())];
        Self {
            debounce: Spanned::new(0..0, Span::seconds(120)),
            debounce_at_most: Spanned::new(0..0, Span::seconds(600)),
            service: Spanned::new(0..0, "Redial".to_owned()),
            help: Spanned::new(0..0, String::new()),
            language: "en".to_owned(),
            push: Vec::new(),
            sms: outbox(),
            email: outbox(),
            concurrency: some(8),
            lease: Span::seconds(60),
            attempts: 8,
            expiry: Span::days(7),
            templates: None,
            quiet: Spanned::new(0..0, "21:00-08:00".to_owned()),
            zone: Spanned::new(0..0, "UTC".to_owned()),
            breaker: Breaker::default(),
        }
    }
}

impl Notices {
    /// The byte at which something is wrong, and why.
    pub(super) fn check(&self, accounts: &BTreeMap<Spanned<String>, Account>) -> Result<(), (usize, String)> {
        let (debounce, most) = (self.debounce.get_ref(), self.debounce_at_most.get_ref());
        if debounce.0 > most.0 {
            let what = format!("notices.debounce is {debounce} and longer than notices.debounce_at_most, {most}");
            // Where only one of them is written, that one.
            return Err((self.debounce_at_most.span().start.max(self.debounce.span().start), what));
        }
        for (key, text, least, most) in
            [("service", &self.service, 1, SERVICE_MOST), ("help", &self.help, 0, HELP_MOST)]
        {
            let letters = text.get_ref().chars().count();
            if letters < least || letters > most || text.get_ref().contains(char::is_control) {
                let what = format!("notices.{key} has {letters} characters; one line of {least} to {most} is possible");
                return Err((text.span().start, what));
            }
        }
        for (list, channel) in [(&self.push, "push"), (&self.sms, "sms"), (&self.email, "email")] {
            for (at, name) in list.iter().enumerate() {
                if list[..at].iter().any(|before| before.get_ref() == name.get_ref()) {
                    let what = format!("notices.{channel} names the account {:?} twice", name.get_ref());
                    return Err((name.span().start, what));
                }
                // The defaults name an account that a file of one's own need not have.
                let from_file = !name.span().is_empty();
                if from_file && !accounts.keys().any(|account| account.get_ref() == name.get_ref()) {
                    let names: Vec<&str> = accounts.keys().map(|name| name.get_ref().as_str()).collect();
                    return Err((
                        name.span().start,
                        format!(
                            "notices.{channel} names the account {:?}; there are: {}",
                            name.get_ref(),
                            list_or_none(&names)
                        ),
                    ));
                }
            }
        }
        Ok(())
    }
}

fn list_or_none(names: &[&str]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
