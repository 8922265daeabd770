//! What is known when a notice is looked at (rules N2, N4).

use super::{
    Post, Together,
    attempt::{repeatable, unknown_because},
    looked_up::{self, Asked},
    plan::Settling,
};
use crate::{
    clock::Time,
    domain::{
        id::GroupId,
        notice::{
            Attempt, AttemptOutcome, Difference, Notice, NoticeState, Recipient, Seen, Shown, View, left_to_tell,
            rights_digest, without_taken_away,
        },
        owner::Contact,
    },
    store::{Leaving, Result},
    usecase::{
        Env,
        exchange::introductions::{Introduces, introduces},
        expand_fanout::read_seen,
        view::Views,
    },
};
use std::sync::Arc;

/// What is known when a notice is looked at.
pub(super) struct Known {
    pub(super) views: Views,
    pub(super) groups: Vec<GroupId>,
    pub(super) contacts: Vec<Contact>,
    pub(super) view: Arc<View>,
    /// What the ledger says.
    pub(super) seen: Option<Seen>,
    /// What was to be seen when the notice began, for whom the ledger says nothing.
    pub(super) baseline: Arc<Seen>,
    pub(super) introduces: Introduces,
    pub(super) attempts: Vec<Attempt>,
    /// Others who were told about the owner at one of the addresses, by its key.
    pub(super) others: Vec<(Box<str>, Recipient)>,
    /// Addresses that are nobody's but the contact's, and at which nothing was said.
    pub(super) plain: Vec<Box<str>>,
}

/// How a look at a notice begins.
pub(super) enum Begun {
    Known(Box<Known>),
    /// There is nothing to be sent, or not yet.
    Over(Settling),
}

impl Known {
    pub(super) async fn read(env: &Env, notice: &Notice, together: &Together, now: Time) -> Result<Begun> {
        let Leaving { attempts, audience, shown: row, told: others, plain } = together.leaving(env, notice).await?;
        let dangling = attempts.iter().find(|attempt| attempt.outcome.is_none());
        let over = |state, reason: &str| Ok(Begun::Over(settling(state, reason, None, dangling)));
        let (mut groups, contacts) =
            audience.map_or((Vec::new(), Vec::new()), |(audience, contacts)| (audience.groups, contacts));
        let Some(mut views) = together.views(env, notice.owner, &groups, notice.first).await? else {
            return over(NoticeState::Empty, "the owner is gone");
        };
        if views.owner.silenced {
            // Nothing is sent, and nothing is forgotten: what is left to tell after it is found out then (rule C7).
            return over(NoticeState::Open, "the owner has ended everything (panic)");
        }
        if views.blocked(env, notice.recipient, &contacts).await? {
            groups.clear();
        }
        let mut view = views.view(&groups);
        let seen = row.as_ref().map(read_seen).transpose()?;
        let mut baseline = views.baseline(env, &groups, notice.first).await?;
        // Somebody who was never shown anything may be about to be introduced to the owner (rule E1).
        let asked = row.is_none() && views.introduces(&groups);
        let introduces = if asked { introduces(env, notice, &contacts, now).await? } else { Introduces::No };
        match introduces {
            Introduces::No => {}
            Introduces::Now => {
                view = Arc::new(View { told: views.introduced(&groups), ..(*view).clone() });
                baseline = Arc::default();
            }
            Introduces::Later(due) => {
                let reason = format!("an introduction, which rests until {due}");
                return Ok(Begun::Over(settling(NoticeState::Open, &reason, None, dangling).at(due)));
            }
        }
        let known = Self { views, groups, contacts, view, seen, baseline, introduces, attempts, others, plain };
        Ok(Begun::Known(Box::new(known)))
    }

    /// The attempt of a process that died.
    fn dangling(&self) -> Option<&Attempt> {
        self.attempts.iter().find(|attempt| attempt.outcome.is_none())
    }

    /// The last attempt of which nobody knows whether it left: of a process that died, or without an answer.
    pub(super) fn maybe(&self, notice: &Notice) -> Option<&Attempt> {
        self.attempts.iter().rev().find(|attempt| match attempt.outcome {
            None => true,
            Some(AttemptOutcome::Unknown) => notice.attempts >= attempt.number,
            Some(_) => false,
        })
    }

    /// The same, where a repeat of it is one message to its reader. What a report tells of it already is found out right
    /// after it was settled as unknown.
    pub(super) fn repeated(&self, post: &Post, notice: &Notice, now: Time) -> Option<&Attempt> {
        let once = |attempt: &&Attempt| attempt.reported.is_none() && repeatable(post, &self.attempts, attempt, now);
        self.maybe(notice).filter(once)
    }

    pub(super) fn settle(&self, state: NoticeState, reason: &str, shown: Option<Shown>) -> Settling {
        settling(state, reason, shown, self.dangling())
    }

    /// What the ledger says once such a card was shown.
    pub(super) fn shown(&self, notice: &Notice, card: &Seen, at: Time) -> Shown {
        Shown {
            owner: notice.owner,
            recipient: notice.recipient,
            revision: self.views.owner.revision,
            rights: rights_digest(&self.views.told_rights(&self.groups)),
            card: card.to_json(),
            at,
        }
    }

    /// What an attempt may have said that began then.
    async fn said(&mut self, env: &Env, at: Time) -> Result<Seen> {
        let said = self.views.baseline(env, &self.groups, at).await?;
        Ok(without_taken_away(&said, &self.view.told))
    }

    /// Asks for an attempt whose process died, where its account can be asked, before anything follows from not knowing.
    pub(super) async fn look_up(&mut self, env: &Env, post: &Post, notice: &Notice, now: Time) -> Result<LookedUp> {
        let Some(attempt) = self.dangling().cloned() else { return Ok(LookedUp::Nothing) };
        match looked_up::ask(env, post, &attempt, now).await? {
            Asked::Later(due) => Ok(LookedUp::Over(settling(NoticeState::Open, UNDER_WAY, None, None).at(due))),
            Asked::Found(delivery) => {
                let card = self.said(env, attempt.at).await?;
                looked_up::write(env, &attempt, &delivery, self.shown(notice, &card, attempt.at)).await?;
                Ok(LookedUp::Written)
            }
            Asked::Nothing => Ok(LookedUp::Nothing),
        }
    }

    /// What there is to tell, and what the recipient knows already.
    pub(super) fn left(&self) -> Left {
        let before = without_taken_away(self.seen.as_ref().unwrap_or(&self.baseline), &self.view.visible);
        Left { before, difference: left_to_tell(self.seen.as_ref(), &self.baseline, &self.view) }
    }

    /// The same where an attempt may have said it that is not repeated: only what is new since it began. Or that this is
    /// nothing, and how the notice is settled then.
    pub(super) async fn left_since(
        &mut self,
        env: &Env,
        notice: &Notice,
        attempt: &Attempt,
        left: Left,
    ) -> Result<std::result::Result<Left, Settling>> {
        let perhaps = Some(Box::new(self.said(env, attempt.at).await?));
        let before = Seen { perhaps, ..left.before };
        let difference = left_to_tell(Some(&before), &self.baseline, &self.view);
        if !difference.is_empty() {
            return Ok(Ok(Left { before, difference }));
        }
        // Of the moment at which it may have been shown: a report about that very attempt must not find it newer.
        let row = self.shown(notice, &before, attempt.at);
        Ok(Err(self.settle(NoticeState::Unknown, unknown_because(attempt), Some(row))))
    }
}

/// What is to be told.
pub(super) struct Left {
    /// What the recipient knows, as far as it may still be seen.
    pub(super) before: Seen,
    /// What they do not know yet.
    pub(super) difference: Difference,
}

/// What became of an attempt whose process died.
pub(super) enum LookedUp {
    /// It is too early to ask.
    Over(Settling),
    /// Its account told, and it is written: all is looked at anew.
    Written,
    /// Nobody knows, or there is none.
    Nothing,
}

/// How a notice is settled; an attempt of a process that died is ended with it.
fn settling(state: NoticeState, reason: &str, shown: Option<Shown>, dangling: Option<&Attempt>) -> Settling {
    Settling { state, reason: reason.to_owned(), shown, dangling: dangling.map(|attempt| attempt.number), due: None }
}

const UNDER_WAY: &str = "the process ended while the message was on its way; its account is asked for it";
