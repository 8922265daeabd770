-- Addresses through which rights sleep at an owner.
CREATE TABLE IF NOT EXISTS asleep (
    owner BYTEA NOT NULL,
    key TEXT NOT NULL,
    wire TEXT NOT NULL,
    since BIGINT NOT NULL,
    cause TEXT NOT NULL,
    PRIMARY KEY (owner, key)
);
