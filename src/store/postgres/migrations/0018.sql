-- Where an attempt's number belongs (`phone::Country`), for budgets by country; empty before this was written.
ALTER TABLE attempts ADD COLUMN IF NOT EXISTS country TEXT NOT NULL DEFAULT '';
