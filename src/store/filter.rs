//! The filter of former numbers: whether a key may be one, from memory alone (design section 8).
//!
//! In generations: a *settled* one, static and small (9 bits a number), and a *growing* one, which takes what comes. When
//! the growing one is full, [`Filter::begin_rebuilding`] puts an empty one beside it, the store reads all hashes, and
//! [`Filter::finish_rebuilding`] settles them. An answer of "no" is never wrong: a hash is dropped from no generation
//! before another one has it. Only hashes under the database's own seed are kept, here and in the store's feed.

use arc_swap::ArcSwap;
use fastbloom::AtomicBloomFilter;
use siphasher::sip::SipHasher13;
use std::{
    fmt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};
use xorf::{BinaryFuse8, Filter as _};

mod file;

/// What the smallest growing generation takes: 80 KiB.
const LEAST: usize = 1 << 16;
/// A growing generation has this part of all numbers, so that rebuilding stays rare and memory small.
const PART: usize = 8;
/// Bits for each number in a growing generation, and how many of them are set: about 1 % of other numbers seem to be in.
const BITS: usize = 10;
const HASHES: u32 = 7;

/// The filter. Reading takes no lock.
pub struct Filter {
    hasher: SipHasher13,
    now: ArcSwap<Generations>,
    rebuilding: AtomicBool,
}

struct Generations {
    settled: Option<Arc<Settled>>,
    /// Those that are being settled.
    previous: Vec<Arc<Growing>>,
    growing: Arc<Growing>,
}

struct Settled {
    fuse: BinaryFuse8,
    count: usize,
}

struct Growing {
    bloom: AtomicBloomFilter,
    inserted: AtomicUsize,
    room: usize,
}

impl Growing {
    fn for_total(total: usize) -> Arc<Self> {
        let room = (total / PART).max(LEAST);
        let bloom = AtomicBloomFilter::with_num_bits(room * BITS).hashes(HASHES);
        Arc::new(Self { bloom, inserted: AtomicUsize::new(0), room })
    }
}

impl Filter {
    /// An empty filter whose hash is keyed by the database's seed.
    pub fn new(seed: [u8; 16]) -> Self {
        let now = Generations { settled: None, previous: Vec::new(), growing: Growing::for_total(0) };
        Self {
            hasher: SipHasher13::new_with_key(&seed),
            now: ArcSwap::from_pointee(now),
            rebuilding: AtomicBool::new(false),
        }
    }

    /// The hash under which a key is kept. The same in every process on one database, and for ever.
    pub fn hash(&self, key: &str) -> u64 {
        self.hasher.hash(key.as_bytes())
    }

    /// Whether the key may have been inserted; never wrong when false.
    pub fn may_contain(&self, key: &str) -> bool {
        let hash = self.hash(key);
        let now = self.now.load();
        now.settled.as_ref().is_some_and(|settled| settled.fuse.contains(&hash))
            || now.growing.bloom.contains_hash(hash)
            || now.previous.iter().any(|growing| growing.bloom.contains_hash(hash))
    }

    /// Takes a hash. To be called before the commit that makes the number a former one.
    pub fn insert(&self, hash: u64) {
        let now = self.now.load();
        if !now.growing.bloom.insert_hash(hash) {
            now.growing.inserted.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether the growing generation is full. An overfull one is still right, but says yes more and more often.
    pub fn wants_rebuilding(&self) -> bool {
        let now = self.now.load();
        now.growing.inserted.load(Ordering::Relaxed) >= now.growing.room && !self.rebuilding.load(Ordering::Acquire)
    }

    /// From now on an empty generation takes what comes. To be called when nothing is inserted that is not committed;
    /// then read *all* hashes, and call [`Filter::finish_rebuilding`] or [`Filter::give_up_rebuilding`].
    pub fn begin_rebuilding(&self) {
        self.rebuilding.store(true, Ordering::Release);
        self.now.rcu(|now| {
            let mut previous = now.previous.clone();
            previous.push(Arc::clone(&now.growing));
            let settled = now.settled.as_ref().map_or(0, |settled| settled.count);
            let grown: usize = previous.iter().map(|growing| growing.inserted.load(Ordering::Relaxed)).sum();
            Generations { settled: now.settled.clone(), previous, growing: Growing::for_total(settled + grown) }
        });
    }

    /// Settles all hashes that were read since [`Filter::begin_rebuilding`], in any order, repeated or not.
    pub fn finish_rebuilding(&self, hashes: Vec<u64>) {
        if let Some(settled) = settle(hashes) {
            let settled = Some(Arc::new(settled));
            self.now.rcu(|now| Generations {
                settled: settled.clone(),
                previous: Vec::new(),
                growing: Arc::clone(&now.growing),
            });
        }
        self.rebuilding.store(false, Ordering::Release);
    }

    /// The hashes could not be read: everything stays, and is tried again when the new generation is full.
    pub fn give_up_rebuilding(&self) {
        self.rebuilding.store(false, Ordering::Release);
    }

    /// Starts over with these hashes; for the start of a process, before anything is inserted.
    pub fn start_with(&self, hashes: Vec<u64>) {
        let settled = settle(hashes).map(Arc::new);
        let growing = Growing::for_total(settled.as_ref().map_or(0, |settled| settled.count));
        self.now.store(Arc::new(Generations { settled, previous: Vec::new(), growing }));
    }

    /// Writes the filter to a file, with the store's `mark` of what it holds. Nothing is written while it is being
    /// rebuilt: what is there stays valid.
    pub fn save(&self, path: &Path, mark: &[u8]) -> std::io::Result<()> {
        let now = self.now.load_full();
        if !now.previous.is_empty() {
            return Ok(());
        }
        file::write(path, self.witness(), mark, &now)
    }

    /// Takes over what a file holds and returns the `mark` with which it was saved; `None`, and nothing is changed, where
    /// there is no whole file of this database. For the start of a process, before anything is inserted.
    pub fn load(&self, path: &Path) -> Option<Vec<u8>> {
        let (mark, saved) = file::read(path, self.witness())?;
        self.now.store(Arc::new(saved));
        Some(mark)
    }

    /// What only a filter with the same seed has: a hash of a fixed text.
    fn witness(&self) -> [u8; 8] {
        self.hash("redial filter").to_le_bytes()
    }

    /// Bytes in memory, for a metric.
    pub fn bytes(&self) -> usize {
        let now = self.now.load();
        let growing = now.previous.iter().chain([&now.growing]).map(|growing| growing.bloom.num_bits() / 8);
        now.settled.as_ref().map_or(0, |settled| settled.fuse.fingerprints.len()) + growing.sum::<usize>()
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filter").field("bytes", &self.bytes()).finish_non_exhaustive()
    }
}

/// `None` where there is nothing to settle.
fn settle(mut hashes: Vec<u64>) -> Option<Settled> {
    hashes.sort_unstable();
    hashes.dedup();
    if hashes.is_empty() {
        return None;
    }
    let fuse = BinaryFuse8::try_from_iterator(hashes.iter().copied())
        .inspect_err(|error| tracing::warn!(error, "the filter of former numbers could not be settled"))
        .ok()?;
    Some(Settled { fuse, count: hashes.len() })
}

#[cfg(test)]
mod tests;
