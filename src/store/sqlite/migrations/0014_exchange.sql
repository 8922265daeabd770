-- Groups that introduce the owner; introductions and the addresses they were ever made to; cards that wait to be
-- accepted; what was brought up to date in viewers' own books.
ALTER TABLE grp ADD COLUMN introduce INTEGER NOT NULL DEFAULT 0;
CREATE TABLE introduction (
    owner BLOB NOT NULL, contact BLOB NOT NULL, at INTEGER NOT NULL, stand INTEGER NOT NULL, due INTEGER NOT NULL,
    PRIMARY KEY (owner, contact)
) STRICT, WITHOUT ROWID;
CREATE INDEX introduction_at ON introduction (owner, at);
CREATE INDEX introduction_due ON introduction (owner, stand, due);
CREATE TABLE introduced (
    owner BLOB NOT NULL, key TEXT NOT NULL, contact BLOB NOT NULL, PRIMARY KEY (owner, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX introduced_to ON introduced (key);
CREATE INDEX introduced_of ON introduced (owner, contact);
CREATE TABLE tray (
    holder BLOB NOT NULL, sender BLOB NOT NULL, at INTEGER NOT NULL, state INTEGER NOT NULL,
    PRIMARY KEY (holder, sender)
) STRICT, WITHOUT ROWID;
CREATE INDEX tray_of ON tray (sender);
CREATE TABLE book_update (
    viewer BLOB NOT NULL, id BLOB NOT NULL, contact BLOB NOT NULL, sender BLOB NOT NULL, at INTEGER NOT NULL,
    lines TEXT NOT NULL, undone INTEGER, before BLOB NOT NULL, after BLOB NOT NULL,
    PRIMARY KEY (viewer, id)
) STRICT;
CREATE INDEX book_update_of ON book_update (viewer, contact, id);
