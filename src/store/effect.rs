//! One atomic write: the versions that it was decided on, and the facts that it makes.

use super::{
    Admitted, ApiKey, Audit, Exchanged, Fanout, Figures, Memory, OfDevice, OfErasure, Once, OptOut, Passing, Posted,
    QueryRecord, Returned, Substitution, TrailLine,
};
use crate::{
    clock::Time,
    domain::{
        asleep::Asleep,
        change::Request,
        id::{BookId, ContactId, FanoutId, GroupId, NoticeId, OwnerId, PointId, SubstitutionId},
        imported::Moved,
        name::NameKey,
        notice::{Attempt, AttemptOutcome, Notice, NoticeState, Recipient, Shown},
        owner::{Book, Change, Contact, Group, Held, Membership, Owner, Point, Profile, Proof},
    },
};

/// One atomic write.
#[derive(Clone, Debug, Default)]
pub struct Commit {
    /// Owners whose version must still be this; each is raised by one. A new owner is not listed.
    pub expect: Vec<(OwnerId, u64)>,
    /// The API request that this answers, kept with its answer so that a repeat meets it.
    pub once: Option<Once>,
    /// What is written, in this order.
    pub effects: Vec<Effect>,
}

impl Commit {
    /// Whether it leaves something that a worker is to do, at once or later.
    pub(super) fn leaves_work(&self) -> bool {
        self.effects.iter().any(|effect| match effect {
            Effect::FanoutDue(_)
            | Effect::LinkingDue { .. }
            | Effect::NoticeDue(_)
            | Effect::Posted(Posted::Due(_))
            | Effect::Returned(Returned::Reopened { .. }) => true,
            Effect::RequestSet(request) => request.due.is_some(),
            _ => false,
        })
    }
}

/// One row-level fact to write.
///
/// An effect that changes a row which is not there, or adds one which is, fails with [`StoreError::Conflict`](super::StoreError::Conflict), unless it
/// says otherwise; removing what is not there changes nothing.
#[derive(Clone, Debug)]
pub enum Effect {
    /// A new owner; its points and their values are written too. Version and revision as given.
    OwnerAdded(Owner),
    /// New owners with all that [`Moved`] stands for, and a line of each one's audit trail: as if each part were an effect
    /// of its own, but fast. Fails with `Conflict` where one of the numbers is, or was, a value of anybody's, or two of
    /// these have one in common.
    OwnersImported(Vec<Moved>),
    /// Language, profile, claimed, silenced, revision of a known owner; not points.
    OwnerSet {
        /// Which.
        id: OwnerId,
        /// Language tag.
        language: Box<str>,
        /// All fields.
        profile: Profile,
        /// Whether a person stands behind it.
        claimed: bool,
        /// Panic.
        silenced: bool,
        /// The revision now.
        revision: u64,
    },
    /// The time zone that a known owner has chosen; none: that of their numbers.
    ZoneSet(OwnerId, Option<Box<str>>),
    /// All name keys of an owner; replaces what was there.
    NamesSet(OwnerId, Vec<NameKey>),
    /// A point is new, or its label or removal changed. Its values are not touched.
    PointSet(OwnerId, Point),
    /// A point has a new value. Fails with [`StoreError::Taken`](super::StoreError::Taken) where it is believed (any proof but [`Proof::None`]) and
    /// another point has it as its believed present value; with `Conflict` where this point has a present value.
    ValueHeld(OwnerId, PointId, Held),
    /// The present value of a point is present no more.
    ValueLeft(OwnerId, PointId, Time),
    /// The newest value of the point with this key is believed for another reason, or since another moment, or no more:
    /// a repeated proof, a better one, or somebody else's (rules C1, C9, Q3). Fails with [`StoreError::Taken`](super::StoreError::Taken) as
    /// [`Effect::ValueHeld`] does.
    ValueProved {
        /// Whose.
        owner: OwnerId,
        /// At which point.
        point: PointId,
        /// The value's key.
        key: Box<str>,
        /// Why it is believed now.
        proof: Proof,
        /// When it was proved last.
        at: Time,
    },
    /// One more revision.
    Changed(Change),
    /// A request is new or has another state.
    RequestSet(Request),
    /// A book is new or has another name or default group.
    BookSet(Book),
    /// A book, its groups, contacts and memberships are gone.
    BookRemoved(OwnerId, BookId),
    /// A group is new or changed, its grants with it.
    GroupSet(Group),
    /// A group, its grants and memberships are gone.
    GroupRemoved(OwnerId, GroupId),
    /// A contact is new or changed, its derived rows with it: addresses, name keys, link, and its identities in the
    /// audience of every group that it is in. Fails with `Conflict` where the book has its UID under another id.
    ContactSet(Contact),
    /// A contact and its memberships are gone.
    ContactRemoved(OwnerId, ContactId),
    /// A member joins a group; already being in it changes nothing. Fails with `Conflict` where group or contact is gone.
    MemberAdded(OwnerId, Membership),
    /// A member leaves a group.
    MemberRemoved(OwnerId, Membership),
    /// An identity key is denied everything by this owner.
    Blocked(OwnerId, Box<str>),
    /// And no longer.
    Unblocked(OwnerId, Box<str>),
    /// Something is to be told (rule N2).
    FanoutDue(Fanout),
    /// A page of a fan-out has been expanded; `None`: it is done, and gone. Its claim ends, so that anybody may take the
    /// next page at once.
    FanoutMoved(FanoutId, Option<Recipient>),
    /// Contacts that hold what this owner has proved are to be looked through for links (rule Q2), from the first one
    /// on, whether or not that is under way.
    LinkingDue {
        /// Whose addresses and names.
        owner: OwnerId,
        /// When the cause took effect; a microsecond after the present one's where it is not later.
        at: Time,
    },
    /// A page of a linking has been looked through; `None`: it is done, and gone. Its claim ends. Changes nothing where
    /// it began anew since.
    LinkingMoved {
        /// Whose addresses and names.
        owner: OwnerId,
        /// The `at` that it had when it was claimed.
        seen: Time,
        /// The last contact of the page.
        cursor: Option<(OwnerId, ContactId)>,
    },
    /// The open notice of this pair, or a new one. Where one is open its `due` and `since` become the given ones, the rest stays,
    /// a claim on it too; where it is claimed and the given one is not later, a microsecond later, so that the claimant
    /// sees that something came.
    NoticeDue(Notice),
    /// Ends or postpones a claimed notice, and ends the claim. Fails with `Conflict` where the fence is not the present
    /// one. Where the notice's `due` is no longer `seen`, something else came to be told while it was under way: it
    /// then is `Open` with the `due` that it has, whatever is given here; where the given state was not `Open`, its
    /// attempts become 0 and its `first` the store's time.
    NoticeSet {
        /// Which.
        id: NoticeId,
        /// The claim's token.
        fence: u64,
        /// The `due` that the notice had when it was claimed.
        seen: Time,
        /// The new state; `Open` releases the claim until `due`.
        state: NoticeState,
        /// When to try again, where it stays open.
        due: Time,
        /// Attempts so far.
        attempts: u32,
        /// For a reader.
        reason: Box<str>,
    },
    /// A notice in the state `from` gets another one without a claim: a receipt for an unknown one, a replay of a dead
    /// one. Fails with `Conflict` where it is in no such state.
    NoticeMarked {
        /// Which.
        id: NoticeId,
        /// The state that it must have.
        from: NoticeState,
        /// The new state; not `Open`, for which there is [`Effect::NoticeDue`].
        state: NoticeState,
        /// For a reader.
        reason: Box<str>,
    },
    /// An attempt begins: written before the request leaves. Fails with `Conflict` where the fence is not the present
    /// one of the attempt's notice, and where another attempt about the same owner to the same address key has no
    /// outcome yet (a partial unique index), so that one address is told by one notice at a time.
    AttemptBegun {
        /// The attempt.
        attempt: Attempt,
        /// The claim's token.
        fence: u64,
    },
    /// An attempt ended.
    AttemptEnded {
        /// The notice.
        notice: NoticeId,
        /// Which attempt.
        number: u32,
        /// How.
        outcome: AttemptOutcome,
        /// The provider's id.
        foreign_id: Option<Box<str>>,
        /// What the far end said, shortened.
        detail: Box<str>,
    },
    /// The ledger's row for a pair becomes this.
    ShownTo(Shown),
    /// A communication is about to be sent elsewhere (rule Q10).
    Substituted(Substitution),
    /// The provider's id of it became known.
    SubstitutionNamed(SubstitutionId, Box<str>),
    /// Rights through an address sleep (rule C8); where they do already, nothing changes.
    FellAsleep(Asleep),
    /// And no longer.
    Awoke {
        /// At which owner.
        owner: OwnerId,
        /// The address's key.
        key: Box<str>,
    },
    /// A message went on unchanged, and what becomes of it (rule Q6, *after*).
    Passing(Passing),
    /// Something came that is to be known when it comes again.
    Memory(Memory),
    /// Queries that met an owner; those already written are left as they are.
    Queried(Vec<QueryRecord>),
    /// An API key is new or was changed.
    KeySet(ApiKey),
    /// An address takes no more messages; replaces what was there for it and this owner.
    OptedOut(OptOut),
    /// An address takes messages again.
    OptedIn {
        /// The address's key.
        key: Box<str>,
        /// From whom; `None`: from everybody, whatever was said before.
        owner: Option<OwnerId>,
    },
    /// Something came back from a recipient.
    Returned(Returned),
    /// A message to one address that is about no change.
    Posted(Posted),
    /// Who gets in.
    Admitted(Admitted),
    /// A device that push messages go to is there, or is no more.
    OfDevice(OfDevice),
    /// A card is on its way to somebody, waits in a tray, or brought a book up to date.
    Exchanged(Exchanged),
    /// A line of an owner's audit trail, at the end of its chain ([`super::chain`]).
    Audited(Audit),
    /// What a process counted in a minute; replaces what stood there of the same life.
    Figured(Figures),
    /// Something goes for good, or is kept from being brought back.
    OfErasure(OfErasure),
    /// A line of the operation's trail.
    Trailed(TrailLine),
}
