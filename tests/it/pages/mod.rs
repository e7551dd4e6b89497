//! The pages in a real browser. Each test has a server with the sample plant and a browser of its own.
//!
//! The driver is the `chromedriver` of the machine. Without it the tests say that they are skipped; with
//! `NAMEPLATE_REQUIRE_BROWSER` they fail instead. Screenshots are kept under `target/screenshots`.

mod comparing;
mod documents;
mod guarded;
mod harness;
mod planning;
mod quality;
mod reading;
mod schedules;
mod triage;

pub use harness::{Plant, document, in_browser, in_browser_at, in_dark_browser, on_server};
