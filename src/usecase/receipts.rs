//! Delivery reports about our own notices (rules N3, N6): early, late, repeated, out of order. Each is kept, matched to its
//! attempt by our reference in the callback URL or by the provider's id, and settles the notice as
//! [`crate::domain::notice::settle`] says.
//!
//! One that comes before the provider's reply was written finds no attempt: it stays, and whoever writes the reply looks
//! for it. Each side writes before it looks, so that one of them sees the other.

use super::{Env, asleep, devices, expand_fanout::read_seen, view::Views, write::audited};
use crate::{
    clock::Time,
    domain::{
        address::{Address, Kind},
        asleep::Event,
        id::{FanoutId, NoticeId},
        notice::{
            self, Attempt, AttemptOutcome, Notice, NoticeState, Recipient, Reported, Seen, Settled, Shown,
            rights_digest, without_taken_away,
        },
    },
    provider::{Flag, State, StatusEvent},
    store::{Commit, Effect, Fanout, OptOut, Receipt, Result, Returned, StoreError, Unreachable},
};
use serde_json::json;
use std::time::Duration;

/// How often a notice is looked at again because it changed meanwhile.
const TRIES: usize = 5;
/// How long a message rests that was reported as failed before it is tried again.
const PAUSE: Duration = Duration::from_hours(1);
/// How many tries a notice may have had when a report of failure opens it again.
const MOST_TRIES: usize = 5;

/// One of our own messages, as the end of its callback URL names it: `ntc_…-1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnMessage {
    /// The notice.
    pub notice: NoticeId,
    /// Which attempt.
    pub number: u32,
}

impl OwnMessage {
    /// Reads the last segment of the path.
    pub fn read(text: &str) -> Option<Self> {
        let (notice, number) = text.rsplit_once('-')?;
        let plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        Some(Self { notice: notice.parse().ok()?, number: number.parse().ok().filter(|_| plain)? })
    }

    /// As it stands in the URL.
    pub fn write(self) -> String {
        format!("{}-{}", self.notice, self.number)
    }
}

/// One delivery report in our words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The provider's id of the message.
    pub foreign_id: Box<str>,
    /// What it says.
    pub reported: Reported,
    /// The provider's code; empty where it names none.
    pub code: Box<str>,
    /// The number or address is dead.
    pub dead: bool,
    /// Nobody there wants messages.
    pub stopped: bool,
}

impl Report {
    /// `None`: it says nothing that counts.
    pub fn of(event: &StatusEvent) -> Option<Self> {
        let reported = match event.state {
            State::Accepted => Reported::Accepted,
            State::Sent => Reported::Sent,
            State::Delivered => Reported::Delivered,
            State::FailedPermanent => Reported::Bounced,
            // The provider still tries, so it has it.
            State::FailedTemporary if !event.is_final => Reported::Accepted,
            State::FailedTemporary => Reported::Failed,
            State::Expired => Reported::Expired,
            State::Unknown => return None,
        };
        Some(Self {
            foreign_id: event.id.clone(),
            reported,
            code: event.code.clone().unwrap_or_default(),
            dead: event.flags.has(Flag::NumberDead),
            stopped: event.flags.has(Flag::OptedOut),
        })
    }
}

/// Takes one report to this account. Whether it is about a message that is known; one that is not is kept, for the reply
/// to that message may not be written yet.
pub async fn receive(env: &Env, account: &str, own: Option<OwnMessage>, report: &Report) -> Result<bool> {
    let receipt = Receipt {
        account: account.into(),
        foreign_id: report.foreign_id.clone(),
        reported: report.reported,
        code: report.code.clone(),
        dead: report.dead,
        stopped: report.stopped,
        at: env.store.now().await?,
    };
    let attempt = if let Some(attempt) = find(env, own, &receipt).await? {
        attempt
    } else {
        write(env, vec![Effect::Returned(Returned::Received(receipt.clone()))]).await?;
        let Some(attempt) = find(env, own, &receipt).await? else { return Ok(false) };
        attempt
    };
    take(env, &attempt, &receipt).await?;
    settle(env, attempt.notice, attempt.number).await?;
    Ok(true)
}

/// The attempt, by our own reference where the URL had one. A report counts for messages of its own account only (W1).
async fn find(env: &Env, own: Option<OwnMessage>, receipt: &Receipt) -> Result<Option<Attempt>> {
    let Some(own) = own else {
        return env.store.attempt_by_foreign_id(&receipt.account, &receipt.foreign_id).await;
    };
    let attempts = env.store.attempts(own.notice).await?;
    // A repeat that is one message with the one before has that one's name; the provider's id tells which came last.
    let named =
        |attempt: &Attempt| attempt.number == own.number || attempt.foreign_id.as_deref() == Some(&*receipt.foreign_id);
    Ok(attempts.into_iter().rev().find(|attempt| attempt.account == receipt.account && named(attempt)))
}

/// What came before its message was known is taken now: for whoever has just written how an attempt ended.
pub(super) async fn catch_up(env: &Env, id: NoticeId) -> Result<()> {
    let Some((last, receipts)) = env.store.reports_of(id).await? else { return Ok(()) };
    let known = last.reported.is_some() || !receipts.is_empty();
    for receipt in receipts {
        take(env, &last, &receipt).await?;
    }
    if known { settle(env, id, last.number).await } else { Ok(()) }
}

/// So many are looked at at once.
const PAGE: usize = 200;

/// Settles a page of notices whose report was written and whose process ended before it changed anything; the last of
/// the page, where more may follow.
///
/// # Errors
/// The store could not be reached.
pub async fn settle_reported(env: &Env, after: Option<NoticeId>) -> Result<Option<NoticeId>> {
    let page = env.store.unsettled(after, PAGE).await?;
    for id in &page {
        catch_up(env, *id).await?;
    }
    Ok(page.last().copied().filter(|_| page.len() == PAGE))
}

/// Writes what one report says of one attempt, and what follows from it for the address.
async fn take(env: &Env, attempt: &Attempt, receipt: &Receipt) -> Result<()> {
    let mut effects = vec![
        Effect::Returned(Returned::Received(receipt.clone())),
        Effect::Returned(Returned::Reported {
            notice: attempt.notice,
            number: attempt.number,
            reported: receipt.reported,
            foreign_id: receipt.foreign_id.clone(),
        }),
    ];
    // Said once: somebody may have said START since (rule W1).
    if attempt.reported.is_none_or(|before| before < receipt.reported) {
        let way = format!("report:{}:{}", receipt.account, receipt.code);
        effects.extend(flagged(env, attempt, (receipt.dead, receipt.stopped), &way, receipt.at).await?);
    }
    write(env, effects).await
}

/// What follows from an address being dead, or from nobody there wanting messages (rule N6).
///
/// A dead address is also a hint that this recipient has moved; the owner's trail says so (rule C8).
pub(super) async fn flagged(
    env: &Env,
    attempt: &Attempt,
    (dead, stopped): (bool, bool),
    way: &str,
    at: Time,
) -> Result<Vec<Effect>> {
    let mut effects = Vec::new();
    if attempt.address.kind() == Kind::Device {
        // That a device is gone says nothing of its owner, and nobody else hears of it.
        return if dead { devices::gone(env, &attempt.address, way, at, attempt.at).await } else { Ok(effects) };
    }
    if stopped {
        effects.push(Effect::OptedOut(OptOut { address: attempt.address.clone(), owner: None, at, way: way.into() }));
    }
    if dead {
        effects.push(unreachable(&attempt.address, at, way));
        let recipient = match env.store.notice(attempt.notice).await?.map(|notice| notice.recipient) {
            Some(Recipient::Owner(id)) => id.to_string(),
            Some(Recipient::Contact(id)) => id.to_string(),
            None => String::new(),
        };
        let detail = json!({"recipient": recipient, "address": attempt.address.to_string(), "said": way});
        effects.push(audited(env, attempt.owner, "system", at, "recipient_unreachable", &detail));
        effects.extend(asleep::fallen(env, &attempt.address, Event::Dead, at).await?);
    }
    Ok(effects)
}

fn unreachable(address: &Address, at: Time, way: &str) -> Effect {
    Effect::Returned(Returned::Unreachable(Unreachable { address: address.clone(), at, way: way.into() }))
}

/// Settles a notice by everything that was reported of its last attempt.
async fn settle(env: &Env, id: NoticeId, number: u32) -> Result<()> {
    for _ in 0..TRIES {
        match settle_once(env, id, number).await {
            Err(StoreError::Conflict) => {}
            other => return other,
        }
    }
    // It is under way: its end looks for reports again.
    Ok(())
}

async fn settle_once(env: &Env, id: NoticeId, number: u32) -> Result<()> {
    let Some(notice) = env.store.notice(id).await? else { return Ok(()) };
    let attempts = env.store.attempts(id).await?;
    let Some(attempt) = attempts.last().filter(|last| last.number == number) else { return Ok(()) };
    let Some(reported) = attempt.reported else { return Ok(()) };
    let said = format!("the provider reports: {}", reported.word());
    let ended =
        |outcome| Effect::AttemptEnded { notice: id, number, outcome, foreign_id: None, detail: said.as_str().into() };
    let mut effects = Vec::new();
    match notice::settle(notice.state, attempt.outcome, reported) {
        Settled::Nothing => return Ok(()),
        Settled::Arrived => {
            effects.push(ended(AttemptOutcome::Sent));
            effects.extend(ledger(env, &notice, attempt, true).await?);
            let (from, state) = (notice.state, NoticeState::Sent);
            effects.push(Effect::NoticeMarked { id, from, state, reason: said.as_str().into() });
            // A short text may have left something out; where it did not, this finds nothing to tell.
            let (at, only) = (env.store.now().await?, vec![notice.recipient]);
            let fanout = FanoutId::fresh(at, &*env.random);
            let rest = Fanout { id: fanout, owner: notice.owner, at, only, silent: false, cursor: None };
            effects.push(Effect::FanoutDue(rest));
        }
        Settled::Never if notice.state == NoticeState::Open => effects.push(ended(AttemptOutcome::Never)),
        way @ (Settled::TryAgain | Settled::Never) => {
            let again = way == Settled::TryAgain;
            effects.push(ended(if again { AttemptOutcome::TryAgain } else { AttemptOutcome::Never }));
            effects.extend(ledger(env, &notice, attempt, false).await?);
            effects.push(reopened(env, &notice, attempts.len(), again, &said).await?);
        }
    }
    write(env, effects).await
}

/// The notice goes on by the next way, or by the same one after a pause; where another of the pair is open, that one
/// tells it all.
async fn reopened(env: &Env, notice: &Notice, tries: usize, again: bool, said: &str) -> Result<Effect> {
    let (id, from) = (notice.id, notice.state);
    let dead = |reason: String| Effect::NoticeMarked { id, from, state: NoticeState::Dead, reason: reason.into() };
    if let Some(open) = env.store.open_notice(notice.owner, notice.recipient).await? {
        return Ok(dead(format!("{said}; told anew by {}", open.id)));
    }
    if again && tries >= MOST_TRIES {
        return Ok(dead(format!("{said}; given up after {tries} tries")));
    }
    let now = env.store.now().await?;
    let due = if again { now.after(PAUSE) } else { now };
    Ok(Effect::Returned(Returned::Reopened { id, from, due, reason: said.into() }))
}

/// The ledger's row where the message arrived, or did not after all; `None` where it says something newer already, or
/// nothing.
async fn ledger(env: &Env, notice: &Notice, attempt: &Attempt, arrived: bool) -> Result<Option<Effect>> {
    let (owner, recipient) = (notice.owner, notice.recipient);
    let row = env.store.shown(owner, recipient).await?;
    if row.as_ref().map_or(!arrived, |row| row.at > attempt.at) {
        return Ok(None);
    }
    let Some(mut views) = Views::read(env, owner).await? else { return Ok(None) };
    let groups = env.store.audience_of(owner, recipient).await?.map(|(found, _)| found.groups).unwrap_or_default();
    let view = views.view(&groups);
    let card: Seen = if arrived {
        // What it said when it left: as it was noted then, else all that was to be said.
        match row.as_ref().map(read_seen).transpose()?.and_then(|seen| seen.perhaps) {
            Some(said) => without_taken_away(&said, &view.told),
            None => without_taken_away(&*views.baseline(env, &groups, attempt.at).await?, &view.told),
        }
    } else {
        without_taken_away(&*views.baseline(env, &groups, notice.first).await?, &view.visible)
    };
    if row.as_ref().map(read_seen).transpose()?.is_some_and(|seen| seen == card) {
        return Ok(None);
    }
    let rights = rights_digest(&views.told_rights(&groups));
    let revision = views.owner.revision;
    let (card, at) = (card.to_json(), attempt.at);
    Ok(Some(Effect::ShownTo(Shown { owner, recipient, revision, rights, card, at })))
}

async fn write(env: &Env, effects: Vec<Effect>) -> Result<()> {
    env.store.commit(Commit { effects, ..Commit::default() }).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_own_messages_read_back_and_nothing_else_reads() {
        let own = OwnMessage { notice: NoticeId(7), number: 3 };
        assert_eq!(OwnMessage::read(&own.write()), Some(own));
        let notice = NoticeId(7).to_string();
        for wrong in ["", "-", "-1", &notice, &format!("{notice}-"), &format!("{notice}-x"), &format!("{notice}-+1")] {
            assert_eq!(OwnMessage::read(wrong), None, "{wrong}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_path_is_read_or_refused(text in ".{0,60}", notice: u128, number: u32) {
            let own = OwnMessage { notice: NoticeId(notice), number };
            proptest::prop_assert_eq!(OwnMessage::read(&own.write()), Some(own));
            let _no_panic = OwnMessage::read(&text);
        }
    }
}
