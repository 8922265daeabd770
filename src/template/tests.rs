use super::*;
use crate::{
    clock::Time,
    domain::notice::{Difference, Line, News},
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

fn letterhead() -> Letterhead {
    Letterhead {
        service: "Redial".into(),
        reply: true,
        help: "help@example.com".into(),
        attached: true,
        ..Letterhead::default()
    }
}

const AT: Time = Time(1_795_431_600_000_000);

/// Everything that is sent, in one text to look at.
fn everything(templates: &Templates, language: &str, changed: &Changed) -> String {
    let sms = templates.sms(&[language], changed).expect("renders");
    let email = templates.email(&[language], changed).expect("renders");
    format!(
        "--- sms ({} parts, {} units of {:?})\n{}\n--- subject\n{}\n--- text\n{}\n--- html\n{}\n",
        sms.segments.parts, sms.segments.units, sms.segments.alphabet, sms.text, email.subject, email.text, email.html
    )
}

#[test]
fn every_text_in_every_language() {
    let templates = Templates::built_in();
    let several = Difference {
        name: Some(("Ann Lee".into(), "Ann Bell".into())),
        news: vec![
            moved(),
            News { item: "pt_2".into(), old: None, now: line("phone", "work", "+14155550177") },
            News {
                item: "pt_3".into(),
                old: Some(line("email", "", "ann@old.example")),
                now: line("email", "", "ann@new.example"),
            },
            News { item: "title".into(), old: Some(line("title", "", "Mate")), now: line("title", "", "Captain") },
            News { item: "url".into(), old: None, now: line("url", "", "https://ann.example") },
        ],
    };
    let one = Difference { name: None, news: vec![moved()] };
    for language in ["en", "zh"] {
        let changed = Changed::new(&one, "Ann Lee", AT, &letterhead());
        insta::assert_snapshot!(format!("one_number_{language}"), everything(&templates, language, &changed));
        let changed = Changed::new(&several, "Ann Bell", AT, &Letterhead { reply: false, ..letterhead() });
        insta::assert_snapshot!(format!("several_{language}"), everything(&templates, language, &changed));
        let fraud = Difference {
            name: None,
            news: vec![News { now: line("phone", "<b>\u{202e}call 0900123</b>", "+14155550123"), ..moved() }],
        };
        let bare = Letterhead { service: "Redial".into(), ..Letterhead::default() };
        let changed = Changed::new(&fraud, "Ann https://evil.example", AT, &bare);
        insta::assert_snapshot!(format!("not_shown_{language}"), everything(&templates, language, &changed));
    }
}

#[test]
fn n5_names_are_escaped_for_where_they_stand() {
    let one = Difference { name: None, news: vec![moved()] };
    let changed = Changed::new(&one, "<script>\u{202e}Ann & \"Bo\"\r\nBcc: x", AT, &letterhead());
    let email = Templates::built_in().email(&["en"], &changed).expect("renders");
    assert_eq!(email.subject, "<script>Ann & \"Bo\" Bcc: x has a new phone number");
    assert!(email.html.contains("&lt;script&gt;Ann &amp; &quot;Bo&quot; Bcc: x"), "{}", email.html);
    assert!(!email.html.contains("<script>"));
    assert!(!format!("{email:?}").contains("202e"));
}

#[test]
fn n5_the_old_number_is_told_by_its_end_only() {
    let one = Difference { name: None, news: vec![moved()] };
    let shown = everything(&Templates::built_in(), "en", &Changed::new(&one, "Ann Lee", AT, &letterhead()));
    assert!(shown.contains("0100") && !shown.contains("5550100"), "{shown}");
}

#[test]
fn n5_languages_fall_back() {
    let own = [
        ("sms/pt-br/changed.txt".to_owned(), "BR".to_owned()),
        ("sms/zh-hant/changed.txt".to_owned(), "HANT".to_owned()),
    ];
    let templates = Templates::of(own.into(), "en").expect("loads");
    for (languages, expected) in [
        (vec!["en"], "sms/en/"),
        (vec!["zh-TW"], "sms/zh/"),
        (vec!["zh_Hant_TW"], "sms/zh-hant/"),
        (vec!["ZH"], "sms/zh/"),
        (vec!["pt-BR"], "sms/pt-br/"),
        (vec!["pt"], "sms/en/"),
        (vec!["xx", "zh"], "sms/zh/"),
        (vec![], "sms/en/"),
        (vec![""], "sms/en/"),
    ] {
        assert_eq!(templates.chosen(Text::Sms, &languages), format!("{expected}changed.txt"), "{languages:?}");
    }
    assert_eq!(templates.chosen(Text::Html, &["pt-BR"]), "email/en/changed.html", "channel by channel");
}

#[test]
fn an_operators_mistake_is_told_with_file_and_line() {
    let load = |path: &str, text: &str| {
        Templates::of([(path.to_owned(), text.to_owned())].into(), "en").map(|templates| templates.check().problems)
    };
    let refused = load("sms/en/changed.txt", "ok\n{% if %}").expect_err("does not parse");
    assert_eq!((refused.file.as_str(), refused.line), ("sms/en/changed.txt", Some(2)), "{refused}");
    let refused = load("sms/en/changd.txt", "").expect_err("is never sent").to_string();
    assert!(refused.starts_with("sms/en/changd.txt: no text of this name is ever sent"), "{refused}");
    let refused = load("email/de/changed.txt", "").expect_err("is not complete").to_string();
    assert_eq!(refused, "email/de/changed.subject.txt: is missing; the other texts of this language are there");
    assert!(
        Templates::of([].into(), "de")
            .expect_err("no German")
            .to_string()
            .starts_with("sms/de/changed.txt: is missing")
    );
    for (text, line, says) in [
        ("{{ service }}\n{{ nam }}", Some(2), "known are service, name"),
        ("{{ service }} https://x.example", None, "holds no link"),
        ("{# nothing #}", None, "renders to nothing"),
        ("{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}", Some(1), "compute that long"),
        ("{% for a in range(900) %}{{ service }}{% endfor %}", None, "parts with the longest name"),
    ] {
        let problems = load("sms/en/changed.txt", text).expect("parses");
        assert!(problems.len() == 1 && problems[0].message.contains(says) && problems[0].line == line, "{problems:?}");
    }
}

#[test]
fn the_compiled_in_texts_have_no_problem_and_a_known_size() {
    let report = Templates::built_in().check();
    assert_eq!(report.problems, []);
    let sizes: Vec<String> = report
        .sizes
        .iter()
        .map(|size| format!("{}: {} part(s), at worst {}", size.file, size.usual.parts, size.worst.parts))
        .collect();
    insta::assert_snapshot!("sizes", sizes.join("\n"));
}

#[test]
fn the_operators_folder_takes_the_place_of_what_is_compiled_in() {
    let folder = std::env::temp_dir().join(format!("redial-templates-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("sms/EN")).expect("a folder");
    std::fs::write(folder.join("sms/EN/changed.txt"), "Own text of {{ service }}").expect("a file");
    std::fs::write(folder.join("README.md"), "not a text").expect("a file");
    let templates = Templates::load(Some(&folder), "en");
    std::fs::remove_dir_all(&folder).expect("the folder is ours");
    let changed = Changed::new(&Difference::default(), "Ann", AT, &letterhead());
    assert_eq!(templates.expect("loads").sms(&["en"], &changed).expect("renders").text, "Own text of Redial");
    assert!(Templates::load(Some(&folder), "en").is_ok(), "no folder, no own texts");
}
