//! Between rows and values: what each cell holds, and whose fault it is when it does not.

use super::statements::{Prepares, with};
use crate::{
    clock::Time,
    domain::{
        address::Address,
        group::Member,
        id::{
            AppId, AuditId, BookId, CodeId, ContactId, DeviceId, FanoutId, GroupId, LetterId, NoticeId, OwnerId,
            PassedId, PointId, QueryId, RequestId, SessionId, SubstitutionId, UpdateId,
        },
        notice::Recipient,
    },
    store::{Page, Result, StoreError},
};
use rusqlite::{
    ErrorCode, Params, Statement,
    types::{FromSql, ValueRef},
};

/// An id as it stands in a cell.
pub(super) trait Id: Sized + std::fmt::Display {
    /// From 16 bytes.
    fn read(bytes: &[u8]) -> Option<Self>;
}

macro_rules! ids {
    ($($name:ident)*) => {$(
        impl Id for $name {
            fn read(bytes: &[u8]) -> Option<Self> {
                Self::from_bytes(bytes)
            }
        }
    )*};
}
ids! {
    AppId AuditId BookId CodeId ContactId DeviceId FanoutId GroupId LetterId NoticeId OwnerId PassedId PointId QueryId RequestId SessionId
    SubstitutionId UpdateId
}

/// A digest as it stands in a cell.
pub(super) struct Digest([u8; 16]);

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Id for Digest {
    fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

/// One row. Its first column is the id by which a damaged cell is reported.
pub(super) struct Cells<'r> {
    row: &'r rusqlite::Row<'r>,
    table: &'static str,
    name: fn(&[u8]) -> Option<String>,
}

impl Cells<'_> {
    /// A cell of a type that the engine knows.
    pub(super) fn get<T: FromSql>(&self, at: usize, column: &str) -> Result<T> {
        self.row.get(at).map_err(|_| self.damaged(column))
    }

    /// A text.
    pub(super) fn text(&self, at: usize, column: &str) -> Result<Box<str>> {
        self.get::<String>(at, column).map(Into::into)
    }

    /// A text or null.
    pub(super) fn text_or_none(&self, at: usize, column: &str) -> Result<Option<Box<str>>> {
        Ok(self.get::<Option<String>>(at, column)?.map(Into::into))
    }

    /// A moment.
    pub(super) fn time(&self, at: usize, column: &str) -> Result<Time> {
        self.get(at, column).map(Time)
    }

    /// A moment or null.
    pub(super) fn time_or_none(&self, at: usize, column: &str) -> Result<Option<Time>> {
        Ok(self.get::<Option<i64>>(at, column)?.map(Time))
    }

    /// A count.
    pub(super) fn count(&self, at: usize, column: &str) -> Result<u64> {
        self.get::<i64>(at, column).map(i64::cast_unsigned)
    }

    /// A small count.
    pub(super) fn small(&self, at: usize, column: &str) -> Result<u32> {
        u32::try_from(self.get::<i64>(at, column)?).map_err(|_| self.damaged(column))
    }

    /// An id.
    pub(super) fn id<I: Id>(&self, at: usize, column: &str) -> Result<I> {
        self.decode(at, column, I::read)
    }

    /// An id or null.
    pub(super) fn id_or_none<I: Id>(&self, at: usize, column: &str) -> Result<Option<I>> {
        if self.get::<ValueKind>(at, column)?.0 { Ok(None) } else { self.id(at, column).map(Some) }
    }

    /// Bytes, read by `from`.
    pub(super) fn decode<T>(&self, at: usize, column: &str, from: impl FnOnce(&[u8]) -> Option<T>) -> Result<T> {
        let cell = self.row.get_ref(at).map_err(|_| self.damaged(column))?;
        cell.as_blob().ok().and_then(from).ok_or_else(|| self.damaged(column))
    }

    /// A number that stands for one of a few things.
    pub(super) fn code<T>(&self, at: usize, column: &str, from: impl FnOnce(i64) -> Option<T>) -> Result<T> {
        from(self.get(at, column)?).ok_or_else(|| self.damaged(column))
    }

    /// JSON.
    pub(super) fn json<T: serde::de::DeserializeOwned>(&self, at: usize, column: &str) -> Result<T> {
        let cell = self.row.get_ref(at).map_err(|_| self.damaged(column))?;
        let text = cell.as_str().map_err(|_| self.damaged(column))?;
        serde_json::from_str(text).map_err(|_| self.damaged(column))
    }

    /// An address whose wire form is null where it is the key.
    pub(super) fn address(&self, at: usize, column: &str) -> Result<Address> {
        let key = self.text(at, column)?;
        let wire = self.text_or_none(at + 1, column)?.unwrap_or_else(|| key.clone());
        Ok(Address::stored(key, wire))
    }

    /// An address, or null.
    pub(super) fn address_or_none(&self, at: usize, column: &str) -> Result<Option<Address>> {
        if self.get::<ValueKind>(at, column)?.0 { Ok(None) } else { self.address(at, column).map(Some) }
    }

    /// Names table, column and row. A column that is another table's comes with that table's name.
    pub(super) fn damaged(&self, column: &str) -> StoreError {
        let id = self.row.get_ref(0).ok().and_then(|cell| cell.as_blob_or_null().ok().flatten().and_then(self.name));
        let id = id.unwrap_or_else(|| "an unreadable id".to_owned());
        let table = if column.contains('.') { "" } else { self.table };
        let dot = if table.is_empty() { "" } else { "." };
        StoreError::Damaged(format!("{table}{dot}{column} of {id}").into())
    }
}

/// Whether a cell is null, whatever else it would be.
struct ValueKind(bool);

impl FromSql for ValueKind {
    fn column_result(value: ValueRef<'_>) -> rusqlite::types::FromSqlResult<Self> {
        Ok(Self(matches!(value, ValueRef::Null)))
    }
}

/// All rows of a statement whose first column is an id of the kind `I`.
pub(super) fn many<I: Id, T>(
    connection: &impl Prepares,
    table: &'static str,
    statement: &'static str,
    params: impl Params,
    mut read: impl FnMut(&Cells<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut found = Vec::new();
    each::<I>(connection, table, statement, params, |cells| {
        found.push(read(cells)?);
        Ok(true)
    })?;
    Ok(found)
}

/// The first row, if there is one.
pub(super) fn one<I: Id, T>(
    connection: &impl Prepares,
    table: &'static str,
    statement: &'static str,
    params: impl Params,
    read: impl FnOnce(&Cells<'_>) -> Result<T>,
) -> Result<Option<T>> {
    let (mut found, mut read) = (None, Some(read));
    each::<I>(connection, table, statement, params, |cells| {
        if let Some(read) = read.take() {
            found = Some(read(cells)?);
        }
        Ok(false)
    })?;
    Ok(found)
}

/// Row after row, until `read` returns false.
pub(super) fn each<I: Id>(
    connection: &impl Prepares,
    table: &'static str,
    statement: &'static str,
    params: impl Params,
    mut read: impl FnMut(&Cells<'_>) -> Result<bool>,
) -> Result<()> {
    let all = |prepared: &mut Statement<'_>| {
        let mut rows = prepared.query(params).map_err(refused)?;
        while let Some(row) = rows.next().map_err(refused)? {
            let name = |bytes: &[u8]| I::read(bytes).map(|id| id.to_string());
            if !read(&Cells { row, table, name })? {
                break;
            }
        }
        Ok(())
    };
    with(connection, statement, all).map_err(unavailable)?
}

/// One page of at most `limit`, from a list that was asked for one more ([`ask`]).
pub(super) fn page<T>(mut items: Vec<T>, limit: usize) -> Page<T> {
    let more = items.len() > limit;
    items.truncate(limit);
    Page { items, more }
}

/// How many rows to ask for, so that it is seen whether more follow.
pub(super) fn ask(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)
}

/// Less than every id: where a list in order begins.
pub(super) fn above(after: Option<impl Into<Vec<u8>>>) -> Vec<u8> {
    after.map(Into::into).unwrap_or_default()
}

/// More than every id: where a list in reverse order begins.
pub(super) fn below(before: Option<[u8; 16]>) -> Vec<u8> {
    before.map_or_else(|| vec![u8::MAX; 17], Into::into)
}

/// Any failure of the engine.
pub(super) fn unavailable(error: rusqlite::Error) -> StoreError {
    StoreError::Unavailable(Box::new(error))
}

/// A failure that is a conflict where a unique row existed.
pub(super) fn refused(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => StoreError::Conflict,
        _ => unavailable(error),
    }
}

/// The wire form as stored: null where it is the key.
pub(super) fn wire(address: &Address) -> Option<&str> {
    Some(address.wire()).filter(|&wire| wire != address.key())
}

/// A member as stored.
pub(super) fn member_bytes(member: Member) -> Vec<u8> {
    match member {
        Member::Contact(id) => tagged(1, id.to_bytes()),
        Member::Application(id) => tagged(2, id.to_bytes()),
        Member::Everyone => vec![3],
    }
}

/// A member from what is stored.
pub(super) fn member(bytes: &[u8]) -> Option<Member> {
    match bytes.split_first()? {
        (1, id) => ContactId::from_bytes(id).map(Member::Contact),
        (2, id) => AppId::from_bytes(id).map(Member::Application),
        (3, []) => Some(Member::Everyone),
        _ => None,
    }
}

/// A recipient as stored.
pub(super) fn recipient_bytes(recipient: Recipient) -> Vec<u8> {
    match recipient {
        Recipient::Owner(id) => tagged(1, id.to_bytes()),
        Recipient::Contact(id) => tagged(2, id.to_bytes()),
    }
}

/// A recipient from what is stored.
pub(super) fn recipient(bytes: &[u8]) -> Option<Recipient> {
    match bytes.split_first()? {
        (1, id) => OwnerId::from_bytes(id).map(Recipient::Owner),
        (2, id) => ContactId::from_bytes(id).map(Recipient::Contact),
        _ => None,
    }
}

fn tagged(tag: u8, id: [u8; 16]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(17);
    bytes.push(tag);
    bytes.extend(id);
    bytes
}

/// A list of ids, or of recipients, in one cell: pieces of `size` bytes.
pub(super) fn pieces<T>(bytes: &[u8], size: usize, from: impl Fn(&[u8]) -> Option<T>) -> Option<Vec<T>> {
    bytes.chunks(size).map(from).collect()
}
