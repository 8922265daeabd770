//! The stores.

mod cluster;
mod conformance;
mod nodes;
mod postgres;
mod proxy;
mod sample;
mod sqlite;
