//! How each account fares.

use super::{AccountLine, LastOf, MISSED, Seen, ToCountry};
use crate::{
    clock::Time,
    usecase::console::figures::{AccountThen, Counted, labelled},
};
use std::collections::{BTreeMap, BTreeSet};

/// In the order of their names.
pub(super) fn lines(seen: &Seen, sum: &Counted, node: &str) -> Vec<AccountLine> {
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
    let daily = stands.iter().find_map(|(_, then)| then.daily);
    let renews = stands.iter().filter_map(|(_, then)| then.renews).max();
    let daily_to = to_countries(&stands);
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
        daily,
        renews: instant(renews.filter(|_| daily.is_some() || !daily_to.is_empty())),
        daily_to,
        queries: sum.sum("queries", &[("account", &name)]),
        substitutions: sum.sum("substitutions", &[("account", &name)]),
        unchanged: sum.sum("failed_open", &[("account", &name)]),
        name,
    }
}

/// The budgets of countries, as the node sees them that knows of most.
fn to_countries(stands: &[(&String, &AccountThen)]) -> Vec<ToCountry> {
    let mut found: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for (country, sent, most) in stands.iter().flat_map(|(_, then)| &then.daily_to) {
        let known = found.entry(country).or_insert((0, *most));
        known.0 = known.0.max(*sent);
    }
    found.into_iter().map(|(country, (sent, most))| ToCountry { country: country.to_owned(), sent, most }).collect()
}
