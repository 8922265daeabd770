-- Answers already given are forgotten after a day.
CREATE INDEX IF NOT EXISTS answered_at ON answered (at);
