//! The fixed slot at whose end every verdict leaves (rule Q4).
//!
//! The runtime's own timer counts in whole milliseconds, rounded up from the moment at which its thread falls asleep: an
//! answer whose work ended a fraction later left a fraction later, and the fraction could be read off the arrival times.
//! So one thread waits with the system's fine timer, and wakes each answer at its own moment, whenever it was handed in.

use std::{
    collections::BTreeMap,
    sync::{Arc, Condvar, Mutex, OnceLock, PoisonError},
    time::Duration,
};
use tokio::{sync::oneshot, time::Instant};

/// The end of the slot in which `elapsed` lies, counted from the same beginning: what took longer than one slot leaves at
/// the end of a later one.
pub(super) fn slot_end(elapsed: Duration, slot: Duration) -> Duration {
    let slots = elapsed.as_nanos().div_ceil(slot.as_nanos().max(1)).max(1);
    slot.saturating_mul(u32::try_from(slots).unwrap_or(u32::MAX))
}

/// Waits for the end of the slot that began at `arrived`.
pub(super) async fn end_of_slot(arrived: Instant, slot: Duration) {
    if slot.is_zero() {
        return;
    }
    let end = arrived + slot_end(arrived.elapsed(), slot);
    let (wake, woken) = oneshot::channel();
    match waker() {
        Some(waker) => {
            waker.add(end, wake);
            let _ended = woken.await;
        }
        None => tokio::time::sleep_until(end).await,
    }
}

/// Answers that wait, by the moment at which they leave.
#[derive(Default)]
struct Waker {
    waiting: Mutex<BTreeMap<(Instant, u64), oneshot::Sender<()>>>,
    sooner: Condvar,
}

/// One for the process, for as long as it runs; `None` where no thread could be started.
fn waker() -> Option<&'static Arc<Waker>> {
    static WAKER: OnceLock<Option<Arc<Waker>>> = OnceLock::new();
    let started = WAKER.get_or_init(|| {
        let waker = Arc::new(Waker::default());
        let thread = std::thread::Builder::new().name("slots".to_owned());
        let run = Arc::clone(&waker);
        match thread.spawn(move || run.run()) {
            Ok(_) => Some(waker),
            Err(error) => {
                tracing::error!(%error, "verdicts leave by the coarse timer");
                None
            }
        }
    });
    started.as_ref()
}

impl Waker {
    fn add(&self, end: Instant, wake: oneshot::Sender<()>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let first = waiting.first_key_value().is_none_or(|((first, _), _)| end < *first);
        let mut number = 0;
        while waiting.contains_key(&(end, number)) {
            number += 1;
        }
        waiting.insert((end, number), wake);
        drop(waiting);
        if first {
            self.sooner.notify_one();
        }
    }

    fn run(&self) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let Some(((end, _), _)) = waiting.first_key_value() else {
                waiting = self.sooner.wait(waiting).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = end.into_std().saturating_duration_since(now());
            if left.is_zero() {
                if let Some((_, wake)) = waiting.pop_first() {
                    // Whoever has hung up is not woken.
                    let _gone = wake.send(());
                }
                continue;
            }
            let (held, _) = self.sooner.wait_timeout(waiting, left).unwrap_or_else(PoisonError::into_inner);
            waiting = held;
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this thread belongs to no runtime, and its waits are the system's")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q4_an_answer_leaves_at_the_end_of_a_slot_however_long_it_took() {
        let micros = Duration::from_micros;
        for (took, leaves) in [(0, 5), (1, 5), (4_999, 5), (5_000, 5), (5_001, 10), (23_000, 25)] {
            assert_eq!(slot_end(micros(took), micros(5_000)), micros(leaves * 1_000), "took {took} us");
        }
    }

    #[tokio::test]
    async fn q4_each_waits_for_its_own_end_in_whatever_order_they_come() {
        let slot = Duration::from_millis(20);
        let arrived = Instant::now();
        let mut ends = Vec::new();
        for early in [15_u64, 0, 5, 10, 0] {
            ends.push(tokio::spawn(async move {
                let begun = arrived.checked_sub(Duration::from_millis(early)).unwrap_or(arrived);
                end_of_slot(begun, slot).await;
                begun.elapsed() >= slot
            }));
        }
        for end in ends {
            assert!(end.await.unwrap(), "it left before its slot ended");
        }
        end_of_slot(arrived, Duration::ZERO).await;
    }
}
