//! Nameplate reads a plant's inventory of installed devices, matches the nameplate of each device against the
//! security advisories that vendors and CERTs publish, and tells each site where it is exposed, why, and what to do.
//!
//! ```text
//!   L5               cli/                      the command line; the only one that may start web/
//!                     |
//!   L4               web/                      pages, REST API
//!                     |       \
//!   L3             services/   \ (reads)       verbs: import, scan, rescan, explain, report
//!                  / |  |       \
//!   L2  ingest/ report/ alert/  store/        hands: bytes in, bytes out, mail, SQL; siblings never meet
//!                  \ |  |      /
//!   L1             domain/                     ground: words and rules; no I/O, no clock, no async
//! ```
//!
//! Arrows go down only; `tests/layering.rs` holds the table. `ARCHITECTURE.md` is the one-page tour.

pub mod domain;

pub mod alert;
pub mod ingest;
pub mod report;
pub mod store;

pub mod config;
pub mod services;

pub mod web;

pub mod cli;
