//! The stores.

mod cluster;
mod conformance;
mod postgres;
mod sample;
mod sqlite;
