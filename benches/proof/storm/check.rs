//! What Redial says of each notice, against what the providers have seen.

use super::{api::V1, far_end::FarEnd, people::Owner};
use redial::clock::Time;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

/// A notice in Redial's words.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    pub(crate) id: String,
    /// `/v1/owners/own_…`.
    pub(crate) owner: String,
    pub(crate) recipient: String,
    pub(crate) state: String,
    pub(crate) reason: String,
    changed: Time,
}

/// All notices of these owners.
pub(crate) async fn notices(v1: &V1, owners: &[Owner]) -> Vec<Notice> {
    let mut found = Vec::new();
    for owner in owners {
        let mut next = Some(format!("{}/notices?limit=200", owner.path));
        while let Some(path) = next {
            let page = v1.read(&path).await;
            for item in page["items"].as_array().expect("a page has items") {
                let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
                found.push(Notice {
                    id: text("id"),
                    owner: owner.path.clone(),
                    recipient: text("recipient"),
                    state: text("state"),
                    reason: text("reason"),
                    changed: owner.changed.expect("every owner changed"),
                });
            }
            next = page["next"].as_str().map(ToOwned::to_owned);
        }
    }
    found
}

/// What the providers have seen of one notice.
#[derive(Clone, Copy, Debug, Default)]
struct Arrived {
    /// Messages to the person.
    times: u32,
    /// Requests for them.
    requests: u32,
    first: Option<Time>,
    provider: Option<&'static str>,
}

/// The result of one run.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Notices by provider, `none` where no message left, and state.
    pub(crate) counts: BTreeMap<(&'static str, String), usize>,
    /// Notices in all.
    pub(crate) notices: usize,
    /// Recipients without a notice; notices that Redial calls sent and nobody got; that it calls empty.
    pub(crate) lost: usize,
    /// More than one message to a person, by provider.
    pub(crate) doubled: BTreeMap<&'static str, usize>,
    /// Doubled although Redial knew that the message had been taken.
    pub(crate) repeated_blindly: usize,
    /// Redial does not know: and the person got it, or did not.
    pub(crate) unknown: (usize, usize),
    /// What should not be, in words.
    pub(crate) wrong: Vec<String>,
    /// From the change to the message, by provider.
    pub(crate) delays: BTreeMap<&'static str, Vec<Duration>>,
    /// Requests for messages.
    pub(crate) requests: u64,
}

/// Compares them, one by one. Where some may `wait` an open one that nobody got is right.
pub(crate) async fn compare(
    v1: &V1,
    owners: &[Owner],
    notices: &[Notice],
    far_ends: &[Arc<FarEnd>],
    wait: bool,
) -> Outcome {
    let mut arrived: HashMap<String, Arrived> = HashMap::new();
    let mut outcome = Outcome { notices: notices.len(), ..Outcome::default() };
    for far_end in far_ends {
        let seen = far_end.seen();
        if seen.mismatched > 0 {
            outcome.wrong.push(format!("{}: {} repeats with another body", far_end.name, seen.mismatched));
        }
        for (reference, message) in &seen.messages {
            // `ntc_…-` and a mark of address and text.
            let id = reference.rsplit_once('-').map_or(reference.as_str(), |(id, _)| id);
            let entry = arrived.entry(id.to_owned()).or_default();
            entry.requests += message.requests;
            entry.times += message.taken - message.refused;
            if let Some(first) = message.first {
                entry.first = Some(entry.first.map_or(first, |known| known.min(first)));
                // Where the network refused it, the one that carried it after all.
                if entry.provider.is_none() || message.taken > message.refused {
                    entry.provider = Some(far_end.name);
                }
            }
        }
    }
    for owner in owners {
        let told: BTreeSet<&str> =
            notices.iter().filter(|one| one.owner == owner.path).map(|one| one.recipient.as_str()).collect();
        outcome.lost += owner.contacts.saturating_sub(told.len());
    }
    let mut doubled = Vec::new();
    for notice in notices {
        let seen = arrived.remove(&notice.id).unwrap_or_default();
        outcome.requests += u64::from(seen.requests);
        let provider = seen.provider.unwrap_or("none");
        *outcome.counts.entry((provider, notice.state.clone())).or_default() += 1;
        match (notice.state.as_str(), seen.times) {
            ("sent", 0) | ("empty", _) => {
                outcome.lost += 1;
                outcome
                    .wrong
                    .push(format!("{} is {} ({}), {} messages", notice.id, notice.state, notice.reason, seen.times));
            }
            ("unknown", _) if provider == "asked" => {
                outcome.wrong.push(format!("{} is unknown ({}), and could be asked for", notice.id, notice.reason));
            }
            ("unknown", 0) => outcome.unknown.1 += 1,
            ("unknown", _) => outcome.unknown.0 += 1,
            ("sent", _) | ("dead" | "replayed", 0) => {}
            ("open", 0) if wait => {}
            (state, times) => {
                outcome.wrong.push(format!("{} is {state} ({}), {times} messages", notice.id, notice.reason));
            }
        }
        if seen.times > 1 {
            *outcome.doubled.entry(provider).or_default() += 1;
            doubled.push(notice);
        }
        if let Some(first) = seen.first {
            outcome.delays.entry(provider).or_default().push(first.since(notice.changed));
        }
    }
    for (id, seen) in arrived {
        outcome.wrong.push(format!("{id} is no notice, and had {} messages", seen.times));
    }
    for notice in doubled {
        if !truly_unknown(v1, notice).await {
            outcome.repeated_blindly += 1;
            outcome.wrong.push(format!("{} was repeated although an attempt was known to be sent", notice.id));
        }
    }
    outcome
}

/// Whether each attempt before the last one ended without anybody's knowing.
async fn truly_unknown(v1: &V1, notice: &Notice) -> bool {
    let shown = v1.read(&format!("{}/notices/{}", notice.owner, notice.id)).await;
    let tried = shown["tried"].as_array().expect("it was tried");
    tried.iter().rev().skip(1).all(|attempt| attempt["outcome"] != "sent")
}
