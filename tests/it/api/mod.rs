//! `/v1` over HTTP, on a real `SQLite` file.

mod access;
mod document;
mod pictures;
mod queries;
mod requests;
mod rights;
mod shape;
mod world;
