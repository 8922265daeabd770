//! When to try again, and when a digest is due (rules N1, N3).
