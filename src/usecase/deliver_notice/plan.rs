//! What becomes of a claimed notice: a message and the ways in which it can leave, or why nothing is sent.

use super::{
    Post, Together,
    attempt::way_of,
    known::{Begun, Known, Left, LookedUp},
    way::Leave,
};
use crate::{
    clock::Time,
    domain::{
        address::Address,
        device::Device,
        id::GroupId,
        notice::{Attempt, AttemptOutcome, Difference, Notice, NoticeState, Reach, Recipient, Seen, Shown, channels},
        owner::Channel,
    },
    store::{Claimed, Result},
    usecase::{
        Env,
        carrier::{Carrier, Content},
        exchange::{introductions::Introduces, tray, updates},
        view::Views,
    },
};
use jiff::tz::TimeZone;
use std::sync::Arc;

/// How a notice is settled without a request.
#[derive(Debug)]
pub(super) struct Settling {
    pub(super) state: NoticeState,
    pub(super) reason: String,
    /// What the ledger says then.
    pub(super) shown: Option<Shown>,
    /// An attempt of a process that died, whose outcome nobody knows.
    pub(super) dangling: Option<u32>,
    /// When it is looked at again, where it stays open.
    pub(super) due: Option<Time>,
}

impl Settling {
    /// It stays open until then.
    pub(super) fn at(self, due: Time) -> Self {
        Self { due: Some(due), ..self }
    }
}

/// What to do with a claimed notice.
pub(super) enum Next {
    Settle(Settling),
    Send(Box<Plan>),
}

/// A message, and the ways in which it can leave.
pub(super) struct Plan {
    pub(super) views: Views,
    pub(super) groups: Vec<GroupId>,
    pub(super) languages: Vec<Box<str>>,
    pub(super) addresses: Vec<Address>,
    /// The zone that a registered recipient has chosen.
    pub(super) zone: Option<TimeZone>,
    /// Where a registered recipient has push messages, the device that was in use last first.
    pub(super) devices: Vec<Device>,
    pub(super) channels: Vec<Channel>,
    pub(super) difference: Difference,
    /// What the ledger says once it is sent.
    pub(super) shown: Shown,
    /// All that there is to be told; what the ledger says where nothing had to be left out.
    pub(super) told: Seen,
    /// Whether the chosen text has no room for some of it.
    pub(super) left_out: bool,
    /// What it says now, as far as that may still be seen.
    pub(super) before: Seen,
    /// All attempts so far.
    pub(super) attempts: Vec<Attempt>,
    pub(super) chosen: Option<(Reach, Arc<dyn Carrier>, Content)>,
    /// The only way that is left, since it may have left by it already.
    pub(super) bound: Option<Reach>,
    /// The chosen way's place among what is on its way.
    pub(super) leave: Option<Leave>,
    /// Ways by which it did not leave since it was claimed.
    pub(super) failed: Vec<Reach>,
    /// What was read with the rest, for the first way that is chosen: later ones ask again.
    pub(super) fresh: Option<Fresh>,
    /// Whether it introduces the owner (rule E1).
    pub(super) introduces: bool,
    /// Whether the entry in the recipient's own book says it already (rule E3).
    pub(super) in_their_book: bool,
}

/// What is known of the addresses at the beginning.
pub(super) struct Fresh {
    /// Others who were told about the owner at one of them, by its key.
    pub(super) others: Vec<(Box<str>, Recipient)>,
    /// They are nobody's but the contact's, and nothing was said at them.
    pub(super) nothing_said: bool,
}

impl Plan {
    /// Reads the facts and checks them in the order of rule N4.
    pub(super) async fn make(env: &Env, post: &Post, claimed: &Claimed, together: &Together) -> Result<Next> {
        let notice = &claimed.notice;
        let now = env.store.now().await?;
        let mut known = match Known::read(env, notice, together, now).await? {
            Begun::Known(known) => *known,
            Begun::Over(settling) => return Ok(Next::Settle(settling)),
        };
        let mut left = known.left();
        // A process that ended after the first of several devices had it, before the rest.
        let sent = |one: &Attempt| one.outcome == Some(AttemptOutcome::Sent) && one.at >= notice.first;
        if left.difference.is_empty() && known.attempts.iter().any(sent) {
            return Ok(Next::Settle(known.settle(NoticeState::Sent, "", None)));
        }
        match known.look_up(env, post, notice, now).await? {
            LookedUp::Over(settling) => return Ok(Next::Settle(settling)),
            LookedUp::Written => return Box::pin(Self::make(env, post, claimed, together)).await,
            LookedUp::Nothing => {}
        }
        let late = now.since(notice.since) > post.expiry;
        let bound = if late { None } else { known.repeated(post, notice, now).map(way_of) };
        if bound.is_none()
            && let Some(attempt) = known.maybe(notice).cloned()
        {
            left = match known.left_since(env, notice, &attempt, left).await? {
                Ok(left) => left,
                Err(settling) => return Ok(Next::Settle(settling)),
            };
        }
        if left.difference.is_empty() {
            let row = known.seen.as_ref().filter(|seen| **seen != left.before);
            let row = row.map(|_| known.shown(notice, &left.before, now));
            return Ok(Next::Settle(known.settle(NoticeState::Empty, "nothing is left to tell", row)));
        }
        let mut in_their_book = false;
        if let Recipient::Owner(viewer) = notice.recipient {
            if known.introduces == Introduces::Now {
                // For them the ledger's row is the delivery: the card lies apart from their book (rules N2, E4).
                tray::deliver(env, &known.views.owner, viewer, now).await?;
                let row = known.shown(notice, &known.view.told, now);
                return Ok(Next::Settle(known.settle(NoticeState::Sent, "", Some(row))));
            }
            in_their_book = updates::follow(env, &known.views.owner, viewer, &left.difference).await?;
        }
        if late {
            return Ok(Next::Settle(known.settle(NoticeState::Dead, &too_late(notice), None)));
        }
        Self::of(known, left, bound, in_their_book, (env, post, claimed), now).await
    }

    /// The message, and the first way that is free; or how the notice is settled where none is.
    async fn of(
        known: Known,
        Left { before, difference }: Left,
        bound: Option<Reach>,
        in_their_book: bool,
        (env, post, claimed): (&Env, &Post, &Claimed),
        now: Time,
    ) -> Result<Next> {
        let shown = known.shown(&claimed.notice, &known.view.told, now);
        let Known { views, groups, contacts, view, introduces, attempts, others, plain, .. } = known;
        let mut plan = Self {
            shown,
            told: view.told.clone(),
            left_out: false,
            languages: Vec::new(),
            channels: channels(views.channels(&groups)),
            views,
            groups,
            addresses: Vec::new(),
            zone: None,
            devices: Vec::new(),
            difference,
            before,
            attempts,
            chosen: None,
            bound,
            leave: None,
            failed: Vec::new(),
            fresh: Some(Fresh { others, nothing_said: false }),
            introduces: introduces == Introduces::Now,
            in_their_book,
        };
        plan.find(env, post, &claimed.notice, &contacts, &plain).await?;
        Ok(match plan.choose(env, post, claimed).await? {
            Some(settling) => Next::Settle(settling),
            None => Next::Send(Box::new(plan)),
        })
    }
}

/// Why a notice is given up that could not be sent in its time: with what it waited for.
fn too_late(notice: &Notice) -> String {
    let last = if notice.reason.is_empty() { String::new() } else { format!(", at last: {}", notice.reason) };
    format!("too late: it was due at {}{last}; a replay sends it", notice.since)
}
