-- Ids are 16 bytes, times microseconds since 1970, texts compared byte for byte. A member and a recipient are one byte
-- that tells the kind and the id behind it, so that their byte order is the order of the Rust enums.

-- One row: what every process on this database must agree on. The seed keys the hash of former numbers.
CREATE TABLE meta (seed BLOB NOT NULL) STRICT;
INSERT INTO meta (seed) VALUES (randomblob(16));

-- Each opening for writing, and how far the feed had come: tells a saved filter whether this is still its history.
CREATE TABLE opened (
    id INTEGER PRIMARY KEY AUTOINCREMENT, token BLOB NOT NULL DEFAULT (randomblob(16)), position INTEGER NOT NULL
) STRICT;

-- Every number that became a former one, as a keyed hash, in the order of the commits: what processes follow, and from
-- which the filter is built.
CREATE TABLE former (position INTEGER PRIMARY KEY AUTOINCREMENT, hash INTEGER NOT NULL) STRICT;

CREATE TABLE owner (
    id BLOB PRIMARY KEY, version INTEGER NOT NULL, revision INTEGER NOT NULL, claimed INTEGER NOT NULL,
    silenced INTEGER NOT NULL, language TEXT NOT NULL, name TEXT NOT NULL, created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- Apart from its owner because it can be large and questions do not read it.
CREATE TABLE profile (owner BLOB PRIMARY KEY, fields TEXT NOT NULL) STRICT;
CREATE TABLE owner_name (owner BLOB NOT NULL, key TEXT NOT NULL, PRIMARY KEY (owner, key)) STRICT, WITHOUT ROWID;
CREATE INDEX owner_name_key ON owner_name (key, owner);

CREATE TABLE point (
    owner BLOB NOT NULL, id BLOB NOT NULL, place INTEGER NOT NULL, kind INTEGER NOT NULL, label TEXT NOT NULL,
    removed INTEGER, PRIMARY KEY (owner, id)
) STRICT, WITHOUT ROWID;
-- `wire` is null where it is the key.
CREATE TABLE value (
    owner BLOB NOT NULL, point BLOB NOT NULL, number INTEGER NOT NULL, key TEXT NOT NULL, wire TEXT,
    since INTEGER NOT NULL, until INTEGER, proof INTEGER NOT NULL CHECK (proof BETWEEN 0 AND 3), proof_by BLOB,
    proved INTEGER NOT NULL, PRIMARY KEY (owner, point, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX value_key ON value (key);
-- A believed present value is one point's (rule C9).
CREATE UNIQUE INDEX value_held ON value (key) WHERE until IS NULL AND proof <> 0;
CREATE UNIQUE INDEX value_present ON value (owner, point) WHERE until IS NULL;

CREATE TABLE change (
    owner BLOB NOT NULL, revision INTEGER NOT NULL, at INTEGER NOT NULL, request BLOB NOT NULL, snapshot TEXT NOT NULL,
    PRIMARY KEY (owner, revision)
) STRICT;
CREATE TABLE request (
    owner BLOB NOT NULL, id BLOB NOT NULL, state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4), wanted TEXT NOT NULL,
    asked_by TEXT NOT NULL, created INTEGER NOT NULL, decided INTEGER, PRIMARY KEY (owner, id)
) STRICT;
CREATE TABLE audit (
    owner BLOB NOT NULL, id BLOB NOT NULL, at INTEGER NOT NULL, done_by TEXT NOT NULL, what TEXT NOT NULL,
    detail TEXT NOT NULL, PRIMARY KEY (owner, id)
) STRICT;
CREATE TABLE query (
    id BLOB PRIMARY KEY, owner BLOB NOT NULL, at INTEGER NOT NULL, way TEXT NOT NULL, key TEXT NOT NULL, wire TEXT,
    viewer TEXT NOT NULL, because TEXT NOT NULL, told INTEGER NOT NULL, connected INTEGER NOT NULL,
    revision INTEGER NOT NULL, groups BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX query_owner ON query (owner, id);

CREATE TABLE book (
    owner BLOB NOT NULL, id BLOB NOT NULL, name TEXT NOT NULL, default_group BLOB, PRIMARY KEY (owner, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE grp (
    owner BLOB NOT NULL, id BLOB NOT NULL, book BLOB NOT NULL, name TEXT NOT NULL, told INTEGER NOT NULL,
    digest TEXT, channels TEXT NOT NULL, PRIMARY KEY (owner, id)
) STRICT, WITHOUT ROWID;
-- `what`: 1 forward a point, 2 reveal a point, 3 reveal a field; `item` is the point's id or the field's one byte.
CREATE TABLE grp_grant (
    owner BLOB NOT NULL, grp BLOB NOT NULL, place INTEGER NOT NULL, what INTEGER NOT NULL CHECK (what BETWEEN 1 AND 3),
    item BLOB NOT NULL, PRIMARY KEY (owner, grp, place)
) STRICT, WITHOUT ROWID;
CREATE TABLE contact (
    owner BLOB NOT NULL, id BLOB NOT NULL, book BLOB NOT NULL, uid TEXT NOT NULL, version INTEGER NOT NULL,
    name TEXT NOT NULL, linked BLOB, language TEXT, card BLOB NOT NULL, PRIMARY KEY (owner, id)
) STRICT;
CREATE UNIQUE INDEX contact_uid ON contact (owner, book, uid);
CREATE UNIQUE INDEX contact_book ON contact (owner, book, id);
CREATE TABLE contact_address (
    owner BLOB NOT NULL, contact BLOB NOT NULL, place INTEGER NOT NULL, key TEXT NOT NULL, wire TEXT,
    PRIMARY KEY (owner, contact, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX contact_address_key ON contact_address (owner, key);
CREATE TABLE contact_name (
    owner BLOB NOT NULL, contact BLOB NOT NULL, place INTEGER NOT NULL, key TEXT NOT NULL,
    PRIMARY KEY (owner, contact, place)
) STRICT, WITHOUT ROWID;
-- `recipient` is the contact or the owner that it is linked to; null for applications and everyone.
CREATE TABLE member (
    owner BLOB NOT NULL, grp BLOB NOT NULL, member BLOB NOT NULL, recipient BLOB, PRIMARY KEY (owner, grp, member)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_of ON member (owner, member);
CREATE INDEX member_recipient ON member (owner, recipient, grp) WHERE recipient IS NOT NULL;
-- Derived: under which identities the members of each group are known.
CREATE TABLE audience (
    owner BLOB NOT NULL, identity TEXT NOT NULL, grp BLOB NOT NULL, member BLOB NOT NULL,
    PRIMARY KEY (owner, identity, grp, member)
) STRICT, WITHOUT ROWID;
CREATE INDEX audience_member ON audience (owner, member);
CREATE TABLE block (owner BLOB NOT NULL, identity TEXT NOT NULL, PRIMARY KEY (owner, identity)) STRICT, WITHOUT ROWID;

-- `ready` is when it can be claimed: `at`, or the end of the claim.
CREATE TABLE fanout (
    id BLOB PRIMARY KEY, owner BLOB NOT NULL, at INTEGER NOT NULL, only_these BLOB NOT NULL, silent INTEGER NOT NULL,
    expanded BLOB, ready INTEGER NOT NULL
) STRICT;
CREATE INDEX fanout_ready ON fanout (ready);
CREATE TABLE notice (
    id BLOB PRIMARY KEY, owner BLOB NOT NULL, recipient BLOB NOT NULL,
    state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 5), first INTEGER NOT NULL, due INTEGER NOT NULL,
    attempts INTEGER NOT NULL, reason TEXT NOT NULL, settled INTEGER, ready INTEGER NOT NULL,
    claimed INTEGER NOT NULL, fence INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX notice_open ON notice (owner, recipient) WHERE state = 0;
CREATE INDEX notice_fresh ON notice (ready, id) WHERE state = 0 AND attempts = 0;
CREATE INDEX notice_retry ON notice (ready, id) WHERE state = 0 AND attempts > 0;
CREATE INDEX notice_owner ON notice (owner, id);
CREATE INDEX notice_state ON notice (state, id) WHERE state <> 0;
CREATE TABLE attempt (
    notice BLOB NOT NULL, number INTEGER NOT NULL, owner BLOB NOT NULL, recipient BLOB NOT NULL, account TEXT NOT NULL,
    channel INTEGER NOT NULL, key TEXT NOT NULL, wire TEXT, at INTEGER NOT NULL, outcome INTEGER, foreign_id TEXT,
    detail TEXT NOT NULL, PRIMARY KEY (notice, number)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX attempt_under_way ON attempt (owner, key) WHERE outcome IS NULL;
CREATE INDEX attempt_foreign ON attempt (account, foreign_id) WHERE foreign_id IS NOT NULL;
CREATE INDEX attempt_told ON attempt (owner, key, recipient) WHERE outcome IN (0, 3);
CREATE TABLE shown (
    owner BLOB NOT NULL, recipient BLOB NOT NULL, revision INTEGER NOT NULL, rights INTEGER NOT NULL,
    card TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (owner, recipient)
) STRICT, WITHOUT ROWID;
-- An empty owner is everybody.
CREATE TABLE opt_out (
    key TEXT NOT NULL, owner BLOB NOT NULL, wire TEXT, at INTEGER NOT NULL, way TEXT NOT NULL, PRIMARY KEY (key, owner)
) STRICT, WITHOUT ROWID;

CREATE TABLE substitution (
    id BLOB PRIMARY KEY, account TEXT NOT NULL, channel TEXT NOT NULL, owner BLOB NOT NULL, used_key TEXT NOT NULL,
    used_wire TEXT, used_text TEXT NOT NULL, connected_key TEXT NOT NULL, connected_wire TEXT, sender_key TEXT,
    sender_wire TEXT, callback TEXT, foreign_id TEXT, query BLOB NOT NULL, at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX substitution_foreign ON substitution (account, foreign_id) WHERE foreign_id IS NOT NULL;
CREATE INDEX substitution_pair ON substitution (account, connected_key, sender_key, at);
CREATE INDEX substitution_query ON substitution (query, at);

CREATE TABLE api_key (
    id BLOB PRIMARY KEY, hash BLOB NOT NULL UNIQUE, label TEXT NOT NULL, scopes TEXT NOT NULL, owner BLOB,
    created INTEGER NOT NULL, revoked INTEGER
) STRICT, WITHOUT ROWID;
-- Answers already given, by caller, path and idempotency key.
CREATE TABLE once (
    caller BLOB NOT NULL, path TEXT NOT NULL, key TEXT NOT NULL, digest BLOB NOT NULL, status INTEGER NOT NULL,
    body TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (caller, path, key)
) STRICT;
