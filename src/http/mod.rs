//! The HTTP surface: parse, one use case, answer.
