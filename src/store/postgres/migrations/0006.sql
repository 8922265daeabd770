-- When a notice was due before anything put it off.
ALTER TABLE notices ADD COLUMN IF NOT EXISTS since BIGINT NOT NULL DEFAULT 0;
UPDATE notices SET since = due WHERE since = 0;
