//! How long reading a phone number takes, in nanoseconds: `cargo run --release --example phone_speed [CORPUS]`.
//!
//! CORPUS is what `python tests/phone/differential.py corpus` prints: 100,000 fields in 40 regions. Seven rounds over the same fields, the ways in turn; the median is printed. `docs/phone-numbers.md` keeps figures.

use redial::domain::address::phone::{self, Region};
use std::hint::black_box;
use tokio::time::Instant;

const ROUNDS: usize = 7;

/// A way of reading with its name and fields.
struct Way {
    name: &'static str,
    fields: Vec<(String, Option<Region>)>,
    nanos: Vec<u128>,
}

fn main() {
    let mut ways = ways();
    if let Some(path) = std::env::args().nth(1) {
        let corpus = std::fs::read_to_string(path).expect("the corpus is a text file");
        let row = |line: &str| serde_json::from_str(line).expect("each line is [text, region]");
        ways.push(Way { name: "the corpus", fields: corpus.lines().map(row).collect(), nanos: Vec::new() });
    }
    for _ in 0..=ROUNDS {
        for way in &mut ways {
            let start = Instant::now();
            for (field, region) in &way.fields {
                let _ = black_box(phone::parse(black_box(field), *region));
            }
            way.nanos.push(start.elapsed().as_nanos() / way.fields.len().max(1) as u128);
        }
    }
    for mut way in ways {
        let cold = way.nanos.remove(0);
        way.nanos.sort_unstable();
        println!(
            "{:38} {:6} fields  {:6} ns  (first round {cold} ns)",
            way.name,
            way.fields.len(),
            way.nanos[ROUNDS / 2]
        );
    }
}

fn ways() -> Vec<Way> {
    let home = Region::new("US");
    let numbers = numbers();
    let spaced = |number: &String| format!("{} {}-{}", &number[..4], &number[4..7], &number[7..]);
    let national: Vec<String> =
        (2_000_000..2_020_000).map(|n| format!("(415) 2{:02}-{:04}", n % 100, n % 9_973)).collect();
    let garbage = ["ACME", "22395", "call me", "12 34", "+999 123", "sip:ann@example.com", "415 555 O123"];
    let way = |name, fields: Vec<String>, region| Way {
        name,
        fields: fields.into_iter().map(|field| (field, region)).collect(),
        nanos: Vec::new(),
    };
    vec![
        way("E.164", numbers.clone(), None),
        way("whatsapp: and E.164", numbers.iter().map(|number| format!("whatsapp:{number}")).collect(), None),
        way("sip: and E.164", numbers.iter().map(|number| format!("sip:{number}@example.com")).collect(), None),
        way("international, with spaces", numbers.iter().map(spaced).collect(), home),
        way("national, (415) 2xx-xxxx", national, home),
        way("no number", garbage.iter().cycle().take(20_000).map(|text| (*text).to_owned()).collect(), home),
        way("E.164, again", numbers, None),
    ]
}

/// Valid numbers in ten countries, in an order that no branch predictor learns.
fn numbers() -> Vec<String> {
    let begun =
        ["+1415", "+4479", "+4917", "+8613", "+9198", "+3361", "+5255", "+5411", "+5511", "+2782", "+1604", "+4420"];
    let mut state = 1_u64;
    let mut numbers = Vec::new();
    while numbers.len() < 20_000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let first = begun[usize::try_from((state >> 60) % 12).unwrap_or(0)];
        let number = format!("{first}{:08}", (state >> 20) % 100_000_000);
        for length in [11, 12, 13, 14] {
            let shorter = &number[..length.min(number.len())];
            if phone::parse(shorter, None).is_ok() {
                numbers.push(shorter.to_owned());
                break;
            }
        }
    }
    numbers
}
