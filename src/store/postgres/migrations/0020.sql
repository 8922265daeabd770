-- The operation's trails are chains as the owners' audit trails are (migration 15).
ALTER TABLE trail ADD COLUMN IF NOT EXISTS number BIGINT;
ALTER TABLE trail ADD COLUMN IF NOT EXISTS salt BYTEA;
ALTER TABLE trail ADD COLUMN IF NOT EXISTS content BYTEA;
ALTER TABLE trail ADD COLUMN IF NOT EXISTS hash BYTEA;
CREATE UNIQUE INDEX IF NOT EXISTS trail_chain ON trail (trail, number);
CREATE TABLE IF NOT EXISTS trail_heads (
    trail TEXT PRIMARY KEY,
    number BIGINT NOT NULL,
    hash BYTEA NOT NULL
);
INSERT INTO trail_heads (trail, number, hash)
    VALUES ('operators', 0, decode(repeat('00', 32), 'hex')), ('config', 0, decode(repeat('00', 32), 'hex'))
    ON CONFLICT (trail) DO NOTHING;
