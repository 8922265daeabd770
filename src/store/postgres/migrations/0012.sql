-- By which a recipient opens the card that they may see, and ends messages with one click. Links that were made before
-- only do the second.
CREATE TABLE IF NOT EXISTS card_links (
    token TEXT PRIMARY KEY,
    owner BYTEA NOT NULL,
    key TEXT NOT NULL,
    wire TEXT NOT NULL,
    recipient BYTEA,
    language TEXT NOT NULL,
    at BIGINT NOT NULL,
    until BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS card_links_of ON card_links (owner, key);
INSERT INTO card_links (token, owner, key, wire, language, at, until)
    SELECT token, owner, key, wire, language, at, at FROM stop_links ON CONFLICT (token) DO NOTHING;

-- How the recipient at an address wants to be told.
CREATE TABLE IF NOT EXISTS preferences (
    key TEXT PRIMARY KEY,
    wire TEXT NOT NULL,
    channel TEXT,
    language TEXT NOT NULL,
    at BIGINT NOT NULL
);
