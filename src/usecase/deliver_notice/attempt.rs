//! One attempt: begun in the store, handed over, and told apart from a repeat (rules N3, N4).

use super::{Post, plan::Plan};
use crate::{
    clock::Time,
    domain::{
        address::Address,
        notice::{Attempt, AttemptOutcome, Reach},
    },
    store::{Claimed, Commit, Effect, Result, StoreError},
    transport::delivery::Delivery,
    usecase::{
        Env,
        carrier::{Content, Message},
        receipts::OwnMessage,
    },
};
use std::time::Duration;

impl Plan {
    /// The number of an attempt of a process that died.
    pub(super) fn dangling(&self) -> Option<u32> {
        self.attempts.iter().find(|attempt| attempt.outcome.is_none()).map(|attempt| attempt.number)
    }

    /// Writes that the chosen attempt begins, and that one of a process that died is unknown; `None` where the claim is
    /// lost or another notice is on its way to this address.
    pub(super) async fn begin(&mut self, env: &Env, claimed: &Claimed) -> Result<Option<Attempt>> {
        let Some((way, ..)) = &self.chosen else { unreachable!("a way was chosen") };
        let attempt = Attempt {
            notice: claimed.notice.id,
            owner: claimed.notice.owner,
            number: self.attempts.iter().map(|attempt| attempt.number).max().unwrap_or(0) + 1,
            account: way.account.clone(),
            channel: way.channel,
            address: way.address.clone(),
            at: env.store.now().await?,
            outcome: None,
            foreign_id: None,
            detail: "".into(),
            reported: None,
        };
        let mut effects: Vec<Effect> = self.dangling().map(|number| lost(claimed, number)).into_iter().collect();
        effects.push(Effect::AttemptBegun { attempt: attempt.clone(), fence: claimed.fence });
        match env.store.commit(Commit { effects, ..Commit::default() }).await {
            Ok(_) => {
                for before in &mut self.attempts {
                    before.outcome.get_or_insert(AttemptOutcome::Unknown);
                }
                self.attempts.push(attempt.clone());
                Ok(Some(attempt))
            }
            Err(StoreError::Conflict) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Hands the message over.
    pub(super) async fn deliver(&self, attempt: &Attempt) -> Delivery {
        let Some((way, carrier, content)) = &self.chosen else { unreachable!("a way was chosen") };
        let said = match content {
            // The provider knows a repeat by our reference, and takes it only where all is the same.
            Content::Sms(sms) if carrier.repeatable_for().is_some() => sms.text.as_str(),
            _ => "",
        };
        let reference = reference(attempt, said);
        // Where reports go is a part of what must be the same.
        let first = self.attempts.iter().find(|one| may_be_one(one, attempt)).filter(|_| self.bound.is_some());
        let number = first.map_or(attempt.number, |first| first.number);
        let report = OwnMessage { notice: attempt.notice, number }.write();
        let (report, to) = (report.as_str(), &way.address);
        carrier.deliver(&Message { reference: &reference, report, to, content, date: attempt.at }).await
    }

    /// Whether the last attempt did not leave and may be made again.
    pub(super) fn tries_again(&self) -> bool {
        self.attempts.last().is_some_and(|last| last.outcome == Some(AttemptOutcome::TryAgain))
    }

    /// Whether a repeat of the chosen attempt is one message to its reader.
    pub(super) fn repeatable(&self) -> bool {
        self.chosen.as_ref().is_some_and(|(_, carrier, _)| carrier.repeatable())
    }
}

/// The way that an attempt took.
pub(super) fn way_of(attempt: &Attempt) -> Reach {
    let (channel, address, account) = (attempt.channel, attempt.address.clone(), attempt.account.clone());
    Reach { channel, address, account }
}

/// Why nobody knows whether an attempt left, and it is not repeated.
pub(super) fn unknown_because(attempt: &Attempt) -> &'static str {
    if attempt.reported.is_some() {
        "no answer came, but a report"
    } else if attempt.outcome.is_none() {
        "the process ended while the message was on its way, and this account cannot tell a repeat from a new message; \
         waits for a receipt"
    } else {
        "no answer came, and it is too late for a repeat to be one message; waits for a receipt"
    }
}

/// The end of an attempt whose process died.
pub(super) fn lost(claimed: &Claimed, number: u32) -> Effect {
    Effect::AttemptEnded {
        notice: claimed.notice.id,
        number,
        outcome: AttemptOutcome::Unknown,
        foreign_id: None,
        detail: "the process ended while it was under way".into(),
    }
}

/// Whether a repeat of this attempt is still one message to its reader, counted from the first that may have left.
pub(super) fn repeatable(post: &Post, attempts: &[Attempt], attempt: &Attempt, now: Time) -> bool {
    let first = attempts.iter().find(|one| may_be_one(one, attempt)).map_or(attempt.at, |first| first.at);
    let in_time = |within: Option<Duration>| within.is_none_or(|within| now.since(first) < within);
    post.carriers.iter().any(|(_, carrier)| {
        *carrier.name() == *attempt.account && carrier.repeatable() && in_time(carrier.repeatable_for())
    })
}

/// Whether two attempts, the first of which may have left, can be one message.
fn may_be_one(one: &Attempt, other: &Attempt) -> bool {
    matches!(one.outcome, None | Some(AttemptOutcome::Unknown))
        && one.account == other.account
        && one.address.key() == other.address.key()
}

/// Our name of an attempt at the account, the same at every repeat of what was `said`.
pub(super) fn reference(attempt: &Attempt, said: &str) -> String {
    format!("{}-{}", attempt.notice, mark(&attempt.address, said))
}

/// A mark of the address, and of what is said, for names of files and messages: the number itself has no place there.
fn mark(address: &Address, said: &str) -> String {
    let marked = [address.key().as_bytes(), said.as_bytes()].concat();
    let digest = ring::digest::digest(&ring::digest::SHA256, &marked);
    let first = digest.as_ref().first_chunk::<4>().map_or(0, |bytes| u32::from_be_bytes(*bytes));
    format!("{first:08x}")
}
