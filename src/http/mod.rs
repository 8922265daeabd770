//! The ways in over HTTP: parse, one use case, answer.

pub mod arrival;
pub mod body;
pub mod health;
pub mod problem;
pub mod serve;
pub mod stand_in;
