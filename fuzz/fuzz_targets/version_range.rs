//! Any version text, product name and firmware, a line each: the range answers, with a doubt where it is unclear.

#![no_main]

use libfuzzer_sys::fuzz_target;
use nameplate::domain::firmware::Firmware;
use nameplate::domain::version_range::{DeviceReading, Place, VersionRange};

fuzz_target!(|text: &str| {
    let mut lines = text.lines();
    let mut line = || lines.next().unwrap_or_default();
    let (range, name, firmware, serial_number, hardware_revision) = (line(), line(), line(), line(), line());
    let range = VersionRange::read(range, name);
    let firmware = Firmware::read(firmware);
    let answer = range.answer(DeviceReading { firmware: &firmware, serial_number, hardware_revision });
    assert_eq!(answer.place == Place::Unclear, !answer.doubts.is_empty());
    let _ = range.in_words();
});
