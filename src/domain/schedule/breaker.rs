//! An account that fails is left alone for a while, so that its notices do not hold up others' (rule N4).

use crate::clock::Time;
use std::time::Duration;

/// When an account counts as failing, and how it comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerSettings {
    /// What is looked back on.
    pub window: Duration,
    /// Fewer than so many attempts in it say nothing.
    pub least: u32,
    /// From this share of failures on, in hundredths, it is open.
    pub percent: u8,
    /// For so long nothing is sent; doubled each time a probe fails, up to sixteen times as long.
    pub open: Duration,
    /// So many attempts are made then, and all must succeed.
    pub probes: u32,
}

impl Default for BreakerSettings {
    /// Half of at least ten attempts in a minute; half a minute of rest; one probe.
    fn default() -> Self {
        Self { window: Duration::from_mins(1), least: 10, percent: 50, open: Duration::from_secs(30), probes: 1 }
    }
}

/// How an attempt was let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// The account is well.
    Usual,
    /// To see whether it is well again.
    Probe,
}

/// What an attempt's end changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Nothing is sent until then.
    Opened(Time),
    /// It is well again.
    Closed,
}

/// How an account stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// All goes through.
    Closed,
    /// Nothing does, until then.
    Open {
        /// When the next attempt is a probe; may have passed where nothing was to be sent since.
        until: Time,
    },
    /// A few probes do.
    HalfOpen,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed,
    Open { until: Time, times: u32 },
    HalfOpen { under_way: u32, good: u32, times: u32 },
}

/// Parts of the window, each forgotten as a whole.
const PARTS: usize = 10;
/// How often the rest is doubled.
const DOUBLED: u32 = 4;

/// The breaker of one account. What a process has forgotten counts as well: it is closed at first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breaker {
    state: State,
    /// Which part of time, good and bad ends in it.
    parts: [(i64, u32, u32); PARTS],
}

impl Default for Breaker {
    fn default() -> Self {
        Self { state: State::Closed, parts: [(i64::MIN, 0, 0); PARTS] }
    }
}

impl Breaker {
    /// Whether nothing but probes goes through.
    pub fn is_open(&self) -> bool {
        self.state != State::Closed
    }

    /// How it stands; `now` only says whether a rest is over.
    pub fn standing(&self, now: Time) -> Standing {
        match self.state {
            State::Closed => Standing::Closed,
            State::Open { until, .. } => Standing::Open { until: until.max(now) },
            State::HalfOpen { .. } => Standing::HalfOpen,
        }
    }

    /// Lets an attempt through, or says when to come again.
    pub fn admit(&mut self, settings: &BreakerSettings, now: Time) -> Result<Pass, Time> {
        match &mut self.state {
            State::Closed => Ok(Pass::Usual),
            State::Open { until, times } => {
                // A clock that was set back does not make the rest longer.
                let until = (*until).min(now.after(rest(settings, *times)));
                if now < until {
                    return Err(until);
                }
                self.state = State::HalfOpen { under_way: 1, good: 0, times: *times };
                Ok(Pass::Probe)
            }
            State::HalfOpen { under_way, good, .. } => {
                if *under_way + *good >= settings.probes.max(1) {
                    return Err(now.after(settings.open / 4));
                }
                *under_way += 1;
                Ok(Pass::Probe)
            }
        }
    }

    /// Notes how an attempt ended; `None`: it was not made, or says nothing of the account.
    pub fn ended(&mut self, settings: &BreakerSettings, pass: Pass, good: Option<bool>, now: Time) -> Option<Turn> {
        match (&mut self.state, pass) {
            (State::Closed, _) => {
                let (good_ends, bad_ends) = self.noted(settings, good?, now);
                let all = good_ends + bad_ends;
                let failing = u64::from(bad_ends) * 100 >= u64::from(all) * u64::from(settings.percent);
                (bad_ends > 0 && all >= settings.least && failing).then(|| self.open(settings, 0, now))
            }
            (State::HalfOpen { under_way, good: ends, times }, Pass::Probe) => {
                *under_way = under_way.saturating_sub(1);
                let times = *times;
                match good {
                    None => None,
                    Some(false) => Some(self.open(settings, times + 1, now)),
                    Some(true) => {
                        *ends += 1;
                        (*ends >= settings.probes.max(1)).then(|| {
                            *self = Self::default();
                            Turn::Closed
                        })
                    }
                }
            }
            // It began before the breaker opened.
            (State::Open { .. } | State::HalfOpen { .. }, _) => None,
        }
    }

    fn open(&mut self, settings: &BreakerSettings, times: u32, now: Time) -> Turn {
        let until = now.after(rest(settings, times));
        *self = Self { state: State::Open { until, times }, ..Self::default() };
        Turn::Opened(until)
    }

    /// Good and bad ends in the window, this one included.
    fn noted(&mut self, settings: &BreakerSettings, good: bool, now: Time) -> (u32, u32) {
        let part = i64::try_from(settings.window.as_micros()).unwrap_or(i64::MAX) / 10;
        let this = now.0.div_euclid(part.max(1));
        let at = usize::try_from(this.rem_euclid(10)).unwrap_or(0);
        if self.parts[at].0 != this {
            self.parts[at] = (this, 0, 0);
        }
        let slot = &mut self.parts[at];
        let ends = if good { &mut slot.1 } else { &mut slot.2 };
        *ends += 1;
        let recent = self.parts.iter().filter(|(when, ..)| (this - 9..=this).contains(when));
        recent.fold((0, 0), |(good, bad), (_, more_good, more_bad)| (good + more_good, bad + more_bad))
    }
}

fn rest(settings: &BreakerSettings, times: u32) -> Duration {
    settings.open.saturating_mul(1 << times.min(DOUBLED))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn settings() -> BreakerSettings {
        BreakerSettings { least: 4, ..BreakerSettings::default() }
    }

    fn at(seconds: i64) -> Time {
        Time((1_800_000_000 + seconds) * 1_000_000)
    }

    /// One attempt: admitted, and ended as said.
    fn attempt(breaker: &mut Breaker, good: bool, seconds: i64) -> Result<Option<Turn>, Time> {
        let pass = breaker.admit(&settings(), at(seconds))?;
        Ok(breaker.ended(&settings(), pass, Some(good), at(seconds)))
    }

    #[test]
    fn n4_it_opens_on_a_share_of_enough_attempts_in_the_window() {
        for (rule, ends, opens) in [
            ("too few", vec![(0, false), (1, false), (2, false)], false),
            ("enough, all bad", vec![(0, false), (1, false), (2, false), (3, false)], true),
            ("half of them", vec![(0, true), (1, true), (2, false), (3, false)], true),
            ("less than half", vec![(0, true), (1, true), (2, true), (3, false)], false),
            ("all well", vec![(0, true), (1, true), (2, true), (3, true)], false),
            ("the bad ones are long ago", vec![(0, false), (1, false), (70, false), (71, true)], false),
        ] {
            let mut breaker = Breaker::default();
            let turns: Vec<_> =
                ends.into_iter().filter_map(|(at, good)| attempt(&mut breaker, good, at).unwrap()).collect();
            assert_eq!((turns.len() == 1, breaker.is_open()), (opens, opens), "{rule}: {turns:?}");
        }
    }

    #[test]
    fn n4_open_then_one_probe_then_closed_or_open_for_longer() {
        let mut breaker = Breaker::default();
        for _ in 0..3 {
            attempt(&mut breaker, false, 0).unwrap();
        }
        assert_eq!(attempt(&mut breaker, false, 0), Ok(Some(Turn::Opened(at(30)))));
        assert_eq!(attempt(&mut breaker, true, 29), Err(at(30)));
        assert_eq!(breaker.standing(at(29)), Standing::Open { until: at(30) });
        let probe = breaker.admit(&settings(), at(30)).unwrap();
        assert_eq!((probe, breaker.standing(at(30))), (Pass::Probe, Standing::HalfOpen));
        assert!(breaker.admit(&settings(), at(30)).is_err(), "one probe at a time");
        assert_eq!(breaker.ended(&settings(), Pass::Usual, Some(true), at(31)), None, "it began before");
        assert_eq!(breaker.ended(&settings(), probe, Some(false), at(31)), Some(Turn::Opened(at(91))), "twice as long");
        assert_eq!(attempt(&mut breaker, true, 91), Ok(Some(Turn::Closed)));
        assert_eq!(attempt(&mut breaker, false, 92), Ok(None), "what was is forgotten");
    }

    #[test]
    fn n4_a_probe_that_was_not_made_leaves_its_place_to_another() {
        let mut breaker = Breaker::default();
        for _ in 0..4 {
            attempt(&mut breaker, false, 0).unwrap();
        }
        let probe = breaker.admit(&settings(), at(30)).unwrap();
        assert_eq!(breaker.ended(&settings(), probe, None, at(31)), None);
        assert_eq!(attempt(&mut breaker, true, 31), Ok(Some(Turn::Closed)));
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_keep_it_open_for_years() {
        let mut breaker = Breaker::default();
        for _ in 0..4 {
            attempt(&mut breaker, false, 1_000_000).unwrap();
        }
        assert_eq!(breaker.admit(&settings(), at(0)), Err(at(30)));
    }

    proptest! {
        #[test]
        fn n4_whatever_happens_it_lets_through_again_in_time(
            steps in prop::collection::vec((0_i64..120, any::<bool>(), any::<bool>()), 0..60)
        ) {
            let (mut breaker, mut now) = (Breaker::default(), 0);
            for (wait, good, made) in steps {
                now += wait;
                match breaker.admit(&settings(), at(now)) {
                    Ok(pass) => {
                        breaker.ended(&settings(), pass, made.then_some(good), at(now));
                    }
                    Err(until) => prop_assert!(until > at(now) && until <= at(now + 30 * 16)),
                }
            }
            let later = at(now + 30 * 16);
            prop_assert!(breaker.admit(&settings(), later).is_ok());
        }
    }
}
