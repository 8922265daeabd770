-- The operation's trails are chains as the owners' audit trails are (migration 15).
ALTER TABLE trail ADD COLUMN number INTEGER;
ALTER TABLE trail ADD COLUMN salt BLOB;
ALTER TABLE trail ADD COLUMN content BLOB;
ALTER TABLE trail ADD COLUMN hash BLOB;
CREATE UNIQUE INDEX trail_chain ON trail (trail, number);
CREATE TABLE trail_head (trail TEXT PRIMARY KEY, number INTEGER NOT NULL, hash BLOB NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO trail_head (trail, number, hash) VALUES ('operators', 0, zeroblob(32)), ('config', 0, zeroblob(32));
