//! Settings, with the file and line of what is wrong. Read by `app` and `cli` only.
//!
//! One struct a section. A wrong key, type or reference is refused with the place, what was found and what would be
//! right; `config.toml` at the root of the repository holds the defaults and a test keeps it so.

mod account;
mod bounds;
mod changes;
mod console;
mod duration;
mod exchange;
mod notices;
mod queries;
mod secret;
mod server;
mod sign_in;

pub use account::{Account, Announce, Card, Countries, Custody, Sender, Unanswered, Values, Word};
pub use changes::Changes;
pub use console::{Console, Operator, Role};
pub use duration::Span;
pub use exchange::Exchange;
pub use notices::{Breaker, Notices};
pub use queries::Queries;
pub use secret::Secret;
pub use server::{Log, LogFormat, Metrics, Server, Tls};
pub use sign_in::{Codes, SignIn};

use serde::Deserialize;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    num::NonZeroUsize,
    path::{Path, PathBuf},
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
    pub url: Option<Spanned<Secret>>,
    /// Connections to it.
    pub connections: NonZeroUsize,
}

impl Default for Store {
    fn default() -> Self {
        Self { path: "data/redial.db".into(), journal: None, readers: some(2), url: None, connections: some(16) }
    }
}

/// A default that is not zero.
const fn some(count: usize) -> NonZeroUsize {
    NonZeroUsize::MIN.saturating_add(count - 1)
}

/// Provider files.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Providers {
    /// The operator's own.
    pub folder: Option<Spanned<PathBuf>>,
}

/// Plays a provider: takes what an account sends and writes it to a file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandIn {
    /// Where it listens.
    #[serde(deserialize_with = "bounds::listening")]
    pub listen: SocketAddr,
    /// The folder of the files.
    pub path: PathBuf,
}

/// Why a configuration was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("{file}: {why}\nname another file with --config, or copy the config.toml that comes with Redial")]
    Unreadable {
        /// Which.
        file: String,
        /// What the system says.
        why: std::io::Error,
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
            Err(why) => Err(ConfigError::Unreadable { file, why }),
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

    /// What stands behind a secret; `key` is its name.
    pub fn secret(&self, key: &str, written: &Spanned<Secret>) -> Result<String, ConfigError> {
        written.get_ref().value().map_err(|why| self.wrong(written, format_args!("{key}: {why}")))
    }

    /// The same of each of several.
    pub fn secrets(&self, key: &str, written: &Spanned<Values>) -> Result<Vec<String>, ConfigError> {
        let values = written.get_ref().all().iter().map(Secret::value).collect::<Result<_, _>>();
        values.map_err(|why| self.wrong(written, format_args!("{key}: {why}")))
    }

    /// References and values that the types alone do not settle; the byte at which it is wrong, and why.
    fn check(&self) -> Result<(), (usize, String)> {
        self.server.check()?;
        self.queries.check()?;
        self.notices.check(&self.accounts)?;
        self.sign_in.codes.check()?;
        self.changes.check()?;
        for (name, account) in &self.accounts {
            if !name.get_ref().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
                return Err((
                    name.span().start,
                    format!("the account name {:?} stands in URLs: letters, digits, - and _ only", name.get_ref()),
                ));
            }
            let same_host = |other: &Account| other.host.is_some() && other.host == account.host;
            if self.accounts.values().filter(|other| same_host(other)).count() > 1 {
                return Err((name.span().start, format!("account {}: another account has its host", name.get_ref())));
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

    /// The names of all accounts.
    pub fn account_names(&self) -> Vec<Box<str>> {
        self.accounts.keys().map(|name| name.get_ref().as_str().into()).collect()
    }

    /// The folder of the operator's own provider files.
    pub fn provider_folder(&self) -> Option<&Path> {
        self.providers.folder.as_ref().map(|folder| folder.get_ref().as_path())
    }

    /// The folder of the operator's own texts.
    pub fn texts_folder(&self) -> Option<&Path> {
        self.notices.templates.as_ref().map(|folder| folder.get_ref().as_path())
    }

    /// The account of a name, and where it stands.
    pub fn account(&self, name: &str) -> Option<(&Spanned<String>, &Account)> {
        self.accounts.iter().find(|(key, _)| key.get_ref() == name)
    }
}

fn wrong(text: &str, file: &str, at: usize, what: String) -> ConfigError {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    ConfigError::Wrong { file: file.to_owned(), line, column, what }
}

#[cfg(test)]
mod tests;
