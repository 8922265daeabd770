//! Starting, reloading and stopping the gateway.

use super::{App, StartError, accounts, console, post, tasks::Tasks};
use crate::{
    config::{self, Config, Server, Tls},
    http::{
        self, Surface,
        api::{self, Api},
        body, console as console_pages, health,
        proxies::{Network, Proxies},
        serve::{Limits, Listener, serve as accept, tls_config},
        stand_in::StandIn,
    },
    telemetry::{log, metrics},
    transport::http::{Client, Settings, reach::Reach, relay::Relay},
    usecase::{
        Live, Rules,
        console::{Console, Operators},
        deliver_notice::Post,
        former,
        gateway::{Accounts, Gateway, Ways},
    },
    worker::Worker,
};
use std::{
    io::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::signal::unix::{SignalKind, signal};
use tokio_rustls::rustls::ServerConfig;
use tokio_util::sync::CancellationToken;
use toml::Spanned;

/// How often what other processes wrote is followed.
const FOLLOW: Duration = Duration::from_secs(1);
/// How long a callback of a sender may take (rule W2).
const CALLBACK: Duration = Duration::from_secs(10);
/// How long a provider may take to begin its reply; the sender's own patience is the real limit.
const UPSTREAM: Duration = Duration::from_mins(1);
/// The largest reply that is read to map a number back.
const REPLY_LIMIT: usize = 8 << 20;

/// A gateway that runs.
pub struct Running {
    /// Store, clock, counters.
    pub app: App,
    /// Where it listens.
    pub address: SocketAddr,
    /// Where `/metrics` is.
    pub metrics_address: SocketAddr,
    gateway: Arc<Gateway>,
    worker: Worker,
    queries: Live<api::Settings>,
    console: Arc<Console>,
    /// What runs, as it was configured last.
    config: Mutex<Config>,
    stop: CancellationToken,
    stopping: Arc<AtomicBool>,
    tasks: Tasks,
}

/// Serves until a signal says stop, or a part of it crashes. SIGHUP reads the configuration again.
pub async fn serve(config: Config, file: PathBuf) -> Result<(), StartError> {
    let mut hangup = signal(SignalKind::hangup()).map_err(StartError::setting)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(StartError::setting)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(StartError::setting)?;
    let running = Running::start(&config).await?;
    greet(&config, &running);
    let ended = loop {
        tokio::select! {
            _ = hangup.recv() => running.reload(&file).await,
            _ = terminate.recv() => break Ok(()),
            _ = interrupt.recv() => break Ok(()),
            () = running.tasks.crashed() => break Err(StartError::Crashed),
        }
    };
    tracing::info!("stopping: what is under way ends first");
    running.stop().await;
    tracing::info!("stopped");
    ended
}

/// What an operator wants to see first.
fn greet(config: &Config, running: &Running) {
    let scheme = if config.server.tls.is_some() { "https" } else { "http" };
    let (address, metrics) = (running.address, running.metrics_address);
    let version = env!("CARGO_PKG_VERSION");
    // Where nobody reads it, it serves all the same.
    let _unread = writeln!(
        std::io::stderr(),
        "redial {version} listens on {scheme}://{address} (metrics on http://{metrics}/metrics)\ntry next: redial demo"
    );
    tracing::info!(%address, "started");
    for (name, account) in &config.accounts {
        let plain =
            account.parameters.values().flat_map(|all| all.get_ref().all()).any(crate::config::Secret::is_plain);
        if plain && account.base_url.is_none() {
            tracing::warn!(
                account = name.get_ref(),
                "its secrets stand in the configuration itself: {{ env = \"NAME\" }} or {{ file = \"/path\" }} keeps them out of it"
            );
        }
    }
}

impl Running {
    /// Opens the store and the listeners, and starts all loops.
    pub async fn start(config: &Config) -> Result<Self, StartError> {
        let app = App::open(config).await?;
        // What is wrong in the file is said before anything is listened on.
        let accounts = accounts::all(config)?;
        let (stop, tasks) = (CancellationToken::new(), Tasks::default());
        let listener = listen(config.server.listen, "server.listen").await?;
        let listener = match &config.server.tls {
            Some(tls) => listener.with_tls(read_tls(config, tls)?),
            None => listener,
        };
        let metrics_listener = listen(config.metrics.listen, "metrics.listen").await?;
        let address = listener.address().map_err(StartError::setting)?;
        let metrics_address = metrics_listener.address().map_err(StartError::setting)?;

        let gateway = Arc::new(Gateway::new(app.env.clone(), ways()?, app.metrics.clone(), accounts, stop.clone()));
        let stopping = Arc::new(AtomicBool::new(false));
        let surface = Surface {
            gateway: Arc::clone(&gateway),
            body: body::Limit { bytes: config.server.body_limit, time: config.server.body_timeout.0 },
            ready: ready(&app, &stopping),
            proxies: proxies(config)?,
        };
        let mut api = Api::new(app.env.clone(), api_settings(config)?, surface.body);
        let queries = api.live.clone();
        api.metrics = app.metrics.clone();
        let sends = Arc::clone(&api.post);
        let node = console::node(address);
        let console = Arc::new(Console::new(app.env.clone(), app.metrics.clone(), &node, console::operators(config)?));
        tasks.spawn("figures", console::take_down(Arc::clone(&console), stop.clone()));
        let secure = config.server.public_url.get_ref().starts_with("https");
        let pages = console_pages::Surface::new(Arc::clone(&console), secure, surface.body);
        let others = vec![api::routes(api), console_pages::routes(pages)];
        let limits = Limits {
            connections: config.server.connections.get(),
            of_one_network: config.server.connections.get().div_ceil(4),
            header_timeout: config.server.header_timeout.0,
            stop_timeout: config.server.stop_timeout.0,
            ..Limits::default()
        };
        tasks.spawn(
            "listener",
            accept(listener, http::routes(&surface, others), limits, app.metrics.clone(), stop.clone()),
        );
        let metrics = app.metrics.clone();
        let scrape: health::Scrape = Arc::new(move || metrics.render());
        tasks.spawn(
            "metrics",
            accept(metrics_listener, health::metrics(scrape), limits, app.metrics.clone(), stop.clone()),
        );
        if let Some(written) = &config.stand_in {
            tasks.spawn("stand-in", stand_in(written, &app, limits, stop.clone()).await?);
        }
        let worker = Worker::new(
            app.env.clone(),
            Arc::new(post::post(config, Some(app.metrics.clone()))?),
            post::settings(config),
            Some(app.metrics.clone()),
        );
        gateway.sends_with(worker.post());
        let _said_before = sends.set(worker.post());
        console.watches(Arc::clone(&gateway));
        tasks.spawn("worker", {
            let (worker, stop) = (worker.clone(), stop.clone());
            async move { worker.run(stop).await }
        });
        tasks.spawn("follow", follow(app.env.store.clone(), stop.clone()));
        tasks.spawn("journal", copy_journal(Arc::clone(&app.journal), app.env.store.clone(), stop.clone()));
        tasks.spawn("former numbers", {
            let (env, stop) = (app.env.clone(), stop.clone());
            async move {
                tokio::select! {
                    asked = former::ask_about_stated(&env) => match asked {
                        Ok(0) => {}
                        Ok(count) => tracing::info!(count, "owners are asked about former numbers of older programs"),
                        Err(error) => tracing::warn!(%error, "owners are asked about former numbers at the next start"),
                    },
                    () = stop.cancelled() => {}
                }
            }
        });
        if let Some(held) = app.env.store.sending_held().await.map_err(StartError::setting)? {
            tracing::warn!(since = %held.at, why = &*held.why, "nothing is sent until `redial notices resume`");
        }
        let config = Mutex::new(config.clone());
        Ok(Self { app, address, metrics_address, gateway, worker, queries, console, config, stop, stopping, tasks })
    }

    /// Reads the configuration again. All of it is read and built before any of it counts: what is wrong changes nothing.
    pub async fn reload(&self, file: &Path) {
        let kind = match Config::load(file).map_err(StartError::from).and_then(Reloaded::build) {
            Ok(reloaded) => {
                let at_start = self.take(reloaded);
                let detail = if at_start.is_empty() { at_start } else { format!("at the next start: {at_start}") };
                self.console.reloaded(true, &detail).await;
                "taken"
            }
            Err(error) => {
                tracing::error!(%error, "the configuration was not taken: everything stays as it was");
                self.console.reloaded(false, &error.to_string()).await;
                "refused"
            }
        };
        self.app.metrics.reloads.get_or_create(&metrics::Kind { kind }).inc();
    }

    /// The settings that wait for the next start.
    fn take(&self, reloaded: Reloaded) -> String {
        let Reloaded { config, accounts, post, queries, rules, operators } = reloaded;
        if let Err(error) = log::set_level(config.log.level.get_ref()) {
            tracing::error!(%error, "the log level stays as it was");
        }
        self.gateway.replace_accounts(accounts);
        self.worker.replace(post, post::settings(&config));
        self.queries.replace(queries);
        self.console.operators.replace(operators);
        self.app.env.live.replace(rules);
        let mut running = self.config.lock().unwrap_or_else(PoisonError::into_inner);
        let fixed = running.fixed_differences(&config);
        let at_start = fixed.join(", ");
        if fixed.is_empty() {
            tracing::info!("the configuration was read again: all of it counts from now on");
        } else {
            tracing::warn!(
                at_start = at_start.as_str(),
                "the configuration was read again: these count from the next start, the rest from now on"
            );
        }
        // What was opened at the start stays what the next reload is compared with.
        let before = std::mem::replace(&mut *running, config);
        running.server = Server { public_url: running.server.public_url.clone(), ..before.server };
        (running.metrics, running.store, running.stand_in) = (before.metrics, before.store, before.stand_in);
        (running.log.format, running.sign_in.key) = (before.log.format, before.sign_in.key);
        at_start
    }

    /// Ends what is under way, then closes the store.
    pub async fn stop(self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.stop.cancel();
        self.tasks.ended().await;
        self.gateway.tasks.close();
        self.gateway.tasks.wait().await;
        self.app.close().await;
    }
}

/// A configuration with everything that was made of it.
struct Reloaded {
    config: Config,
    accounts: Accounts,
    post: Post,
    queries: api::Settings,
    rules: Rules,
    operators: Operators,
}

impl Reloaded {
    fn build(config: Config) -> Result<Self, StartError> {
        log::check(config.log.level.get_ref()).map_err(|why| config.wrong(&config.log.level, why))?;
        Ok(Self {
            accounts: accounts::all(&config)?,
            post: post::post(&config, None)?,
            queries: api_settings(&config)?,
            rules: super::rules(&config)?,
            operators: console::operators(&config)?,
            config,
        })
    }
}

fn api_settings(config: &Config) -> Result<api::Settings, StartError> {
    Ok(api::Settings {
        targets: accounts::api_targets(config)?,
        slot: config.queries.slot.0,
        bound: accounts::bound(config)?,
        push: post::push_accounts(config)?,
        accounts: config.account_names(),
    })
}

/// Plays a provider, until the stop.
async fn stand_in(
    written: &config::StandIn,
    app: &App,
    limits: Limits,
    stop: CancellationToken,
) -> Result<impl Future<Output = ()> + Send + use<>, StartError> {
    let listener = listen(written.listen, "stand_in.listen").await?;
    let stand_in = StandIn::new(written.path.clone(), Arc::clone(&app.env.clock), Arc::clone(&app.env.random));
    Ok(accept(listener, Arc::new(stand_in).routes(), limits, app.metrics.clone(), stop))
}

/// The certificate and its key.
pub(super) fn read_tls(config: &Config, tls: &Spanned<Tls>) -> Result<Arc<ServerConfig>, StartError> {
    let Tls { certificate, key } = tls.get_ref();
    Ok(tls_config(certificate, key).map_err(|why| config.wrong(tls, format_args!("server.tls: {why}")))?)
}

async fn listen(address: SocketAddr, key: &'static str) -> Result<Listener, StartError> {
    Listener::bind(address).await.map_err(|why| StartError::Listen { address, key, why })
}

/// The proxies whose word on who asks is believed.
pub(super) fn proxies(config: &Config) -> Result<Proxies, StartError> {
    let written = config.server.proxies.iter();
    let networks = written.map(|one| one.get_ref().parse::<Network>().map_err(|why| config.wrong(one, why)));
    Ok(networks.collect::<Result<Vec<_>, _>>()?.into())
}

fn ready(app: &App, stopping: &Arc<AtomicBool>) -> health::Ready {
    let (store, stopping) = (app.env.store.clone(), Arc::clone(stopping));
    Arc::new(move || {
        let (store, stopping) = (store.clone(), Arc::clone(&stopping));
        Box::pin(async move {
            if stopping.load(Ordering::SeqCst) {
                return Err("stopping".to_owned());
            }
            let held = store.sending_held().await.map_err(|error| error.to_string())?;
            store.now().await.map_err(|error| error.to_string())?;
            Ok(held.map(|held| held.why.into()))
        })
    })
}

fn ways() -> Result<Ways, StartError> {
    let client =
        |reach| Client::new(&Settings { reach, timeout: CALLBACK, ..Settings::default() }).map_err(StartError::setting);
    Ok(Ways {
        relay: Relay::new(&Settings { timeout: UPSTREAM, ..Settings::default() }).map_err(StartError::setting)?,
        fetch: Arc::new(client(Reach::Public)?),
        public: client(Reach::Public)?,
        private: client(Reach::Anywhere)?,
        retries: Ways::usual_retries(),
        reply_limit: REPLY_LIMIT,
    })
}

/// Copies the journal as it grows, and once more at the end.
async fn copy_journal(journal: Arc<super::Journal>, store: crate::store::SharedStore, stop: CancellationToken) {
    loop {
        let goes_on = stop.run_until_cancelled(tokio::time::sleep(FOLLOW)).await.is_some();
        journal.keep_up(&store).await;
        if !goes_on {
            return;
        }
    }
}

async fn follow(store: crate::store::SharedStore, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(FOLLOW)).await.is_some() {
        if let Err(error) = store.follow().await {
            tracing::warn!(%error, "what other processes wrote could not be followed");
        }
    }
}
