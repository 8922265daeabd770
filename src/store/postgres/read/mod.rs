//! Facts out, one file for each entity.

mod about;
mod access;
mod books;
mod chains;
mod devices;
mod erasure;
mod exchange;
mod keys;
mod leaving;
mod letters;
mod memory;
mod numbers;
mod outbox;
mod owners;
mod passed;
mod returns;
mod substitutions;
mod watch;

pub(super) use chains::{head, line as audit_line};
pub(super) use numbers::Left;
pub(super) use watch::trail_line;

use super::value::Stored;
use crate::store::{Page, Result, StoreError};

/// A page out of one row more than was asked for.
fn page<T>(mut items: Vec<T>, limit: usize) -> Page<T> {
    let more = items.len() > limit;
    items.truncate(limit);
    Page { items, more }
}

/// All rows through one function.
fn all<T>(rows: &[tokio_postgres::Row], read: impl Fn(&tokio_postgres::Row) -> Result<T>) -> Result<Vec<T>> {
    rows.iter().map(read).collect()
}

/// The first row, if there is one.
fn first<T>(
    rows: &[tokio_postgres::Row],
    read: impl Fn(&tokio_postgres::Row) -> std::result::Result<T, StoreError>,
) -> Result<Option<T>> {
    rows.first().map(read).transpose()
}

/// Where an ascending list goes on: no bytes come before all others.
fn after<T: Stored>(last: Option<T>) -> Vec<u8> {
    last.map(Stored::stored).unwrap_or_default()
}

/// Where a descending list goes on: these come after every id.
fn before<T: Stored>(last: Option<T>) -> Vec<u8> {
    last.map_or_else(|| vec![0xff; 17], Stored::stored)
}
