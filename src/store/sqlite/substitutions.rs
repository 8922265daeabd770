//! Communications that were sent elsewhere.

use super::{
    Sqlite,
    row::{Cells, above, many, one, wire},
    writer::Tx,
};
use crate::{
    clock::Time,
    domain::{
        address::Address,
        id::{OwnerId, QueryId, SubstitutionId},
    },
    store::{Extent, Result, Substitution, Substitutions},
};
use async_trait::async_trait;
use rusqlite::params;

/// A statement on substitutions.
macro_rules! substitutions {
    ($name:literal, $condition:literal) => {
        concat!(
            "-- substitutions::",
            $name,
            "\nSELECT id, account, channel, owner, used_key, used_wire, used_text, connected_key, connected_wire,
                sender_key, sender_wire, callback, foreign_id, query, at FROM substitution WHERE ",
            $condition
        )
    };
}

#[async_trait]
impl Substitutions for Sqlite {
    async fn substitution(&self, id: SubstitutionId) -> Result<Option<Substitution>> {
        self.read_quickly(move |connection| {
            one::<SubstitutionId, _>(
                connection,
                "substitution",
                substitutions!("substitution", "id = ?1"),
                [id.to_bytes()],
                substitution,
            )
        })
        .await
    }

    async fn substitutions_named(&self, account: &str, foreign_ids: &[Box<str>]) -> Result<Vec<Substitution>> {
        let (account, foreign_ids) = (Box::<str>::from(account), foreign_ids.to_vec());
        self.read_quickly(move |connection| {
            let mut found = Vec::new();
            for foreign_id in &foreign_ids {
                super::row::each::<SubstitutionId>(
                    connection,
                    "substitution",
                    substitutions!("substitutions_named", "account = ?1 AND foreign_id = ?2 ORDER BY id"),
                    params![account, foreign_id],
                    |cells| {
                        found.push(substitution(cells)?);
                        Ok(true)
                    },
                )?;
            }
            Ok(found)
        })
        .await
    }

    async fn substitution_between(
        &self,
        account: &str,
        connected: &str,
        sender: &str,
        since: Time,
    ) -> Result<Option<Substitution>> {
        let [account, connected, sender] = [account, connected, sender].map(Box::<str>::from);
        self.read_quickly(move |connection| {
            one::<SubstitutionId, _>(
                connection,
                "substitution",
                substitutions!(
                    "substitution_between",
                    "account = ?1 AND connected_key = ?2 AND sender_key = ?3 AND at >= ?4
                     ORDER BY at DESC, id DESC LIMIT 1"
                ),
                params![account, connected, sender, since.0],
                substitution,
            )
        })
        .await
    }

    async fn substitutions_about(
        &self,
        owner: OwnerId,
        after: Option<SubstitutionId>,
        limit: usize,
    ) -> Result<Vec<Substitution>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(move |connection| {
            many::<SubstitutionId, _>(
                connection,
                "substitution",
                substitutions!("substitutions_about", "owner = ?1 AND id > ?2 ORDER BY id LIMIT ?3"),
                params![owner.to_bytes(), above(after.map(SubstitutionId::to_bytes)), limit],
                substitution,
            )
        })
        .await
    }

    async fn substitution_of(&self, query: QueryId) -> Result<Option<Substitution>> {
        self.read_quickly(move |connection| {
            one::<SubstitutionId, _>(
                connection,
                "substitution",
                substitutions!("substitution_of", "query = ?1 ORDER BY at DESC, id DESC LIMIT 1"),
                [query.to_bytes()],
                substitution,
            )
        })
        .await
    }
}

fn substitution(cells: &Cells<'_>) -> Result<Substitution> {
    Ok(Substitution {
        id: cells.id(0, "id")?,
        account: cells.text(1, "account")?,
        channel: cells.text(2, "channel")?,
        owner: cells.id(3, "owner")?,
        used: cells.address(4, "used_key")?,
        used_text: cells.text(6, "used_text")?,
        connected: cells.address(7, "connected_key")?,
        sender: cells.address_or_none(9, "sender_key")?,
        callback: cells.text_or_none(11, "callback")?,
        foreign_id: cells.text_or_none(12, "foreign_id")?,
        query: cells.id(13, "query")?,
        at: cells.time(14, "at")?,
    })
}

/// How much there is of an owner's.
pub(super) fn extent(tx: &Tx<'_>, owner: OwnerId) -> Result<Extent> {
    tx.step()?;
    let found = one::<OwnerId, _>(
        &tx.connection,
        "substitution",
        "-- substitutions::extent\nSELECT ?1, count(*), count(foreign_id) FROM substitution WHERE owner = ?1",
        [owner.to_bytes()],
        |cells| Ok(Extent { all: cells.count(1, "count")?, named: cells.count(2, "count")? }),
    )?;
    Ok(found.unwrap_or_default())
}

/// Writes a substitution before anything leaves.
pub(super) fn add(tx: &Tx<'_>, new: &Substitution) -> Result<()> {
    tx.must(
        "-- substitutions::add
         INSERT INTO substitution (id, account, channel, owner, used_key, used_wire, used_text, connected_key,
             connected_wire, sender_key, sender_wire, callback, foreign_id, query, at)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15
         WHERE NOT EXISTS (SELECT 1 FROM erased WHERE owner = ?4)",
        params![
            new.id.to_bytes(),
            new.account,
            new.channel,
            new.owner.to_bytes(),
            new.used.key(),
            wire(&new.used),
            new.used_text,
            new.connected.key(),
            wire(&new.connected),
            new.sender.as_ref().map(Address::key),
            new.sender.as_ref().and_then(wire),
            new.callback,
            new.foreign_id,
            new.query.to_bytes(),
            new.at.0
        ],
    )
}

/// Writes the provider's id of a substitution.
pub(super) fn name(tx: &Tx<'_>, id: SubstitutionId, foreign_id: &str) -> Result<()> {
    tx.must(
        "-- substitutions::name\nUPDATE substitution SET foreign_id = ?2 WHERE id = ?1",
        params![id.to_bytes(), foreign_id],
    )
}
