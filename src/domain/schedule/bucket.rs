//! How much may leave in how much time (rule N7).

use crate::clock::Time;
use std::time::Duration;

/// So many in so long, evenly: what the rate gives in one second may leave at once, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    count: u32,
    per: Duration,
}

impl Rate {
    /// Reads `1/s`, `60/minute`, `1000/hour` or `5000/day`; `None` where it is none of these.
    pub fn parse(text: &str) -> Option<Self> {
        let (count, unit) = text.split_once('/')?;
        let per = match unit.trim() {
            "s" | "second" => Duration::from_secs(1),
            "min" | "minute" => Duration::from_mins(1),
            "h" | "hour" => Duration::from_hours(1),
            "day" => Duration::from_hours(24),
            _ => return None,
        };
        let count = count.trim().parse().ok().filter(|count| (1..=1_000_000).contains(count))?;
        Some(Self { count, per })
    }

    /// So many in a second; `None` where that is no rate.
    pub fn each_second(count: f64) -> Option<Self> {
        let per = Duration::try_from_secs_f64(1.0 / count).ok().filter(|per| *per >= Duration::from_micros(1))?;
        Some(Self { count: 1, per })
    }

    /// From one to the next.
    pub fn step(self) -> Duration {
        self.per / self.count
    }

    /// How many may leave at once after a pause.
    pub fn burst(self) -> u32 {
        let step = self.step().as_nanos().max(1);
        u32::try_from(Duration::from_secs(1).as_nanos() / step).unwrap_or(u32::MAX).max(1)
    }
}

/// Codes come before notices (rule N3): they are waited for by somebody who sits in front of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    /// A notice, which can wait.
    Notice,
    /// A one-time code: has one place more than notices, and does not know quiet hours.
    Code,
}

/// What has left at a rate: a bucket of tokens, kept as the moment at which it is full again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    full: Time,
    paused: Time,
}

impl Bucket {
    /// Takes a token, or says when there will be one. Notices leave one token to codes.
    pub fn take(&mut self, rate: Option<Rate>, urgency: Urgency, now: Time) -> Result<(), Time> {
        if now < self.paused {
            return Err(self.paused);
        }
        let Some(rate) = rate else { return Ok(()) };
        let step = rate.step();
        // A clock that was set back, or another rate: never more than a whole bucket is missing.
        let most = now.after(step.saturating_mul(rate.burst().saturating_add(1)));
        let full = self.full.min(most).max(now);
        let spare = match urgency {
            Urgency::Notice => rate.burst() - 1,
            Urgency::Code => rate.burst(),
        };
        let due = full.before(step.saturating_mul(spare));
        if now < due {
            return Err(due);
        }
        self.full = full.after(step);
        Ok(())
    }

    /// Nothing leaves before `until`: the far end asked for it.
    pub fn pause(&mut self, until: Time) {
        self.paused = self.paused.max(until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Time = Time(1_800_000_000_000_000);

    fn at(millis: i64) -> Time {
        Time(NOW.0 + millis * 1_000)
    }

    #[test]
    fn n7_rates_as_they_are_written() {
        for (text, step, burst) in [
            ("1/s", 1_000, 1),
            ("10/s", 100, 10),
            ("60/minute", 1_000, 1),
            ("600 / min", 100, 10),
            ("1000/hour", 3_600, 1),
            ("24/day", 3_600_000, 1),
        ] {
            let rate = Rate::parse(text).expect(text);
            assert_eq!((rate.step().as_millis(), rate.burst()), (step, burst), "{text}");
        }
        for (count, step) in [(10.0, Some(100)), (0.5, Some(2_000)), (0.0, None), (-1.0, None), (f64::NAN, None)] {
            assert_eq!(Rate::each_second(count).map(|rate| rate.step().as_millis()), step, "{count}");
        }
        for text in ["", "5", "/s", "0/s", "-1/s", "1.5/s", "1/fortnight", "1000001/s"] {
            assert_eq!(Rate::parse(text), None, "{text}");
        }
    }

    #[test]
    fn n7_what_leaves_and_what_waits() {
        use Urgency::{Code, Notice};
        let second = Rate::parse("1/s");
        let mut bucket = Bucket::default();
        for (what, urgency, now, taken) in [
            ("the first", Notice, 0, Ok(())),
            ("another at once", Notice, 0, Err(at(1_000))),
            ("a little early", Notice, 999, Err(at(1_000))),
            ("in time", Notice, 1_000, Ok(())),
            ("a code does not wait for notices", Code, 1_000, Ok(())),
            ("a second code does", Code, 1_000, Err(at(2_000))),
            ("and puts notices off", Notice, 2_000, Err(at(3_000))),
            ("long after", Notice, 60_000, Ok(())),
            ("nothing was saved up", Notice, 60_000, Err(at(61_000))),
        ] {
            assert_eq!(bucket.take(second, urgency, at(now)), taken, "{what}");
        }
        bucket.pause(at(90_000));
        bucket.pause(at(80_000));
        for (urgency, now, taken) in
            [(Notice, 70_000, Err(at(90_000))), (Code, 70_000, Err(at(90_000))), (Notice, 90_000, Ok(()))]
        {
            assert_eq!(bucket.take(second, urgency, at(now)), taken, "the far end asked for a pause");
        }
        assert_eq!(bucket.take(None, Notice, at(90_000)), Ok(()), "no rate");
        assert!(bucket.take(second, Notice, Time(0)).is_err(), "a clock that was set back");
        assert!(Bucket { full: at(1_000_000), paused: Time(0) }.take(second, Notice, at(0)) <= Err(at(2_000)));
    }

    proptest! {
        #[test]
        fn n7_no_window_holds_more_than_the_rate_and_a_burst(
            count in 1_u32..50, unit in prop::sample::select(vec!["s", "minute"]),
            waits in prop::collection::vec(0_i64..3_000, 1..200),
        ) {
            let rate = Rate::parse(&format!("{count}/{unit}")).unwrap();
            let (mut bucket, mut now, mut left) = (Bucket::default(), NOW, Vec::new());
            for wait in waits {
                now = Time(now.0 + wait * 1_000);
                match bucket.take(Some(rate), Urgency::Notice, now) {
                    Ok(()) => left.push(now),
                    Err(due) => {
                        prop_assert!(due > now);
                        prop_assert!(bucket.clone().take(Some(rate), Urgency::Notice, due).is_ok(), "at the time it was told");
                    }
                }
            }
            for (first, from) in left.iter().enumerate() {
                for (last, to) in left.iter().enumerate().skip(first) {
                    let most = u128::from(rate.burst()) + to.since(*from).as_nanos() / rate.step().as_nanos().max(1);
                    prop_assert!((last - first + 1) as u128 <= most + 1);
                }
            }
        }
    }
}
