//! Any text as a firmware: reading keeps the text and never fails.

#![no_main]

use libfuzzer_sys::fuzz_target;
use nameplate::domain::firmware::Firmware;

fuzz_target!(|text: &str| {
    assert_eq!(Firmware::read(text).raw(), text);
});
