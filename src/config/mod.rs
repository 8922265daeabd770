//! Settings, with the file and line of what is wrong. Read by `app` and `cli` only.
//!
//! One struct a section. A wrong key, type or reference is refused with the place, what was found and what would be
//! right; `config.toml` at the root of the repository holds the defaults and a test keeps it so.

mod account;
mod changes;
mod console;
mod duration;
mod exchange;
mod secret;
mod sign_in;

pub use account::{Account, Announce, Card, Countries, Custody, Sender, Unanswered, Values, Word};
pub use changes::Changes;
pub use console::{Console, Operator, Role};
pub use duration::Span;
pub use exchange::Exchange;
pub use secret::Secret;
pub use sign_in::{Codes, SignIn};

use serde::Deserialize;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    num::{NonZeroU32, NonZeroUsize},
    path::{Path, PathBuf},
    time::Duration,
};
use toml::Spanned;

/// The operator's one file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The listener.
    pub server: Server,
    /// The listener of `/metrics`.
    pub metrics: Metrics,
    /// Logs.
    pub log: Log,
    /// The database.
    pub store: Store,
    /// Rules of queries.
    pub queries: Queries,
    /// Notices and how they are sent.
    pub notices: Notices,
    /// Provider files.
    pub providers: Providers,
    /// The operator's uses of providers, by name.
    pub accounts: BTreeMap<Spanned<String>, Account>,
    /// The operator's page.
    pub console: Console,
    /// How owners get in.
    pub sign_in: SignIn,
    /// How long a wanted change waits.
    pub changes: Changes,
    /// Cards on their way to people who were added.
    pub exchange: Exchange,
    /// Plays a provider, for trying things out.
    pub stand_in: Option<StandIn>,
    /// For errors that show only when the values are put to use.
    #[serde(skip)]
    source: Source,
}

/// The file and its text.
#[derive(Clone, Default)]
struct Source {
    file: String,
    text: String,
}

/// The text may hold secrets.
impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.file)
    }
}

/// The listener.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// How providers and senders reach it, without a slash at the end.
    pub public_url: Spanned<String>,
    /// Connections at once.
    pub connections: NonZeroUsize,
    /// For the head of a request.
    pub header_timeout: Span,
    /// For its body.
    pub body_timeout: Span,
    /// Bytes of a body.
    pub body_limit: usize,
    /// For what is under way at a stop.
    pub stop_timeout: Span,
    /// Certificate and key, both PEM.
    pub tls: Option<Tls>,
    /// Proxies in front: addresses, and networks like `10.0.0.0/8`. Only their `X-Forwarded-For` is believed.
    pub proxies: Vec<Spanned<String>>,
}

/// A certificate chain and its key, PEM files.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The chain, the server's own first.
    pub certificate: PathBuf,
    /// PKCS 8, PKCS 1 or SEC 1.
    pub key: PathBuf,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: Spanned::new(0..0, "http://127.0.0.1:8080".to_owned()),
            connections: some(10_000),
            header_timeout: Span::seconds(10),
            body_timeout: Span::seconds(20),
            body_limit: 1 << 20,
            stop_timeout: Span::seconds(20),
            tls: None,
            proxies: Vec::new(),
        }
    }
}

/// The listener of `/metrics`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// Where it listens.
    pub listen: SocketAddr,
}

impl Default for Metrics {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 9464)) }
    }
}

/// Logs, on standard error.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// Text for people or JSON for programs.
    pub format: LogFormat,
    /// A level, or a list of `target=level`.
    pub level: Spanned<String>,
}

/// Form of the logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: Spanned::new(0..0, "info".to_owned()) }
    }
}

/// The database.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    /// The embedded one's file.
    pub path: PathBuf,
    /// What a restored copy of the database would undo; `None`: beside `path`, with `.after` behind its name.
    pub journal: Option<PathBuf>,
    /// Threads that read it.
    pub readers: NonZeroUsize,
    /// A database that speaks the PostgreSQL protocol, instead.
    pub url: Option<Secret>,
    /// Connections to it.
    pub connections: NonZeroUsize,
}

impl Default for Store {
    fn default() -> Self {
        Self { path: "data/redial.db".into(), journal: None, readers: some(2), url: None, connections: some(16) }
    }
}

/// Rules of queries.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Queries {
    /// Country of numbers without a country code.
    pub region: Spanned<String>,
    /// Window without a name (rule Q3).
    pub without_name: Span,
    /// Window with the former holder's name (rule Q3).
    pub with_name: Span,
    /// When answers of `/v1/resolve` leave (rule Q4).
    pub slot: Span,
    /// How many moved numbers that it has not used before a key or account may get at in a day (rule Q13).
    pub new_numbers_a_day: u32,
    /// On every account: whose messages and calls are not redirected (rule Q8).
    pub bound_senders: Vec<Spanned<String>>,
    /// On every account and on `/v1`: with which keys nothing is redirected (rule Q8).
    pub bound_keys: Vec<Spanned<String>>,
    /// On every account: texts that are not redirected, as regular expressions (rule Q8).
    pub bound_patterns: Vec<Spanned<String>>,
}

impl Default for Queries {
    fn default() -> Self {
        Self {
            region: Spanned::new(0..0, "US".to_owned()),
            without_name: Span::days(45),
            with_name: Span::days(365),
            slot: Span::millis(5),
            new_numbers_a_day: 1_000,
            bound_senders: Vec::new(),
            bound_keys: Vec::new(),
            bound_patterns: Vec::new(),
        }
    }
}

/// Notices and how they are sent.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Notices {
    /// How long changes are gathered (rule C5).
    pub debounce: Span,
    /// And at most (rule C5).
    pub debounce_at_most: Span,
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
    /// Of what a worker takes; at least a second.
    pub lease: Spanned<Span>,
    /// Tries before a notice is given up.
    pub attempts: NonZeroU32,
    /// How long after it was due a notice may still be sent.
    pub expiry: Span,
    /// The operator's own texts.
    pub templates: Option<PathBuf>,
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
    pub window: Span,
    /// Fewer attempts in it say nothing.
    pub least: u32,
    /// From this share of failures on, in hundredths, the account is left alone.
    #[serde(deserialize_with = "hundredths")]
    pub percent: u8,
    /// For so long.
    pub open: Span,
    /// So many attempts must then succeed.
    pub probes: NonZeroU32,
}

impl Default for Breaker {
    fn default() -> Self {
        Self { window: Span::seconds(60), least: 10, percent: 50, open: Span::seconds(30), probes: NonZeroU32::MIN }
    }
}

/// A share of at least one and at most a hundred hundredths.
fn hundredths<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    let given = u8::deserialize(deserializer)?;
    if (1..=100).contains(&given) {
        return Ok(given);
    }
    Err(serde::de::Error::custom(format!("{given} is no share; a number from 1 to 100 is needed")))
}

/// A default that is not zero.
const fn some(count: usize) -> NonZeroUsize {
    NonZeroUsize::MIN.saturating_add(count - 1)
}

impl Default for Notices {
    fn default() -> Self {
        let outbox = || vec![Spanned::new(0..0, "outbox".to_owned())];
        Self {
            debounce: Span::seconds(120),
            debounce_at_most: Span::seconds(600),
            language: "en".to_owned(),
            push: Vec::new(),
            sms: outbox(),
            email: outbox(),
            concurrency: some(8),
            lease: Spanned::new(0..0, Span::seconds(60)),
            attempts: NonZeroU32::MIN.saturating_add(7),
            expiry: Span::days(7),
            templates: None,
            quiet: Spanned::new(0..0, "21:00-08:00".to_owned()),
            zone: Spanned::new(0..0, "UTC".to_owned()),
            breaker: Breaker::default(),
        }
    }
}

/// Provider files.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Providers {
    /// The operator's own.
    pub folder: Option<PathBuf>,
}

/// Plays a provider: takes what an account sends and writes it to a file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandIn {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The folder of the files.
    pub path: PathBuf,
}

/// Why a configuration was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("{file}: {source}\nname another file with --config, or copy the config.toml that comes with Redial")]
    Unreadable {
        /// Which.
        file: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// A key, type or value is wrong.
    #[error("{file}:{line}:{column}: {what}")]
    Wrong {
        /// Which file.
        file: String,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What was found and what would be right.
        what: String,
    },
}

impl Config {
    /// Reads and checks a file.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let file = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text, &file),
            Err(source) => Err(ConfigError::Unreadable { file, source }),
        }
    }

    /// Reads and checks a text; `file` is for the errors.
    pub fn parse(text: &str, file: &str) -> Result<Self, ConfigError> {
        let mut config: Self = toml::from_str(text).map_err(|error| {
            let what = error.message().trim().to_owned();
            wrong(text, file, error.span().map_or(0, |span| span.start), what)
        })?;
        config.check().map_err(|(at, what)| wrong(text, file, at, what))?;
        config.source = Source { file: file.to_owned(), text: text.to_owned() };
        Ok(config)
    }

    /// An error about a value of this configuration.
    pub fn wrong<T>(&self, value: &Spanned<T>, what: impl std::fmt::Display) -> ConfigError {
        wrong(&self.source.text, &self.source.file, value.span().start, what.to_string())
    }

    /// References and values that the types alone do not settle; the byte at which it is wrong, and why.
    fn check(&self) -> Result<(), (usize, String)> {
        let url = &self.server.public_url;
        let (scheme, rest) = url.get_ref().split_once("://").unwrap_or_default();
        if !matches!(scheme, "http" | "https")
            || rest.is_empty()
            || rest.ends_with('/')
            || rest.contains(['?', '#', ' '])
        {
            return Err((
                url.span().start,
                format!(
                    "public_url is {:?}; it looks like \"https://redial.example.com\", without a slash at the end",
                    url.get_ref()
                ),
            ));
        }
        let region = &self.queries.region;
        let known = region.get_ref().len() == 2 && region.get_ref().bytes().all(|b| b.is_ascii_uppercase());
        if !known {
            return Err((
                region.span().start,
                format!("region is {:?}; a country's two capitals are needed, like \"US\"", region.get_ref()),
            ));
        }
        let notices = &self.notices;
        if notices.lease.get_ref().0 < Duration::from_secs(1) {
            let what =
                "a lease this short ends before anything is sent; at least \"1 s\" is needed, and \"60 s\" is usual";
            return Err((notices.lease.span().start, what.to_owned()));
        }
        for (list, channel) in [(&notices.push, "push"), (&notices.sms, "sms"), (&notices.email, "email")] {
            for name in list {
                // The defaults name an account that a file of one's own need not have.
                let from_file = !name.span().is_empty();
                if from_file && !self.accounts.keys().any(|account| account.get_ref() == name.get_ref()) {
                    let names: Vec<&str> = self.accounts.keys().map(|name| name.get_ref().as_str()).collect();
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
        self.sign_in.codes.check()?;
        self.changes.check()?;
        for (name, account) in &self.accounts {
            if !name.get_ref().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
                return Err((
                    name.span().start,
                    format!("the account name {:?} stands in URLs: letters, digits, - and _ only", name.get_ref()),
                ));
            }
            account.check().map_err(|what| (name.span().start, format!("account {}: {what}", name.get_ref())))?;
        }
        Ok(())
    }

    /// The settings of `other` that a running server cannot take, since they belong to what it has opened.
    pub fn fixed_differences(&self, other: &Self) -> Vec<&'static str> {
        let (ours, theirs) = (&self.server, &other.server);
        let plain = |list: &[Spanned<String>]| list.iter().map(|one| one.get_ref().clone()).collect::<Vec<_>>();
        let pairs = [
            ("server.listen", ours.listen == theirs.listen),
            ("server.connections", ours.connections == theirs.connections),
            ("server.header_timeout", ours.header_timeout == theirs.header_timeout),
            ("server.body_timeout", ours.body_timeout == theirs.body_timeout),
            ("server.body_limit", ours.body_limit == theirs.body_limit),
            ("server.stop_timeout", ours.stop_timeout == theirs.stop_timeout),
            ("server.tls", ours.tls == theirs.tls),
            ("server.proxies", plain(&ours.proxies) == plain(&theirs.proxies)),
            ("metrics.listen", self.metrics.listen == other.metrics.listen),
            ("log.format", self.log.format == other.log.format),
            ("store", self.store == other.store),
            ("sign_in.key", self.sign_in.key == other.sign_in.key),
            ("stand_in", self.stand_in == other.stand_in),
        ];
        pairs.into_iter().filter(|(_, same)| !same).map(|(key, _)| key).collect()
    }

    /// The account of a name.
    pub fn account(&self, name: &str) -> Option<&Account> {
        self.accounts.iter().find(|(key, _)| key.get_ref() == name).map(|(_, account)| account)
    }
}

fn list_or_none(names: &[&str]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn wrong(text: &str, file: &str, at: usize, what: String) -> ConfigError {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    ConfigError::Wrong { file: file.to_owned(), line, column, what }
}

#[cfg(test)]
mod tests;
