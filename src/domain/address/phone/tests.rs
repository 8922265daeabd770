//! Tables that read like rule Q1.

use super::*;
use proptest::prelude::*;

fn region(text: &str) -> Option<Region> {
    if text.is_empty() { None } else { Some(text.parse().unwrap()) }
}

fn wire(text: &str, default: &str) -> String {
    match parse(text, region(default)) {
        Ok(address) => address.wire().to_owned(),
        Err(error) => format!("{error:?}"),
    }
}

#[test]
fn every_spelling_of_a_number_is_one_number() {
    let table = [
        ("+14155550123", "", "+14155550123"),
        ("+1 (415) 555-0123", "", "+14155550123"),
        ("(415) 555-0123", "US", "+14155550123"),
        ("1 415 555 0123", "US", "+14155550123"),
        ("011 44 20 7946 0958", "US", "+442079460958"),
        ("00 1 415 555 0123", "DE", "+14155550123"),
        ("0049 30 901820", "DE", "+4930901820"),
        ("030 901820", "DE", "+4930901820"),
        ("+44 (0)20 7946 0958", "", "+442079460958"),
        ("+39 06 6982", "", "+39066982"),
        ("06 698 83145", "IT", "+390669883145"),
        ("1-800-FLOWERS", "US", "+18003569377"),
        ("+14155550123", "", "+14155550123"),
        ("٠٣٠ ٩٠١٨٢٠", "DE", "+4930901820"),
        ("+1\u{2011}415\u{2013}555\u{2212}0123", "", "+14155550123"),
        ("+1\u{202F}415\u{2009}555\u{3000}0123", "", "+14155550123"),
        ("\u{202A}+1 415 555 0123\u{202C}", "", "+14155550123"),
        ("+1 415\u{200E} 555 0123", "", "+14155550123"),
        ("tel:+1-415-555-0123", "", "+14155550123"),
        ("TEL:+1-415-555-0123;isub=12", "", "+14155550123"),
        ("tel:+14155550123;npdi;rn=+14155550000", "", "+14155550123"),
        ("tel:555-0123;phone-context=+1-415", "DE", "+14155550123"),
        ("tel:%2B14155550123", "", "+14155550123"),
        ("whatsapp:+14155550123", "", "+14155550123"),
        ("sms:+14155550123", "", "+14155550123"),
        ("sip:+14155550123@example.com", "", "+14155550123"),
        ("sips:+14155550123@example.com;user=phone", "", "+14155550123"),
        ("sip:+14155550123;phone-context=example.com@example.com", "", "+14155550123"),
        ("sip:%2B14155550123@example.com", "", "+14155550123"),
        ("sip:4155550123@10.0.0.1:5060;transport=udp", "US", "+14155550123"),
        ("\"Ann\" <sip:+14155550123@example.com>;tag=88", "", "+14155550123"),
        ("sip:+14155550123:secret@example.com", "", "+14155550123"),
        ("201234", "FO", "+298201234"),
        ("0xx11 98765-4321", "BR", "+5511987654321"),
    ];
    for (text, default, expected) in table {
        assert_eq!(wire(text, default), expected, "{text:?} in {default:?}");
    }
}

/// Google's C++ and Python ports agree; the crate `phonenumber` 0.3.10 cut the default region's trunk prefix from them.
#[test]
fn a_default_region_is_never_applied_to_a_number_with_a_country_code() {
    for text in ["+86 131 0853 2128", "+49 1517 0524839", "+44 7911 123456", "+7 912 345-67-89", "+81 90-1234-5678"] {
        let alone = parse(text, None).unwrap();
        for default in Region::all() {
            assert_eq!(parse(text, Some(default)), Ok(alone.clone()), "{text} in {default}");
        }
    }
}

#[test]
fn what_is_no_persons_number_says_what_it_is() {
    use NotAPhone::*;
    let table = [
        ("", "US", Empty),
        (" \u{200E} ", "US", Empty),
        ("911", "US", Emergency),
        ("+112", "DE", Emergency),
        ("tel:999", "", Emergency),
        ("sip:911@example.com", "US", Emergency),
        ("22395", "US", ShortCode),
        ("22395", "", ShortCode),
        ("116 117", "DE", ShortCode),
        // German plans let 30123 pass as a number of Berlin.
        ("30123", "DE", ShortCode),
        ("*100#", "US", ServiceCode),
        ("#31#+491711234567", "DE", ServiceCode),
        ("*67 415 555 0123", "US", ServiceCode),
        ("ACME", "US", AlphanumericSender),
        ("AB12345", "DE", AlphanumericSender),
        ("client:ann", "US", NamedUser),
        ("client:+14155550123", "US", NamedUser),
        ("sip:ann@example.com", "US", NamedUser),
        ("sip:ann2000@example.com", "US", NamedUser),
        ("sip:example.com", "US", NamedUser),
        ("rcs:+14155550123", "US", OtherService),
        ("messenger:14155550123", "US", OtherService),
        ("urn:service:sos", "US", OtherService),
        ("tel:863-1234;phone-context=example.com", "US", PrivatePlan),
        ("tel:863-1234;phone-context=+", "US", Parameters),
        ("tel:+14155550123;ext=", "US", Parameters),
        ("+1 415 555 0123 ext. 12", "", Extension),
        ("415 555 0123 x12", "US", Extension),
        ("+14155550123,,12#", "", Extension),
        ("tel:+14155550123;ext=12", "", Extension),
        ("+14155550123,+14155550124", "", Several),
        ("14155550123<14155550124", "US", Several),
        ("415 555 0123", "", NeedsRegion),
        ("0044 20 7946 0958", "", NeedsRegion),
        ("+210 123 4567", "US", UnknownCountryCode),
        ("+1 415 555 012", "", TooShort),
        ("+1 415 555 01234", "", TooLong),
        ("+1 415 155 0123", "", NotValid),
        ("+44 20 1234 5678 9", "", TooLong),
        ("call 415 555 0123 now", "US", Unreadable),
        ("415 555 O123", "US", Unreadable),
        ("+", "US", Unreadable),
        ("@", "US", Unreadable),
        ("+1415555\u{0}0123", "", Unreadable),
    ];
    for (text, default, expected) in table {
        assert_eq!(parse(text, region(default)), Err(expected), "{text:?} in {default:?}");
    }
    assert_eq!(parse(&"+1".repeat(200), None), Err(TooLong));
}

#[test]
fn an_extension_is_kept_beside_the_number() {
    let table = [
        ("+1 415 555 0123 ext. 12", "12"),
        ("(415) 555-0123 x12", "12"),
        ("tel:+14155550123;ext=0012", "0012"),
        ("tel:+14155550123;postd=,,12#", ",,12#"),
        ("+14155550123,,12#", "12"),
    ];
    for (text, extension) in table {
        let parsed = parse_with_extension(text, region("US")).unwrap();
        assert_eq!(parsed.address.wire(), "+14155550123", "{text}");
        assert_eq!(parsed.extension.as_deref(), Some(extension), "{text}");
    }
}

#[test]
fn two_ways_to_write_one_subscriber_have_one_key_and_keep_their_wire_form() {
    let table = [
        ("+52 1 55 1234 5678", "+5215512345678", "+525512345678"),
        ("+52 55 1234 5678", "+525512345678", "+525512345678"),
        ("+54 9 11 2345 6789", "+5491123456789", "+541123456789"),
        ("+54 11 2345 6789", "+541123456789", "+541123456789"),
        // As dialled inside the country: the library writes it as it is dialled from outside.
        ("+54 11 15 2345 6789", "+5491123456789", "+541123456789"),
        ("+55 11 8765 4321", "+551187654321", "+5511987654321"),
        ("+55 11 6123 4567", "+551161234567", "+5511961234567"),
        ("+55 11 98765 4321", "+5511987654321", "+5511987654321"),
        // A landline's eight digits begin with 2 to 5: there is no ninth digit.
        ("+55 11 2345 6789", "+551123456789", "+551123456789"),
        ("+55 11 5123 4567", "+551151234567", "+551151234567"),
        ("+55 11 95123 4567", "+5511951234567", "+5511951234567"),
    ];
    for (text, wire, key) in table {
        let address = parse(text, None).unwrap();
        assert_eq!((address.wire(), address.key()), (wire, key), "{text}");
    }
    assert_eq!(parse("+52 1 800 123 4567", None), Err(NotAPhone::TooLong), "toll-free numbers never had the 1");
}

#[test]
fn digits_without_a_plus_are_of_the_default_region() {
    assert_eq!(wire("15551234567", "DE"), "+4915551234567");
}

#[test]
fn each_number_has_its_kind_and_region() {
    use NumberKind::*;
    let table = [
        ("+14155550123", FixedOrMobile, "US", 1),
        ("+16045550123", FixedOrMobile, "CA", 1),
        ("+18005550123", TollFree, "", 1),
        ("+19005550123", Premium, "", 1),
        ("+447400123456", Mobile, "GB", 44),
        ("+442079460958", Fixed, "GB", 44),
        ("+447012345678", Personal, "GB", 44),
        ("+448431234567", Premium, "", 44),
        ("+491805123456", SharedCost, "DE", 49),
        ("+883510012345", Satellite, "", 883),
        ("+870773111632", Satellite, "", 870),
        ("+881612345678", Satellite, "", 881),
        ("+8823421234", Satellite, "", 882),
        ("+979123456789", Premium, "", 979),
        ("+80812345678", SharedCost, "", 808),
        ("+878101234567890", Personal, "", 878),
        ("+80012345678", TollFree, "", 800),
        ("+5215512345678", FixedOrMobile, "MX", 52),
        ("+551187654321", Mobile, "BR", 55),
    ];
    for (text, expected, home, code) in table {
        let Ok(address) = parse(text, None) else {
            assert_eq!(expected, Unknown, "{text}");
            continue;
        };
        assert_eq!(kind(&address), expected, "{text}");
        assert_eq!(country_code(&address), Some(code), "{text}");
        if !home.is_empty() {
            assert_eq!(region_of(&address), region(home), "{text}");
        }
        assert_eq!(is_costly(&address), matches!(expected, Premium | SharedCost | Satellite), "{text}");
    }
    let mail = Address::stored("ann@example.com", "ann@example.com");
    assert_eq!((kind(&mail), region_of(&mail), country_code(&mail)), (Unknown, None, None));
}

#[test]
fn a_region_is_one_that_has_a_number_plan() {
    for (text, known) in [("US", true), ("us", true), ("GB", true), ("UK", false), ("ZZ", false), ("001", false)] {
        assert_eq!(text.parse::<Region>().is_ok(), known, "{text}");
    }
    let region: Region = serde_json::from_str("\"de\"").unwrap();
    assert_eq!(serde_json::to_string(&region).unwrap(), "\"DE\"");
    assert_eq!(region.calling_code(), 49);
    assert!(serde_json::from_str::<Region>("\"UK\"").unwrap_err().to_string().contains("GB (not UK)"));
}

#[test]
fn a_number_is_shown_as_its_reader_writes_it() {
    let table = [
        ("+14155550123", "US", "(415) 555-0123"),
        ("+14155550123", "CA", "(415) 555-0123"),
        ("+14155550123", "DE", "+1 415-555-0123"),
        ("+14155550123", "", "+1 415-555-0123"),
        ("+442079460958", "GB", "020 7946 0958"),
        ("+442079460958", "US", "+44 20 7946 0958"),
        ("+390669883145", "IT", "06 6988 3145"),
        ("+493090182000", "DE", "030 90182000"),
        ("+8613108532128", "CN", "131 0853 2128"),
        ("+8613108532128", "", "+86 131 0853 2128"),
        ("+5491123456789", "", "+54 9 11 2345-6789"),
        ("+5215512345678", "", "+52 55 1234 5678"),
        ("+80012345678", "", "+800 1234 5678"),
        ("+78123456789", "", "+7 812 345-67-89"),
        ("+78123456789", "KZ", "8 (812) 345-67-89"),
        ("+5491123456789", "AR", "011 15-2345-6789"),
        ("+551187654321", "BR", "(11) 98765-4321"),
    ];
    for (wire, reader, expected) in table {
        let address = parse(wire, None).unwrap();
        assert_eq!(readable(&address, region(reader)), expected, "{wire} for {reader:?}");
    }
    assert_eq!(readable(&Address::stored("ann@example.com", "ann@example.com"), None), "ann@example.com");
}

/// A number in a region, or digits that look like one.
fn some_number() -> impl Strategy<Value = String> {
    let codes: Vec<u16> = Region::all().map(Region::calling_code).collect();
    let anywhere = (proptest::sample::select(codes), "[0-9]{6,12}").prop_map(|(code, rest)| format!("+{code}{rest}"));
    let aliased =
        proptest::string::string_regex("\\+(52(1)?(55|33|81)[0-9]{8}|549?(11)[0-9]{8}|55(11|21)9?[0-9]{8})").unwrap();
    prop_oneof![anywhere, aliased, "\\+1[2-9][0-9]{2}[2-9][0-9]{6}"]
}

/// Whether rule Q1 lists the two as ways to write one number.
fn listed_alias(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
    let with = |code: &str, between: &str, at: usize| {
        short.starts_with(code) && format!("{}{between}{}", &short[..at], &short[at..]) == long
    };
    let before_six_to_nine = short.len() == 13 && (b'6'..=b'9').contains(&short.as_bytes()[5]);
    with("+52", "1", 3) || with("+54", "9", 3) || (with("+55", "9", 5) && before_six_to_nine)
}

proptest! {
    #[test]
    fn reading_never_panics_and_what_was_read_reads_as_itself(text in "\\PC*|[0-9+ ().,;:*#x/@<>-]{0,30}|(tel|sip|whatsapp|sms):[+]?[0-9a-z;=@.%+-]{0,30}", home in proptest::sample::select(vec!["", "US", "DE", "AR", "FO", "JP"])) {
        if let Ok(parsed) = parse_with_extension(&text, region(home)) {
            let address = parsed.address;
            let digits = address.wire().strip_prefix('+').unwrap();
            prop_assert!(digits.len() <= 20 && digits.bytes().all(|byte| byte.is_ascii_digit()));
            prop_assert_eq!(parse(address.wire(), None), Ok(address.clone()));
            let by_key = parse(address.key(), None).unwrap();
            prop_assert_eq!(by_key.key(), address.key());
            prop_assert!(!readable(&address, region(home)).is_empty());
        }
        let _ = Address::parse(&text, region(home));
    }

    #[test]
    fn a_country_code_is_believed_in_every_region(number in some_number(), home in proptest::sample::select(Region::all().collect::<Vec<_>>())) {
        let alone = parse(&number, None);
        if alone.is_ok() {
            prop_assert_eq!(parse(&number, Some(home)), alone.clone());
            prop_assert_eq!(parse(&format!("whatsapp:{number}"), Some(home)), alone.clone());
            prop_assert_eq!(parse(&format!("<sip:{number}@example.com;user=phone>"), Some(home)), alone.clone());
            let spaced: String = number.chars().flat_map(|letter| [letter, '\u{A0}']).collect();
            prop_assert_eq!(parse(&spaced, Some(home)), alone);
        }
    }

    #[test]
    fn the_short_way_reads_what_the_long_way_reads(number in some_number(), signs in "[ .()-]{0,8}", at in proptest::collection::vec(1_usize..20, 8)) {
        let mut text = number;
        for (sign, at) in signs.chars().zip(at) {
            text.insert(at.min(text.len()), sign);
        }
        if let Some(address) = as_it_stands(&text) {
            let read = reading::read(text::unwrap(&text).unwrap(), None).unwrap();
            prop_assert_eq!(address.wire(), read.wire.as_str());
            prop_assert_eq!(read.extension, None);
        }
    }

    #[test]
    fn no_two_numbers_share_a_key_but_the_listed_aliases(number in some_number(), at in 1_usize..14, digit in 0_u8..10, how in 0..4) {
        let mut other = number.clone().into_bytes();
        let at = at.min(other.len() - 1);
        match how {
            0 => other.insert(at, b'0' + digit),
            3 => {
                let (at, digit) = match &number[..3] {
                    "+52" => (3, b'1'),
                    "+54" => (3, b'9'),
                    _ => (5, b'9'),
                };
                other.insert(at, digit);
            }
            1 => { other.remove(at); }
            _ => other[at] = b'0' + digit,
        }
        let other = String::from_utf8(other).unwrap();
        if let (Ok(one), Ok(other)) = (parse(&number, None), parse(&other, None)) {
            let same = one.wire() == other.wire() || listed_alias(one.wire(), other.wire());
            prop_assert_eq!(one.key() == other.key(), same, "{} {}", one.wire(), other.wire());
        }
    }
}
