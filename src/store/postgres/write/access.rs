//! Who gets in: codes and their limits, sessions, passkeys.

use super::{Wanted, Writer};
use crate::store::{
    Admitted, Session,
    access::{KEPT, SESSIONS_KEPT},
    postgres::value::{json, values},
};

impl<'a> Writer<'a> {
    pub(super) async fn access_effect(&mut self, admitted: &'a Admitted) {
        match admitted {
            Admitted::SecretMade(key) => {
                const SQL: &str = "/* secret.made */ INSERT INTO secrets (one, key) VALUES (1, $1)
                    ON CONFLICT (one) DO NOTHING";
                self.send(Wanted::Any, SQL, values![&key[..]]).await;
            }
            Admitted::CodeMade(code) => {
                const FORGET: &str = "/* code.forget */ DELETE FROM codes WHERE made < $1";
                const SQL: &str = "/* code.made */ INSERT INTO codes (id, key, wire, purpose, made, tries, used)
                    VALUES ($1, $2, $3, $4, $5, $6, $7)";
                self.send(Wanted::Any, FORGET, values![code.made.before(KEPT)]).await;
                let (to, purpose) = (&code.address, json(&code.purpose));
                let values = values![code.id, to.key(), to.wire(), purpose, code.made, code.tries, code.used];
                self.send(Wanted::One, SQL, values).await;
            }
            Admitted::CodeTried { id, most } => {
                const SQL: &str = "/* code.tried */ UPDATE codes SET tries = tries + 1
                    WHERE id = $1 AND tries < $2 AND used IS NULL";
                self.send(Wanted::One, SQL, values![*id, *most]).await;
            }
            Admitted::CodeUsed { id, at } => {
                const SQL: &str = "/* code.used */ UPDATE codes SET used = $2 WHERE id = $1 AND used IS NULL";
                self.send(Wanted::One, SQL, values![*id, *at]).await;
            }
            Admitted::Counted { count, now } => {
                const FORGET: &str = "/* tally.forget */ DELETE FROM tallies WHERE until < $1";
                const SQL: &str = "/* tally.add */ INSERT INTO tallies (key, until, count) VALUES ($1, $2, 1)
                    ON CONFLICT (key, until) DO UPDATE SET count = tallies.count + 1 WHERE tallies.count < $3";
                self.send(Wanted::Any, FORGET, values![*now]).await;
                self.send(Wanted::Spare, SQL, values![&*count.key, count.until, count.most]).await;
            }
            Admitted::SessionSet(session) => self.session_set(session).await,
            Admitted::SessionUsed(id, at) => {
                const SQL: &str = "/* session.used */ UPDATE sessions SET used = $2 WHERE id = $1 AND used < $2";
                self.send(Wanted::Any, SQL, values![*id, *at]).await;
            }
            Admitted::KeyUsed(id, at) => {
                const SQL: &str = "/* key.used */ UPDATE api_keys SET used = $2 WHERE id = $1";
                self.send(Wanted::Any, SQL, values![*id, *at]).await;
            }
            Admitted::PasskeySet(key) => {
                const SQL: &str = "/* passkey.set */
                    INSERT INTO passkeys (id, owner, label, algorithm, public, count, made, used)
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                    ON CONFLICT (id) DO UPDATE SET label = excluded.label, count = excluded.count,
                        used = excluded.used
                    WHERE passkeys.owner = excluded.owner";
                let values = values![
                    &key.id[..],
                    key.owner,
                    &*key.label,
                    key.algorithm,
                    &key.public[..],
                    key.count,
                    key.made,
                    key.used,
                ];
                self.send(Wanted::One, SQL, values).await;
            }
            Admitted::PasskeyRemoved(owner, id) => {
                const SQL: &str = "/* passkey.removed */ DELETE FROM passkeys WHERE id = $2 AND owner = $1";
                self.send(Wanted::Any, SQL, values![*owner, &id[..]]).await;
            }
        }
    }

    async fn session_set(&mut self, session: &'a Session) {
        const FORGET: &str = "/* session.forget */ DELETE FROM sessions WHERE used < $1";
        const SQL: &str = "/* session.set */
            INSERT INTO sessions (id, owner, hash, label, evidence, made, used, ended)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, label = excluded.label,
                evidence = excluded.evidence, used = excluded.used,
                ended = coalesce(sessions.ended, excluded.ended)";
        self.send(Wanted::Any, FORGET, values![session.used.before(SESSIONS_KEPT)]).await;
        let values = values![
            session.id,
            session.owner,
            &session.hash[..],
            &*session.label,
            json(&session.evidence),
            session.made,
            session.used,
            session.ended,
        ];
        self.send(Wanted::One, SQL, values).await;
    }
}
