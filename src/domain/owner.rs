//! Owners, their points and profile, books, groups and contacts, as they are stored.

use super::{
    address::{Address, Kind},
    group::{Grant, Member, Told},
    id::{AppId, BookId, ContactId, GroupId, OwnerId, PointId, RequestId},
    name::NameKey,
    schedule::{self, Hours},
};
use crate::clock::Time;
use jiff::tz::TimeZone;

/// A registered person or organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Never changes.
    pub id: OwnerId,
    /// Counts every write to anything of this owner; what optimistic concurrency compares.
    pub version: u64,
    /// Counts accepted changes of points and profile.
    pub revision: u64,
    /// Whether a person stands behind it. An imported move makes an unclaimed owner (rule C10).
    pub claimed: bool,
    /// Panic: forwarding, notices and history are off (rule C7).
    pub silenced: bool,
    /// A language tag such as `en` or `zh`.
    pub language: Box<str>,
    /// The time zone that the owner has chosen, such as `Europe/Berlin`; without one their numbers tell it.
    pub zone: Option<Box<str>>,
    /// The fields other than points.
    pub profile: Profile,
    /// Phone numbers and e-mail addresses, removed ones too, in the owner's order.
    pub points: Vec<Point>,
    /// When it was registered.
    pub created: Time,
}

impl Owner {
    /// The zone in which the owner reads times: the one that they have chosen, else that of their numbers where it is known.
    pub fn clock(&self, now: Time) -> Option<TimeZone> {
        let chosen = self.zone.as_deref().and_then(schedule::zone);
        let held = || self.points.iter().filter_map(Point::current).map(|held| &held.address);
        chosen.or_else(|| schedule::shared_zone(held(), now))
    }
}

/// The fields other than points (vCard properties). Empty texts and lists are absent fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Profile {
    /// The name as it is shown (FN).
    pub name: String,
    /// Given name.
    pub given: String,
    /// Family name.
    pub family: String,
    /// Middle names.
    pub additional: String,
    /// Dr, Mr …
    pub prefix: String,
    /// Jr, Esq …
    pub suffix: String,
    /// Nicknames.
    pub nicknames: Vec<String>,
    /// Company and units.
    pub organisation: String,
    /// Job title.
    pub title: String,
    /// Occupation.
    pub role: String,
    /// `YYYY-MM-DD` or `--MM-DD`.
    pub birthday: String,
    /// Web addresses.
    pub urls: Vec<String>,
    /// Instant messaging addresses, as URIs.
    pub impp: Vec<String>,
    /// Postal addresses, one line each.
    pub postal: Vec<String>,
    /// Free text.
    pub note: String,
    /// A `data:` URI of at most 64 KiB.
    pub photo: String,
}

/// A part of the profile that a grant can name.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Field {
    /// Family, given and further names; the shown name goes with any right.
    Name = 1,
    /// Nicknames.
    Nickname = 2,
    /// Company and units.
    Organisation = 3,
    /// Job title.
    Title = 4,
    /// Occupation.
    Role = 5,
    /// Birthday.
    Birthday = 6,
    /// Web addresses.
    Url = 7,
    /// Instant messaging addresses.
    Impp = 8,
    /// Postal addresses.
    Postal = 9,
    /// Free text.
    Note = 10,
    /// Picture.
    Photo = 11,
}

impl Field {
    /// Every field, in the order of a card.
    pub const ALL: [Field; 11] = [
        Field::Name,
        Field::Nickname,
        Field::Organisation,
        Field::Title,
        Field::Role,
        Field::Birthday,
        Field::Url,
        Field::Impp,
        Field::Postal,
        Field::Note,
        Field::Photo,
    ];

    /// As stored.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// From what is stored.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.code() == code)
    }
}

/// A way to reach an owner that can be proved. Its id never changes, its value does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// Never changes.
    pub id: PointId,
    /// Phone or e-mail.
    pub kind: Kind,
    /// `mobile`, `work` …: the owner's own word.
    pub label: Box<str>,
    /// When the owner removed it; a removed point forwards nowhere (rule C11).
    pub removed: Option<Time>,
    /// Every value it has had, oldest first; at most one has no `until`.
    pub values: Vec<Held>,
}

impl Point {
    /// The present value, if it has one.
    pub fn current(&self) -> Option<&Held> {
        self.values.iter().find(|held| held.until.is_none()).filter(|_| self.removed.is_none())
    }
}

/// One value of a point and how long it was held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The number or address.
    pub address: Address,
    /// Since when.
    pub from: Time,
    /// Until when; `None` while it is the present value.
    pub until: Option<Time>,
    /// How it was proved.
    pub proof: Proof,
    /// From when the windows of rule Q3 count once it is former: the last proof of this very value, or the import's
    /// word for when it was left.
    pub proved: Time,
}

/// Why a value is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Nobody has shown anything.
    None,
    /// A code sent there came back.
    Code,
    /// A key with `vouch` stated it; a later code beats it (rule C1).
    Vouched(AppId),
    /// An operator's import from a named source (rule C10).
    Imported(Box<str>),
}

/// An owner's address book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    /// Never changes.
    pub id: BookId,
    /// Whose it is.
    pub owner: OwnerId,
    /// The owner's own word for it.
    pub name: Box<str>,
    /// The group that new contacts join, if any.
    pub default_group: Option<GroupId>,
}

/// Members of a book, what they are granted, and how they are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Never changes.
    pub id: GroupId,
    /// The book that it is in.
    pub book: BookId,
    /// Whose it is.
    pub owner: OwnerId,
    /// The owner's own word for it.
    pub name: Box<str>,
    /// When members are told (rule N1).
    pub told: Told,
    /// Channels in the order in which they are tried; empty for the usual order (rule N3).
    pub channels: Vec<Channel>,
    /// When members are left alone, beside the hours that hold for everybody (rule N7).
    pub quiet: Option<Hours>,
    /// What members may do.
    pub grants: Vec<Grant>,
    /// Whether the owner's card goes to whoever they add to it (rule E1).
    pub introduce: bool,
}

/// A way of delivering a notice.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A push message.
    Push,
    /// A text message.
    Sms,
    /// E-mail.
    Email,
}

/// An entry in a book. The vCard's bytes are the truth, all else is derived from them.
#[derive(Clone, PartialEq, Eq)]
pub struct Contact {
    /// Never changes.
    pub id: ContactId,
    /// The book that it is in.
    pub book: BookId,
    /// Whose it is.
    pub owner: OwnerId,
    /// The vCard's UID; unique in its book.
    pub uid: Box<str>,
    /// Counts edits of this contact.
    pub version: u64,
    /// Exactly as received.
    pub card: Vec<u8>,
    /// The name shown (FN).
    pub name: Box<str>,
    /// Keys of the names in the card.
    pub names: Vec<NameKey>,
    /// Addresses in the card that could be read, in its order.
    pub addresses: Vec<Address>,
    /// The owner that name and address match (rule Q2); grants then follow the owner and not the number.
    pub linked: Option<OwnerId>,
    /// The language in which this contact is written to, where it is known.
    pub language: Option<Box<str>>,
}

impl std::fmt::Debug for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Contact").field("id", &self.id).field("version", &self.version).finish_non_exhaustive()
    }
}

/// One membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The group.
    pub group: GroupId,
    /// Who is in it.
    pub member: Member,
}

/// One accepted change: revision N-1 to N of points and profile. Append-only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Whose.
    pub owner: OwnerId,
    /// The revision that it made.
    pub revision: u64,
    /// When it took effect.
    pub at: Time,
    /// The request that was accepted.
    pub request: RequestId,
    /// Points and profile as they then were, as JSON.
    pub snapshot: Box<str>,
}
