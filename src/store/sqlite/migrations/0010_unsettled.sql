-- Attempts whose report has not changed anything yet: codes of `Unknown`, of `Sent`, and of reports that it did not arrive.
CREATE INDEX attempt_unsettled ON attempt (notice)
    WHERE reported IS NOT NULL AND (outcome = 3 OR (outcome = 0 AND reported IN (3, 4, 6)));
