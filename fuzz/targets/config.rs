//! The operator's file: an error with its line, or a configuration.
#![no_main]

use libfuzzer_sys::fuzz_target;
use redial::config::Config;

fuzz_target!(|text: &str| {
    if let Err(error) = Config::parse(text, "config.toml") {
        assert!(error.to_string().starts_with("config.toml"), "{error}");
    }
});
