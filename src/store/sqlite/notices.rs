//! Notices, their claims and attempts.

use super::{
    access, letters, linking, returns,
    row::{self, Cells, above, ask, below, many, page, recipient, recipient_bytes, wire},
    statements::Prepares,
    writer::Tx,
};
use crate::{
    clock::Time,
    domain::{
        address::phone,
        id::{FanoutId, NoticeId, OwnerId},
        notice::{Attempt, AttemptOutcome, Notice, NoticeState, Recipient},
        owner::Channel,
    },
    store::{Claimed, Page, Result, StoreError},
};
use rusqlite::params;
use std::time::Duration;

/// By their codes. The schema knows that the first is `Open`.
const STATES: [NoticeState; 6] = [
    NoticeState::Open,
    NoticeState::Sent,
    NoticeState::Empty,
    NoticeState::Unknown,
    NoticeState::Dead,
    NoticeState::Replayed,
];
/// By their codes. The schema knows `Sent` and `Unknown`.
const OUTCOMES: [AttemptOutcome; 4] =
    [AttemptOutcome::Sent, AttemptOutcome::TryAgain, AttemptOutcome::Never, AttemptOutcome::Unknown];
/// By their codes.
const CHANNELS: [Channel; 3] = [Channel::Push, Channel::Sms, Channel::Email];

fn code<T: PartialEq>(all: &[T], one: &T) -> i64 {
    let place = all.iter().position(|other| other == one).expect("the table has every variant");
    i64::try_from(place).expect("the tables are short")
}

fn coded<T: Copy>(all: &[T]) -> impl Fn(i64) -> Option<T> {
    move |code| all.get(usize::try_from(code).ok()?).copied()
}

/// One notice.
pub(super) fn one(connection: &impl Prepares, id: NoticeId) -> Result<Option<Notice>> {
    row::one::<NoticeId, _>(
        connection,
        "notice",
        "-- notices::one
         SELECT id, owner, recipient, state, first, due, attempts, reason, settled, since FROM notice WHERE id = ?1",
        [id.to_bytes()],
        notice,
    )
}

/// The open notice of a pair.
pub(super) fn open(connection: &impl Prepares, owner: OwnerId, to: Recipient) -> Result<Option<Notice>> {
    row::one::<NoticeId, _>(
        connection,
        "notice",
        "-- notices::open
         SELECT id, owner, recipient, state, first, due, attempts, reason, settled, since FROM notice
         WHERE owner = ?1 AND recipient = ?2 AND state = 0",
        params![owner.to_bytes(), recipient_bytes(to)],
        notice,
    )
}

/// A page of an owner's notices, newest first.
pub(super) fn of_owner(
    connection: &impl Prepares,
    owner: OwnerId,
    before: Option<NoticeId>,
    limit: usize,
) -> Result<Page<Notice>> {
    let found = many::<NoticeId, _>(
        connection,
        "notice",
        "-- notices::of_owner
         SELECT id, owner, recipient, state, first, due, attempts, reason, settled, since FROM notice
         WHERE owner = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3",
        params![owner.to_bytes(), below(before.map(NoticeId::to_bytes)), ask(limit)],
        notice,
    )?;
    Ok(page(found, limit))
}

/// A page of all notices in a state, oldest first.
pub(super) fn in_state(
    connection: &impl Prepares,
    state: NoticeState,
    after: Option<NoticeId>,
    limit: usize,
) -> Result<Page<Notice>> {
    // The index leaves open notices out: those come and go, and are asked for by hand only.
    let statement = if state == NoticeState::Open {
        "-- notices::in_state
         SELECT id, owner, recipient, state, first, due, attempts, reason, settled, since FROM notice
         WHERE state = ?1 AND id > ?2 ORDER BY id LIMIT ?3"
    } else {
        "-- notices::in_state
         SELECT id, owner, recipient, state, first, due, attempts, reason, settled, since FROM notice
         WHERE state = ?1 AND state <> 0 AND id > ?2 ORDER BY id LIMIT ?3"
    };
    let found = many::<NoticeId, _>(
        connection,
        "notice",
        statement,
        params![code(&STATES, &state), above(after.map(NoticeId::to_bytes)), ask(limit)],
        notice,
    )?;
    Ok(page(found, limit))
}

fn notice(cells: &Cells<'_>) -> Result<Notice> {
    Ok(Notice {
        id: cells.id(0, "id")?,
        owner: cells.id(1, "owner")?,
        recipient: cells.decode(2, "recipient", recipient)?,
        state: cells.code(3, "state", coded(&STATES))?,
        first: cells.time(4, "first")?,
        due: cells.time(5, "due")?,
        attempts: cells.small(6, "attempts")?,
        reason: cells.text(7, "reason")?,
        settled: cells.time_or_none(8, "settled")?,
        since: cells.time(9, "since")?,
    })
}

/// When something can be claimed next.
pub(super) fn next_due(connection: &impl Prepares) -> Result<Option<Time>> {
    let mut next = row::one::<FanoutId, Time>(
        connection,
        "fanout",
        "-- notices::next_due\nSELECT id, ready FROM fanout ORDER BY ready LIMIT 1",
        [],
        |cells| cells.time(1, "ready"),
    )?
    .into_iter()
    .chain(linking::next(connection)?)
    .chain(letters::next(connection)?)
    .chain(access::next_request(connection)?)
    .min();
    for statement in [
        "-- notices::next_due
         SELECT id, ready FROM notice WHERE state = 0 AND attempts = 0 ORDER BY ready LIMIT 1",
        "-- notices::next_due
         SELECT id, ready FROM notice WHERE state = 0 AND attempts > 0 ORDER BY ready LIMIT 1",
    ] {
        let ready = row::one::<NoticeId, Time>(connection, "notice", statement, [], |cells| cells.time(1, "ready"))?;
        next = next.into_iter().chain(ready).min();
    }
    Ok(next)
}

/// Opens a notice for the pair, or moves the one that is open.
pub(super) fn due(tx: &Tx<'_>, new: &Notice) -> Result<()> {
    // Under a claim the due time grows, so that settling sees that something came; when it can be claimed stays.
    tx.must(
        "-- notices::due
         INSERT INTO notice (id, owner, recipient, state, first, due, attempts, reason, settled, ready, claimed, fence,
             since)
         VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6, ?7, NULL, ?5, 0, 0, ?8)
         ON CONFLICT (owner, recipient) WHERE state = 0 DO UPDATE SET
             due = CASE claimed WHEN 1 THEN max(due + 1, excluded.due) ELSE excluded.due END,
             ready = CASE claimed WHEN 1 THEN ready ELSE excluded.due END, since = excluded.since",
        params![
            new.id.to_bytes(),
            new.owner.to_bytes(),
            recipient_bytes(new.recipient),
            new.first.0,
            new.due.0,
            new.attempts,
            new.reason,
            new.since.0
        ],
    )
}

/// Takes notices for a while.
pub(super) fn claim(tx: &Tx<'_>, retries: bool, limit: usize, lease: Duration) -> Result<Vec<Claimed>> {
    let statement = if retries {
        "-- notices::claim
         UPDATE notice SET ready = ?2, claimed = 1, fence = fence + 1 WHERE id IN
             (SELECT id FROM notice WHERE state = 0 AND attempts > 0 AND ready <= ?1 ORDER BY ready, id LIMIT ?3)
         RETURNING id, owner, recipient, state, first, due, attempts, reason, settled, since, fence"
    } else {
        "-- notices::claim
         UPDATE notice SET ready = ?2, claimed = 1, fence = fence + 1 WHERE id IN
             (SELECT id FROM notice WHERE state = 0 AND attempts = 0 AND ready <= ?1 ORDER BY ready, id LIMIT ?3)
         RETURNING id, owner, recipient, state, first, due, attempts, reason, settled, since, fence"
    };
    let until = tx.now.after(lease);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    tx.step()?;
    let mut claimed =
        many::<NoticeId, _>(&tx.connection, "notice", statement, params![tx.now.0, until.0, limit], |cells| {
            Ok(Claimed { notice: notice(cells)?, fence: cells.count(10, "fence")?, until })
        })?;
    claimed.sort_by_key(|claimed| (claimed.notice.due, claimed.notice.id));
    Ok(claimed)
}

/// Prolongs a claim that is still the last one.
pub(super) fn heartbeat(tx: &Tx<'_>, id: NoticeId, fence: u64, lease: Duration) -> Result<bool> {
    let prolonged = tx.run(
        "-- notices::heartbeat
         UPDATE notice SET ready = ?3 WHERE id = ?1 AND fence = ?2 AND state = 0 AND claimed = 1",
        params![id.to_bytes(), fence.cast_signed(), tx.now.after(lease).0],
    )?;
    Ok(prolonged == 1)
}

/// Ends a claim: by its new state, or, where something came meanwhile, by leaving it open for that.
pub(super) fn settle(
    tx: &Tx<'_>,
    (id, fence, seen): (NoticeId, u64, Time),
    state: NoticeState,
    due: Time,
    attempts: u32,
    reason: &str,
) -> Result<()> {
    let settled = state != NoticeState::Open;
    tx.must(
        "-- notices::settle
         UPDATE notice SET claimed = 0, reason = ?7,
             state = CASE due WHEN ?3 THEN ?4 ELSE 0 END,
             settled = CASE WHEN due = ?3 AND ?8 THEN ?9 END,
             attempts = CASE WHEN due <> ?3 AND ?8 THEN 0 ELSE ?6 END,
             first = CASE WHEN due <> ?3 AND ?8 THEN ?9 ELSE first END,
             ready = CASE due WHEN ?3 THEN ?5 ELSE due END,
             due = CASE due WHEN ?3 THEN ?5 ELSE due END
         WHERE id = ?1 AND fence = ?2 AND state = 0 AND claimed = 1",
        params![
            id.to_bytes(),
            fence.cast_signed(),
            seen.0,
            code(&STATES, &state),
            due.0,
            attempts,
            reason,
            settled,
            tx.now.0
        ],
    )
}

/// Gives a notice that nobody has claimed another state.
pub(super) fn mark(tx: &Tx<'_>, id: NoticeId, (from, state): (NoticeState, NoticeState), reason: &str) -> Result<()> {
    if state == NoticeState::Open {
        return Err(StoreError::Conflict);
    }
    tx.must(
        "-- notices::mark
         UPDATE notice SET state = ?3, reason = ?4, settled = ?5 WHERE id = ?1 AND state = ?2 AND claimed = 0",
        params![id.to_bytes(), code(&STATES, &from), code(&STATES, &state), reason, tx.now.0],
    )
}

/// Opens a settled notice again.
pub(super) fn reopen(tx: &Tx<'_>, id: NoticeId, from: NoticeState, due: Time, reason: &str) -> Result<()> {
    if from == NoticeState::Open {
        return Err(StoreError::Conflict);
    }
    tx.must(
        "-- notices::reopen
         UPDATE notice SET state = 0, due = ?3, ready = ?3, since = ?3, reason = ?4, settled = NULL WHERE id = ?1 AND state = ?2",
        params![id.to_bytes(), code(&STATES, &from), due.0, reason],
    )
}

/// Writes that an attempt is about to leave.
pub(super) fn begin_attempt(tx: &Tx<'_>, attempt: &Attempt, fence: u64) -> Result<()> {
    tx.must(
        "-- notices::begin_attempt
         INSERT INTO attempt (notice, number, owner, recipient, account, channel, key, wire, at, outcome, foreign_id,
             detail, country)
         SELECT id, ?3, owner, recipient, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12 FROM notice
         WHERE id = ?1 AND fence = ?2 AND state = 0 AND claimed = 1",
        params![
            attempt.notice.to_bytes(),
            fence.cast_signed(),
            attempt.number,
            attempt.account,
            code(&CHANNELS, &attempt.channel),
            attempt.address.key(),
            wire(&attempt.address),
            attempt.at.0,
            attempt.outcome.as_ref().map(|outcome| code(&OUTCOMES, outcome)),
            attempt.foreign_id,
            attempt.detail,
            phone::Country::of(&attempt.address).to_string()
        ],
    )
}

/// Writes how an attempt ended.
pub(super) fn end_attempt(
    tx: &Tx<'_>,
    (notice, number): (NoticeId, u32),
    outcome: AttemptOutcome,
    foreign_id: Option<&str>,
    detail: &str,
) -> Result<()> {
    tx.must(
        "-- notices::end_attempt
         UPDATE attempt SET outcome = ?3, foreign_id = coalesce(?4, foreign_id), detail = ?5
         WHERE notice = ?1 AND number = ?2",
        params![notice.to_bytes(), number, code(&OUTCOMES, &outcome), foreign_id, detail],
    )
}

/// The attempts of a notice, first one first.
pub(super) fn attempts(connection: &impl Prepares, id: NoticeId) -> Result<Vec<Attempt>> {
    many::<NoticeId, _>(
        connection,
        "attempt",
        "-- notices::attempts
         SELECT notice, number, account, channel, key, wire, at, outcome, foreign_id, detail, owner, reported FROM attempt
         WHERE notice = ?1 ORDER BY number",
        [id.to_bytes()],
        attempt,
    )
}

/// The newest attempt with the provider's id.
pub(super) fn attempt_by_foreign_id(
    connection: &impl Prepares,
    account: &str,
    foreign_id: &str,
) -> Result<Option<Attempt>> {
    row::one::<NoticeId, _>(
        connection,
        "attempt",
        "-- notices::attempt_by_foreign_id
         SELECT notice, number, account, channel, key, wire, at, outcome, foreign_id, detail, owner, reported FROM attempt
         WHERE account = ?1 AND foreign_id = ?2 ORDER BY at DESC, notice DESC, number DESC LIMIT 1",
        params![account, foreign_id],
        attempt,
    )
}

/// The newest attempt at an address over an account that left, or may have.
pub(super) fn last_attempt_to(connection: &impl Prepares, account: &str, key: &str) -> Result<Option<Attempt>> {
    row::one::<NoticeId, _>(
        connection,
        "attempt",
        "-- notices::last_attempt_to
         SELECT notice, number, account, channel, key, wire, at, outcome, foreign_id, detail, owner, reported
         FROM attempt WHERE key = ?1 AND account = ?2 AND outcome IN (0, 3) ORDER BY at DESC LIMIT 1",
        params![key, account],
        attempt,
    )
}

fn attempt(cells: &Cells<'_>) -> Result<Attempt> {
    Ok(Attempt {
        notice: cells.id(0, "notice")?,
        number: cells.small(1, "number")?,
        account: cells.text(2, "account")?,
        channel: cells.code(3, "channel", coded(&CHANNELS))?,
        address: cells.address(4, "key")?,
        at: cells.time(6, "at")?,
        outcome: match cells.get::<Option<i64>>(7, "outcome")? {
            None => None,
            Some(code) => Some(coded(&OUTCOMES)(code).ok_or_else(|| cells.damaged("outcome"))?),
        },
        foreign_id: cells.text_or_none(8, "foreign_id")?,
        detail: cells.text(9, "detail")?,
        owner: cells.id(10, "owner")?,
        reported: returns::reported_or_none(cells, 11)?,
    })
}

/// Attempts over an account since then that were sent, may have been, or are under way.
pub(super) fn attempts_since(
    connection: &impl Prepares,
    account: &str,
    since: Time,
) -> Result<Vec<(phone::Country, u64)>> {
    many::<NoticeId, _>(
        connection,
        "attempt",
        "-- notices::attempts_since
         SELECT x'', country, count(*) FROM attempt
         WHERE account = ?1 AND at >= ?2 AND (outcome IS NULL OR outcome IN (0, 3)) GROUP BY country",
        params![account, since.0],
        |cells| Ok((phone::Country::read(&cells.text(1, "country")?), cells.count(2, "count")?)),
    )
}

/// Who was told about an owner at an address, or may have been; in order, at most 16.
pub(super) fn recipients_at(connection: &impl Prepares, owner: OwnerId, key: &str) -> Result<Vec<Recipient>> {
    many::<OwnerId, _>(
        connection,
        "attempt",
        "-- notices::recipients_at
         SELECT DISTINCT owner, recipient FROM attempt WHERE owner = ?1 AND key = ?2 AND outcome IN (0, 3)
         ORDER BY recipient LIMIT 16",
        params![owner.to_bytes(), key],
        |cells| cells.decode(1, "recipient", recipient),
    )
}
