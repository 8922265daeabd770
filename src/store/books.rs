//! Books, groups, contacts, members, blocks, and the links from contacts to owners.

use super::{Page, Result};
use crate::{
    clock::Time,
    domain::{
        asleep::Asleep,
        group::{Grant, Member},
        id::{BookId, ContactId, GroupId, OwnerId},
        notice::Recipient,
        owner::{Book, Contact, Group},
    },
};
use async_trait::async_trait;
use std::time::Duration;

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
