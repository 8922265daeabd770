//! The rules of Redial as plain functions: no input or output, no clock, no randomness, no logging.

pub mod address;
pub mod alphabet;
pub mod asleep;
pub mod bounce;
pub mod card;
pub mod change;
pub mod code;
pub mod device;
pub mod exchange;
#[cfg(test)]
mod fixtures;
pub mod former;
pub mod group;
pub mod history;
pub mod id;
pub mod identity_bound;
pub mod imported;
pub mod name;
pub mod notice;
pub mod opt_out;
pub mod opt_word;
pub mod owner;
pub mod passkey;
pub mod photo;
pub mod query;
pub mod recent;
pub mod said;
pub mod schedule;
pub mod target;
