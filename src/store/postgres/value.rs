//! Values on their way into statements.

use crate::{
    clock::Time,
    domain::{
        group::{Grant, Item, Member},
        id::{
            AppId, AuditId, BookId, CodeId, ContactId, DeviceId, FanoutId, GroupId, LetterId, NoticeId, OwnerId,
            PassedId, PointId, QueryId, RequestId, SessionId, SubstitutionId, UpdateId,
        },
        notice::Recipient,
        owner::Field,
    },
};
use bytes::BytesMut;
use std::borrow::Cow;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

/// One parameter of a statement.
#[derive(Debug)]
pub(super) enum Value<'a> {
    Int(Option<i64>),
    Flag(bool),
    Text(Option<Cow<'a, str>>),
    Bytes(Option<Cow<'a, [u8]>>),
    Ints(Vec<i64>),
    Flags(Vec<bool>),
    Texts(Vec<Cow<'a, str>>),
    Blobs(Vec<Vec<u8>>),
}

impl ToSql for Value<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Value::Int(value) => value.to_sql_checked(ty, out),
            Value::Flag(value) => value.to_sql_checked(ty, out),
            Value::Text(value) => value.as_deref().to_sql_checked(ty, out),
            Value::Bytes(value) => value.as_deref().to_sql_checked(ty, out),
            Value::Ints(values) => values.to_sql_checked(ty, out),
            Value::Flags(values) => values.to_sql_checked(ty, out),
            Value::Texts(values) => values.to_sql_checked(ty, out),
            Value::Blobs(values) => values.to_sql_checked(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A text of `PostgreSQL` holds no NUL, one from outside may.
fn no_nul(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Value::Text(Some(no_nul(text)))
    }
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(text: Option<&'a str>) -> Self {
        Value::Text(text.map(no_nul))
    }
}

impl From<Option<String>> for Value<'_> {
    fn from(text: Option<String>) -> Self {
        Value::Text(text.map(|text| Cow::Owned(no_nul(&text).into_owned())))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Value::Text(Some(Cow::Owned(no_nul(&text).into_owned())))
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Value::Bytes(Some(Cow::Borrowed(bytes)))
    }
}

impl From<Vec<u8>> for Value<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Value::Bytes(Some(Cow::Owned(bytes)))
    }
}

impl From<Option<Vec<u8>>> for Value<'_> {
    fn from(bytes: Option<Vec<u8>>) -> Self {
        Value::Bytes(bytes.map(Cow::Owned))
    }
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Value::Int(Some(value))
    }
}

impl From<u32> for Value<'_> {
    fn from(value: u32) -> Self {
        Value::Int(Some(value.into()))
    }
}

/// Counters and digests: the same 64 bits.
impl From<u64> for Value<'_> {
    fn from(value: u64) -> Self {
        Value::Int(Some(value.cast_signed()))
    }
}

/// Limits and places.
impl From<usize> for Value<'_> {
    fn from(value: usize) -> Self {
        Value::Int(Some(i64::try_from(value).unwrap_or(i64::MAX)))
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Value::Flag(value)
    }
}

impl From<Time> for Value<'_> {
    fn from(time: Time) -> Self {
        Value::Int(Some(time.0))
    }
}

impl From<Option<Time>> for Value<'_> {
    fn from(time: Option<Time>) -> Self {
        Value::Int(time.map(|time| time.0))
    }
}

impl From<Vec<i64>> for Value<'_> {
    fn from(values: Vec<i64>) -> Self {
        Value::Ints(values)
    }
}

impl From<Vec<bool>> for Value<'_> {
    fn from(values: Vec<bool>) -> Self {
        Value::Flags(values)
    }
}

impl From<Vec<Vec<u8>>> for Value<'_> {
    fn from(values: Vec<Vec<u8>>) -> Self {
        Value::Blobs(values)
    }
}

impl<'a> From<&'a [Box<str>]> for Value<'a> {
    fn from(values: &'a [Box<str>]) -> Self {
        Value::Texts(values.iter().map(|value| no_nul(value)).collect())
    }
}

impl From<Vec<String>> for Value<'_> {
    fn from(values: Vec<String>) -> Self {
        Value::Texts(values.iter().map(|value| Cow::Owned(no_nul(value).into_owned())).collect())
    }
}

/// The parameters of one statement, `$1` first.
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$($crate::store::postgres::value::Value::from($value)),*] };
}
pub(super) use values;

/// A type with one form of bytes in the database.
pub(super) trait Stored: Sized {
    /// As stored.
    fn stored(self) -> Vec<u8>;
    /// From what is stored; `None` where it cannot be.
    fn restored(bytes: &[u8]) -> Option<Self>;
}

macro_rules! stored_ids {
    ($($id:ident),*) => {$(
        impl Stored for $id {
            fn stored(self) -> Vec<u8> {
                self.to_bytes().to_vec()
            }

            fn restored(bytes: &[u8]) -> Option<Self> {
                $id::from_bytes(bytes)
            }
        }

        impl From<$id> for Value<'_> {
            fn from(id: $id) -> Self {
                Value::from(id.stored())
            }
        }

        impl From<Option<$id>> for Value<'_> {
            fn from(id: Option<$id>) -> Self {
                Value::from(id.map(Stored::stored))
            }
        }
    )*};
}

stored_ids!(
    AppId,
    AuditId,
    BookId,
    CodeId,
    ContactId,
    DeviceId,
    FanoutId,
    GroupId,
    LetterId,
    NoticeId,
    OwnerId,
    PointId,
    QueryId,
    PassedId,
    RequestId,
    SessionId,
    SubstitutionId,
    UpdateId
);

/// A kind and an id, in the order of the enum.
fn tagged(tag: u8, id: u128) -> Vec<u8> {
    let mut bytes = vec![tag];
    bytes.extend_from_slice(&id.to_be_bytes());
    bytes
}

impl Stored for Recipient {
    fn stored(self) -> Vec<u8> {
        match self {
            Recipient::Owner(id) => tagged(0, id.0),
            Recipient::Contact(id) => tagged(1, id.0),
        }
    }

    fn restored(bytes: &[u8]) -> Option<Self> {
        match bytes.split_first()? {
            (0, id) => Some(Recipient::Owner(OwnerId::from_bytes(id)?)),
            (1, id) => Some(Recipient::Contact(ContactId::from_bytes(id)?)),
            _ => None,
        }
    }
}

/// An owner and one of its contacts, in the order of both.
impl Stored for (OwnerId, ContactId) {
    fn stored(self) -> Vec<u8> {
        [self.0.to_bytes(), self.1.to_bytes()].concat()
    }

    fn restored(bytes: &[u8]) -> Option<Self> {
        let (owner, contact) = bytes.split_at_checked(16)?;
        Some((OwnerId::from_bytes(owner)?, ContactId::from_bytes(contact)?))
    }
}

impl From<Recipient> for Value<'_> {
    fn from(recipient: Recipient) -> Self {
        Value::from(recipient.stored())
    }
}

impl Stored for Member {
    fn stored(self) -> Vec<u8> {
        match self {
            Member::Contact(id) => tagged(0, id.0),
            Member::Application(id) => tagged(1, id.0),
            Member::Everyone => vec![2],
        }
    }

    fn restored(bytes: &[u8]) -> Option<Self> {
        match bytes.split_first()? {
            (0, id) => Some(Member::Contact(ContactId::from_bytes(id)?)),
            (1, id) => Some(Member::Application(AppId::from_bytes(id)?)),
            (2, []) => Some(Member::Everyone),
            _ => None,
        }
    }
}

impl From<Member> for Value<'_> {
    fn from(member: Member) -> Self {
        Value::from(member.stored())
    }
}

/// One byte for what is granted, then the point's id or the field's code.
impl Stored for Grant {
    fn stored(self) -> Vec<u8> {
        let (tag, point) = match self {
            Grant::Forward(point) => (0, point),
            Grant::Reveal(Item::Point(point)) => (1, point),
            Grant::Reveal(Item::Field(field)) => return vec![2, field.code()],
        };
        let mut bytes = vec![tag];
        bytes.extend_from_slice(&point.to_bytes());
        bytes
    }

    fn restored(bytes: &[u8]) -> Option<Self> {
        match bytes.split_first()? {
            (0, point) => Some(Grant::Forward(PointId::from_bytes(point)?)),
            (1, point) => Some(Grant::Reveal(Item::Point(PointId::from_bytes(point)?))),
            (2, [field]) => Some(Grant::Reveal(Item::Field(Field::from_code(*field)?))),
            _ => None,
        }
    }
}

/// The word of a plain enum, as its `Serialize` says it.
pub(super) fn word<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// As JSON, for what is only ever read back whole.
pub(super) fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("plain structs and lists of texts always have a JSON form")
}

/// What a text of any length is looked up by.
pub(super) fn digest(text: &str) -> Vec<u8> {
    ring::digest::digest(&ring::digest::SHA256, text.as_bytes()).as_ref().to_vec()
}

/// Where a device is: account and token or URL in one; the name of an account has no line break.
pub(super) fn device_place(account: &str, place: &str) -> Vec<u8> {
    digest(&format!("{account}\n{place}"))
}
