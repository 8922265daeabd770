-- Contacts by what they hold, whosever they are.
CREATE INDEX IF NOT EXISTS contact_keys_by_key ON contact_keys (key, owner, contact);

-- Whose addresses and names are to be looked for among the contacts of others. `reached` is the last contact of the
-- last page: the owner's id and its own. `ready` is when it can be claimed: `at`, or the end of the claim. Local on
-- Citus, as all that is claimed.
CREATE TABLE IF NOT EXISTS linkings (
    owner BYTEA PRIMARY KEY,
    at BIGINT NOT NULL,
    reached BYTEA,
    ready BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS linkings_ready ON linkings (ready, owner);
INSERT INTO linkings (owner, at, reached, ready) SELECT id, created, NULL, created FROM owners WHERE claimed
    ON CONFLICT (owner) DO NOTHING;
