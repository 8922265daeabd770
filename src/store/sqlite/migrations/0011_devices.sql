-- Phones and browsers that push messages go to. `place` is a token or a URL.
CREATE TABLE device (
    id BLOB PRIMARY KEY, owner BLOB NOT NULL, account TEXT NOT NULL, place TEXT NOT NULL, p256dh TEXT, auth TEXT,
    label TEXT NOT NULL, created INTEGER NOT NULL, seen INTEGER NOT NULL, ended INTEGER, why TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX device_of ON device (owner, id);
CREATE UNIQUE INDEX device_at ON device (place, account) WHERE ended IS NULL;
