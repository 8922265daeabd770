//! The first page: what happened, what stands, and what wants attention.

mod accounts;
mod matters;
mod page;

pub use page::{AccountLine, Group, InState, Matter, Node, Overview, Range, Reload, Row, Step, Strip, ToCountry};

use super::{
    Console, NoticeLine,
    figures::{AccountThen, Counted, labelled},
};
use crate::{
    clock::Time,
    domain::notice::NoticeState,
    store::{Figures, StoreError, Trail},
};
use std::collections::BTreeMap;

/// So many notices are counted in a state; more are "more".
pub(super) const LISTED: usize = 100;
/// So many dead notices and reloads stand on the first page.
const SHOWN: usize = 5;
/// So many rows are read at once.
const PAGE: usize = 1_000;
/// A node that has written nothing for so many minutes is missed.
const MISSED: i64 = 3;

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
        let held = self.env.store.sending_held().await.ok().flatten();
        if let Err(error) = &kept {
            tracing::error!(%error, "the console shows what is in memory: the store does not answer");
        }
        let stored = kept.is_ok();
        let (notices, dead, reloads) = kept.unwrap_or_default();
        let accounts = accounts::lines(&seen, &sum, node);
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
            held: held.map(|held| (held.at.to_string(), held.why.into())),
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
        overview.matters = matters::of(&overview);
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
