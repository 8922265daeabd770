//! What imports of files have in common: rows in, bad ones told with their line, the rest loaded (design section 6).

use super::write::Refused;
use std::{
    cell::RefCell,
    collections::VecDeque,
    io::{self, Read},
    rc::Rc,
};

/// Most bytes of one CSV record: what a quotation mark that is never closed can cost.
pub const LARGEST_RECORD: u64 = 1 << 20;

/// Bytes that the CSV reader takes at once.
const BUFFER: usize = 1 << 16;

/// Hears what becomes of a file while it is read.
pub trait Listener: Send {
    /// So many bytes of the file have been read in all.
    fn read(&mut self, bytes: u64);
    /// The row or card at this line, from 1, is not loaded.
    fn bad(&mut self, line: u64, reason: &str);
}

/// What became of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Rows or cards that made something new.
    pub added: u64,
    /// Those that changed something.
    pub changed: u64,
    /// Those that were there already.
    pub same: u64,
    /// Those that were not loaded.
    pub bad: u64,
    /// Numbers and addresses in loaded contacts that could not be read, and so match nobody.
    pub unreadable: u64,
}

/// Why a file was not loaded to its end. What was loaded before stays, and is met as such the next time.
#[derive(Debug, thiserror::Error)]
pub enum ImportFailed {
    /// The file cannot be read.
    #[error("the file cannot be read")]
    Unreadable(#[source] io::Error),
    /// The first line is not a header of such a file.
    #[error("line 1: {0}")]
    Header(String),
    /// A record does not end.
    #[error(
        "line {line}: the record that begins here is longer than {LARGEST_RECORD} bytes; a quotation mark may be missing"
    )]
    Endless {
        /// Where it begins.
        line: u64,
    },
    /// Owner, book or group are not as asked for, or the store failed.
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// A CSV file, record by record, each of bounded size.
pub(super) struct Records<R> {
    reader: csv::Reader<Bounded<R>>,
    tally: Rc<RefCell<Tally>>,
    record: csv::ByteRecord,
}

impl<R: Read> Records<R> {
    /// `delimiter` is what the header was found to use.
    pub(super) fn new(from: R, delimiter: u8) -> Self {
        let tally = Rc::new(RefCell::new(Tally { line: 1, ..Tally::default() }));
        let bounded = Bounded { from, tally: Rc::clone(&tally) };
        let mut builder = csv::ReaderBuilder::new();
        builder.has_headers(false).flexible(true).delimiter(delimiter).buffer_capacity(BUFFER);
        Self { reader: builder.from_reader(bounded), tally, record: csv::ByteRecord::new() }
    }

    /// The next record with its line; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<(u64, &csv::ByteRecord)>, ImportFailed> {
        // What is buffered already may hold records too, so the budget is for what is read on top of it.
        self.tally.borrow_mut().budget = LARGEST_RECORD;
        let start = self.reader.position().byte();
        match self.reader.read_byte_record(&mut self.record) {
            Ok(false) => Ok(None),
            Ok(true) => {
                let start = self.record.position().map_or(start, csv::Position::byte);
                let line = self.tally.borrow_mut().line_at(start);
                Ok(Some((line, &self.record)))
            }
            Err(error) => {
                let mut tally = self.tally.borrow_mut();
                if tally.budget == 0 {
                    return Err(ImportFailed::Endless { line: tally.line_at(start) });
                }
                Err(ImportFailed::Unreadable(io::Error::other(error)))
            }
        }
    }

    /// Bytes read so far.
    pub(super) fn bytes(&self) -> u64 {
        self.reader.position().byte()
    }
}

/// What the reader has given out. The CSV reader's own count of lines is one behind after CRLF.
#[derive(Debug, Default)]
struct Tally {
    /// How much more one record may take.
    budget: u64,
    /// Bytes given out in all.
    bytes: u64,
    last: u8,
    /// Line ends beyond the last record asked for, and whether a carriage return stands before each.
    ends: VecDeque<(u64, bool)>,
    /// The line of the last record asked for.
    line: u64,
}

impl Tally {
    fn give(&mut self, bytes: &[u8]) {
        self.budget = self.budget.saturating_sub(bytes.len() as u64);
        for (place, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
            let before = if place == 0 { self.last } else { bytes[place - 1] };
            self.ends.push_back((self.bytes + place as u64, before == b'\r'));
        }
        self.bytes += bytes.len() as u64;
        self.last = bytes.last().copied().unwrap_or(self.last);
    }

    /// The line of the record that begins at this byte, or behind the line ends that begin there.
    fn line_at(&mut self, mut start: u64) -> u64 {
        while let Some(&(end, after_return)) = self.ends.front() {
            let blank = end == start || (after_return && end == start + 1);
            if end > start && !blank {
                break;
            }
            start = start.max(end + 1);
            self.line += 1;
            self.ends.pop_front();
        }
        self.line
    }
}

/// Gives no more than the budget, then an error.
struct Bounded<R> {
    from: R,
    tally: Rc<RefCell<Tally>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut tally = self.tally.borrow_mut();
        if tally.budget == 0 {
            return Err(io::Error::other("the record is too long"));
        }
        let length = into.len().min(usize::try_from(tally.budget).unwrap_or(usize::MAX));
        let read = self.from.read(&mut into[..length])?;
        tally.give(&into[..read]);
        Ok(read)
    }
}

/// A field as text; a byte order mark and blanks around it are no part of it.
pub(super) fn field(record: &csv::ByteRecord, place: usize) -> Result<&str, &'static str> {
    let bytes = record.get(place).unwrap_or_default();
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    std::str::from_utf8(bytes).map(str::trim).map_err(|_| "the row is not UTF-8; save the file as UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(file: &str) -> Vec<(u64, String)> {
        let mut records = Records::new(file.as_bytes(), b',');
        let mut found = Vec::new();
        while let Some((line, record)) = records.next().expect("a record") {
            found.push((line, field(record, 0).expect("UTF-8").to_owned()));
        }
        found
    }

    #[test]
    fn a_record_has_the_line_that_it_begins_at_whatever_ends_lines() {
        let file = "a,1\nb,2\n\n\nc,\"3\n3\n3\"\nd\n\ne";
        let expected = [(1, "a"), (2, "b"), (5, "c"), (8, "d"), (10, "e")].map(|(line, text)| (line, text.to_owned()));
        assert_eq!(lines(file), expected);
        assert_eq!(lines(&file.replace('\n', "\r\n")), expected);
        let (long, short) = ("x".repeat(BUFFER - 3), "y");
        let expected = [(1, long.clone()), (2, short.to_owned()), (4, short.to_owned())];
        assert_eq!(lines(&format!("{long},\r\n{short}\r\n\r\n{short}\r\n")), expected);
    }

    #[test]
    fn a_mark_and_blanks_are_no_part_of_a_field() {
        let record = csv::ByteRecord::from(vec![&b"\xEF\xBB\xBFname "[..], &b"\xFF"[..]]);
        assert_eq!((field(&record, 0), field(&record, 9)), (Ok("name"), Ok("")));
        assert!(field(&record, 1).is_err());
    }
}
