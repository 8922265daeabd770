//! What an owner had and did is hidden while a panic lasts (rule C7): who came by a session of theirs must not read it.
//!
//! What happened since stays to be seen, and so does every request that can still be decided.

use super::{Env, write::Refused};
use crate::{
    clock::Time,
    domain::{change::Request, id::AuditId, owner::Owner},
    store::StoreError,
};
use std::borrow::Cow;

/// Why it is not shown.
pub const HIDDEN: &str = "the owner has ended everything at once; the history is shown again when that has ended";

/// Lines of the audit trail that are looked through at once.
const PAGE: usize = 500;

/// What may be seen of the history of one owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum History {
    /// All of it.
    Whole,
    /// What was decided after this moment, and lines of the audit trail after this one.
    Since(Time, Option<AuditId>),
}

impl History {
    /// Looks for the panic in the trail where the owner is silenced.
    ///
    /// # Errors
    /// The store could not be reached.
    pub async fn of(env: &Env, owner: &Owner) -> Result<Self, StoreError> {
        if !owner.silenced {
            return Ok(History::Whole);
        }
        let (mut last, mut since) = (None, None);
        loop {
            let page = env.store.audit(owner.id, last, PAGE).await?;
            for line in page.items {
                if &*line.what == super::panic::PANICKED {
                    since = Some(History::Since(line.at, last));
                }
                last = Some(line.id);
            }
            if !page.more {
                // A panic without a line of its own hides all that there is.
                return Ok(since.unwrap_or(History::Since(Time(i64::MAX), last)));
            }
        }
    }

    /// Whether this request may be seen.
    pub fn shows(self, request: &Request) -> bool {
        match self {
            History::Whole => true,
            History::Since(at, _) => request.state.is_open() || request.decided.is_some_and(|decided| decided > at),
        }
    }

    /// Where the part of the trail begins that may be seen, for somebody who has read up to `after`.
    pub fn trail_from(self, after: Option<AuditId>) -> Option<AuditId> {
        match self {
            History::Whole => after,
            History::Since(_, before) => after.max(before),
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

/// The owner without what they had before, while they are silenced.
pub fn visible(owner: &Owner) -> Cow<'_, Owner> {
    if !owner.silenced {
        return Cow::Borrowed(owner);
    }
    let mut shown = owner.clone();
    shown.points.retain(|point| point.removed.is_none());
    for point in &mut shown.points {
        point.values.retain(|held| held.until.is_none());
    }
    Cow::Owned(shown)
}
