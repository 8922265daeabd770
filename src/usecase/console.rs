//! What operators see and do on the console: who is signed in, what was measured, what is looked at.
//!
//! Sessions are this process's own and end with it. What was counted is written by the minute, so that plots outlive the
//! process and show all nodes. What an operator does stands in the operators' trail, and, where it concerns an owner, in
//! that owner's too.

mod figures;
mod guesses;
mod look;
mod operator;
mod overview;
mod password;
mod trail;
mod tries;

pub use look::{LookedAt, NoticeLine, Searched};
pub use operator::{Operator, Operators, Role, Session, SignedIn};
pub use overview::{AccountLine, Group, InState, Matter, Node, Overview, Range, Reload, Row, Step, Strip, ToCountry};
pub use password::{NotAHash, hash_password};

use super::{Env, Live, gateway::Gateway};
use crate::{
    clock::Time,
    store::{Commit, Effect, Figures, StoreError},
    telemetry::Metrics,
};
use figures::{AccountThen, Counted};
use guesses::Guesses;
use operator::Sessions;
use overview::minute_of;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};
use trail::Refusals;

/// Figures are kept for a week.
const KEPT: i64 = 7 * 24 * 60;
/// So many rows are forgotten at once.
const FORGET: usize = 1_000;

/// The console of one process.
pub struct Console {
    env: Env,
    metrics: Metrics,
    /// Whose accounts are shown, once it stands.
    gateway: OnceLock<Arc<Gateway>>,
    /// This process's name, the same after a restart.
    node: Box<str>,
    life: Time,
    /// Who may sign in; a reload replaces them.
    pub operators: Live<Operators>,
    sessions: Sessions,
    guesses: Guesses,
    refusals: Mutex<Refusals>,
    minute: Mutex<Minute>,
}

/// The minute that is being counted, and what the counters were at its beginning.
#[derive(Debug, Default)]
struct Minute {
    number: i64,
    began: Counted,
}

impl std::fmt::Debug for Console {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Console").field("node", &self.node).field("life", &self.life).finish_non_exhaustive()
    }
}

impl Console {
    /// For this store, showing these measurements, to these operators. `node` is this process's name among those that
    /// share the store.
    pub fn new(env: Env, metrics: Metrics, node: &str, operators: Operators) -> Self {
        let life = env.clock.now();
        Self {
            env,
            metrics,
            gateway: OnceLock::new(),
            node: node.into(),
            life,
            operators: Live::new(operators),
            sessions: Sessions::default(),
            guesses: Guesses::default(),
            refusals: Mutex::default(),
            minute: Mutex::new(Minute { number: minute_of(life), began: Counted::default() }),
        }
    }

    /// Shows how the accounts of this gateway stand, from now on. Said once.
    pub fn watches(&self, gateway: Arc<Gateway>) {
        let _said_before = self.gateway.set(gateway);
    }

    /// Until the next minute begins.
    pub fn until_next_minute(&self) -> Duration {
        let now = self.env.clock.now();
        Time((minute_of(now) + 1) * 60_000_000).since(now)
    }

    /// Writes what grew since the minute began, and begins the next one where that has come. The caller does it at the
    /// beginning of each minute, and at the end of the process.
    ///
    /// # Errors
    /// The store does not answer; then the next minute has what this one counted.
    pub async fn take_down(&self) -> Result<(), StoreError> {
        let now = minute_of(self.env.clock.now());
        let counted = Counted::read(&self.metrics.render());
        let (minute, mut grown) = {
            let minute = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
            (minute.number, counted.since(&minute.began))
        };
        grown.accounts = self.accounts_now();
        let body = serde_json::to_string(&grown).unwrap_or_default().into();
        let figures = Figures { minute, node: self.node.clone(), life: self.life, body };
        self.env.store.commit(Commit { effects: vec![Effect::Figured(figures)], ..Commit::default() }).await?;
        if now > minute {
            *self.minute.lock().unwrap_or_else(PoisonError::into_inner) = Minute { number: now, began: counted };
            self.env.store.forget_figures(now - KEPT, FORGET).await?;
        }
        Ok(())
    }

    /// What this process has counted since its minute began, and that minute.
    fn counting(&self) -> (i64, Counted) {
        let counted = Counted::read(&self.metrics.render());
        let (number, mut grown) = {
            let minute = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
            (minute.number, counted.since(&minute.began))
        };
        grown.accounts = self.accounts_now();
        (number, grown)
    }

    fn accounts_now(&self) -> Vec<AccountThen> {
        let Some(gateway) = self.gateway.get() else { return Vec::new() };
        let Some(post) = gateway.post() else { return Vec::new() };
        let now = self.env.clock.now();
        self.account_names().iter().map(|name| post.governor.standing(name, &post.caps(name), now).into()).collect()
    }

    /// Of all accounts that take calls or messages, or send notices.
    fn account_names(&self) -> Vec<Box<str>> {
        let Some(gateway) = self.gateway.get() else { return Vec::new() };
        let mut names: BTreeSet<Box<str>> = gateway.accounts().names().into_iter().collect();
        let sending = gateway.post();
        names.extend(sending.iter().flat_map(|post| &post.carriers).map(|(_, carrier)| carrier.name().into()));
        names.into_iter().collect()
    }
}
