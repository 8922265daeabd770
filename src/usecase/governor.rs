//! How much leaves by each account at once and in time, and which accounts are left alone (rules N3, N4, N7).
//!
//! The rules are in `domain::schedule`; what they have seen is kept here, in the memory of one process. A process that
//! starts has seen nothing and lets through. Who is not let through is told when to come again: each a little later than
//! the one before, so that those who wait do not all come back at one moment.

mod caps;

pub use caps::{Caps, Wait, Way, Why};

use crate::{
    clock::Time,
    domain::{
        address::phone,
        notice::AttemptOutcome,
        schedule::{Breaker, BreakerSettings, Bucket, Pass, Standing, Turn, Urgency},
    },
    telemetry::{
        Metrics,
        metrics::{Deferred, OfAccount, OnAccount},
    },
    transport::delivery::Delivery,
};
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// What has been seen of all accounts. Clones share it.
#[derive(Clone, Default)]
pub struct Governor {
    seen: Arc<Mutex<HashMap<Box<str>, Seen>>>,
    metrics: Option<Metrics>,
}

impl fmt::Debug for Governor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Governor").finish_non_exhaustive()
    }
}

/// How one account stands, as one process sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Its name in the configuration.
    pub account: Box<str>,
    /// Whether it is left alone.
    pub breaker: Standing,
    /// Since when, where that changed since the process started.
    pub since: Option<Time>,
    /// Messages on their way.
    pub under_way: usize,
    /// How many may be at once.
    pub places: Option<usize>,
    /// Messages of this day of UTC.
    pub sent_today: u64,
    /// How many may be.
    pub daily: Option<u64>,
    /// Messages of this day to countries that have a budget of their own, in the order of the countries.
    pub daily_to: Vec<ToCountry>,
    /// When the next day of UTC begins, and with it all budgets anew.
    pub renews: Time,
}

/// A budget of the day for one country.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToCountry {
    /// Which.
    pub country: phone::Region,
    /// Messages of this day of UTC.
    pub sent: u64,
    /// How many may be.
    pub most: u64,
}

/// What has been seen of one account.
#[derive(Debug, Default)]
struct Seen {
    under_way: usize,
    breaker: Breaker,
    /// When the breaker opened or closed last.
    turned: Option<Time>,
    buckets: HashMap<BucketKey, Bucket>,
    /// How long a message takes, smoothed.
    usual: Duration,
    /// When one ended last, or the first of those under way began.
    moved: Time,
    /// When the last of those who wait was told to come again.
    last_told: Time,
    /// The day, what was sent on it, and when the store was asked for it.
    day: Day,
}

#[derive(Debug, Default)]
struct Day {
    number: i64,
    /// By country.
    sent: HashMap<phone::Country, u64>,
    asked: Time,
}

impl Day {
    fn of(number: i64, asked: Time) -> Self {
        Self { number, sent: HashMap::new(), asked }
    }

    fn total(&self) -> u64 {
        self.sent.values().sum()
    }

    fn to(&self, country: phone::Country) -> u64 {
        self.sent.get(&country).copied().unwrap_or_default()
    }
}

/// Whose rate it is: the sender's, or the far end's that a recipient chose; and where to.
type BucketKey = (Box<str>, phone::Country);

/// More senders, or far ends that recipients chose, are not kept in mind: their rates then begin anew.
const MOST_BUCKETS: usize = 10_000;
/// Those who wait come again so much apart at most.
const APART_MOST: Duration = Duration::from_millis(500);
const DAY: i64 = 86_400;
/// Other processes' messages of the day are read so often.
const ASK_AGAIN: Duration = Duration::from_mins(5);

impl Governor {
    /// Nothing seen yet.
    pub fn new(metrics: Option<Metrics>) -> Self {
        Self { seen: Arc::default(), metrics }
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<Box<str>, Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Since when the account's messages must be counted in the store first, where it has a budget for the day: in a
    /// process that has just started, on a new day, and every few minutes for what other processes have sent.
    pub fn asks_for_day(&self, account: &str, caps: &Caps, now: Time) -> Option<Time> {
        if !caps.counts_days() {
            return None;
        }
        let today = now.seconds().div_euclid(DAY);
        let fresh = |day: &Day| day.number == today && now.since(day.asked) < ASK_AGAIN;
        let known = self.seen().get(account).is_some_and(|seen| fresh(&seen.day));
        (!known).then_some(Time(today * DAY * 1_000_000))
    }

    /// What the store says of this day, by country.
    pub fn day(&self, account: &str, sent: &[(phone::Country, u64)], now: Time) {
        let number = now.seconds().div_euclid(DAY);
        let mut all = self.seen();
        let day = &mut all.entry(account.into()).or_default().day;
        if day.number != number {
            *day = Day::of(number, now);
        }
        day.asked = now;
        for (country, sent) in sent {
            // What was let through since the store was asked is not in it yet.
            let known = day.sent.entry(*country).or_default();
            *known = (*known).max(*sent);
        }
    }

    /// Lets a message through, or says when to come again.
    pub fn admit(&self, way: Way<'_>, caps: &Caps, urgency: Urgency, now: Time) -> Result<Permit, Wait> {
        let mut all = self.seen();
        let seen = all.entry(way.account.into()).or_default();
        let bucket = (way.host.unwrap_or(way.sender).into(), phone::Country::of(way.to));
        match seen.admit(&bucket, caps, urgency, now) {
            Ok(pass) => Ok(Permit {
                governor: self.clone(),
                account: way.account.into(),
                bucket,
                chosen: way.host.is_some(),
                breaker: caps.breaker,
                pass,
                admitted: now,
                since: tokio::time::Instant::now(),
                ended: false,
            }),
            Err(wait) => {
                self.deferred(way.account, wait.why.word());
                Err(wait)
            }
        }
    }

    /// Counts a notice that is put off.
    pub fn deferred(&self, account: &str, why: &'static str) {
        if let Some(metrics) = &self.metrics {
            metrics.deferred.get_or_create(&Deferred { account: account.to_owned(), why }).inc();
        }
    }

    /// Counts how an attempt ended.
    fn answered(&self, account: &str, delivery: &Delivery, took: Duration) {
        let Some(metrics) = &self.metrics else { return };
        let kind = match delivery.outcome {
            AttemptOutcome::Sent => "sent",
            AttemptOutcome::Never => "refused",
            AttemptOutcome::TryAgain if delivery.retry_after.is_some() => "limited",
            AttemptOutcome::TryAgain => "failed",
            AttemptOutcome::Unknown => "unknown",
        };
        metrics.attempts.get_or_create(&OnAccount { account: account.to_owned(), kind }).inc();
        metrics.attempt_time.get_or_create(&OfAccount { account: account.to_owned() }).observe(took.as_secs_f64());
    }

    /// Does a part of a notice, and notes how long it took.
    pub async fn timed<T>(&self, step: &'static str, part: impl Future<Output = T>) -> T {
        let begun = tokio::time::Instant::now();
        let done = part.await;
        if let Some(metrics) = &self.metrics {
            metrics.took("notice", step, begun.elapsed());
        }
        done
    }

    /// How an account stands now.
    pub fn standing(&self, account: &str, caps: &Caps, now: Time) -> Health {
        let all = self.seen();
        let (seen, today) = (all.get(account), now.seconds().div_euclid(DAY));
        let day = seen.map(|seen| &seen.day).filter(|day| day.number == today);
        let sent_to = |country| day.map_or(0, |day| day.to(phone::Country::Of(country)));
        let to = |(country, most): (&phone::Region, &u64)| ToCountry {
            country: *country,
            sent: sent_to(*country),
            most: *most,
        };
        let mut daily_to: Vec<ToCountry> = caps.daily_to.iter().map(to).collect();
        daily_to.sort_by_key(|to| to.country.to_string());
        Health {
            account: account.into(),
            breaker: seen.map_or(Standing::Closed, |seen| seen.breaker.standing(now)),
            since: seen.and_then(|seen| seen.turned),
            under_way: seen.map_or(0, |seen| seen.under_way),
            places: Some(caps.concurrency).filter(|most| *most < usize::MAX),
            sent_today: day.map_or(0, Day::total),
            daily: caps.daily,
            daily_to,
            renews: after(today),
        }
    }

    /// Whether an account is left alone now.
    pub fn is_open(&self, account: &str) -> bool {
        self.seen().get(account).is_some_and(|seen| seen.breaker.is_open())
    }

    fn turned(&self, account: &str, turn: Turn) {
        let open = matches!(turn, Turn::Opened(_));
        match turn {
            Turn::Opened(until) => tracing::warn!(account, %until, "the account fails and is left alone until then"),
            Turn::Closed => tracing::info!(account, "the account works again"),
        }
        let Some(metrics) = &self.metrics else { return };
        let label = OfAccount { account: account.to_owned() };
        metrics.breaker_open.get_or_create(&label).set(i64::from(open));
        if open {
            metrics.breaker_trips.get_or_create(&label).inc();
        }
    }
}

impl Seen {
    fn admit(&mut self, bucket: &BucketKey, caps: &Caps, urgency: Urgency, now: Time) -> Result<Pass, Wait> {
        let (today, to) = (now.seconds().div_euclid(DAY), bucket.1);
        if self.day.number != today {
            self.day = Day::of(today, now);
        }
        let used_up = if caps.daily.is_some_and(|most| self.day.total() >= most) {
            Some(Why::Daily)
        } else {
            caps.daily_to(to).filter(|most| self.day.to(to) >= *most).map(|_| Why::DailyTo)
        };
        // Codes have limits of their own, and no notice is the reason that somebody cannot sign in.
        if let Some(why) = used_up.filter(|_| urgency == Urgency::Notice) {
            return Err(self.wait(caps, after(today), why, now));
        }
        // Notices leave one place to codes, where there is more than one.
        let places = match urgency {
            Urgency::Notice if caps.concurrency > 1 && caps.concurrency < usize::MAX => caps.concurrency - 1,
            _ => caps.concurrency.max(1),
        };
        if self.under_way >= places {
            return Err(self.wait(caps, now.after(self.apart(caps, now)), Why::Concurrency, now));
        }
        let pass = match self.breaker.admit(&caps.breaker, now) {
            Ok(pass) => pass,
            Err(until) => return Err(self.wait(caps, until, Why::Breaker, now)),
        };
        if self.buckets.len() > MOST_BUCKETS {
            self.buckets.clear();
        }
        let tokens = self.buckets.entry(bucket.clone()).or_default();
        if let Err(until) = tokens.take(caps.rate_to(to), urgency, now) {
            let _nothing_was_sent = self.breaker.ended(&caps.breaker, pass, None, now);
            return Err(self.wait(caps, until, Why::Rate, now));
        }
        if self.under_way == 0 {
            self.moved = now;
        }
        self.under_way += 1;
        *self.day.sent.entry(to).or_default() += 1;
        Ok(pass)
    }

    /// How far apart those who wait come again: as fast as the account is seen to work, within its rate. One that does
    /// not answer at all is seen to work ever more slowly.
    fn apart(&self, caps: &Caps, now: Time) -> Duration {
        let places = u32::try_from(caps.concurrency).unwrap_or(u32::MAX).max(1);
        let stuck = if self.under_way == 0 { Duration::ZERO } else { now.since(self.moved) };
        let work = (self.usual.max(stuck) / places).clamp(Duration::from_millis(1), APART_MOST);
        caps.rate.map_or(work, |rate| rate.step().max(work))
    }

    fn wait(&mut self, caps: &Caps, until: Time, why: Why, now: Time) -> Wait {
        let until = until.max(self.last_told.after(self.apart(caps, now)).min(until.after(Duration::from_hours(1))));
        self.last_told = until;
        Wait { until, why }
    }
}

/// When the day after this one begins.
fn after(day: i64) -> Time {
    Time((day + 1) * DAY * 1_000_000)
}

/// A message that was let through. Dropped without [`Permit::ended`] it says nothing of the account.
#[derive(Debug)]
pub struct Permit {
    governor: Governor,
    account: Box<str>,
    bucket: BucketKey,
    /// Whether the recipient chose the far end.
    chosen: bool,
    breaker: BreakerSettings,
    pass: Pass,
    admitted: Time,
    since: tokio::time::Instant,
    ended: bool,
}

impl Permit {
    /// Notes how it ended. What the far end refuses for its recipient's sake says that the account works.
    pub fn ended(mut self, delivery: &Delivery, now: Time) {
        self.ended = true;
        let good = match delivery.outcome {
            AttemptOutcome::Sent | AttemptOutcome::Never => Some(true),
            AttemptOutcome::TryAgain if delivery.retry_after.is_some() => None,
            AttemptOutcome::TryAgain | AttemptOutcome::Unknown => (!self.chosen).then_some(false),
        };
        let took = self.since.elapsed();
        self.governor.answered(&self.account, delivery, took);
        let mut all = self.governor.seen();
        let seen = all.entry(self.account.clone()).or_default();
        seen.under_way = seen.under_way.saturating_sub(1);
        seen.moved = now;
        seen.usual = if seen.usual.is_zero() { took } else { (seen.usual * 7 + took) / 8 };
        if let Some(pause) = delivery.retry_after {
            // From the moment at which it was let through, so that its own next try is not put off by the pause.
            let until = self.admitted.after(pause.min(PAUSE_MOST));
            seen.buckets.entry(self.bucket.clone()).or_default().pause(until);
        }
        let turn = seen.breaker.ended(&self.breaker, self.pass, good, now);
        if turn.is_some() {
            seen.turned = Some(now);
        }
        drop(all);
        if let Some(turn) = turn {
            self.governor.turned(&self.account, turn);
        }
    }
}

/// A far end's wish to pause holds up all of a sender's messages to a country for so long at most.
const PAUSE_MOST: Duration = Duration::from_hours(1);

impl Drop for Permit {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let mut all = self.governor.seen();
        if let Some(seen) = all.get_mut(&self.account) {
            seen.under_way = seen.under_way.saturating_sub(1);
            let sent = seen.day.sent.entry(self.bucket.1).or_default();
            *sent = sent.saturating_sub(1);
            let _no_sample = seen.breaker.ended(&self.breaker, self.pass, None, Time::MAX);
        }
    }
}

#[cfg(test)]
mod tests;
