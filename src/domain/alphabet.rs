//! The default alphabet of text messages (3GPP TS 23.038, 6.2.1).

/// The default alphabet without the escape; each is one septet.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// The extension table; each is an escape and a septet, which stay together.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// The septets of the extension table, in its order, after the escape.
const EXTENSION_CODES: [u8; 10] = [0x0a, 0x14, 0x28, 0x29, 0x2f, 0x3c, 0x3d, 0x3e, 0x40, 0x65];
const ESCAPE: u8 = 0x1b;

/// Reads the default alphabet where each septet has a byte of its own, as SMPP has it for data coding 0. A byte above is
/// none; what many systems mean by it is ISO 8859-1.
pub fn decode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut bytes = bytes.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            ESCAPE => {
                let Some(code) = bytes.next() else { break };
                let found = EXTENSION_CODES.iter().zip(EXTENSION.chars()).find(|(known, _)| **known == code);
                // An unknown pair is shown as the letter without its escape (6.2.1.1).
                text.push(found.map_or_else(|| basic(code), |(_, c)| c));
            }
            byte => text.push(basic(byte)),
        }
    }
    text
}

fn basic(code: u8) -> char {
    let at = usize::from(code) - usize::from(code > ESCAPE);
    let known = if code < 0x80 { BASIC.chars().nth(at) } else { None };
    known.unwrap_or(char::from(code))
}

/// How many septets a character takes in the default alphabet; `None`: it is not in it.
pub fn septets(c: char) -> Option<usize> {
    if BASIC.contains(c) {
        Some(1)
    } else if EXTENSION.contains(c) {
        Some(2)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_the_default_alphabet_are_read() {
        for (bytes, wanted) in [
            (&b"STOP"[..], "STOP"),
            (b"\x05t\x05 \x00", "été @"),
            (b"\x1be 5 \x1b(a\x1b)", "€ 5 {a}"),
            (b"\x1cA\x7f", "ÆAà"),
            // An unknown pair, and an escape at the end.
            (b"\x1bA\x1b", "A"),
            // No septet.
            (b"caf\xe9", "café"),
        ] {
            assert_eq!(decode(bytes), wanted);
        }
        let all: Vec<u8> = (0..128).filter(|code| *code != ESCAPE).collect();
        assert_eq!(decode(&all), BASIC);
    }

    #[test]
    fn the_alphabet_is_complete() {
        assert_eq!(BASIC.chars().count(), 127);
        assert_eq!(BASIC.chars().collect::<std::collections::BTreeSet<_>>().len(), 127);
        assert_eq!((septets('é'), septets('€'), septets('ç'), septets('я')), (Some(1), Some(2), None, None));
    }
}
