use super::{
    built_in::{BUILT_IN, LANGUAGES},
    samples::{self, AT, Use, letterhead},
    *,
};
use crate::domain::notice::{Difference, Line, News};
use proptest::prelude::*;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::LazyLock,
};

fn line(kind: &str, label: &str, value: &str) -> Line {
    Line { kind: kind.into(), label: label.into(), key: value.into(), value: value.into() }
}

fn moved() -> News {
    News {
        item: "pt_1".into(),
        old: Some(line("phone", "mobile", "+14155550100")),
        now: line("phone", "mobile", "+14155550123"),
    }
}

fn one_number(name: &str) -> Changed {
    Changed::new(&Difference { name: None, news: vec![moved()] }, name, AT, &letterhead())
}

/// Parsed once: there are many.
static TEMPLATES: LazyLock<Templates> = LazyLock::new(Templates::built_in);

/// What is sent or shown by one medium.
fn said(templates: &Templates, language: &str, medium: Medium, facts: &dyn Facts) -> String {
    let tags = [language];
    match medium {
        Medium::Sms => {
            let sms = templates.sms(&tags, facts).expect("renders");
            let Segments { alphabet, units, parts } = sms.segments;
            format!("({parts} parts, {units} units of {alphabet:?}) {}", sms.text)
        }
        Medium::Email => {
            let email = templates.email(&tags, facts).expect("renders");
            format!("{}\n\n{}", email.subject, email.text)
        }
        Medium::Push => {
            let push = templates.push(&tags, facts).expect("renders");
            format!("{}\n{}", push.title, push.body)
        }
        Medium::Page => templates.page(&tags, facts).expect("renders").html,
    }
}

/// Everything that goes out by all media.
fn everything(templates: &Templates, language: &str, facts: &dyn Facts) -> String {
    let mut all: Vec<String> =
        facts.text().media().iter().map(|&medium| said(templates, language, medium, facts)).collect();
    if facts.text().media().contains(&Medium::Email) {
        all.push(templates.email(&[language], facts).expect("renders").html);
    }
    all.join("\n")
}

/// An isolate of direction is made visible.
fn visible(text: &str) -> String {
    text.replace('\u{2068}', "<FSI>").replace('\u{2069}', "<PDI>")
}

#[test]
fn every_text_in_every_language() {
    let templates = &*TEMPLATES;
    for language in LANGUAGES {
        let mut all = String::new();
        for text in Text::ALL {
            for medium in text.media().iter().filter(|medium| **medium != Medium::Page) {
                let _ = writeln!(all, "=== {medium:?} {text:?}");
                let mut before = BTreeSet::new();
                for (kind, facts) in samples::of(text, &letterhead()) {
                    let said = said(templates, language, *medium, facts.as_ref());
                    if matches!(kind, Use::Usual | Use::Branch) && before.insert(said.clone()) {
                        let _ = writeln!(all, "--- {}", visible(&said));
                    }
                }
            }
        }
        insta::assert_snapshot!(format!("texts_{language}"), all);
    }
}

#[test]
fn html_of_an_email_and_a_page() {
    let templates = &*TEMPLATES;
    for language in ["en", "ar"] {
        let facts = samples::of(Text::Changed, &letterhead()).remove(1).1;
        let email = templates.email(&[language], facts.as_ref()).expect("renders");
        insta::assert_snapshot!(format!("changed_{language}.html"), email.html);
        let page = StopPage::new(&letterhead(), "Ann Lee", StopState::Ask);
        let page = templates.page(&[language], &page).expect("renders");
        let begins = if language == "ar" { "<html lang=\"ar\" dir=\"rtl\">" } else { "<html lang=\"en\" dir=\"ltr\">" };
        for part in [begins, "<h1>", "<bdi>Ann Lee</bdi>", "value=\"owner\"", "href=\"/assets/", "<main id=\"main\""] {
            assert!(page.html.contains(part), "{part} in {}", page.html);
        }
        for never in [" style=", "<style", "onclick", "http://", "https://"] {
            assert!(!page.html.contains(never), "{never} in {}", page.html);
        }
    }
}

#[test]
fn n5_pages_speak_every_language() {
    let words = |language: &str| {
        let text = BUILT_IN.iter().copied().flatten().find(|(path, _)| *path == format!("words/{language}.toml"));
        let words: toml::Table = text.expect("is built in").1.parse().expect("is TOML");
        words["page"].as_table().expect("a table").clone()
    };
    let holes = |sentence: &toml::Value| -> BTreeSet<String> {
        let text = sentence.get("other").unwrap_or(sentence).as_str().expect("a text or forms with `other`");
        text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).map(str::to_owned).collect()
    };
    let english = words("en");
    for language in LANGUAGES {
        let other = words(language);
        for (key, sentence) in &english {
            let said = other.get(key).unwrap_or_else(|| panic!("words/{language}.toml has no `{key}`"));
            assert!(holes(said).is_subset(&holes(sentence)), "`{key}` of {language} speaks of what is not there");
        }
        assert!(other.keys().all(|key| english.contains_key(key)), "{language} has words of its own");
    }
    // What pages ask for is there.
    let pages = BUILT_IN.iter().copied().flatten().filter(|(path, _)| path.starts_with("pages/"));
    for (path, text) in pages {
        for (end, _) in text.match_indices("\" | page_word") {
            let key = text[..end].rsplit('"').next().unwrap_or_default();
            assert!(english.contains_key(key), "{path} asks for `{key}`");
        }
    }
}

#[test]
fn n5_every_language_speaks_of_the_same_things() {
    let templates = &*TEMPLATES;
    let names = |path: &str| {
        let template = templates.env.get_template(path).expect("is there");
        template.undeclared_variables(false).into_iter().collect::<BTreeSet<String>>()
    };
    for (path, _) in BUILT_IN[0].iter().filter(|(path, _)| !path.starts_with("words/")) {
        for language in LANGUAGES {
            let other = path.replace("/en/", &format!("/{language}/"));
            // Chinese has no plural, and no other word for "to me" and "of me".
            let differ: Vec<String> = names(path).symmetric_difference(&names(&other)).cloned().collect();
            assert!(differ.is_empty(), "{other} and {path} differ in {differ:?}");
        }
    }
}

#[test]
fn n5_each_notice_says_who_what_when_how_to_check_and_how_to_stop() {
    let templates = &*TEMPLATES;
    for language in LANGUAGES {
        for medium in [Medium::Sms, Medium::Email] {
            let text = said(templates, language, medium, &one_number("Ann Lee"));
            let number = if medium == Medium::Sms { "+14155550123" } else { "+1 415-555-0123" };
            for part in ["Redial", "Ann Lee", number, "0100", "2026", "STOP"] {
                assert!(text.contains(part), "{language} {medium:?} has no {part}: {text}");
            }
            assert!(text.matches("Ann Lee").count() >= 2, "{language} {medium:?} does not say whom to ask: {text}");
            assert!(!text.contains("5550100"), "the old number is told by its end only: {text}");
        }
    }
}

#[test]
fn n5_a_screen_that_others_see_shows_no_number() {
    let templates = &*TEMPLATES;
    for language in LANGUAGES {
        let push = said(templates, language, Medium::Push, &one_number("Ann Lee"));
        assert!(push.contains("0123") && !push.contains("5550123"), "{push}");
    }
}

#[test]
fn n5_usual_messages_keep_to_the_alphabet_of_seven_bits() {
    let templates = &*TEMPLATES;
    for language in ["en", "es", "de", "fr"] {
        for text in Text::ALL.into_iter().filter(|text| text.media().contains(&Medium::Sms)) {
            for (kind, facts) in samples::of(text, &letterhead()) {
                let sms = templates.sms(&[language], facts.as_ref()).expect("renders");
                let usual = kind == Use::Usual && !sms.text.contains('王');
                assert!(!usual || sms.segments.alphabet == Alphabet::Gsm7, "{language} {text:?}: {}", sms.text);
            }
        }
    }
}

#[test]
fn n5_right_to_left() {
    let templates = &*TEMPLATES;
    let email = templates.email(&["ar-EG"], &one_number("Ann Lee")).expect("renders");
    assert!(email.html.contains("<html lang=\"ar\" dir=\"rtl\">"), "{}", email.html);
    assert!(email.html.contains("<bdi>Ann Lee</bdi>") && email.html.contains("<bdi>+1 415-555-0123</bdi>"));
    assert!(email.text.contains("\u{2068}+1 415-555-0123\u{2069}"), "{}", email.text);
    let sms = templates.sms(&["ar"], &one_number("Ann Lee")).expect("renders");
    assert!(sms.text.contains("\u{2068}+14155550123\u{2069}"), "{}", sms.text);
    let sms = templates.sms(&["en"], &one_number("Ann Lee")).expect("renders");
    assert!(!sms.text.contains('\u{2068}'), "an isolate would cost the alphabet: {}", sms.text);
    let sms = templates.sms(&["en"], &one_number("ليلى")).expect("renders");
    assert!(sms.text.contains("\u{2068}ليلى\u{2069}"), "{}", sms.text);
}

#[test]
fn n5_names_are_escaped_for_where_they_stand() {
    let changed = one_number("<script>\u{202e}Ann & \"Bo\"\r\nBcc: x **y** {{ 7 * 7 }}\u{fdd1}");
    let email = TEMPLATES.email(&["en"], &changed).expect("renders");
    assert_eq!(email.subject, "<script>Ann & \"Bo\" Bcc: x **y** {{ 7 * 7 }} has a new phone number");
    let escaped = "<bdi>&lt;script&gt;Ann &amp; &quot;Bo&quot; Bcc: x **y** {{ 7 * 7 }}</bdi>";
    assert!(email.html.contains(escaped), "{}", email.html);
    assert!(!email.html.contains("<script>"));
    assert!(!format!("{email:?}").contains("202e"));
}

#[test]
fn n5_fraud_in_a_name_or_label_is_shown_nowhere() {
    let templates = &*TEMPLATES;
    for (what, name) in [
        ("a link", "Ann https://evil.example"),
        ("a bare domain", "Ann evil.example"),
        ("one in another script", "Ann зло.рф"),
        ("a number", "call 0900 12345"),
        ("an address", "evil@fraud.example"),
    ] {
        let news = News { now: line("phone", name, "+14155550123"), ..moved() };
        let title = News { item: "title".into(), old: Some(line("title", "", name)), now: line("title", "", name) };
        let difference = Difference { name: Some((name.into(), name.into())), news: vec![news, title] };
        let changed = Changed::new(&difference, name, AT, &Letterhead { help: String::new(), ..letterhead() });
        let bare = letterhead();
        let all: [&dyn Facts; 6] = [
            &changed,
            &changed.clone().introducing(),
            &changed.clone().in_their_book(),
            &Digest::new(&[changed.clone(), changed.clone()], &bare),
            &Answer::stopped(&bare, Some(name)),
            &StopPage::new(&bare, name, StopState::Ask),
        ];
        for language in LANGUAGES {
            for facts in all {
                let text = everything(templates, language, facts);
                for part in ["evil", "зло", "0900", "12345"] {
                    assert!(!text.contains(part), "{what}, {language}, {:?}: {text}", facts.text());
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn n5_no_name_brings_an_element_a_line_a_mark_or_a_turn(
        name in "\\PC{0,50}|[\\x00-\\x{2070}]{0,50}|[<>&\"'*#:\u{fdd0}-\u{fdd4}\u{2066}-\u{2069} a-z]{0,50}",
        language in prop::sample::select(&LANGUAGES[..]),
    ) {
        let templates = &*TEMPLATES;
        let changed = one_number(&name);
        let email = templates.email(&[language], &changed).expect("renders");
        let plain = templates.email(&[language], &one_number("N")).expect("renders");
        let elements = |html: &str| html.matches('<').count();
        let lines = |text: &str| text.lines().count();
        // A name that is not shown is not set apart either.
        prop_assert!(elements(&email.html) <= elements(&plain.html));
        prop_assert_eq!(lines(&email.text), lines(&plain.text));
        prop_assert_eq!(lines(&email.subject), 1);
        let sms = templates.sms(&[language], &changed).expect("renders");
        prop_assert!(sms.segments.parts <= 6);
        for text in [&email.html, &email.text, &email.subject, &sms.text] {
            prop_assert!(!text.contains(|c| matches!(c, '\u{fdd0}'..='\u{fdef}' | '\u{202a}'..='\u{202e}')), "{}", text);
            let balance = text.chars().filter(|c| *c == '\u{2068}').count();
            prop_assert_eq!(balance, text.chars().filter(|c| *c == '\u{2069}').count());
        }
    }
}

#[test]
fn n5_languages_fall_back() {
    let words = include_str!("../../templates/words/en.toml");
    let own = [
        ("sms/pt-br/changed.txt".to_owned(), "BR {{ service }}".to_owned()),
        ("words/pt-br.toml".to_owned(), words.to_owned()),
    ];
    let templates = Templates::of(own.into(), "en").expect("loads");
    for (languages, expected) in [
        (vec!["en"], "sms/en/"),
        (vec!["fr-CA"], "sms/fr/"),
        (vec!["zh-TW"], "sms/zh-hant/"),
        (vec!["zh_Hant_TW"], "sms/zh-hant/"),
        (vec!["ZH"], "sms/zh/"),
        (vec!["zh-CN"], "sms/zh/"),
        (vec!["pt-BR"], "sms/pt-br/"),
        (vec!["pt"], "sms/en/"),
        (vec!["xx", "ar-MA"], "sms/ar/"),
        (vec![], "sms/en/"),
        (vec![""], "sms/en/"),
    ] {
        let (file, _) = templates.chosen(Text::Changed, Medium::Sms, &languages);
        assert_eq!(file, format!("{expected}changed.txt"), "{languages:?}");
    }
    let (file, _) = templates.chosen(Text::Code, Medium::Sms, &["pt-BR", "de"]);
    assert_eq!(file, "sms/de/code.txt", "text by text");
}

#[test]
fn an_operators_mistake_is_told_with_file_and_line() {
    let load = |path: &str, text: &str| {
        Templates::of([(path.to_owned(), text.to_owned())].into(), "en").map(|_| ()).map_err(|error| error.to_string())
    };
    for (path, text, says) in [
        ("sms/en/changed.txt", "ok\n{% if %}", "sms/en/changed.txt:2: "),
        ("sms/en/changd.txt", "", "sms/en/changd.txt: no text of this name is ever sent"),
        ("sms/it/changed.txt", "ciao", "sms/it/changed.txt: has no words: words/it.toml must say"),
        ("words/it.toml", "name = 1", "words/it.toml:1: "),
        (
            "sms/en/changed.txt",
            "{{ service }}\n{{ nam }}",
            "sms/en/changed.txt:2: `nam` is not known here; known are attached",
        ),
        (
            "sms/en/help.txt",
            "{% if service == 'x' %}\n\n{{ nam }}{% endif %}y",
            "sms/en/help.txt:3: `nam` is not known",
        ),
        ("sms/en/changed.txt", "{{ changes[0].nw }}", "sms/en/changed.txt:1: undefined value"),
        ("sms/en/changed.txt", "{{ service }} https://x.example", "holds no link"),
        ("sms/en/changed.txt", "{# nothing #}", "renders to nothing"),
        (
            "sms/en/changed.txt",
            "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}",
            "compute that long",
        ),
        (
            "sms/en/code.txt",
            "{% for a in range(154) %}{{ service }} {% endfor %}",
            "takes 8 parts with the longest name; at most 6",
        ),
        ("email/en/code.txt", "Only a subject {{ code }}", "the first line is the subject"),
    ] {
        let refused = load(path, text).expect_err(text);
        assert!(refused.contains(says), "{refused}\n{says}");
    }
    let missing = Templates::of(BTreeMap::new(), "it").expect_err("no Italian").to_string();
    assert!(missing.starts_with("sms/it/changed.txt: is missing, and notices.language"), "{missing}");
}

#[test]
fn the_compiled_in_texts_have_no_problem_and_a_known_size() {
    let report = TEMPLATES.check(&letterhead());
    assert_eq!(report.problems, []);
    let parts = |size: &Segments| format!("{} ({} {:?})", size.parts, size.units, size.alphabet);
    let sizes: Vec<String> = report
        .sizes
        .iter()
        .map(|size| {
            format!("{}: {}, {}, {}", size.file, parts(&size.usual), parts(&size.longest_gsm), parts(&size.worst))
        })
        .collect();
    insta::assert_snapshot!("sizes", sizes.join("\n"));
}

#[test]
fn an_operators_own_html_is_taken_with_the_names_escaped() {
    let own = [("email/en/code.html".to_owned(), "<b>{{ service }}: {{ code }}</b>".to_owned())];
    let templates = Templates::of(own.into(), "en").expect("loads");
    let email = templates.email(&["en"], &Code::new(&letterhead(), "<1>", 10)).expect("renders");
    assert_eq!(email.html, "<b><bdi>Redial</bdi>: <bdi>&lt;1&gt;</bdi></b>");
}

#[test]
fn the_operators_folder_takes_the_place_of_what_is_compiled_in() {
    let folder = std::env::temp_dir().join(format!("redial-templates-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("sms/EN")).expect("a folder");
    std::fs::write(folder.join("sms/EN/changed.txt"), "Own text of {{ service }}").expect("a file");
    std::fs::write(folder.join("README.md"), "not a text").expect("a file");
    let templates = Templates::load(Some(&folder), "en");
    std::fs::remove_dir_all(&folder).expect("the folder is ours");
    let sms = templates.expect("loads").sms(&["en"], &one_number("Ann")).expect("renders");
    assert_eq!(sms.text, "Own text of Redial");
    assert!(Templates::load(Some(&folder), "en").is_ok(), "no folder, no own texts");
}

#[test]
fn a_link_to_the_card_and_the_card_as_media_go_only_where_allowed() {
    let templates = &*TEMPLATES;
    let of = |card: CardWay| {
        let head = Letterhead { card, ..letterhead() };
        Changed::new(&Difference { name: None, news: vec![moved()] }, "Ann Lee", AT, &head)
    };
    let url = "https://redial.example/c/5VbXq8Tn";
    for language in LANGUAGES {
        let plain = templates.sms(&[language], &of(CardWay::None)).expect("renders");
        assert!(!plain.text.contains("://") && !plain.with_card);
        assert!(templates.sms(&[language], &of(CardWay::Attached)).expect("renders").with_card);
        let linked = templates.sms(&[language], &of(CardWay::Link(url.into()))).expect("renders");
        assert!(linked.text.contains(&format!("{url} ")) && !linked.with_card, "{}", linked.text);
    }
}

#[test]
fn a_cards_file_name_is_short_and_ascii() {
    for (name, file) in [
        ("Ann Lee", "Ann-Lee.vcf"),
        ("Zoë Ñuñez", "Zoe-Nunez.vcf"),
        ("Maximiliane von Hohenstein", "Maximiliane-von.vcf"),
        ("王小明", "card.vcf"),
        ("Ann evil.example", "card.vcf"),
        ("../../etc", "etc.vcf"),
        ("", "card.vcf"),
    ] {
        assert_eq!(card_file(name), file, "{name}");
        assert!(file.len() <= 20 && file.is_ascii());
    }
}
