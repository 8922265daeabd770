//! The stores.

mod chains;
mod cluster;
mod conformance;
mod erasure;
mod exported;
mod kill;
mod model;
mod nodes;
mod postgres;
mod proxy;
mod rows;
pub(crate) mod sample;
mod sqlite;

pub(crate) use cluster::{Moment, database, database_at};
pub(crate) use proxy::Proxy;
