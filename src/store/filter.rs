//! The filter of former numbers: whether a key may be one, from memory alone (design section 8).
//!
//! A blocked Bloom filter: a number's eight bits lie in one cache line, so that a look-up costs one visit to memory
//! however many numbers there are. It has room for half as many again as it was made for; when that is used up,
//! [`Filter::begin_rebuilding`] puts a larger one beside it, both take what comes, the store reads all hashes, and
//! [`Filter::finish_rebuilding`] puts the larger one in its place. An answer of "no" is never wrong. Only hashes under
//! the database's own seed are kept, here and in the store's feed.

use arc_swap::ArcSwap;
use siphasher::sip::SipHasher13;
use std::{
    fmt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

mod file;

/// What the smallest one has room for: 256 KiB.
const LEAST: usize = 1 << 17;
/// Bits for each number when the room is used up: fewer than one in a thousand of all other numbers then seem to be in.
const BITS: usize = 16;

/// The filter. Reading takes no lock.
pub struct Filter {
    hasher: SipHasher13,
    now: ArcSwap<Generations>,
    rebuilding: AtomicBool,
    /// It holds numbers of which nothing is known any more.
    outdated: AtomicBool,
}

struct Generations {
    /// Has all that was inserted.
    present: Arc<Blocks>,
    /// Will have: what is inserted from now on goes to both.
    next: Option<Arc<Blocks>>,
}

/// Bits in lines of memory.
struct Blocks {
    lines: Box<[Line]>,
    inserted: AtomicUsize,
    /// How many numbers it takes before it says yes too often.
    room: AtomicUsize,
}

#[derive(Default)]
#[repr(align(64))]
struct Line([AtomicU64; 8]);

impl Blocks {
    /// Says yes to everything, and is used up from the start.
    fn of_all() -> Arc<Self> {
        let every = Line(std::array::from_fn(|_| AtomicU64::new(u64::MAX)));
        Arc::new(Self { lines: Box::new([every]), inserted: AtomicUsize::new(0), room: AtomicUsize::new(0) })
    }

    fn is_of_all(&self) -> bool {
        self.room.load(Ordering::Relaxed) == 0
    }

    fn for_total(total: usize) -> Arc<Self> {
        let room = (total + total / 2).max(LEAST);
        let lines = (0..room.div_ceil(512 / BITS)).map(|_| Line::default()).collect();
        Arc::new(Self { lines, inserted: AtomicUsize::new(0), room: AtomicUsize::new(room) })
    }

    /// The line of a hash, by its upper half.
    fn line(&self, hash: u64) -> &Line {
        let at = ((hash >> 32) * self.lines.len() as u64) >> 32;
        &self.lines[usize::try_from(at).unwrap_or(usize::MAX)]
    }

    fn contains(&self, hash: u64) -> bool {
        let Line(words) = self.line(hash);
        words.iter().zip(bits(hash)).all(|(word, bit)| word.load(Ordering::Relaxed) & bit != 0)
    }

    fn insert(&self, hash: u64) {
        let Line(words) = self.line(hash);
        let mut new = false;
        for (word, bit) in words.iter().zip(bits(hash)) {
            // Most of the time somebody has been here: a plain read leaves the line to all cores.
            if word.load(Ordering::Relaxed) & bit == 0 {
                new |= word.fetch_or(bit, Ordering::Relaxed) & bit == 0;
            }
        }
        if new {
            self.inserted.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// One bit for each word of a line, by the lower half of the hash.
fn bits(hash: u64) -> impl Iterator<Item = u64> {
    let mixed = (hash & 0xffff_ffff).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (0..8).map(move |word| 1 << ((mixed >> (16 + 6 * word)) & 63))
}

impl Filter {
    /// An empty filter whose hash is keyed by the database's seed.
    pub fn new(seed: [u8; 16]) -> Self {
        Self::with(seed, Blocks::for_total(0))
    }

    /// One for a database that nobody has looked into yet: it says yes to everything, and wants rebuilding until it was.
    pub fn unread(seed: [u8; 16]) -> Self {
        Self::with(seed, Blocks::of_all())
    }

    fn with(seed: [u8; 16], present: Arc<Blocks>) -> Self {
        Self {
            hasher: SipHasher13::new_with_key(&seed),
            now: ArcSwap::from_pointee(Generations { present, next: None }),
            rebuilding: AtomicBool::new(false),
            outdated: AtomicBool::new(false),
        }
    }

    /// Whether it still says yes to everything.
    pub fn is_unread(&self) -> bool {
        self.now.load().present.is_of_all()
    }

    /// The hash under which a key is kept. The same in every process on one database, and for ever.
    pub fn hash(&self, key: &str) -> u64 {
        self.hasher.hash(key.as_bytes())
    }

    /// Whether the key may have been inserted; never wrong when false.
    pub fn may_contain(&self, key: &str) -> bool {
        self.now.load().present.contains(self.hash(key))
    }

    /// Takes a hash. To be called before the commit that makes the number a former one.
    pub fn insert(&self, hash: u64) {
        let now = self.now.load();
        now.present.insert(hash);
        if let Some(next) = &now.next {
            next.insert(hash);
        }
    }

    /// Whether the room is used up. An overfull filter is still right, but says yes more and more often.
    pub fn wants_rebuilding(&self) -> bool {
        let Generations { present, .. } = &**self.now.load();
        let full = present.inserted.load(Ordering::Relaxed) >= present.room.load(Ordering::Relaxed);
        (full || self.is_outdated()) && !self.rebuilding.load(Ordering::Acquire)
    }

    /// Numbers that are in it are to be forgotten: it is to be rebuilt.
    pub fn outdate(&self) {
        self.outdated.store(true, Ordering::Release);
    }

    /// Whether numbers that are in it are to be forgotten.
    pub fn is_outdated(&self) -> bool {
        self.outdated.load(Ordering::Acquire)
    }

    /// From now on a larger one, empty, takes what comes as well. To be called when nothing is inserted that is not
    /// committed; then [`Filter::settle`] *all* hashes, and call [`Filter::finish_rebuilding`] or
    /// [`Filter::give_up_rebuilding`].
    pub fn begin_rebuilding(&self) {
        self.begin_with(self.now.load().present.inserted.load(Ordering::Relaxed));
    }

    /// The same where it is known how many hashes there are.
    pub fn begin_with(&self, total: usize) {
        self.rebuilding.store(true, Ordering::Release);
        self.outdated.store(false, Ordering::Release);
        let next = Some(Blocks::for_total(total));
        self.now.rcu(|now| Generations { present: Arc::clone(&now.present), next: next.clone() });
    }

    /// One of the hashes that were read since [`Filter::begin_rebuilding`], in any order, repeated or not.
    pub fn settle(&self, hash: u64) {
        if let Some(next) = &self.now.load().next {
            next.insert(hash);
        }
    }

    /// All hashes were settled.
    pub fn finish_rebuilding(&self) {
        self.now.rcu(|now| Generations { present: Arc::clone(now.next.as_ref().unwrap_or(&now.present)), next: None });
        self.rebuilding.store(false, Ordering::Release);
    }

    /// The hashes could not be read: everything stays, and is tried again some numbers later.
    pub fn give_up_rebuilding(&self) {
        self.now.rcu(|now| {
            if !now.present.is_of_all() {
                let room = now.present.inserted.load(Ordering::Relaxed) + LEAST / 8;
                now.present.room.fetch_max(room, Ordering::Relaxed);
            }
            Generations { present: Arc::clone(&now.present), next: None }
        });
        self.rebuilding.store(false, Ordering::Release);
    }

    /// Writes the filter to a file, with the store's `mark` of what it holds.
    pub fn save(&self, path: &Path, mark: &[u8]) -> std::io::Result<()> {
        file::write(path, self.witness(), mark, &self.now.load_full().present)
    }

    /// Takes over what a file holds and returns the `mark` with which it was saved; `None`, and nothing is changed, where
    /// there is no whole file of this database. For the start of a process, before anything is inserted.
    pub fn load(&self, path: &Path) -> Option<Vec<u8>> {
        let (mark, saved) = file::read(path, self.witness())?;
        self.now.store(Arc::new(Generations { present: Arc::new(saved), next: None }));
        Some(mark)
    }

    /// What only a filter with the same seed has: a hash of a fixed text.
    fn witness(&self) -> [u8; 8] {
        self.hash("redial filter").to_le_bytes()
    }

    /// Bytes in memory, for a metric.
    pub fn bytes(&self) -> usize {
        let now = self.now.load();
        [Some(&now.present), now.next.as_ref()].into_iter().flatten().map(|blocks| 64 * blocks.lines.len()).sum()
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filter").field("bytes", &self.bytes()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
