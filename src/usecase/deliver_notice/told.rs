//! One person in two books is told once at one address (rule N4).

use super::plan::Plan;
use crate::{
    domain::notice::Recipient,
    store::{Claimed, Result},
    usecase::{Env, expand_fanout::read_seen},
};

impl Plan {
    /// The one of these recipients, who have the same address, who was told all of this there: one person in two books.
    pub(super) async fn told_already(
        &self,
        env: &Env,
        claimed: &Claimed,
        others: impl IntoIterator<Item = Recipient>,
    ) -> Result<Option<String>> {
        let notice = &claimed.notice;
        for other in others {
            if other == notice.recipient {
                continue;
            }
            let row = env.store.shown(notice.owner, other).await?;
            if row.as_ref().map(read_seen).transpose()?.is_some_and(|seen| seen.tells(&self.difference)) {
                return Ok(Some(match other {
                    Recipient::Owner(id) => id.to_string(),
                    Recipient::Contact(id) => id.to_string(),
                }));
            }
        }
        Ok(None)
    }

    /// The same for the chosen way, once the attempt has begun.
    pub(super) async fn told_meanwhile(&self, env: &Env, claimed: &Claimed) -> Result<Option<String>> {
        let Some((way, ..)) = &self.chosen else { return Ok(None) };
        let others = env.store.recipients_at(claimed.notice.owner, way.address.key()).await?;
        self.told_already(env, claimed, others).await
    }
}

/// Why there is nothing left to tell to a second entry of one person.
pub(super) fn told_as(other: &str) -> String {
    format!("told already at this address, as {other}")
}
