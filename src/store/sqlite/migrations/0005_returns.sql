-- What reports say of an attempt: the furthest by its code, see `Reported`; null where none came.
ALTER TABLE attempt ADD COLUMN reported INTEGER;
CREATE INDEX attempt_to ON attempt (key, account, at) WHERE outcome IN (0, 3);

-- Delivery reports, also those that came before the provider's reply was written. `flags`: 1 dead, 2 stopped.
CREATE TABLE receipt (
    account TEXT NOT NULL, foreign_id TEXT NOT NULL, reported INTEGER NOT NULL, code TEXT NOT NULL,
    flags INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (account, foreign_id, reported, code, flags)
) STRICT, WITHOUT ROWID;
CREATE INDEX receipt_at ON receipt (at);

-- Addresses of which it was said that they are dead.
CREATE TABLE unreachable (
    key TEXT PRIMARY KEY, wire TEXT, at INTEGER NOT NULL, way TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Messages from people that were taken, so that each counts once; and when something was last answered to an address.
CREATE TABLE heard (
    account TEXT NOT NULL, foreign_id TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (account, foreign_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX heard_at ON heard (at);
CREATE TABLE confirmed (key TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- By which a recipient ends messages with one click; one for each owner and address.
CREATE TABLE stop_link (
    owner BLOB NOT NULL, key TEXT NOT NULL, wire TEXT, token TEXT NOT NULL UNIQUE, language TEXT NOT NULL,
    at INTEGER NOT NULL, PRIMARY KEY (owner, key)
) STRICT, WITHOUT ROWID;
