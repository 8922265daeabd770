//! What all processes know of calls and messages that were answered (rule W1).
//!
//! Only where the number may have moved: the rest touches no table.

use super::REPEATED;
use crate::{
    clock::Time,
    domain::id::SubstitutionId,
    provider::Channel,
    store::{Came, Effect, Memory, MemoryKey, StoreError},
    usecase::{
        gateway::{Account, Gateway},
        harvest::{self, New},
        memory,
        substitute::{self, Candidate, Decided, channel_word},
    },
};
use std::time::Duration;

/// After this a captured webhook whose scheme has no time in it is decided again.
const KEPT: Duration = Duration::from_hours(24);

/// A call or message of an account.
#[derive(Clone, Copy, Debug)]
pub(in crate::usecase) struct Everywhere(MemoryKey);

impl Everywhere {
    pub(in crate::usecase) fn of(account: &str, channel: Channel, id: &str) -> Self {
        let parts = [account, channel_word(channel), id].map(str::as_bytes);
        Self(memory::key("answered", &parts))
    }

    /// Writes the row of one that goes elsewhere, that it was answered so, and what counts its number. Where it was answered
    /// before, what is to be answered now: the same within a minute, else nothing.
    pub(in crate::usecase) async fn write(
        self,
        gateway: &Gateway,
        account: &Account,
        mut candidate: Candidate,
    ) -> Result<Option<Decided>, StoreError> {
        let row = candidate.decided.row.clone();
        let named = u8::from(candidate.decided.revealed.is_some());
        let came = Effect::Memory(Memory::First(self.came(row.at, [&[named], &row.id.to_bytes()[..]].concat())));
        let new = candidate.new.take();
        let more = [came.clone()].into_iter().chain(new.iter().flat_map(New::effects)).collect();
        let mut written = substitute::write_with(gateway, std::slice::from_ref(&row), more).await;
        if let (Err(StoreError::Conflict), Some(new)) = (&written, &new) {
            // Something of it was there already: the answer or, asked for twice at once, the number.
            written = match harvest::admits(&gateway.env, new).await {
                Ok(true) => substitute::write_with(gateway, &[row], vec![came]).await,
                Ok(false) => Err(StoreError::Spent),
                Err(error) => Err(error),
            };
        }
        match written {
            Ok(()) => Ok(Some(candidate.settled(gateway, account).await)),
            Err(StoreError::Spent) => {
                candidate.harvested(gateway, account).await;
                self.unchanged(gateway).await;
                Ok(None)
            }
            Err(StoreError::Conflict) => self.before(gateway, candidate.settled(gateway, account).await.row.at).await,
            Err(error) => Err(error),
        }
    }

    /// It was left as it is. Written with the next batch of query records.
    pub(in crate::usecase) async fn unchanged(self, gateway: &Gateway) {
        let now = gateway.env.clock.now();
        gateway.env.records.remember(self.came(now, Vec::new())).await;
    }

    fn came(self, at: Time, value: Vec<u8>) -> Came {
        Came { key: self.0, at, until: at.after(KEPT), value: value.into() }
    }

    async fn before(self, gateway: &Gateway, now: Time) -> Result<Option<Decided>, StoreError> {
        let store = &gateway.env.store;
        let Some(came) = store.came(&[self.0]).await?.pop().flatten() else { return Ok(None) };
        let Some((named, id)) = came.value.split_first().filter(|_| now.since(came.at) < REPEATED) else {
            return Ok(None);
        };
        let Some(id) = SubstitutionId::from_bytes(id) else { return Ok(None) };
        let Some(row) = store.substitution(id).await? else { return Ok(None) };
        let revealed = match named {
            0 => None,
            _ => store.owner(row.owner).await?.map(|owner| owner.profile.name.into()),
        };
        Ok(Some(Decided { row, revealed }))
    }
}
