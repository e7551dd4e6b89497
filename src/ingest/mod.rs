//! Bytes from outside become domain values and warnings. Never a database.

pub mod archive;
pub mod bundle;
pub mod csaf;
pub mod epss;
pub mod kev;
pub mod samples;
pub mod source;
pub mod spreadsheet;
