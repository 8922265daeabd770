//! Communications that were sent elsewhere.

use super::{all, first};
use crate::{
    clock::Time,
    domain::{
        address::Address,
        id::{OwnerId, QueryId, SubstitutionId},
    },
    store::{
        Result, Substitution, Substitutions,
        postgres::{
            Postgres,
            columns::Columns,
            value::{digest, values},
        },
    },
};
use async_trait::async_trait;
use tokio_postgres::Row;

/// A statement on substitutions.
macro_rules! substitutions {
    ($comment:literal, $condition:literal) => {
        concat!(
            "/* ",
            $comment,
            " */ SELECT id, account, channel, owner, used_key, used_wire, used_text, connected_key, connected_wire,
                sender_key, sender_wire, callback, foreign_id, query, at FROM substitutions WHERE ",
            $condition
        )
    };
}

fn substitution(row: &Row) -> Result<Substitution> {
    let mut columns = Columns::of(row, "substitutions");
    Ok(Substitution {
        id: columns.stored()?,
        account: columns.text()?,
        channel: columns.text()?,
        owner: columns.stored()?,
        used: columns.address()?,
        used_text: columns.text()?,
        connected: columns.address()?,
        sender: match (columns.text_or_none()?, columns.text_or_none()?) {
            (Some(key), Some(wire)) => Some(Address::stored(key, wire)),
            _ => None,
        },
        callback: columns.text_or_none()?,
        foreign_id: columns.text_or_none()?,
        query: columns.stored()?,
        at: columns.time()?,
    })
}

#[async_trait]
impl Substitutions for Postgres {
    async fn substitution(&self, id: SubstitutionId) -> Result<Option<Substitution>> {
        const SQL: &str = substitutions!("substitution", "id = $1");
        first(&self.read(SQL, || values![id]).await?.rows, substitution)
    }

    async fn substitutions_named(&self, account: &str, foreign_ids: &[Box<str>]) -> Result<Vec<Substitution>> {
        const SQL: &str =
            substitutions!("substitutions.named", "foreign_digest = ANY($1) AND account = $2 ORDER BY id");
        let digests: Vec<Vec<u8>> = foreign_ids.iter().map(|id| digest(id)).collect();
        all(&self.read(SQL, || values![digests.clone(), account]).await?.rows, substitution)
    }

    async fn substitution_between(
        &self,
        account: &str,
        connected: &str,
        sender: &str,
        since: Time,
    ) -> Result<Option<Substitution>> {
        const SQL: &str = substitutions!(
            "substitution.between",
            "connected_key = $1 AND sender_key = $2 AND account = $3 AND at >= $4 ORDER BY at DESC, id DESC LIMIT 1"
        );
        first(&self.read(SQL, || values![connected, sender, account, since]).await?.rows, substitution)
    }

    async fn substitutions_about(
        &self,
        owner: OwnerId,
        after: Option<SubstitutionId>,
        limit: usize,
    ) -> Result<Vec<Substitution>> {
        const SQL: &str = substitutions!("substitutions.about", "owner = $1 AND id > $2 ORDER BY id LIMIT $3");
        let (after, limit) = (after.unwrap_or(SubstitutionId(0)), i64::try_from(limit).unwrap_or(i64::MAX));
        all(&self.read(SQL, || values![owner, after, limit]).await?.rows, substitution)
    }

    async fn substitution_of(&self, query: QueryId) -> Result<Option<Substitution>> {
        const SQL: &str = substitutions!("substitution.of", "query = $1 ORDER BY at DESC, id DESC LIMIT 1");
        first(&self.read(SQL, || values![query]).await?.rows, substitution)
    }
}
