//! What operators see and do on the console: who is signed in, what was measured, what is looked at.
//!
//! Sessions and measurements are this process's own and end with it. What an operator looks at or does with an owner
//! stands in that owner's audit trail; signing in and searching stand in the log.

mod history;
mod look;
mod operator;
mod password;

pub use history::{Plot, Series, Step};
pub use look::{Found, NoticeLine, Overview, Searched};
pub use operator::{Operator, Operators, Role, Session, SignedIn};
pub use password::{NotAHash, hash_password};

use super::{Env, Live};
use crate::{clock::Time, telemetry::Metrics};
use history::History;
use operator::Doors;
use serde::Serialize;
use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

/// So many reloads are remembered.
const RELOADS_MOST: usize = 20;

/// One reload of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reload {
    /// When.
    pub at: String,
    /// Whether it counts now.
    pub taken: bool,
    /// What was wrong with it, or what waits for the next start.
    pub detail: String,
}

/// The console of one process.
pub struct Console {
    env: Env,
    metrics: Metrics,
    /// Who may sign in; a reload replaces them.
    pub operators: Live<Operators>,
    doors: Doors,
    history: Mutex<History>,
    reloads: Mutex<VecDeque<Reload>>,
    started: Time,
}

impl std::fmt::Debug for Console {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Console").field("started", &self.started).finish_non_exhaustive()
    }
}

impl Console {
    /// For this store, showing these measurements, to these operators.
    pub fn new(env: Env, metrics: Metrics, operators: Operators) -> Self {
        let started = env.clock.now();
        Self {
            env,
            metrics,
            operators: Live::new(operators),
            doors: Doors::default(),
            history: Mutex::default(),
            reloads: Mutex::default(),
            started,
        }
    }

    /// Takes down what is measured now. The caller repeats it every [`Console::INTERVAL`].
    pub fn sample(&self) {
        let now = self.env.clock.now();
        self.history.lock().unwrap_or_else(PoisonError::into_inner).take(now, &self.metrics.render());
    }

    /// How often to call [`Console::sample`].
    pub const INTERVAL: std::time::Duration = std::time::Duration::from_secs(10);

    /// Remembers a reload.
    pub fn reloaded(&self, taken: bool, detail: String) {
        let mut reloads = self.reloads.lock().unwrap_or_else(PoisonError::into_inner);
        reloads.truncate(RELOADS_MOST - 1);
        reloads.push_front(Reload { at: self.env.clock.now().to_string(), taken, detail });
    }
}
