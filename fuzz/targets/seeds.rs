//! Writes what fuzzing begins with into the folder that is named, and ends. No target: but what measures coverage is
//! linked into everything here, and only libFuzzer's own `main` brings it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::path::PathBuf;

fn write() {
    let folder = PathBuf::from(std::env::args_os().nth(1).expect("usage: seeds FOLDER"));
    redial_fuzz::seeds::write_all(&folder).expect("seeds can be written");
    std::process::exit(0);
}

fuzz_target!(init: write(), |_data: &[u8]| {});
