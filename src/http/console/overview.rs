//! The overview's facts as its page takes them: plots drawn, sums made, words found.

use super::plot;
use crate::usecase::console::{AccountLine, Overview, Step, Strip};
use serde_json::{Value, json};

/// Ticks on the axis of time.
const TICKS: usize = 5;

pub(super) fn facts(overview: &Overview) -> Value {
    let total = |group: &str, names: &[&str]| -> f64 {
        let strips = overview.groups.iter().filter(|one| one.title == group).flat_map(|one| &one.strips);
        strips.filter(|strip| names.is_empty() || names.contains(&strip.name)).map(|strip| strip.total).sum()
    };
    let groups: Vec<Value> = overview
        .groups
        .iter()
        .map(|group| {
            let strips: Vec<Value> = group.strips.iter().map(|strip| strip_facts(overview, strip)).collect();
            json!({ "title": group.title, "strips": strips })
        })
        .collect();
    let accounts: Vec<Value> = overview.accounts.iter().map(|account| account_facts(overview, account)).collect();
    let steps: Vec<Value> = overview.steps.iter().map(step_facts).collect();
    let nodes: Vec<Value> =
        overview.nodes.iter().map(|node| json!({ "name": node.name, "query": encoded(&node.name) })).collect();
    json!({
        "overview": overview,
        "groups": groups,
        "accounts": accounts,
        "steps": steps,
        "nodes": nodes,
        "node_query": encoded(&overview.node),
        "ticks": ticks(overview),
        "per": per(overview.per),
        "figures": {
            "queries": total("Queries", &[]),
            "moved": total("Queries", &["moved"]),
            "elsewhere": total("Connected elsewhere", &[]),
            "sent": total("Notices", &["sent"]),
        },
    })
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn per(minutes: i64) -> String {
    match minutes {
        1 => "a minute".to_owned(),
        60.. => format!("{} hours", minutes / 60),
        _ => format!("{minutes} minutes"),
    }
}

fn strip_facts(overview: &Overview, strip: &Strip) -> Value {
    let most = strip.points.iter().copied().fold(0.0, f64::max);
    let says =
        format!("{}: {} in {}, at most {most} in {}", strip.name, strip.total, overview.range_title, per(overview.per));
    let data: Vec<String> = strip.points.iter().map(ToString::to_string).collect();
    json!({
        "name": strip.name,
        "means": strip.means,
        "tone": strip.tone,
        "total": strip.total,
        "data": data.join(","),
        "svg": plot::bars(&strip.points, &overview.known, &says),
    })
}

fn account_facts(overview: &Overview, account: &AccountLine) -> Value {
    let (well, not): (f64, f64) = (account.good.iter().sum(), account.bad.iter().sum());
    let says = format!("{}: {well} attempts answered and {not} not, in {}", account.name, overview.range_title);
    let mut facts = json!(account);
    facts["svg"] = plot::stacked(&[("good", &account.good), ("bad", &account.bad)], &overview.known, &says).into();
    facts["switch"] = plot::switch(&account.breaker).into();
    facts
}

fn step_facts(step: &Step) -> Value {
    let told = |seconds: Option<f64>| seconds.map_or("more than 30 s".to_owned(), |seconds| format!("{seconds} s"));
    let says = format!("{}: half within {}, 99 of a hundred within {}", step.title, told(step.p50), told(step.p99));
    let mut facts = json!(step);
    facts["svg"] = plot::span(step.p50, step.p99, &says).into();
    facts["percent"] = format!("{:.0}", step.share * 100.0).into();
    facts
}

/// Moments at even distances: the first one where the axis begins, the last one at its end.
fn ticks(overview: &Overview) -> Vec<String> {
    let span = overview.per * i64::try_from(overview.known.len()).unwrap_or(0);
    let Ok(first) = overview.first.parse::<jiff::Timestamp>() else { return Vec::new() };
    let words = if overview.per >= 60 { "%a %H:%M" } else { "%H:%M" };
    (0..TICKS)
        .map(|at| {
            let minutes = span * i64::try_from(at).unwrap_or(0) / 4;
            let moment = first.checked_add(jiff::SignedDuration::from_mins(minutes)).unwrap_or(first);
            if at + 1 == TICKS { "now".to_owned() } else { moment.strftime(words).to_string() }
        })
        .collect()
}
