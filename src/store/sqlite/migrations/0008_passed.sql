-- Messages of senders that went on unchanged, for accounts that want to hear of dead numbers. `again` is the substitution
-- by which one was sent once more, `why` the reason for which it was not; both are null where no report said so.
CREATE TABLE passed (
    id BLOB PRIMARY KEY, account TEXT NOT NULL, used_key TEXT NOT NULL, used_wire TEXT, used_text TEXT NOT NULL,
    sender_key TEXT, sender_wire TEXT, callback TEXT, foreign_id TEXT, at INTEGER NOT NULL, again BLOB, why TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX passed_named ON passed (account, foreign_id) WHERE foreign_id IS NOT NULL;
CREATE INDEX passed_at ON passed (at);
