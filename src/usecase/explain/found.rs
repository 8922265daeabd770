//! What is known of an id in names and values, for operators: numbers and addresses masked.

use super::{Explained, fate, sentence};
use crate::domain::{
    notice::{AttemptOutcome, Recipient, Reported},
    said::masked,
};
use crate::usecase::card_page::WAY;
use serde::Serialize;

/// An attempt of a notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Try {
    /// Counted from 1.
    pub number: u32,
    /// When it began.
    pub at: String,
    /// By which channel, over which account, to which masked address.
    pub way: String,
    /// `sent`, `never`, `again`, `unknown`, `under_way`.
    pub ended: &'static str,
    /// What the far end said.
    pub detail: String,
    /// What its reports say, in a word.
    pub reported: Option<&'static str>,
}

/// What is known of an id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Found {
    /// In words.
    pub facts: Vec<(&'static str, String)>,
    /// Attempts of a notice, first one first.
    pub tried: Vec<Try>,
}

/// The same for an operator.
pub fn found(explained: &Explained) -> Found {
    let mut found = Found::default();
    let (query, substitution) = match explained {
        Explained::Query(record, substitution) => (Some(record), substitution.as_ref()),
        Explained::Substitution(substitution, record) => (record.as_ref(), Some(substitution)),
        Explained::Unrecorded(id) => {
            let words = "not recorded: no owner's former address was involved, so it was only counted";
            found.facts.push(("query", format!("{id}: {words}")));
            (None, None)
        }
        Explained::Passed(passed, again) => {
            found.facts = vec![
                ("message", passed.id.to_string()),
                ("at", passed.at.to_string()),
                ("account", passed.account.to_string()),
                ("used", passed.used.to_string()),
                ("provider's id", passed.foreign_id.as_deref().unwrap_or("not known yet").to_owned()),
                ("rule", format!("Q6: {}", fate(&passed.fate))),
            ];
            (None, again.as_ref())
        }
        Explained::Notice(notice, attempts) => {
            found.facts = vec![
                ("notice", notice.id.to_string()),
                ("about", notice.owner.to_string()),
                (
                    "for",
                    match notice.recipient {
                        Recipient::Owner(id) => id.to_string(),
                        Recipient::Contact(id) => id.to_string(),
                    },
                ),
                ("state", notice.state.word().to_owned()),
                ("reason", notice.why()),
                ("first change", notice.first.to_string()),
                ("due", notice.due.to_string()),
            ];
            found.tried = attempts
                .iter()
                .map(|attempt| Try {
                    number: attempt.number,
                    at: attempt.at.to_string(),
                    way: format!("{:?} over {} to {}", attempt.channel, attempt.account, attempt.address),
                    ended: match attempt.outcome {
                        None => "under_way",
                        Some(AttemptOutcome::Sent) => "sent",
                        Some(AttemptOutcome::Never) => "never",
                        Some(AttemptOutcome::TryAgain) => "again",
                        Some(AttemptOutcome::Unknown) => "unknown",
                    },
                    detail: attempt.said(),
                    reported: attempt.reported.map(Reported::word),
                })
                .collect();
            (None, None)
        }
    };
    if let Some(record) = query {
        let (rule, sentence) = sentence(record.because);
        let groups: Vec<String> = record.groups.iter().map(ToString::to_string).collect();
        found.facts.extend([
            ("query", record.id.to_string()),
            ("at", record.at.to_string()),
            ("way", record.way.to_string()),
            ("asked for", record.asked.as_ref().map(ToString::to_string).unwrap_or_default()),
            ("owner", format!("{}, revision {}", record.owner, record.revision)),
            ("rule", format!("{rule}: {sentence}")),
            (if *record.way == *WAY { "what" } else { "since" }, masked(&record.detail)),
            ("connected", if record.connected { "elsewhere" } else { "unchanged" }.to_owned()),
            ("told", if record.told { "yes" } else { "nothing" }.to_owned()),
            ("by groups", groups.join(", ")),
        ]);
    }
    if let Some(substitution) = substitution {
        let foreign = substitution.foreign_id.as_deref().unwrap_or("not known yet");
        found.facts.extend([
            ("substitution", substitution.id.to_string()),
            ("at", substitution.at.to_string()),
            ("what", format!("{} over account {}", substitution.channel, substitution.account)),
            ("used", substitution.used.to_string()),
            ("connected to", substitution.connected.to_string()),
            ("provider's id", foreign.to_owned()),
        ]);
    }
    found.facts.retain(|(_, value)| !value.is_empty());
    found
}
