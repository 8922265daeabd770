//! A dead or unknown notice is tried once more (rules N3, N4).

use super::{Env, expand_fanout::read_seen, write::audited};
use crate::{
    domain::{
        id::NoticeId,
        notice::{Notice, NoticeState, Seen, Shown},
    },
    store::{Commit, Effect, StoreError},
};
use serde_json::json;

/// Why a notice was not replayed.
#[derive(Debug, thiserror::Error)]
pub enum NotReplayed {
    /// No such notice.
    #[error("there is no notice {0}")]
    NotFound(NoticeId),
    /// It is open, sent or empty.
    #[error("{id} is {state}: only a dead notice, or one of which nobody knows whether it arrived, is replayed")]
    Settled {
        /// Which.
        id: NoticeId,
        /// Its state's word.
        state: &'static str,
    },
    /// It changed at the same time.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Opens a new notice for the pair in its place, due at once, and returns its id. Everything is checked again when it is
/// sent: rights, opt-outs, what was told since. Of an unknown one the operator says by this that it did not arrive. The
/// owner's trail says who did it: `by`.
pub async fn replay_notice(env: &Env, id: NoticeId, by: &str) -> Result<NoticeId, NotReplayed> {
    let notice = env.store.notice(id).await?.ok_or(NotReplayed::NotFound(id))?;
    if !notice.state.may_be_replayed() {
        return Err(NotReplayed::Settled { id, state: notice.state.word() });
    }
    let now = env.store.now().await?;
    let open = env.store.open_notice(notice.owner, notice.recipient).await?;
    let new = open.map_or_else(|| NoticeId::fresh(now, &*env.random), |open| open.id);
    let mut effects = vec![Effect::NoticeMarked {
        id,
        from: notice.state,
        state: NoticeState::Replayed,
        reason: format!("replayed as {new}").into(),
    }];
    if notice.state == NoticeState::Unknown
        && let Some(row) = env.store.shown(notice.owner, notice.recipient).await?
    {
        let seen = Seen { perhaps: None, ..read_seen(&row)? };
        effects.push(Effect::ShownTo(Shown { card: seen.to_json(), ..row }));
    }
    effects.push(audited(env, notice.owner, by, now, "notice_replayed", &json!({"notice": id, "as": new})));
    effects.push(Effect::NoticeDue(Notice {
        id: new,
        state: NoticeState::Open,
        due: now,
        since: now,
        attempts: 0,
        reason: format!("replay of {id}").into(),
        settled: None,
        ..notice
    }));
    env.store.commit(Commit { effects, ..Commit::default() }).await?;
    Ok(new)
}
