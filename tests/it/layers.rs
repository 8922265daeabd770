//! The layers of ARCHITECTURE.md, read from the imports.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// From the top down; a module uses only modules of rows below its own.
const ROWS: &[&[&str]] = &[
    &["app"],
    &["http", "worker", "cli"],
    &["usecase"],
    &["store", "transport", "provider", "template"],
    &["domain"],
    &["clock", "config", "telemetry"],
];

/// `config` is read by these only: everything else takes plain settings of its own.
const READS_CONFIG: &[&str] = &["app", "cli"];

/// `main` and `cli` are where the program begins, so `cli` starts `app`.
const MAY_ALSO: &[(&str, &str)] = &[("cli", "app")];

fn row(module: &str) -> Option<usize> {
    ROWS.iter().position(|row| row.contains(&module))
}

pub(crate) fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// The modules named after `crate::`, in a path or at the first level of a braced list.
fn imports(text: &str) -> BTreeSet<String> {
    let code: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .fold(String::new(), |all, line| all + line + "\n");
    let mut named = BTreeSet::new();
    for (at, found) in code.match_indices("crate::") {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &code[at + found.len()..];
        let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
        if let Some(list) = rest.strip_prefix('{') {
            let mut depth = 1;
            let mut start = true;
            for (place, letter) in list.char_indices() {
                match letter {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 1 => start = true,
                    c if start && depth == 1 && !c.is_whitespace() => {
                        named.insert(word(&list[place..]));
                        start = false;
                    }
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
            }
        } else {
            named.insert(word(rest));
        }
    }
    named
}

#[test]
fn modules_use_only_what_lies_below_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut wrong = BTreeMap::new();
    for file in files {
        let inside = file.strip_prefix(&root).unwrap().to_owned();
        let module =
            inside.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned();
        if matches!(module.as_str(), "lib" | "main") {
            continue;
        }
        let own =
            row(&module).unwrap_or_else(|| panic!("{module} has no row: give it one here and in ARCHITECTURE.md"));
        for other in imports(&fs::read_to_string(&file).unwrap()) {
            let Some(there) = row(&other) else { continue };
            let below = there > own || other == module || MAY_ALSO.contains(&(module.as_str(), other.as_str()));
            let config = other != "config" || module == "config" || READS_CONFIG.contains(&module.as_str());
            if !below || !config {
                wrong.insert(inside.display().to_string(), other);
            }
        }
    }
    assert!(wrong.is_empty(), "a module uses one that does not lie below it: {wrong:#?}");
}

#[test]
fn the_reader_of_imports_sees_them() {
    let text = "use crate::{\n    clock::{Time, X},\n    store,\n};\nfn f() { crate::domain::g(); mycrate::http::h() }\n// crate::worker\n";
    let named = imports(text);
    assert_eq!(named.iter().map(String::as_str).collect::<Vec<_>>(), ["clock", "domain", "store"]);
}

#[test]
fn no_sql_stands_outside_the_store() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    for file in files.iter().filter(|file| !file.starts_with(root.join("store"))) {
        let text = fs::read_to_string(file).unwrap();
        for word in ["SELECT ", "INSERT INTO", "UPDATE ", "DELETE FROM", "rusqlite::", "tokio_postgres::"] {
            assert!(!text.contains(word), "{} has {word:?}: SQL and its engines stay in src/store", file.display());
        }
    }
}
