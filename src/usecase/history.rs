//! The history of one owner, of which a panic hides what was before (rule C7).

use super::{Env, panic::PANICKED, write::Refused};
use crate::{
    domain::{
        history::{History, Search},
        owner::Owner,
    },
    store::StoreError,
};

/// Why it is not shown.
pub const HIDDEN: &str = "the owner has ended everything at once; the history is shown again when that has ended";

/// Lines of the audit trail that are looked through at once.
const PAGE: usize = 500;

/// What may be seen of it. Looks for the panic in the trail where the owner is silenced.
///
/// # Errors
/// The store could not be reached.
pub async fn of(env: &Env, owner: &Owner) -> Result<History, StoreError> {
    if !owner.silenced {
        return Ok(History::Whole);
    }
    let mut search = Search::default();
    loop {
        let page = env.store.audit(owner.id, search.last(), PAGE).await?;
        for line in page.items {
            search.line(line.id, line.at, &*line.what == PANICKED);
        }
        if !page.more {
            return Ok(search.found());
        }
    }
}

/// Whether changes, queries and notices may be seen, and earlier states be had again.
///
/// # Errors
/// While the owner is silenced.
pub fn is_shown(owner: &Owner) -> Result<(), Refused> {
    if owner.silenced { Err(Refused::Conflict(HIDDEN.into())) } else { Ok(()) }
}
