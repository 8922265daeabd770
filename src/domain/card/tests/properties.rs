//! What holds for every input.

use super::*;
use calcard::vcard::VCardProperty as P;
use proptest::prelude::*;

/// Bytes that look like a card often enough to get far.
fn nearly() -> impl Strategy<Value = Vec<u8>> {
    let words = [
        "BEGIN:VCARD",
        "END:VCARD",
        "VERSION:3.0",
        "VERSION:2.1",
        "VERSION:4.0",
        "FN:Bob",
        "N:A;B\\;;C,D",
        "TEL;CELL:",
        ";ENCODING=QUOTED-PRINTABLE:=E7=8E=8B=",
        "PHOTO;ENCODING=BASE64:AAAA",
        "item1.",
        "\"",
        "\\",
        "=",
        ":",
        ";",
        ",",
        "\n",
        "\r\n",
        "\n ",
        "\n\t",
        "AGENT:",
        "X-ABLabel:_$!<",
        "BDAY:--0203",
        "RELATED:x",
        "\u{e9}",
        "UID:urn:uuid:",
    ];
    let word = prop_oneof![
        8 => prop::sample::select(words.to_vec()).prop_map(|word| word.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..6),
    ];
    let body = prop::collection::vec((word, any::<bool>()), 0..40).prop_map(|words| {
        words
            .into_iter()
            .flat_map(|(word, ends)| [word, if ends { b"\n".to_vec() } else { Vec::new() }].concat())
            .collect()
    });
    (body, 0..4_u8).prop_map(|(body, frame): (Vec<u8>, u8)| match frame {
        0 => body,
        1 => [b"BEGIN:VCARD\nVERSION:2.1\n", &body[..], b"\nEND:VCARD\n"].concat(),
        2 => [b"BEGIN:VCARD\r\nVERSION:3.0\r\n", &body[..], b"\r\nEND:VCARD\r\n"].concat(),
        _ => [b"BEGIN:VCARD\r\nVERSION:4.0\r\n", &body[..], b"\r\nEND:VCARD"].concat(),
    })
}

fn read_all(card: &Document) {
    let _ = (card.uid(), card.name(), card.parts(), card.name_keys(), card.language(), card.reaches());
    let _ = card.addresses(Region::new("DE"));
    for (_, line) in card.properties() {
        let _ = (card.text(line), card.components(line), card.list(line), line.types());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn nothing_panics_and_an_unedited_card_is_the_same(bytes in nearly()) {
        if let Ok(card) = Document::parse(&bytes) {
            prop_assert_eq!(card.to_bytes(), bytes);
            read_all(&card);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Document::parse(&bytes);
        let _ = split(&bytes, 7);
    }

    #[test]
    fn a_converted_card_is_a_card(bytes in nearly()) {
        if let Ok(card) = Document::parse(&bytes) {
            let converted = to_v3(&card);
            let again = Document::parse(&converted);
            prop_assert!(again.is_ok(), "{:?} from {}", again, String::from_utf8_lossy(&converted));
            prop_assert_eq!(again.expect("checked").version(), Version::V30);
        }
    }

    #[test]
    fn how_a_file_is_cut_into_reads_does_not_matter(cards in prop::collection::vec(nearly(), 0..4), most in 64..100_usize) {
        let file = cards.concat();
        prop_assert_eq!(split(&file, most), split(&file, usize::MAX));
    }

    #[test]
    fn an_edited_text_reads_back(text in "[^\\p{Cc}]{0,90}", which in 0..3_usize) {
        let mut card = doc([IOS, ANDROID, FOUR][which]);
        let (place, _) = card.named("NOTE").next().or_else(|| card.named("FN").next()).expect("a text");
        prop_assert!(card.replace_text(place, &text));
        let again = doc(&card.to_bytes());
        let read = again.text(&again.lines[place]);
        // A backslash before a separator has no spelling of its own in 2.1.
        if again.version() != Version::V21 || !text.contains('\\') {
            prop_assert_eq!(read, text.trim());
        }
        prop_assert_eq!(again.to_bytes(), card.to_bytes());
    }

    #[test]
    fn calcard_reads_the_same_names_and_numbers(
        family in "[a-zA-Zé ,;]{1,20}", given in "[a-zA-Zü,;]{0,20}", number in "[0-9 ()-]{1,20}", four in any::<bool>(),
    ) {
        let version = if four { Version::V40 } else { Version::V30 };
        let escape = |text: &str| super::super::text::escape(text, version);
        let card = format!(
            "BEGIN:VCARD\r\nVERSION:{}\r\nN:{};{};;;\r\nFN:{}\r\nTEL;TYPE=cell:{}\r\nEND:VCARD\r\n",
            if four { "4.0" } else { "3.0" }, escape(&family), escape(&given), escape(&family), escape(&number),
        );
        let ours = doc(card.as_bytes());
        let calcard::Entry::VCard(theirs) = calcard::Parser::new(&card).entry() else { panic!("calcard refuses it") };
        let text = |name: P, index: usize| {
            let entry = theirs.entries.iter().find(|entry| entry.name == name)?;
            entry.values.get(index)?.as_text().map(|text| text.trim().to_owned())
        };
        prop_assert_eq!(Some(ours.name()).filter(|name| *name == family.trim()), text(P::Fn, 0).filter(|t| !t.is_empty()));
        prop_assert_eq!(ours.parts().family, text(P::N, 0).unwrap_or_default());
        prop_assert_eq!(ours.parts().given, text(P::N, 1).unwrap_or_default());
        prop_assert_eq!(ours.named("TEL").next().map(|(_, line)| ours.text(line)), text(P::Tel, 0));
    }
}
