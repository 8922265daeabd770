//! Fan-outs, notices, attempts, the ledger, opt-outs.

use super::{Wanted, Writer};
use crate::{
    domain::{address::phone, notice::NoticeState},
    store::{
        Effect,
        erasure::{HASHED, Happened},
        postgres::value::{Stored, digest, values, word},
    },
};

impl<'a> Writer<'a> {
    pub(super) async fn outbox_effect(&mut self, effect: &'a Effect) {
        match effect {
            Effect::FanoutDue(fanout) => {
                const SQL: &str = "/* fanout.add */
                    INSERT INTO fanouts (id, owner, at, recipients, silent, reached, ready)
                    VALUES ($1, $2, $3, $4, $5, $6, $3)";
                let only: Vec<u8> = fanout.only.iter().flat_map(|recipient| recipient.stored()).collect();
                let reached = fanout.cursor.map(Stored::stored);
                let values = values![fanout.id, fanout.owner, fanout.at, only, fanout.silent, reached];
                self.send(Wanted::One, SQL, values).await;
            }
            Effect::FanoutMoved(id, Some(reached)) => {
                const SQL: &str = "/* fanout.move */ UPDATE fanouts SET reached = $2, ready = at WHERE id = $1";
                self.send(Wanted::One, SQL, values![*id, *reached]).await;
            }
            Effect::FanoutMoved(id, None) => {
                const SQL: &str = "/* fanout.done */ DELETE FROM fanouts WHERE id = $1";
                self.send(Wanted::One, SQL, values![*id]).await;
            }
            Effect::LinkingDue { .. } | Effect::LinkingMoved { .. } => self.linking_effect(effect).await,
            Effect::NoticeDue(notice) => {
                const SQL: &str = "/* notice.due */
                    INSERT INTO notices (id, owner, recipient, state, first_at, due, attempts, reason, settled,
                        ready, claimed, fence, since)
                    VALUES ($1, $2, $3, 'open', $4, $5, $6, $7, NULL, $5, FALSE, 0, $8)
                    ON CONFLICT (owner, recipient) WHERE state = 'open' DO UPDATE SET
                        due = CASE WHEN notices.claimed AND excluded.due <= notices.due THEN notices.due + 1
                            ELSE excluded.due END,
                        ready = CASE WHEN notices.claimed THEN notices.ready ELSE excluded.due END,
                        since = excluded.since";
                let values = values![
                    notice.id,
                    notice.owner,
                    notice.recipient,
                    notice.first,
                    notice.due,
                    notice.attempts,
                    &*notice.reason,
                    notice.since,
                ];
                self.send(Wanted::One, SQL, values).await;
            }
            Effect::NoticeSet { id, fence, seen, state, due, attempts, reason } => {
                // Where something came while it was claimed, it stays open with the `due` that it has; one that was
                // told starts over.
                const OPEN: &str = "/* notice.postpone */ UPDATE notices
                    SET due = CASE WHEN due = $3 THEN $4 ELSE due END,
                        ready = CASE WHEN due = $3 THEN $4 ELSE due END, attempts = $5, reason = $6, claimed = FALSE
                    WHERE id = $1 AND fence = $2 AND state = 'open' AND claimed";
                const FINAL: &str = "/* notice.settle */ UPDATE notices SET
                        state = CASE WHEN due = $3 THEN $7 ELSE state END,
                        settled = CASE WHEN due = $3 THEN $8 ELSE settled END,
                        attempts = CASE WHEN due = $3 THEN $5::BIGINT ELSE 0 END,
                        first_at = CASE WHEN due = $3 THEN first_at ELSE $8 END,
                        due = CASE WHEN due = $3 THEN $4 ELSE due END,
                        ready = CASE WHEN due = $3 THEN $4 ELSE due END, reason = $6, claimed = FALSE
                    WHERE id = $1 AND fence = $2 AND state = 'open' AND claimed";
                let mut values = values![*id, *fence, *seen, *due, *attempts, &**reason];
                if *state == NoticeState::Open {
                    self.send(Wanted::One, OPEN, values).await;
                } else {
                    values.extend(values![word(state), self.now]);
                    self.send(Wanted::One, FINAL, values).await;
                }
            }
            Effect::NoticeMarked { id, from, state, reason } => {
                const SQL: &str = "/* notice.mark */ UPDATE notices SET state = $3, reason = $4, settled = $5
                    WHERE id = $1 AND state = $2 AND NOT claimed AND $3 <> 'open'";
                let now = self.now;
                self.send(Wanted::One, SQL, values![*id, word(from), word(state), &**reason, now]).await;
            }
            Effect::AttemptBegun { .. } | Effect::AttemptEnded { .. } => self.attempt_effect(effect).await,
            Effect::ShownTo(shown) => {
                const SQL: &str = "/* shown.set */ INSERT INTO shown (owner, recipient, revision, rights, card, at)
                    VALUES ($1, $2, $3, $4, $5, $6)
                    ON CONFLICT (owner, recipient) DO UPDATE SET revision = excluded.revision,
                        rights = excluded.rights, card = excluded.card, at = excluded.at";
                let values =
                    values![shown.owner, shown.recipient, shown.revision, shown.rights, &*shown.card, shown.at];
                self.send(Wanted::One, SQL, values).await;
            }
            Effect::OptedOut(_) | Effect::OptedIn { .. } => self.wish_effect(effect).await,
            _ => {}
        }
    }

    async fn wish_effect(&mut self, effect: &'a Effect) {
        match effect {
            Effect::OptedOut(out) => {
                const SQL: &str = "/* opt.out */ INSERT INTO opt_outs (key, scope, wire, at, way)
                    VALUES ($1, $2, $3, $4, $5)
                    ON CONFLICT (key, scope) DO UPDATE SET wire = excluded.wire, at = excluded.at, way = excluded.way";
                if !out.address.key().starts_with(HASHED) {
                    self.note(Happened::Stopped(self.hash.of(out.address.key()), out.owner)).await;
                }
                let scope = out.owner.map(Stored::stored).unwrap_or_default();
                self.send(Wanted::One, SQL, values![out.address.key(), scope, out.address.wire(), out.at, &*out.way])
                    .await;
            }
            Effect::OptedIn { key, owner } => {
                const FROM: &str = "/* opt.in */ DELETE FROM opt_outs WHERE key IN ($1, $2) AND scope = $3";
                const ALL: &str = "/* opt.in.all */ DELETE FROM opt_outs WHERE key IN ($1, $2)";
                let hash = self.hash.of(key).to_string();
                if !key.starts_with(HASHED) {
                    self.note(Happened::Started((&*hash).into(), *owner)).await;
                }
                match owner {
                    Some(owner) => self.send(Wanted::Any, FROM, values![&**key, hash, *owner]).await,
                    None => self.send(Wanted::Any, ALL, values![&**key, hash]).await,
                }
            }
            _ => {}
        }
    }

    async fn linking_effect(&mut self, effect: &'a Effect) {
        match effect {
            Effect::LinkingDue { owner, at } => {
                const SQL: &str = "/* linking.due */ INSERT INTO linkings (owner, at, reached, ready)
                    VALUES ($1, $2, NULL, $2)
                    ON CONFLICT (owner) DO UPDATE SET reached = NULL,
                        at = CASE WHEN excluded.at > linkings.at THEN excluded.at ELSE linkings.at + 1 END,
                        ready = CASE WHEN excluded.at > linkings.at THEN excluded.at ELSE linkings.at + 1 END";
                self.send(Wanted::One, SQL, values![*owner, *at]).await;
            }
            Effect::LinkingMoved { owner, seen, cursor: Some(reached) } => {
                const SQL: &str = "/* linking.move */ UPDATE linkings SET reached = $3, ready = at
                    WHERE owner = $1 AND at = $2";
                self.send(Wanted::Any, SQL, values![*owner, *seen, reached.stored()]).await;
            }
            Effect::LinkingMoved { owner, seen, cursor: None } => {
                const SQL: &str = "/* linking.done */ DELETE FROM linkings WHERE owner = $1 AND at = $2";
                self.send(Wanted::Any, SQL, values![*owner, *seen]).await;
            }
            _ => {}
        }
    }

    async fn attempt_effect(&mut self, effect: &'a Effect) {
        match effect {
            Effect::AttemptBegun { attempt, fence } => {
                const SQL: &str = "/* attempt.begin */
                    INSERT INTO attempts (notice, number, owner, recipient, account, channel, address_key,
                        address_wire, at, outcome, foreign_id, foreign_digest, detail, country)
                    SELECT n.id, $3::BIGINT, n.owner, n.recipient, $4::TEXT, $5::TEXT, $6::TEXT, $7::TEXT,
                        $8::BIGINT, $9::TEXT, $10::TEXT, $11::BYTEA, $12::TEXT, $13::TEXT
                    FROM notices n WHERE n.id = $1 AND n.fence = $2 AND n.state = 'open' AND n.claimed";
                let values = values![
                    attempt.notice,
                    *fence,
                    attempt.number,
                    &*attempt.account,
                    word(&attempt.channel),
                    attempt.address.key(),
                    attempt.address.wire(),
                    attempt.at,
                    attempt.outcome.as_ref().map(word),
                    attempt.foreign_id.as_deref(),
                    attempt.foreign_id.as_deref().map(digest),
                    &*attempt.detail,
                    phone::Country::of(&attempt.address).to_string(),
                ];
                self.send(Wanted::One, SQL, values).await;
            }
            Effect::AttemptEnded { notice, number, outcome, foreign_id, detail } => {
                const SQL: &str = "/* attempt.end */ UPDATE attempts
                    SET outcome = $3, foreign_id = coalesce($4, foreign_id), foreign_digest = coalesce($5, foreign_digest),
                        detail = $6
                    WHERE notice = $1 AND number = $2";
                let digested = foreign_id.as_deref().map(digest);
                let values = values![*notice, *number, word(outcome), foreign_id.as_deref(), digested, &**detail];
                self.send(Wanted::One, SQL, values).await;
            }
            _ => {}
        }
    }
}
