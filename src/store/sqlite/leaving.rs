//! What delivering a notice begins with.

use super::{books, notices, outbox, row::one as first, statements::Prepares};
use crate::{
    domain::{
        id::{NoticeId, OwnerId},
        notice::Recipient,
    },
    store::{Leaving, Result, erasure::AddressHash},
};
use rusqlite::params;

/// One notice's part of [`crate::store::Outbox::leaving`].
pub(super) fn one(
    connection: &impl Prepares,
    hash: &AddressHash,
    (id, owner, recipient): (NoticeId, OwnerId, Recipient),
) -> Result<Leaving> {
    let audience = books::audience_of(connection, owner, recipient)?;
    let contacts = audience.iter().flat_map(|(_, contacts)| contacts);
    let mut keys: Vec<Box<str>> =
        contacts.flat_map(|contact| &contact.addresses).map(|address| address.key().into()).collect();
    keys.sort_unstable();
    keys.dedup();
    let mut told = Vec::new();
    for key in &keys {
        let others = notices::recipients_at(connection, owner, key)?.into_iter().filter(|other| *other != recipient);
        told.extend(others.map(|other| (key.clone(), other)));
    }
    let mut plain = Vec::new();
    for key in keys {
        if !is_known(connection, owner, &key, &hash.of(&key))? {
            plain.push(key);
        }
    }
    Ok(Leaving {
        attempts: notices::attempts(connection, id)?,
        shown: outbox::shown(connection, owner, recipient)?,
        audience,
        told,
        plain,
    })
}

/// Whether anything stands at an address that may matter for who is told there.
/// `hash`: an address of somebody who was erased may stand by it.
fn is_known(connection: &impl Prepares, owner: OwnerId, key: &str, hash: &str) -> Result<bool> {
    let found = first::<OwnerId, ()>(
        connection,
        "value",
        "-- leaving::is_known
         SELECT NULL FROM value WHERE key = ?1
         UNION ALL SELECT NULL FROM folded_key WHERE key = ?1
         UNION ALL SELECT NULL FROM opt_out WHERE key IN (?1, ?3)
         UNION ALL SELECT NULL FROM unreachable WHERE key = ?1
         UNION ALL SELECT NULL FROM preference WHERE key = ?1
         UNION ALL SELECT NULL FROM asleep WHERE owner = ?2 AND key = ?1
         LIMIT 1",
        params![key, owner.to_bytes(), hash],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}
