//! Introductions, trays, and what was brought up to date in viewers' own books.

use super::{Wanted, Writer};
use crate::store::{
    Exchanged,
    exchange::{lines_json, stand_code, tray_code},
    postgres::value::values,
};

impl<'a> Writer<'a> {
    pub(super) async fn exchange_effect(&mut self, said: &'a Exchanged) {
        match said {
            Exchanged::Introduced(new, keys) => {
                const SQL: &str = "/* introduction.add */
                    INSERT INTO introductions (owner, contact, at, stand, due) VALUES ($1, $2, $3, $4, $5)
                    ON CONFLICT (owner, contact) DO UPDATE SET at = excluded.at, stand = excluded.stand,
                        due = excluded.due";
                const KEYS: &str = "/* introduction.keys */ INSERT INTO introduced (owner, key, contact)
                    SELECT $1::BYTEA, k.key, $3::BYTEA FROM unnest($2::TEXT[]) AS k (key) ON CONFLICT DO NOTHING";
                let stand = u32::from(stand_code(new.stand));
                self.send(Wanted::One, SQL, values![new.owner, new.contact, new.at, stand, new.due]).await;
                self.send(Wanted::Any, KEYS, values![new.owner, &**keys, new.contact]).await;
            }
            Exchanged::IntroductionSet(known) => {
                const SQL: &str = "/* introduction.set */ UPDATE introductions SET stand = $3, due = $4
                    WHERE owner = $1 AND contact = $2";
                let stand = u32::from(stand_code(known.stand));
                self.send(Wanted::One, SQL, values![known.owner, known.contact, stand, known.due]).await;
            }
            Exchanged::IntroductionDropped(owner, contact) => {
                const STATEMENTS: [&str; 2] = [
                    "/* introduction.drop */ DELETE FROM introductions WHERE owner = $1 AND contact = $2",
                    "/* introduction.drop.keys */ DELETE FROM introduced WHERE owner = $1 AND contact = $2",
                ];
                for sql in STATEMENTS {
                    self.send(Wanted::Any, sql, values![*owner, *contact]).await;
                }
            }
            Exchanged::Trayed(card) => {
                const SQL: &str = "/* tray.add */ INSERT INTO trays (holder, sender, at, state)
                    VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
                let state = u32::from(tray_code(card.state));
                self.send(Wanted::Any, SQL, values![card.holder, card.from, card.at, state]).await;
            }
            Exchanged::TraySet { holder, from, state } => {
                const SQL: &str = "/* tray.set */ UPDATE trays SET state = $3
                    WHERE holder = $1 AND sender = $2 AND state = 1";
                self.send(Wanted::One, SQL, values![*holder, *from, u32::from(tray_code(*state))]).await;
            }
            Exchanged::BookUpdated(new) => {
                const SQL: &str = "/* book_update.add */
                    INSERT INTO book_updates (viewer, id, contact, sender, at, lines, undone, before, after)
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
                let values = values![
                    new.viewer,
                    new.id,
                    new.contact,
                    new.from,
                    new.at,
                    lines_json(new),
                    new.undone,
                    &*new.before,
                    &*new.after,
                ];
                self.send(Wanted::One, SQL, values).await;
            }
            Exchanged::BookUpdateUndone { viewer, id, at } => {
                const SQL: &str = "/* book_update.undo */ UPDATE book_updates SET undone = $3
                    WHERE viewer = $1 AND id = $2 AND undone IS NULL";
                self.send(Wanted::One, SQL, values![*viewer, *id, *at]).await;
            }
        }
    }
}
