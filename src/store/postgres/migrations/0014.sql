-- Groups that introduce the owner; introductions and the addresses they were ever made to; cards that wait to be
-- accepted; what was brought up to date in viewers' own books.
ALTER TABLE book_groups ADD COLUMN IF NOT EXISTS introduce BOOLEAN NOT NULL DEFAULT FALSE;
CREATE TABLE IF NOT EXISTS introductions (
    owner BYTEA NOT NULL,
    contact BYTEA NOT NULL,
    at BIGINT NOT NULL,
    stand BIGINT NOT NULL,
    due BIGINT NOT NULL,
    PRIMARY KEY (owner, contact)
);
CREATE INDEX IF NOT EXISTS introductions_at ON introductions (owner, at);
CREATE INDEX IF NOT EXISTS introductions_due ON introductions (owner, stand, due);
CREATE TABLE IF NOT EXISTS introduced (
    owner BYTEA NOT NULL,
    key TEXT NOT NULL,
    contact BYTEA NOT NULL,
    PRIMARY KEY (owner, key)
);
CREATE INDEX IF NOT EXISTS introduced_to ON introduced (key);
CREATE INDEX IF NOT EXISTS introduced_of ON introduced (owner, contact);
CREATE TABLE IF NOT EXISTS trays (
    holder BYTEA NOT NULL,
    sender BYTEA NOT NULL,
    at BIGINT NOT NULL,
    state BIGINT NOT NULL,
    PRIMARY KEY (holder, sender)
);
CREATE INDEX IF NOT EXISTS trays_of ON trays (sender);
CREATE TABLE IF NOT EXISTS book_updates (
    viewer BYTEA NOT NULL,
    id BYTEA NOT NULL,
    contact BYTEA NOT NULL,
    sender BYTEA NOT NULL,
    at BIGINT NOT NULL,
    lines TEXT NOT NULL,
    undone BIGINT,
    before BYTEA NOT NULL,
    after BYTEA NOT NULL,
    PRIMARY KEY (viewer, id)
);
CREATE INDEX IF NOT EXISTS book_updates_of ON book_updates (viewer, contact, id);
