//! vCards: read without loss, edited line by line, written from what one viewer may see.
//!
//! * [`Document`] holds somebody else's card byte for byte (2.1, 3.0, 4.0; RFC 2426, RFC 6350) and edits single lines
//!   of it. A parser that builds a model and writes it again re-orders, re-cases and drops things that phones depend
//!   on, so the bytes are the truth and everything else is derived from them.
//! * [`Splitter`] cuts a file of many cards into cards of bounded size.
//! * [`Card`] is what one viewer may see of an owner ([`project`]); there is no other card. It is written as 3.0, which
//!   every phone reads, or 4.0 ([`Form`]).
//! * [`to_v3`] turns a document of any version into 3.0, as most address books want it.

mod convert;
mod document;
mod model;
mod read;
mod split;
mod text;
mod write;

pub use convert::to_v3;
pub use document::{BadCard, Document, LARGEST, Line, Param, Version};
pub use model::{Card, CardPoint, project};
pub use read::{Parts, Reach, Unreadable};
pub use split::{Piece, Splitter};
pub use write::{Form, uid};

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;
