//! What answers about the past look like: notices, queries, substitutions, the trail, opt-outs.

use super::view::raw;
use crate::{
    clock::Time,
    domain::{
        id::{AuditId, GroupId, NoticeId, OwnerId, PassedId, QueryId, SubstitutionId},
        notice::{Attempt, AttemptOutcome, Notice, NoticeState, Recipient, Reported, Standing, standing},
        owner::Channel,
        query::Reason,
    },
    store::{Audit, OptOut, Passed, QueryRecord, Substitution},
    usecase::Rules,
};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// A notice with its attempts, where one notice was asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NoticeView {
    /// Never changes.
    #[schema(value_type = String)]
    pub id: NoticeId,
    /// `own_…` or `con_…`.
    pub recipient: String,
    /// Where it stands.
    pub state: NoticeState,
    /// Why, for a reader.
    pub reason: Box<str>,
    /// When it is to be sent, or tried again.
    #[schema(value_type = String, format = DateTime)]
    pub due: Time,
    /// How many attempts were made.
    pub attempts: u32,
    /// When it reached its final state.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub settled: Option<Time>,
    /// Each attempt, first one first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tried: Option<Vec<AttemptView>>,
}

impl From<&Notice> for NoticeView {
    fn from(notice: &Notice) -> Self {
        let recipient = match notice.recipient {
            Recipient::Owner(id) => id.to_string(),
            Recipient::Contact(id) => id.to_string(),
        };
        Self {
            id: notice.id,
            recipient,
            state: notice.state,
            reason: notice.why().into(),
            due: notice.due,
            attempts: notice.attempts,
            settled: notice.settled,
            tried: None,
        }
    }
}

impl NoticeView {
    /// With its attempts.
    pub(super) fn with(notice: &Notice, attempts: &[Attempt], rules: &Rules, now: Time) -> Self {
        let tried = attempts.iter().map(|attempt| AttemptView::of(attempt, rules, now)).collect();
        Self { tried: Some(tried), ..Self::from(notice) }
    }
}

/// One try at one address over one account.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AttemptView {
    /// Counts from 1.
    pub number: u32,
    /// The account.
    pub account: Box<str>,
    /// How.
    pub channel: Channel,
    /// Where to.
    pub address: String,
    /// When the request left.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
    /// How it ended; absent while it is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<AttemptOutcome>,
    /// What the far end said, shortened.
    pub detail: Box<str>,
    /// What the provider's reports say of it since, the furthest of them; absent where none came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reported: Option<Reported>,
    /// Where it stands, replies and reports taken together; `unknown` where no report came in the account's time.
    pub standing: Standing,
}

impl AttemptView {
    fn of(attempt: &Attempt, rules: &Rules, now: Time) -> Self {
        Self {
            number: attempt.number,
            account: attempt.account.clone(),
            channel: attempt.channel,
            address: attempt.address.wire().to_owned(),
            at: attempt.at,
            outcome: attempt.outcome,
            detail: attempt.said().into(),
            reported: attempt.reported,
            standing: standing(attempt, rules.reports_within(&attempt.account), now),
        }
    }
}

/// A query that met an owner, or a recipient's link that was used.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct QueryView {
    /// Never changes.
    #[schema(value_type = String)]
    pub id: QueryId,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
    /// Which way in, and the account or key; `card` for a recipient's link.
    pub way: Box<str>,
    /// The address asked for; absent where it was for the card.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<String>,
    /// Who asked; absent where they were refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub viewer: Option<Box<str>>,
    /// Which rule decided.
    pub because: Reason,
    /// What made it decide, where there are several such things; of a card, what was done and which entries it showed.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub detail: Box<str>,
    /// Whether the new value was told.
    pub told: bool,
    /// Whether the communication was connected elsewhere.
    pub connected: bool,
    /// The owner's revision.
    pub revision: u64,
    /// The groups that gave the right.
    #[schema(value_type = Vec<String>)]
    pub groups: Vec<GroupId>,
}

impl From<&QueryRecord> for QueryView {
    fn from(record: &QueryRecord) -> Self {
        Self {
            id: record.id,
            at: record.at,
            way: record.way.clone(),
            asked: record.asked.as_ref().map(|asked| asked.wire().to_owned()),
            viewer: (!record.viewer.is_empty()).then(|| record.viewer.clone()),
            because: record.because,
            detail: record.detail.clone(),
            told: record.told,
            connected: record.connected,
            revision: record.revision,
            groups: record.groups.clone(),
        }
    }
}

/// A communication that went elsewhere.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SubstitutionView {
    /// Never changes.
    #[schema(value_type = String)]
    pub id: SubstitutionId,
    /// The account.
    pub account: Box<str>,
    /// `call` or `message`.
    pub channel: Box<str>,
    /// Whose number.
    #[schema(value_type = String)]
    pub owner: OwnerId,
    /// The number that the sender used.
    pub used: String,
    /// The number that was connected.
    pub connected: String,
    /// The provider's id of it, once known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foreign_id: Option<Box<str>>,
    /// The query that decided it.
    #[schema(value_type = String)]
    pub query: QueryId,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
}

/// A message of a sender that went on unchanged.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PassedView {
    /// Never changes.
    #[schema(value_type = String)]
    pub id: PassedId,
    /// The account.
    pub account: Box<str>,
    /// The number that the sender used.
    pub used: String,
    /// The provider's id of it, once known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foreign_id: Option<Box<str>>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
}

impl From<&Passed> for PassedView {
    fn from(found: &Passed) -> Self {
        Self {
            id: found.id,
            account: found.account.clone(),
            used: found.used.wire().to_owned(),
            foreign_id: found.foreign_id.clone(),
            at: found.at,
        }
    }
}

impl From<&Substitution> for SubstitutionView {
    fn from(found: &Substitution) -> Self {
        Self {
            id: found.id,
            account: found.account.clone(),
            channel: found.channel.clone(),
            owner: found.owner,
            used: found.used.wire().to_owned(),
            connected: found.connected.wire().to_owned(),
            foreign_id: found.foreign_id.clone(),
            query: found.query,
            at: found.at,
        }
    }
}

/// A line of an owner's audit trail.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AuditView {
    /// Never changes.
    #[schema(value_type = String)]
    pub id: AuditId,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
    /// Who did it.
    pub by: Box<str>,
    /// What was done.
    pub what: Box<str>,
    /// With what; numbers in it are masked.
    #[schema(value_type = Object)]
    pub detail: Box<RawValue>,
}

impl From<&Audit> for AuditView {
    fn from(audit: &Audit) -> Self {
        Self { id: audit.id, at: audit.at, by: audit.by.clone(), what: audit.what.clone(), detail: raw(&audit.detail) }
    }
}

/// An address that takes no more messages.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OptOutView {
    /// The address.
    pub address: String,
    /// From whom; absent: from everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub owner: Option<OwnerId>,
    /// When it was said.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
    /// How it was said.
    pub way: Box<str>,
}

impl From<&OptOut> for OptOutView {
    fn from(said: &OptOut) -> Self {
        let address = said.address.wire().to_owned();
        Self { address, owner: said.owner, at: said.at, way: said.way.clone() }
    }
}
