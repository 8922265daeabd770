//! How handing over one message ended (rule N3).

use crate::{
    clock::Time,
    domain::{notice::AttemptOutcome, said::masked},
};
use std::time::Duration;

/// How handing over one message ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Sent, try again, never, unknown.
    pub outcome: AttemptOutcome,
    /// The far end's id of the message.
    pub foreign_id: Option<Box<str>>,
    /// When the far end wants to be asked again.
    pub retry_after: Option<Duration>,
    /// What the far end said, shortened, numbers and addresses in it masked; shown to the operator, not logged.
    pub detail: Box<str>,
    /// The far end says that the address is dead.
    pub dead: bool,
    /// The far end says that nobody there wants messages.
    pub stopped: bool,
    /// Since when a device is gone, where the far end says so.
    pub gone_since: Option<Time>,
}

/// Longer words of the far end are cut.
const DETAIL_MOST: usize = 200;

impl Delivery {
    /// An outcome with what the far end said.
    pub fn new(outcome: AttemptOutcome, detail: &str) -> Self {
        let plain: String = detail.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        Self {
            outcome,
            foreign_id: None,
            retry_after: None,
            detail: masked(&plain).chars().take(DETAIL_MOST).collect::<String>().into(),
            dead: false,
            stopped: false,
            gone_since: None,
        }
    }
}
