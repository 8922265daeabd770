//! Places: where a value stands in a request, reply or webhook.
//!
//! `field:To` (whatever the body is: form, top level of JSON, or the query of a request without body) ·
//! `form:To` · `query:To` · `json:/data/to/0/phone_number` (a pointer; `*` is each element) · `header:X-Name` ·
//! `path:sid` (a variable of the route's path).

use super::json::Pointer;
use std::fmt;

/// Where a value stands.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) kind: Kind,
    written: Box<str>,
}

/// The kinds of places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Field(Box<str>),
    Form(Box<str>),
    Query(Box<str>),
    Json(Pointer),
    Header(http::HeaderName),
    Path(Box<str>),
}

impl Place {
    /// Reads a place; the error says what would be right.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let shape =
            "a place looks like `field:To`, `form:To`, `query:To`, `json:/data/id`, `header:X-Name` or `path:sid`";
        let (kind, name) = text.split_once(':').ok_or(shape)?;
        if name.is_empty() {
            return Err(format!("a place needs a name after `{kind}:`"));
        }
        let kind = match kind {
            "field" => Kind::Field(name.into()),
            "form" => Kind::Form(name.into()),
            "query" => Kind::Query(name.into()),
            "json" => Kind::Json(Pointer::parse(name).ok_or("a JSON place begins with a slash, like `json:/data/id`")?),
            "header" => Kind::Header(name.parse().map_err(|_| "a header name has letters, digits and `-`")?),
            "path" => Kind::Path(name.into()),
            _ => return Err(shape.into()),
        };
        Ok(Self { kind, written: text.into() })
    }

    /// The path variable that it names, if it is one.
    pub(super) fn variable(&self) -> Option<&str> {
        if let Kind::Path(name) = &self.kind { Some(name) } else { None }
    }

    /// As the file writes it.
    pub(super) fn written(&self) -> &str {
        &self.written
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}
