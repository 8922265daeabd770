//! What an imported move stands for, effect by effect.

use super::{Audit, Effect};
use crate::domain::{id::AuditId, imported::Moved};

/// The effects that write the same one by one.
pub(super) fn in_full(moved: &Moved) -> [Effect; 6] {
    [
        Effect::OwnerAdded(moved.as_owner()),
        Effect::NamesSet(moved.owner, vec![moved.key.clone()]),
        Effect::BookSet(moved.as_book()),
        Effect::GroupSet(moved.as_group()),
        Effect::MemberAdded(moved.owner, moved.membership()),
        Effect::Audited(audit(moved)),
    ]
}

/// The first line of the owner's audit trail.
pub(super) fn audit(moved: &Moved) -> Audit {
    Audit {
        id: AuditId(moved.owner.0),
        owner: moved.owner,
        at: moved.created,
        by: "import".into(),
        what: "imported".into(),
        detail: serde_json::json!({"source": moved.source}).to_string().into(),
    }
}
