-- What an account's budget of a day is counted from.
CREATE INDEX IF NOT EXISTS attempts_day ON attempts (account, at, country)
    WHERE outcome IS NULL OR outcome IN ('sent', 'unknown');
-- What an owner's export and erasure are made of.
CREATE INDEX IF NOT EXISTS substitutions_by_owner ON substitutions (owner, id);
