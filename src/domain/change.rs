//! Requests for a change and what becomes of them (rules C2, C3, C6, C10, C11).

use super::id::{OwnerId, RequestId};
use crate::clock::Time;

/// A wanted change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Never changes.
    pub id: RequestId,
    /// Whose details are to change.
    pub owner: OwnerId,
    /// Where it stands.
    pub state: RequestState,
    /// What is wanted, as JSON in the form of the API.
    pub wanted: Box<str>,
    /// Who asked: an API key's id, or the owner.
    pub by: Box<str>,
    /// When it was made.
    pub created: Time,
    /// When it reached its last state.
    pub decided: Option<Time>,
}

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    /// The new value is not proved yet.
    AwaitingProof,
    /// Proved, and waiting so that it can be stopped.
    Held,
    /// Done; a change exists.
    Accepted,
    /// Stopped by the owner.
    Cancelled,
    /// Never proved.
    Expired,
}
