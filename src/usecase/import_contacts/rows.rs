//! From a file to entries, on a thread of its own.

use super::{Batch, Entry, columns::Columns};
use crate::{
    domain::card::{Document, Splitter},
    usecase::import::{ImportFailed, Records},
};
use std::io::{BufRead, BufReader, Read};
use tokio::sync::mpsc::Sender;

/// Entries of one commit.
const BATCH: usize = 500;

/// Most bytes of the entries of one commit: cards may hold photos.
const BATCH_BYTES: usize = 8 << 20;

/// Most bytes that are looked at, or read at once, of one line.
const PIECE: usize = 1 << 16;

/// 128 bits of a SHA-256.
pub(super) fn digest(bytes: &[u8]) -> u128 {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    digest.as_ref().iter().take(16).fold(0, |bits, &byte| bits << 8 | u128::from(byte))
}

/// Batches up to their size, and sends them.
struct Batches<'a> {
    batch: Batch,
    size: usize,
    to: &'a Sender<Batch>,
}

impl<'a> Batches<'a> {
    fn new(to: &'a Sender<Batch>) -> Self {
        Self { batch: Batch::default(), size: 0, to }
    }

    /// `false` when nobody wants more.
    fn add(&mut self, entry: Result<Entry, (u64, String)>, bytes: u64) -> bool {
        match entry {
            Ok(entry) => {
                self.size += entry.card.len();
                self.batch.entries.push(entry);
            }
            Err(bad) => self.batch.bad.push(bad),
        }
        let full = self.batch.entries.len() + self.batch.bad.len() >= BATCH || self.size >= BATCH_BYTES;
        !full || self.send(bytes)
    }

    fn send(&mut self, bytes: u64) -> bool {
        self.batch.bytes = bytes;
        self.size = 0;
        self.to.blocking_send(std::mem::take(&mut self.batch)).is_ok()
    }
}

fn entry(line: u64, card: Vec<u8>, read: Document, marker: &str) -> Result<Entry, (u64, String)> {
    if read.name().is_empty() {
        return Err((line, "neither a name nor a number or address is in it".to_owned()));
    }
    let uid = read.uid().unwrap_or_else(|| format!("{marker}-{:032x}", digest(&card))).into();
    Ok(Entry { line, uid, card, read })
}

/// A file of vCards.
pub(super) fn cards(file: impl Read, to: &Sender<Batch>) -> Result<(), ImportFailed> {
    let mut reader = BufReader::with_capacity(PIECE, file);
    let (mut splitter, mut batches, mut bytes) = (Splitter::default(), Batches::new(to), 0);
    let mut piece = Vec::with_capacity(PIECE);
    loop {
        piece.clear();
        let mut limited = (&mut reader).take(PIECE as u64);
        let length = limited.read_until(b'\n', &mut piece).map_err(ImportFailed::Unreadable)?;
        bytes += length as u64;
        let found = if length == 0 { splitter.finish().map(Err) } else { splitter.push(&piece) };
        let wanted = found.is_none_or(|found| {
            let read = found.and_then(|piece| piece.read().map(|read| (piece, read)));
            let entry = match read {
                Ok((piece, read)) => entry(piece.line as u64, piece.bytes, read, "card"),
                Err(bad) => Err((bad.line() as u64, bad.to_string())),
            };
            batches.add(entry, bytes)
        });
        if length == 0 {
            batches.send(bytes);
            return Ok(());
        }
        if !wanted {
            return Ok(());
        }
    }
}

/// A CSV file.
pub(super) fn table(file: impl Read, to: &Sender<Batch>) -> Result<(), ImportFailed> {
    let mut reader = BufReader::with_capacity(PIECE, file);
    let delimiter = delimiter(reader.fill_buf().map_err(ImportFailed::Unreadable)?);
    let mut records = Records::new(reader, delimiter);
    let Some((_, header)) = records.next()? else {
        return Err(ImportFailed::Header(format!("the file is empty; {}", Columns::NEEDED)));
    };
    let columns = Columns::find(header).map_err(ImportFailed::Header)?;
    let mut batches = Batches::new(to);
    while let Some((line, record)) = records.next()? {
        let made = row(&columns, record).map_err(|why| (line, why)).and_then(|card| {
            let read = Document::parse(&card).map_err(|bad| (line, bad.to_string()))?;
            entry(line, card, read, "row")
        });
        if !batches.add(made, records.bytes()) {
            return Ok(());
        }
    }
    batches.send(records.bytes());
    Ok(())
}

/// A row as a vCard: its UID is the row's own, or its content's digest.
fn row(columns: &Columns, record: &csv::ByteRecord) -> Result<Vec<u8>, String> {
    let card = columns.card(record)?;
    let uid = columns.uid(record);
    let uid = uid.unwrap_or_else(|| format!("row-{:032x}", digest(card.to_bare_vcard(None).as_bytes())));
    Ok(card.to_bare_vcard(Some(&uid)).into_bytes())
}

/// Which of the usual ones the first line has most of.
fn delimiter(start: &[u8]) -> u8 {
    let line = start.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let count = |delimiter: u8| line.split(|&byte| byte == delimiter).count();
    // The last of equals is taken, so a line with none of them is one column between commas.
    [b'\t', b';', b','].into_iter().max_by_key(|&delimiter| count(delimiter)).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_what_the_header_has() {
        for (line, expected) in
            [("name,phone\na;b;c;d", b','), ("name;phone;email, work", b';'), ("name\tphone", b'\t'), ("name", b',')]
        {
            assert_eq!(delimiter(line.as_bytes()), expected, "{line}");
        }
    }
}
