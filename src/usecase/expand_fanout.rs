//! A fan-out becomes ledger rows and notices, page by page (rules C4, C5, N1, N2).
//!
//! A page may be repeated: what it writes depends on what the ledger and the owner hold then, and a pair has at most
//! one open notice. Nothing is sent here.

use super::{Env, deliver_notice::reach, view::Views};
use crate::{
    clock::Time,
    domain::{
        group::Told,
        id::{GroupId, NoticeId, OwnerId},
        notice::{Debounce, Moment, Notice, NoticeState, Recipient, Seen, Shown, View, rights_digest, step},
    },
    store::{Commit, Effect, Fanout, Result, StoreError},
};
use jiff::tz::TimeZone;
use std::time::Duration;

/// Recipients in one page, and so in one commit.
const PAGE: usize = 500;

/// How notices are scheduled.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// Where the clocks of digests stand for recipients whose zone is not known.
    pub zone: jiff::tz::TimeZone,
    /// For how long a page is taken.
    pub lease: Duration,
}

/// Takes one page of a fan-out that is due, if there is one, and returns how many recipients it had.
pub async fn expand_fanout(env: &Env, schedule: &Schedule) -> Result<Option<usize>> {
    let Some(fanout) = env.store.claim_fanout(schedule.lease).await? else { return Ok(None) };
    let (page, last) = page(env, &fanout).await?;
    let mut effects = match Views::read(env, fanout.owner).await? {
        Some(mut views) => plan(env, schedule, &fanout, &mut views, &page).await?,
        None => Vec::new(),
    };
    effects.push(Effect::FanoutMoved(fanout.id, last));
    let count = page.len();
    match env.store.commit(Commit { effects, ..Commit::default() }).await {
        // Another worker had it too and was faster.
        Ok(_) | Err(StoreError::Conflict) => Ok(Some(count)),
        Err(error) => Err(error),
    }
}

/// Recipients of the next page with the groups that they are in, and the last of them where more follow.
async fn page(env: &Env, fanout: &Fanout) -> Result<(Vec<(Recipient, Vec<GroupId>)>, Option<Recipient>)> {
    if fanout.only.is_empty() {
        let found = env.store.audience(fanout.owner, fanout.cursor, PAGE).await?;
        let last = found.items.last().map(|audience| audience.recipient).filter(|_| found.more);
        return Ok((found.items.into_iter().map(|audience| (audience.recipient, audience.groups)).collect(), last));
    }
    let mut only = fanout.only.clone();
    only.sort_unstable();
    only.dedup();
    only.retain(|recipient| fanout.cursor.is_none_or(|cursor| *recipient > cursor));
    let more = only.len() > PAGE;
    only.truncate(PAGE);
    let last = only.last().copied().filter(|_| more);
    let mut page = Vec::with_capacity(only.len());
    for recipient in only {
        // Somebody who has left every group may see nothing, and the ledger must say so.
        let found = env.store.audience_of(fanout.owner, recipient).await?;
        page.push((recipient, found.map(|(audience, _)| audience.groups).unwrap_or_default()));
    }
    Ok((page, last))
}

/// What this page writes.
async fn plan(
    env: &Env,
    schedule: &Schedule,
    fanout: &Fanout,
    views: &mut Views,
    page: &[(Recipient, Vec<GroupId>)],
) -> Result<Vec<Effect>> {
    let owner = fanout.owner;
    let recipients: Vec<Recipient> = page.iter().map(|(recipient, _)| *recipient).collect();
    let known = env.store.pairs(owner, &recipients).await?;
    let now = env.store.now().await?;
    let mut effects = Vec::new();
    for ((recipient, groups), (shown, open)) in page.iter().zip(known) {
        let blocked = views.blocks_somebody() && {
            let contacts = env.store.audience_of(owner, *recipient).await?.map(|(_, contacts)| contacts);
            views.blocked(env, *recipient, &contacts.unwrap_or_default()).await?
        };
        let groups: &[GroupId] = if blocked { &[] } else { groups };
        let view = views.view(groups);
        let baseline = views.baseline(env, groups, fanout.at).await?;
        let seen = shown.as_ref().map(read_seen).transpose()?;
        let debounce = Debounce { each: env.rules().debounce, most: env.rules().debounce_most };
        let zone = zone(env, schedule, owner, *recipient, &view, now).await?;
        let moment = Moment { at: fanout.at, now, debounce, zone: &zone, silent: fanout.silent };
        let step = step(seen.as_ref(), &baseline, &view, open.as_ref(), moment);
        // Where a notice is open its delivery follows what was taken away; two writers could undo each other.
        if let (Some(seen), Some(shown), None) = (step.ledger, shown, open) {
            let rights = rights_digest(&views.told_rights(groups));
            effects.push(Effect::ShownTo(Shown { card: seen.to_json(), rights, ..shown }));
        }
        if let Some(due) = step.due {
            let id = NoticeId::fresh(now, &*env.random);
            effects.push(Effect::NoticeDue(Notice {
                id,
                owner,
                recipient: *recipient,
                state: NoticeState::Open,
                first: fanout.at,
                due,
                since: due,
                attempts: 0,
                reason: "".into(),
                settled: None,
            }));
        }
    }
    Ok(effects)
}

/// Where the recipient's digests are timed: the zone that they have chosen or that of their numbers, else the operator's.
async fn zone(
    env: &Env,
    schedule: &Schedule,
    owner: OwnerId,
    recipient: Recipient,
    view: &View,
    now: Time,
) -> Result<TimeZone> {
    if !view.ways.iter().any(|(told, _)| matches!(told, Told::Digest(_))) {
        return Ok(schedule.zone.clone());
    }
    let contacts = env.store.audience_of(owner, recipient).await?.map(|(_, contacts)| contacts).unwrap_or_default();
    Ok(reach(env, recipient, &contacts).await?.clock(now).unwrap_or_else(|| schedule.zone.clone()))
}

/// What a row of the ledger says was shown.
pub(super) fn read_seen(shown: &Shown) -> Result<Seen> {
    Seen::from_json(&shown.card).ok_or_else(|| StoreError::Damaged("shown.card".into()))
}
