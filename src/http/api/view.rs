//! What answers look like. Values stand in full: whoever may read an owner may read them.

use crate::{
    clock::Time,
    domain::{
        address::{Kind, mask},
        asleep::Cause,
        change::{
            Request, RequestState, Snapshot,
            hold::{By, Evidence, Why},
        },
        group::{Grant, Item, Told},
        history,
        id::{BookId, ContactId, GroupId, OwnerId, PointId, RequestId},
        owner::{Book, Change, Channel, Contact, Field, Group, Held, Owner, Point, Profile, Proof},
    },
    store::StoreError,
    usecase::{asleep::Sleeper, groups::WhenTold, wanted::Wanted},
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
    /// The time zone that the owner has chosen; absent: that of their numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<Box<str>>,
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
        let owner = &*history::visible(owner);
        Self {
            id: owner.id,
            version: owner.version,
            revision: owner.revision,
            claimed: owner.claimed,
            silenced: owner.silenced,
            language: owner.language.clone(),
            zone: owner.zone.clone(),
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
    /// Every value, oldest first; the present one alone while the owner is silenced.
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
    /// While it waits for a proof: when it expires. While it is held: when it takes effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due: Option<Time>,
    /// Why it is held as long as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<Why>,
    /// How often a word against it has delayed it.
    pub delays: u32,
    /// What was shown for it.
    pub proofs: Vec<ProofView>,
    /// Why it was ended without its owner's wish.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Box<str>>,
}

/// One thing that was shown.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProofView {
    /// The number or address, masked, to which a code was sent; `passkey` for one.
    pub by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
}

impl From<&Evidence> for ProofView {
    fn from(shown: &Evidence) -> Self {
        let by = match &shown.by {
            By::Code(key) => mask(key),
            By::Passkey => "passkey".to_owned(),
        };
        Self { by, at: shown.at }
    }
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
            due: request.due,
            why: request.course.why,
            delays: request.course.delays,
            proofs: request.course.evidence.iter().map(ProofView::from).collect(),
            ended: request.course.ended.clone(),
        }
    }
}

/// Stored JSON as it is; `null` where it is none, which only a damaged store can bring about.
pub(super) fn raw(text: &str) -> Box<RawValue> {
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
    /// When members are left alone, beside the operator's quiet hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quiet: Option<String>,
    /// Points whose value members may learn.
    #[schema(value_type = Vec<String>)]
    pub reveal: Vec<PointId>,
    /// Points to which members may be connected without learning the value.
    #[schema(value_type = Vec<String>)]
    pub forward: Vec<PointId>,
    /// Fields of the profile that members may learn.
    pub fields: Vec<Field>,
    /// Whether the owner's card goes to whoever is added to it, once.
    pub introduce: bool,
}

impl From<&Group> for GroupView {
    fn from(group: &Group) -> Self {
        let mut view = Self {
            id: group.id,
            book: group.book,
            name: group.name.clone(),
            told: group.told.clone(),
            channels: group.channels.clone(),
            quiet: group.quiet.map(|quiet| quiet.to_string()),
            reveal: Vec::new(),
            forward: Vec::new(),
            fields: Vec::new(),
            introduce: group.introduce,
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

/// An address through which no contact has rights until the owner confirms.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AsleepView {
    /// The address.
    pub address: String,
    /// The contacts that hold it; `…/contacts/{id}/confirm` wakes them.
    #[schema(value_type = Vec<String>)]
    pub contacts: Vec<ContactId>,
    /// `proved`: somebody else has proved it; `dead`: a report says so.
    pub because: Cause,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Time,
}

impl From<&Sleeper> for AsleepView {
    fn from(sleeper: &Sleeper) -> Self {
        let Sleeper { asleep, contacts } = sleeper;
        Self {
            address: asleep.address.wire().to_owned(),
            contacts: contacts.clone(),
            because: asleep.cause,
            since: asleep.since,
        }
    }
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
