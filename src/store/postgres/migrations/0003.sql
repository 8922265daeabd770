-- What of several things made the rule of `because` decide, for a reader.
ALTER TABLE queries ADD COLUMN IF NOT EXISTS detail TEXT NOT NULL DEFAULT '';
