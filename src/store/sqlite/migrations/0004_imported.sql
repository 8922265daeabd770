-- Owners of whom nothing is known but one imported move, each in one row instead of a dozen, until something of theirs
-- changes. `given`: 0 nothing, 1 forward, 2 reveal.
CREATE TABLE folded (
    id INTEGER PRIMARY KEY, owner BLOB NOT NULL, name TEXT NOT NULL, name_key TEXT NOT NULL, old TEXT NOT NULL,
    old_wire TEXT, new TEXT NOT NULL, new_wire TEXT, at INTEGER NOT NULL,
    given INTEGER NOT NULL CHECK (given BETWEEN 0 AND 2), source TEXT NOT NULL, created INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX folded_owner ON folded (owner);
-- Old and new numbers of these. A number stands here, once, or in `value`, never in both.
CREATE TABLE folded_key (key TEXT PRIMARY KEY, id INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- Answers already given are forgotten after a day.
CREATE INDEX once_at ON once (at);
