//! The stores.

mod cluster;
mod conformance;
mod nodes;
mod kill;
mod model;
mod postgres;
mod proxy;
mod sample;
mod sqlite;
