//! What the first page shows, as values.

use super::NoticeLine;
use serde::Serialize;

/// How far back the page looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Range {
    /// By the minute.
    #[default]
    Hour,
    /// By five minutes.
    SixHours,
    /// By a quarter of an hour.
    Day,
    /// By two hours.
    Week,
}

impl Range {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Hour, Self::SixHours, Self::Day, Self::Week];

    /// As in an address.
    pub fn word(self) -> &'static str {
        match self {
            Self::Hour => "1h",
            Self::SixHours => "6h",
            Self::Day => "24h",
            Self::Week => "7d",
        }
    }

    /// For a reader.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Hour => "the last hour",
            Self::SixHours => "the last six hours",
            Self::Day => "the last day",
            Self::Week => "the last week",
        }
    }

    /// From its word; an hour for any other.
    pub fn read(word: &str) -> Self {
        Self::ALL.into_iter().find(|range| range.word() == word).unwrap_or_default()
    }

    /// Minutes in a point of a plot, and points.
    pub(super) fn points(self) -> (i64, usize) {
        match self {
            Self::Hour => (1, 60),
            Self::SixHours => (5, 72),
            Self::Day => (15, 96),
            Self::Week => (120, 84),
        }
    }
}

/// One line of a plot.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Strip {
    /// What is counted.
    pub name: &'static str,
    /// In a few words, what that means.
    pub means: &'static str,
    /// `good`, `plain`, `wait` or `bad`.
    pub tone: &'static str,
    /// How many in all.
    pub total: f64,
    /// How many in each point, oldest first.
    pub points: Vec<f64>,
}

/// Lines that belong together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// Of what.
    pub title: &'static str,
    /// Each with a scale of its own.
    pub strips: Vec<Strip>,
}

/// How long a part of the work took.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// `query` or `notice`.
    pub of: &'static str,
    /// What is done.
    pub title: &'static str,
    /// Who does it: `store`, `provider`, `template`.
    pub by: &'static str,
    /// How often.
    pub count: f64,
    /// Its share of the time that all parts took, from 0 to 1.
    pub share: f64,
    /// Half took at most so many seconds; `None` where that is beyond what is told apart.
    pub p50: Option<f64>,
    /// 99 of a hundred.
    pub p99: Option<f64>,
}

/// How an account fares.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AccountLine {
    /// Its name in the configuration.
    pub name: String,
    /// `closed`, `open`, `half_open`: the worst of the nodes.
    pub breaker: String,
    /// The nodes on which it is not closed, where several are shown.
    pub nodes: Vec<String>,
    /// Since when, where that changed while the process ran.
    pub since: Option<String>,
    /// When the next message is a probe.
    pub until: Option<String>,
    /// Attempts of notices.
    pub sent: f64,
    /// For good, for the recipient's sake.
    pub refused: f64,
    /// To be tried again.
    pub failed: f64,
    /// Asked to come later.
    pub limited: f64,
    /// No answer came.
    pub unknown: f64,
    /// What the account answered well, and else, in each point.
    pub good: Vec<f64>,
    /// The same for what it did not.
    pub bad: Vec<f64>,
    /// Seconds until it answered; half, and 99 of a hundred.
    pub p50: Option<f64>,
    /// 99 of a hundred.
    pub p99: Option<f64>,
    /// Whether anything was timed.
    pub timed: bool,
    /// On their way now.
    pub under_way: usize,
    /// At most, on one node.
    pub places: Option<usize>,
    /// Messages of this day of UTC.
    pub sent_today: u64,
    /// At most.
    pub daily: Option<u64>,
    /// Of these, to the countries that have a budget of their own.
    pub daily_to: Vec<ToCountry>,
    /// When its budgets of the day begin anew, where it has any.
    pub renews: Option<String>,
    /// Queries by its webhooks and drop-in endpoints.
    pub queries: f64,
    /// Connected elsewhere.
    pub substitutions: f64,
    /// Went on unchanged because Redial was slow or broken.
    pub unchanged: f64,
}

/// What an account sent to a country that has a budget of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ToCountry {
    /// Its two capitals.
    pub country: String,
    /// Messages of this day of UTC.
    pub sent: u64,
    /// At most.
    pub most: u64,
}

/// How many notices are in a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InState {
    /// Its word.
    pub state: &'static str,
    /// At most a hundred.
    pub count: usize,
    /// Whether there are more.
    pub more: bool,
}

/// A row of what was counted by two labels.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The first label.
    pub what: String,
    /// The second.
    pub which: String,
    /// How often.
    pub count: f64,
}

/// One reload of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reload {
    /// When.
    pub at: String,
    /// On which node.
    pub node: String,
    /// Whether it counts now.
    pub taken: bool,
    /// What was wrong with it, or what waits for the next start.
    pub detail: String,
}

/// A process that wrote figures in the time that is looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// When it started last.
    pub since: String,
    /// Whether it is the one that shows this page.
    pub here: bool,
    /// Whether it has written nothing for some minutes.
    pub missed: bool,
}

/// Something that wants attention.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Matter {
    /// In a sentence.
    pub text: String,
    /// Where to look.
    pub link: String,
}

/// The first page.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Overview {
    /// When it was looked at.
    pub now: String,
    /// How far back.
    pub range: &'static str,
    /// In words.
    pub range_title: &'static str,
    /// Minutes in a point.
    pub per: i64,
    /// When the first point begins.
    pub first: String,
    /// The one node that is shown; empty for all.
    pub node: String,
    /// All that are known.
    pub nodes: Vec<Node>,
    /// In which points anybody counted.
    pub known: Vec<bool>,
    /// Whether the store answered.
    pub stored: bool,
    /// Since when and why nothing is sent.
    pub held: Option<(String, String)>,
    /// Most urgent first.
    pub matters: Vec<Matter>,
    /// Plots.
    pub groups: Vec<Group>,
    /// Slowest first.
    pub steps: Vec<Step>,
    /// 99 of a hundred webhooks whose number moved were answered within these seconds.
    pub hook_p99: Option<f64>,
    /// How many there were.
    pub hooks: f64,
    /// Half of the notices left within these seconds of the change.
    pub delay_p50: Option<f64>,
    /// In the order of their names.
    pub accounts: Vec<AccountLine>,
    /// Notices that wait, are unknown or dead; empty where the store does not answer.
    pub notices: Vec<InState>,
    /// The oldest dead ones.
    pub dead: Vec<NoticeLine>,
    /// What went on unchanged: account and reason.
    pub unchanged: Vec<Row>,
    /// Requests that were refused: surface and reason.
    pub refused: Vec<Row>,
    /// Latest first.
    pub reloads: Vec<Reload>,
}
