//! What is read once for all notices that were claimed in one go.

use crate::{
    clock::Time,
    domain::id::{GroupId, OwnerId},
    store::Result,
    usecase::{Env, view::Views},
};
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

/// An owner's facts; nothing where there is no such owner, and nothing yet before they are read.
type Slot = Arc<tokio::sync::Mutex<Option<Option<Views>>>>;

/// The owners of notices that were claimed together. To be made after the claim: then what is read is not older than
/// what each would read for itself, and a change that comes later finds the notice claimed and opens it again (rule N2).
#[derive(Clone, Default)]
pub struct Together(Arc<Mutex<HashMap<OwnerId, Slot>>>);

impl fmt::Debug for Together {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Together").finish_non_exhaustive()
    }
}

impl Together {
    /// An owner's facts, with what members of these groups may see now, and knew before `at`, worked out already.
    pub(super) async fn views(&self, env: &Env, owner: OwnerId, groups: &[GroupId], at: Time) -> Result<Option<Views>> {
        let slot = Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(owner).or_default());
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
