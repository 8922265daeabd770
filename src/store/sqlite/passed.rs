//! Messages that went on unchanged, and what became of them.

use super::{
    Sqlite,
    row::{Cells, one, wire},
    writer::Tx,
};
use crate::{
    domain::{address::Address, id::PassedId},
    store::{Fate, Passed, Passes, Passing, Result, passed::PASSED_KEPT},
};
use async_trait::async_trait;
use rusqlite::params;

#[async_trait]
impl Passes for Sqlite {
    async fn passed(&self, id: PassedId) -> Result<Option<Passed>> {
        self.read(move |connection| {
            one::<PassedId, _>(
                connection,
                "passed",
                "-- passed::passed
                 SELECT id, account, used_key, used_wire, used_text, sender_key, sender_wire, callback, foreign_id, at,
                     again, why FROM passed WHERE id = ?1",
                [id.to_bytes()],
                passed,
            )
        })
        .await
    }

    async fn passed_named(&self, account: &str, foreign_ids: &[Box<str>]) -> Result<Vec<Passed>> {
        let (account, foreign_ids) = (Box::<str>::from(account), foreign_ids.to_vec());
        self.read(move |connection| {
            let mut found = Vec::new();
            for foreign_id in &foreign_ids {
                found.extend(one::<PassedId, _>(
                    connection,
                    "passed",
                    "-- passed::passed_named
                     SELECT id, account, used_key, used_wire, used_text, sender_key, sender_wire, callback, foreign_id,
                         at, again, why FROM passed WHERE account = ?1 AND foreign_id = ?2 ORDER BY id LIMIT 1",
                    params![account, foreign_id],
                    passed,
                )?);
            }
            Ok(found)
        })
        .await
    }
}

fn passed(cells: &Cells<'_>) -> Result<Passed> {
    let fate = match (cells.get::<Option<Vec<u8>>>(10, "again")?, cells.text_or_none(11, "why")?) {
        (Some(_), _) => Fate::SentAgain(cells.id(10, "again")?),
        (None, Some(why)) => Fate::Left(why),
        (None, None) => Fate::Waiting,
    };
    Ok(Passed {
        id: cells.id(0, "id")?,
        account: cells.text(1, "account")?,
        used: cells.address(2, "used_key")?,
        used_text: cells.text(4, "used_text")?,
        sender: cells.address_or_none(5, "sender_key")?,
        callback: cells.text_or_none(7, "callback")?,
        foreign_id: cells.text_or_none(8, "foreign_id")?,
        at: cells.time(9, "at")?,
        fate,
    })
}

/// Writes one of them.
pub(super) fn write(tx: &Tx<'_>, passing: &Passing) -> Result<()> {
    match passing {
        Passing::Began(new) => {
            tx.run("-- passed::began\nDELETE FROM passed WHERE at < ?1", [new.at.before(PASSED_KEPT).0])?;
            let (again, why) = columns(&new.fate);
            tx.must(
                "-- passed::began
                 INSERT INTO passed (id, account, used_key, used_wire, used_text, sender_key, sender_wire, callback,
                     foreign_id, at, again, why) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                params![
                    new.id.to_bytes(),
                    new.account,
                    new.used.key(),
                    wire(&new.used),
                    new.used_text,
                    new.sender.as_ref().map(Address::key),
                    new.sender.as_ref().and_then(wire),
                    new.callback,
                    new.foreign_id,
                    new.at.0,
                    again,
                    why
                ],
            )
        }
        Passing::Named(id, foreign_id) => tx.must(
            "-- passed::named\nUPDATE passed SET foreign_id = ?2 WHERE id = ?1",
            params![id.to_bytes(), foreign_id],
        ),
        Passing::Ended(id, fate) => {
            let (again, why) = columns(fate);
            tx.must(
                "-- passed::ended
                 UPDATE passed SET again = ?2, why = ?3 WHERE id = ?1 AND again IS NULL AND why IS NULL",
                params![id.to_bytes(), again, why],
            )
        }
        Passing::TakenBack(id, by, why) => tx.must(
            "-- passed::taken_back\nUPDATE passed SET again = NULL, why = ?3 WHERE id = ?1 AND again = ?2",
            params![id.to_bytes(), by.to_bytes(), why],
        ),
    }
}

fn columns(fate: &Fate) -> (Option<[u8; 16]>, Option<&str>) {
    match fate {
        Fate::Waiting => (None, None),
        Fate::SentAgain(by) => (Some(by.to_bytes()), None),
        Fate::Left(why) => (None, Some(why)),
    }
}
