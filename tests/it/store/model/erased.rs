//! An erasure (rule C7) in the model: what is gone with an owner, what stays, and no row that names them elsewhere.

use super::state::{
    Refusal::{self, Conflict},
    State,
};
use crate::store::rows::Row;
use redial::{
    domain::{address::Address, id::OwnerId},
    store::Extent,
};
use std::collections::BTreeSet;

/// Where the id of an erased owner may stand, in the tables of either store: that there was one of this id, the trail without
/// its words, and what is others': their contacts, deny lists and ledgers.
const NAMED: [(&str, &str); 27] = [
    ("erased", "owner"),
    ("journal", "line"),
    // An imported owner's line has the owner's own id.
    ("audit", "id"),
    ("audits", "id"),
    ("audit", "owner"),
    ("audits", "owner"),
    ("audit_head", "owner"),
    ("audit_heads", "owner"),
    ("contact", "linked"),
    ("contacts", "linked"),
    ("contacts", "recipient"),
    ("member", "recipient"),
    ("fanouts", "recipients"),
    ("audience", "identity"),
    ("contact_keys", "key"),
    ("block", "identity"),
    ("blocks", "key"),
    ("shown", "recipient"),
    ("notice", "recipient"),
    ("notices", "recipient"),
    ("attempt", "recipient"),
    ("attempts", "recipient"),
    ("fanout", "only_these"),
    ("fanout", "expanded"),
    ("fanouts", "reached"),
    ("query", "viewer"),
    ("queries", "viewer"),
];

/// Where an address of theirs may stand that nobody else has or had: in what others wrote of it.
const WRITTEN: [&str; 11] = [
    "contact",
    "contacts",
    "contact_address",
    "contact_keys",
    "audience",
    "block",
    "blocks",
    "request",
    "requests",
    "attempt",
    "attempts",
];

impl State {
    /// All values that the owner has or had, but for those that somebody else has or had too.
    pub(crate) fn own_keys(&self, owner: OwnerId) -> BTreeSet<Box<str>> {
        let keys = |theirs: bool| -> BTreeSet<Box<str>> {
            let held = self.all_held().filter(|(of, _, _)| (of.id == owner) == theirs);
            held.map(|(_, _, held)| held.address.key().into()).collect()
        };
        &keys(true) - &keys(false)
    }

    pub(crate) fn erase(&mut self, owner: OwnerId, read: Extent) -> Result<(), Refusal> {
        if read != self.traces.extent(owner) {
            return Err(Conflict);
        }
        let keys = self.own_keys(owner);
        self.owners.remove(&owner.0).ok_or(Conflict)?;
        self.names.remove(&owner.0);
        self.groups.retain(|_, group| group.owner != owner);
        self.books.retain(|_, of| *of != owner);
        self.contacts.retain(|_, contact| contact.owner != owner);
        self.members.retain(|(of, _, _)| *of != owner);
        self.blocks.retain(|(of, _)| *of != owner);
        self.notices.retain(|_, kept| kept.notice.owner != owner);
        self.fanouts.retain(|_, (fanout, _)| fanout.owner != owner);
        self.shown.retain(|(of, _), _| *of != owner);
        self.linkings.remove(&owner);
        self.once.retain(|_, body| !body.contains(&owner.to_string()));
        self.waiting.erase(owner, &keys);
        self.traces.erase(owner, &keys);
        self.gone.insert(owner);
        self.journal.push(("erased", owner));
        Ok(())
    }

    /// Nothing names an owner who was erased.
    pub(crate) fn check_rows(&self, rows: &[Row]) {
        for owner in &self.gone {
            for mark in [format!("{:032x}", owner.0), owner.to_string()] {
                each_with(rows, &mark, |table, column| {
                    assert!(NAMED.contains(&(table, column)), "{owner} in {table}.{column}");
                });
            }
        }
    }

    /// Nothing is kept about these addresses, right after their last owner was erased.
    pub(crate) fn check_addresses(rows: &[Row], keys: &BTreeSet<Box<str>>) {
        for key in keys {
            each_with(rows, key, |table, column| {
                assert!(WRITTEN.contains(&table), "{} in {table}.{column}", Address::stored(&**key, &**key));
            });
        }
    }
}

fn each_with(rows: &[Row], mark: &str, mut found: impl FnMut(&str, &str)) {
    for row in rows {
        for (column, _) in row.cells.iter().filter(|(_, text)| text.contains(mark)) {
            found(&row.table, column);
        }
    }
}
