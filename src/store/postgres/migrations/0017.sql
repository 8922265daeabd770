-- When an app password was used last, to within some minutes.
ALTER TABLE api_keys ADD COLUMN IF NOT EXISTS used BIGINT;
