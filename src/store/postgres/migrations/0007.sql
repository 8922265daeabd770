-- The key of one-time codes, where the operator has set none.
CREATE TABLE IF NOT EXISTS secrets (
    one BIGINT PRIMARY KEY,
    key BYTEA NOT NULL
);

-- Messages to one address that are about no change: codes, held requests, answers. `account` is the one by which it may
-- have left; `ready` is when it can be claimed: `due`, or the end of the claim. Those that were sent are gone. Local on
-- Citus, as all that is claimed.
CREATE TABLE IF NOT EXISTS letters (
    id BYTEA PRIMARY KEY,
    key TEXT NOT NULL,
    wire TEXT NOT NULL,
    what TEXT NOT NULL,
    language TEXT,
    urgent BOOLEAN NOT NULL,
    due BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    account TEXT,
    ready BIGINT NOT NULL,
    fence BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS letters_ready ON letters (urgent, ready, id);

-- Codes that were asked for. No code stands here, nor its hash: it is made of the id and a key.
CREATE TABLE IF NOT EXISTS codes (
    id BYTEA PRIMARY KEY,
    key TEXT NOT NULL,
    wire TEXT NOT NULL,
    purpose TEXT NOT NULL,
    made BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    used BIGINT
);
CREATE INDEX IF NOT EXISTS codes_made ON codes (made);
-- How many there were of what is limited, in windows of time.
CREATE TABLE IF NOT EXISTS tallies (
    key TEXT NOT NULL,
    until BIGINT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (key, until)
);
CREATE INDEX IF NOT EXISTS tallies_until ON tallies (until);

-- Owners who are signed in. `hash` is the token's SHA-256, `evidence` what was shown in it, as JSON.
CREATE TABLE IF NOT EXISTS sessions (
    id BYTEA PRIMARY KEY,
    owner BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    label TEXT NOT NULL,
    evidence TEXT NOT NULL,
    made BIGINT NOT NULL,
    used BIGINT NOT NULL,
    ended BIGINT
);
CREATE INDEX IF NOT EXISTS sessions_by_hash ON sessions (hash);
CREATE INDEX IF NOT EXISTS sessions_by_owner ON sessions (owner, id);
CREATE INDEX IF NOT EXISTS sessions_used ON sessions (used);

CREATE TABLE IF NOT EXISTS passkeys (
    id BYTEA PRIMARY KEY,
    owner BYTEA NOT NULL,
    label TEXT NOT NULL,
    algorithm BIGINT NOT NULL,
    public BYTEA NOT NULL,
    count BIGINT NOT NULL,
    made BIGINT NOT NULL,
    used BIGINT
);
CREATE INDEX IF NOT EXISTS passkeys_by_owner ON passkeys (owner, made);

-- What was shown for a request, as JSON, and when it is looked at next. `ready`: `due`, or the end of a claim.
ALTER TABLE requests ADD COLUMN IF NOT EXISTS course TEXT NOT NULL DEFAULT '{}';
ALTER TABLE requests ADD COLUMN IF NOT EXISTS due BIGINT;
ALTER TABLE requests ADD COLUMN IF NOT EXISTS ready BIGINT;
CREATE INDEX IF NOT EXISTS requests_ready ON requests (ready) WHERE ready IS NOT NULL;
CREATE INDEX IF NOT EXISTS api_keys_by_owner ON api_keys (owner) WHERE owner IS NOT NULL;
