//! What was measured in the last hour, taken down at intervals.

use crate::clock::Time;
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};

/// An hour of samples at ten seconds.
const SAMPLES_MOST: usize = 361;
/// A plot has so many points.
const POINTS: usize = 60;
/// More series are not kept: labels are bounded, so this is never reached.
const SERIES_MOST: usize = 2_000;

#[derive(Debug)]
struct Sample {
    at: Time,
    /// By name and labels, as in the text of `/metrics`.
    values: BTreeMap<Box<str>, f64>,
}

/// The samples, oldest first.
#[derive(Debug, Default)]
pub(super) struct History(VecDeque<Sample>);

/// One line of a plot.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Series {
    /// The label's value.
    pub name: String,
    /// How many there were in the hour.
    pub total: f64,
    /// A minute, for each minute, oldest first.
    pub points: Vec<f64>,
}

/// What happened by the minute.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plot {
    /// What is counted.
    pub title: &'static str,
    /// Largest first.
    pub series: Vec<Series>,
}

/// How long a step took in the last hour.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// What was done.
    pub title: &'static str,
    /// How often.
    pub count: f64,
    /// Half were done within these seconds; an upper bound, none where nothing was done or it took longer than is told
    /// apart.
    pub p50: Option<f64>,
    /// 99 of a hundred.
    pub p99: Option<f64>,
}

impl History {
    /// Reads the text of `/metrics`.
    pub(super) fn take(&mut self, at: Time, metrics: &str) {
        let lines = metrics.lines().filter(|line| !line.starts_with('#')).take(SERIES_MOST);
        let values = lines.filter_map(|line| {
            let (series, value) = line.rsplit_once(' ')?;
            Some((series.into(), value.parse().ok()?))
        });
        self.0.push_back(Sample { at, values: values.collect() });
        while self.0.len() > SAMPLES_MOST {
            self.0.pop_front();
        }
    }

    /// What a counter grew by between two samples. One that is smaller began anew.
    fn grown(&self, from: usize, to: usize, series: &str) -> f64 {
        let value = |at: usize| self.0.get(at).and_then(|sample| sample.values.get(series)).copied().unwrap_or(0.0);
        let grown = value(to) - value(from);
        if grown < 0.0 { value(to) } else { grown }
    }

    /// A counter by one of its labels.
    pub(super) fn plot(&self, title: &'static str, counter: &str, label: &str) -> Plot {
        let Some(last) = self.0.len().checked_sub(1) else { return Plot { title, series: Vec::new() } };
        let mut by_value: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for series in self.0[last].values.keys() {
            if let Some(value) = labelled(series, counter, label) {
                by_value.entry(value).or_default().push(series);
            }
        }
        let per_point = SAMPLES_MOST / POINTS;
        let points = last.div_ceil(per_point);
        let mut series: Vec<Series> = by_value
            .into_iter()
            .map(|(name, keys)| {
                let between = |from: usize, to: usize| keys.iter().map(|key| self.grown(from, to, key)).sum::<f64>();
                let points = (0..points).rev().map(|back| {
                    let to = last - back * per_point;
                    let from = to.saturating_sub(per_point);
                    let minutes = self.0[to].at.since(self.0[from].at).as_secs_f64() / 60.0;
                    if minutes > 0.0 { between(from, to) / minutes } else { 0.0 }
                });
                Series { name: name.to_owned(), total: between(0, last), points: points.collect() }
            })
            .collect();
        series.sort_by(|one, two| two.total.total_cmp(&one.total).then_with(|| one.name.cmp(&two.name)));
        Plot { title, series }
    }

    /// Quantiles of a histogram over the hour.
    pub(super) fn step(&self, title: &'static str, histogram: &str) -> Step {
        let last = self.0.len().saturating_sub(1);
        let name = format!("{histogram}_bucket");
        let mut buckets: Vec<(f64, f64)> = Vec::new();
        for series in self.0.back().into_iter().flat_map(|sample| sample.values.keys()) {
            if let Some(bound) = labelled(series, &name, "le") {
                let bound = bound.parse().unwrap_or(f64::INFINITY);
                buckets.push((bound, self.grown(0, last, series)));
            }
        }
        buckets.sort_by(|one, two| one.0.total_cmp(&two.0));
        let count = buckets.last().map_or(0.0, |(_, count)| *count);
        let within = |share: f64| {
            let found = buckets.iter().find(|(_, below)| count > 0.0 && *below >= count * share);
            found.map(|(bound, _)| *bound).filter(|bound| bound.is_finite())
        };
        Step { title, count, p50: within(0.5), p99: within(0.99) }
    }

    /// What a counter grew by in the hour, by the values of two of its labels.
    pub(super) fn table(&self, counter: &str, labels: [&str; 2]) -> Vec<(String, String, f64)> {
        let last = self.0.len().saturating_sub(1);
        let keys = self.0.back().into_iter().flat_map(|sample| sample.values.keys());
        let rows = keys.filter_map(|series| {
            let [one, two] = labels.map(|label| labelled(series, counter, label));
            Some((one?.to_owned(), two?.to_owned(), self.grown(0, last, series)))
        });
        rows.filter(|(_, _, grown)| *grown > 0.0).collect()
    }
}

/// The label's value in `name{label="value",…}`, where the series is of this name.
fn labelled<'a>(series: &'a str, name: &str, label: &str) -> Option<&'a str> {
    let labels = series.strip_prefix(name)?.strip_prefix('{')?.strip_suffix('}')?;
    let of = |pair: &'a str| pair.strip_prefix(label)?.strip_prefix("=\"")?.strip_suffix('"');
    labels.split(',').find_map(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time(seconds * 1_000_000)
    }

    #[test]
    fn growth_is_shown_by_the_minute_and_a_restart_is_no_loss() {
        let mut history = History::default();
        assert_eq!(history.plot("Queries", "q_total", "verdict").series, []);
        for (second, count) in [(0, 0), (10, 5), (20, 5), (30, 6), (40, 6), (50, 6), (60, 12), (70, 1)] {
            let text = format!(
                "# HELP q\nq_total{{way=\"api\",verdict=\"moved\"}} {count}\nq_total{{way=\"hook\",verdict=\"moved\"}} 0\nother 3\n"
            );
            history.take(at(second), &text);
        }
        let plot = history.plot("Queries", "q_total", "verdict");
        assert_eq!(plot.series.len(), 1);
        assert_eq!(plot.series[0].name, "moved");
        assert_eq!(plot.series[0].points.len(), 2);
        assert_eq!(history.table("q_total", ["way", "verdict"]).len(), 1, "what did not grow is left out");
    }

    #[test]
    fn quantiles_are_the_bound_below_which_they_lie() {
        let mut history = History::default();
        history.take(at(0), "");
        let text =
            "t_bucket{le=\"0.1\"} 50\nt_bucket{le=\"1.0\"} 98\nt_bucket{le=\"10.0\"} 99\nt_bucket{le=\"+Inf\"} 100\n";
        history.take(at(10), text);
        let step = history.step("Step", "t");
        assert_eq!((step.count, step.p50, step.p99), (100.0, Some(0.1), Some(10.0)));
        let silent = history.step("Step", "u");
        assert_eq!((silent.count, silent.p50), (0.0, None));
    }

    #[test]
    fn an_hour_is_kept() {
        let mut history = History::default();
        for second in 0..500 {
            history.take(at(second * 10), &format!("q_total{{verdict=\"moved\"}} {second}\n"));
        }
        let plot = history.plot("Queries", "q_total", "verdict");
        assert_eq!(plot.series[0].points.len(), POINTS);
        assert!((plot.series[0].total - 360.0).abs() < 1e-9, "{}", plot.series[0].total);
        assert!(plot.series[0].points.iter().all(|point| (point - 6.0).abs() < 1e-9));
    }
}
