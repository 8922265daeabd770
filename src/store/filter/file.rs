//! The saved filter: magic, witness of the seed, the store's mark, the settled generation, the growing one, SHA-256.

use super::{Generations, Growing, Settled};
use fastbloom::AtomicBloomFilter;
use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use std::{
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use xorf::{BinaryFuse8, Descriptor};

const MAGIC: &[u8; 8] = b"redialF1";

/// Writes beside the file and puts it in its place when it is whole.
pub(super) fn write(path: &Path, witness: [u8; 8], mark: &[u8], now: &Generations) -> io::Result<()> {
    let mut bytes = Vec::new();
    bytes.extend(MAGIC);
    bytes.extend(witness);
    put(&mut bytes, mark);
    match &now.settled {
        None => bytes.extend(0_u64.to_le_bytes()),
        Some(settled) => {
            bytes.extend((settled.count as u64).to_le_bytes());
            let shape = &settled.fuse.descriptor;
            bytes.extend(shape.seed.to_le_bytes());
            for part in [shape.segment_length, shape.segment_length_mask, shape.segment_count_length] {
                bytes.extend(part.to_le_bytes());
            }
            put(&mut bytes, &settled.fuse.fingerprints);
        }
    }
    bytes.extend((now.growing.inserted.load(Ordering::Relaxed) as u64).to_le_bytes());
    bytes.extend((now.growing.room as u64).to_le_bytes());
    bytes.extend(u64::from(now.growing.bloom.num_hashes()).to_le_bytes());
    let words: Vec<u8> = now.growing.bloom.iter().flat_map(u64::to_le_bytes).collect();
    put(&mut bytes, &words);
    let sum = digest(&SHA256, &bytes);
    bytes.extend(sum.as_ref());

    let beside = path.with_extension("filter-new");
    let mut file = std::fs::File::create(&beside)?;
    io::Write::write_all(&mut file, &bytes)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)
}

/// The mark and the generations of a whole file; `None` for anything else.
pub(super) fn read(path: &Path, witness: [u8; 8]) -> Option<(Vec<u8>, Generations)> {
    let bytes = std::fs::read(path).ok()?;
    let (body, sum) = bytes.split_at_checked(bytes.len().checked_sub(SHA256_OUTPUT_LEN)?)?;
    if digest(&SHA256, body).as_ref() != sum {
        return None;
    }
    let mut rest = body.strip_prefix(MAGIC)?.strip_prefix(&witness)?;
    let mark = take(&mut rest)?.to_vec();
    let settled = match number(&mut rest)? {
        0 => None,
        count => Some(Arc::new(Settled { count: usize::try_from(count).ok()?, fuse: fuse(&mut rest)? })),
    };
    let inserted = usize::try_from(number(&mut rest)?).ok()?;
    let room = usize::try_from(number(&mut rest)?).ok()?;
    let hashes = u32::try_from(number(&mut rest)?).ok().filter(|hashes| (1..64).contains(hashes))?;
    let words = take(&mut rest)?;
    let words: Vec<u64> = words.as_chunks().0.iter().map(|&word| u64::from_le_bytes(word)).collect();
    if words.is_empty() || !rest.is_empty() {
        return None;
    }
    let bloom = AtomicBloomFilter::from_vec(words).hashes(hashes);
    let growing = Arc::new(Growing { bloom, inserted: AtomicUsize::new(inserted), room });
    Some((mark, Generations { settled, previous: Vec::new(), growing }))
}

fn fuse(rest: &mut &[u8]) -> Option<BinaryFuse8> {
    let descriptor = Descriptor {
        seed: number(rest)?,
        segment_length: small(rest)?,
        segment_length_mask: small(rest)?,
        segment_count_length: small(rest)?,
    };
    let fingerprints: Box<[u8]> = take(rest)?.into();
    // A look-up touches three neighbouring segments.
    let reach = u64::from(descriptor.segment_count_length) + 2 * u64::from(descriptor.segment_length);
    (reach <= fingerprints.len() as u64).then_some(BinaryFuse8 { descriptor, fingerprints })
}

fn put(bytes: &mut Vec<u8>, part: &[u8]) {
    bytes.extend((part.len() as u64).to_le_bytes());
    bytes.extend(part);
}

fn take<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let length = usize::try_from(number(rest)?).ok()?;
    let (part, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(part)
}

fn number(rest: &mut &[u8]) -> Option<u64> {
    let (&bytes, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(u64::from_le_bytes(bytes))
}

fn small(rest: &mut &[u8]) -> Option<u32> {
    let (&bytes, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(u32::from_le_bytes(bytes))
}
