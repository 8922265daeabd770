//! Claims, notices, attempts, the ledger, opt-outs.

use super::{after, all, before, first, page};
use crate::{
    clock::Time,
    domain::{
        address::{Address, phone},
        id::{NoticeId, OwnerId},
        notice::{Attempt, Notice, NoticeState, Recipient, Reported, Shown},
    },
    store::{
        Claimed, Fanout, Leaving, OptOut, Outbox, Page, Reports, Result, Returns as _,
        postgres::{
            Postgres,
            columns::Columns,
            failure::{Failure, retried},
            value::{Stored as _, digest, values, word},
        },
    },
};
use async_trait::async_trait;
use std::{collections::HashMap, time::Duration};
use tokio_postgres::Row;

fn notice_columns(columns: &mut Columns<'_>) -> Result<Notice> {
    Ok(Notice {
        id: columns.stored()?,
        owner: columns.stored()?,
        recipient: columns.stored()?,
        state: columns.word()?,
        first: columns.time()?,
        due: columns.time()?,
        attempts: columns.small()?,
        reason: columns.text()?,
        settled: columns.time_or_none()?,
        since: columns.time()?,
    })
}

fn notice(row: &Row) -> Result<Notice> {
    notice_columns(&mut Columns::of(row, "notices"))
}

pub(super) fn attempt(row: &Row) -> Result<Attempt> {
    let mut columns = Columns::of(row, "attempts");
    Ok(Attempt {
        notice: columns.stored()?,
        owner: columns.stored()?,
        number: columns.small()?,
        account: columns.text()?,
        channel: columns.word()?,
        address: columns.address()?,
        at: columns.time()?,
        outcome: columns.word_or_none()?,
        foreign_id: columns.text_or_none()?,
        detail: columns.text()?,
        reported: columns.code_or_none(Reported::from_code)?,
    })
}

pub(super) fn shown(row: &Row) -> Result<Shown> {
    let mut columns = Columns::of(row, "shown");
    Ok(Shown {
        owner: columns.stored()?,
        recipient: columns.stored()?,
        revision: columns.number()?,
        rights: columns.number()?,
        card: columns.text()?,
        at: columns.time()?,
    })
}

fn opt_out(row: &Row) -> Result<OptOut> {
    let mut columns = Columns::of(row, "opt_outs");
    let address = columns.address()?;
    Ok(OptOut { address, owner: columns.stored_or_empty()?, at: columns.time()?, way: columns.text()? })
}

fn fanout(row: &Row) -> Result<Fanout> {
    let mut columns = Columns::of(row, "fanouts");
    Ok(Fanout {
        id: columns.stored()?,
        owner: columns.stored()?,
        at: columns.time()?,
        only: columns.stored_list(17)?,
        silent: columns.next()?,
        cursor: columns.stored_or_none()?,
    })
}

/// Claims: rows that somebody else is looking at are passed over, so that nobody waits. The rows are chosen in a part
/// of its own, for a plan that asks for them again would lock more than the limit.
const FANOUT: &str = "/* fanout.claim */ WITH next AS (
        SELECT id FROM fanouts WHERE ready <= $1 ORDER BY ready, id LIMIT 1 FOR UPDATE SKIP LOCKED)
    UPDATE fanouts SET ready = $2 WHERE id IN (SELECT id FROM next)
    RETURNING id, owner, at, recipients, silent, reached";
const FRESH: &str = "/* notice.claim.fresh */ WITH next AS (
        SELECT id FROM notices WHERE state = 'open' AND attempts = 0 AND ready <= $1
        ORDER BY ready, id LIMIT $3 FOR UPDATE SKIP LOCKED)
    UPDATE notices SET ready = $2, claimed = TRUE, fence = fence + 1 WHERE id IN (SELECT id FROM next)
    RETURNING id, owner, recipient, state, first_at, due, attempts, reason, settled, since, fence, ready";
const RETRIES: &str = "/* notice.claim.retries */ WITH next AS (
        SELECT id FROM notices WHERE state = 'open' AND attempts > 0 AND ready <= $1
        ORDER BY ready, id LIMIT $3 FOR UPDATE SKIP LOCKED)
    UPDATE notices SET ready = $2, claimed = TRUE, fence = fence + 1 WHERE id IN (SELECT id FROM next)
    RETURNING id, owner, recipient, state, first_at, due, attempts, reason, settled, since, fence, ready";

impl Postgres {
    async fn take_fanout(&self, lease: Duration) -> std::result::Result<Option<Fanout>, Failure> {
        let now = self.database_time().await?;
        let answer = self.session().await?.one(FANOUT, values![now, now.after(lease)]).await?;
        Ok(first(&answer.rows, fanout)?)
    }

    async fn take(
        &self,
        sql: &'static str,
        limit: usize,
        lease: Duration,
    ) -> std::result::Result<Vec<Claimed>, Failure> {
        let now = self.database_time().await?;
        let answer = self.session().await?.one(sql, values![now, now.after(lease), limit]).await?;
        let mut claimed = all(&answer.rows, |row| {
            let mut columns = Columns::of(row, "notices");
            let notice = notice_columns(&mut columns)?;
            Ok(Claimed { notice, fence: columns.number()?, until: columns.time()? })
        })?;
        claimed.sort_by_key(|claimed| (claimed.notice.due, claimed.notice.id));
        Ok(claimed)
    }

    async fn prolong(&self, id: NoticeId, fence: u64, lease: Duration) -> std::result::Result<bool, Failure> {
        const SQL: &str = "/* notice.heartbeat */ UPDATE notices SET ready = $3
            WHERE id = $1 AND fence = $2 AND state = 'open' AND claimed";
        let now = self.database_time().await?;
        let answer = self.session().await?.one(SQL, values![id, fence, now.after(lease)]).await?;
        Ok(answer.count == 1)
    }
}

#[async_trait]
impl Outbox for Postgres {
    async fn claim_fanout(&self, lease: Duration) -> Result<Option<Fanout>> {
        retried!(self, self.take_fanout(lease))
    }

    async fn claim(&self, retries: bool, limit: usize, lease: Duration) -> Result<Vec<Claimed>> {
        retried!(self, self.take(if retries { RETRIES } else { FRESH }, limit, lease))
    }

    async fn heartbeat(&self, id: NoticeId, fence: u64, lease: Duration) -> Result<bool> {
        retried!(self, self.prolong(id, fence, lease))
    }

    async fn next_due(&self) -> Result<Option<Time>> {
        const SQL: &str = "/* next_due */
            (SELECT ready FROM notices WHERE state = 'open' AND attempts = 0 ORDER BY ready LIMIT 1)
            UNION ALL (SELECT ready FROM notices WHERE state = 'open' AND attempts > 0 ORDER BY ready LIMIT 1)
            UNION ALL (SELECT ready FROM fanouts ORDER BY ready LIMIT 1)
            UNION ALL (SELECT ready FROM linkings ORDER BY ready LIMIT 1)
            UNION ALL (SELECT ready FROM letters WHERE urgent ORDER BY ready LIMIT 1)
            UNION ALL (SELECT ready FROM letters WHERE NOT urgent ORDER BY ready LIMIT 1)
            UNION ALL (SELECT ready FROM requests WHERE ready IS NOT NULL ORDER BY ready LIMIT 1)";
        let times = all(&self.read(SQL, Vec::new).await?.rows, |row| Columns::of(row, "notices").time())?;
        Ok(times.into_iter().min())
    }

    async fn notice(&self, id: NoticeId) -> Result<Option<Notice>> {
        const SQL: &str = "/* notice */
            SELECT id, owner, recipient, state, first_at, due, attempts, reason, settled, since FROM notices WHERE id = $1";
        first(&self.read(SQL, || values![id]).await?.rows, notice)
    }

    async fn open_notice(&self, owner: OwnerId, recipient: Recipient) -> Result<Option<Notice>> {
        const SQL: &str = "/* notice.open */
            SELECT id, owner, recipient, state, first_at, due, attempts, reason, settled, since FROM notices
            WHERE owner = $1 AND recipient = $2 AND state = 'open'";
        first(&self.read(SQL, || values![owner, recipient]).await?.rows, notice)
    }

    async fn notices(&self, owner: OwnerId, last: Option<NoticeId>, limit: usize) -> Result<Page<Notice>> {
        const SQL: &str = "/* notices */
            SELECT id, owner, recipient, state, first_at, due, attempts, reason, settled, since FROM notices
            WHERE owner = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
        let answer = self.read(SQL, || values![owner, before(last), limit.saturating_add(1)]).await?;
        Ok(page(all(&answer.rows, notice)?, limit))
    }

    async fn notices_in(&self, state: NoticeState, last: Option<NoticeId>, limit: usize) -> Result<Page<Notice>> {
        const SQL: &str = "/* notices.in */
            SELECT id, owner, recipient, state, first_at, due, attempts, reason, settled, since FROM notices
            WHERE state = $1 AND id > $2 ORDER BY id LIMIT $3";
        let answer = self.read(SQL, || values![word(&state), after(last), limit.saturating_add(1)]).await?;
        Ok(page(all(&answer.rows, notice)?, limit))
    }

    async fn pairs(&self, owner: OwnerId, recipients: &[Recipient]) -> Result<Vec<(Option<Shown>, Option<Notice>)>> {
        const SHOWN: &str = "/* pairs.shown */ SELECT owner, recipient, revision, rights, card, at FROM shown
            WHERE owner = $1 AND recipient = ANY($2)";
        const OPEN: &str = "/* pairs.open */
            SELECT id, owner, recipient, state, first_at, due, attempts, reason, settled, since FROM notices
            WHERE owner = $1 AND recipient = ANY($2) AND state = 'open'";
        let asked: Vec<Vec<u8>> = recipients.iter().map(|recipient| recipient.stored()).collect();
        let ledger = all(&self.read(SHOWN, || values![owner, asked.clone()]).await?.rows, shown)?;
        let open = all(&self.read(OPEN, || values![owner, asked.clone()]).await?.rows, notice)?;
        let mut ledger: HashMap<_, _> = ledger.into_iter().map(|shown| (shown.recipient, shown)).collect();
        let mut open: HashMap<_, _> = open.into_iter().map(|notice| (notice.recipient, notice)).collect();
        Ok(recipients.iter().map(|to| (ledger.remove(to), open.remove(to))).collect())
    }

    async fn leaving(&self, notices: &[Notice]) -> Result<Vec<Leaving>> {
        retried!(self, self.look_at_leaving(notices))
    }

    async fn reports_of(&self, id: NoticeId) -> Result<Option<Reports>> {
        let Some(last) = self.attempts(id).await?.pop() else { return Ok(None) };
        let receipts = match &last.foreign_id {
            None => Vec::new(),
            Some(foreign_id) => self.receipts(&last.account, foreign_id).await?,
        };
        Ok(Some((last, receipts)))
    }

    async fn attempts(&self, id: NoticeId) -> Result<Vec<Attempt>> {
        const SQL: &str =
            "/* attempts */ SELECT notice, owner, number, account, channel, address_key, address_wire, at,
                outcome, foreign_id, detail, reported
            FROM attempts WHERE notice = $1 ORDER BY number";
        all(&self.read(SQL, || values![id]).await?.rows, attempt)
    }

    async fn attempt_by_foreign_id(&self, account: &str, foreign_id: &str) -> Result<Option<Attempt>> {
        const SQL: &str =
            "/* attempt.foreign */ SELECT notice, owner, number, account, channel, address_key, address_wire, at,
                outcome, foreign_id, detail, reported
            FROM attempts WHERE foreign_digest = $1 AND account = $2 ORDER BY at DESC, notice DESC, number DESC LIMIT 1";
        first(&self.read(SQL, || values![digest(foreign_id), account]).await?.rows, attempt)
    }

    async fn attempts_since(&self, account: &str, since: Time) -> Result<Vec<(phone::Country, u64)>> {
        const SQL: &str = "/* attempts_since */ SELECT country, count(*) FROM attempts
            WHERE account = $1 AND at >= $2 AND (outcome IS NULL OR outcome IN ('sent', 'unknown')) GROUP BY country";
        all(&self.read(SQL, || values![account, since]).await?.rows, |row| {
            let mut columns = Columns::of(row, "attempts");
            Ok((phone::Country::read(&columns.text()?), columns.number()?))
        })
    }

    async fn recipients_at(&self, owner: OwnerId, key: &str) -> Result<Vec<Recipient>> {
        const SQL: &str = "/* recipients_at */ SELECT DISTINCT recipient FROM attempts
            WHERE owner = $1 AND address_key = $2 AND outcome IN ('sent', 'unknown') ORDER BY recipient LIMIT 16";
        all(&self.read(SQL, || values![owner, key]).await?.rows, |row| Columns::of(row, "attempts").stored())
    }

    async fn shown(&self, owner: OwnerId, recipient: Recipient) -> Result<Option<Shown>> {
        const SQL: &str = "/* shown */ SELECT owner, recipient, revision, rights, card, at FROM shown
            WHERE owner = $1 AND recipient = $2";
        first(&self.read(SQL, || values![owner, recipient]).await?.rows, shown)
    }

    async fn opt_outs(&self, keys: &[Box<str>]) -> Result<Vec<OptOut>> {
        const SQL: &str = "/* opt_outs */ SELECT key, wire, scope, at, way FROM opt_outs WHERE key = ANY($1)";
        // Some stand by their hashes only.
        let hashes: Vec<Box<str>> = keys.iter().map(|key| self.hash.of(key)).collect();
        let both: Vec<Box<str>> = keys.iter().chain(&hashes).cloned().collect();
        let mut found = all(&self.read(SQL, || values![&both[..]]).await?.rows, opt_out)?;
        for out in &mut found {
            if let Some(at) = hashes.iter().position(|hash| **hash == *out.address.key()) {
                out.address = Address::stored(&*keys[at], &*keys[at]);
            }
        }
        let place = |out: &OptOut| keys.iter().position(|key| **key == *out.address.key());
        found.sort_by_key(|out| (place(out), out.owner));
        Ok(found)
    }
}
