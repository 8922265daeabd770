-- When an app password was used last, to within some minutes.
ALTER TABLE api_key ADD COLUMN used INTEGER;
