//! What operators do at the console, and reloads of the configuration, in the operation's trail.

use super::{Console, Session};
use crate::{
    domain::id::AuditId,
    store::{Page, StoreError, Trail, TrailLine},
    usecase::trail::{self, Doer},
};
use std::sync::PoisonError;

/// A configuration that counts.
pub(super) const TAKEN: &str = "taken";
/// One that does not.
const REFUSED: &str = "refused";

/// So many refused sign-ins in a minute stand in the trail each by itself.
const REFUSALS_MOST: u32 = 30;

/// Refused sign-ins of a minute, so that a crowd of them does not fill the store.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    minute: i64,
    count: u32,
}

impl Console {
    /// The trail of operators, newest first.
    pub async fn operators_trail(&self, before: Option<AuditId>, limit: usize) -> Result<Page<TrailLine>, StoreError> {
        self.env.store.trail(Trail::Operators, before, limit).await
    }

    /// Writes what an operator does into the trail; what cannot be written is not done.
    pub(super) async fn did(&self, session: &Session, what: &str, subject: &str) -> Result<(), StoreError> {
        self.write(Trail::Operators, (&session.name, &session.origin), what, subject).await
    }

    /// The same for coming and going, which the log tells too: a store that does not answer keeps nobody from looking
    /// at what else is wrong.
    pub(super) async fn came_or_went(&self, name: &str, origin: &str, what: &str, subject: &str) {
        if let Err(error) = self.write(Trail::Operators, (name, origin), what, subject).await {
            tracing::error!(operator = name, origin, what, %error, "this does not stand in the operators' trail");
        }
    }

    /// A sign-in was refused. After many in a minute only one line more says so.
    pub(super) async fn refused(&self, name: &str, origin: &str, why: &str) {
        let minute = super::overview::minute_of(self.env.clock.now());
        let count = {
            let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
            if refusals.minute != minute {
                *refusals = Refusals { minute, count: 0 };
            }
            refusals.count = refusals.count.saturating_add(1);
            refusals.count
        };
        if count < REFUSALS_MOST {
            self.came_or_went(name, origin, "sign_in_refused", why).await;
        } else if count == REFUSALS_MOST {
            self.came_or_went("", "", "sign_in_refused", "and more in this minute, which are counted in the log").await;
        }
    }

    /// Writes what became of a reload of the configuration.
    pub async fn reloaded(&self, taken: bool, detail: &str) {
        let what = if taken { TAKEN } else { REFUSED };
        if let Err(error) = self.write(Trail::Config, ("", &self.node), what, detail).await {
            tracing::error!(%error, "a reload does not stand in the trail");
        }
    }

    async fn write(
        &self,
        trail: Trail,
        (name, origin): (&str, &str),
        what: &str,
        subject: &str,
    ) -> Result<(), StoreError> {
        trail::write(&self.env, trail, Doer { name, origin }, what, subject).await
    }
}
