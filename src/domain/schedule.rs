//! When to try again, when a digest is due, how much may leave, and when nobody is to be woken (rules N1, N3, N4, N7).

mod breaker;
mod bucket;
mod crontab;
mod hours;

pub use breaker::{Breaker, BreakerSettings, Pass, Standing, Turn};
pub use bucket::{Bucket, Rate, Urgency};
pub use crontab::{Cron, NotACron};
pub use hours::{Hours, shared_zone, zone, zone_names, zones_of};

use crate::clock::Time;
use std::time::Duration;

/// How long to wait before each further attempt, and when to give up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The wait after the first failed attempt, after the second, and so on; when they are used up the notice is dead.
    pub steps: Vec<Duration>,
    /// Each wait is shortened or lengthened by up to this share, in hundredths, so that what failed together does not
    /// come back together.
    pub jitter: u8,
}

impl Default for Backoff {
    /// Ten attempts over about two days.
    fn default() -> Self {
        const STEPS: [u64; 9] = [5, 30, 120, 600, 1_800, 7_200, 21_600, 43_200, 86_400];
        Self { steps: STEPS.map(Duration::from_secs).into(), jitter: 20 }
    }
}

/// A provider's `Retry-After` counts up to this; a mistyped year does not bury a notice.
pub const RETRY_AFTER_MOST: Duration = Duration::from_hours(24);

/// When to try again after `attempts` failed ones (the last one counted), or `None` when it is time to give up.
///
/// `bits` are random. A `Retry-After` is obeyed where it is later than the step, clamped to [`RETRY_AFTER_MOST`], and
/// jitter only adds to it: what asked for a minute gets at least a minute (rule N3).
pub fn retry_at(backoff: &Backoff, attempts: u32, retry_after: Option<Duration>, now: Time, bits: u64) -> Option<Time> {
    let step = *backoff.steps.get(usize::try_from(attempts).unwrap_or(usize::MAX).checked_sub(1)?)?;
    let spread = share(step, backoff.jitter);
    // Uniform in [step - spread, step + spread).
    let jittered = step.saturating_sub(spread) + fraction(spread * 2, bits);
    let wait = match retry_after.map(|asked| asked.min(RETRY_AFTER_MOST)) {
        Some(asked) => jittered.max(asked + fraction(share(asked, backoff.jitter), bits)).min(RETRY_AFTER_MOST),
        None => jittered,
    };
    Some(now.after(wait))
}

fn share(span: Duration, hundredths: u8) -> Duration {
    span * u32::from(hundredths) / 100
}

/// `span` times a number in [0, 1) made of 32 random bits.
fn fraction(span: Duration, bits: u64) -> Duration {
    let nanos = (span.as_nanos() * u128::from(bits & 0xffff_ffff)) >> 32;
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Time = Time(1_800_000_000_000_000);

    fn plain() -> Backoff {
        Backoff { steps: vec![Duration::from_secs(10), Duration::from_secs(100)], jitter: 0 }
    }

    #[test]
    fn n3_the_waits_grow_and_then_it_is_given_up() {
        let wait = |attempts| retry_at(&plain(), attempts, None, NOW, 0).map(|at| at.since(NOW).as_secs());
        assert_eq!([wait(1), wait(2), wait(3), wait(0)], [Some(10), Some(100), None, None]);
    }

    #[test]
    fn n3_retry_after_is_obeyed_up_to_a_day() {
        let wait = |asked| {
            retry_at(&plain(), 1, Some(Duration::from_secs(asked)), NOW, u64::MAX).map(|at| at.since(NOW).as_secs())
        };
        assert_eq!([wait(3), wait(60), wait(86_400 * 400)], [Some(10), Some(60), Some(86_400)]);
    }

    #[test]
    fn the_default_tries_ten_times_within_three_days() {
        let backoff = Backoff::default();
        let total: Duration = backoff.steps.iter().sum();
        assert_eq!(backoff.steps.len(), 9);
        assert!(total > Duration::from_hours(36) && total < Duration::from_hours(72), "{total:?}");
    }

    proptest! {
        #[test]
        fn n3_jitter_stays_within_its_share_and_never_goes_below_retry_after(
            attempts in 1_u32..10, bits: u64, asked in proptest::option::of(0_u64..200_000)
        ) {
            let backoff = Backoff::default();
            let step = backoff.steps[attempts as usize - 1];
            let wait = retry_at(&backoff, attempts, asked.map(Duration::from_secs), NOW, bits)
                .expect("ten attempts are allowed")
                .since(NOW);
            let least = step * 80 / 100;
            prop_assert!(wait + Duration::from_micros(1) >= least);
            match asked {
                None => prop_assert!(wait <= step * 120 / 100),
                Some(asked) => {
                    let asked = Duration::from_secs(asked).min(RETRY_AFTER_MOST);
                    prop_assert!(wait + Duration::from_micros(1) >= asked);
                    prop_assert!(wait <= RETRY_AFTER_MOST.max(step * 120 / 100));
                }
            }
        }
    }
}
