//! Provider files: an error with its line, or a provider.
#![no_main]

use libfuzzer_sys::fuzz_target;
use redial::provider::Provider;

fuzz_target!(|text: &str| {
    if let Err(error) = Provider::load(text, "some.toml") {
        assert!(error.line >= 1 && error.line <= text.split('\n').count().max(1), "line {}", error.line);
    }
});
