use super::*;
use proptest::prelude::*;

fn text(name: &str) -> Option<String> {
    key(name).map(|key| key.as_str().to_owned())
}

#[test]
fn spellings_of_one_name_have_one_key() {
    for (what, spellings) in [
        ("order of parts", &["Bob Lee", "Lee, Bob", "LEE Bob", "  lee\tBOB ", "Lee; Bob"][..]),
        ("width", &["Bob Lee", "Ｂｏｂ　Ｌｅｅ"]),
        ("compatibility forms", &["Bob Lee", "𝐁𝐨𝐛 𝓛𝓮𝓮", "🄱🄾🄱 Lee"]),
        ("diacritics", &["José Núñez", "Jose Nunez", "JOSE\u{301} NUN\u{303}EZ"]),
        ("strokes", &["Łukasz Ødegård", "Lukasz Odegard"]),
        ("ligatures", &["Ægir Œuvre", "AEGIR Oeuvre"]),
        ("sharp s", &["Jürgen Weiß", "Jurgen WEISS", "JÜRGEN WEIẞ"]),
        ("Turkish i", &["İbrahim Işık", "ibrahim ışık", "IBRAHIM ISIK"]),
        ("Greek sigma", &["Γιώργος Σεφέρης", "ΓΙΩΡΓΟΣ ΣΕΦΕΡΗΣ", "Σεφερης Γιωργος"]),
        ("apostrophes", &["Conan O'Brien", "Conan O’Brien", "Conan OBrien", "conan oʼbrien"]),
        ("hyphen and full stop", &["Jean-Luc Picard", "Jean Luc Picard", "Picard, Jean‐Luc."]),
        ("Russian ё and stress", &["Алёна Петрова", "Алена Петро\u{301}ва"]),
        ("Hebrew points", &["שָׁלוֹם כהן", "שלום כהן"]),
        ("Arabic points and tatweel", &["مُحَمَّد علي", "محمد عـلي"]),
        ("Chinese without and with a space", &["王小明", "王 小明", "王　小明", "王·小明"]),
        ("a Western name beside it", &["陳大文 David", "David 陳 大文", "陳 David 大文"]),
        ("half-width Katakana", &["ヤマダ タロウ", "ﾔﾏﾀﾞ ﾀﾛｳ"]),
        ("Korean", &["홍길동", "홍 길동", "홍길동"]),
        ("what nobody sees", &["Bob Lee", "\u{FEFF}Bob\u{200B} \u{202B}Lee\u{202C}", "B\u{AD}ob Lee"]),
        ("signs beside it", &["Bob Lee", "🎉 Bob Lee ❤️", "Bob ™ Lee", "(Bob) \"Lee\"!"]),
        ("digits", &["Area 51", "AREA ５１"]),
    ] {
        let first = text(spellings[0]);
        assert!(first.is_some(), "{what}");
        for other in spellings {
            assert_eq!(text(other), first, "{what}: {other:?}");
        }
    }
}

#[test]
fn two_names_are_never_one() {
    for (one, other) in [
        ("Bob Lee", "Rob Lee"),
        ("Bob Lee", "Bob Leigh"),
        ("Bob Lee", "Bob Lee Jr"),
        ("Bob Lee", "Bob"),
        ("Bob Lee", "Boblee"),
        ("Anna Lee", "Ana Lee"),
        ("Müller", "Mueller"),
        ("王小明", "小明王"),
        ("王小明", "王晓明"),
        ("かとう", "がとう"),
        ("はやし", "ぱやし"),
        ("Андрей", "Андреи"),
        ("Ким", "Кім"),
        ("Їжак", "Іжак"),
        ("राम", "रम"),
        ("สมชาย", "สมชย"),
        ("Bob Lee 1", "Bob Lee 2"),
    ] {
        assert_ne!(text(one), text(other), "{one} / {other}");
    }
}

#[test]
fn what_is_no_name_has_no_key() {
    for none in
        ["", " ", "\u{200B}", "-", "...", "🎉", "🅰️🅱️", "❤️", "㊙️", "ℹ️", "™", "🇩🇪", "1️⃣", "+1 415 555 0123", "\u{301}"]
    {
        assert_eq!(key(none), None, "{none:?}");
    }
    assert_eq!(key(&"a".repeat(LONGEST + 1)), None);
    assert!(key(&"a".repeat(LONGEST)).is_some());
}

#[test]
fn an_owner_is_known_under_each_of_its_names() {
    let profile = Profile {
        name: "Dr. Xiaoming Wang".into(),
        given: "小明".into(),
        family: "王".into(),
        nicknames: vec!["Ming".into(), "ming ".into(), "🎉".into()],
        organisation: "Wang & Söhne GmbH".into(),
        ..Profile::default()
    };
    let keys = keys(&profile);
    for known in ["xiaoming wang, dr", "王小明", "小明 王", "Ming", "WANG SOHNE GMBH"] {
        assert!(keys.contains(&key(known).expect("a name")), "{known}");
    }
    assert_eq!(keys.len(), 5);
    for unknown in ["王", "小明", "Wang"] {
        assert!(!keys.contains(&key(unknown).expect("a name")), "{unknown}");
    }
}

#[test]
fn many_nicknames_are_bounded_and_the_shown_name_stays() {
    let nicknames = (0..1_000).map(|n| format!("Nick {n}")).collect();
    let keys = keys(&Profile { name: "Bob".into(), nicknames, ..Profile::default() });
    assert_eq!(keys.len(), MOST_KEYS);
    assert_eq!(keys.first(), key("Bob").as_ref());
}

#[test]
fn a_key_is_masked_where_it_is_printed() {
    assert_eq!(format!("{:?}", key("Bob Lee")), "Some(name of 7 letters)");
}

fn letters() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zà-öA-ZßİıŁøœΑ-Ωα-ωЀ-ӿא-ת]{1,12}", "[ぁ-ヿ가-힣一-龥]{1,6}", "\\PC{1,8}"]
}

proptest! {
    #[test]
    fn a_key_is_its_own_key(name in "\\PC{0,40}|[\\x00-\u{10FFFF}]{0,12}") {
        if let Some(first) = key(&name) {
            prop_assert!(first.as_str().len() <= LONGEST_KEY);
            prop_assert_eq!(key(first.as_str()), Some(first));
        }
    }

    #[test]
    fn case_form_and_punctuation_do_not_matter(parts in prop::collection::vec(letters(), 1..4)) {
        let name = parts.join(" ");
        // A mark after the Greek iota below goes to another letter in capitals, by Unicode's own tables.
        prop_assume!(!name.nfd().any(|c| c == '\u{345}'));
        let expected = text(&name);
        prop_assert_eq!(&text(&name.to_uppercase()), &expected);
        prop_assert_eq!(&text(&name.to_lowercase()), &expected);
        prop_assert_eq!(&text(&name.nfd().collect::<String>()), &expected);
        prop_assert_eq!(&text(&name.nfc().collect::<String>()), &expected);
        prop_assert_eq!(&text(&format!(" {}. ", parts.join(", \t"))), &expected);
    }

    #[test]
    fn order_does_not_matter_between_spaced_parts(parts in prop::collection::vec("[a-zé]{1,6}", 2..5), turn in 1_usize..4) {
        let mut turned = parts.clone();
        turned.rotate_left(turn % parts.len());
        prop_assert_eq!(text(&parts.join(" ")), text(&turned.join(", ")));
    }

    #[test]
    fn other_letters_are_another_name(one in "[a-z]{1,8}( [a-z]{1,8}){0,2}", other in "[a-z]{1,8}( [a-z]{1,8}){0,2}") {
        let sorted = |name: &str| { let mut parts: Vec<_> = name.split(' ').map(str::to_owned).collect(); parts.sort(); parts };
        prop_assert_eq!(text(&one) == text(&other), sorted(&one) == sorted(&other));
    }
}
