//! Books, groups, contacts, members, blocks, audiences.

use super::{after, all, first, page};
use crate::{
    domain::{
        address::Address,
        asleep::Asleep,
        group::{Grant, Member},
        id::{BookId, ContactId, GroupId, OwnerId},
        name::NameKey,
        notice::Recipient,
        owner::{Book, Contact, Group},
        schedule::Hours,
    },
    store::{
        Audience, Books, Linking, Page, Result, StoreError,
        postgres::{
            Postgres,
            columns::Columns,
            failure::{Failure, retried},
            value::{Stored as _, digest, values},
        },
    },
};
use async_trait::async_trait;
use std::{collections::HashMap, time::Duration};
use tokio_postgres::Row;

/// A statement on contacts under `c`.
macro_rules! contacts {
    ($comment:literal, $condition:literal) => {
        concat!(
            "/* ",
            $comment,
            " */ SELECT c.id, c.book, c.owner, c.uid, c.version, c.card, c.name, c.names, c.addresses, c.linked,
                c.language FROM contacts c WHERE ",
            $condition
        )
    };
}

pub(super) fn contact(row: &Row) -> Result<Contact> {
    let mut columns = Columns::of(row, "contacts");
    Ok(Contact {
        id: columns.stored()?,
        book: columns.stored()?,
        owner: columns.stored()?,
        uid: columns.text()?,
        version: columns.number()?,
        card: columns.next()?,
        name: columns.text()?,
        names: columns.json::<Vec<String>>()?.into_iter().map(NameKey::stored).collect(),
        addresses: columns
            .json::<Vec<[String; 2]>>()?
            .into_iter()
            .map(|[key, wire]| Address::stored(key, wire))
            .collect(),
        linked: columns.stored_or_none()?,
        language: columns.text_or_none()?,
    })
}

/// Each with the owner whose recipient it is.
pub(super) fn audiences(rows: &[Row]) -> Result<Vec<(OwnerId, Audience)>> {
    let mut found: Vec<(OwnerId, Audience)> = Vec::new();
    for row in rows {
        let mut columns = Columns::of(row, "contacts");
        let (owner, recipient, group) = (columns.stored()?, columns.stored()?, columns.stored()?);
        match found.last_mut() {
            Some((of, last)) if *of == owner && last.recipient == recipient => last.groups.push(group),
            _ => found.push((owner, Audience { recipient, groups: vec![group] })),
        }
    }
    Ok(found)
}

/// Statements on recipients and the contacts that they are.
pub(super) struct Contacts;

impl Contacts {
    /// The groups of these recipients of these owners.
    pub(super) const GROUPS_OF_MANY: &str = "/* audience.groups */ SELECT DISTINCT c.owner, c.recipient, m.book_group
        FROM contacts c JOIN members m ON m.owner = c.owner AND m.member = c.member
        WHERE c.owner = ANY($1) AND c.recipient = ANY($2) ORDER BY c.owner, c.recipient, m.book_group";
    /// The contacts behind them that are in a group.
    pub(super) const OF_MANY: &str = contacts!(
        "audience.contacts",
        "c.owner = ANY($1) AND c.recipient = ANY($2)
            AND EXISTS (SELECT 1 FROM members m WHERE m.owner = c.owner AND m.member = c.member)
            ORDER BY c.owner, c.id"
    );
}

fn linking(row: &Row) -> Result<Linking> {
    let mut columns = Columns::of(row, "linkings");
    Ok(Linking { owner: columns.stored()?, at: columns.time()?, cursor: columns.stored_or_none()? })
}

impl Postgres {
    async fn take_linking(&self, lease: Duration) -> std::result::Result<Option<Linking>, Failure> {
        const SQL: &str = "/* linking.claim */ WITH next AS (
                SELECT owner FROM linkings WHERE ready <= $1 ORDER BY ready, owner LIMIT 1 FOR UPDATE SKIP LOCKED)
            UPDATE linkings SET ready = $2 WHERE owner IN (SELECT owner FROM next) RETURNING owner, at, reached";
        let now = self.database_time().await?;
        let answer = self.session().await?.one(SQL, values![now, now.after(lease)]).await?;
        Ok(first(&answer.rows, linking)?)
    }

    async fn groups_with_grants(&self, owner: OwnerId) -> std::result::Result<Vec<Group>, Failure> {
        let mut session = self.session().await?;
        session.opened();
        let mut pipeline = session.pipeline();
        pipeline.simple("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await;
        pipeline
            .send(
                "/* groups */ SELECT id, book, owner, name, told, channels, quiet, introduce FROM book_groups WHERE owner = $1 ORDER BY id",
                values![owner],
            )
            .await;
        pipeline.send(GRANTS, values![owner]).await;
        pipeline.simple("COMMIT").await;
        let answers = pipeline.finish().await?;
        session.ended();
        let mut of_group: HashMap<GroupId, Vec<Grant>> = HashMap::new();
        for row in &answers[2].rows {
            let (group, grant) = grant(row)?;
            of_group.entry(group).or_default().push(grant);
        }
        Ok(all(&answers[1].rows, |row| {
            let mut columns = Columns::of(row, "book_groups");
            let id = columns.stored()?;
            Ok(Group {
                id,
                book: columns.stored()?,
                owner: columns.stored()?,
                name: columns.text()?,
                told: columns.json()?,
                channels: columns.json()?,
                quiet: match columns.text_or_none()? {
                    None => None,
                    Some(text) => {
                        Some(Hours::parse(&text).ok_or_else(|| StoreError::Damaged("book_groups.quiet".into()))?)
                    }
                },
                grants: of_group.get(&id).cloned().unwrap_or_default(),
                introduce: columns.next()?,
            })
        })?)
    }

    async fn one_audience(
        &self,
        owner: OwnerId,
        recipient: Recipient,
    ) -> std::result::Result<Option<(Audience, Vec<Contact>)>, Failure> {
        let (owners, recipients) = (vec![owner.stored()], vec![recipient.stored()]);
        let mut session = self.session().await?;
        session.opened();
        let mut pipeline = session.pipeline();
        pipeline.simple("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await;
        pipeline.send(Contacts::GROUPS_OF_MANY, values![owners.clone(), recipients.clone()]).await;
        pipeline.send(Contacts::OF_MANY, values![owners, recipients]).await;
        pipeline.simple("COMMIT").await;
        let answers = pipeline.finish().await?;
        session.ended();
        let Some((_, audience)) = audiences(&answers[1].rows)?.into_iter().next() else { return Ok(None) };
        Ok(Some((audience, all(&answers[2].rows, contact)?)))
    }
}

const GRANTS: &str = "/* grants */ SELECT book_group, granted FROM grants WHERE owner = $1 ORDER BY book_group, place";

fn grant(row: &Row) -> Result<(GroupId, Grant)> {
    let mut columns = Columns::of(row, "grants");
    Ok((columns.stored()?, columns.stored()?))
}

fn asleep(row: &Row) -> Result<Asleep> {
    let mut columns = Columns::of(row, "asleep");
    Ok(Asleep { owner: columns.stored()?, address: columns.address()?, since: columns.time()?, cause: columns.word()? })
}

#[async_trait]
impl Books for Postgres {
    async fn books(&self, owner: OwnerId) -> Result<Vec<Book>> {
        const SQL: &str = "/* books */ SELECT id, owner, name, default_group FROM books WHERE owner = $1 ORDER BY id";
        all(&self.read(SQL, || values![owner]).await?.rows, |row| {
            let mut columns = Columns::of(row, "books");
            Ok(Book {
                id: columns.stored()?,
                owner: columns.stored()?,
                name: columns.text()?,
                default_group: columns.stored_or_none()?,
            })
        })
    }

    async fn groups(&self, owner: OwnerId) -> Result<Vec<Group>> {
        retried!(self, self.groups_with_grants(owner))
    }

    async fn members(
        &self,
        owner: OwnerId,
        group: GroupId,
        last: Option<Member>,
        limit: usize,
    ) -> Result<Page<Member>> {
        const SQL: &str = "/* members */ SELECT member FROM members
            WHERE owner = $1 AND book_group = $2 AND member > $3 ORDER BY member LIMIT $4";
        let answer = self.read(SQL, || values![owner, group, after(last), limit.saturating_add(1)]).await?;
        Ok(page(all(&answer.rows, |row| Columns::of(row, "members").stored())?, limit))
    }

    async fn memberships(&self, owner: OwnerId, member: Member) -> Result<Vec<GroupId>> {
        const SQL: &str = "/* memberships */ SELECT book_group FROM members
            WHERE owner = $1 AND member = $2 ORDER BY book_group";
        all(&self.read(SQL, || values![owner, member]).await?.rows, |row| Columns::of(row, "members").stored())
    }

    async fn contact(&self, owner: OwnerId, id: ContactId) -> Result<Option<Contact>> {
        const SQL: &str = contacts!("contact", "c.owner = $1 AND c.id = $2");
        first(&self.read(SQL, || values![owner, id]).await?.rows, contact)
    }

    async fn contact_by_uid(&self, owner: OwnerId, book: BookId, uid: &str) -> Result<Option<Contact>> {
        const SQL: &str = contacts!("contact.by_uid", "c.owner = $1 AND c.book = $2 AND c.uid_digest = $3");
        first(&self.read(SQL, || values![owner, book, digest(uid)]).await?.rows, contact)
    }

    async fn contacts(
        &self,
        owner: OwnerId,
        book: BookId,
        last: Option<ContactId>,
        limit: usize,
    ) -> Result<Page<Contact>> {
        const SQL: &str = contacts!("contacts", "c.owner = $1 AND c.book = $2 AND c.id > $3 ORDER BY c.id LIMIT $4");
        let answer = self.read(SQL, || values![owner, book, after(last), limit.saturating_add(1)]).await?;
        Ok(page(all(&answer.rows, contact)?, limit))
    }

    async fn contacts_at(
        &self,
        keys: &[Box<str>],
        last: Option<(OwnerId, ContactId)>,
        limit: usize,
    ) -> Result<Page<Contact>> {
        const SQL: &str = contacts!(
            "contacts.at",
            "(c.owner, c.id) IN (SELECT k.owner, k.contact FROM contact_keys k
                WHERE k.key = ANY($1) AND (k.owner, k.contact) > ($2, $3)
                GROUP BY k.owner, k.contact ORDER BY k.owner, k.contact LIMIT $4)
             ORDER BY c.owner, c.id"
        );
        let (owner, id) = last.unzip();
        let values = || values![keys, after(owner), after(id), limit.saturating_add(1)];
        Ok(page(all(&self.read(SQL, values).await?.rows, contact)?, limit))
    }

    async fn claim_linking(&self, lease: Duration) -> Result<Option<Linking>> {
        retried!(self, self.take_linking(lease))
    }

    async fn asleep(&self, owner: OwnerId, after: Option<&str>, limit: usize) -> Result<Page<Asleep>> {
        const SQL: &str = "/* asleep */ SELECT owner, key, wire, since, cause FROM asleep WHERE owner = $1";
        // Sorted here: the database's collation is nobody's order.
        let mut found = all(&self.read(SQL, || values![owner]).await?.rows, asleep)?;
        found.retain(|one| after.is_none_or(|after| one.address.key() > after));
        found.sort_by(|one, other| one.address.key().cmp(other.address.key()));
        let more = found.len() > limit;
        found.truncate(limit);
        Ok(Page { items: found, more })
    }

    async fn asleep_at(&self, owner: OwnerId, keys: &[Box<str>]) -> Result<Vec<Asleep>> {
        const SQL: &str = "/* asleep.at */ SELECT owner, key, wire, since, cause FROM asleep
            WHERE owner = $1 AND key = ANY($2)";
        let mut found = all(&self.read(SQL, || values![owner, keys]).await?.rows, asleep)?;
        found.sort_by_key(|one| keys.iter().position(|key| **key == *one.address.key()));
        Ok(found)
    }

    async fn blocks(&self, owner: OwnerId) -> Result<Vec<Box<str>>> {
        const SQL: &str = "/* blocks */ SELECT key FROM blocks WHERE owner = $1";
        let mut keys = all(&self.read(SQL, || values![owner]).await?.rows, |row| Columns::of(row, "blocks").text())?;
        keys.sort_unstable();
        Ok(keys)
    }

    async fn grants(&self, owner: OwnerId) -> Result<Vec<(GroupId, Grant)>> {
        all(&self.read(GRANTS, || values![owner]).await?.rows, grant)
    }

    async fn audience(&self, owner: OwnerId, last: Option<Recipient>, limit: usize) -> Result<Page<Audience>> {
        const SQL: &str = "/* audience */
            WITH page AS (SELECT DISTINCT c.recipient
                FROM contacts c JOIN members m ON m.owner = c.owner AND m.member = c.member
                WHERE c.owner = $1 AND c.recipient > $2 ORDER BY c.recipient LIMIT $3)
            SELECT DISTINCT c.owner, c.recipient, m.book_group
            FROM contacts c JOIN members m ON m.owner = c.owner AND m.member = c.member
            WHERE c.owner = $1 AND c.recipient IN (SELECT recipient FROM page) ORDER BY c.recipient, m.book_group";
        let answer = self.read(SQL, || values![owner, after(last), limit.saturating_add(1)]).await?;
        let found = audiences(&answer.rows)?.into_iter().map(|(_, audience)| audience).collect();
        Ok(page(found, limit))
    }

    async fn audience_of(&self, owner: OwnerId, recipient: Recipient) -> Result<Option<(Audience, Vec<Contact>)>> {
        retried!(self, self.one_audience(owner, recipient))
    }
}
