//! What goes wrong, by the seed: the same people meet the same faults in every run.

use std::time::Duration;

/// What a provider does to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// 503 before anything was taken, and it says so.
    Busy,
    /// 500 without the message having been taken.
    Broken,
    /// 500 although it was.
    BrokenTaken,
    /// The connection is reset and the message was not taken.
    Reset,
    /// The connection is reset after it was.
    ResetTaken,
    /// Taken, and answered late.
    Slow(Duration),
    /// Taken, and answered with what is no answer.
    WrongBody,
    /// Taken, and half of an answer.
    HalfBody,
    /// Taken, and no answer ever.
    Silent,
}

/// What becomes of the reports about one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fault of its own, and any may meet any other")]
pub(crate) struct Reports {
    /// Until the first.
    pub(crate) after: Duration,
    /// Before the reply to the request.
    pub(crate) early: bool,
    /// Each twice.
    pub(crate) doubled: bool,
    /// *Delivered* before *accepted*.
    pub(crate) reversed: bool,
    /// None ever.
    pub(crate) never: bool,
    /// The network refused it: it never arrived.
    pub(crate) refused: bool,
}

/// The choices of one run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Script {
    /// From which everything follows.
    pub(crate) seed: u64,
    /// Whether anything goes wrong at all.
    pub(crate) faults: bool,
}

/// In ten thousand requests; the rest is answered well.
const FAULTS: [(u64, Fault); 9] = [
    (100, Fault::Busy),
    (100, Fault::Broken),
    (100, Fault::BrokenTaken),
    (100, Fault::Reset),
    (100, Fault::ResetTaken),
    (300, Fault::Slow(Duration::ZERO)),
    (100, Fault::WrongBody),
    (100, Fault::HalfBody),
    (2, Fault::Silent),
];

impl Script {
    /// A number for what these words name.
    pub(crate) fn dice(&self, words: &[&str]) -> u64 {
        // FNV-1a, then mixed so that all bits depend on all letters.
        let mut hash = 0xcbf2_9ce4_8422_2325 ^ self.seed;
        for byte in words.iter().flat_map(|word| word.bytes().chain([0])) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        hash ^ (hash >> 31)
    }

    /// What happens to the `nth` request for somebody; from the third on nothing.
    pub(crate) fn fault(&self, to: &str, nth: u32) -> Option<Fault> {
        if !self.faults || nth > 1 {
            return None;
        }
        let dice = self.dice(&["fault", to, if nth == 0 { "first" } else { "second" }]);
        let mut left = dice % 10_000;
        for (share, fault) in FAULTS {
            if left < share {
                return Some(match fault {
                    Fault::Slow(_) => Fault::Slow(Duration::from_millis(200 + (dice >> 20) % 1_800)),
                    fault => fault,
                });
            }
            left -= share;
        }
        None
    }

    /// What is reported of a message.
    pub(crate) fn reports(&self, to: &str, nth: u32) -> Reports {
        let dice = self.dice(&["reports", to, if nth == 0 { "first" } else { "later" }]);
        let share = |shift: u32, of_a_thousand: u64| self.faults && (dice >> shift) % 1_000 < of_a_thousand;
        Reports {
            after: Duration::from_millis(if self.faults { (dice >> 8) % 4_000 } else { 100 }),
            early: share(4, 50),
            doubled: share(14, 200),
            reversed: share(24, 100),
            never: share(34, 20),
            // What is never reported is not reported as refused either: nobody could know.
            refused: share(44, 3) && !share(34, 20),
        }
    }

    /// After how many more messages a provider next says that it is too much.
    pub(crate) fn until_limited(&self, provider: &str, time: u32) -> u64 {
        if self.faults { 1_000 + self.dice(&["limit", provider, &time.to_string()]) % 3_000 } else { u64::MAX }
    }
}
