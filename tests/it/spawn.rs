//! A whole Redial in this process: its own `SQLite` file, a free port, a clock that moves when it is told to.

use crate::people;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use redial::{
    clock::{Clock, ManualClock, SystemRandom, Time},
    domain::{
        address::phone,
        group::{Grant, Item, Member, Told},
        id::{BookId, GroupId, OwnerId, PointId},
        name,
        owner::{Book, Group, Held, Membership, Proof},
        target::Targets,
    },
    http::{Surface, body, proxies::Proxies, routes, serve},
    provider::{self, AccountSettings, Custody, Provider, Secret, SenderKey},
    store::{Commit, Effect, SharedStore, sqlite::Sqlite},
    telemetry::Metrics,
    transport::http::{Client, Settings, reach::Reach, relay::Relay},
    usecase::{
        Env, Rules,
        gateway::{Account, Accounts, Gateway, Ways},
    },
};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use warp::{filters::BoxedFilter, reply::Response};

/// Makes accounts, for Redial's base URL.
pub(crate) type MakeAccounts = Box<dyn FnOnce(&str) -> Vec<Account>>;

/// Further surfaces, made when the environment stands.
pub(crate) type Others = Box<dyn FnOnce(&Env) -> Vec<BoxedFilter<(Response,)>>>;

/// What a test wants.
pub(crate) struct Setup {
    /// Accounts, made when the address is known; the base URL is the argument.
    pub(crate) accounts: MakeAccounts,
    pub(crate) others: Others,
    /// Where it is kept; `None`: in an `SQLite` file of its own.
    pub(crate) store: Option<SharedStore>,
    pub(crate) rules: Rules,
    pub(crate) metrics: Metrics,
    pub(crate) proxies: Proxies,
    /// When the clock starts.
    pub(crate) now: Time,
    /// The clock, where it is there already.
    pub(crate) clock: Option<Arc<ManualClock>>,
    /// Pauses before further tries at callbacks.
    pub(crate) retries: Vec<Duration>,
    pub(crate) body_limit: usize,
    /// Until an upstream's reply begins.
    pub(crate) upstream_timeout: Duration,
    /// What lies at a provider's own addresses.
    pub(crate) fetch: Arc<dyn redial::usecase::certificates::Fetch>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            accounts: Box::new(|_| Vec::new()),
            others: Box::new(|_| Vec::new()),
            store: None,
            metrics: Metrics::new(),
            proxies: Proxies::default(),
            rules: Rules { region: phone::Region::new("US"), ..Rules::default() },
            // The real time: SDKs compare signatures' times with their own clock.
            now: redial::clock::SystemClock.now(),
            clock: None,
            retries: vec![Duration::from_millis(5); 3],
            body_limit: 64 << 10,
            upstream_timeout: Duration::from_secs(20),
            fetch: Arc::new(Client::new(&Settings::default()).unwrap()),
        }
    }
}

/// A Redial that runs. Stops when it is dropped.
pub(crate) struct Running {
    /// `http://127.0.0.1:PORT`.
    pub(crate) base: String,
    pub(crate) env: Env,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) store: SharedStore,
    /// The same, for what only tests do to it.
    pub(crate) sqlite: Embedded,
    pub(crate) gateway: Arc<Gateway>,
    stop: CancellationToken,
    ended: Option<JoinHandle<()>>,
    folder: Folder,
}

/// The embedded store, where that is the one.
pub(crate) struct Embedded(Option<Arc<Sqlite>>);

impl Embedded {
    pub(crate) fn is_there(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn crash_before(&self, statements: u32) {
        self.0.as_ref().expect("the test runs on the embedded store").crash_before(statements);
    }
}

/// A folder that goes with the test.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("redial-it-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _best_effort = std::fs::remove_dir_all(&self.0);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Starts one.
pub(crate) async fn spawn(setup: Setup) -> Running {
    let folder = Folder::new();
    let clock = setup.clock.unwrap_or_else(|| Arc::new(ManualClock::at(setup.now)));
    let (store, sqlite): (SharedStore, _) = if let Some(store) = setup.store {
        (store, Embedded(None))
    } else {
        let sqlite = Arc::new(Sqlite::open(&folder.0.join("redial.db"), clock.clone(), 2).unwrap());
        (sqlite.clone(), Embedded(Some(sqlite)))
    };
    let env = Env::new(Arc::clone(&store), clock.clone(), Arc::new(SystemRandom::new()), setup.rules);
    let listener = serve::Listener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let base = format!("http://{}", listener.address().unwrap());
    let private = Settings { reach: Reach::Anywhere, timeout: setup.upstream_timeout, ..Settings::default() };
    let ways = Ways {
        relay: Relay::new(&private).unwrap(),
        public: Client::new(&Settings::default()).unwrap(),
        fetch: setup.fetch,
        private: Client::new(&private).unwrap(),
        retries: setup.retries,
        reply_limit: 1 << 20,
    };
    let stop = CancellationToken::new();
    let metrics = setup.metrics;
    let accounts = Accounts::new((setup.accounts)(&base));
    let gateway = Arc::new(Gateway::new(env.clone(), ways, metrics.clone(), accounts, stop.clone()));
    let ready_store = Arc::clone(&store);
    let surface = Surface {
        gateway: Arc::clone(&gateway),
        body: body::Limit { bytes: setup.body_limit, time: Duration::from_secs(5) },
        proxies: setup.proxies,
        ready: Arc::new(move || {
            let store = Arc::clone(&ready_store);
            Box::pin(async move { store.now().await.map(|_| None).map_err(|error| error.to_string()) })
        }),
    };
    let routes = routes(&surface, (setup.others)(&env));
    let limits = serve::Limits { stop_timeout: Duration::from_secs(5), ..serve::Limits::default() };
    let ended = tokio::spawn(serve::serve(listener, routes, limits, metrics, stop.clone()));
    Running { base, env, clock, store, sqlite, gateway, stop, ended: Some(ended), folder }
}

impl Running {
    /// Stops it as a signal would, and waits until all has ended.
    pub(crate) async fn stop(&mut self) {
        self.stop.cancel();
        if let Some(ended) = self.ended.take() {
            ended.await.unwrap();
        }
        self.gateway.tasks.close();
        self.gateway.tasks.wait().await;
    }

    /// An owner whose number was `old` until now and is `new`; `member` may be connected to it, and learn it where
    /// `reveal` says so.
    pub(crate) async fn moved(&self, name: &str, old: &str, new: &str, member: Member, reveal: bool) -> OwnerId {
        let (random, now) = (SystemRandom::new(), self.clock.now());
        let (owner, point) = (OwnerId::fresh(now, &random), PointId::fresh(now, &random));
        let (book, group) = (BookId::fresh(now, &random), GroupId::fresh(now, &random));
        let address = |text| phone::parse(text, None).unwrap();
        let year = Duration::from_hours(365 * 24);
        let held = |text, from| Held { address: address(text), from, until: None, proof: Proof::Code, proved: from };
        let points = vec![people::point(point, "mobile", vec![held(old, now.before(year))])];
        let whole = people::owner(owner, name, points, now);
        let grant = if reveal { Grant::Reveal(Item::Point(point)) } else { Grant::Forward(point) };
        let group = Group {
            introduce: false,
            id: group,
            book,
            owner,
            name: "all".into(),
            told: Told::OnQuery,
            channels: Vec::new(),
            quiet: None,
            grants: vec![grant],
        };
        let membership = Membership { group: group.id, member };
        self.commit(vec![
            Effect::OwnerAdded(whole),
            Effect::NamesSet(owner, name::key(name).into_iter().collect()),
            Effect::BookSet(Book { id: book, owner, name: "book".into(), default_group: None }),
            Effect::GroupSet(group),
            Effect::MemberAdded(owner, membership),
        ])
        .await;
        self.commit(vec![
            Effect::ValueProved { owner, point, key: address(old).key().into(), at: now, proof: Proof::Code },
            Effect::ValueLeft(owner, point, now),
            Effect::ValueHeld(owner, point, held(new, now)),
        ])
        .await;
        owner
    }

    /// Nothing can be written until this is dropped: what another process's long write does.
    pub(crate) fn lock(&self) -> rusqlite::Connection {
        let connection = rusqlite::Connection::open(self.folder.0.join("redial.db")).unwrap();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        connection
    }

    pub(crate) async fn commit(&self, effects: Vec<Effect>) {
        self.store.commit(Commit { effects, ..Commit::default() }).await.unwrap();
    }
}

/// The values of a Twilio account that the tests use.
pub(crate) const TWILIO_SID: &str = "AC00000000000000000000000000000001";
pub(crate) const TWILIO_TOKEN: &str = "operators-own-token";

/// A sender's secret at accounts in the operator's custody.
pub(crate) const SENDER_SECRET: &str = "senders-secret";

/// A Telnyx account's API key, and the seeds of the keys that sign its webhooks, and Redial's callbacks to senders.
pub(crate) const TELNYX_KEY: &str = "KEY-operators-own";
pub(crate) const TELNYX_WEBHOOK_SEED: [u8; 32] = [1; 32];
pub(crate) const TELNYX_CALLBACK_SEED: [u8; 32] = [2; 32];
pub(crate) const TELNYX_ACCOUNT: &str = "11111111-2222-4333-8444-555555555555";

pub(crate) fn ed25519(seed: &[u8; 32]) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(seed).unwrap()
}

pub(crate) fn public_key(seed: &[u8; 32]) -> String {
    BASE64_STANDARD.encode(ed25519(seed).public_key())
}

/// What differs between the accounts of tests.
pub(crate) struct AccountOf<'a> {
    pub(crate) name: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) parameters: Vec<(String, Vec<String>)>,
    pub(crate) custody: Custody,
    pub(crate) upstream: &'a str,
    pub(crate) base: &'a str,
    pub(crate) sender: Option<(&'a str, &'a str)>,
}

impl<'a> AccountOf<'a> {
    /// Twilio, in the operator's custody, with one sender whose user name is the account's id.
    pub(crate) fn twilio(base: &'a str, upstream: &'a str) -> Self {
        Self {
            name: "main",
            kind: "twilio",
            parameters: vec![
                ("account_sid".to_owned(), vec![TWILIO_SID.to_owned()]),
                ("auth_token".to_owned(), vec![TWILIO_TOKEN.to_owned()]),
            ],
            custody: Custody::Operator,
            upstream,
            base,
            sender: Some((TWILIO_SID, SENDER_SECRET)),
        }
    }

    /// Telnyx, in the operator's custody, with one sender.
    pub(crate) fn telnyx(base: &'a str, upstream: &'a str) -> Self {
        let one = |name: &str, value: &str| (name.to_owned(), vec![value.to_owned()]);
        Self {
            name: "telnyx",
            kind: "telnyx",
            parameters: vec![
                one("api_key", TELNYX_KEY),
                one("public_key", &public_key(&TELNYX_WEBHOOK_SEED)),
                one("account_sid", TELNYX_ACCOUNT),
                one("signing_key", &BASE64_STANDARD.encode(TELNYX_CALLBACK_SEED)),
            ],
            custody: Custody::Operator,
            upstream,
            base,
            sender: Some(("", SENDER_SECRET)),
        }
    }

    pub(crate) fn make(self) -> Account {
        let file = format!("{}/providers/{}.toml", env!("CARGO_MANIFEST_DIR"), self.kind);
        let provider = Arc::new(Provider::load(&std::fs::read_to_string(&file).unwrap(), &file).unwrap());
        let parameters = provider.parameters(self.parameters).unwrap();
        let sender = |(user, secret): (&str, &str)| SenderKey { user: user.into(), secret: Secret::new(secret) };
        let settings = AccountSettings {
            name: self.name.into(),
            provider,
            parameters,
            custody: self.custody,
            senders: self.sender.map(sender).into_iter().collect(),
            public_urls: vec![self.base.into()],
            upstream: Some(self.upstream.into()),
            application: None,
        };
        Account {
            provider: provider::Account::new(settings).unwrap(),
            app: Account::app_id(self.name),
            deadline: Duration::from_secs(5),
            harvest: None,
            identity_bound: false,
            bound: Arc::default(),
            announce: None,
            region: None,
            targets: Targets::default(),
            public_url: self.base.into(),
            private_callbacks: true,
            inbound_url: None,
            after: false,
            host: None,
            no_results: std::sync::OnceLock::new(),
        }
    }
}
