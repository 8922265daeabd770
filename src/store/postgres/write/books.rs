//! Books, groups, grants, contacts, members, blocks.

use super::{Wanted, Writer};
use crate::{
    domain::{
        group::Member,
        id::{BookId, ContactId, GroupId, OwnerId},
        name::NameKey,
        notice::Recipient,
        owner::{Contact, Group},
    },
    store::{
        Effect,
        postgres::value::{Stored as _, digest, json, values, word},
    },
};
use std::collections::BTreeMap;

impl<'a> Writer<'a> {
    pub(super) async fn book_effect(&mut self, effect: &'a Effect) {
        match effect {
            Effect::BookSet(book) => {
                const SQL: &str = "/* book.set */ INSERT INTO books (owner, id, name, default_group)
                    SELECT o.id, $2::BYTEA, $3::TEXT, $4::BYTEA FROM owners o WHERE o.id = $1
                    ON CONFLICT (owner, id) DO UPDATE SET name = excluded.name, default_group = excluded.default_group";
                self.send(Wanted::One, SQL, values![book.owner, book.id, &*book.name, book.default_group]).await;
            }
            Effect::BookRemoved(owner, book) => self.book_removed(*owner, *book).await,
            Effect::GroupSet(group) => self.group_set(group).await,
            Effect::GroupRemoved(owner, group) => self.group_removed(*owner, *group).await,
            Effect::ContactSet(contact) => self.contact_set(contact).await,
            Effect::ContactRemoved(owner, contact) => self.contact_removed(*owner, *contact).await,
            Effect::MemberAdded(owner, membership) => {
                const CONTACT: &str = "/* member.add.contact */ INSERT INTO members (owner, book_group, member)
                    SELECT g.owner, g.id, c.member FROM book_groups g JOIN contacts c ON c.owner = g.owner
                    WHERE g.owner = $1 AND g.id = $2 AND c.member = $3
                    ON CONFLICT (owner, book_group, member) DO UPDATE SET member = excluded.member";
                const OTHER: &str = "/* member.add */ INSERT INTO members (owner, book_group, member)
                    SELECT g.owner, g.id, $3::BYTEA FROM book_groups g WHERE g.owner = $1 AND g.id = $2
                    ON CONFLICT (owner, book_group, member) DO UPDATE SET member = excluded.member";
                let sql = if matches!(membership.member, Member::Contact(_)) { CONTACT } else { OTHER };
                self.send(Wanted::One, sql, values![*owner, membership.group, membership.member]).await;
            }
            Effect::MemberRemoved(owner, membership) => {
                const SQL: &str = "/* member.remove */ DELETE FROM members
                    WHERE owner = $1 AND book_group = $2 AND member = $3";
                self.send(Wanted::Any, SQL, values![*owner, membership.group, membership.member]).await;
            }
            Effect::Blocked(owner, key) => {
                const SQL: &str = "/* block.add */ INSERT INTO blocks (owner, key) VALUES ($1, $2)
                    ON CONFLICT (owner, key) DO NOTHING";
                self.send(Wanted::Any, SQL, values![*owner, &**key]).await;
            }
            Effect::FellAsleep(asleep) => {
                const SQL: &str = "/* asleep.add */ INSERT INTO asleep (owner, key, wire, since, cause)
                    VALUES ($1, $2, $3, $4, $5) ON CONFLICT (owner, key) DO NOTHING";
                let address = &asleep.address;
                let values = values![asleep.owner, address.key(), address.wire(), asleep.since, word(&asleep.cause)];
                self.send(Wanted::Any, SQL, values).await;
            }
            Effect::Awoke { owner, key } => {
                const SQL: &str = "/* asleep.end */ DELETE FROM asleep WHERE owner = $1 AND key = $2";
                self.send(Wanted::Any, SQL, values![*owner, &**key]).await;
            }
            Effect::Unblocked(owner, key) => {
                const SQL: &str = "/* block.remove */ DELETE FROM blocks WHERE owner = $1 AND key = $2";
                self.send(Wanted::Any, SQL, values![*owner, &**key]).await;
            }
            _ => {}
        }
    }

    async fn book_removed(&mut self, owner: OwnerId, book: BookId) {
        const STATEMENTS: [&str; 6] = [
            "/* book.remove.members */ DELETE FROM members WHERE owner = $1 AND
                (book_group IN (SELECT id FROM book_groups WHERE owner = $1 AND book = $2)
                OR member IN (SELECT member FROM contacts WHERE owner = $1 AND book = $2))",
            "/* book.remove.grants */ DELETE FROM grants WHERE owner = $1
                AND book_group IN (SELECT id FROM book_groups WHERE owner = $1 AND book = $2)",
            "/* book.remove.groups */ DELETE FROM book_groups WHERE owner = $1 AND book = $2",
            "/* book.remove.keys */ DELETE FROM contact_keys WHERE owner = $1
                AND contact IN (SELECT id FROM contacts WHERE owner = $1 AND book = $2)",
            "/* book.remove.contacts */ DELETE FROM contacts WHERE owner = $1 AND book = $2",
            "/* book.remove */ DELETE FROM books WHERE owner = $1 AND id = $2",
        ];
        for sql in STATEMENTS {
            self.send(Wanted::Any, sql, values![owner, book]).await;
        }
    }

    async fn group_set(&mut self, group: &'a Group) {
        const SET: &str = "/* group.set */ INSERT INTO book_groups (owner, id, book, name, told, channels, introduce,
                quiet)
            SELECT b.owner, $2::BYTEA, b.id, $4::TEXT, $5::TEXT, $6::TEXT, $7::BOOLEAN, $8::TEXT
            FROM books b WHERE b.owner = $1 AND b.id = $3
            ON CONFLICT (owner, id) DO UPDATE SET book = excluded.book, name = excluded.name, told = excluded.told,
                channels = excluded.channels, introduce = excluded.introduce,
                quiet = excluded.quiet";
        const CLEAR: &str = "/* group.set.clear */ DELETE FROM grants WHERE owner = $1 AND book_group = $2";
        const GRANT: &str = "/* group.set.grants */ INSERT INTO grants (owner, book_group, place, granted)
            SELECT $1::BYTEA, $2::BYTEA, g.place, g.granted
            FROM unnest($3::BIGINT[], $4::BYTEA[]) AS g (place, granted)";
        let quiet = group.quiet.map(|quiet| quiet.to_string());
        let values = values![
            group.owner,
            group.id,
            group.book,
            &*group.name,
            json(&group.told),
            json(&group.channels),
            group.introduce,
            quiet,
        ];
        self.send(Wanted::One, SET, values).await;
        self.send(Wanted::Any, CLEAR, values![group.owner, group.id]).await;
        if !group.grants.is_empty() {
            let places: Vec<i64> = (0..).take(group.grants.len()).collect();
            let granted: Vec<Vec<u8>> = group.grants.iter().map(|grant| grant.stored()).collect();
            self.send(Wanted::Any, GRANT, values![group.owner, group.id, places, granted]).await;
        }
    }

    async fn group_removed(&mut self, owner: OwnerId, group: GroupId) {
        const STATEMENTS: [&str; 3] = [
            "/* group.remove.members */ DELETE FROM members WHERE owner = $1 AND book_group = $2",
            "/* group.remove.grants */ DELETE FROM grants WHERE owner = $1 AND book_group = $2",
            "/* group.remove */ DELETE FROM book_groups WHERE owner = $1 AND id = $2",
        ];
        for sql in STATEMENTS {
            self.send(Wanted::Any, sql, values![owner, group]).await;
        }
    }

    async fn contact_set(&mut self, contact: &'a Contact) {
        const SET: &str = "/* contact.set */
            INSERT INTO contacts (owner, id, book, uid, uid_digest, version, card, name, names, addresses, linked,
                language, member, recipient)
            SELECT b.owner, $2::BYTEA, b.id, $4::TEXT, $5::BYTEA, $6::BIGINT, $7::BYTEA, $8::TEXT, $9::TEXT, $10::TEXT,
                $11::BYTEA, $12::TEXT, $13::BYTEA, $14::BYTEA
            FROM books b WHERE b.owner = $1 AND b.id = $3
            ON CONFLICT (owner, id) DO UPDATE SET book = excluded.book, uid = excluded.uid,
                uid_digest = excluded.uid_digest, version = excluded.version, card = excluded.card,
                name = excluded.name, names = excluded.names, addresses = excluded.addresses,
                linked = excluded.linked, language = excluded.language, recipient = excluded.recipient";
        const CLEAR: &str = "/* contact.set.clear */ DELETE FROM contact_keys WHERE owner = $1 AND contact = $2";
        const KEYS: &str = "/* contact.set.keys */ INSERT INTO contact_keys (owner, key, contact, member, counts)
            SELECT $1::BYTEA, k.key, $2::BYTEA, $3::BYTEA, k.counts
            FROM unnest($4::TEXT[], $5::BOOLEAN[]) AS k (key, counts)";
        let member = Member::Contact(contact.id);
        let recipient = Recipient::of(contact.id, contact.linked);
        let names: Vec<&str> = contact.names.iter().map(NameKey::as_str).collect();
        let addresses: Vec<[&str; 2]> = contact.addresses.iter().map(|each| [each.key(), each.wire()]).collect();
        let values = values![
            contact.owner,
            contact.id,
            contact.book,
            &*contact.uid,
            digest(&contact.uid),
            contact.version,
            &contact.card[..],
            &*contact.name,
            json(&names),
            json(&addresses),
            contact.linked,
            contact.language.as_deref(),
            member,
            recipient,
        ];
        self.send(Wanted::One, SET, values).await;
        self.send(Wanted::Any, CLEAR, values![contact.owner, contact.id]).await;
        let mut keys: BTreeMap<String, bool> =
            contact.addresses.iter().map(|each| (each.key().to_owned(), contact.linked.is_none())).collect();
        keys.extend(contact.linked.map(|owner| (owner.to_string(), true)));
        if !keys.is_empty() {
            let (keys, counts): (Vec<String>, Vec<bool>) = keys.into_iter().unzip();
            self.send(Wanted::Any, KEYS, values![contact.owner, contact.id, member, keys, counts]).await;
        }
    }

    async fn contact_removed(&mut self, owner: OwnerId, contact: ContactId) {
        const STATEMENTS: [&str; 2] = [
            "/* contact.remove.keys */ DELETE FROM contact_keys WHERE owner = $1 AND contact = $2",
            "/* contact.remove */ DELETE FROM contacts WHERE owner = $1 AND id = $2",
        ];
        const MEMBERS: &str = "/* contact.remove.members */ DELETE FROM members WHERE owner = $1 AND member = $2";
        self.send(Wanted::Any, MEMBERS, values![owner, Member::Contact(contact)]).await;
        for sql in STATEMENTS {
            self.send(Wanted::Any, sql, values![owner, contact]).await;
        }
    }
}
