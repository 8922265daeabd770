-- Contacts by what they hold, whosever they are.
CREATE INDEX contact_address_held ON contact_address (key, owner, contact);

-- Whose addresses and names are to be looked for among the contacts of others. `reached` is the last contact of the
-- last page: the owner's id and its own. `ready` is when it can be claimed: `at`, or the end of the claim.
CREATE TABLE linking (
    owner BLOB PRIMARY KEY, at INTEGER NOT NULL, reached BLOB, ready INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX linking_ready ON linking (ready);
INSERT INTO linking (owner, at, ready) SELECT id, created, created FROM owner WHERE claimed = 1;
