//! A claimed notice leaves, or is settled for a reason (rules N2, N3, N4).
//!
//! *Facts → checks → attempt written → request → outcome written.* The attempt is committed before the request leaves
//! and fenced, so that after a crash between the two commits it stands there without an outcome: then its account is asked
//! for it, where it can be asked, else it is *unknown*. Where a repeat is one message to its reader (a file of one name,
//! one Message-ID) it is repeated, else never.

mod attempt;
mod copies;
mod known;
mod looked_up;
mod outcome;
mod plan;
mod recipient;
mod text;
mod together;
mod told;
mod way;

pub use outcome::Ended;
pub(super) use recipient::reach;
pub use together::Together;

use super::{
    Env,
    carrier::Carriers,
    governor::{Caps, Governor},
    receipts,
};
use crate::{
    domain::{notice::NoticeState, schedule::Backoff},
    store::{Claimed, Result},
    template::Templates,
};
use jiff::tz::TimeZone;
use plan::{Next, Plan};
use std::{collections::HashMap, fmt, time::Duration};
use tokio_util::sync::CancellationToken;

/// What notices are made of and leave by.
pub struct Post {
    /// The texts.
    pub templates: Templates,
    /// The accounts, in the order in which they are tried.
    pub carriers: Carriers,
    /// The operator's word for this service.
    pub service: String,
    /// Where recipients can ask; empty where there is no such place.
    pub help: String,
    /// How readers reach this service, `https://…` without a slash at the end, for the links by which they end messages;
    /// empty where they cannot.
    pub public_url: String,
    /// The secrets with which mail that came back is handed in, by the mail account.
    pub mailboxes: HashMap<Box<str>, Box<str>>,
    /// The language of readers and owners of whom none is known.
    pub language: String,
    /// When to try again, and when to give up.
    pub backoff: Backoff,
    /// A notice that could not be sent so long after it was due is listed as dead: something put it off again and again,
    /// the system was down that long, or it came back from an old copy.
    pub expiry: Duration,
    /// What each account may do, by its name; the rest have no caps.
    pub caps: HashMap<Box<str>, Caps>,
    /// What was seen of the accounts.
    pub governor: Governor,
    /// The clock of recipients of whom none is known.
    pub zone: TimeZone,
}

impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Post").field("carriers", &self.carriers).finish_non_exhaustive()
    }
}

impl Post {
    /// How late a notice may be: a week.
    pub const USUAL_EXPIRY: Duration = Duration::from_hours(7 * 24);

    /// What an account may do.
    pub fn caps(&self, account: &str) -> Caps {
        self.caps.get(account).cloned().unwrap_or_default()
    }
}

/// Carries one claimed notice to its end for now: settled, or open for a later try. When `stop` is cancelled no
/// attempt is begun any more, and the claim is given back at no cost; one that is under way is finished.
///
/// # Errors
/// The store could not be reached. The claim runs out by itself, and what was sent is *unknown*.
pub async fn deliver_notice(env: &Env, post: &Post, claimed: &Claimed, stop: &CancellationToken) -> Result<Ended> {
    deliver_together(env, post, claimed, &Together::default(), stop).await
}

/// [`deliver_notice`] for one of several that were claimed `together`.
///
/// # Errors
/// As [`deliver_notice`].
pub async fn deliver_together(
    env: &Env,
    post: &Post,
    claimed: &Claimed,
    together: &Together,
    stop: &CancellationToken,
) -> Result<Ended> {
    let ended = carry(env, post, claimed, together, stop).await?;
    if matches!(ended, Ended::Sent | Ended::Unknown | Ended::Later) {
        // A report may have come before the reply was written.
        receipts::catch_up(env, claimed.notice.id).await?;
    }
    Ok(ended)
}

async fn carry(
    env: &Env,
    post: &Post,
    claimed: &Claimed,
    together: &Together,
    stop: &CancellationToken,
) -> Result<Ended> {
    let mut plan = match post.governor.timed("read", Plan::make(env, post, claimed, together)).await? {
        Next::Settle(settling) => return outcome::settle(env, claimed, settling).await,
        Next::Send(plan) => plan,
    };
    loop {
        if stop.is_cancelled() {
            return outcome::release(env, claimed, plan.dangling()).await;
        }
        let Some(attempt) = post.governor.timed("begin", plan.begin(env, claimed)).await? else {
            return outcome::busy(env, claimed).await;
        };
        // Only now can no other notice leave for this address; one that left before is seen.
        if let Some(other) = plan.told_meanwhile(env, claimed).await? {
            return outcome::withdraw(env, claimed, &plan, &attempt, &other).await;
        }
        let delivery = post.governor.timed("provider", plan.deliver(&attempt)).await;
        plan.ended(&delivery, attempt.at);
        let done = (&attempt, &delivery);
        if let Some(ended) = copies::follow(env, post, claimed, &mut plan, done, stop).await? {
            return Ok(ended);
        }
        if let Some(ended) =
            post.governor.timed("write", outcome::record(env, post, claimed, &mut plan, &attempt, &delivery)).await?
        {
            return Ok(ended);
        }
        // Never by this way, or not now and there is another account: the next one.
        let Some(settling) = plan.choose(env, post, claimed).await? else { continue };
        return match settling.state {
            NoticeState::Open if plan.tries_again() => {
                outcome::again(env, post, claimed, &plan, &attempt, &delivery).await
            }
            _ => outcome::settle(env, claimed, settling).await,
        };
    }
}
