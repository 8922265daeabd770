//! A picture as its owner has it on a device, made fit for a card: without what it says beside the picture. Cameras write
//! where, when and by whom it was taken.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// Largest file that fits into the photo of a profile, in bytes.
pub const LARGEST: usize = 47 * 1_024;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
/// What a picture cannot be drawn rightly without (PNG, chapter 11).
const PNG_KEPT: [&[u8; 4]; 12] =
    [b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD", b"pHYs"];

/// What JFIF says of a picture with none beside it: name, version, density, a width and height of 0.
const JFIF_ALONE: usize = 14;
/// What Adobe's programs say of colours: name, version, flags, transform.
const ADOBE: usize = 12;

/// The file as a `data:` URI; `None` where it is no whole JPEG or PNG, or larger than [`LARGEST`].
pub fn embedded(file: &[u8]) -> Option<String> {
    if file.len() > LARGEST {
        return None;
    }
    let (kind, bytes) = match png(file) {
        Some(bytes) => ("png", bytes),
        None => ("jpeg", jpeg(file)?),
    };
    Some(format!("data:image/{kind};base64,{}", STANDARD.encode(bytes)))
}

/// The chunks that draw it.
fn png(file: &[u8]) -> Option<Vec<u8>> {
    let mut rest = file.strip_prefix(PNG)?;
    let (mut kept, mut drawn) = (PNG.to_vec(), false);
    loop {
        let (length, _) = rest.split_first_chunk::<4>()?;
        // Length, name, content, checksum.
        let whole = usize::try_from(u32::from_be_bytes(*length)).ok()?.checked_add(12)?;
        let (chunk, behind) = rest.split_at_checked(whole)?;
        let name = chunk[4..].first_chunk::<4>()?;
        // The size stands first (PNG, 5.6).
        if (name == b"IHDR") != (kept.len() == PNG.len()) {
            return None;
        }
        drawn |= name == b"IDAT";
        if PNG_KEPT.contains(&name) {
            kept.extend_from_slice(chunk);
        }
        if name == b"IEND" {
            return drawn.then_some(kept);
        }
        rest = behind;
    }
}

/// The segments that draw it (ITU T.81, annex B): of what applications add, colours alone. A small picture beside the large
/// one may show what was cut off.
fn jpeg(file: &[u8]) -> Option<Vec<u8>> {
    let mut rest = file.strip_prefix(b"\xff\xd8")?;
    let (mut kept, mut drawn) = (b"\xff\xd8".to_vec(), false);
    loop {
        rest = rest.strip_prefix(b"\xff")?;
        let (&marker, behind) = rest.split_first()?;
        match marker {
            // Bytes may stand before a marker to fill up.
            0xff => continue,
            0xd9 => {
                kept.extend_from_slice(b"\xff\xd9");
                return drawn.then_some(kept);
            }
            0x00 | 0x01 | 0xd0..=0xd8 => return None,
            _ => {}
        }
        let length = usize::from(u16::from_be_bytes(*behind.first_chunk::<2>()?));
        let (segment, behind) = behind.split_at_checked(length)?;
        let content = segment.get(2..)?;
        let dropped = match marker {
            0xe0 => !(content.starts_with(b"JFIF\0") && content.len() == JFIF_ALONE),
            0xee => !(content.starts_with(b"Adobe") && content.len() == ADOBE),
            0xe2 => !content.starts_with(b"ICC_PROFILE\0"),
            0xe1..=0xef | 0xfe => true,
            _ => false,
        };
        if !dropped {
            kept.extend_from_slice(&[0xff, marker]);
            kept.extend_from_slice(segment);
        }
        rest = behind;
        if marker == 0xda {
            drawn = true;
            let end = end_of_scan(rest)?;
            kept.extend_from_slice(&rest[..end]);
            rest = &rest[end..];
        }
    }
}

/// Where the next marker stands behind a scan's data: within it `FF` is followed by nothing else than 0 or a restart.
fn end_of_scan(data: &[u8]) -> Option<usize> {
    data.windows(2).position(|pair| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xd0..=0xd7))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len() + 2).expect("short").to_be_bytes();
        [&[0xff, marker], &length[..], content].concat()
    }

    fn chunk(name: &[u8], content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len()).expect("short").to_be_bytes();
        [&length[..], name, content, b"crc."].concat()
    }

    fn bytes(uri: &str, kind: &str) -> Vec<u8> {
        let data = uri.strip_prefix(&format!("data:image/{kind};base64,")).expect("of this kind");
        STANDARD.decode(data).expect("base64")
    }

    #[test]
    fn what_a_camera_writes_beside_a_picture_is_left_out() {
        let colours = segment(0xee, b"Adobe\0d\0\0\0\0\x01");
        let start = [b"\xff\xd8".to_vec(), segment(0xe0, b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0"), colours].concat();
        let place = [
            segment(0xe0, b"JFIF\0\x01\x02\0\0\x01\0\x01\x01\x01rgb"),
            segment(0xe0, b"JFXX\0\x10small"),
            segment(0xe1, b"Exif\0\0GPS"),
            segment(0xe2, b"MPF\0"),
            segment(0xee, b"by Ann"),
            segment(0xfe, b"by Ann"),
        ]
        .concat();
        let rest = [
            segment(0xe2, b"ICC_PROFILE\0colours"),
            segment(0xda, b"scan"),
            b"ab\xff\x00c\xff\xd1d".to_vec(),
            segment(0xda, b"next scan"),
            b"ef\xff\xd9".to_vec(),
        ]
        .concat();
        let file = [start.clone(), place, rest.clone(), b"a film behind it".to_vec()].concat();
        assert_eq!(bytes(&embedded(&file).expect("a picture"), "jpeg"), [start, rest].concat());

        let (start, end) =
            ([PNG, &chunk(b"IHDR", b"size")].concat(), [chunk(b"IDAT", b"x"), chunk(b"IEND", b"")].concat());
        let place = [chunk(b"eXIf", b"GPS"), chunk(b"iTXt", b"by Ann"), chunk(b"tIME", b"now")].concat();
        let file = [start.clone(), place, end.clone(), b"more".to_vec()].concat();
        assert_eq!(bytes(&embedded(&file).expect("a picture"), "png"), [start, end].concat());
    }

    #[test]
    fn what_is_no_whole_picture_is_none() {
        let whole = [b"\xff\xd8".to_vec(), segment(0xda, b"scan"), b"x\xff\xd9".to_vec()].concat();
        assert!(embedded(&whole).is_some());
        for cut in 0..whole.len() {
            assert_eq!(embedded(&whole[..cut]), None, "{cut}");
        }
        let (size, end) = (chunk(b"IHDR", b"size"), chunk(b"IEND", b""));
        let drawn = chunk(b"IDAT", b"x");
        for (what, file) in [
            ("nothing", vec![]),
            ("another kind", b"GIF89a".to_vec()),
            ("a drawing that may hold a script", b"<svg/>".to_vec()),
            ("too large", [&whole[..whole.len() - 2], &b"\xff\xc4\0\x02".repeat(LARGEST)].concat()),
            ("a JPEG that draws nothing", b"\xff\xd8\xff\xd9".to_vec()),
            ("a PNG that draws nothing", [PNG, &size, &end].concat()),
            ("a PNG without a size", [PNG, &drawn, &end].concat()),
            ("a PNG with two", [PNG, &size, &size, &drawn, &end].concat()),
        ] {
            assert_eq!(embedded(&file), None, "{what}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_fail(file in proptest::collection::vec(proptest::num::u8::ANY, 0..200), png: bool) {
            let head = if png { PNG } else { b"\xff\xd8" };
            let _ = embedded(&[head, &file].concat());
        }
    }
}
