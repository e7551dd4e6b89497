//! Any pattern and any order number, a line each: reading and comparing never fail, and squashing twice changes nothing.

#![no_main]

use libfuzzer_sys::fuzz_target;
use nameplate::domain::order_number::{Pattern, differs_at, squash};

fuzz_target!(|text: &str| {
    let (pattern, number) = text.split_once('\n').unwrap_or((text, text));
    let read = Pattern::read(pattern);
    let _ = read.fits(&squash(number));
    let _ = differs_at(&squash(pattern), &squash(number));
    assert_eq!(squash(&squash(number)), squash(number));
});
