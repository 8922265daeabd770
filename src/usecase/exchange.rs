//! Cards on their way to people who were added to a book, and into the books of people who are registered (rules E1 to
//! E4): introductions, the tray, the viewer's own book.

pub mod introductions;
pub mod preview;
pub mod tray;
pub mod updates;
