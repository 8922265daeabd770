//! By which way a notice leaves now, or until when it waits (rules N3, N4, N7).

use super::{
    Post,
    outcome::perhaps,
    plan::{Fresh, Plan, Settling},
    told::told_as,
};
use crate::{
    clock::Time,
    domain::{
        address::{Address, phone},
        notice::{Attempt, AttemptOutcome, Notice, NoticeState, Reach, Recipient, Shown, routes},
        owner::Channel,
        schedule::{Hours, Urgency, zones_of},
    },
    store::{Claimed, Result},
    transport::delivery::Delivery,
    usecase::{
        Env, card_link,
        carrier::{Cards, Carrier},
        governor::{Permit, Wait, Way},
        opt_outs::{Refusal, Stopped},
    },
};
use jiff::tz::TimeZone;
use std::{sync::Arc, time::Duration};

/// What is known of the way that was chosen, beside what stands in the attempt.
#[derive(Debug)]
pub(super) struct Leave {
    permit: Box<Permit>,
    began: tokio::time::Instant,
}

/// What an account says of one way.
enum Said {
    /// It is free.
    Go(Box<Permit>),
    /// Not now, and no other account may do instead.
    Wait(Wait),
    /// Not now, but the next account of the same channel may.
    Next(Wait),
}

impl Plan {
    /// Chooses the best way that is left, or says how the notice is settled where none is.
    ///
    /// Accounts are taken in the operator's order. The next one is asked only where it is certain that nothing left by
    /// the one before: it refused, it could not be reached, or it is left alone. A message that may have left is
    /// repeated by the same way or not at all.
    pub(super) async fn choose(&mut self, env: &Env, post: &Post, claimed: &Claimed) -> Result<Option<Settling>> {
        let notice = &claimed.notice;
        let dangling = self.dangling();
        let settle = |state, reason: String, shown| Ok(Some(Settling { state, reason, shown, dangling, due: None }));
        let mut ways = routes(&self.channels, &self.addresses, &self.devices, &accounts(post), &self.attempts);
        if ways.is_empty() {
            return Ok(Some(self.nowhere(notice.recipient)));
        }
        if let Some(same) = &self.bound {
            ways.retain(|way| way == same);
            if ways.is_empty() {
                let reason = "it may have left by an account that does not take it any more; waits for a receipt";
                let last =
                    self.attempts.iter().rev().find(|one| one.outcome.is_none_or(|end| end == AttemptOutcome::Unknown));
                let at = last.map_or(self.shown.at, |one| one.at);
                return settle(NoticeState::Unknown, reason.to_owned(), Some(Shown { at, ..perhaps(self) }));
            }
        }
        let fresh = self.fresh.take();
        let ways = match self.permitted(env, post, notice, fresh.as_ref(), ways).await? {
            Ok(ways) => ways,
            Err((state, reason)) => return settle(state, reason.to_owned(), None),
        };
        let now = env.store.now().await?;
        let mut waiting: Option<(Reach, Wait)> = None;
        for way in ways.into_iter().filter(|way| !self.failed.contains(way)).collect::<Vec<_>>() {
            let same = |first: &Reach| first.channel == way.channel && first.address == way.address;
            if waiting.as_ref().is_some_and(|(first, _)| !same(first)) || self.failed.iter().any(|failed| !same(failed))
            {
                break;
            }
            let others = match &fresh {
                Some(fresh) => {
                    let here = fresh.others.iter().filter(|(key, _)| **key == *way.address.key());
                    here.map(|(_, other)| *other).collect()
                }
                None => env.store.recipients_at(notice.owner, way.address.key()).await?,
            };
            if let Some(other) = self.told_already(env, claimed, others).await? {
                return settle(NoticeState::Empty, told_as(&other), Some(self.shown.clone()));
            }
            let Some((_, carrier)) = carrier_of(post, &way) else { unreachable!("routes come from this list") };
            if let Some(until) = self.quiet(post, &way, now) {
                let reason = format!("the recipient's quiet hours, until {until}");
                return Ok(Some(self.later(reason, until)));
            }
            match self.ask(env, post, &way, carrier.as_ref(), now).await? {
                Said::Go(permit) => return self.take((env, post), claimed, way, carrier, permit).await,
                // There are other channels for who cannot be reached by this one in a while.
                Said::Wait(_) | Said::Next(_) if way.channel == Channel::Push && impatient(claimed, now) => {}
                Said::Wait(wait) => return Ok(Some(self.later(reason(&way, wait), wait.until))),
                Said::Next(wait) => {
                    waiting.get_or_insert((way, wait));
                }
            }
        }
        Ok(Some(match waiting {
            Some((way, wait)) => self.later(reason(&way, wait), wait.until),
            // Every account has just failed: `outcome` says when it is tried again.
            None => self.later(String::new(), now),
        }))
    }

    /// Those of the ways by which messages are still wanted, and may be sent (rules N4, N6, N7); or why there is none.
    async fn permitted(
        &self,
        env: &Env,
        post: &Post,
        notice: &Notice,
        fresh: Option<&Fresh>,
        mut ways: Vec<Reach>,
    ) -> Result<std::result::Result<Vec<Reach>, (NoticeState, &'static str)>> {
        let stopped = match fresh {
            Some(fresh) if fresh.nothing_said => Stopped::nobody(notice.owner),
            _ => Stopped::read(env, notice.owner, notice.recipient, &self.addresses).await?,
        };
        let first = ways.first().and_then(|way| stopped.why(&way.address));
        ways.retain(|way| stopped.why(&way.address).is_none());
        if ways.is_empty() {
            return Ok(Err(match first {
                Some(Refusal::Dead) => (NoticeState::Dead, "a report or a bounce says that the address is dead"),
                Some(Refusal::Asleep) => {
                    (NoticeState::Dead, "rights through the address sleep until the owner confirms it")
                }
                Some(Refusal::OptedOut) | None => (NoticeState::Empty, "opted out"),
            }));
        }
        ways.retain(|way| post.caps(&way.account).reach(&way.address));
        if ways.is_empty() {
            return Ok(Err((NoticeState::Dead, "no account may write to that country; a replay tries again")));
        }
        Ok(Ok(ways))
    }

    async fn take(
        &mut self,
        (env, post): (&Env, &Post),
        claimed: &Claimed,
        way: Reach,
        carrier: &Arc<dyn Carrier>,
        permit: Box<Permit>,
    ) -> Result<Option<Settling>> {
        let language = self.languages.first().map(AsRef::as_ref).unwrap_or_default();
        let page = match (way.channel, carrier.cards()) {
            (Channel::Email, _) | (Channel::Sms, Cards::Mms | Cards::Link) => {
                let pair = (claimed.notice.owner, claimed.notice.recipient);
                card_link::of(env, &post.public_url, pair, &way.address, language).await?
            }
            (Channel::Sms | Channel::Push, _) => None,
        };
        let text = async { self.render(post, claimed, &way, carrier.as_ref(), page.unwrap_or_default()) };
        Ok(match post.governor.timed("text", text).await {
            Ok(content) => {
                self.leaves_out(&content);
                self.chosen = Some((way, Arc::clone(carrier), content));
                self.leave = Some(Leave { permit, began: tokio::time::Instant::now() });
                None
            }
            Err(error) => Some(Settling {
                state: NoticeState::Dead,
                reason: format!("the text could not be made: {error}"),
                shown: None,
                dangling: self.dangling(),
                due: None,
            }),
        })
    }

    /// Asks the governor; the account's messages of the day are counted first where it has a budget.
    async fn ask(&self, env: &Env, post: &Post, way: &Reach, carrier: &dyn Carrier, now: Time) -> Result<Said> {
        let (governor, caps) = (&post.governor, post.caps(&way.account));
        if let Some(midnight) = governor.asks_for_day(&way.account, &caps, now) {
            governor.day(&way.account, &env.store.attempts_since(&way.account, midnight).await?, now);
        }
        let chosen = carrier.chosen_by_recipients() && way.channel == Channel::Push;
        let host = chosen.then(|| self.place(&way.address).host());
        let by = Way { account: &way.account, sender: carrier.sender(), to: &way.address, host };
        Ok(match governor.admit(by, &caps, Urgency::Notice, now) {
            Ok(permit) => Said::Go(Box::new(permit)),
            Err(wait) if wait.why.is_of_account() => Said::Next(wait),
            Err(wait) => Said::Wait(wait),
        })
    }

    /// Chooses a device that has not had the message yet, where its account takes one now; `false` where there is none.
    ///
    /// Every device of a person gets a push message: nobody knows which of them is at hand. What the first one took is
    /// told; the others are not tried twice.
    pub(super) async fn choose_copy(&mut self, env: &Env, post: &Post, claimed: &Claimed) -> Result<bool> {
        let now = env.store.now().await?;
        while let Some(way) = self.copies(post, claimed).into_iter().next() {
            let Some((_, carrier)) = carrier_of(post, &way) else { unreachable!("routes come from this list") };
            if let Said::Go(permit) = self.ask(env, post, &way, carrier.as_ref(), now).await?
                && self.take((env, post), claimed, way.clone(), carrier, permit).await?.is_none()
            {
                return Ok(true);
            }
            self.failed.push(way);
        }
        Ok(false)
    }

    /// Devices that no attempt of this notice went to, and whose account was not asked in vain.
    fn copies(&self, post: &Post, claimed: &Claimed) -> Vec<Reach> {
        let had = |way: &Reach| {
            let to = |one: &Attempt| one.address == way.address && one.at >= claimed.notice.first;
            self.attempts.iter().any(to)
        };
        let mut ways = routes(&[Channel::Push], &[], &self.devices, &accounts(post), &self.attempts);
        ways.retain(|way| !had(way) && !self.failed.contains(way));
        ways
    }

    /// How a notice is settled that no account can carry.
    fn nowhere(&self, recipient: Recipient) -> Settling {
        let refused = self.attempts.iter().rev().find(|attempt| attempt.outcome == Some(AttemptOutcome::Never));
        let (state, reason, shown) = match (refused, recipient) {
            (Some(last), _) => {
                (NoticeState::Dead, format!("every way was refused, the last with: {}", last.detail), None)
            }
            // For a registered recipient the ledger's row is the delivery (rule N2).
            (None, Recipient::Owner(_)) => {
                (NoticeState::Sent, "in the ledger; no way to send a message".to_owned(), Some(self.shown.clone()))
            }
            (None, Recipient::Contact(_)) => {
                (NoticeState::Empty, "no address that any account can write to".to_owned(), None)
            }
        };
        Settling { state, reason, shown, dangling: self.dangling(), due: None }
    }

    fn later(&self, reason: String, until: Time) -> Settling {
        Settling { state: NoticeState::Open, reason, shown: None, dangling: self.dangling(), due: Some(until) }
    }

    /// Until when the recipient is left alone (rule N7).
    fn quiet(&self, post: &Post, way: &Reach, now: Time) -> Option<Time> {
        let mut all = vec![post.caps(&way.account).quiet];
        // Nobody is woken by an e-mail.
        if way.channel != Channel::Email {
            all.extend(self.views.quiet(&self.groups));
        }
        all.retain(|hours| *hours != Hours::NONE);
        if all.is_empty() {
            return None;
        }
        let open = Hours::open_in_all(&all, &self.zones(post, &way.address, now), now);
        (open > now).then(|| {
            post.governor.deferred(&way.account, "quiet");
            open
        })
    }

    /// The recipient's clocks: the one that they have chosen, else those of the number that is written to, else of the first number that is known of them,
    /// else the operator's.
    fn zones(&self, post: &Post, to: &Address, now: Time) -> Vec<TimeZone> {
        if let Some(zone) = &self.zone {
            return vec![zone.clone()];
        }
        let mut numbers = std::iter::once(to).chain(&self.addresses).map(|address| phone::zones(address));
        let names = numbers.find(|names| !names.is_empty()).unwrap_or_default();
        let zones = zones_of(names, now);
        if zones.is_empty() { vec![post.zone.clone()] } else { zones }
    }

    /// Tells the governor how the attempt ended.
    pub(super) fn ended(&mut self, delivery: &Delivery, begun: Time) {
        if let Some(Leave { permit, began }) = self.leave.take() {
            permit.ended(delivery, begun.after(began.elapsed()));
        }
    }

    /// Whether the chosen way did not send and another account of its channel is there. From now on that one is asked.
    pub(super) fn fail_over(&mut self, post: &Post) -> bool {
        // What may have left by this way before leaves by no other.
        let Some((way, ..)) = self.chosen.as_ref().filter(|_| self.bound.is_none()) else { return false };
        let way = way.clone();
        // A device is known to its own account alone.
        let other = way.channel != Channel::Push
            && post.carriers.iter().any(|(channel, carrier)| {
                let same = Reach { account: carrier.name().into(), ..way.clone() };
                *channel == way.channel && same != way && !self.failed.contains(&same)
            });
        self.failed.push(way);
        other
    }
}

/// How long a notice is tried by push before it goes on by another channel: a push service that is away for minutes costs
/// nobody a text message.
const PATIENCE: Duration = Duration::from_mins(15);

/// Whether a notice that was to leave by push has waited long enough for it at this moment.
pub(super) fn impatient(claimed: &Claimed, at: Time) -> bool {
    at.since(claimed.notice.since) > PATIENCE
}

/// The accounts that notices leave by, by channel.
fn accounts(post: &Post) -> Vec<(Box<str>, Channel)> {
    post.carriers.iter().map(|(channel, carrier)| (carrier.name().into(), *channel)).collect()
}

fn carrier_of<'a>(post: &'a Post, way: &Reach) -> Option<&'a (Channel, Arc<dyn Carrier>)> {
    post.carriers.iter().find(|(channel, one)| *channel == way.channel && *one.name() == *way.account)
}

fn reason(way: &Reach, wait: Wait) -> String {
    format!("account {} {}; until {}", way.account, wait.why, wait.until)
}
