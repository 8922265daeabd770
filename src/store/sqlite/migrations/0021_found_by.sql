-- What an account's budget of a day is counted from.
CREATE INDEX attempt_day ON attempt (account, at, country) WHERE outcome IS NULL OR outcome IN (0, 3);
-- What an owner's export and erasure are made of.
CREATE INDEX substitution_owner ON substitution (owner, id);
