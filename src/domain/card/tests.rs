use super::{fixtures::*, *};
use crate::domain::{
    address::{Address, phone::Region},
    name,
};

mod converted;
mod properties;
mod written;

fn doc(bytes: &[u8]) -> Document {
    Document::parse(bytes).expect("a card")
}

fn v3(body: &str) -> Document {
    doc(format!("BEGIN:VCARD\nVERSION:3.0\n{body}\nEND:VCARD\n").as_bytes())
}

#[test]
fn an_unedited_card_is_byte_for_byte_the_same() {
    for bytes in [IOS, ANDROID, FOUR] {
        assert_eq!(doc(bytes).to_bytes(), bytes);
    }
    let bom = [b"\xEF\xBB\xBF\r\n", IOS, b"\r\n\r\n"].concat();
    assert_eq!(doc(&bom).to_bytes(), bom);
}

#[test]
fn who_it_is_is_read_from_each_version() {
    for (bytes, version, name, family, given, nickname, organisation, uid, language) in [
        (
            IOS,
            Version::V30,
            "Dr. Rosé Ann O'Neil",
            "O'Neil",
            "Rosé",
            "Rosie",
            "Neil, Sons & Co.",
            Some("4c3a9ad0-0b0c-4c8d-93c4-6f0a9b2d6f11"),
            None,
        ),
        (ANDROID, Version::V21, "王小明", "王", "小明", "", "Widgets ; Co", None, None),
        (
            FOUR,
            Version::V40,
            "J. Doe",
            "Doe",
            "J.",
            "",
            "",
            Some("4fbe8971-0bc3-424c-9c26-36c3e1eff6b1"),
            Some("fr-CA"),
        ),
    ] {
        let card = doc(bytes);
        assert_eq!((card.version(), card.name().as_str()), (version, name));
        assert_eq!((card.parts().family.as_str(), card.parts().given.as_str()), (family, given));
        assert_eq!(card.nicknames().join("|"), nickname);
        assert_eq!(card.organisation(), organisation);
        assert_eq!((card.uid().as_deref(), card.language().as_deref()), (uid, language));
    }
}

#[test]
fn names_of_a_card_have_the_keys_of_an_owner() {
    let keys = doc(ANDROID).name_keys();
    for known in ["王小明", "小明王", "Widgets; Co"] {
        assert!(keys.contains(&name::key(known).expect("a name")), "{known}");
    }
    assert!(doc(IOS).name_keys().contains(&name::key("O'NEIL, Rose").expect("a name")));
}

#[test]
fn texts_are_read_with_their_encodings_and_escapes() {
    let text = |bytes: &[u8], name: &str| {
        let card = doc(bytes);
        let (_, line) = card.named(name).next().expect("the property");
        card.text(line)
    };
    assert_eq!(
        text(IOS, "NOTE"),
        "likes, semicolons; and \\ backslashes\nand long lines that go past the seventy-fifth octet of the line"
    );
    assert_eq!(text(ANDROID, "NOTE"), "line one\r\nline two; still two");
    let old = |line: &[u8]| text(&[b"BEGIN:VCARD\nVERSION:2.1\n", line, b"\nEND:VCARD"].concat(), "FN");
    assert_eq!(old(b"FN;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:J=FCrgen"), "Jürgen");
    assert_eq!(old(b"FN;CHARSET=windows-1251:\xC1\xEE\xE1"), "Боб");
    assert_eq!(old(b"FN;CHARSET=Shift_JIS:\x95\x5C\x8E\x52"), "表山");
    assert_eq!(old(b"FN;CHARSET=nonsense:J\xFCrgen"), "Jürgen");
    assert_eq!(old(b"FN;CHARSET=ISO-8859-1:J\xC3\xBCrgen"), "Jürgen");
    assert_eq!(old(b"FN:C:\\Bob"), "C:\\Bob");
}

#[test]
fn a_letter_cut_by_a_fold_is_one_again() {
    let card = doc(b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ros\xC3\r\n \xA9\r\nEND:VCARD\r\n");
    assert_eq!(card.name(), "Rosé");
}

#[test]
fn a_name_is_made_from_what_there_is() {
    for (body, name) in [
        ("FN:Bob Lee\nN:X;Y;;;", "Bob Lee"),
        ("FN:\nN:Lee;Bob;Q.;Dr.;Jr.", "Dr. Bob Q. Lee Jr."),
        ("N:;;;;\nORG:Acme;Sales", "Acme"),
        ("NICKNAME:Bobby,Bob", "Bobby"),
        ("TEL:+14155552671\nEMAIL:b@example.com", "b@example.com"),
        ("TEL:+14155552671", "+14155552671"),
        ("NOTE:nothing else", ""),
        ("FN:Bob\\nLee", "Bob Lee"),
    ] {
        assert_eq!(v3(body).name(), name, "{body}");
    }
}

#[test]
fn a_name_or_uid_without_an_end_is_not_kept_whole() {
    let card = v3(&format!("FN:{}\nUID:{}", "x".repeat(100_000), "u".repeat(1_000)));
    assert_eq!((card.name().len(), card.uid()), (200, None));
    assert_eq!(v3("FN:x\nUID:a\\nb").uid(), None);
}

#[test]
fn numbers_and_addresses_come_in_order_with_labels() {
    let list = |bytes| doc(bytes).reaches().into_iter().map(|r| format!("{}={}", r.label, r.text)).collect::<Vec<_>>();
    assert_eq!(list(IOS), ["home=Rose@Example.com", "mobile=+1 (415) 555-2671", "school=+44 20 7946 0018"]);
    assert_eq!(list(ANDROID), ["mobile=+8613800138000", "work=+86 10 6552 9988", "home=ming@example.cn"]);
    assert_eq!(list(FOUR), ["home=tel:+1-418-656-9254;ext=102", "mobile=+1 418 262 6501", "=jdoe@example.com"]);
}

#[test]
fn addresses_are_normalised_and_the_unreadable_told_by_line() {
    let card = v3("TEL:(415) 555-2671\nTEL:+1 415 555 2671\nTEL:call me\nEMAIL:A@Example.COM\nEMAIL:nobody");
    let (addresses, bad) = card.addresses(Region::new("US"));
    assert_eq!(addresses.iter().map(Address::wire).collect::<Vec<_>>(), ["+14155552671", "a@example.com"]);
    assert_eq!(bad.iter().map(|bad| bad.line).collect::<Vec<_>>(), [5, 7]);
    let (addresses, bad) = card.addresses(None);
    assert_eq!((addresses.len(), bad.len()), (2, 3), "without a country only the international one can be read");
    let (addresses, bad) = doc(FOUR).addresses(None);
    assert_eq!(addresses.iter().map(Address::wire).collect::<Vec<_>>(), ["+14182626501", "jdoe@example.com"]);
    assert_eq!(bad.len(), 1, "an extension cannot be dialled by a switch");
}

#[test]
fn an_edit_leaves_every_other_byte() {
    for bytes in [IOS, ANDROID, FOUR] {
        let mut card = doc(bytes);
        let reach =
            card.reaches().into_iter().find(|reach| reach.text.starts_with('+') || reach.text.starts_with("tel"));
        let place = reach.expect("a number").place;
        let (before, after) = (card.lines[..place].to_vec(), card.lines[place + 1..].to_vec());
        assert!(card.replace_text(place, "+447400123456"));
        assert_eq!((&card.lines[..place], &card.lines[place + 1..]), (&before[..], &after[..]));
        let again = doc(&card.to_bytes());
        assert_eq!(again.to_bytes(), card.to_bytes());
        assert!(again.reaches().iter().any(|reach| reach.text == "+447400123456"));
        assert_eq!(again.lines.len(), card.lines.len());
    }
}

#[test]
fn an_edit_keeps_the_head_and_drops_what_no_longer_holds() {
    let mut card = doc(IOS);
    let place = card.reaches()[1].place;
    assert!(card.replace_text(place, "+447400123456"));
    let text = String::from_utf8(card.to_bytes()).expect("UTF-8");
    assert!(text.contains("\r\nTEL;type=CELL;type=VOICE;type=pref:+447400123456\r\nitem1.TEL:+44 20"));

    let mut card = doc(ANDROID);
    let (place, _) = card.named("FN").next().expect("a name");
    assert!(card.replace_text(place, "Bob; Lee"));
    let text = String::from_utf8(card.to_bytes()).expect("UTF-8");
    assert!(text.contains("\nFN:Bob\\; Lee\nX-ANDROID"), "{text}");
    assert!(card.replace_text(place, "Zoë"));
    assert!(String::from_utf8(card.to_bytes()).expect("UTF-8").contains("\nFN;CHARSET=UTF-8:Zoë\n"));
}

#[test]
fn lines_come_and_go_only_where_properties_are() {
    let mut card = doc(IOS);
    let place = card.reaches()[1].place;
    assert!(card.insert_after(place, "TEL;TYPE=x-former:+14155552671"));
    assert_eq!(card.reaches().len(), 4);
    assert!(card.remove(place + 1));
    assert_eq!(card.to_bytes(), IOS);
    for nowhere in [0, 1, card.lines.len() - 1, 999] {
        assert!(!card.remove(nowhere) && !card.insert_after(nowhere, "X:1") && !card.replace_text(nowhere, "x"));
    }
    for no_line in ["no colon", "A B:c", "X:1\nEND:VCARD", ""] {
        assert!(!card.insert_after(place, no_line), "{no_line}");
    }
    assert_eq!(card.to_bytes(), IOS);
}

#[test]
fn what_is_no_card_is_refused_with_its_line() {
    for (bytes, error) in [
        ("", BadCard::NoBegin { line: 1 }),
        ("\n\nhello: world\n", BadCard::NoBegin { line: 3 }),
        ("BEGIN:VCALENDAR\nEND:VCALENDAR\n", BadCard::NoBegin { line: 1 }),
        ("BEGIN:VCARD\nVERSION:3.0\nFN:Bob\n", BadCard::NoEnd { line: 1 }),
        ("BEGIN:VCARD\nFN:Bob\nEND:VCARD\n", BadCard::NoVersion { line: 1 }),
        ("\nBEGIN:VCARD\nVERSION:5.0\nEND:VCARD\n", BadCard::UnknownVersion { line: 3 }),
        ("BEGIN:VCARD\nVERSION:3.0\nFN:Bob\nhello\nEND:VCARD\n", BadCard::NoColon { line: 4 }),
        ("BEGIN:VCARD\nVERSION:3.0\nFN:Bob\n folded\nFULL NAME:Bob\nEND:VCARD\n", BadCard::BadName { line: 5 }),
        ("BEGIN:VCARD\nVERSION:3.0\n.TEL:1\nEND:VCARD\n", BadCard::BadName { line: 3 }),
        ("BEGIN:VCARD\nVERSION:3.0\nEND:VCARD\nBEGIN:VCARD\nVERSION:3.0\nEND:VCARD\n", BadCard::AfterEnd { line: 4 }),
    ] {
        assert_eq!(Document::parse(bytes.as_bytes()), Err(error), "{bytes:?}");
    }
    assert_eq!(Document::parse(&vec![b'\n'; LARGEST + 1]), Err(BadCard::TooLarge { line: 1 }));
    assert!(BadCard::NoColon { line: 4 }.to_string().starts_with("line 4: a property looks like NAME:value"));
}

#[test]
fn a_nested_card_is_not_the_card() {
    let bytes = b"BEGIN:VCARD\nVERSION:2.1\nFN:Boss\nAGENT:\nBEGIN:VCARD\nVERSION:2.1\nFN:Clerk\nTEL:+14155552671\nEND:VCARD\nEMAIL:boss@example.com\nEND:VCARD\n";
    let card = doc(bytes);
    assert_eq!((card.name().as_str(), card.reaches().len()), ("Boss", 1));
    assert_eq!(card.to_bytes(), bytes);
    let (pieces, errors) = split(bytes, 1_000);
    assert_eq!((pieces.len(), errors.len()), (1, 0));
}

#[test]
fn base64_without_folds_is_one_value() {
    let card = doc(b"BEGIN:VCARD\nVERSION:2.1\nPHOTO;ENCODING=BASE64;JPEG:/9j/\nAAQS\nkZJR==\n\nFN:Bob\nEND:VCARD\n");
    assert_eq!((card.name().as_str(), card.properties().count()), ("Bob", 2));
}

/// What a reader does: lines in pieces of at most `most` bytes.
fn split(bytes: &[u8], most: usize) -> (Vec<Piece>, Vec<BadCard>) {
    let (mut splitter, mut pieces, mut errors) = (Splitter::default(), Vec::new(), Vec::new());
    for piece in bytes.split_inclusive(|&b| b == b'\n').flat_map(|line| line.chunks(most)) {
        match splitter.push(piece) {
            Some(Ok(card)) => pieces.push(card),
            Some(Err(bad)) => errors.push(bad),
            None => {}
        }
    }
    errors.extend(splitter.finish());
    (pieces, errors)
}

#[test]
fn a_file_is_cut_into_its_cards() {
    let file = [b"\xEF\xBB\xBF", IOS, b"\r\n", ANDROID, FOUR].concat();
    let (pieces, errors) = split(&file, usize::MAX);
    assert_eq!(errors, []);
    assert_eq!(pieces.iter().map(|piece| &piece.bytes[..]).collect::<Vec<_>>(), [IOS, ANDROID, FOUR]);
    assert_eq!(pieces.iter().map(|piece| piece.line).collect::<Vec<_>>(), [1, 25, 41]);
}

#[test]
fn one_bad_card_costs_no_other() {
    let one = |name: &str| format!("BEGIN:VCARD\nVERSION:3.0\nFN:{name}\nEND:VCARD\n");
    let file = format!(
        "{}stray\nmore stray\n{}BEGIN:VCARD\nVERSION:3.0\nFN:never ends\n{}BEGIN:VCARD\nVERSION:3.0\nno colon\nEND:VCARD\n{}BEGIN:VCARD\n",
        one("A"),
        one("B"),
        one("C"),
        one("D"),
    );
    let (pieces, errors) = split(file.as_bytes(), usize::MAX);
    assert_eq!(errors, [BadCard::NoBegin { line: 5 }, BadCard::NoEnd { line: 11 }, BadCard::NoEnd { line: 26 }]);
    let read: Vec<_> = pieces.iter().map(|piece| piece.read().map(|card| card.name())).collect();
    let good = |name: &str| Ok(name.to_owned());
    assert_eq!(read, [good("A"), good("B"), good("C"), Err(BadCard::NoColon { line: 20 }), good("D")]);
}

#[test]
fn a_card_that_is_too_large_is_told_and_left() {
    let mut file = b"BEGIN:VCARD\nVERSION:3.0\nPHOTO:".to_vec();
    file.resize(file.len() + 2 * LARGEST, b'A');
    file.extend_from_slice(b"\nFN:Bob\nEND:VCARD\n");
    file.extend_from_slice(IOS);
    let (pieces, errors) = split(&file, 4_096);
    assert_eq!(errors, [BadCard::TooLarge { line: 1 }]);
    assert_eq!(pieces.len(), 1);
    assert_eq!((&pieces[0].bytes[..], pieces[0].line), (IOS, 6));
}

#[test]
fn a_line_is_joined_only_where_its_encoding_says_so() {
    // Another parameter mentions the word, and the value ends like a soft line end.
    let card = b"BEGIN:VCARD\r\nVERSION:2.1\r\nN;X-SAID=QUOTED-PRINTABLE:Ann=\r\nTEL:+14155550100\r\nEND:VCARD\r\n";
    let read = Document::parse(card).unwrap();
    assert_eq!(read.reaches().len(), 1);
    assert_eq!(Document::parse(&to_v3(&read)).unwrap().reaches().len(), 1);
}
