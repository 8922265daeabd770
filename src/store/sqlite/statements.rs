//! Statements that a thread keeps prepared, found by where their text stands in the program.
//!
//! The cache of a connection hashes and compares the whole text twice for each use, which for a look-up by key is as much
//! work as the look-up.

use rusqlite::{Connection, PrepFlags, Statement};
use std::{
    cell::RefCell,
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

/// What can run a statement whose text is part of the program.
pub(super) trait Prepares {
    /// Has `work` use the statement, prepared, once.
    fn lend(&self, text: &'static str, work: &mut dyn FnMut(&mut Statement<'_>)) -> rusqlite::Result<()>;

    /// For what is not needed often.
    fn connection(&self) -> &Connection;
}

impl Prepares for &dyn Prepares {
    fn lend(&self, text: &'static str, work: &mut dyn FnMut(&mut Statement<'_>)) -> rusqlite::Result<()> {
        (**self).lend(text, work)
    }

    fn connection(&self) -> &Connection {
        (**self).connection()
    }
}

/// What `work` makes of the statement, prepared.
pub(super) fn with<T>(
    prepares: &(impl Prepares + ?Sized),
    text: &'static str,
    work: impl FnOnce(&mut Statement<'_>) -> T,
) -> rusqlite::Result<T> {
    let (mut work, mut made) = (Some(work), None);
    prepares.lend(text, &mut |statement| made = work.take().map(|work| work(statement)))?;
    Ok(made.expect("a statement that was lent has been used"))
}

impl Prepares for Connection {
    fn lend(&self, text: &'static str, work: &mut dyn FnMut(&mut Statement<'_>)) -> rusqlite::Result<()> {
        work(&mut *self.prepare_cached(text)?);
        Ok(())
    }

    fn connection(&self) -> &Connection {
        self
    }
}

/// The kept statements of a connection.
pub(super) struct Statements<'c> {
    connection: &'c Connection,
    /// By address and length; one that is in use is not here.
    kept: RefCell<HashMap<(usize, usize), Statement<'c>, BuildHasherDefault<Places>>>,
}

impl<'c> Statements<'c> {
    pub(super) fn new(connection: &'c Connection) -> Self {
        Self { connection, kept: RefCell::default() }
    }

    /// Runs a statement without parameters or rows.
    pub(super) fn plain(&self, text: &'static str) -> rusqlite::Result<()> {
        with(self, text, |statement| statement.execute([]))?.map(|_| ())
    }
}

impl Prepares for Statements<'_> {
    fn lend(&self, text: &'static str, work: &mut dyn FnMut(&mut Statement<'_>)) -> rusqlite::Result<()> {
        let place = (text.as_ptr().addr(), text.len());
        let kept = self.kept.borrow_mut().remove(&place);
        let mut statement = match kept {
            Some(statement) => statement,
            None => self.connection.prepare_with_flags(text, PrepFlags::SQLITE_PREPARE_PERSISTENT)?,
        };
        work(&mut statement);
        // Nobody's number stays in memory longer than it is needed.
        statement.clear_bindings();
        self.kept.borrow_mut().insert(place, statement);
        Ok(())
    }

    fn connection(&self) -> &Connection {
        self.connection
    }
}

/// Addresses within one program need no strong hash.
#[derive(Default)]
struct Places(u64);

impl Hasher for Places {
    fn finish(&self) -> u64 {
        self.0.rotate_left(26)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_usize(usize::from(*byte));
        }
    }

    fn write_usize(&mut self, part: usize) {
        self.0 = (self.0 ^ part as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_prepared_once_and_again_while_it_is_in_use() {
        static NEXT: &str = "SELECT ?1 + 1";
        let connection = Connection::open_in_memory().unwrap();
        let statements = Statements::new(&connection);
        let next = |number: i64| {
            with(&statements, NEXT, |statement| statement.query_row([number], |row| row.get::<_, i64>(0)))
                .unwrap()
                .unwrap()
        };
        assert_eq!((next(1), next(2)), (2, 3));
        assert_eq!(statements.kept.borrow().len(), 1);
        let nested = with(&statements, NEXT, |outer| {
            let mut rows = outer.query([10]).unwrap();
            let inner = next(20);
            (inner, rows.next().unwrap().unwrap().get::<_, i64>(0).unwrap())
        });
        assert_eq!(nested.unwrap(), (21, 11));
        assert_eq!(statements.kept.borrow().len(), 1);
        assert!(with(&statements, "SELECT nothing", |_| ()).is_err());
    }
}
