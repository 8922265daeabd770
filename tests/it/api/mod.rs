//! `/v1` over HTTP, on a real `SQLite` file and a real `PostgreSQL`.

mod access;
mod document;
mod exchange;
mod pictures;
mod preview;
mod queries;
mod record;
mod requests;
mod rights;
mod shape;
mod world;
