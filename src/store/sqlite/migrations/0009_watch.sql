-- What each process counted in each minute, as JSON; `minute` from 1970, `life` is when the process started.
CREATE TABLE figures (
    minute INTEGER NOT NULL, node TEXT NOT NULL, life INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (minute, node, life)
) STRICT;

-- The operation's trail: what operators did, what became of the configuration.
CREATE TABLE trail (
    trail TEXT NOT NULL, id BLOB NOT NULL, at INTEGER NOT NULL, done_by TEXT NOT NULL, origin TEXT NOT NULL,
    what TEXT NOT NULL, subject TEXT NOT NULL, PRIMARY KEY (trail, id)
) STRICT, WITHOUT ROWID;
