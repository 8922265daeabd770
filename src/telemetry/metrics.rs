//! Counters and histograms, with labels of bounded number only.

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};
use std::sync::Arc;

/// A surface and how its answers went.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Answered {
    /// `hook`, `via`, `api` …
    pub surface: &'static str,
    /// `2xx`, `4xx`, `5xx`.
    pub class: &'static str,
}

/// A surface and what became of a query. All kinds of `no_result` are one (rule Q4).
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Asked {
    /// `hook`, `via`, `api`, `cli`.
    pub way: &'static str,
    /// `moved`, `current`, `no_result`.
    pub verdict: &'static str,
    /// Its name in the configuration; empty where no account asked.
    pub account: String,
}

/// An account and what happened on it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct OnAccount {
    /// Its name in the configuration.
    pub account: String,
    /// What happened.
    pub kind: &'static str,
}

/// A part of what is done for a query or a notice.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Step {
    /// `query` or `notice`.
    pub of: &'static str,
    /// `read`, `text`, `provider`, `write` …
    pub step: &'static str,
}

/// Histograms by label, all with the same bounds.
pub type Times<L> = Family<L, Histogram, fn() -> Histogram>;

/// From half a millisecond to half a minute.
fn times() -> Histogram {
    Histogram::new([0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0])
}

/// A surface and why a request was refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Refused {
    /// `hook`, `via`, `api` …
    pub surface: &'static str,
    /// `signature`, `credentials`, `malformed`, `too_large`, `harvest` …
    pub reason: &'static str,
}

/// One label.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Kind {
    /// The label's value.
    pub kind: &'static str,
}

/// An account, of which there are as many as the operator has configured.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct OfAccount {
    /// Its name in the configuration.
    pub account: String,
}

/// An account and why a message waits for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Deferred {
    /// Its name in the configuration.
    pub account: String,
    /// `breaker`, `concurrency`, `rate`, `daily`, `quiet`.
    pub why: &'static str,
}

/// Everything that is measured. Clones share the values, and cost nothing: filters are cloned for each request.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Measured>);

impl std::ops::Deref for Metrics {
    type Target = Measured;

    fn deref(&self) -> &Measured {
        &self.0
    }
}

/// What [`Metrics`] share.
#[derive(Debug)]
pub struct Measured {
    registry: Registry,
    /// Answers by surface and status class.
    pub requests: Family<Answered, Counter>,
    /// Of [`Measured::requests`], hooks that were answered well: at hand, for every call counts one.
    pub hook_answers: Counter,
    /// Queries by way and verdict.
    pub queries: Family<Asked, Counter>,
    /// Requests that were refused, by reason.
    pub refused: Family<Refused, Counter>,
    /// Communications that were connected elsewhere: `call`, `message`.
    pub substitutions: Family<OnAccount, Counter>,
    /// Communications that went on unchanged because Redial was slow or broken (rule Q7), by `deadline`, `store`.
    pub failed_open: Family<OnAccount, Counter>,
    /// Notices by the state in which they ended.
    pub notices: Family<Kind, Counter>,
    /// Attempts by how the account answered: `sent`, `refused` (for good), `failed`, `limited` (asked to wait), `unknown`.
    pub attempts: Family<OnAccount, Counter>,
    /// How long the account took to answer an attempt, in seconds.
    pub attempt_time: Times<OfAccount>,
    /// How long the parts of a query, or of a notice, took, in seconds. A number that never moved is not timed.
    pub step_time: Times<Step>,
    /// From a change to its notice being sent, in seconds.
    pub notice_delay: Histogram,
    /// To answer a call webhook whose number has moved, in seconds.
    pub hook_time: Histogram,
    /// Notices that were put off without an attempt.
    pub deferred: Family<Deferred, Counter>,
    /// How often an account was left alone because it failed.
    pub breaker_trips: Family<OfAccount, Counter>,
    /// Whether it is left alone now: 1 or 0.
    pub breaker_open: Family<OfAccount, Gauge>,
    /// Reloads of the configuration: `taken`, `refused`.
    pub reloads: Family<Kind, Counter>,
    /// Open connections.
    pub connections: Gauge,
}

impl Metrics {
    /// Notes how long a part took.
    pub fn took(&self, of: &'static str, step: &'static str, time: std::time::Duration) {
        self.step_time.get_or_create(&Step { of, step }).observe(time.as_secs_f64());
    }

    /// All at zero.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("redial");
        let requests = Family::<Answered, Counter>::default();
        registry.register("requests", "Answers by surface and status class", requests.clone());
        let queries = Family::<Asked, Counter>::default();
        registry.register("queries", "Queries by way and verdict", queries.clone());
        let refused = Family::default();
        registry.register("refused", "Requests refused, by surface and reason", refused.clone());
        let substitutions = Family::default();
        registry.register("substitutions", "Communications connected elsewhere", substitutions.clone());
        let failed_open = Family::default();
        registry.register(
            "failed_open",
            "Communications that went on unchanged because Redial was slow or broken",
            failed_open.clone(),
        );
        let notices = Family::default();
        registry.register("notices", "Notices by final state", notices.clone());
        let attempts = Family::default();
        registry.register("attempts", "Attempts by account and outcome", attempts.clone());
        let attempt_time = Times::<OfAccount>::new_with_constructor(times);
        registry.register_with_unit(
            "attempt_time",
            "Until an account answered an attempt",
            Unit::Seconds,
            attempt_time.clone(),
        );
        let step_time = Times::<Step>::new_with_constructor(times);
        registry.register_with_unit("step_time", "Parts of queries and notices", Unit::Seconds, step_time.clone());
        let notice_delay = Histogram::new([0.1, 1.0, 10.0, 60.0, 150.0, 600.0, 3_600.0, 86_400.0]);
        registry.register_with_unit(
            "notice_delay",
            "From a change to its notice being sent",
            Unit::Seconds,
            notice_delay.clone(),
        );
        let hook_time = Histogram::new([0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.25]);
        registry.register_with_unit(
            "hook_time",
            "To answer a webhook whose number has moved",
            Unit::Seconds,
            hook_time.clone(),
        );
        let deferred = Family::default();
        registry.register("deferred", "Notices put off without an attempt, by account and reason", deferred.clone());
        let breaker_trips = Family::default();
        registry.register("breaker_trips", "Accounts left alone because they failed", breaker_trips.clone());
        let breaker_open = Family::default();
        registry.register("breaker_open", "Whether an account is left alone now", breaker_open.clone());
        let reloads = Family::default();
        registry.register("reloads", "Reloads of the configuration", reloads.clone());
        let connections = Gauge::default();
        registry.register("connections", "Open connections", connections.clone());
        Self(Arc::new(Measured {
            registry,
            hook_answers: requests.get_or_create_owned(&Answered { surface: "hook", class: "2xx" }),
            requests,
            queries,
            refused,
            substitutions,
            failed_open,
            notices,
            attempts,
            attempt_time,
            step_time,
            notice_delay,
            hook_time,
            deferred,
            breaker_trips,
            breaker_open,
            reloads,
            connections,
        }))
    }

    /// The body of `/metrics`, as text of the `OpenMetrics` format.
    pub fn render(&self) -> String {
        let mut body = String::new();
        if text::encode(&mut body, &self.registry).is_err() {
            tracing::error!("metrics could not be written");
        }
        body
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_explained() {
        let told = include_str!("../../docs/console.md");
        // What was never counted does not stand in the text of the metrics.
        let (made, _) = include_str!("metrics.rs").split_once("#[cfg(test)]").expect("this test");
        let names: Vec<&str> =
            made.split("registry.register").skip(1).filter_map(|call| call.split('"').nth(1)).collect();
        assert!(names.len() > 10, "{names:?}");
        for name in names {
            assert!(told.contains(&format!("`redial_{name}")), "docs/console.md says nothing of {name}");
        }
    }

    #[test]
    fn what_is_counted_is_shown() {
        let metrics = Metrics::new();
        let asked = Asked { way: "api", verdict: "no_result", account: String::new() };
        metrics.clone().queries.get_or_create(&asked).inc();
        metrics.hook_time.observe(0.002);
        let body = metrics.render();
        assert!(body.contains("redial_queries_total{way=\"api\",verdict=\"no_result\",account=\"\"} 1"), "{body}");
        assert!(body.contains("redial_hook_time_seconds_count 1") && body.ends_with("# EOF\n"), "{body}");
    }
}
