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
        gateway::Gateway,
        memory,
        substitute::{self, Decided, channel_word},
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

    /// Writes the row of one that goes elsewhere, and that it was answered so. Where it was answered before, what is to be
    /// answered now: the same within a minute, else nothing.
    pub(in crate::usecase) async fn write(
        self,
        gateway: &Gateway,
        decided: Decided,
    ) -> Result<Option<Decided>, StoreError> {
        let (row, named) = (&decided.row, u8::from(decided.revealed.is_some()));
        let came = self.came(row.at, [&[named], &row.id.to_bytes()[..]].concat());
        let effect = Effect::Memory(Memory::First(came));
        match substitute::write_with(gateway, std::slice::from_ref(row), vec![effect]).await {
            Ok(()) => Ok(Some(decided)),
            Err(StoreError::Conflict) => self.before(gateway, row.at).await,
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
