-- The key of one-time codes, where the operator has set none.
CREATE TABLE secret (one INTEGER PRIMARY KEY CHECK (one = 1), key BLOB NOT NULL) STRICT;

-- Messages to one address that are about no change: codes, held requests, answers. `account` is the one by which it may
-- have left; `ready` is when it can be claimed: `due`, or the end of the claim. Those that were sent are gone.
CREATE TABLE letter (
    id BLOB PRIMARY KEY, key TEXT NOT NULL, wire TEXT, what TEXT NOT NULL, language TEXT, urgent INTEGER NOT NULL,
    due INTEGER NOT NULL, expires INTEGER NOT NULL, attempts INTEGER NOT NULL, account TEXT, ready INTEGER NOT NULL,
    fence INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX letter_ready ON letter (urgent, ready, id);

-- Codes that were asked for. No code stands here, nor its hash: it is made of the id and a key.
CREATE TABLE code (
    id BLOB PRIMARY KEY, key TEXT NOT NULL, wire TEXT, purpose TEXT NOT NULL, made INTEGER NOT NULL,
    tries INTEGER NOT NULL, used INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX code_made ON code (made);
-- How many there were of what is limited, in windows of time.
CREATE TABLE tally (
    key TEXT NOT NULL, until INTEGER NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (key, until)
) STRICT, WITHOUT ROWID;
CREATE INDEX tally_until ON tally (until);

-- Owners who are signed in. `hash` is the token's SHA-256, `evidence` what was shown in it, as JSON.
CREATE TABLE session (
    id BLOB PRIMARY KEY, owner BLOB NOT NULL, hash BLOB NOT NULL UNIQUE, label TEXT NOT NULL, evidence TEXT NOT NULL,
    made INTEGER NOT NULL, used INTEGER NOT NULL, ended INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX session_owner ON session (owner, id);
CREATE INDEX session_used ON session (used);

CREATE TABLE passkey (
    id BLOB PRIMARY KEY, owner BLOB NOT NULL, label TEXT NOT NULL, algorithm INTEGER NOT NULL, public BLOB NOT NULL,
    count INTEGER NOT NULL, made INTEGER NOT NULL, used INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX passkey_owner ON passkey (owner, made);

-- What was shown for a request, as JSON, and when it is looked at next. `ready`: `due`, or the end of a claim.
ALTER TABLE request ADD COLUMN course TEXT NOT NULL DEFAULT '{}';
ALTER TABLE request ADD COLUMN due INTEGER;
ALTER TABLE request ADD COLUMN ready INTEGER;
CREATE INDEX request_ready ON request (ready) WHERE ready IS NOT NULL;
CREATE INDEX api_key_owner ON api_key (owner) WHERE owner IS NOT NULL;
