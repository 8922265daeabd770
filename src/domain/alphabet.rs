//! The default alphabet of text messages (3GPP TS 23.038, 6.2.1).

/// The default alphabet without the escape; each is one septet.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// The extension table; each is an escape and a septet, which stay together.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

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
    fn the_alphabet_is_complete() {
        assert_eq!(BASIC.chars().count(), 127);
        assert_eq!(BASIC.chars().collect::<std::collections::BTreeSet<_>>().len(), 127);
        assert_eq!((septets('é'), septets('€'), septets('ç'), septets('я')), (Some(1), Some(2), None, None));
    }
}
