//! The loop that turns fan-outs into notices and delivers those that are due (rules N2 to N4).
//!
//! Two loops, so that neither holds up the other: one makes notices, the other takes those that are due. Each looks,
//! works, and waits until the next thing is due, somebody wakes it, or [`Settings::poll`] has passed: another process may
//! have written something. Fresh notices and those that are tried again each have their own lane, so that a
//! storm of retries does not hold up what is new. Any number of workers may run on one store: what one has taken is its
//! own until its lease runs out.

mod hold;
mod lane;
mod letters;

use crate::{
    clock::Time,
    domain::id::NoticeId,
    store::{Claimed, Result, StoreError},
    telemetry::{Metrics, metrics::Kind},
    usecase::{
        Env, Live,
        course::settle,
        deliver_notice::{Ended, Post, Together, deliver_together},
        expand_fanout::{Schedule, expand_fanout},
        forget_answers::forget_answers,
        link_contacts::link_contacts,
        memory,
        receipts::settle_reported,
    },
};
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use lane::Lane;
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use tokio::sync::Notify;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How often it is looked for answers that are old enough to be forgotten, and for what others left half done.
const TIDY: Duration = Duration::from_mins(10);

/// Deliveries that end within this time make room together: one claim, one look at each owner.
const GATHER: Duration = Duration::from_millis(2);

/// How much at once, and how long.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Messages on their way at once that were not tried before.
    pub fresh: usize,
    /// And that were.
    pub retries: usize,
    /// For how long a notice is taken; prolonged while it is under way.
    pub lease: Duration,
    /// After this the store is looked at again even where nothing seems to be due.
    pub poll: Duration,
    /// Where the clocks of digests stand.
    pub zone: jiff::tz::TimeZone,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            fresh: 8,
            retries: 4,
            lease: Duration::from_mins(1),
            poll: Duration::from_secs(1),
            zone: jiff::tz::TimeZone::UTC,
        }
    }
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Recipients of fan-outs that were looked at.
    pub recipients: usize,
    /// Notices that the far end took, or that the ledger delivers.
    pub sent: usize,
    /// Notices with nothing left to tell, or nobody to tell it to.
    pub empty: usize,
    /// Notices that may have been sent.
    pub unknown: usize,
    /// Notices that were given up.
    pub dead: usize,
    /// Notices that are tried again later.
    pub later: usize,
}

impl Progress {
    fn count(&mut self, ended: Ended) {
        match ended {
            Ended::Sent => self.sent += 1,
            Ended::Empty => self.empty += 1,
            Ended::Unknown => self.unknown += 1,
            Ended::Dead => self.dead += 1,
            Ended::Later | Ended::Deferred => self.later += 1,
            Ended::Released | Ended::Lost => {}
        }
    }
}

/// Expands and delivers. Clones share their lanes.
#[derive(Clone)]
pub struct Worker {
    env: Env,
    post: Live<Post>,
    metrics: Option<Metrics>,
    settings: Live<Settings>,
    wake: Arc<Notify>,
    /// Something may be due, or there is room for it.
    room: Arc<Notify>,
    fresh: Lane,
    retries: Lane,
    letters: letters::Desk,
    /// When nothing was left to be forgotten, in microseconds.
    tidied: Arc<AtomicI64>,
    hold: hold::Hold,
    /// Up to where notices with reports have been looked through.
    looked: Arc<Mutex<Option<NoticeId>>>,
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker").field("settings", &**self.settings.now()).finish_non_exhaustive()
    }
}

impl Worker {
    /// Puts it together; nothing runs yet.
    pub fn new(env: Env, post: Arc<Post>, settings: Settings, metrics: Option<Metrics>) -> Self {
        Self {
            env,
            post: Live::new(post),
            metrics,
            settings: Live::new(settings),
            wake: Arc::new(Notify::new()),
            room: Arc::new(Notify::new()),
            fresh: Lane::new(false),
            retries: Lane::new(true),
            letters: letters::Desk::default(),
            tidied: Arc::new(AtomicI64::new(i64::MIN)),
            hold: hold::Hold::default(),
            looked: Arc::default(),
        }
    }

    /// Takes other texts, accounts and settings from now on; what is under way ends with those that it began with.
    pub fn replace(&self, post: Post, settings: Settings) {
        // What was seen of the accounts stays.
        let governor = self.post.now().governor.clone();
        self.post.replace(Post { governor, ..post });
        self.settings.replace(settings);
        self.wake.notify_one();
    }

    /// What it sends with, reloads included; for whoever else sends.
    pub fn post(&self) -> Live<Post> {
        self.post.clone()
    }

    /// Runs until `stop` is cancelled, and then until what is on its way has ended. What was taken but not begun is
    /// given back at no cost.
    pub async fn run(&self, stop: CancellationToken) {
        let tasks = TaskTracker::new();
        tokio::join!(self.prepare(&stop), self.send(&tasks, &stop), self.mail(&tasks, &stop));
        tasks.close();
        tasks.wait().await;
    }

    /// Makes notices, page by page.
    async fn prepare(&self, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            // Listen before looking: what is committed between the two is not missed.
            let (woken, work) = (self.wake.notified(), self.env.store.work().notified());
            tokio::pin!(woken, work);
            woken.as_mut().enable();
            work.as_mut().enable();
            let found = self.expand().await;
            // Also where there was no fan-out: what was committed may be a notice.
            self.room.notify_one();
            let wait = match found {
                Ok(true) => continue,
                Ok(false) => self.wait().await,
                Err(error) => self.refused(&error),
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = woken => {}
                () = work => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Takes notices that are due as there is room for them.
    async fn send(&self, tasks: &TaskTracker, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            let room = self.room.notified();
            tokio::pin!(room);
            room.as_mut().enable();
            let wait = match self.take(tasks, stop).await {
                Ok(()) => self.wait().await,
                Err(error) => self.refused(&error),
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = room => tokio::time::sleep(GATHER).await,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// How long to wait after the store has refused.
    fn refused(&self, error: &StoreError) -> Duration {
        tracing::warn!(%error, "notices wait for the store");
        self.settings.now().poll
    }

    /// Expands a page of what is to be told, and tidies up; whether there was anything. Each part has its turn, whatever became
    /// of those before it: one row that cannot be read holds up no other.
    ///
    /// # Errors
    /// The first of them.
    async fn expand(&self) -> Result<bool> {
        let lease = self.settings.kept().lease;
        // What was stopped after a copy was made is not known to the copy.
        let held = self.hold.is_on(&self.env).await?;
        let settled = if held { Ok(false) } else { settle(&self.env, lease).await.map(|done| done.is_some()) };
        let linked = link_contacts(&self.env, lease).await.map(|done| done.is_some());
        let expanded = expand_fanout(&self.env, &self.schedule()).await.map(|done| done.is_some());
        let tidied = self.tidy().await;
        Ok(settled? | linked? | expanded? | tidied?)
    }

    /// Fills the lanes.
    async fn take(&self, tasks: &TaskTracker, stop: &CancellationToken) -> Result<()> {
        if self.hold.is_on(&self.env).await? {
            return Ok(());
        }
        let settings = self.settings.kept();
        for (lane, most) in [(&self.fresh, settings.fresh), (&self.retries, settings.retries)] {
            let claimed = lane.claim(&self.env, most, settings.lease).await?;
            let of = |some: &[(Claimed, _)]| Together::of(some.iter().map(|(claimed, _)| claimed));
            let together: Vec<Together> = claimed.chunks(Together::MOST).map(of).collect();
            for (nth, (claimed, permit)) in claimed.into_iter().enumerate() {
                let together = &together[nth / Together::MOST];
                let (worker, together, stop) = (self.clone(), together.clone(), stop.clone());
                tasks.spawn(async move {
                    if let Err(error) = worker.deliver(&claimed, &together, &stop).await {
                        tracing::warn!(notice = %claimed.notice.id, %error, "a notice waits for the store");
                    }
                    drop(permit);
                    worker.room.notify_one();
                });
            }
        }
        Ok(())
    }

    /// Forgets a page of what is not needed any more, and ends a page of what another process has left half done, now and
    /// then; whether there may be more.
    async fn tidy(&self) -> Result<bool> {
        let (now, last) = (self.env.clock.now(), Time(self.tidied.load(Ordering::Relaxed)));
        if now.since(last) < TIDY {
            return Ok(false);
        }
        let after = *self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let next = settle_reported(&self.env, after).await?;
        *self.looked.lock().unwrap_or_else(PoisonError::into_inner) = next;
        let more = forget_answers(&self.env).await? | memory::forget(&self.env).await? || next.is_some();
        if !more {
            self.tidied.store(now.0, Ordering::Relaxed);
        }
        Ok(more)
    }

    /// How long nothing is due. Where something is due but cannot be taken (the lanes are full, another has it), the end
    /// of a delivery or the poll comes next.
    async fn wait(&self) -> Duration {
        // The store's time decides when something is due.
        let poll = self.settings.now().poll;
        match (self.env.store.next_due().await, self.env.store.now().await) {
            (Ok(Some(due)), Ok(now)) if due > now => due.since(now).min(poll),
            _ => poll,
        }
    }

    fn schedule(&self) -> Schedule {
        let settings = self.settings.now();
        Schedule { zone: settings.zone.clone(), lease: settings.lease }
    }

    /// Delivers one notice and prolongs its lease meanwhile.
    async fn deliver(&self, claimed: &Claimed, together: &Together, stop: &CancellationToken) -> Result<Ended> {
        let (post, lease) = (self.post.kept(), self.settings.now().lease);
        let delivery = deliver_together(&self.env, &post, claimed, together, stop);
        tokio::pin!(delivery);
        let mut beat = tokio::time::interval(lease / 3);
        beat.tick().await;
        let mut held = true;
        let ended = loop {
            tokio::select! {
                ended = &mut delivery => break ended?,
                _ = beat.tick(), if held => {
                    let store = &self.env.store;
                    // An error is no loss: the next beat, or the fence, decides.
                    held = store.heartbeat(claimed.notice.id, claimed.fence, lease).await.unwrap_or(true);
                }
            }
        };
        self.counted(claimed, ended);
        Ok(ended)
    }

    fn counted(&self, claimed: &Claimed, ended: Ended) {
        tracing::info!(notice = %claimed.notice.id, owner = %claimed.notice.owner, ended = ended.word(), "notice");
        let Some(metrics) = &self.metrics else { return };
        metrics.notices.get_or_create(&Kind { kind: ended.word() }).inc();
        if ended == Ended::Sent {
            metrics.notice_delay.observe(self.env.clock.now().since(claimed.notice.first).as_secs_f64());
        }
    }

    /// Does everything that is due by the clock, until there is nothing more; for tests and demonstrations. What is due
    /// later stays.
    ///
    /// # Errors
    /// The store could not be reached.
    pub async fn run_until_idle(&self) -> Result<Progress> {
        let mut progress = Progress::default();
        let stop = CancellationToken::new();
        if self.hold.is_on(&self.env).await? {
            return Ok(progress);
        }
        loop {
            let mut found = self.letters_until_idle(&stop).await?;
            while settle(&self.env, self.settings.kept().lease).await?.is_some() {
                found = true;
            }
            while link_contacts(&self.env, self.settings.kept().lease).await?.is_some() {
                found = true;
            }
            while self.tidy().await? {
                found = true;
            }
            while let Some(recipients) = expand_fanout(&self.env, &self.schedule()).await? {
                progress.recipients += recipients;
                found = true;
            }
            let settings = self.settings.kept();
            for (retries, limit) in [(false, settings.fresh), (true, settings.retries)] {
                let claimed = self.env.store.claim(retries, limit.max(1), settings.lease).await?;
                found |= !claimed.is_empty();
                let together = Together::of(&claimed);
                let mut deliveries = FuturesUnordered::new();
                for claimed in &claimed {
                    deliveries.push(self.deliver(claimed, &together, &stop));
                }
                while let Some(ended) = deliveries.next().await {
                    progress.count(ended?);
                }
            }
            if !found {
                return Ok(progress);
            }
        }
    }

    /// When something is due next, for who moves a clock by hand.
    pub async fn next_due(&self) -> std::result::Result<Option<Time>, StoreError> {
        self.env.store.next_due().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::{ManualClock, SeededRandom},
        domain::{
            change::{Request, RequestState, hold::Course},
            id::{OwnerId, RequestId},
            owner::{Owner, Profile},
            schedule::Backoff,
        },
        store::{Commit, Effect, sqlite::Sqlite},
        template::Templates,
        usecase::{Rules, governor::Governor},
    };
    use std::collections::HashMap;

    /// With the embedded store, and no way to send.
    fn worker(now: Time) -> Worker {
        let clock = Arc::new(ManualClock::at(now));
        let store = Arc::new(Sqlite::in_memory(Arc::clone(&clock) as _).unwrap());
        let env = Env::new(store, clock, Arc::new(SeededRandom::new(7)), Rules::default());
        let post = Post {
            templates: Templates::built_in(),
            carriers: Vec::new(),
            service: "Redial".into(),
            help: String::new(),
            public_url: String::new(),
            mailboxes: HashMap::new(),
            language: "en".into(),
            backoff: Backoff::default(),
            expiry: Post::USUAL_EXPIRY,
            caps: HashMap::new(),
            governor: Governor::default(),
            zone: jiff::tz::TimeZone::UTC,
        };
        Worker::new(env, Arc::new(post), Settings::default(), None)
    }

    #[tokio::test]
    async fn a_damaged_request_does_not_hold_up_the_rest() {
        let now = Time(1_795_431_600_000_000);
        let worker = worker(now);
        let owner = Owner {
            id: OwnerId(1),
            version: 1,
            revision: 0,
            language: "en".into(),
            zone: None,
            profile: Profile { name: "Ann Lee".into(), ..Profile::default() },
            points: Vec::new(),
            claimed: true,
            silenced: false,
            created: now,
        };
        let request = Request {
            id: RequestId(1),
            owner: owner.id,
            state: RequestState::Held,
            wanted: "{".into(),
            by: "owner".into(),
            created: now,
            decided: None,
            course: Course::default(),
            due: Some(now),
        };
        let effects = vec![Effect::OwnerAdded(owner), Effect::RequestSet(request)];
        worker.env.store.commit(Commit { effects, ..Commit::default() }).await.unwrap();
        let ended = worker.expand().await;
        assert!(matches!(ended, Err(StoreError::Damaged(_))), "{ended:?}");
        assert_eq!(worker.tidied.load(Ordering::Relaxed), now.0, "what comes last had its turn");
    }
}
