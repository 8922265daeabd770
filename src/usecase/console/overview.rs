//! The first page: what happened, what stands, and what wants attention.

use super::{
    Console, NoticeLine,
    figures::{AccountThen, Counted, labelled},
};
use crate::{
    clock::Time,
    domain::notice::NoticeState,
    store::{Figures, StoreError, Trail},
};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// So many notices are counted in a state; more are "more".
pub(super) const LISTED: usize = 100;
/// So many dead notices and reloads stand on the first page.
const SHOWN: usize = 5;
/// So many rows are read at once.
const PAGE: usize = 1_000;
/// A node that has written nothing for so many minutes is missed.
const MISSED: i64 = 3;

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
    fn title(self) -> &'static str {
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
    fn points(self) -> (i64, usize) {
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
    /// Queries by its webhooks and drop-in endpoints.
    pub queries: f64,
    /// Connected elsewhere.
    pub substitutions: f64,
    /// Went on unchanged because Redial was slow or broken.
    pub unchanged: f64,
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

/// What was counted in each point, and how the accounts of each node stood last.
struct Seen {
    first: i64,
    per: i64,
    slots: Vec<Counted>,
    known: Vec<bool>,
    nodes: BTreeMap<String, LastOf>,
}

/// The newest of a node.
#[derive(Default)]
struct LastOf {
    life: Time,
    minute: i64,
    accounts: Vec<AccountThen>,
}

impl Seen {
    fn new(range: Range, now: i64) -> Self {
        let (per, points) = range.points();
        let back = i64::try_from(points - 1).unwrap_or(0);
        let first = (now.div_euclid(per) - back) * per;
        let slots = vec![Counted::default(); points];
        Self { first, per, slots, known: vec![false; points], nodes: BTreeMap::new() }
    }

    fn add(&mut self, (node, life, minute): (&str, Time, i64), counted: Counted, shown: bool) {
        let last = self.nodes.entry(node.to_owned()).or_default();
        let at = usize::try_from((minute - self.first).div_euclid(self.per)).ok();
        if shown && let Some(slot) = at.filter(|at| *at < self.slots.len()) {
            self.slots[slot].add(&counted);
            self.known[slot] = true;
        }
        if (minute, life) >= (last.minute, last.life) {
            *last = LastOf { life, minute, accounts: counted.accounts };
        }
    }
}

impl Console {
    /// What is going on, on one node or on all. Where the store does not answer, what this process knows by itself.
    pub async fn overview(&self, range: Range, node: &str) -> Overview {
        let now = self.env.clock.now();
        let (seen, read) = self.look_back(range, node, now).await;
        let mut sum = Counted::default();
        seen.slots.iter().for_each(|slot| sum.add(slot));
        let kept = self.kept().await.and_then(|kept| read.map(|()| kept));
        if let Err(error) = &kept {
            tracing::error!(%error, "the console shows what is in memory: the store does not answer");
        }
        let stored = kept.is_ok();
        let (notices, dead, reloads) = kept.unwrap_or_default();
        let accounts = accounts(&seen, &sum, node);
        let hook = sum.time("hook_time_seconds", "");
        let mut overview = Overview {
            now: now.to_string(),
            range: range.word(),
            range_title: range.title(),
            per: seen.per,
            first: Time(seen.first * 60_000_000).to_string(),
            node: node.to_owned(),
            nodes: self.nodes(&seen, now),
            known: seen.known.clone(),
            stored,
            matters: Vec::new(),
            groups: groups(&seen),
            steps: steps(&sum),
            hook_p99: hook.quantile(0.99),
            hooks: hook.count,
            delay_p50: sum.time("notice_delay_seconds", "").quantile(0.5),
            accounts,
            notices,
            dead,
            unchanged: rows(&sum, "failed_open", ["account", "kind"]),
            refused: rows(&sum, "refused", ["surface", "reason"]),
            reloads,
        };
        overview.matters = matters(&overview);
        overview
    }

    async fn look_back(&self, range: Range, node: &str, now: Time) -> (Seen, Result<(), StoreError>) {
        let mut seen = Seen::new(range, minute_of(now));
        let (since, counting) = self.counting();
        let read = self.read_figures(&mut seen, node, since).await;
        seen.add((&self.node, self.life, since), counting, node.is_empty() || node == &*self.node);
        if let Some(own) = seen.nodes.get_mut(&*self.node) {
            // What it knows is of now, however long its minute has lasted.
            own.minute = minute_of(now);
        }
        (seen, read)
    }

    async fn read_figures(&self, seen: &mut Seen, node: &str, since: i64) -> Result<(), StoreError> {
        let mut last: Option<Figures> = None;
        loop {
            let page = self.env.store.figures(seen.first, last.as_ref(), PAGE).await?;
            for row in &page.items {
                // This process's own minute is still being counted.
                if *row.node == *self.node && row.life == self.life && row.minute >= since {
                    continue;
                }
                let Ok(counted) = serde_json::from_str::<Counted>(&row.body) else { continue };
                let shown = node.is_empty() || node == &*row.node;
                seen.add((&row.node, row.life, row.minute), counted, shown);
            }
            match page.items.into_iter().last().filter(|_| page.more) {
                Some(next) => last = Some(next),
                None => return Ok(()),
            }
        }
    }

    async fn kept(&self) -> Result<(Vec<InState>, Vec<NoticeLine>, Vec<Reload>), StoreError> {
        let (mut notices, mut dead) = (Vec::new(), Vec::new());
        for state in [NoticeState::Open, NoticeState::Unknown, NoticeState::Dead] {
            let page = self.env.store.notices_in(state, None, LISTED).await?;
            notices.push(InState { state: state.word(), count: page.items.len(), more: page.more });
            if state == NoticeState::Dead {
                dead = page.items.iter().take(SHOWN).map(NoticeLine::new).collect();
            }
        }
        let reloads = self.env.store.trail(Trail::Config, None, SHOWN).await?.items;
        let reloads = reloads.into_iter().map(|line| Reload {
            at: line.at.to_string(),
            node: line.origin.into(),
            taken: &*line.what == super::trail::TAKEN,
            detail: line.subject.into(),
        });
        Ok((notices, dead, reloads.collect()))
    }

    fn nodes(&self, seen: &Seen, now: Time) -> Vec<Node> {
        let line = |(name, last): (&String, &LastOf)| Node {
            name: name.clone(),
            since: last.life.to_string(),
            here: **name == *self.node,
            missed: minute_of(now) - last.minute > MISSED,
        };
        seen.nodes.iter().map(line).collect()
    }
}

/// The minute of a moment, counted from 1970.
pub(super) fn minute_of(now: Time) -> i64 {
    now.seconds().div_euclid(60)
}

/// A label's value, its name for a reader, what it means, its tone.
type Line = (&'static str, &'static str, &'static str, &'static str);

/// Title, counter, label and lines. Every line stands there whether or not anything happened, so that the page keeps its
/// shape.
const STRIPS: [(&str, &str, &str, &[Line]); 5] = [
    (
        "Queries",
        "queries",
        "verdict",
        &[
            ("moved", "moved", "somebody learnt the new number", "good"),
            ("current", "current", "still how to reach them", "plain"),
            ("no_result", "no result", "never moved, or not for them to know", "plain"),
        ],
    ),
    (
        "Connected elsewhere",
        "substitutions",
        "kind",
        &[
            ("call", "calls", "rang at the new number", "good"),
            ("message", "messages", "went to the new number", "good"),
        ],
    ),
    (
        "Notices",
        "notices",
        "kind",
        &[
            ("sent", "sent", "an account took it, or the ledger is enough", "good"),
            ("empty", "nothing to tell", "by then nothing had changed for them", "plain"),
            ("deferred", "put off", "quiet hours, a rate, an account left alone", "wait"),
            ("later", "to be tried again", "an account failed", "wait"),
            ("unknown", "perhaps arrived", "no answer came", "wait"),
            ("dead", "given up", "look at it, and replay it", "bad"),
        ],
    ),
    (
        "Went on unchanged",
        "failed_open",
        "kind",
        &[("deadline", "too slow", "the deadline passed", "bad"), ("store", "store failed", "", "bad")],
    ),
    (
        "Answers",
        "requests",
        "class",
        &[
            ("2xx", "2xx", "well", "plain"),
            ("4xx", "4xx", "the asker's fault", "wait"),
            ("5xx", "5xx", "Redial's fault", "bad"),
        ],
    ),
];

fn groups(seen: &Seen) -> Vec<Group> {
    let group = |(title, counter, label, strips): (&'static str, &str, &str, &[Line])| Group {
        title,
        strips: strips.iter().map(|line| strip(seen, (counter, label), *line)).collect(),
    };
    STRIPS.into_iter().map(group).collect()
}

fn strip(seen: &Seen, (counter, label): (&str, &str), (value, name, means, tone): Line) -> Strip {
    let points: Vec<f64> = seen.slots.iter().map(|slot| slot.sum(counter, &[(label, value)])).collect();
    Strip { name, means, tone, total: points.iter().fold(0.0, |sum, point| sum + point), points }
}

const STEPS: [(&str, &str, &str, &str); 8] = [
    ("query", "read", "Facts about a number that moved", "store"),
    ("query", "write", "The substitution, durable", "store"),
    ("query", "provider", "The provider's reply to a message", "provider"),
    ("notice", "read", "Facts about what is to be told", "store"),
    ("notice", "text", "The text", "template"),
    ("notice", "begin", "The attempt, before it leaves", "store"),
    ("notice", "provider", "The account's answer", "provider"),
    ("notice", "write", "How it ended", "store"),
];

fn steps(sum: &Counted) -> Vec<Step> {
    let time = |of: &str, step: &str| sum.time("step_time_seconds", &format!("of=\"{of}\",step=\"{step}\""));
    let whole = |of: &str| STEPS.iter().filter(|step| step.0 == of).map(|step| time(of, step.1).sum).sum::<f64>();
    let mut steps: Vec<Step> = STEPS
        .into_iter()
        .map(|(of, step, title, by)| {
            let (time, whole) = (time(of, step), whole(of));
            let share = if whole > 0.0 { time.sum / whole } else { 0.0 };
            Step { of, title, by, count: time.count, share, p50: time.quantile(0.5), p99: time.quantile(0.99) }
        })
        .filter(|step| step.count > 0.0)
        .collect();
    let slow = |step: &Step| step.p99.unwrap_or(f64::INFINITY);
    steps.sort_by(|one, two| slow(two).total_cmp(&slow(one)).then(two.share.total_cmp(&one.share)));
    steps
}

fn rows(sum: &Counted, counter: &str, labels: [&str; 2]) -> Vec<Row> {
    let mut found: BTreeMap<(String, String), f64> = BTreeMap::new();
    for (series, count) in sum.of(counter) {
        if let [Some(what), Some(which)] = labels.map(|label| labelled(series, counter, label)) {
            *found.entry((what.to_owned(), which.to_owned())).or_default() += count;
        }
    }
    let mut rows: Vec<Row> = found.into_iter().map(|((what, which), count)| Row { what, which, count }).collect();
    rows.sort_by(|one, two| two.count.total_cmp(&one.count));
    rows
}

fn accounts(seen: &Seen, sum: &Counted, node: &str) -> Vec<AccountLine> {
    let mut names: BTreeSet<String> = BTreeSet::new();
    for counter in ["queries", "attempts", "substitutions", "failed_open"] {
        let labels = sum.of(counter).filter_map(|(series, _)| labelled(series, counter, "account"));
        names.extend(labels.filter(|name| !name.is_empty()).map(str::to_owned));
    }
    let newest = seen.nodes.values().map(|last| last.minute).max().unwrap_or(0);
    // How a node that is gone saw its accounts says nothing of now.
    let lasts: Vec<(&String, &LastOf)> = seen
        .nodes
        .iter()
        .filter(|(name, last)| (node.is_empty() || node == name.as_str()) && newest - last.minute <= MISSED)
        .collect();
    names.extend(lasts.iter().flat_map(|(_, last)| &last.accounts).map(|then| then.account.clone()));
    names.into_iter().map(|name| account(name, seen, sum, &lasts)).collect()
}

fn account(name: String, seen: &Seen, sum: &Counted, lasts: &[(&String, &LastOf)]) -> AccountLine {
    let stands: Vec<(&String, &AccountThen)> = lasts
        .iter()
        .filter_map(|(node, last)| Some((*node, last.accounts.iter().find(|then| then.account == name)?)))
        .collect();
    let rank = |then: &AccountThen| ["closed", "half_open", "open"].iter().position(|word| *word == then.breaker);
    let worst = stands.iter().map(|(_, then)| *then).max_by_key(|then| rank(then));
    let troubled = stands.iter().filter(|(_, then)| then.breaker != "closed").map(|(node, _)| (*node).clone());
    let attempts = |counted: &Counted, kind: &str| counted.sum("attempts", &[("account", &name), ("kind", kind)]);
    let points = |kinds: &[&str]| {
        seen.slots
            .iter()
            .map(|slot| kinds.iter().fold(0.0, |sum, kind| sum + attempts(slot, kind)))
            .collect::<Vec<f64>>()
    };
    let time = sum.time("attempt_time_seconds", &format!("account=\"{name}\""));
    let instant = |micros: Option<i64>| micros.map(|at| Time(at).to_string());
    AccountLine {
        breaker: worst.map_or("closed", |then| &then.breaker).to_owned(),
        nodes: if lasts.len() > 1 { troubled.collect() } else { Vec::new() },
        since: instant(worst.and_then(|then| then.since)),
        until: instant(worst.and_then(|then| then.until)),
        sent: attempts(sum, "sent"),
        refused: attempts(sum, "refused"),
        failed: attempts(sum, "failed"),
        limited: attempts(sum, "limited"),
        unknown: attempts(sum, "unknown"),
        good: points(&["sent", "refused"]),
        bad: points(&["failed", "limited", "unknown"]),
        p50: time.quantile(0.5),
        p99: time.quantile(0.99),
        timed: time.count > 0.0,
        under_way: stands.iter().map(|(_, then)| then.under_way).sum(),
        places: stands.iter().find_map(|(_, then)| then.places),
        // Each node counts what all of them sent, now and then.
        sent_today: stands.iter().map(|(_, then)| then.sent_today).max().unwrap_or(0),
        daily: stands.iter().find_map(|(_, then)| then.daily),
        queries: sum.sum("queries", &[("account", &name)]),
        substitutions: sum.sum("substitutions", &[("account", &name)]),
        unchanged: sum.sum("failed_open", &[("account", &name)]),
        name,
    }
}

fn matters(overview: &Overview) -> Vec<Matter> {
    let mut matters = Vec::new();
    let mut say = |text: String, link: &str| matters.push(Matter { text, link: link.to_owned() });
    if !overview.stored {
        say("The store does not answer. What follows is what this process has counted in this minute.".to_owned(), "");
    }
    for account in &overview.accounts {
        match account.breaker.as_str() {
            "open" => say(format!("{} fails and is left alone.", account.name), "#accounts"),
            "half_open" => say(format!("{} failed, and is being tried again.", account.name), "#accounts"),
            _ => {}
        }
        if account.daily.is_some_and(|most| account.sent_today >= most) {
            say(format!("{} has sent as many messages today as it may.", account.name), "#accounts");
        }
    }
    let unchanged: f64 = overview.unchanged.iter().map(|row| row.count).sum();
    if unchanged > 0.0 {
        let what = if unchanged > 1.0 { "communications" } else { "communication" };
        say(format!("{unchanged} {what} went on unchanged: Redial was slow or broken."), "#unchanged");
    }
    if let Some(dead) = overview.notices.iter().find(|one| one.state == "dead" && one.count > 0) {
        let (more, s) = (if dead.more { "More than " } else { "" }, if dead.count == 1 { " was" } else { "s were" });
        say(format!("{more}{} notice{s} given up.", dead.count), "/console/notices?state=dead");
    }
    if let Some(reload) = overview.reloads.first().filter(|reload| !reload.taken) {
        say(format!("The last reload of the configuration was refused: {}", reload.detail), "#reloads");
    }
    for node in overview.nodes.iter().filter(|node| node.missed) {
        say(format!("{} has not been heard of for some minutes.", node.name), "");
    }
    matters
}
