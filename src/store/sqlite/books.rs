//! Books, groups, grants, members, the audience that follows from them, blocks.

use super::{
    Sqlite, asleep, contacts, folded, linking,
    row::{Cells, above, ask, each, many, member, member_bytes, one, page, recipient, recipient_bytes, refused},
    statements::Prepares,
    writer::Tx,
};
use crate::{
    domain::{
        asleep::Asleep,
        group::{EVERYONE, Grant, Item, Member, Told},
        id::{BookId, ContactId, GroupId, OwnerId, PointId},
        imported::Moved,
        notice::Recipient,
        owner::{Book, Channel, Contact, Field, Group, Membership},
        schedule::Hours,
    },
    store::{Audience, Books, Linking, Page, Result, StoreError},
};
use async_trait::async_trait;
use rusqlite::params;
use std::time::Duration;

#[async_trait]
impl Books for Sqlite {
    async fn books(&self, owner: OwnerId) -> Result<Vec<Book>> {
        self.read_quickly(move |connection| {
            let found = many::<BookId, _>(
                connection,
                "book",
                "-- books::books\nSELECT id, name, default_group FROM book WHERE owner = ?1 ORDER BY id",
                [owner.to_bytes()],
                |cells| {
                    Ok(Book {
                        id: cells.id(0, "id")?,
                        owner,
                        name: cells.text(1, "name")?,
                        default_group: cells.id_or_none(2, "default_group")?,
                    })
                },
            )?;
            or_folded(connection, owner, found, |moved| vec![moved.as_book()])
        })
        .await
    }

    async fn groups(&self, owner: OwnerId) -> Result<Vec<Group>> {
        self.read_quickly(move |connection| groups(connection, owner)).await
    }

    async fn members(
        &self,
        owner: OwnerId,
        group: GroupId,
        after: Option<Member>,
        limit: usize,
    ) -> Result<Page<Member>> {
        self.read(move |connection| {
            let found = many::<GroupId, _>(
                connection,
                "member",
                "-- books::members
                 SELECT grp, member FROM member WHERE owner = ?1 AND grp = ?2 AND member > ?3
                 ORDER BY member LIMIT ?4",
                params![owner.to_bytes(), group.to_bytes(), above(after.map(member_bytes)), ask(limit)],
                |cells| cells.decode(1, "member", member),
            )?;
            let found = or_folded(connection, owner, found, |moved| {
                let Membership { group: only, member } = moved.membership();
                if group == only && after.is_none_or(|after| member > after) { vec![member] } else { Vec::new() }
            })?;
            Ok(page(found, limit))
        })
        .await
    }

    async fn memberships(&self, owner: OwnerId, member: Member) -> Result<Vec<GroupId>> {
        self.read_quickly(move |connection| groups_with(connection, owner, member)).await
    }

    async fn contact(&self, owner: OwnerId, id: ContactId) -> Result<Option<Contact>> {
        self.read_quickly(move |connection| contacts::one(connection, owner, id)).await
    }

    async fn contact_by_uid(&self, owner: OwnerId, book: BookId, uid: &str) -> Result<Option<Contact>> {
        let uid = Box::<str>::from(uid);
        self.read_quickly(move |connection| contacts::by_uid(connection, owner, book, &uid)).await
    }

    async fn contacts(
        &self,
        owner: OwnerId,
        book: BookId,
        after: Option<ContactId>,
        limit: usize,
    ) -> Result<Page<Contact>> {
        self.read(move |connection| contacts::of_book(connection, owner, book, after, limit)).await
    }

    async fn contacts_at(
        &self,
        keys: &[Box<str>],
        after: Option<(OwnerId, ContactId)>,
        limit: usize,
    ) -> Result<Page<Contact>> {
        let keys = keys.to_vec();
        self.read(move |connection| contacts::at(connection, &keys, after, limit)).await
    }

    async fn claim_linking(&self, lease: Duration) -> Result<Option<Linking>> {
        self.write(move |tx| linking::claim(tx, lease)).await
    }

    async fn asleep(&self, owner: OwnerId, after: Option<&str>, limit: usize) -> Result<Page<Asleep>> {
        let after = after.map(Box::<str>::from);
        self.read(move |connection| asleep::all(connection, owner, after.as_deref(), limit)).await
    }

    async fn asleep_at(&self, owner: OwnerId, keys: &[Box<str>]) -> Result<Vec<Asleep>> {
        let keys = keys.to_vec();
        self.read_quickly(move |connection| asleep::at(connection, owner, &keys)).await
    }

    async fn blocks(&self, owner: OwnerId) -> Result<Vec<Box<str>>> {
        self.read_quickly(move |connection| {
            many::<OwnerId, _>(
                connection,
                "block",
                "-- books::blocks\nSELECT owner, identity FROM block WHERE owner = ?1 ORDER BY identity",
                [owner.to_bytes()],
                |cells| cells.text(1, "identity"),
            )
        })
        .await
    }

    async fn grants(&self, owner: OwnerId) -> Result<Vec<(GroupId, Grant)>> {
        self.read_quickly(move |connection| grants(connection, owner)).await
    }

    async fn audience(&self, owner: OwnerId, after: Option<Recipient>, limit: usize) -> Result<Page<Audience>> {
        self.read(move |connection| audience(connection, owner, after, limit)).await
    }

    async fn audience_of(&self, owner: OwnerId, recipient: Recipient) -> Result<Option<(Audience, Vec<Contact>)>> {
        self.read_quickly(move |connection| audience_of(connection, owner, recipient)).await
    }
}

fn groups(connection: &impl Prepares, owner: OwnerId) -> Result<Vec<Group>> {
    let granted = grants(connection, owner)?;
    let found = many::<GroupId, _>(
        connection,
        "grp",
        "-- books::groups\nSELECT id, book, name, told, digest, channels, introduce, quiet FROM grp WHERE owner = ?1 ORDER BY id",
        [owner.to_bytes()],
        |cells| {
            let id: GroupId = cells.id(0, "id")?;
            Ok(Group {
                id,
                book: cells.id(1, "book")?,
                owner,
                name: cells.text(2, "name")?,
                told: told(cells)?,
                channels: cells.json::<Vec<Channel>>(5, "channels")?,
                quiet: match cells.text_or_none(7, "quiet")? {
                    None => None,
                    Some(text) => Some(Hours::parse(&text).ok_or_else(|| cells.damaged("quiet"))?),
                },
                grants: granted.iter().filter(|(group, _)| *group == id).map(|(_, grant)| *grant).collect(),
                introduce: cells.get(6, "introduce")?,
            })
        },
    )?;
    or_folded(connection, owner, found, |moved| vec![moved.as_group()])
}

/// What was found of an owner; where that is nothing, what there is of them where they are folded.
fn or_folded<T>(
    connection: &impl Prepares,
    owner: OwnerId,
    found: Vec<T>,
    of: impl FnOnce(&Moved) -> Vec<T>,
) -> Result<Vec<T>> {
    if found.is_empty() { Ok(folded::of_owner(connection, owner)?.as_ref().map_or(found, of)) } else { Ok(found) }
}

fn told(cells: &Cells<'_>) -> Result<Told> {
    match cells.get::<i64>(3, "told")? {
        1 => Ok(Told::AtOnce),
        2 => cells.get(4, "digest").map(Told::Digest),
        3 => Ok(Told::OnQuery),
        _ => Err(cells.damaged("told")),
    }
}

/// Every grant of an owner with its group, in the groups' order and theirs.
pub(super) fn grants(connection: &impl Prepares, owner: OwnerId) -> Result<Vec<(GroupId, Grant)>> {
    let found = many::<GroupId, _>(
        connection,
        "grp_grant",
        "-- books::grants\nSELECT grp, what, item FROM grp_grant WHERE owner = ?1 ORDER BY grp, place",
        [owner.to_bytes()],
        |cells| {
            let point = || cells.id::<PointId>(2, "item");
            let grant = match cells.get::<i64>(1, "what")? {
                1 => Grant::Forward(point()?),
                2 => Grant::Reveal(Item::Point(point()?)),
                _ => Grant::Reveal(Item::Field(cells.decode(2, "item", |bytes| match bytes {
                    [code] => Field::from_code(*code),
                    _ => None,
                })?)),
            };
            Ok((cells.id(0, "grp")?, grant))
        },
    )?;
    or_folded(connection, owner, found, |moved| {
        let Group { id, grants, .. } = moved.as_group();
        grants.into_iter().map(|grant| (id, grant)).collect()
    })
}

/// The groups that a member is in.
fn groups_with(connection: &impl Prepares, owner: OwnerId, member: Member) -> Result<Vec<GroupId>> {
    let found = many::<GroupId, _>(
        connection,
        "member",
        "-- books::groups_with\nSELECT grp FROM member WHERE owner = ?1 AND member = ?2 ORDER BY grp",
        params![owner.to_bytes(), member_bytes(member)],
        |cells| cells.id(0, "grp"),
    )?;
    or_folded(connection, owner, found, |moved| {
        let only = moved.membership();
        if only.member == member { vec![only.group] } else { Vec::new() }
    })
}

fn audience(
    connection: &impl Prepares,
    owner: OwnerId,
    after: Option<Recipient>,
    limit: usize,
) -> Result<Page<Audience>> {
    let mut found: Vec<Audience> = Vec::new();
    each::<GroupId>(
        connection,
        "member",
        "-- books::audience
         SELECT grp, recipient FROM member WHERE owner = ?1 AND recipient IS NOT NULL AND recipient > ?2
         ORDER BY recipient, grp",
        params![owner.to_bytes(), above(after.map(recipient_bytes))],
        |cells| {
            let (group, recipient) = (cells.id(0, "grp")?, cells.decode(1, "recipient", recipient)?);
            match found.last_mut() {
                Some(last) if last.recipient == recipient => {
                    // Two contacts of one owner can be in the same group.
                    if last.groups.last() != Some(&group) {
                        last.groups.push(group);
                    }
                }
                _ => found.push(Audience { recipient, groups: vec![group] }),
            }
            Ok(found.len() <= limit)
        },
    )?;
    Ok(page(found, limit))
}

/// The groups and contacts that make somebody a recipient.
pub(super) fn audience_of(
    connection: &impl Prepares,
    owner: OwnerId,
    recipient: Recipient,
) -> Result<Option<(Audience, Vec<Contact>)>> {
    let rows = many::<GroupId, (GroupId, Member)>(
        connection,
        "member",
        "-- books::audience_of
         SELECT grp, member FROM member WHERE owner = ?1 AND recipient = ?2 ORDER BY grp, member",
        params![owner.to_bytes(), recipient_bytes(recipient)],
        |cells| Ok((cells.id(0, "grp")?, cells.decode(1, "member", member)?)),
    )?;
    if rows.is_empty() {
        return Ok(None);
    }
    let mut groups: Vec<GroupId> = rows.iter().map(|(group, _)| *group).collect();
    groups.dedup();
    let mut members: Vec<Member> = rows.into_iter().map(|(_, member)| member).collect();
    members.sort_unstable();
    members.dedup();
    let mut found = Vec::new();
    for member in members {
        if let Member::Contact(id) = member {
            found.extend(contacts::one(connection, owner, id)?);
        }
    }
    Ok(Some((Audience { recipient, groups }, found)))
}

/// Writes a book.
pub(super) fn set_book(tx: &Tx<'_>, book: &Book) -> Result<()> {
    tx.must(
        "-- books::set_book
         INSERT INTO book (owner, id, name, default_group)
         SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM owner WHERE id = ?1)
         ON CONFLICT (owner, id) DO UPDATE SET name = excluded.name, default_group = excluded.default_group",
        params![book.owner.to_bytes(), book.id.to_bytes(), book.name, book.default_group.map(GroupId::to_bytes)],
    )
}

/// Takes a book away with everything in it.
pub(super) fn remove_book(tx: &Tx<'_>, owner: OwnerId, book: BookId) -> Result<()> {
    let of_book = params![owner.to_bytes(), book.to_bytes()];
    tx.step()?;
    let groups = many::<GroupId, GroupId>(
        &tx.connection,
        "grp",
        "-- books::remove_book\nSELECT id FROM grp WHERE owner = ?1 AND book = ?2",
        of_book,
        |cells| cells.id(0, "id"),
    )?;
    for group in groups {
        remove_group(tx, owner, group)?;
    }
    tx.step()?;
    let contacts = many::<ContactId, ContactId>(
        &tx.connection,
        "contact",
        "-- books::remove_book\nSELECT id FROM contact WHERE owner = ?1 AND book = ?2",
        of_book,
        |cells| cells.id(0, "id"),
    )?;
    for contact in contacts {
        contacts::remove(tx, owner, contact)?;
    }
    tx.run("-- books::remove_book\nDELETE FROM book WHERE owner = ?1 AND id = ?2", of_book)?;
    Ok(())
}

/// Writes a group and its grants.
pub(super) fn set_group(tx: &Tx<'_>, group: &Group) -> Result<()> {
    let (told, digest) = match &group.told {
        Told::AtOnce => (1, None),
        Told::Digest(times) => (2, Some(times)),
        Told::OnQuery => (3, None),
    };
    let (owner, id) = (group.owner.to_bytes(), group.id.to_bytes());
    tx.must(
        "-- books::set_group
         INSERT INTO grp (owner, id, book, name, told, digest, channels, introduce, quiet)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 WHERE EXISTS (SELECT 1 FROM book WHERE owner = ?1 AND id = ?3)
         ON CONFLICT (owner, id) DO UPDATE SET book = excluded.book, name = excluded.name, told = excluded.told,
             digest = excluded.digest, channels = excluded.channels, introduce = excluded.introduce,
             quiet = excluded.quiet",
        params![
            owner,
            id,
            group.book.to_bytes(),
            group.name,
            told,
            digest,
            super::owners::json(&group.channels)?,
            group.introduce,
            group.quiet.map(|quiet| quiet.to_string())
        ],
    )?;
    tx.run("-- books::set_group\nDELETE FROM grp_grant WHERE owner = ?1 AND grp = ?2", params![owner, id])?;
    for (place, grant) in (0_i64..).zip(&group.grants) {
        let (what, item) = match grant {
            Grant::Forward(point) => (1, point.to_bytes().to_vec()),
            Grant::Reveal(Item::Point(point)) => (2, point.to_bytes().to_vec()),
            Grant::Reveal(Item::Field(field)) => (3, vec![field.code()]),
        };
        tx.run(
            "-- books::set_group
             INSERT INTO grp_grant (owner, grp, place, what, item) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![owner, id, place, what, item],
        )?;
    }
    Ok(())
}

/// Takes a group away with its grants and memberships.
pub(super) fn remove_group(tx: &Tx<'_>, owner: OwnerId, group: GroupId) -> Result<()> {
    let of_group = params![owner.to_bytes(), group.to_bytes()];
    for statement in [
        "-- books::remove_group\nDELETE FROM audience WHERE owner = ?1 AND grp = ?2",
        "-- books::remove_group\nDELETE FROM member WHERE owner = ?1 AND grp = ?2",
        "-- books::remove_group\nDELETE FROM grp_grant WHERE owner = ?1 AND grp = ?2",
        "-- books::remove_group\nDELETE FROM grp WHERE owner = ?1 AND id = ?2",
    ] {
        tx.run(statement, of_group)?;
    }
    Ok(())
}

/// Writes a membership, and under which identities it makes the member known.
pub(super) fn add_member(tx: &Tx<'_>, owner: OwnerId, membership: Membership) -> Result<()> {
    let Membership { group, member } = membership;
    let recipient = match member {
        Member::Contact(id) => Some(contacts::recipient(tx, owner, id)?),
        Member::Application(_) | Member::Everyone => None,
    };
    tx.step()?;
    let known = one::<GroupId, ()>(
        &tx.connection,
        "grp",
        "-- books::add_member\nSELECT id FROM grp WHERE owner = ?1 AND id = ?2",
        params![owner.to_bytes(), group.to_bytes()],
        |_| Ok(()),
    )?;
    known.ok_or(StoreError::Conflict)?;
    let added = tx.raw(
        "-- books::add_member
         INSERT INTO member (owner, grp, member, recipient) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (owner, grp, member) DO NOTHING",
        params![owner.to_bytes(), group.to_bytes(), member_bytes(member), recipient.map(recipient_bytes)],
    )?;
    if added.map_err(refused)? == 0 {
        return Ok(());
    }
    let identities = match member {
        Member::Contact(id) => contacts::identities(tx, owner, id)?,
        Member::Application(id) => vec![id.to_string().into()],
        Member::Everyone => vec![EVERYONE.into()],
    };
    add_audience(tx, owner, group, member, &identities)
}

/// Writes the audience rows of one membership.
fn add_audience(tx: &Tx<'_>, owner: OwnerId, group: GroupId, member: Member, identities: &[Box<str>]) -> Result<()> {
    for identity in identities {
        tx.run(
            "-- books::add_audience
             INSERT INTO audience (owner, identity, grp, member) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (owner, identity, grp, member) DO NOTHING",
            params![owner.to_bytes(), identity, group.to_bytes(), member_bytes(member)],
        )?;
    }
    Ok(())
}

/// Writes anew what follows from a contact's addresses and link, in every group that it is in.
pub(super) fn derive_audience(tx: &Tx<'_>, owner: OwnerId, contact: ContactId) -> Result<()> {
    let member = Member::Contact(contact);
    tx.step()?;
    let groups = groups_with(&tx.connection, owner, member)?;
    if groups.is_empty() {
        return Ok(());
    }
    let recipient = contacts::recipient(tx, owner, contact)?;
    tx.run(
        "-- books::derive_audience\nUPDATE member SET recipient = ?3 WHERE owner = ?1 AND member = ?2",
        params![owner.to_bytes(), member_bytes(member), recipient_bytes(recipient)],
    )?;
    tx.run(
        "-- books::derive_audience\nDELETE FROM audience WHERE owner = ?1 AND member = ?2",
        params![owner.to_bytes(), member_bytes(member)],
    )?;
    let identities = contacts::identities(tx, owner, contact)?;
    for group in groups {
        add_audience(tx, owner, group, member, &identities)?;
    }
    Ok(())
}

/// Takes a membership away.
pub(super) fn remove_member(tx: &Tx<'_>, owner: OwnerId, membership: Membership) -> Result<()> {
    let Membership { group, member } = membership;
    for statement in [
        "-- books::remove_member\nDELETE FROM member WHERE owner = ?1 AND grp = ?2 AND member = ?3",
        "-- books::remove_member\nDELETE FROM audience WHERE owner = ?1 AND grp = ?2 AND member = ?3",
    ] {
        tx.run(statement, params![owner.to_bytes(), group.to_bytes(), member_bytes(member)])?;
    }
    Ok(())
}

/// Denies an identity everything; twice is once.
pub(super) fn block(tx: &Tx<'_>, owner: OwnerId, identity: &str) -> Result<()> {
    tx.run(
        "-- books::block
         INSERT INTO block (owner, identity) VALUES (?1, ?2) ON CONFLICT (owner, identity) DO NOTHING",
        params![owner.to_bytes(), identity],
    )?;
    Ok(())
}

/// And no longer.
pub(super) fn unblock(tx: &Tx<'_>, owner: OwnerId, identity: &str) -> Result<()> {
    tx.run(
        "-- books::unblock\nDELETE FROM block WHERE owner = ?1 AND identity = ?2",
        params![owner.to_bytes(), identity],
    )?;
    Ok(())
}
