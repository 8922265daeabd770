-- Addresses through which rights sleep at an owner. `cause`: 1 somebody else has proved it, 2 a report says that it is dead.
CREATE TABLE asleep (
    owner BLOB NOT NULL, key TEXT NOT NULL, wire TEXT, since INTEGER NOT NULL, cause INTEGER NOT NULL,
    PRIMARY KEY (owner, key)
) STRICT, WITHOUT ROWID;
