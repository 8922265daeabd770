//! `[accounts.NAME]`: the operator's use of a provider.

use super::{
    Secret, Span,
    bounds::{SECOND, lasting},
};
use serde::Deserialize;
use std::{collections::BTreeMap, path::PathBuf};
use toml::Spanned;

/// One account. `kind` names a provider file or a built-in kind; each takes some of the other keys.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own, in any combination with the others")]
pub struct Account {
    /// `folder`, `smtp`, or the name of a provider file.
    pub kind: Spanned<String>,
    /// `folder`: where the files go.
    pub path: Option<PathBuf>,
    /// The number or name that messages come from.
    pub from: Option<String>,
    /// The address that e-mails come from.
    pub from_email: Option<String>,
    /// Where answers to e-mails go, where that is not where they come from.
    pub reply_to: Option<String>,
    /// `smtp`: `smtp://host:25`, `smtp+starttls://host:587` or `smtps://host:465`.
    pub url: Option<String>,
    /// `smtp`: who signs in.
    pub user: Option<String>,
    /// `smtp`: with what.
    pub password: Option<Spanned<Secret>>,
    /// `smtp`: where mail systems send what they could not deliver; each mail has `+ID` added to the part before the `@`.
    pub bounces: Option<String>,
    /// `smtp`: with what such mail is handed in at `/hooks/NAME/inbound`, as a bearer token.
    pub hook_secret: Option<Spanned<Secret>>,
    /// Instead of the provider's own address.
    pub base_url: Option<String>,
    /// The host name under which its drop-in endpoints answer, beside `/via/NAME`.
    pub host: Option<String>,
    /// After this a call or message goes on unchanged (rule Q7).
    #[serde(default = "default_deadline", deserialize_with = "lasting::<_, 1, { 30 * SECOND }>")]
    pub deadline: Span,
    /// How many moved numbers that it has not used before it may get at in a day; else as in `[queries]` (rule Q13).
    pub new_numbers_a_day: Option<u32>,
    /// Who holds the provider's credentials (rule Q5).
    #[serde(default)]
    pub custody: Custody,
    /// Whether it sends one-time codes and the like: nothing of it is redirected (rule Q8).
    #[serde(default)]
    pub identity_bound: bool,
    /// Whose messages and calls are not redirected either: numbers, short codes, names (rule Q8).
    #[serde(default)]
    pub bound_senders: Vec<Spanned<String>>,
    /// With which of `senders` nothing is redirected, by `user` (rule Q8).
    #[serde(default)]
    pub bound_keys: Vec<Spanned<String>>,
    /// Texts that are not redirected, as regular expressions (rule Q8).
    #[serde(default)]
    pub bound_patterns: Vec<Spanned<String>>,
    /// Which callers hear a line before the new number is dialled (rule Q6).
    #[serde(default)]
    pub announce: Announce,
    /// The account's own line, instead of `spoken/LANGUAGE/moved.txt`.
    pub announce_text: Option<Spanned<String>>,
    /// The language of the line; else that of notices.
    pub announce_language: Option<String>,
    /// Whether a message is sent once more where a report says that its number is dead (rule Q6, *after*).
    #[serde(default)]
    pub after: bool,
    /// Where a new number may be (rule Q12).
    #[serde(default)]
    pub countries: Countries,
    /// Country of numbers without a country code.
    pub region: Option<String>,
    /// The operator's own numbers, to which nothing is redirected (rule Q12).
    #[serde(default)]
    pub own_numbers: Vec<String>,
    /// Whether senders' callback addresses may lie on this machine or a private network (rule W2).
    #[serde(default)]
    pub private_callbacks: bool,
    /// Whether endpoints of push messages may lie on this machine or a private network, without TLS too (rule W2).
    #[serde(default)]
    pub private_endpoints: bool,
    /// How the card goes with text messages of notices.
    #[serde(default)]
    pub card: Card,
    /// What senders show at the drop-in endpoints of an account in the operator's custody.
    #[serde(default)]
    pub senders: Vec<Sender>,
    /// Notices on their way at once; else three quarters of `notices.concurrency`.
    pub concurrency: Option<usize>,
    /// Notices in time for each sender and country, like `1/s` (rule N7).
    pub rate: Option<Spanned<String>>,
    /// And where that is another one, by country.
    #[serde(default)]
    pub rates: BTreeMap<Spanned<String>, Spanned<String>>,
    /// How long delivery reports may take; else as the provider's file says, or three days (rule N3).
    pub reports_within: Option<Span>,
    /// Notices in a day of UTC (rule N7).
    pub daily: Option<u64>,
    /// And of these to each of these countries.
    #[serde(default)]
    pub daily_to: BTreeMap<Spanned<String>, u64>,
    /// Where notices may go (rule N7).
    pub notice_countries: Option<Vec<Spanned<String>>>,
    /// What becomes of a notice of which nobody knows whether it left (rule N3).
    #[serde(default)]
    pub unknown: Unanswered,
    /// When recipients of text messages are left alone; else `notices.quiet` (rule N7).
    pub quiet: Option<Spanned<String>>,
    /// The customer's own voice application, to which calls that are not redirected are handed.
    pub application: Option<String>,
    /// The customer's own URL for messages that come in.
    pub inbound_url: Option<String>,
    /// What a part of a text message costs, like `0.0079 USD`, by country, or under `*`: `redial check` shows what texts
    /// cost at their longest, previews what a change or introductions would cost.
    #[serde(default)]
    pub prices: BTreeMap<String, Spanned<String>>,
    /// And what a multimedia message costs, for accounts whose text messages have the card with them.
    #[serde(default)]
    pub mms_prices: BTreeMap<String, Spanned<String>>,
    /// The values that the provider file asks for.
    #[serde(default)]
    pub parameters: BTreeMap<String, Spanned<Values>>,
}

/// Credentials that a sender has from the operator.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sender {
    /// The user name, where the provider has one.
    #[serde(default)]
    pub user: String,
    /// The password or token.
    pub secret: Spanned<Secret>,
}

/// One value, or several while a secret is being changed.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "a text, { env = \"NAME\" }, { file = \"/path\" }, or a list of these is needed")]
pub enum Values {
    /// One.
    One(Secret),
    /// Each of them counts.
    Several(Vec<Secret>),
}

impl Values {
    /// All of them.
    pub fn all(&self) -> &[Secret] {
        match self {
            Self::One(secret) => std::slice::from_ref(secret),
            Self::Several(secrets) => secrets,
        }
    }
}

fn default_deadline() -> Span {
    Span::millis(250)
}

/// What becomes of a notice of which nobody knows whether it left, where the provider knows no repeat (rule N3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unanswered {
    /// It waits for a report, or for the operator: rather not at all than twice.
    #[default]
    Wait,
    /// It is sent again: rather twice than not at all.
    Repeat,
}

/// How the card goes with text messages of notices (rule N5).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Card {
    /// Not at all: a link beside a new number is what fraud looks like.
    #[default]
    None,
    /// As the media of a multimedia message.
    Mms,
    /// As a link to the recipient's page.
    Link,
}

/// Which callers hear a line before the new number is dialled (rule Q6).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Announce {
    /// None.
    #[default]
    Never,
    /// Where the number is revealed to the account or to everyone.
    Revealed,
    /// All; those who may not learn the number hear a line without it.
    Always,
}

/// Who holds the provider's credentials (rule Q5).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Custody {
    /// The operator: senders know only what Redial gave them.
    #[default]
    Operator,
    /// The sender, who could look at the provider itself: what may only be forwarded passes unchanged.
    Sender,
}

/// Where a new number may be (rule Q12).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "countries is \"same\", \"any\" or a list such as [\"US\", \"CA\"]")]
pub enum Countries {
    /// In the country of the number that the sender used.
    #[default]
    #[serde(skip)]
    Same,
    /// `same` or `any`.
    Word(Word),
    /// In these as well.
    These(Vec<String>),
}

/// The two words that stand for countries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Word {
    /// Only where the number used is.
    Same,
    /// Anywhere.
    Any,
}

impl Account {
    /// A key that only another kind reads: whoever wrote it expects something of it.
    fn misplaced(&self) -> Option<String> {
        let (folder, smtp) = (self.kind.get_ref() == "folder", self.kind.get_ref() == "smtp");
        let file = !folder && !smtp;
        let there = [
            ("path", folder, self.path.is_some()),
            ("from", folder, self.from.is_some()),
            ("url", smtp, self.url.is_some()),
            ("user", smtp, self.user.is_some()),
            ("password", smtp, self.password.is_some()),
            ("base_url", file, self.base_url.is_some()),
            ("host", file, self.host.is_some()),
            ("senders", file, !self.senders.is_empty()),
            ("application", file, self.application.is_some()),
            ("inbound_url", file, self.inbound_url.is_some()),
            ("parameters", file, !self.parameters.is_empty()),
            ("card", file, self.card != Card::None),
        ];
        let (key, ..) = there.into_iter().find(|(_, taken, given)| *given && !taken)?;
        let instead = match key {
            "url" if file => "; base_url takes the place of the provider's own address",
            "from" if file => "; who sends stands in its parameters",
            "from" => "; it sends from from_email",
            _ => "",
        };
        Some(format!("kind \"{}\" takes no {key}{instead}", self.kind.get_ref()))
    }

    /// Keys that belong together.
    pub(super) fn check(&self) -> Result<(), String> {
        let need = |present: bool, key: &str, like: &str| {
            if present { Ok(()) } else { Err(format!("kind \"{}\" needs {key}, like {like}", self.kind.get_ref())) }
        };
        if let Some(what) = self.misplaced() {
            return Err(what);
        }
        if let Some(host) = self.host.as_deref().filter(|host| !is_host(host)) {
            return Err(format!("host is {host:?}; a host name is needed, like \"sms.redial.example.com\""));
        }
        let is_url = |url: &&str| url.starts_with("https://") || url.starts_with("http://");
        if let Some(url) = self.inbound_url.as_deref().filter(|url| !is_url(url)) {
            return Err(format!("inbound_url is {url:?}; it looks like \"https://example.com/inbound\""));
        }
        match self.kind.get_ref().as_str() {
            "folder" => need(self.path.is_some(), "path", "path = \"data/outbox\""),
            "smtp" => {
                need(self.url.is_some(), "url", "url = \"smtp+starttls://mail.example.com:587\"")?;
                need(self.from_email.is_some(), "from_email", "from_email = \"redial@example.com\"")?;
                if self.bounces.as_ref().is_some_and(|bounces| !bounces.contains('@')) {
                    return Err("bounces is an e-mail address, like bounces = \"bounces@example.com\"".to_owned());
                }
                if self.user.is_some() != self.password.is_some() {
                    return Err("user and password go together".to_owned());
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

fn is_host(text: &str) -> bool {
    let label = |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    text.split('.').all(label)
}
