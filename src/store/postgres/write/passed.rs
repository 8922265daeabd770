//! Messages that went on unchanged, and what became of them.

use super::{Wanted, Writer};
use crate::{
    domain::{address::Address, id::SubstitutionId},
    store::{
        Effect, Fate, Passing,
        passed::PASSED_KEPT,
        postgres::value::{digest, values},
    },
};

impl<'a> Writer<'a> {
    pub(super) async fn passing_effect(&mut self, effect: &'a Effect) {
        let Effect::Passing(passing) = effect else { return };
        match passing {
            Passing::Began(new) => {
                const FORGET: &str = "/* passed.forget */ DELETE FROM passed WHERE at < $1";
                const SQL: &str = "/* passed.add */
                    INSERT INTO passed (id, account, used_key, used_wire, used_text, sender_key, sender_wire, callback,
                        foreign_id, message, at, again, why)
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
                self.send(Wanted::Any, FORGET, values![new.at.before(PASSED_KEPT)]).await;
                let (again, why) = columns(&new.fate);
                let values = values![
                    new.id,
                    &*new.account,
                    new.used.key(),
                    new.used.wire(),
                    &*new.used_text,
                    new.sender.as_ref().map(Address::key),
                    new.sender.as_ref().map(Address::wire),
                    new.callback.as_deref(),
                    new.foreign_id.as_deref(),
                    new.foreign_id.as_deref().map(digest),
                    new.at,
                    again,
                    why,
                ];
                self.send(Wanted::One, SQL, values).await;
            }
            Passing::Named(id, foreign_id) => {
                const SQL: &str = "/* passed.name */ UPDATE passed SET foreign_id = $2, message = $3 WHERE id = $1";
                self.send(Wanted::One, SQL, values![*id, &**foreign_id, digest(foreign_id)]).await;
            }
            Passing::Ended(id, fate) => {
                const SQL: &str = "/* passed.end */ UPDATE passed SET again = $2, why = $3
                    WHERE id = $1 AND again IS NULL AND why IS NULL";
                let (again, why) = columns(fate);
                self.send(Wanted::One, SQL, values![*id, again, why]).await;
            }
            Passing::TakenBack(id, by, why) => {
                const SQL: &str = "/* passed.take_back */ UPDATE passed SET again = NULL, why = $3
                    WHERE id = $1 AND again = $2";
                self.send(Wanted::One, SQL, values![*id, *by, &**why]).await;
            }
        }
    }
}

fn columns(fate: &Fate) -> (Option<SubstitutionId>, Option<&str>) {
    match fate {
        Fate::Waiting => (None, None),
        Fate::SentAgain(by) => (Some(*by), None),
        Fate::Left(why) => (None, Some(why)),
    }
}
