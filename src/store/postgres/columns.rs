//! Values on their way out of rows.

use super::value::Stored;
use crate::{clock::Time, domain::address::Address, store::StoreError};
use tokio_postgres::{Row, types::FromSql};

/// Reads the columns of a row from left to right.
pub(super) struct Columns<'r> {
    row: &'r Row,
    table: &'static str,
    next: usize,
}

impl<'r> Columns<'r> {
    /// `table` is for the error where something cannot be read.
    pub(super) fn of(row: &'r Row, table: &'static str) -> Self {
        Self { row, table, next: 0 }
    }

    fn damaged(&self, at: usize) -> StoreError {
        let column = self.row.columns().get(at).map_or("?", |column| column.name());
        // Nearly every row begins with an id or with the key of its owner.
        let row: &[u8] = self.row.try_get(0).unwrap_or_default();
        let id = row.iter().fold(0_u128, |id, byte| (id << 8) | u128::from(*byte));
        StoreError::Damaged(format!("{}.{column} of row {id:032x}", self.table).into())
    }

    /// The next column as the driver reads it.
    pub(super) fn next<T: FromSql<'r>>(&mut self) -> Result<T, StoreError> {
        let at = self.next;
        self.next += 1;
        self.row.try_get(at).map_err(|_| self.damaged(at))
    }

    /// The next column through a function that may find it unreadable.
    fn checked<S: FromSql<'r>, T>(&mut self, read: impl FnOnce(S) -> Option<T>) -> Result<T, StoreError> {
        let value = self.next()?;
        read(value).ok_or_else(|| self.damaged(self.next - 1))
    }

    /// An id, recipient or member.
    pub(super) fn stored<T: Stored>(&mut self) -> Result<T, StoreError> {
        self.checked(T::restored)
    }

    /// One that may be absent.
    pub(super) fn stored_or_none<T: Stored>(&mut self) -> Result<Option<T>, StoreError> {
        self.checked(|bytes: Option<&[u8]>| match bytes {
            Some(bytes) => T::restored(bytes).map(Some),
            None => Some(None),
        })
    }

    /// One for whose absence there are no bytes.
    pub(super) fn stored_or_empty<T: Stored>(&mut self) -> Result<Option<T>, StoreError> {
        self.checked(|bytes: &[u8]| if bytes.is_empty() { Some(None) } else { T::restored(bytes).map(Some) })
    }

    /// Several ids of 16 bytes in one column.
    pub(super) fn stored_list<T: Stored>(&mut self, width: usize) -> Result<Vec<T>, StoreError> {
        self.checked(|bytes: &[u8]| bytes.chunks(width).map(T::restored).collect())
    }

    /// A text.
    pub(super) fn text(&mut self) -> Result<Box<str>, StoreError> {
        Ok(self.next::<&str>()?.into())
    }

    /// One that may be absent.
    pub(super) fn text_or_none(&mut self) -> Result<Option<Box<str>>, StoreError> {
        Ok(self.next::<Option<&str>>()?.map(Into::into))
    }

    /// A moment.
    pub(super) fn time(&mut self) -> Result<Time, StoreError> {
        Ok(Time(self.next()?))
    }

    /// One that may be absent.
    pub(super) fn time_or_none(&mut self) -> Result<Option<Time>, StoreError> {
        Ok(self.next::<Option<i64>>()?.map(Time))
    }

    /// A counter or digest of 64 bits.
    pub(super) fn number(&mut self) -> Result<u64, StoreError> {
        Ok(self.next::<i64>()?.cast_unsigned())
    }

    /// A small counter.
    pub(super) fn small<T: TryFrom<i64>>(&mut self) -> Result<T, StoreError> {
        self.checked(|value: i64| T::try_from(value).ok())
    }

    /// A plain enum.
    pub(super) fn word<T: serde::de::DeserializeOwned>(&mut self) -> Result<T, StoreError> {
        self.checked(|word: &str| serde_json::from_value(serde_json::Value::String(word.to_owned())).ok())
    }

    /// One that may be absent.
    pub(super) fn word_or_none<T: serde::de::DeserializeOwned>(&mut self) -> Result<Option<T>, StoreError> {
        self.checked(|word: Option<&str>| match word {
            Some(word) => serde_json::from_value(serde_json::Value::String(word.to_owned())).ok().map(Some),
            None => Some(None),
        })
    }

    /// A small code that stands for one of a few things.
    pub(super) fn code<T>(&mut self, read: impl FnOnce(u8) -> Option<T>) -> Result<T, StoreError> {
        self.checked(|code: i64| read(u8::try_from(code).ok()?))
    }

    /// One that may be absent.
    pub(super) fn code_or_none<T>(&mut self, read: impl FnOnce(u8) -> Option<T>) -> Result<Option<T>, StoreError> {
        self.checked(|code: Option<i64>| match code {
            Some(code) => read(u8::try_from(code).ok()?).map(Some),
            None => Some(None),
        })
    }

    /// A SHA-256.
    pub(super) fn hash(&mut self) -> Result<[u8; 32], StoreError> {
        self.checked(|bytes: &[u8]| bytes.try_into().ok())
    }

    /// What `json` wrote.
    pub(super) fn json<T: serde::de::DeserializeOwned>(&mut self) -> Result<T, StoreError> {
        self.checked(|text: &str| serde_json::from_str(text).ok())
    }

    /// Two columns, key and wire form.
    pub(super) fn address(&mut self) -> Result<Address, StoreError> {
        Ok(Address::stored(self.text()?, self.text()?))
    }
}
