//! What grew in a minute: read off the text of `/metrics`, kept in the store, added up again.

use crate::{domain::schedule::Standing, usecase::governor::Health};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// More series than this are not read: labels are bounded, so this is never reached.
const SERIES_MOST: usize = 10_000;
/// What all names of `/metrics` begin with.
const PREFIX: &str = "redial_";

/// A histogram: how often in all, how long in all, and how often up to each bound.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Times {
    /// Seconds.
    #[serde(rename = "s")]
    pub(super) sum: f64,
    /// How often.
    #[serde(rename = "n")]
    pub(super) count: f64,
    /// Bound in seconds, and how often it took no longer than it and longer than the one before.
    #[serde(rename = "b")]
    pub(super) within: Vec<(f64, f64)>,
}

impl Times {
    /// The bound that a share of them did not exceed; `None` where there are none, or it is beyond all bounds.
    pub(super) fn quantile(&self, share: f64) -> Option<f64> {
        let wanted = self.count * share;
        let mut below = 0.0;
        let found = self.within.iter().find(|(_, count)| {
            below += count;
            self.count > 0.0 && below >= wanted
        });
        found.map(|(bound, _)| *bound)
    }

    fn add(&mut self, other: &Self) {
        self.sum += other.sum;
        self.count += other.count;
        for (bound, count) in &other.within {
            match self.within.iter_mut().find(|(known, _)| known.total_cmp(bound).is_eq()) {
                Some((_, sum)) => *sum += count,
                None => self.within.push((*bound, *count)),
            }
        }
        self.within.sort_by(|one, two| one.0.total_cmp(&two.0));
    }

    /// What there is more of than before. One that is smaller began anew.
    fn since(&self, before: &Self) -> Option<Self> {
        if self.count < before.count {
            return Some(self.clone());
        }
        let was = |bound: f64| before.within.iter().find(|(known, _)| known.total_cmp(&bound).is_eq());
        let within = self.within.iter().map(|(bound, count)| (*bound, count - was(*bound).map_or(0.0, |was| was.1)));
        let grown = Self {
            sum: self.sum - before.sum,
            count: self.count - before.count,
            within: within.filter(|(_, count)| *count > 0.0).collect(),
        };
        (grown.count > 0.0).then_some(grown)
    }
}

/// How an account stands, as stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct AccountThen {
    pub(super) account: String,
    /// `closed`, `open`, `half_open`.
    pub(super) breaker: String,
    /// Microseconds since 1970.
    pub(super) since: Option<i64>,
    pub(super) until: Option<i64>,
    pub(super) under_way: usize,
    pub(super) places: Option<usize>,
    pub(super) sent_today: u64,
    pub(super) daily: Option<u64>,
    /// Country, messages of the day, and how many may be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) daily_to: Vec<(String, u64, u64)>,
    /// When its budgets of the day begin anew.
    #[serde(default)]
    pub(super) renews: Option<i64>,
}

impl From<Health> for AccountThen {
    fn from(health: Health) -> Self {
        let (breaker, until) = match health.breaker {
            Standing::Closed => ("closed", None),
            Standing::Open { until } => ("open", Some(until.0)),
            Standing::HalfOpen => ("half_open", None),
        };
        Self {
            account: health.account.into(),
            breaker: breaker.to_owned(),
            since: health.since.map(|since| since.0),
            until,
            under_way: health.under_way,
            places: health.places,
            sent_today: health.sent_today,
            daily: health.daily,
            daily_to: health.daily_to.iter().map(|to| (to.country.to_string(), to.sent, to.most)).collect(),
            renews: Some(health.renews.0),
        }
    }
}

/// Counters and histograms by name and labels, without the prefix: all of them at a moment, or what they grew by.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Counted {
    #[serde(rename = "c", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) counts: BTreeMap<Box<str>, f64>,
    #[serde(rename = "t", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) times: BTreeMap<Box<str>, Times>,
    /// The accounts at the end of the minute.
    #[serde(rename = "a", default, skip_serializing_if = "Vec::is_empty")]
    pub(super) accounts: Vec<AccountThen>,
}

impl Counted {
    /// Reads the text of `/metrics`.
    pub(super) fn read(metrics: &str) -> Self {
        let mut counted = Self::default();
        let lines = metrics.lines().filter(|line| !line.starts_with('#')).take(SERIES_MOST);
        for (series, value) in lines.filter_map(|line| line.strip_prefix(PREFIX)?.rsplit_once(' ')) {
            let Ok(value) = value.parse::<f64>() else { continue };
            let (name, labels) =
                series.split_once('{').map_or((series, ""), |(name, rest)| (name, rest.trim_end_matches('}')));
            if let Some(name) = name.strip_suffix("_total") {
                counted.counts.insert(key(name, labels), value);
            } else if let Some(name) = name.strip_suffix("_sum") {
                counted.times.entry(key(name, labels)).or_default().sum = value;
            } else if let Some(name) = name.strip_suffix("_count") {
                counted.times.entry(key(name, labels)).or_default().count = value;
            } else if let Some(name) = name.strip_suffix("_bucket") {
                let (mut bound, mut others) = (f64::INFINITY, Vec::new());
                for pair in labels.split(',') {
                    match pair.strip_prefix("le=\"") {
                        Some(text) => bound = text.trim_end_matches('"').parse().unwrap_or(f64::INFINITY),
                        None => others.push(pair),
                    }
                }
                if bound.is_finite() {
                    let times = counted.times.entry(key(name, &others.join(","))).or_default();
                    times.within.push((bound, value));
                }
            }
        }
        for times in counted.times.values_mut() {
            times.within.sort_by(|one, two| one.0.total_cmp(&two.0));
            // From "up to this bound" to "between the one before and this".
            for at in (1..times.within.len()).rev() {
                times.within[at].1 -= times.within[at - 1].1;
            }
        }
        counted
    }

    /// What it grew by since.
    pub(super) fn since(&self, before: &Self) -> Self {
        let mut grown = Self::default();
        for (series, value) in &self.counts {
            let was = before.counts.get(series).copied().unwrap_or(0.0);
            let more = if *value < was { *value } else { value - was };
            if more > 0.0 {
                grown.counts.insert(series.clone(), more);
            }
        }
        let nothing = Times::default();
        for (series, times) in &self.times {
            if let Some(more) = times.since(before.times.get(series).unwrap_or(&nothing)) {
                grown.times.insert(series.clone(), more);
            }
        }
        grown
    }

    /// Adds what grew elsewhere or at another time.
    pub(super) fn add(&mut self, other: &Self) {
        for (series, more) in &other.counts {
            *self.counts.entry(series.clone()).or_default() += more;
        }
        for (series, more) in &other.times {
            self.times.entry(series.clone()).or_default().add(more);
        }
    }

    /// The sum of a counter's series that have these labels.
    pub(super) fn sum(&self, counter: &str, labels: &[(&str, &str)]) -> f64 {
        let has = |series: &str| labels.iter().all(|(label, value)| labelled(series, counter, label) == Some(value));
        self.of(counter).filter(|(series, _)| has(series)).fold(0.0, |sum, (_, value)| sum + value)
    }

    /// A counter's series.
    pub(super) fn of<'a>(&'a self, counter: &'a str) -> impl Iterator<Item = (&'a str, f64)> {
        let all = self.counts.iter().map(|(series, value)| (&**series, *value));
        all.filter(move |(series, _)| series.split('{').next() == Some(counter))
    }

    /// A histogram.
    pub(super) fn time(&self, name: &str, labels: &str) -> Times {
        self.times.get(&key(name, labels)).cloned().unwrap_or_default()
    }
}

fn key(name: &str, labels: &str) -> Box<str> {
    if labels.is_empty() { name.into() } else { format!("{name}{{{labels}}}").into() }
}

/// The label's value in `name{label="value",…}`, where the series is of this name.
pub(super) fn labelled<'a>(series: &'a str, name: &str, label: &str) -> Option<&'a str> {
    let labels = series.strip_prefix(name)?.strip_prefix('{')?.strip_suffix('}')?;
    let of = |pair: &'a str| pair.strip_prefix(label)?.strip_prefix("=\"")?.strip_suffix('"');
    labels.split(',').find_map(of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::{
        Metrics,
        metrics::{Asked, Step},
    };

    fn asked(metrics: &Metrics, verdict: &'static str, account: &str) {
        metrics.queries.get_or_create(&Asked { way: "hook", verdict, account: account.to_owned() }).inc();
    }

    #[test]
    fn what_grew_is_read_off_the_text_of_the_metrics() {
        let metrics = Metrics::new();
        asked(&metrics, "moved", "a");
        let before = Counted::read(&metrics.render());
        asked(&metrics, "moved", "a");
        asked(&metrics, "moved", "b");
        asked(&metrics, "no_result", "b");
        for seconds in [0.000_1, 0.002, 0.002, 99.0] {
            metrics.step_time.get_or_create(&Step { of: "query", step: "read" }).observe(seconds);
            metrics.notice_delay.observe(seconds);
        }
        let grown = Counted::read(&metrics.render()).since(&before);
        assert!((grown.sum("queries", &[("verdict", "moved")]) - 2.0).abs() < 1e-9, "{grown:?}");
        assert!((grown.sum("queries", &[("account", "b")]) - 2.0).abs() < 1e-9);
        let times = grown.time("step_time_seconds", "of=\"query\",step=\"read\"");
        assert_eq!(times.within, [(0.000_5, 1.0), (0.002_5, 2.0)], "what took longer than all bounds is in none");
        assert_eq!((times.quantile(0.5), times.quantile(0.99)), (Some(0.002_5), None));
        assert_eq!(grown.times.len(), 2, "what did not grow is left out");
        let stored = serde_json::to_string(&grown).unwrap();
        assert_eq!(serde_json::from_str::<Counted>(&stored).unwrap(), grown);
    }

    #[test]
    fn minutes_and_nodes_add_up() {
        let metrics = Metrics::new();
        asked(&metrics, "moved", "a");
        metrics.notice_delay.observe(0.05);
        let one = Counted::read(&metrics.render());
        metrics.notice_delay.observe(0.5);
        let two = Counted::read(&metrics.render()).since(&one);
        let mut all = one.since(&Counted::default());
        all.add(&two);
        assert_eq!(all, Counted::read(&metrics.render()).since(&Counted::default()));
    }

    #[test]
    fn a_counter_that_began_anew_is_no_loss() {
        let count = |value: f64| Counted { counts: [("q".into(), value)].into(), ..Counted::default() };
        assert_eq!(count(3.0).since(&count(5.0)), count(3.0));
        assert_eq!(count(5.0).since(&count(5.0)), Counted::default());
    }
}
