//! The store on both databases.

mod import;
mod open;
