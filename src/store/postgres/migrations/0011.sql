-- Phones and browsers that push messages go to. `place` is a token or a URL, `at` the digest of it and of the account.
-- Local on Citus.
CREATE TABLE IF NOT EXISTS devices (
    id BYTEA PRIMARY KEY,
    owner BYTEA NOT NULL,
    account TEXT NOT NULL,
    place TEXT NOT NULL,
    at BYTEA NOT NULL,
    p256dh TEXT,
    auth TEXT,
    label TEXT NOT NULL,
    created BIGINT NOT NULL,
    seen BIGINT NOT NULL,
    ended BIGINT,
    why TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS devices_of ON devices (owner, id);
CREATE UNIQUE INDEX IF NOT EXISTS devices_at ON devices (at) WHERE ended IS NULL;
