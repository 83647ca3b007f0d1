//! Any text as a scenario file: it is read, or refused in one sentence that names the file.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use storemgr::loadtest::Scenario;

fuzz_target!(|text: &str| {
    if let Err(error) = Scenario::parse(text, "fuzzed.toml", Path::new("/nonexistent"), &[]) {
        assert!(error.to_string().starts_with("fuzzed.toml"), "{error}");
    }
});
