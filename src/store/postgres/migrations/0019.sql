-- The time zone that an owner has chosen; none: that of their numbers.
ALTER TABLE owners ADD COLUMN IF NOT EXISTS zone TEXT;
