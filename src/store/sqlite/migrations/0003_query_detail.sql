-- What of several things made the rule of `because` decide, for a reader.
ALTER TABLE query ADD COLUMN detail TEXT NOT NULL DEFAULT '';
