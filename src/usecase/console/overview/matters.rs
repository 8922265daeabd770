//! What wants attention.

use super::{Matter, Overview, ToCountry};

/// Most urgent first.
pub(super) fn of(overview: &Overview) -> Vec<Matter> {
    let mut matters = Vec::new();
    let mut say = |text: String, link: &str| matters.push(Matter { text, link: link.to_owned() });
    if !overview.stored {
        say("The store does not answer. What follows is what this process has counted in this minute.".to_owned(), "");
    }
    if let Some((at, why)) = &overview.held {
        say(
            format!("Nothing is sent since {at}: {why}. `redial notices resume` ends that."),
            "/console/notices?state=open",
        );
    }
    for account in &overview.accounts {
        match account.breaker.as_str() {
            "open" => say(format!("{} fails and is left alone.", account.name), "#accounts"),
            "half_open" => say(format!("{} failed, and is being tried again.", account.name), "#accounts"),
            _ => {}
        }
        let renewed = account.renews.as_ref().map(|at| format!("; it may again from {at}")).unwrap_or_default();
        if account.daily.is_some_and(|most| account.sent_today >= most) {
            say(format!("{} has sent as many messages today as it may{renewed}.", account.name), "#accounts");
        } else {
            for to in account.daily_to.iter().filter(|to| to.sent >= to.most) {
                let ToCountry { country, most, .. } = to;
                let what = format!("{} has sent all of its {most} messages to {country} today{renewed}.", account.name);
                say(what, "#accounts");
            }
        }
    }
    let unchanged: f64 = overview.unchanged.iter().map(|row| row.count).sum();
    if unchanged > 0.0 {
        let what = if unchanged > 1.0 { "communications" } else { "communication" };
        say(format!("{unchanged} {what} went on unchanged: Redial was slow or broken."), "#unchanged");
    }
    for row in overview.refused.iter().filter(|row| row.which == "harvest") {
        let what = if row.what == "api" { "An API key" } else { "An account" };
        say(format!("{what} asked for more moved numbers in a day than it may learn."), "#refused");
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
