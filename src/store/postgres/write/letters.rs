//! Messages to one address that are about no change.

use super::{Wanted, Writer};
use crate::store::{Posted, postgres::value::values};

impl<'a> Writer<'a> {
    pub(super) async fn letter_effect(&mut self, posted: &'a Posted) {
        match posted {
            Posted::Due(letter) => {
                const SQL: &str = "/* letter.add */
                    INSERT INTO letters (id, key, wire, what, language, urgent, due, expires, attempts, account, ready,
                        fence)
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $7, 0)";
                let values = values![
                    letter.id,
                    letter.to.key(),
                    letter.to.wire(),
                    &*letter.what,
                    letter.language.as_deref(),
                    letter.urgent,
                    letter.due,
                    letter.expires,
                    letter.attempts,
                    letter.account.as_deref(),
                ];
                self.send(Wanted::One, SQL, values).await;
            }
            Posted::Begun { id, fence, account } => {
                const SQL: &str = "/* letter.begun */ UPDATE letters SET account = $3 WHERE id = $1 AND fence = $2";
                self.send(Wanted::One, SQL, values![*id, *fence, &**account]).await;
            }
            Posted::Later { id, fence, due, attempts, account } => {
                const SQL: &str = "/* letter.later */ UPDATE letters
                    SET account = $5, due = $3, ready = $3, attempts = $4, fence = fence + 1
                    WHERE id = $1 AND fence = $2";
                self.send(Wanted::One, SQL, values![*id, *fence, *due, *attempts, account.as_deref()]).await;
            }
            Posted::Ended { id, fence } => {
                const SQL: &str = "/* letter.ended */ DELETE FROM letters WHERE id = $1 AND fence = $2";
                self.send(Wanted::One, SQL, values![*id, *fence]).await;
            }
        }
    }
}
