//! One file per action: facts, a pure decision, at most one commit between network calls.

pub mod accepted;
mod after;
mod announce;
mod answered;
pub mod app_passwords;
pub mod asleep;
pub mod audit_trail;
mod authorize;
pub mod blocks;
pub mod books;
pub mod bounced;
mod callback;
pub mod card_link;
pub mod card_page;
pub mod carrier;
pub mod certificates;
pub mod codes;
mod command;
pub mod console;
pub mod contacts;
pub mod course;
pub mod deliver_letter;
pub mod deliver_notice;
pub mod devices;
pub mod erase;
mod erased_substitutions;
pub mod exchange;
pub mod expand_fanout;
pub mod explain;
pub mod export;
pub mod forget_answers;
pub mod former;
pub mod gateway;
pub mod governor;
pub mod groups;
pub mod harvest;
pub mod heard;
pub mod history;
pub mod hook_call;
pub mod hook_inbound;
pub mod hook_message;
pub mod hook_status;
pub mod import;
pub mod import_contacts;
pub mod import_moves;
pub mod keep;
pub mod keys;
pub mod letters;
pub mod link_contacts;
pub mod members;
pub mod memory;
pub mod opt_outs;
pub mod owners;
pub mod panic;
mod parts;
mod passed;
pub mod passkeys;
pub mod preview;
pub mod receipts;
pub mod record;
pub mod reference;
pub mod relay;
pub mod relay_list;
pub mod relay_read;
pub mod relay_send;
pub mod replay_notice;
pub mod requests;
pub mod resolve;
pub mod restored;
mod seal;
pub mod send_test;
pub mod sessions;
pub mod sign_in;
pub mod start_groups;
mod substitute;
pub mod trail;
mod view;
pub mod wanted;
pub mod write;

use crate::{
    clock::{Clock, Random},
    domain::{
        change::hold::Holds, code::Caps, exchange::Limits, notice::REPORTS_WITHIN, passkey::Relying, query::Windows,
    },
    store::{self, SharedStore},
};
use arc_swap::{ArcSwap, Guard};
pub use seal::Seal;
use std::{collections::HashMap, sync::Arc, time::Duration};

/// What every action works with.
#[derive(Clone)]
pub struct Env {
    /// What is kept.
    pub store: SharedStore,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids and secrets.
    pub random: Arc<dyn Random>,
    /// The operator's settings of the rules; a reload replaces them.
    pub live: Live<Rules>,
    /// Where queries are recorded.
    pub records: record::Recorder,
    /// The key of codes and links that are kept nowhere.
    pub seal: Seal,
}

impl Env {
    /// Puts it together and starts the writer of query records; needs a runtime.
    pub fn new(store: SharedStore, clock: Arc<dyn Clock>, random: Arc<dyn Random>, rules: Rules) -> Self {
        let records = record::Recorder::start(Arc::clone(&store));
        Self { store, clock, random, live: Live::new(rules), records, seal: Seal::default() }
    }

    /// A code over these parts, with the service's own key.
    async fn mac(&self, parts: &[&[u8]]) -> store::Result<[u8; 32]> {
        self.seal.mac(&self.store, &*self.random, parts).await
    }

    /// The operator's settings of the rules, as they are at this moment.
    pub fn rules(&self) -> Guard<Arc<Rules>> {
        self.live.now()
    }
}

/// Settings that a reload replaces while they are in use. Clones share them.
#[derive(Debug)]
pub struct Live<T>(Arc<ArcSwap<T>>);

impl<T> Clone for Live<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Live<T> {
    /// With these to begin with.
    pub fn new(first: impl Into<Arc<T>>) -> Self {
        Self(Arc::new(ArcSwap::new(first.into())))
    }

    /// Those of this moment, for a moment.
    pub fn now(&self) -> Guard<Arc<T>> {
        self.0.load()
    }

    /// Those of this moment, for something that takes longer.
    pub fn kept(&self) -> Arc<T> {
        self.0.load_full()
    }

    /// Others from now on; what is under way ends with those that it began with.
    pub fn replace(&self, next: T) {
        self.0.store(Arc::new(next));
    }
}

/// The operator's settings of the rules.
#[derive(Clone, Debug)]
pub struct Rules {
    /// How long a former number is answered for (Q3).
    pub windows: Windows,
    /// How long changes are gathered into one notice (C5).
    pub debounce: Duration,
    /// And at most, from the first of them (C5).
    pub debounce_most: Duration,
    /// Country of numbers without a country code, where neither account nor sender says otherwise (Q1).
    pub region: Option<crate::domain::address::phone::Region>,
    /// How long the reports of an account may take, by its name, where it is not the usual time (N3).
    pub reports: HashMap<Box<str>, Duration>,
    /// How long wanted changes are held (C3).
    pub holds: Holds,
    /// How many codes may be asked for (C1).
    pub codes: Caps,
    /// Whether people may register themselves by a code.
    pub registration: bool,
    /// Who relies on passkeys; none where browsers could not reach this service safely.
    pub relying: Option<Relying>,
    /// How many introductions there may be (E2).
    pub exchange: Limits,
    /// How many moved numbers that are new to it an asker may get at in a day (Q13).
    pub harvest: u32,
}

impl Rules {
    /// How long this account's reports may take (N3).
    pub fn reports_within(&self, account: &str) -> Duration {
        self.reports.get(account).copied().unwrap_or(REPORTS_WITHIN)
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            windows: Windows::default(),
            debounce: Duration::from_mins(2),
            debounce_most: Duration::from_mins(10),
            region: None,
            reports: HashMap::new(),
            holds: Holds::default(),
            codes: Caps::default(),
            registration: false,
            relying: None,
            exchange: Limits::default(),
            harvest: harvest::MOST,
        }
    }
}
