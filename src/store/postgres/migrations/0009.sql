-- What each process counted in each minute, as JSON; `minute` from 1970, `life` is when the process started.
CREATE TABLE IF NOT EXISTS figures (
    minute BIGINT NOT NULL,
    node TEXT NOT NULL,
    life BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (minute, node, life)
);

-- The operation's trail: what operators did, what became of the configuration.
CREATE TABLE IF NOT EXISTS trail (
    trail TEXT NOT NULL,
    id BYTEA NOT NULL,
    at BIGINT NOT NULL,
    done_by TEXT NOT NULL,
    origin TEXT NOT NULL,
    what TEXT NOT NULL,
    subject TEXT NOT NULL,
    PRIMARY KEY (trail, id)
);
