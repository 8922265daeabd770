//! The stores.

mod cluster;
mod postgres;
