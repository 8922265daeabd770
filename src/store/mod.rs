//! What is kept. Facts out, through a small trait per entity; one way in, [`Store::commit`].
//!
//! A store applies no rule of the design: it returns facts, `domain` decides, and the use case commits a list of
//! [`Effect`]s with the owner versions that the decision was made on. Two implementations, [`sqlite`] and
//! [`postgres`], each with its own SQL and the same migration numbers, pass one conformance suite
//! (`tests/it/store`). To add a fact: a method on the trait of its entity, in both, and a case in the suite. To add
//! an effect: a variant here, one statement in each.
//!
//! No engine's type or error leaves this module, and no SQL stands outside it.

mod access;
pub mod devices;
pub mod filter;
mod imported;
mod letters;
pub mod passed;
pub mod postgres;
pub mod returns;
pub mod sqlite;
pub mod watch;

use crate::{
    clock::Time,
    domain::{
        address::Address,
        asleep::Asleep,
        change::Request,
        group::{Grant, Member, Viewer},
        id::{
            AppId, AuditId, BookId, ContactId, FanoutId, GroupId, NoticeId, OwnerId, PointId, QueryId, RequestId,
            SubstitutionId,
        },
        imported::Moved,
        name::NameKey,
        notice::{Attempt, AttemptOutcome, Notice, NoticeState, Recipient, Shown},
        owner::{Book, Change, Contact, Group, Held, Membership, Owner, Point, Profile, Proof},
        query::{Facts, Holder, Reason},
    },
};
pub use access::{Access, Admitted, Passkey, Session};
use async_trait::async_trait;
pub use devices::{Devices, OfDevice};
pub use letters::{ClaimedLetter, Letter, Letters, Posted};
pub use passed::{Fate, Passed, Passes, Passing};
pub use returns::{CardLink, Preference, Receipt, Returned, Returns, Unreachable};
use std::{sync::Arc, time::Duration};
use tokio::sync::Notify;
pub use watch::{Figures, Trail, TrailLine, Watch};

/// Why a read or a commit did not happen. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// An expected version was not the present one, or a unique row existed: read again and decide again.
    #[error("something else changed this at the same time")]
    Conflict,
    /// Another owner holds this address now.
    #[error("{0} is held by another owner")]
    Taken(Address),
    /// The idempotency key was used before.
    #[error("this request was already carried out")]
    Repeated,
    /// There were as many of something limited as there may be.
    #[error("there were too many of these for now")]
    Spent,
    /// The database could not be reached, is full, or refused. Only where the answer to a commit was lost on the way, and
    /// nothing could be learnt about it for some ten seconds, it may have taken effect after all: then the text says so.
    #[error("the store is not available: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What is stored cannot be read: table, column and row are named.
    #[error("the store holds something unreadable in {0}")]
    Damaged(Box<str>),
    /// The schema is newer than this program.
    #[error("the store has schema {found}, this program knows {known}: run the newer program")]
    Newer {
        /// In the database.
        found: u32,
        /// The last that this program knows.
        known: u32,
    },
}

/// Shorthand for results of this module.
pub type Result<T> = std::result::Result<T, StoreError>;

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

/// An idempotency key and the answer that a repeat gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    /// Who asked: an API key.
    pub caller: AppId,
    /// Method and path.
    pub path: Box<str>,
    /// The header's value.
    pub key: Box<str>,
    /// SHA-256 of the body.
    pub digest: [u8; 32],
    /// The status that was answered.
    pub status: u16,
    /// The body that was answered.
    pub body: Box<str>,
}

impl Commit {
    /// Whether it leaves something that a worker is to do, at once or later.
    fn leaves_work(&self) -> bool {
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
/// An effect that changes a row which is not there, or adds one which is, fails with [`StoreError::Conflict`], unless it
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
    /// All name keys of an owner; replaces what was there.
    NamesSet(OwnerId, Vec<NameKey>),
    /// A point is new, or its label or removal changed. Its values are not touched.
    PointSet(OwnerId, Point),
    /// A point has a new value. Fails with [`StoreError::Taken`] where it is believed (any proof but [`Proof::None`]) and
    /// another point has it as its believed present value; with `Conflict` where this point has a present value.
    ValueHeld(OwnerId, PointId, Held),
    /// The present value of a point is present no more.
    ValueLeft(OwnerId, PointId, Time),
    /// The newest value of the point with this key is believed for another reason, or since another moment, or no more:
    /// a repeated proof, a better one, or somebody else's (rules C1, C9, Q3). Fails with [`StoreError::Taken`] as
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
    /// A line of an owner's audit trail.
    Audited(Audit),
    /// What a process counted in a minute; replaces what stood there of the same life.
    Figured(Figures),
    /// A line of the operation's trail.
    Trailed(TrailLine),
}

/// What a change, a grant, a membership or a block leaves to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fanout {
    /// Never changes.
    pub id: FanoutId,
    /// Whose details.
    pub owner: OwnerId,
    /// When the cause took effect.
    pub at: Time,
    /// Only these; empty: everybody in any group.
    pub only: Vec<Recipient>,
    /// Nobody is told anything, only the ledger follows: a block, a lost grant (rule C4).
    pub silent: bool,
    /// The last recipient of the last expanded page.
    pub cursor: Option<Recipient>,
}

/// Contacts that are to be looked through since an owner registered, proved a value or changed a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Linking {
    /// Whose addresses and names.
    pub owner: OwnerId,
    /// When the last cause took effect.
    pub at: Time,
    /// The last contact of the last page.
    pub cursor: Option<(OwnerId, ContactId)>,
}

/// One recipient of a fan-out with the groups that make them one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience {
    /// Who.
    pub recipient: Recipient,
    /// All groups of the owner that they are in, `everyone` left out.
    pub groups: Vec<GroupId>,
}

/// A communication that Redial sent elsewhere; durable before the request leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Substitution {
    /// Never changes.
    pub id: SubstitutionId,
    /// The account, by its name in the configuration.
    pub account: Box<str>,
    /// `call` or `message`.
    pub channel: Box<str>,
    /// Whose number.
    pub owner: OwnerId,
    /// The number that the sender used.
    pub used: Address,
    /// Exactly as the sender wrote it.
    pub used_text: Box<str>,
    /// The number that was connected.
    pub connected: Address,
    /// The sender, where it is a number.
    pub sender: Option<Address>,
    /// The sender's own callback URL.
    pub callback: Option<Box<str>>,
    /// The provider's id of the call or message.
    pub foreign_id: Option<Box<str>>,
    /// The query that decided it.
    pub query: QueryId,
    /// When.
    pub at: Time,
}

/// A query that met an owner, for that owner and for `explain` (rule Q10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryRecord {
    /// Never changes.
    pub id: QueryId,
    /// The owner that it met.
    pub owner: OwnerId,
    /// When.
    pub at: Time,
    /// `hook`, `via`, `api` or `cli`, and the account or key.
    pub way: Box<str>,
    /// The number asked for.
    pub asked: Address,
    /// The viewer's identity key; empty where the viewer was refused (counted, not named).
    pub viewer: Box<str>,
    /// Which rule decided.
    pub because: Reason,
    /// What made it decide, where there are several such things; for a reader.
    pub detail: Box<str>,
    /// Whether the new value was told.
    pub told: bool,
    /// Whether the communication was connected elsewhere.
    pub connected: bool,
    /// The owner's revision.
    pub revision: u64,
    /// The groups that gave the right.
    pub groups: Vec<GroupId>,
}

/// An API key. Only its hash is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// The application that it stands for.
    pub id: AppId,
    /// SHA-256 of the secret.
    pub hash: [u8; 32],
    /// The operator's word for it.
    pub label: Box<str>,
    /// Scopes, as in the configuration's words.
    pub scopes: Vec<Box<str>>,
    /// The one owner that it may act for; `None`: any.
    pub owner: Option<OwnerId>,
    /// When it was made.
    pub created: Time,
    /// When it was revoked.
    pub revoked: Option<Time>,
}

/// Somebody wants no more messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptOut {
    /// The address.
    pub address: Address,
    /// From whom; `None`: from everybody.
    pub owner: Option<OwnerId>,
    /// When.
    pub at: Time,
    /// How it was said.
    pub way: Box<str>,
}

/// A line of an owner's audit trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    /// Never changes.
    pub id: AuditId,
    /// Whose trail.
    pub owner: OwnerId,
    /// When.
    pub at: Time,
    /// Who did it: a key's id, the owner, `import`, `system`.
    pub by: Box<str>,
    /// What was done, past tense: `number_changed`.
    pub what: Box<str>,
    /// With what, as JSON; numbers in it are masked.
    pub detail: Box<str>,
}

/// A notice under a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The notice.
    pub notice: Notice,
    /// The token without which it cannot be settled.
    pub fence: u64,
    /// When others may take it.
    pub until: Time,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// In order.
    pub items: Vec<T>,
    /// Whether more follow the last one.
    pub more: bool,
}

/// The number index (rules Q1 to Q3).
#[async_trait]
pub trait Numbers: Send + Sync {
    /// Whether the key may be a former number. Memory only; never wrong when false.
    fn may_be_former(&self, key: &str) -> bool;

    /// Everything about one address for one viewer, holders in the order of their ids, points and values.
    ///
    /// An address among the viewer's identities also stands for the owner whose believed present value it is, since
    /// a linked contact is in the audience by its owner alone. Rights come from the proved identities; a claimed one
    /// adds only to `forward`, and `groups` are those that gave either. The audience `everyone` is part of every viewer.
    /// An address through which rights sleep at an owner gives none there (rule C8).
    /// A block on any identity, proved or claimed, leaves no rights. Book names are those of the books of the viewer's
    /// owners, claimed ones included (rule Q2). Opt-outs are those at any number that a holder has or had, in the order
    /// of the numbers, where they are from everybody or from one of the viewer's owners. `proved_by_another`: another owner's value of this key was proved by a code or vouched for
    /// since this one left it.
    async fn facts(&self, key: &str, viewer: &Viewer) -> Result<Facts>;

    /// For a name alone: owners who bear it and have put one of these identities, by identity and not by `everyone`,
    /// into a group. Each comes as a holder of its present believed values, one for each. Only proved identities count.
    async fn facts_by_name(&self, name: &NameKey, viewer: &Viewer) -> Result<Vec<Holder>>;

    /// Who holds or held each of these keys; for imports, in one read. `rights` and `groups` are those of everyone.
    async fn holders(&self, keys: &[Box<str>]) -> Result<Vec<(Box<str>, Holder)>>;
}

/// Owners, their changes and requests.
#[async_trait]
pub trait Owners: Send + Sync {
    /// One owner with all points and values.
    async fn owner(&self, id: OwnerId) -> Result<Option<Owner>>;
    /// Owners by id.
    async fn owners(&self, after: Option<OwnerId>, limit: usize) -> Result<Page<Owner>>;
    /// Accepted changes, oldest first, after a revision.
    async fn changes(&self, owner: OwnerId, after: u64, limit: usize) -> Result<Page<Change>>;
    /// One request.
    async fn request(&self, owner: OwnerId, id: RequestId) -> Result<Option<Request>>;
    /// Requests, newest first.
    async fn requests(&self, owner: OwnerId, before: Option<RequestId>, limit: usize) -> Result<Page<Request>>;
    /// The audit trail, oldest first.
    async fn audit(&self, owner: OwnerId, after: Option<AuditId>, limit: usize) -> Result<Page<Audit>>;
    /// Recorded queries, newest first.
    async fn queries(&self, owner: OwnerId, before: Option<QueryId>, limit: usize) -> Result<Page<QueryRecord>>;
    /// One recorded query.
    async fn query(&self, id: QueryId) -> Result<Option<QueryRecord>>;
}

/// Books, groups, contacts, members, blocks.
#[async_trait]
pub trait Books: Send + Sync {
    /// All books of an owner.
    async fn books(&self, owner: OwnerId) -> Result<Vec<Book>>;
    /// All groups of an owner with their grants.
    async fn groups(&self, owner: OwnerId) -> Result<Vec<Group>>;
    /// Members of a group, in the order of [`Member`].
    async fn members(
        &self,
        owner: OwnerId,
        group: GroupId,
        after: Option<Member>,
        limit: usize,
    ) -> Result<Page<Member>>;
    /// The groups that a member is in.
    async fn memberships(&self, owner: OwnerId, member: Member) -> Result<Vec<GroupId>>;
    /// One contact.
    async fn contact(&self, owner: OwnerId, id: ContactId) -> Result<Option<Contact>>;
    /// The contact of a book with this UID.
    async fn contact_by_uid(&self, owner: OwnerId, book: BookId, uid: &str) -> Result<Option<Contact>>;
    /// Contacts of a book by id.
    async fn contacts(
        &self,
        owner: OwnerId,
        book: BookId,
        after: Option<ContactId>,
        limit: usize,
    ) -> Result<Page<Contact>>;
    /// Contacts of any owner that hold one of these address keys, in the order of owners and ids.
    async fn contacts_at(
        &self,
        keys: &[Box<str>],
        after: Option<(OwnerId, ContactId)>,
        limit: usize,
    ) -> Result<Page<Contact>>;
    /// Takes a linking that is due and that nobody has, for `lease`.
    async fn claim_linking(&self, lease: Duration) -> Result<Option<Linking>>;
    /// Identity keys that the owner has blocked, in order.
    async fn blocks(&self, owner: OwnerId) -> Result<Vec<Box<str>>>;
    /// Addresses through which rights sleep at this owner, by their keys (rule C8).
    async fn asleep(&self, owner: OwnerId, after: Option<&str>, limit: usize) -> Result<Page<Asleep>>;
    /// Which of these do.
    async fn asleep_at(&self, owner: OwnerId, keys: &[Box<str>]) -> Result<Vec<Asleep>>;
    /// Every (group, grant) of the owner, in one read.
    async fn grants(&self, owner: OwnerId) -> Result<Vec<(GroupId, Grant)>>;
    /// Recipients of an owner in the order of [`Recipient`]: contacts that are in a group (as the owner they are linked
    /// to, where they are) with their groups.
    async fn audience(&self, owner: OwnerId, after: Option<Recipient>, limit: usize) -> Result<Page<Audience>>;
    /// The groups and contacts that make this recipient one; `None` where they are in no group any more.
    async fn audience_of(&self, owner: OwnerId, recipient: Recipient) -> Result<Option<(Audience, Vec<Contact>)>>;
}

/// Fan-outs, notices, attempts, the ledger, opt-outs.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Takes a fan-out whose `at` has come and that nobody has, for `lease`.
    async fn claim_fanout(&self, lease: Duration) -> Result<Option<Fanout>>;
    /// Takes at most `limit` due notices for `lease`. `retries`: those with attempts, else those without (rule N4).
    async fn claim(&self, retries: bool, limit: usize, lease: Duration) -> Result<Vec<Claimed>>;
    /// Prolongs a claim; `false` where somebody else has it by now.
    async fn heartbeat(&self, id: NoticeId, fence: u64, lease: Duration) -> Result<bool>;
    /// When the next open notice, letter, request, fan-out or linking is due, so that a worker can wait for it; a claimed one counts from the end
    /// of its claim.
    async fn next_due(&self) -> Result<Option<Time>>;
    /// One notice.
    async fn notice(&self, id: NoticeId) -> Result<Option<Notice>>;
    /// The open notice of a pair, claimed or not.
    async fn open_notice(&self, owner: OwnerId, recipient: Recipient) -> Result<Option<Notice>>;
    /// Notices of an owner, newest first.
    async fn notices(&self, owner: OwnerId, before: Option<NoticeId>, limit: usize) -> Result<Page<Notice>>;
    /// Notices in a state, of all owners, oldest first.
    async fn notices_in(&self, state: NoticeState, after: Option<NoticeId>, limit: usize) -> Result<Page<Notice>>;
    /// The attempts of a notice, first one first.
    async fn attempts(&self, id: NoticeId) -> Result<Vec<Attempt>>;
    /// The attempt with the provider's id.
    async fn attempt_by_foreign_id(&self, account: &str, foreign_id: &str) -> Result<Option<Attempt>>;
    /// How many attempts over this account began since then and were sent, or may have been (rule N7).
    async fn attempts_since(&self, account: &str, since: Time) -> Result<u64>;
    /// Recipients whose notices about this owner had an attempt at this address key that ended as sent or unknown; at
    /// most 16 (rule N4: told already at this address).
    async fn recipients_at(&self, owner: OwnerId, key: &str) -> Result<Vec<Recipient>>;
    /// What this recipient was last shown.
    async fn shown(&self, owner: OwnerId, recipient: Recipient) -> Result<Option<Shown>>;
    /// Opt-outs at any of these keys.
    async fn opt_outs(&self, keys: &[Box<str>]) -> Result<Vec<OptOut>>;
}

/// Communications that were sent elsewhere.
#[async_trait]
pub trait Substitutions: Send + Sync {
    /// By id.
    async fn substitution(&self, id: SubstitutionId) -> Result<Option<Substitution>>;
    /// By the provider's ids; those that are not found are left out.
    async fn substitutions_named(&self, account: &str, foreign_ids: &[Box<str>]) -> Result<Vec<Substitution>>;
    /// The newest by which `connected` was reached from `sender` since `since`: a reply from the new number comes from
    /// the number that the sender used (rule Q5).
    async fn substitution_between(
        &self,
        account: &str,
        connected: &str,
        sender: &str,
        since: Time,
    ) -> Result<Option<Substitution>>;
    /// The newest that was decided by this query.
    async fn substitution_of(&self, query: QueryId) -> Result<Option<Substitution>>;
}

/// API keys and what was already answered.
#[async_trait]
pub trait Keys: Send + Sync {
    /// The key with this hash, revoked ones too.
    async fn key(&self, hash: &[u8; 32]) -> Result<Option<ApiKey>>;
    /// All keys in the order of their ids.
    async fn keys(&self) -> Result<Vec<ApiKey>>;
    /// What a caller was answered under an idempotency key.
    async fn once(&self, caller: AppId, path: &str, key: &str) -> Result<Option<Once>>;
    /// Forgets at most `limit` answers that were given before this, by the store's time; how many.
    async fn forget_answers(&self, before: Time, limit: usize) -> Result<usize>;
}

/// Everything that is kept.
#[async_trait]
pub trait Store:
    Numbers + Owners + Books + Outbox + Letters + Returns + Devices + Substitutions + Passes + Keys + Access + Watch
{
    /// Writes all effects or none, and returns the store's time. Durable on return. The only way to write, beside
    /// claims, heartbeats and what forgets.
    async fn commit(&self, commit: Commit) -> Result<Time>;
    /// Wakes whoever waits for it after each commit through this store that leaves something to be done: a fan-out, a
    /// linking, a notice, a letter, a request that is held. What other processes write is found by looking.
    fn work(&self) -> &Notify;
    /// How many rows of a large load are best written in one commit: few where each row is a statement over a network.
    fn load_size(&self) -> usize {
        300
    }
    /// The store's time: the injected clock for SQLite, the database's for PostgreSQL.
    async fn now(&self) -> Result<Time>;
    /// Follows writes of other processes into the filter, once. The caller repeats it.
    async fn follow(&self) -> Result<()>;
    /// Writes the filter to disk where that makes the next start faster, and ends what runs in the background.
    async fn close(&self);
}

/// A store that several tasks share.
pub type SharedStore = Arc<dyn Store>;
