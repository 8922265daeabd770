-- By which a recipient opens the card that they may see, and ends messages with one click. Links that were made before
-- only do the second.
CREATE TABLE card_link (
    token TEXT PRIMARY KEY, owner BLOB NOT NULL, key TEXT NOT NULL, wire TEXT, recipient BLOB, language TEXT NOT NULL,
    at INTEGER NOT NULL, until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX card_link_of ON card_link (owner, key);
INSERT INTO card_link (token, owner, key, wire, language, at, until)
    SELECT token, owner, key, wire, language, at, at FROM stop_link;
DROP TABLE stop_link;

-- How the recipient at an address wants to be told.
CREATE TABLE preference (
    key TEXT PRIMARY KEY, wire TEXT, channel TEXT, language TEXT NOT NULL, at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
