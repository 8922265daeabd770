//! The ways in over HTTP: parse, one use case, answer.

pub mod problem;
pub mod stand_in;
