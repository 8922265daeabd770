-- Attempts whose report has not changed anything yet: reports that it did not arrive by their codes.
CREATE INDEX IF NOT EXISTS attempts_unsettled ON attempts (notice)
    WHERE reported IS NOT NULL AND (outcome = 'unknown' OR (outcome = 'sent' AND reported IN (3, 4, 6)));
