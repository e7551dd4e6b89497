//! The store on both databases.

mod advisory;
mod exposure;
mod import;
mod open;
mod small;
mod source;
