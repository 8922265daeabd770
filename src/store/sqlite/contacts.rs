//! Contacts: the card's bytes, and what is derived from them.

use super::{
    books,
    row::{self, Cells, above, ask, many, member_bytes, page, wire},
    statements::Prepares,
    writer::Tx,
};
use crate::{
    domain::{
        address::Address,
        group::Member,
        id::{BookId, ContactId, OwnerId},
        name::NameKey,
        notice::Recipient,
        owner::Contact,
    },
    store::{Page, Result, StoreError},
};
use rusqlite::params;
use std::collections::BTreeSet;

/// One contact.
pub(super) fn one(connection: &impl Prepares, owner: OwnerId, id: ContactId) -> Result<Option<Contact>> {
    let found = row::one::<ContactId, _>(
        connection,
        "contact",
        "-- contacts::one
         SELECT id, owner, book, uid, version, name, linked, language, card FROM contact WHERE owner = ?1 AND id = ?2",
        params![owner.to_bytes(), id.to_bytes()],
        contact,
    )?;
    found.map(|contact| complete(connection, contact)).transpose()
}

/// The contact of a book with this UID.
pub(super) fn by_uid(connection: &impl Prepares, owner: OwnerId, book: BookId, uid: &str) -> Result<Option<Contact>> {
    let found = row::one::<ContactId, _>(
        connection,
        "contact",
        "-- contacts::by_uid
         SELECT id, owner, book, uid, version, name, linked, language, card FROM contact
         WHERE owner = ?1 AND book = ?2 AND uid = ?3",
        params![owner.to_bytes(), book.to_bytes(), uid],
        contact,
    )?;
    found.map(|contact| complete(connection, contact)).transpose()
}

/// A page of a book.
pub(super) fn of_book(
    connection: &impl Prepares,
    owner: OwnerId,
    book: BookId,
    after: Option<ContactId>,
    limit: usize,
) -> Result<Page<Contact>> {
    let found = many::<ContactId, _>(
        connection,
        "contact",
        "-- contacts::of_book
         SELECT id, owner, book, uid, version, name, linked, language, card FROM contact
         WHERE owner = ?1 AND book = ?2 AND id > ?3 ORDER BY id LIMIT ?4",
        params![owner.to_bytes(), book.to_bytes(), above(after.map(ContactId::to_bytes)), ask(limit)],
        contact,
    )?;
    let Page { items, more } = page(found, limit);
    let items = items.into_iter().map(|contact| complete(connection, contact)).collect::<Result<_>>()?;
    Ok(Page { items, more })
}

/// A page of those that hold one of these keys, whosever they are.
pub(super) fn at(
    connection: &impl Prepares,
    keys: &[Box<str>],
    after: Option<(OwnerId, ContactId)>,
    limit: usize,
) -> Result<Page<Contact>> {
    let mut found = BTreeSet::new();
    for key in keys {
        found.extend(many::<OwnerId, (OwnerId, ContactId)>(
            connection,
            "contact_address",
            "-- contacts::at
             SELECT DISTINCT owner, contact FROM contact_address WHERE key = ?1 AND (owner, contact) > (?2, ?3)
             ORDER BY owner, contact LIMIT ?4",
            params![
                key,
                above(after.map(|(owner, _)| owner.to_bytes())),
                above(after.map(|(_, contact)| contact.to_bytes())),
                ask(limit)
            ],
            |cells| Ok((cells.id(0, "owner")?, cells.id(1, "contact")?)),
        )?);
    }
    let Page { items, more } = page(found.into_iter().collect(), limit);
    let each = items.into_iter().filter_map(|(owner, id)| one(connection, owner, id).transpose());
    Ok(Page { items: each.collect::<Result<_>>()?, more })
}

fn contact(cells: &Cells<'_>) -> Result<Contact> {
    Ok(Contact {
        id: cells.id(0, "id")?,
        owner: cells.id(1, "owner")?,
        book: cells.id(2, "book")?,
        uid: cells.text(3, "uid")?,
        version: cells.count(4, "version")?,
        name: cells.text(5, "name")?,
        linked: cells.id_or_none(6, "linked")?,
        language: cells.text_or_none(7, "language")?,
        card: cells.get(8, "card")?,
        names: Vec::new(),
        addresses: Vec::new(),
    })
}

fn complete(connection: &impl Prepares, contact: Contact) -> Result<Contact> {
    let names = many::<ContactId, _>(
        connection,
        "contact_name",
        "-- contacts::complete
         SELECT contact, key FROM contact_name WHERE owner = ?1 AND contact = ?2 ORDER BY place",
        params![contact.owner.to_bytes(), contact.id.to_bytes()],
        |cells| cells.text(1, "key").map(NameKey::stored),
    )?;
    let addresses = addresses(connection, contact.owner, contact.id)?;
    Ok(Contact { names, addresses, ..contact })
}

fn addresses(connection: &impl Prepares, owner: OwnerId, contact: ContactId) -> Result<Vec<Address>> {
    many::<ContactId, _>(
        connection,
        "contact_address",
        "-- contacts::addresses
         SELECT contact, key, wire FROM contact_address WHERE owner = ?1 AND contact = ?2 ORDER BY place",
        params![owner.to_bytes(), contact.to_bytes()],
        |cells| cells.address(1, "key"),
    )
}

/// Who a notice to this contact goes to.
pub(super) fn recipient(tx: &Tx<'_>, owner: OwnerId, contact: ContactId) -> Result<Recipient> {
    Ok(Recipient::of(contact, linked(tx, owner, contact)?))
}

/// Under which keys the contact is known: its addresses, or only the owner that it is linked to.
pub(super) fn identities(tx: &Tx<'_>, owner: OwnerId, contact: ContactId) -> Result<Vec<Box<str>>> {
    if let Some(linked) = linked(tx, owner, contact)? {
        return Ok(vec![linked.to_string().into()]);
    }
    tx.step()?;
    Ok(addresses(&tx.connection, owner, contact)?.iter().map(|address| address.key().into()).collect())
}

fn linked(tx: &Tx<'_>, owner: OwnerId, contact: ContactId) -> Result<Option<OwnerId>> {
    tx.step()?;
    row::one::<ContactId, _>(
        &tx.connection,
        "contact",
        "-- contacts::linked\nSELECT id, linked FROM contact WHERE owner = ?1 AND id = ?2",
        params![owner.to_bytes(), contact.to_bytes()],
        |cells| cells.id_or_none(1, "linked"),
    )?
    .ok_or(StoreError::Conflict)
}

/// Writes a contact with everything that is derived from it.
pub(super) fn set(tx: &Tx<'_>, contact: &Contact) -> Result<()> {
    let (owner, id) = (contact.owner.to_bytes(), contact.id.to_bytes());
    tx.must(
        "-- contacts::set
         INSERT INTO contact (owner, id, book, uid, version, name, linked, language, card)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 WHERE EXISTS (SELECT 1 FROM book WHERE owner = ?1 AND id = ?3)
         ON CONFLICT (owner, id) DO UPDATE SET book = excluded.book, uid = excluded.uid, version = excluded.version,
             name = excluded.name, linked = excluded.linked, language = excluded.language, card = excluded.card",
        params![
            owner,
            id,
            contact.book.to_bytes(),
            contact.uid,
            contact.version.cast_signed(),
            contact.name,
            contact.linked.map(OwnerId::to_bytes),
            contact.language,
            contact.card
        ],
    )?;
    remove_derived(tx, contact.owner, contact.id)?;
    for (place, address) in (0_i64..).zip(&contact.addresses) {
        tx.run(
            "-- contacts::set
             INSERT INTO contact_address (owner, contact, place, key, wire) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![owner, id, place, address.key(), wire(address)],
        )?;
    }
    for (place, name) in (0_i64..).zip(&contact.names) {
        tx.run(
            "-- contacts::set\nINSERT INTO contact_name (owner, contact, place, key) VALUES (?1, ?2, ?3, ?4)",
            params![owner, id, place, name.as_str()],
        )?;
    }
    books::derive_audience(tx, contact.owner, contact.id)
}

fn remove_derived(tx: &Tx<'_>, owner: OwnerId, contact: ContactId) -> Result<()> {
    let of_contact = params![owner.to_bytes(), contact.to_bytes()];
    tx.run("-- contacts::remove_derived\nDELETE FROM contact_address WHERE owner = ?1 AND contact = ?2", of_contact)?;
    tx.run("-- contacts::remove_derived\nDELETE FROM contact_name WHERE owner = ?1 AND contact = ?2", of_contact)?;
    Ok(())
}

/// Takes a contact away with its memberships.
pub(super) fn remove(tx: &Tx<'_>, owner: OwnerId, contact: ContactId) -> Result<()> {
    let member = member_bytes(Member::Contact(contact));
    tx.run(
        "-- contacts::remove\nDELETE FROM audience WHERE owner = ?1 AND member = ?2",
        params![owner.to_bytes(), member],
    )?;
    tx.run(
        "-- contacts::remove\nDELETE FROM member WHERE owner = ?1 AND member = ?2",
        params![owner.to_bytes(), member],
    )?;
    remove_derived(tx, owner, contact)?;
    tx.run(
        "-- contacts::remove\nDELETE FROM contact WHERE owner = ?1 AND id = ?2",
        params![owner.to_bytes(), contact.to_bytes()],
    )?;
    Ok(())
}
