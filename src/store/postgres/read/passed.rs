//! Messages that went on unchanged, and what became of them.

use super::{all, first};
use crate::{
    domain::{address::Address, id::PassedId},
    store::{
        Fate, Passed, Passes, Result,
        postgres::{
            Postgres,
            columns::Columns,
            value::{digest, values},
        },
    },
};
use async_trait::async_trait;
use tokio_postgres::Row;

fn passed(row: &Row) -> Result<Passed> {
    let mut columns = Columns::of(row, "passed");
    Ok(Passed {
        id: columns.stored()?,
        account: columns.text()?,
        used: columns.address()?,
        used_text: columns.text()?,
        sender: match (columns.text_or_none()?, columns.text_or_none()?) {
            (Some(key), Some(wire)) => Some(Address::stored(key, wire)),
            _ => None,
        },
        callback: columns.text_or_none()?,
        foreign_id: columns.text_or_none()?,
        at: columns.time()?,
        fate: match (columns.stored_or_none()?, columns.text_or_none()?) {
            (Some(by), _) => Fate::SentAgain(by),
            (None, Some(why)) => Fate::Left(why),
            (None, None) => Fate::Waiting,
        },
    })
}

#[async_trait]
impl Passes for Postgres {
    async fn passed(&self, id: PassedId) -> Result<Option<Passed>> {
        const SQL: &str = "/* passed */ SELECT id, account, used_key, used_wire, used_text, sender_key, sender_wire,
                callback, foreign_id, at, again, why FROM passed WHERE id = $1";
        first(&self.read(SQL, || values![id]).await?.rows, passed)
    }

    async fn passed_named(&self, account: &str, foreign_ids: &[Box<str>]) -> Result<Vec<Passed>> {
        const SQL: &str = "/* passed.named */ SELECT id, account, used_key, used_wire, used_text, sender_key,
                sender_wire, callback, foreign_id, at, again, why FROM passed
            WHERE message = ANY($1) AND account = $2 ORDER BY id";
        let digests: Vec<Vec<u8>> = foreign_ids.iter().map(|id| digest(id)).collect();
        all(&self.read(SQL, || values![digests.clone(), account]).await?.rows, passed)
    }
}
