//! Rows of an import of moves (rule C10).
#![no_main]

use libfuzzer_sys::fuzz_target;
use redial::{
    clock::Time,
    domain::{
        address::phone::Region,
        imported::{Move, Row},
    },
};

fuzz_target!(|row: (&str, &str, &str, &str, &str)| {
    let (name, old, new, changed_at, grant) = row;
    let now = Time(1_700_000_000_000_000);
    let Ok(read) = Move::read(&Row { name, old, new, changed_at, grant }, Region::new("US"), now) else { return };
    assert!(read.old.key() != read.new.key() && read.changed_at <= now);
});
