//! The parts of text messages as an implementation of other people counts them (rule N5).

use crate::peer::installed;
use redial::{
    clock::{Random, SeededRandom},
    template::{Alphabet, Segments, segments},
};
use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

/// Characters that decide where a message is split: one septet, two septets, one unit, two units; and those near the
/// alphabet's edge.
const CHARACTERS: &str = "aZ0 @£Çéü\n\r\u{c}^{}\\[~]|€çâ\u{2019}变ض😀𝄞\u{200d}`\u{a0}";

/// Random texts of lengths around the limits of one, two and three parts.
fn corpus() -> Vec<String> {
    let random = SeededRandom::new(7);
    let below = |most: u64| {
        let mut bytes = [0; 8];
        random.fill(&mut bytes);
        usize::try_from(u64::from_le_bytes(bytes) % most).expect("is small")
    };
    let all: Vec<char> = CHARACTERS.chars().collect();
    // The first ones are of the 7-bit alphabet.
    let gsm: Vec<char> = all[..21].to_vec();
    let limits = [0, 35, 67, 70, 76, 80, 134, 153, 160, 201, 306, 459, 612];
    (0..20_000)
        .map(|at| {
            let from = if at % 2 == 0 { &gsm } else { &all };
            // A few kinds of character a text, so that runs straddle every border.
            let kinds: Vec<char> = (0..=below(4)).map(|_| from[below(from.len() as u64)]).collect();
            let length = (limits[below(limits.len() as u64)] + below(9)).saturating_sub(4);
            (0..length).map(|_| kinds[below(kinds.len() as u64)]).collect()
        })
        .collect()
}

#[test]
fn n5_parts_are_those_of_an_independent_counter() {
    let Some(python) = installed("REDIAL_TEST_PYTHON", "an independent counter of parts") else { return };
    let texts = corpus();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sms/segments.py");
    let mut other = Command::new(python)
        .arg(script)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the interpreter of REDIAL_TEST_PYTHON starts");
    let mut to = other.stdin.take().expect("is piped");
    let lines: Vec<String> = texts.iter().map(|text| serde_json::json!(text).to_string()).collect();
    let writer = std::thread::spawn(move || to.write_all((lines.join("\n") + "\n").as_bytes()));
    let output = other.wait_with_output().expect("it ends");
    writer.join().expect("does not panic").expect("it reads all");
    assert!(output.status.success(), "the counter failed");
    let counted = String::from_utf8(output.stdout).expect("is JSON");
    assert_eq!(counted.lines().count(), texts.len());
    let mut alphabets = [0_usize; 2];
    for (text, line) in texts.iter().zip(counted.lines()) {
        let (alphabet, units, parts): (String, usize, usize) = serde_json::from_str(line).expect("is a triple");
        if text.is_empty() {
            continue;
        }
        let alphabet = if alphabet == "gsm7" { Alphabet::Gsm7 } else { Alphabet::Ucs2 };
        alphabets[usize::from(alphabet == Alphabet::Ucs2)] += 1;
        assert_eq!(segments(text), Segments { alphabet, units, parts }, "{text:?}");
    }
    assert!(alphabets.iter().all(|count| *count > 5_000), "both alphabets are there: {alphabets:?}");
}

#[test]
fn n5_check_shows_parts_and_cost_of_each_text_by_account() {
    let with = |price: &str| {
        let text = format!(
            "[notices]\nsms = [\"out\"]\nemail = []\n[accounts.out]\nkind = \"folder\"\npath = \"out\"\nfrom = \"+15550100100\"\n\
             [accounts.out.prices]\nUS = \"{price}\"\n"
        );
        redial::app::check(&redial::config::Config::parse(&text, "redial.toml").expect("is in order"))
    };
    let findings = with("0.0079 USD");
    let of = |name: &str| findings.iter().find(|finding| finding.of == name).expect("is checked").what.clone();
    let english = of("template sms/en/changed.txt");
    assert!(english.starts_with("1 part (144 of GSM-7) with a usual name; with the longest"), "{english}");
    assert!(english.ends_with("; out US: 0.0079 USD to 0.0395 USD"), "{english}");
    assert!(of("template sms/ar/changed.txt").contains("of UCS-2) with a usual name"));
    assert!(findings.iter().all(|finding| !finding.wrong), "{findings:?}");
    let findings = with("cheap");
    let wrong = findings.iter().find(|finding| finding.wrong).expect("is refused");
    assert!(wrong.what.starts_with("redial.toml:9:6: a price is an amount and a currency"), "{}", wrong.what);
}
