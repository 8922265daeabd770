-- What came before, so that it is known when it comes again: webhooks' tokens, calls and messages that were answered, parts of
-- texts, delivery reports. `key` is a digest, `value` what is to be known of it.
CREATE TABLE came (
    key BLOB PRIMARY KEY, at INTEGER NOT NULL, until INTEGER NOT NULL, value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX came_until ON came (until);
-- When the members of a group are left alone, `21:00-08:00`; null where it has no hours of its own.
ALTER TABLE grp ADD COLUMN quiet TEXT;
