//! Phone numbers as Google's libphonenumber reads them: 100,000 fields in 40 regions (rule Q1).

use crate::peer::installed;
use redial::domain::address::{
    Address,
    phone::{self, Region},
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Output};

fn script(python: &Path, name: &str, arguments: &[&str]) -> Output {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/phone");
    Command::new(python)
        .arg(folder.join(name))
        .args(arguments)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("the interpreter of REDIAL_TEST_PYTHON starts")
}

fn printed(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// International and national form of some thousand of the numbers, country by country.
fn forms(numbers: &BTreeSet<String>) -> BTreeMap<&str, (String, String)> {
    let every = numbers.len().div_ceil(4_000);
    let chosen = numbers.iter().step_by(every.max(1));
    chosen
        .map(|wire| {
            let address = phone::parse(wire, None).expect("what was read once reads again");
            let national = phone::readable(&address, phone::region_of(&address));
            (wire.as_str(), (phone::readable(&address, None), national))
        })
        .collect()
}

fn line(read: &Result<phone::Parsed, phone::NotAPhone>, forms: &BTreeMap<&str, (String, String)>) -> serde_json::Value {
    match read {
        Err(error) => serde_json::json!({ "error": format!("{error:?}") }),
        Ok(parsed) => {
            let address = &parsed.address;
            let mut line = serde_json::json!({
                "wire": address.wire(),
                "key": address.key(),
                "extension": parsed.extension,
                "kind": phone::kind(address),
                "region": phone::region_of(address),
            });
            if let Some((international, national)) = forms.get(address.wire()) {
                line["international"] = international.as_str().into();
                line["national"] = national.as_str().into();
            }
            line
        }
    }
}

#[test]
fn numbers_are_read_as_googles_library_reads_them() {
    let Some(python) = installed("REDIAL_TEST_PYTHON", "the comparison with Google's libphonenumber") else { return };
    let corpus = script(&python, "differential.py", &["corpus"]);
    assert!(corpus.status.success(), "{}", printed(&corpus));
    let corpus = String::from_utf8(corpus.stdout).expect("UTF-8");
    let mut read = Vec::new();
    let mut numbers = BTreeSet::new();
    for row in corpus.lines() {
        let (text, region): (String, Option<Region>) = serde_json::from_str(row).expect("a row of the corpus");
        let parsed = phone::parse_with_extension(&text, region);
        // The way that everything else takes differs only in refusing an extension.
        let plain = parsed.clone().and_then(|parsed| match parsed.extension {
            Some(_) => Err(phone::NotAPhone::Extension),
            None => Ok(parsed.address),
        });
        assert_eq!(phone::parse(&text, region), plain, "{text:?} in {region:?}");
        if let Ok(parsed) = &parsed {
            let address = &parsed.address;
            assert_eq!(Address::parse(address.wire(), region).as_ref(), Ok(address), "{text:?} in {region:?}");
            numbers.insert(address.wire().to_owned());
        }
        read.push(parsed);
    }
    let forms = forms(&numbers);
    let ours: Vec<String> = read.iter().map(|read| line(read, &forms).to_string()).collect();
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("phone-numbers.jsonl");
    std::fs::write(&file, ours.join("\n")).expect("the test's own folder can be written");
    let judged = script(&python, "differential.py", &["compare", &file.to_string_lossy()]);
    println!("{}", printed(&judged));
    assert!(judged.status.success(), "{}", printed(&judged));
}

#[test]
fn the_tables_are_what_their_makers_make_of_googles_data() {
    let Some(python) = installed("REDIAL_TEST_PYTHON", "the check of plan.bin and zones.txt") else { return };
    for (table, made_by) in [("plan.bin", "make_plan.py"), ("zones.txt", "make_zones.py")] {
        let made = Path::new(env!("CARGO_TARGET_TMPDIR")).join(table);
        let maker = script(&python, made_by, &[&made.to_string_lossy()]);
        assert!(maker.status.success(), "{}", printed(&maker));
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/domain/address/phone").join(table);
        let same =
            std::fs::read(made).expect("it was written") == std::fs::read(kept).expect("it is part of the source");
        assert!(same, "run tests/phone/{made_by}, and look at what it changes: {}", printed(&maker));
    }
}
