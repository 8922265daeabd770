//! Loops, leases, concurrency and cron.
