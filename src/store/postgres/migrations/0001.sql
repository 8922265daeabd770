-- Statements stay within what PostgreSQL, Citus, YugabyteDB and CockroachDB share: integers, bytes, text and
-- booleans; no collation, no database time type, no trigger, no stored function, no sequence, no foreign key.
-- Ids are 16 bytes whose order is order in time, times are microseconds since 1970, text is never ordered by but
-- where it is an address key, and there only so that pages follow each other.
-- Each statement may be repeated: on YugabyteDB a migration that is cut off leaves what it had made so far.
-- Outside texts of any length are looked up by their SHA-256: an index entry of PostgreSQL ends at 2.7 KB.
-- On Citus: `held` and `opt_outs` are distributed by `key`, tables with a column `owner` by it, the rest stay local
-- (`fanouts`, `notices` and `attempts` too: claims lock rows, which Citus does on one shard only).

CREATE TABLE IF NOT EXISTS owners (
    id BYTEA PRIMARY KEY,
    version BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    claimed BOOLEAN NOT NULL,
    silenced BOOLEAN NOT NULL,
    language TEXT NOT NULL,
    name TEXT NOT NULL,
    profile TEXT NOT NULL,
    created BIGINT NOT NULL
);

CREATE TABLE IF NOT EXISTS owner_names (
    owner BYTEA NOT NULL,
    digest BYTEA NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (owner, digest)
);
CREATE INDEX IF NOT EXISTS owner_names_by_name ON owner_names (digest, owner);

-- `values_had` counts the point's values and numbers them, `present` is the key of the present one: a point has one at
-- most, which an index of `held` cannot say where that is distributed by `key`.
CREATE TABLE IF NOT EXISTS points (
    owner BYTEA NOT NULL,
    id BYTEA NOT NULL,
    place BIGINT NOT NULL,
    kind TEXT NOT NULL,
    label TEXT NOT NULL,
    removed BIGINT,
    values_had BIGINT NOT NULL,
    present TEXT,
    PRIMARY KEY (owner, id)
);

-- The number index: every value that a point has or had. `left_at` is the database's time of the write that made the
-- value former: what followers read again.
CREATE TABLE IF NOT EXISTS held (
    key TEXT NOT NULL,
    owner BYTEA NOT NULL,
    point BYTEA NOT NULL,
    number BIGINT NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT,
    wire TEXT NOT NULL,
    proof TEXT NOT NULL,
    proof_by TEXT,
    proved BIGINT NOT NULL,
    left_at BIGINT,
    PRIMARY KEY (key, owner, point, number)
);
CREATE UNIQUE INDEX IF NOT EXISTS held_current ON held (key) WHERE until IS NULL AND proof <> 'none';
CREATE INDEX IF NOT EXISTS held_by_owner ON held (owner, point);
CREATE INDEX IF NOT EXISTS held_left ON held (left_at, point, number) WHERE left_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS changes (
    owner BYTEA NOT NULL,
    revision BIGINT NOT NULL,
    at BIGINT NOT NULL,
    request BYTEA NOT NULL,
    snapshot TEXT NOT NULL,
    PRIMARY KEY (owner, revision)
);

CREATE TABLE IF NOT EXISTS requests (
    owner BYTEA NOT NULL,
    id BYTEA NOT NULL,
    state TEXT NOT NULL,
    wanted TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    created BIGINT NOT NULL,
    decided BIGINT,
    PRIMARY KEY (owner, id)
);

CREATE TABLE IF NOT EXISTS audits (
    owner BYTEA NOT NULL,
    id BYTEA NOT NULL,
    at BIGINT NOT NULL,
    done_by TEXT NOT NULL,
    what TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (owner, id)
);

CREATE TABLE IF NOT EXISTS queries (
    id BYTEA NOT NULL,
    owner BYTEA NOT NULL,
    at BIGINT NOT NULL,
    way TEXT NOT NULL,
    asked_key TEXT NOT NULL,
    asked_wire TEXT NOT NULL,
    viewer TEXT NOT NULL,
    because TEXT NOT NULL,
    told BOOLEAN NOT NULL,
    connected BOOLEAN NOT NULL,
    revision BIGINT NOT NULL,
    gave BYTEA NOT NULL,
    PRIMARY KEY (owner, id)
);
CREATE INDEX IF NOT EXISTS queries_by_id ON queries (id);

CREATE TABLE IF NOT EXISTS books (
    owner BYTEA NOT NULL,
    id BYTEA NOT NULL,
    name TEXT NOT NULL,
    default_group BYTEA,
    PRIMARY KEY (owner, id)
);

CREATE TABLE IF NOT EXISTS book_groups (
    owner BYTEA NOT NULL,
    id BYTEA NOT NULL,
    book BYTEA NOT NULL,
    name TEXT NOT NULL,
    told TEXT NOT NULL,
    channels TEXT NOT NULL,
    PRIMARY KEY (owner, id)
);

CREATE TABLE IF NOT EXISTS grants (
    owner BYTEA NOT NULL,
    book_group BYTEA NOT NULL,
    place BIGINT NOT NULL,
    granted BYTEA NOT NULL,
    PRIMARY KEY (owner, book_group, place)
);

-- A member is one byte for its kind and its id, so that byte order is the order of `Member`.
CREATE TABLE IF NOT EXISTS members (
    owner BYTEA NOT NULL,
    book_group BYTEA NOT NULL,
    member BYTEA NOT NULL,
    PRIMARY KEY (owner, book_group, member)
);
CREATE INDEX IF NOT EXISTS members_by_member ON members (owner, member);

CREATE TABLE IF NOT EXISTS contacts (
    owner BYTEA NOT NULL,
    id BYTEA NOT NULL,
    book BYTEA NOT NULL,
    uid TEXT NOT NULL,
    uid_digest BYTEA NOT NULL,
    version BIGINT NOT NULL,
    card BYTEA NOT NULL,
    name TEXT NOT NULL,
    names TEXT NOT NULL,
    addresses TEXT NOT NULL,
    linked BYTEA,
    language TEXT,
    member BYTEA NOT NULL,
    recipient BYTEA NOT NULL,
    PRIMARY KEY (owner, id)
);
CREATE UNIQUE INDEX IF NOT EXISTS contacts_uid ON contacts (owner, book, uid_digest);
CREATE INDEX IF NOT EXISTS contacts_by_recipient ON contacts (owner, recipient);

-- By what a contact is found and known: all its addresses, and the owner that it is linked to. `counts`: a viewer with
-- this identity is this contact. A linked contact is known as the owner only, for grants follow the owner.
CREATE TABLE IF NOT EXISTS contact_keys (
    owner BYTEA NOT NULL,
    key TEXT NOT NULL,
    contact BYTEA NOT NULL,
    member BYTEA NOT NULL,
    counts BOOLEAN NOT NULL,
    PRIMARY KEY (owner, key, contact)
);
CREATE INDEX IF NOT EXISTS contact_keys_by_contact ON contact_keys (owner, contact);

CREATE TABLE IF NOT EXISTS blocks (
    owner BYTEA NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (owner, key)
);

-- `ready` is when it can be claimed: its moment, or the end of the claim.
CREATE TABLE IF NOT EXISTS fanouts (
    id BYTEA PRIMARY KEY,
    owner BYTEA NOT NULL,
    at BIGINT NOT NULL,
    recipients BYTEA NOT NULL,
    silent BOOLEAN NOT NULL,
    reached BYTEA,
    ready BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS fanouts_ready ON fanouts (ready, id);

CREATE TABLE IF NOT EXISTS notices (
    id BYTEA PRIMARY KEY,
    owner BYTEA NOT NULL,
    recipient BYTEA NOT NULL,
    state TEXT NOT NULL,
    first_at BIGINT NOT NULL,
    due BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    reason TEXT NOT NULL,
    settled BIGINT,
    ready BIGINT NOT NULL,
    claimed BOOLEAN NOT NULL,
    fence BIGINT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS notices_open ON notices (owner, recipient) WHERE state = 'open';
CREATE INDEX IF NOT EXISTS notices_fresh ON notices (ready, id) WHERE state = 'open' AND attempts = 0;
CREATE INDEX IF NOT EXISTS notices_retry ON notices (ready, id) WHERE state = 'open' AND attempts > 0;
CREATE INDEX IF NOT EXISTS notices_by_owner ON notices (owner, id);
CREATE INDEX IF NOT EXISTS notices_by_state ON notices (state, id);

-- `recipient` is the notice's. One address is told by one notice of an owner at a time.
CREATE TABLE IF NOT EXISTS attempts (
    notice BYTEA NOT NULL,
    number BIGINT NOT NULL,
    owner BYTEA NOT NULL,
    recipient BYTEA NOT NULL,
    account TEXT NOT NULL,
    channel TEXT NOT NULL,
    address_key TEXT NOT NULL,
    address_wire TEXT NOT NULL,
    at BIGINT NOT NULL,
    outcome TEXT,
    foreign_id TEXT,
    foreign_digest BYTEA,
    detail TEXT NOT NULL,
    PRIMARY KEY (notice, number)
);
CREATE UNIQUE INDEX IF NOT EXISTS attempts_under_way ON attempts (owner, address_key) WHERE outcome IS NULL;
CREATE INDEX IF NOT EXISTS attempts_at ON attempts (owner, address_key, recipient);
CREATE INDEX IF NOT EXISTS attempts_foreign ON attempts (foreign_digest, account);

CREATE TABLE IF NOT EXISTS shown (
    owner BYTEA NOT NULL,
    recipient BYTEA NOT NULL,
    revision BIGINT NOT NULL,
    rights BIGINT NOT NULL,
    card TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (owner, recipient)
);

-- `scope` is the owner from whom no message is wanted; no bytes: from everybody.
CREATE TABLE IF NOT EXISTS opt_outs (
    key TEXT NOT NULL,
    scope BYTEA NOT NULL,
    wire TEXT NOT NULL,
    at BIGINT NOT NULL,
    way TEXT NOT NULL,
    PRIMARY KEY (key, scope)
);

CREATE TABLE IF NOT EXISTS substitutions (
    id BYTEA PRIMARY KEY,
    account TEXT NOT NULL,
    channel TEXT NOT NULL,
    owner BYTEA NOT NULL,
    used_key TEXT NOT NULL,
    used_wire TEXT NOT NULL,
    used_text TEXT NOT NULL,
    connected_key TEXT NOT NULL,
    connected_wire TEXT NOT NULL,
    sender_key TEXT,
    sender_wire TEXT,
    callback TEXT,
    foreign_id TEXT,
    foreign_digest BYTEA,
    query BYTEA NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS substitutions_foreign ON substitutions (foreign_digest, account);
CREATE INDEX IF NOT EXISTS substitutions_between ON substitutions (connected_key, sender_key, account, at);
CREATE INDEX IF NOT EXISTS substitutions_by_query ON substitutions (query, at);

CREATE TABLE IF NOT EXISTS api_keys (
    id BYTEA PRIMARY KEY,
    hash BYTEA NOT NULL,
    label TEXT NOT NULL,
    scopes TEXT NOT NULL,
    owner BYTEA,
    created BIGINT NOT NULL,
    revoked BIGINT
);
CREATE UNIQUE INDEX IF NOT EXISTS api_keys_hash ON api_keys (hash);

-- What a caller was answered; `slot` is the SHA-256 of path and key.
CREATE TABLE IF NOT EXISTS answered (
    caller BYTEA NOT NULL,
    slot BYTEA NOT NULL,
    path TEXT NOT NULL,
    key TEXT NOT NULL,
    digest BYTEA NOT NULL,
    status BIGINT NOT NULL,
    body TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (caller, slot)
);

-- One row for each commit of the last hour: tells whether one took effect whose connection was lost.
CREATE TABLE IF NOT EXISTS commits (
    id BYTEA PRIMARY KEY,
    at BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS commits_at ON commits (at);
