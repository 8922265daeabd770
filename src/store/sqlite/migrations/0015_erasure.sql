-- Each owner's audit trail is a chain: `number` is a line's place from 1, `content` a hash of `salt` and what the line
-- says, `hash` one of the line before and of this. A line without a salt was erased: its hashes stay.
ALTER TABLE audit ADD COLUMN number INTEGER;
ALTER TABLE audit ADD COLUMN salt BLOB;
ALTER TABLE audit ADD COLUMN content BLOB;
ALTER TABLE audit ADD COLUMN hash BLOB;
CREATE UNIQUE INDEX audit_chain ON audit (owner, number);
-- How many lines there are, and the hash of the last one.
CREATE TABLE audit_head (owner BLOB PRIMARY KEY, number INTEGER NOT NULL, hash BLOB NOT NULL) STRICT, WITHOUT ROWID;

-- Owners who were erased: nothing is written of them any more.
CREATE TABLE erased (owner BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
-- What a restored backup would undo, as it stands in the journal beside the database.
CREATE TABLE journal (id BLOB PRIMARY KEY, at INTEGER NOT NULL, line TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX journal_at ON journal (at, id);
-- While there is a row nothing is sent.
CREATE TABLE sending_held (
    one INTEGER PRIMARY KEY CHECK (one = 1), at INTEGER NOT NULL, why TEXT NOT NULL
) STRICT;
CREATE INDEX contact_linked ON contact (linked) WHERE linked IS NOT NULL;
CREATE INDEX erased_at ON erased (at);
-- Keys the hashes of addresses that stand in the journal, and of those that took no messages when their owner was erased.
CREATE TABLE journal_key (one INTEGER PRIMARY KEY CHECK (one = 1), key BLOB NOT NULL) STRICT;
INSERT INTO journal_key (one, key) VALUES (1, randomblob(32));
