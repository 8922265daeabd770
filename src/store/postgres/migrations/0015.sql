-- Each owner's audit trail is a chain: `number` is a line's place from 1, `content` a hash of `salt` and what the line
-- says, `hash` one of the line before and of this. A line without a salt was erased: its hashes stay.
ALTER TABLE audits ADD COLUMN IF NOT EXISTS number BIGINT;
ALTER TABLE audits ADD COLUMN IF NOT EXISTS salt BYTEA;
ALTER TABLE audits ADD COLUMN IF NOT EXISTS content BYTEA;
ALTER TABLE audits ADD COLUMN IF NOT EXISTS hash BYTEA;
CREATE UNIQUE INDEX IF NOT EXISTS audits_chain ON audits (owner, number);
-- How many lines there are, and the hash of the last one.
CREATE TABLE IF NOT EXISTS audit_heads (
    owner BYTEA PRIMARY KEY,
    number BIGINT NOT NULL,
    hash BYTEA NOT NULL
);

-- Owners who were erased: nothing is written of them any more. On Citus: a reference table, and so is `sending_held`.
CREATE TABLE IF NOT EXISTS erased (
    owner BYTEA PRIMARY KEY,
    at BIGINT NOT NULL
);
-- What a restored backup would undo, as it stands in the journal beside each node.
CREATE TABLE IF NOT EXISTS journal (
    id BYTEA PRIMARY KEY,
    at BIGINT NOT NULL,
    line TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS journal_at ON journal (at, id);
-- While there is a row nothing is sent.
CREATE TABLE IF NOT EXISTS sending_held (
    one BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    why TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS contacts_linked ON contacts (linked) WHERE linked IS NOT NULL;
CREATE INDEX IF NOT EXISTS erased_at ON erased (at);
-- Keys the hashes of addresses that stand in the journal, and of those that took no messages when their owner was erased.
CREATE TABLE IF NOT EXISTS journal_key (
    one BIGINT PRIMARY KEY,
    key BYTEA NOT NULL
);
