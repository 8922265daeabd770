-- What came before, so that it is known when it comes again.
CREATE TABLE IF NOT EXISTS came (
    key BYTEA NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    until BIGINT NOT NULL,
    value BYTEA NOT NULL
);
CREATE INDEX IF NOT EXISTS came_until ON came (until);
-- When the members of a group are left alone.
ALTER TABLE book_groups ADD COLUMN IF NOT EXISTS quiet TEXT;
