//! The saved filter: magic, witness of the seed, the store's mark, how full it is, its bits, SHA-256.

use super::{Blocks, Line};
use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use std::{
    io,
    path::Path,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
};

const MAGIC: &[u8; 8] = b"redialF2";

/// Writes beside the file and puts it in its place when it is whole.
pub(super) fn write(path: &Path, witness: [u8; 8], mark: &[u8], blocks: &Blocks) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(64 * blocks.lines.len() + 256);
    bytes.extend(MAGIC);
    bytes.extend(witness);
    bytes.extend((mark.len() as u64).to_le_bytes());
    bytes.extend(mark);
    bytes.extend((blocks.inserted.load(Ordering::Relaxed) as u64).to_le_bytes());
    bytes.extend((blocks.room.load(Ordering::Relaxed) as u64).to_le_bytes());
    for word in blocks.lines.iter().flat_map(|Line(words)| words) {
        bytes.extend(word.load(Ordering::Relaxed).to_le_bytes());
    }
    let sum = digest(&SHA256, &bytes);
    bytes.extend(sum.as_ref());

    let beside = path.with_extension("filter-new");
    let mut file = std::fs::File::create(&beside)?;
    io::Write::write_all(&mut file, &bytes)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)
}

/// The mark and the bits of a whole file; `None` for anything else.
pub(super) fn read(path: &Path, witness: [u8; 8]) -> Option<(Vec<u8>, Blocks)> {
    let bytes = std::fs::read(path).ok()?;
    let (body, sum) = bytes.split_at_checked(bytes.len().checked_sub(SHA256_OUTPUT_LEN)?)?;
    if digest(&SHA256, body).as_ref() != sum {
        return None;
    }
    let mut rest = body.strip_prefix(MAGIC)?.strip_prefix(&witness)?;
    let length = number(&mut rest)?;
    let (mark, mut rest) = rest.split_at_checked(length)?;
    let (inserted, room) = (number(&mut rest)?, number(&mut rest)?);
    let (lines, left) = rest.as_chunks::<64>();
    let lines: Box<[Line]> = lines.iter().map(line).collect();
    if lines.is_empty() || !left.is_empty() {
        return None;
    }
    Some((mark.to_vec(), Blocks { lines, inserted: AtomicUsize::new(inserted), room: AtomicUsize::new(room) }))
}

fn line(bytes: &[u8; 64]) -> Line {
    let (words, _) = bytes.as_chunks();
    Line(std::array::from_fn(|at| AtomicU64::new(words.get(at).map_or(0, |&word| u64::from_le_bytes(word)))))
}

fn number(rest: &mut &[u8]) -> Option<usize> {
    let (&bytes, after) = rest.split_first_chunk()?;
    *rest = after;
    usize::try_from(u64::from_le_bytes(bytes)).ok()
}
