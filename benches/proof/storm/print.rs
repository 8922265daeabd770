//! A run for its reader.

use super::{CONFIGURED, Run, share::share};
use std::{fmt, time::Duration};

impl Run {
    /// Nothing was lost, nothing was repeated that was known to have left, and Redial says of each notice what is true.
    pub(crate) fn good(&self) -> bool {
        let known = ["keyed", "late", "asked"].iter().any(|provider| self.outcome.doubled.contains_key(provider));
        self.outcome.lost == 0 && self.outcome.repeated_blindly == 0 && self.outcome.wrong.is_empty() && !known
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = &self.outcome;
        writeln!(f, "notices: {}", CONFIGURED.replace('\n', ", "))?;
        writeln!(
            f,
            "{} notices, {} requests for messages, {} reports, {} kills; {:.1} s, {:.0} notices/s while a process was \
             there; the last life took {} MiB at most and {:.1} s of processor time",
            outcome.notices,
            outcome.requests,
            self.reports,
            self.kills,
            self.took.as_secs_f64(),
            rate(outcome.notices, self.alive),
            self.memory,
            self.worked.as_secs_f64()
        )?;
        for ((provider, state), count) in &outcome.counts {
            writeln!(f, "  by {provider:6} {state:9} {count:>8}")?;
        }
        for (provider, delays) in &outcome.delays {
            let [p50, p99] =
                [0.5, 0.99].map(|below| share(delays.iter().map(|delay| delay.as_secs_f64() * 1e3), below));
            writeln!(f, "  by {provider:6} from change to message: p50 {p50:.1} ms, p99 {p99:.1} ms")?;
        }
        for ((provider, kind), count) in &self.answers {
            writeln!(f, "  {provider:6} answered {count:>8} times: {kind}")?;
        }
        for (line, times) in &self.said {
            writeln!(f, "  said {times:>6} times: {line}")?;
        }
        for wrong in outcome.wrong.iter().take(20) {
            writeln!(f, "WRONG: {wrong}")?;
        }
        let doubled: usize = outcome.doubled.values().sum();
        write!(
            f,
            "lost {}; doubled {doubled} {:?}, of them although it was known that it had left {}; unknown to Redial {} \
             (arrived {}, not arrived {})",
            outcome.lost,
            outcome.doubled,
            outcome.repeated_blindly,
            outcome.unknown.0 + outcome.unknown.1,
            outcome.unknown.0,
            outcome.unknown.1
        )
    }
}

fn rate(count: usize, time: Duration) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let count = count as f64;
    count / time.as_secs_f64().max(0.001)
}
