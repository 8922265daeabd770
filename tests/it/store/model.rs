//! Random commits, claims, clock jumps and crashes against a plain model in memory: a store refuses what the model
//! refuses, and afterwards both say the same. A failure prints its seed; `REDIAL_MODEL_SEED` runs that one alone.

mod dice;
mod erased;
mod reads;
mod state;
mod traces;
mod waiting;

use self::{
    dice::Dice,
    state::{Refusal, State},
};
use crate::store::{rows::Row, sample::*};
use redial::{
    clock::{Clock as _, ManualClock, Random as _, SystemRandom, Time},
    domain::{
        group::{Identity, Viewer},
        id::OwnerId,
        notice::NoticeState,
    },
    store::{Commit, Effect, OfErasure, SharedStore, StoreError, erasure::Happened},
};
use std::{sync::Arc, time::Duration};

/// A store under test, and what can be done to it from outside.
#[async_trait::async_trait]
pub(crate) trait Subject: Send + Sync {
    /// The store; where there are several processes, one of them.
    fn store(&self, which: usize) -> SharedStore;
    /// The clock, where the store has no time of its own.
    fn clock(&self) -> Option<Arc<ManualClock>>;
    /// The store is to end before one of its next statements, where it can.
    fn crash_before(&self, which: usize, statements: u32);
    /// Every row that it has.
    async fn rows(&self) -> Vec<Row>;
    /// Starts it anew on what is durable, after a crash or a stop.
    async fn restart(&mut self, which: usize, gently: bool);
}

/// How many stores a subject has.
pub(crate) const STORES: usize = 2;
/// What is done under one seed.
const STEPS: usize = 250;

/// Runs the seeds that are always run, and one that nobody has run before.
pub(crate) async fn run<S: Subject>(seeds: u64, fresh: impl AsyncFn() -> Option<S>) {
    let chosen = std::env::var("REDIAL_MODEL_SEED").ok().map(|seed| seed.parse().expect("a seed is a number"));
    let new = u64::try_from(SystemRandom::new().bits() >> 96).expect("32 bits are left");
    let seeds = chosen.map_or_else(|| (1..=seeds).chain([new]).collect(), |seed| vec![seed]);
    for seed in seeds {
        let Some(subject) = fresh().await else { return };
        println!("REDIAL_MODEL_SEED={seed}");
        let mut run = Run { subject, state: State::default(), dice: Dice::new(seed), counts: Counts::default() };
        for step in 0..STEPS {
            run.step().await;
            if step % 5 == 0 {
                run.compare().await;
            }
        }
        run.compare().await;
        run.compare_traces().await;
        println!("{:?}, {} former numbers", run.counts, run.state.former().count());
        for which in 0..STORES {
            run.subject.store(which).close().await;
        }
    }
}

struct Run<S> {
    subject: S,
    state: State,
    dice: Dice,
    counts: Counts,
}

/// What happened, so that a reader sees that something did.
#[derive(Debug, Default)]
struct Counts {
    written: u32,
    refused: u32,
    claims: u32,
    letters: u32,
    requests: u32,
    erased: u32,
    crashes: u32,
}

impl<S: Subject> Run<S> {
    async fn step(&mut self) {
        let which = self.dice.below(STORES);
        if self.dice.one_in(30) {
            self.subject.crash_before(which, 1 + u32::try_from(self.dice.below(40)).expect("it is small"));
        }
        match self.dice.below(24) {
            23 => self.erase(which).await,
            20 | 21 => self.claim_letters(which).await,
            22 => self.claim_request(which).await,
            0 => self.jump(),
            1 => self.restart(which, true).await,
            2..=4 => self.claim(which).await,
            5 => self.heartbeat(which).await,
            6 | 7 => self.claim_fanout(which).await,
            _ => self.commit(which).await,
        }
    }

    fn jump(&mut self) {
        let Some(clock) = self.subject.clock() else { return };
        let by = Duration::from_secs(u64::try_from(self.dice.below(7_200)).expect("it is small"));
        clock.set(if self.dice.one_in(3) { clock.now().before(by) } else { clock.now().after(by) });
    }

    async fn restart(&mut self, which: usize, gently: bool) {
        self.subject.restart(which, gently).await;
        // At most one store is armed; the new one is not.
        self.compare().await;
    }

    /// Whether the call was lost in a crash: then nothing of it was done, and the store is started anew.
    async fn crashed<T: std::fmt::Debug>(&mut self, which: usize, result: &Result<T, StoreError>) -> bool {
        let crashed = matches!(result, Err(StoreError::Unavailable(_)));
        if crashed {
            self.counts.crashes += 1;
            self.restart(which, false).await;
        }
        crashed
    }

    async fn commit(&mut self, which: usize) {
        let commit = self.dice.commit(&self.state);
        self.write(which, commit).await;
    }

    async fn write(&mut self, which: usize, commit: Commit) {
        let mut after = self.state.clone();
        let expected = after.commit(&commit);
        let result = self.subject.store(which).commit(commit.clone()).await;
        if self.crashed(which, &result).await {
            return;
        }
        match (&expected, &result) {
            (Ok(()), Ok(now)) => {
                after.settle_times(*now);
                self.counts.written += 1;
                self.state = after;
            }
            (Err(expected), Err(found)) => {
                let same = match found {
                    StoreError::Conflict => matches!(expected, Refusal::Conflict | Refusal::TakenOrConflict),
                    StoreError::Taken(_) => matches!(expected, Refusal::Taken | Refusal::TakenOrConflict),
                    StoreError::Repeated => *expected == Refusal::Repeated,
                    _ => false,
                };
                self.counts.refused += 1;
                assert!(same, "{found} instead of {expected:?}: {commit:#?}");
            }
            _ => panic!("{result:?} instead of {expected:?}: {commit:#?}"),
        }
    }

    /// An owner is erased: nothing of them is left in any table, and a store that is started anew does not know that their
    /// numbers were ever anybody's.
    async fn erase(&mut self, which: usize) {
        let owner = OwnerId(self.dice.owner());
        let mut read = self.state.traces.extent(owner);
        // Sometimes another one came since they were read.
        match self.dice.below(6) {
            0 => read.all += 1,
            1 => read.named += 1,
            _ => {}
        }
        let keys = self.state.own_keys(owner);
        let erasure = OfErasure::Owner { owner, at: self.subject.store(which).now().await.unwrap(), read };
        let written = self.counts.written;
        self.write(which, of(vec![Effect::OfErasure(erasure)])).await;
        if self.counts.written == written {
            return;
        }
        self.counts.erased += 1;
        self.dice.erased(owner);
        self.compare_traces().await;
        State::check_addresses(&self.subject.rows().await, &keys);
        let gently = self.dice.one_in(2);
        self.restart(which, gently).await;
        for key in &keys {
            assert!(!self.subject.store(which).may_be_former(key), "the filter has kept a number");
        }
    }

    async fn claim(&mut self, which: usize) {
        let store = self.subject.store(which);
        let (retries, limit, lease) = (self.dice.one_in(2), self.dice.below(4), self.dice.lease());
        let before = store.now().await.unwrap();
        let result = store.claim(retries, limit, lease).await;
        if self.crashed(which, &result).await {
            return;
        }
        let after = store.now().await.unwrap();
        let claimed = result.unwrap();
        let must = self.state.claimable(retries, before);
        let may = self.state.claimable(retries, after);
        assert!(claimed.len() >= must.len().min(limit) && claimed.len() <= limit, "{claimed:?} of {must:?}");
        for claimed in claimed {
            assert!(may.contains(&claimed.notice.id.0), "{claimed:?} not among {may:?}");
            self.state.claimed(&claimed);
            self.counts.claims += 1;
        }
    }

    async fn heartbeat(&mut self, which: usize) {
        let Some((id, fence, valid)) = self.dice.claim(&self.state) else { return };
        let store = self.subject.store(which);
        let lease = self.dice.lease();
        let result = store.heartbeat(id, fence, lease).await;
        if self.crashed(which, &result).await {
            return;
        }
        assert_eq!(result.unwrap(), valid, "{id} {fence}");
        if valid {
            self.state.prolonged(id, store.now().await.unwrap().after(lease));
        }
    }

    async fn claim_letters(&mut self, which: usize) {
        let store = self.subject.store(which);
        let (urgent, limit, lease) = (self.dice.one_in(2), self.dice.below(4), self.dice.lease());
        let before = store.now().await.unwrap();
        let result = store.claim_letters(urgent, limit, lease).await;
        if self.crashed(which, &result).await {
            return;
        }
        let after = store.now().await.unwrap();
        let claimed = result.unwrap();
        let must = self.state.waiting.claimable(urgent, before);
        let may = self.state.waiting.claimable(urgent, after);
        assert!(claimed.len() >= must.len().min(limit) && claimed.len() <= limit, "{claimed:?} of {must:?}");
        for claimed in claimed {
            assert!(may.contains(&claimed.letter.id), "{claimed:?} not among {may:?}");
            self.state.waiting.claimed(&claimed, after.after(lease));
            self.counts.letters += 1;
        }
    }

    async fn claim_request(&mut self, which: usize) {
        let store = self.subject.store(which);
        let lease = self.dice.lease();
        let before = store.now().await.unwrap();
        let result = store.claim_request(lease).await;
        if self.crashed(which, &result).await {
            return;
        }
        let after = store.now().await.unwrap();
        match result.unwrap() {
            None => assert_eq!(self.state.waiting.due_requests(before), [], "one is due"),
            Some(request) => {
                assert!(self.state.waiting.due_requests(after).contains(&request.id), "{request:?}");
                self.state.waiting.request_claimed(&request, after.after(lease));
                self.counts.requests += 1;
            }
        }
    }

    async fn claim_fanout(&mut self, which: usize) {
        let store = self.subject.store(which);
        let lease = self.dice.lease();
        let before = store.now().await.unwrap();
        let result = store.claim_fanout(lease).await;
        if self.crashed(which, &result).await {
            return;
        }
        let after = store.now().await.unwrap();
        match result.unwrap() {
            None => assert_eq!(self.state.claimable_fanouts(before), [], "one is due"),
            Some(fanout) => {
                assert!(self.state.claimable_fanouts(after).contains(&fanout.id.0), "{fanout:?}");
                self.state.fanout_claimed(&fanout, after.after(lease));
            }
        }
    }

    /// Everything that the store says is what the model says, by every process.
    async fn compare(&mut self) {
        for which in 0..STORES {
            let store = self.subject.store(which);
            store.follow().await.unwrap();
            for key in self.state.former() {
                assert!(store.may_be_former(key), "the filter has lost a former number");
            }
        }
        let store = self.subject.store(self.dice.below(STORES));
        self.compare_owners(&store).await;
        self.compare_facts(&store).await;
        self.compare_outbox(&store).await;
    }

    async fn compare_owners(&self, store: &SharedStore) {
        let found = store.owners(None, 100).await.unwrap().items;
        assert_eq!(found, self.state.owners.values().cloned().collect::<Vec<_>>());
        for &id in self.state.owners.keys() {
            let owner = OwnerId(id);
            let found = store.audience(owner, None, 100).await.unwrap().items;
            assert_eq!(found, self.state.audience(owner));
            assert_eq!(store.blocks(owner).await.unwrap(), self.state.blocks(owner));
            assert_eq!(store.groups(owner).await.unwrap(), self.state.groups(owner));
            for book in store.books(owner).await.unwrap() {
                let found = store.contacts(owner, book.id, None, 100).await.unwrap().items;
                assert_eq!(found, self.state.contacts(owner));
            }
        }
    }

    /// What is only looked for is there or gone, and nothing names who was erased.
    async fn compare_traces(&self) {
        let store = self.subject.store(self.dice.below(STORES));
        self.state.traces.check(&store).await;
        self.state.check_rows(&self.subject.rows().await);
        self.compare_journal(&store).await;
    }

    async fn compare_journal(&self, store: &SharedStore) {
        let lines = store.journal(Time(i64::MIN), None, 10_000).await.unwrap();
        let mut found: Vec<_> = lines
            .into_iter()
            .filter_map(|line| match line.what {
                Happened::Erased(owner) => Some(("erased", owner)),
                Happened::Panicked(owner) => Some(("panicked", owner)),
                Happened::Calmed(owner) => Some(("calmed", owner)),
                Happened::Stopped(..) | Happened::Started(..) => None,
            })
            .collect();
        let mut expected = self.state.journal.clone();
        // Lines of one moment have no order.
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected);
    }

    async fn compare_facts(&self, store: &SharedStore) {
        for key in dice::KEYS {
            let mut present = 0;
            let viewers = dice::KEYS.iter().zip(self.dice.owners.iter().cycle());
            for (number, owner) in viewers {
                let by_address = Identity::Address(address(number));
                let by_owner = Identity::Owner(OwnerId(*owner));
                for viewer in [
                    Viewer { proved: vec![by_address.clone()], claimed: None },
                    Viewer { proved: vec![], claimed: Some(by_address) },
                    Viewer { proved: vec![by_owner], claimed: None },
                ] {
                    let facts = store.facts(key, &viewer).await.unwrap();
                    assert_eq!(facts.holders, self.state.holders(key, &viewer), "{key} {viewer:?}");
                    present = facts.holders.iter().filter(|one| one.believed && one.until.is_none()).count();
                }
            }
            assert!(present < 2, "two believed present holders of one number");
        }
    }

    async fn compare_outbox(&self, store: &SharedStore) {
        for (id, expected) in &self.state.notices {
            let found = store.notice(expected.notice.id).await.unwrap();
            let found = found.unwrap_or_else(|| panic!("notice {id} is lost"));
            expected.check(&found);
        }
        let open = store.notices_in(NoticeState::Open, None, 1_000).await.unwrap().items;
        let mut pairs: Vec<_> = open.iter().map(|notice| (notice.owner, notice.recipient)).collect();
        let all = pairs.len();
        pairs.sort_unstable();
        pairs.dedup();
        assert_eq!(pairs.len(), all, "two open notices of one pair");
        assert_eq!(all, self.state.open_notices());
        for (pair, shown) in &self.state.shown {
            assert_eq!(store.shown(pair.0, pair.1).await.unwrap().as_ref(), Some(shown));
        }
        for letter in self.state.waiting.letters() {
            assert_eq!(store.letter(letter.id).await.unwrap().as_ref(), Some(letter));
        }
        for id in self.state.waiting.gone() {
            assert_eq!(store.letter(id).await.unwrap(), None, "it was sent");
        }
        for request in self.state.waiting.requests() {
            assert_eq!(store.request(request.owner, request.id).await.unwrap().as_ref(), Some(request));
        }
        let next = store.next_due().await.unwrap();
        assert_eq!(next.is_some(), self.state.next_due().is_some());
        if self.subject.clock().is_some() {
            assert_eq!(next, self.state.next_due());
        }
    }
}

/// A commit of these effects alone.
fn of(effects: Vec<Effect>) -> Commit {
    Commit { effects, ..Commit::default() }
}
