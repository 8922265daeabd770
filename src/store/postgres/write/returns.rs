//! What comes back from recipients.

use super::{Wanted, Writer};
use crate::{
    domain::notice::NoticeState,
    store::{
        Effect, Returned,
        postgres::value::{Stored, digest, values, word},
        returns::{KEPT, LINKS_KEPT, channel_word},
    },
};

impl<'a> Writer<'a> {
    pub(super) async fn return_effect(&mut self, effect: &'a Effect) {
        let Effect::Returned(returned) = effect else { return };
        match returned {
            Returned::Received(receipt) => {
                const FORGET: &str = "/* receipt.forget */ DELETE FROM receipts WHERE at < $1";
                const SQL: &str = "/* receipt.add */
                    INSERT INTO receipts (account, message, foreign_id, reported, said, code, flags, at)
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                    ON CONFLICT (message, account, reported, said, flags) DO NOTHING";
                self.send(Wanted::Any, FORGET, values![receipt.at.before(KEPT)]).await;
                let flags = i64::from(receipt.dead) + 2 * i64::from(receipt.stopped);
                let values = values![
                    &*receipt.account,
                    digest(&receipt.foreign_id),
                    &*receipt.foreign_id,
                    i64::from(receipt.reported.code()),
                    digest(&receipt.code),
                    &*receipt.code,
                    flags,
                    receipt.at,
                ];
                self.send(Wanted::Any, SQL, values).await;
            }
            Returned::Reported { notice, number, reported, foreign_id } => {
                const SQL: &str = "/* attempt.reported */ UPDATE attempts SET
                        reported = CASE WHEN reported >= $3 THEN reported ELSE $3 END,
                        foreign_digest = CASE WHEN foreign_id IS NULL THEN $5 ELSE foreign_digest END,
                        foreign_id = coalesce(foreign_id, $4)
                    WHERE notice = $1 AND number = $2";
                let code = i64::from(reported.code());
                let values = values![*notice, *number, code, &**foreign_id, digest(foreign_id)];
                self.send(Wanted::One, SQL, values).await;
            }
            Returned::Reopened { id, from, due, reason } => {
                const SQL: &str = "/* notice.reopen */ UPDATE notices
                    SET state = 'open', due = $3, ready = $3, since = $3, reason = $4, settled = NULL
                    WHERE id = $1 AND state = $2 AND $2 <> 'open'";
                debug_assert_ne!(*from, NoticeState::Open);
                self.send(Wanted::One, SQL, values![*id, word(from), *due, &**reason]).await;
            }
            Returned::Unreachable(dead) => {
                const SQL: &str = "/* unreachable.set */ INSERT INTO unreachable (key, wire, at, way)
                    VALUES ($1, $2, $3, $4)
                    ON CONFLICT (key) DO UPDATE SET wire = excluded.wire, at = excluded.at, way = excluded.way";
                let values = values![dead.address.key(), dead.address.wire(), dead.at, &*dead.way];
                self.send(Wanted::One, SQL, values).await;
            }
            Returned::Reachable(key) => {
                const SQL: &str = "/* unreachable.end */ DELETE FROM unreachable WHERE key = $1";
                self.send(Wanted::Any, SQL, values![&**key]).await;
            }
            Returned::Heard { account, foreign_id, at } => {
                const FORGET: &str = "/* heard.forget */ DELETE FROM heard WHERE at < $1";
                const SQL: &str = "/* heard.add */ INSERT INTO heard (message, account, at) VALUES ($1, $2, $3)
                    ON CONFLICT (message, account) DO NOTHING";
                self.send(Wanted::Any, FORGET, values![at.before(KEPT)]).await;
                self.send(Wanted::New, SQL, values![digest(foreign_id), &**account, *at]).await;
            }
            Returned::Confirmed { key, at } => {
                const SQL: &str = "/* confirmed.set */ INSERT INTO confirmed (key, at) VALUES ($1, $2)
                    ON CONFLICT (key) DO UPDATE SET at = excluded.at";
                self.send(Wanted::One, SQL, values![&**key, *at]).await;
            }
            Returned::CardLinked(_) | Returned::CardLinksEnded { .. } | Returned::Preferred(_) => {
                self.link_effect(returned).await;
            }
        }
    }

    async fn link_effect(&mut self, returned: &'a Returned) {
        match returned {
            Returned::CardLinked(link) => {
                const FORGET: &str = "/* card_link.forget */ DELETE FROM card_links
                    WHERE owner = $1 AND key = $2 AND until < $3";
                const SQL: &str = "/* card_link.set */ INSERT INTO card_links
                    (token, owner, key, wire, recipient, language, at, until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                    ON CONFLICT (token) DO UPDATE SET recipient = excluded.recipient,
                        language = excluded.language, until = excluded.until";
                let address = &link.address;
                self.send(Wanted::Any, FORGET, values![link.owner, address.key(), link.at.before(LINKS_KEPT)]).await;
                let (owner, recipient) = (link.owner, link.recipient.map(Stored::stored));
                let values = values![
                    &*link.token,
                    owner,
                    address.key(),
                    address.wire(),
                    recipient,
                    &*link.language,
                    link.at,
                    link.until
                ];
                self.send(Wanted::One, SQL, values).await;
            }
            Returned::CardLinksEnded { owner, key: None } => {
                const SQL: &str =
                    "/* card_links.end */ UPDATE card_links SET until = LEAST(until, at) WHERE owner = $1";
                self.send(Wanted::Any, SQL, values![*owner]).await;
            }
            Returned::CardLinksEnded { owner, key: Some(key) } => {
                const SQL: &str = "/* card_links.end_at */ UPDATE card_links SET until = LEAST(until, at)
                    WHERE owner = $1 AND key = $2";
                self.send(Wanted::Any, SQL, values![*owner, &**key]).await;
            }
            Returned::Preferred(preference) => {
                const SQL: &str = "/* preference.set */ INSERT INTO preferences (key, wire, channel, language, at)
                    VALUES ($1, $2, $3, $4, $5) ON CONFLICT (key) DO UPDATE SET wire = excluded.wire,
                        channel = excluded.channel, language = excluded.language, at = excluded.at";
                let (address, first) = (&preference.address, preference.first.map(channel_word));
                let values = values![address.key(), address.wire(), first, &*preference.language, preference.at];
                self.send(Wanted::One, SQL, values).await;
            }
            _ => {}
        }
    }
}
