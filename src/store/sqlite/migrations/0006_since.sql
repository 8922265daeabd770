-- When a notice was due before anything put it off.
ALTER TABLE notice ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
UPDATE notice SET since = due;
