-- The time zone that an owner has chosen; none: that of their numbers.
ALTER TABLE owner ADD COLUMN zone TEXT;
