//! A claimed letter leaves, or is of no use any more (rules N3, N4).
//!
//! As with notices the account is written down before the message leaves. Where nobody knows whether it left it is repeated
//! only if a repeat is one message to its reader; codes, held changes and answers go at any hour, before all notices. An
//! answer comes from the number that was written to, or not at all.

use super::{
    Env,
    carrier::{Carrier, Content, Message},
    deliver_notice::Post,
    governor::{Permit, Wait, Way, Why},
    letters::{self, What},
};
use crate::{
    clock::Time,
    domain::{
        address::{Kind, phone},
        notice::AttemptOutcome,
        owner::Channel,
        schedule::{Backoff, Hours, Urgency, retry_at, zones_of},
    },
    store::{ClaimedLetter, Commit, Effect, Posted, Result, StoreError},
    template::{CardWay, Letterhead},
};
use jiff::tz::TimeZone;
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// How a letter ended for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posting {
    /// The far end took it.
    Sent,
    /// It was to nobody, and those whom it concerns have letters of their own.
    Passed,
    /// It is of no use any more, or nobody can carry it.
    Dropped,
    /// It may have been sent, and is not repeated.
    Unknown,
    /// It is tried again.
    Later,
    /// Somebody else has it.
    Lost,
}

/// Waits between tries: somebody stands there with a phone in the hand.
fn backoff() -> Backoff {
    const STEPS: [u64; 12] = [2, 4, 8, 15, 30, 60, 120, 300, 900, 1_800, 3_600, 7_200];
    Backoff { steps: STEPS.map(Duration::from_secs).into(), jitter: 20 }
}

/// Carries one claimed letter to its end for now. A text that cannot be made is dropped with an error in the log.
///
/// # Errors
/// The store could not be reached; the claim runs out by itself.
pub async fn deliver_letter(
    env: &Env,
    post: &Post,
    claimed: &ClaimedLetter,
    stop: &CancellationToken,
) -> Result<Posting> {
    let posting = match carry(env, post, claimed, stop).await {
        Err(StoreError::Conflict) => Ok(Posting::Lost),
        other => other,
    }?;
    tracing::info!(letter = %claimed.letter.id, ended = ?posting, "letter");
    Ok(posting)
}

async fn carry(env: &Env, post: &Post, claimed: &ClaimedLetter, stop: &CancellationToken) -> Result<Posting> {
    let letter = &claimed.letter;
    let now = env.store.now().await?;
    let Ok(what) = serde_json::from_str::<What>(&letter.what) else {
        tracing::error!(letter = %letter.id, "a letter of a kind that this program does not know");
        return end(env, claimed, Posting::Dropped).await;
    };
    if now >= letter.expires {
        return end(env, claimed, Posting::Dropped).await;
    }
    if let Some(mut effects) = letters::instead(env, letter, &what, now).await? {
        effects.push(Effect::Posted(Posted::Ended { id: letter.id, fence: claimed.fence }));
        env.store.commit(Commit { effects, ..Commit::default() }).await?;
        return Ok(Posting::Passed);
    }
    let channel = match letter.to.kind() {
        Kind::Phone => Channel::Sms,
        Kind::Email => Channel::Email,
        Kind::Device => return end(env, claimed, Posting::Dropped).await,
    };
    let urgency = if letter.urgent { Urgency::Code } else { Urgency::Notice };
    let mut wait: Option<Wait> = None;
    let only = what.only_by();
    let carries = |carrier: &Arc<dyn Carrier>| only.is_none_or(|only| carrier.name() == only);
    for (_, carrier) in post.carriers.iter().filter(|(speaks, carrier)| *speaks == channel && carries(carrier)) {
        // What may have left by one account leaves by no other.
        if letter.account.as_deref().is_some_and(|begun| begun != carrier.name()) {
            continue;
        }
        if letter.account.is_some() {
            // It may have left already. Who can be asked knows.
            match carrier.look_up(&letter.to, &letter.id.to_string(), now).await.map(|found| found.outcome) {
                Some(AttemptOutcome::Sent) => return end(env, claimed, Posting::Sent).await,
                None if !carrier.repeatable() => return end(env, claimed, Posting::Unknown).await,
                Some(_) | None => {}
            }
        }
        let caps = post.caps(carrier.name());
        if !caps.reach(&letter.to) {
            continue;
        }
        if !letter.urgent
            && let Some(open) = quiet(post, caps.quiet, claimed, letters::zone(env, &what).await?, now)
        {
            return later(env, claimed, open, letter.attempts).await;
        }
        let Some(content) = content(env, post, claimed, &what, carrier.as_ref(), now).await? else {
            return end(env, claimed, Posting::Dropped).await;
        };
        let way = Way { account: carrier.name(), sender: carrier.sender(), to: &letter.to, host: None };
        let permit = match post.governor.admit(way, &caps, urgency, now) {
            Ok(permit) => permit,
            Err(why) if why.why.is_of_account() => {
                wait.get_or_insert(why);
                continue;
            }
            Err(why) => return later(env, claimed, why.until, letter.attempts).await,
        };
        if stop.is_cancelled() {
            return later(env, claimed, letter.due, letter.attempts).await;
        }
        match attempt(env, claimed, carrier, &content, permit, now).await? {
            AttemptOutcome::Sent => return end(env, claimed, Posting::Sent).await,
            AttemptOutcome::Unknown if carrier.repeatable() => {
                return again(env, claimed, Some(carrier.name()), now).await;
            }
            AttemptOutcome::Unknown => return end(env, claimed, Posting::Unknown).await,
            // There is no other account, and another try would make the same message.
            AttemptOutcome::Never if only.is_some() => return end(env, claimed, Posting::Dropped).await,
            // Nothing was sent: the next account.
            AttemptOutcome::Never | AttemptOutcome::TryAgain => {
                wait.get_or_insert(Wait { until: now, why: Why::Rate });
            }
        }
    }
    match wait {
        // Left alone, at no cost.
        Some(wait) if wait.until > now => later(env, claimed, wait.until, letter.attempts).await,
        Some(_) => again(env, claimed, None, now).await,
        None => {
            tracing::warn!(letter = %letter.id, ?channel, "no account carries a letter");
            end(env, claimed, Posting::Dropped).await
        }
    }
}

async fn attempt(
    env: &Env,
    claimed: &ClaimedLetter,
    carrier: &Arc<dyn Carrier>,
    content: &Content,
    permit: Permit,
    now: Time,
) -> Result<AttemptOutcome> {
    let letter = &claimed.letter;
    let begun = Posted::Begun { id: letter.id, fence: claimed.fence, account: carrier.name().into() };
    write(env, begun).await?;
    let reference = letter.id.to_string();
    let message = Message { reference: &reference, report: &reference, to: &letter.to, content, date: now };
    let left = tokio::time::Instant::now();
    let delivery = carrier.deliver(&message).await;
    permit.ended(&delivery, now.after(left.elapsed()));
    Ok(delivery.outcome)
}

/// What the message says by this account; `None` where it is of no use any more.
async fn content(
    env: &Env,
    post: &Post,
    claimed: &ClaimedLetter,
    what: &What,
    carrier: &dyn Carrier,
    now: Time,
) -> Result<Option<Content>> {
    let letter = &claimed.letter;
    let head = Letterhead {
        service: post.service.clone(),
        // Nobody reads the answers to mail.
        reply: letter.to.kind() == Kind::Phone && carrier.replies(),
        help: post.help.clone(),
        unsubscribe: String::new(),
        card: CardWay::None,
        list: String::new(),
        page: String::new(),
    };
    let Some(facts) = letters::facts(env, letter, what, &head, &post.public_url, now).await? else { return Ok(None) };
    let languages = [letter.language.as_deref().unwrap_or(&post.language), post.language.as_str()];
    let made = match letter.to.kind() {
        Kind::Phone | Kind::Device => post.templates.sms(&languages, &*facts).map(Content::Sms),
        Kind::Email => post.templates.email(&languages, &*facts).map(|email| Content::Email { email, card: None }),
    };
    match made {
        Ok(content) => Ok(Some(content)),
        Err(error) => {
            tracing::error!(letter = %letter.id, %error, "a letter could not be made");
            Ok(None)
        }
    }
}

/// Until when the reader is left alone (rule N7).
fn quiet(post: &Post, quiet: Hours, claimed: &ClaimedLetter, chosen: Option<TimeZone>, now: Time) -> Option<Time> {
    if quiet == Hours::NONE {
        return None;
    }
    let zones = chosen.map_or_else(|| zones_of(phone::zones(&claimed.letter.to), now), |zone| vec![zone]);
    let zones = if zones.is_empty() { vec![post.zone.clone()] } else { zones };
    Some(quiet.open(&zones, now)).filter(|open| *open > now)
}

async fn write(env: &Env, posted: Posted) -> Result<()> {
    let effects = vec![Effect::Posted(posted)];
    env.store.commit(Commit { effects, ..Commit::default() }).await.map(|_| ())
}

async fn end(env: &Env, claimed: &ClaimedLetter, posting: Posting) -> Result<Posting> {
    write(env, Posted::Ended { id: claimed.letter.id, fence: claimed.fence }).await?;
    Ok(posting)
}

/// Put off at no cost.
async fn later(env: &Env, claimed: &ClaimedLetter, due: Time, attempts: u32) -> Result<Posting> {
    put_off(env, claimed, due, attempts, claimed.letter.account.clone()).await
}

async fn put_off(
    env: &Env,
    claimed: &ClaimedLetter,
    due: Time,
    attempts: u32,
    account: Option<Box<str>>,
) -> Result<Posting> {
    write(env, Posted::Later { id: claimed.letter.id, fence: claimed.fence, due, attempts, account }).await?;
    Ok(Posting::Later)
}

/// Tried again after a failure; by this account only, where it may have left by it.
async fn again(env: &Env, claimed: &ClaimedLetter, account: Option<&str>, now: Time) -> Result<Posting> {
    let attempts = claimed.letter.attempts + 1;
    let bits = u64::try_from(env.random.bits() & u128::from(u64::MAX)).unwrap_or(0);
    match retry_at(&backoff(), attempts, None, now, bits) {
        Some(due) => put_off(env, claimed, due, attempts, account.map(Into::into)).await,
        None => end(env, claimed, Posting::Dropped).await,
    }
}
