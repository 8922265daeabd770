//! What hooks and drop-in endpoints share: the operator's accounts, the ways out, and what was answered already.

use super::{
    Env, Live,
    answered::Answered,
    certificates::{Certificates, Fetch},
    deliver_notice::Post,
    parts::Parts,
};
use crate::{
    domain::{address::phone::Region, id::AppId, identity_bound::Lists, target::Targets},
    provider,
    telemetry::{Metrics, metrics},
    template::Spoken,
    transport::http::{Client, relay::Relay},
};
use prometheus_client::metrics::counter::Counter;
use std::{
    collections::HashMap,
    sync::{Arc, OnceLock, PoisonError, RwLock},
    time::Duration,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// An account as hooks and drop-in endpoints use it.
#[derive(Debug)]
pub struct Account {
    /// Parameters, keys and the provider's file.
    pub provider: provider::Account,
    /// As whom it looks numbers up; owners put this into their groups.
    pub app: AppId,
    /// After this the communication goes on unchanged (rule Q7).
    pub deadline: Duration,
    /// How many moved numbers that are new to it it may get at in a day; none where the rules' number counts (rule Q13).
    pub harvest: Option<u32>,
    /// It sends one-time codes and the like: nothing of it is redirected (rule Q8).
    pub identity_bound: bool,
    /// What else is not redirected by the operator's word (rule Q8).
    pub bound: Arc<Lists>,
    /// What a caller hears before the new number is dialled (rule Q6).
    pub announce: Option<Announce>,
    /// Whether a message is sent once more where a report says that its number is dead (rule Q6, *after*).
    pub after: bool,
    /// Country of numbers without a country code, where neither they nor the sender say otherwise (rule Q1).
    pub region: Option<Region>,
    /// Where a new number may be (rule Q12).
    pub targets: Targets,
    /// How providers reach Redial, without a slash at the end: what callback URLs begin with.
    pub public_url: Box<str>,
    /// Whether senders' URLs may be plain http and lie on this machine or a private network (rule W2).
    pub private_callbacks: bool,
    /// The customer's own URL for messages that come in.
    pub inbound_url: Option<Box<str>>,
    /// The host name under which its drop-in endpoints answer, beside `/via/NAME`.
    pub host: Option<Box<str>>,
    /// Its queries by hooks that ended as `no_result`: at hand, for nearly every call counts one.
    pub no_results: OnceLock<Counter>,
}

impl Account {
    /// The identity of a provider account; the same for a name on every machine and after every start.
    pub fn app_id(name: &str) -> AppId {
        let digest = ring::digest::digest(&ring::digest::SHA256, format!("provider account {name}").as_bytes());
        let mut id = [0; 16];
        id.copy_from_slice(&digest.as_ref()[..16]);
        AppId(u128::from_be_bytes(id))
    }

    /// Its name in the configuration.
    pub fn name(&self) -> &str {
        self.provider.name()
    }
}

/// The line that a caller hears before the new number is dialled (rule Q6).
#[derive(Clone, Debug)]
pub struct Announce {
    /// Whether those hear a line too who may not learn the number; theirs has no name and no number.
    pub to_all: bool,
    /// The language of the account's callers.
    pub language: Box<str>,
    /// The texts.
    pub spoken: Arc<Spoken>,
}

/// All accounts, found by name or by host.
#[derive(Debug, Default)]
pub struct Accounts {
    by_name: HashMap<Box<str>, Arc<Account>>,
    by_host: HashMap<Box<str>, Arc<Account>>,
}

impl Accounts {
    /// Of two accounts with one name or host the later one counts.
    pub fn new(accounts: impl IntoIterator<Item = Account>) -> Self {
        let mut all = Self::default();
        for account in accounts {
            let account = Arc::new(account);
            if let Some(host) = &account.host {
                all.by_host.insert(host.to_ascii_lowercase().into(), Arc::clone(&account));
            }
            all.by_name.insert(account.name().into(), account);
        }
        all
    }

    /// By its name in the configuration.
    pub fn named(&self, name: &str) -> Option<&Arc<Account>> {
        self.by_name.get(name)
    }

    /// Their names, in order.
    pub fn names(&self) -> Vec<Box<str>> {
        let mut names: Vec<_> = self.by_name.keys().cloned().collect();
        names.sort_unstable();
        names
    }

    /// Whether one of them has a host of its own.
    pub fn have_hosts(&self) -> bool {
        !self.by_host.is_empty()
    }

    /// By the host that a request names, lower case, without its port.
    pub fn hosted(&self, host: &str) -> Option<&Arc<Account>> {
        self.by_host.get(host)
    }
}

/// Ways out.
#[derive(Clone, Debug)]
pub struct Ways {
    /// To providers, byte for byte.
    pub relay: Relay,
    /// To senders' URLs on the internet.
    pub public: Client,
    /// To senders' URLs of accounts with `private_callbacks`.
    pub private: Client,
    /// To certificates and confirmations at a provider's own addresses.
    pub fetch: Arc<dyn Fetch>,
    /// How long to wait before each further try at a sender's callback.
    pub retries: Vec<Duration>,
    /// The largest reply that is read where a number must be mapped back, in bytes.
    pub reply_limit: usize,
}

impl Ways {
    /// The pauses of [`Ways::retries`] that suit a delivery report.
    pub fn usual_retries() -> Vec<Duration> {
        [1, 5, 30, 120].map(Duration::from_secs).into()
    }
}

/// Everything that hooks and drop-in endpoints work with; one for the process.
pub struct Gateway {
    /// Store, clock, rules.
    pub env: Env,
    /// Ways out.
    pub ways: Ways,
    /// Counters.
    pub metrics: Metrics,
    /// Calls and messages that were answered already.
    pub(super) answered: Answered,
    pub(super) certificates: Certificates,
    /// Texts that come in parts.
    pub(super) parts: Parts,
    accounts: RwLock<Arc<Accounts>>,
    /// What our own messages leave with; none where this process sends none.
    post: OnceLock<Live<Post>>,
    /// What goes on after an answer: callbacks, exchanges whose sender has hung up.
    pub tasks: TaskTracker,
    /// Ends the waiting between tries.
    pub stop: CancellationToken,
}

impl Gateway {
    /// Puts it together.
    pub fn new(env: Env, ways: Ways, metrics: Metrics, accounts: Accounts, stop: CancellationToken) -> Self {
        Self {
            env,
            ways,
            metrics,
            answered: Answered::new(1 << 16),
            certificates: Certificates::default(),
            parts: Parts::default(),
            accounts: RwLock::new(Arc::new(accounts)),
            post: OnceLock::new(),
            tasks: TaskTracker::new(),
            stop,
        }
    }

    /// Messages of our own leave with this from now on: answers to STOP, START and HELP. Said once.
    pub fn sends_with(&self, post: Live<Post>) {
        let _said_before = self.post.set(post);
    }

    /// What our own messages leave with, as it is at this moment.
    pub fn post(&self) -> Option<Arc<Post>> {
        self.post.get().map(Live::kept)
    }

    /// Whether messages of our own leave by this account. Its lists then hold our codes and notices, too.
    pub fn sends_own_by(&self, account: &Account) -> bool {
        self.post().is_some_and(|post| post.carriers.iter().any(|(_, carrier)| carrier.name() == account.name()))
    }

    /// The accounts of this moment.
    pub fn accounts(&self) -> Arc<Accounts> {
        Arc::clone(&self.accounts.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Other accounts from now on; what is under way ends with the old ones.
    pub fn replace_accounts(&self, accounts: Accounts) {
        *self.accounts.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(accounts);
    }

    /// Counts a refusal.
    pub fn refused(&self, surface: &'static str, reason: &'static str) {
        self.metrics.refused.get_or_create(&metrics::Refused { surface, reason }).inc();
    }

    pub(super) fn failed_open(&self, account: &Account, kind: &'static str) {
        let label = metrics::OnAccount { account: account.name().to_owned(), kind };
        self.metrics.failed_open.get_or_create(&label).inc();
    }
}
