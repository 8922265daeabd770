//! Composition root: build everything, start, reload, stop.

mod accounts;
mod check;
mod console;
mod journal;
mod post;
mod serve;
mod tasks;

pub use check::{Finding, check};
pub(crate) use post::{post, push_accounts};
pub use serve::{Running, serve};

use crate::{
    clock::{Clock, Random, SystemClock, SystemRandom},
    config::{Changes, Codes, Config},
    domain::{
        address::phone::Region, change::hold::Holds, code::Caps, exchange::Limits, passkey::Relying, query::Windows,
    },
    store::{SharedStore, StoreError, postgres::Postgres, sqlite::Sqlite},
    telemetry::{Metrics, log},
    usecase::{Env, Rules, Seal},
};
use journal::Journal;
use std::{path::PathBuf, sync::Arc};

/// Why Redial, or one of its commands, did not start, or did not go on.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store could not be opened.
    #[error("the store {place} could not be opened\n{}", if let StoreError::Newer { .. } = source { NEWER } else { right })]
    Store {
        /// Which, without its password.
        place: String,
        /// What would be right.
        right: &'static str,
        /// Why.
        source: StoreError,
    },
    /// The folder of the database could not be made.
    #[error("{path}: {why}\nthe folder of store.path is made where this user may write")]
    Folder {
        /// Which.
        path: PathBuf,
        /// What the system says.
        why: std::io::Error,
    },
    /// A listener could not be opened.
    #[error("{address} cannot be listened on: {why}\n{}", instead(why.kind(), key))]
    Listen {
        /// Where.
        address: std::net::SocketAddr,
        /// The setting.
        key: &'static str,
        /// What the system says.
        why: std::io::Error,
    },
    /// Something that runs beside the listeners panicked.
    #[error("a part of the gateway crashed, so all of it was stopped; the log says which")]
    Crashed,
    /// A value of the configuration cannot be used.
    #[error("{0}")]
    Setting(String),
    /// The same, with its place.
    #[error(transparent)]
    Config(#[from] crate::config::ConfigError),
}

const NEWER: &str = "a newer Redial has changed it: run that one, or restore a copy from before";

/// What lets a listener be opened.
fn instead(kind: std::io::ErrorKind, key: &str) -> String {
    match kind {
        std::io::ErrorKind::AddrInUse => format!("another program listens there: end it, or set {key} to another port"),
        std::io::ErrorKind::PermissionDenied => {
            format!("ports below 1024 are for root, or with CAP_NET_BIND_SERVICE: allow it, or set {key} to one above")
        }
        _ => format!("set {key} to an address that this machine has, or to 0.0.0.0 with the port for all of them"),
    }
}

impl StartError {
    pub(crate) fn setting(what: impl std::fmt::Display) -> Self {
        Self::Setting(what.to_string())
    }
}

/// What commands and the server share.
pub struct App {
    /// What the use cases work with.
    pub env: Env,
    /// What is measured.
    pub metrics: Metrics,
    journal: Arc<Journal>,
}

impl App {
    /// Starts logging and opens the store.
    pub async fn open(config: &Config) -> Result<Self, StartError> {
        log::start(config.log.format == crate::config::LogFormat::Json, config.log.level.get_ref())
            .map_err(|why| config.wrong(&config.log.level, why))?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let random: Arc<dyn Random> = Arc::new(SystemRandom::new());
        let store = open_store(config, &clock, &random).await?;
        let mut env = Env::new(store, clock, random, rules(config)?);
        if let Some(key) = &config.sign_in.key {
            env.seal = Seal::of(&config.secret("sign_in.key", key)?);
        }
        let journal = Arc::new(Journal::open(&journal::path(config), &env).await?);
        Ok(Self { env, metrics: Metrics::new(), journal })
    }

    /// Writes what waits in memory and closes the store.
    pub async fn close(&self) {
        self.env.records.flush().await;
        self.journal.keep_up(&self.env.store).await;
        self.env.store.close().await;
    }
}

/// What would be right of the embedded database.
const EMBEDDED: &str = "store.path names a file that Redial made, or none yet, in a folder that this user may write to";

async fn open_store(
    config: &Config,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
) -> Result<SharedStore, StartError> {
    if let Some(url) = &config.store.url {
        let url = config.secret("store.url", url)?;
        let opened = Postgres::connect(&url, config.store.connections.get(), Some(Arc::clone(random))).await;
        let store = opened.map_err(|source| StartError::Store {
            place: "at store.url".to_owned(),
            right: "a PostgreSQL that answers is needed there: postgres://user:password@host/database",
            source,
        })?;
        return Ok(Arc::new(store));
    }
    let path = config.store.path.clone();
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|why| StartError::Folder { path: folder.to_owned(), why })?;
    }
    let (clock, readers, place) = (Arc::clone(clock), config.store.readers.get(), path.display().to_string());
    let opened = tokio::task::spawn_blocking(move || Sqlite::open(&path, clock, readers));
    match opened.await {
        Ok(Ok(store)) => Ok(Arc::new(store)),
        Ok(Err(source)) => Err(StartError::Store { place, right: EMBEDDED, source }),
        Err(stopped) => {
            Err(StartError::Store { place, right: EMBEDDED, source: StoreError::Unavailable(stopped.into()) })
        }
    }
}

/// Browsers make passkeys for pages that came over https, or from this machine by its name; for no bare IP address.
fn relying(config: &Config) -> Option<Relying> {
    let origin = config.server.public_url.get_ref().clone();
    let url: http::Uri = origin.parse().ok()?;
    let id = url.host()?.to_owned();
    if id.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok() {
        return None;
    }
    (url.scheme_str() == Some("https") || id == "localhost").then_some(Relying { id, origin })
}

fn holds(changes: &Changes) -> Holds {
    Holds {
        short: changes.short_hold.get_ref().0,
        long: changes.hold.get_ref().0,
        long_ago: changes.long_ago.get_ref().0,
        fresh: changes.sign_in_counts.get_ref().0,
        patience: changes.patience.get_ref().0,
    }
}

fn caps(codes: &Codes) -> Caps {
    Caps {
        again: *codes.again.get_ref(),
        address: *codes.address.get_ref(),
        address_day: *codes.address_day.get_ref(),
        prefix: *codes.prefix.get_ref(),
        domain: *codes.domain.get_ref(),
        country: *codes.country.get_ref(),
        requester: *codes.requester.get_ref(),
    }
}

fn rules(config: &Config) -> Result<Rules, StartError> {
    let written = &config.queries.region;
    let region = Region::new(written.get_ref()).ok_or_else(|| {
        config.wrong(written, format_args!("no numbers are known for the region {:?}", written.get_ref()))
    })?;
    Ok(Rules {
        windows: Windows { alone: config.queries.without_name.0, named: config.queries.with_name.0 },
        debounce: config.notices.debounce.get_ref().0,
        debounce_most: config.notices.debounce_at_most.get_ref().0,
        region: Some(region),
        reports: accounts::reports(config),
        registration: config.sign_in.registration,
        holds: holds(&config.changes),
        codes: caps(&config.sign_in.codes),
        relying: relying(config),
        exchange: Limits {
            alone: config.exchange.alone,
            window: config.exchange.window.0,
            of_owner: config.exchange.a_day,
            to_address: config.exchange.to_address_a_day,
            tray: config.exchange.tray,
        },
        harvest: config.queries.new_numbers_a_day,
    })
}
