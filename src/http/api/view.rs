//! What answers look like. Values stand in full: whoever may read an owner may read them.

use crate::{
    clock::Time,
    domain::{
        address::Kind,
        change::{Request, RequestState, Snapshot},
        group::{Grant, Item, Told},
        id::{AuditId, BookId, ContactId, GroupId, NoticeId, OwnerId, PointId, QueryId, RequestId, SubstitutionId},
        notice::{Attempt, AttemptOutcome, Notice, NoticeState, Recipient},
        owner::{Book, Change, Channel, Contact, Field, Group, Held, Owner, Point, Profile, Proof},
        query::Reason,
    },
    store::{Audit, OptOut, QueryRecord, StoreError, Substitution},
    usecase::{groups::WhenTold, wanted::Wanted},
};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Page<T> {
    /// In the list's order.
    pub items: Vec<T>,
    /// The path of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// All that there is.
    pub(super) fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}

/// An owner with all points.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OwnerView {
    /// Never changes.
    #[schema(value_type = String, example = "own_01jd8x0m6vq4sj5v2n3c7t9w0e")]
    pub id: OwnerId,
    /// Counts every write; what `If-Match` compares, as `"12"`.
    pub version: u64,
    /// Counts changes of points and profile.
    pub revision: u64,
    /// Whether a person stands behind it; an imported owner is unclaimed until somebody proves one of its values.
    pub claimed: bool,
    /// Whether forwarding, notices and history are off.
    pub silenced: bool,
    /// A language tag.
    pub language: Box<str>,
    /// The fields other than points.
    pub profile: Profile,
    /// Points that were not removed.
    pub points: Vec<PointView>,
    /// When it was registered.
    #[schema(value_type = String, format = DateTime)]
    pub created: Time,
}

impl From<&Owner> for OwnerView {
    fn from(owner: &Owner) -> Self {
        Self {
            id: owner.id,
            version: owner.version,
            revision: owner.revision,
            claimed: owner.claimed,
            silenced: owner.silenced,
            language: owner.language.clone(),
            profile: owner.profile.clone(),
            points: owner.points.iter().filter(|point| point.removed.is_none()).map(PointView::from).collect(),
            created: owner.created,
        }
    }
}

/// A point with every value that it has had.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PointView {
    /// Never changes.
    #[schema(value_type = String)]
    pub id: PointId,
    /// Phone or e-mail.
    pub kind: Kind,
    /// The owner's own word.
    pub label: Box<str>,
    /// The present value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// When the owner removed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub removed: Option<Time>,
    /// Every value, oldest first.
    pub history: Vec<HeldView>,
}

impl From<&Point> for PointView {
    fn from(point: &Point) -> Self {
        Self {
            id: point.id,
            kind: point.kind,
            label: point.label.clone(),
            value: point.current().map(|held| held.address.wire().to_owned()),
            removed: point.removed,
            history: point.values.iter().map(HeldView::from).collect(),
        }
    }
}

/// One value of a point.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HeldView {
    /// A number or address as it is sent.
    pub value: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub from: Time,
    /// Until when; absent while it is the present value.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Time>,
    /// `none`, `code`, `vouched` or `imported`.
    pub proof: &'static str,
    /// When it was proved last; the windows of a former value count from here.
    #[schema(value_type = String, format = DateTime)]
    pub proved: Time,
}

impl From<&Held> for HeldView {
    fn from(held: &Held) -> Self {
        let proof = match held.proof {
            Proof::None => "none",
            Proof::Code => "code",
            Proof::Vouched(_) => "vouched",
            Proof::Imported(_) => "imported",
        };
        let value = held.address.wire().to_owned();
        Self { value, from: held.from, until: held.until, proof, proved: held.proved }
    }
}

/// A wanted change.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RequestView {
    /// Never changes.
    #[schema(value_type = String)]
    pub id: RequestId,
    /// Where it stands.
    pub state: RequestState,
    /// What is wanted.
    #[schema(value_type = Wanted)]
    pub wanted: Box<RawValue>,
    /// Who asked.
    pub by: Box<str>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created: Time,
    /// When it was accepted, cancelled or expired.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub decided: Option<Time>,
}

impl From<&Request> for RequestView {
    fn from(request: &Request) -> Self {
        Self {
            id: request.id,
            state: request.state,
            wanted: raw(&request.wanted),
            by: request.by.clone(),
            created: request.created,
            decided: request.decided,
        }
    }
}

/// Stored JSON as it is; `null` where it is none, which only a damaged store can bring about.
fn raw(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).unwrap_or_else(|error| {
        tracing::error!(%error, "stored JSON cannot be read");
        RawValue::NULL.to_owned()
    })
}

/// A request and the owner after it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DecidedView {
    /// The request.
    pub request: RequestView,
    /// The owner; changed where the request was accepted.
    pub owner: OwnerView,
}

/// One accepted change.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ChangeView {
    /// The revision that it made.
    pub revision: u64,
    /// When it took effect.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
    /// The request that was accepted.
    #[schema(value_type = String)]
    pub request: RequestId,
    /// Language tag as it then was.
    pub language: Box<str>,
    /// Fields as they then were.
    pub profile: Profile,
    /// Points as they then were.
    pub points: Vec<PointThen>,
}

/// A point at one revision.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PointThen {
    /// Which.
    #[schema(value_type = String)]
    pub id: PointId,
    /// Phone or e-mail.
    pub kind: Kind,
    /// The owner's own word.
    pub label: Box<str>,
    /// Its value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Box<str>>,
}

impl TryFrom<&Change> for ChangeView {
    type Error = StoreError;
    fn try_from(change: &Change) -> Result<Self, StoreError> {
        let snapshot: Snapshot = serde_json::from_str(&change.snapshot)
            .map_err(|error| StoreError::Damaged(format!("a change's snapshot: {error}").into()))?;
        let points = snapshot.points.into_iter().map(|point| PointThen {
            id: point.id,
            kind: point.kind,
            label: point.label,
            value: point.value.map(|(_, wire)| wire),
        });
        Ok(Self {
            revision: change.revision,
            at: change.at,
            request: change.request,
            language: snapshot.language,
            profile: snapshot.profile,
            points: points.collect(),
        })
    }
}

/// An address book.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BookView {
    /// Never changes.
    #[schema(value_type = String)]
    pub id: BookId,
    /// The owner's own word for it.
    pub name: Box<str>,
    /// The group that new contacts join.
    #[schema(value_type = Option<String>)]
    pub default_group: Option<GroupId>,
}

impl From<&Book> for BookView {
    fn from(book: &Book) -> Self {
        Self { id: book.id, name: book.name.clone(), default_group: book.default_group }
    }
}

/// A group with its grants.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GroupView {
    /// Never changes.
    #[schema(value_type = String)]
    pub id: GroupId,
    /// The book that it is in.
    #[schema(value_type = String)]
    pub book: BookId,
    /// The owner's own word for it.
    pub name: Box<str>,
    /// When members are told.
    #[schema(value_type = WhenTold)]
    pub told: Told,
    /// Channels in the order in which they are tried; empty for push, SMS, e-mail.
    pub channels: Vec<Channel>,
    /// Points whose value members may learn.
    #[schema(value_type = Vec<String>)]
    pub reveal: Vec<PointId>,
    /// Points to which members may be connected without learning the value.
    #[schema(value_type = Vec<String>)]
    pub forward: Vec<PointId>,
    /// Fields of the profile that members may learn.
    pub fields: Vec<Field>,
}

impl From<&Group> for GroupView {
    fn from(group: &Group) -> Self {
        let mut view = Self {
            id: group.id,
            book: group.book,
            name: group.name.clone(),
            told: group.told.clone(),
            channels: group.channels.clone(),
            reveal: Vec::new(),
            forward: Vec::new(),
            fields: Vec::new(),
        };
        for grant in &group.grants {
            match *grant {
                Grant::Forward(point) => view.forward.push(point),
                Grant::Reveal(Item::Point(point)) => view.reveal.push(point),
                Grant::Reveal(Item::Field(field)) => view.fields.push(field),
            }
        }
        view
    }
}

/// A contact. The vCard itself is the answer where `Accept` asks for `text/vcard`.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ContactView {
    /// Never changes.
    #[schema(value_type = String)]
    pub id: ContactId,
    /// The book that it is in.
    #[schema(value_type = String)]
    pub book: BookId,
    /// The vCard's UID.
    pub uid: Box<str>,
    /// Counts edits; what `If-Match` compares.
    pub version: u64,
    /// The name shown.
    pub name: Box<str>,
    /// Addresses in the card that could be read.
    pub addresses: Vec<String>,
    /// Whether name and address match a registered owner; which one is not said.
    pub linked: bool,
    /// The language in which this contact is written to, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<Box<str>>,
}

impl From<&Contact> for ContactView {
    fn from(contact: &Contact) -> Self {
        Self {
            id: contact.id,
            book: contact.book,
            uid: contact.uid.clone(),
            version: contact.version,
            name: contact.name.clone(),
            addresses: contact.addresses.iter().map(|address| address.wire().to_owned()).collect(),
            linked: contact.linked.is_some(),
            language: contact.language.clone(),
        }
    }
}

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
            reason: notice.reason.clone(),
            due: notice.due,
            attempts: notice.attempts,
            settled: notice.settled,
            tried: None,
        }
    }
}

impl NoticeView {
    /// With its attempts.
    pub(super) fn with(notice: &Notice, attempts: &[Attempt]) -> Self {
        Self { tried: Some(attempts.iter().map(AttemptView::from).collect()), ..Self::from(notice) }
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
}

impl From<&Attempt> for AttemptView {
    fn from(attempt: &Attempt) -> Self {
        Self {
            number: attempt.number,
            account: attempt.account.clone(),
            channel: attempt.channel,
            address: attempt.address.wire().to_owned(),
            at: attempt.at,
            outcome: attempt.outcome,
            detail: attempt.detail.clone(),
        }
    }
}

/// A query that met an owner.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct QueryView {
    /// Never changes.
    #[schema(value_type = String)]
    pub id: QueryId,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
    /// Which way in, and the account or key.
    pub way: Box<str>,
    /// The address asked for.
    pub asked: String,
    /// Who asked; absent where they were refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub viewer: Option<Box<str>>,
    /// Which rule decided.
    pub because: Reason,
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
            asked: record.asked.wire().to_owned(),
            viewer: (!record.viewer.is_empty()).then(|| record.viewer.clone()),
            because: record.because,
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
