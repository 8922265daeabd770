//! What is read once for all notices that were claimed in one go.

use crate::{
    clock::Time,
    domain::{
        id::{GroupId, NoticeId, OwnerId},
        notice::Notice,
    },
    store::{Claimed, Leaving, Result, StoreError},
    usecase::{Env, view::Views},
};
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::OnceCell;

/// An owner's facts; nothing where there is no such owner, and nothing yet before they are read.
type Slot = Arc<tokio::sync::Mutex<Option<Option<Views>>>>;

/// Notices that were claimed together, and their owners. To be made after the claim: then what is read is not older than
/// what each would read for itself, and a change that comes later finds the notice claimed and opens it again (rule N2).
#[derive(Clone, Default)]
pub struct Together {
    owners: Arc<Mutex<HashMap<OwnerId, Slot>>>,
    notices: Arc<[Notice]>,
    leaving: Arc<OnceCell<Mutex<HashMap<NoticeId, Leaving>>>>,
}

impl fmt::Debug for Together {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Together").field("notices", &self.notices.len()).finish_non_exhaustive()
    }
}

impl Together {
    /// So many at a time are worth one look at the store: with more, the first would wait for the last.
    pub const MOST: usize = 32;

    /// For these, which begin at once.
    pub fn of<'c>(claimed: impl IntoIterator<Item = &'c Claimed>) -> Self {
        Self { notices: claimed.into_iter().map(|claimed| claimed.notice.clone()).collect(), ..Self::default() }
    }

    /// What delivering this one begins with. Looked at again it is read again.
    pub(super) async fn leaving(&self, env: &Env, notice: &Notice) -> Result<Leaving> {
        if !self.notices.is_empty() {
            // Where all of them cannot be read, one of them may be damaged: each looks for itself.
            let all = self.leaving.get_or_init(|| async { Mutex::new(self.read(env).await.unwrap_or_default()) }).await;
            if let Some(one) = all.lock().unwrap_or_else(PoisonError::into_inner).remove(&notice.id) {
                return Ok(one);
            }
        }
        let alone = env.store.leaving(std::slice::from_ref(notice)).await?.pop();
        alone.ok_or_else(|| StoreError::Damaged("what a notice begins with".into()))
    }

    async fn read(&self, env: &Env) -> Result<HashMap<NoticeId, Leaving>> {
        let found = env.store.leaving(&self.notices).await?;
        Ok(self.notices.iter().map(|notice| notice.id).zip(found).collect())
    }

    /// An owner's facts, with what members of these groups may see now, and knew before `at`, worked out already.
    pub(super) async fn views(&self, env: &Env, owner: OwnerId, groups: &[GroupId], at: Time) -> Result<Option<Views>> {
        let slot = Arc::clone(self.owners.lock().unwrap_or_else(PoisonError::into_inner).entry(owner).or_default());
        let mut slot = slot.lock().await;
        if slot.is_none() {
            *slot = Some(Views::read(env, owner).await?);
        }
        let Some(Some(views)) = slot.as_mut() else { return Ok(None) };
        views.view(groups);
        views.baseline(env, groups, at).await?;
        Ok(Some(views.clone()))
    }
}
