-- Messages of senders that went on unchanged, for accounts that want to hear of dead numbers. `message` is the digest of
-- the provider's id; `again` is the substitution by which one was sent once more, `why` the reason for which it was not;
-- both are null where no report said so.
CREATE TABLE IF NOT EXISTS passed (
    id BYTEA PRIMARY KEY,
    account TEXT NOT NULL,
    used_key TEXT NOT NULL,
    used_wire TEXT NOT NULL,
    used_text TEXT NOT NULL,
    sender_key TEXT,
    sender_wire TEXT,
    callback TEXT,
    message BYTEA,
    foreign_id TEXT,
    at BIGINT NOT NULL,
    again BYTEA,
    why TEXT
);
CREATE INDEX IF NOT EXISTS passed_named ON passed (message);
CREATE INDEX IF NOT EXISTS passed_at ON passed (at);
