-- What reports say of an attempt: the furthest by its code, see `Reported`; null where none came.
ALTER TABLE attempts ADD COLUMN IF NOT EXISTS reported BIGINT;
CREATE INDEX IF NOT EXISTS attempts_to ON attempts (address_key, account, at);

-- Delivery reports, also those that came before the provider's reply was written. `message` is the digest of the
-- provider's id, `said` of the code; `flags`: 1 dead, 2 stopped.
CREATE TABLE IF NOT EXISTS receipts (
    account TEXT NOT NULL,
    message BYTEA NOT NULL,
    foreign_id TEXT NOT NULL,
    reported BIGINT NOT NULL,
    said BYTEA NOT NULL,
    code TEXT NOT NULL,
    flags BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (message, account, reported, said, flags)
);
CREATE INDEX IF NOT EXISTS receipts_at ON receipts (at);

-- Addresses of which it was said that they are dead.
CREATE TABLE IF NOT EXISTS unreachable (
    key TEXT PRIMARY KEY,
    wire TEXT NOT NULL,
    at BIGINT NOT NULL,
    way TEXT NOT NULL
);

-- Messages from people that were taken, so that each counts once; and when something was last answered to an address.
CREATE TABLE IF NOT EXISTS heard (
    message BYTEA NOT NULL,
    account TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (message, account)
);
CREATE INDEX IF NOT EXISTS heard_at ON heard (at);
CREATE TABLE IF NOT EXISTS confirmed (
    key TEXT PRIMARY KEY,
    at BIGINT NOT NULL
);

-- By which a recipient ends messages with one click; one for each owner and address.
CREATE TABLE IF NOT EXISTS stop_links (
    owner BYTEA NOT NULL,
    key TEXT NOT NULL,
    wire TEXT NOT NULL,
    token TEXT NOT NULL,
    language TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (owner, key)
);
CREATE INDEX IF NOT EXISTS stop_links_by_token ON stop_links (token);
