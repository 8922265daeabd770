-- Where an attempt's number belongs (`phone::Country`), for budgets by country; empty before this was written.
ALTER TABLE attempt ADD COLUMN country TEXT NOT NULL DEFAULT '';
